// SPDX-License-Identifier: MIT
// haste -- an edit that comes while another fades in is heard from the next block on: its fade
// begins beside the other, without a click, and the frame that is told is the true one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/clicks.h"

static const char TONES[] =
    "{\"nodes\": {\"a\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 110}},"
    "  \"b\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 150}},"
    "  \"c\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 190}}, \"out\": {\"type\": "
    "\"output\"}},"
    " \"connections\": [{\"from\": \"a.out\", \"to\": \"out.in\", \"amount\": 0.2}]}";

static mega_changed edit(mega_engine *e, const char *list, float fade_ms) {
    mega_change how = {MEGA_REV_ANY, fade_ms, MEGA_NOW};
    mega_changed done = {0};
    assert_int_equal(mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &how, &done, NULL),
                     MEGA_OK);
    mega_free(done.undo_json);
    return done;
}

static const char B_IN[] =
    "[{\"op\":\"connect\",\"from\":[\"b\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.2}]";
static const char C_IN[] =
    "[{\"op\":\"connect\",\"from\":[\"c\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.2}]";
static const char B_OUT[] =
    "[{\"op\":\"disconnect\",\"from\":[\"b\",\"out\"],\"to\":[\"out\",\"in\"]}]";

static const char OTHER_AMOUNT[] =
    "[{\"op\":\"disconnect\",\"from\":[\"b\",\"out\"],\"to\":[\"out\",\"in\"]},"
    "{\"op\":\"connect\",\"from\":[\"b\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.1}]";
static const char B_GONE[] = "[{\"op\":\"remove\",\"id\":\"b\"}]";
static const char A_GONE[] = "[{\"op\":\"remove\",\"id\":\"a\"}]";
static const char NEW[] =
    "[{\"op\":\"add\",\"id\":\"d\",\"type\":\"osc.sine\",\"params\":{\"freq\":230}},"
    "{\"op\":\"connect\",\"from\":[\"d\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.2}]";
// with the cables of B_FIRST it would be a cycle: one goes before the other comes
static const char B_FIRST[] =
    "[{\"op\":\"connect\",\"from\":[\"b\",\"out\"],\"to\":[\"a\",\"pm\"],\"amount\":0.1}]";
static const char A_FIRST[] =
    "[{\"op\":\"disconnect\",\"from\":[\"b\",\"out\"],\"to\":[\"a\",\"pm\"]},"
    "{\"op\":\"connect\",\"from\":[\"a\",\"out\"],\"to\":[\"b\",\"pm\"],\"amount\":0.1}]";

static double click_of(const float *x) {
    static float high[CLICKS_FRAMES];
    clicks_highpass(x, high);
    return clicks_db(clicks_peak(high, 600, CLICKS_FRAMES - CLICKS_TAPS, NULL) /
                     clicks_rms(x, 0, CLICKS_FRAMES));
}

/// `first` at 1920 with a fade, `second` so many frames later.
/// @param second NULL: none. @return the frame that it was asked for
static uint64_t play(float x[2][CLICKS_FRAMES], const char *first, float fade_ms,
                     const char *second, float second_ms, uint32_t wait) {
    mega_engine *e = host_open(TONES);
    clicks_render(e, x, 0, 1920);
    edit(e, first, fade_ms);
    clicks_render(e, x, 1920, wait);
    uint64_t now = mega_counters_get(e).frame_rendered, frame;
    mega_changed c = second ? edit(e, second, second_ms) : (mega_changed){0};
    clicks_render(e, x, 1920 + wait, CLICKS_FRAMES - 1920 - wait);
    if (second) {
        assert_true(mega_change_frame(e, c.number, &frame));
        assert_int_equal(frame, c.frame);
        assert_int_equal(frame, now);
    }
    mega_destroy(e);
    return now;
}

static void a_fade_holds_nothing_up(void **state) {
    (void)state;
    static float x[2][CLICKS_FRAMES], without[2][CLICKS_FRAMES];
    static const float fades[] = {2000, 500, 100, 20, 3};
    static const uint32_t waits[] = {64, 128, 640, 4800, 9600};
    static const char *const seconds[] = {C_IN, B_OUT, OTHER_AMOUNT, B_GONE, A_GONE, NEW};
    for (int f = 0; f < 5; f++)
        for (int w = 0; w < 5; w++)
            for (size_t k = 0; k < sizeof seconds / sizeof *seconds; k++) {
                float ms = k % 2 ? 3 : 30;
                uint64_t now = play(without, B_IN, fades[f], NULL, 0, waits[w]);
                play(x, B_IN, fades[f], seconds[k], ms, waits[w]);
                if (memcmp(x[0], without[0], (size_t)now * sizeof(float)))
                    fail_msg("second %zu is heard before it was made", k);
                if (!memcmp(x[0] + now, without[0] + now, 64 * sizeof(float)))
                    fail_msg("fade %g ms, second %zu, %u frames later: not heard in the next block",
                             (double)fades[f], k, waits[w]);
                double click = click_of(x[0]);
                if (click > CLICKS_DB_MAX)
                    fail_msg("fade %g ms, second %zu, %u frames later: %.1f dB", (double)fades[f],
                             k, waits[w], click);
            }
}

/// How loud the tone b is at a frame, in a window of 4,800 frames around it.
static double level_of_b(const float *x, uint32_t at) {
    double re = 0, im = 0;
    for (uint32_t t = 0; t < 4800; t++) {
        double turn = 2 * M_PI * 150 * t / 48000;
        re += x[at - 2400 + t] * cos(turn);
        im += x[at - 2400 + t] * sin(turn);
    }
    return sqrt(re * re + im * im) / 2400;
}

