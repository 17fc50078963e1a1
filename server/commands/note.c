// SPDX-License-Identifier: MIT
// note -- notes by handle, by a client's id, or by key.
#include <math.h>
#include <string.h>

#include "clients/session.h"
#include "requests/param_number.h"
#include "requests/requests.h"
#include "synths/sound.h"
#include "synths/synth.h"

// ---- on ---------------------------------------------------------------------------------------

enum { NOTE_SECONDS_MAX = 86400 }; // a day

/// @return false, having failed
static bool velocity_is_right(call *c) {
    if (arg_within(c, "velocity", 0, 1)) return true;
    call_note(c, "hint", "velocity is 0..1; divide a MIDI velocity by 127");
    return false;
}

/// Schedules the end of a note that this call has just started.
static void end_after(call *c, mega_note note, double seconds) {
    uint64_t start = synth_engine_frame(c->synth, c->affects);
    uint64_t frames = (uint64_t)llround(seconds * sound_rate(c->server->sound));
    call_check(c, mega_note_off(c->synth->input.engine, start + frames, note, 0));
}

void validate_note_on(call *c) {
    if (arg_within(c, "key", 0, 127) && velocity_is_right(c) && arg_within(c, "id", 0, 9e15) &&
        arg_within(c, "seconds", 0, NOTE_SECONDS_MAX))
        call_has_document(c);
}

void apply_note_on(call *c) {
    note_entry entry = {.session = c->from->number,
                        .id = arg_integer(c, "id", -1),
                        .key = (float)arg_number(c, "key", 0)};
    entry.frame = call_engine_frame(c);
    entry.coming = entry.frame > mega_counters_get(c->synth->input.engine).frame_rendered;
    if (!call_check(c, mega_note_on(c->synth->input.engine, entry.frame, entry.key,
                                    (float)arg_number(c, "velocity", 0), &entry.handle)))
        return;
    if (arg_given(c, "seconds")) end_after(c, entry.handle, arg_number(c, "seconds", 0));
    notes_add(c->synth->notes, &entry);
    c->answer = json_pack("{s:I}", "note", (json_int_t)entry.handle);
    if (!entry.coming) synth_tell_note(c->synth, "started", &entry, c->affects);
}

// ---- which ------------------------------------------------------------------------------------

typedef struct {
    mega_note note; ///< 0: by key
    double key;
} named_note;

/// A number alone is an id of this client's, else a key, else a handle. @return false, having
/// failed: it is none of them
static bool guess(call *c, double which, named_note *found) {
    bool whole = floor(which) == which && which >= 0 && which < 9e15;
    mega_note note = whole ? notes_by_id(c->synth->notes, c->from->number, (int64_t)which) : 0;
    if (note) *found = (named_note){note, 0};
    else if (which >= 0 && which <= 127) *found = (named_note){0, which};
    else if (whole) *found = (named_note){(mega_note)which, 0};
    else call_fail(c, CODE_BAD_VALUE, "which", "must be an id, a key 0..127 or a handle");
    return !c->code;
}

/// The note that `id`, `note`, `which` or, where that is allowed, `key` names. @return false,
/// having failed
static bool find_note(call *c, bool may_be_key, named_note *found) {
    if (arg_given(c, "note")) {
        *found = (named_note){(mega_note)arg_integer(c, "note", 0), 0};
        return true;
    }
    if (arg_given(c, "id")) {
        *found = (named_note){
            notes_by_id(c->synth->notes, c->from->number, arg_integer(c, "id", -1)), 0};
        if (!found->note) call_fail(c, CODE_NOT_FOUND, "id", "no sounding note has this id");
        return found->note != 0;
    }
    if (may_be_key && arg_given(c, "key")) {
        *found = (named_note){0, arg_number(c, "key", 0)};
        return true;
    }
    if (arg_given(c, "which")) {
        return guess(c, arg_number(c, "which", 0), found);
    }
    call_fail(c, CODE_BAD_TYPE, "note", "the note is missing; give `note`, `id` or `key`");
    call_note(c, "want", "%s", c->command->arguments);
    return false;
}

static bool same(const call *c, const char *key, const call *on, const char *of) {
    return arg_given(c, key) && arg_given(on, of) && arg_number(c, key, 0) == arg_number(on, of, 0);
}

/// Whether a message before this one in its bundle starts the note that this one names.
static bool starts_in_bundle(const call *c) {
    for (const call *on = c->task->calls; on < c; on++) {
        if (on->command->run != apply_note_on || on->synth != c->synth) continue;
        if (same(c, "id", on, "id") || same(c, "which", on, "id") || same(c, "which", on, "key"))
            return true;
    }
    return false;
}

// ---- off --------------------------------------------------------------------------------------

void validate_note_off(call *c) {
    named_note which;
    if (arg_within(c, "key", 0, 127) && velocity_is_right(c) && call_has_document(c) &&
        !starts_in_bundle(c))
        find_note(c, true, &which);
}

