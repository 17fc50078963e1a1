// SPDX-License-Identifier: MIT
// task -- from a packet to a task: everything about it that can be told at once is checked before
// it is queued.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clients/reply.h"
#include "requests/requests.h"
#include "synths/client_taps.h"
#include "synths/maps.h"
#include "synths/sound.h"
#include "synths/synth.h"

#define NOT_APPLIED "another message of the bundle failed"

// ---- life -------------------------------------------------------------------------------------

static task *task_create(server *s, session *from, osc_packet *packet) {
    task *t = calloc(1, sizeof *t);
    call *calls = calloc(packet->count ? packet->count : 1, sizeof *calls);
    if (!t || !calls) {
        free(t);
        free(calls);
        return NULL;
    }
    t->server = s;
    t->packet = *packet;
    t->calls = calls;
    t->count = packet->count;
    t->is_bundle = packet->is_bundle;
    t->from = from;
    if (from) session_hold(from);
    for (size_t i = 0; i < t->count; i++) {
        calls[i].task = t;
        calls[i].server = s;
        calls[i].from = from;
    }
    *packet = (osc_packet){0};
    return t;
}

static void call_finish(call *c) {
    if (c->command) {
        answer_call(c);
        arguments_free(c);
    }
    json_decref(c->answer);
    json_decref(c->failure);
    json_decref(c->names);
    json_decref(c->notice);
    json_decref(c->ops);
    json_decref(c->coming);
    mega_patch_destroy(c->patch);
    if (c->synth) synth_release(c->synth);
}

/// What failed is told first; then what was not applied because of it.
static void settle_failures(task *t) {
    bool failed = false;
    for (size_t i = 0; i < t->count && !failed; i++) failed = t->calls[i].code != CODE_NONE;
    if (!failed) return;
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].command && t->calls[i].code) answer_call(&t->calls[i]);
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].command && !t->calls[i].code)
            call_fail(&t->calls[i], CODE_NOT_APPLIED, "", NOT_APPLIED);
}

void task_finish(task *t) {
    settle_failures(t);
    for (size_t i = 0; i < t->count; i++) call_finish(&t->calls[i]);
    osc_finish(&t->packet);
    free(t->calls);
    if (t->from) session_release(t->from);
    free(t);
}

void task_redirect(task *t, synth *from, synth *to) {
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        if (c->synth != from || !(c->command->flags & FLAG_SYNTH) || c->made) continue;
        if (!to) {
            call_fail(c, CODE_NOT_FOUND, "", "no synth `%s` any more", from->name);
            continue;
        }
        synth_hold(to);
        synth_release(from);
        c->synth = to;
    }
}

// ---- checks -----------------------------------------------------------------------------------

/// `/synth/<name>/rest` is `/rest` of that synth.
static const command *find_command(const char *address, char *name_of_synth, char *rest) {
    strcpy(name_of_synth, "main");
    strcpy(rest, address);
    const command *found = command_find(address);
    if (found || strncmp(address, "/synth/", 7) != 0) return found;
    const char *name = address + 7, *slash = strchr(name, '/');
    if (!slash || slash == name || slash - name > limit_name_bytes_max) return NULL;
    memcpy(name_of_synth, name, (size_t)(slash - name));
    name_of_synth[slash - name] = '\0';
    strcpy(rest, slash);
    found = command_find(slash);
    return found && found->flags & FLAG_SYNTH ? found : NULL;
}

static void unknown_command(session *from, int32_t id, const char *address, const char *rest,
                            int32_t index) {
    char message[400];
    const char *nearest = command_nearest(rest);
    snprintf(message, sizeof message,
             nearest ? "no such command; did you mean `%s`?" : "no such command", nearest);
    reply_fail(from, id, address, CODE_NOT_FOUND, message, index, NULL);
}

/// @return false, answered, if the request was here before
static bool is_new(session *from, int32_t id, const char *address) {
    const void *packet;
    size_t bytes;
    switch (replies_begin(from->replies, id, &packet, &bytes)) {
    case REPLY_NEW: return true;
    case REPLY_KEPT: from->send(from, packet, bytes, SEND_ANSWER); return false;
    case REPLY_FORGOTTEN:
        reply_fail(from, id, address, CODE_FORGOTTEN,
                   "the server already replied to this request and no longer keeps the reply", -1,
                   NULL);
        return false;
    default: return false; // its answer is on its way
    }
}

