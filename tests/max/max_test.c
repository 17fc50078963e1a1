// SPDX-License-Identifier: MIT
// max_test -- the shim for Max in a mock of Max: what it is made of, the same bits as the engine,
// messages and sound on different threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel.h"
#include "megasynth.h"

enum { RATE = 48000, BLOCKS = 750, FRAMES = 64 };

static void expect_said(const char *part) {
    char *all = kernel_said();
    if (!strstr(all, part)) fail_msg("`%s` is not in:\n%s", part, all);
    free(all);
}

static void lets_and_help(void **unused) {
    (void)unused;
    void *x = kernel_make("3 keys.json -in 2 -voices 4");
    assert_non_null(x);
    assert_int_equal(kernel_inlets(x), 2);
    assert_string_equal(kernel_outlets(x), "signal signal signal anything");
    assert_non_null(strstr(kernel_assist(x, ASSIST_OUTLET, 3), "ready"));
    assert_non_null(strstr(kernel_assist(x, ASSIST_OUTLET, 0), "channel 1"));
    assert_true(strlen(kernel_assist(x, ASSIST_INLET, 0)) > 0);
    object_free(x);
    free(kernel_said());
    x = kernel_make("2 -name");
    expect_said("console: `-name`");
    object_free(x);
    x = kernel_make("2 nowhere.json"); // lives, and says so
    assert_non_null(x);
    expect_said("nowhere.json");
    object_free(x);
    assert_int_equal(kernel_alive(), 0);
}

/// @param left, right receive BLOCKS * FRAMES
static void render_engine(float *left, float *right) {
    mega_engine *e = mega_create(&(mega_options){.rate = RATE}, NULL);
    char path[2048];
    snprintf(path, sizeof path, "%s/keys.json", SOURCE_DIR "/examples");
    FILE *file = fopen(path, "rb");
    static char text[1 << 16];
    size_t bytes = fread(text, 1, sizeof text, file);
    fclose(file);
    mega_patch *patch = mega_patch_read(text, bytes, MEGA_FORMAT_JSON, NULL);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    mega_note_on(e, MEGA_NOW, 60, 100 / 127.0f, NULL);
    mega_note_on(e, MEGA_NOW, 67.5f, 90 / 127.0f, NULL);
    for (int b = 0; b < BLOCKS; b++)
        mega_render(e, NULL, (float *const[]){left + b * FRAMES, right + b * FRAMES}, FRAMES);
    mega_patch_destroy(patch);
    mega_destroy(e);
}