void apply_note_off(call *c) {
    named_note which = {0};
    if (!find_note(c, true, &which)) return;
    mega_engine *engine = c->synth->input.engine;
    uint64_t frame = call_engine_frame(c);
    float velocity = (float)arg_number(c, "velocity", 0);
    call_check(c, which.note ? mega_note_off(engine, frame, which.note, velocity)
                             : mega_key_off(engine, frame, (float)which.key, velocity));
}

void validate_note_all_off(call *c) { call_has_document(c); }

void apply_note_all_off(call *c) {
    call_check(c, mega_all_notes_off(c->synth->input.engine, call_engine_frame(c)));
}

// ---- while it sounds --------------------------------------------------------------------------

static const struct {
    const char *key;
    mega_note_expression what;
    double min, max;
} expressions[] = {{"bend", MEGA_NOTE_BEND, -127, 127}, {"pressure", MEGA_NOTE_PRESSURE, 0, 1},
                   {"timbre", MEGA_NOTE_TIMBRE, 0, 1},  {"key", MEGA_NOTE_SET_KEY, 0, 127},
                   {"gate", MEGA_NOTE_SET_GATE, 0, 1},  {"velocity", MEGA_NOTE_SET_VELOCITY, 0, 1}};
enum { EXPRESSIONS = sizeof expressions / sizeof *expressions };

/// The plain form's `what` and `value`. @return -1: there is none; -2, having failed
static int plain_expression(call *c) {
    const char *word = arg_text(c, "what");
    if (!word) return -1;
    for (int i = 0; i < EXPRESSIONS; i++) {
        if (strcmp(word, expressions[i].key) != 0) continue;
        if (!arg_given(c, "value")) {
            call_fail(c, CODE_BAD_TYPE, "value", "an argument is missing");
            return -2;
        }
        return arg_within(c, "value", expressions[i].min, expressions[i].max) ? i : -2;
    }
    call_fail(c, CODE_BAD_VALUE, "what", "a note has no property `%s`", word);
    call_note(c, "want", "bend, pressure, timbre, key, velocity or gate");
    return -2;
}

/// A key names the newest note of it. @return 0, having failed
static mega_note find_handle(call *c) {
    named_note which;
    if (!find_note(c, false, &which)) return 0;
    mega_note note = which.note ? which.note : notes_by_key(c->synth->notes, (float)which.key);
    if (!note) call_fail(c, CODE_NOT_FOUND, "which", "no sounding note has this id or key");
    return note;
}

void validate_note_set(call *c) {
    if (plain_expression(c) == -2) return;
    if (arg_given(c, "node") != arg_given(c, "param"))
        call_fail(c, CODE_BAD_TYPE, "param", "give `node`, `param` and `value` together");
    for (int i = 0; i < EXPRESSIONS && !c->code; i++)
        arg_within(c, expressions[i].key, expressions[i].min, expressions[i].max);
    if (c->code || !call_has_document(c)) return;
    if (arg_given(c, "node") && param_number(c, true) < 0) return;
    if (!starts_in_bundle(c)) find_handle(c);
}

void apply_note_set(call *c) {
    int plain = plain_expression(c), param = arg_given(c, "node") ? param_number(c, true) : -1;
    mega_note note = c->code ? 0 : find_handle(c);
    if (!note) return;
    uint64_t frame = call_engine_frame(c);
    for (int i = 0; i < EXPRESSIONS; i++) {
        const char *key = i == plain ? "value" : expressions[i].key;
        if (!arg_given(c, key)) continue;
        float value = (float)arg_number(c, key, 0);
        if (!call_check(
                c, mega_note_set(c->synth->input.engine, frame, note, expressions[i].what, value)))
            return;
    }
    if (param >= 0)
        call_check(c, mega_note_param_set(c->synth->input.engine, frame, note, param,
                                          (float)arg_number(c, "value", 0), param_ramp_seconds(c)));
}

/// @return -1, having failed
static int controller_of(call *c) {
    static const char *const words[] = {"bend", "pressure", "timbre", "sustain", "sostenuto"};
    const char *word = arg_text(c, "what");
    for (int i = 0; i < 5; i++)
        if (strcmp(word, words[i]) == 0) return i;
    call_fail(c, CODE_BAD_VALUE, "what", "no such controller: %s", word);
    call_note(c, "want", "bend, pressure, timbre, sustain or sostenuto");
    return -1;
}

void validate_note_control(call *c) {
    int which = controller_of(c);
    if (which >= 0 && arg_within(c, "value", which == 0 ? -1 : 0, 1)) call_has_document(c);
}

void apply_note_control(call *c) {
    call_check(c, mega_controller_set(c->synth->input.engine, call_engine_frame(c),
                                      (mega_controller)controller_of(c),
                                      (float)arg_number(c, "value", 0)));
}
