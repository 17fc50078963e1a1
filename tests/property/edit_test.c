// SPDX-License-Identifier: MIT
// edit -- random edits: what undoes them gives back the document bit for bit, order and all; what
// leads from one document to another leads there; an edit that is wrong changes nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "document/edit.h"
#include "support/patch_equal.h"
#include "support/random_edit.h"

enum { SEQUENCES = 10000, EDITS_MAX = 6, LIST_MAX = 4 };

static struct {
    size_t sequences, edits, operations, wrong, wrong_lists, diffs, operations_of_diffs;
    size_t by_name[sizeof random_edit_names / sizeof *random_edit_names];
} done;

static mega_patch *read_text(const char *text) {
    return mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
}

static mega_patch *edit_text(const mega_patch *before, const char *text, char **inverse) {
    return mega_patch_edit(before, text, strlen(text), MEGA_FORMAT_JSON, NULL, inverse);
}

/// Applies what must be right.
static mega_patch *follow(const mega_patch *before, const char *text, char **inverse) {
    mega_report *report = mega_report_create();
    mega_patch *after =
        mega_patch_edit(before, text, strlen(text), MEGA_FORMAT_JSON, report, inverse);
    if (!after) {
        char line[600];
        for (size_t i = 0; i < mega_report_count(report); i++) {
            mega_diagnostic_text(mega_report_get(report, i), line, sizeof line);
            print_error("%s\n", line);
        }
        char *document;
        size_t bytes;
        mega_patch_write(before, MEGA_FORMAT_JSON, &document, &bytes);
        fprintf(stderr, "%s\n%s\n", document, text);
        mega_free(document);
        fail();
    }
    mega_report_destroy(report);
    return after;
}

static void expect_equal(const mega_patch *found, const mega_patch *wanted, const char *what,
                         const char *edit) {
    if (patch_equal(found, wanted)) return;
    char *a, *b;
    size_t bytes;
    mega_patch_write(found, MEGA_FORMAT_JSON, &a, &bytes);
    mega_patch_write(wanted, MEGA_FORMAT_JSON, &b, &bytes);
    fprintf(stderr, "%s\nfound:\n%s\nwanted:\n%s\nedit:\n%s\n", what, a, b, edit);
    fail();
}

static void count_names(const char *list) {
    for (size_t i = 0; i < sizeof random_edit_names / sizeof *random_edit_names; i++) {
        char word[32];
        snprintf(word, sizeof word, "\"op\": \"%s\"", random_edit_names[i]);
        for (const char *at = list; (at = strstr(at, word)); at++) done.by_name[i]++;
    }
}

/// A list of random operations, each good after the others. @param after what they lead to, one by
/// one
static char *random_list(rng *r, const mega_patch *before, mega_patch **after) {
    size_t count = 1 + rng_below(r, LIST_MAX), used = 1;
    char *list = strdup("[");
    *after = mega_patch_clone(before);
    while (count > 0) {
        char *op = random_edit(r, *after), *single = malloc(strlen(op) + 3);
        sprintf(single, "[%s]", op);
        mega_patch *next = edit_text(*after, single, NULL);
        // without nodes there is little left to edit
        if (next && next->node_count > 0) {
            list = realloc(list, used + strlen(op) + 4);
            used += (size_t)sprintf(list + used, "%s%s", used > 1 ? ", " : "", op);
            mega_patch_destroy(*after);
            *after = next;
            done.operations++;
            count--;
        } else {
            mega_patch_destroy(next);
            done.wrong++;
        }
        free(op);
        free(single);
    }
    strcpy(list + used, "]");
    return list;
}

/// A list with one operation that is wrong, wherever it stands, changes nothing and gives nothing.
static void check_wrong(rng *r, const mega_patch *before, const char *list) {
    static const char *const wrong[] = {"{\"op\": \"remove\", \"id\": \"nobody\"}",
                                        "{\"op\": \"voices\", \"count\": 0}", "7",
                                        "{\"op\": \"connect\", \"from\": \"nobody\"}"};
    const char *one = wrong[rng_below(r, 4)];
    char *text = malloc(strlen(list) + strlen(one) + 8), *inverse = text;
    bool first = rng_chance(r, 0.5f);
    if (first) sprintf(text, "[%s, %s", one, list + 1);
    else sprintf(text, "%.*s, %s]", (int)strlen(list) - 1, list, one);
    mega_patch *copy = mega_patch_clone(before);
    assert_null(edit_text(before, text, &inverse));
    assert_null(inverse);
    expect_equal(before, copy, "a wrong edit changed its patch", text);
    mega_patch_destroy(copy);
    free(text);
    done.wrong_lists++;
}

