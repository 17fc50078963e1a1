// SPDX-License-Identifier: MIT
// values -- knobs and parameters turned while it sounds: on their exact frame, without a compile.
//
// A name's number in the engine is looked up once for each document, by whoever owns CONTROL. While
// the worker has it, names known from before go on to be used; others wait in a queue of messages.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

// ---- names -------------------------------------------------------------------------------------

/// Its place in the list of names, made if it is new. @return NULL without memory
static synth_known *entry_of(mega_adapter *a, const char *key) {
    json_t *index = json_object_get(a->known_index, key);
    if (index) return &a->known[json_integer_value(index)];
    if ((a->known_count & (a->known_count + 1)) == 0) { // as 1, 3, 7 ...: room for as many again
        synth_known *more = realloc(a->known, (a->known_count * 2 + 2) * sizeof *more);
        if (!more) return NULL;
        a->known = more;
    }
    json_object_set_new(a->known_index, key, json_integer((json_int_t)a->known_count));
    a->known[a->known_count] = (synth_known){.number = -1, .epoch = UINT64_MAX};
    return &a->known[a->known_count++];
}

synth_known *synth_look_up(mega_adapter *a, synth_kind of, const char *id, const char *port) {
    char key[2 * SYNTH_NAME_BYTES];
    snprintf(key, sizeof key, "%d%s.%s", (int)of, id, port);
    json_t *index = json_object_get(a->known_index, key);
    if (!synth_worker_ready(a->worker)) return index ? &a->known[json_integer_value(index)] : NULL;
    synth_known *known = entry_of(a, key);
    if (!known || known->epoch == a->epoch) return known;
    *known = (synth_known){.epoch = a->epoch};
    switch (of) {
    case SYNTH_KNOB: known->number = mega_find_knob(a->engine, id); break;
    case SYNTH_PRESET: known->number = mega_find_preset(a->engine, id); break;
    case SYNTH_PARAM:
        known->number = mega_find_param(a->engine, id, port);
        if (known->number >= 0)
            mega_module_param_named(mega_patch_node_module(mega_loaded_patch(a->engine), id), port,
                                    &known->param);
    }
    return known;
}

void synth_values_forget_names(mega_adapter *a) {
    a->known_count = 0;
    free(a->known);
    a->known = NULL;
    json_object_clear(a->known_index);
}

void synth_values_finish(mega_adapter *a) {
    if (a->known_index) synth_values_forget_names(a);
    json_decref(a->known_index);
    for (size_t i = 0; i < a->held_count; i++) {
        for (size_t k = 0; k < a->held[i].count; k++) free((char *)a->held[i].atoms[k].word);
        free(a->held[i].atoms);
    }
}

// ---- messages that wait ------------------------------------------------------------------------

void synth_hold(mega_adapter *a, uint64_t frame, synth_command *run, size_t count,
                const mega_atom *atoms) {
    mega_atom *copy = a->held_count < SYNTH_HELD_MAX ? calloc(count, sizeof *copy) : NULL;
    if (!copy) {
        synth_tell_error(a, "limit", "more than %d values wait for names that are being built",
                         SYNTH_HELD_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++)
        copy[i] = (mega_atom){atoms[i].word ? strdup(atoms[i].word) : NULL, atoms[i].number};
    a->held[a->held_count++] = (synth_held){frame, run, count, copy};
}

void synth_values_replay(mega_adapter *a) {
    if (!a->held_count || !synth_worker_ready(a->worker)) return;
    size_t count = a->held_count;
    a->held_count = 0;
    for (size_t i = 0; i < count; i++) {
        synth_held held = a->held[i]; // its place may be taken again meanwhile, never one after it
        held.run(a, held.frame, held.count, held.atoms);
        for (size_t k = 0; k < held.count; k++) free((char *)held.atoms[k].word);
        free(held.atoms);
    }
}

// ---- values that are turned --------------------------------------------------------------------

static json_t *set_operation(const char *node, const char *port, const mega_atom *value) {
    json_t *json = synth_atom_json(value);
    return json ? json_pack("{s:s,s:s,s:s,s:o}", "op", "set", "id", node, "param", port, "value",
                            json)
                : NULL;
}

static void add(mega_adapter *a, uint64_t frame, bool alone, json_t *operation) {
    if (operation) (alone ? synth_edits_alone : synth_edits_add)(a, frame, operation);
    else synth_tell_error(a, "bad-value", "a value must be a finite number or a UTF-8 word");
}

/// The number of a choice. @return -1, told: there is none such
static int choose(mega_adapter *a, const char *key, const synth_known *known, const char *word) {
    const char *const *names = known->param.choices;
    size_t count = known->param.choice_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], word) == 0) return (int)i;
    const char *near = mega_nearest(word, names, count);
    if (!count) synth_tell_error(a, "bad-type", "%s: takes a number, not `%.60s`", key, word);
    else
        synth_tell_error(a, "bad-value", "%s: no such choice: `%.60s`; %s `%s`", key, word,
                         near ? "did you mean" : "for one", near ? near : names[0]);
    return -1;
}

/// What to do about a value out of range, where cables add to it.
static const char *advice(mega_adapter *a, const char *key) {
    const mega_patch *patch = synth_worker_ready(a->worker) ? mega_loaded_patch(a->engine) : NULL;
    for (size_t i = 0; patch && i < mega_patch_cable_count(patch); i++) {
        char path[2 * SYNTH_NAME_BYTES];
        mega_cable_info cable = mega_patch_cable(patch, i);
        snprintf(path, sizeof path, "%s.%s", cable.to_node, cable.to_port);
        if (strcmp(path, key) == 0)
            return "; to take away from what cables bring, connect a knob with a range of its own "
                   "(`newknob down 0 -100 0`)";
    }
    return "";
}

