// SPDX-License-Identifier: MIT
// osc.pulse -- a pulse of any width, band-limited: the difference of two saws, so it holds no DC at
// any width. It starts on its rising edge.
#include "modules/sources/oscillator_rows.h"

#define OSC_WAVE OSC_PULSE
#include "modules/sources/oscillator_kernel.h"

static const mega_input_row inputs[] = {OSCILLATOR_INPUTS};

static const mega_param_row params[] = {OSCILLATOR_PARAMS,
                                        {.name = "width",
                                         .unit = "",
                                         .min = 0.01f,
                                         .max = 0.99f,
                                         .initial = 0.5f,
                                         .smoothing = MEGA_SMOOTH_COSINE,
                                         .smooth_ms = 10,
                                         .doc = "part of a period that the wave is high for"}};

static const mega_output_row outputs[] = {{"out", "the wave"}};

MODULE(osc_pulse, .name = "osc.pulse", .category = "source",
       .doc = "band-limited pulse oscillator with pulse-width modulation", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), OSC_STATE, .process = osc_process, .solo = osc_solo)
