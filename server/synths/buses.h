// SPDX-License-Identifier: MIT
// buses -- signals with a number: 1..64 are made by clients and joined to `bus.in` and `bus.out`
// nodes of all synths; those from 1000 on are output ports of nodes, of one voice or summed. Loop
// only.
#ifndef BUSES_H
#define BUSES_H

#include "synths/synth.h"
#include "synths/taps.h"

enum { BUS_PORT_FIRST = 1000, BUS_PORTS_MAX = 4096 };

typedef struct {
    int32_t number; ///< 0: none
    bool control;   ///< has a value of its own, that clients set
    double value;
    char name[limit_name_bytes_max + 1];
    synth *synth; ///< of a port's: held
    int32_t engine_bus;
    mega_note voice; ///< 0: the sum of all
    char node[limit_name_bytes_max + 2], port[limit_name_bytes_max + 2];
} bus;

typedef struct buses buses;

buses *buses_create(mixer *m);
void buses_destroy(buses *b);
/// One of clients. @return NULL at the limit
bus *bus_new(buses *b, bool control, const char *name);
/// A node's port, open in the engine as `engine_bus`, which is closed with it. @return NULL at the
/// limit
bus *bus_of_port(buses *b, synth *of, const char *node, const char *port, int32_t engine_bus,
                 mega_note voice);
/// What no bus came of is closed.
void bus_close_port(buses *b, synth *of, int32_t engine_bus);
bus *bus_find(buses *b, int64_t number);
/// A tap of it, to be put in a place of the mixer, and freed. NULL without memory.
/// @param every keeps every n-th frame; 0: levels only
tap *bus_tap(const bus *b, uint32_t every);
/// By number, from 0 on. @return NULL at the end
bus *bus_next(buses *b, uint32_t *at);
void bus_free(buses *b, bus *which);
/// Has the engines end the ports that are free now. Every 10 ms.
void buses_tick(server *s);
/// All of a voice, or (0) of a synth.
void buses_forget(buses *b, const synth *of, mega_note voice);

#endif
