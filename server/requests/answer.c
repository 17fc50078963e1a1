// SPDX-License-Identifier: MIT
// answer -- how calls are answered. A request is answered exactly once; a plain command only when
// it fails.
#include <stdlib.h>

#include "base/log.h"
#include "base/trace.h"
#include "clients/reply.h"
#include "requests/requests.h"
#include "synths/synth.h"

static void add_index(call *c) {
    if (c->task->is_bundle)
        json_object_set_new(c->failure, "index", json_integer(c - c->task->calls));
}

static void *write_answer(call *c, size_t *bytes) {
    if (c->code)
        return reply_write_fail(c->from, c->id, c->command->address, c->code, c->failure, bytes);
    if (!c->answer) c->answer = json_object();
    if (c->affects || c->made) // a change may be heard from frame 0 on
        json_object_set_new(c->answer, "frame", json_integer((json_int_t)c->affects));
    if (c->affects && c->synth && !json_object_get(c->answer, "rev"))
        json_object_set_new(c->answer, "rev", json_integer((json_int_t)c->synth->rev));
    return reply_write_done(c->id, c->command->address, c->answer, bytes);
}

void answer_call(call *c) {
    session *to = c->from;
    if (c->answered) return;
    c->answered = true;
    c->server->tally.commands++;
    if (trace_on() && c->command->route != ROUTE_BUILD)
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
    if (packet && bytes > reply_bytes_max(to)) {
        free(packet);
        packet = reply_write_too_long(to, c->id, c->command->address, bytes, &bytes);
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
