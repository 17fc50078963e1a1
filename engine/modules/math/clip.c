// SPDX-License-Identifier: MIT
// clip -- holds a signal between two levels, with a corner or with a soft knee.
#include "core/kernel.h"

static const mega_input_row inputs[] = {{"in", "signal"}};

static const char *const modes[] = {"hard", "soft", NULL};

static const mega_param_row params[] = {
    {.name = "low",
     .unit = "",
     .min = -100000,
     .max = 100000,
     .initial = -1,
     .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "lowest output"},
    {.name = "high",
     .unit = "",
     .min = -100000,
     .max = 100000,
     .initial = 1,
     .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "highest output; low where it is below low"},
    {.name = "mode",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 0,
     .choices = modes,
     .doc = "hard: unchanged up to the limits; soft: bends towards them like tanh"},
};

static const mega_output_row outputs[] = {{"out", "limited signal"}};

static inline void tick(const lanes *port, lanes *out) {
    lanes low = port[1], high = vmax(port[2], low);
    lanes hard = clamp(port[0], low, high);
    lanes middle = (low + high) * splat(0.5f);
    lanes half = (high - low) * splat(0.5f);
    lanes soft = middle + half * vtanh((port[0] - middle) / vmax(half, splat(1e-9f)));
    out[0] = vselect(ge(port[3], splat(0.5f)), clamp(soft, low, high), hard);
}

KERNEL_PURE(4, 1)

MODULE(clip, .name = "clip", .category = "math", .doc = "holds a signal between two levels",
       .flags = MEGA_PURE, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), .process = process,
       .solo = solo)
