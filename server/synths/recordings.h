// SPDX-License-Identifier: MIT
// recordings -- those under way, of the output or of buses. Loop only; their files are made and
// closed on the builder.
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include "base/server.h"
#include "protocol/codes.h"
#include "record/record.h"
#include "synths/buses.h"

typedef struct {
    recorder *recorder;
    int32_t bus; ///< 0: the output
} recording;

/// @return NULL without memory
recordings *recordings_create(void);
/// Nothing renders any more. Ends those that are left.
void recordings_destroy(server *s);
/// Takes a place for one whose file is yet to be made. @param b NULL: the output
/// @return CODE_LIMIT, CODE_NO_MEMORY, or CODE_NONE
code recordings_reserve(server *s, const bus *b, int *place);
/// Its file is made: it records from now on; or, where its bus has gone meanwhile, nothing.
/// @param made NULL: there is no file, and the place is free again
void recordings_begin(server *s, int place, recorder *made);
/// Takes out those that go to `path`, or all (NULL): nothing is written to them any more, and
/// record_stop is the caller's. @return how many
int recordings_take_out(server *s, const char *path, recording taken[limit_recordings_max]);
/// Those that record, from `*at` = 0 on. @return false at the end
bool recordings_next(const server *s, uint32_t *at, recording *next);
/// A bus goes: what was recorded of it stays, until it is stopped.
void recordings_of_bus_end(server *s, int32_t number);
void recordings_of_synth_end(server *s, const synth *of);
/// Every 100 ms: logs those that have ended by themselves, and why.
void recordings_tick(server *s);

#endif
