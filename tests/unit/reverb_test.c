// SPDX-License-Identifier: MIT
// reverb_test -- decay per octave against what was asked for, no steady level, no hum, dry sound
// untouched.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/effect_rig.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define RATE 48000.0

// ---- decay ------------------------------------------------------------------------------------

enum { OCTAVES = 6 }; // 125 Hz to 4 kHz

/// An octave around `center_hz` with round shoulders, so that the band rings no longer than the
/// room.
static double shoulder(double hz, double center_hz) {
    double octaves = log2(hz / center_hz);
    return fabs(octaves) < 1 ? pow(cos(M_PI_2 * octaves), 2) : 0;
}

static void octave_of(const fftw_complex *bins, double *to, size_t count, double center_hz) {
    fftw_complex *some = fftw_alloc_complex(count / 2 + 1);
    for (size_t k = 0; k <= count / 2; k++) {
        double w = k ? shoulder((double)k * RATE / (double)count, center_hz) / (double)count : 0;
        some[k][0] = bins[k][0] * w;
        some[k][1] = bins[k][1] * w;
    }
    fftw_plan back = fftw_plan_dft_c2r_1d((int)count, some, to, FFTW_ESTIMATE);
    fftw_execute(back);
    fftw_destroy_plan(back);
    fftw_free(some);
}

/// Seconds to -60 dB of an energy decay, by the slope between -5 and -35 dB of its backward
/// integral. M. R. Schroeder, "New method of measuring reverberation time", JASA 37, 1965.
static double decay_of(const double *energy, size_t count, double step_seconds) {
    double *left = malloc(count * sizeof *left), sum = 0;
    for (size_t i = count; i-- > 0;) left[i] = sum += energy[i];
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (size_t i = 0; i < count; i++) {
        double db = 10 * log10(left[i] / left[0] + 1e-30);
        if (db > -5 || db < -35) continue;
        double x = (double)i * step_seconds;
        n++, sx += x, sy += db, sxx += x * x, sxy += x * db;
    }
    free(left);
    return -60 / ((n * sxy - sx * sy) / (n * sxx - sx * sx));
}

/// The same for what the parameters promise: -60 dB after `decay` at low frequencies, each line's
/// one-pole filter losing twice as many decibels at `damp`.
static double decay_promised(double decay, double damp, double size, double center_hz) {
    enum { STEPS = 4000, BINS = 64 };
    static const double lengths[] = {887,  991,  1109, 1249, 1931, 1733, 1549, 1399,
                                     2417, 2161, 3019, 2699, 4211, 4703, 3371, 3767};
    double *energy = calloc(STEPS, sizeof *energy), step = decay * 1.5 / STEPS;
    for (int k = 0; k < BINS; k++) {
        double hz = center_hz * (0.5 + 1.5 * (k + 0.5) / BINS), loss = 0, total = 0;
        for (int i = 0; i < 16; i++) {
            double length = size * lengths[i] / 48000;
            double q = pow(10, -6 * length / decay), c = cos(2 * M_PI * damp / RATE);
            double p = (1 - q * c) / (1 - q), a = p - sqrt(p * p - 1);
            double g2 = q * (1 - a) * (1 - a) / (1 - 2 * a * cos(2 * M_PI * hz / RATE) + a * a);
            loss -= log10(g2);
            total += length;
        }
        double w = shoulder(hz, center_hz);
        for (int t = 0; t < STEPS; t++) energy[t] += w * w * pow(10, -loss / total * t * step);
    }
    double seconds = decay_of(energy, STEPS, step);
    free(energy);
    return seconds;
}

/// Energy decays of all octaves, summed over sizes around `size`, both inputs and both outputs.
static void measure(double decay, double damp, double size, double mod, double *seconds) {
    enum { RUNS = 6 };
    size_t count = 1;
    while ((double)count < (decay * 1.1 + 0.3) * RATE) count *= 2;
    float *in = calloc(count, sizeof *in), *out[3];
    double *x = fftw_alloc_real(count), *octave = fftw_alloc_real(count);
    fftw_complex *bins = fftw_alloc_complex(count / 2 + 1);
    fftw_plan there = fftw_plan_dft_r2c_1d((int)count, x, bins, FFTW_ESTIMATE);
    double *energy[OCTAVES];
    for (int o = 0; o < OCTAVES; o++) energy[o] = calloc(count, sizeof(double));
    for (int o = 0; o < 3; o++) out[o] = malloc(count * sizeof(float));
    in[0] = 1;
    for (int run = 0; run < RUNS; run++) {
        effect e = effect_create("reverb", RATE);
        effect_set(&e, "decay", (float)decay);
        effect_set(&e, "damp", (float)damp);
        effect_set(&e, "size", (float)(size * (0.97 + 0.01 * run)));
        effect_set(&e, "mod", (float)mod);
        effect_set(&e, "predelay", 0);
        effect_set(&e, "mix", 1);
        effect_feed(&e, run & 1 ? "left" : "right", in);
        effect_run(&e, out, (uint32_t)count);
        effect_destroy(&e);
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < count; i++) x[i] = out[side][i];
            fftw_execute(there);
            for (int o = 0; o < OCTAVES; o++) {
                octave_of(bins, octave, count, 125 << o);
                for (size_t i = 0; i < count; i++) energy[o][i] += octave[i] * octave[i];
            }
        }
    }
    // the last part holds what the FFT wraps round from the beginning
    for (int o = 0; o < OCTAVES; o++)
        seconds[o] = decay_of(energy[o], count - count / 16, 1 / RATE);
    for (int o = 0; o < OCTAVES; o++) free(energy[o]);
    for (int o = 0; o < 3; o++) free(out[o]);
    free(in);
    fftw_destroy_plan(there);
    fftw_free(bins);
    fftw_free(x);
    fftw_free(octave);
}