static void check_diff(const mega_patch *a, const mega_patch *b) {
    char *list;
    assert_int_equal(mega_patch_diff(a, b, &list), MEGA_OK);
    mega_patch *found = follow(a, list, NULL);
    expect_equal(found, b, "diff", list);
    for (const char *at = list; (at = strstr(at, "{ \"op\"")); at++) done.operations_of_diffs++;
    done.diffs++;
    mega_patch_destroy(found);
    mega_free(list);
}

/// Goes all the way back, then all the way on again, past each document there was.
static void check_history(mega_history *h, mega_patch *const *documents, size_t edits) {
    mega_patch *now = mega_patch_clone(documents[edits]);
    for (size_t i = 0; i < 2 * edits; i++) {
        mega_direction direction = i < edits ? MEGA_UNDO : MEGA_REDO;
        size_t place = i < edits ? edits - 1 - i : i - edits + 1;
        char *inverse, *text = strdup(mega_history_peek(h, direction));
        mega_patch *next = follow(now, text, &inverse);
        expect_equal(next, documents[place], i < edits ? "undo" : "redo", text);
        mega_history_step(h, direction, inverse);
        mega_free(inverse);
        free(text);
        mega_patch_destroy(now);
        now = next;
    }
    assert_null(mega_history_peek(h, MEGA_REDO));
    assert_int_equal(mega_history_rev(h), 3 * edits);
    mega_patch_destroy(now);
}

static void edit_sequence(uint64_t seed) {
    rng r = rng_create(seed);
    char *text = random_patch(seed, 1 + rng_below(&r, 5));
    mega_patch *documents[EDITS_MAX + 1] = {read_text(text)};
    assert_non_null(documents[0]);
    free(text);
    mega_history *h = mega_history_create();
    size_t edits = 1 + rng_below(&r, EDITS_MAX);
    for (size_t i = 0; i < edits; i++) {
        mega_patch *one_by_one;
        char *inverse, *list = random_list(&r, documents[i], &one_by_one);
        documents[i + 1] = follow(documents[i], list, &inverse);
        expect_equal(documents[i + 1], one_by_one, "a list, or its operations one by one", list);
        mega_history_push(h, inverse);
        if (rng_chance(&r, 0.2f)) check_wrong(&r, documents[i], list);
        count_names(list);
        mega_patch_destroy(one_by_one);
        mega_free(inverse);
        free(list);
    }
    check_history(h, documents, edits);
    check_diff(documents[0], documents[edits]);
    check_diff(documents[edits], documents[0]);
    for (size_t i = 0; i <= edits; i++) mega_patch_destroy(documents[i]);
    mega_history_destroy(h);
    done.sequences++;
    done.edits += edits;
}

static void undo_gives_back(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++) edit_sequence(seed);
    print_message("%zu sequences, %zu edits of %zu operations, all undone and redone; %zu wrong "
                  "operations and %zu wrong lists refused; %zu diffs of %zu operations\n",
                  done.sequences, done.edits, done.operations, done.wrong, done.wrong_lists,
                  done.diffs, done.operations_of_diffs);
    for (size_t i = 0; i < sizeof random_edit_names / sizeof *random_edit_names; i++) {
        bool seen = i > 0 && strcmp(random_edit_names[i], random_edit_names[i - 1]) == 0;
        if (!seen) print_message("  %zu %s", done.by_name[i], random_edit_names[i]);
        assert_true(done.by_name[i] > 1000);
    }
    print_message("\n");
}

/// Documents that have little to do with each other but their ids.
static void diff_leads_anywhere(void **state) {
    (void)state;
    enum { PAIRS = 1000 };
    for (uint64_t seed = 1; seed <= PAIRS; seed++) {
        char *texts[2] = {random_patch(seed, 0), random_patch(seed + 100000, 0)};
        mega_patch *a = read_text(texts[0]), *b = read_text(texts[1]);
        check_diff(a, b);
        char *inverse;
        mega_patch *after = follow(a, texts[1], &inverse); // a whole document is an edit too
        expect_equal(after, b, "whole document", texts[1]);
        mega_patch *back = follow(after, inverse, NULL);
        expect_equal(back, a, "whole document, undone", inverse);
        mega_patch_destroy(a);
        mega_patch_destroy(b);
        mega_patch_destroy(after);
        mega_patch_destroy(back);
        mega_free(inverse);
        free(texts[0]);
        free(texts[1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_gives_back),
        cmocka_unit_test(diff_leads_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
