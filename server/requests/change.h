// SPDX-License-Identifier: MIT
// change -- how a command changes a synth's document, answered when the change is heard. On the
// builder.
#ifndef CHANGE_H
#define CHANGE_H

#include "requests/requests.h"
#include "synths/synth.h"

// A command that changes a document is prepared by its handler, which says what it wants, and
// applied by whoever runs it: alone at once, a bundle's once all of the bundle is known to fit.

/// Prepare: a whole document, or operations; taken. NULL operations fail.
void change_to_patch(call *c, mega_patch *patch);
void change_by_list(call *c, json_t *list);
void change_by_operation(call *c, json_t *operation);
/// Apply: what the call wants, if it wants anything. @return false if the call has failed
bool change_apply(call *c);
/// Changes to a patch, or by a list of operations (the other is NULL), as the call's `fade_ms` and
/// time say. @param rev that the document must have; -1: any @return false, having failed
bool change_commit(call *c, const mega_patch *patch, const json_t *list, int64_t rev);
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
