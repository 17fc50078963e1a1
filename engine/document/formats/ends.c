// SPDX-License-Identifier: MIT
// ends -- the builder's part for the two ends of a connection: from a node's output or a knob, to a
// node's input or parameter.
#include <string.h>

#include "document/formats/builder.h"

enum {
    HINTS_MAX = 100
}; // each looks through thousands of ids: a hostile document must not ask for more

/// One end as written: [node, port], "node.port", or "knob".
typedef struct {
    bool output; ///< the end that a cable leaves
    bool is_knob;
    char node[MEGA_ID_BYTES_MAX * 2];
    const char *port; ///< or the knob
    mega_at at_node, at_port;
} end;

static size_t input_names(const mega_module *module, const char **names) {
    for (uint32_t i = 0; i < mega_port_count(module); i++) names[i] = mega_port_name(module, i);
    return mega_port_count(module);
}

static size_t output_names(const mega_module *module, const char **names) {
    for (uint32_t i = 0; i < module->output_count; i++) names[i] = module->outputs[i].name;
    return module->output_count;
}

/// How an end is written. @param id what was written as a node or alone; NULL: neither
static hint hint_end(const builder *b, const char *id, bool output) {
    const char *ports[MEGA_PORTS_MAX];
    const json_t *node = id ? json_object_get(b->node_index, id) : NULL;
    bool knob = id && !node && json_object_get(b->knob_index, id);
    if (knob && output) return hint_format("`%s` is a knob: write \"%s\"", id, id);
    if (knob) return hint_format("a knob is turned from outside; nothing can be connected to it");
    const mega_module *module = node ? b->patch->nodes[json_integer_value(node)].module : NULL;
    if (module) {
        hint list = hint_format("%s of `%s`", output ? "outputs" : "inputs and parameters", id);
        size_t count = output ? output_names(module, ports) : input_names(module, ports);
        return hint_nearest("", ports, count, list.text);
    }
    return output ? hint_format("[\"osc\", \"out\"] is an output of a node, \"cutoff\" a knob")
                  : hint_format("[\"filt\", \"in\"] is an input of a node, [\"filt\", \"freq\"] a "
                                "parameter");
}

static bool read_pair(builder *b, const mega_at *at, json_t *value, end *e) {
    const json_t *node = json_array_get(value, 0), *port = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_string(node) || !json_is_string(port)) {
        mega_document_error(b->document, at, "bad-type",
                            hint_end(b, json_string_value(node), e->output).text,
                            "must be [\"node\", \"port\"]");
        return false;
    }
    strncpy(e->node, json_string_value(node), sizeof e->node - 1);
    e->port = json_string_value(port);
    e->at_node = mega_at_index(at, value, 0);
    e->at_port = mega_at_index(at, value, 1);
    return true;
}

/// Ids have no point in them, so that "node.port" cannot be a knob.
static bool read_end(builder *b, const mega_at *at, json_t *value, bool output, end *e) {
    *e = (end){.output = output, .at_node = *at, .at_port = *at};
    if (json_is_array(value)) return read_pair(b, at, value, e);
    if (!json_is_string(value)) {
        mega_document_error(b->document, at, "bad-type", hint_end(b, NULL, output).text,
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

enum { NODES = 1, KNOBS = 2 };

/// "did you mean" among the ids of nodes, knobs or both, else which there are.
static hint hint_id(builder *b, const char *wrong, int which) {
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
    const char **first = which & NODES ? b->names : b->names + patch->node_count;
    size_t count = which == NODES   ? patch->node_count
                   : which == KNOBS ? patch->knob_count
                                    : patch->node_count + patch->knob_count;
    static const char *const what[] = {
        [NODES] = "nodes", [KNOBS] = "knobs", [NODES | KNOBS] = "nodes and knobs"};
    return hint_nearest(wrong, first, count, what[which]);
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
                 : hint_id(b, id, NODES);
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
                 : hint_id(b, id, KNOBS);
    mega_document_error(b->document, at, "not-found", h.text, "there is no knob `%s`", name.text);
    return false;
}

// ---- the two ends ------------------------------------------------------------------------------

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
    if (!read_end(b, at, value, true, &e)) return;
    if (!e.is_knob) {
        bool found = find_node(b, &e.at_node, e.node, &number);
        int32_t port = found ? find_port(b, &e, &b->patch->nodes[number], true) : -1;
        cable->from_node = (int32_t)(found ? number : 0);
        cable->from_port = (uint32_t)port;
        return;
    }
    if (!json_object_get(b->node_index, e.port) && !json_object_get(b->knob_index, e.port)) {
        mega_document_error(b->document, at, "not-found", hint_id(b, e.port, NODES | KNOBS).text,
                            "there is no node and no knob `%s`", mega_excerpt_of(e.port).text);
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
    if (!read_end(b, at, value, false, &e)) return;
    if (e.is_knob) {
        mega_document_error(b->document, at, "bad-type", hint_end(b, e.port, false).text,
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
