// SPDX-License-Identifier: MIT
// overrides -- values set during play, on their way through changes of the document; CONTROL.
//
// Before a change, the patch receives the value that each knob and parameter was set to during
// play, beside the value that the document states. The operations of an edit treat both alike: a
// rename and a replacement keep them, and the undo of a removal restores them. Overrides are no
// part of a document: writers leave them out.
#ifndef MEGA_OVERRIDES_H
#define MEGA_OVERRIDES_H

#include "document/patch.h"

/// Finds another type's parameter of the same name, if that accepts the value.
/// @param value is converted (choices go by name) @return its index in `to`, or `param_count`
uint32_t mega_override_port(const mega_module *from, const mega_module *to, uint32_t param,
                            float *value);
/// Stores an override of a parameter. @return false without memory
bool mega_override_put(mega_patch_node_row *node, uint32_t param, float value, bool pending);
/// Drops an override because the document states another value. That value is pending then: the
/// audio role goes there, even if it never saw the override.
static inline void mega_override_renew(mega_override *override) {
    if (override->set) *override = (mega_override){.pending = true};
}
static inline float mega_override_value(const mega_override *override, float documented) {
    return override->set ? override->value : documented;
}
/// The parameter that keeps this one's override in the node that takes its place: it has the same
/// name, and the document states the same of both. @return its index, or `param_count`
uint32_t mega_override_heir(const mega_patch_node_row *before, uint32_t param,
                            const mega_patch_node_row *after);
/// Whether a parameter keeps its override in the node that takes its place.
bool mega_override_stays(const mega_patch_node_row *before, uint32_t param,
                         const mega_patch_node_row *after);
/// Copies a node's overrides to the node that takes its place, where that has such a parameter and
/// the document states the same of it. @return false without memory
bool mega_overrides_follow(const mega_patch_node_row *before, mega_patch_node_row *after);
/// Does so for all nodes and knobs of the same birth or name that have no newer override.
bool mega_overrides_inherit(const mega_patch *before, mega_patch *after);
/// Finds an override that equals the value which the changed cables now give its parameter, so that
/// it looks like none. @param param of the earlier node @return the earlier node, else NULL
const mega_patch_node_row *mega_override_hidden(const mega_patch *before, const mega_patch *after,
                                                size_t node, uint32_t param);
/// Marks all overrides as applied.
void mega_overrides_settle(mega_patch *patch);
/// Drops the overrides that are applied: the audio role carries those from program to program.
void mega_overrides_forget_applied(mega_patch *patch);
/// Drops all overrides.
void mega_overrides_forget(mega_patch *patch);

#endif
