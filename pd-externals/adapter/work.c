// SPDX-License-Identifier: MIT
// work -- jobs for the worker: made and finished by the host's thread.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

static void do_work(mega_adapter *a, mega_work *work) {
    work->work(a, work);
    const mega_patch *patch = mega_loaded_patch(a->engine);
    if (patch) work->voices = mega_patch_voices(patch);
}

static void run(void *context, mega_job *job) {
    mega_work *work = (mega_work *)job;
    do_work(context, work);
}

mega_work *mega_work_create(mega_adapter *a, const char *what,
                            void (*work)(mega_adapter *, mega_work *)) {
    mega_work *w = calloc(1, sizeof *w);
    if (w) w->report = mega_report_create();
    if (!w || !w->report) {
        free(w);
        mega_tell_error(a, "no-memory", "%s: out of memory", what);
        return NULL;
    }
    w->job.run = run;
    w->work = work;
    w->change = MEGA_CHANGE_NOW;
    w->listener = a->asking;
    snprintf(w->what, sizeof w->what, "%.63s", what);
    return w;
}

void mega_work_destroy(mega_work *w) {
    json_decref(w->operations);
    json_decref(w->messages.list);
    free(w->bytes);
    mega_report_destroy(w->report);
    mega_free(w->changed.undo_json);
    free(w);
}

void mega_work_fail(mega_work *w, mega_status status, const char *code, const char *format, ...) {
    w->status = status;
    snprintf(w->code, sizeof w->code, "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
}

void mega_work_post(mega_adapter *a, mega_work *w) {
    if (mega_worker_post(a->worker, &w->job)) {
        a->host.wake(a->host.context, 0);
        return;
    }
    mega_tell_error(a, "no-memory", "%s: no thread could be started", w->what);
    mega_work_destroy(w);
}

/// A change of which the frame is to be told. Beyond the limit the oldest is not.
static void await(mega_adapter *a, const mega_work *w) {
    if (!w->changed.number) return;
    a->epoch++;
    a->voices = w->voices;
    if (!*w->what) return; // the empty patch at the start
    if (a->pending_count == MEGA_PENDING_MAX)
        memmove(a->pending, a->pending + 1, --a->pending_count * sizeof *a->pending);
    mega_pending *p = &a->pending[a->pending_count++];
    p->number = w->changed.number;
    snprintf(p->name, sizeof p->name, "%s", w->what);
    a->frame_seen = UINT64_MAX;
}

static void finish(mega_adapter *a, mega_work *w) {
    if (*w->code) mega_tell_error(a, w->code, "%s: %s", w->what, w->error);
    mega_tell_report(a, w->what, w->report, w->operations, *w->code ? MEGA_OK : w->status);
    if (!w->status) {
        await(a, w);
        if (w->finish) w->finish(a, w);
    }
    mega_tell_messages(a, w->listener, &w->messages);
    mega_work_destroy(w);
}

void mega_work_finish_all(mega_adapter *a) {
    mega_job *next, *job = mega_worker_done(a->worker);
    for (; job; job = next) {
        next = job->next;
        finish(a, (mega_work *)job);
    }
}

bool mega_work_do(mega_adapter *a, mega_work *w) {
    if (!w) return false;
    mega_adapter_join(a);
    do_work(a, w);
    bool good = w->status == MEGA_OK;
    finish(a, w);
    return good;
}
