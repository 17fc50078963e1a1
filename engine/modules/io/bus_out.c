// SPDX-License-Identifier: MIT
// bus_out -- puts a signal on a bus of the host, for other patches and programs; several add up.
#include "core/kernel.h"

static const mega_input_row inputs[] = {
    [MEGA_BUS_OUT_IN] = {"in", "signal to put on the bus; sums the voices"}};

static const mega_param_row params[] = {
    {.name = "bus", .unit = "", .min = 1, .max = 64, .initial = 1, .doc = "number of the bus"},
};

MODULE(bus_out, .name = "bus.out", .category = "io", .doc = "writes to a bus that the host made",
       .op = MEGA_OP_BUS_OUT, .flags = MEGA_ONCE | MEGA_LEAVES, INPUTS(inputs), PARAMS(params))
