// SPDX-License-Identifier: MIT
// resample -- see resample.h.
#include "audio/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double KAISER_BETA = 9; // -90 dB
static const double CUTOFF = 0.94;   // of half the lower rate: the middle of the way down

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/// The modified Bessel function of order 0.
static double bessel(double x) {
    double sum = 1, term = 1;
    for (int i = 1; i < 60; i++) {
        term *= x / (2 * i) * (x / (2 * i));
        sum += term;
    }
    return sum;
}

static double tap(double x, double half, double cutoff) {
    double u = x / half;
    if (u <= -1 || u >= 1) return 0;
    double sinc = x == 0 ? 1 : sin(PI * cutoff * x) / (PI * cutoff * x);
    return sinc * bessel(KAISER_BETA * sqrt(1 - u * u)) / bessel(KAISER_BETA);
}

/// Taps around a frame that lies `phase` of `phases` after the middle; they add up to 1.
static void fill_phase(resampler *r, uint32_t phase, double cutoff) {
    float *row = r->table + (size_t)phase * r->taps;
    double half = r->taps / 2, sum = 0, here = (double)phase / r->phases;
    for (uint32_t i = 0; i < r->taps; i++) sum += tap(i - (half - 1) - here, half, cutoff);
    for (uint32_t i = 0; i < r->taps; i++)
        row[i] = (float)(tap(i - (half - 1) - here, half, cutoff) / sum);
}

bool resampler_init(resampler *r, uint32_t channels, uint32_t in_rate, uint32_t out_rate,
                    uint32_t in_max) {
    uint32_t divisor = common_divisor(in_rate, out_rate);
    double narrow =
        out_rate < in_rate ? (double)in_rate / out_rate : 1; // taps are that much longer
    *r = (resampler){.channels = channels, .step = in_rate / divisor, .parts = out_rate / divisor};
    r->taps = 2 * (uint32_t)ceil(RESAMPLE_TAPS / 2 * narrow);
    r->phases = r->parts < RESAMPLE_PHASES_MAX ? r->parts : RESAMPLE_PHASES_MAX;
    r->room = 2 * r->taps + in_max + r->step / r->parts + 2;
    r->filled = r->taps / 2 - 1; // silence before the first frame
    r->table = malloc((size_t)r->phases * r->taps * sizeof *r->table);
    r->history = calloc((size_t)r->room * channels, sizeof *r->history);
    if (!r->table || !r->history) {
        resampler_finish(r);
        return false;
    }
    for (uint32_t phase = 0; phase < r->phases; phase++) fill_phase(r, phase, CUTOFF / narrow);
    return true;
}

void resampler_finish(resampler *r) {
    free(r->table);
    free(r->history);
    r->table = r->history = NULL;
}

uint32_t resampler_needs(const resampler *r, uint32_t out_frames) {
    if (!out_frames) return 0;
    uint64_t parts = r->part + (uint64_t)(out_frames - 1) * r->step;
    uint64_t end = r->at + parts / r->parts + r->taps;
    return end > r->filled ? (uint32_t)(end - r->filled) : 0;
}

uint32_t resampler_ready(const resampler *r) {
    if (r->filled < r->at + r->taps) return 0;
    uint64_t parts = (uint64_t)(r->filled - r->at - r->taps + 1) * r->parts - r->part;
    return (uint32_t)((parts + r->step - 1) / r->step);
}

void resampler_write(resampler *r, const float *const *in, uint32_t frames) {
    uint32_t used = r->at < r->filled ? r->at : r->filled;
    for (uint32_t c = 0; c < r->channels; c++) {
        float *history = r->history + (size_t)c * r->room;
        memmove(history, history + used, (r->filled - used) * sizeof *history);
        memcpy(history + r->filled - used, in[c], frames * sizeof *history);
    }
    r->at -= used;
    r->filled += frames - used;
}

void resampler_read(resampler *r, float *const *out, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++) {
        uint32_t phase = (uint32_t)((uint64_t)r->part * r->phases / r->parts);
        const float *row = r->table + (size_t)phase * r->taps;
        for (uint32_t c = 0; c < r->channels; c++) {
            const float *from = r->history + (size_t)c * r->room + r->at;
            float sum = 0;
            for (uint32_t i = 0; i < r->taps; i++) sum += row[i] * from[i];
            out[c][t] = sum;
        }
        r->part += r->step;
        r->at += r->part / r->parts;
        r->part %= r->parts;
    }
}
