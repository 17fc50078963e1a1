// SPDX-License-Identifier: MIT
// edit_presets -- the operations of an edit on presets, and what becomes of the presets' values
// when a knob or a node goes.
#include <stdlib.h>
#include <string.h>

#include "document/edit/working.h"

enum { PRESET_DEPTH = 3 }; // document, presets, preset

// ---- rows --------------------------------------------------------------------------------------

/// A zeroed row in its place. @return NULL with memory reported
static mega_patch_preset_row *insert(edit *e, size_t place) {
    mega_patch *patch = e->b.patch;
    void *rows = patch->presets;
    bool good =
        grow_rows(e, &rows, &e->preset_capacity, patch->preset_count, sizeof *patch->presets);
    patch->presets = rows;
    if (!good) return NULL;
    mega_patch_preset_row *preset = &patch->presets[place];
    memmove(preset + 1, preset, (patch->preset_count++ - place) * sizeof *preset);
    *preset = (mega_patch_preset_row){0};
    return preset;
}

static void take_out(mega_patch *patch, size_t place) {
    mega_patch_preset_row *preset = &patch->presets[place];
    memmove(preset, preset + 1, (--patch->preset_count - place) * sizeof *preset);
}

bool op_preset(edit *e, const char *key, uint32_t *index) {
    const char *id = op_string(e, key);
    if (!id) return false;
    int32_t found = mega_preset_find(e->b.patch, id);
    *index = (uint32_t)found;
    if (found >= 0) return true;
    const char *names[MEGA_PRESETS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < e->b.patch->preset_count; i++)
        if (e->b.patch->presets[i].id) names[count++] = e->b.patch->presets[i].id;
    op_error(e, key, "not-found", hint_nearest(id, names, count, "presets").text,
             "there is no preset `%s`", mega_excerpt_of(id).text);
    return false;
}

// ---- values ------------------------------------------------------------------------------------

/// Values of knobs, or of nodes.
static void drop_values(mega_patch_preset_row *preset, bool of_knobs) {
    size_t kept = 0;
    for (size_t i = 0; i < preset->value_count; i++)
        if ((preset->values[i].node < 0) != of_knobs) preset->values[kept++] = preset->values[i];
    preset->value_count = kept;
}

static json_t *values_tree(edit *e, const mega_patch_preset_row *preset, bool of_knobs) {
    json_t *tree = of_knobs ? mega_tree_preset_knobs(e->b.patch, preset)
                            : mega_tree_preset_params(e->b.patch, preset);
    if (!tree) mega_document_no_memory(e->b.document);
    return tree;
}

void change_presets(edit *e, preset_change *change, const void *what, bool of_knobs) {
    mega_patch *patch = e->b.patch;
    for (size_t p = patch->preset_count; p-- > 0;) {
        mega_patch_preset_row *preset = &patch->presets[p];
        bool touched = false;
        for (size_t i = 0; i < preset->value_count && !touched; i++) {
            mega_patch_value_row value = preset->values[i];
            touched = (value.node < 0) == of_knobs && change(&value, what) != PRESET_VALUE_STAYS;
        }
        if (!touched) continue;
        json_t *undo = undo_begin(e, "preset");
        if (undo) {
            undo_put(e, undo, "id", json_string(preset->id));
            undo_put(e, undo, of_knobs ? "knobs" : "params", values_tree(e, preset, of_knobs));
        }
        undo_push(e, undo);
        size_t kept = 0;
        for (size_t i = 0; i < preset->value_count; i++) {
            mega_patch_value_row value = preset->values[i];
            if ((value.node < 0) != of_knobs || change(&value, what) != PRESET_VALUE_GOES)
                preset->values[kept++] = value;
        }
        preset->value_count = kept;
    }
}

// ---- preset, unpreset --------------------------------------------------------------------------

/// @param undo gets what each key was
static void change_preset(edit *e, mega_patch_preset_row *preset, json_t *undo) {
    static const char *const keys[] = {"knobs", "params", "doc"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        json_t *value = json_object_get(e->op, keys[i]);
        mega_at here = mega_at_key(&e->at, e->op, keys[i]);
        if (!value) continue;
        if (i == 2) undo_put(e, undo, keys[i], json_string(preset->doc ? preset->doc : ""));
        else if (undo) undo_put(e, undo, keys[i], values_tree(e, preset, i == 0));
        if (i < 2) drop_values(preset, i == 0);
        build_preset_key(&e->b, &here, keys[i], value, preset);
        e->wordy |= i == 2;
    }
    op_extra(e, &preset->extra, PRESET_DEPTH, undo);
}

static void add_preset(edit *e, const char *id) {
    builder *b = &e->b;
    size_t place;
    bool placed = op_place(e, b->patch->preset_count, &place);
    if (b->patch->preset_count == MEGA_PRESETS_MAX) {
        op_error(e, NULL, "limit", NULL, "more than %d presets", MEGA_PRESETS_MAX);
        return;
    }
    mega_patch_preset_row *preset = placed ? insert(e, place) : NULL;
    if (!preset) return;
    mega_at here = mega_at_key(&e->at, e->op, "id");
    preset->id = take_id(b, &here, id, b->preset_index, 0);
    preset->doc = copy_string(b, "");
    change_preset(e, preset, NULL);
    json_t *undo = undo_begin(e, "unpreset");
    undo_put(e, undo, "id", json_string(id));
    undo_push(e, undo);
}

void edit_preset(edit *e) {
    static const char *const keys[] = {"id", "knobs", "params", "doc", "unset", "at"};
    op_keys(e, keys, COUNT(keys), true);
    const char *id = op_string(e, "id");
    int32_t index = id ? mega_preset_find(e->b.patch, id) : -1;
    if (!id) return;
    if (index < 0) {
        add_preset(e, id);
        return;
    }
    if (json_object_get(e->op, "at"))
        op_error(e, "at", "duplicate", "`move` gives it another place",
                 "there is a preset `%s` already", mega_excerpt_of(id).text);
    json_t *undo = undo_begin(e, "preset");
    undo_put(e, undo, "id", json_string(id));
    change_preset(e, &e->b.patch->presets[index], undo);
    undo_push(e, undo);
}

void edit_unpreset(edit *e) {
    static const char *const keys[] = {"id"};
    mega_patch *patch = e->b.patch;
    uint32_t index;
    op_keys(e, keys, COUNT(keys), false);
    if (!op_preset(e, "id", &index)) return;
    mega_patch_preset_row *preset = &patch->presets[index];
    json_t *undo = undo_begin(e, "preset");
    if (undo) {
        undo_put(e, undo, "id", json_string(preset->id));
        if (!mega_tree_preset(patch, preset, undo)) mega_document_no_memory(e->b.document);
        undo_put(e, undo, "at", json_integer((json_int_t)index));
    }
    undo_push(e, undo);
    json_object_del(e->b.preset_index, preset->id);
    mega_preset_finish(preset);
    take_out(patch, index);
}

void move_preset(edit *e) {
    mega_patch *patch = e->b.patch;
    uint32_t from;
    size_t to;
    if (!op_preset(e, "preset", &from) || !op_place(e, patch->preset_count - 1, &to)) return;
    mega_patch_preset_row preset = patch->presets[from];
    take_out(patch, from);
    *insert(e, to) = preset; // there is room
    json_t *undo = undo_begin(e, "move");
    undo_put(e, undo, "preset", json_string(preset.id));
    undo_put(e, undo, "at", json_integer((json_int_t)from));
    undo_push(e, undo);
}
