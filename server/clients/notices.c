// SPDX-License-Identifier: MIT
// notices -- what clients are told without asking, by topic: `/notice ,sb topic map`.
#include <stdlib.h>

#include "base/log.h"
#include "clients/session.h"
#include "protocol/osc.h"
#include "protocol/payload.h"

bool notice_wanted(server *s, topic which) {
    for (const session *to = s->sessions; to; to = to->next)
        if (to->topics & 1u << which) return true;
    return false;
}

void notice_send(server *s, topic which, json_t *map) {
    msgpack_sbuffer payload;
    size_t bytes = 0;
    void *packet = NULL;
    for (session *to = s->sessions, *next; to; to = next) {
        next = to->next;
        if (!(to->topics & 1u << which)) continue;
        if (!packet) {
            msgpack_sbuffer_init(&payload);
            if (payload_write(map, &payload))
                packet = osc_write(&bytes, "/notice", "sb", topic_name(which), payload.data,
                                   payload.size);
            msgpack_sbuffer_destroy(&payload);
            if (!packet) break;
        }
        if (to->transport == TRANSPORT_UDP && bytes > limit_datagram_reply_bytes_max) continue;
        to->send(to, packet, bytes, which == TOPIC_meter ? SEND_METER : SEND_NOTICE);
    }
    free(packet);
    json_decref(map);
}

// ---- the log as a topic -----------------------------------------------------------------------

static struct {
    uv_thread_t loop;
    bool sending; ///< what sending has to say is not sent
} state;

static void on_log(void *s, log_level level, const char *event, const char *text) {
    uv_thread_t self = uv_thread_self();
    if (state.sending || !uv_thread_equal(&self, &state.loop) || !notice_wanted(s, TOPIC_log))
        return;
    state.sending = true;
    notice_send(s, TOPIC_log,
                json_pack("{s:s, s:s, s:s*}", "level", log_level_name(level), "event", event,
                          "message", text));
    state.sending = false;
}

void notice_begin(server *s) {
    state.loop = uv_thread_self();
    log_listen(on_log, s);
}
