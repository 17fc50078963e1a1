// SPDX-License-Identifier: MIT
#include "synths/synth_calls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"

enum { TRIES = 10000 }; ///< numbers of files of one name: nothing is ever written over

void synth_calls_open(synth *s) {
    const char *folder = s->server->options->calls_folder;
    char path[4096];
    for (int i = 1; folder && i <= TRIES && !s->calls; i++) {
        snprintf(path, sizeof path, "%s/%s.%d.calls", folder, s->name, i);
        s->calls = fopen(path, "wxe");
        if (!s->calls && errno != EEXIST) break;
    }
    if (folder && !s->calls) log_line(LOG_WARNING, "calls.failed", "%s: %s", path, strerror(errno));
}

void synth_calls_write(synth *s) {
    char *text;
    size_t bytes;
    if (!s->calls || mega_calls_take_text(s->input.engine, &text, &bytes)) return;
    bool good = fwrite(text, 1, bytes, s->calls) == bytes && fflush(s->calls) == 0;
    mega_free(text);
    if (good) return;
    log_line(LOG_WARNING, "calls.failed", "%s: %s", s->name, strerror(errno));
    fclose(s->calls);
    s->calls = NULL;
}

void synth_calls_close(synth *s) {
    synth_calls_write(s);
    if (s->calls) fclose(s->calls);
    s->calls = NULL;
}
