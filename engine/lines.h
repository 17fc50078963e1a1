// SPDX-License-Identifier: MIT
// lines -- what modules with delay memory share: counting frames, safe input, reading between
// frames.
//
// Memory is never cleared: a module counts the frames it has written since its state was zeroed,
// and takes what is older for silence.
#ifndef MEGA_LINES_H
#define MEGA_LINES_H

#include "kernel.h"

/// What comes in, made safe to keep: NaN is silence, and nothing is beyond a million.
MEGA_INLINE lanes line_safe(lanes v) { return vselect(eq(v, v), clampf(v, -1e6f, 1e6f), splat(0)); }

/// Counts frames; past 2^30 it starts over from 2^29, which is the same position in every line.
MEGA_INLINE ilanes line_advance(ilanes at) {
    return iselect(ieq(at, isplat((1 << 30) - 1)), isplat(1 << 29), iadd(at, isplat(1)));
}

/// Weights of four points a frame apart, for the place `f` (0..1) of the way from the second to the
/// third: E. Catmull, R. Rom, "A class of local interpolating splines", 1974. At 0 they are exactly
/// 0 1 0 0.
MEGA_INLINE void line_spline(lanes f, lanes weight[4]) {
    const lanes h = splat(0.5f);
    weight[0] = ((h * (splat(2) - f)) * f - h) * f;
    weight[1] = (splat(1.5f) * f - splat(2.5f)) * f * f + splat(1);
    weight[2] = ((splat(2) - splat(1.5f) * f) * f + h) * f;
    weight[3] = (h * f - h) * f * f;
}

#endif
