// SPDX-License-Identifier: MIT
// edit_knobs -- the operations of an edit on knobs and on the document itself; and rename and set,
// for all that have them.
#include <stdlib.h>
#include <string.h>

#include "document/edit/working.h"
#include "document/overrides.h"

enum { KNOB_DEPTH = 3 }; // document, knobs, knob

static json_t *knob_value(edit *e, const mega_patch_knob_row *knob, const char *key) {
    json_t *all = json_object(), *value = NULL;
    if (all && mega_tree_knob(knob, all)) {
        value = json_incref(json_object_get(all, key));
        if (!value) value = json_null();
    }
    json_decref(all);
    if (!value) mega_document_no_memory(e->b.document);
    return value;
}

/// Back to a knob that does not have it. @return false if a knob always has it
static bool clear_key(mega_patch_knob_row *knob, const char *key) {
    if (strcmp(key, "range") == 0) {
        knob->has_range = false;
        knob->min = knob->max = 0;
    } else if (strcmp(key, "scale") == 0) {
        knob->has_scale = false;
        knob->scale = MEGA_LIN;
    } else if (strcmp(key, "unit") == 0) {
        if (knob->unit) *knob->unit = 0;
    } else {
        return false;
    }
    return true;
}

/// @param undo gets what each key was
static void change_knob(edit *e, mega_patch_knob_row *knob, json_t *undo) {
    static const char *const keys[] = {"value", "range", "scale", "unit"};
    size_t errors = e->b.document->errors;
    for (size_t i = 0; i < COUNT(keys); i++) {
        json_t *value = json_object_get(e->op, keys[i]);
        mega_at here = mega_at_key(&e->at, e->op, keys[i]);
        if (!value) continue;
        if (undo) undo_put(e, undo, keys[i], knob_value(e, knob, keys[i]));
        if (!json_is_null(value) || !clear_key(knob, keys[i]))
            build_knob_key(&e->b, &here, keys[i], value, knob);
    }
    json_t *override = json_object_get(e->op, "override");
    mega_at at_override = mega_at_key(&e->at, e->op, "override");
    double number;
    if (knob->override.set && json_object_get(e->op, "value")) {
        undo_put(e, undo, "override", mega_tree_number(knob->override.value));
        mega_override_renew(&knob->override);
    }
    if (override && expect_number(&e->b, &at_override, override, &number)) {
        if (number >= 0 && number <= 1)
            knob->override = (mega_override){.value = (float)number, .set = true, .pending = true};
        else op_error(e, "override", "bad-value", NULL, "%.9g is outside 0..1", number);
    }
    e->wordy |= json_object_get(e->op, "unit") != NULL;
    op_extra(e, &knob->extra, KNOB_DEPTH, undo);
    const char *told = json_object_get(e->op, "range") ? "range" : "scale";
    mega_at here = mega_at_key(&e->at, e->op, told);
    if (e->b.document->errors == errors) check_knob(&e->b, &here, knob);
}

static void add_knob(edit *e, const char *id) {
    builder *b = &e->b;
    size_t place;
    uint32_t row;
    bool placed = op_place(e, e->knobs.count, &place);
    if (e->knobs.count == MEGA_KNOBS_MAX) {
        op_error(e, NULL, "limit", NULL, "more than %d knobs", MEGA_KNOBS_MAX);
        return;
    }
    if (!new_knob(e, &row)) return;
    mega_at here = mega_at_key(&e->at, e->op, "id");
    mega_patch_knob_row *knob = &b->patch->knobs[row];
    knob->id = take_id(b, &here, id, b->knob_index, row);
    knob->unit = copy_string(b, "");
    change_knob(e, knob, NULL);
    if (!placed || !order_insert(e, &e->knobs, place, row)) return;
    json_t *undo = undo_begin(e, "unknob");
    undo_put(e, undo, "id", json_string(id));
    undo_push(e, undo);
}

void edit_knob(edit *e) {
    static const char *const keys[] = {"id",   "value",    "range", "scale",
                                       "unit", "override", "unset", "at"};
    op_keys(e, keys, COUNT(keys), true);
    const char *id = op_string(e, "id");
    if (!id) return;
    const json_t *index = json_object_get(e->b.knob_index, id);
    if (!index) {
        add_knob(e, id);
        return;
    }
    if (json_object_get(e->op, "at"))
        op_error(e, "at", "duplicate", "`move` gives it another place",
                 "there is a knob `%s` already", mega_excerpt_of(id).text);
    json_t *undo = undo_begin(e, "knob");
    undo_put(e, undo, "id", json_string(id));
    change_knob(e, &e->b.patch->knobs[json_integer_value(index)], undo);
    undo_push(e, undo);
}

static bool is_of_knob(const mega_patch_cable_row *cable, const void *row) {
    return cable->from_node < 0 && cable->from_port == *(const uint32_t *)row;
}

static preset_fate goes_with_knob(mega_patch_value_row *value, const void *row) {
    return value->index == *(const uint32_t *)row ? PRESET_VALUE_GOES : PRESET_VALUE_STAYS;
}

