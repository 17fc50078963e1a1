// SPDX-License-Identifier: MIT
// connection_in -- frames of a connection, some in each slice of time, until something holds it.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clients/connection.h"
#include "clients/reply.h"

enum { READ_BYTES = 64 << 10 };

static char read_room[READ_BYTES]; // one loop, and libuv gives it back before it asks again

/// Without a word: what a browser is answered must be of no use to it.
static bool cut_stranger(connection *c) {
    if (c->closing) return false;
    log_line(LOG_INFO, "client.stranger", "%s %s: its first bytes are not OSC",
             transport_name(c->session->transport), c->session->peer);
    connection_close(c);
    return false;
}

static bool take(void *context, framing_event event, const uint8_t *frame, size_t bytes) {
    connection *c = context;
    session *s = c->session;
    switch (event) {
    case FRAMING_OK:
        if (!session_packet(s, frame, bytes)) return cut_stranger(c);
        c->packet_ms = c->frame_ms = uv_now(&c->server->loop);
        c->framing.pause = now_ns() > c->slice_end || c->held_by_requests || c->held_by_queue;
        return !c->closing;
    case FRAMING_STRANGER: return cut_stranger(c);
    case FRAMING_TOO_BIG:
        reply_fail(s, 0, "", CODE_TOO_BIG, "frame too long, ignored", -1,
                   s->admitted ? "frame_bytes_max" : "guest_bytes_max");
        return true;
    case FRAMING_BAD:
        reply_fail(s, 0, "", CODE_BAD_PACKET, "invalid escape in a SLIP frame, ignored", -1, NULL);
        return true;
    case FRAMING_LOST:
        reply_fail(s, 0, "", CODE_TOO_BIG, "impossible frame length; this is probably not OSC", -1,
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
    connection *c = request->data;
    free(request);
    if (!c->closing) connection_close(c);
}

/// What was said last shall arrive.
static void hang_up(connection *c) {
    uv_read_stop(&c->handle.stream);
    c->reading = false;
    c->held_by_requests = true;
    uv_shutdown_t *request = malloc(sizeof *request);
    if (request) request->data = c;
    if (!request || uv_shutdown(request, &c->handle.stream, close_after_writing) != 0) {
        free(request);
        connection_close(c);
    }
}

/// Reads frames until the turn is over. @return how many bytes are left
static size_t feed_slice(connection *c, const uint8_t *bytes, size_t count) {
    session *s = c->session;
    net *n = c->server->net;
    bool began_within = framing_is_within(&c->framing);
    if (!began_within) c->frame_ms = uv_now(&c->server->loop);
    c->slice_end = slices_end_time();
    session_hold(s);
    bool good = framing_feed(&c->framing, bytes, count, take, c);
    session_release(s);
    if (c->closing) return 0;
    connection_count_bytes(c, c->framing.room, c->queue_counted);
    if (good && n->frames_bytes > limit_frames_bytes_max && framing_is_within(&c->framing)) {
        reply_fail(s, 0, "", CODE_LIMIT, "too many bytes of incomplete frames of all clients", -1,
                   "frames_bytes_max");
        good = false;
    }
    if (good) return c->framing.unread;
    hang_up(c);
    return 0;
}

/// Keeps what the turn was too short for.
static void feed(connection *c, const uint8_t *bytes, size_t count) {
    size_t left = feed_slice(c, bytes, count);
    if (!left || c->closing) return;
    c->left = malloc(left);
    if (!c->left) {
        connection_close(c);
        return;
    }
    memcpy(c->left, bytes + count - left, left);
    c->left_at = 0;
    c->left_bytes = left;
    connection_set_reading(c);
}

bool connection_serve(slice *t) {
    connection *c = (connection *)((char *)t - offsetof(connection, slice));
    size_t count = c->left_bytes - c->left_at;
    size_t left = feed_slice(c, c->left + c->left_at, count);
    if (c->closing) return false;
    c->left_at = c->left_bytes - left;
    if (left) return !c->held_by_requests && !c->held_by_queue;
    free(c->left);
    c->left = NULL;
    connection_set_reading(c);
    return false;
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer) {
    connection *c = handle->data;
    if (count < 0) {
        connection_close(c);
        return;
    }
    if (!c->session->admitted) {
        c->guest_bytes += (size_t)count;
        if (c->guest_bytes > limit_guest_bytes_max) {
            reply_fail(c->session, 0, "", CODE_DENIED, "too many bytes before /hello", -1,
                       "guest_bytes_max");
            hang_up(c);
            return;
        }
    }
    feed(c, (const uint8_t *)buffer->base, (size_t)count);
}

void connection_set_reading(connection *c) {
    bool free_to = !c->held_by_requests && !c->held_by_queue && !c->closing, wanted;
    if (c->left && free_to) slices_add(&c->slice);
    else slices_remove(&c->slice);
    wanted = free_to && !c->left;
    if (wanted == c->reading) return;
    c->reading = wanted;
    if (wanted) uv_read_start(&c->handle.stream, on_room, on_read);
    else uv_read_stop(&c->handle.stream);
}

void connection_hold(session *s, bool held) {
    connection *c = s->connection;
    if (!c || c->held_by_requests == held) return;
    c->held_by_requests = held;
    connection_set_reading(c);
}
