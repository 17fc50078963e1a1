// SPDX-License-Identifier: MIT
// host -- an engine with a patch loaded, for tests that play it by hand.
#ifndef HOST_H
#define HOST_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "megasynth.h"

static inline void host_print(const mega_report *report) {
    char text[2048];
    for (size_t i = 0; i < mega_report_count(report); i++) {
        mega_diagnostic_text(mega_report_get(report, i), text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
}

static inline mega_patch *host_read_patch(const char *json) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(json, strlen(json), MEGA_FORMAT_JSON, report);
    if (!patch) host_print(report);
    assert(patch);
    mega_report_destroy(report);
    return patch;
}

static inline void host_load(mega_engine *engine, const char *json) {
    mega_patch *patch = host_read_patch(json);
    mega_report *report = mega_report_create();
    mega_status status = mega_load(engine, patch, report);
    if (status) host_print(report);
    assert(!status);
    mega_report_destroy(report);
    mega_patch_destroy(patch);
}

/// An engine at 48 kHz. @param json NULL: nothing is loaded
static inline mega_engine *host_open(const char *json) {
    mega_engine *engine = mega_create(NULL, NULL);
    assert(engine);
    if (json) host_load(engine, json);
    return engine;
}

/// Renders into the left side; `left` may be NULL.
static inline void host_render(mega_engine *engine, float *left, uint32_t frames) {
    float scratch[2][512];
    for (uint32_t done = 0; done < frames;) {
        uint32_t part = frames - done < 512 ? frames - done : 512;
        float *out[2] = {left ? left + done : scratch[0], scratch[1]};
        mega_render(engine, NULL, out, part);
        done += part;
    }
}

#endif
