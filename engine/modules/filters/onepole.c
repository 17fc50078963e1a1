// SPDX-License-Identifier: MIT
// onepole -- gentle low-pass or high-pass, 6 dB an octave.
//
// V. Zavalishin, "The Art of VA Filter Design", 2.1.0, ch. 3: trapezoidal, prewarped at the cutoff;
// its state as in filters.h.
#include "modules/filters/filters.h"

typedef struct {
    lanes in, low; // of the last frame
} state;

typedef struct {
    lanes g;
    mask high;
} coefs;

static const mega_input_row inputs[] = {{"in", "signal to filter"}};

static const char *const modes[] = {"low", "high", NULL};

static const mega_param_row params[] = {
    {.name = "freq",
     .unit = "Hz",
     .min = 1,
     .max = 20000,
     .initial = 1000,
     .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_EXP,
     .smooth_ms = 20,
     .doc = "cutoff: -3 dB there"},
    {.name = "mode",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 0,
     .choices = modes,
     .doc = "what passes: below the cutoff, or above it"},
};

static const mega_output_row outputs[] = {{"out", "filtered signal"}};

static inline coefs prepare(const lanes *param, const context *x) {
    ratio tan = tan_ratio(cutoff_turns(param[0], x->seconds_per_frame));
    return (coefs){tan.over / (tan.over + tan.under), ge(param[1], splat(0.5f))};
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out) {
    lanes x = tame(in[0]);
    s->low = s->low + c->g * ((x + s->in) - (s->low + s->low));
    s->in = x;
    out[0] = vselect(c->high, x - s->low, s->low);
}

KERNEL(1, 2, 1)

MODULE(onepole, .name = "onepole", .category = "filter",
       .doc = "one-pole low-pass or high-pass filter", INPUTS(inputs), PARAMS(params),
       OUTPUTS(outputs), STATE, .process = process)
