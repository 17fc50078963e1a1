// SPDX-License-Identifier: MIT
#include "synths/recordings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "requests/requests.h"
#include "synths/sound.h"
#include "synths/synth.h"

// ---- start ------------------------------------------------------------------------------------

static bool format_of(call *c, record_options *o) {
    static const char *const words[] = {"float", "pcm24", "pcm16"};
    const char *word = arg_text(c, "format");
    if (!word) return true;
    o->format_given = true;
    for (int i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        o->format = (record_format)i;
        return true;
    }
    call_fail(c, CODE_BAD_VALUE, "format", "no such format: %s", word);
    call_note(c, "want", "float, pcm24 or pcm16");
    return false;
}

static code code_of(record_status status) {
    switch (status) {
    case RECORD_BAD_VALUE: return CODE_BAD_VALUE;
    case RECORD_CONFLICT: return CODE_CONFLICT;
    case RECORD_MEMORY: return CODE_NO_MEMORY;
    default: return CODE_FILE;
    }
}

/// On the builder: the file.
static void make(task *t) {
    call *c = &t->calls[0];
    sound *s = c->server->sound;
    char cause[RECORD_CAUSE_BYTES];
    record_options o = {.root = c->server->options->root,
                        .path = arg_text(c, "file"),
                        .rate = sound_rate(s),
                        .channels = arg_given(c, "bus") ? 1 : sound_outputs(s),
                        .make_folders = arg_bool(c, "folders", false)};
    o.frames_max = (uint64_t)(arg_number(c, "seconds", 0) * o.rate);
    recorder *made = NULL;
    record_status status = format_of(c, &o) ? record_start(&o, &made, cause) : RECORD_OK;
    if (status) call_fail(c, code_of(status), "file", "%s", cause);
    c->work = made;
}

static void made(task *t) {
    call *c = &t->calls[0];
    recordings_begin(c->server, c->number, c->work);
    if (!c->work) return; // it failed, or the server is being stopped
    log_line(LOG_INFO, "record.started", "%s", arg_text(c, "file"));
    c->answer = json_pack("{s:s}", "file", arg_text(c, "file"));
    c->affects = sound_frame(c->server->sound);
}

void command_record_start(call *c) {
    const bus *b = NULL;
    if (!arg_within(c, "seconds", 0, 1e7)) return;
    if (arg_given(c, "bus") && !(b = bus_find(c->server->buses, arg_integer(c, "bus", 0)))) {
        call_fail(c, CODE_NOT_FOUND, "bus", "no bus has this number; /bus/list lists all");
        return;
    }
    code failed = recordings_reserve(c->server, b, &c->number);
    if (failed) {
        call_fail(c, failed, "",
                  failed == CODE_LIMIT ? "too many recordings; stop one with /record/stop"
                                       : "out of memory");
        if (failed == CODE_LIMIT) call_note(c, "limit", "recordings_max");
        return;
    }
    c->later = true;
    c->task->work = make;
    c->task->landed = made;
    builder_submit(c->server->builder, c->task);
}

// ---- stop, status -----------------------------------------------------------------------------

static json_t *describe(const char *path, int32_t of_bus, const record_state *r) {
    json_t *map = json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:b}", "file", path, "rate",
                            (int)r->rate, "channels", (int)r->channels, "frames",
                            (json_int_t)r->frames_written, "synced", (json_int_t)r->frames_synced,
                            "dropped", (json_int_t)r->frames_dropped, "ended", r->ended);
    if (of_bus) json_object_set_new(map, "bus", json_integer(of_bus));
    if (r->status) json_object_set_new(map, "error", json_string(r->cause));
    return map;
}

/// What is taken out of the table to be closed on the builder.
typedef struct {
    int count;
    recording taken[limit_recordings_max];
} ending;

static void close_all(task *t) {
    call *c = &t->calls[0];
    ending *e = c->work;
    json_t *list = json_array();
    for (int i = 0; i < e->count; i++) {
        char name[RECORD_PATH_BYTES_MAX];
        strcpy(name, record_get(e->taken[i].recorder).path); // its last state has none
        record_state last = record_stop(e->taken[i].recorder);
        log_line(LOG_INFO, "record.stopped", "%s after %llu frames", name,
                 (unsigned long long)last.frames_written);
        json_array_append_new(list, describe(name, e->taken[i].bus, &last));
    }
    free(e);
    c->work = NULL;
    c->answer = json_pack("{s:o}", "recordings", list);
}

/// On the loop, when all that was asked for before is made.
static void end(task *t) {
    call *c = &t->calls[0];
    const char *path = arg_text(c, "file");
    ending *e = calloc(1, sizeof *e);
    if (!e) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return;
    }
    e->count = recordings_take_out(t->server, path, e->taken);
    if (path && !e->count) {
        free(e);
        call_fail(c, CODE_NOT_FOUND, "file", "no recording to `%s`; /record/status lists all",
                  path);
        return;
    }
    c->work = e;
    if (t->server->quitting) { // the builder may not run any more, and nobody waits
        close_all(t);
        return;
    }
    t->work = close_all;
    t->landed = NULL;
    t->again = true;
}

static void nothing(task *t) { (void)t; }

void command_record_stop(call *c) {
    c->later = true;
    c->task->work = nothing;
    c->task->landed = end;
    builder_submit(c->server->builder, c->task);
}

void command_record_status(call *c) {
    json_t *list = json_array();
    recording each;
    for (uint32_t at = 0; recordings_next(c->server, &at, &each);) {
        record_state now = record_get(each.recorder);
        json_array_append_new(list, describe(now.path, each.bus, &now));
    }
    c->answer = json_pack("{s:o}", "recordings", list);
}
