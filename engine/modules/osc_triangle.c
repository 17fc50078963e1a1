// SPDX-License-Identifier: MIT
// osc.triangle -- a triangle, band-limited: its corners are rounded. It starts at 0, rising; two
// frames late.
#include "oscillator.h"

#define OSC_WAVE OSC_TRIANGLE
#include "oscillator_kernel.h"

static const mega_input_row inputs[] = {
    {"pm", "phase modulation, in turns"},
    {"sync", "restarts the wave where it rises through 0, between frames too"},
};

static const mega_param_row params[] = {
    {.name = "freq",
     .unit = "Hz",
     .min = 0,
     .max = 20000,
     .initial = 440,
     .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_EXP,
     .smooth_ms = 10,
     .doc = "frequency; below 0 the wave runs backwards"},
    {.name = "amp",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 1,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "peak of the wave"},
    {.name = "detune",
     .unit = "cents",
     .min = -100,
     .max = 100,
     .initial = 0,
     .smoothing = MEGA_SMOOTH_EXP,
     .smooth_ms = 10,
     .doc = "offset of the pitch"},
    {.name = "phase",
     .unit = "turns",
     .min = 0,
     .max = 1,
     .initial = 0,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "offset of the phase"},
};

static const mega_output_row outputs[] = {{"out", "the wave"}};

MODULE(osc_triangle, .name = "osc.triangle", .category = "source",
       .doc = "band-limited triangle oscillator", INPUTS(inputs), PARAMS(params), OUTPUTS(outputs),
       STATE, .process = process)
