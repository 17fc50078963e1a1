// SPDX-License-Identifier: MIT
// opcode -- the instructions of a program, by name: see opcodes.def.
#ifndef MEGA_OPCODE_H
#define MEGA_OPCODE_H

typedef enum {
// Example: OPCODE(CALL, call, "CALL", ...)  Becomes: MEGA_OP_CALL,
#define OPCODE(id, function, name, span, operands, comment) MEGA_OP_##id,
#include "core/opcodes.def"
#undef OPCODE
    MEGA_OPCODE_COUNT
} mega_opcode;

/// Ports of the modules that have no code of their own, by number, as these instructions read them.
enum {
    MEGA_INPUT_CHANNEL = 0,
    MEGA_BUS_IN_BUS = 0,
    MEGA_BUS_OUT_IN = 0,
    MEGA_BUS_OUT_BUS,
    MEGA_OUTPUT_IN = 0,
    MEGA_OUTPUT_LEFT,
    MEGA_OUTPUT_RIGHT,
    MEGA_OUTPUT_INPUTS,
    MEGA_OUTPUT_FIRST = MEGA_OUTPUT_INPUTS,
    MEGA_OUTPUT_CHANNELS,
};

#endif
