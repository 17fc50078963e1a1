// SPDX-License-Identifier: MIT
// link -- sockets that never block, and poll. Bytes are the server's own wire/: one codec for both.
#include "live/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "live/url.h"
#include "protocol/bounds.h"
#include "protocol/framing.h"
#include "protocol/osc.h"
#include "protocol/payload.h"

enum {
    DATAGRAM_BYTES_MAX = 65507,
    READ_BYTES = 1 << 18,
    SLICE_MS = 100, ///< an interrupt between a look and poll shows after that
    INBOX_ROOM = 64,
};
/// A datagram may be lost: it is sent again until it is answered.
static const double again_seconds = 0.25;

struct live_link {
    char url[256];
    int socket;
    bool datagram;
    int32_t next_id;
    framing framing;
    uint8_t *out; ///< frames not sent yet
    size_t out_used, out_room, out_sent;
    packet *inbox; ///< of what came, in order
    size_t inbox_first, inbox_count, inbox_room;
    link_status broken; ///< LINK_OK while it can be read
    uint8_t *last;      ///< the last datagram, to be sent again
    size_t last_bytes;
    int32_t last_id;
};

// ---- open and close ----------------------------------------------------------------------------

live_link *link_open(const char *url, double timeout_seconds, char cause[256]) {
    live_link *l = calloc(1, sizeof *l);
    if (!l) {
        snprintf(cause, 256, "out of memory");
        return NULL;
    }
    snprintf(l->url, sizeof l->url, "%s", url);
    l->framing = (framing){.kind = FRAMING_LENGTH, .max = limit_frame_bytes_max};
    l->socket = url_connect(url, timeout_seconds, &l->datagram, cause);
    if (l->socket < 0) {
        free(l);
        return NULL;
    }
    // The server remembers a sender by its port, and the answers it gave there: another process may
    // have had this one a moment ago.
    l->next_id = 1;
    if (l->datagram)
        l->next_id += (int32_t)(((uint64_t)(clock_seconds() * 1e6) * 2654435761u +
                                 (uint64_t)getpid() * 40503u) %
                                1000000000u);
    return l;
}

void link_close(live_link *l) {
    if (!l) return;
    close(l->socket);
    while (l->inbox_count--) packet_finish(&l->inbox[l->inbox_first++]);
    free(l->inbox);
    framing_finish(&l->framing);
    free(l->out);
    free(l->last);
    free(l);
}

const char *link_url(const live_link *l) { return l->url; }
int link_socket(const live_link *l) { return l->socket; }
bool link_is_datagram(const live_link *l) { return l->datagram; }
size_t link_unsent(const live_link *l) { return l->out_used - l->out_sent; }

// ---- what comes --------------------------------------------------------------------------------

static bool keep(live_link *l, packet *p) {
    if (l->inbox_first && l->inbox_first + l->inbox_count == l->inbox_room) {
        memmove(l->inbox, l->inbox + l->inbox_first, l->inbox_count * sizeof *l->inbox);
        l->inbox_first = 0;
    }
    if (l->inbox_count == l->inbox_room) {
        size_t room = l->inbox_room ? l->inbox_room * 2 : INBOX_ROOM;
        packet *more = realloc(l->inbox, room * sizeof *more);
        if (!more) {
            packet_finish(p);
            return false;
        }
        l->inbox = more;
        l->inbox_room = room;
    }
    p->seconds = clock_seconds();
    l->inbox[l->inbox_first + l->inbox_count++] = *p;
    return true;
}

/// One that was sent again may be answered twice; it need not be sent any more.
static bool take_packet(void *context, packet *p) {
    live_link *l = context;
    bool terminal = p->kind == PACKET_DONE || p->kind == PACKET_FAIL;
    if (l->last && terminal && p->id == l->last_id) {
        free(l->last);
        l->last = NULL;
    }
    if (keep(l, p)) return true;
    l->broken = LINK_MEMORY;
    return false;
}

static bool take_frame(void *context, framing_event event, const uint8_t *frame, size_t bytes) {
    live_link *l = context;
    if (event == FRAMING_TOO_BIG) l->broken = LINK_TOO_BIG;
    else if (event == FRAMING_MEMORY) l->broken = LINK_MEMORY;
    else if (event != FRAMING_OK || (!packets_read(frame, bytes, take_packet, l) && !l->broken))
        l->broken = LINK_BAD;
    return !l->broken;
}

