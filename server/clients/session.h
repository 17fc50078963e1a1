// SPDX-License-Identifier: MIT
// session -- a client: what it may do, what it has asked for, what was answered. Over a stream as
// long as the connection, over UDP as long as its address is remembered. Loop only.
#ifndef SESSION_H
#define SESSION_H

#include "base/server.h"
#include "clients/replies.h"
#include "protocol/codes.h"
#include "protocol/topics.h"

typedef enum { TRANSPORT_UNIX, TRANSPORT_TCP, TRANSPORT_UDP } transport;

/// How what is late is taken.
typedef enum { LATE_PLAY, LATE_DROP, LATE_ERROR } late_policy;

/// What goes out: answers must arrive; meters may be left out.
typedef enum { SEND_ANSWER, SEND_NOTICE, SEND_METER } send_kind;

struct session {
    server *server;
    session *next, *previous;
    uint32_t references; ///< its connection, and every task of it
    uint64_t number;
    transport transport;
    bool local;    ///< from this machine
    bool admitted; ///< may do more than /hello
    bool known;    ///< has sent a whole and right packet
    bool denied;   ///< a wrong token waits for its answer
    bool gone;     ///< its connection is closed: nothing can be sent
    char peer[128], client[limit_name_bytes_max + 1];
    char cookie[33]; ///< hexadecimal; what /hello answers as `session`
    late_policy late;
    peaks peaks;     ///< since it read them last
    uint32_t topics; ///< bit set
    replies *replies;
    // the queues' part of it
    task *waiting, *waiting_last; ///< perform tasks that wait, in order
    uint32_t waiting_count;
    size_t waiting_bytes; ///< of packets kept, in both queues
    task *open;           ///< builds not answered yet
    uint32_t open_count;
    uint64_t built_turn, built_look; ///< the builder's: when it was served last, and looked at
    uint64_t bundle_frame;           ///< at which the last bundle without a time is performed
    uint64_t *timed;                 ///< heap of frames that are still to come
    uint32_t timed_count, timed_room;
    // failures of plain commands
    uint64_t fail_second;
    uint32_t fail_count;
    uint64_t fail_unsaid;
    size_t may_answer; ///< bytes to a stranger over UDP, for the datagram at hand
    // the transport's part: how to send, hold back, close
    void *connection;
    void (*send)(session *s, const void *packet, size_t bytes, send_kind kind);
    void (*hold)(session *s, bool held);
    void (*close)(session *s);
};

/// What becomes of packets: in server.handler before anybody is let in.
typedef struct session_handler {
    /// Never keeps the packet. @return false if it is the client's first and no OSC
    bool (*packet)(session *from, const uint8_t *packet, size_t bytes);
    /// The connection has closed: what waits is dropped, what is under way ends unanswered.
    void (*gone)(session *s);
} session_handler;

/// 32 random digits, hexadecimal.
void session_make_secret(char secret[33]);
session *session_create(server *s, transport which, bool local, bool admitted, const char *peer);
void session_hold(session *s);
void session_release(session *s);
/// The connection has closed: forgets what waits; tasks under way end unanswered.
void session_gone(session *s);
/// @return false if the first packet is no OSC: the client is none, and nothing was run or answered
bool session_packet(session *s, const uint8_t *packet, size_t bytes);

/// Counts an event that waits for its frame. @return false at the limit
bool session_timed_add(session *s, uint64_t frame, uint64_t now);
/// The limit that so many more bytes of waiting packets would exceed, this client's or that of all.
/// @return its name, or NULL if there is room
const char *session_full_limit(const session *s, size_t bytes);
/// Counts bytes of packets that wait, and those that wait no more.
void session_keeps(session *s, size_t bytes);
void session_keeps_no_more(session *s, size_t bytes);
/// Whether one more plain failure may be said this second.
bool session_may_fail(session *s);
/// Stops reading from a client with many waiting requests, and resumes when few are left.
void session_balance(session *s);
const char *transport_name(transport which);

// ---- notices.c --------------------------------------------------------------------------------

bool notice_wanted(server *s, topic which);
/// `/notice ,sb topic map` to all who subscribe; takes the map.
void notice_send(server *s, topic which, json_t *map);
void notice_begin(server *s);

#endif
