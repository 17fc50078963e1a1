// SPDX-License-Identifier: MIT
// oscillator_phase -- what oscillators make of their parameters: phases, steps of phase, levels.
//
// A phase is a 32-bit integer, a turn is 2^32: it never drifts, and wraps by itself.
#ifndef MEGA_OSCILLATOR_PHASE_H
#define MEGA_OSCILLATOR_PHASE_H

#include "core/kernel.h"

/// Turns to a phase; whole turns fall away. Far outside +-1e6 turns there is no fraction left to
/// hold.
MEGA_INLINE ilanes osc_turns(lanes turns) {
    lanes v = clampf(turns, -1e6f, 1e6f);
    v = v - vfloor(v + splat(0.5f));
    // what rounds to just below -0.5 becomes the most negative number, which is -0.5: see to_int
    return to_int(vmin(v, splat(0.4999999f)) * splat(4294967296.0f));
}
/// An amplitude, held where products of two stay finite whatever a cable brings.
MEGA_INLINE lanes osc_amp(lanes amp) { return clampf(amp, -1e6f, 1e6f); }
/// A frequency's factor, of cents.
MEGA_INLINE lanes osc_ratio(lanes cents) { return vexp2(cents * splat(1.0f / 1200.0f)); }
/// Phase that a pulse is high for: 1 to 99 hundredths of a turn.
MEGA_INLINE ilanes osc_width(lanes width) { return osc_turns(clampf(width, 0.01f, 0.99f)); }

/// A phase at the frame or frames that run.
typedef struct {
    ilanes at;
    ilanes stride; // to the next turn of the loop, if every frame has the same step
} phase_run;

/// @param even every frame has the same step
MEGA_INLINE phase_run phase_begin(ilanes phase, ilanes step, bool even, int u) {
    if (u != SOLO || !even) return (phase_run){phase, step};
    return (phase_run){iadd(phase, imul(step, solo_ramp())),
                       imul(step, isplat((int32_t)SOLO_FRAMES))};
}

/// The phase at these frames; moves the run to the next ones.
/// @param left frames from here on, of which SOLO makes as many as there are lanes
MEGA_INLINE ilanes phase_on(phase_run *run, ilanes step, bool even, uint32_t left, int u) {
    const ilanes now = run->at;
    if (u != SOLO || even) {
        run->at = iadd(now, even ? run->stride : step);
        return now;
    }
    // sums of whole numbers: exact, whatever their order
    const uint32_t frames = left < SOLO_FRAMES ? left : SOLO_FRAMES;
    uint32_t before[SOLO_FRAMES][MEGA_VOICES], sum[MEGA_VOICES] = {0};
    memcpy(before, &step, sizeof before);
    for (uint32_t i = 0; i < frames; i++)
        for (int v = 0; v < MEGA_VOICES; v++) {
            uint32_t one = before[i][v];
            before[i][v] = sum[v];
            sum[v] += one;
        }
    memcpy(&step, before, sizeof step);
    run->at = iadd(now, MEGA_VOICES == 1 ? isplat((int32_t)sum[0]) : solo_repeat_bits(sum));
    return iadd(now, step);
}

/// Where a segment ends that began at `phase`.
MEGA_INLINE ilanes phase_end(const phase_run *run, ilanes phase, ilanes step, bool even,
                             uint32_t frames, int u) {
    return u == SOLO && even ? iadd(phase, imul(step, isplat((int32_t)frames))) : run->at;
}

#endif
