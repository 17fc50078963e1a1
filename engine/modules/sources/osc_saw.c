// SPDX-License-Identifier: MIT
// osc.saw -- a rising saw, band-limited. It starts at 0 in the middle of its rise.
#include "modules/sources/oscillator_rows.h"

#define OSC_WAVE OSC_SAW
#include "modules/sources/oscillator_kernel.h"

static const mega_input_row inputs[] = {OSCILLATOR_INPUTS};

static const mega_param_row params[] = {OSCILLATOR_PARAMS};

static const mega_output_row outputs[] = {{"out", "the wave"}};

MODULE(osc_saw, .name = "osc.saw", .category = "source", .doc = "band-limited sawtooth oscillator",
       INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), OSC_STATE, .process = osc_process,
       .solo = osc_solo)
