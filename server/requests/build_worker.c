// SPDX-License-Identifier: MIT
// build_worker -- one thread that compiles, loads and reads files: what a client sends in
// its order, clients in turns. A task comes back to the loop when what it changed is heard, which
// others behind it do not wait for.
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "clients/session.h"
#include "requests/change.h"
#include "synths/synth.h"

enum {
    SETTLE_POLL_NS = 500000,    ///< while a change is awaited: less than a block
    COLLECT_POLL_NS = 20000000, ///< the engines' garbage
};
#define SETTLE_NS_MAX UINT64_C(2000000000) // sound may have stopped: then the answer does without

struct told {
    struct told *next;
    synth *synth; ///< lives: what frees it goes through this thread, and the loop, first
    json_t *names;
};

struct builder {
    server *server;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_async_t arrived;
    // under the mutex
    task *queue, *queue_last;
    task *back, *back_last; ///< on their way to the loop
    struct told *told;      ///< the same; newest first
    task *meeting;          ///< whose `met` the loop is to call, while the builder waits
    uv_cond_t met;
    bool stop, drop;
    _Atomic uint32_t waiting;
    // the builder's
    task *settling;
    // the loop's
    task *open, *open_last; ///< all under way, by serial
    uint64_t submitted;
};

static void append(task **first, task **last, task *t) {
    t->next = NULL;
    if (*last) (*last)->next = t;
    else *first = t;
    *last = t;
}

// ---- on the builder ---------------------------------------------------------------------------

void build_run(task *t) {
    for (size_t i = 0; i < t->count; i++) {
        t->calls[i].command->run(&t->calls[i]);
        if (!change_apply(&t->calls[i])) return;
    }
}

static void send_back(builder *b, task *t) {
    uv_mutex_lock(&b->mutex);
    append(&b->back, &b->back_last, t);
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

static void main_loop(void *b_) {
    builder *b = b_;
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

// ---- on the loop ------------------------------------------------------------------------------

static void take_out(builder *b, task *t) {
    task *before = NULL;
    for (task *o = b->open; o != t; o = o->next_open) before = o;
    if (before) before->next_open = t->next_open;
    else b->open = t->next_open;
    if (b->open_last == t) b->open_last = before;
    if (t->from) {
        t->from->open_count--;
        session_keeps_no_more(t->from, t->bytes);
    }
}

/// What was compiled, and when it was heard.
static void trace(const task *t) {
    if (!trace_on() || !t->work_ended_ns || !t->count) return;
    const call *c = &t->calls[0];
    trace_span(c->command->address, code_word(c->code), TRACE_BUILDER, t->work_began_ns,
               t->work_ended_ns);
    if (c->notice) trace_span("swap", c->synth->name, TRACE_LOOP, now_ns(), 0);
}

static void land(builder *b, task *t) {
    take_out(b, t);
    if (!t->work_ended_ns && t->count) { // dropped
        call_fail(&t->calls[0], CODE_NOT_APPLIED, "", "the server ends");
        if (!t->from) t->calls[0].answered = true; // its own: nothing to say
    }
    trace(t);
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->names && c->synth) synth_take_names(c->synth, c->names);
        if (c->notice && !c->code) {
            notice_send(b->server, TOPIC_patch, c->notice);
            c->notice = NULL;
        }
    }
    if (t->landed) t->landed(t);
    if (t->again) {
        t->again = false;
        builder_submit(b, t);
        return;
    }
    session *from = t->from;
    if (from) session_hold(from);
    task_finish(t);
    if (from) {
        session_balance(from);
        session_release(from);
    }
}

static void meet(builder *b) {
    uv_mutex_lock(&b->mutex);
    task *t = b->stop ? NULL : b->meeting;
    uv_mutex_unlock(&b->mutex);
    if (!t) return;
    t->met(t);
    uv_mutex_lock(&b->mutex);
    b->meeting = NULL;
    uv_cond_signal(&b->met);
    uv_mutex_unlock(&b->mutex);
}

static void on_arrived(uv_async_t *async) {
    builder *b = async->data;
    uv_mutex_lock(&b->mutex);
    task *t = b->back;
    struct told *told = b->told;
    b->back = b->back_last = NULL;
    b->told = NULL;
    uv_mutex_unlock(&b->mutex);
    while (told) {
        struct told *next = told->next;
        synth_take_names(told->synth, told->names); // older ones than are known are not taken
        json_decref(told->names);
        free(told);
        told = next;
    }
    while (t) {
        task *next = t->next;
        land(b, t);
        t = next;
    }
    meet(b);
    for (session *s = b->server->sessions, *next; s; s = next) {
        next = s->next;
        if (s->waiting) perform_resume(s);
    }
}

