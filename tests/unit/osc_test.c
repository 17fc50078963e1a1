// SPDX-License-Identifier: MIT
// osc_test -- the oscillators' figures: tuning, alias, sync, pulse-width and frequency modulation,
// purity.
//
// "Alias" is what a spectrum holds at bins that are no multiple of the wave's own, over the
// fundamental: a wave of period N / m samples, m odd and N a power of two, puts everything that
// folds between its harmonics.
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

static void alias_is_low(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++) {
        double worst_20k = -400, worst_5k = -400;
        for (int key = 0; key <= 75; key += 5) { // A1 ... C8
            size_t m = odd_bin(55 * pow(2, key / 12.0));
            source_rig f = wave_at(i, hz_of((double)m));
            double *power = power_of(&f);
            double all = spectrum_db(spectrum_strange(power, 1, bin_below(20000), m) / power[m]);
            double low = spectrum_db(spectrum_strange(power, 1, bin_below(5000), m) / power[m]);
            if (all > worst_20k) worst_20k = all;
            if (low > worst_5k) worst_5k = low;
            free(power);
        }
        printf("%-12s width %.2f: alias A1..C8 %.1f dB below 20 kHz, %.1f dB below 5 kHz\n",
               waves[i].name, waves[i].width, worst_20k, worst_5k);
        assert_true(worst_20k <= -100);
        assert_true(worst_5k <= -115);
    }
}

/// A sine of that many periods in N frames.
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
static double alias_of(const source_rig *f, size_t m) {
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
            source_rig f = wave_at(i, hz_of((double)m) * (1.07 + 0.317 * step));
            float *source = sine((double)m, 1, 0);
            move(&f, "sync", source);
            worst = fmax(worst, alias_of(&f, m));
            free(source);
        }
        printf("%-12s width %.2f: alias %.1f dB, synced to 110..1244 Hz, 1.07..7.7 times that\n",
               waves[i].name, waves[i].width, worst);
        assert_true(worst <= -85);
    }
}

/// A wave of unlimited band at a phase in turns, as the modules define it.
static double sharp_wave(int wave, double phase) {
    phase -= floor(phase);
    if (wave == 0) return 2 * (phase < 0.5 ? phase : phase - 1);
    if (waves[wave].width > 0) return (phase < waves[wave].width ? 2 : 0) - 2 * waves[wave].width;
    return phase < 0.25 ? 4 * phase : phase < 0.75 ? 2 - 4 * phase : 4 * phase - 4;
}

/// Synced waves have the harmonics of the unlimited wave, drawn at some 500 times the rate.
static void sync_is_right_in_the_band(void **unused) {
    (void)unused;
    enum { POINTS = 1 << 16 };
    for (int i = 0; i < WAVES; i++) {
        const size_t m = odd_bin(330);
        const double ratio = 2.37;
        source_rig f = wave_at(i, hz_of((double)m) * ratio);
        float *source = sine((double)m, 1, 0);
        move(&f, "sync", source);
        double *power = power_of(&f), error = 0, sum = 0;
        for (size_t k = 1; k * m <= bin_below(20000); k++) {
            double re = 0, im = 0;
            for (int t = 0; t < POINTS; t++) {
                double v = sharp_wave(i, ratio * (t + 0.5) / POINTS);
                double angle = 2 * spectrum_pi * (double)((size_t)t * k % POINTS) / POINTS;
                re += v * cos(angle), im += v * sin(angle);
            }
            double ideal = 2 * sqrt(re * re + im * im) / POINTS, got = sqrt(power[k * m]);
            error += (got - ideal) * (got - ideal), sum += ideal * ideal;
        }
        double db = spectrum_db(error / sum);
        printf("%-12s width %.2f: synced, all harmonics' amplitudes are off by %.1f dB\n",
               waves[i].name, waves[i].width, db);
        assert_true(db <= -50);
        free(power);
        free(source);
    }
}

