// SPDX-License-Identifier: MIT
// guard -- see guard.h.
#include "audio/guard.h"

#include <string.h>

#define BITS_OF_1 0x3f800000u
#define BITS_OF_INFINITY 0x7f800000u
#define MAGNITUDE 0x7fffffffu

void guard_init(guard *g, double rate, bool ceiling) {
    *g = (guard){.rate = (float)rate, .ceiling = ceiling, .opening = 1};
}

void guard_reopen(guard *g) {
    g->opening = 0;
    g->hold = 0;
    g->speed = 1 / (GUARD_FADE_IN_SECONDS * g->rate);
}

// The greatest magnitude as bits: NaN > infinity > all numbers.
static uint32_t loudest(const float *x, uint32_t frames) {
    uint32_t top = 0;
    for (uint32_t i = 0; i < frames; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= MAGNITUDE;
        top = bits > top ? bits : top;
    }
    return top;
}

// The rare case: something is above full scale, or no number. @return the greatest magnitude now
static uint32_t bend(guard *g, float *x, uint32_t frames) {
    uint64_t not_finite = 0, over = 0;
    for (uint32_t i = 0; i < frames; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        if ((bits & MAGNITUDE) >= BITS_OF_INFINITY) {
            x[i] = 0;
            not_finite++;
        } else if ((bits & MAGNITUDE) > BITS_OF_1) {
            over++;
            if (!g->ceiling) continue;
            float u = (x[i] < 0 ? -x[i] : x[i]) - 1;
            float y = 1 + GUARD_CEILING_SPAN * (u / (GUARD_CEILING_SPAN + u));
            x[i] = x[i] < 0 ? -y : y;
        }
    }
    atomic_fetch_add_explicit(&g->not_finite, not_finite, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->over, over, memory_order_relaxed);
    return loudest(x, frames);
}

// What was asked for from outside turns the opening.
static void obey(guard *g) {
    unsigned panics = atomic_load_explicit(&g->panics, memory_order_acquire);
    if (panics != g->panics_done) {
        g->panics_done = panics;
        g->speed = -1.0f / GUARD_PANIC_FRAMES;
        g->hold = (uint32_t)(GUARD_PANIC_SECONDS * g->rate);
    }
    if (atomic_load_explicit(&g->leave, memory_order_acquire) && g->hold != UINT32_MAX) {
        if (g->speed >= 0 || g->hold == 0) g->speed = -1 / (GUARD_FADE_OUT_SECONDS * g->rate);
        g->hold = UINT32_MAX;
    }
}

// The opening of the next frame.
static float advance(guard *g) {
    if (g->opening <= 0 && g->speed <= 0 && g->hold) {
        if (g->hold != UINT32_MAX) g->hold--;
        if (g->hold == 0) g->speed = 1 / (GUARD_FADE_IN_SECONDS * g->rate);
        return 0;
    }
    g->opening += g->speed;
    if (g->opening >= 1) g->opening = 1, g->speed = 0;
    if (g->opening < 0) g->opening = 0;
    return g->opening;
}

static void fade(guard *g, float *const *out, uint32_t channels, uint32_t frames) {
    for (uint32_t i = 0; i < frames; i++) {
        float t = advance(g), gain = t * t * (3 - 2 * t);
        for (uint32_t ch = 0; ch < channels; ch++) out[ch][i] *= gain;
    }
}

void guard_process(guard *g, float *const *out, uint32_t channels, uint32_t frames) {
    obey(g);
    uint32_t top = 0;
    for (uint32_t ch = 0; ch < channels; ch++) {
        uint32_t bits = loudest(out[ch], frames);
        if (bits > BITS_OF_1) bits = bend(g, out[ch], frames);
        top = bits > top ? bits : top;
    }
    bool leaving = g->hold == UINT32_MAX, shut = g->opening <= 0;
    if (g->opening < 1 || g->speed != 0) fade(g, out, channels, frames);
    if (leaving && shut) {
        uint32_t silent = atomic_load_explicit(&g->silent, memory_order_relaxed);
        if (silent < UINT32_MAX / 2)
            atomic_store_explicit(&g->silent, silent + frames, memory_order_release);
        top = 0;
    }
    if (top > atomic_load_explicit(&g->peak, memory_order_relaxed))
        atomic_store_explicit(&g->peak, top, memory_order_relaxed);
}