static void read_some(live_link *l) {
    static uint8_t room[READ_BYTES];
    while (!l->broken) {
        ssize_t got = recv(l->socket, room, sizeof room, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (got < 0 || (got == 0 && !l->datagram)) {
            l->broken = LINK_LOST;
            return;
        }
        if (l->datagram) take_frame(l, FRAMING_OK, room, (size_t)got);
        else if (!framing_feed(&l->framing, room, (size_t)got, take_frame, l) && !l->broken)
            l->broken = LINK_BAD;
    }
}

// ---- what goes ---------------------------------------------------------------------------------

static void write_some(live_link *l) {
    while (l->out_sent < l->out_used && !l->broken) {
        ssize_t sent = send(l->socket, l->out + l->out_sent, l->out_used - l->out_sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (sent < 0) {
            read_some(l); // what it said before it closed
            if (!l->broken) l->broken = LINK_LOST;
            return;
        }
        l->out_sent += (size_t)sent;
    }
    l->out_sent = l->out_used = 0;
}

static link_status send_datagram(live_link *l, const void *bytes, size_t count) {
    if (count > DATAGRAM_BYTES_MAX) return LINK_TOO_BIG;
    if (send(l->socket, bytes, count, MSG_NOSIGNAL) >= 0) return LINK_OK;
    return errno == EMSGSIZE ? LINK_TOO_BIG : LINK_LOST;
}

static link_status queue(live_link *l, int32_t id, const void *bytes, size_t count) {
    if (l->datagram) {
        free(l->last);
        l->last = malloc(count);
        if (!l->last) return LINK_MEMORY;
        memcpy(l->last, bytes, count);
        l->last_bytes = count;
        l->last_id = id;
        return send_datagram(l, bytes, count);
    }
    if (count > limit_frame_bytes_max) return LINK_TOO_BIG;
    size_t wanted = l->out_used + framing_room(FRAMING_LENGTH, count);
    if (wanted > l->out_room) {
        uint8_t *more = realloc(l->out, wanted * 2);
        if (!more) return LINK_MEMORY;
        l->out = more;
        l->out_room = wanted * 2;
    }
    l->out_used += framing_write(FRAMING_LENGTH, bytes, count, l->out + l->out_used);
    return LINK_OK;
}

link_status link_request(live_link *l, const char *address, const json_t *map, int32_t *id) {
    msgpack_sbuffer payload;
    msgpack_sbuffer_init(&payload);
    json_t *none = map ? NULL : json_object();
    size_t bytes = 0;
    *id = l->next_id;
    l->next_id = l->next_id == INT32_MAX ? 1 : l->next_id + 1;
    void *message = payload_write(map ? map : none, &payload)
                        ? osc_write(&bytes, address, "ib", *id, payload.data, payload.size)
                        : NULL;
    link_status status = message ? queue(l, *id, message, bytes) : LINK_MEMORY;
    free(message);
    json_decref(none);
    msgpack_sbuffer_destroy(&payload);
    return status;
}

// ---- waiting -----------------------------------------------------------------------------------

link_status link_turn(live_link *l) {
    write_some(l);
    read_some(l);
    return l->inbox_count ? LINK_OK : l->broken;
}

/// Until something has come into the inbox at `index`, or the time is over.
static link_status wait_for(live_link *l, size_t index, double until) {
    double again = clock_seconds() + again_seconds;
    for (;;) {
        write_some(l);
        read_some(l);
        if (l->inbox_count > index) return LINK_OK;
        if (l->broken) return l->broken;
        if (interrupted) return LINK_INTERRUPTED;
        double now = clock_seconds();
        if (now >= until) return LINK_TIMEOUT;
        if (l->datagram && l->last && now >= again) {
            link_status sent = send_datagram(l, l->last, l->last_bytes);
            if (sent != LINK_OK) return sent;
            again = now + again_seconds;
        }
        double left = (until - now) * 1000;
        struct pollfd watched = {.fd = l->socket,
                                 .events = (short)(POLLIN | (link_unsent(l) ? POLLOUT : 0))};
        poll(&watched, 1, left < SLICE_MS ? (int)left + 1 : SLICE_MS);
    }
}

static void take(live_link *l, size_t index, packet *p) {
    packet *at = &l->inbox[l->inbox_first + index];
    *p = *at;
    l->inbox_count--;
    if (index == 0) l->inbox_first++;
    else memmove(at, at + 1, (l->inbox_count - index) * sizeof *at);
    if (!l->inbox_count) l->inbox_first = 0;
}

link_status link_receive(live_link *l, double seconds, packet *p) {
    *p = (packet){0};
    link_status status = wait_for(l, 0, clock_seconds() + seconds);
    if (status == LINK_OK) take(l, 0, p);
    return status;
}

link_status link_answer(live_link *l, int32_t id, double seconds, packet *p) {
    double until = clock_seconds() + seconds;
    *p = (packet){0};
    for (size_t i = 0;; i++) {
        link_status status = wait_for(l, i, until);
        if (status != LINK_OK) return status;
        packet *at = &l->inbox[l->inbox_first + i];
        bool terminal = at->kind == PACKET_DONE || at->kind == PACKET_FAIL;
        if (terminal && at->id == id) {
            take(l, i, p);
            return LINK_OK;
        }
        // An answer that came twice, to a datagram that was sent again.
        if (l->datagram && terminal && at->id) {
            packet old;
            take(l, i--, &old);
            packet_finish(&old);
        }
    }
}
