// SPDX-License-Identifier: MIT
// edit_memory -- each allocation of an edit and of a comparison fails in turn, once alone and once
// with all after it: nothing leaks, nothing crashes, and the report says why there is no patch.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "document/edit.h"
#include "support/failing_malloc.h"
#include "support/patch_equal.h"

#ifdef SANITIZED
static void every_allocation_fails(void **state) {
    (void)state;
    print_message("SKIP: sanitizers own malloc; this runs in the other builds\n");
}
#else

static const char before_text[] =
    "{\"name\": \"p\", \"voices\": 3, \"x-a\": [1, {\"b\": 2.5}],"
    "\"knobs\": {\"k\": {\"value\": 0.25, \"range\": [1, 2], \"scale\": \"exp\", \"unit\": \"Hz\"},"
    " \"unused\": {\"value\": 1, \"x-k\": null}},"
    "\"nodes\": {\"a\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 220.5}, \"scope\": "
    "\"shared\"},"
    " \"g\": {\"type\": \"gain\", \"x-at\": [10, 20]}, \"out\": {\"type\": \"output\"}},"
    "\"connections\": [{\"from\": \"k\", \"to\": \"g.amp\", \"amount\": 2, \"as\": \"semitones\"},"
    " {\"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"], \"x-c\": \"text\"},"
    " {\"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"]},"
    " {\"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"]}],"
    "\"presets\": {\"soft\": {\"knobs\": {\"k\": 0.5, \"unused\": 0}, \"params\": {\"a\": "
    "{\"freq\": 3}, "
    "\"g\": {\"amp\": 0.5}}}, \"other\": {\"doc\": \"words\", \"x-o\": 1}}}";

static const char every_operation[] =
    "[{\"op\": \"add\", \"id\": \"lp\", \"type\": \"svf\", \"params\": {\"freq\": 900}, \"x-p\": "
    "[1], \"at\": 0},"
    " {\"op\": \"connect\", \"from\": \"a.out\", \"to\": \"lp.in\", \"amount\": 0.5, \"x-q\": {}, "
    "\"at\": 1},"
    " {\"op\": \"disconnect\", \"from\": \"a.out\", \"to\": \"g.in\", \"nth\": 0},"
    " {\"op\": \"set\", \"id\": \"a\", \"param\": \"freq\", \"scope\": null, \"x-r\": \"s\"},"
    " {\"op\": \"set\", \"id\": \"g\", \"unset\": [\"x-at\"]},"
    " {\"op\": \"set\", \"from\": \"k\", \"to\": \"g.amp\", \"amount\": 3, \"as\": \"octaves\"},"
    " {\"op\": \"set\", \"sampleRate\": 48000, \"channels\": 2, \"unset\": [\"x-a\"], \"x-b\": 1},"
    " {\"op\": \"knob\", \"id\": \"k\", \"range\": null, \"scale\": \"lin\", \"unit\": null},"
    " {\"op\": \"knob\", \"id\": \"new\", \"value\": 1, \"range\": [1, 3], \"x-n\": 1, \"at\": 0},"
    " {\"op\": \"preset\", \"id\": \"new\", \"knobs\": {\"new\": 0.5}, \"params\": {\"lp\": "
    "{\"res\": "
    "0.5}}, \"doc\": \"d\", \"x-d\": 1, \"at\": 0},"
    " {\"op\": \"preset\", \"id\": \"soft\", \"params\": {\"g\": {\"amp\": 1}}},"
    " {\"op\": \"unpreset\", \"id\": \"other\"}, {\"op\": \"move\", \"preset\": \"new\", \"at\": "
    "1},"
    " {\"op\": \"rename\", \"preset\": \"new\", \"to\": \"newer\"},"
    " {\"op\": \"replace\", \"id\": \"lp\", \"type\": \"ladder\"},"
    " {\"op\": \"rename\", \"id\": \"lp\", \"to\": \"tone\"}, {\"op\": \"rename\", \"knob\": "
    "\"k\", \"to\": \"kk\"},"
    " {\"op\": \"move\", \"id\": \"tone\", \"at\": 2}, {\"op\": \"move\", \"knob\": \"kk\", "
    "\"at\": 0},"
    " {\"op\": \"move\", \"from\": \"kk\", \"to\": \"g.amp\", \"at\": 2},"
    " {\"op\": \"unknob\", \"id\": \"unused\"}, {\"op\": \"remove\", \"id\": \"out\"},"
    " {\"op\": \"voices\", \"count\": 9}, {\"op\": \"name\", \"name\": \"q\"}]";

