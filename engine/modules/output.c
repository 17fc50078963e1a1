// SPDX-License-Identifier: MIT
// output -- what the patch gives to the host; several add up.
#include "kernel.h"

static const mega_input_row inputs[] = {
    {"in", "to both sides"},
    {"left", "to the left side"},
    {"right", "to the right side"},
};

MODULE(output, .name = "output", .category = "io", .doc = "what is heard: sums the voices",
       .flags = MEGA_BUILT_IN | MEGA_ONCE | MEGA_LEAVES, INPUTS(inputs))
