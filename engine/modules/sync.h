// SPDX-License-Identifier: MIT
// sync -- where a signal rises through 0, to a small part of a frame, whatever its wave.
//
// A straight line between two frames is far from where a band-limited saw or pulse crosses 0. So
// the signal is smoothed first, by a kernel of six frames (a triangle of two, convolved with
// Kaiser's window of four, beta 6.85): what is left of its images moves no crossing by more than
// 0.0003 of a frame, whatever the pitch. The crossing itself moves, but by the same for each
// period. The kernel is nowhere negative: what stays on one side of 0 never crosses. It needs two
// frames to come: a sync is two frames late.
#ifndef MEGA_SYNC_H
#define MEGA_SYNC_H

#include "kernel.h"

enum { SYNC_PAST = 5 };

/// Values of the last frames, newest first: fields of a module's state.
typedef struct {
    lanes at[SYNC_PAST];
} sync_past;

/// As if the signal had always been there.
MEGA_INLINE void sync_begin(sync_past *p, mask fresh, lanes now) {
    for (int i = 0; i < SYNC_PAST; i++) p->at[i] = vselect(fresh, now, p->at[i]);
}
MEGA_INLINE void sync_take(sync_past *p, lanes now) {
    for (int i = SYNC_PAST - 1; i > 0; i--) p->at[i] = p->at[i - 1];
    p->at[0] = now;
}
/// Lanes that rise nowhere while the signal stays as it is now.
MEGA_INLINE mask sync_settled(const sync_past *p, lanes now) {
    mask same = eq(p->at[0], now);
    for (int i = 1; i < SYNC_PAST; i++) same = both(same, eq(p->at[i], now));
    return same;
}

/// The smoothed signal at the middle of five frames, newest first; its slope; its bend.
MEGA_INLINE lanes sync_smooth(lanes a, lanes b, lanes c, lanes d, lanes e) {
    return (splat(0.0482817362f) * (a + e) + splat(0.513480145f) * (b + d)) + c;
}
MEGA_INLINE lanes sync_slope(lanes a, lanes b, lanes d, lanes e) {
    return splat(0.176174349f) * (a - e) + splat(0.709413183f) * (b - d);
}
MEGA_INLINE lanes sync_bend(lanes a, lanes b, lanes c, lanes d, lanes e) {
    return (splat(0.487049305f) * (a + e) + splat(0.156752057f) * (b + d)) - splat(1.28760272f) * c;
}

/// Lanes in which it has risen through 0 since the last frame (two frames ago: see above).
MEGA_INLINE mask sync_rises(const sync_past *p, lanes now) {
    const lanes *s = p->at;
    lanes after = sync_smooth(now, s[0], s[1], s[2], s[3]);
    lanes before = sync_smooth(s[0], s[1], s[2], s[3], s[4]);
    return both(lt(splat(0), after), le(before, splat(0)));
}

/// How many frames ago that was, 0..1.
MEGA_INLINE lanes sync_since(const sync_past *p, lanes now) {
    const lanes *s = p->at;
    // the curve of degree 5 that has the smoothed signal's value, slope and bend at both ends
    lanes v0 = sync_smooth(s[0], s[1], s[2], s[3], s[4]),
          v1 = sync_smooth(now, s[0], s[1], s[2], s[3]);
    lanes d0 = sync_slope(s[0], s[1], s[3], s[4]), d1 = sync_slope(now, s[0], s[2], s[3]);
    lanes b0 = splat(0.5f) * sync_bend(s[0], s[1], s[2], s[3], s[4]);
    lanes b1 = splat(0.5f) * sync_bend(now, s[0], s[1], s[2], s[3]);
    lanes rise = v1 - v0 - d0 - b0, turn = d1 - d0 - (b0 + b0), bend = b1 - b0;
    lanes c3 = splat(10) * rise - splat(4) * turn + bend;
    lanes c4 = splat(7) * turn - splat(15) * rise - (bend + bend);
    lanes c5 = splat(6) * rise - splat(3) * turn + bend;
    lanes low = splat(0), high = splat(1), at_low = v0, at_high = v1;
    for (int i = 0; i < 9; i++) { // to 1/512 of a frame by halves, then a straight line
        lanes x = splat(0.5f) * (low + high);
        lanes v = ((((c5 * x + c4) * x + c3) * x + b0) * x + d0) * x + v0;
        mask above = lt(splat(0), v);
        high = vselect(above, x, high), at_high = vselect(above, v, at_high);
        low = vselect(above, low, x), at_low = vselect(above, at_low, v);
    }
    lanes part = clampf(at_low / (at_low - at_high), 0, 1);
    return splat(1) - (low + part * (high - low));
}

#endif
