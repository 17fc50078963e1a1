// SPDX-License-Identifier: MIT
// play -- notes and controllers.
//
// Notes that sound have slots: they know ids and keys by them, and taps that have a channel for
// each voice number those by slots.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

// ---- slots -------------------------------------------------------------------------------------

void synth_check_event(mega_adapter *a, mega_status status) {
    if (status == MEGA_ERROR_FULL)
        synth_tell_error(a, "limit", "too many notes and values at one moment; or sound is off");
}

static synth_sounding *free_slot(mega_adapter *a) {
    for (uint32_t i = 0; i < SYNTH_NOTES_MAX; i++) {
        if (atomic_load(&a->sounding[i].note)) continue;
        if (i >= a->sounding_end) a->sounding_end = i + 1;
        return &a->sounding[i];
    }
    return NULL;
}

static synth_sounding *slot_of_note(mega_adapter *a, mega_note note) {
    for (uint32_t i = 0; i < a->sounding_end; i++)
        if (atomic_load(&a->sounding[i].note) == note) return &a->sounding[i];
    return NULL;
}

/// Frees the slots of notes that have ended.
void synth_notes_collect(mega_adapter *a) {
    mega_note note;
    uint64_t frame;
    while (mega_next_ended(a->engine, &note, &frame)) {
        synth_sounding *slot = slot_of_note(a, note);
        if (slot) atomic_store(&slot->note, 0);
        mega_midi_ended(a->midi, note);
    }
    while (a->sounding_end && !atomic_load(&a->sounding[a->sounding_end - 1].note))
        a->sounding_end--;
}

void synth_notes_again(mega_adapter *a) {
    for (uint32_t i = 0; i < a->sounding_end; i++) {
        synth_sounding *s = &a->sounding[i];
        mega_note note = 0;
        if (atomic_load(&s->note) && s->held && !s->midi)
            mega_note_on(a->engine, MEGA_AT_ONCE, s->key, s->velocity, &note);
        atomic_store(&s->note, note);
    }
    mega_midi_again(a->midi, a->engine, MEGA_AT_ONCE);
}

/// The note that a key-off without an id ends.
static void let_go_of_key(mega_adapter *a, float key) {
    for (uint32_t i = 0; i < a->sounding_end; i++) {
        synth_sounding *s = &a->sounding[i];
        if (!s->held || !atomic_load(&s->note) || *s->id || s->key != key) continue;
        s->held = false;
        return;
    }
}

static void let_go_of_all(mega_adapter *a) {
    for (uint32_t i = 0; i < a->sounding_end; i++) a->sounding[i].held = false;
}

synth_sounding *synth_note_slot(mega_adapter *a, mega_note note, float key, float velocity,
                                const char *id) {
    synth_sounding *slot = free_slot(a);
    if (!slot) return NULL;
    slot->key = key;
    slot->velocity = velocity;
    slot->held = true;
    slot->midi = false;
    snprintf(slot->id, sizeof slot->id, "%s", id ? id : "");
    atomic_store(&slot->note, note);
    return slot;
}

mega_note synth_note_start(mega_adapter *a, uint64_t frame, float key, float velocity,
                           const char *id) {
    synth_notes_collect(a);
    mega_note note = 0;
    mega_status status = mega_note_on(a->engine, frame, key, velocity, &note);
    synth_check_event(a, status);
    if (!status) synth_note_slot(a, note, key, velocity, id);
    return note;
}

void synth_note_stop(mega_adapter *a, uint64_t frame, mega_note note, float velocity) {
    synth_check_event(a, mega_note_off(a->engine, frame, note, velocity));
    synth_sounding *slot = slot_of_note(a, note);
    if (!slot) return;
    slot->held = false;
    slot->id[0] = '\0'; // it rings on, but nobody calls it any more
}

mega_note synth_note_of_id(const mega_adapter *a, const char *id) {
    mega_note newest = 0;
    for (uint32_t i = 0; i < a->sounding_end; i++) {
        const synth_sounding *s = &a->sounding[i];
        mega_note note = atomic_load(&s->note);
        if (*s->id && strcmp(s->id, id) == 0 && note > newest) newest = note;
    }
    return newest;
}

// ---- notes -------------------------------------------------------------------------------------

