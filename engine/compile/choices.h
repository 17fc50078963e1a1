// SPDX-License-Identifier: MIT
// choices -- a choice that changes while its node sounds cross-fades, whatever changed it.
//
// A choice (the slope of a filter, the shape of an oscillator) switches what a kernel computes, so
// a turned one would step. A node whose row has such choices keeps, beside its state, which choice
// each lane has in force, and room for a second copy of the state. When a lane's choice changes,
// its state is copied; for MEGA_CHOICE_FADE_MS the kernel runs twice, with the old choice on the
// copy and with the new one on the state, and the outputs cross-fade in a raised cosine, as those
// of an edit do. What changes during a fade fades after it, to the latest choice. A lane that
// starts takes its choices without a fade.
//
// The record lies behind the module's own fields, and all zero is a fresh one: whatever empties a
// state empties it too.
#ifndef MEGA_CHOICES_H
#define MEGA_CHOICES_H

#include "compile/program.h"
#include "render/run.h"

enum { MEGA_CHOICES_MAX = 4 }; ///< of one module, that cross-fade: room in a call

/// The module's ports that cross-fade, as bits.
uint64_t mega_choices_ports(const mega_module *module);
/// Fields of state that a node of it has behind the module's own.
uint32_t mega_choices_fields(const mega_module *module);
/// Fills the table of the fade: once the rate is known.
void mega_choices_init(mega_vm *vm);
/// The node takes the next choices as they come, without a fade. @param fading lanes under way too
void mega_choices_forget(const mega_program *program, const mega_program_node *node, bool fading);
/// Calls the module of a node that has such choices.
/// @return as mega_process
uint64_t mega_choices_call(const mega_run *run, const mega_program_node *node, mega_step *step);

#endif
