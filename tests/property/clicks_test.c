// SPDX-License-Identifier: MIT
// clicks -- random edits under held chords of keys.json and of 20 random patches: no click, no
// step, no note lost. A few dozen of what tests/bench/clicks does a thousand times; clicks.h says
// what is measured, and how.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/clicks.h"
#include "support/files.h"
#include "support/settable.h"

// Of random edits a hundredth is heard for good reasons (see tests/bench/clicks): in so few, two
// may be.
enum { EDITS = 40, HEARD_MAX = 2 };

static clicks_stage stage;

static void edits_are_not_heard(void **unused) {
    (void)unused;
    size_t bytes;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_patch *patches[CLICKS_PATCHES];
    uint64_t seeds[CLICKS_PATCHES];
    clicks_patches(text, patches, seeds);
    double worst_db = -200, worst_step = 0;
    uint32_t held = 0, heard = 0;
    for (uint64_t seed = 1; seed <= EDITS; seed++) {
        clicks_result e;
        clicks_trial(&stage, patches[clicks_patch_of(seed)], seed, &e);
        double db = clicks_db(e.click);
        if (db > CLICKS_DB_MAX || e.step > CLICKS_STEP_MAX || e.notes_silent) {
            printf("seed %llu: %.1f dB, step %.2f, %u notes silent: %s\n", (unsigned long long)seed,
                   db, e.step, e.notes_silent, e.list);
            heard++;
        }
        assert_int_equal(e.held_after, e.held_before);
        assert_int_equal(e.late, 0); // the next block that was rendered
        worst_db = fmax(worst_db, db);
        worst_step = fmax(worst_step, e.step);
        held += e.held_after;
        free(e.list);
    }
    printf("%d edits: click above 4 kHz at most %.1f dB re programme (hold %.0f), steps at most "
           "%.3f of what they may be, %u held notes go on\n",
           EDITS, worst_db, CLICKS_DB_MAX, worst_step, held);
    assert_true(heard <= HEARD_MAX);
    for (int i = 0; i < CLICKS_PATCHES; i++) mega_patch_destroy(patches[i]);
    free(text);
}

// ---- edits that were heard once ---------------------------------------------------------------

static clicks_result measure(const char *document, const char *list) {
    mega_report *report = mega_report_create();
    mega_patch *before = host_read_patch(document);
    mega_patch *after = mega_patch_edit(before, list, strlen(list), MEGA_FORMAT_JSON, report, NULL);
    if (!after) host_print(report);
    assert_non_null(after);
    clicks_result e = {0};
    clicks_start(&stage, before, 33);
    clicks_go_on(&stage, 9600);
    clicks_part(&stage, after, CLICKS_BEFORE - 11, 33, &e);
    mega_patch_destroy(before);
    mega_patch_destroy(after);
    mega_report_destroy(report);
    return e;
}

/// A dark sound: sines, through what a test puts in between.
#define DARK(nodes, cables)                                                                        \
    "{\"nodes\":{\"note\":{\"type\":\"note\"},\"sine\":{\"type\":\"osc.sine\"}," nodes             \
    ",\"out\":{\"type\":\"output\"}},\"connections\":[{\"from\":[\"note\",\"freq\"],\"to\":["      \
    "\"sine\",\"freq\"]}," cables "]}"
#define CABLE(a, b, c, d) "{\"from\":[\"" a "\",\"" b "\"],\"to\":[\"" c "\",\"" d "\"]}"

