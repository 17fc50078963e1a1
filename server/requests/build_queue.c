// SPDX-License-Identifier: MIT
// build_queue -- the loop's side of the build worker: tasks are queued, and land when they are
// done: names taken, notices sent, calls answered.
#include <stdlib.h>

#include "base/trace.h"
#include "clients/session.h"
#include "requests/builder.h"
#include "synths/synth.h"

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
        call_fail(&t->calls[0], CODE_NOT_APPLIED, "", "the server is stopping");
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
    task_append(&b->queue, &b->queue_last, t);
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
            task_append(&b->queue, &b->queue_last, t);
            continue;
        }
        task_append(&b->back, &b->back_last, t);
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
    if (uv_thread_create(&b->thread, builder_main, b) == 0) return b;
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
        task_append(&b->back, &b->back_last, t);
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
