// SPDX-License-Identifier: MIT
// stream -- connections over TCP and the unix socket: frames in, a bounded queue of answers out.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes/lanes.h"
#include "log.h"
#include "net/net.h"
#include "wire/framing.h"

enum { READ_BYTES = 64 << 10, WATCH_MS = 250 };

/// A connection. Its session may outlive it.
typedef struct stream {
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    struct stream *next, *previous;
    server *server;
    session *session;
    framing framing;
    uv_timer_t watch;           ///< guests that stay silent, readers that do not read
    uint64_t born_ms, moved_ms; ///< when the queue last got shorter
    size_t guest_bytes, queued_before;
    bool closing, held_by_lanes, held_by_queue, reading;
    int handles;
} stream;

typedef struct {
    uv_write_t request;
    stream *stream;
    uint8_t bytes[];
} output;

static char read_room[READ_BYTES]; // one loop, and libuv gives it back before it asks again

static size_t queued(const stream *c) { return uv_stream_get_write_queue_size(&c->handle.stream); }

static void on_closed(uv_handle_t *handle) {
    stream *c = handle->data;
    if (--c->handles) return;
    framing_finish(&c->framing);
    free(c);
}

static void stream_close(stream *c) {
    if (c->closing) return;
    c->closing = true;
    net *n = c->server->net;
    if (c->previous) c->previous->next = c->next;
    else n->streams = c->next;
    if (c->next) c->next->previous = c->previous;
    n->stream_count--;
    if (!c->session->admitted) n->guest_count--;
    c->session->connection = NULL;
    session_gone(c->session);
    c->session = NULL;
    uv_close((uv_handle_t *)&c->watch, on_closed);
    uv_close(&c->handle.any, on_closed);
}

// ---- out --------------------------------------------------------------------------------------

static void set_reading(stream *c);

static void on_written(uv_write_t *request, int status) {
    output *o = (output *)request;
    stream *c = o->stream;
    free(o);
    if (c->closing) return;
    c->moved_ms = uv_now(&c->server->loop);
    if (status < 0) {
        stream_close(c);
        return;
    }
    if (c->held_by_queue && queued(c) < limit_queue_pause_bytes / 4) {
        c->held_by_queue = false;
        set_reading(c);
    }
}

static bool write_frame(stream *c, const void *packet, size_t bytes) {
    output *o = malloc(sizeof *o + framing_room(c->framing.kind, bytes));
    if (!o) return false;
    size_t count = framing_write(c->framing.kind, packet, bytes, o->bytes);
    uv_buf_t buffer = uv_buf_init((char *)o->bytes, (unsigned)count);
    int sent = queued(c) ? 0 : uv_try_write(&c->handle.stream, &buffer, 1);
    if (sent < 0) sent = 0;
    if ((size_t)sent == count) {
        free(o);
        return true;
    }
    if (!queued(c)) c->moved_ms = uv_now(&c->server->loop);
    buffer = uv_buf_init((char *)o->bytes + sent, (unsigned)(count - (size_t)sent));
    o->stream = c;
    if (uv_write(&o->request, &c->handle.stream, &buffer, 1, on_written) == 0) return true;
    free(o);
    return false;
}

/// Told why, and cut: the telling may well not arrive.
static void cut(stream *c, const char *why) {
    session *s = c->session;
    s->server->tally.cut++;
    log_line(LOG_WARNING, "client.cut", "%s %s: %s", transport_name(s->transport), s->peer, why);
    s->fail_count = 0;
    answer_fail(s, 0, "", CODE_SLOW_CONSUMER, why, -1, NULL);
    stream_close(c);
}

static void send_packet(session *s, const void *packet, size_t bytes, send_kind kind) {
    stream *c = s->connection;
    if (!c || c->closing) return;
    size_t waiting = queued(c);
    if (kind == SEND_METER && waiting > limit_meter_queue_bytes_max) return;
    if (waiting > limit_queue_bytes_max) {
        if (kind == SEND_NOTICE) { // closed by the watch, outside of whoever sends
            c->moved_ms = 0;
            return;
        }
        c->moved_ms = 0;
    }
    if (!write_frame(c, packet, bytes)) c->moved_ms = 0;
    if (queued(c) > limit_queue_pause_bytes && !c->held_by_queue) {
        c->held_by_queue = true;
        set_reading(c);
    }
}

static void on_watch(uv_timer_t *timer) {
    stream *c = timer->data;
    uint64_t now = uv_now(&c->server->loop);
    if (!c->session->admitted && now - c->born_ms > limit_guest_ms_max) {
        answer_fail(c->session, 0, "", CODE_DENIED, "not admitted in time", -1, "guest_ms_max");
        stream_close(c);
        return;
    }
    size_t waiting = queued(c);
    if (waiting < c->queued_before) c->moved_ms = now;
    c->queued_before = waiting;
    if (waiting && now - c->moved_ms > limit_queue_ms_max)
        cut(c, "it does not read what it is sent");
}

// ---- in ---------------------------------------------------------------------------------------

static bool take(void *context, framing_event event, const uint8_t *frame, size_t bytes) {
    stream *c = context;
    session *s = c->session;
    switch (event) {
    case FRAMING_OK: session_packet(s, frame, bytes); return !c->closing;
    case FRAMING_TOO_BIG:
        answer_fail(s, 0, "", CODE_TOO_BIG, "a frame is too long, and was left out", -1,
                    s->admitted ? "frame_bytes_max" : "guest_bytes_max");
        return true;
    case FRAMING_BAD:
        answer_fail(s, 0, "", CODE_BAD_PACKET, "a SLIP frame with a wrong escape was left out", -1,
                    NULL);
        return true;
    case FRAMING_LOST:
        answer_fail(s, 0, "", CODE_TOO_BIG, "no frame is that long: is this OSC?", -1,
                    "skip_bytes_max");
        return false;
    default: answer_fail(s, 0, "", CODE_NO_MEMORY, "out of memory", -1, NULL); return false;
    }
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    (void)handle, (void)wanted;
    *buffer = uv_buf_init(read_room, sizeof read_room);
}

