// SPDX-License-Identifier: MIT
// datagram -- UDP: senders are remembered by address, the one idle longest is forgotten when there
// are too many.
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "clients/net.h"
#include "clients/reply.h"
#include "clients/slices.h"
#include "protocol/framing.h"

#define TELL_NS UINT64_C(1000000000) // at most so often

typedef struct peer {
    struct peer *next; ///< the one that sent last comes first
    struct sockaddr_storage address;
    owner owner;
    uint64_t socket; ///< of another user's: whoever has the port next is another client
    listener *listener;
    session *session;
    slice slice;
    arrival *first, *last; ///< that wait for their turn
    size_t bytes;
} peer;

typedef struct {
    uv_udp_send_t request;
    uint8_t bytes[];
} output;

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

static bool serve(slice *t);

// ---- out --------------------------------------------------------------------------------------

static void on_sent(uv_udp_send_t *request, int status) {
    (void)status;
    free(request);
}

static void send_packet(session *s, const void *packet, size_t bytes, send_kind kind) {
    peer *p = s->connection;
    if (!p) return;
    if (!s->admitted) { // an address may be lent: it is answered little
        if (bytes > s->may_answer) return;
        s->may_answer -= bytes;
    }
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
    net *n = p->listener->server->net;
    *at = p->next;
    n->peer_count--;
    n->datagrams_bytes -= p->bytes;
    slices_remove(&p->slice);
    while (p->first) {
        arrival *a = p->first;
        p->first = a->next;
        free(a);
    }
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

static peer *meet(listener *l, const struct sockaddr *address, owner of) {
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
                                admit_at_once(l->server, TRANSPORT_UDP, local, of), text);
    if (!p->session) {
        free(p);
        return NULL;
    }
    memcpy(&p->address, address,
           address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                         : sizeof(struct sockaddr_in6));
    p->owner = of;
    p->slice.serve = serve;
    p->listener = l;
    p->session->connection = p;
    p->session->send = send_packet;
    p->next = n->peers;
    n->peers = p;
    n->peer_count++;
    return p;
}

/// The client that sent it, or NULL; one that had the address before, and was another's, is
/// forgotten.
static peer *find(listener *l, const arrival *a) {
    net *n = l->server->net;
    for (peer **at = &n->peers; *at; at = &(*at)->next) {
        peer *p = *at;
        if (p->listener != l || !same((const struct sockaddr *)&p->address, &a->from.any)) continue;
        if (p->owner != a->owner || (p->owner == OWNER_OTHER && p->socket != a->socket)) {
            forget(at);
            break;
        }
        *at = p->next;
        p->next = n->peers;
        n->peers = p;
        return p;
    }
    // what OSC cannot begin with makes nobody a client, and gets no answer
    if (!a->bytes || !framing_may_begin(a->packet[0])) return NULL;
    peer *p = meet(l, &a->from.any, a->owner);
    if (p) p->socket = a->socket;
    return p;
}

/// A program that has ended before its user could be looked up: whoever wonders finds it here.
static void tell_unknown(const arrival *a) {
    static uint64_t told_ns;
    if (a->owner != OWNER_UNKNOWN || !address_is_loopback(&a->from.any) ||
        now_ns() - told_ns < TELL_NS)
        return;
    told_ns = now_ns();
    log_line(LOG_INFO, "udp.unknown",
             "a datagram from port %u came from a program that had ended already: whose it was is "
             "not known, and it was not obeyed; send over TCP, or keep the program open",
             ntohs(a->from.four.sin_port));
}

/// @return false if there is no room: it is dropped, as UDP may
static bool keep(peer *p, arrival *a) {
    net *n = p->listener->server->net;
    size_t bytes = sizeof *a + a->bytes;
    if (p->bytes + bytes > limit_datagrams_bytes_max ||
        n->datagrams_bytes + bytes > limit_datagrams_all_bytes_max)
        return false;
    a->next = NULL;
    if (p->first) p->last->next = a;
    else p->first = a;
    p->last = a;
    p->bytes += bytes;
    n->datagrams_bytes += bytes;
    return true;
}

static void run(session *s, const arrival *a) {
    s->may_answer = a->bytes * limit_stranger_reply_factor;
    if (a->cut) reply_fail(s, 0, "", CODE_TOO_BIG, "truncated UDP packet", -1, NULL);
    else session_packet(s, a->packet, a->bytes); // wrong ones of who is not known are not answered
}

static bool serve(slice *t) {
    peer *p = (peer *)((char *)t - offsetof(peer, slice));
    net *n = p->listener->server->net;
    session *s = p->session;
    uint64_t end = slices_end_time();
    session_hold(s);
    while (p->first) {
        arrival *a = p->first;
        p->first = a->next;
        p->bytes -= sizeof *a + a->bytes;
        n->datagrams_bytes -= sizeof *a + a->bytes;
        run(s, a);
        free(a);
        if (now_ns() > end) break;
    }
    session_release(s);
    return p->first != NULL;
}

void datagram_take(listener *l, arrival *a) {
    peer *p = find(l, a);
    tell_unknown(a);
    if (!p || !keep(p, a)) free(a);
    else slices_add(&p->slice);
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
    return 0;
}

void datagrams_close(server *s) {
    while (s->net->peers) forget(&s->net->peers);
}
