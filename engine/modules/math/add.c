// SPDX-License-Identifier: MIT
// add -- the sum of its inputs and an offset.
#include "core/kernel.h"

static const mega_input_row inputs[] = {{"a", "first term"}, {"b", "second term"}};

static const mega_param_row params[] = {
    {.name = "offset",
     .unit = "",
     .min = -100000,
     .max = 100000,
     .initial = 0,
     .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "constant that is added"},
};

static const mega_output_row outputs[] = {{"out", "a + b + offset"}};

static inline void tick(const lanes *port, lanes *out) { out[0] = port[0] + port[1] + port[2]; }

KERNEL_PURE(3, 1)

MODULE(add, .name = "add", .category = "math", .doc = "adds two signals and an offset",
       .flags = MEGA_PURE, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), .process = process,
       .solo = solo)
