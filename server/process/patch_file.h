// SPDX-License-Identifier: MIT
// patch_file -- `--patch FILE`, and `--watch`. Loop only.
#ifndef PATCH_FILE_H
#define PATCH_FILE_H

#include "base/server.h"

/// Loads it, before the builder runs. @return false with a cause
bool patch_file_load(server *s, char *cause, size_t cause_bytes);
/// Loads it again whenever it changes.
void patch_file_watch(server *s, uv_fs_poll_t *poll);

#endif
