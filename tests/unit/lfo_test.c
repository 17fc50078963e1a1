// SPDX-License-Identifier: MIT
// lfo_test -- the modulators that have no stages: lfo and slew.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/rig.h"

enum { LANES = 16, BLOCK = 64, PORTS = 7 };
enum { SYNC, FREQ, SHAPE, AMP, OFFSET, PHASE, FADE };
enum { SINE, TRIANGLE, SAW, RAMP, SQUARE, RANDOM, SMOOTH };
static const double pi = 3.14159265358979323846;

typedef struct {
    rig r;
    float port[PORTS][LANES * BLOCK], out[LANES * BLOCK];
} bank;

static const mega_isa_table *widest(void) {
    const mega_isa_table *isa = NULL, *next;
    for (size_t i = 0; (next = mega_isa_at(i)); i++) isa = next;
    return isa;
}
static void set(bank *b, int port, float value) {
    for (int i = 0; i < LANES * BLOCK; i++) b->port[port][i] = value;
}
static bank *bank_create(const mega_isa_table *isa, const char *module, float rate) {
    bank *b = calloc(1, sizeof *b);
    b->r = rig_create(isa, rig_index(module), rate);
    for (uint32_t p = 0; p < b->r.module->param_count; p++)
        set(b, 1 + (int)p, b->r.module->params[p].initial);
    return b;
}
static void bank_destroy(bank *b) {
    rig_destroy(&b->r);
    free(b);
}
static uint64_t run(bank *b, uint32_t frames, uint64_t moving) {
    const float *ports[PORTS];
    float *outputs[] = {b->out};
    const uint32_t n = b->r.port_lanes;
    for (int p = 0; p < PORTS; p++) ports[p] = b->port[p];
    uint64_t moved = b->r.module->process(&(mega_call){.ports = ports,
                                                       .moving = moving,
                                                       .outputs = outputs,
                                                       .state = b->r.state,
                                                       .state_stride = n,
                                                       .frames = frames,
                                                       .seconds_per_frame = 1 / b->r.rate,
                                                       .frames_per_second = b->r.rate,
                                                       .seeds = b->r.seeds});
    if (!(moved & 1))
        for (uint32_t t = 1; t < frames; t++) memcpy(b->out + t * n, b->out, n * sizeof(float));
    return moved & 1;
}

// ---- lfo --------------------------------------------------------------------------------------

static void slow_rates_hold(void **unused) {
    (void)unused;
    static const float freqs[] = {0.01f, 0.013f, 0.1f, 0.3f, 1, 7, 30, 100};
    static const float rates[] = {48000, 44100, 384000};
    for (int r = 0; r < 3; r++) {
        bank *b = bank_create(widest(), "lfo", rates[r]);
        double worst = 0, turns[LANES] = {0};
        float last[LANES];
        set(b, SHAPE, RAMP);
        for (int l = 0; l < LANES; l++) {
            b->port[FREQ][l] = freqs[l % 8];
            last[l] = -1;
        }
        const int64_t blocks = (int64_t)(40 * rates[r]) / BLOCK;
        for (int64_t i = 0; i < blocks; i++) {
            run(b, BLOCK, 0);
            for (int t = 0; t < BLOCK; t++)
                for (int l = 0; l < LANES; l++) {
                    float v = b->out[t * LANES + l];
                    if (v < last[l]) turns[l] += 1;
                    last[l] = v;
                }
        }
        for (int l = 0; l < 8; l++) {
            double is = turns[l] + ((double)last[l] + 1) / 2;
            double want = (double)freqs[l] * ((double)(blocks * BLOCK) - 1) / (double)rates[r];
            worst = fmax(worst, fabs(is / want - 1));
        }
        printf("  0.01..100 Hz at %6.0f Hz: after 40 s within %.2g of the rate (%.4f cents)\n",
               (double)rates[r], worst, 1200 * log2(1 + worst));
        assert_true(worst < 1e-6);
        bank_destroy(b);
    }
}

