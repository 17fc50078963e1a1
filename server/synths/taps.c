// SPDX-License-Identifier: MIT
#include "synths/taps.h"

#include <math.h>

void tap_take(tap *t, const float *block, uint32_t frames, uint64_t frame) {
    if (t->recorder) {
        record_write(t->recorder, &block, frames);
        return;
    }
    if (!t->begun) t->first_frame = frame;
    t->begun = true;
    float peak = 0, squares = 0;
    uint64_t written = atomic_load_explicit(&t->written, memory_order_relaxed);
    for (uint32_t i = 0; i < frames; i++) {
        peak = fmaxf(peak, fabsf(block[i]));
        squares += block[i] * block[i];
        if (!t->every) continue;
        if (t->phase == 0) t->ring[written++ % TAP_RING_FRAMES] = block[i];
        if (++t->phase == t->every) t->phase = 0;
    }
    if (peak > atomic_load_explicit(&t->peak, memory_order_relaxed))
        atomic_store_explicit(&t->peak, peak, memory_order_relaxed);
    squares += atomic_load_explicit(&t->squares, memory_order_relaxed);
    atomic_store_explicit(&t->squares, squares, memory_order_relaxed);
    atomic_store_explicit(&t->last, block[frames - 1], memory_order_relaxed);
    atomic_store_explicit(&t->frame, frame + frames, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->frames, frames, memory_order_relaxed);
    atomic_store_explicit(&t->written, written, memory_order_release);
}
