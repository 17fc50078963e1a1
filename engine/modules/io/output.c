// SPDX-License-Identifier: MIT
// output -- what the patch gives to the host; several add up.
#include "core/kernel.h"

static const mega_input_row inputs[] = {
    [MEGA_OUTPUT_IN] = {"in", "to both sides"},
    [MEGA_OUTPUT_LEFT] = {"left", "to the left side"},
    [MEGA_OUTPUT_RIGHT] = {"right", "to the right side"},
};

static const mega_param_row params[] = {
    {.name = "first",
     .unit = "",
     .min = 1,
     .max = 64,
     .initial = 1,
     .fixed = true,
     .doc = "output channel of the left side, from 1; the right side is the next one"},
    {.name = "channels",
     .unit = "",
     .min = 1,
     .max = 2,
     .initial = 2,
     .fixed = true,
     .doc = "1: both sides go to channel `first`; 2: a channel each"},
};

MODULE(output, .name = "output", .category = "io", .doc = "what is heard: sums the voices",
       .op = MEGA_OP_OUTPUT, .flags = MEGA_ONCE | MEGA_LEAVES, INPUTS(inputs), PARAMS(params))
