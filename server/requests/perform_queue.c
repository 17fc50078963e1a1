// SPDX-License-Identifier: MIT
// perform_queue -- notes, knobs and parameters: checked, then straight into the engines' rings.
// What names something that is still being built waits for it, and what the same client sends after
// it waits behind it.
#include <string.h>

#include "clients/session.h"
#include "requests/requests.h"
#include "synths/sound.h"
#include "synths/synth.h"

enum { CALL_EVENTS_MAX = 8 }; // /note/set with all that it takes

bool perform_validate(task *t) {
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->command->route != ROUTE_PERFORM) continue;
        c->command->validate(c);
        if (c->code) return false;
    }
    return true;
}

/// Whether the synth's ring takes all that a task has for it. Only the loop sends: what is free now
/// stays free.
static bool has_room(const task *t, const synth *of) {
    uint32_t wanted = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].synth == of) wanted += CALL_EVENTS_MAX;
    return !of->input.engine || mega_events_room(of->input.engine) >= wanted;
}

bool perform_apply(task *t) {
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->command->route == ROUTE_PERFORM && c->synth && !has_room(t, c->synth))
            return call_check(c, MEGA_ERROR_FULL);
    }
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->command->route != ROUTE_PERFORM) continue;
        if (c->command->flags & FLAG_TIMED)
            c->affects = c->frame ? c->frame : sound_frame(c->server->sound);
        c->command->run(c);
        if (c->code) return false;
    }
    return true;
}

/// All of a bundle at one frame: far enough ahead that no block begins between its first event and
/// its last.
static void give_one_frame(task *t) {
    if (!t->is_bundle || t->count < 2 || t->frame) return;
    t->frame = sound_frame_ahead(t->server->sound);
    if (t->from) t->from->bundle_frame = t->frame;
    for (size_t i = 0; i < t->count; i++)
        if (!t->calls[i].frame && t->calls[i].command->flags & FLAG_TIMED)
            t->calls[i].frame = t->frame;
}

/// The synth whose builds the name of a failed call may come from, or NULL.
static const synth *synth_to_wait_for(const task *t) {
    for (size_t i = 0; i < t->count; i++) {
        const call *c = &t->calls[i];
        if (c->code == CODE_NOT_FOUND && c->synth) return c->synth;
    }
    return NULL;
}

/// @return false if it must wait
static bool attempt(task *t) {
    if (!perform_validate(t)) {
        const synth *of = synth_to_wait_for(t);
        if (of && !t->wait_for) t->wait_for = synth_last_build(of);
        if (of && builder_edits(t->server->builder, of, t->wait_for)) {
            for (size_t i = 0; i < t->count; i++) call_forgive(&t->calls[i]);
            return false;
        }
    } else {
        give_one_frame(t);
        perform_apply(t);
    }
    task_finish(t);
    return true;
}

static void keep(task *t) {
    session *from = t->from;
    const char *full = from->waiting_count >= limit_waiting_max
                           ? "waiting_max"
                           : session_full_limit(from, t->bytes);
    if (full) {
        call_fail(&t->calls[0], CODE_LIMIT, "", "too many commands wait for a build");
        call_note(&t->calls[0], "limit", "%s", full);
        task_finish(t);
        return;
    }
    t->next = NULL;
    if (from->waiting_last) from->waiting_last->next = t;
    else from->waiting = t;
    from->waiting_last = t;
    from->waiting_count++;
    session_keeps(from, t->bytes);
    session_balance(from);
}

void perform_receive(task *t) {
    if (t->from->waiting || !attempt(t)) keep(t);
}

void perform_resume(session *from) {
    session_hold(from);
    while (from->waiting) {
        task *t = from->waiting, *next = t->next;
        size_t bytes = t->bytes;
        if (!attempt(t)) break;
        from->waiting = next;
        if (!next) from->waiting_last = NULL;
        from->waiting_count--;
        session_keeps_no_more(from, bytes);
    }
    session_balance(from);
    session_release(from);
}
