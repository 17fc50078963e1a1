// SPDX-License-Identifier: MIT
#include "clients/connection.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "clients/reply.h"

enum { TRIM_BYTES = 1 << 20 };

size_t connection_queued(const connection *c) {
    return uv_stream_get_write_queue_size(&c->handle.stream);
}

void connection_count_bytes(connection *c, size_t frame, size_t queue) {
    net *n = c->server->net;
    n->frames_bytes += frame - c->frame_counted;
    n->queues_bytes += queue - c->queue_counted;
    c->frame_counted = frame;
    c->queue_counted = queue;
}

static void on_closed(uv_handle_t *handle) {
    connection *c = handle->data;
    if (--c->handles) return;
    bool large = c->frame_counted + c->queue_counted > TRIM_BYTES;
    connection_count_bytes(c, 0, 0);
    framing_finish(&c->framing);
    free(c->left);
    free(c);
    if (large) malloc_trim(0); // what a client took goes back to the system
}

void connection_close(connection *c) {
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

void connection_admitted(session *s) {
    connection *c = s->connection;
    if (!c) return;
    c->server->net->guest_count--;
    c->framing.max = limit_frame_bytes_max;
}

// ---- accept -----------------------------------------------------------------------------------

static connection *make(listener *l) {
    connection *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    uv_loop_t *loop = &l->server->loop;
    if (l->transport == TRANSPORT_TCP) uv_tcp_init(loop, &c->handle.tcp);
    else uv_pipe_init(loop, &c->handle.pipe, 0);
    uv_timer_init(loop, &c->watch);
    c->handle.any.data = c->watch.data = c;
    c->handles = 2;
    c->server = l->server;
    c->born_ms = c->moved_ms = c->packet_ms = uv_now(loop);
    c->slice.serve = connection_serve;
    return c;
}

static void drop(connection *c) {
    c->closing = true;
    uv_close((uv_handle_t *)&c->watch, on_closed);
    uv_close(&c->handle.any, on_closed);
}

/// Closes the connection that has been silent longest and has not subscribed to
/// anything.
static bool close_idle(net *n, transport which) {
    connection *idle = NULL;
    for (connection *at = n->streams; at; at = at->next)
        if (at->session->transport == which && !at->session->topics && !at->session->open_count &&
            (!idle || at->packet_ms < idle->packet_ms))
            idle = at;
    if (!idle || uv_now(&idle->server->loop) - idle->packet_ms < limit_idle_ms_min) return false;
    connection_cut(idle, "idle, closed to admit another connection");
    return true;
}

static bool has_room(net *n, transport which) {
    uint32_t max = which == TRANSPORT_UNIX ? limit_unix_connections_max : limit_tcp_connections_max;
    return n->counts[which] < max || close_idle(n, which);
}

/// Guests that say nothing must not keep out one that does.
static void cut_oldest_guest(net *n, const connection *but) {
    connection *oldest = NULL;
    for (connection *at = n->streams; at; at = at->next) // the newest come first
        if (at != but && !at->session->admitted) oldest = at;
    if (!oldest) return;
    reply_fail(oldest->session, 0, "", CODE_DENIED, "too many connections wait for admission", -1,
               "guests_max");
    connection_close(oldest);
}

static void enter(listener *l, connection *c, const char *peer, bool local, bool admitted) {
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
    c->session->send = connection_send;
    c->session->hold = connection_hold;
    // nobody reaches the unix socket who could send anything but what its owner's programs mean
    c->session->known = c->framing.known = l->transport == TRANSPORT_UNIX;
    c->framing.max = admitted ? limit_frame_bytes_max : limit_guest_bytes_max;
    if (n->streams) n->streams->previous = c;
    c->next = n->streams;
    n->streams = c;
    n->stream_count++;
    n->counts[l->transport]++;
    if (!admitted && ++n->guest_count > limit_guests_max) cut_oldest_guest(n, c);
    uv_timer_start(&c->watch, connection_on_watch, CONNECTION_WATCH_MS, CONNECTION_WATCH_MS);
    connection_set_reading(c);
}

void connection_accept(listener *l) {
    connection *c = make(l);
    if (!c) return;
    if (uv_accept(&l->handle.stream, &c->handle.stream) != 0) drop(c);
    else enter(l, c, "local", true, true);
}

void connection_take(listener *l, int file, const struct sockaddr *from, owner of) {
    char digits[64] = "?", peer[128];
    connection *c = make(l);
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

void connections_close(server *s) {
    while (s->net->streams) connection_close(s->net->streams);
}

uint32_t net_stream_count(const server *s) { return s->net->stream_count; }
size_t net_queued_bytes(const server *s) { return s->net->queues_bytes; }
