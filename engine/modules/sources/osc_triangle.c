// SPDX-License-Identifier: MIT
// osc.triangle -- a triangle, band-limited: its corners are rounded. It starts at 0, rising.
#include "modules/sources/oscillator_rows.h"

#define OSC_WAVE OSC_TRIANGLE
#include "modules/sources/oscillator_kernel.h"

static const mega_input_row inputs[] = {OSCILLATOR_INPUTS};

static const mega_param_row params[] = {OSCILLATOR_PARAMS};

static const mega_output_row outputs[] = {{"out", "the wave"}};

MODULE(osc_triangle, .name = "osc.triangle", .category = "source",
       .doc = "band-limited triangle oscillator", INPUTS(inputs), PARAMS(params), OUTPUTS(outputs),
       OSC_STATE, .process = osc_process, .solo = osc_solo)
