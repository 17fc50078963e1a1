// SPDX-License-Identifier: MIT
// filters -- what the filters share: the prewarped cutoff, the two-pole section, choices.
//
// A. Simper, "Solving the continuous SVF equations using trapezoidal integration", Cytomic 2013.
// The response is that of the analogue prototype with s prewarped at the cutoff.
//
// Not as there, the state is the capacitors' voltages, that is the outputs, and the input is
// averaged over two frames on its way in. With cutoff and resonance still this is the same filter.
// When they jump, the state's energy still never grows by itself, and the state no longer holds the
// input times tan(pi cutoff), a factor of 30 near half the rate, which a falling cutoff would let
// out at once (12 dB more, parameters thrown about). It also takes fewer operations.
#ifndef MEGA_FILTERS_H
#define MEGA_FILTERS_H

#include "core/kernel.h"

/// Rows of the parameters that all filters have.
#define FREQ_ROW(says)                                                                             \
    {                                                                                              \
        .name = "freq", .unit = "Hz", .min = 10, .max = 20000, .initial = 1000, .scale = MEGA_EXP, \
        .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 20, .doc = says                                 \
    }
/// 0 to `most`, at 0 unless written.
#define AMOUNT_ROW(called, most, says)                                                             \
    {                                                                                              \
        .name = called, .unit = "", .min = 0, .max = most, .initial = 0,                           \
        .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = says                              \
    }

/// A cutoff as a fraction of the sampling rate. The upper end takes 20 kHz at 44.1 kHz; the nearer
/// it is to half the rate, the longer a filter whose cutoff jumps about remembers.
MEGA_INLINE lanes cutoff_turns(lanes freq_hz, float seconds_per_frame) {
    return clampf(freq_hz * splat(seconds_per_frame), 1e-6f, 0.46f);
}

/// tan(pi v) as `over / under`, v in 0..0.49, so that a filter can fold the division into its own;
/// as vtan_pi.
typedef struct {
    lanes over, under;
} ratio;
MEGA_INLINE ratio tan_ratio(lanes v) {
    lanes x = v * splat(3.14159265358979f);
    lanes x2 = x * x;
    return (ratio){x * (splat(1) - x2 * (splat(1.0f / 9) - x2 * splat(1.0f / 945))),
                   splat(1) - x2 * (splat(4.0f / 9) - x2 * splat(1.0f / 63))};
}

/// A choice arrives as a number of any size: the nearest of 0..last.
MEGA_INLINE ilanes choice_of(lanes v, int last) {
    return to_int(clampf(v, 0.0f, (float)last) + splat(0.5f));
}

/// Port `p` stands still and is `value` in every lane.
MEGA_INLINE bool port_is(const mega_call *c, size_t p, float value) {
    if (c->moving >> p & 1) return false;
    for (int u = 0; u < MEGA_U; u++)
        if (!all(eq(port_at(c, p, 0, u), splat(value)))) return false;
    return true;
}

/// Input that a recursion may take: what is not finite, or is beyond +120 dB, counts as 0 and
/// cannot stay in it.
MEGA_INLINE lanes tame(lanes v) { return vselect(lt(vabs(v), splat(1e6f)), v, splat(0)); }

// ---- two-pole section --------------------------------------------------------------------------

typedef struct {
    lanes in, band, low; // of the last frame
} section;

typedef struct {
    lanes c1, c2, c3, k; // k: damping, 1 / Q
} section_coefs;

/// Damping of a resonance 0..1: at 1 it rings for 1.1 s at 1 kHz (-60 dB), Q = 500.
MEGA_INLINE lanes damping(lanes res) {
    return vmax(splat(2) - splat(2) * clampf(res, 0.0f, 1.0f), splat(0.002f));
}

MEGA_INLINE section_coefs section_solve(ratio tan, lanes k) {
    lanes over2 = tan.over * tan.over, under2 = tan.under * tan.under;
    lanes mixed = tan.over * tan.under;
    lanes twice = splat(2) / (under2 + (over2 + k * mixed));
    return (section_coefs){under2 * twice, mixed * twice, over2 * twice, k};
}

/// Band and low of this frame, s and 1 over s^2 + k s + 1, are in `s` afterwards.
/// @return high, s^2 over the same
MEGA_INLINE lanes section_tick(section *s, const section_coefs *c, lanes x) {
    lanes v = splat(0.5f) * (x + s->in) - s->low;
    lanes band = (c->c1 * s->band - s->band) + c->c2 * v;
    s->low = (s->low + c->c2 * s->band) + c->c3 * v;
    s->band = band;
    s->in = x;
    return (x - c->k * band) - s->low;
}

// ---- one voice: coefficients of as many frames as there are lanes, then the recursion

/// Of coefficients whose lanes are frames those of frame `i`, in every frame.
MEGA_INLINE void pick_frame(void *one, const void *frames, size_t bytes, uint32_t i) {
    for (size_t f = 0; f < bytes; f += sizeof(lanes)) {
        float v[MEGA_VOICES];
        memcpy(v, (const char *)frames + f + i * sizeof v, sizeof v);
        lanes all = solo_repeat(v);
        memcpy((char *)one + f, &all, sizeof all);
    }
}

/// port_is, of one voice.
MEGA_INLINE bool solo_is(const mega_call *c, size_t p, float value) {
    return !solo_moves(c, p) && all(eq(solo_port(c, p, 0), splat(value)));
}

#endif
