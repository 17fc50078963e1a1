// SPDX-License-Identifier: MIT
// record -- what is heard, into files below the root.
#include "record/record.h"

#include <string.h>

#include "lanes/lanes.h"
#include "synths/sound.h"

static code code_of(record_status status) {
    switch (status) {
    case RECORD_BAD_VALUE: return CODE_BAD_VALUE;
    case RECORD_CONFLICT: return CODE_CONFLICT;
    case RECORD_MEMORY: return CODE_NO_MEMORY;
    default: return CODE_FILE;
    }
}

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

void command_record_start(call *c) {
    sound *s = c->server->sound;
    char cause[RECORD_CAUSE_BYTES];
    record_options o = {.root = c->server->options->root,
                        .path = arg_text(c, "file"),
                        .rate = sound_rate(s),
                        .channels = sound_outputs(s),
                        .make_folders = arg_bool(c, "folders", false)};
    if (!format_of(c, &o) || !arg_within(c, "seconds", 0, 1e7)) return;
    o.frames_max = (uint64_t)(arg_number(c, "seconds", 0) * o.rate);
    recorder *made;
    record_status status = record_start(&o, &made, cause);
    if (status) {
        call_fail(c, code_of(status), "file", "%s", cause);
    } else if (!sound_record(s, made)) {
        record_stop(made);
        call_fail(c, CODE_LIMIT, "", "more than %d recordings at once", SOUND_RECORDINGS_MAX);
    } else {
        c->answer = json_pack("{s:s}", "file", o.path);
    }
}

static json_t *describe(const char *path, const record_state *r) {
    json_t *map = json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:b}", "file", path, "rate",
                            (int)r->rate, "channels", (int)r->channels, "frames",
                            (json_int_t)r->frames_written, "synced", (json_int_t)r->frames_synced,
                            "dropped", (json_int_t)r->frames_dropped, "ended", r->ended);
    if (r->status) json_object_set_new(map, "error", json_string(r->cause));
    return map;
}

void command_record_stop(call *c) {
    const char *path = arg_text(c, "file");
    json_t *list = json_array();
    for (int i = 0; i < SOUND_RECORDINGS_MAX; i++) {
        recorder *r = sound_recorder(c->server->sound, i);
        if (!r) continue;
        char name[RECORD_PATH_BYTES_MAX];
        strncpy(name, record_get(r).path, sizeof name - 1);
        name[sizeof name - 1] = '\0';
        if (path && strcmp(path, name) != 0) continue;
        sound_record_end(c->server->sound, i);
        record_state last = record_stop(r);
        json_array_append_new(list, describe(name, &last));
    }
    if (path && !json_array_size(list))
        call_fail(c, CODE_NOT_FOUND, "file", "nothing is recorded to `%s`", path);
    c->answer = json_pack("{s:o}", "recordings", list);
}

void command_record_status(call *c) {
    json_t *list = json_array();
    for (int i = 0; i < SOUND_RECORDINGS_MAX; i++) {
        recorder *r = sound_recorder(c->server->sound, i);
        if (!r) continue;
        record_state now = record_get(r);
        json_array_append_new(list, describe(now.path, &now));
    }
    c->answer = json_pack("{s:o}", "recordings", list);
}
