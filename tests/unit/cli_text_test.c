// SPDX-License-Identifier: MIT
// cli_text_test -- the two languages of `megasynth render`: --notes and scores, good and bad.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../clients/cli/notes.c"
#include "../../clients/cli/score.c"
#include "../../clients/cli/sequence.c"

enum { RATE = 1000 };

/// A reading: events, and what was said.
typedef struct {
    sequence sequence;
    bool good;
    char *said;
    size_t said_bytes;
} reading;

static void finish(reading *r) {
    sequence_finish(&r->sequence);
    free(r->said);
}

static reading notes(const char *text) {
    reading r = {.sequence.rate = RATE};
    FILE *out = open_memstream(&r.said, &r.said_bytes);
    text_errors errors = {.out = out, .source = "notes"};
    r.good = notes_read(text, 0.5, &r.sequence, &errors);
    fclose(out);
    sequence_sort(&r.sequence);
    return r;
}

static int32_t test_knob(void *context, const char *name, char why[200]) {
    (void)context;
    snprintf(why, 200, "no such knob: `%.40s`", name);
    return strcmp(name, "cutoff") == 0 ? 3 : -1;
}
static int32_t test_param(void *context, const char *node, const char *port, const char *choice,
                          double *value, char why[200]) {
    (void)context;
    (void)choice;
    snprintf(why, 200, "no such node: `%.40s`", node);
    if (value && *value > 9) {
        snprintf(why, 200, "too much");
        return -1;
    }
    return strcmp(node, "filt") == 0 && strcmp(port, "res") == 0 ? 5 : -1;
}

static reading score(const char *text) {
    static const score_names names = {NULL, test_knob, test_param};
    reading r = {.sequence.rate = RATE};
    FILE *out = open_memstream(&r.said, &r.said_bytes);
    text_errors errors = {.out = out, .source = "s"};
    r.good = score_read(text, strlen(text), &names, &r.sequence, &errors);
    fclose(out);
    sequence_sort(&r.sequence);
    return r;
}

// ---- notes ------------------------------------------------------------------------------------

static void keys(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double key;
    } good[] = {{"C4", 60},   {"c4", 60},     {"A4", 69},   {"C#4", 61}, {"Db4", 61},
                {"Bb3", 58},  {"b3", 59},     {"bb3", 58},  {"C-1", 0},  {"G9", 127},
                {"60", 60},   {"61.5", 61.5}, {"Cb4", 59},  {"B#3", 60}, {"F##2", 43},
                {"Ebb4", 62}, {"0", 0},       {"127", 127}, {"60.", 60}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *end;
        double key = -1;
        assert_true(key_of(good[i].text, &end, &key));
        assert_int_equal(*end, 0);
        assert_true(key == good[i].key);
    }
    static const char *const bad[] = {"",   "H4",  "C",    "128", "-1",  "C10",   "Cb-1", "G#9",
                                      "4C", "1e1", "0x10", "nan", "C4 ", "C###4", "inf",  "+5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *end = "";
        double key;
        if (key_of(bad[i], &end, &key) && !*end) fail_msg("`%s` was taken for %g", bad[i], key);
    }
}

static void melody(void **state) {
    (void)state;
    reading r = notes(" C4 - 64.5+G4\t- ");
    assert_true(r.good);
    assert_int_equal(r.sequence.count, 6);
    static const event expected[] = {
        {0, 0, EVENT_NOTE_ON, 0, 60, 0.8f},       {450, 1, EVENT_NOTE_OFF, 0, 0, 0},
        {1000, 2, EVENT_NOTE_ON, 1, 64.5f, 0.8f}, {1000, 4, EVENT_NOTE_ON, 2, 67, 0.8f},
        {1450, 3, EVENT_NOTE_OFF, 1, 0, 0},       {1450, 5, EVENT_NOTE_OFF, 2, 0, 0}};
    for (size_t i = 0; i < 6; i++) {
        const event *e = &r.sequence.events[i], *x = &expected[i];
        assert_int_equal(e->frame, x->frame);
        assert_int_equal(e->order, x->order);
        assert_int_equal(e->kind, x->kind);
        assert_int_equal(e->target, x->target);
        assert_true(e->value == x->value && e->detail == x->detail);
    }
    finish(&r);
}

static void bad_notes(void **state) {
    (void)state;
    static const char *const bad[] = {"",      "   ",   "C4 H4", "C4+", "+C4",       "C4++E4",
                                      "C4-E4", "C4/E4", "--",    "-C4", "C4 \33[2J", "C4+-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reading r = notes(bad[i]);
        if (r.good) fail_msg("`%s` was taken", bad[i]);
        assert_true(r.said_bytes > 0);
        assert_null(strchr(r.said, '\33'));
        finish(&r);
    }
    reading r = notes("X Y");
    assert_non_null(strstr(r.said, "`X` (beat 1)"));
    assert_non_null(strstr(r.said, "`Y` (beat 2)")); // all of them, not the first
    finish(&r);
}

// ---- scores -----------------------------------------------------------------------------------

