// SPDX-License-Identifier: MIT
// below -- files below a root, and nowhere else. A name is judged first (below_bad_name); then the
// path is walked folder by folder from the root's descriptor, and no step follows a symbolic link:
// whatever changes on the way, nothing leads out.
#ifndef BELOW_H
#define BELOW_H

#include <stdbool.h>
#include <stddef.h>

#define BELOW_PATH_BYTES_MAX 1024

typedef enum {
    BELOW_OK,
    BELOW_BAD_PATH, ///< what below_bad_name says
    BELOW_EXISTS,
    BELOW_FAILED, ///< the system refuses (errno's text is in the cause), or it is no plain file
} below_status;

typedef enum {
    BELOW_READ,   ///< a plain file that exists; a FIFO or a device is an error and blocks nobody
    BELOW_CREATE, ///< a new file, open for reading and writing; an existing one is BELOW_EXISTS
} below_use;

/// Judges the name of a file: relative, no empty part, no part that begins with a dot (`..`, hidden
/// files, our own temporary files), no control character, one of the endings.
/// @param endings such as ".wav .flac"; "" allows any
/// @return the problem, to follow "the path `...`"; NULL: the name is good
const char *below_bad_name(const char *path, const char *endings);

/// @param make_folders creates missing folders of the path
/// @param file receives the descriptor
/// @param cause receives one line otherwise
below_status below_open(const char *root, const char *path, const char *endings, below_use use,
                        bool make_folders, int *file, char *cause, size_t cause_bytes);

/// Removes a file that BELOW_CREATE has made, and of which nothing has come.
void below_remove(const char *root, const char *path);

/// Whether an existing file may be replaced.
/// @param text all of it, NUL-terminated
typedef bool below_is_ours(const char *text, size_t bytes);

/// Writes a file aside, syncs it, renames it over the old one, syncs the folder. A crash leaves the
/// old file or the new one, never half.
/// @param is_ours judges an existing file from its contents; NULL: any plain file may be replaced
below_status below_replace(const char *root, const char *path, const char *endings,
                           below_is_ours *is_ours, const void *bytes, size_t count, char *cause,
                           size_t cause_bytes);

/// The same in a folder that is open, for a name that needs no judging. errno says why not.
bool below_replace_in(int folder, const char *name, const void *bytes, size_t count);

/// Reads all of an open plain file, and closes it. @return NULL with a cause
char *below_read_all(int file, size_t bytes_max, size_t *bytes, char *cause, size_t cause_bytes);

#endif
