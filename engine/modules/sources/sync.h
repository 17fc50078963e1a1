// SPDX-License-Identifier: MIT
// sync -- where a signal rises through 0, to a small part of a frame, whatever its wave.
//
// A straight line between two frames is far from where a band-limited saw or pulse crosses 0. So
// the signal is smoothed first, by a kernel of eight frames: pieces of degree 5 between whole
// frames, fitted (Lawson's iteration) for the least images in proportion to the frequency that they
// are of, for a crossing's slope grows with it: -116 dB at 1 kHz, -102 at 5, -90 at 20 (at 48 kHz).
// The crossing itself moves, but by the same for each period. The kernel is nowhere negative: what
// stays on one side of 0 never crosses. It needs three frames to come: a sync is three frames late.
#ifndef MEGA_SYNC_H
#define MEGA_SYNC_H

#include "core/kernel.h"

enum { SYNC_PAST = 7 };

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

/// The smoothed signal at the middle of seven frames, newest first; its slope; half its bend.
MEGA_INLINE lanes sync_smooth(const lanes *s) {
    return ((splat(0.0146781936f) * (s[0] + s[6]) + splat(0.191798541f) * (s[1] + s[5])) +
            splat(0.676904076f) * (s[2] + s[4])) +
           s[3];
}
MEGA_INLINE lanes sync_slope(const lanes *s) {
    return (splat(0.0533755182f) * (s[0] - s[6]) + splat(0.342813938f) * (s[1] - s[5])) +
           splat(0.537454483f) * (s[2] - s[4]);
}
MEGA_INLINE lanes sync_bend(const lanes *s) {
    return ((splat(0.0782146f) * (s[0] + s[6]) + splat(0.186654788f) * (s[1] + s[5])) -
            splat(0.0733173485f) * (s[2] + s[4])) -
           splat(0.383110922f) * s[3];
}

/// Lanes in which it has risen through 0 since the last frame (three frames ago: see above).
MEGA_INLINE mask sync_rises(const sync_past *p, lanes now) {
    lanes s[SYNC_PAST + 1] = {now};
    for (int i = 0; i < SYNC_PAST; i++) s[i + 1] = p->at[i];
    return both(lt(splat(0), sync_smooth(s)), le(sync_smooth(s + 1), splat(0)));
}

/// How many frames ago that was, 0..1.
MEGA_INLINE lanes sync_since(const sync_past *p, lanes now) {
    lanes s[SYNC_PAST + 1] = {now};
    for (int i = 0; i < SYNC_PAST; i++) s[i + 1] = p->at[i];
    // the curve of degree 5 that has the smoothed signal's value, slope and bend at both ends
    lanes v0 = sync_smooth(s + 1), v1 = sync_smooth(s);
    lanes d0 = sync_slope(s + 1), d1 = sync_slope(s), b0 = sync_bend(s + 1), b1 = sync_bend(s);
    lanes rise = v1 - v0 - d0 - b0, turn = d1 - d0 - (b0 + b0), bend = b1 - b0;
    lanes c3 = splat(10) * rise - splat(4) * turn + bend;
    lanes c4 = splat(7) * turn - splat(15) * rise - (bend + bend);
    lanes c5 = splat(6) * rise - splat(3) * turn + bend;
    lanes line = v1 - v0, x = splat(0) - v0 / line;
    for (int i = 0; i < 3;
         i++) { // Newton's iteration: what is smooth is nearly straight in a frame
        lanes v = ((((c5 * x + c4) * x + c3) * x + b0) * x + d0) * x + v0;
        lanes slope = ((splat(5) * c5 * x + splat(4) * c4) * x + splat(3) * c3) * x + (b0 + b0);
        x = clampf(x - v / vmax(slope * x + d0, splat(0.25f) * line), 0, 1);
    }
    return splat(1) - x;
}

#endif
