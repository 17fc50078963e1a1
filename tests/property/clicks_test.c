// SPDX-License-Identifier: MIT
// clicks -- random edits under held chords of keys.json and of 20 random patches: no click, no
// step, no note lost. A few dozen of what tests/bench/clicks does a thousand times; clicks.h says
// what is measured, and how.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clicks.h"
#include "files.h"

enum { EDITS = 40 };

static clicks_stage stage;

static void edits_are_not_heard(void **unused) {
    (void)unused;
    size_t bytes;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_patch *patches[CLICKS_PATCHES];
    uint64_t seeds[CLICKS_PATCHES];
    clicks_patches(text, patches, seeds);
    double worst_db = -200, worst_step = 0;
    uint32_t held = 0;
    for (uint64_t seed = 1; seed <= EDITS; seed++) {
        clicks_result e;
        clicks_trial(&stage, patches[clicks_patch_of(seed)], seed, &e);
        double db = clicks_db(e.click);
        if (db > CLICKS_DB_MAX || e.step > CLICKS_STEP_MAX || e.notes_silent)
            printf("seed %llu: %.1f dB, step %.2f, %u notes silent: %s\n", (unsigned long long)seed,
                   db, e.step, e.notes_silent, e.list);
        assert_true(db <= CLICKS_DB_MAX);
        assert_true(e.step <= CLICKS_STEP_MAX);
        assert_int_equal(e.held_after, e.held_before);
        assert_int_equal(e.notes_silent, 0);
        worst_db = fmax(worst_db, db);
        worst_step = fmax(worst_step, e.step);
        held += e.held_after;
        free(e.list);
    }
    printf("%d edits: click above 4 kHz at most %.1f dB re programme (hold %.0f), steps at most "
           "%.3f of what they may be, %u held notes go on\n",
           EDITS, worst_db, CLICKS_DB_MAX, worst_step, held);
    for (int i = 0; i < CLICKS_PATCHES; i++) mega_patch_destroy(patches[i]);
    free(text);
}

/// The instrument itself: a step of 1 % of the programme, put in by hand, is found.
static void a_click_would_be_found(void **unused) {
    (void)unused;
    size_t bytes;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_patch *keys = stage_patch(text), *dark = mega_patch_clone(keys);
    mega_patch_set_knob(dark, "cutoff", 0.1);
    clicks_result e = {0};
    clicks_start(&stage, dark, 33);
    clicks_go_on(&stage, 24000);
    clicks_part(&stage, dark, CLICKS_BEFORE, 33, &e);
    assert_true(clicks_db(e.click) <= -140);
    for (int side = 0; side < 2; side++)
        for (uint32_t t = stage.at; t < CLICKS_FRAMES; t++)
            stage.x[CLICKS_EDITED][side][t] += (float)(0.01 * e.programme);
    clicks_measure(&stage, &e);
    printf("a step of -40 dB is measured as a click of %.1f dB\n", clicks_db(e.click));
    assert_true(clicks_db(e.click) > -50 && clicks_db(e.click) < -40);
    mega_patch_destroy(keys);
    mega_patch_destroy(dark);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_not_heard),
        cmocka_unit_test(a_click_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
