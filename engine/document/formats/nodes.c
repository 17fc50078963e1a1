// SPDX-License-Identifier: MIT
// nodes -- the section of the document for nodes and their parameters.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document/edit/diff.h"
#include "document/edit/working.h"
#include "document/overrides.h"
#include "modules/registry.h"

/// The number of a module in modules.def, or MEGA_MODULE_COUNT.
static uint32_t find_module(const char *type) {
    uint32_t i = 0;
    while (i < MEGA_MODULE_COUNT && strcmp(mega_isa_one.modules[i]->name, type) != 0) i++;
    return i;
}

static void build_type(builder *b, const mega_at *at, json_t *value, mega_patch_node_row *node) {
    if (!expect_string(b, at, value)) return;
    const char *type = json_string_value(value);
    node->module_index = find_module(type);
    if (node->module_index < MEGA_MODULE_COUNT) {
        node->module = mega_isa_one.modules[node->module_index];
        node->birth = take_birth(b);
        return;
    }
    const char *names[MEGA_MODULE_COUNT];
    for (size_t i = 0; i < MEGA_MODULE_COUNT; i++) names[i] = mega_isa_one.modules[i]->name;
    hint h = hint_nearest(type, names, MEGA_MODULE_COUNT, NULL);
    mega_document_error(b->document, at, "not-found",
                        *h.text ? h.text : "`megasynth modules` lists what there is",
                        "no module is called `%s`", mega_excerpt_of(type).text);
}

void build_scope(builder *b, const mega_at *at, json_t *value, mega_patch_node_row *node) {
    if (!expect_string(b, at, value)) return;
    const char *scope = json_string_value(value);
    if (strcmp(scope, "voice") == 0) node->scope = MEGA_SCOPE_VOICE;
    else if (strcmp(scope, "shared") == 0) node->scope = MEGA_SCOPE_SHARED;
    else
        mega_document_error(b->document, at, "bad-value",
                            "\"shared\" is one node for all voices, \"voice\" one per voice; "
                            "without `scope` it is inferred",
                            "must be \"voice\" or \"shared\"");
    if (node->scope == MEGA_SCOPE_VOICE && node->module && node->module->flags & MEGA_ONCE)
        mega_document_error(b->document, at, "scope", "leave `scope` out",
                            "there is one `%s` for all voices", node->module->name);
}

// ---- parameters --------------------------------------------------------------------------------

static void no_such_param(builder *b, const mega_at *at, const char *name,
                          const mega_module *module) {
    for (uint32_t i = 0; i < module->input_count; i++) {
        if (strcmp(module->inputs[i].name, name) != 0) continue;
        mega_document_error(b->document, at, "not-found", "connect a node or a knob to it",
                            "`%s` is an input and holds no value", name);
        return;
    }
    for (uint32_t i = 0; i < module->output_count; i++) {
        if (strcmp(module->outputs[i].name, name) != 0) continue;
        mega_document_error(b->document, at, "not-found", "connect from it",
                            "`%s` is an output and takes no value", name);
        return;
    }
    const char *names[MEGA_PORTS_MAX];
    for (uint32_t i = 0; i < module->param_count; i++) names[i] = module->params[i].name;
    hint h = hint_nearest(name, names, module->param_count, NULL);
    if (!*h.text) {
        hint list = hint_format("parameters of `%s`", module->name);
        h = hint_nearest("", names, module->param_count, list.text);
    }
    mega_document_error(b->document, at, "not-found",
                        *h.text ? h.text : hint_format("`%s` has none", module->name).text,
                        "no such parameter");
}

uint32_t find_param(builder *b, const mega_at *at, const mega_module *module, const char *name) {
    uint32_t i = 0;
    while (i < module->param_count && strcmp(module->params[i].name, name) != 0) i++;
    if (i == module->param_count) no_such_param(b, at, name, module);
    return i;
}

/// The value of a parameter that is a choice: by name, or by number.
static bool read_choice(builder *b, const mega_at *at, const json_t *value,
                        const mega_param_row *row, double *number) {
    uint32_t count = 0;
    while (row->choices[count]) count++;
    if (json_is_string(value)) {
        const char *name = json_string_value(value);
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(row->choices[i], name) != 0) continue;
            *number = i;
            return true;
        }
        mega_document_error(b->document, at, "bad-value",
                            hint_nearest(name, row->choices, count, "choices").text,
                            "`%s` is none of its choices", mega_excerpt_of(name).text);
        return false;
    }
    if (json_is_boolean(value) && strcmp(row->choices[0], "off") == 0) {
        *number = json_boolean_value(value);
        return true;
    }
    if (!expect_number(b, at, value, number)) return false;
    if (*number >= 0 && *number < count && *number == floor(*number)) {
        *number = fabs(*number); // -0 is the first choice, too
        return true;
    }
    mega_document_error(b->document, at, "bad-value",
                        hint_nearest("", row->choices, count, "choices").text,
                        "%.9g is none of its choices, 0..%u", *number, count - 1);
    return false;
}

