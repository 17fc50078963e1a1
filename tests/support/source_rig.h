// SPDX-License-Identifier: MIT
// source_rig -- runs one module on given ports and measures pitch, level and aliases.
#ifndef SOURCE_RIG_H
#define SOURCE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/rig.h"
#include "support/spectrum.h"

enum { N = 65536, SETTLE = 8192, PORTS_MAX = 32, RATE = 48000 };

static double source_rate = RATE; ///< frames a second of what `render` makes

/// What goes into a module's ports, by number: a value, or `frames` values.
typedef struct {
    uint32_t module;
    float still[PORTS_MAX];
    const float *moving[PORTS_MAX];
} source_rig;

static inline source_rig source_rig_of(const char *name) {
    source_rig f = {.module = rig_index(name)};
    const mega_module *m = mega_isa_one.modules[f.module];
    for (uint32_t p = 0; p < m->param_count; p++)
        f.still[m->input_count + p] = m->params[p].initial;
    return f;
}
static inline uint32_t port(const source_rig *f, const char *name) {
    return rig_port(mega_isa_one.modules[f->module], name);
}
static inline void put(source_rig *f, const char *name, double value) {
    f->still[port(f, name)] = (float)value;
}
static inline void move(source_rig *f, const char *name, const float *values) {
    f->moving[port(f, name)] = values;
}

/// Renders one lane of output `o`. The caller frees it.
static inline float *render(const source_rig *f, uint32_t o, uint32_t frames) {
    rig r = rig_create(&mega_isa_one, f->module, (float)source_rate);
    const float *ports[PORTS_MAX];
    float *outputs[MEGA_OUTPUTS_MAX];
    uint64_t moving = 0;
    for (uint32_t p = 0; p < PORTS_MAX; p++) {
        ports[p] = f->moving[p] ? f->moving[p] : &f->still[p];
        if (f->moving[p]) moving |= (uint64_t)1 << p;
    }
    for (uint32_t i = 0; i < r.module->output_count; i++)
        outputs[i] = malloc(frames * sizeof(float));
    rig_render(&r, ports, moving, outputs, frames, 64);
    for (uint32_t i = 0; i < r.module->output_count; i++)
        if (i != o) free(outputs[i]);
    rig_destroy(&r);
    return outputs[o];
}
static inline double *power_of(const source_rig *f) {
    float *wave = render(f, 0, SETTLE + N);
    double *power = spectrum_power(wave + SETTLE, N, 1);
    free(wave);
    return power;
}

/// The frequency of a bin, as a number that comes to its phase step exactly.
static inline double hz_of(double bin) {
    const float seconds = 1.0f / (float)source_rate, turns = (float)(bin / N);
    float hz = (float)(bin * source_rate / N), low = nextafterf(hz, 0), high = nextafterf(hz, 1e9f);
    if (hz * seconds == turns) return hz;
    return low * seconds == turns ? low : high;
}
static inline size_t bin_below(double hz) { return (size_t)(hz * N / source_rate); }
/// The odd bin nearest to a frequency.
static inline size_t odd_bin(double hz) { return (size_t)(hz * N / source_rate / 2) * 2 + 1; }

/// Turns of the tone at `hz` at the middle of `count` frames, by a Hann-windowed sum.
static inline double turns_of(const float *wave, size_t count, double hz) {
    double re = 0, im = 0;
    for (size_t t = 0; t < count; t++) {
        double hann = pow(sin(spectrum_pi * ((double)t + 0.5) / (double)count), 2);
        double angle = 2 * spectrum_pi * fmod(hz / RATE * (double)t, 1);
        re += wave[t] * hann * cos(angle);
        im -= wave[t] * hann * sin(angle);
    }
    return atan2(im, re) / (2 * spectrum_pi);
}
/// How far a wave is from `hz`, by its phase at two places.
static inline double cents_off(const float *wave, double hz) {
    enum { PART = 16384, APART = 32768 };
    double turns = hz / RATE * APART;
    double ahead = turns_of(wave + APART, PART, hz) - turns_of(wave, PART, hz) - turns;
    ahead -= floor(ahead + 0.5);
    return 1200 * log2(1 + ahead / turns);
}