static void close_after_writing(uv_shutdown_t *request, int status) {
    (void)status;
    stream *c = request->data;
    free(request);
    if (!c->closing) stream_close(c);
}

/// What was said last shall arrive.
static void hang_up(stream *c) {
    uv_read_stop(&c->handle.stream);
    c->reading = false;
    c->held_by_lanes = true;
    uv_shutdown_t *request = malloc(sizeof *request);
    if (request) request->data = c;
    if (!request || uv_shutdown(request, &c->handle.stream, close_after_writing) != 0) {
        free(request);
        stream_close(c);
    }
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer) {
    stream *c = handle->data;
    if (count < 0) {
        stream_close(c);
        return;
    }
    if (!c->session->admitted) {
        c->guest_bytes += (size_t)count;
        if (c->guest_bytes > limit_guest_bytes_max) {
            answer_fail(c->session, 0, "", CODE_DENIED, "too much was sent before /hello", -1,
                        "guest_bytes_max");
            hang_up(c);
            return;
        }
    }
    session_hold(c->session);
    session *s = c->session;
    if (!framing_feed(&c->framing, (const uint8_t *)buffer->base, (size_t)count, take, c) &&
        !c->closing)
        hang_up(c);
    session_release(s);
}

static void set_reading(stream *c) {
    bool wanted = !c->held_by_lanes && !c->held_by_queue && !c->closing;
    if (wanted == c->reading) return;
    c->reading = wanted;
    if (wanted) uv_read_start(&c->handle.stream, on_room, on_read);
    else uv_read_stop(&c->handle.stream);
}

static void hold(session *s, bool held) {
    stream *c = s->connection;
    if (!c || c->held_by_lanes == held) return;
    c->held_by_lanes = held;
    set_reading(c);
}

void stream_admitted(session *s) {
    stream *c = s->connection;
    if (!c) return;
    c->server->net->guest_count--;
    c->framing.max = limit_frame_bytes_max;
}

// ---- accept -----------------------------------------------------------------------------------

static stream *make(listener *l) {
    stream *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    uv_loop_t *loop = &l->server->loop;
    if (l->transport == TRANSPORT_TCP) uv_tcp_init(loop, &c->handle.tcp);
    else uv_pipe_init(loop, &c->handle.pipe, 0);
    uv_timer_init(loop, &c->watch);
    c->handle.any.data = c->watch.data = c;
    c->handles = 2;
    c->server = l->server;
    c->born_ms = c->moved_ms = uv_now(loop);
    return c;
}

static bool peer_of(stream *c, transport which, char *text, size_t bytes) {
    struct sockaddr_storage address = {0};
    int length = sizeof address;
    snprintf(text, bytes, "local");
    if (which == TRANSPORT_UNIX) return true;
    if (uv_tcp_getpeername(&c->handle.tcp, (struct sockaddr *)&address, &length) != 0) return false;
    char digits[64] = "?";
    uv_ip_name((struct sockaddr *)&address, digits, sizeof digits);
    unsigned port =
        ntohs(((struct sockaddr_in *)&address)->sin_port); // in the same place in both families
    snprintf(text, bytes, "%s:%u", digits, port);
    return address_is_loopback((struct sockaddr *)&address);
}

static void drop(stream *c) {
    c->closing = true;
    uv_close((uv_handle_t *)&c->watch, on_closed);
    uv_close(&c->handle.any, on_closed);
}

void stream_accept(listener *l) {
    server *s = l->server;
    net *n = s->net;
    stream *c = make(l);
    if (!c) return;
    if (uv_accept(&l->handle.stream, &c->handle.stream) != 0) {
        drop(c);
        return;
    }
    char peer[128];
    bool local = peer_of(c, l->transport, peer, sizeof peer);
    bool admitted = admit_at_once(s, l->transport, local);
    if (l->transport == TRANSPORT_TCP) uv_tcp_nodelay(&c->handle.tcp, 1);
    c->session = n->stream_count < limit_connections_max
                     ? session_create(s, l->transport, local, admitted, peer)
                     : NULL;
    if (!c->session) {
        log_line(LOG_WARNING, "client.refused", "%s %s: %u connections are open",
                 transport_name(l->transport), peer, n->stream_count);
        drop(c);
        return;
    }
    c->session->connection = c;
    c->session->send = send_packet;
    c->session->hold = hold;
    c->framing.max = admitted ? limit_frame_bytes_max : limit_guest_bytes_max;
    if (n->streams) n->streams->previous = c;
    c->next = n->streams;
    n->streams = c;
    n->stream_count++;
    if (!admitted) n->guest_count++;
    uv_timer_start(&c->watch, on_watch, WATCH_MS, WATCH_MS);
    if (n->guest_count > limit_guests_max) {
        answer_fail(c->session, 0, "", CODE_DENIED, "too many connections are not admitted yet", -1,
                    "guests_max");
        hang_up(c);
        return;
    }
    set_reading(c);
}

void streams_close(server *s) {
    while (s->net->streams) stream_close(s->net->streams);
}

uint32_t net_stream_count(const server *s) { return s->net->stream_count; }

size_t net_queued_bytes(const server *s) {
    size_t bytes = 0;
    for (const stream *c = s->net->streams; c; c = c->next) bytes += queued(c);
    return bytes;
}
