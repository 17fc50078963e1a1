// SPDX-License-Identifier: MIT
// below -- see below.h.
#include "base/below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
// O_NONBLOCK means nothing to a file, and keeps a FIFO from blocking us.
#define ALWAYS (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define OURS_BYTES_MAX ((size_t)1 << 28) // more than any file that we write and replace

// ---- names ------------------------------------------------------------------------------------

/// Control characters forge lines in logs and terminals: C0, DEL, and C1 in UTF-8.
static bool has_control(const char *path) {
    for (const unsigned char *at = (const unsigned char *)path; *at; at++)
        if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0))
            return true;
    return false;
}

/// Something and the ending; a bare ending is a hidden file.
static bool ends_with(const char *path, const char *ending, size_t bytes) {
    size_t length = strlen(path);
    return length > bytes && strncasecmp(path + length - bytes, ending, bytes) == 0;
}

static bool has_ending(const char *path, const char *endings) {
    if (!*endings) return true;
    while (*endings) {
        size_t bytes = strcspn(endings, " ");
        if (ends_with(path, endings, bytes)) return true;
        endings += bytes + strspn(endings + bytes, " ");
    }
    return false;
}

const char *below_bad_name(const char *path, const char *endings) {
    if (!*path) return "is empty";
    if (strlen(path) >= BELOW_PATH_BYTES_MAX) return "is too long";
    if (has_control(path)) return "has a control character";
    if (*path == '/') return "is absolute; write it relative to the root";
    for (const char *part = path;; part++) {
        if (*part == '/' || !*part) return "has an empty part";
        if (*part == '.') return "has a part that begins with a dot";
        part += strcspn(part, "/");
        if (!*part) break;
    }
    return has_ending(path, endings) ? NULL : "has an unsupported ending";
}

/// Control characters of a refused name must not reach a log either.
static below_status refuse(const char *path, const char *problem, const char *endings, char *cause,
                           size_t bytes) {
    char shown[104];
    snprintf(shown, sizeof shown, "%.100s", path);
    for (char *at = shown; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F || (unsigned char)*at >= 0x80) *at = '?';
    snprintf(cause, bytes, "the path `%s` %s%s%s", shown, problem, *endings ? "; supported: " : "",
             *endings ? endings : "");
    return BELOW_BAD_PATH;
}

// ---- folders ----------------------------------------------------------------------------------

static below_status fail(const char *path, char *cause, size_t bytes) {
    int error = errno;
    if (error == EEXIST) {
        snprintf(cause, bytes, "`%.100s` exists", path);
        return BELOW_EXISTS;
    }
    bool link = error == ELOOP || error == EMLINK;
    snprintf(cause, bytes, "`%.100s`: %s", path,
             link ? "symbolic links are not allowed" : strerror(error));
    return BELOW_FAILED;
}

/// Steps from a folder into one of its own. @return its descriptor, or -1; the old one is closed
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

/// The folder of a good name. @param name receives the last part @return -1: errno says why
static int folder_of(const char *root, const char *path, bool make, const char **name) {
    char copy[BELOW_PATH_BYTES_MAX];
    const char *last = strrchr(path, '/');
    *name = last ? last + 1 : path;
    strcpy(copy, path);
    int folder = open(root, FOLDER);
    char *part = copy;
    for (char *slash; folder >= 0 && (slash = strchr(part, '/')); part = slash + 1) {
        *slash = 0;
        folder = step(folder, part, make);
    }
    return folder;
}

// ---- open -------------------------------------------------------------------------------------

static bool is_plain(int file) {
    struct stat about;
    return fstat(file, &about) == 0 && S_ISREG(about.st_mode);
}

static int open_in(int folder, const char *name, below_use use) {
    int file = use == BELOW_READ
                   ? openat(folder, name, O_RDONLY | ALWAYS)
                   : openat(folder, name, O_RDWR | O_CREAT | O_EXCL | ALWAYS, (mode_t)0666);
    if (file >= 0 && use == BELOW_CREATE) fsync(folder); // so that the name, too, outlives a crash
    return file;
}