// A wave of 5 g and a modulator of n g: every side band is a multiple of g.
// @param middle negative: the wave's own frequency
static void modulated(const char *what, int wave, const char *into, double middle, double depth,
                      double hz, size_t n_max) {
    double worst = -400;
    const size_t g = odd_bin(hz / 5);
    for (size_t n = 1; n <= n_max; n++) {
        source_rig f = wave_at(wave, hz_of((double)(5 * g)));
        // where a phase turns round right at an edge, how wide it gets is chance
        put(&f, "phase", 0.05);
        float *source = sine((double)(n * g), depth, middle < 0 ? hz_of((double)(5 * g)) : middle);
        move(&f, into, source);
        worst = fmax(worst, alias_of(&f, g));
        free(source);
    }
    printf("%-12s width %.2f: alias %.1f dB, %s, %.0f Hz by %.0f..%.0f Hz\n", waves[wave].name,
           waves[wave].width, worst, what, hz, hz / 5, hz * (double)n_max / 5);
    assert_true(worst <= -73);
}

static void modulation_alias_is_low(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++)
        for (double hz = 220; hz < 1000; hz *= 2) {
            modulated("freq +-50 %", i, "freq", -1, hz / 2, hz, 8);
            modulated("freq through 0, +-150 %", i, "freq", -1, 1.5 * hz, hz, 5);
            modulated("pm +-0.25", i, "pm", 0, 0.25, hz, 6);
        }
    for (double hz = 220; hz < 1000; hz *= 2)
        modulated("width 0.1..0.9", 1, "width", 0.5, 0.4, hz, 6);
}

// ---- tuning, level, purity --------------------------------------------------------------------

static void tuning_is_exact(void **unused) {
    (void)unused;
    static const char *const names[] = {"osc.sine", "osc.saw", "osc.pulse", "osc.triangle", "osc3"};
    for (int i = 0; i < 5; i++) {
        double worst = 0;
        for (int step = 0; step <= 18; step++) {
            double hz = (float)(20 * pow(500, step / 18.0));
            source_rig f = source_rig_of(names[i]);
            put(&f, "freq", hz);
            if (i == 4) put(&f, "level2", 0), put(&f, "level3", 0);
            float *wave = render(&f, 0, SETTLE + N);
            double off = fabs(cents_off(wave + SETTLE, hz));
            if (off > worst) worst = off;
            free(wave);
        }
        printf("%-12s tuning within %.5f cents, 20 Hz .. 10 kHz\n", names[i], worst);
        assert_true(worst <= 0.1);
    }
}

static void detune_is_exact(void **unused) {
    (void)unused;
    source_rig f = source_rig_of("osc.saw");
    put(&f, "freq", 1000), put(&f, "detune", 37);
    float *wave = render(&f, 0, SETTLE + N);
    double off = cents_off(wave + SETTLE, 1000 * pow(2, 37.0 / 1200));
    printf("osc.saw      detune by 37 cents is %.5f cents off\n", off);
    assert_true(fabs(off) <= 0.01);
    free(wave);
}

/// An hour, in full.
static void tuning_does_not_drift(void **unused) {
    (void)unused;
    const double hz = 440.0625;
    source_rig f = source_rig_of("osc.saw");
    put(&f, "freq", hz);
    const float *ports[PORTS_MAX];
    for (int p = 0; p < PORTS_MAX; p++) ports[p] = &f.still[p];
    rig r = rig_create(&mega_isa_one, f.module, RATE);
    float block[64], *outputs[] = {block}, *wave = malloc(N * sizeof *wave);
    for (int t = 0; t < 3600 * (RATE / 64); t++) rig_render(&r, ports, 0, outputs, 64, 64);
    rig_render(&r, ports, 0, &wave, N, 64);
    double off = cents_off(wave, hz);
    printf("osc.saw      after an hour %.6f cents off\n", off);
    assert_true(fabs(off) <= 0.1);
    rig_destroy(&r);
    free(wave);
}