static void the_same_bits_as_the_engine(void **unused) {
    (void)unused;
    static float left[BLOCKS * FRAMES], right[BLOCKS * FRAMES];
    double out_left[FRAMES], out_right[FRAMES], peak = 0;
    render_engine(left, right);
    void *x = kernel_make("2 keys.json");
    assert_true(kernel_start_dsp(x, FRAMES));
    kernel_send(x, "60 100");
    kernel_send(x, "67.5 90");
    for (int b = 0; b < BLOCKS; b++) {
        kernel_perform(x, NULL, (double *[]){out_left, out_right}, FRAMES);
        for (int t = 0; t < FRAMES; t++) {
            if (out_left[t] != (double)left[b * FRAMES + t] ||
                out_right[t] != (double)right[b * FRAMES + t])
                fail_msg("differs at frame %d", b * FRAMES + t);
            peak = out_left[t] > peak ? out_left[t] : peak;
        }
        kernel_clocks(1.3);
    }
    assert_true(peak > 0.1);
    printf("%d frames: the engine's bits, peak %.2f\n", BLOCKS * FRAMES, peak);
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

/// As long as answers may take: the worker's thread is asked for them.
static void run_clocks(void) {
    for (int i = 0; i < 50; i++) {
        kernel_clocks(5);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static void messages_and_answers(void **unused) {
    (void)unused;
    void *x = kernel_make("2");
    double out[2][FRAMES];
    assert_true(kernel_start_dsp(x, FRAMES));
    kernel_send(x, "add n note");
    kernel_send(x, "add o osc.sine amp 0.2");
    kernel_send(x, "connect n.freq o.freq");
    kernel_send(x, "connect o.out out.in");
    kernel_send(x, "sync");
    kernel_clocks(1);
    kernel_send(x, "60 100");
    double peak = 0;
    for (int b = 0; b < 100; b++) {
        kernel_perform(x, NULL, (double *[]){out[0], out[1]}, FRAMES);
        for (int t = 0; t < FRAMES; t++) peak = out[0][t] > peak ? out[0][t] : peak;
        kernel_clocks(1.3);
    }
    assert_true(peak > 0.15 && peak < 0.25);
    free(kernel_said());
    kernel_send(x, "get o.amp");
    run_clocks();
    expect_said("value o.amp 0.2");
    kernel_send(x, "set o.nothing 3");
    run_clocks();
    expect_said("error");
    kernel_send(x, "64"); // a lone number
    kernel_send(x, "64.5");
    kernel_send(x, "bang");
    run_clocks();
    expect_said("error");
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void other_inlets_are_for_signals(void **unused) {
    (void)unused;
    void *x = kernel_make("2 keys.json -in 2");
    free(kernel_said());
    kernel_send_inlet(x, 1, "60 100");
    expect_said("first inlet");
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static atomic_bool done;

static void *performs(void *x) {
    double out[2][FRAMES];
    while (!done) kernel_perform(x, NULL, (double *[]){out[0], out[1]}, FRAMES);
    return NULL;
}

static void *schedules(void *x) {
    (void)x;
    while (!done) kernel_clocks(0.5);
    return NULL;
}

/// Meant for ThreadSanitizer: messages on the main thread, clocks on the scheduler's, sound on a
/// third.
static void three_threads(void **unused) {
    (void)unused;
    void *x = kernel_make("2 keys.json -voices 8");
    assert_true(kernel_start_dsp(x, FRAMES));
    pthread_t sound, scheduler;
    done = false;
    pthread_create(&sound, NULL, performs, x);
    pthread_create(&scheduler, NULL, schedules, x);
    char text[100];
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "%d %d", 40 + i % 40, i % 3 ? 90 : 0);
        kernel_send(x, text);
        snprintf(text, sizeof text, "knob cutoff 0.%d", i % 10);
        kernel_send(x, text);
        if (i % 5 == 0) snprintf(text, sizeof text, "add g%d gain", i);
        if (i % 5 == 1) snprintf(text, sizeof text, "remove g%d", i - 1);
        if (i % 5 < 2) kernel_send(x, text);
        if (i % 50 == 49) kernel_send(x, "read toy.json");
        if (i % 50 == 24) kernel_send(x, "read keys.json");
        if (i % 40 == 39) kernel_send(x, "sync");
    }
    done = true;
    pthread_join(sound, NULL);
    pthread_join(scheduler, NULL);
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void *asks(void *x) {
    for (int i = 0; i < 300; i++) kernel_send(x, i % 2 ? "knob cutoff 0.3" : "version");
    return NULL;
}

/// What one says is a message to the other, which answers, from two threads: neither waits for the
/// other's lock.
static void two_that_talk_to_each_other(void **unused) {
    (void)unused;
    void *x[2] = {kernel_make("2 keys.json"), kernel_make("2 keys.json")};
    pthread_t threads[2];
    kernel_connect(x[0], x[1]);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, asks, x[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    run_clocks();
    expect_said("version");
    kernel_connect(x[0], NULL);
    for (int i = 0; i < 2; i++) object_free(x[i]);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_and_help),        cmocka_unit_test(the_same_bits_as_the_engine),
        cmocka_unit_test(messages_and_answers), cmocka_unit_test(other_inlets_are_for_signals),
        cmocka_unit_test(three_threads),        cmocka_unit_test(two_that_talk_to_each_other),
    };
    kernel_init(EXTERNAL, SOURCE_DIR "/examples", RATE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
