// SPDX-License-Identifier: MIT
// cli_text_test -- the two languages of `megasynth render`: --notes and scores, good and bad, and
// rehearsing them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../clients/cli/text.c"
#include "time/rehearse.h"

#include "support/host.h"

enum { RATE = 1000 };

/// A reading: events, and what was said.
typedef struct {
    mega_sequence sequence;
    mega_rehearsal facts;
    bool good;
    char *said;
    size_t said_bytes;
} reading;

static void finish(reading *r) {
    mega_sequence_finish(&r->sequence);
    free(r->said);
}

static reading notes(const char *text) {
    reading r = {.sequence.rate = RATE};
    FILE *out = open_memstream(&r.said, &r.said_bytes);
    mega_text_errors errors = {0};
    r.good = mega_notes_read(text, 0.5, &r.sequence, &errors);
    print_text_errors(out, "notes", &errors);
    fclose(out);
    mega_sequence_sort(&r.sequence);
    return r;
}

static mega_patch *voice, *echo; // what scores are for, and what they load

static int make_patches(void **state) {
    (void)state;
    voice = host_read_patch(
        "{\"knobs\": {\"cutoff\": {\"value\": 0.5}}, \"nodes\": {\"note\": {\"type\": \"note\"},"
        " \"saw\": {\"type\": \"osc.saw\"}, \"filt\": {\"type\": \"svf\"}, \"lfo\": {\"type\": "
        "\"lfo\"},"
        " \"out\": {\"type\": \"output\"}}, \"connections\": ["
        "{\"from\": [\"note\", \"freq\"], \"to\": [\"saw\", \"freq\"]},"
        "{\"from\": [\"saw\", \"out\"], \"to\": [\"filt\", \"in\"]},"
        "{\"from\": \"cutoff\", \"to\": [\"filt\", \"freq\"]},"
        "{\"from\": [\"filt\", \"low\"], \"to\": [\"out\", \"in\"]}]}");
    echo = host_read_patch(
        "{\"nodes\": {\"drone\": {\"type\": \"osc.sine\"}, \"echo\": {\"type\": \"delay\"},"
        " \"out\": {\"type\": \"output\"}}, \"connections\": ["
        "{\"from\": [\"drone\", \"out\"], \"to\": [\"echo\", \"in\"]},"
        "{\"from\": [\"echo\", \"out\"], \"to\": [\"out\", \"in\"]}]}");
    return 0;
}

static int free_patches(void **state) {
    (void)state;
    mega_patch_destroy(voice);
    mega_patch_destroy(echo);
    return 0;
}

static const mega_patch *test_open(void *context, const char *file, char why[200]) {
    (void)context;
    snprintf(why, 200, "%.100s: not there", file);
    return strcmp(file, "echo.json") == 0 ? echo : NULL;
}

static reading score(const char *text) {
    static const mega_score_files files = {NULL, test_open};
    reading r = {.sequence.rate = RATE};
    FILE *out = open_memstream(&r.said, &r.said_bytes);
    mega_text_errors errors = {0};
    r.good = mega_score_read(text, strlen(text), &files, &r.sequence, &errors);
    mega_sequence_sort(&r.sequence);
    r.good &= mega_rehearse(&r.sequence, voice, &r.facts, &errors);
    print_text_errors(out, "s", &errors);
    fclose(out);
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
        assert_true(mega_key_of(good[i].text, &end, &key));
        assert_int_equal(*end, 0);
        assert_true(key == good[i].key);
    }
    static const char *const bad[] = {"",   "H4",  "C",    "128", "-1",  "C10",   "Cb-1", "G#9",
                                      "4C", "1e1", "0x10", "nan", "C4 ", "C###4", "inf",  "+5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *end = "";
        double key;
        if (mega_key_of(bad[i], &end, &key) && !*end)
            fail_msg("`%s` was taken for %g", bad[i], key);
    }
}

