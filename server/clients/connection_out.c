// SPDX-License-Identifier: MIT
// connection_out -- a bounded queue of answers; those who do not read are cut.
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clients/connection.h"
#include "clients/reply.h"

typedef struct {
    uv_write_t request;
    connection *to;
    uint8_t bytes[];
} output;

static void on_written(uv_write_t *request, int status) {
    output *o = (output *)request;
    connection *c = o->to;
    free(o);
    if (c->closing) return;
    connection_count_bytes(c, c->frame_counted, connection_queued(c));
    c->moved_ms = uv_now(&c->server->loop);
    if (status < 0) {
        connection_close(c);
        return;
    }
    if (c->held_by_queue && connection_queued(c) < limit_queue_pause_bytes / 4) {
        c->held_by_queue = false;
        connection_set_reading(c);
    }
}

static bool write_frame(connection *c, const void *packet, size_t bytes) {
    output *o = malloc(sizeof *o + framing_room(c->framing.kind, bytes));
    if (!o) return false;
    size_t count = framing_write(c->framing.kind, packet, bytes, o->bytes);
    uv_buf_t buffer = uv_buf_init((char *)o->bytes, (unsigned)count);
    int sent = connection_queued(c) ? 0 : uv_try_write(&c->handle.stream, &buffer, 1);
    if (sent < 0) sent = 0;
    if ((size_t)sent == count) {
        free(o);
        return true;
    }
    if (!connection_queued(c)) c->moved_ms = uv_now(&c->server->loop);
    buffer = uv_buf_init((char *)o->bytes + sent, (unsigned)(count - (size_t)sent));
    o->to = c;
    if (uv_write(&o->request, &c->handle.stream, &buffer, 1, on_written) == 0) return true;
    free(o);
    return false;
}

void connection_cut(connection *c, const char *why) {
    session *s = c->session;
    s->server->tally.cut++;
    log_line(LOG_WARNING, "client.cut", "%s %s: %s", transport_name(s->transport), s->peer, why);
    s->fail_count = 0;
    reply_fail(s, 0, "", CODE_SLOW_CONSUMER, why, -1, NULL);
    connection_close(c);
}

/// Closed by its watch, outside of whoever sends.
static void cut_longest(net *n) {
    connection *longest = n->streams;
    for (connection *at = n->streams; at; at = at->next)
        if (at->queue_counted > longest->queue_counted) longest = at;
    longest->moved_ms = 0;
    uv_timer_start(&longest->watch, connection_on_watch, 0, CONNECTION_WATCH_MS);
}

void connection_send(session *s, const void *packet, size_t bytes, send_kind kind) {
    connection *c = s->connection;
    if (!c || c->closing) return;
    size_t waiting = connection_queued(c);
    if (kind == SEND_METER && waiting > limit_meter_queue_bytes_max) return;
    if (waiting > limit_queue_bytes_max) {
        if (kind == SEND_NOTICE) { // closed by the watch, outside of whoever sends
            c->moved_ms = 0;
            return;
        }
        c->moved_ms = 0;
    }
    if (!write_frame(c, packet, bytes)) c->moved_ms = 0;
    connection_count_bytes(c, c->frame_counted, connection_queued(c));
    if (c->server->net->queues_bytes > limit_queues_bytes_max) cut_longest(c->server->net);
    if (connection_queued(c) > limit_queue_pause_bytes && !c->held_by_queue) {
        c->held_by_queue = true;
        connection_set_reading(c);
    }
}

void connection_on_watch(uv_timer_t *timer) {
    connection *c = timer->data;
    uint64_t now = uv_now(&c->server->loop);
    if (!c->session->admitted && now - c->born_ms > limit_guest_ms_max) {
        reply_fail(c->session, 0, "", CODE_DENIED, "not admitted in time; send /hello with a token",
                   -1, "guest_ms_max");
        connection_close(c);
        return;
    }
    if (!c->session->known && now - c->born_ms > limit_silent_ms_max) {
        connection_close(c);
        return;
    }
    if (!c->reading) c->frame_ms = now; // it is not the client that is slow
    if (framing_is_within(&c->framing) && now - c->frame_ms > limit_frame_ms_max) {
        reply_fail(c->session, 0, "", CODE_LIMIT, "an incomplete frame timed out", -1,
                   "frame_ms_max");
        connection_close(c);
        return;
    }
    size_t waiting = connection_queued(c);
    if (waiting < c->queued_before) c->moved_ms = now;
    c->queued_before = waiting;
    if (waiting && now - c->moved_ms > limit_queue_ms_max)
        connection_cut(c, "it does not read its replies");
}