/// @return false, told: not a number from `min` to `max`
static bool number(mega_adapter *a, const mega_atom *atom, const char *what, double min,
                   double max) {
    if (!atom->word && atom->number >= min && atom->number <= max) return true;
    char text[64];
    mega_atom_text(atom, text, sizeof text);
    synth_tell_error(a, "bad-value", "%s: `%s` is not within %g..%g", what, text, min, max);
    return false;
}

static void stop(mega_adapter *a, uint64_t frame, double key, const char *id, float velocity) {
    mega_note note = id ? synth_note_of_id(a, id) : 0;
    if (note) synth_note_stop(a, frame, note, velocity);
    else if (!id) {
        let_go_of_key(a, (float)key);
        synth_check_event(a, mega_key_off(a->engine, frame, (float)key, velocity));
    }
    // an id that does not sound any more: it was stolen, or has ended
}

/// The name of a key, "F#3", as its number.
static mega_atom key_atom(const mega_atom *atom) {
    int key;
    bool named = atom->word && mega_key_of_name(atom->word, NULL, &key);
    return named ? (mega_atom){NULL, key} : *atom;
}

/// What is right as a message, but seldom meant.
static void hint_at_note(mega_adapter *a, const mega_atom *atoms, const char *id) {
    double velocity = atoms[1].number;
    if (velocity > 0 && velocity < 1)
        synth_tell_hint(a, HINT_VELOCITY,
                        "%g %g: velocity is 0..127, as [notein] gives it; this note is hardly "
                        "audible",
                        atoms[0].number, velocity);
    const synth_sounding *s = id ? slot_of_note(a, synth_note_of_id(a, id)) : NULL;
    bool channel = id && !atoms[2].word && atoms[2].number >= 1 && atoms[2].number <= 16;
    if (velocity > 0 && channel && s && s->key != (float)atoms[0].number)
        synth_tell_hint(a, HINT_CHANNEL,
                        "%g %g %s: the third atom is the note's id, and a new note ends the one "
                        "of the same id; of [notein] take key and velocity: [pack f f]",
                        atoms[0].number, velocity, id);
}

void synth_play_list(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *said) {
    if (count == 1) {
        synth_tell_error(a, "bad-arguments", "%g: a note is `key velocity [id]`; to end it `key 0`",
                         said->number);
        return;
    }
    mega_atom atoms[3] = {key_atom(&said[0])};
    for (size_t i = 1; i < count && i < 3; i++) atoms[i] = said[i];
    char text[SYNTH_NOTE_ID_BYTES];
    const char *id = NULL;
    if (count > 3)
        synth_tell_error(a, "bad-arguments", "a note is `key velocity [id]`, not %zu atoms", count);
    if (count > 3 || !number(a, &atoms[0], "key", 0, 127) ||
        !number(a, &atoms[1], "velocity", 0, 127))
        return;
    if (count > 2 && !mega_atom_text(&atoms[2], text, sizeof text)) {
        synth_tell_error(a, "limit", "a note's id has at most %d bytes", SYNTH_NOTE_ID_BYTES - 1);
        return;
    }
    if (count > 2) id = text;
    hint_at_note(a, atoms, id);
    if (atoms[1].number == 0) {
        stop(a, frame, atoms[0].number, id, 0);
        return;
    }
    if (id && synth_note_of_id(a, id))
        stop(a, frame, 0, id, 0); // the id is the new note's from here on
    synth_note_start(a, frame, (float)atoms[0].number, (float)(atoms[1].number / 127), id);
}

void synth_command_note(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    synth_play_list(a, frame, count, atoms);
}

void synth_command_noteoff(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char id[SYNTH_NOTE_ID_BYTES];
    if (count > 1 && !number(a, &atoms[1], "noteoff", 0, 127)) return;
    float velocity = count > 1 ? (float)(atoms[1].number / 127) : 0;
    bool named =
        mega_atom_text(&atoms[0], id, sizeof id) && (atoms[0].word || synth_note_of_id(a, id));
    mega_atom key = key_atom(&atoms[0]);
    if (named && !key.word && !synth_note_of_id(a, id)) named = false; // a key, not an id
    if (!named && !number(a, &key, "noteoff", 0, 127)) return;
    stop(a, frame, key.number, named ? id : NULL, velocity);
}

