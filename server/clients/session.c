// SPDX-License-Identifier: MIT
#include "clients/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/heap.h"

const char *transport_name(transport which) {
    static const char *const names[] = {"unix", "tcp", "udp"};
    return names[which];
}

void session_make_secret(char secret[33]) {
    uint8_t bytes[16] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) abort(); // never one to be guessed
    for (int i = 0; i < 16; i++) snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
}

session *session_create(server *s, transport which, bool local, bool admitted, const char *peer) {
    session *made = calloc(1, sizeof *made);
    replies *kept = replies_create();
    if (!made || !kept) {
        free(made);
        replies_destroy(kept);
        return NULL;
    }
    *made = (session){.server = s,
                      .references = 1,
                      .number = ++s->sessions_made,
                      .transport = which,
                      .local = local,
                      .admitted = admitted,
                      .replies = kept,
                      .next = s->sessions};
    snprintf(made->peer, sizeof made->peer, "%s", peer);
    session_make_secret(made->cookie);
    if (s->sessions) s->sessions->previous = made;
    s->sessions = made;
    s->session_count++;
    return made;
}

void session_hold(session *s) { s->references++; }

void session_release(session *s) {
    if (--s->references) return;
    replies_destroy(s->replies);
    free(s->timed);
    free(s);
}

void session_gone(session *s) {
    s->gone = true;
    s->topics = 0;
    if (s->previous) s->previous->next = s->next;
    else s->server->sessions = s->next;
    if (s->next) s->next->previous = s->previous;
    s->server->session_count--;
    if (s->client[0])
        notice_send(s->server, TOPIC_client,
                    json_pack("{s:s, s:s, s:s}", "event", "gone", "client", s->client, "transport",
                              transport_name(s->transport)));
    s->server->handler->gone(s);
    session_release(s);
}

bool session_packet(session *s, const uint8_t *packet, size_t bytes) {
    return s->gone || s->server->handler->packet(s, packet, bytes);
}

// ---- limits -----------------------------------------------------------------------------------

static bool is_less(const uint64_t *a, const uint64_t *b) { return *a < *b; }

MEGA_HEAP(frames, uint64_t, is_less)

bool session_timed_add(session *s, uint64_t frame, uint64_t now) {
    while (s->timed_count && s->timed[0] < now) {
        uint64_t last = s->timed[--s->timed_count];
        if (s->timed_count) frames_down(s->timed, s->timed_count, 0, &last);
    }
    if (s->timed_count == limit_timed_max) return false;
    if (!s->timed) s->timed = malloc(limit_timed_max * sizeof *s->timed);
    if (!s->timed) return false;
    frames_up(s->timed, s->timed_count++, &frame);
    return true;
}

const char *session_full_limit(const session *s, size_t bytes) {
    if (s->waiting_bytes + bytes > limit_waiting_bytes_max) return "waiting_bytes_max";
    if (s->server->waiting_bytes + bytes > limit_waiting_all_bytes_max)
        return "waiting_all_bytes_max";
    return NULL;
}

void session_keeps(session *s, size_t bytes) {
    s->waiting_bytes += bytes;
    s->server->waiting_bytes += bytes;
}

void session_keeps_no_more(session *s, size_t bytes) {
    s->waiting_bytes -= bytes;
    s->server->waiting_bytes -= bytes;
}

bool session_may_fail(session *s) {
    uint64_t second = now_ns() / 1000000000;
    if (second != s->fail_second) {
        s->fail_second = second;
        s->fail_count = 0;
    }
    if (s->fail_count < limit_plain_failures_max) {
        s->fail_count++;
        return true;
    }
    s->fail_unsaid++;
    s->server->tally.failures_unsaid++;
    return false;
}

/// Below the limits that are errors, so that a stream that is merely fast is slowed down instead.
void session_balance(session *s) {
    if (!s->hold || s->gone) return;
    bool many = s->open_count > limit_builds_max / 2 || s->waiting_count > limit_waiting_max / 2 ||
                s->waiting_bytes > limit_waiting_bytes_max / 2;
    s->hold(s, many);
}
