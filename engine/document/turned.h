// SPDX-License-Identifier: MIT
// turned -- values that were turned, on their way through changes of the document; CONTROL.
//
// A patch that is to be changed carries, beside what it says, where values stand that were turned.
// The operations of an edit treat them as what is written: a rename and a replacement keep them,
// and what undoes a removal brings them back. They are no part of a document: writers leave them
// out.
#ifndef MEGA_TURNED_H
#define MEGA_TURNED_H

#include "document/patch.h"

/// Another type's parameter of the same name, if that takes the value.
/// @param value becomes what it is there @return its number there, or `param_count`
uint32_t mega_turned_port(const mega_module *from, const mega_module *to, uint32_t param,
                          float *value);
/// Notes that a parameter was turned. @return false without memory
bool mega_turned_put(mega_patch_node_row *node, uint32_t param, float value, bool unheard);
/// The document says another value: it goes there, even if the audio role never hears of what was
/// between.
static inline void mega_turned_renew(mega_patch_turned *turned) {
    if (turned->is) *turned = (mega_patch_turned){.unheard = true};
}
static inline float mega_turned_value(const mega_patch_turned *turned, float documented) {
    return turned->is ? turned->value : documented;
}
/// The same parameter in the node that comes in its place, if the document says the same of both:
/// there it stays turned, if it takes the value. @return its number, or `param_count`
uint32_t mega_turned_heir(const mega_patch_node_row *before, uint32_t param,
                          const mega_patch_node_row *after);
/// Whether a parameter that was turned stays so in a node that comes in its place.
bool mega_turned_stays(const mega_patch_node_row *before, uint32_t param,
                       const mega_patch_node_row *after);
/// What was turned in a node stays turned in the one that comes in its place, where that has such a
/// parameter and the document says the same of it. @return false without memory
bool mega_turned_follow(const mega_patch_node_row *before, mega_patch_node_row *after);
/// The same of all that has the same birth, or the same name, and was not turned since.
bool mega_turned_inherit(const mega_patch *before, mega_patch *after);
/// A parameter that was turned to what cables that came or went give it now: nothing shows any more
/// that it was turned. @param param of the node before @return that node, NULL if it is not so
const mega_patch_node_row *mega_turned_hidden(const mega_patch *before, const mega_patch *after,
                                              size_t node, uint32_t param);
/// Nothing is unheard any more.
void mega_turned_settle(mega_patch *patch);
/// Forgets what the audio role knows: it carries that from program to program itself.
void mega_turned_forget_heard(mega_patch *patch);
/// Nothing was turned.
void mega_turned_forget(mega_patch *patch);

#endif
