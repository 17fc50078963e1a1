// SPDX-License-Identifier: MIT
// resample_test -- sines at other rates: pitch, level, what is left beside them; any length of call
// gives the same.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/resample.h"

enum { FRAMES = 48000, PIECE = 512, SKIP = 4096 };

/// `hz` at one rate, resampled to another in pieces of up to `piece` frames. The caller frees it.
static float *resampled(double hz, uint32_t from, uint32_t to, uint32_t piece) {
    resampler r;
    float in[2][PIECE * 64], *out = malloc(2 * FRAMES * sizeof *out);
    assert_true(resampler_init(&r, 2, from, to, PIECE * 64));
    uint64_t at = 0;
    for (uint32_t done = 0, n; done < FRAMES; done += n) {
        n = 1 + (done * 7 + piece) % piece;
        if (n > FRAMES - done) n = FRAMES - done;
        uint32_t needs = resampler_needs(&r, n);
        assert_true(needs <= PIECE * 64);
        for (uint32_t t = 0; t < needs; t++, at++) {
            in[0][t] = (float)sin(2 * 3.14159265358979323846 * fmod(hz * (double)at / from, 1));
            in[1][t] = -in[0][t];
        }
        resampler_write(&r, (const float *const[]){in[0], in[1]}, needs);
        assert_true(resampler_ready(&r) >= n);
        resampler_read(&r, (float *const[]){out + done, out + FRAMES + done}, n);
    }
    resampler_finish(&r);
    return out;
}

/// Fits a sine of that pitch. @return its level; `rest` receives what is beside it, in dB below 1
static double fit(const float *wave, double hz, uint32_t rate, double *rest) {
    double re = 0, im = 0, left = 0;
    uint32_t n = FRAMES - SKIP;
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t t = 0; t < n; t++) {
            double angle = 2 * 3.14159265358979323846 * fmod(hz / rate * t, 1);
            double window = 1 - cos(2 * 3.14159265358979323846 * (t + 0.5) / n);
            if (pass) left += pow(wave[SKIP + t] - 2 * (re * sin(angle) + im * cos(angle)), 2) / n;
            else {
                re += wave[SKIP + t] * sin(angle) * window / n;
                im += wave[SKIP + t] * cos(angle) * window / n;
            }
        }
    *rest = 10 * log10(left * 2 + 1e-30);
    return 2 * sqrt(re * re + im * im);
}

static void sines(void **state) {
    static const uint32_t rates[][2] = {
        {48000, 44100}, {44100, 48000}, {48000, 96000}, {96000, 44100}, {48000, 44101}};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        uint32_t from = rates[i][0], to = rates[i][1];
        double worst = -200, off = 0;
        for (double hz = 50; hz < 18500; hz = hz * 1.7 + 11) {
            double rest;
            float *out = resampled(hz, from, to, PIECE);
            double level = fit(out, hz, to, &rest);
            for (int t = 0; t < FRAMES; t++) assert_true(out[t] == -out[FRAMES + t]);
            if (rest > worst) worst = rest;
            if (fabs(20 * log10(level)) > fabs(off)) off = 20 * log10(level);
            free(out);
        }
        printf("%6u -> %6u: up to 18.5 kHz level within %.4f dB, the rest below %.1f dB\n", from,
               to, fabs(off), worst);
        assert_true(fabs(off) < 0.02);
        assert_true(worst < (to == 44101 ? -55 : -80)); // the last has more phases than are kept
    }
}

static void any_length(void **state) {
    (void)state;
    float *a = resampled(997, 48000, 44100, 1), *b = resampled(997, 48000, 44100, PIECE);
    assert_memory_equal(a, b, 2 * FRAMES * sizeof *a);
    free(a);
    free(b);
}

static void above_the_lower_rate(void **state) {
    (void)state;
    double rest;
    float *out = resampled(23000, 48000, 44100, PIECE);
    fit(out, 1000, 44100, &rest);
    printf("23 kHz at 48 kHz: %.1f dB of it at 44.1 kHz\n", rest);
    assert_true(rest < -70);
    free(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sines),
        cmocka_unit_test(any_length),
        cmocka_unit_test(above_the_lower_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
