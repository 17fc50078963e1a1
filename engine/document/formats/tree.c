// SPDX-License-Identifier: MIT
// tree -- from a patch to the tree that all formats write; what is as if it were not written is
// left out.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "document/formats/sections.h"
#include "document/overrides.h"

bool mega_tree_put(json_t *object, const char *key, json_t *value) {
    return json_object_set_new_nocheck(object, key, value) == 0;
}

/// The shortest decimal of the float; an integer where it is one.
json_t *mega_tree_number(float value) {
    if (value == rintf(value) && fabsf(value) < 1e9f && !(value == 0 && signbit(value)))
        return json_integer((json_int_t)value);
    return json_real(mega_float_decimal(value));
}

json_t *mega_tree_value(const mega_param_row *row, float value) {
    return row->choices ? json_string(row->choices[(size_t)value]) : mega_tree_number(value);
}

json_t *mega_tree_param(const mega_patch_node_row *node, uint32_t param) {
    return mega_tree_value(&node->module->params[param], node->values[param]);
}

json_t *mega_tree_overrides(const mega_patch_node_row *node, const mega_patch_node_row *heir) {
    json_t *override = json_object();
    bool good = override;
    for (uint32_t i = 0; good && node->overrides && i < node->module->param_count; i++) {
        const mega_param_row *row = &node->module->params[i];
        if (node->overrides[i].set && !(heir && mega_override_stays(node, i, heir)))
            good =
                mega_tree_put(override, row->name, mega_tree_value(row, node->overrides[i].value));
    }
    if (good) return override;
    json_decref(override);
    return NULL;
}

bool mega_tree_put_extra(json_t *object, json_t *extra) {
    return !extra || json_object_update(object, extra) == 0;
}

static bool write_document(const mega_patch *patch, json_t *root) {
    bool good = true;
    if (*patch->name) good = mega_tree_put(root, "name", json_string(patch->name));
    good = good && mega_tree_put(root, "voices", json_integer(patch->voices));
    if (patch->rate_hint)
        good = good && mega_tree_put(root, "sampleRate", json_integer(patch->rate_hint));
    if (patch->channels)
        good = good && mega_tree_put(root, "channels", json_integer(patch->channels));
    for (size_t i = 0; good && i < mega_section_count; i++)
        good = mega_sections[i]->tree(patch, root);
    return good && mega_tree_put_extra(root, patch->extra);
}

json_t *mega_patch_tree(const mega_patch *patch) {
    json_t *root = json_object();
    if (root && write_document(patch, root)) return root;
    json_decref(root);
    return NULL;
}
