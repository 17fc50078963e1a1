// SPDX-License-Identifier: MIT
// input -- sound from outside: one channel of the host's input, one block late.
#include "core/kernel.h"

static const mega_param_row params[] = {
    [MEGA_INPUT_CHANNEL] = {.name = "channel",
                            .unit = "",
                            .min = 1,
                            .max = 64,
                            .initial = 1,
                            .doc = "channel, from 1"},
};

static const mega_output_row outputs[] = {
    {"out", "that channel; silence where the host gives none"}};

MODULE(input, .name = "input", .category = "io", .doc = "a channel of the host's sound input",
       .op = MEGA_OP_INPUT, .flags = MEGA_ONCE, PARAMS(params), OUTPUTS(outputs))
