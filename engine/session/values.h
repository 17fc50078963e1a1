// SPDX-License-Identifier: MIT
// values -- where the knobs and parameters of the document in force stand, or are going; CONTROL.
#ifndef MEGA_VALUES_H
#define MEGA_VALUES_H

#include "session/engine.h"

/// By its number in the document in force, which there must be: as it was turned, be it just now.
float mega_value_of_knob(mega_engine *e, uint32_t row);
float mega_value_of_param(mega_engine *e, uint32_t row, uint32_t param);
/// A copy of the document in force, which there must be, that carries what was turned: see
/// turned.h.
/// @return NULL without memory
mega_patch *mega_values_patch(mega_engine *e);
/// The same of a document that another has followed. @param left the program, itself or a stage on
/// the way to it, that the audio role has left for the other one's
mega_patch *mega_values_left(const mega_program *document, const mega_program *left);
/// Takes from what travels with a change to `next` what gets there by itself, since it has a frame,
/// and `next` or what sounds has the name. @param patch `next` itself, or the document before it
void mega_values_leave(mega_engine *e, mega_patch *patch, const mega_patch *next);
/// What the document alone gives a parameter: what is written, else its default, or 0 where cables
/// add.
float mega_value_of_document(const mega_engine *e, uint32_t row, uint32_t param);

#endif