static bool may(call *c) {
    session *from = c->from;
    if (!from->admitted && !(c->command->flags & FLAG_OPEN)) {
        call_fail(c, CODE_DENIED, "", "this connection is not admitted");
        call_note(c, "hint", "send /hello first, with a token if the server requires one");
    } else if (c->command->flags & FLAG_OWNER && !from->local) {
        call_fail(c, CODE_DENIED, "", "allowed only from the server's own machine");
    } else if (c->task->is_bundle && !(c->command->flags & FLAG_BUNDLE)) {
        call_fail(c, CODE_BAD_VALUE, "", "not allowed in a bundle; send it alone");
    }
    return !c->code;
}

/// A message to an address that a client has mapped to a knob: its first number turns it.
static bool prepare_mapped(call *c, lo_message message, const json_t *map) {
    double value;
    c->command = command_find("/knob/set");
    c->synth = synth_find(c->server, json_string_value(json_object_get(map, "synth")));
    if (c->synth) synth_hold(c->synth);
    else call_fail(c, CODE_NOT_FOUND, "", "the mapped synth no longer exists");
    if (!arguments_first_number(message, &value))
        call_fail(c, CODE_BAD_TYPE, "value", "the first argument must be a number");
    if (c->code) return false;
    json_t *payload = map_payload(map, value);
    arguments_bind_json(c, payload);
    json_decref(payload);
    c->frame = c->task->frame;
    c->before = c->task->before;
    return !c->code;
}

/// The address, the form, the arguments, the time.
/// @return false if the call failed, or is not one of the table's (then it is answered already)
static bool prepare(call *c, const osc_message *m) {
    char name[limit_name_bytes_max + 1], rest[limit_address_bytes_max + 1];
    bool request = arguments_is_request(m->message, &c->id);
    if (!request) c->id = 0;
    int32_t index = c->task->is_bundle ? (int32_t)(c - c->task->calls) : -1;
    c->command = find_command(m->address, name, rest);
    if (c->id && !is_new(c->from, c->id, m->address)) {
        c->command = NULL;
        return false;
    }
    const json_t *map = c->command ? NULL : map_find(c->server, m->address);
    if (map && c->from->admitted) return prepare_mapped(c, m->message, map);
    if (!c->command) {
        unknown_command(c->from, c->id, m->address, rest, index);
        return false;
    }
    if (!may(c) || !arguments_bind(c, m->message)) return false;
    if (c->command->flags & FLAG_SYNTH) {
        c->synth = synth_find(c->server, name);
        if (!c->synth) {
            call_fail(c, CODE_NOT_FOUND, "", "no synth `%s`", name);
            return false;
        }
        synth_hold(c->synth);
    }
    c->frame = c->task->frame;
    c->before = c->task->before;
    return arguments_time(c, &c->frame);
}

/// What is late is played, dropped or refused, as the client wishes.
static bool check_time(call *c) {
    if (!c->frame) return true;
    uint64_t now = sound_frame(c->server->sound);
    if (c->frame >= now) {
        if (session_timed_add(c->from, c->frame, now)) return true;
        call_fail(c, CODE_LIMIT, "at", "too many scheduled events");
        call_note(c, "limit", "timed_max");
        return false;
    }
    uint64_t late = now - c->frame + c->before;
    c->server->tally.late++;
    notice_send(c->server, TOPIC_late,
                json_pack("{s:s, s:I, s:I}", "command", c->command->address, "frame",
                          (json_int_t)c->frame, "late_frames", (json_int_t)late));
    if (c->from->late == LATE_PLAY) {
        c->frame = 0;
        return true;
    }
    // a plain command that is to be dropped is dropped without a word
    c->answered = c->from->late == LATE_DROP && !c->id;
    call_fail(c, CODE_LATE, "at", "%llu frames too late; send earlier, or use `late: play`",
              (unsigned long long)late);
    return false;
}

// ---- in ---------------------------------------------------------------------------------------

static void run_direct(task *t) {
    call *c = &t->calls[0];
    c->command->run(c);
    if (!c->later) task_finish(t);
}

