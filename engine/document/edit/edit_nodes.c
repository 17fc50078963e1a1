// SPDX-License-Identifier: MIT
// edit_nodes -- the operations of an edit on nodes: add, remove, replace, set.
#include <stdlib.h>
#include <string.h>

#include "document/edit/working.h"
#include "document/overrides.h"

enum { NODE_DEPTH = 3 }; // document, nodes, node

static bool same_node(const mega_patch_node_row *x, const mega_patch_node_row *y) {
    if (x->module != y->module || x->scope != y->scope || !x->extra != !y->extra) return false;
    for (uint32_t i = 0; i < x->module->param_count; i++)
        if (x->written[i] != y->written[i] || x->values[i] != y->values[i]) return false;
    return !x->extra || json_equal(x->extra, y->extra);
}

/// Whether a node is there already, the same in all that the operation says. It has an `at` only
/// where it is meant to be new.
static bool is_there(edit *e, const char *id) {
    builder *b = &e->b;
    json_t *row = id ? json_object_get(b->node_index, id) : NULL;
    if (!row || json_object_get(e->op, "at")) return false;
    size_t errors = b->document->errors;
    mega_patch_node_row node = {0};
    build_node(b, &e->at, e->op, true, &node);
    bool same = b->document->errors == errors && !b->document->no_memory &&
                same_node(&node, &b->patch->nodes[json_integer_value(row)]);
    bool said = b->document->errors > errors;
    finish_node(&node);
    if (!same && !said) {
        mega_at here = mega_at_key(&e->at, e->op, "id");
        free(take_id(b, &here, id, b->node_index, 0)); // says that there would be two
    }
    return true;
}

void edit_add(edit *e) {
    builder *b = &e->b;
    size_t place;
    uint32_t row;
    const char *id = op_string(e, "id");
    if (is_there(e, id)) return;
    bool placed = op_place(e, e->nodes.count, &place);
    if (e->nodes.count == MEGA_NODES_MAX) {
        op_error(e, NULL, "limit", NULL, "more than %d nodes", MEGA_NODES_MAX);
        return;
    }
    if (!new_node(e, &row)) return;
    mega_at here = mega_at_key(&e->at, e->op, "id");
    mega_patch_node_row *node = &b->patch->nodes[row];
    if (id) node->id = take_id(b, &here, id, b->node_index, row);
    build_node(b, &e->at, e->op, true, node);
    e->wordy |= node->extra != NULL;
    if (extent_of(node->extra).depth + NODE_DEPTH - 1 > MEGA_DEPTH_MAX)
        op_error(e, NULL, "limit", NULL, "a document nested deeper than %d", MEGA_DEPTH_MAX);
    if (!placed || !order_insert(e, &e->nodes, place, row)) return;
    json_t *undo = undo_begin(e, "remove");
    if (undo) undo_put(e, undo, "id", json_string(id));
    undo_push(e, undo);
}

/// Restores overrides too. @param heir the node that keeps some of them, or NULL
static void undo_put_overrides(edit *e, json_t *undo, const mega_patch_node_row *node,
                               const mega_patch_node_row *heir) {
    json_t *override = undo && node->overrides ? mega_tree_overrides(node, heir) : NULL;
    if (undo && node->overrides && !override) mega_document_no_memory(e->b.document);
    if (json_object_size(override)) undo_put(e, undo, "override", override);
    else json_decref(override);
}

static bool is_of_node(const mega_patch_cable_row *cable, const void *row) {
    uint32_t node = *(const uint32_t *)row;
    return cable->from_node == (int32_t)node || cable->to_node == node;
}

static preset_fate goes_with_node(mega_patch_value_row *value, const void *row) {
    return value->node == (int32_t) * (const uint32_t *)row ? PRESET_VALUE_GOES
                                                            : PRESET_VALUE_STAYS;
}

void edit_remove(edit *e) {
    static const char *const keys[] = {"id"};
    uint32_t row;
    op_keys(e, keys, COUNT(keys), false);
    if (!op_node(e, "id", &row)) return;
    mega_patch_node_row *node = &e->b.patch->nodes[row];
    size_t place = order_find(&e->nodes, row);
    drop_cables(e, is_of_node, &row);
    change_presets(e, goes_with_node, &row, false);
    json_t *undo = undo_begin(e, "add");
    if (undo) {
        undo_put(e, undo, "id", json_string(node->id));
        if (!mega_tree_node(node, undo)) mega_document_no_memory(e->b.document);
        undo_put_overrides(e, undo, node, NULL);
        undo_put(e, undo, "at", json_integer((json_int_t)place));
    }
    undo_push(e, undo);
    json_object_del(e->b.node_index, node->id);
    finish_node(node);
    if (place < e->nodes.count) order_remove(&e->nodes, place);
}

