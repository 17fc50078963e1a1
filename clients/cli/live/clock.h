// SPDX-License-Identifier: MIT
// clock -- the time that limits of waiting are measured by.
#ifndef LIVE_CLOCK_H
#define LIVE_CLOCK_H

/// Seconds of a clock that only goes forward.
double clock_seconds(void);

#endif
