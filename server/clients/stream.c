// SPDX-License-Identifier: MIT
// stream -- connections over TCP and the unix socket: frames in, a bounded queue of answers out.
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "clients/net.h"
#include "clients/reply.h"
#include "clients/slices.h"
#include "protocol/framing.h"

enum { READ_BYTES = 64 << 10, WATCH_MS = 250, TRIM_BYTES = 1 << 20 };

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

/// Keeps the sums of all streams.
static void count_bytes(stream *c, size_t frame, size_t queue) {
    net *n = c->server->net;
    n->frames_bytes += frame - c->frame_counted;
    n->queues_bytes += queue - c->queue_counted;
    c->frame_counted = frame;
    c->queue_counted = queue;
}

static void on_closed(uv_handle_t *handle) {
    stream *c = handle->data;
    if (--c->handles) return;
    bool large = c->frame_counted + c->queue_counted > TRIM_BYTES;
    count_bytes(c, 0, 0);
    framing_finish(&c->framing);
    free(c->left);
    free(c);
    if (large) malloc_trim(0); // what a client took goes back to the system
}

static void stream_close(stream *c) {
    if (c->closing) return;
    c->closing = true;
    net *n = c->server->net;
    if (c->previous) c->previous->next = c->next;
    else n->streams = c->next;
    if (c->next) c->next->previous = c->previous;
    n->stream_count--;
    n->counts[c->session->transport]--;
    if (!c->session->admitted) n->guest_count--;
    slices_remove(&c->slice);
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
    count_bytes(c, c->frame_counted, queued(c));
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
    reply_fail(s, 0, "", CODE_SLOW_CONSUMER, why, -1, NULL);
    stream_close(c);
}

static void on_watch(uv_timer_t *timer);

/// Closed by its watch, outside of whoever sends.
static void cut_longest(net *n) {
    stream *longest = n->streams;
    for (stream *at = n->streams; at; at = at->next)
        if (at->queue_counted > longest->queue_counted) longest = at;
    longest->moved_ms = 0;
    uv_timer_start(&longest->watch, on_watch, 0, WATCH_MS);
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
    count_bytes(c, c->frame_counted, queued(c));
    if (c->server->net->queues_bytes > limit_queues_bytes_max) cut_longest(c->server->net);
    if (queued(c) > limit_queue_pause_bytes && !c->held_by_queue) {
        c->held_by_queue = true;
        set_reading(c);
    }
}

