// SPDX-License-Identifier: MIT
// guard_test -- the last steps to the device: the guard, sample formats, the ring from input to
// output.
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "audio/guard.h"
#include "audio/input_ring.h"
#include "audio/samples.h"

#define RATE 48000
#define FRAMES 64

static float left[FRAMES], right[FRAMES];
static float *const stereo[] = {left, right};

static void fill(float value) {
    for (int i = 0; i < FRAMES; i++) left[i] = value, right[i] = -value;
}

// ---- guard -------------------------------------------------------------------------------------

static void untouched(void **state) {
    (void)state;
    guard g;
    guard_init(&g, RATE, true);
    static const float values[] = {0,    -0.0f, 1, -1, 0x1p-149f, 0x1.fffffep-1f, -0x1.fffffep-1f,
                                   0.1f, 1e-20f};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        fill(values[k]);
        float before[FRAMES];
        memcpy(before, left, sizeof left);
        guard_process(&g, stereo, 2, FRAMES);
        assert_memory_equal(left, before, sizeof left); // to the bit
    }
    assert_int_equal(g.over, 0);
    assert_int_equal(g.not_finite, 0);
}

static void ceiling(void **state) {
    (void)state;
    guard g;
    guard_init(&g, RATE, true);
    float last = 1, steepest = 0, worst_step = 0;
    for (int k = 1; k < 4000; k++) {
        float x = 1 + (float)k * 0.001f;
        fill(x);
        guard_process(&g, stereo, 2, FRAMES);
        assert_true(left[0] > last && left[0] < 1.25f && left[0] <= x);
        assert_true(right[0] == -left[0]);
        float slope = (left[0] - last) / 0.001f;
        if (k > 1) worst_step = fmaxf(worst_step, fabsf(slope - steepest));
        steepest = slope;
        if (k == 1) assert_true(slope > 0.99f); // no corner at the knee
        last = left[0];
    }
    assert_int_equal(g.over, 3999u * 2 * FRAMES);
    fill(3.4e38f);
    guard_process(&g, stereo, 2, FRAMES);
    printf("ceiling: 5 -> %.4f, 3.4e38 -> %.4f\n", (double)last, (double)left[0]);
    assert_true(left[0] <= 1.25f);
    guard_init(&g, RATE, false);
    fill(7);
    guard_process(&g, stereo, 2, FRAMES);
    assert_true(left[0] == 7 && g.over == 2 * FRAMES);
}

static void not_finite(void **state) {
    (void)state;
    guard g;
    guard_init(&g, RATE, true);
    fill(0.5f);
    left[3] = NAN, left[4] = INFINITY, right[63] = -INFINITY, right[0] = -NAN;
    guard_process(&g, stereo, 2, FRAMES);
    assert_int_equal(g.not_finite, 4);
    assert_true(left[3] == 0 && left[4] == 0 && right[63] == 0 && right[0] == 0 && left[5] == 0.5f);
    float peak;
    uint32_t bits = g.peak;
    memcpy(&peak, &bits, sizeof peak);
    assert_true(peak == 0.5f);
}

// Runs until the gain of 1 has come or gone. @return frames; the largest step of the gain in *step
static int settle(guard *g, float until, float *step) {
    float last = -1;
    for (int frame = 0; frame < RATE; frame += FRAMES) {
        fill(1);
        guard_process(g, stereo, 2, FRAMES);
        for (int i = 0; i < FRAMES; i++) {
            assert_true(right[i] == -left[i]);
            if (last >= 0) *step = fmaxf(*step, fabsf(left[i] - last));
            last = left[i];
            if (left[i] == until) return frame + i + 1;
        }
    }
    return -1;
}

static void fades(void **state) {
    (void)state;
    guard g;
    float step = 0;
    guard_init(&g, RATE, true);
    guard_reopen(&g);
    int in = settle(&g, 1, &step);
    assert_in_range(in, 478, 482);
    atomic_store(&g.leave, true);
    int out = settle(&g, 0, &step);
    assert_in_range(out, 957, 963);
    printf("fade in %d frames, out %d, largest step of the gain %.5f\n", in, out, (double)step);
    assert_true(step < 0.004f);
    for (int i = 0; i < 2000; i++) { // it stays
        fill(1);
        guard_process(&g, stereo, 2, FRAMES);
        assert_true(left[0] == 0 && left[FRAMES - 1] == 0);
    }
    assert_true(g.silent > 1999 * FRAMES);
}

static void panic(void **state) {
    (void)state;
    guard g;
    float step = 0;
    guard_init(&g, RATE, true);
    atomic_fetch_add(&g.panics, 1);
    int out = settle(&g, 0, &step);
    assert_in_range(out, 1, 64);
    int back = settle(&g, 1, &step);
    printf("panic: silent after %d frames, open again after %d\n", out, back);
    assert_in_range(back, RATE / 20 + 400, RATE / 20 + 600);
    atomic_store(&g.leave, true); // and a fade out while silent for panic
    atomic_fetch_add(&g.panics, 1);
    settle(&g, 0, &step);
    assert_int_equal(settle(&g, 1, &step), -1);
}

// ---- sample formats ----------------------------------------------------------------------------

