// SPDX-License-Identifier: MIT
// svf -- two-pole state-variable filter; stable under audio-rate modulation.
//
// A. Simper, "Solving the continuous SVF equations using trapezoidal integration", Cytomic 2013.
#include "kernel.h"

typedef struct {
    lanes ic1, ic2;
} state;

typedef struct {
    lanes a1, a2, a3, k;
} coefs;

static const mega_input_row inputs[] = {{"in", "signal to filter"}};

static const mega_param_row params[] = {
    {.name = "freq", .unit = "Hz", .min = 10, .max = 20000, .initial = 1000, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 20, .doc = "cutoff"},
    {.name = "res", .unit = "", .min = 0, .max = 1, .initial = 0, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 10, .doc = "resonance, 1 is on the edge of ringing"},
};

static const mega_output_row outputs[] = {
    {"low", "low-pass"}, {"band", "band-pass"}, {"high", "high-pass"},
    {"notch", "band-reject"}, {"peak", "low minus high"},
};

static inline coefs prepare(const lanes *param, const context *x) {
    coefs c;
    lanes g = vtan_pi(clampf(param[0] * splat(x->seconds_per_frame), 1e-5f, 0.49f));
    c.k = splat(2) - splat(2) * clampf(param[1], 0.0f, 0.999f);
    c.a1 = splat(1) / (splat(1) + g * (g + c.k));
    c.a2 = g * c.a1;
    c.a3 = g * c.a2;
    return c;
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out) {
    lanes v3 = in[0] - s->ic2;
    lanes v1 = c->a1 * s->ic1 + c->a2 * v3;
    lanes v2 = s->ic2 + c->a2 * s->ic1 + c->a3 * v3;
    s->ic1 = v1 + v1 - s->ic1;
    s->ic2 = v2 + v2 - s->ic2;
    lanes high = in[0] - c->k * v1 - v2;
    out[0] = v2;
    out[1] = v1;
    out[2] = high;
    out[3] = v2 + high;
    out[4] = v2 - high;
}

KERNEL(1, 2, 5)

MODULE(svf, .name = "svf", .category = "filter",
       .doc = "two-pole state-variable filter; stable under fast modulation", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
