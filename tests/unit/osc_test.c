// SPDX-License-Identifier: MIT
// osc_test -- the oscillators' figures: tuning, alias, sync, pulse-width and frequency modulation,
// purity.
//
// "Alias" is what a spectrum holds at bins that are no multiple of the wave's own, over the
// fundamental: a wave of period N / m samples, m odd and N a power of two, puts everything that
// folds between its harmonics.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "rig.h"
#include "spectrum.h"

enum { N = 65536, SETTLE = 8192, PORTS_MAX = 32, RATE = 48000 };

/// What goes into a module's ports, by number: a value, or `frames` values.
typedef struct {
    uint32_t module;
    float still[PORTS_MAX];
    const float *moving[PORTS_MAX];
} feed;

static feed feed_of(const char *name) {
    feed f = {.module = rig_index(name)};
    const mega_module *m = mega_isa_one.modules[f.module];
    for (uint32_t p = 0; p < m->param_count; p++)
        f.still[m->input_count + p] = m->params[p].initial;
    return f;
}
static uint32_t port(const feed *f, const char *name) {
    return rig_port(mega_isa_one.modules[f->module], name);
}
static void put(feed *f, const char *name, double value) { f->still[port(f, name)] = (float)value; }
static void move(feed *f, const char *name, const float *values) {
    f->moving[port(f, name)] = values;
}

/// Renders one lane of output `o`. The caller frees it.
static float *render(const feed *f, uint32_t o, uint32_t frames) {
    rig r = rig_create(&mega_isa_one, f->module, RATE);
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
static double *power_of(const feed *f) {
    float *wave = render(f, 0, SETTLE + N);
    double *power = spectrum_power(wave + SETTLE, N, 1);
    free(wave);
    return power;
}

static double hz_of(double bin) { return bin * RATE / N; }
static size_t bin_below(double hz) { return (size_t)(hz * N / RATE); }
/// The odd bin nearest to a frequency.
static size_t odd_bin(double hz) { return (size_t)(hz * N / RATE / 2) * 2 + 1; }

static const struct {
    const char *name;
    double width;
} waves[] = {{"osc.saw", 0}, {"osc.pulse", 0.5}, {"osc.pulse", 0.13}, {"osc.triangle", 0}};
enum { WAVES = sizeof waves / sizeof *waves };

static feed wave_at(int i, double hz) {
    feed f = feed_of(waves[i].name);
    put(&f, "freq", hz);
    if (waves[i].width > 0) put(&f, "width", waves[i].width);
    return f;
}

static void alias_is_low(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++) {
        double worst_20k = -400, worst_5k = -400;
        for (int key = 0; key <= 75; key += 5) { // A1 ... C8
            size_t m = odd_bin(55 * pow(2, key / 12.0));
            feed f = wave_at(i, hz_of((double)m));
            double *power = power_of(&f);
            double all = spectrum_db(spectrum_strange(power, 1, bin_below(20000), m) / power[m]);
            double low = spectrum_db(spectrum_strange(power, 1, bin_below(5000), m) / power[m]);
            if (all > worst_20k) worst_20k = all;
            if (low > worst_5k) worst_5k = low;
            free(power);
        }
        printf("%-12s width %.2f: alias A1..C8 %.1f dB below 20 kHz, %.1f dB below 5 kHz\n",
               waves[i].name, waves[i].width, worst_20k, worst_5k);
        assert_true(worst_20k <= -80);
        assert_true(worst_5k <= -110);
    }
}

/// A sync source, 2 Hz-exact: a sine of `m` periods in N frames.
static float *sine(double periods, double level, double offset) {
    float *v = malloc((SETTLE + N) * sizeof *v);
    for (int t = 0; t < SETTLE + N; t++)
        v[t] = (float)(offset + level * sin(2 * spectrum_pi * fmod(periods * t / N, 1)));
    return v;
}

/// Power of all harmonics of `m` below 20 kHz.
static double tones(const double *power, size_t m) {
    double sum = 0;
    for (size_t k = m; k <= bin_below(20000); k += m) sum += power[k];
    return sum;
}

/// Alias over tones below 20 kHz, where tones lie at multiples of m.
static double alias_of(const feed *f, size_t m) {
    double *power = power_of(f);
    double db = spectrum_db(spectrum_strange(power, 1, bin_below(20000), m) / tones(power, m));
    free(power);
    return db;
}

static void sync_alias_is_low(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++) {
        double worst = -400;
        for (int step = 0; step < 22; step++) {
            size_t m = odd_bin(110 * pow(2, step / 6.0));
            feed f = wave_at(i, hz_of((double)m) * (1.07 + 0.317 * step));
            float *source = sine((double)m, 1, 0);
            move(&f, "sync", source);
            worst = fmax(worst, alias_of(&f, m));
            free(source);
        }
        printf("%-12s width %.2f: alias %.1f dB, synced to 110..1244 Hz, 1.07..7.7 times that\n",
               waves[i].name, waves[i].width, worst);
        assert_true(worst <= -60);
    }
}

// A wave of 5 g and a modulator of n g: every side band is a multiple of g.
// @param middle negative: the wave's own frequency
static void modulated(const char *what, int wave, const char *into, double middle, double depth,
                      double hz, size_t n_max) {
    double worst = -400;
    const size_t g = odd_bin(hz / 5);
    for (size_t n = 1; n <= n_max; n++) {
        feed f = wave_at(wave, hz_of((double)(5 * g)));
        float *source = sine((double)(n * g), depth, middle < 0 ? hz_of((double)(5 * g)) : middle);
        move(&f, into, source);
        worst = fmax(worst, alias_of(&f, g));
        free(source);
    }
    printf("%-12s width %.2f: alias %.1f dB, %s, %.0f Hz by %.0f..%.0f Hz\n", waves[wave].name,
           waves[wave].width, worst, what, hz, hz / 5, hz * (double)n_max / 5);
    assert_true(worst <= -60);
}

static void modulation_alias_is_low(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++) {
        modulated("freq +-50 %", i, "freq", -1, 110, 220, 8);
        modulated("freq +-50 %", i, "freq", -1, 220, 440, 8);
        modulated("freq +-50 %", i, "freq", -1, 440, 880, 4);
        modulated("pm +-0.25", i, "pm", 0, 0.25, 220, 4);
        modulated("pm +-0.25", i, "pm", 0, 0.25, 440, 4);
    }
    modulated("width 0.1..0.9", 1, "width", 0.5, 0.4, 220, 4);
    modulated("width 0.1..0.9", 1, "width", 0.5, 0.4, 440, 4);
    modulated("width 0.1..0.9", 1, "width", 0.5, 0.4, 880, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alias_is_low),
        cmocka_unit_test(sync_alias_is_low),
        cmocka_unit_test(modulation_alias_is_low),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