static void formats(void **state) {
    (void)state;
    static const float values[] = {0, 1, -1, 2, -2, 0.5f, -0.5f, 0.25f, 1e-9f};
    static const struct {
        enum SoundIoFormat format;
        double error;
    } cases[] = {{SoundIoFormatFloat32NE, 0},
                 {SoundIoFormatS32NE, 1e-9},
                 {SoundIoFormatS24NE, 3e-7},
                 {SoundIoFormatS16NE, 7e-5}};
    enum { N = sizeof values / sizeof *values, CHANNELS = 3 };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int bytes = soundio_get_bytes_per_sample(cases[k].format);
        char device[N * CHANNELS * 4];
        memset(device, 0x55, sizeof device);
        struct SoundIoChannelArea areas[CHANNELS]; // interleaved, the last channel has no source
        for (int ch = 0; ch < CHANNELS; ch++)
            areas[ch] = (struct SoundIoChannelArea){device + ch * bytes, CHANNELS * bytes};
        const float *const from[] = {values, values};
        samples_write(cases[k].format, areas, CHANNELS, from, 2, N);
        float to[N * 4];
        samples_read(cases[k].format, areas, CHANNELS, to, 4, N);
        for (int i = 0; i < N; i++) {
            bool clipped = cases[k].error > 0 && fabsf(values[i]) > 1;
            float want = clipped ? copysignf(1, values[i]) : values[i];
            assert_true(fabs((double)to[i * 4] - want) <= cases[k].error &&
                        to[i * 4] == to[i * 4 + 1]);
            assert_true(to[i * 4 + 2] == 0 && to[i * 4 + 3] == 0);
        }
    }
    float hole[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    samples_read(SoundIoFormatS16NE, NULL, 2, hole, 2, 4);
    for (int i = 0; i < 8; i++) assert_true(hole[i] == 0);
}

// ---- input ring -------------------------------------------------------------------------------

static uint64_t sent;
static void send(input_ring *j, uint32_t frames) {
    while (frames) {
        uint32_t room = frames;
        float *to = input_ring_begin_write(j, &room);
        if (!to) {
            input_ring_drop(j, frames);
            sent += frames;
            return;
        }
        for (uint32_t i = 0; i < room; i++, sent++)
            to[2 * i] = (float)sent, to[2 * i + 1] = -(float)sent;
        input_ring_end_write(j, room);
        frames -= room;
    }
}

// Two devices in step: whatever the order of their calls, the delay is the same from the first
// sound on.
static void in_step(void **state) {
    (void)state;
    input_ring j;
    input_ring_init(&j, 2);
    assert_true(input_ring_reset(&j, 128));
    sent = 1;
    int64_t delay = 0;
    for (uint64_t call = 0, frame = 0; call < 3000; call++, frame += FRAMES) {
        bool input_first = call % 3 != 0;
        if (input_first) send(&j, FRAMES);
        input_ring_read(&j, stereo, FRAMES);
        if (!input_first) send(&j, FRAMES);
        for (int i = 0; i < FRAMES; i++) {
            if (left[i] == 0) continue;
            int64_t d = (int64_t)(frame + (uint64_t)i + 1) - (int64_t)left[i];
            if (!delay) delay = d;
            assert_int_equal(d, delay);
            assert_true(right[i] == -left[i]);
        }
    }
    printf("input ring: %lld frames late, always\n", (long long)delay);
    assert_true(delay >= 0 && delay <= 192);
    assert_int_equal(j.dropped, 0);
    assert_int_equal(j.repaired, 0);
    input_ring_finish(&j);
}

// Two crystals: order is kept, nothing is given twice, what is left out or filled up is counted.
static void drifting(double in_per_out, uint64_t *dropped, uint64_t *repaired) {
    input_ring j;
    input_ring_init(&j, 2);
    assert_true(input_ring_reset(&j, 256));
    sent = 1;
    double owed = 0;
    float last = 0;
    uint64_t heard = 0, missing = 0;
    for (int call = 0; call < 20000; call++) {
        owed += FRAMES * in_per_out;
        send(&j, (uint32_t)owed);
        owed -= (uint32_t)owed;
        input_ring_read(&j, stereo, FRAMES);
        for (int i = 0; i < FRAMES; i++) {
            if (left[i] == 0) continue;
            assert_true(left[i] > last);
            if (last > 0) missing += (uint64_t)(left[i] - last) - 1;
            last = left[i];
            heard++;
        }
    }
    assert_int_equal(missing, j.dropped);
    assert_true(heard + j.repaired + 64 * 5 >= 20000u * FRAMES);
    *dropped = j.dropped, *repaired = j.repaired;
    input_ring_finish(&j);
}

static void drift(void **state) {
    (void)state;
    uint64_t dropped, repaired;
    drifting(1.0005, &dropped, &repaired);
    printf("input ring: input 500 ppm fast: %llu dropped, %llu repaired of 1280000\n",
           (unsigned long long)dropped, (unsigned long long)repaired);
    assert_in_range(dropped, 300, 700);
    assert_int_equal(repaired, 0);
    drifting(0.9995, &dropped, &repaired);
    printf("input ring: input 500 ppm slow: %llu dropped, %llu repaired\n",
           (unsigned long long)dropped, (unsigned long long)repaired);
    assert_int_equal(dropped, 0);
    assert_in_range(repaired, 300, 1000);
}

static void full(void **state) {
    (void)state;
    input_ring j;
    input_ring_init(&j, 2);
    assert_true(input_ring_reset(&j, 64));
    sent = 1;
    send(&j, 100000);
    assert_int_equal(j.dropped, 100000 - j.room);
    input_ring_read(&j, stereo, FRAMES);
    assert_true(left[FRAMES - 1] == j.room); // the newest there are
    assert_int_equal(j.dropped, 100000 - j.room);
    input_ring_finish(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untouched), cmocka_unit_test(ceiling), cmocka_unit_test(not_finite),
        cmocka_unit_test(fades),     cmocka_unit_test(panic),   cmocka_unit_test(formats),
        cmocka_unit_test(in_step),   cmocka_unit_test(drift),   cmocka_unit_test(full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
