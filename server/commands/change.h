// SPDX-License-Identifier: MIT
// change -- how a command changes a synth's document, answered when the change is heard. On the
// builder.
#ifndef CHANGE_H
#define CHANGE_H

#include "lanes/lanes.h"
#include "synths/synth.h"

/// The patch that a call brings as `patch`, `text` or `file`. NULL, having failed.
mega_patch *change_read_patch(call *c);
/// Changes to a patch; the call's `rev`, `fade_ms` and time say how. @return false, having failed
bool change_to_patch(call *c, const mega_patch *patch);
/// Changes by a list of operations.
bool change_by_list(call *c, const void *text, size_t bytes, mega_format format);
/// Changes by one operation; takes it.
bool change_by_operation(call *c, json_t *operation);
/// What a report warns of, as lines.
json_t *change_warnings(const mega_report *report);
/// Undo or redo.
bool change_step(call *c, bool redo);
/// The synth's engine. NULL, having failed with not-found.
mega_engine *change_engine(call *c);
/// The document in force. NULL, having failed with not-found.
const mega_patch *change_document(call *c);
/// Whether all changes of a task are heard; asks for their frames and for the names that came with
/// them.
bool change_settled(task *t);

#endif
