// SPDX-License-Identifier: MIT
// presets -- the section of the document for presets: named values of knobs and parameters.
#include <stdlib.h>
#include <string.h>

#include "document/edit/diff.h"
#include "document/edit/working.h"

/// Room for `more` values. @return false where they would be too many
static bool grow(builder *b, const mega_at *at, mega_patch_preset_row *preset, size_t more) {
    size_t all = more;
    for (size_t i = 0; i < b->patch->preset_count; i++) all += b->patch->presets[i].value_count;
    if (all > MEGA_PRESET_VALUES_MAX) {
        mega_document_error(b->document, at, "limit", NULL,
                            "presets hold %zu values together, at most %d", all,
                            MEGA_PRESET_VALUES_MAX);
        return false;
    }
    void *grown =
        realloc(preset->values, (preset->value_count + more + 1) * sizeof *preset->values);
    if (grown) preset->values = grown;
    else mega_document_no_memory(b->document);
    return grown;
}

static void add(mega_patch_preset_row *preset, int32_t node, uint32_t index, double value) {
    // + 0: -0 is 0, so that a value has one spelling
    preset->values[preset->value_count++] =
        (mega_patch_value_row){.node = node, .index = index, .value = (float)value + 0.0f};
}

static void build_knobs(builder *b, const mega_at *at, json_t *knobs,
                        mega_patch_preset_row *preset) {
    const char *key;
    json_t *value;
    if (!expect_object(b, at, knobs) || !grow(b, at, preset, json_object_size(knobs))) return;
    json_object_foreach(knobs, key, value) {
        mega_at here = mega_at_key(at, knobs, key);
        mega_patch_knob_row knob = {0};
        uint32_t row;
        if (json_object_get(b->node_index, key) && !json_object_get(b->knob_index, key))
            mega_document_error(b->document, &here, "not-found",
                                "the values of nodes belong in `params`", "`%s` is a node",
                                mega_excerpt_of(key).text);
        else if (find_knob(b, &here, key, &row)) {
            build_knob_key(b, &here, "value", value, &knob);
            add(preset, -1, row, (double)knob.value);
        }
    }
}

static void build_node_values(builder *b, const mega_at *at, json_t *params, uint32_t row,
                              mega_patch_preset_row *preset) {
    const mega_module *module = b->patch->nodes[row].module;
    const char *key;
    json_t *value;
    double number;
    if (!expect_object(b, at, params) || !module || // that has been said
        !grow(b, at, preset, json_object_size(params)))
        return;
    json_object_foreach(params, key, value) {
        mega_at here = mega_at_key(at, params, key);
        uint32_t i = find_param(b, &here, module, key);
        if (i < module->param_count && module->params[i].fixed)
            mega_document_error(b->document, &here, "bad-type",
                                "write the number in the `params` of the node",
                                "no preset can hold `%s`: it does not change while it sounds", key);
        else if (i < module->param_count &&
                 read_param(b, &here, value, &module->params[i], &number))
            add(preset, (int32_t)row, i, number);
    }
}

static void build_params_of(builder *b, const mega_at *at, json_t *nodes,
                            mega_patch_preset_row *preset) {
    const char *key;
    json_t *value;
    uint32_t row;
    if (!expect_object(b, at, nodes)) return;
    json_object_foreach(nodes, key, value) {
        if (b->document->no_memory) return;
        mega_at here = mega_at_key(at, nodes, key);
        if (json_object_get(b->knob_index, key) && !json_object_get(b->node_index, key))
            mega_document_error(b->document, &here, "not-found",
                                "the values of knobs belong in `knobs`", "`%s` is a knob",
                                mega_excerpt_of(key).text);
        else if (find_node(b, &here, key, &row)) build_node_values(b, &here, value, row, preset);
    }
}

bool build_preset_key(builder *b, const mega_at *at, const char *key, json_t *value,
                      mega_patch_preset_row *preset) {
    if (strcmp(key, "knobs") == 0) {
        build_knobs(b, at, value, preset);
    } else if (strcmp(key, "params") == 0) {
        build_params_of(b, at, value, preset);
    } else if (strcmp(key, "doc") == 0) {
        if (!expect_string(b, at, value)) return true;
        free(preset->doc);
        preset->doc = copy_string(b, json_string_value(value));
    } else {
        return take_extra(b, key, value, &preset->extra);
    }
    return true;
}

static void build_preset(builder *b, const mega_at *at, json_t *object,
                         mega_patch_preset_row *preset) {
    static const char *const known[] = {"knobs", "params", "doc"};
    const char *key;
    json_t *value;
    preset->doc = copy_string(b, "");
    if (!expect_object(b, at, object)) return;
    json_object_foreach(object, key, value) {
        mega_at here = mega_at_key(at, object, key);
        if (!build_preset_key(b, &here, key, value, preset))
            mega_document_error(b->document, &here, "unknown-key",
                                hint_nearest(key, known, COUNT(known), "a preset has").text,
                                "no such key");
    }
    mega_preset_sort(preset);
}

static void build_presets(builder *b, const mega_at *at, json_t *presets) {
    if (!expect_object(b, at, presets)) return;
    size_t count = json_object_size(presets);
    if (count > MEGA_PRESETS_MAX) {
        mega_document_error(b->document, at, "limit", NULL, "%zu presets, at most %d", count,
                            MEGA_PRESETS_MAX);
        return;
    }
    b->patch->presets = take_memory(b, count, sizeof *b->patch->presets);
    const char *key;
    json_t *value;
    json_object_foreach(presets, key, value) {
        if (b->document->no_memory) return;
        mega_at here = mega_at_key(at, presets, key);
        mega_patch_preset_row *preset = &b->patch->presets[b->patch->preset_count++];
        preset->id = take_id(b, &here, key, b->preset_index, b->patch->preset_count - 1);
        build_preset(b, &here, value, preset);
    }
}

