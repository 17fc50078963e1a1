// SPDX-License-Identifier: MIT
// host -- the server among other processes: signals, the ready line, the file by which it is found,
// its state on disk, the patch it was started with. Loop only.
#ifndef HOST_H
#define HOST_H

#include "base/server.h"

/// The modules as an object by name, and a hash of all that is said of them.
json_t *host_modules(uint64_t *hash);
/// Signals, the state, the patch file, the file for discovery. @return an exit code, with a cause
int host_begin(server *s, char *cause, size_t cause_bytes);
/// Says that it can be talked to.
void host_ready(server *s);
/// Every 100 ms.
void host_tick(server *s);
void host_end(server *s);
void host_destroy(host *h);

// ---- journal.c: the state on disk -------------------------------------------------------------

/// Before the builder runs: looks at the state that is there, and restores it if the options say
/// so. What cannot be read is never written over. @param resumed receives whether it was restored
/// @return an exit code, with a cause
int journal_begin(server *s, bool *resumed, char *cause, size_t cause_bytes);
/// Every 100 ms: writes what has changed, on the builder; tries again what could not be written.
void journal_tick(server *s);
/// The builder has stopped: writes it for the last time. @return an exit code
int journal_end(server *s);

// ---- patch_file.c: the patch that the server was started with ---------------------------------

/// Loads it, before the builder runs. @return false with a cause
bool patch_file_load(server *s, char *cause, size_t cause_bytes);
/// Loads it again whenever it changes.
void patch_file_watch(server *s, uv_fs_poll_t *poll);

// ---- runtime.c: the file for discovery --------------------------------------------------------

/// Takes the name before anything is opened. @return false with a cause; `in_use`: another server
/// has it
bool runtime_lock(server *s, char *cause, size_t cause_bytes, bool *in_use);
/// Writes what clients need to find the server. @return false with a cause
bool runtime_write(server *s, char *cause, size_t cause_bytes);
void runtime_remove(server *s);

// ---- files.c ----------------------------------------------------------------------------------

/// Reads a file; to be freed. @return NULL with a cause
char *file_read(const char *path, size_t bytes_max, size_t *bytes, char *cause, size_t cause_bytes);
/// Writes aside, syncs, renames, syncs the folder: the old or the new one is there, never half.
bool file_replace(const char *path, const void *bytes, size_t count, char *cause,
                  size_t cause_bytes);
/// Renames a file to the first of PATH.ENDING, PATH.ENDING.2 ... that is not there yet.
/// @param aside receives that name @return false with errno
bool file_set_aside(const char *path, const char *ending, char *aside, size_t bytes);

#endif
