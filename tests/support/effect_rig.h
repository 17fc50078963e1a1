// SPDX-License-Identifier: MIT
// effect_rig -- one effect, mono arrays in and out, parameters by name: what effect tests stand on.
#ifndef EFFECT_RIG_H
#define EFFECT_RIG_H

#include <fftw3.h>
#include <math.h>

#include "support/rig.h"

/// A rig one lane wide with its parameters, all still.
typedef struct {
    rig rig;
    float value[MEGA_PORTS_MAX];
    const float *input[MEGA_PORTS_MAX]; ///< NULL: silent
} effect;

/// The widest build of those whose ports are one lane wide.
static inline effect effect_create(const char *name, float rate) {
    const mega_isa_table *isa = &mega_isa_one;
    uint32_t index = rig_index(name);
    if (isa->modules[index]->flags & MEGA_INNER_LANES) isa = mega_isa_choose(NULL);
    effect e = {.rig = rig_create(isa, index, rate)};
    for (uint32_t p = 0; p < e.rig.module->param_count; p++)
        e.value[e.rig.module->input_count + p] = e.rig.module->params[p].initial;
    return e;
}
static inline void effect_destroy(effect *e) { rig_destroy(&e->rig); }

static inline void effect_set(effect *e, const char *port, float value) {
    e->value[rig_port(e->rig.module, port)] = value;
}
/// The signal of an input, for the next run.
static inline void effect_feed(effect *e, const char *port, const float *signal) {
    e->input[rig_port(e->rig.module, port)] = signal;
}

/// @param outputs one array each, or NULL
static inline void effect_run(effect *e, float *const *outputs, uint32_t frames) {
    const float *ports[MEGA_PORTS_MAX];
    float *out[MEGA_OUTPUTS_MAX], *spare = malloc(frames * sizeof(float) * MEGA_OUTPUTS_MAX);
    uint64_t moving = 0;
    for (uint32_t p = 0; p < e->rig.module->input_count + e->rig.module->param_count; p++) {
        ports[p] = e->input[p] ? e->input[p] : &e->value[p];
        if (e->input[p]) moving |= (uint64_t)1 << p;
    }
    for (uint32_t o = 0; o < e->rig.module->output_count; o++)
        out[o] = outputs && outputs[o] ? outputs[o] : spare + (size_t)o * frames;
    rig_render(&e->rig, ports, moving, out, frames, 64);
    free(spare);
}

/// Noise, -1..1.
static inline void fill_noise(float *to, size_t count, uint32_t seed) {
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (float)(int32_t)seed * 0x1p-31f;
    }
}

static inline void fill_sine(float *to, size_t count, double turns_per_frame, double peak) {
    for (size_t i = 0; i < count; i++)
        to[i] = (float)(peak * sin(6.283185307179586 * turns_per_frame * (double)i));
}

/// What lies between two frequencies (in turns a frame), by FFT. `count` values in and out.
static inline void band(const double *signal, double *to, size_t count, double low, double high) {
    fftw_complex *bins = fftw_alloc_complex(count / 2 + 1);
    double *time = fftw_alloc_real(count);
    memcpy(time, signal, count * sizeof(double));
    fftw_plan there = fftw_plan_dft_r2c_1d((int)count, time, bins, FFTW_ESTIMATE);
    fftw_plan back = fftw_plan_dft_c2r_1d((int)count, bins, time, FFTW_ESTIMATE);
    fftw_execute(there);
    for (size_t k = 0; k <= count / 2; k++) {
        double f = (double)k / (double)count;
        if (f >= low && f < high) continue;
        bins[k][0] = bins[k][1] = 0;
    }
    fftw_execute(back);
    for (size_t i = 0; i < count; i++) to[i] = time[i] / (double)count;
    fftw_destroy_plan(there);
    fftw_destroy_plan(back);
    fftw_free(bins);
    fftw_free(time);
}

/// Peak above `hz` in dB against the peak of the whole: what a click sounds like. The ends are
/// faded.
static inline double click_db(const float *signal, size_t count, double hz, double rate) {
    double *x = malloc(count * sizeof *x), peak = 0, high = 0;
    size_t fade = count / 8;
    for (size_t i = 0; i < count; i++) {
        double w = 1;
        size_t edge = i < count - 1 - i ? i : count - 1 - i;
        if (edge < fade) w = pow(sin(1.5707963267948966 * (double)edge / (double)fade), 4);
        x[i] = signal[i] * w;
        peak = fmax(peak, fabs(x[i]));
    }
    band(x, x, count, hz / rate, 1);
    for (size_t i = 0; i < count; i++) high = fmax(high, fabs(x[i]));
    free(x);
    return 20 * log10(high / peak + 1e-12);
}

#endif