static void melody(void **state) {
    (void)state;
    reading r = notes(" C4 - 64.5+G4\t- ");
    assert_true(r.good);
    assert_int_equal(r.sequence.count, 6);
    static const mega_timed_event expected[] = {{0, 0, EVENT_NOTE_ON, 0, -1, 60, 0.8f, 0, 0},
                                                {450, 1, EVENT_NOTE_OFF, 0, -1, 0, 0, 0, 0},
                                                {1000, 2, EVENT_NOTE_ON, 1, -1, 64.5f, 0.8f, 0, 0},
                                                {1000, 4, EVENT_NOTE_ON, 2, -1, 67, 0.8f, 0, 0},
                                                {1450, 3, EVENT_NOTE_OFF, 1, -1, 0, 0, 0, 0},
                                                {1450, 5, EVENT_NOTE_OFF, 2, -1, 0, 0, 0, 0}};
    for (size_t i = 0; i < 6; i++) {
        const mega_timed_event *e = &r.sequence.events[i], *x = &expected[i];
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
    reading r =
        score("[{\"at\": 1, \"note\": 60, \"length\": 0.5, \"x-color\": 1},"
              " {\"at\": 0.5, \"note\": \"C4\", \"velocity\": 0.25, \"length\": 0.5},"
              " {\"at\": 0.0004, \"knob\": \"cutoff\", \"value\": 0.75},"
              " {\"at\": 0.0006, \"param\": [\"filt\", \"res\"], \"value\": 0.5},"
              " {\"at\": 2, \"param\": [\"filt\", \"res\"], \"value\": 1, \"ramp_ms\": 500}]");
    if (!r.good) fail_msg("%s", r.said);
    const mega_timed_event *e = r.sequence.events;
    assert_int_equal(r.sequence.count, 7);
    assert_int_equal(e[0].frame, 0); // rounded to the nearest frame
    assert_int_equal(e[0].kind, EVENT_KNOB);
    assert_string_equal(r.sequence.names[e[0].target].port, "cutoff");
    assert_null(r.sequence.names[e[0].target].node);
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
    assert_int_equal(e[6].target, e[1].target); // the same name
    assert_int_equal(e[6].item, 4);
    assert_int_equal(r.sequence.name_count, 2);
    assert_int_equal(mega_sequence_end(&r.sequence), 2001);
    finish(&r);
}

static void bad_scores(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"", "s:1: error: '[' or '{' expected"},
        {"[1,\n 2", "s:2:2: error: ']' expected"},
        {"{}", "s: error: must be a list"},
        {"{\"nodes\": {}}", "...]; this is a patch"},
        {"\n\n[{\"at\": 0, \"note\": 1,\n\"knob\": \"c\"},\n3]",
         "s:5: error: [1]: must be an object"},
        {"[3]", "[0]: must be an object"},
        {"[{}]", "[0]: must have one of `note`, "},
        {"[{\"at\": 0, \"note\": 1, \"knob\": \"cutoff\"}]", "[0]: must have one of"},
        {"[{\"note\": 60}]", "[0]: `at` is missing"},
        {"[{\"at\": -1, \"note\": 60}]", "[0].at: -1 is out of range; it must be 0..86400"},
        {"[{\"at\": \"0\", \"note\": 60}]", "[0].at: must be a number"},
        {"[{\"at\": 0, \"note\": 128}]", "[0].note: 128 is out of range; it must be 0..127"},
        {"[{\"at\": 0, \"note\": \"H4\"}]", "[0].note: \"H4\" is not a note"},
        {"[{\"at\": 0, \"note\": 60, \"velocity\": 2}]",
         "[0].velocity: 2 is out of range; it must be 0..1"},
        {"[{\"at\": 0, \"note\": 60, \"lenght\": 2}]",
         "[0]: unknown key \"lenght\"; did you mean `length`?"},
        {"[{\"at\": 0, \"note\": 60, \"note\": 61}]", "duplicate"},
        {"[{\"at\": 0, \"knob\": \"cutof\", \"value\": 1}]", "[0].knob: no such knob: `cutof`"},
        {"[{\"at\": 0, \"knob\": \"x\", \"value\": 2}]",
         "[0].value: 2 is out of range; it must be 0..1\ns:1: error: [0].knob: no such knob: `x`"},
        {"[{\"at\": 0, \"knob\": 7, \"value\": 1}]", "[0].knob: must be the name of a knob"},
        {"[{\"at\": 0, \"knob\": \"cutoff\"}]", "[0]: `value` is missing"},
        {"[{\"at\": 0, \"knob\": \"cutoff\", \"value\": 1.5}]",
         "[0].value: 1.5 is out of range; it must be 0..1"},
        {"[{\"at\": 0, \"param\": \"filt.res\", \"value\": 1}]",
         "[0].param: must be [node, parameter]"},
        {"[{\"at\": 0, \"param\": [\"fil\", \"res\"], \"value\": 1}]",
         "[0].param: no such node: `fil`"},
        {"[{\"at\": 0, \"param\": [\"\", \"res\"], \"value\": 1}]",
         "[0].param: must be [node, parameter]"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"rez\"], \"value\": 1}]",
         "[0].param: no such parameter: `rez`; did you mean `res`?"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": 10}]",
         "[0].param: 10 is outside the range 0..1 of `res`"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": \"high\"}]",
         "[0].param: `res` takes a number, not \"high\""},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": \"\"}]",
         "[0].value: must be a number, or the name of a choice"},
        {"[{\"at\": 0, \"param\": [\"lfo\", \"shape\"], \"value\": \"squar\"}]",
         "[0].param: no such choice: `squar`; did you mean `square`?"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"]}]", "[0]: `value` is missing"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": true}]",
         "[0].value: must be a number"},
        {"[{\"at\": 0, \"param\": [\"filt\", \"res\"], \"value\": 1, \"ramp_ms\": -1}]",
         "[0].ramp_ms"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reading r = score(bad[i].text);
        if (r.good || !strstr(r.said, bad[i].said))
            fail_msg("%s\n  gave: %s  expected: %s", bad[i].text, r.said, bad[i].said);
        finish(&r);
    }
}

