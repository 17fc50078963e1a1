// SPDX-License-Identifier: MIT
// worker -- one thread that does jobs in order, away from the host's thread.
//
// A job is made by the host's thread, run by the worker, and finished by the host's thread again:
// prepare, run, finish. While no job is under way the host's thread owns what jobs work on.
#ifndef MEGA_WORKER_H
#define MEGA_WORKER_H

#include <stdbool.h>

typedef struct synth_job synth_job;
struct synth_job {
    synth_job *next;
    void (*run)(void *context, synth_job *job);
    bool brief;            ///< worth waiting for
    bool replaced_by_load; ///< of no use once another patch is to be loaded
};

typedef struct synth_worker synth_worker;

/// Starts the thread. @return NULL without memory
synth_worker *synth_worker_create(void *context);
/// Waits for the job that runs. Jobs that were not run, or not taken back, go to `discard`.
void synth_worker_destroy(synth_worker *worker, void (*discard)(synth_job *job));
/// Takes a job.
void synth_worker_post(synth_worker *worker, synth_job *job);
/// Takes out the jobs that wait and are `replaced_by_load`. @return a list of them
synth_job *synth_worker_overtake(synth_worker *worker);
/// The jobs that are done, oldest first; or NULL.
synth_job *synth_worker_done(synth_worker *worker);
/// Whether no job waits or runs.
bool synth_worker_idle(synth_worker *worker);
/// Whether no job waits or runs, or none but brief ones, which are waited for.
bool synth_worker_ready(synth_worker *worker);
/// Waits until no job runs (`all`: nor waits), and keeps it so until `synth_worker_resume`.
void synth_worker_pause(synth_worker *worker, bool all);
void synth_worker_resume(synth_worker *worker);

#endif
