// SPDX-License-Identifier: MIT
// requests -- tasks in order: checked (task.c), performed on the loop (perform_queue.c), built on
// the builder (build_worker.c), answered (answer.c), or waiting until all of it is done (sync.c).
#ifndef REQUESTS_H
#define REQUESTS_H

#include "requests/call.h"

// ---- task.c: from a packet to a task ----------------------------------------------------------

/// From now on the packets of clients become tasks, checked whole, then performed or built.
void tasks_begin(server *s);
/// A task of the server's own with one call, its arguments as a map.
task *task_own(server *s, const char *address, const json_t *payload);
/// To the builder, if the client may have one more there.
void task_submit(task *t);
/// Answers what is not answered yet, and frees it.
void task_finish(task *t);
/// The calls of one synth that are not made yet are for another from now on; NULL: they fail.
void task_redirect(task *t, synth *from, synth *to);

// ---- arguments.c ------------------------------------------------------------------------------

/// Binds a message to the command's arguments. @return false, having failed
bool arguments_bind(call *c, lo_message message);
/// The same for a command of the server's own.
bool arguments_bind_json(call *c, const json_t *map);
void arguments_free(call *c);
/// The request id and payload if it is the request form.
bool arguments_is_request(lo_message message, int32_t *id);
/// @return false if the first plain argument is no finite number
bool arguments_first_number(lo_message message, double *value);
/// What `at` says, as a frame of the server. @return false, having failed
bool arguments_time(call *c, uint64_t *frame);

// ---- perform_queue.c ---------------------------------------------------------------------------

/// Checks and applies a task of perform commands, or keeps it if it must wait.
void perform_receive(task *t);
/// Goes on with what waits, after a build.
void perform_resume(session *from);
/// Applies the perform calls of a task: all, or none where there is no room for all. @return false
/// if one failed
bool perform_apply(task *t);
/// Checks them without changing anything. @return false if one failed
bool perform_validate(task *t);

// ---- build_worker.c, build_queue.c -------------------------------------------------------------

builder *builder_create(server *s);
/// The loop, at the end: what only reads fails, what changes something is still done.
void builder_hurry(builder *b);
/// Waits for what is under way; what is queued is dropped unless `all`.
void builder_stop(builder *b, bool all);
void builder_destroy(builder *b);
void builder_submit(builder *b, task *t);
/// Serial of the last task submitted, from 1.
uint64_t builder_submitted(const builder *b);
/// Whether a task up to that serial that may change the synth's document is under way.
bool builder_edits(const builder *b, const synth *which, uint64_t until);
uint32_t builder_waiting(const builder *b);
/// Whether something of this client's up to that serial is under way.
bool builder_busy_with(const builder *b, const session *from, uint64_t until);
/// Builder: waits until the loop has called `met` with the task. What takes both threads' data is
/// done there. @return false, not called, if the server stops
bool builder_meet(task *t, void (*met)(task *t));
/// The loop, within a meeting: tasks that are queued behind that one are redirected.
void builder_redirect(builder *b, const task *after, synth *from, synth *to);
/// Builder: runs the calls of a task one after another, until one fails.
void build_run(task *t);

// ---- bundle.c ---------------------------------------------------------------------------------

/// Checks and applies a bundle with builds in it: all at one frame, or nothing.
void bundle_receive(task *t);

// ---- answer.c ---------------------------------------------------------------------------------

/// Sends `/done` or `/fail`, once, as the call's form wants it.
void answer_call(call *c);
/// `/progress`, from the loop.
void answer_progress(call *c, double fraction);

// ---- sync.c -----------------------------------------------------------------------------------

void sync_wait(call *c);
void sync_begin(server *s);
/// Answers what is left, at the end.
void sync_finish(server *s);

#endif