// ---- scores that rewire ------------------------------------------------------------------------

#define OPS "\"ops\": [{\"op\": \"add\", \"id\": \"trem\", \"type\": \"lfo\"}]"

static void edits_in_order(void **state) {
    (void)state;
    // a block is 64 frames, here 64 ms
    reading r = score("[{\"at\": 0.130, \"knob\": \"cutoff\", \"value\": 1},\n"
                      " {\"at\": 0.190, \"load\": \"echo.json\", \"fade_ms\": 0},\n"
                      " {\"at\": 0.180, " OPS "},\n"
                      " {\"at\": 0.192, \"param\": [\"echo\", \"time\"], \"value\": 0.5},\n"
                      " {\"at\": 0.100, \"note\": 60, \"length\": 0.028}]");
    assert_false(r.good); // the edits of the block 128..191 come before the knob at 130
    assert_string_equal(
        r.said, "s:1: error: [0].knob: no such knob: `cutoff` (in the patch at that time)\n");
    const mega_timed_event *e = r.sequence.events;
    static const mega_event_kind in_order[] = {EVENT_NOTE_ON,  EVENT_EDIT, EVENT_EDIT,
                                               EVENT_NOTE_OFF, EVENT_KNOB, EVENT_PARAM};
    static const uint64_t due[] = {100, 128, 128, 128, 130, 192};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(e[i].kind, in_order[i]);
        assert_int_equal(mega_event_due(&e[i]), due[i]);
    }
    const mega_sequence_edit *list = &r.sequence.edits[e[1].target],
                             *load = &r.sequence.edits[e[2].target];
    assert_int_equal(list->bytes, strlen(OPS) - 7);
    assert_memory_equal(list->operations, &OPS[7], list->bytes);
    assert_true(list->fade_ms == MEGA_FADE_MS_DEFAULT);
    assert_int_equal(list->line, 3);
    assert_int_equal(list->column, 23);
    assert_ptr_equal(load->patch, echo);
    assert_true(load->fade_ms == 0);
    finish(&r);
}

static void facts_of_all_patches(void **state) {
    (void)state;
    reading plain = score("[{\"at\": 0, \"note\": 60}]");
    assert_true(plain.good && plain.facts.plays_notes && plain.facts.ends_with_notes);
    assert_true(plain.facts.delay_seconds < 1);
    reading there = score("[{\"at\": 1, \"load\": \"echo.json\"}]");
    assert_true(there.good && there.facts.plays_notes && !there.facts.ends_with_notes);
    assert_true(there.facts.delay_seconds > 1); // of the delay that comes later
    // and out again: what went in is still to be waited for
    reading back = score(
        "[{\"at\": 1, \"load\": \"echo.json\"}, {\"at\": 2, \"ops\": ["
        "{\"op\": \"remove\", \"id\": \"echo\"},"
        "{\"op\": \"connect\", \"from\": [\"drone\", \"out\"], \"to\": [\"out\", \"in\"]}]}]");
    assert_true(back.good && back.facts.delay_seconds == there.facts.delay_seconds);
    finish(&plain);
    finish(&there);
    finish(&back);
}

