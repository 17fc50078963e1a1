// SPDX-License-Identifier: MIT
// runtime -- finds servers by the files that they leave: NAME.json with a process, addresses and a
// token. A server that lives holds the lock of its file.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/url.h"

void runtime_folder(char path[256]) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && *runtime) snprintf(path, 256, "%.200s/megasynth", runtime);
    else snprintf(path, 256, "/tmp/megasynth-%u", (unsigned)getuid());
}

/// Whether somebody holds the file's lock; looks at it without taking it.
static bool is_locked(const char *path) {
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    bool locked = file >= 0 && fcntl(file, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    if (file >= 0) close(file);
    return locked;
}

/// Another user may have made a folder of that name, to be spoken to in the server's place.
static bool is_own_folder(const char *path) {
    struct stat about;
    return lstat(path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid();
}

static bool read_one(const char *folder, const char *file, runtime_server *s) {
    size_t bytes = strlen(file);
    char path[600];
    if (bytes <= 5 || bytes - 5 >= sizeof s->name || strcmp(file + bytes - 5, ".json") != 0)
        return false;
    *s = (runtime_server){0};
    memcpy(s->name, file, bytes - 5);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    s->lives = is_locked(path);
    json_t *map = json_load_file(path, 0, NULL), *url;
    size_t i;
    const char *version = json_string_value(json_object_get(map, "version"));
    snprintf(s->version, sizeof s->version, "%s", version ? version : "");
    s->pid = (long)json_integer_value(json_object_get(map, "pid"));
    const char *token = json_string_value(json_object_get(map, "token"));
    snprintf(s->token, sizeof s->token, "%s", token ? token : "");
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
    DIR *files = is_own_folder(folder) ? opendir(folder) : NULL;
    int count = 0;
    for (struct dirent *at; files && count < RUNTIME_SERVERS_MAX && (at = readdir(files));)
        if (read_one(folder, at->d_name, &servers[count])) count++;
    if (files) closedir(files);
    qsort(servers, (size_t)count, sizeof *servers, by_name);
    return count;
}

static bool take_url(const runtime_server *s, char url[256], char cause[256]) {
    for (int k = 0; k < 3; k++) {
        if (!s->urls[k][0]) continue;
        snprintf(url, 256, "%s", s->urls[k]);
        return true;
    }
    snprintf(cause, 256, "the server `%.63s` has published no address", s->name);
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
    if (living && name) snprintf(cause, 256, "no server named `%s`; running: %s", name, names);
    else if (living) snprintf(cause, 256, "several servers run; choose one with --name: %s", names);
    else
        snprintf(
            cause, 256,
            "no server%s%.63s%s runs; start one with `megasynthd`, or use `megasynth play PATCH`, "
            "which starts its own",
            name ? " named `" : "", name ? name : "", name ? "`" : "");
    return false;
}

bool runtime_token(const char *url, char token[300]) {
    static runtime_server servers[RUNTIME_SERVERS_MAX];
    int count = runtime_list(servers);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 3 && servers[i].lives; k++)
            if (servers[i].token[0] && strcmp(servers[i].urls[k], url) == 0) {
                snprintf(token, 300, "%s", servers[i].token);
                return true;
            }
    return false;
}