static hint range_of(const mega_param_row *row) {
    return hint_format("one of %.9g..%.9g", (double)row->min, (double)row->max);
}

bool read_param(builder *b, const mega_at *at, const json_t *value, const mega_param_row *row,
                double *number) {
    if (row->choices) return read_choice(b, at, value, row, number);
    if (!expect_number(b, at, value, number)) return false;
    if (row->fixed && *number != floor(*number)) {
        mega_document_error(b->document, at, "bad-value", range_of(row).text,
                            "%.9g is not a whole number", *number);
        return false;
    }
    if ((float)*number >= row->min && (float)*number <= row->max) return true;
    char min[32], max[32];
    mega_document_error(b->document, at, "bad-value", row->fixed ? range_of(row).text : NULL,
                        "%.9g is outside %s..%s%s%s", *number, mega_float_text(row->min, min),
                        mega_float_text(row->max, max), *row->unit ? " " : "", row->unit);
    return false;
}

void build_params(builder *b, const mega_at *at, json_t *params, mega_patch_node_row *node) {
    const char *key;
    json_t *value;
    double number;
    if (!expect_object(b, at, params) || !node->module || !node->values) return;
    json_object_foreach(params, key, value) {
        mega_at here = mega_at_key(at, params, key);
        uint32_t i = find_param(b, &here, node->module, key);
        if (i == node->module->param_count ||
            !read_param(b, &here, value, &node->module->params[i], &number))
            continue;
        node->values[i] = (float)number;
        node->written[i] = true;
    }
}

void build_overrides(builder *b, const mega_at *at, json_t *override, mega_patch_node_row *node) {
    const char *key;
    json_t *value;
    double number;
    if (!expect_object(b, at, override) || !node->module || !node->values) return;
    json_object_foreach(override, key, value) {
        mega_at here = mega_at_key(at, override, key);
        uint32_t i = find_param(b, &here, node->module, key);
        if (i < node->module->param_count &&
            read_param(b, &here, value, &node->module->params[i], &number) &&
            !mega_override_put(node, i, (float)number, false))
            mega_document_no_memory(b->document);
    }
}

// ---- nodes -------------------------------------------------------------------------------------

static void unknown_key(builder *b, const mega_at *at, const char *key, const mega_module *module) {
    static const char *const known[] = {"type", "params", "scope"};
    hint h = hint_nearest(key, known, COUNT(known), "a node has");
    for (uint32_t i = 0; module && i < module->param_count; i++)
        if (strcmp(module->params[i].name, key) == 0)
            h = hint_format("`%s` is a parameter: it belongs in `params`", key);
    mega_document_error(b->document, at, "unknown-key", h.text, "no such key");
}

void build_module(builder *b, const mega_at *at, json_t *object, mega_patch_node_row *node) {
    json_t *value = json_object_get(object, "type");
    mega_at here = mega_at_key(at, object, "type");
    if (value) build_type(b, &here, value, node);
    else mega_document_error(b->document, at, "missing", NULL, "a node needs a `type`");
    if (!node->module) return;
    uint32_t count = node->module->param_count;
    node->values = take_memory(b, count, sizeof *node->values);
    node->written = take_memory(b, count, sizeof *node->written);
    for (uint32_t i = 0; node->values && i < count; i++)
        node->values[i] = node->module->params[i].initial;
}

/// A node's own keys; its module comes first, since the others are judged by it.
void build_node(builder *b, const mega_at *at, json_t *object, bool in_array,
                mega_patch_node_row *node) {
    const char *key;
    json_t *value;
    if (!expect_object(b, at, object)) return;
    build_module(b, at, object, node);
    if (b->document->no_memory) return;
    json_object_foreach(object, key, value) {
        mega_at here = mega_at_key(at, object, key);
        if (strcmp(key, "params") == 0) build_params(b, &here, value, node);
        else if (b->in_operation && strcmp(key, "override") == 0)
            build_overrides(b, &here, value, node);
        else if (strcmp(key, "scope") == 0) build_scope(b, &here, value, node);
        else if (strcmp(key, "type") != 0 && !(in_array && strcmp(key, "id") == 0) &&
                 !take_extra(b, key, value, &node->extra))
            unknown_key(b, &here, key, node->module);
    }
}

static void build_listed_node(builder *b, const mega_at *at, json_t *object,
                              mega_patch_node_row *node, size_t number) {
    json_t *id = json_is_object(object) ? json_object_get(object, "id") : NULL;
    mega_at here = mega_at_key(at, object, "id");
    if (id && expect_string(b, &here, id))
        node->id = take_id(b, &here, json_string_value(id), b->node_index, number);
    else if (!id && json_is_object(object))
        mega_document_error(b->document, at, "missing", NULL, "a node in an array needs an `id`");
    build_node(b, at, object, true, node);
}

