// SPDX-License-Identifier: MIT
// files -- documents and states: read whole, or written so that a crash leaves the old or the new
// one.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "record/below.h"

char *file_read_open(int file, size_t bytes_max, size_t *bytes, char *cause, size_t cause_bytes) {
    struct stat about;
    char *text = NULL;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        snprintf(cause, cause_bytes, "not a file");
    } else if ((size_t)about.st_size > bytes_max) {
        snprintf(cause, cause_bytes, "longer than %zu bytes", bytes_max);
    } else if (!(text = malloc((size_t)about.st_size + 1))) {
        snprintf(cause, cause_bytes, "out of memory");
    } else {
        size_t got = 0;
        for (ssize_t some; got < (size_t)about.st_size; got += (size_t)some) {
            some = read(file, text + got, (size_t)about.st_size - got);
            if (some <= 0) break;
        }
        text[ *bytes = got] = '\0';
    }
    close(file);
    return text;
}

char *file_read(const char *path, size_t bytes_max, size_t *bytes, char *cause,
                size_t cause_bytes) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char why[128];
    char *text = NULL;
    if (file < 0) snprintf(why, sizeof why, "%s", strerror(errno));
    else text = file_read_open(file, bytes_max, bytes, why, sizeof why);
    if (!text) snprintf(cause, cause_bytes, "%s: %s", path, why);
    return text;
}

static bool write_all(int file, const char *bytes, size_t count) {
    while (count) {
        ssize_t some = write(file, bytes, count);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return false;
        bytes += some;
        count -= (size_t)some;
    }
    return true;
}

/// In a folder that is open: aside, synced, renamed, the folder synced.
static bool replace_in(int folder, const char *name, const void *bytes, size_t count) {
    char aside[300];
    if (snprintf(aside, sizeof aside, "%s.new", name) >= (int)sizeof aside) {
        errno = ENAMETOOLONG;
        return false;
    }
    int file = openat(folder, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = file >= 0 && write_all(file, bytes, count) && fsync(file) == 0;
    int error = errno;
    if (file >= 0) close(file);
    if (ok && renameat(folder, aside, folder, name) != 0) {
        ok = false;
        error = errno;
    }
    if (ok) fsync(folder);
    else if (file >= 0) unlinkat(folder, aside, 0);
    errno = error;
    return ok;
}

/// The part after the last slash; `folder` receives what is before it, "" if nothing is.
static const char *split(const char *path, char folder[1024]) {
    const char *slash = strrchr(path, '/');
    snprintf(folder, 1024, "%.*s", slash ? (int)(slash - path) : 0, path);
    return slash ? slash + 1 : path;
}

bool file_replace(const char *path, const void *bytes, size_t count, char *cause,
                  size_t cause_bytes) {
    char name[1024];
    const char *base = split(path, name);
    int folder = open(name[0]        ? name
                      : base == path ? "."
                                     : "/",
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = folder >= 0 && replace_in(folder, base, bytes, count);
    if (!ok) snprintf(cause, cause_bytes, "%s: %s", path, strerror(errno));
    if (folder >= 0) close(folder);
    return ok;
}

bool file_replace_below(const char *root, const char *path, const void *bytes, size_t count,
                        char *cause, size_t cause_bytes) {
    char name[1024];
    const char *base = split(path, name);
    if (strlen(path) >= sizeof name || !base[0] || strcmp(base, ".") == 0 ||
        strcmp(base, "..") == 0 || path[0] == '/') {
        snprintf(cause, cause_bytes, "a path below the root is wanted: no / in front, no `..`");
        return false;
    }
    int folder = name[0] ? file_open_below(root, name, O_RDONLY | O_DIRECTORY, cause, cause_bytes)
                         : open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    bool ok = replace_in(folder, base, bytes, count);
    if (!ok) snprintf(cause, cause_bytes, "%s", strerror(errno));
    close(folder);
    return ok;
}

int file_open_below(const char *root, const char *path, int flags, char *cause,
                    size_t cause_bytes) {
    int file;
    below_status status = below_open(root, path, flags, 0600, false, &file, cause, cause_bytes);
    return status == BELOW_OK ? file : -1;
}