void edit_unknob(edit *e) {
    static const char *const keys[] = {"id"};
    uint32_t row;
    op_keys(e, keys, COUNT(keys), false);
    if (!op_knob(e, "id", &row)) return;
    mega_patch_knob_row *knob = &e->b.patch->knobs[row];
    size_t place = order_find(&e->knobs, row);
    drop_cables(e, is_of_knob, &row);
    change_presets(e, goes_with_knob, &row, true);
    json_t *undo = undo_begin(e, "knob");
    if (undo) {
        undo_put(e, undo, "id", json_string(knob->id));
        if (!mega_tree_knob(knob, undo)) mega_document_no_memory(e->b.document);
        if (knob->override.set)
            undo_put(e, undo, "override", mega_tree_number(knob->override.value));
        undo_put(e, undo, "at", json_integer((json_int_t)place));
    }
    undo_push(e, undo);
    json_object_del(e->b.knob_index, knob->id);
    finish_knob(knob);
    if (place < e->knobs.count) order_remove(&e->knobs, place);
}

// ---- rename ------------------------------------------------------------------------------------

/// What is renamed: its id, and the index that knows it.
typedef struct {
    char **id;
    json_t *index;
    uint32_t number; ///< in the index
} named;

static bool op_named(edit *e, const char *key, named *n) {
    mega_patch *patch = e->b.patch;
    uint32_t row;
    if (strcmp(key, "preset") == 0) {
        if (!op_preset(e, key, &row)) return false;
        *n = (named){&patch->presets[row].id, e->b.preset_index, 0};
    } else if (strcmp(key, "knob") == 0) {
        if (!op_knob(e, key, &row)) return false;
        *n = (named){&patch->knobs[row].id, e->b.knob_index, row};
    } else {
        if (!op_node(e, key, &row)) return false;
        *n = (named){&patch->nodes[row].id, e->b.node_index, row};
    }
    return true;
}

void edit_rename(edit *e) {
    static const char *const keys[] = {"id", "knob", "preset", "to"};
    builder *b = &e->b;
    const char *key = json_object_get(e->op, "preset") ? "preset"
                      : json_object_get(e->op, "knob") ? "knob"
                                                       : "id";
    named n;
    op_keys(e, keys, COUNT(keys), false);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(keys[i], key) != 0 && json_object_get(e->op, keys[i]))
            op_error(e, key, "unknown-key", NULL, "either `%s` or `%s`", keys[i], key);
    const char *to = op_string(e, "to");
    bool found = op_named(e, key, &n);
    if (!to || !found) return;
    mega_at here = mega_at_key(&e->at, e->op, "to");
    json_t *undo = undo_begin(e, "rename");
    undo_put(e, undo, key, json_string(to));
    undo_put(e, undo, "to", json_string(*n.id));
    json_object_del(n.index, *n.id); // it may be given the id that it has
    size_t errors = b->document->errors;
    char *copy = take_id(b, &here, to, n.index, n.number);
    if (b->document->errors > errors) { // what follows may go on with the id that it had
        if (json_object_set_new_nocheck(n.index, *n.id, json_integer(n.number)) != 0)
            mega_document_no_memory(b->document);
        free(copy);
        json_decref(undo);
        return;
    }
    free(*n.id);
    *n.id = copy;
    undo_push(e, undo);
}

// ---- the document ------------------------------------------------------------------------------

void edit_voices(edit *e) {
    static const char *const keys[] = {"count"};
    json_t *value = json_object_get(e->op, "count");
    mega_at here = mega_at_key(&e->at, e->op, "count");
    mega_patch *patch = e->b.patch;
    op_keys(e, keys, COUNT(keys), false);
    json_t *undo = undo_begin(e, "voices");
    undo_put(e, undo, "count", json_integer(patch->voices));
    if (!value) op_error(e, NULL, "missing", NULL, "`voices` needs `count`");
    else expect_integer(&e->b, &here, value, 1, MEGA_VOICES_MAX, &patch->voices);
    undo_push(e, undo);
}

void edit_name(edit *e) {
    static const char *const keys[] = {"name"};
    mega_patch *patch = e->b.patch;
    op_keys(e, keys, COUNT(keys), false);
    const char *name = op_string(e, "name");
    char *copy = name ? copy_string(&e->b, name) : NULL;
    if (!copy) return;
    json_t *undo = undo_begin(e, "name");
    undo_put(e, undo, "name", json_string(patch->name));
    undo_push(e, undo);
    free(patch->name);
    patch->name = copy;
    e->wordy = true;
}

/// `sampleRate`, `channels`: a number, or null for none. @return whether it is there
static bool set_number(edit *e, const char *key, double min, double max, uint32_t *number,
                       json_t *undo) {
    json_t *value = json_object_get(e->op, key);
    mega_at here = mega_at_key(&e->at, e->op, key);
    if (!value) return false;
    if (undo) undo_put(e, undo, key, *number ? json_integer(*number) : json_null());
    if (json_is_null(value)) *number = 0;
    else expect_integer(&e->b, &here, value, min, max, number);
    return true;
}

static void set_document(edit *e) {
    static const char *const keys[] = {"id", "from", "to", "sampleRate", "channels", "unset"};
    mega_patch *patch = e->b.patch;
    op_keys(e, keys, COUNT(keys), true);
    json_t *undo = undo_begin(e, "set");
    bool any = set_number(e, "sampleRate", 8000, 384000, &patch->rate_hint, undo);
    any |= set_number(e, "channels", 1, 64, &patch->channels, undo);
    any |= op_extra(e, &patch->extra, 1, undo);
    if (!any)
        op_error(e, NULL, "missing",
                 "`id` of a node, `from` and `to` of a cable, or a key of the document",
                 "nothing to set");
    undo_push(e, undo);
}

void edit_set(edit *e) {
    if (json_object_get(e->op, "id")) edit_set_node(e);
    else if (json_object_get(e->op, "from") || json_object_get(e->op, "to")) edit_set_cable(e);
    else set_document(e);
}