static void build_nodes(builder *b, const mega_at *at, json_t *nodes) {
    size_t count = json_is_object(nodes) ? json_object_size(nodes) : json_array_size(nodes);
    if (!json_is_object(nodes) && !json_is_array(nodes)) {
        mega_document_error(b->document, at, "bad-type", NULL,
                            "must be an object of nodes by id, or an array, not %s",
                            type_word(nodes));
        return;
    }
    if (count > MEGA_NODES_MAX) {
        mega_document_error(b->document, at, "limit", NULL, "%zu nodes, at most %d", count,
                            MEGA_NODES_MAX);
        return;
    }
    b->patch->nodes = take_memory(b, count, sizeof *b->patch->nodes);
    if (!b->patch->nodes) return;
    b->nodes_known = true;
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach(nodes, key, value) {
        if (b->document->no_memory) return;
        mega_at here = mega_at_key(at, nodes, key);
        mega_patch_node_row *node = &b->patch->nodes[b->patch->node_count++];
        node->id = take_id(b, &here, key, b->node_index, b->patch->node_count - 1);
        build_node(b, &here, value, false, node);
    }
    json_array_foreach(nodes, i, value) {
        if (b->document->no_memory) return;
        mega_at here = mega_at_index(at, nodes, i);
        mega_patch_node_row *node = &b->patch->nodes[b->patch->node_count++];
        build_listed_node(b, &here, value, node, i);
    }
}

// ---- writing and copying -----------------------------------------------------------------------

static bool write_params(const mega_patch_node_row *node, json_t *params) {
    bool good = true;
    for (uint32_t i = 0; good && i < node->module->param_count; i++) {
        if (node->written[i])
            good = mega_tree_put(params, node->module->params[i].name, mega_tree_param(node, i));
    }
    return good;
}

bool mega_tree_node(const mega_patch_node_row *node, json_t *object) {
    bool good = mega_tree_put(object, "type", json_string(node->module->name));
    json_t *params = json_object();
    if (!good || !params || !write_params(node, params)) {
        json_decref(params);
        return false;
    }
    if (json_object_size(params) > 0) good = mega_tree_put(object, "params", params);
    else json_decref(params);
    if (node->scope != MEGA_SCOPE_INFER)
        good = good &&
               mega_tree_put(object, "scope",
                             json_string(node->scope == MEGA_SCOPE_VOICE ? "voice" : "shared"));
    return good && mega_tree_put_extra(object, node->extra);
}

static bool tree(const mega_patch *patch, json_t *root) {
    json_t *nodes = json_object();
    bool good = mega_tree_put(root, "nodes", nodes);
    for (size_t i = 0; good && i < patch->node_count; i++) {
        json_t *object = json_object();
        good = mega_tree_put(nodes, patch->nodes[i].id, object) &&
               mega_tree_node(&patch->nodes[i], object);
    }
    return good;
}

bool mega_patch_copy_node(mega_patch_node_row *to, const mega_patch_node_row *from) {
    uint32_t params = from->module->param_count;
    *to = *from;
    to->id = NULL;
    to->values = NULL;
    to->written = NULL;
    to->overrides = NULL;
    bool ok = true;
    to->extra = mega_copy_extra(from->extra, &ok);
    return ok && mega_copy_text(&to->id, from->id) &&
           mega_copy_bytes(&to->values, from->values, params * sizeof *to->values) &&
           mega_copy_bytes(&to->written, from->written, params * sizeof *to->written) &&
           (!from->overrides ||
            mega_copy_bytes(&to->overrides, from->overrides, params * sizeof *to->overrides));
}

static bool copy_row(void *to, const void *from) { return mega_patch_copy_node(to, from); }

static void finish_row(void *row) { finish_node(row); }

static void words(const mega_patch *patch, extent *words) {
    for (size_t i = 0; i < patch->node_count; i++) words_extra(words, patch->nodes[i].extra);
}

// ---- the section -------------------------------------------------------------------------------

static const mega_operation operations[] = {
    {"add", edit_add}, {"remove", edit_remove}, {"replace", edit_replace}, {NULL, NULL}};

const mega_section mega_section_nodes = {.key = "nodes",
                                         .required = true,
                                         .build = build_nodes,
                                         .tree = tree,
                                         .rows = MEGA_ROWS(nodes, node_count, mega_patch_node_row),
                                         .copy_row = copy_row,
                                         .form = SEXP_FORM_NODES,
                                         .finish_row = finish_row,
                                         .operations = operations,
                                         .words = words,
                                         .diff_gone = diff_nodes_gone,
                                         .diff_here = diff_nodes_here};
