// SPDX-License-Identifier: MIT
// formats_memory -- each allocation of reading and writing a document fails in turn, once alone and
// once with all after it: nothing leaks, nothing crashes, and the report says why there is no
// patch.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing_malloc.h"
#include "support/files.h"
#include "support/patch_equal.h"

#ifdef SANITIZED
static void every_allocation_fails(void **state) {
    (void)state;
    print_message("SKIP: sanitizers own malloc; this runs in the other builds\n");
}
#else

static const char whole[] =
    "{\"name\": \"p\", \"voices\": 3, \"x-a\": [1, {\"b\": 2.5}],"
    "\"knobs\": {\"k\": {\"value\": 0.25, \"range\": [1, 2], \"scale\": \"exp\", \"unit\": \"Hz\"},"
    " \"unused\": {\"value\": 1, \"x-k\": null}},"
    "\"nodes\": {\"a\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 220.5}, \"scope\": "
    "\"voice\"},"
    " \"g\": {\"type\": \"gain\", \"x-at\": [10, 20]}, \"out\": {\"type\": \"output\"}},"
    "\"connections\": [{\"from\": \"k\", \"to\": \"g.amp\", \"amount\": 2, \"as\": \"semitones\"},"
    " {\"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"], \"x-c\": \"text\"},"
    " {\"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"]},"
    " {\"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"]}],"
    "\"presets\": {\"soft\": {\"knobs\": {\"k\": 0.5, \"unused\": 0}, \"params\": {\"a\": "
    "{\"freq\": 3}}},"
    " \"other\": {\"doc\": \"words\", \"x-o\": 1}}}";

static bool has_code(const mega_report *report, const char *code) {
    for (size_t i = 0; i < mega_report_count(report); i++)
        if (strcmp(mega_report_get(report, i)->code, code) == 0) return true;
    return false;
}

/// One read with allocation `number` failing. @return false once there is no such allocation
static bool read_failing(const char *text, size_t bytes, mega_format format,
                         const mega_patch *patch, long number, bool and_on, bool with_report) {
    mega_report *report = with_report ? mega_report_create() : NULL;
    long before = live;
    memory_arm(number, and_on);
    mega_patch *found = mega_patch_read(text, bytes, format, report);
    armed = false;
    if (!found && patch && report) assert_true(has_code(report, "no-memory"));
    if (found) assert_true(patch && patch_equal(found, patch));
    if (report) assert_true(!found == (mega_report_error_count(report) > 0));
    mega_patch_destroy(found);
    if (report) mega_report_clear(report);
    assert_int_equal(live, before);
    mega_report_destroy(report);
    return allocations > number;
}

/// @param patch what the text means; NULL if it is wrong
static void read_every_way(const char *text, size_t bytes, mega_format format,
                           const mega_patch *patch) {
    long number = 0;
    for (int way = 0; way < 4; way++)
        for (number = 0; read_failing(text, bytes, format, patch, number, way & 1, way & 2);)
            number++;
    print_message("%ld allocations\n", number);
    assert_true(number > 80); // those of jansson and msgpack-c among them
}

static bool write_failing(const mega_patch *patch, mega_format format, long number, bool and_on) {
    char *text;
    size_t bytes;
    long before = live;
    memory_arm(number, and_on);
    mega_status status = mega_patch_write(patch, format, &text, &bytes);
    armed = false;
    assert_true(status == (text ? MEGA_OK : MEGA_ERROR_MEMORY));
    mega_free(text);
    assert_int_equal(live, before);
    return allocations > number;
}

static void every_allocation_fails(void **state) {
    (void)state;
    // the first use of a library may allocate for good
    mega_patch *patch = mega_patch_read(whole, strlen(whole), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    for (int format = MEGA_FORMAT_JSON; format <= MEGA_FORMAT_MSGPACK; format++) {
        char *text;
        size_t bytes;
        assert_int_equal(mega_patch_write(patch, (mega_format)format, &text, &bytes), MEGA_OK);
        read_every_way(text, bytes, (mega_format)format, patch);
        for (int way = 0; way < 2; way++)
            for (long n = 0; write_failing(patch, (mega_format)format, n, way); n++) {}
        mega_free(text);
    }
    mega_patch_destroy(patch);
    static const char *const broken[] = {SOURCE_DIR "/tests/corpus/many-errors.json",
                                         SOURCE_DIR "/tests/corpus/sexp-meaning.sexp",
                                         SOURCE_DIR "/tests/corpus/msgpack-meaning.msgpack"};
    for (int format = MEGA_FORMAT_JSON; format <= MEGA_FORMAT_MSGPACK; format++) {
        size_t bytes;
        char *text = read_file(broken[format], &bytes);
        assert_non_null(text);
        read_every_way(text, bytes, (mega_format)format, NULL);
        free(text);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
