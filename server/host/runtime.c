// SPDX-License-Identifier: MIT
// runtime -- the file by which clients find a server: its process, and its addresses.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include <megasynth.h>

#include "net/net.h"

static void path_of(const server *s, char *path, size_t bytes) {
    snprintf(path, bytes, "%s/%s.json", s->options->runtime_dir, s->options->name);
}

/// The process that a file names, if it lives and is not this one.
static long living_owner(const char *path) {
    char cause[128];
    size_t bytes;
    char *text = file_read(path, 65536, &bytes, cause, sizeof cause);
    json_t *map = text ? json_loadb(text, bytes, 0, NULL) : NULL;
    long pid = (long)json_integer_value(json_object_get(map, "pid"));
    json_decref(map);
    free(text);
    bool lives = pid > 0 && pid != (long)getpid() && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
    return lives ? pid : 0;
}

bool runtime_write(server *s, char *cause, size_t cause_bytes) {
    char path[400];
    path_of(s, path, sizeof path);
    long owner = living_owner(path);
    if (owner) {
        snprintf(cause, cause_bytes,
                 "a server of the name `%s` runs, process %ld; --name takes another",
                 s->options->name, owner);
        return false;
    }
    json_t *map = json_pack("{s:i, s:s, s:s, s:o}", "pid", (int)getpid(), "name", s->options->name,
                            "version", MEGA_VERSION, "urls", net_addresses(s));
    char *text = json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS);
    bool ok = text && file_replace(path, text, strlen(text), cause, cause_bytes);
    free(text);
    json_decref(map);
    return ok;
}

void runtime_remove(server *s) {
    char path[400];
    path_of(s, path, sizeof path);
    if (!living_owner(path)) unlink(path);
}
