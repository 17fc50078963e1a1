// SPDX-License-Identifier: MIT
// change -- how a command changes a synth's document, answered when the change is heard. On the
// builder.
#ifndef CHANGE_H
#define CHANGE_H

#include "requests/requests.h"
#include "synths/synth.h"

/// Changes to a patch, or by a list of operations (the other is NULL), as the call's `rev`,
/// `fade_ms` and time say.
/// @return false, having failed
bool change_commit(call *c, const mega_patch *patch, const json_t *list);
/// The same for what a command wants, which it takes; within a bundle it is kept until all is known
/// to fit.
bool change_to_patch(call *c, mega_patch *patch);
bool change_by_list(call *c, json_t *list);
bool change_by_operation(call *c, json_t *operation);
/// Answers a change that the engine has made, or says why not; frees the report. @return whether it
/// was made
bool change_finish(call *c, mega_status status, const mega_changed *done, mega_report *report);
/// The revision that a call wants, or -1.
int64_t change_wanted_rev(const call *c);
/// What a report warns of, as lines.
json_t *change_warnings(const mega_report *report);
/// Undo or redo.
bool change_step(call *c, bool redo);
/// The synth's engine. NULL, having failed with not-found.
mega_engine *change_engine(call *c);
/// The document in force. NULL, having failed with not-found.
const mega_patch *change_document(call *c);
/// What an edit changes: the document in force, or an empty one. NULL, having failed.
const mega_patch *change_base(call *c);
/// Whether all changes of a task are heard; asks for their frames and for the names that came with
/// them.
bool change_settled(task *t);

#endif
