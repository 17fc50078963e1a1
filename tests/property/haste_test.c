// SPDX-License-Identifier: MIT
// haste -- an edit that comes while another fades in does not wait for the end of a long fade: the
// rest of that takes 3 ms, without a click, and the frame that is told is the true one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clicks.h"

enum { LATE_MAX = 4 * 64 }; // 3 ms in blocks, and one

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

static void a_long_fade_holds_nothing_up(void **state) {
    (void)state;
    static float x[2][CLICKS_FRAMES], high[CLICKS_FRAMES];
    static const float fades[] = {2000, 500, 100, 20};
    static const uint32_t waits[] = {64, 640, 4800, 9600};
    for (int f = 0; f < 4; f++)
        for (int w = 0; w < 4; w++) {
            mega_engine *e = stage_open(TONES);
            clicks_render(e, x, 0, 1920);
            edit(e, B_IN, fades[f]);
            clicks_render(e, x, 1920, waits[w]);
            uint64_t now = mega_counters_get(e).frame_rendered, frame;
            mega_changed c = edit(e, C_IN, 3);
            clicks_render(e, x, 1920 + waits[w], CLICKS_FRAMES - 1920 - waits[w]);
            assert_true(mega_change_frame(e, c.number, &frame));
            assert_int_equal(frame, c.frame);
            assert_true(frame <= now + LATE_MAX);
            clicks_highpass(x[0], high);
            double click = clicks_peak(high, 600, CLICKS_FRAMES - CLICKS_TAPS, NULL);
            double level = clicks_rms(x[0], 0, CLICKS_FRAMES);
            if (clicks_db(click / level) > CLICKS_DB_MAX)
                fail_msg("fade %g ms, %u frames later: %.1f dB", (double)fades[f], waits[w],
                         clicks_db(click / level));
            mega_destroy(e);
        }
}

/// One edit a block, each with a long fade: none waits for more than the few blocks before it.
static void bursts_are_not_held_up(void **state) {
    (void)state;
    mega_engine *e = stage_open(TONES);
    uint64_t numbers[40], asked[40], frame;
    clicks_render(e, NULL, 0, 640);
    for (int i = 0; i < 40; i++) {
        asked[i] = mega_counters_get(e).frame_rendered;
        numbers[i] = edit(e, i % 2 ? B_OUT : B_IN, 2000).number;
        clicks_render(e, NULL, 0, 64);
    }
    clicks_render(e, NULL, 0, 640);
    for (int i = 0; i < 40; i++) {
        assert_true(mega_change_frame(e, numbers[i], &frame));
        assert_true(frame <= asked[i] + LATE_MAX);
    }
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_long_fade_holds_nothing_up),
                                       cmocka_unit_test(bursts_are_not_held_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
