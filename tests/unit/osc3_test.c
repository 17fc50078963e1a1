// SPDX-License-Identifier: MIT
// osc3_test -- the three-oscillator device: its oscillators, alias, stereo, glide, and one result
// everywhere.
#include "support/source_rig.h"

static void osc3_is_three_oscillators(void **unused) {
    (void)unused;
    size_t m = odd_bin(220);
    source_rig f = source_rig_of("osc3");
    put(&f, "freq", hz_of((double)(2 * m)));
    put(&f, "wave2", 3), put(&f, "wave3", 0);
    put(&f, "octave1", -1), put(&f, "semi2", 12), put(&f, "semi3", 7), put(&f, "detune", 0);
    put(&f, "level1", 0.5), put(&f, "level2", 0.25), put(&f, "level3", 0);
    double *power = power_of(&f);
    // saw at m: the odd harmonics are its own; pulse at 4 m; sine at 2 m * 2^(7/12)
    double saw = sqrt(power[m]) / (0.5 * 2 / spectrum_pi),
           saw3 = sqrt(power[3 * m]) / (0.5 * 2 / spectrum_pi / 3);
    double both = sqrt(power[4 * m]);
    printf("osc3         saw %.5f, its third %.5f, where saw and pulse meet %.5f\n", saw, saw3,
           both);
    assert_true(fabs(saw - 1) < 0.001 && fabs(saw3 - 1) < 0.001);
    free(power);

    put(&f, "level1", 0), put(&f, "level2", 0), put(&f, "level3", 0.125);
    float *wave = render(&f, 0, SETTLE + N);
    double off = cents_off(wave + SETTLE, hz_of((double)(2 * m)) * pow(2, 7.0 / 12)), peak = 0;
    for (int t = SETTLE; t < SETTLE + N; t++) peak = fmax(peak, fabs(wave[t]));
    printf("osc3         a fifth up %.5f cents off, its sine's peak %.5f of 0.125\n", off, peak);
    assert_true(fabs(off) < 0.01 && fabs(peak / 0.125 - 1) < 0.001);
    free(wave);
}

/// One oscillator of it is the module of that name, bit for bit, in still and in moving pitch.
static void osc3_plays_the_other_modules(void **unused) {
    (void)unused;
    enum { FRAMES = 9600 };
    static const char *const names[] = {"osc.triangle", "osc.saw", "osc.pulse"};
    static float freq[FRAMES];
    for (int t = 0; t < FRAMES; t++)
        freq[t] = (float)(700 + (t < 4800 ? 0 : 300 * sin(0.01 * (t - 4800))));
    for (int wave = 1; wave <= 3; wave++) {
        source_rig f = source_rig_of("osc3"), one = source_rig_of(names[wave - 1]);
        put(&f, "detune", 0), put(&f, "wave1", wave), put(&f, "wave2", 0), put(&f, "wave3", 0);
        put(&f, "level1", 0.7), put(&f, "level2", 0), put(&f, "level3", 0);
        put(&one, "amp", 0.7);
        if (wave == 3) put(&f, "width", 0.3), put(&one, "width", 0.3);
        move(&f, "freq", freq), move(&one, "freq", freq);
        float *out = render(&f, 0, FRAMES), *want = render(&one, 0, FRAMES);
        for (int t = 0; t < FRAMES; t++) assert_true(out[t] == want[t]);
        free(out), free(want);
    }
}

/// Where a wave's number moves, phases go on: a saw among saws is the saw that it was.
static void osc3_keeps_phases_over_waves(void **unused) {
    (void)unused;
    enum { FRAMES = 9600, AWAY = 1000, BACK = 1500, SETTLED = 64 };
    static float number[FRAMES];
    for (int t = 0; t < FRAMES; t++) number[t] = t >= AWAY && t < BACK ? 3 : 2;
    source_rig f = source_rig_of("osc3"), still = source_rig_of("osc3");
    put(&f, "level2", 0), put(&f, "level3", 0), put(&still, "level2", 0), put(&still, "level3", 0);
    move(&f, "wave1", number);
    float *out = render(&f, 0, FRAMES), *want = render(&still, 0, FRAMES);
    for (int t = 0; t < FRAMES; t++)
        if (t < AWAY || t >= BACK + SETTLED) assert_true(out[t] == want[t]);
    float peak = 0;
    for (int t = AWAY; t < BACK + SETTLED; t++) peak = fmaxf(peak, fabsf(out[t]));
    printf("osc3         a saw that is a pulse for a while: peak %.3f of 0.25\n", peak);
    assert_true(peak < 0.25 * 1.5);
    free(out), free(want);
}

