// SPDX-License-Identifier: MIT
// noise_test -- the colours' spectra, level, independence of voices, and one result everywhere.
#include "support/source_rig.h"

enum { LONG = 1 << 21, SIZE = 1 << 13 };

static float *noise(double color, uint32_t lane) {
    rig r = rig_create(&mega_isa_one, rig_index("noise"), RATE);
    r.seeds[0] = r.seeds[lane];
    const float ports[] = {(float)color, 1}, *at[] = {&ports[0], &ports[1]};
    float *wave = malloc(LONG * sizeof *wave);
    rig_render(&r, at, 0, &wave, LONG, 64);
    rig_destroy(&r);
    return wave;
}

/// What a colour is over the white that it is made of: the noise's own unevenness falls out.
static void spectrum_slopes(const char *name, int color, double slope, double limit) {
    float *white = noise(0, 0), *wave = noise(color, 0);
    double squares = 0, peak = 0, sum = 0;
    for (int t = 0; t < LONG; t++) {
        squares += wave[t] * wave[t], sum += wave[t];
        peak = fmax(peak, fabs(wave[t]));
    }
    const size_t settle = LONG / 8; // for the slow poles
    double *a = spectrum_density(white + settle, LONG - settle, 1, SIZE);
    double *b = spectrum_density(wave + settle, LONG - settle, 1, SIZE);
    double low = 400, high = -400;
    for (size_t k = 4; k * RATE <= 20000 * SIZE; k++) {
        double hz = (double)k * RATE / SIZE;
        double db = spectrum_db(b[k] / a[k]) - slope * log2(hz / 1000);
        low = fmin(low, db), high = fmax(high, db);
    }
    double rms = sqrt(squares / LONG);
    printf("%-6s %+.0f dB an octave within +-%.3f dB, 23 Hz .. 20 kHz; RMS %.4f, peak %.3f, mean "
           "%.4f\n",
           name, slope, (high - low) / 2, rms, peak, sum / LONG);
    assert_true((high - low) / 2 <= limit);
    assert_true(color == 0 || fabs(rms - 0.25) < 0.03);
    free(white), free(wave), free(a), free(b);
}

static void colours_have_their_slopes(void **unused) {
    (void)unused;
    spectrum_slopes("white", 0, 0, 0.01);
    spectrum_slopes("pink", 1, -3.0103, 0.1);
    spectrum_slopes("brown", 2, -6.0206, 0.5);
    spectrum_slopes("blue", 3, 3.0103, 0.5);
}

/// White against chance: octave bands, mean, mean square, and neighbours.
static void white_is_white(void **unused) {
    (void)unused;
    float *wave = noise(0, 0);
    double sum = 0, squares = 0, near[8] = {0}, worst = 0;
    for (int t = 0; t < LONG; t++) {
        sum += wave[t], squares += wave[t] * wave[t];
        for (int d = 1; d <= 8 && d <= t; d++) near[d - 1] += wave[t] * wave[t - d];
    }
    for (int d = 0; d < 8; d++) worst = fmax(worst, fabs(near[d] / squares));
    double *density = spectrum_density(wave, LONG, 1, SIZE), band_worst = 0;
    for (size_t from = 4; from < SIZE / 2; from *= 2) {
        double power = 0;
        for (size_t k = from; k < 2 * from; k++) power += density[k];
        double even = (double)from / (SIZE / 2) / 3;
        band_worst = fmax(band_worst, fabs(spectrum_db(power / even)));
    }
    double rms = sqrt(squares / LONG);
    printf("white  RMS %.5f (0.57735), mean %.5f, octaves even within %.3f dB, lags 1..8 correlate "
           "by %.5f\n",
           rms, sum / LONG, band_worst, worst);
    assert_true(fabs(rms * sqrt(3.0) - 1) < 0.002 && fabs(sum / LONG) < 0.002);
    assert_true(worst < 0.004 && band_worst < 0.5);
    free(density), free(wave);
}

/// Voices differ, at any shift: the cross-correlation's greatest value is that of chance.
static void voices_are_unrelated(void **unused) {
    (void)unused;
    enum { COUNT = 4096, SHIFTS = 2731 };
    double worst = 0;
    float *a = noise(0, 0);
    for (uint32_t lane = 1; lane < 4; lane++) {
        float *b = noise(0, lane);
        for (int shift = 0; shift < SHIFTS; shift++) {
            double both = 0;
            for (int t = 0; t < COUNT; t++) both += a[COUNT + t] * b[3 * shift + t];
            worst = fmax(worst, fabs(both / COUNT * 3));
        }
        free(b);
    }
    printf("white  two voices correlate by %.4f at most over %d shifts of 85 ms (chance: about "
           "%.4f)\n",
           worst, 3 * SHIFTS, 4 / sqrt(COUNT));
    assert_true(worst < 6 / sqrt(COUNT));
    free(a);
}

static void bits_do_not_depend_on_the_way(void **unused) {
    (void)unused;
    same_in_every_way("noise");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_have_their_slopes),
        cmocka_unit_test(white_is_white),
        cmocka_unit_test(voices_are_unrelated),
        cmocka_unit_test(bits_do_not_depend_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
