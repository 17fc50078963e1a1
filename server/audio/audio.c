// SPDX-License-Identifier: MIT
// audio -- the public side: what the core asks of the supervisor, of the frame source and of the
// meters; see audio.h.
#include "audio/audio.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audio/supervisor.h"

#define OPEN_SECONDS 15.0 // a sound server that does not answer for so long does not
#define CLOSE_SECONDS 2.0
#define FADE_SECONDS 0.5

const char *audio_state_name(audio_state state) {
    static const char *const names[] = {"opened", "running", "lost", "closed"};
    return names[state];
}

static void sleep_ms(long ms) {
    struct timespec t = {.tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

static char *copy(const char *text) { return text ? strdup(text) : NULL; }

static void discard(audio *a) {
    supervisor_finish(a);
    input_ring_finish(&a->input_ring);
    free((char *)a->options.device);
    free((char *)a->options.input_device);
    free((char *)a->options.name);
    free(a);
}

static audio *prepare(const audio_options *options) {
    audio *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->options = *options;
    if (!a->options.outputs) a->options.outputs = 2;
    a->options.device = copy(options->device);
    a->options.input_device = copy(options->input_device);
    a->options.name = copy(options->name ? options->name : "megasynth");
    bool copied = a->options.name && !options->device == !a->options.device &&
                  !options->input_device == !a->options.input_device;
    input_ring_init(&a->input_ring, a->options.inputs);
    atomic_init(&a->counts.realtime, options->no_realtime ? REALTIME_NOT_ASKED : REALTIME_UNKNOWN);
    if (supervisor_init(a) && copied) return a;
    discard(a);
    return NULL;
}

audio *audio_open(const audio_options *options, char cause[AUDIO_CAUSE_BYTES]) {
    if (options->outputs > AUDIO_CHANNELS_MAX || options->inputs > AUDIO_CHANNELS_MAX) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "more than %d channels in one direction",
                 AUDIO_CHANNELS_MAX);
        return NULL;
    }
    audio *a = prepare(options);
    if (!a) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "out of memory, or cannot start a thread");
        return NULL;
    }
    if (!supervisor_wait(a, WISH_OPEN, OPEN_SECONDS)) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "%s: no answer for %.0f s",
                 audio_backend_name(options->backend), OPEN_SECONDS);
        return NULL; // what hangs there cannot be freed
    }
    if (a->granted) return a;
    snprintf(cause, AUDIO_CAUSE_BYTES, "%s", a->cause);
    supervisor_join(a);
    discard(a);
    return NULL;
}

uint32_t audio_rate(const audio *a) { return (uint32_t)a->source.rate; }

bool audio_start(audio *a, char cause[AUDIO_CAUSE_BYTES]) {
    if (!supervisor_wait(a, WISH_START, OPEN_SECONDS)) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "%s: no answer for %.0f s",
                 audio_backend_name(a->options.backend), OPEN_SECONDS);
        return false;
    }
    if (!a->granted) snprintf(cause, AUDIO_CAUSE_BYTES, "%s", a->cause);
    return a->granted;
}

static audio_state state_of(const audio *a) { return (audio_state)atomic_load(&a->state); }

void audio_fade_out(audio *a) { atomic_store(&a->source.guard.leave, true); }

bool audio_faded(const audio *a) {
    if (state_of(a) != AUDIO_RUNNING) return true;
    double seconds = atomic_load(&a->counts.output_latency_us) * 1e-6;
    uint32_t on_the_way =
        (uint32_t)(seconds * a->source.rate) + atomic_load(&a->source.meter.call_frames);
    return atomic_load(&a->source.guard.silent) > on_the_way;
}

void audio_close(audio *a) {
    if (!a) return;
    audio_fade_out(a);
    for (int waited = 0; !audio_faded(a) && waited < FADE_SECONDS * 1000; waited += 2) sleep_ms(2);
    supervisor_silence(a);
    if (!supervisor_wait(a, WISH_CLOSE, CLOSE_SECONDS)) return; // it hangs in the backend
    supervisor_join(a);
    source_finish(&a->source);
    discard(a);
}

void audio_panic(audio *a) {
    atomic_fetch_add_explicit(&a->source.guard.panics, 1, memory_order_release);
}

void audio_synchronize(audio *a) { source_synchronize(&a->source); }

clock_reading audio_clock(const audio *a) { return frame_clock_read(&a->source.clock); }

static float peak_level(guard *g) {
    uint32_t bits = atomic_exchange_explicit(&g->peak, 0, memory_order_relaxed);
    float level;
    memcpy(&level, &bits, sizeof level);
    return level;
}

audio_status audio_status_get(audio *a) {
    frame_source *p = &a->source;
    return (audio_status){
        .state = state_of(a),
        .frame = atomic_load(&p->frame),
        .calls = atomic_load(&p->meter.calls),
        .load_mean = atomic_load(&p->meter.mean_millionths) * 1e-6,
        .load_peak = meter_take_peak(&p->meter),
        .call_frames = atomic_load(&p->meter.call_frames),
        .xruns = atomic_load(&a->counts.xruns),
        .late = atomic_load(&p->meter.late),
        .losses = atomic_load(&a->losses),
        .reopened = atomic_load(&a->reopened),
        .input_dropped = atomic_load(&a->input_ring.dropped),
        .input_repaired = atomic_load(&a->input_ring.repaired),
        .not_finite = atomic_load(&p->guard.not_finite),
        .over = atomic_load(&p->guard.over),
        .level_peak = peak_level(&p->guard),
        .realtime = (audio_realtime)atomic_load(&a->counts.realtime),
        .realtime_priority = atomic_load(&a->counts.priority),
        .input_latency_frames = atomic_load(&a->input_latency),
        .output_latency_seconds = atomic_load(&a->counts.output_latency_us) * 1e-6,
    };
}

audio_description audio_describe(audio *a) {
    pthread_mutex_lock(&a->lock);
    audio_description description = a->description;
    pthread_mutex_unlock(&a->lock);
    return description;
}

bool audio_next_notice(audio *a, audio_notice *notice) {
    pthread_mutex_lock(&a->lock);
    bool there = a->notices_read != a->notices_written;
    if (there) *notice = a->notices[a->notices_read++ % NOTICES_MAX];
    pthread_mutex_unlock(&a->lock);
    return there;
}
