// SPDX-License-Identifier: MIT
// tree -- from a patch to the tree that all formats write; what is as if it were not written is
// left out.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../turned.h"
#include "formats.h"

/// Puts a value into an object. A NULL value is memory that was not there. @return false without
/// memory
static bool put(json_t *object, const char *key, json_t *value) {
    return json_object_set_new_nocheck(object, key, value) == 0;
}

/// The shortest decimal of the float; an integer where it is one.
json_t *mega_tree_number(float value) {
    if (value == rintf(value) && fabsf(value) < 1e9f && !(value == 0 && signbit(value)))
        return json_integer((json_int_t)value);
    char literal[32];
    return json_real(strtod(mega_float_text(value, literal), NULL));
}

json_t *mega_tree_value(const mega_param_row *row, float value) {
    return row->choices ? json_string(row->choices[(size_t)value]) : mega_tree_number(value);
}

json_t *mega_tree_param(const mega_patch_node_row *node, uint32_t param) {
    return mega_tree_value(&node->module->params[param], node->values[param]);
}

json_t *mega_tree_turned(const mega_patch_node_row *node, const mega_patch_node_row *heir) {
    json_t *turned = json_object();
    bool good = turned;
    for (uint32_t i = 0; good && node->turned && i < node->module->param_count; i++) {
        const mega_param_row *row = &node->module->params[i];
        if (node->turned[i].is && !(heir && mega_turned_stays(node, i, heir)))
            good = put(turned, row->name, mega_tree_value(row, node->turned[i].value));
    }
    if (good) return turned;
    json_decref(turned);
    return NULL;
}

/// The `x-` members come last.
static bool put_extra(json_t *object, json_t *extra) {
    return !extra || json_object_update(object, extra) == 0;
}

bool mega_tree_knob(const mega_patch_knob_row *knob, json_t *object) {
    bool good = put(object, "value", mega_tree_number(knob->value));
    if (knob->has_range) {
        json_t *range = json_array();
        good = good && range && json_array_append_new(range, mega_tree_number(knob->min)) == 0 &&
               json_array_append_new(range, mega_tree_number(knob->max)) == 0;
        if (good) good = put(object, "range", range);
        else json_decref(range);
    }
    if (knob->has_scale)
        good = good && put(object, "scale", json_string(knob->scale == MEGA_EXP ? "exp" : "lin"));
    if (*knob->unit) good = good && put(object, "unit", json_string(knob->unit));
    return good && put_extra(object, knob->extra);
}

static bool write_params(const mega_patch_node_row *node, json_t *params) {
    bool good = true;
    for (uint32_t i = 0; good && i < node->module->param_count; i++) {
        if (node->written[i])
            good = put(params, node->module->params[i].name, mega_tree_param(node, i));
    }
    return good;
}

bool mega_tree_node(const mega_patch_node_row *node, json_t *object) {
    bool good = put(object, "type", json_string(node->module->name));
    json_t *params = json_object();
    if (!good || !params || !write_params(node, params)) {
        json_decref(params);
        return false;
    }
    if (json_object_size(params) > 0) good = put(object, "params", params);
    else json_decref(params);
    if (node->scope != MEGA_SCOPE_INFER)
        good = good && put(object, "scope",
                           json_string(node->scope == MEGA_SCOPE_VOICE ? "voice" : "shared"));
    return good && put_extra(object, node->extra);
}

bool mega_tree_cable(const mega_patch *patch, const mega_patch_cable_row *cable, json_t *object) {
    const mega_patch_node_row *to = &patch->nodes[cable->to_node];
    json_t *from;
    if (cable->from_node < 0) {
        from = json_string(patch->knobs[cable->from_port].id);
    } else {
        const mega_patch_node_row *node = &patch->nodes[cable->from_node];
        from = json_pack("[s, s]", node->id, node->module->outputs[cable->from_port].name);
    }
    bool good =
        put(object, "from", from) &&
        put(object, "to", json_pack("[s, s]", to->id, mega_port_name(to->module, cable->to_port)));
    if (cable->amount != 1) good = good && put(object, "amount", mega_tree_number(cable->amount));
    if (cable->as != MEGA_AS_ADD)
        good = good && put(object, "as", json_string(mega_cable_as_name(cable->as)));
    return good && put_extra(object, cable->extra);
}

static bool write_knobs(const mega_patch *patch, json_t *knobs) {
    bool good = true;
    for (size_t i = 0; good && i < patch->knob_count; i++) {
        json_t *object = json_object();
        good = put(knobs, patch->knobs[i].id, object) && mega_tree_knob(&patch->knobs[i], object);
    }
    return good;
}

static bool write_nodes(const mega_patch *patch, json_t *nodes) {
    bool good = true;
    for (size_t i = 0; good && i < patch->node_count; i++) {
        json_t *object = json_object();
        good = put(nodes, patch->nodes[i].id, object) && mega_tree_node(&patch->nodes[i], object);
    }
    return good;
}

static bool write_cables(const mega_patch *patch, json_t *connections) {
    bool good = true;
    for (size_t i = 0; good && i < patch->cable_count; i++) {
        json_t *object = json_object();
        good = json_array_append_new(connections, object) == 0 &&
               mega_tree_cable(patch, &patch->cables[i], object);
    }
    return good;
}

static bool write_presets(const mega_patch *patch, json_t *presets) {
    bool good = true;
    for (size_t i = 0; good && i < patch->preset_count; i++) {
        json_t *object = json_object();
        good = put(presets, patch->presets[i].id, object) &&
               mega_tree_preset(patch, &patch->presets[i], object);
    }
    return good;
}

static bool write_document(const mega_patch *patch, json_t *root) {
    bool good = true;
    if (*patch->name) good = put(root, "name", json_string(patch->name));
    good = good && put(root, "voices", json_integer(patch->voices));
    if (patch->rate_hint) good = good && put(root, "sampleRate", json_integer(patch->rate_hint));
    if (patch->channels) good = good && put(root, "channels", json_integer(patch->channels));
    if (patch->knob_count) {
        json_t *knobs = good ? json_object() : NULL;
        good = good && put(root, "knobs", knobs) && write_knobs(patch, knobs);
    }
    json_t *nodes = good ? json_object() : NULL;
    good = good && put(root, "nodes", nodes) && write_nodes(patch, nodes);
    json_t *connections = good ? json_array() : NULL;
    good = good && put(root, "connections", connections) && write_cables(patch, connections);
    if (patch->preset_count) {
        json_t *presets = good ? json_object() : NULL;
        good = good && put(root, "presets", presets) && write_presets(patch, presets);
    }
    return good && put_extra(root, patch->extra);
}

json_t *mega_patch_tree(const mega_patch *patch) {
    json_t *root = json_object();
    if (root && write_document(patch, root)) return root;
    json_decref(root);
    return NULL;
}
