// SPDX-License-Identifier: MIT
// edit_lists -- edits that are wrong give exactly the messages of tests/edits/bad.txt; and the
// cases that random edits do not meet: formats, limits, the history.
//
// bad.txt holds an edit a line, what it says below it, and an empty line. MEGASYNTH_CORPUS=write
// writes it anew, to be read by a person before it is kept.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "document/edit.h"
#include "document/formats/formats.h"
#include "support/files.h"
#include "support/patch_equal.h"

static const char start[] =
    "{\"voices\": 4, \"knobs\": {\"k\": {\"value\": 0.5, \"range\": [0, 2]}},"
    " \"nodes\": {\"a\": {\"type\": \"osc.sine\"}, \"g\": {\"type\": \"gain\"},"
    "  \"out\": {\"type\": \"output\"}},"
    " \"connections\": [{\"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"]},"
    "  {\"from\": \"k\", \"to\": [\"g\", \"amp\"]},"
    "  {\"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"]},"
    "  {\"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"], \"amount\": 0.5}]}";

static mega_patch *read_text(const char *text) {
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    return patch;
}

static mega_patch *edit_text(const mega_patch *before, const char *text, char **inverse) {
    return mega_patch_edit(before, text, strlen(text), MEGA_FORMAT_JSON, NULL, inverse);
}

// ---- what is wrong -----------------------------------------------------------------------------

/// What is said of an edit, a message a line; "" if it is right.
static char *messages(const mega_patch *before, const char *edit) {
    mega_report *report = mega_report_create();
    mega_patch *after = mega_patch_edit(before, edit, strlen(edit), MEGA_FORMAT_JSON, report, NULL);
    char *lines = calloc(1, 2048 * (mega_report_count(report) + 1));
    size_t used = 0;
    for (size_t i = 0; i < mega_report_count(report); i++) {
        used += mega_diagnostic_text(mega_report_get(report, i), lines + used, 2047);
        lines[used++] = '\n';
    }
    assert_true(!after == (mega_report_error_count(report) > 0));
    mega_patch_destroy(after);
    mega_report_destroy(report);
    return lines;
}

static void wrong_edits_are_explained(void **state) {
    (void)state;
    static const char path[] = SOURCE_DIR "/tests/edits/bad.txt";
    size_t bytes = 0, all_bytes = 0, count = 0;
    mega_patch *before = read_text(start);
    char *expected = read_file(path, &bytes), *all = NULL;
    assert_non_null(expected);
    FILE *found = open_memstream(&all, &all_bytes);
    bool is_edit = true;
    char *copy = strdup(expected);
    for (char *line = copy, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        if (is_edit) {
            char *said = messages(before, line);
            fprintf(found, "%s\n%s\n", line, said);
            assert_true(*said);
            free(said);
            count++;
        }
        is_edit = *line == 0;
    }
    fclose(found);
    if (getenv("MEGASYNTH_CORPUS")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(all, file);
        fclose(file);
    } else if (strcmp(all, expected) != 0) {
        fprintf(stderr, "found:\n%s", all);
        fail();
    }
    print_message("%zu wrong edits\n", count);
    assert_true(count >= 30);
    free(copy);
    free(all);
    free(expected);
    mega_patch_destroy(before);
}

// ---- what is right -----------------------------------------------------------------------------

/// The seeds of the fuzzer.
static void good_edits_are_taken(void **state) {
    (void)state;
    size_t bytes = 0, count = 0;
    mega_patch *before = read_text(start);
    char *text = read_file(SOURCE_DIR "/tests/edits/good.txt", &bytes);
    assert_non_null(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), count++) {
        char *said = messages(before, line);
        assert_null(strstr(said, "error"));
        free(said);
    }
    assert_true(count >= 8);
    free(text);
    mega_patch_destroy(before);
}

static void undone_in_place(void **state) {
    (void)state;
    mega_patch *before = read_text(start);
    char *inverse;
    mega_patch *after = edit_text(before, "[{\"op\": \"remove\", \"id\": \"g\"}]", &inverse);
    assert_int_equal(after->cable_count, 0);
    assert_string_equal(
        inverse,
        "[\n"
        "  { \"op\": \"add\", \"id\": \"g\", \"type\": \"gain\", \"at\": 1 },\n"
        "  { \"op\": \"connect\", \"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"], \"at\": 0 "
        "},\n"
        "  { \"op\": \"connect\", \"from\": \"k\", \"to\": [\"g\", \"amp\"], \"at\": 1 },\n"
        "  { \"op\": \"connect\", \"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"], \"at\": 2 "
        "},\n"
        "  { \"op\": \"connect\", \"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"], "
        "\"amount\": 0.5, "
        "\"at\": 3 }\n"
        "]\n");
    mega_free(inverse);
    mega_patch_destroy(after);
    mega_patch_destroy(before);
}

