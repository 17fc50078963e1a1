// SPDX-License-Identifier: MIT
// taps -- which client listens to which bus; what is told. Loop only.
#ifndef COMMANDS_TAPS_H
#define COMMANDS_TAPS_H

#include "requests/call.h"
#include "synths/buses.h"

taps *taps_create(void);
void taps_destroy(server *s);
/// To be put in a place of the mixer; NULL without memory.
tap *tap_create(const bus *b, uint32_t every);
/// For the call's client; fails at the limit.
void tap_begin(call *c, const bus *b);
/// Answers the call with levels once there are some.
void tap_once(call *c, const bus *b);
/// @return false if there is none
bool tap_end(server *s, const session *of, int32_t number);
/// With the recordings of it, as the next.
void taps_of_bus_end(server *s, int32_t number);
void taps_of_synth_end(server *s, const synth *of);
void taps_of_session_end(server *s, const session *of);
/// Every 10 ms.
void taps_tick(server *s);

#endif