static void names_of_their_time(void **state) {
    (void)state;
    reading r =
        score("[{\"at\": 3, \"param\": [\"trem\", \"shape\"], \"value\": \"square\"},"
              " {\"at\": 2, " OPS "}, {\"at\": 1, \"knob\": \"cutoff\", \"value\": 0.5},"
              " {\"at\": 4, \"ops\": [{\"op\": \"replace\", \"id\": \"trem\", \"type\": \"svf\"}]},"
              " {\"at\": 5, \"param\": [\"trem\", \"res\"], \"value\": 0.5}]");
    if (!r.good) fail_msg("%s", r.said);
    assert_true(r.sequence.events[2].value == 4); // square, of lfo's shapes
    finish(&r);
    r = score("[{\"at\": 1, \"param\": [\"trem\", \"freq\"], \"value\": 1}, {\"at\": 2, " OPS "},"
              " {\"at\": 3, \"param\": [\"trem\", \"res\"], \"value\": 0.5}]");
    assert_string_equal(r.said, "s:1: error: [0].param: no such node: `trem`\n"
                                "s:1: error: [2].param: no such parameter: `res`; did you mean "
                                "`freq`? (in the patch at that time)\n");
    finish(&r);
}

static void bad_edits(void **state) {
    (void)state;
    static const struct {
        const char *text, *said; // all of it; without a line end: its beginning
    } bad[] = {
        {"[{\"ops\": []}]", "s:1: error: [0]: `at` is missing\n"},
        {"[{\"at\": -0.5, \"ops\": []}]",
         "s:1: error: [0].at: -0.5 is out of range; it must be 0..86400\n"},
        {"[{\"at\": 0, \"ops\": [], \"fade\": 3}]",
         "s:1: error: [0]: unknown key \"fade\"; did you mean `fade_ms`?\n"},
        {"[{\"at\": 0, \"ops\": [], \"value\": 3}]", "s:1: error: [0]: unknown key \"value\"\n"},
        {"[{\"at\": 0, \"ops\": [], \"fade_ms\": 2001}]",
         "s:1: error: [0].fade_ms: 2001 is out of range; it must be 0..2000\n"},
        {"[{\"at\": 0, \"ops\": [], \"fade_ms\": -1}]",
         "s:1: error: [0].fade_ms: -1 is out of range; it must be 0..2000\n"},
        {"[{\"at\": 0, \"ops\": [], \"fade_ms\": \"3\"}]",
         "s:1: error: [0].fade_ms: must be a number\n"},
        {"[{\"at\": 0, \"ops\": {\"op\": \"remove\"}}]",
         "s:1: error: [0].ops: must be a list of operations, such as [{\"op\": \"remove\", \"id\": "
         "\"lfo\"}]\n"},
        {"[{\"at\": 0, \"load\": [\"echo.json\"]}]",
         "s:1: error: [0].load: must be the name of a patch file\n"},
        {"[{\"at\": 0, \"load\": \"x.json\"}]", "s:1: error: [0].load: x.json: not there\n"},
        {"[{\"at\": 0, \"load\": \"echo.json\", \"ops\": []}]",
         "s:1: error: [0]: must have one of `note`, "},
        // the engine's own, in their places
        {"[{\"at\": 0, \"ops\": [\n  {\"op\": \"add\", \"id\": \"\303\244\", \"x-\303\244\": 1, "
         "\"type\": "
         "\"lfoo\"},\n{\"op\": \"remove\", \"id\": \"lf\"}]}]",
         "s:2:38: error: [0].ops[0].type: no module is called `lfoo`; did you mean `lfo`?\n"
         "s:3:18: error: [0].ops[1].id: no node has the id `lf`; did you mean `lfo`?\n"},
        {"[1,{\"at\": 0, \"ops\": [4]}]",
         "s:1: error: [0]: must be an object, such as {\"at\": 0, \"note\": 60}\n"
         "s:1:22: error: [1].ops[0]: must be an object, not a number\n"},
        {"[{\"at\": 0, \"\\u006fps\": [4]}]",
         "s:1: error: [0].ops[0]: must be an object, not a number\n"},
        // good by itself, not what it makes
        {"[{\"at\": 0, \"ops\": [{\"op\": \"connect\", \"from\": [\"filt\", \"low\"], \"to\": "
         "[\"saw\", "
         "\"freq\"]}]}]",
         "s:1: error: [0].ops: after these, nodes.saw: cables form a cycle: saw.out -> filt.low -> "
         "saw; "},
        // what follows from an error is not told; what is wrong by itself is, and what was before
        {"[{\"at\": 1, \"ops\": [{\"op\": \"unknob\", \"id\": \"x\"}]},"
         " {\"at\": 2, \"knob\": \"y\", \"value\": 0}, {\"at\": 3, \"ops\": [{\"op\": \"zap\"}]},\n"
         " {\"at\": 0, \"knob\": \"z\", \"value\": 0}, {\"at\": 9, \"knob\": \"w\", \"value\": 2}]",
         "s:1:37: error: [0].ops[0].id: there is no knob `x`; knobs: cutoff\n"
         "s:2: error: [4].value: 2 is out of range; it must be 0..1\n"
         "s:2: error: [3].knob: no such knob: `z`\n"},
        {"[{\"at\": 1, \"ops\": 1}, {\"at\": 2, \"knob\": \"y\", \"value\": 0}]",
         "s:1: error: [0].ops: must be a list of operations, such as [{\"op\": \"remove\", \"id\": "
         "\"lfo\"}]\n"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reading r = score(bad[i].text);
        size_t bytes = strlen(bad[i].said), whole = bad[i].said[bytes - 1] == '\n';
        if (r.good || strncmp(r.said, bad[i].said, bytes + whole) != 0)
            fail_msg("%s\n  gave: %s  expected: %s", bad[i].text, r.said, bad[i].said);
        finish(&r);
    }
}

static void fades_are_waited_for(void **state) {
    (void)state;
    reading r = score(
        "[{\"at\": 1, " OPS ", \"fade_ms\": 2000}, {\"at\": 0, \"note\": 60},"
        " {\"at\": 2, \"load\": \"echo.json\"}, {\"at\": 2.5, \"ops\": [], \"fade_ms\": 500}]");
    if (!r.good) fail_msg("%s", r.said);
    assert_int_equal(mega_sequence_end(&r.sequence), 2500 / 64 * 64 + 1);
    // two seconds, perhaps twice; then the two that have waited as one
    assert_int_equal(mega_sequence_settled(&r.sequence), 1000 + 4000 + 128 + 1000 + 128);
    finish(&r);
}

static void too_many_names(void **state) {
    (void)state;
    size_t room = (SEQUENCE_NAMES_MAX + 1) * 60;
    char *text = malloc(room), *at = text;
    for (int i = 0; i <= SEQUENCE_NAMES_MAX; i++)
        at += sprintf(at, "%c{\"at\": 0, \"knob\": \"k%d\", \"value\": 0}", i ? ',' : '[', i);
    strcpy(at, "]");
    reading r = score(text);
    assert_false(r.good);
    assert_non_null(
        strstr(r.said, "[16384]: too many knobs, parameters and choices (limit 16384)"));
    finish(&r);
    free(text);
}

static void every_error_at_once(void **state) {
    (void)state;
    reading r = score(
        "[{\"at\": -1, \"note\": 200, \"velocity\": 9}, {\"at\": 1, \"note\": 60},"
        " {\"at\": -1, \"knob\": \"x\", \"value\": 2}, {\"at\": -1, \"param\": [\"a\", \"b\"]}]");
    assert_false(r.good);
    size_t lines = 0;
    for (const char *c = r.said; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, 3 + 2 + 2);
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
        cmocka_unit_test(edits_in_order),
        cmocka_unit_test(facts_of_all_patches),
        cmocka_unit_test(names_of_their_time),
        cmocka_unit_test(bad_edits),
        cmocka_unit_test(fades_are_waited_for),
        cmocka_unit_test(too_many_names),
        cmocka_unit_test(every_error_at_once),
        cmocka_unit_test(a_million_errors_are_not_printed),
    };
    return cmocka_run_group_tests(tests, make_patches, free_patches);
}
