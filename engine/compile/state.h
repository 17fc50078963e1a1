// SPDX-License-Identifier: MIT
// state -- what nodes remember. Blocks are counted: a program that replaces another takes over, by
// pointer, the state of every node of the same id and type.
#ifndef MEGA_STATE_H
#define MEGA_STATE_H

#include "compile/program.h"

/// Finds or makes the state of every node of the program. @return false without memory
bool mega_states_attach(mega_program *program, const mega_program *before, float rate);
void mega_states_release(mega_program *program);
/// Bytes that the states of a node would take: for the budget.
size_t mega_state_bytes(const mega_module *module, bool voice, uint32_t groups, float rate);
/// The node takes the next choices as they come, without a fade. @param fading lanes under way too
void mega_state_forget_choices(const mega_program *program, const mega_program_node *node,
                               bool fading);

#endif
