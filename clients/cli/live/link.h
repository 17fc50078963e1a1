// SPDX-License-Identifier: MIT
// link -- a connection to a server: requests out, answers and notices in. One caller, one thread;
// nothing here prints.
#ifndef LIVE_LINK_H
#define LIVE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "live/clock.h"
#include "live/packet.h"

typedef struct live_link live_link;

typedef enum {
    LINK_OK,
    LINK_TIMEOUT,     ///< nothing came in time
    LINK_LOST,        ///< closed by the server, or it died
    LINK_INTERRUPTED, ///< `interrupted` is set
    LINK_TOO_BIG,     ///< a datagram cannot hold it, or a frame is longer than is read
    LINK_BAD,         ///< what came is no packet of this protocol, or of no such kind
    LINK_MEMORY,
} link_status;

/// @param url unix:PATH, tcp://HOST:PORT, udp://HOST:PORT
/// @return NULL, with the cause
live_link *link_open(const char *url, double timeout_seconds, char cause[256]);
void link_close(live_link *l);
const char *link_url(const live_link *l);
int link_socket(const live_link *l);
bool link_is_datagram(const live_link *l);

/// Queues a request; `map` may be NULL. It is on its way by the next call that waits.
link_status link_request(live_link *l, const char *address, const json_t *map, int32_t *id);
/// The next packet; waits at most so long. What was queued goes out meanwhile.
link_status link_receive(live_link *l, double seconds, packet *p);
/// Waits for the answer to a request; notices that come before it are kept for link_receive.
link_status link_answer(live_link *l, int32_t id, double seconds, packet *p);
/// Sends what is queued, and takes in what comes, without waiting.
link_status link_turn(live_link *l);
/// Bytes that are not sent yet.
size_t link_unsent(const live_link *l);

#endif