below_status below_open(const char *root, const char *path, const char *endings, below_use use,
                        bool make_folders, int *file, char *cause, size_t cause_bytes) {
    const char *problem = below_bad_name(path, endings), *name;
    if (problem) return refuse(path, problem, endings, cause, cause_bytes);
    int folder = folder_of(root, path, make_folders && use == BELOW_CREATE, &name);
    if (folder < 0) return fail(path, cause, cause_bytes);
    *file = open_in(folder, name, use);
    int error = errno;
    close(folder);
    errno = error;
    if (*file < 0) return fail(path, cause, cause_bytes);
    if (is_plain(*file)) return BELOW_OK;
    close(*file);
    snprintf(cause, cause_bytes, "`%.100s` is not a regular file", path);
    return BELOW_FAILED;
}

void below_remove(const char *root, const char *path) {
    const char *name;
    int folder = folder_of(root, path, false, &name);
    if (folder < 0) return;
    unlinkat(folder, name, 0);
    close(folder);
}

char *below_read_all(int file, size_t bytes_max, size_t *bytes, char *cause, size_t cause_bytes) {
    struct stat about;
    char *text = NULL;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        snprintf(cause, cause_bytes, "not a regular file");
    } else if ((size_t)about.st_size > bytes_max) {
        snprintf(cause, cause_bytes, "longer than %zu bytes", bytes_max);
    } else if (!(text = malloc((size_t)about.st_size + 1))) {
        snprintf(cause, cause_bytes, "out of memory");
    } else {
        size_t got = 0;
        for (ssize_t some; got < (size_t)about.st_size; got += (size_t)some) {
            some = read(file, text + got, (size_t)about.st_size - got);
            if (some == 0) break;
            if (some > 0) continue;
            snprintf(cause, cause_bytes, "%s", strerror(errno));
            free(text);
            close(file);
            return NULL;
        }
        text[ *bytes = got] = '\0';
    }
    close(file);
    return text;
}

// ---- replace ----------------------------------------------------------------------------------

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

/// The file aside begins with a dot, as no client's file can: what has its name is a leftover.
bool below_replace_in(int folder, const char *name, const void *bytes, size_t count) {
    char aside[300];
    if (snprintf(aside, sizeof aside, ".%s.new", name) >= (int)sizeof aside) {
        errno = ENAMETOOLONG;
        return false;
    }
    unlinkat(folder, aside, 0);
    int file = openat(folder, aside, O_WRONLY | O_CREAT | O_EXCL | ALWAYS, 0600);
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

/// @return the problem with replacing what has that name in the folder, or NULL
static const char *not_ours(int folder, const char *name, below_is_ours *is_ours) {
    char cause[128];
    size_t bytes;
    int file = openat(folder, name, O_RDONLY | ALWAYS);
    if (file < 0 && errno == ENAMETOOLONG) return "has a name that is too long";
    if (file < 0)
        return errno == ENOENT ? NULL : "exists and cannot be read; the server does not replace it";
    if (!is_plain(file)) {
        close(file);
        return "is not a regular file; the server does not replace it";
    }
    if (!is_ours) {
        close(file);
        return NULL;
    }
    char *text = below_read_all(file, OURS_BYTES_MAX, &bytes, cause, sizeof cause);
    bool ours = text && is_ours(text, bytes);
    free(text);
    return ours ? NULL : "exists and was not written by this server; it does not replace it";
}

below_status below_replace(const char *root, const char *path, const char *endings,
                           below_is_ours *is_ours, const void *bytes, size_t count, char *cause,
                           size_t cause_bytes) {
    const char *problem = below_bad_name(path, endings), *name;
    if (problem) return refuse(path, problem, endings, cause, cause_bytes);
    int folder = folder_of(root, path, false, &name);
    if (folder < 0) return fail(path, cause, cause_bytes);
    problem = not_ours(folder, name, is_ours);
    bool ok = !problem && below_replace_in(folder, name, bytes, count);
    int error = errno;
    close(folder);
    errno = error;
    if (ok) return BELOW_OK;
    if (!problem) return fail(path, cause, cause_bytes);
    snprintf(cause, cause_bytes, "`%.100s` %s", path, problem);
    return BELOW_EXISTS;
}
