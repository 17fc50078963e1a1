// SPDX-License-Identifier: MIT
// worker -- one thread that does jobs in order, away from the host's thread.
//
// A job is made by the host's thread, run by the worker, and finished by the host's thread again:
// prepare, run, finish. While no job is under way the host's thread owns what jobs work on.
#ifndef MEGA_WORKER_H
#define MEGA_WORKER_H

#include <stdbool.h>

typedef struct mega_job mega_job;
struct mega_job {
    mega_job *next;
    void (*run)(void *context, mega_job *job);
    bool brief;            ///< worth waiting for
    bool replaced_by_load; ///< of no use once another patch is to be loaded
};

typedef struct mega_worker mega_worker;

/// @return NULL without memory
mega_worker *mega_worker_create(void *context);
/// Waits for the job that runs. Jobs that were not run, or not taken back, go to `discard`.
void mega_worker_destroy(mega_worker *worker, void (*discard)(mega_job *job));
/// Takes a job. The thread starts with the first. @return false: no thread could be started
bool mega_worker_post(mega_worker *worker, mega_job *job);
/// Takes out the jobs that wait and are `replaced_by_load`. @return a list of them
mega_job *mega_worker_overtake(mega_worker *worker);
/// The jobs that are done, oldest first; or NULL.
mega_job *mega_worker_done(mega_worker *worker);
/// Whether no job waits or runs.
bool mega_worker_idle(mega_worker *worker);
/// Whether no job waits or runs, or none but brief ones, which are waited for.
bool mega_worker_ready(mega_worker *worker);
/// Waits until no job runs (`all`: nor waits), and keeps it so until `mega_worker_resume`.
void mega_worker_pause(mega_worker *worker, bool all);
void mega_worker_resume(mega_worker *worker);

#endif
