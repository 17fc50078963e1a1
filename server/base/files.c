// SPDX-License-Identifier: MIT
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/below.h"

char *file_read(const char *path, size_t bytes_max, size_t *bytes, char *cause,
                size_t cause_bytes) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); // a FIFO blocks nobody
    char why[128];
    char *text = NULL;
    if (file < 0) snprintf(why, sizeof why, "%s", strerror(errno));
    else text = below_read_all(file, bytes_max, bytes, why, sizeof why);
    if (!text) snprintf(cause, cause_bytes, "%s: %s", path, why);
    return text;
}

/// The part after the last slash; `folder` receives what is before it, "" if nothing is.
static const char *split(const char *path, char folder[1024]) {
    const char *slash = strrchr(path, '/');
    snprintf(folder, 1024, "%.*s", slash ? (int)(slash - path) : 0, path);
    return slash ? slash + 1 : path;
}

bool file_set_aside(const char *path, const char *ending, char *aside, size_t bytes) {
    enum { KEPT_MAX = 10000 };
    for (int n = 1; n < KEPT_MAX; n++) {
        char number[16] = "";
        if (n > 1) snprintf(number, sizeof number, ".%d", n);
        snprintf(aside, bytes, "%s.%s%s", path, ending, number);
        if (renameat2(AT_FDCWD, path, AT_FDCWD, aside, RENAME_NOREPLACE) == 0) return true;
        if (errno == EEXIST) continue;
        // a file system that cannot do that in one step
        if ((errno == EINVAL || errno == ENOSYS) && access(aside, F_OK) != 0)
            return rename(path, aside) == 0;
        if (errno != EINVAL && errno != ENOSYS) return false;
    }
    return false;
}

bool file_replace(const char *path, const void *bytes, size_t count, char *cause,
                  size_t cause_bytes) {
    char name[1024];
    const char *base = split(path, name);
    int folder = open(name[0]        ? name
                      : base == path ? "."
                                     : "/",
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = folder >= 0 && below_replace_in(folder, base, bytes, count);
    if (!ok) snprintf(cause, cause_bytes, "%s: %s", path, strerror(errno));
    if (folder >= 0) close(folder);
    return ok;
}
