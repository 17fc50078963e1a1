// SPDX-License-Identifier: MIT
// frame_source -- see frame_source.h.
#include "audio/frame_source.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PACE_FRAMES 256 // rendered at a time while there is no device
// A pacer that was kept from running for longer (the machine slept) goes on from now, and does not
// catch up.
#define PACE_BEHIND_NS INT64_C(500000000)
#define PACE_AGAIN_NS 1000000 // the device is still in

static void sleep_ns(int64_t ns) {
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    if (ns > 0) nanosleep(&t, NULL);
}

// One who is turned away for not being the driver must not have kept the driver out meanwhile: look
// first.
bool source_enter(frame_source *p, frame_driver driver) {
    unsigned visits = atomic_load(&p->visits);
    if (atomic_load(&p->driver) != (int)driver || (visits & 1)) return false;
    if (!atomic_compare_exchange_strong(&p->visits, &visits, visits + 1)) return false;
    // And look again, so that source_drive either sees us in or has told us before.
    if (atomic_load(&p->driver) == (int)driver) return true;
    source_leave(p);
    return false;
}

void source_leave(frame_source *p) { atomic_fetch_add(&p->visits, 1); }

void source_synchronize(frame_source *p) {
    unsigned visits = atomic_load(&p->visits);
    while ((visits & 1) && atomic_load(&p->visits) == visits) sleep_ns(100000);
}

void source_drive(frame_source *p, frame_driver driver) {
    if (atomic_exchange(&p->driver, DRIVER_NOBODY) == (int)driver && driver == DRIVER_NOBODY)
        return;
    source_synchronize(p); // between two drivers nobody is in
    frame_clock_restart(&p->clock);
    atomic_store(&p->entered_ns, clock_mono_ns());
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->driver, (int)driver);
    pthread_cond_broadcast(&p->driven);
    pthread_mutex_unlock(&p->lock);
}

int64_t source_time(frame_source *p, uint32_t frames) {
    int64_t now = clock_mono_ns();
    uint64_t frame = atomic_load_explicit(&p->frame, memory_order_relaxed);
    frame_clock_update(&p->clock, frame + frames, frames, now);
    atomic_store_explicit(&p->entered_ns, now, memory_order_relaxed);
    return now;
}

void source_render(frame_source *p, uint32_t frames) {
    p->render(p->user, (const float *const *)p->in, p->out, frames);
    guard_process(&p->guard, p->out, p->outputs, frames);
    if (p->heard) p->heard(p->user, (const float *const *)p->out, frames);
    atomic_fetch_add_explicit(&p->frame, frames, memory_order_release);
}

void source_measure(frame_source *p, uint32_t frames, int64_t began_ns) {
    meter_add(&p->meter, frames, p->rate, clock_mono_ns() - began_ns);
}

static void pace_once(frame_source *p) {
    int64_t began = source_time(p, PACE_FRAMES);
    for (uint32_t ch = 0; ch < p->inputs; ch++) memset(p->in[ch], 0, PACE_FRAMES * sizeof(float));
    source_render(p, PACE_FRAMES);
    source_measure(p, PACE_FRAMES, began);
}

// Sleeps while somebody else drives. @return false at the end
static bool wait_for_turn(frame_source *p, bool *waited) {
    pthread_mutex_lock(&p->lock);
    while (!p->pacer_ends && atomic_load(&p->driver) != DRIVER_PACER) {
        pthread_cond_wait(&p->driven, &p->lock);
        *waited = true;
    }
    bool goes_on = !p->pacer_ends;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

static void *pace(void *pointer) {
    frame_source *p = pointer;
    int64_t period = (int64_t)(PACE_FRAMES * 1e9 / p->rate), next = 0;
    for (bool waited = true; wait_for_turn(p, &waited);) {
        if (!source_enter(p, DRIVER_PACER)) {
            sleep_ns(PACE_AGAIN_NS);
            continue;
        }
        int64_t now = clock_mono_ns();
        if (waited || now - next > PACE_BEHIND_NS) next = now;
        waited = false;
        pace_once(p);
        source_leave(p);
        next += period;
        sleep_ns(next - clock_mono_ns());
    }
    return NULL;
}

bool source_init(frame_source *p, const audio_options *options, double rate) {
    *p = (frame_source){.render = options->render,
                        .heard = options->heard,
                        .began = options->began,
                        .user = options->user,
                        .inputs = options->inputs,
                        .outputs = options->outputs,
                        .rate = rate};
    frame_clock_init(&p->clock, rate, clock_mono_ns());
    guard_init(&p->guard, rate, !options->no_ceiling);
    size_t channels = p->inputs + p->outputs;
    p->buffers = calloc(channels * AUDIO_FRAMES_MAX, sizeof *p->buffers);
    if (!p->buffers) return false;
    for (uint32_t ch = 0; ch < p->inputs; ch++) p->in[ch] = p->buffers + ch * AUDIO_FRAMES_MAX;
    for (uint32_t ch = 0; ch < p->outputs; ch++)
        p->out[ch] = p->buffers + (p->inputs + ch) * AUDIO_FRAMES_MAX;
    p->lock_made =
        pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->driven, NULL) == 0;
    p->pacer_runs = p->lock_made && pthread_create(&p->pacer, NULL, pace, p) == 0;
    if (!p->pacer_runs) source_finish(p);
    return p->pacer_runs;
}

void source_finish(frame_source *p) {
    if (p->pacer_runs) {
        pthread_mutex_lock(&p->lock);
        p->pacer_ends = true;
        pthread_cond_broadcast(&p->driven);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->pacer, NULL);
    }
    if (p->lock_made) {
        pthread_cond_destroy(&p->driven);
        pthread_mutex_destroy(&p->lock);
    }
    free(p->buffers);
    p->buffers = NULL;
    p->pacer_runs = p->lock_made = false;
}