enum { SHORT = 257 };

/// 16 lanes of different parameters, in every instruction set and split, against each lane alone.
/// @param moving ports to be given frame by frame; @param vary whether these values change
static inline void same_everywhere(const char *name, uint64_t moving, bool vary) {
    uint32_t index = rig_index(name);
    const mega_module *m = mega_isa_one.modules[index];
    uint32_t count = m->input_count + m->param_count;
    static float wide[PORTS_MAX][SHORT * 16], narrow[PORTS_MAX][SHORT];
    static float reference[MEGA_OUTPUTS_MAX][SHORT * 16], got[MEGA_OUTPUTS_MAX][SHORT * 16];
    for (uint32_t p = 0; p < count; p++) {
        const mega_param_row *row = p < m->input_count ? NULL : &m->params[p - m->input_count];
        for (int t = 0; t < SHORT; t++)
            for (int l = 0; l < 16; l++) {
                float part = (float)((p * 7 + (uint32_t)l * 5) % 16) / 16;
                float v = row ? row->min + (row->max - row->min) * part * part * part : 0;
                if (row && row->choices) v = (float)((l + (int)p) % 4);
                if (vary && (moving >> p & 1))
                    v += sinf((float)(t * (l + 1)) * 0.3f) * (row ? v * 0.3f : 1);
                wide[p][t * 16 + l] = v;
            }
    }
    float *outputs[MEGA_OUTPUTS_MAX];
    const float *ports[PORTS_MAX];
    for (int l = 0; l < 16; l++) { // each lane alone, in one-lane segments of 64
        rig r = rig_create(&mega_isa_one, index, RATE);
        r.seeds[0] = r.seeds[l];
        float lone[MEGA_OUTPUTS_MAX][SHORT];
        for (uint32_t p = 0; p < count; p++) {
            for (int t = 0; t < SHORT; t++) narrow[p][t] = wide[p][t * 16 + l];
            ports[p] = narrow[p];
        }
        for (uint32_t o = 0; o < m->output_count; o++) outputs[o] = lone[o];
        rig_render(&r, ports, vary ? moving : 0, outputs, SHORT, 64);
        for (uint32_t o = 0; o < m->output_count; o++)
            for (int t = 0; t < SHORT; t++) reference[o][t * 16 + l] = lone[o][t];
        rig_destroy(&r);
    }
    const mega_isa_table *isa;
    static const uint32_t splits[] = {64, 7, 1, MEGA_SEGMENT_FRAMES};
    for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
        if (isa->width == 1) continue;
        for (size_t k = 0; k < sizeof splits / sizeof *splits; k++) {
            rig r = rig_create(isa, index, RATE);
            for (uint32_t p = 0; p < count; p++) ports[p] = wide[p];
            for (uint32_t o = 0; o < m->output_count; o++) outputs[o] = got[o];
            rig_render(&r, ports, moving, outputs, SHORT, splits[k]);
            for (uint32_t o = 0; o < m->output_count; o++)
                if (memcmp(got[o], reference[o], SHORT * 16 * sizeof(float)) != 0)
                    fail_msg("%s, %s, split %u, moving %llx: differs from one lane", name,
                             isa->name, splits[k], (unsigned long long)moving);
            rig_destroy(&r);
        }
    }
}

/// Each port alone, none and all of them given frame by frame, with values that stand still and
/// that move.
static inline void same_in_every_way(const char *name) {
    const mega_module *m = mega_isa_one.modules[rig_index(name)];
    uint32_t count = m->input_count + m->param_count;
    for (uint32_t p = 0; p <= count + 1; p++) {
        uint64_t all = ((uint64_t)1 << count) - 1;
        uint64_t moving = p < count ? (uint64_t)1 << p : p == count ? 0 : all;
        same_everywhere(name, moving, false);
        same_everywhere(name, moving, true);
    }
    printf("%-12s the same bits in every instruction set, split and lane, ports still or moving\n",
           name);
}

#endif
