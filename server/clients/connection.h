// SPDX-License-Identifier: MIT
// connection -- connections over TCP and the unix socket: made and closed in connection.c, their
// frames in connection_in.c, their bounded queue of answers in connection_out.c.
#ifndef CONNECTION_H
#define CONNECTION_H

#include "clients/net.h"
#include "clients/slices.h"
#include "protocol/framing.h"

typedef struct connection connection;
/// A connection. Its session may outlive it.
struct connection {
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    struct connection *next, *previous;
    server *server;
    session *session;
    framing framing;
    slice slice;   ///< to go on with what was read and not done yet
    uint8_t *left; ///< that
    size_t left_at, left_bytes;
    uint64_t slice_end;         ///< of the turn that it has
    uv_timer_t watch;           ///< guests that stay silent, readers that do not read
    uint64_t born_ms, moved_ms; ///< when the queue last got shorter
    uint64_t frame_ms;          ///< when the frame that is not whole yet was begun
    uint64_t packet_ms;         ///< when the last packet came
    size_t guest_bytes, queued_before;
    size_t frame_counted, queue_counted; ///< bytes as the sums of all streams hold them
    bool closing, held_by_requests, held_by_queue, reading;
    int handles;
};

enum { CONNECTION_WATCH_MS = 250 };

/// Bytes that wait to be sent.
size_t connection_queued(const connection *c);
/// Keeps the sums of all streams.
void connection_count_bytes(connection *c, size_t frame, size_t queue);
void connection_close(connection *c);

// ---- connection_in.c
// ------------------------------------------------------------------------------

/// Reads as long as nothing holds it; first what is left over.
void connection_set_reading(connection *c);
/// The connection's part of a session: see session.h.
void connection_hold(session *s, bool held);
/// Its slice: reads on from what is left over.
bool connection_serve(slice *t);

// ---- connection_out.c
// -----------------------------------------------------------------------------

/// The connection's part of a session: see session.h.
void connection_send(session *s, const void *packet, size_t bytes, send_kind kind);
/// Says why, and cuts it: the message may well not arrive.
void connection_cut(connection *c, const char *why);
/// Every CONNECTION_WATCH_MS: cuts guests that stay silent, and readers that do not read.
void connection_on_watch(uv_timer_t *timer);

#endif
