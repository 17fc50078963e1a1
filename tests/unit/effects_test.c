// SPDX-License-Identifier: MIT
// effects_test -- delay exact and clickless, feedback that cannot run away, chorus smooth, pan at
// constant power, and the small arithmetic modules against what their names say.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/asserts.h"
#include "support/effect_rig.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define RATE 48000.0

enum { TAPE, CLEAN };

// ---- delay ------------------------------------------------------------------------------------

static void delay_is_exact(void **context) {
    (void)context;
    enum { COUNT = 48000 * 5 };
    static const float seconds[] = {0.001f, 0.01f, 0.1f, 0.25f, 0.35f, 0.5f, 1.2f, 2.0f};
    float *in = calloc(COUNT, sizeof *in), *out = malloc(COUNT * sizeof *out);
    in[0] = 1;
    for (int mode = TAPE; mode <= CLEAN; mode++)
        for (int k = 0; k < 8; k++) {
            effect e = effect_create("delay", RATE);
            effect_set(&e, "time", seconds[k]);
            effect_set(&e, "mode", (float)mode);
            effect_set(&e, "mix", 1);
            effect_set(&e, "feedback", 0.5f);
            effect_set(&e, "tone", 20000);
            effect_feed(&e, "in", in);
            effect_run(&e, (float *[]){out, NULL, NULL}, COUNT);
            int at = (int)lround((double)seconds[k] * RATE), first = 0;
            double stray = 0;
            while (first < COUNT && fabsf(out[first]) < 0.5f)
                stray = fmax(stray, fabs(out[first++]));
            printf("%s %.3f s: echo at frame %d of %d, %.6f, before it %.1e; the second %.4f\n",
                   mode ? "clean" : "tape ", (double)seconds[k], first, at, (double)out[first],
                   stray, (double)out[2 * at]);
            assert_int_equal(first, at);
            assert_number(fabsf(out[at] - 1), <, 1e-3f);
            assert_number(stray, <, 1e-3);
            assert_number(fabsf(out[2 * at] - 0.5f), <, 5e-3f);
            effect_destroy(&e);
        }
    free(in);
    free(out);
}

/// Between frames: magnitude and delay of sines against the ideal.
static void delay_between_frames(void **context) {
    (void)context;
    enum { COUNT = 9600, FROM = 4800 };
    static const double parts[] = {0.25, 0.5, 0.8}, hz[] = {100, 1000, 4000, 8000};
    float in[COUNT], out[COUNT];
    for (int k = 0; k < 3; k++)
        for (int f = 0; f < 4; f++) {
            effect e = effect_create("delay", RATE);
            effect_set(&e, "time", (float)((1000 + parts[k]) / RATE));
            effect_set(&e, "mix", 1);
            effect_set(&e, "feedback", 0);
            fill_sine(in, COUNT, hz[f] / RATE, 1);
            effect_feed(&e, "in", in);
            effect_run(&e, (float *[]){out, NULL, NULL}, COUNT);
            double c = 0, s = 0;
            for (int i = FROM; i < COUNT; i++) {
                double turn = 2 * M_PI * hz[f] / RATE * (i - 1000 - parts[k]);
                c += out[i] * cos(turn) * 2 / (COUNT - FROM);
                s += out[i] * sin(turn) * 2 / (COUNT - FROM);
            }
            double db = 20 * log10(hypot(c, s)), frames = -atan2(c, s) / (2 * M_PI * hz[f] / RATE);
            printf("+%.2f frames, %4.0f Hz: %+.3f dB, %+.4f frames\n", parts[k], hz[f], db, frames);
            assert_true(db < 0.001 && db > (f == 3 ? -0.3 : -0.02));
            assert_true(fabs(frames) < (f == 3 ? 0.04 : 0.01));
            effect_destroy(&e);
        }
}

