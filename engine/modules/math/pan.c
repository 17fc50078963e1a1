// SPDX-License-Identifier: MIT
// pan -- places a signal between left and right at constant power: -3 dB each in the centre.
#include "core/kernel.h"

static const mega_input_row inputs[] = {{"in", "signal to place"}};

static const mega_param_row params[] = {
    {.name = "position",
     .unit = "",
     .min = -1,
     .max = 1,
     .initial = 0,
     .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "-1 is left, 1 is right"},
};

static const mega_output_row outputs[] = {
    {"left", "left side"},
    {"right", "right side"},
    {"out", "mean of left and right"},
};

static inline void tick(const lanes *port, lanes *out) {
    // position -1..1 is a quarter turn; sin(1/4 - v) is its cosine, and gives the centre two equal
    // sides
    lanes turns = (clampf(port[1], -1.0f, 1.0f) + splat(1)) * splat(0.125f);
    out[0] = port[0] * vsin_quarter(splat(0.25f) - turns);
    out[1] = port[0] * vsin_quarter(turns);
    out[2] = (out[0] + out[1]) * splat(0.5f);
}

KERNEL_PURE(2, 3)

MODULE(pan, .name = "pan", .category = "math", .doc = "places a signal between left and right",
       .flags = MEGA_PURE, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), .process = process,
       .solo = solo)
