// SPDX-License-Identifier: MIT
// bus_in -- a bus of the host, as a signal: what another patch, or a program, put there.
#include "core/kernel.h"

static const mega_param_row params[] = {
    [MEGA_BUS_IN_BUS] =
        {.name = "bus", .unit = "", .min = 1, .max = 64, .initial = 1, .doc = "number of the bus"},
};

static const mega_output_row outputs[] = {
    {"out", "what is on the bus, one block late; silence where nothing is"}};

MODULE(bus_in, .name = "bus.in", .category = "io", .doc = "reads a bus that the host made",
       .op = MEGA_OP_BUS_IN, .flags = MEGA_ONCE, PARAMS(params), OUTPUTS(outputs))
