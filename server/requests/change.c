// SPDX-License-Identifier: MIT
#include "requests/change.h"

#include <stdlib.h>
#include <string.h>

#include "synths/sound.h"

enum {
    SOON_FRAMES = 48000
}; // a change due later than this is answered when it is scheduled, not when it is heard

mega_engine *change_engine(call *c) {
    if (!c->synth->input.engine)
        call_fail(c, CODE_NOT_FOUND, "", "cannot create the synth `%s`", c->synth->name);
    return c->synth->input.engine;
}

const mega_patch *change_document(call *c) {
    if (!change_engine(c)) return NULL;
    const mega_patch *patch = mega_loaded_patch(c->synth->input.engine);
    if (!patch) call_fail(c, CODE_NOT_FOUND, "", "the synth `%s` has no patch", c->synth->name);
    return patch;
}

const mega_patch *change_base(call *c) {
    static mega_patch *empty; // the builder's, for good
    static const char text[] = "{\"nodes\": {}}";
    if (!change_engine(c)) return NULL;
    const mega_patch *patch = mega_loaded_patch(c->synth->input.engine);
    if (patch) return patch;
    if (!empty) empty = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    if (!empty) call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    return empty;
}

// ---- how --------------------------------------------------------------------------------------

static bool has(const call *c, const char *key) {
    for (size_t i = 0; i < c->command->count; i++)
        if (strcmp(c->command->parsed[i].key, key) == 0) return arg_given(c, key);
    return false;
}

int64_t change_wanted_rev(const call *c) { return has(c, "rev") ? arg_integer(c, "rev", 0) : -1; }

/// @param rev that the document must have; -1: any
static bool how_of(call *c, mega_change *how, int64_t rev) {
    *how = MEGA_CHANGE_NOW;
    if (!change_engine(c)) return false;
    if (has(c, "fade_ms")) {
        if (!arg_within(c, "fade_ms", 0, (double)MEGA_FADE_MS_MAX)) return false;
        how->fade_ms = (float)arg_number(c, "fade_ms", 0);
    }
    if (rev >= 0) how->rev = (uint64_t)rev;
    if (c->frame) how->frame = synth_engine_frame(c->synth, c->frame);
    return true;
}

// ---- when it is heard -------------------------------------------------------------------------

bool change_settled(task *t) {
    bool all = true;
    for (size_t i = 0; i < t->count; i++) {
        call *c = &t->calls[i];
        uint64_t frame;
        if (!c->change || c->code) continue;
        mega_collect(c->synth->input.engine);
        if (!mega_change_frame(c->synth->input.engine, c->change, &frame)) {
            all = false;
            continue;
        }
        c->change = 0;
        c->affects = synth_server_frame(c->synth, frame);
        c->names = synth_names(c->synth);
        if (c->frame) json_object_set(c->answer, "rev", json_object_get(c->names, "rev"));
        if (c->notice)
            json_object_set_new(c->notice, "frame", json_integer((json_int_t)c->affects));
    }
    return all;
}

json_t *change_warnings(const mega_report *report) {
    json_t *warnings = json_array();
    for (size_t i = 0; i < mega_report_count(report); i++) {
        char line[512];
        mega_diagnostic_text(mega_report_get(report, i), line, sizeof line);
        json_array_append_new(warnings, json_string(line));
    }
    return warnings;
}

static void changed(call *c, const mega_changed *done, const mega_report *report) {
    json_t *warnings = change_warnings(report);
    c->answer = json_pack("{s:I}", "rev", (json_int_t)done->rev);
    if (json_array_size(warnings)) json_object_set(c->answer, "warnings", warnings);
    json_decref(warnings);
    if (done->undo_json)
        json_object_set_new(c->answer, "undo", json_loads(done->undo_json, 0, NULL));
    mega_free(done->undo_json);
    c->affects = synth_server_frame(c->synth, done->frame);
    c->notice = json_pack("{s:s, s:s, s:I, s:I}", "event", "changed", "synth", c->synth->name,
                          "rev", (json_int_t)done->rev, "frame", (json_int_t)c->affects);
    c->made = done->number;
    if (c->frame && c->frame > sound_frame(c->server->sound) + SOON_FRAMES) {
        json_object_set_new(c->answer, "scheduled", json_integer((json_int_t)done->number));
        json_object_set_new(c->notice, "event", json_string("scheduled"));
        return;
    }
    c->change = done->number;
    c->task->settled = change_settled;
}

bool change_finish(call *c, mega_status status, const mega_changed *done, mega_report *report) {
    if (status) call_fail_report(c, status, report);
    else changed(c, done, report);
    mega_report_destroy(report);
    return !status;
}

bool change_commit(call *c, const mega_patch *patch, const json_t *list, int64_t rev) {
    mega_change how;
    mega_changed done = {0};
    if (!how_of(c, &how, rev)) return false;
    mega_engine *engine = c->synth->input.engine;
    mega_report *report = mega_report_create();
    if (patch)
        return change_finish(c, mega_rewire(engine, patch, &how, &done, report), &done, report);
    char *text = json_dumps(list, JSON_COMPACT);
    mega_status status = MEGA_ERROR_MEMORY;
    if (text) status = mega_edit(engine, text, strlen(text), MEGA_FORMAT_JSON, &how, &done, report);
    free(text);
    return change_finish(c, status, &done, report);
}

void change_to_patch(call *c, mega_patch *patch) { c->patch = patch; }

void change_by_list(call *c, json_t *list) {
    c->ops = list;
    if (!list)
        call_fail(c, CODE_BAD_VALUE, "ops",
                  "operations cannot contain binary data, or out of memory");
}

void change_by_operation(call *c, json_t *operation) {
    change_by_list(c, operation ? json_pack("[o]", operation) : NULL);
}

bool change_apply(call *c) {
    bool wants = c->patch || c->ops;
    if (wants && !c->code) change_commit(c, c->patch, c->ops, change_wanted_rev(c));
    mega_patch_destroy(c->patch);
    json_decref(c->ops);
    c->patch = NULL;
    c->ops = NULL;
    return !c->code;
}

bool change_step(call *c, bool redo) {
    mega_change how;
    mega_changed done = {0};
    if (!how_of(c, &how, change_wanted_rev(c))) return false;
    mega_engine *engine = c->synth->input.engine;
    mega_report *report = mega_report_create();
    mega_status status = redo ? mega_redo(engine, how.fade_ms, &done, report)
                              : mega_undo(engine, how.fade_ms, &done, report);
    return change_finish(c, status, &done, report);
}
