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

int file_open_below(const char *root, const char *path, int flags, char *cause,
                    size_t cause_bytes) {
    int file;
    below_status status = below_open(root, path, flags, 0600, false, &file, cause, cause_bytes);
    return status == BELOW_OK ? file : -1;
}