static void delay_changes_without_click(void **context) {
    (void)context;
    enum { COUNT = 65536 };
    static const float times[][2] = {{0.3f, 0.2f}, {0.2f, 0.3f}, {0.1f, 0.1005f}, {1.0f, 0.002f}};
    float *in = malloc(COUNT * 2 * sizeof *in), *out = malloc(COUNT * sizeof *out);
    fill_sine(in, COUNT * 2, 440 / RATE, 0.5);
    for (int mode = TAPE; mode <= CLEAN; mode++)
        for (int k = 0; k < 4; k++) {
            effect e = effect_create("delay", RATE);
            effect_set(&e, "mode", (float)mode);
            effect_set(&e, "time", times[k][0]);
            effect_set(&e, "mix", 1);
            effect_set(&e, "feedback", 0);
            effect_feed(&e, "in", in);
            effect_run(&e, NULL, COUNT);
            effect_feed(&e, "in", in + COUNT);
            effect_run(&e, (float *[]){out, NULL, NULL}, COUNT / 4);
            effect_set(&e, "time", times[k][1]);
            effect_feed(&e, "in", in + COUNT + COUNT / 4);
            effect_run(&e, (float *[]){out + COUNT / 4, NULL, NULL}, COUNT * 3 / 4);
            double click = click_db(out, COUNT, 4000, RATE);
            printf("%s %.4f to %.4f s: above 4 kHz %.0f dB\n", mode ? "clean" : "tape ",
                   (double)times[k][0], (double)times[k][1], click);
            assert_number(click, <, -70);
            // and it has arrived, to the frame
            int32_t at = (int32_t)lround((double)times[k][1] * RATE);
            float worst = 0;
            for (int i = COUNT - 4800; i < COUNT; i++)
                worst = fmaxf(worst, fabsf(out[i] - in[COUNT + i - at]));
            if (k < 3) assert_true(worst < 1e-3f);
            effect_destroy(&e);
        }
    free(in);
    free(out);
}

static void delay_cannot_run_away(void **context) {
    (void)context;
    enum { COUNT = 48000 };
    float *in = malloc(COUNT * sizeof *in), *out = malloc(COUNT * sizeof *out);
    for (int k = 0; k < 2; k++) {
        effect e = effect_create("delay", RATE);
        effect_set(&e, "feedback", 1.1f);
        effect_set(&e, "time", k ? 0.002f : 0.05f);
        effect_set(&e, "tone", 20000);
        effect_set(&e, "mix", 1);
        fill_noise(in, COUNT, 3);
        for (int i = 0; i < COUNT; i++) in[i] = 0.5f * in[i] + 0.5f; // a steady level as well
        effect_feed(&e, "in", in);
        double peak = 0, mean = 0;
        for (int s = 0; s < 20; s++) {
            if (s == 10) effect_feed(&e, "in", NULL);
            effect_run(&e, (float *[]){out, NULL, NULL}, COUNT);
            mean = 0;
            for (int i = 0; i < COUNT; i++) peak = fmax(peak, fabs(out[i])), mean += out[i] / COUNT;
        }
        printf("feedback 1.1, %s: peak %.2f, steady level after 10 s of silence %.1e\n",
               k ? "2 ms" : "50 ms", peak, fabs(mean));
        assert_number(peak, <, 3.5);
        assert_number(fabs(mean), <, 0.05); // it may rumble, it may not stick
        effect_destroy(&e);
    }
    free(in);
    free(out);
}

