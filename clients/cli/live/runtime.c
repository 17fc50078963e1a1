// SPDX-License-Identifier: MIT
// runtime -- finds servers by the files that they leave: NAME.json with a process and addresses.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/url.h"

void runtime_folder(char path[256]) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && *runtime) snprintf(path, 256, "%.200s/megasynth", runtime);
    else snprintf(path, 256, "/tmp/megasynth-%u", (unsigned)getuid());
}

static bool read_one(const char *folder, const char *file, runtime_server *s) {
    size_t bytes = strlen(file);
    char path[600];
    if (bytes <= 5 || bytes - 5 >= sizeof s->name || strcmp(file + bytes - 5, ".json") != 0)
        return false;
    *s = (runtime_server){0};
    memcpy(s->name, file, bytes - 5);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    json_t *map = json_load_file(path, 0, NULL), *url;
    size_t i;
    const char *version = json_string_value(json_object_get(map, "version"));
    snprintf(s->version, sizeof s->version, "%s", version ? version : "");
    s->pid = (long)json_integer_value(json_object_get(map, "pid"));
    s->lives = s->pid > 0 && (kill((pid_t)s->pid, 0) == 0 || errno == EPERM);
    json_array_foreach(json_object_get(map, "urls"), i, url) {
        static const char *const kinds[] = {"unix:", "tcp:", "udp:"};
        const char *text = json_string_value(url);
        for (int k = 0; text && k < 3; k++)
            if (strncmp(text, kinds[k], strlen(kinds[k])) == 0 && !s->urls[k][0])
                snprintf(s->urls[k], sizeof s->urls[k], "%s", text);
    }
    json_decref(map);
    return true;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const runtime_server *)a)->name, ((const runtime_server *)b)->name);
}

int runtime_list(runtime_server servers[RUNTIME_SERVERS_MAX]) {
    char folder[256];
    runtime_folder(folder);
    DIR *open = opendir(folder);
    int count = 0;
    for (struct dirent *at; open && count < RUNTIME_SERVERS_MAX && (at = readdir(open));)
        if (read_one(folder, at->d_name, &servers[count])) count++;
    if (open) closedir(open);
    qsort(servers, (size_t)count, sizeof *servers, by_name);
    return count;
}

static bool take_url(const runtime_server *s, char url[256], char cause[256]) {
    for (int k = 0; k < 3; k++) {
        if (!s->urls[k][0]) continue;
        snprintf(url, 256, "%s", s->urls[k]);
        return true;
    }
    snprintf(cause, 256, "the server `%.63s` tells no address", s->name);
    return false;
}

bool runtime_find(const char *name, char url[256], char cause[256]) {
    static runtime_server servers[RUNTIME_SERVERS_MAX];
    int count = runtime_list(servers), living = 0, passing_count = 0;
    const runtime_server *only = NULL;
    char names[160] = "";
    for (int i = 0; i < count; i++) {
        if (!servers[i].lives) continue;
        if (strcmp(servers[i].name, name ? name : "main") == 0)
            return take_url(&servers[i], url, cause);
        if (*names) strncat(names, ", ", sizeof names - strlen(names) - 1);
        strncat(names, servers[i].name, sizeof names - strlen(names) - 1);
        // One that `play` started is meant where there is no other.
        bool passing = strncmp(servers[i].name, "play-", 5) == 0;
        if (passing) passing_count++;
        else living++;
        if (!passing || living == 0) only = &servers[i];
    }
    if (!name && (living == 1 || (living == 0 && passing_count == 1)))
        return take_url(only, url, cause);
    living += passing_count;
    if (living && name) snprintf(cause, 256, "no server `%s` runs; there is: %s", name, names);
    else if (living) snprintf(cause, 256, "--name says which: %s", names);
    else if (name) snprintf(cause, 256, "no server `%s` runs", name);
    else snprintf(cause, 256, "no server runs");
    return false;
}
