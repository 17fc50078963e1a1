// SPDX-License-Identifier: MIT
// loop_rewire -- changing a patch with loops while it sounds, through `z1` and through `feedback`:
// loops that come, go, open and turn round do not click, those that stay go on bit for bit, and
// what is left in the end is the document.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "support/highpass.h"
#include "support/host.h"
#include "support/random.h"

/// Sines below 350 Hz and what follows here; what is above 4 kHz is a click.
#define PATCH(nodes, cables)                                                                       \
    "(patch (voices 8) (nodes (note (type \"note\")) (osc (type \"osc.sine\"))"                    \
    " (env (type \"env\") (attack 0.05) (amp 0.1)) (vca (type \"gain\")) (out (type "              \
    "\"output\")) " nodes                                                                          \
    ") (connections (note \"freq\" -> osc \"freq\") (note \"gate\" -> env \"gate\")"               \
    " (osc \"out\" -> vca \"in\") (env \"out\" -> vca \"amp\") " cables "))"
#define MIX "(m (type \"mix\") (level1 0.6))"
#define BLEND "(m (type \"mix\") (level 0.6) (level1 0.4))"
#define Z1 "(z (type \"z1\"))"
#define BLOCK "(f (type \"feedback\"))"
#define IN "(vca \"out\" -> m \"in\")"
#define HEARD "(m \"out\" -> out \"in\" (amount 0.5))"

static const char *const wirings[] = {
    PATCH("", "(vca \"out\" -> out \"in\")"),
    // one frame: closed, with something in it, open
    PATCH(MIX Z1, IN "(m \"out\" -> z \"in\") (z \"out\" -> m \"in1\")" HEARD),
    PATCH(MIX Z1 "(g (type \"gain\") (amp 0.7))",
          IN "(m \"out\" -> g \"in\") (g \"out\" -> z \"in\") (z \"out\" -> m \"in1\")" HEARD),
    PATCH(MIX Z1, IN "(m \"out\" -> z \"in\")" HEARD "(z \"out\" -> out \"in\" (amount 0.3))"),
    // two in one loop, and two loops
    PATCH(MIX Z1 "(y (type \"z1\"))",
          IN "(m \"out\" -> z \"in\") (z \"out\" -> y \"in\") (y \"out\" -> m \"in1\")" HEARD),
    PATCH(MIX Z1 "(y (type \"z1\")) (n (type \"mix\") (level1 0.5))",
          IN "(m \"out\" -> z \"in\") (z \"out\" -> m \"in1\") (m \"out\" -> n \"in\")"
             "(n \"out\" -> y \"in\") (y \"out\" -> n \"in1\")" HEARD
             "(n \"out\" -> out \"in\" (amount 0.3))"),
    // after the voices
    PATCH("(m (type \"mix\") (level1 0.6) (scope shared))" Z1,
          IN "(m \"out\" -> z \"in\") (z \"out\" -> m \"in1\")" HEARD),
    // a sine that bends itself
    PATCH(Z1, "(osc \"out\" -> z \"in\") (z \"out\" -> osc \"pm\" (amount 0.01))"
              "(vca \"out\" -> out \"in\")"),
    // one way round and the other: together a cycle without a z1
    PATCH(BLEND Z1 "(a (type \"onepole\") (freq 3000))",
          IN "(m \"out\" -> a \"in\") (a \"out\" -> z \"in\") (z \"out\" -> m \"in1\")" HEARD),
    PATCH(BLEND Z1 "(a (type \"onepole\") (freq 3000))",
          IN "(a \"out\" -> m \"in1\") (m \"out\" -> z \"in\") (z \"out\" -> a \"in\")" HEARD),
    // one block: closed, with something in it, open, beside one frame
    PATCH(MIX BLOCK, IN "(m \"out\" -> f \"in\") (f \"out\" -> m \"in1\")" HEARD),
    PATCH(MIX BLOCK "(g (type \"gain\") (amp 0.7))",
          IN "(m \"out\" -> g \"in\") (g \"out\" -> f \"in\") (f \"out\" -> m \"in1\")" HEARD),
    PATCH(MIX BLOCK, IN "(m \"out\" -> f \"in\")" HEARD "(f \"out\" -> out \"in\" (amount 0.3))"),
    PATCH(MIX BLOCK Z1,
          IN "(m \"out\" -> f \"in\") (f \"out\" -> m \"in1\") (m \"out\" -> z \"in\")"
             "(z \"out\" -> m \"in2\" (amount 0.3))" HEARD),
};
enum { WIRINGS = sizeof wirings / sizeof *wirings, SHARED = 6, BOTH = WIRINGS - 1 };

static mega_patch *read_sexp(const char *text) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_SEXP, report);
    if (!patch) host_print(report);
    assert_non_null(patch);
    mega_report_destroy(report);
    return patch;
}

