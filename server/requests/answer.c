// SPDX-License-Identifier: MIT
// answer -- `/done`, `/fail` and `/progress`. A request is answered exactly once; a plain command
// only when it fails.
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/trace.h"
#include "clients/session.h"
#include "requests/requests.h"
#include "synths/synth.h"

/// A map as payload bytes, within a message. NULL without memory.
static void *write_done(size_t *bytes, int32_t id, const char *address, const json_t *map) {
    msgpack_sbuffer payload;
    msgpack_sbuffer_init(&payload);
    void *packet = payload_write(map, &payload)
                       ? osc_write(bytes, "/done", "isb", id, address, payload.data, payload.size)
                       : NULL;
    msgpack_sbuffer_destroy(&payload);
    return packet;
}

static void *write_fail(size_t *bytes, int32_t id, const char *address, code which,
                        const json_t *map) {
    msgpack_sbuffer payload;
    msgpack_sbuffer_init(&payload);
    void *packet = payload_write(map, &payload)
                       ? osc_write(bytes, "/fail", "issb", id, address, code_word(which),
                                   payload.data, payload.size)
                       : NULL;
    msgpack_sbuffer_destroy(&payload);
    return packet;
}

static size_t bytes_max(const session *to) {
    return to->transport == TRANSPORT_UDP ? limit_datagram_reply_bytes_max : limit_frame_bytes_max;
}

/// Strangers over UDP, whose address may be another's, get no more than a few times what they sent:
/// of a failure what they must know, or its code alone. @param map taken out of
static void *write_short_fail(const session *to, int32_t id, const char *address, code which,
                              json_t *map, size_t *bytes) {
    void *packet = write_fail(bytes, id, address, which, map);
    if (to->transport != TRANSPORT_UDP || to->admitted) return packet;
    static const char *const spare[] = {"hint", "message", "got", "limit", "index", "path", "want"};
    for (size_t i = 0; packet && *bytes > to->may_answer && i < sizeof spare / sizeof *spare; i++) {
        if (json_object_del(map, spare[i]) != 0) continue;
        free(packet);
        packet = write_fail(bytes, id, address, which, map);
    }
    return packet;
}

/// In the place of an answer that cannot be sent.
static void *write_too_long(const call *c, size_t was, size_t *bytes) {
    bool udp = c->from->transport == TRANSPORT_UDP;
    json_t *map =
        json_pack("{s:s, s:s, s:I, s:s}", "message",
                  udp ? "the answer does not fit a datagram" : "the answer is too long", "limit",
                  udp ? "datagram_reply_bytes_max" : "frame_bytes_max", "got", (json_int_t)was,
                  "hint", udp ? "it was done; ask over TCP or the unix socket" : "it was done");
    void *packet =
        write_fail(bytes, c->id, c->command->address, udp ? CODE_USE_STREAM : CODE_TOO_BIG, map);
    json_decref(map);
    return packet;
}

static void add_index(call *c) {
    if (c->task->is_bundle)
        json_object_set_new(c->failure, "index", json_integer(c - c->task->calls));
}

static void *write_answer(call *c, size_t *bytes) {
    if (c->code)
        return write_short_fail(c->from, c->id, c->command->address, c->code, c->failure, bytes);
    if (!c->answer) c->answer = json_object();
    if (c->affects || c->made) // a change may be heard from frame 0 on
        json_object_set_new(c->answer, "frame", json_integer((json_int_t)c->affects));
    if (c->affects && c->synth && !json_object_get(c->answer, "rev"))
        json_object_set_new(c->answer, "rev", json_integer((json_int_t)c->synth->rev));
    return write_done(bytes, c->id, c->command->address, c->answer);
}

void answer_call(call *c) {
    session *to = c->from;
    if (c->answered) return;
    c->answered = true;
    c->server->tally.commands++;
    if (trace_on() && c->command->lane != LANE_BUILD)
        trace_span(c->command->address, code_word(c->code), TRACE_LOOP, now_ns(), 0);
    if (!c->code && c->command->flags & (FLAG_EDIT | FLAG_STATE)) c->server->state_changed = true;
    if (c->code) {
        c->server->tally.failures++;
        if (!c->failure) c->failure = json_object();
        add_index(c);
        log_line(to ? LOG_DEBUG : LOG_WARNING, "command.failed", "%s: %s %s %s",
                 c->command->address, code_word(c->code),
                 json_string_value(json_object_get(c->failure, "message")),
                 json_object_get(c->failure, "path")
                     ? json_string_value(json_object_get(c->failure, "path"))
                     : "");
    }
    if (!to || to->gone) return;
    if (!c->id && (!c->code || c->code == CODE_NOT_APPLIED)) return;
    if (!c->id && !session_may_fail(to)) return;
    size_t bytes = 0;
    void *packet = write_answer(c, &bytes);
    if (packet && bytes > bytes_max(to)) {
        free(packet);
        packet = write_too_long(c, bytes, &bytes);
    }
    if (!packet) { // no memory: say so with as little as can be
        packet = osc_write(&bytes, "/fail", "issb", c->id, c->command->address,
                           code_word(CODE_NO_MEMORY), "\x80", (size_t)1);
        if (!packet) return;
    }
    if (c->id) replies_end(to->replies, c->id, packet, bytes, c->affects);
    to->send(to, packet, bytes, SEND_ANSWER);
    free(packet);
}

void answer_progress(call *c, double fraction) {
    if (!c->id || !c->from || c->from->gone) return;
    size_t bytes;
    void *packet = osc_write(&bytes, "/progress", "if", c->id, fraction);
    if (packet) c->from->send(c->from, packet, bytes, SEND_NOTICE);
    free(packet);
}

void answer_fail(session *to, int32_t id, const char *address, code which, const char *message,
                 int32_t index, const char *limit) {
    to->server->tally.failures++;
    if (!id && !session_may_fail(to)) return;
    json_t *map = json_pack("{s:s}", "message", message);
    if (index >= 0) json_object_set_new(map, "index", json_integer(index));
    if (limit) json_object_set_new(map, "limit", json_string(limit));
    size_t bytes;
    void *packet = write_short_fail(to, id, address, which, map, &bytes);
    json_decref(map);
    if (!packet) return;
    if (id) replies_end(to->replies, id, packet, bytes, 0);
    to->send(to, packet, bytes, SEND_ANSWER);
    free(packet);
}