static void good_score(void **state) {
    (void)state;
    reading r = score("[{\"at\": 1, \"note\": 60, \"length\": 0.5, \"x-color\": 1},"
                      " {\"at\": 0.5, \"note\": \"C4\", \"velocity\": 0.25, \"length\": 0.5},"
                      " {\"at\": 0.0004, \"knob\": \"cutoff\", \"value\": 0.75},"
                      " {\"at\": 0.0006, \"param\": [\"filt\", \"res\"], \"value\": 0.5},"
                      " {\"at\": 2, \"param\": [\"filt\", \"res\"], \"value\": 1, \"ramp\": 0.5}]");
    if (!r.good) fail_msg("%s", r.said);
    const event *e = r.sequence.events;
    assert_int_equal(r.sequence.count, 7);
    assert_int_equal(e[0].frame, 0); // rounded to the nearest frame
    assert_int_equal(e[0].kind, EVENT_KNOB);
    assert_int_equal(e[0].target, 3);
    assert_int_equal(e[1].frame, 1);
    assert_int_equal(e[1].kind, EVENT_PARAM);
    assert_true(e[1].detail < 0); // no ramp: as the module's row says
    assert_int_equal(e[2].frame, 500);
    assert_true(e[2].detail == 0.25f);
    assert_int_equal(e[3].kind, EVENT_NOTE_OFF); // at one frame releases come first
    assert_int_equal(e[3].frame, 1000);
    assert_int_equal(e[4].kind, EVENT_NOTE_ON);
    assert_true(e[4].detail == 0.8f);
    assert_int_equal(e[6].frame, 2000);
    assert_true(e[6].detail == 0.5f);
    assert_int_equal(sequence_end(&r.sequence), 2001);
    finish(&r);
}

static void bad_scores(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"", "s: error: line 1, column 0"},
        {"[1, 2", "line 1, column"},
        {"{}", "must be a list"},
        {"[3]", "[0]: must be an object"},
        {"[{}]", "[0]: must have one of `note`, `knob` and `param`"},
        {"[{\"at\": 0, \"note\": 1, \"knob\": \"cutoff\"}]", "[0]: must have one of"},
        {"[{\"note\": 60}]", "[0]: `at` is missing"},
        {"[{\"at\": -1, \"note\": 60}]", "[0].at: -1 is not within 0..86400"},
        {"[{\"at\": \"0\", \"note\": 60}]", "[0].at: must be a number"},
        {"[{\"at\": 0, \"note\": 128}]", "[0].note: 128 is not within 0..127"},
        {"[{\"at\": 0, \"note\": \"H4\"}]", "[0].note: \"H4\" is no note"},
        {"[{\"at\": 0, \"note\": 60, \"velocity\": 2}]", "[0].velocity: 2 is not within 0..1"},
        {"[{\"at\": 0, \"note\": 60, \"lenght\": 2}]",
         "[0]: unknown key \"lenght\"; did you mean `length`?"},
        {"[{\"at\": 0, \"note\": 60, \"note\": 61}]", "duplicate"},
        {"[{\"at\": 0, \"knob\": \"cutof\", \"value\": 1}]", "[0].knob: no such knob: `cutof`"},
        {"[{\"at\": 0, \"knob\": 7, \"value\": 1}]", "[0].knob: must be the name of a knob"},
        {"[{\"at\": 0, \"knob\": \"cutoff\"}]", "[0]: `value` is missing"},
        {"[{\"at\": 0, \"knob\": \"cutoff\", \"value\": 1.5}]",
         "[0].value: 1.5 is not within 0..1"},
        {"[{\"at\": 0, \"param\": \"filt.res\", \"value\": 1}]",
         "[0].param: must be [node, parameter]"},
        {"[{\"at\": 0, \"param\": [\"fil\", \"res\"], \"value\": 1}]",
         "[0].param: no such node: `fil`"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": 10}]", "[0].param: too much"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"]}]", "[0]: `value` is missing"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": true}]",
         "[0].value: must be a number"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": 1, \"ramp\": -1}]", "[0].ramp"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reading r = score(bad[i].text);
        if (r.good || !strstr(r.said, bad[i].said))
            fail_msg("%s\n  gave: %s  expected: %s", bad[i].text, r.said, bad[i].said);
        finish(&r);
    }
}

static void every_error_at_once(void **state) {
    (void)state;
    reading r = score(
        "[{\"at\": -1, \"note\": 200, \"velocity\": 9}, {\"at\": 1, \"note\": 60},"
        " {\"at\": -1, \"knob\": \"x\", \"value\": 2}, {\"at\": -1, \"param\": [\"a\", \"b\"]}]");
    assert_false(r.good);
    size_t lines = 0;
    for (const char *c = r.said; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 3 + 3 + 3);
    finish(&r);
}

static void a_million_errors_are_not_printed(void **state) {
    (void)state;
    char *text = malloc(400000), *at = text;
    *at++ = '[';
    for (int i = 0; i < 100000; i++) at += sprintf(at, "%s1", i ? "," : "");
    strcpy(at, "]");
    reading r = score(text);
    assert_false(r.good);
    assert_true(r.said_bytes < 20000);
    assert_non_null(strstr(r.said, "not shown"));
    finish(&r);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(melody),
        cmocka_unit_test(bad_notes),
        cmocka_unit_test(good_score),
        cmocka_unit_test(bad_scores),
        cmocka_unit_test(every_error_at_once),
        cmocka_unit_test(a_million_errors_are_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