static void rewire(mega_engine *e, const char *text, float fade_ms) {
    mega_patch *patch = read_sexp(text);
    mega_report *report = mega_report_create();
    mega_change how = {.rev = MEGA_REV_ANY, .fade_ms = fade_ms};
    mega_status status = mega_rewire(e, patch, &how, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
    mega_patch_destroy(patch);
}

static mega_engine *open_sexp(const char *text) {
    mega_engine *e = host_open(NULL);
    mega_patch *patch = read_sexp(text);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    mega_patch_destroy(patch);
    return e;
}

static void chord(mega_engine *e) {
    static const float keys[] = {40, 47, 52, 59, 64};
    for (int i = 0; i < 5; i++) mega_note_on(e, 0, keys[i], 1, NULL);
}

static void loops_come_and_go_without_a_click(void **unused) {
    (void)unused;
    enum { RUN_UP = 1023, FRAMES = 6000, EDITS = 300 };
    static float signal[RUN_UP + FRAMES];
    double worst = -200;
    rng r = rng_create(1);
    mega_engine *e = open_sexp(wirings[0]);
    chord(e);
    host_render(e, NULL, 24000);
    host_render(e, signal, RUN_UP);
    for (uint32_t edit = 0, from = 0, to; edit < EDITS; edit++, from = to) {
        uint32_t lead = rng_below(&r, 3000);
        to = rng_below(&r, WIRINGS);
        host_render(e, signal + RUN_UP, lead);
        rewire(e, wirings[to], MEGA_FADE_MS_DEFAULT);
        host_render(e, signal + RUN_UP + lead, FRAMES - lead);
        double programme = peak_of(signal, RUN_UP + FRAMES);
        double db = 20 * log10(highpass_peak(signal, RUN_UP + FRAMES) / programme);
        if (db > worst)
            printf("edit %u, wiring %u to %u: %.1f dB of %.2f\n", edit, from, to, db, programme);
        worst = fmax(worst, db);
        assert_true(programme > 0.02 && programme < 4);
        assert_int_equal(mega_counters_get(e).voices_held, 5);
        memmove(signal, signal + FRAMES, RUN_UP * sizeof *signal);
    }
    printf("%d edits of loops under a held chord: above 4 kHz at most %.1f dB re programme (hold "
           "-70)\n",
           EDITS, worst);
    assert_true(worst <= -70);
    mega_destroy(e);
}

static void edit(mega_engine *e, const char *list) {
    mega_report *report = mega_report_create();
    mega_status status = mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
}

/// Also after the notes: the tail of a loop goes on through edits that are not heard.
static void what_is_not_heard_changes_no_bit_of_a_loop(void **unused) {
    (void)unused;
    enum { PART = 2400 };
    static const char *const silent[] = {
        "[{\"op\":\"add\",\"id\":\"spare\",\"type\":\"z1\"},{\"op\":\"connect\",\"from\":["
        "\"spare\","
        "\"out\"],\"to\":[\"spare\",\"in\"]}]",
        "[{\"op\":\"connect\",\"from\":[\"m\",\"out\"],\"to\":[\"spare\",\"in\"]}]",
        "[{\"op\":\"rename\",\"id\":\"m\",\"to\":\"middle\"},{\"op\":\"set\",\"id\":\"middle\",\"x-"
        "pos\":[1,2]}]",
        "[{\"op\":\"voices\",\"count\":20}]",
        "[{\"op\":\"remove\",\"id\":\"spare\"}]",
        "[{\"op\":\"add\",\"id\":\"h\",\"type\":\"gain\"},{\"op\":\"connect\",\"from\":[\"vca\","
        "\"out\"],\"to\":[\"h\",\"in\"]}]",
    };
    static const int loops[] = {1, 2, SHARED, 10, 11, BOTH};
    enum { LISTS = sizeof silent / sizeof *silent };
    static float with[PART * (2 * LISTS + 2)], without[PART * (2 * LISTS + 2)];
    for (size_t w = 0; w < sizeof loops / sizeof *loops; w++) {
        for (int pass = 0; pass < 2; pass++) {
            mega_engine *e = open_sexp(wirings[loops[w]]);
            chord(e);
            float *to = pass ? with : without;
            host_render(e, to, PART);
            for (size_t i = 0; i < 2 * LISTS; i++) {
                if (i == LISTS) mega_all_notes_off(e, MEGA_NOW);
                if (pass && i < LISTS) edit(e, silent[i]);
                if (pass && i >= LISTS) assert_int_equal(mega_undo(e, 3, NULL, NULL), MEGA_OK);
                host_render(e, to += PART, PART);
            }
            mega_destroy(e);
        }
        assert_memory_equal(with, without, sizeof with);
    }
}

/// A loop that was cut off long ago, and closed again, does not begin with what it had then.
static void the_end_is_the_document(void **unused) {
    (void)unused;
    enum { FRAMES = 4800 };
    static float edited[FRAMES], fresh[FRAMES];
    rng r = rng_create(5);
    for (uint32_t last = 0; last < WIRINGS; last++) {
        mega_engine *e = open_sexp(wirings[0]), *f = open_sexp(wirings[last]);
        chord(e);
        for (int i = 0; i < 60; i++) {
            rewire(e, wirings[rng_below(&r, WIRINGS)], rng_chance(&r, 0.5f) ? 3 : 0);
            host_render(e, NULL, 1 + rng_below(&r, 400));
        }
        rewire(e, wirings[last], 3);
        mega_all_notes_off(e, MEGA_NOW);
        host_render(e, NULL, 48000);
        host_render(e, NULL, (uint32_t)(64 - mega_counters_get(e).frame % 64)); // to the grid
        assert_int_equal(mega_counters_get(e).voices_active, 0);
        mega_note_on(e, MEGA_NOW, 57, 1, NULL);
        mega_note_on(f, MEGA_NOW, 57, 1, NULL);
        host_render(e, edited, FRAMES);
        host_render(f, fresh, FRAMES);
        assert_true(peak_of(fresh, FRAMES) > 0.01);
        assert_memory_equal(edited, fresh, sizeof fresh);
        mega_destroy(e);
        mega_destroy(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_come_and_go_without_a_click),
        cmocka_unit_test(what_is_not_heard_changes_no_bit_of_a_loop),
        cmocka_unit_test(the_end_is_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
