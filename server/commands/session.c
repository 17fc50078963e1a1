// SPDX-License-Identifier: MIT
// session -- who is there, and what it wants to hear of.
#include <stdio.h>
#include <string.h>

#include "base/exits.h"
#include "clients/net.h"
#include "process/host.h"
#include "requests/requests.h"
#include "synths/sound.h"
#include "synths/synth.h"

enum { PROTOCOL_VERSION = 1 };

static json_t *limits(void) {
    json_t *map = json_object();
    // Example: LIMIT(guests_max, 8, "...")  Becomes: json_object_set_new(map, "guests_max",
    // json_integer(8));
#define LIMIT(name, value, why) json_object_set_new(map, #name, json_integer(value));
#include "protocol/bounds.def"
#undef LIMIT
    return map;
}

static void answer_denied(void *t) { task_finish(t); }

/// A token where one is wanted; from elsewhere over UDP also the cookie, which only who gets
/// answers there knows.
static bool admit(call *c) {
    session *s = c->from;
    if (s->admitted) return true;
    if (s->denied) {
        call_fail(c, CODE_DENIED, "token", "wait for the reply to the previous token");
        return false;
    }
    if (!admit_token(c->server->net, arg_text(c, "token"))) {
        bool given = arg_given(c, "token");
        call_fail(c, CODE_DENIED, "token", given ? "wrong token" : "a token is required");
        if (!given)
            call_note(c, "hint",
                      s->local ? "the server runs as another user, or the sending program has "
                                 "exited; the token is in the server's runtime file"
                               : "the token is in the server's --token-file");
        if (given && !c->task->is_bundle) c->later = admit_deny_later(s, answer_denied, c->task);
        return false;
    }
    const char *cookie = arg_text(c, "session");
    if (s->transport == TRANSPORT_UDP && !s->local && !admit_same(cookie, s->cookie)) {
        call_fail(c, CODE_DENIED, "session", "send /hello again with this cookie as `session`");
        call_note(c, "want", "%s", s->cookie);
        return false;
    }
    s->admitted = true;
    if (s->transport != TRANSPORT_UDP) connection_admitted(s);
    return true;
}

static bool take_late(call *c) {
    static const char *const words[] = {"play", "drop", "error"};
    const char *word = arg_text(c, "late");
    if (!word) return true;
    for (int i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        c->from->late = (late_policy)i;
        return true;
    }
    call_fail(c, CODE_BAD_VALUE, "late", "unknown policy for late events");
    call_note(c, "want", "play, drop or error");
    return false;
}

void command_hello(call *c) {
    server *s = c->server;
    if (arg_integer(c, "proto", PROTOCOL_VERSION) != PROTOCOL_VERSION) {
        call_fail(c, CODE_BAD_VALUE, "proto", "unsupported protocol version");
        call_note(c, "want", "%d", PROTOCOL_VERSION);
        return;
    }
    if (!admit(c) || !take_late(c)) return;
    if (arg_given(c, "client")) {
        snprintf(c->from->client, sizeof c->from->client, "%s", arg_text(c, "client"));
        while (!payload_is_text(c->from->client, strlen(c->from->client)))
            c->from->client[strlen(c->from->client) - 1] = '\0'; // cut within a character
        notice_send(s, TOPIC_client,
                    json_pack("{s:s, s:s, s:s}", "event", "hello", "client", c->from->client,
                              "transport", transport_name(c->from->transport)));
    }
    json_t *names = json_array();
    for (const synth *at = s->synths; at; at = at->next)
        json_array_append_new(names, json_string(at->name));
    char hash[17];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)s->modules_hash);
    c->answer = json_pack("{s:s, s:s, s:i, s:s, s:i, s:i, s:I, s:o, s:s, s:o}", "server",
                          s->options->name, "version", MEGA_VERSION, "proto", PROTOCOL_VERSION,
                          "session", c->from->cookie, "rate", (int)sound_rate(s->sound), "block",
                          MIXER_SLICE_FRAMES, "frame", (json_int_t)sound_frame(s->sound), "limits",
                          limits(), "modules_hash", hash, "synths", names);
}

void command_ping(call *c) {
    c->answer = json_pack("{s:I}", "frame", (json_int_t)sound_frame(c->server->sound));
}

void command_clock(call *c) { c->answer = sound_clock(c->server->sound); }
void command_sync(call *c) { sync_wait(c); }

// ---- topics -----------------------------------------------------------------------------------

/// @param otherwise where none is named @return false, having failed, if one is unknown
static bool topics_of(call *c, uint32_t *bits, uint32_t otherwise) {
    *bits = c->rest_count ? 0 : otherwise;
    for (size_t i = 0; i < c->rest_count; i++) {
        char name[16];
        topic which;
        snprintf(name, sizeof name, "%.*s", (int)c->rest[i].via.str.size, c->rest[i].via.str.ptr);
        if (!topic_of(name, &which)) {
            call_fail(c, CODE_NOT_FOUND, "topics", "no such topic: %s", name);
            call_note(c, "want", "note voice patch knob xrun late nan device log meter client");
            return false;
        }
        *bits |= 1u << which;
    }
    return true;
}

static void answer_topics(call *c) {
    json_t *list = json_array();
    for (int i = 0; i < TOPIC_COUNT; i++)
        if (c->from->topics & 1u << i)
            json_array_append_new(list, json_string(topic_name((topic)i)));
    c->answer = json_pack("{s:o}", "topics", list);
}

void command_subscribe(call *c) {
    uint32_t bits;
    uint32_t all_but_meter =
        ((1u << TOPIC_COUNT) - 1) & ~(1u << TOPIC_meter); // it hides the others
    if (!topics_of(c, &bits, all_but_meter)) return;
    c->from->topics |= bits;
    answer_topics(c);
}

void command_unsubscribe(call *c) {
    uint32_t bits;
    if (!topics_of(c, &bits, (1u << TOPIC_COUNT) - 1)) return;
    c->from->topics &= ~bits;
    answer_topics(c);
}

// ---- stop -------------------------------------------------------------------------------------

void command_panic(call *c) {
    audio_panic(sound_audio(c->server->sound));
    for (synth *s = c->server->synths; s; s = s->next)
        if (s->state == SYNTH_LIVE) mega_panic(s->input.engine);
    c->affects = sound_frame(c->server->sound);
}

void command_quit(call *c) { server_quit(c->server, EXIT_FINE); }
