// SPDX-License-Identifier: MIT
// life -- a voice lives while anything in it can still sound, and no longer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "support/host.h"

#define RATE 48000

/// Nodes and cables besides the note and the output `out`.
static mega_engine *open_voice(const char *nodes, const char *cables) {
    char text[3000];
    snprintf(text, sizeof text,
             "{\"nodes\":{\"n\":{\"type\":\"note\"},\"out\":{\"type\":\"output\"},"
             "\"osc\":{\"type\":\"osc.sine\"},%s},\"connections\":[%s]}",
             nodes, cables);
    return host_open(text);
}

/// A short note. @return when its voice ended, in seconds after its gate, at most `most`
static double life_of(mega_engine *e, double most) {
    mega_note note, ended;
    uint64_t frame;
    mega_note_on(e, 0, 60, 1, &note);
    mega_note_off(e, 4800, note, 0);
    host_render(e, NULL, 4800 + (uint32_t)(most * RATE));
    bool over = mega_next_ended(e, &ended, &frame);
    mega_destroy(e);
    return over ? (double)(frame - 4800) / RATE : most;
}

#define NODE(id, type, params) "\"" id "\":{\"type\":\"" type "\",\"params\":{" params "}}"
#define CABLE(a, b, c, d) "{\"from\":[\"" a "\",\"" b "\"],\"to\":[\"" c "\",\"" d "\"]}"

/// A square LFO of 2 Hz on the level, in whatever order, in a release of 8 s.
static void gaps_are_no_ends(void **unused) {
    (void)unused;
    static const char *const lfo =
        NODE("lfo", "lfo", "\"shape\":\"square\",\"freq\":2,\"amp\":0.5,\"offset\":0.5");
    char nodes[1000];
    snprintf(nodes, sizeof nodes, "%s,%s,%s,%s", lfo, NODE("env", "env", "\"release\":8"),
             NODE("a", "gain", ""), NODE("b", "gain", ""));
    static const char *const orders[] = {
        CABLE("osc", "out", "a", "in") "," CABLE("env", "out", "a", "amp") "," CABLE(
            "a", "out", "b", "in") "," CABLE("lfo", "out", "b",
                                             "amp") "," CABLE("b", "out", "out",
                                                              "in") "," CABLE("n", "gate", "env",
                                                                              "gate"),
        CABLE("osc", "out", "a", "in") "," CABLE("lfo", "out", "a", "amp") "," CABLE(
            "a", "out", "b", "in") "," CABLE("env", "out", "b",
                                             "amp") "," CABLE("b", "out", "out",
                                                              "in") "," CABLE("n", "gate", "env",
                                                                              "gate"),
    };
    for (int i = 0; i < 2; i++) {
        mega_engine *e = open_voice(nodes, orders[i]);
        mega_note note;
        static float left[RATE];
        mega_note_on(e, 0, 60, 1, &note);
        mega_note_off(e, 4800, note, 0);
        double last = 0;
        for (int second = 0; second < 15; second++) {
            host_render(e, left, RATE);
            for (int t = 0; t < RATE; t++)
                if (fabsf(left[t]) > 1e-5f) last = second + t / (double)RATE;
        }
        printf("gaps: %.3f s\n", last);
        assert_true(last > 7.7);
        assert_int_equal(mega_counters_get(e).voices_active, 0);
        mega_destroy(e);
    }
}

/// A layer that the key's going up starts, after a while.
static void what_begins_at_key_off_sounds(void **unused) {
    (void)unused;
    mega_engine *e = open_voice(
        NODE("env", "env", "\"release\":0.01") "," NODE("a", "gain", "") "," NODE(
            "inv", "scale",
            "\"in_min\":0,\"in_max\":1,\"out_min\":1,\"out_max\":0") "," NODE("late", "env",
                                                                              "\"delay\":"
                                                                              "0.1,"
                                                                              "\"attack\":"
                                                                              "0.01,"
                                                                              "\"decay\":"
                                                                              "0.3,"
                                                                              "\"sustain\""
                                                                              ":0") "," NODE("b",
                                                                                             "gain",
                                                                                             ""),
        CABLE("osc", "out", "a", "in") "," CABLE("env", "out", "a", "amp") "," CABLE("osc", "out", "b", "in") "," CABLE(
            "late", "out", "b",
            "amp") "," CABLE("n", "gate", "env",
                             "gate") "," CABLE("n", "gate", "inv",
                                               "in") "," CABLE("inv", "out", "late",
                                                               "gate") "," CABLE("a", "out", "out",
                                                                                 "in") "," CABLE("b",
                                                                                                 "o"
                                                                                                 "u"
                                                                                                 "t",
                                                                                                 "o"
                                                                                                 "u"
                                                                                                 "t",
                                                                                                 "i"
                                                                                                 "n"));
    double life = life_of(e, 3);
    printf("a layer at key-off: %.3f s\n", life);
    assert_true(life > 0.4 && life < 1);
}

