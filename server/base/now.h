// SPDX-License-Identifier: MIT
#ifndef NOW_H
#define NOW_H

#include <stdint.h>

/// Nanoseconds of the monotonic clock. Any thread.
uint64_t now_ns(void);

#endif
