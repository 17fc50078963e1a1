// SPDX-License-Identifier: MIT
// runtime -- the file by which clients find a server. Loop only.
#ifndef RUNTIME_H
#define RUNTIME_H

#include "base/server.h"

/// Takes the name before anything is opened. @return false with a cause; `in_use`: another server
/// has it
bool runtime_lock(server *s, char *cause, size_t cause_bytes, bool *in_use);
/// Writes what clients need to find the server. @return false with a cause
bool runtime_write(server *s, char *cause, size_t cause_bytes);
void runtime_remove(server *s);

#endif
