// SPDX-License-Identifier: MIT
// loads -- the patches that a score loads, each file read once.
#include "loads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { LOADS_MAX = 1024, WHY_BYTES = 200 }; // different patches in a score

struct loaded {
    char *path;
    mega_patch *patch; // NULL: it is not good
};

/// Beside the score. @return NULL without memory
static char *path_of(const loads *l, const char *file) {
    const char *slash = strrchr(l->score, '/');
    size_t folder = *file == '/' || !slash ? 0 : (size_t)(slash + 1 - l->score);
    char *path = malloc(folder + strlen(file) + 1);
    if (!path) return NULL;
    memcpy(path, l->score, folder);
    strcpy(path + folder, file);
    return path;
}

/// A patch that would play. @return NULL with the reason, which may be that more has been said
static mega_patch *read_patch(const loads *l, const char *path, char *why) {
    mega_format format;
    snprintf(why, WHY_BYTES, "%.150s: out of memory", path);
    if (access(path, R_OK) != 0) {
        snprintf(why, WHY_BYTES, "%.120s: %.60s", path, strerror(errno));
        return NULL;
    }
    if (!mega_format_of_file(path, &format)) {
        snprintf(why, WHY_BYTES,
                 "%.120s: unknown file name ending; name patches *.json, *.sexp or *.msgpack",
                 path);
        return NULL;
    }
    mega_report *report = mega_report_create();
    if (!report) return NULL;
    mega_patch *patch = NULL;
    patch_read(path, report, &patch);
    if (patch && mega_patch_check(patch, report) != MEGA_OK) {
        mega_patch_destroy(patch);
        patch = NULL;
    }
    print_report(stderr, path, report, l->quiet);
    if (!patch) snprintf(why, WHY_BYTES, "%.150s cannot be loaded", path);
    mega_report_destroy(report);
    return patch;
}

static const mega_patch *open_file(void *context, const char *file, char *why) {
    loads *l = context;
    char *path = path_of(l, file);
    snprintf(why, WHY_BYTES, "out of memory");
    if (!path) return NULL;
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->files[i].path, path) != 0) continue;
        snprintf(why, WHY_BYTES, "%.150s cannot be loaded", path);
        free(path);
        return l->files[i].patch;
    }
    if (!l->files) l->files = calloc(LOADS_MAX, sizeof *l->files);
    if (l->count == LOADS_MAX) snprintf(why, WHY_BYTES, "too many files (limit %d)", LOADS_MAX);
    if (!l->files || l->count == LOADS_MAX) {
        free(path);
        return NULL;
    }
    struct loaded *made = &l->files[l->count++];
    *made = (struct loaded){path, read_patch(l, path, why)};
    return made->patch;
}

mega_score_files loads_of(loads *l) { return (mega_score_files){.context = l, .open = open_file}; }

void loads_finish(loads *l) {
    for (size_t i = 0; i < l->count; i++) {
        free(l->files[i].path);
        mega_patch_destroy(l->files[i].patch);
    }
    free(l->files);
}
