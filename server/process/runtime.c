// SPDX-License-Identifier: MIT
// runtime -- the file by which clients find a server: its process, addresses and token. Who holds
// the file's lock has its name; the system gives the lock back however the process ends, so that no
// leftover and no other program with that process id stands in the way.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/runtime.h"
#include <megasynth.h>

#include "base/files.h"
#include "clients/net.h"

static int held = -1;

static void path_of(const server *s, char *path, size_t bytes) {
    snprintf(path, bytes, "%s/%s.json", s->options->runtime_dir, s->options->name);
}

bool runtime_lock(server *s, char *cause, size_t cause_bytes, bool *in_use) {
    char path[400];
    path_of(s, path, sizeof path);
    held = file_open_locked(path);
    *in_use = held < 0 && errno == EAGAIN;
    if (*in_use)
        snprintf(cause, cause_bytes, "a server named `%s` already runs; choose another --name",
                 s->options->name);
    else if (held < 0) snprintf(cause, cause_bytes, "%s: %s", path, strerror(errno));
    return held >= 0;
}

bool runtime_write(server *s, char *cause, size_t cause_bytes) {
    json_t *map =
        json_pack("{s:i, s:s, s:s, s:o, s:s}", "pid", (int)getpid(), "name", s->options->name,
                  "version", MEGA_VERSION, "urls", net_addresses(s), "token", net_token(s));
    char *text = json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS);
    size_t bytes = text ? strlen(text) : 0;
    bool ok = text && fchmod(held, 0600) == 0 && ftruncate(held, 0) == 0 &&
              pwrite(held, text, bytes, 0) == (ssize_t)bytes;
    if (!ok) snprintf(cause, cause_bytes, "cannot write the runtime file: %s", strerror(errno));
    free(text);
    json_decref(map);
    return ok;
}

void runtime_remove(server *s) {
    char path[400];
    if (held < 0) return;
    path_of(s, path, sizeof path);
    unlink(path);
    close(held);
    held = -1;
}
