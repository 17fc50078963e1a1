// SPDX-License-Identifier: MIT
// gain -- multiplies its input; with a cable on `amp`, a voltage-controlled amplifier.
#include "core/kernel.h"

static const mega_input_row inputs[] = {{"in", "signal"}};

static const mega_param_row params[] = {
    {.name = "amp",
     .factor = true,
     .unit = "",
     .min = 0,
     .max = 4,
     .initial = 1,
     .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "factor"},
};

static const mega_output_row outputs[] = {{"out", "in times amp"}};

static inline void tick(const lanes *port, lanes *out) { out[0] = port[0] * port[1]; }

KERNEL_PURE(2, 1)

MODULE(gain, .name = "gain", .category = "math", .doc = "multiplies its input by amp",
       .flags = MEGA_PURE | MEGA_MULTIPLIES, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs),
       .process = process, .solo = solo)
