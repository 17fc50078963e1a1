// SPDX-License-Identifier: MIT
// state -- everything as one map: {version, synths: {name: {patch, fader, output}}, maps}. The
// documents hold the values as they are now.
#ifndef STATE_H
#define STATE_H

#include "requests/call.h"

enum { STATE_VERSION = 1 };

/// The builder. @return NULL if the server stops meanwhile, or without memory
json_t *state_get(task *t);
/// While the builder does not run.
json_t *state_collect(server *s);
/// As text of a file; to be freed. @return NULL, with a cause: beyond `state_bytes_max`, or no
/// memory
char *state_print(const json_t *state, size_t *bytes, char *cause, size_t cause_bytes);

/// Whether it looks like a state of this version.
bool state_is_one(const json_t *state);
/// What a state asks for: read and checked whole, its engines made aside.
typedef struct state_plan state_plan;
/// The builder, or before it runs. @return NULL, having failed: nothing has changed
state_plan *state_read(call *c, const json_t *state);
/// The loop, within a meeting (or before the builder runs): in the place of all that is there. The
/// synths that were there fade out. @return false, having failed: nothing has changed
bool state_enter(call *c, state_plan *p);
/// The loop, once they have faded: forgets them.
void state_forget_before(state_plan *p);
uint32_t state_count(const state_plan *p);
void state_plan_destroy(state_plan *p);

#endif