static void edits_once_heard(void **unused) {
    (void)unused;
    static const char *const edits[][2] = {
        // the last reader of the gate goes: held notes stay open
        {DARK("\"e\":{\"type\":\"env\"},\"g\":{\"type\":\"gain\"}",
              CABLE("note", "gate", "e", "gate") "," CABLE("e", "out", "g", "amp") "," CABLE(
                  "sine", "out", "g", "in") "," CABLE("g", "out", "out",
                                                      "left") "," CABLE("sine", "out", "out",
                                                                        "right")),
         "[{\"op\":\"remove\",\"id\":\"e\"}]"},
        // one of two cables alike goes
        {DARK("\"g\":{\"type\":\"gain\"}",
              CABLE("sine", "out", "g", "in") "," CABLE("sine", "out", "g",
                                                        "in") "," CABLE("g", "out", "out", "in")),
         "[{\"op\":\"disconnect\",\"from\":[\"sine\",\"out\"],\"to\":[\"g\",\"in\"],\"nth\":1}]"},
        // the last cable of a parameter goes: its default comes meanwhile
        {DARK("\"g\":{\"type\":\"gain\"}",
              CABLE("sine", "out", "g", "in") "," CABLE("note", "velocity", "g",
                                                        "amp") "," CABLE("g", "out", "out", "in")),
         "[{\"op\":\"disconnect\",\"from\":[\"note\",\"velocity\"],\"to\":[\"g\",\"amp\"]}]"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        clicks_result e = measure(edits[i][0], edits[i][1]);
        printf("%.1f dB, step %.2f: %s\n", clicks_db(e.click), e.step, edits[i][1]);
        assert_true(clicks_db(e.click) <= CLICKS_DB_MAX && e.step <= CLICKS_STEP_MAX);
        assert_int_equal(e.held_after, CLICKS_NOTES);
        assert_int_equal(e.notes_silent, 0);
        if (i != 2) continue;
        // no dip: at every moment the fading cable and the coming default add up
        for (uint32_t t = stage.at; t < stage.at + 480; t++)
            assert_true(fabsf(stage.x[CLICKS_EDITED][0][t]) >=
                        0.75f * fabsf(stage.x[CLICKS_UNEDITED][0][t]));
    }
}

/// Sets each value of each switch of a module that is fed a sine.
static void turn_switches(const mega_module *m, int *heard, int *count) {
    static const char *const inputs[] = {"in", "a", "left"};
    const char *input = NULL;
    for (uint32_t i = 0; i < m->input_count && !input; i++)
        for (int k = 0; k < 3; k++)
            if (strcmp(m->inputs[i].name, inputs[k]) == 0) input = inputs[k];
    if (!input || !m->output_count || m->op != MEGA_OP_CALL) return;
    for (uint32_t p = 0; p < settable_params(m); p++) {
        const mega_param_row *row = &m->params[p];
        for (int k = 0; row->choices && row->choices[k]; k++) {
            if (k == (int)row->initial || row->smoothing != MEGA_SMOOTH_NONE) continue;
            char document[1500], list[200];
            snprintf(document, sizeof document,
                     DARK("\"x\":{\"type\":\"%s\"}",
                          "{\"from\":[\"sine\",\"out\"],\"to\":[\"x\","
                          "\"%s\"],\"amount\":0.2}," CABLE("x", "%s", "out", "in")),
                     m->name, input, m->outputs[0].name);
            snprintf(list, sizeof list,
                     "[{\"op\":\"set\",\"id\":\"x\",\"param\":\"%s\",\"value\":\"%s\"}]", row->name,
                     row->choices[k]);
            clicks_result e = measure(document, list);
            if (clicks_db(e.click) > CLICKS_DB_MAX || e.step > CLICKS_STEP_MAX) {
                printf("%s: %.1f dB, step %.2f: %s\n", m->name, clicks_db(e.click), e.step, list);
                ++*heard;
            }
            ++*count;
        }
    }
}

static void switches_are_not_heard(void **unused) {
    (void)unused;
    int heard = 0, count = 0;
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++)
        turn_switches(mega_isa_one.modules[i], &heard, &count);
    printf("%d switches of modules fed with sines: %d heard\n", count, heard);
    assert_true(heard == 0 && count > 10);
}

/// Forty notes held, and fewer voices from then on.
static void fewer_voices_keep_the_notes(void **unused) {
    (void)unused;
    static const uint32_t counts[] = {39, 20, 8, 1};
    static float x[2][CLICKS_FRAMES];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        mega_patch *before = host_read_patch(
            "{\"voices\":40,\"nodes\":{\"note\":{\"type\":\"note\"},\"s\":{\"type\":"
            "\"osc.sine\",\"params\":{\"amp\":0.02}},\"out\":{\"type\":\"output\"}},"
            "\"connections\":[{\"from\":[\"note\",\"freq\"],\"to\":[\"s\",\"freq\"]},{"
            "\"from\":[\"s\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
        mega_patch *after = mega_patch_clone(before);
        mega_patch_set_voices(after, counts[i]);
        mega_engine *e[2] = {host_open(NULL), host_open(NULL)};
        static float left_alone[2][CLICKS_FRAMES];
        for (int k = 0; k < 2; k++) {
            mega_load(e[k], before, NULL);
            for (int n = 0; n < 40; n++)
                mega_note_on(e[k], MEGA_NOW, 40 + 0.7f * (float)n, 0.8f, NULL);
            clicks_render(e[k], NULL, 0, 4800);
            if (k) clicks_rewire(e[k], after, 3);
            clicks_render(e[k], k ? x : left_alone, 0, 4800);
        }
        assert_int_equal(mega_counters_get(e[1]).voices_held, 40);
        assert_memory_equal(x, left_alone, 4800 * sizeof(float));
        // and as fewer once they have gone
        mega_all_notes_off(e[1], MEGA_NOW);
        clicks_render(e[1], NULL, 0, 9600);
        assert_int_equal(mega_counters_get(e[1]).voices_active, 0);
        size_t bytes = mega_counters_get(e[1]).memory_bytes;
        clicks_rewire(e[1], after, 3);
        clicks_render(e[1], NULL, 0, 640);
        assert_true(mega_counters_get(e[1]).memory_bytes <= bytes);
        for (int n = 0; n < 40; n++) mega_note_on(e[1], MEGA_NOW, 40 + (float)n, 0.8f, NULL);
        clicks_render(e[1], NULL, 0, 4800);
        assert_int_equal(mega_counters_get(e[1]).voices_held, counts[i]);
        for (int k = 0; k < 2; k++) mega_destroy(e[k]);
        mega_patch_destroy(before);
        mega_patch_destroy(after);
    }
}

/// The instrument itself: a step of 1 % of the programme, put in by hand, is found.
static void a_click_would_be_found(void **unused) {
    (void)unused;
    size_t bytes;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_patch *keys = host_read_patch(text), *dark = mega_patch_clone(keys);
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
        cmocka_unit_test(edits_are_not_heard),    cmocka_unit_test(edits_once_heard),
        cmocka_unit_test(switches_are_not_heard), cmocka_unit_test(fewer_voices_keep_the_notes),
        cmocka_unit_test(a_click_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
