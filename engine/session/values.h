// SPDX-License-Identifier: MIT
// values -- the target values of the knobs and parameters of the document in force; CONTROL.
#ifndef MEGA_VALUES_H
#define MEGA_VALUES_H

#include "session/engine.h"

/// The newest target, even if its event was sent only now. @param row in the document in force,
/// which must exist
float mega_value_of_knob(mega_engine *e, uint32_t row);
float mega_value_of_param(mega_engine *e, uint32_t row, uint32_t param);
/// A copy of the document in force, which must exist, with overrides: see overrides.h.
/// @return NULL without memory
mega_patch *mega_values_patch(mega_engine *e);
/// The same of a document that is no longer in force. @param left the program (or a stage before
/// it) that the audio role has left
mega_patch *mega_values_left(const mega_program *document, const mega_program *left);
/// Drops the overrides of values whose events arrive by themselves: those with a frame, whose name
/// `next` or the sounding program has. @param patch `next` itself, or the document before it
void mega_values_leave(mega_engine *e, mega_patch *patch, const mega_patch *next);
/// What the document alone gives a parameter: what is written, else its default, or 0 where cables
/// add.
float mega_value_of_document(const mega_engine *e, uint32_t row, uint32_t param);

#endif