/// Harmonics up to 20 kHz against the ideal wave's: the kernel's droop is made up for.
static void harmonics_have_their_level(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++) {
        size_t m = odd_bin(110);
        source_rig f = wave_at(i, hz_of((double)m));
        double *power = power_of(&f), worst = 0, peak_dc = sqrt(power[0]);
        for (size_t k = 1; k * m <= bin_below(20000); k++) {
            double ideal = 2 / (spectrum_pi * (double)k); // saw
            if (waves[i].width > 0)
                ideal *= 2 * fabs(sin(spectrum_pi * (double)k * waves[i].width));
            if (strcmp(waves[i].name, "osc.triangle") == 0)
                ideal = k % 2 ? 8 / pow(spectrum_pi * (double)k, 2) : 0;
            if (ideal < 1e-6) continue;
            double db = fabs(spectrum_db(power[k * m]) - 20 * log10(ideal));
            if (db > worst) worst = db;
        }
        printf("%-12s width %.2f: harmonics of 110 Hz to 20 kHz within %.3f dB, DC %.1f dB\n",
               waves[i].name, waves[i].width, worst, spectrum_db(peak_dc * peak_dc));
        assert_true(worst <= 0.05);
        assert_true(peak_dc <= 1e-6);
        free(power);
    }
}

static void sine_is_pure(void **unused) {
    (void)unused;
    double worst = -400;
    for (double hz = 20; hz < 20000; hz *= 1.7) {
        size_t m = odd_bin(hz);
        source_rig f = source_rig_of("osc.sine");
        put(&f, "freq", hz_of((double)m));
        double *power = power_of(&f), rest = 0;
        for (size_t k = 0; k <= N / 2; k++)
            if (k != m) rest += power[k];
        worst = fmax(worst, spectrum_db(rest / power[m]));
        free(power);
    }
    printf("osc.sine     THD+N %.1f dB at worst, 20 Hz .. 20 kHz, in the whole band\n", worst);
    assert_true(worst <= -100);
}

/// A fresh voice: waves begin at 0 (the pulse with its edge), and what comes is below the stated
/// overshoot.
static void waves_begin_softly(void **unused) {
    (void)unused;
    for (int i = 0; i < WAVES; i++) {
        source_rig f = wave_at(i, 220);
        float *wave = render(&f, 0, 4800), peak = 0;
        for (int t = 0; t < 4800; t++) peak = fmaxf(peak, fabsf(wave[t]));
        printf("%-12s width %.2f: starts %.3f %.3f %.3f %.3f %.3f, peak %.3f\n", waves[i].name,
               waves[i].width, wave[0], wave[1], wave[2], wave[3], wave[4], peak);
        assert_true(wave[0] == 0 && fabsf(wave[1]) < 0.01f);
        if (waves[i].width == 0) assert_true(fabsf(wave[8]) < 0.25f);
        assert_true(peak <= (waves[i].width == 0.13 ? 2.2f : 1.45f));
        free(wave);
    }
}

static void bits_do_not_depend_on_the_way(void **unused) {
    (void)unused;
    same_in_every_way("osc.sine");
    same_in_every_way("osc.saw");
    same_in_every_way("osc.pulse");
    same_in_every_way("osc.triangle");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alias_is_low),
        cmocka_unit_test(sync_alias_is_low),
        cmocka_unit_test(sync_is_right_in_the_band),
        cmocka_unit_test(modulation_alias_is_low),
        cmocka_unit_test(tuning_is_exact),
        cmocka_unit_test(detune_is_exact),
        cmocka_unit_test(tuning_does_not_drift),
        cmocka_unit_test(harmonics_have_their_level),
        cmocka_unit_test(sine_is_pure),
        cmocka_unit_test(waves_begin_softly),
        cmocka_unit_test(bits_do_not_depend_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
