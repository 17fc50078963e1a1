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

// ---- names
// ----------------------------------------------------------------------------------------------

static const char *type_of(const mega_patch *patch, const char *node) {
    for (size_t i = 0; patch && i < mega_patch_node_count(patch); i++)
        if (strcmp(mega_patch_node(patch, i).id, node) == 0) return mega_patch_node(patch, i).type;
    return NULL;
}

/// Range and choices of a parameter, from its module's row.
static void describe(mega_known *known, const char *type, const char *param) {
    const mega_module *module = type ? mega_module_find(type) : NULL;
    char *text = module ? mega_module_describe_json(module) : NULL;
    json_t *row = text ? json_loads(text, 0, NULL) : NULL, *p;
    size_t i;
    json_array_foreach(json_object_get(row, "params"), i, p) {
        if (strcmp(json_string_value(json_object_get(p, "name")), param) != 0) continue;
        known->min = json_number_value(json_object_get(p, "min"));
        known->max = json_number_value(json_object_get(p, "max"));
        known->choices = json_incref(json_object_get(p, "choices"));
    }
    json_decref(row);
    mega_free(text);
}

/// Its place in the list of names, made if it is new. @return NULL without memory
static mega_known *entry_of(mega_adapter *a, const char *key) {
    json_t *index = json_object_get(a->known_index, key);
    if (index) return &a->known[json_integer_value(index)];
    if ((a->known_count & (a->known_count + 1)) == 0) { // as 1, 3, 7 ...: room for as many again
        mega_known *more = realloc(a->known, (a->known_count * 2 + 2) * sizeof *more);
        if (!more) return NULL;
        a->known = more;
    }
    json_object_set_new(a->known_index, key, json_integer((json_int_t)a->known_count));
    a->known[a->known_count] = (mega_known){.number = -1, .epoch = UINT64_MAX};
    return &a->known[a->known_count++];
}

/// @param port NULL: a knob @param key to keep it by
/// @return NULL: not to be found out while the worker works
static mega_known *look_up(mega_adapter *a, const char *key, const char *id, const char *port) {
    json_t *index = json_object_get(a->known_index, key);
    if (!mega_worker_ready(a->worker)) return index ? &a->known[json_integer_value(index)] : NULL;
    mega_known *known = entry_of(a, key);
    if (!known || known->epoch == a->epoch) return known;
    json_decref(known->choices);
    *known = (mega_known){.max = 1, .epoch = a->epoch};
    known->number = port ? mega_find_param(a->engine, id, port) : mega_find_knob(a->engine, id);
    if (port && known->number >= 0)
        describe(known, type_of(mega_loaded_patch(a->engine), id), port);
    return known;
}

void mega_values_forget_names(mega_adapter *a) {
    for (size_t i = 0; i < a->known_count; i++) json_decref(a->known[i].choices);
    a->known_count = 0;
    free(a->known);
    a->known = NULL;
    json_object_clear(a->known_index);
}

void mega_values_finish(mega_adapter *a) {
    if (a->known_index) mega_values_forget_names(a);
    json_decref(a->known_index);
    json_decref(a->live_knobs);
    json_decref(a->live_params);
    for (size_t i = 0; i < a->held_count; i++) {
        for (size_t k = 0; k < a->held[i].count; k++) free((char *)a->held[i].atoms[k].word);
        free(a->held[i].atoms);
    }
}

// ---- messages that wait
// ---------------------------------------------------------------------------------