static void decays_as_asked(void **context) {
    (void)context;
    static const struct {
        double decay, damp, size, mod;
    } cases[] = {{2, 20000, 1, 0},      {2, 20000, 1, 0.5},  {2, 6000, 1, 0.5},
                 {0.6, 4000, 0.6, 0.5}, {4, 3000, 1.6, 0.5}, {8, 8000, 1, 1}};
    double worst = 0;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double got[OCTAVES];
        measure(cases[c].decay, cases[c].damp, cases[c].size, cases[c].mod, got);
        printf("decay %.1f damp %-5.0f size %.1f mod %.1f:", cases[c].decay, cases[c].damp,
               cases[c].size, cases[c].mod);
        for (int o = 0; o < OCTAVES; o++) {
            double hz = 125 << o;
            double want = decay_promised(cases[c].decay, cases[c].damp, cases[c].size, hz);
            double error = 100 * (got[o] / want - 1);
            printf("  %.0f: %.2f s (%+.1f %%)", hz, got[o], error);
            worst = fmax(worst, fabs(error));
        }
        printf("\n");
    }
    printf("worst octave: %.1f %% (figure: 5)\n", worst);
    assert_true(worst <= 5);
}

// ---- what must not be there -------------------------------------------------------------------

static void no_steady_level(void **context) {
    (void)context;
    enum { COUNT = 4 * 48000 };
    float *in = malloc(COUNT * sizeof *in), *out = malloc(COUNT * sizeof *out);
    for (int i = 0; i < COUNT; i++) in[i] = 1;
    effect e = effect_create("reverb", RATE);
    effect_set(&e, "mix", 1);
    effect_feed(&e, "in", in);
    effect_run(&e, (float *[]){out, NULL, NULL}, COUNT);
    effect_run(&e, (float *[]){out, NULL, NULL}, COUNT);
    double mean = 0;
    for (int i = COUNT - 48000; i < COUNT; i++) mean += out[i] / 48000.0;
    printf("level after 8 s of a steady 1: %.1f dB\n", 20 * log10(fabs(mean) + 1e-12));
    assert_true(fabs(mean) < 1e-4);
    effect_destroy(&e);
    free(in);
    free(out);
}

static void falls_silent(void **context) {
    (void)context;
    enum { COUNT = 48000 };
    float *noise = malloc(COUNT * sizeof *noise), *out = malloc(COUNT * sizeof *out);
    fill_noise(noise, COUNT, 1);
    static const float decays[] = {0.1f, 2, 30};
    for (int c = 0; c < 3; c++) {
        effect e = effect_create("reverb", RATE);
        effect_set(&e, "mix", 1);
        effect_set(&e, "decay", decays[c]);
        effect_set(&e, "damp", c == 2 ? 20000 : 6000);
        effect_feed(&e, "in", noise);
        effect_run(&e, NULL, COUNT);
        effect_feed(&e, "in", NULL);
        int seconds = (int)(decays[c] * 2.6f) + 2;
        for (int i = 0; i < seconds; i++) effect_run(&e, (float *[]){out, NULL, NULL}, COUNT);
        double peak = 0;
        for (int i = 0; i < COUNT; i++) peak = fmax(peak, fabs(out[i]));
        printf("decay %.1f s, %d s after noise: %.0f dBFS\n", (double)decays[c], seconds,
               20 * log10(peak + 1e-30));
        assert_true(peak < 1e-6);
        effect_destroy(&e);
    }
    free(noise);
    free(out);
}

// ---- what must be -----------------------------------------------------------------------------