/// Where nothing can come any more the voice ends soon, whatever else is on its way.
static void nothing_is_kept_for_nothing(void **unused) {
    (void)unused;
    static const struct {
        const char *what, *nodes, *cables;
        double most;
    } cases[] = {
        {"a filter's envelope that is longer",
         NODE("env", "env", "\"release\":0.05") "," NODE("fenv", "env", "\"release\":20") "," NODE(
             "f", "svf", "\"freq\":2000") "," NODE("a", "gain", ""),
         CABLE("osc", "out", "f", "in") "," CABLE("fenv", "out", "f", "freq") "," CABLE(
             "f", "low", "a",
             "in") "," CABLE("env", "out", "a",
                             "amp") "," CABLE("a", "out", "out",
                                              "in") "," CABLE("n", "gate", "env",
                                                              "gate") "," CABLE("n", "gate", "fenv",
                                                                                "gate"),
         0.2},
        {"the same, the filter last",
         NODE("env", "env", "\"release\":0.05") "," NODE("fenv", "env", "\"release\":20") "," NODE(
             "f", "svf", "\"freq\":2000") "," NODE("a", "gain", ""),
         CABLE("osc", "out", "a", "in") "," CABLE("env", "out", "a", "amp") "," CABLE(
             "a", "out", "f",
             "in") "," CABLE("fenv", "out", "f",
                             "freq") "," CABLE("f", "low", "out",
                                               "in") "," CABLE("n", "gate", "env",
                                                               "gate") "," CABLE("n", "gate",
                                                                                 "fenv", "gate"),
         0.3},
        {"a pitch envelope that is longer, the level in the oscillator",
         NODE("env", "env", "\"release\":0.05") "," NODE("penv", "env", "\"release\":20"),
         CABLE("env", "out", "osc", "amp") "," CABLE("penv", "out", "osc", "detune") "," CABLE(
             "osc", "out", "out", "in") "," CABLE("n", "gate", "env",
                                                  "gate") "," CABLE("n", "gate", "penv", "gate"),
         0.2},
        {"sustain at zero",
         NODE("env", "env", "\"decay\":0.02,\"sustain\":0,\"release\":20") "," NODE("a", "gain",
                                                                                    ""),
         CABLE("osc", "out", "a", "in") "," CABLE("env", "out", "a", "amp") "," CABLE(
             "a", "out", "out", "in") "," CABLE("n", "gate", "env", "gate"),
         0.1},
        {"no envelope, an LFO that closes it",
         NODE("lfo", "lfo", "\"shape\":\"square\",\"freq\":2,\"amp\":0.5,\"offset\":0.5") "," NODE(
             "a", "gain", "") "," NODE("b", "gain", ""),
         CABLE("osc", "out", "a", "in") "," CABLE("lfo", "out", "a", "amp") "," CABLE(
             "a", "out", "b", "in") "," CABLE("n", "gate", "b", "amp") "," CABLE("b", "out", "out",
                                                                                 "in"),
         0.1},
        {"a slew for an envelope",
         NODE("s", "slew", "\"start\":\"zero\",\"rise\":0.01,\"fall\":0.5") "," NODE("a", "gain",
                                                                                     ""),
         CABLE("osc", "out", "a", "in") "," CABLE("s", "out", "a", "amp") "," CABLE(
             "a", "out", "out", "in") "," CABLE("n", "gate", "s", "in"),
         0.7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double life = life_of(open_voice(cases[i].nodes, cases[i].cables), 2);
        printf("%s: %.3f s (hold %g)\n", cases[i].what, life, cases[i].most);
        assert_true(life <= cases[i].most);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_no_ends),
        cmocka_unit_test(what_begins_at_key_off_sounds),
        cmocka_unit_test(nothing_is_kept_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
