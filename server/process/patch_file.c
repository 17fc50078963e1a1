// SPDX-License-Identifier: MIT
// patch_file -- `--patch FILE`, and `--watch`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/log.h"
#include "process/patch_file.h"
#include "requests/change.h"
#include "synths/synth.h"

enum { WATCH_MS = 200 };

/// @return NULL, with what is wrong first
static mega_patch *read_patch(const char *path, char *cause, size_t cause_bytes) {
    mega_format format;
    size_t bytes;
    if (!mega_format_of_file(path, &format)) {
        snprintf(cause, cause_bytes,
                 "%s: unknown file name ending; name patches *.json, *.sexp or *.msgpack", path);
        return NULL;
    }
    char *text = file_read(path, limit_file_bytes_max, &bytes, cause, cause_bytes);
    if (!text) return NULL;
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, bytes, format, report);
    free(text);
    if (patch && mega_patch_check(patch, report) != MEGA_OK) {
        mega_patch_destroy(patch);
        patch = NULL;
    }
    for (size_t i = 0; !patch && i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        if (d->severity != MEGA_SEVERITY_ERROR) continue;
        char line[512];
        mega_diagnostic_text(d, line, sizeof line);
        snprintf(cause, cause_bytes, "%.200s: %s", path, line);
        break;
    }
    mega_report_destroy(report);
    return patch;
}

bool patch_file_load(server *s, char *cause, size_t cause_bytes) {
    mega_patch *patch = read_patch(s->options->patch_file, cause, cause_bytes);
    if (!patch) return false;
    synth *first = s->synths;
    mega_status status = mega_load(first->input.engine, patch, NULL);
    mega_patch_destroy(patch);
    if (status) {
        snprintf(cause, cause_bytes, "%s: %s", s->options->patch_file, mega_status_name(status));
        return false;
    }
    json_t *names = synth_names(first);
    synth_take_names(first, names);
    json_decref(names);
    s->state_changed = true;
    return true;
}

// ---- watch ------------------------------------------------------------------------------------

/// On the builder. A file that is half written, or wrong, changes nothing; it is told.
static void reload(task *t) {
    call *c = &t->calls[0];
    char cause[768];
    mega_patch *patch = read_patch(t->server->options->patch_file, cause, sizeof cause);
    if (!patch) {
        call_fail(c, CODE_FILE, "", "%s", cause);
        return;
    }
    change_to_patch(c, patch);
    change_apply(c);
}

static void on_change(uv_fs_poll_t *poll, int status, const uv_stat_t *before,
                      const uv_stat_t *now) {
    server *s = poll->data;
    (void)before, (void)now;
    if (status < 0 || s->quitting) return; // not there, as when an editor puts another in its place
    task *t = task_own(s, "/patch/load", NULL);
    if (!t) return;
    log_line(LOG_INFO, "patch.changed", "%s", s->options->patch_file);
    t->work = reload;
    builder_submit(s->builder, t);
}

void patch_file_watch(server *s, uv_fs_poll_t *poll) {
    uv_fs_poll_init(&s->loop, poll);
    poll->data = s;
    uv_fs_poll_start(poll, on_change, s->options->patch_file, WATCH_MS);
}
