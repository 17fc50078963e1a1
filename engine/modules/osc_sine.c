// SPDX-License-Identifier: MIT
// osc.sine -- a sine: 32-bit phase, so that tuning never drifts, and a 9th-order odd polynomial.
#include "kernel.h"

typedef struct {
    ilanes phase;
    lanes sync; // the sync input's last value
} state;

typedef struct {
    ilanes step, offset;
    lanes amp;
} coefs;

static const mega_input_row inputs[] = {
    {"pm", "phase modulation, in turns"},
    {"sync", "restarts the phase where it rises through 0"},
};

static const mega_param_row params[] = {
    {.name = "freq", .unit = "Hz", .min = 0, .max = 20000, .initial = 440, .scale = MEGA_EXP,
     .doc = "frequency; through 0 it runs backwards"},
    {.name = "amp", .unit = "", .min = 0, .max = 1, .initial = 1,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 10, .doc = "peak"},
    {.name = "detune", .unit = "cents", .min = -100, .max = 100, .initial = 0,
     .doc = "offset of the pitch"},
    {.name = "phase", .unit = "turns", .min = 0, .max = 1, .initial = 0, .doc = "offset of the phase"},
};

static const mega_output_row outputs[] = {{"out", "the wave"}};

static inline coefs prepare(const lanes *param, const context *x) {
    coefs c;
    lanes freq = param[0] * vexp2(param[2] * splat(1.0f / 1200.0f));
    c.step = phase_step(freq, x->seconds_per_frame);
    lanes turns = param[3] - vfloor(param[3] + splat(0.5f));
    c.offset = to_int(clampf(turns, -0.5f, 0.4999999f) * splat(4294967296.0f));
    c.amp = param[1];
    return c;
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out) {
    mask restart = both(gt(in[1], splat(0)), le(s->sync, splat(0)));
    s->sync = in[1];
    s->phase = iselect(restart, isplat(0), s->phase);
    lanes pm = in[0] - vfloor(in[0] + splat(0.5f));
    ilanes turned = to_int(clampf(pm, -0.5f, 0.4999999f) * splat(4294967296.0f));
    out[0] = c->amp * vsin_phase(iadd(iadd(s->phase, c->offset), turned));
    s->phase = iadd(s->phase, c->step);
}

KERNEL(2, 4, 1)

MODULE(osc_sine, .name = "osc.sine", .category = "source", .doc = "sine oscillator", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