void synth_command_alloff(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count, (void)atoms;
    let_go_of_all(a);
    synth_check_event(a, mega_all_notes_off(a->engine, frame));
}

void synth_command_panic(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    let_go_of_all(a);
    mega_panic(a->engine);
}

// ---- expression --------------------------------------------------------------------------------

static void express(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms,
                    const char *name, mega_note_expression one, mega_controller all) {
    double span = one != MEGA_NOTE_BEND ? 1 : count > 1 ? 127 : 1;
    double least = one == MEGA_NOTE_BEND ? -span : 0;
    if (!number(a, &atoms[count - 1], name, least, span)) return;
    float value = (float)atoms[count - 1].number;
    char id[SYNTH_NOTE_ID_BYTES];
    if (count == 1) {
        synth_check_event(a, mega_controller_set(a->engine, frame, all, value));
        return;
    }
    mega_note note = mega_atom_text(&atoms[0], id, sizeof id) ? synth_note_of_id(a, id) : 0;
    if (note) synth_check_event(a, mega_note_set(a->engine, frame, note, one, value));
}

void synth_command_bend(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    express(a, frame, count, atoms, "bend", MEGA_NOTE_BEND, MEGA_CONTROL_BEND);
}

void synth_command_press(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    express(a, frame, count, atoms, "press", MEGA_NOTE_PRESSURE, MEGA_CONTROL_PRESSURE);
}

void synth_command_slide(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    express(a, frame, count, atoms, "slide", MEGA_NOTE_TIMBRE, MEGA_CONTROL_TIMBRE);
}

static void pedal(mega_adapter *a, uint64_t frame, const mega_atom *atom, const char *name,
                  mega_controller which) {
    if (number(a, atom, name, 0, 1))
        synth_check_event(a, mega_controller_set(a->engine, frame, which, (float)atom->number));
}

void synth_command_sustain(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    pedal(a, frame, atoms, "sustain", MEGA_CONTROL_SUSTAIN);
}

void synth_command_sostenuto(mega_adapter *a, uint64_t frame, size_t count,
                             const mega_atom *atoms) {
    (void)count;
    pedal(a, frame, atoms, "sostenuto", MEGA_CONTROL_SOSTENUTO);
}

// ---- controllers -------------------------------------------------------------------------------

void synth_command_cc(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    if (number(a, &atoms[0], "cc", 0, 127) && number(a, &atoms[1], "cc", 0, 127))
        synth_play_controller(a, frame, (int)atoms[0].number, atoms[1].number);
}

void synth_command_map(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    char name[SYNTH_NAME_BYTES];
    if (!number(a, &atoms[0], "map", 0, 127)) return;
    char **place = &a->controllers[(int)atoms[0].number];
    free(*place);
    *place = NULL;
    if (count > 1 && mega_atom_text(&atoms[1], name, sizeof name)) *place = strdup(name);
}

// ---- how notes follow one another --------------------------------------------------------------

/// A parameter of the patch's `note`, whatever that is called.
static void set_of_note(mega_adapter *a, uint64_t frame, const char *param, mega_atom value) {
    const mega_patch *patch = synth_worker_ready(a->worker) ? mega_loaded_patch(a->engine) : NULL;
    char path[SYNTH_NAME_BYTES];
    snprintf(path, sizeof path, "note.%s", param);
    for (size_t i = 0; patch && i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        if (mega_module_describe(mega_module_find(node.type)).note)
            snprintf(path, sizeof path, "%s.%s", node.id, param);
    }
    synth_command_set(a, frame, 2, (mega_atom[]){{path, 0}, value});
}

void synth_command_mode(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    set_of_note(a, frame, "mode", atoms[0]);
}

/// As [poly] says it: 1 steals, 0 does not; or by the engine's words.
void synth_command_steal(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    mega_atom value = atoms[0];
    if (!value.word) value.word = value.number != 0 ? "auto" : "none";
    set_of_note(a, frame, "steal", value);
}

void synth_command_midi(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    for (size_t i = 0; i < count; i++)
        if (!number(a, &atoms[i], "midi", 0, 255)) return;
    for (size_t i = 0; i < count; i++)
        synth_midi_bytes(a, frame, &(uint8_t){(uint8_t)atoms[i].number}, 1);
}
