// SPDX-License-Identifier: MIT
// filter -- one filter, its type a choice; for patches that want a device rather than five outputs.
//
// The two-pole section of filters.h; the type is a sum of its input, band and low.
#include "modules/filters/filters.h"

typedef struct {
    section section;
} state;

typedef struct {
    section_coefs section;
    lanes in, band, low;
} coefs;

static const mega_input_row inputs[] = {{"in", "signal to filter"}};

enum { LOW, HIGH, BAND, NOTCH };
static const char *const types[] = {"low", "high", "band", "notch", NULL};

static const mega_param_row params[] = {
    {.name = "type",
     .unit = "",
     .min = 0,
     .max = 3,
     .initial = LOW,
     .choices = types,
     .doc = "what passes: below the cutoff, above it, around it (at gain 1), or all but that"},
    FREQ_ROW("cutoff"),
    AMOUNT_ROW("res", 1, "resonance: Q from 0.5 to 500"),
};

static const mega_output_row outputs[] = {{"out", "filtered signal"}};

static inline coefs prepare(const lanes *param, const context *x) {
    coefs c;
    c.section =
        section_solve(tan_ratio(cutoff_turns(param[1], x->seconds_per_frame)), damping(param[2]));
    const ilanes type = choice_of(param[0], NOTCH);
    const mask low = ieq(type, isplat(LOW)), high = ieq(type, isplat(HIGH));
    const mask band = ieq(type, isplat(BAND));
    const lanes zero = splat(0), one = splat(1), minus = splat(-1);
    c.in = vselect(either(low, band), zero, one);
    c.band = vselect(low, zero, vselect(band, one, minus)) * c.section.k;
    c.low = vselect(low, one, vselect(high, minus, zero));
    return c;
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out) {
    lanes x = tame(in[0]);
    section_tick(&s->section, &c->section, x);
    out[0] = (c->in * x + c->band * s->section.band) + c->low * s->section.low;
}

KERNEL(1, 3, 1)

MODULE(filter, .name = "filter", .category = "filter",
       .doc = "two-pole filter: low-pass, high-pass, band-pass or notch", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
