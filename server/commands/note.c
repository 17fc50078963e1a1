// SPDX-License-Identifier: MIT
// note -- notes by handle, by a client's id, or by key.
#include "lanes/lanes.h"
#include "net/session.h"
#include "synths/synth.h"

void command_note_on(call *c) {
    if (!synth_has_document(c) || !arg_within(c, "key", 0, 127) ||
        !arg_within(c, "velocity", 0, 1) || !arg_within(c, "id", 0, 9e15))
        return;
    if (c->checking) return;
    note_entry entry = {.session = c->from->number,
                        .id = arg_integer(c, "id", -1),
                        .key = (float)arg_number(c, "key", 0)};
    if (!call_check(c, mega_note_on(c->synth->input.engine, call_engine_frame(c), entry.key,
                                    (float)arg_number(c, "velocity", 0), &entry.handle)))
        return;
    notes_add(c->synth->notes, &entry);
    c->answer = json_pack("{s:I}", "note", (json_int_t)entry.handle);
    if (notice_wanted(c->server, TOPIC_note))
        notice_send(c->server, TOPIC_note,
                    json_pack("{s:s, s:s, s:I, s:f, s:I}", "event", "started", "synth",
                              c->synth->name, "note", (json_int_t)entry.handle, "key",
                              (double)entry.key, "frame", (json_int_t)c->affects));
}

/// The note that `id`, `note` or `which` names; a key is left to the caller.
/// @return false, having failed
static bool find_note(call *c, mega_note *note, bool *by_key, double *key) {
    uint64_t client = c->from->number;
    *by_key = false;
    if (arg_given(c, "note")) {
        *note = (mega_note)arg_integer(c, "note", 0);
        return true;
    }
    if (arg_given(c, "id")) {
        *note = notes_by_id(c->synth->notes, client, arg_integer(c, "id", -1));
        if (*note) return true;
        call_fail(c, CODE_NOT_FOUND, "id", "no note of that id sounds");
        return false;
    }
    if (!arg_given(c, "which")) {
        call_fail(c, CODE_BAD_TYPE, "note", "which note?");
        call_note(c, "want", "%s", c->command->arguments);
        return false;
    }
    int64_t which = arg_integer(c, "which", 0);
    *note = notes_by_id(c->synth->notes, client, which);
    if (*note) return true;
    *by_key = which >= 0 && which <= 127;
    *key = (double)which;
    *note = (mega_note)which;
    return true;
}

void command_note_off(call *c) {
    mega_note note = 0;
    bool by_key = arg_given(c, "key");
    double key = arg_number(c, "key", 0);
    if (!synth_has_document(c) || !arg_within(c, "key", 0, 127) || !arg_within(c, "velocity", 0, 1))
        return;
    // of a bundle the note may begin in it: looked for when it is applied
    if (c->checking && c->task->is_bundle) return;
    if (!by_key && !find_note(c, &note, &by_key, &key)) return;
    if (c->checking) return;
    mega_engine *engine = c->synth->input.engine;
    uint64_t frame = call_engine_frame(c);
    float velocity = (float)arg_number(c, "velocity", 0);
    call_check(c, by_key ? mega_key_off(engine, frame, (float)key, velocity)
                         : mega_note_off(engine, frame, note, velocity));
}