/// An edit elsewhere neither ends the fade that is under way nor begins it again.
static void a_fade_keeps_its_pace(void **state) {
    (void)state;
    static float x[2][CLICKS_FRAMES], without[2][CLICKS_FRAMES];
    play(without, B_IN, 300, NULL, 0, 4800);
    play(x, B_IN, 300, C_IN, 3, 4800);
    for (uint32_t at = 7200; at <= 19200; at += 2400) {
        double expected = level_of_b(without[0], at), found = level_of_b(x[0], at);
        if (fabs(found - expected) > 0.004)
            fail_msg("at %u b is at %g, not %g", at, found, expected);
    }
    // and one that takes b out again begins where it was
    play(x, B_IN, 300, B_OUT, 100, 4800);
    double half = level_of_b(x[0], 6720), later = level_of_b(x[0], 14400);
    assert_true(half > 0.01 && half < 0.1);
    assert_true(later < 0.0005);
}

/// One edit a block, each with a long fade: each is in force in the next block, and told so.
static void bursts_are_not_held_up(void **state) {
    (void)state;
    enum { BURST = 300 };
    static const char *const turns[] = {B_IN, C_IN, B_OUT, NEW,
                                        "[{\"op\":\"disconnect\",\"from\":[\"c\",\"out\"],"
                                        "\"to\":[\"out\",\"in\"]},{\"op\":\"remove\","
                                        "\"id\":\"d\"}]"};
    static float x[2][CLICKS_FRAMES];
    for (int k = 0; k < 2; k++) {
        mega_engine *e = host_open(TONES);
        uint64_t frame;
        clicks_render(e, x, 0, 640);
        for (int i = 0; i < BURST; i++) {
            uint64_t asked = mega_counters_get(e).frame_rendered;
            mega_changed c = edit(e, k ? turns[i % 5] : i % 2 ? B_OUT : B_IN, 2000);
            assert_int_equal(c.frame, asked);
            clicks_render(e, x, 640 + (uint32_t)i * 64, 64);
            if (!mega_change_frame(e, c.number, &frame) || frame != asked)
                fail_msg("burst %d, edit %d: not in the next block", k, i);
        }
        clicks_render(e, x, 640 + BURST * 64, CLICKS_FRAMES - 640 - BURST * 64);
        double click = click_of(x[0]);
        if (click > CLICKS_DB_MAX) fail_msg("burst %d: %.1f dB", k, click);
        mega_destroy(e);
    }
}

/// Where old and new cables would close a cycle, what goes begins to go in the next block.
static void two_stages_begin_at_once(void **state) {
    (void)state;
    static float x[2][CLICKS_FRAMES];
    for (uint32_t wait = 64; wait < 2000; wait += 192) {
        play(x, B_FIRST, 500, A_FIRST, 20, wait);
        assert_true(click_of(x[0]) <= CLICKS_DB_MAX);
        mega_engine *e = host_open(TONES);
        clicks_render(e, NULL, 0, 1920);
        edit(e, B_FIRST, 500);
        clicks_render(e, NULL, 0, wait);
        edit(e, A_FIRST, 20);
        clicks_render(e, NULL, 0, wait); // while it goes, or comes
        uint64_t now = mega_counters_get(e).frame_rendered, frame;
        mega_changed c = edit(e, C_IN, 3);
        assert_int_equal(c.frame, now);
        clicks_render(e, NULL, 0, 64);
        assert_true(mega_change_frame(e, c.number, &frame));
        assert_int_equal(frame, now);
        mega_destroy(e);
    }
}

/// Where memory does not suffice for one more patch beside what fades, a change waits for that.
static void a_small_budget_refuses_nothing(void **state) {
    (void)state;
    mega_options options = {.memory_bytes_max = 8 << 20};
    mega_engine *e = mega_create(&options, NULL);
    host_load(e, TONES);
    clicks_render(e, NULL, 0, 640);
    static const uint64_t late_max = 7 * 64;
    uint64_t frame, longest = 0;
    for (int i = 0; i < 40; i++) {
        char list[600];
        snprintf(list, sizeof list,
                 "[%s%.0d%s{\"op\":\"add\",\"id\":\"d%d\",\"type\":\"delay\"},"
                 "{\"op\":\"connect\",\"from\":[\"b\",\"out\"],\"to\":[\"d%d\",\"in\"]},"
                 "{\"op\":\"connect\",\"from\":[\"d%d\",\"out\"],\"to\":[\"out\",\"in\"]}]",
                 i ? "{\"op\":\"remove\",\"id\":\"d" : "", i, i ? "\"}," : "", i + 1, i + 1, i + 1);
        uint64_t asked = mega_counters_get(e).frame_rendered;
        mega_changed c = edit(e, list, 2000);
        clicks_render(e, NULL, 0, (uint32_t)late_max + 64);
        assert_true(mega_change_frame(e, c.number, &frame));
        assert_int_equal(frame, c.frame);
        if (frame - asked > longest) longest = frame - asked;
    }
    assert_true(longest > 0 && longest <= late_max); // some did not fit
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fade_holds_nothing_up), cmocka_unit_test(a_fade_keeps_its_pace),
        cmocka_unit_test(bursts_are_not_held_up), cmocka_unit_test(two_stages_begin_at_once),
        cmocka_unit_test(a_small_budget_refuses_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
