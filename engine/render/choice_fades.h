// SPDX-License-Identifier: MIT
// choice_fades -- a choice that changes while its node sounds crossfades, whatever changed it.
//
// A choice (the slope of a filter, the shape of an oscillator) switches what a kernel computes, so
// a change would step. A node whose row has such choices keeps, beside its state, which choice
// each lane has in force, and room for a second copy of the state. When a lane's choice changes,
// its state is copied; for MEGA_CHOICE_FADE_MS the kernel runs twice, with the old choice on the
// copy and with the new one on the state, and the outputs crossfade in a raised cosine, as those
// of an edit do. What changes during a fade fades after it, to the latest choice. A lane that
// starts takes its choices without a fade.
//
// The record lies behind the module's own fields, and all zero is a fresh one: whatever empties a
// state empties it too.
#ifndef MEGA_CHOICE_FADES_H
#define MEGA_CHOICE_FADES_H

#include "render/run.h"

/// Fills the table of the fade: once the rate is known.
void mega_choices_init(mega_vm *vm);
/// Calls the module of a node that has such choices.
/// @return as mega_process
uint64_t mega_choices_call(const mega_run *run, const mega_program_node *node, mega_step *step);

#endif
