// SPDX-License-Identifier: MIT
// bounds -- the numbers of bounds.def as constants.
#ifndef BOUNDS_H
#define BOUNDS_H

// Example: LIMIT(guests_max, 8, "...")  Becomes: limit_guests_max = 8,
#define LIMIT(name, value, why) limit_##name = value,
enum {
#include "protocol/bounds.def"
};
#undef LIMIT

#endif
