// SPDX-License-Identifier: MIT
// datagram -- UDP: senders are remembered by address, the one idle longest is forgotten when there
// are too many.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lanes/lanes.h"
#include "log.h"
#include "net/net.h"

enum { READ_BYTES = 64 << 10 };

typedef struct peer {
    struct peer *next; ///< the one heard last comes first
    struct sockaddr_storage address;
    listener *listener;
    session *session;
} peer;

typedef struct {
    uv_udp_send_t request;
    uint8_t bytes[];
} output;

static char read_room[READ_BYTES];

bool address_is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24) == 127;
    if (address->sa_family != AF_INET6) return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

static bool same(const struct sockaddr *a, const struct sockaddr *b) {
    if (a->sa_family != b->sa_family) return false;
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *one = (const void *)a, *two = (const void *)b;
        return one->sin_port == two->sin_port && one->sin_addr.s_addr == two->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *one = (const void *)a, *two = (const void *)b;
    return one->sin6_port == two->sin6_port &&
           memcmp(&one->sin6_addr, &two->sin6_addr, sizeof one->sin6_addr) == 0;
}

// ---- out --------------------------------------------------------------------------------------

static void on_sent(uv_udp_send_t *request, int status) {
    (void)status;
    free(request);
}

static void send_packet(session *s, const void *packet, size_t bytes, send_kind kind) {
    peer *p = s->connection;
    if (!p) return;
    uv_udp_t *socket = &p->listener->handle.udp;
    const struct sockaddr *to = (const struct sockaddr *)&p->address;
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)packet, (unsigned)bytes);
    size_t queued = uv_udp_get_send_queue_size(socket);
    if (!queued && uv_udp_try_send(socket, &buffer, 1, to) >= 0) return;
    if (queued > (kind == SEND_METER ? limit_meter_queue_bytes_max : limit_datagram_buffer_bytes))
        return;
    output *o = malloc(sizeof *o + bytes);
    if (!o) return;
    memcpy(o->bytes, packet, bytes);
    buffer = uv_buf_init((char *)o->bytes, (unsigned)bytes);
    if (uv_udp_send(&o->request, socket, &buffer, 1, to, on_sent) != 0) free(o);
}

// ---- in ---------------------------------------------------------------------------------------

static void forget(peer **at) {
    peer *p = *at;
    *at = p->next;
    p->listener->server->net->peer_count--;
    p->session->connection = NULL;
    session_gone(p->session);
    free(p);
}

/// Strangers go first, so that nobody who was let in is pushed out by them; who has something under
/// way goes last.
static int dispensable(const peer *p) {
    return p->session->references > 1 ? 0 : p->session->admitted ? 1 : 2;
}

/// Of those that are most dispensable the one idle longest.
static void make_room(net *n) {
    if (n->peer_count < limit_datagram_peers_max) return;
    peer **least = &n->peers;
    for (peer **at = &n->peers; *at; at = &(*at)->next)
        if (dispensable(*at) >= dispensable(*least)) least = at;
    forget(least);
}

static peer *meet(listener *l, const struct sockaddr *address) {
    net *n = l->server->net;
    make_room(n);
    peer *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    char digits[64] = "?", text[128];
    uv_ip_name(address, digits, sizeof digits);
    snprintf(text, sizeof text, "%s:%u", digits,
             ntohs(((const struct sockaddr_in *)address)->sin_port));
    bool local = address_is_loopback(address);
    p->session = session_create(l->server, TRANSPORT_UDP, local,
                                admit_at_once(l->server, TRANSPORT_UDP, local), text);
    if (!p->session) {
        free(p);
        return NULL;
    }
    memcpy(&p->address, address,
           address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                         : sizeof(struct sockaddr_in6));
    p->listener = l;
    p->session->connection = p;
    p->session->send = send_packet;
    p->next = n->peers;
    n->peers = p;
    n->peer_count++;
    return p;
}

static peer *find(listener *l, const struct sockaddr *address) {
    net *n = l->server->net;
    for (peer **at = &n->peers; *at; at = &(*at)->next) {
        peer *p = *at;
        if (p->listener != l || !same((const struct sockaddr *)&p->address, address)) continue;
        *at = p->next;
        p->next = n->peers;
        n->peers = p;
        return p;
    }
    return meet(l, address);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    (void)handle, (void)wanted;
    *buffer = uv_buf_init(read_room, sizeof read_room);
}

static void on_datagram(uv_udp_t *socket, ssize_t count, const uv_buf_t *buffer,
                        const struct sockaddr *address, unsigned flags) {
    listener *l = socket->data;
    if (count <= 0 || !address) return;
    peer *p = find(l, address);
    if (!p) return;
    session *s = p->session;
    session_hold(s);
    if (flags & UV_UDP_PARTIAL) answer_fail(s, 0, "", CODE_TOO_BIG, "a datagram was cut", -1, NULL);
    else session_packet(s, (const uint8_t *)buffer->base, (size_t)count);
    session_release(s);
}

static void enlarge_buffer(uv_udp_t *socket) {
    uv_os_fd_t fd;
    int bytes = limit_datagram_buffer_bytes;
    if (uv_fileno((uv_handle_t *)socket, &fd) != 0) return;
#ifdef SO_RCVBUFFORCE
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return;
#endif
    uv_recv_buffer_size((uv_handle_t *)socket, &bytes);
    int got = 0;
    socklen_t length = sizeof got;
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &length) == 0 && got < bytes)
        log_line(LOG_INFO, "udp.buffer",
                 "%d KiB is what the system allows (net.core.rmem_max); bursts may be cut",
                 got / 1024);
}

int datagram_listen(listener *l, const struct sockaddr *address) {
    uv_udp_init(&l->server->loop, &l->handle.udp);
    l->handle.udp.data = l;
    l->open = true;
    int error = uv_udp_bind(&l->handle.udp, address, 0);
    if (error) return error;
    enlarge_buffer(&l->handle.udp);
    return uv_udp_recv_start(&l->handle.udp, on_room, on_datagram);
}

void datagrams_close(server *s) {
    while (s->net->peers) forget(&s->net->peers);
}
