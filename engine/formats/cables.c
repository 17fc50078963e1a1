// SPDX-License-Identifier: MIT
// cables -- the builder's part for connections: from a node's output or a knob, to a node's input
// or parameter.
#include <stdlib.h>
#include <string.h>

#include "builder.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum {
    HINTS_MAX = 100
}; // each looks through thousands of ids: a hostile document must not ask for more

/// One end as written: [node, port], "node.port", or "knob".
typedef struct {
    bool is_knob;
    char node[MEGA_ID_BYTES_MAX * 2];
    const char *port; ///< or the knob
    mega_at at_node, at_port;
} end;

static bool read_pair(builder *b, const mega_at *at, json_t *value, end *e) {
    const json_t *node = json_array_get(value, 0), *port = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_string(node) || !json_is_string(port)) {
        mega_document_error(b->document, at, "bad-type", NULL, "must be [\"node\", \"port\"]");
        return false;
    }
    strncpy(e->node, json_string_value(node), sizeof e->node - 1);
    e->port = json_string_value(port);
    e->at_node = mega_at_index(at, value, 0);
    e->at_port = mega_at_index(at, value, 1);
    return true;
}

/// Ids have no point in them, so that "node.port" cannot be a knob.
static bool read_end(builder *b, const mega_at *at, json_t *value, end *e) {
    *e = (end){.at_node = *at, .at_port = *at};
    if (json_is_array(value)) return read_pair(b, at, value, e);
    if (!json_is_string(value)) {
        mega_document_error(b->document, at, "bad-type", NULL,
                            "must be [\"node\", \"port\"], not %s", type_word(value));
        return false;
    }
    e->port = json_string_value(value);
    const char *point = strchr(e->port, '.');
    e->is_knob = !point;
    if (e->is_knob) return true;
    size_t length = (size_t)(point - e->port);
    if (length >= sizeof e->node) length = sizeof e->node - 1;
    memcpy(e->node, e->port, length);
    e->port = point + 1;
    return true;
}

/// "did you mean" among the ids of nodes, or of knobs.
static hint hint_id(builder *b, const char *wrong, bool knobs) {
    const mega_patch *patch = b->patch;
    if (b->hints++ >= HINTS_MAX) return (hint){""};
    if (!b->names) {
        b->names = take_memory(b, patch->node_count + patch->knob_count, sizeof *b->names);
        if (!b->names) return (hint){""};
        for (size_t i = 0; i < patch->node_count; i++)
            b->names[i] = patch->nodes[i].id ? patch->nodes[i].id : "";
        for (size_t i = 0; i < patch->knob_count; i++)
            b->names[patch->node_count + i] = patch->knobs[i].id ? patch->knobs[i].id : "";
    }
    return knobs ? hint_nearest(wrong, b->names + patch->node_count, patch->knob_count, NULL)
                 : hint_nearest(wrong, b->names, patch->node_count, NULL);
}

bool find_node(builder *b, const mega_at *at, const char *id, uint32_t *number) {
    const json_t *index = json_object_get(b->node_index, id);
    if (index) {
        *number = (uint32_t)json_integer_value(index);
        return true;
    }
    hint h = json_object_get(b->knob_index, id)
                 ? hint_format("`%s` is a knob: write it as a string, without a port",
                               mega_excerpt_of(id).text)
                 : hint_id(b, id, false);
    mega_document_error(b->document, at, "not-found", h.text, "no node has the id `%s`",
                        mega_excerpt_of(id).text);
    return false;
}

bool find_knob(builder *b, const mega_at *at, const char *id, uint32_t *number) {
    const json_t *index = json_object_get(b->knob_index, id);
    if (index) {
        *number = (uint32_t)json_integer_value(index);
        return true;
    }
    mega_excerpt name = mega_excerpt_of(id);
    hint h = json_object_get(b->node_index, id)
                 ? hint_format("`%s` is a node: write [\"%s\", \"port\"]", name.text, name.text)
                 : hint_id(b, id, true);
    mega_document_error(b->document, at, "not-found", h.text, "there is no knob `%s`", name.text);
    return false;
}

// ---- the two ends ------------------------------------------------------------------------------

static size_t input_names(const mega_module *module, const char **names) {
    for (uint32_t i = 0; i < mega_port_count(module); i++) names[i] = mega_port_name(module, i);
    return mega_port_count(module);
}

static size_t output_names(const mega_module *module, const char **names) {
    for (uint32_t i = 0; i < module->output_count; i++) names[i] = module->outputs[i].name;
    return module->output_count;
}

