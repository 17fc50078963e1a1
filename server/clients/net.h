// SPDX-License-Identifier: MIT
// net -- the sockets: unix, TCP, UDP; and who is let in. Loop only.
#ifndef NET_H
#define NET_H

#include "clients/gate.h"
#include "clients/session.h"

/// Opens what the options ask for. @return false with a cause, and an exit code in *exit_code
bool net_open(server *s, char *cause, size_t cause_bytes, int *exit_code);
/// Takes in what arrives from now on.
bool net_start(server *s);
/// Stops listening, cuts everybody once what was said to them is sent.
void net_close(server *s);
void net_destroy(net *n);
/// `unix:/run/...`, `tcp://127.0.0.1:57140`, `udp://...`: as strings of a JSON list.
json_t *net_addresses(const server *s);
/// What a client that is not let in by itself sends in /hello.
const char *net_token(const server *s);
uint32_t net_stream_count(const server *s);
/// Unread bytes of all streams.
size_t net_queued_bytes(const server *s);

// ---- connection.c
// ---------------------------------------------------------------------------------

typedef struct listener listener;
struct listener {
    server *server;
    transport transport;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_udp_t udp; ///< sends; the gate receives
    } handle;
    int file;          ///< of TCP: the gate accepts
    char address[160]; ///< as told
    bool open;
};

enum { LISTENERS_MAX = 8 };
struct net {
    listener listeners[LISTENERS_MAX];
    uint32_t listener_count;
    struct connection *streams;
    struct peer *peers; ///< of UDP
    struct gate *gate;
    uint32_t stream_count, guest_count, peer_count;
    uint32_t counts[3];     ///< streams by transport
    size_t frames_bytes;    ///< of frames that are not whole yet
    size_t queues_bytes;    ///< of what is not read yet
    size_t datagrams_bytes; ///< of those that wait for their turn
    struct denial *denials; ///< wrong tokens that wait for their answer
    char *token;            ///< of the token file; NULL: only those who are not ours need one
    char own_token[33];     ///< random, in the runtime file
    char socket_path[108];
};

/// A connection over the unix socket waits at the listener.
void connection_accept(listener *l);
/// One over TCP that the gate has accepted; takes the file.
void connection_take(listener *l, int file, const struct sockaddr *from, owner of);
void connections_close(server *s);
/// A session was let in by /hello.
void connection_admitted(session *s);

// ---- datagram.c -------------------------------------------------------------------------------

/// @return 0, or libuv's error
int datagram_listen(listener *l, const struct sockaddr *address);
/// One that the gate has received; takes it.
void datagram_take(listener *l, arrival *a);
void datagrams_close(server *s);
bool address_is_loopback(const struct sockaddr *address);

// ---- admit.c ----------------------------------------------------------------------------------

/// Reads the token's file. @return false with a cause
bool admit_read_token(net *n, const char *path, char *cause, size_t cause_bytes);
/// Whether a new client may act before it says anything.
bool admit_at_once(const server *s, transport which, bool local, owner of);
/// A wrong token: logs it, and calls `answer` after a while. The caller holds the session until
/// then.
/// @return false without memory: it is to be answered now
bool admit_deny_later(session *of, void (*answer)(void *context), void *context);
void admit_end(server *s);
/// In a time that depends on nothing but the length of what was given.
/// @param given may be NULL
/// @param wanted not empty
bool admit_same(const char *given, const char *wanted);
bool admit_token(const net *n, const char *given);

#endif