static void diff_says_no_more_than_differs(void **state) {
    (void)state;
    static const char *const edits[] = {
        "[\n  { \"op\": \"set\", \"id\": \"a\", \"param\": \"freq\", \"value\": 300 }\n]\n",
        "[\n  { \"op\": \"set\", \"id\": \"a\", \"scope\": \"shared\", \"x-at\": [1, 2] }\n]\n",
        "[\n  { \"op\": \"replace\", \"id\": \"g\", \"type\": \"clip\", \"params\": {} }\n]\n",
        "[\n  { \"op\": \"move\", \"id\": \"out\", \"at\": 0 }\n]\n",
        "[\n  { \"op\": \"unknob\", \"id\": \"k\" }\n]\n",
        "[\n  { \"op\": \"knob\", \"id\": \"k\", \"range\": null, \"unit\": \"Hz\" }\n]\n",
        "[\n  { \"op\": \"move\", \"from\": \"k\", \"to\": [\"g\", \"amp\"], \"at\": 3 }\n]\n",
        "[\n  { \"op\": \"disconnect\", \"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"], "
        "\"nth\": 0 }\n]\n",
        "[\n  { \"op\": \"set\", \"from\": \"k\", \"to\": [\"g\", \"amp\"], \"amount\": 2 }\n]\n",
        "[\n  { \"op\": \"connect\", \"from\": [\"a\", \"out\"], \"to\": [\"out\", \"in\"], "
        "\"at\": 1 "
        "}\n]\n",
        "[]\n",
    };
    mega_patch *before = read_text(start);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char *list;
        mega_patch *after = edit_text(before, edits[i], NULL);
        assert_non_null(after);
        assert_int_equal(mega_patch_diff(before, after, &list), MEGA_OK);
        assert_string_equal(list, edits[i]);
        mega_patch_destroy(after);
        mega_free(list);
    }
    mega_patch_destroy(before);
}

static void every_format(void **state) {
    (void)state;
    mega_patch *before = read_text(start);
    // [{"op": "voices", "count": 9}]
    static const char packed[] = "\x91\x82\xa2op\xa6voices\xa5"
                                 "count\x09";
    mega_patch *after =
        mega_patch_edit(before, packed, sizeof packed - 1, MEGA_FORMAT_MSGPACK, NULL, NULL);
    assert_int_equal(mega_patch_voices(after), 9);
    mega_patch_destroy(after);
    for (int format = MEGA_FORMAT_JSON; format <= MEGA_FORMAT_MSGPACK; format++) {
        char *text, *inverse;
        size_t bytes;
        assert_int_equal(mega_patch_write(before, (mega_format)format, &text, &bytes), MEGA_OK);
        after = mega_patch_edit(before, text, bytes, (mega_format)format, NULL, &inverse);
        assert_true(patch_equal(before, after));
        assert_string_equal(inverse, "[]\n");
        mega_patch_destroy(after);
        mega_free(text);
        mega_free(inverse);
    }
    mega_patch_destroy(before);
}

// ---- limits ------------------------------------------------------------------------------------

/// `first`, `item` so many times with commas between, `last`.
static char *repeat(const char *first, const char *item, size_t count, const char *last) {
    char *text = malloc(strlen(first) + count * (strlen(item) + 1) + strlen(last) + 1), *to = text;
    to = stpcpy(to, first);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) *to++ = ',';
        to = stpcpy(to, item);
    }
    strcpy(to, last);
    return text;
}

static void expect_limit(const mega_patch *before, char *edit, const char *wanted) {
    char *said = messages(before, edit);
    print_message("%s", said);
    if (!wanted) assert_string_equal(said, "");
    else assert_non_null(strstr(said, wanted));
    free(said);
    free(edit);
}

static char *nested(const char *first, size_t depth, const char *last) {
    char *text = malloc(strlen(first) + 2 * depth + strlen(last) + 1), *to = stpcpy(text, first);
    for (size_t i = 0; i < 2 * depth; i++) *to++ = i < depth ? '[' : ']';
    strcpy(to, last);
    return text;
}

static void limits_are_named(void **state) {
    (void)state;
    mega_patch *before = read_text(start);
    const char *op = "{\"op\": \"voices\", \"count\": 3}";
    expect_limit(before, repeat("[", op, MEGA_OPERATIONS_MAX, "]"), NULL);
    expect_limit(before, repeat("[", op, MEGA_OPERATIONS_MAX + 1, "]"), "at most 65536");
    op = "{\"op\": \"connect\", \"from\": \"k\", \"to\": \"a.amp\", \"at\": 0}";
    expect_limit(before, repeat("[", op, MEGA_CABLES_MAX + 1, "]"), "more than 16384 connections");
    expect_limit(before, repeat("[{\"op\": \"set\", \"x-a\": [", "1", MEGA_WORDS_VALUES_MAX, "]}]"),
                 "at most 4194304 and 262144");
    // a document's own keys may be as deep in an edit as in a document, and no deeper
    expect_limit(before, nested("[{\"op\": \"set\", \"x-a\": ", 31, "}]"), NULL);
    expect_limit(before, nested("[{\"op\": \"set\", \"x-a\": ", 32, "}]"), "nested deeper than");
    expect_limit(before, nested("[{\"op\": \"set\", \"id\": \"a\", \"x-a\": ", 29, "}]"), NULL);
    expect_limit(before, nested("[{\"op\": \"set\", \"id\": \"a\", \"x-a\": ", 30, "}]"),
                 "nested deeper than 32");
    expect_limit(before, nested("{\"nodes\": {}, \"x-a\": ", 32, "}"), "nested deeper than 32");
    mega_patch_destroy(before);
}