static double ideal(int shape, double x) {
    x -= floor(x);
    switch (shape) {
    case SINE: return sin(2 * pi * x);
    case TRIANGLE: return x < 0.25 ? 4 * x : x < 0.75 ? 2 - 4 * x : 4 * x - 4;
    case SAW: return 1 - 2 * x;
    case RAMP: return 2 * x - 1;
    default: return x < 0.5 ? 1 : -1;
    }
}
static void shapes_are_right(void **unused) {
    (void)unused;
    for (int shape = SINE; shape <= SQUARE; shape++) {
        bank *b = bank_create(widest(), "lfo", 48000);
        double worst = 0;
        set(b, SHAPE, (float)shape);
        set(b, FREQ, 46.875f); // 1024 frames
        set(b, AMP, 0.5f);
        set(b, OFFSET, 0.25f);
        for (int l = 0; l < LANES; l++) b->port[PHASE][l] = (float)l / 16;
        for (int t = 0; t < 4096; t += BLOCK) {
            run(b, BLOCK, 0);
            for (int i = 0; i < BLOCK * LANES; i++) {
                double x = (t + i / LANES) / 1024.0 + (i % LANES) / 16.0;
                worst = fmax(worst, fabs((double)b->out[i] - 0.25 - 0.5 * ideal(shape, x)));
            }
        }
        printf("  %-8s within %.2g\n", b->r.module->params[SHAPE - 1].choices[shape], worst);
        assert_true(worst < 2e-6);
        bank_destroy(b);
    }
}

static void random_shapes(void **unused) {
    (void)unused;
    enum { CYCLES = 4000, LONG = 64 };
    for (int shape = RANDOM; shape <= SMOOTH; shape++) {
        bank *b = bank_create(widest(), "lfo", 48000);
        set(b, SHAPE, (float)shape);
        set(b, FREQ, 750); // 64 frames
        double sum = 0, square = 0, both = 0, greatest = 0, last = 0;
        int changes = 0;
        for (int n = 0; n < CYCLES; n++) {
            run(b, LONG, 0);
            double first = (double)b->out[0];
            sum += first;
            square += first * first;
            both += first * (double)b->out[1];
            for (int t = 0; t < LONG; t++) {
                double v = (double)b->out[t * LANES];
                assert_true(fabs(v) <= 1);
                if (n || t) greatest = fmax(greatest, fabs(v - last));
                if (v != last) changes++;
                last = v;
            }
        }
        printf("  %-8s mean %+.3f, square %.3f, against its neighbour %+.3f; greatest step %.3f\n",
               b->r.module->params[SHAPE - 1].choices[shape], sum / CYCLES, square / CYCLES,
               both / CYCLES, greatest);
        assert_true(fabs(sum / CYCLES) < 0.04 && fabs(both / CYCLES) < 0.03);
        assert_true(fabs(square / CYCLES - 1.0 / 3) < 0.03);
        if (shape == RANDOM) assert_true(changes <= CYCLES && changes > CYCLES - 20);
        else assert_true(greatest < 2 * 1.5 / LONG * 1.05); // no faster than its steepest glide
        bank_destroy(b);
    }
}

static void sync_and_fade(void **unused) {
    (void)unused;
    bank *b = bank_create(widest(), "lfo", 48000);
    set(b, SHAPE, RAMP);
    set(b, FREQ, 100);
    for (int l = 0; l < LANES; l++)
        for (int t = 0; t < BLOCK; t++) b->port[SYNC][t * LANES + l] = t >= 10 + l;
    run(b, BLOCK, 1);
    for (int l = 0; l < LANES; l++)
        for (int t = 0; t < BLOCK; t++) {
            double x = ideal(RAMP, (t >= 10 + l ? t - 10 - l : t) / 480.0);
            assert_true(fabs((double)b->out[t * LANES + l] - x) < 1e-6);
        }
    bank_destroy(b);

    b = bank_create(widest(), "lfo", 48000);
    set(b, SHAPE, SQUARE);
    set(b, FREQ, 0.01f);
    set(b, FADE, 2);
    set(b, SYNC, 1);
    double worst = 0;
    for (int64_t t = 0; t < 3 * 48000; t += BLOCK) {
        run(b, BLOCK, 0);
        for (int i = 0; i < BLOCK; i++)
            worst =
                fmax(worst, fabs((double)b->out[i * LANES] - fmin(1, (double)(t + i + 1) / 96000)));
    }
    printf("  sync is on its frame; a fade of 2 s is a line within %.2g\n", worst);
    assert_true(worst < 1e-6);
    bank_destroy(b);
}