// ---- replace -----------------------------------------------------------------------------------

/// What was written of parameters that both modules have.
static void keep_params(const mega_patch_node_row *old, mega_patch_node_row *node) {
    for (uint32_t i = 0; i < old->module->param_count; i++) {
        float value = old->values[i];
        uint32_t k = old->written[i] ? mega_override_port(old->module, node->module, i, &value)
                                     : node->module->param_count;
        if (k == node->module->param_count) continue;
        node->values[k] = value;
        node->written[k] = true;
    }
}

/// A node that gets another module.
typedef struct {
    int32_t row;
    const mega_module *from, *to;
} replacement;

static preset_fate follow_module(mega_patch_value_row *value, const void *what) {
    const replacement *r = what;
    if (value->node != r->row) return PRESET_VALUE_STAYS;
    value->index = mega_override_port(r->from, r->to, value->index, &value->value);
    return value->index == r->to->param_count ? PRESET_VALUE_GOES : PRESET_VALUE_CHANGES;
}

typedef struct {
    uint32_t row;
    int32_t inputs[MEGA_PORTS_MAX], outputs[MEGA_OUTPUTS_MAX]; ///< in the new module, or -1
} port_map;

static port_map map_ports(uint32_t row, const mega_module *from, const mega_module *to) {
    port_map map = {.row = row};
    for (uint32_t i = 0; i < mega_port_count(from); i++) {
        map.inputs[i] = -1;
        for (uint32_t k = 0; k < mega_port_count(to); k++)
            if (strcmp(mega_port_name(from, i), mega_port_name(to, k)) == 0)
                map.inputs[i] = (int32_t)k;
    }
    for (uint32_t i = 0; i < from->output_count; i++) {
        map.outputs[i] = -1;
        for (uint32_t k = 0; k < to->output_count; k++)
            if (strcmp(from->outputs[i].name, to->outputs[k].name) == 0)
                map.outputs[i] = (int32_t)k;
    }
    return map;
}

static bool loses_port(const mega_patch_cable_row *cable, const void *ports) {
    const port_map *map = ports;
    // A cable whose own operation was wrong has no ports.
    bool from = cable->from_node == (int32_t)map->row && cable->from_port < MEGA_OUTPUTS_MAX;
    bool to = cable->to_node == map->row && cable->to_port < MEGA_PORTS_MAX;
    return (from && map->outputs[cable->from_port] < 0) || (to && map->inputs[cable->to_port] < 0);
}

static void follow_ports(mega_patch *patch, const port_map *map) {
    for (size_t i = 0; i < patch->cable_count; i++) {
        mega_patch_cable_row *cable = &patch->cables[i];
        if (cable->from_node == (int32_t)map->row && cable->from_port < MEGA_OUTPUTS_MAX)
            cable->from_port = (uint32_t)map->outputs[cable->from_port];
        if (cable->to_node == map->row && cable->to_port < MEGA_PORTS_MAX)
            cable->to_port = (uint32_t)map->inputs[cable->to_port];
    }
}

static const char *scope_name(mega_scope scope) {
    return scope == MEGA_SCOPE_VOICE ? "voice" : "shared";
}

static json_t *scope_tree(mega_scope scope) {
    return scope == MEGA_SCOPE_INFER ? json_null() : json_string(scope_name(scope));
}

/// Undoing: the old module, then its scope, if that was lost, then the cables that were.
static void undo_replace(edit *e, const mega_patch_node_row *old, const mega_patch_node_row *node) {
    json_t *undo = node->scope == old->scope ? NULL : undo_begin(e, "set");
    if (undo) {
        undo_put(e, undo, "id", json_string(old->id));
        undo_put(e, undo, "scope", scope_tree(old->scope));
    }
    undo_push(e, undo);
    undo = undo_begin(e, "replace");
    if (!undo) return;
    undo_put(e, undo, "id", json_string(old->id));
    undo_put(e, undo, "type", json_string(old->module->name));
    json_t *params = json_object();
    for (uint32_t i = 0; i < old->module->param_count; i++)
        if (old->written[i])
            undo_put(e, params, old->module->params[i].name, mega_tree_param(old, i));
    undo_put(e, undo, "params", params);
    undo_put_overrides(e, undo, old, node);
    undo_push(e, undo);
}

