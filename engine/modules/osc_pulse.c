// SPDX-License-Identifier: MIT
// osc.pulse -- a pulse of any width, band-limited: the difference of two saws, so it holds no DC at
// any width. It starts on its rising edge; two frames late.
#include "oscillator.h"

#define OSC_WAVE OSC_PULSE
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
    {.name = "width",
     .unit = "",
     .min = 0.01f,
     .max = 0.99f,
     .initial = 0.5f,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "part of a period that the wave is high for"},
};

static const mega_output_row outputs[] = {{"out", "the wave"}};

MODULE(osc_pulse, .name = "osc.pulse", .category = "source",
       .doc = "band-limited pulse oscillator with pulse-width modulation", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
