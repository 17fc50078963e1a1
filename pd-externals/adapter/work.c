// SPDX-License-Identifier: MIT
// work -- jobs for the worker: made and finished by the host's thread.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

static void run(void *context, synth_job *job) {
    synth_work *work = (synth_work *)job;
    work->work(context, work);
}

synth_work *synth_work_create(mega_adapter *a, const char *what,
                              void (*work)(mega_adapter *, synth_work *)) {
    synth_work *w = calloc(1, sizeof *w);
    if (w) w->report = mega_report_create();
    if (!w || !w->report) {
        free(w);
        synth_tell_error(a, "no-memory", "%s: out of memory", what);
        return NULL;
    }
    w->job.run = run;
    w->work = work;
    w->change = MEGA_CHANGE_NOW;
    w->listener = a->asking;
    snprintf(w->what, sizeof w->what, "%.63s", what);
    return w;
}

void synth_work_destroy(synth_work *w) {
    json_decref(w->operations);
    json_decref(w->messages.list);
    free(w->bytes);
    mega_report_destroy(w->report);
    mega_free(w->changed.undo_json);
    free(w);
}

void synth_work_fail(synth_work *w, mega_status status, const char *code, const char *format, ...) {
    w->status = status;
    snprintf(w->code, sizeof w->code, "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
}

void synth_work_post(mega_adapter *a, synth_work *w) {
    synth_worker_post(a->worker, &w->job);
    a->host.wake(a->host.context, 0);
}

/// A change of which the frame is to be told. Beyond the limit the oldest is not.
static void await(mega_adapter *a, const synth_work *w) {
    if (!w->changed.number) return;
    a->epoch++;
    if (!*w->what) return; // the empty patch at the start
    if (a->pending_count == SYNTH_PENDING_MAX)
        memmove(a->pending, a->pending + 1, --a->pending_count * sizeof *a->pending);
    synth_pending *p = &a->pending[a->pending_count++];
    p->number = w->changed.number;
    snprintf(p->name, sizeof p->name, "%s", w->what);
    a->frame_seen = UINT64_MAX;
}

static void finish(mega_adapter *a, synth_work *w) {
    if (*w->code) synth_tell_error(a, w->code, "%s: %s", w->what, w->error);
    if (!w->status && w->document) json_object_clear(a->warned);
    synth_tell_report(a, w->what, w->report, w->operations, *w->code ? MEGA_OK : w->status,
                      !w->status && w->changed.number);
    if (!w->status) {
        await(a, w);
        if (w->changed.number && !synth_is_history(w)) json_array_clear(a->undone);
        if (w->changed.number) synth_changes_touch_all(a, w->document);
        if (w->finish) w->finish(a, w);
    }
    synth_tell_messages(a, w->listener, &w->messages);
    synth_work_destroy(w);
}

void synth_work_finish_all(mega_adapter *a) {
    synth_job *next, *job = synth_worker_done(a->worker);
    for (; job; job = next) {
        next = job->next;
        finish(a, (synth_work *)job);
    }
}

bool synth_work_do(mega_adapter *a, synth_work *w) {
    if (!w) return false;
    mega_adapter_join(a);
    w->work(a, w);
    bool good = w->status == MEGA_OK;
    finish(a, w);
    return good;
}
