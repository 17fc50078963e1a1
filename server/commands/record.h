// SPDX-License-Identifier: MIT
// record -- which recordings are under way, of the output or of buses. Loop only; files are made
// and closed on the builder.
#ifndef COMMANDS_RECORD_H
#define COMMANDS_RECORD_H

#include "base/server.h"

/// @return NULL without memory
recordings *recordings_create(void);
/// Nothing renders any more. Ends those that are left.
void recordings_destroy(server *s);
/// A bus goes: what was recorded of it stays, until it is stopped.
void recordings_of_bus_end(server *s, int32_t number);
void recordings_of_synth_end(server *s, const synth *of);
/// Every 100 ms: logs those that have ended by themselves, and why.
void recordings_tick(server *s);

#endif