/// @return false, told: not a value for it
static bool read_value(mega_adapter *a, const char *key, const synth_known *known,
                       const mega_atom *atom, double *value) {
    *value = atom->number;
    if (atom->word) {
        int choice = choose(a, key, known, atom->word);
        *value = choice;
        return choice >= 0;
    }
    // a float's 0.05 is a little more than what a row calls its least
    if ((float)*value >= (float)known->param.min && (float)*value <= (float)known->param.max)
        return true;
    synth_tell_error(a, "bad-value", "%s: %g is not within %g..%g%s", key, *value, known->param.min,
                     known->param.max, advice(a, key));
    return false;
}

bool synth_read_ramp(mega_adapter *a, const char *what, size_t count, const mega_atom *atom,
                     float *seconds) {
    *seconds = -1; // as the engine smooths
    if (!count) return true;
    *seconds = (float)(atom->number * 0.001);
    if (!atom->word && atom->number >= 0) return true;
    synth_tell_error(a, "bad-value", "%s: a ramp is a number of milliseconds", what);
    return false;
}

void synth_command_set(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char key[SYNTH_NAME_BYTES], node[SYNTH_NAME_BYTES], port[SYNTH_NAME_BYTES];
    if (!mega_atom_text(&atoms[0], key, sizeof key) || !synth_split(key, node, port)) {
        synth_tell_error(a, "bad-value", "set: `%.60s` is no parameter; write `node.param`", key);
        return;
    }
    float ramp_seconds;
    if (!synth_read_ramp(a, key, count - 2, &atoms[2], &ramp_seconds)) return;
    synth_values_replay(a);
    // what an edit under way makes, or what is part of one, is set by it
    if (a->begun || synth_edits_name(a, node)) {
        add(a, frame, false, set_operation(node, port, &atoms[1]));
        return;
    }
    synth_known *known = synth_look_up(a, SYNTH_PARAM, node, port);
    if (!known) synth_hold(a, frame, synth_command_set, count, atoms);
    else if (known->number < 0)
        add(a, frame, true, set_operation(node, port, &atoms[1])); // the engine says why not
    else {
        double value;
        if (!read_value(a, key, known, &atoms[1], &value)) return;
        synth_check_event(
            a, mega_param_set(a->engine, frame, known->number, (float)value, ramp_seconds));
        synth_changes_touch(a, key);
    }
}

/// name value [min max [scale [unit]]]
static void knob_operation(mega_adapter *a, uint64_t frame, bool alone, const char *name,
                           size_t count, const mega_atom *atoms) {
    json_t *op =
        json_pack("{s:s,s:s,s:o}", "op", "knob", "id", name, "value", synth_atom_json(&atoms[1]));
    if (op && count > 3)
        json_object_set_new(
            op, "range",
            json_pack("[o,o]", synth_atom_json(&atoms[2]), synth_atom_json(&atoms[3])));
    if (op && count > 4) json_object_set_new(op, "scale", synth_atom_json(&atoms[4]));
    if (op && count > 5) json_object_set_new(op, "unit", synth_atom_json(&atoms[5]));
    add(a, frame, alone, op);
}

void synth_turn_knob(mega_adapter *a, uint64_t frame, const char *name, double value) {
    synth_command_knob(a, frame, 2, (mega_atom[]){{name, 0}, {NULL, value}});
}

void synth_command_knob(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char name[SYNTH_NAME_BYTES];
    float ramp_seconds;
    if (!mega_atom_text(&atoms[0], name, sizeof name) || atoms[1].word ||
        !(atoms[1].number >= 0 && atoms[1].number <= 1)) {
        synth_tell_error(a, "bad-value", "knob %.60s: a value is 0..1", name);
        return;
    }
    if (!synth_read_ramp(a, name, count == 3, &atoms[2], &ramp_seconds)) return;
    synth_values_replay(a);
    if (a->begun || count > 3 || synth_edits_name(a, name)) {
        knob_operation(a, frame, false, name, count, atoms);
        return;
    }
    synth_known *known = synth_look_up(a, SYNTH_KNOB, name, "");
    if (!known) synth_hold(a, frame, synth_command_knob, count, atoms);
    else if (known->number < 0)
        knob_operation(a, frame, true, name, count, atoms); // the worker says why not
    else {
        synth_check_event(a, mega_knob_ramp(a->engine, frame, known->number, (float)atoms[1].number,
                                            ramp_seconds));
        synth_changes_touch_knobs(a);
    }
}

void synth_command_newknob(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char name[SYNTH_NAME_BYTES];
    if (!mega_atom_text(&atoms[0], name, sizeof name) || atoms[1].word || count == 3) {
        synth_tell_error(a, "bad-value",
                         "newknob %.60s: write `newknob name value [min max [lin|exp [unit]]]`",
                         name);
        return;
    }
    if (count > 3) knob_operation(a, frame, false, name, count, atoms);
    else
        add(a, frame, false,
            json_pack("{s:s,s:s,s:o,s:n}", "op", "knob", "id", name, "value",
                      synth_atom_json(&atoms[1]), "range"));
}