static void dry_is_untouched(void **context) {
    (void)context;
    enum { COUNT = 4800 };
    float in[COUNT], left[COUNT], right[COUNT], out[3][COUNT];
    fill_noise(in, COUNT, 1);
    fill_noise(left, COUNT, 2);
    fill_noise(right, COUNT, 3);
    effect e = effect_create("reverb", RATE);
    effect_set(&e, "mix", 0);
    effect_feed(&e, "in", in);
    effect_feed(&e, "left", left);
    effect_feed(&e, "right", right);
    effect_run(&e, (float *[]){out[0], out[1], out[2]}, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_true(out[0][i] == in[i] + left[i]);
        assert_true(out[1][i] == in[i] + right[i]);
    }
    effect_destroy(&e);
}

static void wide_and_as_loud_as_its_input(void **context) {
    (void)context;
    enum { COUNT = 10 * 48000, FROM = 5 * 48000 };
    float *in = malloc(COUNT * sizeof *in), *left = malloc(COUNT * sizeof *left),
          *right = malloc(COUNT * sizeof *right);
    static const float decays[] = {0.5f, 2, 8}, sizes[] = {0.6f, 1, 2};
    fill_noise(in, COUNT, 9);
    for (int c = 0; c < 3; c++) {
        effect e = effect_create("reverb", RATE);
        effect_set(&e, "mix", 1);
        effect_set(&e, "decay", decays[c]);
        effect_set(&e, "size", sizes[c]);
        effect_set(&e, "damp", 20000);
        effect_feed(&e, "in", in);
        effect_run(&e, (float *[]){left, right, NULL}, COUNT);
        double ll = 0, rr = 0, ii = 0, most = 0;
        for (int i = FROM; i < COUNT; i++)
            ll += left[i] * left[i], rr += right[i] * right[i], ii += in[i] * in[i];
        for (int lag = -48; lag <= 48; lag++) {
            double lr = 0;
            for (int i = FROM; i < COUNT - 48; i++) lr += left[i] * right[i + lag];
            most = fmax(most, fabs(lr) / sqrt(ll * rr));
        }
        double level_left = 10 * log10(ll / ii), level_right = 10 * log10(rr / ii);
        printf("decay %.1f size %.1f: left %.1f dB, right %.1f dB, greatest correlation within 1 "
               "ms %.3f\n",
               (double)decays[c], (double)sizes[c], level_left, level_right, most);
        assert_true(most < 0.2);
        assert_true(level_left > -9 && level_left < 1);
        assert_true(fabs(level_left - level_right) < 1);
        effect_destroy(&e);
    }
    free(in);
    free(left);
    free(right);
}

/// Parameters thrown under a steady tone, smoothed as their rows say.
static void no_click_when_thrown(void **context) {
    (void)context;
    enum { BEFORE = 96000, COUNT = 65536 };
    float *in = malloc((BEFORE + COUNT) * sizeof *in), *out = malloc(COUNT * sizeof *out);
    float *ramp = malloc(COUNT / 2 * sizeof *ramp);
    int failures = 0;
    fill_sine(in, BEFORE + COUNT, 440 / RATE, 0.5);
    static const struct {
        const char *port;
        float from, to;
    } cases[] = {{"size", 1, 1.5f},  {"size", 1.5f, 1},   {"predelay", 0.01f, 0.1f},
                 {"decay", 2, 0.2f}, {"damp", 6000, 500}, {"mod", 0, 1},
                 {"mix", 1, 0},      {"width", 1, 0}};
    for (int c = 0; c < 8; c++) {
        effect e = effect_create("reverb", RATE);
        effect_set(&e, "mix", 1);
        effect_set(&e, cases[c].port, cases[c].from);
        effect_feed(&e, "in", in);
        float *outs[] = {out, NULL, NULL};
        effect_run(&e, NULL, BEFORE);
        effect_feed(&e, "in", in + BEFORE);
        effect_run(&e, outs, COUNT / 2);
        uint32_t port = rig_port(e.rig.module, cases[c].port);
        float steps = e.rig.module->params[port - e.rig.module->input_count].smooth_ms * 48;
        for (int i = 0; i < COUNT / 2; i++)
            ramp[i] = cases[c].from + (cases[c].to - cases[c].from) * fminf(1, (float)i / steps);
        effect_feed(&e, cases[c].port, ramp);
        effect_feed(&e, "in", in + BEFORE + COUNT / 2);
        outs[0] = out + COUNT / 2;
        effect_run(&e, outs, COUNT / 2);
        double click = click_db(out, COUNT, 4000, RATE);
        printf("%s %.2f to %.2f: above 4 kHz %.0f dB\n", cases[c].port, (double)cases[c].from,
               (double)cases[c].to, click);
        if (click > -70) failures++;
        effect_destroy(&e);
    }
    free(in);
    free(out);
    free(ramp);
    assert_int_equal(failures, 0);
}

int main(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // no subnormal numbers, as in render
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decays_as_asked),
        cmocka_unit_test(no_steady_level),
        cmocka_unit_test(falls_silent),
        cmocka_unit_test(dry_is_untouched),
        cmocka_unit_test(wide_and_as_loud_as_its_input),
        cmocka_unit_test(no_click_when_thrown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
