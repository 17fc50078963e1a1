// SPDX-License-Identifier: MIT
// below -- files below a root, and nowhere else: the path is walked folder by folder from the
// root's descriptor, and no step follows a symbolic link. So nothing that changes on the way leads
// out.
#ifndef BELOW_H
#define BELOW_H

#include <stdbool.h>
#include <stddef.h>

#define BELOW_PATH_BYTES_MAX 1024

typedef enum {
    BELOW_OK,
    BELOW_BAD_PATH, ///< absolute, empty, too long, or with an empty part, `.` or `..`
    BELOW_EXISTS,
    BELOW_FAILED, ///< the system says no: errno's text is in the cause
} below_status;

/// @param flags of open(2); others are added, so that it follows no link and waits for nobody
/// @param mode of a file that is made
/// @param make_folders those of the path that are missing
/// @param file receives the descriptor
/// @param cause receives one line otherwise
below_status below_open(const char *root, const char *path, int flags, unsigned mode,
                        bool make_folders, int *file, char *cause, size_t cause_bytes);

#endif
