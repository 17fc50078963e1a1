// SPDX-License-Identifier: MIT
// mix -- a mixer: any number of cables into `in`, and eight more inputs, each with a level of its
// own.
#include "core/kernel.h"

enum { input_count = 9 };

static const mega_input_row inputs[] = {
    {"in", "sum of any number of signals"},
    {"in1", "signal 1"},
    {"in2", "signal 2"},
    {"in3", "signal 3"},
    {"in4", "signal 4"},
    {"in5", "signal 5"},
    {"in6", "signal 6"},
    {"in7", "signal 7"},
    {"in8", "signal 8"},
};

#define LEVEL(port, text)                                                                          \
    {                                                                                              \
        .name = port, .unit = "", .min = 0, .max = 4, .initial = 1, .scale = MEGA_LIN,             \
        .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = text                              \
    }
static const mega_param_row params[] = {
    LEVEL("level", "factor of in"),   LEVEL("level1", "factor of in1"),
    LEVEL("level2", "factor of in2"), LEVEL("level3", "factor of in3"),
    LEVEL("level4", "factor of in4"), LEVEL("level5", "factor of in5"),
    LEVEL("level6", "factor of in6"), LEVEL("level7", "factor of in7"),
    LEVEL("level8", "factor of in8"),
};

static const mega_output_row outputs[] = {{"out", "sum of all inputs, each times its level"}};

static inline void tick(const lanes *port, lanes *out) {
    lanes sum = port[0] * port[input_count];
    for (int i = 1; i < input_count; i++) sum = sum + port[i] * port[input_count + i];
    out[0] = sum;
}

KERNEL_PURE(2 * input_count, 1)

MODULE(mix, .name = "mix", .category = "math", .doc = "mixes any number of signals",
       .flags = MEGA_PURE | MEGA_MIXES, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs),
       .process = process, .solo = solo)