static size_t find_name(const char *name, const char *const *names, size_t count) {
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0) i++;
    return i;
}

/// The number of an output, or of an input or parameter. @return -1 with the error reported
static int32_t find_port(builder *b, const end *e, const mega_patch_node_row *node, bool output) {
    const char *here[MEGA_PORTS_MAX], *there[MEGA_PORTS_MAX];
    const mega_module *module = node->module;
    if (!module) return -1; // reported where it was declared
    size_t count = output ? output_names(module, here) : input_names(module, here);
    size_t there_count = output ? input_names(module, there) : output_names(module, there);
    size_t port = find_name(e->port, here, count);
    if (port < count) return (int32_t)port;
    const char *what = output ? "output" : "input or parameter";
    hint list =
        hint_format("%s of `%s`", output ? "outputs" : "inputs and parameters", module->name);
    hint h = hint_nearest(e->port, here, count, list.text);
    if (find_name(e->port, there, there_count) < there_count) {
        list = hint_nearest("", here, count, list.text);
        h = hint_format("`%s` is an %s%s%s", e->port, output ? "input or parameter" : "output",
                        *list.text ? "; " : "", list.text);
    } else if (!*h.text) {
        h = hint_format("`%s` has no %s", module->name, what);
    }
    mega_document_error(b->document, &e->at_port, "not-found", h.text, "`%s` has no %s `%s`",
                        mega_excerpt_of(e->node).text, what, mega_excerpt_of(e->port).text);
    return -1;
}

void build_from(builder *b, const mega_at *at, json_t *value, mega_patch_cable_row *cable) {
    end e;
    uint32_t number = 0;
    if (!read_end(b, at, value, &e)) return;
    if (!e.is_knob) {
        bool found = find_node(b, &e.at_node, e.node, &number);
        int32_t port = found ? find_port(b, &e, &b->patch->nodes[number], true) : -1;
        cable->from_node = (int32_t)(found ? number : 0);
        cable->from_port = (uint32_t)port;
        return;
    }
    if (!find_knob(b, at, e.port, &cable->from_port)) return;
    cable->from_node = -1;
    if (b->knob_used) b->knob_used[cable->from_port] = true;
}

static bool is_fixed(const mega_module *module, uint32_t port) {
    return port >= module->input_count && module->params[port - module->input_count].fixed;
}

void build_to(builder *b, const mega_at *at, json_t *value, mega_patch_cable_row *cable) {
    end e;
    if (!read_end(b, at, value, &e)) return;
    if (e.is_knob) {
        bool knob = json_object_get(b->knob_index, e.port);
        mega_document_error(b->document, at, "bad-type",
                            knob ? "a knob is turned from outside; nothing can be connected to it"
                                 : NULL,
                            "must be [\"node\", \"port\"]");
        return;
    }
    bool found = find_node(b, &e.at_node, e.node, &cable->to_node);
    const mega_patch_node_row *node = found ? &b->patch->nodes[cable->to_node] : NULL;
    int32_t port = node ? find_port(b, &e, node, false) : -1;
    cable->to_port = (uint32_t)port;
    if (port >= 0 && is_fixed(node->module, (uint32_t)port))
        mega_document_error(
            b->document, at, "bad-type",
            hint_format("write the number in the `params` of `%s`", mega_excerpt_of(e.node).text)
                .text,
            "nothing can be connected to `%s`: it does not change while it sounds", e.port);
}

// ---- connections -------------------------------------------------------------------------------

void build_as(builder *b, const mega_at *at, json_t *value, mega_patch_cable_row *cable) {
    if (!expect_string(b, at, value)) return;
    const char *as = json_string_value(value), *names[MEGA_AS_SEMITONES + 1];
    for (size_t i = 0; i < COUNT(names); i++) {
        names[i] = mega_cable_as_name((mega_cable_as)i);
        if (strcmp(as, names[i]) != 0) continue;
        cable->as = (mega_cable_as)i;
        return;
    }
    mega_document_error(b->document, at, "bad-value",
                        hint_nearest(as, names, COUNT(names), NULL).text,
                        "must be \"add\", \"octaves\" or \"semitones\"");
}

