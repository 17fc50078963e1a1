// SPDX-License-Identifier: MIT
#include "clients/reply.h"

#include <stdlib.h>

#include "protocol/osc.h"
#include "protocol/payload.h"

void *reply_write_done(int32_t id, const char *address, const json_t *map, size_t *bytes) {
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

size_t reply_bytes_max(const session *to) {
    return to->transport == TRANSPORT_UDP ? limit_datagram_reply_bytes_max : limit_frame_bytes_max;
}

void *reply_write_fail(const session *to, int32_t id, const char *address, code which, json_t *map,
                       size_t *bytes) {
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

void *reply_write_too_long(const session *to, int32_t id, const char *address, size_t was,
                           size_t *bytes) {
    bool udp = to->transport == TRANSPORT_UDP;
    json_t *map = json_pack("{s:s, s:s, s:I, s:s}", "message",
                            udp ? "the reply does not fit a UDP packet" : "the reply is too long",
                            "limit", udp ? "datagram_reply_bytes_max" : "frame_bytes_max", "got",
                            (json_int_t)was, "hint",
                            udp ? "the command succeeded; use TCP or the unix socket for the reply"
                                : "the command succeeded");
    void *packet = write_fail(bytes, id, address, udp ? CODE_USE_STREAM : CODE_TOO_BIG, map);
    json_decref(map);
    return packet;
}

void reply_fail(session *to, int32_t id, const char *address, code which, const char *message,
                int32_t index, const char *limit) {
    to->server->tally.failures++;
    if (!id && !session_may_fail(to)) return;
    json_t *map = json_pack("{s:s}", "message", message);
    if (index >= 0) json_object_set_new(map, "index", json_integer(index));
    if (limit) json_object_set_new(map, "limit", json_string(limit));
    size_t bytes;
    void *packet = reply_write_fail(to, id, address, which, map, &bytes);
    json_decref(map);
    if (!packet) return;
    if (id) replies_end(to->replies, id, packet, bytes, 0);
    to->send(to, packet, bytes, SEND_ANSWER);
    free(packet);
}