static void hold(mega_adapter *a, uint64_t frame, bool knob, size_t count, const mega_atom *atoms) {
    mega_atom *copy = a->held_count < MEGA_HELD_MAX ? calloc(count, sizeof *copy) : NULL;
    if (!copy) {
        mega_tell_error(a, "limit", "more than %d values wait for names that are being built",
                        MEGA_HELD_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++)
        copy[i] = (mega_atom){atoms[i].word ? strdup(atoms[i].word) : NULL, atoms[i].number};
    a->held[a->held_count++] = (mega_held){frame, knob, count, copy};
}

void mega_values_replay(mega_adapter *a) {
    if (!a->held_count || !mega_worker_ready(a->worker)) return;
    size_t count = a->held_count;
    a->held_count = 0;
    for (size_t i = 0; i < count; i++) {
        mega_held held = a->held[i]; // its place may be taken again meanwhile, never one after it
        (held.knob ? mega_command_knob : mega_command_set)(a, held.frame, held.count, held.atoms);
        for (size_t k = 0; k < held.count; k++) free((char *)held.atoms[k].word);
        free(held.atoms);
    }
}

// ---- values that are turned
// -------------------------------------------------------------------------------

static void remember(mega_adapter *a, json_t *values, const char *key, double number,
                     const char *choice) {
    pthread_mutex_lock(&a->values_lock);
    json_t *old = json_object_get(values, key);
    if (choice || !json_is_real(old))
        json_object_set_new(values, key, choice ? json_string(choice) : json_real(number));
    else json_real_set(old, number);
    pthread_mutex_unlock(&a->values_lock);
}

static json_t *set_operation(const char *node, const char *port, const mega_atom *value) {
    json_t *json = mega_atom_json(value);
    return json ? json_pack("{s:s,s:s,s:s,s:o}", "op", "set", "id", node, "param", port, "value",
                            json)
                : NULL;
}

static void add(mega_adapter *a, uint64_t frame, bool alone, json_t *operation) {
    if (operation) (alone ? mega_edits_alone : mega_edits_add)(a, frame, operation);
    else mega_tell_error(a, "bad-value", "a value must be a finite number or a UTF-8 word");
}

/// The number of a choice. @return -1, told: there is none such
static int choose(mega_adapter *a, const char *key, const mega_known *known, const char *word) {
    const char *names[64];
    size_t count = 0, i;
    json_t *choice;
    json_array_foreach(known->choices, i, choice) {
        if (strcmp(json_string_value(choice), word) == 0) return (int)i;
        if (count < 64) names[count++] = json_string_value(choice);
    }
    const char *near = mega_nearest(word, names, count);
    if (!count) mega_tell_error(a, "bad-type", "%s: takes a number, not `%.60s`", key, word);
    else
        mega_tell_error(a, "bad-value", "%s: no such choice: `%.60s`; %s `%s`", key, word,
                        near ? "did you mean" : "for one", near ? near : names[0]);
    return -1;
}

/// @return false, told: not a value for it
static bool read_value(mega_adapter *a, const char *key, const mega_known *known,
                       const mega_atom *atom, double *value) {
    *value = atom->number;
    if (atom->word) {
        int choice = choose(a, key, known, atom->word);
        *value = choice;
        return choice >= 0;
    }
    // a float's 0.05 is a little more than what a row calls its least
    if ((float)*value >= (float)known->min && (float)*value <= (float)known->max) return true;
    mega_tell_error(a, "bad-value", "%s: %g is not within %g..%g", key, *value, known->min,
                    known->max);
    return false;
}

void mega_command_set(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char key[MEGA_NAME_BYTES], node[MEGA_NAME_BYTES], port[MEGA_NAME_BYTES];
    if (!mega_atom_text(&atoms[0], key, sizeof key) || !mega_split(key, node, port)) {
        mega_tell_error(a, "bad-value", "set: `%.60s` is no parameter; write `node.param`", key);
        return;
    }
    float ramp_seconds = -1;
    if (count > 2) ramp_seconds = (float)(atoms[2].number * 0.001);
    if (count > 2 && (atoms[2].word || !(atoms[2].number >= 0))) {
        mega_tell_error(a, "bad-value", "set %s: a ramp is a number of milliseconds", key);
        return;
    }
    mega_values_replay(a);
    // what an edit under way makes, or what is part of one, is set by it
    if (a->begun || mega_edits_name(a, node)) {
        add(a, frame, false, set_operation(node, port, &atoms[1]));
        return;
    }
    mega_known *known = look_up(a, key, node, port);
    if (!known) hold(a, frame, false, count, atoms);
    else if (known->number < 0)
        add(a, frame, true, set_operation(node, port, &atoms[1])); // the engine says why not
    else {
        double value;
        if (!read_value(a, key, known, &atoms[1], &value)) return;
        mega_check_event(
            a, mega_param_set(a->engine, frame, known->number, (float)value, ramp_seconds));
        const char *choice = json_string_value(json_array_get(known->choices, (size_t)value));
        remember(a, a->live_params, key, value, choice);
    }
}

/// name value [min max [scale [unit]]]
static void knob_operation(mega_adapter *a, uint64_t frame, bool alone, const char *name,
                           size_t count, const mega_atom *atoms) {
    json_t *op =
        json_pack("{s:s,s:s,s:o}", "op", "knob", "id", name, "value", mega_atom_json(&atoms[1]));
    if (op && count > 3)
        json_object_set_new(
            op, "range", json_pack("[o,o]", mega_atom_json(&atoms[2]), mega_atom_json(&atoms[3])));
    if (op && count > 4) json_object_set_new(op, "scale", mega_atom_json(&atoms[4]));
    if (op && count > 5) json_object_set_new(op, "unit", mega_atom_json(&atoms[5]));
    add(a, frame, alone, op);
}

void mega_turn_knob(mega_adapter *a, uint64_t frame, const char *name, double value) {
    mega_command_knob(a, frame, 2, (mega_atom[]){{name, 0}, {NULL, value}});
}

void mega_command_knob(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char name[MEGA_NAME_BYTES];
    if (!mega_atom_text(&atoms[0], name, sizeof name) || atoms[1].word || count == 3 ||
        !(atoms[1].number >= 0 && atoms[1].number <= 1)) {
        mega_tell_error(
            a, "bad-value",
            "knob %.60s: a value is 0..1; write `knob name value [min max [lin|exp [unit]]]`",
            name);
        return;
    }
    mega_values_replay(a);
    if (a->begun || count > 3 || mega_edits_name(a, name)) {
        knob_operation(a, frame, false, name, count, atoms);
        return;
    }
    mega_known *known = look_up(a, name, name, NULL);
    if (!known) hold(a, frame, true, count, atoms);
    else if (known->number < 0)
        knob_operation(a, frame, true, name, count, atoms); // the worker says why not
    else {
        mega_check_event(a, mega_knob_set(a->engine, frame, known->number, (float)atoms[1].number));
        remember(a, a->live_knobs, name, atoms[1].number, NULL);
    }
}

void mega_command_newknob(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    char name[MEGA_NAME_BYTES];
    if (!mega_atom_text(&atoms[0], name, sizeof name) || atoms[1].word || count == 3) {
        mega_tell_error(a, "bad-value",
                        "newknob %.60s: write `newknob name value [min max [lin|exp [unit]]]`",
                        name);
        return;
    }
    if (count > 3) knob_operation(a, frame, false, name, count, atoms);
    else
        add(a, frame, false,
            json_pack("{s:s,s:s,s:o,s:n}", "op", "knob", "id", name, "value",
                      mega_atom_json(&atoms[1]), "range"));
}

// ---- the document, and what was turned since
// ----------------------------------------------------------------

static json_t *exact(const json_t *value) {
    if (json_is_string(value)) return json_string(json_string_value(value));
    return mega_atom_json(&(mega_atom){NULL, json_number_value(value)});
}

static json_t *operations_of_values(mega_adapter *a) {
    json_t *list = json_array(), *value;
    const char *key;
    char node[MEGA_NAME_BYTES], port[MEGA_NAME_BYTES];
    pthread_mutex_lock(&a->values_lock);
    json_object_foreach(a->live_knobs, key, value) json_array_append_new(
        list, json_pack("{s:s,s:s,s:o}", "op", "knob", "id", key, "value", exact(value)));
    json_object_foreach(a->live_params, key, value) {
        if (mega_split(key, node, port))
            json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:o}", "op", "set", "id", node,
                                                  "param", port, "value", exact(value)));
    }
    pthread_mutex_unlock(&a->values_lock);
    return list;
}

