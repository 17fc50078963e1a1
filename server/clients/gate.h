// SPDX-License-Identifier: MIT
// gate -- a thread that accepts connections and receives datagrams, and looks up at once whose they
// are: a program that sends one message and ends is gone a moment later, and the loop may be at
// work. The loop takes what has arrived.
#ifndef GATE_H
#define GATE_H

#include <netinet/in.h>
#include <uv.h>

#include "clients/owner.h"

typedef struct gate gate;

typedef struct arrival {
    struct arrival *next;
    int door; ///< as given to gate_add
    int file; ///< the connection; -1: a datagram
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } from;
    owner owner;     ///< OWNER_UNKNOWN from other machines
    uint64_t socket; ///< as owner_of says; 0 if not known
    bool cut;        ///< the datagram was longer than it may be
    size_t bytes;    ///< of the datagram
    uint8_t packet[];
} arrival;

/// @param take is called on the loop for each arrival, and owns it
gate *gate_create(uv_loop_t *loop, void (*take)(void *context, arrival *a), void *context);
/// Before gate_start. @param file a listening socket, or a bound one of UDP; stays the caller's
/// @return false if there are too many
bool gate_add(gate *g, int file, bool datagrams, const struct sockaddr *own, int door);
/// @param realtime may take real-time priority, the lowest, if the system lets it
bool gate_start(gate *g, bool realtime);
/// The thread ends; nothing arrives any more.
void gate_stop(gate *g);
/// After the loop has closed its handles.
void gate_destroy(gate *g);

#endif