static uint64_t sequence(const mega_isa_table *isa, const char *module, uint64_t moving,
                         uint32_t segment, int lane, int same) {
    bank *b = bank_create(isa, module, 48000);
    const mega_module *m = b->r.module;
    const uint32_t n = b->r.port_lanes;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < n; i++) b->r.seeds[i] = 100 + 7 * (n == 1 ? lane : (int)i);
    for (uint32_t i = 0; i < BLOCK * n; i++) {
        const uint32_t l = same >= 0 ? (uint32_t)same : n == 1 ? (uint32_t)lane : i % n;
        for (uint32_t p = 0; p < m->param_count; p++) {
            const mega_param_row *row = &m->params[p];
            float x = (float)((l * 5 + p) % 16) / 40;
            b->port[1 + p][i] = row->choices ? (float)(l % (uint32_t)(row->max + 1))
                                             : row->min + (row->max - row->min) * x * x;
        }
    }
    for (int part = 0; part < 30; part++) {
        for (uint32_t i = 0; i < n * BLOCK; i++)
            b->port[SYNC][i] = (part * 37 + (int)(n == 1 ? (uint32_t)lane : i % n)) % 11 < 6;
        for (uint32_t t = 0; t < 192; t += segment) {
            uint32_t count = 192 - t < segment ? 192 - t : segment;
            run(b, count, moving);
            for (uint32_t i = 0; i < count; i++) {
                uint32_t bits;
                memcpy(&bits, &b->out[i * n + (n == 1 ? 0 : (uint32_t)lane)], 4);
                hash = (hash ^ bits) * UINT64_C(0x100000001b3);
            }
        }
    }
    bank_destroy(b);
    return hash;
}
static void bits_do_not_depend_on_the_path(void **unused) {
    (void)unused;
    static const char *const modules[] = {"lfo", "slew"};
    const mega_isa_table *isa;
    for (int m = 0; m < 2; m++)
        for (int lane = 0; lane < LANES; lane++) {
            const uint64_t want = sequence(&mega_isa_one, modules[m], 0, 64, lane, -1);
            for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
                assert_int_equal(sequence(isa, modules[m], 0, 19, lane, -1), want);
                assert_int_equal(sequence(isa, modules[m], 0, 64, lane, lane), want);
                assert_int_equal(sequence(isa, modules[m], 127, 7, lane, -1), want);
                assert_int_equal(sequence(isa, modules[m], 1, 1, lane, lane), want);
            }
        }
    printf("  one hash for every instruction set, segment, kernel and kind of port\n");
}

// ---- slew -------------------------------------------------------------------------------------

enum { IN, RISE, FALL, START };

static void slew_times_hold(void **unused) {
    (void)unused;
    static const float times[] = {0, 1e-4f, 0.01f, 1, 30};
    for (int i = 0; i < 5; i++)
        for (int r = 0; r < 2; r++) {
            const float rate = r ? 384000 : 48000;
            bank *b = bank_create(widest(), "slew", rate);
            int64_t counts[2];
            set(b, START, 1);
            set(b, RISE, times[i]);
            set(b, FALL, times[i]);
            for (int down = 0; down < 2; down++) {
                const float to = down ? 0 : 1;
                float last = 1 - to;
                counts[down] = 0;
                set(b, IN, to);
                for (bool there = false; !there;) {
                    run(b, BLOCK, 0);
                    for (int t = 0; t < BLOCK && !there; t++) {
                        float v = b->out[t * LANES];
                        assert_true(down ? v <= last : v >= last);
                        there = v == to;
                        counts[down]++;
                        last = v;
                    }
                }
                assert_true(run(b, BLOCK, 0) == 0); // and stands still
            }
            double want = (double)times[i] * (double)rate, up = (double)counts[0] - want;
            double fell = (double)counts[1] - want;
            printf("  %7.4f s at %6.0f Hz: up off by %+.1f, down by %+.1f of %.1f frames\n",
                   (double)times[i], (double)rate, up, fell, want);
            assert_true(fabs(up) <= fmax(1.01, 1e-5 * want) &&
                        fabs(fell) <= fmax(1.01, 1e-5 * want));
            bank_destroy(b);
        }
}
static void slew_begins_at_its_input(void **unused) {
    (void)unused;
    for (int zero = 0; zero < 2; zero++) {
        bank *b = bank_create(widest(), "slew", 48000);
        set(b, START, (float)zero);
        set(b, IN, 0.75f);
        run(b, BLOCK, 0);
        assert_true(zero ? b->out[0] > 0 && b->out[0] < 0.001f : b->out[0] == 0.75f);
        bank_destroy(b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_rates_hold),
        cmocka_unit_test(shapes_are_right),
        cmocka_unit_test(random_shapes),
        cmocka_unit_test(sync_and_fade),
        cmocka_unit_test(bits_do_not_depend_on_the_path),
        cmocka_unit_test(slew_times_hold),
        cmocka_unit_test(slew_begins_at_its_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
