// SPDX-License-Identifier: MIT
// mul -- the product of its inputs and a factor: ring modulation, scaling one signal by another.
#include "core/kernel.h"

static const mega_input_row inputs[] = {
    {"a", "first factor; 0 without a cable"},
    {"b", "second factor; 0 without a cable (gain multiplies by a parameter)"},
};

static const mega_param_row params[] = {
    {.name = "factor",
     .factor = true,
     .unit = "",
     .min = -1000,
     .max = 1000,
     .initial = 1,
     .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "constant factor"},
};

static const mega_output_row outputs[] = {{"out", "a * b * factor"}};

static inline void tick(const lanes *port, lanes *out) { out[0] = port[0] * port[1] * port[2]; }

KERNEL_PURE(3, 1)

MODULE(mul, .name = "mul", .category = "math", .doc = "multiplies two signals and a factor",
       .flags = MEGA_PURE | MEGA_MULTIPLIES, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs),
       .process = process, .solo = solo)