mega_patch *mega_patch_as_heard(mega_adapter *a) {
    const mega_patch *patch = mega_loaded_patch(a->engine);
    if (!patch) return NULL;
    json_t *operations = operations_of_values(a);
    char *text = json_dumps(operations, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(operations);
    mega_patch *heard = NULL;
    if (text) heard = mega_patch_edit(patch, text, strlen(text), MEGA_FORMAT_JSON, NULL, NULL);
    free(text);
    // a value that the document has no place for any more is not worth the document
    return heard ? heard : mega_patch_edit(patch, "[]", 2, MEGA_FORMAT_JSON, NULL, NULL);
}

/// Forgets the values of a node; or gives them to another name.
static void move_node(json_t *values, const char *id, const char *to) {
    const char *key;
    json_t *value;
    void *next;
    char node[MEGA_NAME_BYTES], port[MEGA_NAME_BYTES], name[2 * MEGA_NAME_BYTES];
    json_object_foreach_safe(values, next, key, value) {
        if (!mega_split(key, node, port) || strcmp(node, id) != 0) continue;
        snprintf(name, sizeof name, "%s.%s", to ? to : "", port);
        if (to) json_object_set(values, name, value);
        json_object_del(values, key);
    }
}

static void follow(mega_adapter *a, const json_t *op) {
    const char *kind = json_string_value(json_object_get(op, "op"));
    const char *id = json_string_value(json_object_get(op, "id"));
    const char *knob = json_string_value(json_object_get(op, "knob"));
    const char *param = json_string_value(json_object_get(op, "param"));
    const char *to = json_string_value(json_object_get(op, "to"));
    char key[2 * MEGA_NAME_BYTES];
    if (!kind) return;
    if (strcmp(kind, "set") == 0 && id && param) {
        snprintf(key, sizeof key, "%s.%s", id, param);
        json_object_del(a->live_params, key);
    } else if (strcmp(kind, "knob") == 0 || strcmp(kind, "unknob") == 0) {
        if (id && (*kind == 'u' || json_object_get(op, "value")))
            json_object_del(a->live_knobs, id);
    } else if (strcmp(kind, "remove") == 0 || strcmp(kind, "replace") == 0) {
        if (id) move_node(a->live_params, id, NULL);
    } else if (strcmp(kind, "rename") == 0 && to) {
        if (id) move_node(a->live_params, id, to);
        json_t *value = knob ? json_object_get(a->live_knobs, knob) : NULL;
        if (value) json_object_set(a->live_knobs, to, value);
        if (value) json_object_del(a->live_knobs, knob);
    }
}

void mega_values_follow(mega_adapter *a, const mega_patch *before, const mega_patch *after) {
    char *text = NULL;
    if (!before || !after || mega_patch_diff(before, after, &text) != MEGA_OK) return;
    json_t *operations = json_loads(text, 0, NULL), *op;
    mega_free(text);
    size_t i;
    pthread_mutex_lock(&a->values_lock);
    json_array_foreach(operations, i, op) follow(a, op);
    pthread_mutex_unlock(&a->values_lock);
    json_decref(operations);
}
