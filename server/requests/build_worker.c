// SPDX-License-Identifier: MIT
// build_worker -- one thread that compiles, loads and reads files: what a client sends in
// its order, clients in turns. A task comes back to the loop when what it changed is heard, which
// others behind it do not wait for.
#include <stdlib.h>

#include "clients/session.h"
#include "requests/builder.h"
#include "requests/change.h"
#include "synths/synth.h"

enum {
    SETTLE_POLL_NS = 500000,    ///< while a change is awaited: less than a block
    COLLECT_POLL_NS = 20000000, ///< the engines' garbage
};
#define SETTLE_NS_MAX UINT64_C(2000000000) // sound may have stopped: then the answer does without

void build_run(task *t) {
    for (size_t i = 0; i < t->count; i++) {
        t->calls[i].command->run(&t->calls[i]);
        if (!change_apply(&t->calls[i])) return;
    }
}

static void send_back(builder *b, task *t) {
    uv_mutex_lock(&b->mutex);
    task_append(&b->back, &b->back_last, t);
    uv_mutex_unlock(&b->mutex);
    uv_async_send(&b->arrived);
}

/// The names of a document that has come in force by itself, for the loop; takes them.
static void tell_names(void *builder_, synth *which, json_t *names) {
    builder *b = builder_;
    struct told *told = malloc(sizeof *told);
    if (!told || !names) {
        free(told);
        json_decref(names);
        return;
    }
    *told = (struct told){.synth = which, .names = names};
    uv_mutex_lock(&b->mutex);
    told->next = b->told;
    b->told = told;
    uv_mutex_unlock(&b->mutex);
    uv_async_send(&b->arrived);
}

bool builder_meet(task *t, void (*met)(task *t)) {
    builder *b = t->server->builder;
    t->met = met;
    uv_mutex_lock(&b->mutex);
    b->meeting = t;
    uv_async_send(&b->arrived);
    while (b->meeting && !b->stop) uv_cond_wait(&b->met, &b->mutex);
    bool happened = !b->meeting;
    b->meeting = NULL;
    uv_mutex_unlock(&b->mutex);
    return happened;
}

static void settle(builder *b) {
    task *still = NULL, **end = &still;
    uint64_t now = now_ns();
    for (task *t = b->settling, *next; t; t = next) {
        next = t->next;
        t->next = NULL;
        if (t->settled(t) || now > t->give_up_ns) {
            send_back(b, t);
        } else {
            *end = t;
            end = &t->next;
        }
    }
    b->settling = still;
}

/// What lost its synth while it waited in the queue is not run.
static bool has_failed(const task *t) {
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].code) return true;
    return false;
}

static void work(builder *b, task *t) {
    t->work_began_ns = now_ns();
    if (has_failed(t) && !t->takes_back) t->settled = NULL;
    else if (t->work) t->work(t);
    else build_run(t);
    t->work_ended_ns = now_ns();
    atomic_fetch_sub(&b->waiting, 1);
    if (!t->settled || t->settled(t)) {
        send_back(b, t);
        return;
    }
    t->give_up_ns = now_ns() + SETTLE_NS_MAX;
    task **end = &b->settling; // in order
    while (*end) end = &(*end)->next;
    t->next = NULL;
    *end = t;
}

/// What concerns everybody (states, recordings, the server's own work) keeps its place in the
/// order.
static bool keeps_its_place(const task *t) {
    return !t->from || (t->work && !t->in_turn) || t->is_bundle;
}

/// Clients take turns: of the first that each has in the queue, that of the client that was served
/// longest ago. So no client waits for more than one of each other's, however many they sent.
/// @return the one before it; NULL: it is the first
static task *before_next(builder *b) {
    static uint64_t looks; // marks clients seen in this look
    task *best_before = NULL, *before = NULL;
    if (!b->queue || keeps_its_place(b->queue)) return NULL;
    uint64_t best = b->queue->from->built_turn;
    looks++;
    uint32_t count = 0;
    for (task *t = b->queue; t && !keeps_its_place(t) && count < limit_builds_looked_at_max;
         before = t, t = t->next, count++) {
        session *from = t->from;
        if (from->built_look == looks) continue;
        from->built_look = looks;
        if (from->built_turn >= best) continue;
        best = from->built_turn;
        best_before = before;
    }
    return best_before;
}

static task *take_next(builder *b) {
    static uint64_t turns;
    task *before = before_next(b), *t = before ? before->next : b->queue;
    if (!t) return NULL;
    if (before) before->next = t->next;
    else b->queue = t->next;
    if (b->queue_last == t) b->queue_last = before;
    if (t->from) t->from->built_turn = ++turns;
    return t;
}

static task *take(builder *b, bool *stop) {
    uv_mutex_lock(&b->mutex);
    if (!b->queue && !b->stop)
        uv_cond_timedwait(&b->wake, &b->mutex, b->settling ? SETTLE_POLL_NS : COLLECT_POLL_NS);
    task *t = take_next(b);
    *stop = b->stop && (!t || b->drop);
    uv_mutex_unlock(&b->mutex);
    return t;
}

void builder_main(void *builder_) {
    builder *b = builder_;
    uint64_t collected = 0;
    bool stop = false;
    while (!stop) {
        task *t = take(b, &stop);
        if (t && !stop) work(b, t);
        else if (t) send_back(b, t); // dropped
        if (b->settling) settle(b);
        uint64_t now = now_ns();
        if (now - collected < COLLECT_POLL_NS) continue;
        synths_collect(b->server, tell_names, b);
        collected = now;
    }
    while (b->settling) {
        task *t = b->settling;
        b->settling = t->next;
        send_back(b, t);
    }
}