void builder_submit(builder *b, task *t) {
    t->serial = ++b->submitted;
    t->next_open = NULL;
    if (b->open_last) b->open_last->next_open = t;
    else b->open = t;
    b->open_last = t;
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].synth && t->calls[i].command->flags & FLAG_EDIT)
            synth_built_by(t->calls[i].synth, t->serial);
    if (t->from) {
        t->from->open_count++;
        session_keeps(t->from, t->bytes);
        session_balance(t->from);
    }
    atomic_fetch_add(&b->waiting, 1);
    uv_mutex_lock(&b->mutex);
    append(&b->queue, &b->queue_last, t);
    uv_cond_signal(&b->wake);
    uv_mutex_unlock(&b->mutex);
}

void builder_redirect(builder *b, const task *after, synth *from, synth *to) {
    for (task *t = b->open; t; t = t->next_open)
        if (t->serial > after->serial) task_redirect(t, from, to);
}

/// Commands that change nothing, as the table has them.
static bool only_reads(const task *t) {
    for (size_t i = 0; i < t->count; i++) {
        const command *row = t->calls[i].command;
        if (row->route != ROUTE_BUILD || row->flags & (FLAG_EDIT | FLAG_STATE)) return false;
    }
    return !t->work;
}

void builder_hurry(builder *b) {
    uv_mutex_lock(&b->mutex);
    task *t = b->queue;
    b->queue = b->queue_last = NULL;
    for (task *next; t; t = next) {
        next = t->next;
        if (!only_reads(t)) {
            append(&b->queue, &b->queue_last, t);
            continue;
        }
        append(&b->back, &b->back_last, t);
        atomic_fetch_sub(&b->waiting, 1);
    }
    uv_mutex_unlock(&b->mutex);
    uv_async_send(&b->arrived);
}

uint64_t builder_submitted(const builder *b) { return b->submitted; }
uint32_t builder_waiting(const builder *b) { return atomic_load(&b->waiting); }

bool builder_edits(const builder *b, const synth *which, uint64_t until) {
    for (const task *t = b->open; t && t->serial <= until; t = t->next_open)
        for (size_t i = 0; i < t->count; i++)
            if (t->calls[i].synth == which &&
                (t->calls[i].command->flags & FLAG_EDIT || t->in_turn || !t->from))
                return true;
    return false;
}

bool builder_busy_with(const builder *b, const session *from, uint64_t until) {
    for (const task *t = b->open; t && t->serial <= until; t = t->next_open)
        if (t->from == from) return true;
    return false;
}

static void job_work(task *t) { t->job.work(t->job.context); }
static void job_landed(task *t) { t->job.landed(t->job.context); }

static bool on_builder(server *s, void (*aside)(void *context), void (*after)(void *context),
                       void *context) {
    task *t = task_own(s, "/ping", NULL);
    if (!t) return false;
    t->calls[0].answered = true;
    t->job.work = aside;
    t->job.landed = after;
    t->job.context = context;
    t->work = job_work;
    t->landed = job_landed;
    builder_submit(s->builder, t);
    return true;
}

builder *builder_create(server *s) {
    builder *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->server = s;
    s->on_builder = on_builder;
    uv_mutex_init(&b->mutex);
    uv_cond_init(&b->wake);
    uv_cond_init(&b->met);
    uv_async_init(&s->loop, &b->arrived, on_arrived);
    b->arrived.data = b;
    if (uv_thread_create(&b->thread, main_loop, b) == 0) return b;
    free(b);
    return NULL;
}

void builder_stop(builder *b, bool all) {
    uv_mutex_lock(&b->mutex);
    b->stop = true;
    b->drop = !all;
    uv_cond_signal(&b->wake);
    uv_cond_signal(&b->met);
    uv_mutex_unlock(&b->mutex);
    uv_thread_join(&b->thread);
    while (b->queue) {
        task *t = b->queue;
        b->queue = t->next;
        append(&b->back, &b->back_last, t);
    }
    on_arrived(&b->arrived);
    uv_close((uv_handle_t *)&b->arrived, NULL);
}

void builder_destroy(builder *b) {
    uv_mutex_destroy(&b->mutex);
    uv_cond_destroy(&b->wake);
    uv_cond_destroy(&b->met);
    free(b);
}
