// SPDX-License-Identifier: MIT
// below -- see below.h.
#include "below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

// @return the problem, or NULL
static const char *bad(const char *path) {
    if (!*path) return "is empty";
    if (strlen(path) >= BELOW_PATH_BYTES_MAX) return "is too long";
    if (*path == '/') return "is absolute: name it from the root on";
    for (const char *part = path;; part++) {
        size_t bytes = strcspn(part, "/");
        if (bytes == 0) return "has an empty part";
        if (strncmp(part, "..", bytes) == 0 && bytes <= 2) return "has a part `.` or `..`";
        part += bytes;
        if (!*part) return NULL;
    }
}

static below_status fail(const char *path, char *cause, size_t bytes) {
    int error = errno;
    if (error == EEXIST) {
        snprintf(cause, bytes, "`%.100s` is there already", path);
        return BELOW_EXISTS;
    }
    bool link = error == ELOOP || error == EMLINK;
    snprintf(cause, bytes, "`%.100s`: %s", path,
             link ? "goes through a symbolic link" : strerror(error));
    return BELOW_FAILED;
}

// Steps from a folder into one of its own. @return its descriptor, or -1; the old one is closed
static int step(int folder, const char *name, bool make) {
    if (make && mkdirat(folder, name, 0777) != 0 && errno != EEXIST) {
        close(folder);
        return -1;
    }
    int next = openat(folder, name, FOLDER | O_NOFOLLOW);
    int error = errno;
    struct stat info; // for a link the error is ENOTDIR: say what it is
    if (next < 0 && fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
        error = ELOOP;
    close(folder);
    errno = error;
    return next;
}

// O_NONBLOCK is nothing to a file, and keeps a pipe from holding us up.
#define ALWAYS (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

below_status below_open(const char *root, const char *path, int flags, unsigned mode,
                        bool make_folders, int *file, char *cause, size_t cause_bytes) {
    const char *problem = bad(path);
    if (problem) {
        snprintf(cause, cause_bytes, "the path `%.100s` %s", path, problem);
        return BELOW_BAD_PATH;
    }
    char copy[BELOW_PATH_BYTES_MAX];
    strcpy(copy, path);
    int folder = open(root, FOLDER);
    if (folder < 0) return fail(root, cause, cause_bytes);
    char *part = copy;
    for (char *slash; (slash = strchr(part, '/')); part = slash + 1) {
        *slash = 0;
        folder = step(folder, part, make_folders);
        if (folder < 0) return fail(path, cause, cause_bytes);
    }
    *file = openat(folder, part, flags | ALWAYS, (mode_t)mode);
    int error = errno;
    if (*file >= 0 && flags & O_CREAT) fsync(folder); // so that the name, too, outlives a crash
    close(folder);
    errno = error;
    return *file >= 0 ? BELOW_OK : fail(path, cause, cause_bytes);
}