/// What undoes an edit is an edit, even where its list would be longer than a list may be.
static void undone_as_a_whole(void **state) {
    (void)state;
    mega_patch *before = read_text(start);
    char *cables = repeat(
        "[", "{\"op\": \"connect\", \"from\": \"k\", \"to\": \"a.amp\", \"at\": 0}", 16000, "]");
    mega_patch *full = edit_text(before, cables, NULL);
    char *list = repeat("[{\"op\": \"unknob\", \"id\": \"k\"},",
                        "{\"op\": \"voices\", \"count\": 3}", MEGA_OPERATIONS_MAX - 1, "]"),
         *inverse;
    mega_patch *after = edit_text(full, list, &inverse);
    assert_non_null(after);
    assert_int_equal(*inverse, '{');
    mega_patch *back = edit_text(after, inverse, NULL);
    assert_true(back && patch_equal(back, full));
    mega_patch_destroy(before);
    mega_patch_destroy(full);
    mega_patch_destroy(after);
    mega_patch_destroy(back);
    mega_free(inverse);
    free(cables);
    free(list);
}

// ---- history -----------------------------------------------------------------------------------

static void history_is_bounded(void **state) {
    (void)state;
    mega_history *h = mega_history_create();
    mega_report *report = mega_report_create();
    assert_null(mega_history_peek(h, MEGA_UNDO));
    for (int i = 0; i < 2 * MEGA_HISTORY_EDITS_MAX; i++) mega_history_push(h, "[0]");
    assert_int_equal(mega_history_count(h, MEGA_UNDO), MEGA_HISTORY_EDITS_MAX);
    assert_int_equal(mega_history_bytes(h), 4 * MEGA_HISTORY_EDITS_MAX);
    char *large = calloc(1, MEGA_HISTORY_BYTES_MAX / 4);
    memset(large, 'x', MEGA_HISTORY_BYTES_MAX / 4 - 1);
    for (int i = 0; i < 10; i++) {
        mega_history_push(h, large);
        assert_true(mega_history_bytes(h) <= MEGA_HISTORY_BYTES_MAX);
    }
    assert_int_equal(mega_history_count(h, MEGA_UNDO), 4);
    assert_int_equal(mega_history_rev(h), 2 * MEGA_HISTORY_EDITS_MAX + 10);

    mega_history_step(h, MEGA_UNDO, "[1]");
    mega_history_step(h, MEGA_UNDO, "[2]");
    assert_string_equal(mega_history_peek(h, MEGA_REDO), "[2]");
    mega_history_step(h, MEGA_REDO, "[3]");
    assert_string_equal(mega_history_peek(h, MEGA_REDO), "[1]");
    assert_string_equal(mega_history_peek(h, MEGA_UNDO), "[3]");
    mega_history_push(h, "[4]"); // what had been undone is gone
    assert_null(mega_history_peek(h, MEGA_REDO));
    assert_int_equal(mega_history_count(h, MEGA_UNDO), 4);

    uint64_t rev = mega_history_rev(h);
    assert_true(mega_history_current(h, rev, report));
    assert_false(mega_history_current(h, rev - 1, report));
    assert_string_equal(mega_report_get(report, 0)->code, "conflict");
    size_t steps = mega_history_count(h, MEGA_UNDO);
    mega_history_push(h, "[]\n"); // changes nothing: no step, but a number
    assert_int_equal(mega_history_count(h, MEGA_UNDO), steps);
    mega_history_push(h, NULL); // nothing leads back past it
    assert_null(mega_history_peek(h, MEGA_UNDO));
    assert_int_equal(mega_history_bytes(h), 0);
    assert_int_equal(mega_history_rev(h), rev + 2);
    free(large);
    mega_report_destroy(report);
    mega_history_destroy(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_edits_are_explained),
        cmocka_unit_test(good_edits_are_taken),
        cmocka_unit_test(undone_in_place),
        cmocka_unit_test(diff_says_no_more_than_differs),
        cmocka_unit_test(every_format),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(undone_as_a_whole),
        cmocka_unit_test(history_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
