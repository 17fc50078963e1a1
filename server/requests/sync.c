// SPDX-License-Identifier: MIT
// sync -- answers when everything the client sent before is built, performed, and has been through
// the audio role.
#include "clients/session.h"
#include "requests/requests.h"
#include "synths/mixer.h"
#include "synths/sound.h"

enum { SYNC_POLL_MS = 1 };
#define SYNC_NS_MAX UINT64_C(2000000000) // where no sound is made nothing is ever applied: say so

static bool drained(const task *t) {
    return !t->from->waiting && !builder_busy_with(t->server->builder, t->from, t->sync_builds);
}

/// What was done is applied by the next pass of the audio role; bundles, which are performed a
/// little ahead, at their frame.
static bool is_applied(const task *t) {
    const mixer *m = t->server->mixer;
    return mixer_applied(m, t->sync_pass) && mixer_frame(m) > t->from->bundle_frame;
}

static void begin_to_wait(task *t) {
    const server *s = t->server;
    uint64_t now = mixer_frame(s->mixer), until = t->from->bundle_frame;
    t->sync_pass = mixer_pass(s->mixer);
    t->give_up_ns = now_ns() + SYNC_NS_MAX;
    if (until > now) t->give_up_ns += (until - now) * 1000000000 / sound_rate(s->sound);
}

/// @return true if it has been answered
static bool step(task *t) {
    server *s = t->server;
    if (!t->from->gone && !drained(t)) return false;
    if (!t->sync_pass) begin_to_wait(t);
    bool applied = is_applied(t);
    if (!applied && !t->from->gone && now_ns() < t->give_up_ns) return false;
    t->calls[0].answer =
        json_pack("{s:I, s:b}", "frame", (json_int_t)sound_frame(s->sound), "applied", applied);
    task_finish(t);
    return true;
}

static void on_timer(uv_timer_t *timer) {
    server *s = timer->data;
    task **at = &s->syncs;
    while (*at) {
        task *t = *at, *next = t->next;
        if (step(t)) *at = next;
        else at = &t->next;
    }
    if (!s->syncs) uv_timer_stop(timer);
}

void sync_begin(server *s) {
    uv_timer_init(&s->loop, &s->sync_timer);
    s->sync_timer.data = s;
}

void sync_wait(call *c) {
    task *t = c->task, **end = &c->server->syncs;
    c->later = true;
    t->sync_builds = builder_submitted(c->server->builder);
    while (*end) end = &(*end)->next;
    *end = t;
    t->next = NULL;
    uv_update_time(&c->server->loop);
    if (!uv_is_active((uv_handle_t *)&c->server->sync_timer))
        uv_timer_start(&c->server->sync_timer, on_timer, SYNC_POLL_MS, SYNC_POLL_MS);
    if (drained(t)) begin_to_wait(t);
}

void sync_finish(server *s) {
    while (s->syncs) {
        task *t = s->syncs;
        s->syncs = t->next;
        task_finish(t);
    }
}
