// SPDX-License-Identifier: MIT
// record -- the ring between the audio thread and the one that writes; see record.h.
#include "record/record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/below.h"
#include "record/sound_file.h"

#define DRAIN_MS 50
#define SETTLE_MS 500
#define RING_SAMPLES_MAX (1u << 26) // 256 MiB: 64 channels at 192 kHz hold 4 s

struct recorder {
    sound_file sound;
    char path[RECORD_PATH_BYTES_MAX];
    uint32_t rate, channels;
    uint64_t frames_max, frames_taken; // taken: the audio side's
    float *ring;                       // interleaved
    uint32_t room;                     // frames, a power of two
    _Atomic uint64_t filled, drained, settled, dropped;
    atomic_bool ended, stopping;
    _Atomic int status; // a record_status; the cause is written before it
    char cause[RECORD_CAUSE_BYTES];
    pthread_t thread;
};

// ---- the audio side ----------------------------------------------------------------------------

static uint32_t take(recorder *r, const float *const *channels, uint32_t frames) {
    uint64_t filled = atomic_load_explicit(&r->filled, memory_order_relaxed);
    uint64_t drained = atomic_load_explicit(&r->drained, memory_order_acquire);
    uint32_t free_frames = r->room - (uint32_t)(filled - drained);
    uint32_t count = frames < free_frames ? frames : free_frames;
    for (uint32_t i = 0; i < count; i++) {
        float *to = r->ring + (size_t)((filled + i) & (r->room - 1)) * r->channels;
        for (uint32_t ch = 0; ch < r->channels; ch++) to[ch] = channels[ch][i];
    }
    atomic_store_explicit(&r->filled, filled + count, memory_order_release);
    return count;
}

void record_write(recorder *r, const float *const *channels, uint32_t frames) {
    if (atomic_load_explicit(&r->ended, memory_order_relaxed)) return;
    if (r->frames_max && frames > r->frames_max - r->frames_taken)
        frames = (uint32_t)(r->frames_max - r->frames_taken);
    uint32_t count = take(r, channels, frames);
    r->frames_taken += frames;
    if (count < frames)
        atomic_fetch_add_explicit(&r->dropped, frames - count, memory_order_relaxed);
    if (r->frames_max && r->frames_taken == r->frames_max)
        atomic_store_explicit(&r->ended, true, memory_order_release);
}

// ---- the thread that writes --------------------------------------------------------------------

static void fail(recorder *r) {
    atomic_store(&r->status, RECORD_FILE); // publishes the cause
    atomic_store(&r->ended, true);
}

// All that is in the ring, in one or two pieces. @return false if the file takes no more
static bool drain(recorder *r) {
    uint64_t filled = atomic_load_explicit(&r->filled, memory_order_acquire);
    uint64_t drained = atomic_load_explicit(&r->drained, memory_order_relaxed);
    while (drained < filled) {
        uint32_t at = (uint32_t)drained & (r->room - 1), count = r->room - at;
        if (count > filled - drained) count = (uint32_t)(filled - drained);
        if (!sound_file_write(&r->sound, r->ring + (size_t)at * r->channels, count, r->cause))
            return false;
        drained += count;
        atomic_store_explicit(&r->drained, drained, memory_order_release);
    }
    return true;
}

static bool settle(recorder *r) {
    bool good = sound_file_settle(&r->sound, r->cause);
    atomic_store(&r->settled, r->sound.settled);
    return good;
}

static void *run(void *pointer) {
    recorder *r = pointer;
    const struct timespec pause = {.tv_nsec = DRAIN_MS * 1000000};
    bool good = true;
    for (int since = 0; good;) {
        bool stopping = atomic_load(&r->stopping);
        good = drain(r);
        if (good && (since += DRAIN_MS) >= SETTLE_MS) good = settle(r), since = 0;
        if (stopping || !good) break;
        nanosleep(&pause, NULL);
    }
    if (!good) {
        fail(r);
        char ignored[RECORD_CAUSE_BYTES]; // as much of the header as can still be had
        sound_file_settle(&r->sound, ignored);
    }
    char cause[RECORD_CAUSE_BYTES];
    if (!sound_file_close(&r->sound, cause) && good) {
        memcpy(r->cause, cause, sizeof cause);
        fail(r);
    }
    atomic_store(&r->settled, r->sound.settled);
    return NULL;
}

// ---- the control side --------------------------------------------------------------------------

static void discard(recorder *r) {
    free(r->ring);
    free(r);
}

static recorder *prepare(const record_options *options) {
    recorder *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    snprintf(r->path, sizeof r->path, "%s", options->path);
    r->rate = options->rate;
    r->channels = options->channels;
    r->frames_max = options->frames_max;
    for (r->room = 1024; r->room < (uint64_t)options->rate * RECORD_RING_SECONDS;) r->room *= 2;
    while ((uint64_t)r->room * r->channels > RING_SAMPLES_MAX) r->room /= 2;
    size_t bytes = (size_t)r->room * r->channels * sizeof *r->ring;
    r->ring = malloc(bytes);
    if (!r->ring) {
        discard(r);
        return NULL;
    }
    memset(r->ring, 0, bytes); // touched here, so that the audio side never waits for a page
    return r;
}

record_status record_start(const record_options *options, recorder **recorder_made,
                           char cause[RECORD_CAUSE_BYTES]) {
    sound_file sound;
    record_status status = sound_file_create(&sound, options, cause);
    if (status != RECORD_OK) return status;
    recorder *r = prepare(options);
    if (r) {
        r->sound = sound;
        if (pthread_create(&r->thread, NULL, run, r) == 0) {
            *recorder_made = r;
            return RECORD_OK;
        }
        discard(r);
    }
    sound_file_close(&sound, cause);
    below_remove(options->root, options->path);
    snprintf(cause, RECORD_CAUSE_BYTES, "out of memory, or cannot start a thread");
    return RECORD_MEMORY;
}

record_state record_get(recorder *r) {
    record_state state = {
        .path = r->path,
        .rate = r->rate,
        .channels = r->channels,
        .frames_written = atomic_load(&r->drained),
        .frames_synced = atomic_load(&r->settled),
        .frames_dropped = atomic_load(&r->dropped),
        .ended = atomic_load(&r->ended),
        .status = (record_status)atomic_load(&r->status),
    };
    if (state.status != RECORD_OK) memcpy(state.cause, r->cause, sizeof state.cause);
    return state;
}

record_state record_stop(recorder *r) {
    atomic_store(&r->stopping, true);
    pthread_join(r->thread, NULL);
    record_state state = record_get(r);
    state.path = "";
    state.ended = true;
    discard(r);
    return state;
}