// ---- writing -----------------------------------------------------------------------------------

json_t *mega_tree_preset_knobs(const mega_patch *patch, const mega_patch_preset_row *preset) {
    json_t *knobs = json_object();
    for (size_t i = 0; knobs && i < preset->value_count; i++) {
        const mega_patch_value_row *value = &preset->values[i];
        if (value->node >= 0) continue;
        if (json_object_set_new_nocheck(knobs, patch->knobs[value->index].id,
                                        mega_tree_number(value->value)) == 0)
            continue;
        json_decref(knobs);
        return NULL;
    }
    return knobs;
}

static bool put_param(const mega_patch *patch, const mega_patch_value_row *value, json_t *nodes) {
    const mega_patch_node_row *node = &patch->nodes[value->node];
    const mega_param_row *row = &node->module->params[value->index];
    json_t *params = json_object_get(nodes, node->id);
    if (!params) {
        params = json_object();
        if (json_object_set_new_nocheck(nodes, node->id, params) != 0) return false;
    }
    return json_object_set_new_nocheck(params, row->name, mega_tree_value(row, value->value)) == 0;
}

json_t *mega_tree_preset_params(const mega_patch *patch, const mega_patch_preset_row *preset) {
    json_t *nodes = json_object();
    for (size_t i = 0; nodes && i < preset->value_count; i++) {
        if (preset->values[i].node < 0 || put_param(patch, &preset->values[i], nodes)) continue;
        json_decref(nodes);
        return NULL;
    }
    return nodes;
}

/// Puts an object that is not empty. @return false without memory
static bool put_object(json_t *object, const char *key, json_t *value) {
    bool good = value != NULL;
    if (json_object_size(value) > 0) return json_object_set_new_nocheck(object, key, value) == 0;
    json_decref(value);
    return good;
}

bool mega_tree_preset(const mega_patch *patch, const mega_patch_preset_row *preset,
                      json_t *object) {
    bool good =
        !*preset->doc || json_object_set_new_nocheck(object, "doc", json_string(preset->doc)) == 0;
    good = good && put_object(object, "knobs", mega_tree_preset_knobs(patch, preset)) &&
           put_object(object, "params", mega_tree_preset_params(patch, preset));
    return good && (!preset->extra || json_object_update(object, preset->extra) == 0);
}

static bool tree(const mega_patch *patch, json_t *root) {
    if (!patch->preset_count) return true;
    json_t *presets = json_object();
    bool good = mega_tree_put(root, "presets", presets);
    for (size_t i = 0; good && i < patch->preset_count; i++) {
        json_t *object = json_object();
        good = mega_tree_put(presets, patch->presets[i].id, object) &&
               mega_tree_preset(patch, &patch->presets[i], object);
    }
    return good;
}

// ---- copying -----------------------------------------------------------------------------------

bool mega_patch_copy_preset(mega_patch_preset_row *to, const mega_patch_preset_row *from) {
    *to = (mega_patch_preset_row){.value_count = from->value_count};
    bool ok = true;
    to->extra = mega_copy_extra(from->extra, &ok);
    return ok && mega_copy_text(&to->id, from->id) && mega_copy_text(&to->doc, from->doc) &&
           mega_copy_bytes(&to->values, from->values, from->value_count * sizeof *to->values);
}

static bool copy_row(void *to, const void *from) { return mega_patch_copy_preset(to, from); }

static void finish_row(void *row) { mega_preset_finish(row); }

static void words(const mega_patch *patch, extent *words) {
    for (size_t i = 0; i < patch->preset_count; i++) {
        words_extra(words, patch->presets[i].extra);
        words_text(words, patch->presets[i].doc);
    }
}

static void renumber(mega_patch *patch, const uint32_t *node, const uint32_t *knob) {
    for (size_t i = 0; i < patch->preset_count; i++) {
        mega_patch_preset_row *preset = &patch->presets[i];
        for (size_t k = 0; k < preset->value_count; k++) {
            mega_patch_value_row *value = &preset->values[k];
            if (value->node < 0) value->index = knob[value->index];
            else value->node = (int32_t)node[value->node];
        }
        mega_preset_sort(preset);
    }
}

// ---- the section -------------------------------------------------------------------------------

/// (presets (soft (doc "x") (knobs (cutoff 0.2)) (params (f (freq 300) (type lowpass)))))
static const sexp_shape values = {.form = "(key value)", .words = true};
static const sexp_shape nodes = {.form = "(node (param value) ...)", .each = &values};
static const sexp_shape preset = {
    .form = "(key value)", .keys = (const sexp_key[]){{"knobs", &values}, {"params", &nodes}, {0}}};
static const sexp_shape shape = {.form = "(id (key value) ...)", .each = &preset};

static const mega_operation operations[] = {
    {"preset", edit_preset}, {"unpreset", edit_unpreset}, {NULL, NULL}};

const mega_section mega_section_presets = {
    .key = "presets",
    .needs_nodes = true,
    .build = build_presets,
    .tree = tree,
    .rows = MEGA_ROWS(presets, preset_count, mega_patch_preset_row),
    .copy_row = copy_row,
    .finish_row = finish_row,
    .shape = &shape,
    .operations = operations,
    .words = words,
    .renumber = renumber,
    .diff_gone = diff_presets_gone,
    .diff_here = diff_presets_here};
