// SPDX-License-Identifier: MIT
// values -- where parameters and knobs are, as the document says or as they were turned since.
#include <string.h>

#include "requests/change.h"

/// The document in force as JSON. NULL, having failed
static json_t *document(call *c) {
    const mega_patch *patch = change_document(c);
    char *text;
    size_t bytes;
    if (!patch) return NULL;
    json_t *map = NULL;
    if (mega_patch_write(patch, MEGA_FORMAT_JSON, &text, &bytes) == MEGA_OK) {
        map = json_loadb(text, bytes, 0, NULL);
        mega_free(text);
    }
    if (!map) call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    return map;
}

/// A node or a knob of the document: as a member of an object, or of an array with ids.
static json_t *entry_of(const json_t *all, const char *id) {
    size_t i;
    json_t *entry;
    if (json_is_object(all)) return json_object_get(all, id);
    json_array_foreach(all, i, entry) if (strcmp(json_string_value(json_object_get(entry, "id")),
                                                 id) == 0) return entry;
    return NULL;
}

// ---- parameters -------------------------------------------------------------------------------

/// The module's row of it, with `value` and `written`.
static json_t *describe(call *c, const char *id, json_t *row, const json_t *node) {
    json_t *all = json_deep_copy(row);
    const char *name = json_string_value(json_object_get(row, "name"));
    const json_t *written = json_object_get(json_object_get(node, "params"), name);
    float value;
    if (mega_param_get(c->synth->input.engine, id, name, &value) == MEGA_OK)
        json_object_set_new(all, "value", payload_float(value));
    json_object_set_new(all, "written", json_boolean(written != NULL));
    json_object_del(all, "name");
    return all;
}

/// name -> description, of all parameters of a node. NULL, having failed
static json_t *params_of(call *c, const char *id, const char **type) {
    json_t *map = document(c);
    if (!map) return NULL;
    const json_t *nodes = json_object_get(map, "nodes"), *node = entry_of(nodes, id);
    json_t *params = NULL, *row;
    size_t i;
    if (!node) {
        call_fail(c, CODE_NOT_FOUND, "node", "no such node: `%s`", id);
        if (json_is_object(nodes)) call_hint_keys(c, id, nodes);
    } else {
        json_t *module =
            json_object_get(c->server->modules, json_string_value(json_object_get(node, "type")));
        *type = json_string_value(json_object_get(module, "name"));
        params = json_object();
        json_array_foreach(json_object_get(module, "params"), i, row) json_object_set_new(
            params, json_string_value(json_object_get(row, "name")), describe(c, id, row, node));
    }
    json_decref(map);
    return params;
}

void command_param_get(call *c) {
    const char *name = arg_text(c, "param"), *type;
    json_t *params = params_of(c, arg_text(c, "node"), &type);
    if (!params) return;
    c->answer = json_incref(json_object_get(params, name));
    if (!c->answer) {
        call_fail(c, CODE_NOT_FOUND, "param", "%s has no parameter `%s`", type, name);
        call_hint_keys(c, name, params);
    }
    json_decref(params);
}

void command_param_list(call *c) {
    const char *type;
    json_t *params = params_of(c, arg_text(c, "node"), &type);
    if (params) c->answer = json_pack("{s:s, s:o}", "type", type, "params", params);
}

// ---- knobs ------------------------------------------------------------------------------------

static void set_value(call *c, const char *name, json_t *knob) {
    float value;
    if (mega_knob_get(c->synth->input.engine, name, &value) == MEGA_OK)
        json_object_set_new(knob, "value", payload_float(value));
}

void command_knob_get(call *c) {
    json_t *map = document(c);
    const char *name = arg_text(c, "name");
    if (!map) return;
    json_t *knobs = json_object_get(map, "knobs");
    c->answer = json_incref(entry_of(knobs, name));
    if (c->answer) {
        set_value(c, name, c->answer);
    } else {
        call_fail(c, CODE_NOT_FOUND, "name", "no knob `%s`", name);
        if (json_is_object(knobs)) call_hint_keys(c, name, knobs);
    }
    json_decref(map);
}

void command_knob_list(call *c) {
    json_t *map = document(c), *knob;
    const char *name;
    if (!map) return;
    json_t *knobs = json_object_get(map, "knobs");
    json_object_foreach(knobs, name, knob) set_value(c, name, knob);
    c->answer = json_pack("{s:o}", "knobs", knobs ? json_incref(knobs) : json_object());
    json_decref(map);
}

// ---- presets ----------------------------------------------------------------------------------

void command_preset_save(call *c) {
    mega_changed done = {0};
    if (!change_document(c)) return;
    mega_report *report = mega_report_create();
    mega_status status =
        mega_preset_save(c->synth->input.engine, arg_text(c, "name"), &done, report);
    change_finish(c, status, &done, report);
}

void command_preset_list(call *c) {
    const mega_patch *patch = change_document(c);
    if (!patch) return;
    json_t *map = json_object();
    for (size_t i = 0; i < mega_patch_preset_count(patch); i++) {
        mega_preset_info preset = mega_patch_preset(patch, i);
        json_object_set_new(map, preset.id,
                            json_pack("{s:s}", "doc", preset.doc ? preset.doc : ""));
    }
    c->answer = json_pack("{s:o}", "presets", map);
}