void task_submit(task *t) {
    session *from = t->from;
    if (from && from->open_count >= limit_builds_max) {
        call_fail(&t->calls[0], CODE_LIMIT, "", "too many commands wait for the build worker");
        call_note(&t->calls[0], "limit", "builds_max");
        task_finish(t);
        return;
    }
    const char *full = from ? session_full_limit(from, t->bytes) : NULL;
    if (full) {
        call_fail(&t->calls[0], CODE_LIMIT, "", "too many bytes of waiting commands");
        call_note(&t->calls[0], "limit", "%s", full);
        task_finish(t);
        return;
    }
    builder_submit(t->server->builder, t);
}

static void enter(task *t) {
    route last = ROUTE_DIRECT;
    for (size_t i = 0; i < t->count; i++)
        if (t->calls[i].command->route > last) last = t->calls[i].command->route;
    if (!t->count) task_finish(t);
    else if (last == ROUTE_BUILD && t->count > 1) bundle_receive(t);
    else if (last == ROUTE_BUILD) task_submit(t);
    else if (last == ROUTE_PERFORM) perform_receive(t);
    else run_direct(t);
}

/// Time tags are mapped once, when they come: a clock that is set later moves nothing.
static uint64_t frame_of_time(const server *s, uint64_t time, uint64_t *before) {
    if (time == OSC_NOW) return 0;
    return call_frame_of_ns(s, sound_mono_of_ntp(s->sound, time), before);
}

/// Nothing of a task is applied. What is at fault is told already, or by its call's failure; all
/// other requests of the bundle want an answer, too: their last one, if they were sent before.
static void refuse(task *t, size_t at_fault) {
    settle_failures(t);
    for (size_t i = 0; i < at_fault; i++)
        if (!t->calls[i].code) call_fail(&t->calls[i], CODE_NOT_APPLIED, "", NOT_APPLIED);
    for (size_t i = at_fault + 1; i < t->count; i++) {
        const osc_message *m = &t->packet.messages[i];
        int32_t id;
        if (arguments_is_request(m->message, &id) && is_new(t->from, id, m->address))
            reply_fail(t->from, id, m->address, CODE_NOT_APPLIED, NOT_APPLIED, (int32_t)i, NULL);
    }
    task_finish(t);
}

static bool receive(session *from, const uint8_t *bytes, size_t count) {
    server *s = from->server;
    osc_packet packet;
    osc_error error;
    s->tally.packets++;
    if (!osc_read(bytes, count, &packet, &error)) {
        if (from->known)
            reply_fail(from, 0, "", error.code, error.message, error.index, error.limit);
        return from->known;
    }
    from->known = true;
    task *t = task_create(s, from, &packet);
    if (!t) {
        osc_finish(&packet);
        reply_fail(from, 0, "", CODE_NO_MEMORY, "out of memory", -1, NULL);
        return true;
    }
    t->bytes = count;
    t->frame = frame_of_time(s, t->packet.time, &t->before);
    size_t good = 0;
    while (good < t->count && prepare(&t->calls[good], &t->packet.messages[good]) &&
           check_time(&t->calls[good]))
        good++;
    if (good == t->count) enter(t);
    else refuse(t, good);
    return true;
}

static void drop_waiting(session *s) {
    while (s->waiting) {
        task *t = s->waiting;
        s->waiting = t->next;
        session_keeps_no_more(s, t->bytes);
        for (size_t i = 0; i < t->count; i++) t->calls[i].answered = true;
        task_finish(t);
    }
    s->waiting_last = NULL;
}

static void gone(session *s) {
    taps_of_session_end(s->server, s);
    drop_waiting(s);
}

void tasks_begin(server *s) {
    static const session_handler handler = {receive, gone};
    s->handler = &handler;
}

task *task_own(server *s, const char *address, const json_t *payload) {
    osc_packet packet = {.count = 1, .time = OSC_NOW};
    task *t = task_create(s, NULL, &packet);
    if (!t) return NULL;
    call *c = &t->calls[0];
    t->packet.count = 0; // there are no messages
    c->command = command_find(address);
    if (c->command->flags & FLAG_SYNTH) synth_hold(c->synth = synth_find(s, "main"));
    if (payload) arguments_bind_json(c, payload);
    return t;
}
