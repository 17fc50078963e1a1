// SPDX-License-Identifier: MIT
// files -- documents and states: read whole, or written so that a crash leaves the old or the new
// one.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host.h"

#ifdef __linux__
#include <linux/openat2.h>
#endif

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

static void sync_folder(const char *path) {
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == folder) slash++;
    if (slash) *slash = '\0';
    int file = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    fsync(file);
    close(file);
}

bool file_replace(const char *path, const void *bytes, size_t count, char *cause,
                  size_t cause_bytes) {
    char aside[1024];
    if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside) {
        snprintf(cause, cause_bytes, "%.60s...: too long a path", path);
        return false;
    }
    int file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = file >= 0 && write_all(file, bytes, count) && fsync(file) == 0;
    int error = errno;
    if (file >= 0 && close(file) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && rename(aside, path) != 0) {
        ok = false;
        error = errno;
    }
    if (!ok) {
        if (file >= 0) unlink(aside);
        snprintf(cause, cause_bytes, "%s: %s", path, strerror(error));
        return false;
    }
    sync_folder(path);
    return true;
}

/// Component by component, where the system cannot do it at once.
static int open_step_by_step(int folder, char *path, int flags) {
    int at = dup(folder);
    for (char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        *slash = '\0';
        int next =
            *path ? openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : dup(at);
        close(at);
        at = next;
    }
    int file = at < 0 ? -1 : openat(at, path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (at >= 0) close(at);
    return file;
}

int file_open_below(const char *root, const char *path, int flags, char *cause,
                    size_t cause_bytes) {
    char copy[1024];
    bool climbs = strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 || strstr(path, "/../") ||
                  (strlen(path) >= 3 && strcmp(path + strlen(path) - 3, "/..") == 0);
    if (path[0] == '/' || path[0] == '\0' || climbs || strlen(path) >= sizeof copy) {
        snprintf(cause, cause_bytes, "a path below the root is wanted: no / in front, no `..`");
        return -1;
    }
    int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), file = -1;
    strcpy(copy, path);
    if (folder >= 0) {
#ifdef SYS_openat2
        struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                               .mode = flags & O_CREAT ? 0600 : 0,
                               .resolve =
                                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
        file = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (file < 0 && errno == ENOSYS) file = open_step_by_step(folder, copy, flags);
#else
        file = open_step_by_step(folder, copy, flags);
#endif
    }
    if (file < 0)
        snprintf(cause, cause_bytes, "%s",
                 errno == ELOOP ? "through a symbolic link" : strerror(errno));
    if (folder >= 0) close(folder);
    return file;
}
