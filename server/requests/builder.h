// SPDX-License-Identifier: MIT
// builder -- what the two sides of the build worker share: its thread (build_worker.c), and the
// loop, which fills its queue and takes back what is done (build_queue.c).
#ifndef BUILDER_H
#define BUILDER_H

#include "requests/requests.h"

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

static inline void task_append(task **first, task **last, task *t) {
    t->next = NULL;
    if (*last) (*last)->next = t;
    else *first = t;
    *last = t;
}

/// The builder's thread.
void builder_main(void *builder);

#endif
