// SPDX-License-Identifier: MIT
// worker -- see worker.h.
#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef struct {
    synth_job *first, **end;
} list;

struct synth_worker {
    void *context;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; // held for a few instructions only
    pthread_cond_t changed;
    // below: under the lock
    list waiting, done;
    synth_job *running;
    bool paused, stop;
};

static void list_init(list *l) { *l = (list){NULL, &l->first}; }

static void list_put(list *l, synth_job *job) {
    job->next = NULL;
    *l->end = job;
    l->end = &job->next;
}

static synth_job *list_take(list *l) {
    synth_job *job = l->first;
    if (!job) return NULL;
    l->first = job->next;
    if (!l->first) l->end = &l->first;
    job->next = NULL;
    return job;
}

static void *work(void *argument) {
    synth_worker *w = argument;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        synth_job *job = w->paused ? NULL : list_take(&w->waiting);
        if (!job) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        w->running = job;
        pthread_mutex_unlock(&w->lock);
        job->run(w->context, job);
        pthread_mutex_lock(&w->lock);
        w->running = NULL;
        list_put(&w->done, job);
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/// The host's signals are the host's threads' to handle.
static bool start(synth_worker *w) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->started = pthread_create(&w->thread, NULL, work, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->started;
}

synth_worker *synth_worker_create(void *context) {
    synth_worker *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->context = context;
    list_init(&w->waiting);
    list_init(&w->done);
    if (pthread_mutex_init(&w->lock, NULL) != 0) {
        free(w);
        return NULL;
    }
    if (pthread_cond_init(&w->changed, NULL) != 0) {
        pthread_mutex_destroy(&w->lock);
        free(w);
        return NULL;
    }
    if (start(w)) return w;
    synth_worker_destroy(w, NULL);
    return NULL;
}

void synth_worker_destroy(synth_worker *w, void (*discard)(synth_job *job)) {
    if (!w) return;
    if (w->started) {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    synth_job *job;
    while ((job = list_take(&w->waiting))) discard(job);
    while ((job = list_take(&w->done))) discard(job);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void synth_worker_post(synth_worker *w, synth_job *job) {
    pthread_mutex_lock(&w->lock);
    list_put(&w->waiting, job);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

synth_job *synth_worker_overtake(synth_worker *w) {
    list kept, taken;
    list_init(&kept);
    list_init(&taken);
    pthread_mutex_lock(&w->lock);
    synth_job *job;
    while ((job = list_take(&w->waiting))) list_put(job->replaced_by_load ? &taken : &kept, job);
    list_init(&w->waiting);
    while ((job = list_take(&kept))) list_put(&w->waiting, job);
    pthread_mutex_unlock(&w->lock);
    return taken.first;
}

synth_job *synth_worker_done(synth_worker *w) {
    pthread_mutex_lock(&w->lock);
    synth_job *jobs = w->done.first;
    list_init(&w->done);
    pthread_mutex_unlock(&w->lock);
    return jobs;
}

bool synth_worker_idle(synth_worker *w) {
    pthread_mutex_lock(&w->lock);
    bool idle = !w->running && !w->waiting.first;
    pthread_mutex_unlock(&w->lock);
    return idle;
}

static bool only_brief(const synth_worker *w) {
    bool brief = !w->running || w->running->brief;
    for (const synth_job *job = w->waiting.first; job; job = job->next) brief = brief && job->brief;
    return brief && !w->paused;
}

bool synth_worker_ready(synth_worker *w) {
    pthread_mutex_lock(&w->lock);
    while ((w->running || w->waiting.first) && only_brief(w))
        pthread_cond_wait(&w->changed, &w->lock);
    bool idle = !w->running && !w->waiting.first;
    pthread_mutex_unlock(&w->lock);
    return idle;
}

void synth_worker_pause(synth_worker *w, bool all) {
    pthread_mutex_lock(&w->lock);
    if (!all) w->paused = true;
    while (w->running || (all && w->waiting.first)) pthread_cond_wait(&w->changed, &w->lock);
    w->paused = true;
    pthread_mutex_unlock(&w->lock);
}

void synth_worker_resume(synth_worker *w) {
    pthread_mutex_lock(&w->lock);
    w->paused = false;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}
