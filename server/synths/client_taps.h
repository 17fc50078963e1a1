// SPDX-License-Identifier: MIT
// client_taps -- which client listens to which bus, and what it gets. Loop only.
#ifndef CLIENT_TAPS_H
#define CLIENT_TAPS_H

#include "protocol/codes.h"
#include "synths/buses.h"

/// What went over a bus since the last look.
typedef struct {
    float peak, rms, last;
    uint64_t frame;
} tap_levels;

taps *taps_create(void);
void taps_destroy(server *s);
/// Tells a client what goes over a bus, every `ms`; in the place of its earlier tap on that bus.
/// @param every keeps every n-th frame; 0: levels only
/// @return CODE_LIMIT, CODE_NO_MEMORY, or CODE_NONE
code taps_begin(server *s, session *of, const bus *b, uint32_t every, uint64_t ms);
/// Looks once. @param done gets the levels, zeros where nothing goes over the bus in time, or NULL
/// where the bus or the client goes; it is called once, unless this fails
/// @return CODE_LIMIT, CODE_NO_MEMORY, or CODE_NONE
code taps_once(server *s, session *of, const bus *b,
               void (*done)(void *context, const tap_levels *levels), void *context);
/// @return false if there is none
bool taps_end(server *s, const session *of, int32_t number);
/// With the recordings of it, as the next.
void taps_of_bus_end(server *s, int32_t number);
void taps_of_synth_end(server *s, const synth *of);
void taps_of_session_end(server *s, const session *of);
/// Every 10 ms.
void taps_tick(server *s);

#endif
