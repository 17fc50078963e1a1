// SPDX-License-Identifier: MIT
// fuzz_edit -- whatever comes as an edit: either a patch, and then what undoes it gives back the
// document, what leads there leads there, and it can be written and read; or a report of at least
// one error. Run by scripts/fuzz.
#include "fuzz.h"

static const char start[] =
    "{\"voices\": 4, \"x-a\": [1], \"knobs\": {\"k\": {\"value\": 0.5, \"range\": [0, 2]}},"
    " \"nodes\": {\"a\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 220}, \"x-at\": {}},"
    "  \"g\": {\"type\": \"gain\", \"scope\": \"shared\"}, \"out\": {\"type\": \"output\"}},"
    " \"connections\": [{\"from\": [\"a\", \"out\"], \"to\": [\"g\", \"in\"], \"x-c\": null},"
    "  {\"from\": \"k\", \"to\": [\"g\", \"amp\"]}, {\"from\": [\"g\", \"out\"], \"to\": [\"out\", "
    "\"in\"]},"
    "  {\"from\": [\"g\", \"out\"], \"to\": [\"out\", \"in\"], \"amount\": 0.5}]}";

static void leads_to(const mega_patch *from, const char *edit, const mega_patch *to,
                     const char *what) {
    mega_patch *found = mega_patch_edit(from, edit, strlen(edit), MEGA_FORMAT_JSON, NULL, NULL);
    require(found && patch_equal(found, to), what);
    mega_patch_destroy(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    mega_patch *before = mega_patch_read(start, strlen(start), MEGA_FORMAT_JSON, NULL);
    mega_report *report = mega_report_create();
    // Arrays and maps of MessagePack begin with a byte that no JSON begins with.
    mega_format format = count && bytes[0] >= 0x80 ? MEGA_FORMAT_MSGPACK : MEGA_FORMAT_JSON;
    char *inverse, *list;
    mega_patch *after =
        mega_patch_edit(before, (const char *)bytes, count, format, report, &inverse);
    require(!after == (mega_report_error_count(report) > 0), "a patch with errors, or neither");
    require(!after == !inverse, "a patch without its inverse");
    for (size_t i = 0; i < mega_report_count(report); i++)
        require(strcmp(mega_report_get(report, i)->code, "no-memory") != 0, "no memory");
    if (after) {
        leads_to(after, inverse, before, "the inverse leads elsewhere");
        require(mega_patch_diff(before, after, &list) == MEGA_OK, "no diff");
        leads_to(before, list, after, "the diff leads elsewhere");
        mega_free(list);
        const char *wrong = round_trips(after);
        require(!wrong, wrong);
        sound(after);
    }
    mega_free(inverse);
    mega_patch_destroy(after);
    mega_patch_destroy(before);
    mega_report_destroy(report);
    return 0;
}
