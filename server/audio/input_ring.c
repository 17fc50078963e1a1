// SPDX-License-Identifier: MIT
// input_ring -- see input_ring.h.
#include "audio/input_ring.h"

#include <stdlib.h>

#define ROOM_FRAMES_MIN 16384u     // twice the longest period of any server
#define ROOM_FRAMES_MAX (1u << 22) // eight times four seconds at the highest rate

void input_ring_init(input_ring *j, uint32_t channels) { *j = (input_ring){.channels = channels}; }

bool input_ring_reset(input_ring *j, uint32_t target) {
    uint32_t room = ROOM_FRAMES_MIN;
    while (room < 8 * (uint64_t)target && room < ROOM_FRAMES_MAX) room *= 2;
    if (room != j->room) {
        input_ring_finish(j);
        j->frames = calloc((size_t)room * j->channels, sizeof *j->frames);
        if (!j->frames) return false;
        j->room = room;
    }
    j->target = target < room / 4 ? target : room / 4;
    j->flowing = false;
    atomic_store(&j->written, 0);
    atomic_store(&j->read, 0);
    return true;
}

void input_ring_finish(input_ring *j) {
    free(j->frames);
    j->frames = NULL;
    j->room = 0;
}

static void count(_Atomic uint64_t *counter, uint64_t frames) {
    atomic_fetch_add_explicit(counter, frames, memory_order_relaxed);
}

float *input_ring_begin_write(input_ring *j, uint32_t *frames) {
    uint64_t written = atomic_load_explicit(&j->written, memory_order_relaxed);
    uint64_t read = atomic_load_explicit(&j->read, memory_order_acquire);
    uint32_t at = (uint32_t)written & (j->room - 1);
    uint32_t room = j->room - (uint32_t)(written - read);
    if (room > j->room - at) room = j->room - at;
    if (*frames > room) *frames = room;
    return room ? j->frames + (size_t)at * j->channels : NULL;
}

void input_ring_end_write(input_ring *j, uint32_t frames) {
    uint64_t written = atomic_load_explicit(&j->written, memory_order_relaxed);
    atomic_store_explicit(&j->written, written + frames, memory_order_release);
}

void input_ring_drop(input_ring *j, uint32_t frames) { count(&j->dropped, frames); }

// How many of the frames wanted are to be had; leaves out what is too old. At the very beginning
// nothing is missed by that: the input was merely there before the output.
static uint32_t settle(input_ring *j, uint64_t *read, uint32_t wanted) {
    uint64_t filled = atomic_load_explicit(&j->written, memory_order_acquire) - *read;
    uint32_t least = wanted > j->target ? wanted : j->target;
    if (!j->flowing && filled < j->target) return 0;
    if (filled > (j->flowing ? (uint64_t)j->target + least : least)) {
        if (*read) count(&j->dropped, filled - least);
        *read += filled - least;
        filled = least;
    }
    j->flowing = filled >= wanted;
    return j->flowing ? wanted : (uint32_t)filled;
}

void input_ring_read(input_ring *j, float *const *to, uint32_t frames) {
    uint64_t read = atomic_load_explicit(&j->read, memory_order_relaxed);
    bool began = read != 0;
    uint32_t there = settle(j, &read, frames);
    for (uint32_t i = 0; i < there; i++) {
        const float *from = j->frames + ((size_t)(read + i) & (j->room - 1)) * j->channels;
        for (uint32_t ch = 0; ch < j->channels; ch++) to[ch][i] = from[ch];
    }
    for (uint32_t ch = 0; ch < j->channels; ch++)
        for (uint32_t i = there; i < frames; i++) to[ch][i] = 0;
    if (began) count(&j->repaired, frames - there); // the first silence is the latency itself
    atomic_store_explicit(&j->read, read + there, memory_order_release);
}