static void delay_goes_from_side_to_side(void **context) {
    (void)context;
    enum { COUNT = 48000 };
    float *in = calloc(COUNT, sizeof *in), *left = malloc(COUNT * sizeof *left),
          *right = malloc(COUNT * sizeof *right);
    in[0] = 1;
    effect e = effect_create("delay", RATE);
    effect_set(&e, "time", 0.1f);
    effect_set(&e, "pingpong", 1);
    effect_set(&e, "tone", 20000);
    effect_set(&e, "feedback", 0.5f);
    effect_set(&e, "mix", 1);
    effect_feed(&e, "in", in);
    effect_run(&e, (float *[]){left, right, NULL}, COUNT);
    printf("left %.3f %.3f %.3f, right %.3f %.3f %.3f\n", (double)left[4800], (double)left[9600],
           (double)left[14400], (double)right[4800], (double)right[9600], (double)right[14400]);
    assert_number(left[4800], >, 0.99f);
    assert_number(fabsf(left[9600]), <, 1e-3f);
    assert_number(left[14400], >, 0.24f);
    assert_number(fabsf(right[4800]), <, 1e-3f);
    assert_number(right[9600], >, 0.49f);
    assert_number(fabsf(right[14400]), <, 1e-3f);
    effect_destroy(&e);
    free(in);
    free(left);
    free(right);
}

// ---- chorus -----------------------------------------------------------------------------------

static void chorus_is_smooth(void **context) {
    (void)context;
    enum { COUNT = 65536 };
    static const struct {
        const char *port;
        float from, to;
    } cases[] = {{"depth", 0.002f, 0.006f},
                 {"delay", 0.012f, 0.02f},
                 {"rate", 0.6f, 3},
                 {"mix", 0, 1},
                 {"spread", 0, 0.5f}};
    float *in = malloc(COUNT * 2 * sizeof *in), *out = malloc(COUNT * sizeof *out),
          *ramp = malloc(COUNT * sizeof *ramp);
    fill_sine(in, COUNT * 2, 440 / RATE, 0.5);
    for (int k = 0; k < 5; k++) {
        effect e = effect_create("chorus", RATE);
        uint32_t port = rig_port(e.rig.module, cases[k].port);
        float steps = e.rig.module->params[port - e.rig.module->input_count].smooth_ms * 48;
        for (int i = 0; i < COUNT; i++)
            ramp[i] = cases[k].from + (cases[k].to - cases[k].from) *
                                          fminf(1, fmaxf(0, (float)(i - COUNT / 4)) / steps);
        effect_set(&e, cases[k].port, cases[k].from);
        effect_feed(&e, "in", in);
        effect_run(&e, NULL, COUNT);
        effect_feed(&e, cases[k].port, ramp);
        effect_feed(&e, "in", in + COUNT);
        effect_run(&e, (float *[]){NULL, out, NULL}, COUNT);
        double click = click_db(out, COUNT, 4000, RATE);
        printf("%s %.3f to %.3f: above 4 kHz %.0f dB\n", cases[k].port, (double)cases[k].from,
               (double)cases[k].to, click);
        assert_number(click, <, -70);
        effect_destroy(&e);
    }
    free(in);
    free(out);
    free(ramp);
}

/// Every tap stays within delay +- depth, and the sides differ.
static void chorus_taps_where_they_should_be(void **context) {
    (void)context;
    enum { COUNT = 4800 };
    float in[COUNT] = {0}, out[2][COUNT];
    double differ = 0;
    in[100] = 1;
    effect e = effect_create("chorus", RATE);
    effect_set(&e, "mix", 1);
    for (int pass = 0; pass < 40; pass++) {
        effect_feed(&e, "in", in);
        effect_run(&e, (float *[]){out[0], out[1], NULL}, COUNT);
        for (int i = 0; i < COUNT; i++) {
            bool inside = i > 100 + 480 - 3 && i < 100 + 672 + 3;
            assert_true(inside || (out[0][i] == 0 && out[1][i] == 0));
            differ += fabs(out[0][i] - out[1][i]);
        }
    }
    printf("taps within 10 and 14 ms; sides differ by %.1f in 40 impulses\n", differ);
    assert_number(differ, >, 10);
    effect_destroy(&e);
}

// ---- small ones -------------------------------------------------------------------------------

