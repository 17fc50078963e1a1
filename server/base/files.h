// SPDX-License-Identifier: MIT
// files -- those that the person who starts the server names, anywhere; read whole, or replaced so
// that a crash leaves the old or the new one. Clients' files are below.h.
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>

/// Reads a file; to be freed. @return NULL with a cause
char *file_read(const char *path, size_t bytes_max, size_t *bytes, char *cause, size_t cause_bytes);
/// Writes aside, syncs, renames, syncs the folder: the old or the new one is there, never half.
bool file_replace(const char *path, const void *bytes, size_t count, char *cause,
                  size_t cause_bytes);
/// Renames a file to the first of PATH.ENDING, PATH.ENDING.2 ... that is not there yet.
/// @param aside receives that name @return false with errno
bool file_set_aside(const char *path, const char *ending, char *aside, size_t bytes);
/// Opens a file, creating it if needed, and locks it. The system releases the lock when the process
/// ends. @return a descriptor, or -1 with errno: EAGAIN if another process holds the lock
int file_open_locked(const char *path);

#endif
