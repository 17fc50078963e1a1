// SPDX-License-Identifier: MIT
// heard -- the document as it sounds: what is written, and what was turned since.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

static const char *word(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/// A module's row as the engine describes it; to be released.
static json_t *row_of(const char *type) {
    const mega_module *module = mega_module_find(type);
    char *text = module ? mega_module_describe_json(module) : NULL;
    json_t *row = text ? json_loads(text, 0, NULL) : NULL;
    mega_free(text);
    return row;
}

static const json_t *param_of(const json_t *row, const char *port) {
    size_t i;
    json_t *param;
    json_array_foreach(json_object_get(row, "params"), i, param) {
        if (strcmp(word(param, "name"), port) == 0) return param;
    }
    return NULL;
}

static json_t *as_written(const json_t *param, float value) {
    json_t *choices = json_object_get(param, "choices");
    json_t *choice = choices && value >= 0 ? json_array_get(choices, (size_t)value) : NULL;
    return choice ? json_incref(choice) : synth_atom_json(&(mega_atom){NULL, (double)value});
}

json_t *synth_value_json(const char *type, const char *port, float value) {
    json_t *row = row_of(type), *json = as_written(param_of(row, port), value);
    json_decref(row);
    return json;
}

// ---- what differs from what is written ---------------------------------------------------------

/// What a document's value, a number or a choice, is to the engine.
static float number_of(const json_t *param, const json_t *written) {
    size_t i;
    json_t *choice;
    json_array_foreach(json_object_get(param, "choices"), i, choice) {
        if (json_equal(choice, written)) return (float)i;
    }
    return (float)json_number_value(written);
}

static void compare_node(const mega_adapter *a, json_t *operations, json_t *rows, const char *id,
                         const json_t *node) {
    const char *type = word(node, "type");
    json_t *row = json_object_get(rows, type), *param;
    if (!row) json_object_set_new(rows, type, row = row_of(type));
    size_t i;
    json_array_foreach(json_object_get(row, "params"), i, param) {
        const char *port = word(param, "name");
        const json_t *written = json_object_get(json_object_get(node, "params"), port);
        float value, initial = number_of(param, json_object_get(param, "default"));
        if (mega_param_get(a->engine, id, port, &value) != MEGA_OK) continue;
        // where nothing is written it is the default, or 0 where cables add
        bool same = written ? value == number_of(param, written) : value == initial || value == 0;
        if (same) continue;
        json_array_append_new(operations,
                              json_pack("{s:s,s:s,s:s,s:o}", "op", "set", "id", id, "param", port,
                                        "value", as_written(param, value)));
    }
}

static void compare_knob(const mega_adapter *a, json_t *operations, const char *id,
                         const json_t *knob) {
    float value;
    if (mega_knob_get(a->engine, id, &value) != MEGA_OK) return;
    if (value == (float)json_number_value(json_object_get(knob, "value"))) return;
    json_array_append_new(operations,
                          json_pack("{s:s,s:s,s:o}", "op", "knob", "id", id, "value",
                                    synth_atom_json(&(mega_atom){NULL, (double)value})));
}

/// The operations that make a document what is heard of it.
static json_t *compare(const mega_adapter *a, const json_t *document) {
    json_t *operations = json_array(), *rows = json_object(), *item;
    json_t *nodes = json_object_get(document, "nodes"), *knobs = json_object_get(document, "knobs");
    const char *id;
    size_t i;
    json_object_foreach(knobs, id, item) compare_knob(a, operations, id, item);
    json_object_foreach(nodes, id, item) compare_node(a, operations, rows, id, item);
    json_array_foreach(nodes, i, item) compare_node(a, operations, rows, word(item, "id"), item);
    json_decref(rows);
    return operations;
}

mega_patch *synth_patch_as_heard(mega_adapter *a) {
    const mega_patch *patch = mega_loaded_patch(a->engine);
    char *text = NULL;
    size_t bytes;
    if (!patch || mega_patch_write(patch, MEGA_FORMAT_JSON, &text, &bytes) != MEGA_OK) return NULL;
    json_t *document = json_loadb(text, bytes, 0, NULL), *operations = compare(a, document);
    mega_free(text);
    text = json_dumps(operations, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(document);
    json_decref(operations);
    mega_patch *heard = NULL;
    if (text) heard = mega_patch_edit(patch, text, strlen(text), MEGA_FORMAT_JSON, NULL, NULL);
    free(text);
    return heard;
}
