// SPDX-License-Identifier: MIT
// oscillator_phase -- what oscillators make of their parameters: phases, steps of phase, levels.
//
// A phase is a 32-bit integer, a turn is 2^32: it never drifts, and wraps by itself.
#ifndef MEGA_OSCILLATOR_PHASE_H
#define MEGA_OSCILLATOR_PHASE_H

#include "kernel.h"

/// Turns to a phase; whole turns fall away. Far outside +-1e6 turns there is no fraction left to
/// hold.
MEGA_INLINE ilanes osc_turns(lanes turns) {
    lanes v = clampf(turns, -1e6f, 1e6f);
    v = v - vfloor(v + splat(0.5f));
    return to_int(clampf(v, -0.5f, 0.4999999f) * splat(4294967296.0f));
}
/// An amplitude, held where products of two stay finite whatever a cable brings.
MEGA_INLINE lanes osc_amp(lanes amp) { return clampf(amp, -1e6f, 1e6f); }
/// A frequency's factor, of cents.
MEGA_INLINE lanes osc_ratio(lanes cents) { return vexp2(cents * splat(1.0f / 1200.0f)); }
/// Phase that a pulse is high for: 1 to 99 hundredths of a turn.
MEGA_INLINE ilanes osc_width(lanes width) { return osc_turns(clampf(width, 0.01f, 0.99f)); }

#endif