static const char wrong[] = "[{\"op\": \"ad\"}, {\"op\": \"remove\", \"id\": \"gg\"}, {\"op\": "
                            "\"add\", \"id\": \"a b\", \"type\": \"gian\"},"
                            " {\"op\": \"disconnect\", \"from\": \"k\", \"to\": \"g.in\"}, "
                            "{\"op\": \"rename\", \"id\": \"a\", \"to\": \"g\"}]";

static bool has_code(const mega_report *report, const char *code) {
    for (size_t i = 0; i < mega_report_count(report); i++)
        if (strcmp(mega_report_get(report, i)->code, code) == 0) return true;
    return false;
}

/// One edit with allocation `number` failing. @param wanted NULL if the edit is wrong
/// @return false once there is no such allocation
static bool edit_failing(const mega_patch *before, const char *edit, const mega_patch *wanted,
                         long number, bool and_on) {
    mega_report *report = mega_report_create();
    long blocks = live;
    char *inverse;
    memory_arm(number, and_on);
    mega_patch *found =
        mega_patch_edit(before, edit, strlen(edit), MEGA_FORMAT_JSON, report, &inverse);
    armed = false;
    assert_true(!found == !inverse);
    assert_true(!found == (mega_report_error_count(report) > 0));
    if (!found && wanted) assert_true(has_code(report, "no-memory"));
    if (found) assert_true(wanted && patch_equal(found, wanted));
    mega_patch_destroy(found);
    mega_free(inverse);
    mega_report_clear(report);
    assert_int_equal(live, blocks);
    mega_report_destroy(report);
    return allocations > number;
}

static void fail_each(const mega_patch *before, const char *edit, const mega_patch *wanted,
                      const char *what) {
    long number = 0;
    for (int way = 0; way < 2; way++)
        for (number = 0; edit_failing(before, edit, wanted, number, way);) number++;
    print_message("%s: %ld allocations\n", what, number);
    assert_true(number > 10);
}

static bool diff_failing(const mega_patch *a, const mega_patch *b, long number, bool and_on) {
    long blocks = live;
    char *list;
    memory_arm(number, and_on);
    mega_status status = mega_patch_diff(a, b, &list);
    armed = false;
    assert_true(status == (list ? MEGA_OK : MEGA_ERROR_MEMORY));
    mega_free(list);
    assert_int_equal(live, blocks);
    return allocations > number;
}

static void every_allocation_fails(void **state) {
    (void)state;
    mega_patch *before = mega_patch_read(before_text, strlen(before_text), MEGA_FORMAT_JSON, NULL);
    char *inverse;
    mega_patch *after = mega_patch_edit(before, every_operation, strlen(every_operation),
                                        MEGA_FORMAT_JSON, NULL, &inverse);
    assert_non_null(after);
    fail_each(before, every_operation, after, "every operation");
    fail_each(after, inverse, before, "their inverse");
    fail_each(after, before_text, before, "a whole document");
    fail_each(before, wrong, NULL, "a wrong edit");
    for (int way = 0; way < 4; way++)
        for (long n = 0;
             diff_failing(way & 1 ? after : before, way & 1 ? before : after, n, way & 2);)
            n++;
    mega_free(inverse);
    mega_patch_destroy(before);
    mega_patch_destroy(after);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