/// What the voices read when notes begin and end is no signal.
static void check_signal(builder *b, const mega_at *at, json_t *object,
                         const mega_patch_cable_row *cable) {
    const mega_module *m = b->patch->nodes ? b->patch->nodes[cable->to_node].module : NULL;
    if (!m || cable->to_port < m->input_count || cable->to_port >= mega_port_count(m)) return;
    const mega_param_row *param = &m->params[cable->to_port - m->input_count];
    if (!param->at_events || (cable->from_node < 0 && cable->as == MEGA_AS_ADD)) return;
    mega_at here = mega_at_key(at, object, "to");
    mega_document_error(b->document, &here, "bad-value",
                        "write it among the node's params, set it, or connect a knob that adds",
                        "`%s` is read when notes begin and end: it takes no signal", param->name);
}

void build_cable(builder *b, const mega_at *at, json_t *object, mega_patch_cable_row *cable) {
    static const char *const known[] = {"from", "to", "amount", "as"};
    const char *key;
    json_t *value;
    double amount;
    cable->amount = 1;
    if (!expect_object(b, at, object)) return;
    json_object_foreach(object, key, value) {
        mega_at here = mega_at_key(at, object, key);
        if (strcmp(key, "from") == 0) build_from(b, &here, value, cable);
        else if (strcmp(key, "to") == 0) build_to(b, &here, value, cable);
        else if (strcmp(key, "as") == 0) build_as(b, &here, value, cable);
        else if (strcmp(key, "amount") == 0)
            cable->amount = expect_number(b, &here, value, &amount) ? (float)amount : 1;
        else if (!take_extra(b, key, value, &cable->extra))
            mega_document_error(b->document, &here, "unknown-key",
                                hint_nearest(key, known, COUNT(known), "a connection has").text,
                                "no such key");
    }
    for (size_t i = 0; i < 2; i++)
        if (!json_object_get(object, known[i]))
            mega_document_error(b->document, at, "missing", NULL, "a connection needs `%s`",
                                known[i]);
    check_signal(b, at, object, cable);
}

/// Orders cables by what they join and how, equal ones as in the document.
static int compare(const void *a, const void *b) {
    const mega_patch_cable_row *x = *(const mega_patch_cable_row *const *)a,
                               *y = *(const mega_patch_cable_row *const *)b;
    if (x->from_node != y->from_node) return x->from_node < y->from_node ? -1 : 1;
    if (x->from_port != y->from_port) return x->from_port < y->from_port ? -1 : 1;
    if (x->to_node != y->to_node) return x->to_node < y->to_node ? -1 : 1;
    if (x->to_port != y->to_port) return x->to_port < y->to_port ? -1 : 1;
    if (x->as != y->as) return x->as < y->as ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool same(const mega_patch_cable_row *x, const mega_patch_cable_row *y) {
    return x->from_node == y->from_node && x->from_port == y->from_port &&
           x->to_node == y->to_node && x->to_port == y->to_port && x->as == y->as;
}

/// Two cables between the same ports add up; more often one of them was meant to go elsewhere.
static void warn_of_twins(builder *b, const mega_at *at, json_t *connections) {
    size_t count = b->patch->cable_count;
    const mega_patch_cable_row **sorted = take_memory(b, count, sizeof *sorted);
    if (!sorted) return;
    for (size_t i = 0; i < count; i++) sorted[i] = &b->patch->cables[i];
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 1; i < count; i++) {
        if (!same(sorted[i - 1], sorted[i])) continue;
        mega_at here = mega_at_index(at, connections, (size_t)(sorted[i] - b->patch->cables));
        mega_document_warn(b->document, &here, "duplicate", NULL,
                           "connections[%zu] joins the same ports; the two add up",
                           (size_t)(sorted[i - 1] - b->patch->cables));
    }
    free(sorted);
}

void build_cables(builder *b, const mega_at *at, json_t *connections) {
    size_t count = json_array_size(connections), i;
    if (!json_is_array(connections)) {
        mega_document_error(b->document, at, "bad-type", NULL, "must be an array, not %s",
                            type_word(connections));
        return;
    }
    if (count > MEGA_CABLES_MAX) {
        mega_document_error(b->document, at, "limit", NULL, "%zu connections, at most %d", count,
                            MEGA_CABLES_MAX);
        return;
    }
    if (!b->nodes_known) return;
    b->patch->cables = take_memory(b, count, sizeof *b->patch->cables);
    if (!b->patch->cables) return;
    json_t *value;
    json_array_foreach(connections, i, value) {
        if (b->document->no_memory) return;
        mega_at here = mega_at_index(at, connections, i);
        build_cable(b, &here, value, &b->patch->cables[b->patch->cable_count++]);
    }
    if (b->document->errors == 0) warn_of_twins(b, at, connections);
}