/// One frame of a pure module with the given ports; all outputs.
static const float *once(const char *name, const float *ports) {
    static float out[MEGA_OUTPUTS_MAX];
    rig r = rig_create(&mega_isa_one, rig_index(name), RATE);
    const float *at[MEGA_PORTS_MAX];
    float *outs[MEGA_OUTPUTS_MAX];
    for (uint32_t p = 0; p < r.module->input_count + r.module->param_count; p++) at[p] = ports + p;
    for (uint32_t o = 0; o < r.module->output_count; o++) outs[o] = out + o;
    rig_render(&r, at, 0, outs, 1, 1);
    rig_destroy(&r);
    return out;
}
#define ONCE(name, ...) once(name, (const float[]){__VA_ARGS__})

static void pan_keeps_its_power(void **context) {
    (void)context;
    double worst = 0;
    for (int i = -100; i <= 100; i++) {
        const float *out = ONCE("pan", 1, (float)i / 100);
        worst = fmax(worst, fabs((double)out[0] * out[0] + (double)out[1] * out[1] - 1));
    }
    const float *out = ONCE("pan", 1, 0);
    printf("power within %.1e of 1; centre %.4f dB, sides equal: %s\n", worst,
           20 * log10((double)out[0]), out[0] == out[1] ? "yes" : "no");
    assert_number(worst, <, 1e-6);
    assert_number(out[0], ==, out[1]);
    assert_number(fabs(20 * log10((double)out[0]) + 3.0103), <, 1e-4);
    out = ONCE("pan", 1, -1);
    assert_number(fabsf(out[0] - 1), <, 1e-6f);
    assert_number(out[1], ==, 0);
    out = ONCE("pan", 1, 7); // held at the right
    assert_number(out[0], ==, 0);
    assert_number(fabsf(out[1] - 1), <, 1e-6f);
}

static void small_ones_compute(void **context) {
    (void)context;
    assert_number(ONCE("add", 2, 3, 0.5f)[0], ==, 5.5f);
    assert_number(ONCE("mul", 2, 3, 0.5f)[0], ==, 3);
    assert_number(ONCE("gain", 2, 0.25f)[0], ==, 0.5f);
    assert_number(ONCE("mix", 1, 2, 3, 0, 0, 0, 0, 0, 4, 1, 0.5f, 2, 1, 1, 1, 1, 1, 0.25f)[0], ==,
                  9);
    assert_number(ONCE("scale", 0, -1, 1, 0, 1, 0)[0], ==, 0.5f);
    assert_number(ONCE("scale", 3, -1, 1, 200, 1000, 0)[0], ==, 1800);
    assert_number(ONCE("scale", 3, -1, 1, 200, 1000, 1)[0], ==, 1000);
    assert_number(ONCE("scale", -3, -1, 1, 1000, 200, 1)[0], ==, 1000);
    assert_number(ONCE("scale", 3, 1, 1, 7, 9, 0)[0], ==, 7); // no range: at its start
    assert_number(ONCE("clip", 3, -1, 1, 0)[0], ==, 1);
    assert_number(ONCE("clip", 0.3f, -1, 1, 0)[0], ==, 0.3f);
    assert_number(ONCE("clip", 0, 2, 1, 0)[0], ==, 2); // high below low
    assert_true(ONCE("clip", 30, -1, 1, 1)[0] == 1 &&
                fabsf(ONCE("clip", 0.01f, -1, 1, 1)[0] - 0.01f) < 1e-5f);
}

int main(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // no subnormal numbers, as in render
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay_is_exact),
        cmocka_unit_test(delay_between_frames),
        cmocka_unit_test(delay_changes_without_click),
        cmocka_unit_test(delay_cannot_run_away),
        cmocka_unit_test(delay_goes_from_side_to_side),
        cmocka_unit_test(chorus_is_smooth),
        cmocka_unit_test(chorus_taps_where_they_should_be),
        cmocka_unit_test(pan_keeps_its_power),
        cmocka_unit_test(small_ones_compute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
