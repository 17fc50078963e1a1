// SPDX-License-Identifier: MIT
// journal -- the state on disk, written while the server runs. Loop only.
#ifndef JOURNAL_H
#define JOURNAL_H

#include "base/server.h"

/// Before the builder runs: looks at the state that is there, and restores it if the options say
/// so. What cannot be read is never written over. @param resumed receives whether it was restored
/// @return an exit code, with a cause
int journal_begin(server *s, bool *resumed, char *cause, size_t cause_bytes);
/// Every 100 ms: writes what has changed, on the builder; tries again what could not be written.
void journal_tick(server *s);
/// The builder has stopped: writes it for the last time. @return an exit code
int journal_end(server *s);

#endif
