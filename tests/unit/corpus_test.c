// SPDX-License-Identifier: MIT
// corpus -- every broken document of tests/corpus gives exactly the messages of its .expected file.
//
// MEGASYNTH_CORPUS=write writes the .expected files anew, to be read by a person before they are
// kept.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "document/patch.h"
#include "support/files.h"

static int documents, wrong;

/// The messages of a document, one a line.
static char *messages(const char *path, mega_format format) {
    size_t bytes, count = 0;
    char *text = read_file(path, &bytes);
    assert_non_null(text);
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, bytes, format, report);
    free(text);
    char *lines = calloc(1, 2048 * (mega_report_count(report) + 1));
    for (size_t i = 0; i < mega_report_count(report); i++) {
        count += mega_diagnostic_text(mega_report_get(report, i), lines + count, 2047);
        lines[count++] = '\n';
    }
    assert_true(!patch == (mega_report_error_count(report) > 0));
    assert_true(count > 0); // nothing here is right
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    return lines;
}

static void check(const char *path, const char *name) {
    mega_format format;
    char expected_path[4200];
    size_t bytes;
    if (!mega_format_of_file(name, &format)) return;
    documents++;
    char *found = messages(path, format);
    snprintf(expected_path, sizeof expected_path, "%.*s.expected", (int)(strrchr(path, '.') - path),
             path);
    if (getenv("MEGASYNTH_CORPUS")) {
        FILE *file = fopen(expected_path, "wb");
        assert_non_null(file);
        fputs(found, file);
        fclose(file);
    }
    char *expected = read_file(expected_path, &bytes);
    if (!expected || strcmp(expected, found) != 0) {
        print_error("%s:\nexpected:\n%sfound:\n%s", name, expected ? expected : "(no file)\n",
                    found);
        wrong++;
    }
    free(expected);
    free(found);
}

static void broken_documents_are_explained(void **state) {
    (void)state;
    visit_files(SOURCE_DIR "/tests/corpus", check);
    print_message("%d broken documents, %d explained otherwise than expected\n", documents, wrong);
    assert_true(documents >= 60);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(broken_documents_are_explained)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