void edit_replace(edit *e) {
    static const char *const keys[] = {"id", "type", "params", "override"};
    builder *b = &e->b;
    uint32_t row;
    op_keys(e, keys, COUNT(keys), false);
    bool found = op_node(e, "id", &row);
    mega_patch_node_row node = {0};
    json_t *params = json_object_get(e->op, "params");
    mega_at here = mega_at_key(&e->at, e->op, "params");
    build_module(b, &e->at, e->op, &node);
    if (params && !b->document->no_memory) build_params(b, &here, params, &node);
    json_t *override = json_object_get(e->op, "override");
    mega_at at_override = mega_at_key(&e->at, e->op, "override");
    if (override && !b->document->no_memory) build_overrides(b, &at_override, override, &node);
    mega_patch_node_row *old = found ? &b->patch->nodes[row] : NULL;
    if (!old || !old->module || !node.module || b->document->no_memory) {
        finish_node(&node);
        return;
    }
    if (!params) keep_params(old, &node);
    if (!mega_overrides_follow(old, &node)) mega_document_no_memory(b->document);
    bool fits = old->scope != MEGA_SCOPE_VOICE || !(node.module->flags & MEGA_ONCE);
    node.scope = fits ? old->scope : MEGA_SCOPE_INFER;
    port_map map = map_ports(row, old->module, node.module);
    drop_cables(e, loses_port, &map);
    replacement modules = {(int32_t)row, old->module, node.module};
    change_presets(e, follow_module, &modules, false);
    undo_replace(e, old, &node);
    follow_ports(b->patch, &map);
    free(old->values);
    free(old->written);
    free(old->overrides);
    node.id = old->id;
    node.extra = old->extra;
    *old = node;
}

// ---- set ---------------------------------------------------------------------------------------

/// `override`: a value in the place of the document's.
static void set_override(edit *e, mega_patch_node_row *node, uint32_t param) {
    json_t *override = json_object_get(e->op, "override");
    mega_at here = mega_at_key(&e->at, e->op, "override");
    double number;
    if (override && read_param(&e->b, &here, override, &node->module->params[param], &number) &&
        !mega_override_put(node, param, (float)number, true))
        mega_document_no_memory(e->b.document);
}

/// @return whether the operation speaks of a parameter
static bool set_param(edit *e, mega_patch_node_row *node, json_t *undo) {
    json_t *name = json_object_get(e->op, "param"), *value = json_object_get(e->op, "value");
    mega_at at_param = mega_at_key(&e->at, e->op, "param");
    mega_at at_value = mega_at_key(&e->at, e->op, "value");
    if (!name) {
        bool override = json_object_get(e->op, "override");
        if (value || override)
            op_error(e, NULL, "missing", NULL, "`%s` needs `param`", value ? "value" : "override");
        return value || override;
    }
    if (!expect_string(&e->b, &at_param, name) || !node->module) return true;
    uint32_t i = find_param(&e->b, &at_param, node->module, json_string_value(name));
    if (i == node->module->param_count) return true;
    const mega_param_row *row = &node->module->params[i];
    undo_put(e, undo, "param", json_string(row->name));
    if (undo) undo_put(e, undo, "value", node->written[i] ? mega_tree_param(node, i) : json_null());
    double number = (double)row->initial;
    node->written[i] = value && !json_is_null(value);
    if (!node->written[i] || read_param(&e->b, &at_value, value, row, &number))
        node->values[i] = (float)number;
    if (node->overrides && node->overrides[i].set) {
        undo_put(e, undo, "override", mega_tree_value(row, node->overrides[i].value));
        mega_override_renew(&node->overrides[i]);
    }
    set_override(e, node, i);
    return true;
}

static bool set_scope(edit *e, mega_patch_node_row *node, json_t *undo) {
    json_t *scope = json_object_get(e->op, "scope");
    mega_at here = mega_at_key(&e->at, e->op, "scope");
    if (!scope) return false;
    undo_put(e, undo, "scope", scope_tree(node->scope));
    if (json_is_null(scope)) node->scope = MEGA_SCOPE_INFER;
    else build_scope(&e->b, &here, scope, node);
    return true;
}

void edit_set_node(edit *e) {
    static const char *const keys[] = {"id", "param", "value", "override", "scope", "unset"};
    uint32_t row;
    op_keys(e, keys, COUNT(keys), true);
    if (!op_node(e, "id", &row)) return;
    mega_patch_node_row *node = &e->b.patch->nodes[row];
    json_t *undo = undo_begin(e, "set");
    if (undo) undo_put(e, undo, "id", json_string(node->id));
    bool any = set_param(e, node, undo);
    any |= set_scope(e, node, undo);
    any |= op_extra(e, &node->extra, NODE_DEPTH, undo);
    if (!any)
        op_error(e, NULL, "missing", "`param` and `value`, `scope`, `x-` keys or `unset`",
                 "nothing to set");
    undo_push(e, undo);
}
