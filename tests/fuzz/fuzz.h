// SPDX-License-Identifier: MIT
// fuzz -- what all readers are held to: whatever comes, either a patch or a report of at least one
// error; and a patch that was accepted can be written in every format and read back to the same.
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "support/patch_equal.h"

static inline void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/// What was accepted is compiled, changed to while the one before it sounds, and heard for some
/// blocks: all of it finite.
static inline void sound(const mega_patch *patch) {
    static mega_engine *engine; // the patches of all inputs, one after the other
    enum { FRAMES = 512, MEMORY_BYTES_MAX = 64 << 20 };
    float left[FRAMES], right[FRAMES];
    if (!engine) engine = mega_create(&(mega_options){.memory_bytes_max = MEMORY_BYTES_MAX}, NULL);
    bool compiles = mega_patch_check(patch, NULL) == MEGA_OK;
    mega_status status = mega_rewire(engine, patch, NULL, NULL, NULL);
    require(compiles || status, "what does not compile was loaded");
    mega_note_on(engine, MEGA_NOW, 60, 1, NULL);
    mega_render(engine, NULL, (float *const[]){left, right}, FRAMES);
    mega_all_notes_off(engine, MEGA_NOW);
    for (int t = 0; t < FRAMES; t++)
        require(left[t] - left[t] == 0 && right[t] - right[t] == 0, "not finite");
    while (mega_next_ended(engine, NULL, NULL)) {}
}

static inline int fuzz(const uint8_t *bytes, size_t count, mega_format format) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(bytes, count, format, report);
    require(!patch == (mega_report_error_count(report) > 0), "a patch with errors, or neither");
    for (size_t i = 0; i < mega_report_count(report); i++) {
        char line[256];
        size_t length = mega_diagnostic_text(mega_report_get(report, i), line, sizeof line);
        for (size_t k = 0; k < length && k < sizeof line - 1; k++)
            require((unsigned char)line[k] >= 0x20 && line[k] != 0x7F,
                    "a control character in a message");
        require(strcmp(mega_report_get(report, i)->code, "no-memory") != 0, "no memory");
    }
    const char *wrong = patch ? round_trips(patch) : NULL;
    require(!wrong, wrong);
    if (patch) sound(patch);
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