static double alias_of_osc3(double wave, double hz) {
    size_t m = odd_bin(hz);
    source_rig f = source_rig_of("osc3");
    put(&f, "freq", hz_of((double)m)), put(&f, "detune", 0);
    put(&f, "wave1", wave), put(&f, "wave2", wave), put(&f, "wave3", wave);
    put(&f, "level1", 0.5), put(&f, "level2", 0), put(&f, "level3", 0);
    double *power = power_of(&f);
    double db = spectrum_db(spectrum_strange(power, 1, bin_below(20000), m) / power[m]);
    free(power);
    return db;
}
static void osc3_alias_is_low(void **unused) {
    (void)unused;
    static const char *const names[] = {"sine", "triangle", "saw", "pulse"};
    for (int wave = 0; wave < 4; wave++) {
        double worst = -400;
        for (int key = 0; key <= 75; key += 15)
            worst = fmax(worst, alias_of_osc3(wave, 55 * pow(2, key / 12.0)));
        printf("osc3         %s: alias %.1f dB below 20 kHz\n", names[wave], worst);
        assert_true(worst <= -95);
    }
}

static void osc3_spreads(void **unused) {
    (void)unused;
    source_rig f = source_rig_of("osc3");
    put(&f, "spread", 1);
    float *out = render(&f, 0, 48000), *left = render(&f, 1, 48000), *right = render(&f, 2, 48000);
    double worst = 0, peak = 0, l = 0, r = 0, both = 0;
    for (int t = 0; t < 48000; t++) {
        worst = fmax(worst, fabs((left[t] + right[t]) / 2 - out[t]));
        peak = fmax(peak, fabs(out[t]));
        l += left[t] * left[t], r += right[t] * right[t], both += left[t] * right[t];
    }
    printf("osc3         peak at default levels %.3f; spread 1: sides correlate by %.3f\n", peak,
           both / sqrt(l * r));
    assert_true(worst < 1e-6 && peak < 1.1);
    free(out), free(left), free(right);

    put(&f, "spread", 0);
    left = render(&f, 1, 4800), right = render(&f, 2, 4800), out = render(&f, 0, 4800);
    assert_memory_equal(left, out, 4800 * sizeof(float));
    assert_memory_equal(right, out, 4800 * sizeof(float));
    free(out), free(left), free(right);
}

/// 99 % of an octave in the stated time, counted in zero crossings of a sine.
static void osc3_glides(void **unused) {
    (void)unused;
    enum { FRAMES = 48000 };
    source_rig f = source_rig_of("osc3");
    static float freq[FRAMES];
    for (int t = 0; t < FRAMES; t++) freq[t] = t < 4800 ? 2000 : 4000;
    move(&f, "freq", freq);
    put(&f, "portamento", 0.25), put(&f, "wave1", 0), put(&f, "level2", 0), put(&f, "level3", 0);
    float *wave = render(&f, 0, FRAMES);
    double last = 0, reached = -1;
    for (int t = 1; t < FRAMES; t++) {
        if (!(wave[t - 1] <= 0 && wave[t] > 0)) continue;
        double at = t - 1 + wave[t - 1] / (wave[t - 1] - (double)wave[t]);
        double octaves = log2(RATE / (at - last) / 2000);
        if (reached < 0 && t > 4850 && octaves >= 0.99) reached = (at - 4800) / RATE;
        last = at;
    }
    printf("osc3         portamento of 0.25 s: 99 %% of an octave after %.4f s\n", reached);
    assert_true(fabs(reached - 0.25) < 0.005);
    free(wave);
}

static void bits_do_not_depend_on_the_way(void **unused) {
    (void)unused;
    same_in_every_way("osc3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(osc3_is_three_oscillators),
        cmocka_unit_test(osc3_plays_the_other_modules),
        cmocka_unit_test(osc3_keeps_phases_over_waves),
        cmocka_unit_test(osc3_alias_is_low),
        cmocka_unit_test(osc3_spreads),
        cmocka_unit_test(osc3_glides),
        cmocka_unit_test(bits_do_not_depend_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
