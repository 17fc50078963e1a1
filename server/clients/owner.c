// SPDX-License-Identifier: MIT
// owner -- asks the kernel about one socket (sock_diag), which is quick enough to catch programs
// that end right after they have sent; then looks through /proc/net for sockets of other users that
// share a UDP port. Where there is neither, nothing is known.
#include "clients/owner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

enum { ANSWER_BYTES = 4096, LINE_BYTES = 512 };

void owner_begin(owner_lookup *l) {
    struct timeval patience = {.tv_usec = 200000};
    l->query = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (l->query >= 0) setsockopt(l->query, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void owner_end(owner_lookup *l) {
    if (l->query >= 0) close(l->query);
    l->query = -1;
}

// ---- one socket -------------------------------------------------------------------------------

static uint16_t port_of(const struct sockaddr *a) {
    return a->sa_family == AF_INET ? ((const struct sockaddr_in *)a)->sin_port
                                   : ((const struct sockaddr_in6 *)a)->sin6_port;
}

static void copy_address(const struct sockaddr *a, uint32_t to[4]) {
    if (a->sa_family == AF_INET) to[0] = ((const struct sockaddr_in *)a)->sin_addr.s_addr;
    else memcpy(to, &((const struct sockaddr_in6 *)a)->sin6_addr, 16);
}

/// The kernel wants source and destination of TCP as the socket sees them, of UDP the other way.
static void set_ends(struct inet_diag_sockid *id, int protocol, const struct sockaddr *peer,
                     const struct sockaddr *own) {
    const struct sockaddr *source = protocol == IPPROTO_TCP ? peer : own;
    const struct sockaddr *destination = protocol == IPPROTO_TCP ? own : peer;
    id->idiag_sport = port_of(source);
    id->idiag_dport = port_of(destination);
    copy_address(source, id->idiag_src);
    copy_address(destination, id->idiag_dst);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

/// @return false if there is no answer about exactly that socket
static bool ask(int query, int protocol, const struct sockaddr *peer, const struct sockaddr *own,
                struct inet_diag_msg *found) {
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {.head = {.nlmsg_len = sizeof request,
                          .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                          .nlmsg_flags = NLM_F_REQUEST},
                 .body = {.sdiag_family = (uint8_t)peer->sa_family,
                          .sdiag_protocol = (uint8_t)protocol,
                          .idiag_states = ~0u}};
    union {
        struct nlmsghdr head;
        uint8_t bytes[ANSWER_BYTES];
    } answer;
    static __thread uint32_t serial;
    request.head.nlmsg_seq = ++serial;
    set_ends(&request.body.id, protocol, peer, own);
    if (send(query, &request, sizeof request, 0) < 0) return false;
    do {
        ssize_t got = recv(query, &answer, sizeof answer, 0);
        if (got < (ssize_t)sizeof answer.head) return false;
    } while (answer.head.nlmsg_seq != serial); // of an earlier question that was given up
    if (answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        answer.head.nlmsg_len < NLMSG_LENGTH(sizeof *found))
        return false;
    memcpy(found, NLMSG_DATA(&answer.head), sizeof *found);
    // a listener on the same port is another socket
    bool right_end = protocol == IPPROTO_UDP || found->id.idiag_dport == port_of(own);
    return right_end && found->id.idiag_sport == port_of(peer);
}

// ---- all sockets of a port --------------------------------------------------------------------

/// Counts ours and others' among the sockets of the table that have the port.
static void look_through(const char *table, uint16_t port, unsigned *ours, unsigned *others) {
    FILE *file = fopen(table, "re");
    char line[LINE_BYTES];
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        unsigned local, user;
        unsigned long inode;
        // "sl local:PORT remote:PORT state queues timer retransmits uid timeout inode"
        if (sscanf(line, "%*s %*[0-9A-F]:%X %*s %*s %*s %*s %*s %u %*s %lu", &local, &user,
                   &inode) != 3 ||
            local != port)
            continue;
        if (!inode) continue; // closed by its program, and only still there: nobody's
        if (user == geteuid()) ++*ours;
        else ++*others;
    }
    fclose(file);
}

static void count(int protocol, uint16_t port, unsigned *ours, unsigned *others) {
    *ours = *others = 0;
    look_through(protocol == IPPROTO_TCP ? "/proc/net/tcp" : "/proc/net/udp", port, ours, others);
    look_through(protocol == IPPROTO_TCP ? "/proc/net/tcp6" : "/proc/net/udp6", port, ours, others);
}

owner owner_of(owner_lookup *l, int protocol, const struct sockaddr *peer,
               const struct sockaddr *own, uint64_t *socket) {
    struct inet_diag_msg found;
    bool exact = l->query >= 0 && ask(l->query, protocol, peer, own, &found);
    uint64_t cookie =
        exact ? (uint64_t)found.id.idiag_cookie[1] << 32 | found.id.idiag_cookie[0] : 0;
    if (exact && !found.idiag_inode) return OWNER_UNKNOWN; // closed already
    if (exact && found.idiag_uid != geteuid()) {
        *socket = cookie;
        return OWNER_OTHER;
    }
    // seen before: it was looked up then whether another user shares the port
    if (exact && (protocol == IPPROTO_TCP || (cookie && cookie == *socket))) {
        *socket = cookie;
        return OWNER_OURS;
    }
    unsigned ours, others;
    count(protocol, ntohs(port_of(peer)), &ours, &others);
    if (others && (!exact || protocol == IPPROTO_UDP)) return OWNER_OTHER;
    if (!exact && !ours) return OWNER_UNKNOWN;
    *socket = cookie;
    return OWNER_OURS;
}

#else

void owner_begin(owner_lookup *l) { l->query = -1; }
void owner_end(owner_lookup *l) { (void)l; }
owner owner_of(owner_lookup *l, int protocol, const struct sockaddr *peer,
               const struct sockaddr *own, uint64_t *socket) {
    (void)l, (void)protocol, (void)peer, (void)own, (void)socket;
    return OWNER_UNKNOWN;
}

#endif