static void on_watch(uv_timer_t *timer) {
    stream *c = timer->data;
    uint64_t now = uv_now(&c->server->loop);
    if (!c->session->admitted && now - c->born_ms > limit_guest_ms_max) {
        reply_fail(c->session, 0, "", CODE_DENIED, "not admitted in time", -1, "guest_ms_max");
        stream_close(c);
        return;
    }
    if (!c->session->known && now - c->born_ms > limit_silent_ms_max) {
        stream_close(c);
        return;
    }
    if (!c->reading) c->frame_ms = now; // it is not the client that is slow
    if (framing_is_within(&c->framing) && now - c->frame_ms > limit_frame_ms_max) {
        reply_fail(c->session, 0, "", CODE_LIMIT, "a frame was not finished in time", -1,
                   "frame_ms_max");
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

/// Without a word: what a browser is answered must be of no use to it.
static bool cut_stranger(stream *c) {
    if (c->closing) return false;
    log_line(LOG_INFO, "client.stranger", "%s %s: its first bytes are no OSC",
             transport_name(c->session->transport), c->session->peer);
    stream_close(c);
    return false;
}

static bool take(void *context, framing_event event, const uint8_t *frame, size_t bytes) {
    stream *c = context;
    session *s = c->session;
    switch (event) {
    case FRAMING_OK:
        if (!session_packet(s, frame, bytes)) return cut_stranger(c);
        c->packet_ms = c->frame_ms = uv_now(&c->server->loop);
        c->framing.pause = now_ns() > c->slice_end || c->held_by_lanes || c->held_by_queue;
        return !c->closing;
    case FRAMING_STRANGER: return cut_stranger(c);
    case FRAMING_TOO_BIG:
        reply_fail(s, 0, "", CODE_TOO_BIG, "a frame is too long, and was left out", -1,
                   s->admitted ? "frame_bytes_max" : "guest_bytes_max");
        return true;
    case FRAMING_BAD:
        reply_fail(s, 0, "", CODE_BAD_PACKET, "a SLIP frame with a wrong escape was left out", -1,
                   NULL);
        return true;
    case FRAMING_LOST:
        reply_fail(s, 0, "", CODE_TOO_BIG, "no frame is that long: is this OSC?", -1,
                   "skip_bytes_max");
        return false;
    default: reply_fail(s, 0, "", CODE_NO_MEMORY, "out of memory", -1, NULL); return false;
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

/// Reads frames until the turn is over. @return how many bytes are left
static size_t feed_slice(stream *c, const uint8_t *bytes, size_t count) {
    session *s = c->session;
    net *n = c->server->net;
    bool began_within = framing_is_within(&c->framing);
    if (!began_within) c->frame_ms = uv_now(&c->server->loop);
    c->slice_end = slices_end_time();
    session_hold(s);
    bool good = framing_feed(&c->framing, bytes, count, take, c);
    session_release(s);
    if (c->closing) return 0;
    count_bytes(c, c->framing.room, c->queue_counted);
    if (good && n->frames_bytes > limit_frames_bytes_max && framing_is_within(&c->framing)) {
        reply_fail(s, 0, "", CODE_LIMIT, "frames of all clients that are not whole take too much",
                   -1, "frames_bytes_max");
        good = false;
    }
    if (good) return c->framing.unread;
    hang_up(c);
    return 0;
}

/// Keeps what the turn was too short for.
static void feed(stream *c, const uint8_t *bytes, size_t count) {
    size_t left = feed_slice(c, bytes, count);
    if (!left || c->closing) return;
    c->left = malloc(left);
    if (!c->left) {
        stream_close(c);
        return;
    }
    memcpy(c->left, bytes + count - left, left);
    c->left_at = 0;
    c->left_bytes = left;
    set_reading(c);
}

static bool serve(slice *t) {
    stream *c = (stream *)((char *)t - offsetof(stream, slice));
    size_t count = c->left_bytes - c->left_at;
    size_t left = feed_slice(c, c->left + c->left_at, count);
    if (c->closing) return false;
    c->left_at = c->left_bytes - left;
    if (left) return !c->held_by_lanes && !c->held_by_queue;
    free(c->left);
    c->left = NULL;
    set_reading(c);
    return false;
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
            reply_fail(c->session, 0, "", CODE_DENIED, "too much was sent before /hello", -1,
                       "guest_bytes_max");
            hang_up(c);
            return;
        }
    }
    feed(c, (const uint8_t *)buffer->base, (size_t)count);
}

static void set_reading(stream *c) {
    bool free_to = !c->held_by_lanes && !c->held_by_queue && !c->closing, wanted;
    if (c->left && free_to) slices_add(&c->slice);
    else slices_remove(&c->slice);
    wanted = free_to && !c->left;
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
    c->born_ms = c->moved_ms = c->packet_ms = uv_now(loop);
    c->slice.serve = serve;
    return c;
}

static void drop(stream *c) {
    c->closing = true;
    uv_close((uv_handle_t *)&c->watch, on_closed);
    uv_close(&c->handle.any, on_closed);
}

/// Whether another connection gives way: the one that is silent longest, and has not subscribed to
/// anything.
static bool make_room(net *n, transport which) {
    stream *idle = NULL;
    for (stream *at = n->streams; at; at = at->next)
        if (at->session->transport == which && !at->session->topics && !at->session->open_count &&
            (!idle || at->packet_ms < idle->packet_ms))
            idle = at;
    if (!idle || uv_now(&idle->server->loop) - idle->packet_ms < limit_idle_ms_min) return false;
    cut(idle, "it was silent, and its place is wanted");
    return true;
}

static bool has_room(net *n, transport which) {
    uint32_t max = which == TRANSPORT_UNIX ? limit_unix_connections_max : limit_tcp_connections_max;
    return n->counts[which] < max || make_room(n, which);
}

/// Guests that say nothing must not keep out one that does.
static void cut_oldest_guest(net *n, const stream *but) {
    stream *oldest = NULL;
    for (stream *at = n->streams; at; at = at->next) // the newest come first
        if (at != but && !at->session->admitted) oldest = at;
    if (!oldest) return;
    reply_fail(oldest->session, 0, "", CODE_DENIED, "too many connections are not admitted yet", -1,
               "guests_max");
    stream_close(oldest);
}

static void enter(listener *l, stream *c, const char *peer, bool local, bool admitted) {
    server *s = l->server;
    net *n = s->net;
    bool room = has_room(n, l->transport);
    c->session = room ? session_create(s, l->transport, local, admitted, peer) : NULL;
    if (!c->session) {
        log_line(LOG_WARNING, "client.refused", "%s %s: %u connections are open",
                 transport_name(l->transport), peer, n->counts[l->transport]);
        drop(c);
        return;
    }
    c->session->connection = c;
    c->session->send = send_packet;
    c->session->hold = hold;
    // nobody reaches the unix socket who could send anything but what its owner's programs mean
    c->session->known = c->framing.known = l->transport == TRANSPORT_UNIX;
    c->framing.max = admitted ? limit_frame_bytes_max : limit_guest_bytes_max;
    if (n->streams) n->streams->previous = c;
    c->next = n->streams;
    n->streams = c;
    n->stream_count++;
    n->counts[l->transport]++;
    if (!admitted && ++n->guest_count > limit_guests_max) cut_oldest_guest(n, c);
    uv_timer_start(&c->watch, on_watch, WATCH_MS, WATCH_MS);
    set_reading(c);
}

void stream_accept(listener *l) {
    stream *c = make(l);
    if (!c) return;
    if (uv_accept(&l->handle.stream, &c->handle.stream) != 0) drop(c);
    else enter(l, c, "local", true, true);
}

void stream_take(listener *l, int file, const struct sockaddr *from, owner of) {
    char digits[64] = "?", peer[128];
    stream *c = make(l);
    if (!c || uv_tcp_open(&c->handle.tcp, file) != 0) {
        close(file);
        if (c) drop(c);
        return;
    }
    uv_ip_name(from, digits, sizeof digits);
    // the port is in the same place in both families
    snprintf(peer, sizeof peer, "%s:%u", digits,
             ntohs(((const struct sockaddr_in *)from)->sin_port));
    uv_tcp_nodelay(&c->handle.tcp, 1);
    bool local = address_is_loopback(from);
    enter(l, c, peer, local, admit_at_once(l->server, l->transport, local, of));
}

void streams_close(server *s) {
    while (s->net->streams) stream_close(s->net->streams);
}

uint32_t net_stream_count(const server *s) { return s->net->stream_count; }
size_t net_queued_bytes(const server *s) { return s->net->queues_bytes; }
