// SPDX-License-Identifier: MIT
// state -- everything as one map: {version, synths: {name: {patch, fader, output}}, maps}. Values
// that were turned are written into the documents.
#ifndef STATE_H
#define STATE_H

#include "lanes/call.h"

/// The loop: what only it knows; for state_finish.
json_t *state_begin(server *s);
/// The builder (or before it runs): adds the documents.
void state_finish(server *s, json_t *state);

/// What a state asks for: its patches, read and checked.
typedef struct state_plan state_plan;
/// Any thread. @return NULL, having failed
state_plan *state_read(call *c, const json_t *state);
void state_plan_destroy(state_plan *p);
/// The loop: synths that are not there yet. @return false, having failed
bool state_make_synths(call *c, state_plan *p);
/// The builder (or before it runs): engines and patches. @return false, having failed
bool state_build(call *c, state_plan *p);
/// The loop: into the mix, faders, names, maps; synths that the state does not have are left alone.
void state_enter(call *c, state_plan *p);

#endif
