// SPDX-License-Identifier: MIT
// owner -- whose socket is at the other end, on this machine. Any thread.
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef enum {
    OWNER_OURS,
    OWNER_OTHER,
    OWNER_UNKNOWN, ///< the socket is gone already, or the system does not tell
} owner;

typedef struct {
    int query; ///< a netlink socket, or -1: /proc/net alone
} owner_lookup;

void owner_begin(owner_lookup *l);
void owner_end(owner_lookup *l);
/// @param protocol IPPROTO_TCP or IPPROTO_UDP
/// @param peer the other end's address, loopback
/// @param own the address that it sends to
/// @param socket receives what distinguishes that socket from any other that has had, or will have,
/// its port; 0 if not known
owner owner_of(owner_lookup *l, int protocol, const struct sockaddr *peer,
               const struct sockaddr *own, uint64_t *socket);

#endif
