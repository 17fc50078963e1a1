// SPDX-License-Identifier: MIT
// osc_steps_test -- what band-limited steps owe: at every sampling rate, up to the top, from the
// first frame on, and synced by any wave.
#include "support/source_rig.h"

static const struct {
    const char *name;
    double width;
} waves[] = {{"osc.saw", 0}, {"osc.pulse", 0.5}, {"osc.pulse", 0.13}, {"osc.triangle", 0}};
enum { WAVES = sizeof waves / sizeof *waves };

static source_rig wave_at(int i, double hz) {
    source_rig f = source_rig_of(waves[i].name);
    put(&f, "freq", hz);
    if (waves[i].width > 0) put(&f, "width", waves[i].width);
    return f;
}

/// The k-th harmonic of a wave of unlimited band.
static double ideal(int i, size_t k) {
    double of_saw = 2 / (spectrum_pi * (double)k);
    if (waves[i].width > 0) return of_saw * 2 * fabs(sin(spectrum_pi * (double)k * waves[i].width));
    if (strcmp(waves[i].name, "osc.triangle") == 0)
        return k % 2 ? 8 / pow(spectrum_pi * (double)k, 2) : 0;
    return of_saw;
}

static void rates(void **unused) {
    (void)unused;
    static const struct {
        double rate, alias;
    } all[] = {{44100, -85}, {48000, -100}, {96000, -110}, {192000, -115}};
    for (size_t r = 0; r < sizeof all / sizeof *all; r++) {
        source_rate = all[r].rate;
        for (int i = 0; i < WAVES; i++) {
            double worst = -400, off = 0;
            for (int key = 0; key <= 75; key += 5) { // A1 ... C8
                size_t m = odd_bin(55 * pow(2, key / 12.0));
                source_rig f = wave_at(i, hz_of((double)m));
                double *power = power_of(&f);
                double sum = spectrum_strange(power, 1, bin_below(20000), m);
                worst = fmax(worst, spectrum_db(sum / power[m]));
                for (size_t k = 1; k * m <= bin_below(20000); k++)
                    if (ideal(i, k) > 1e-4)
                        off = fmax(off, fabs(spectrum_db(power[k * m]) - 20 * log10(ideal(i, k))));
                free(power);
            }
            printf("%6.0f Hz %-12s width %.2f: alias A1..C8 %.1f dB, harmonics within %.3f dB\n",
                   source_rate, waves[i].name, waves[i].width, worst, off);
            assert_true(worst <= all[r].alias);
            assert_true(off <= 0.15);
        }
    }
    source_rate = RATE;
}

static void level_is_true_at_the_top(void **unused) {
    (void)unused;
    source_rate = RATE;
    for (int i = 0; i < WAVES; i++) {
        double off = 0;
        for (double hz = 5000; hz < 19900; hz += 700) {
            size_t m = odd_bin(hz);
            source_rig f = wave_at(i, hz_of((double)m));
            double *power = power_of(&f);
            off = fmax(off, fabs(spectrum_db(power[m]) - 20 * log10(ideal(i, 1))));
            free(power);
        }
        printf("%-12s width %.2f: fundamentals of 5 .. 20 kHz within %.3f dB\n", waves[i].name,
               waves[i].width, off);
        assert_true(off <= 0.1);
    }
}

/// Whatever its phase, a voice begins with 0 and a band-limited step.
static void voices_begin_from_silence(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++)
        for (int part = 0; part < 16; part++) {
            source_rig f = wave_at(i, 523);
            put(&f, "phase", part / 16.0 + 0.003);
            float *wave = render(&f, 0, 64), peak = 0;
            assert_true(wave[0] == 0);
            assert_true(fabsf(wave[1]) < 0.03f);
            for (int t = 0; t < 64; t++) peak = fmaxf(peak, fabsf(wave[t]));
            assert_true(peak < 2.2f);
            free(wave);
        }
}

/// Alias below 20 kHz of a wave that another one syncs, over its tones.
static double synced_by(int slave, const char *master, double width, double hz, double ratio) {
    size_t m = odd_bin(hz);
    source_rig from = source_rig_of(master), to = wave_at(slave, hz_of((double)m) * ratio);
    put(&from, "freq", hz_of((double)m));
    if (width > 0) put(&from, "width", width);
    float *sync = render(&from, 0, SETTLE + N);
    move(&to, "sync", sync);
    double *power = power_of(&to), tones = 0;
    for (size_t k = m; k <= bin_below(20000); k += m) tones += power[k];
    double db = spectrum_db(spectrum_strange(power, 1, bin_below(20000), m) / tones);
    free(power);
    free(sync);
    return db;
}

static void any_wave_may_sync(void **unused) {
    (void)unused;
    source_rate = RATE;
    static const struct {
        const char *name;
        double width;
    } masters[] = {{"osc.sine", 0},
                   {"osc.saw", 0},
                   {"osc.pulse", 0.5},
                   {"osc.pulse", 0.13},
                   {"osc.triangle", 0}};
    for (size_t a = 0; a < sizeof masters / sizeof *masters; a++)
        for (int i = 0; i < WAVES; i++) {
            double worst = -400;
            for (int step = 0; step < 9; step++)
                worst = fmax(worst, synced_by(i, masters[a].name, masters[a].width,
                                              110 * pow(2, step * 0.57), 1.07 + 0.37 * step));
            printf("%-12s width %.2f syncs %-12s width %.2f: alias %.1f dB, 110..2600 Hz\n",
                   masters[a].name, masters[a].width, waves[i].name, waves[i].width, worst);
            assert_true(worst <= -76);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),
        cmocka_unit_test(level_is_true_at_the_top),
        cmocka_unit_test(voices_begin_from_silence),
        cmocka_unit_test(any_wave_may_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
