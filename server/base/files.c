// SPDX-License-Identifier: MIT
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

// ---- locks -------------------------------------------------------------------------------------

enum { TRIES = 100 }; // each fails only if the previous owner removed the file at that moment

/// A lock of the open file, which clients can look at without taking it.
static bool lock(int file) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(file, F_OFD_SETLK, &whole) == 0;
}

int file_open_locked(const char *path) {
    for (int i = 0; i < TRIES; i++) {
        struct stat about;
        int file =
            open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
        if (file < 0) return -1;
        if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
            close(file);
            errno = EINVAL;
            return -1;
        }
        bool locked = lock(file);
        int error = errno == EACCES ? EAGAIN : errno;
        // one that ended meanwhile has removed the file that we opened
        if (locked && fstat(file, &about) == 0 && about.st_nlink == 1) return file;
        close(file);
        errno = error;
        if (!locked) return -1;
    }
    errno = EBUSY;
    return -1;
}
