// SPDX-License-Identifier: MIT
// cables -- the section of the document for connections; their two ends are read by ends.c.
#include <stdlib.h>
#include <string.h>

#include "document/edit/diff.h"
#include "document/edit/working.h"

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

/// ["osc.out", "filt.in"] instead of an object.
static void report_pair(builder *b, const mega_at *at, const json_t *pair) {
    const char *from = json_string_value(json_array_get(pair, 0)),
               *to = json_string_value(json_array_get(pair, 1));
    mega_document_error(b->document, at, "bad-type",
                        hint_format("write {\"from\": \"%s\", \"to\": \"%s\"}",
                                    mega_excerpt_of(from ? from : "osc.out").text,
                                    mega_excerpt_of(to ? to : "filt.in").text)
                            .text,
                        "must be an object, not an array");
}

void build_cable(builder *b, const mega_at *at, json_t *object, mega_patch_cable_row *cable) {
    static const char *const known[] = {"from", "to", "amount", "as"};
    const char *key;
    json_t *value;
    double amount;
    cable->amount = 1;
    if (json_is_array(object)) {
        report_pair(b, at, object);
        return;
    }
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

static void build_cables(builder *b, const mega_at *at, json_t *connections) {
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

// ---- writing and copying -----------------------------------------------------------------------

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
        mega_tree_put(object, "from", from) &&
        mega_tree_put(object, "to",
                      json_pack("[s, s]", to->id, mega_port_name(to->module, cable->to_port)));
    if (cable->amount != 1)
        good = good && mega_tree_put(object, "amount", mega_tree_number(cable->amount));
    if (cable->as != MEGA_AS_ADD)
        good = good && mega_tree_put(object, "as", json_string(mega_cable_as_name(cable->as)));
    return good && mega_tree_put_extra(object, cable->extra);
}

static bool tree(const mega_patch *patch, json_t *root) {
    json_t *connections = json_array();
    bool good = mega_tree_put(root, "connections", connections);
    for (size_t i = 0; good && i < patch->cable_count; i++) {
        json_t *object = json_object();
        good = json_array_append_new(connections, object) == 0 &&
               mega_tree_cable(patch, &patch->cables[i], object);
    }
    return good;
}

static bool copy_row(void *to, const void *from) {
    mega_patch_cable_row *cable = to;
    bool good = true;
    *cable = *(const mega_patch_cable_row *)from;
    cable->extra = mega_copy_extra(cable->extra, &good);
    return good;
}

static void finish_row(void *row) { json_decref(((mega_patch_cable_row *)row)->extra); }

static void words(const mega_patch *patch, extent *words) {
    for (size_t i = 0; i < patch->cable_count; i++) words_extra(words, patch->cables[i].extra);
}

static void renumber(mega_patch *patch, const uint32_t *node, const uint32_t *knob) {
    for (size_t i = 0; i < patch->cable_count; i++) {
        mega_patch_cable_row *cable = &patch->cables[i];
        cable->to_node = node[cable->to_node];
        if (cable->from_node < 0) cable->from_port = knob[cable->from_port];
        else cable->from_node = (int32_t)node[cable->from_node];
    }
}

// ---- the section -------------------------------------------------------------------------------

static const mega_operation operations[] = {
    {"connect", edit_connect}, {"disconnect", edit_disconnect}, {NULL, NULL}};

const mega_section mega_section_connections = {
    .key = "connections",
    .build = build_cables,
    .tree = tree,
    .rows = MEGA_ROWS(cables, cable_count, mega_patch_cable_row),
    .copy_row = copy_row,
    .form = SEXP_FORM_CABLES,
    .finish_row = finish_row,
    .operations = operations,
    .words = words,
    .renumber = renumber,
    .diff_gone = diff_disconnect,
    .diff_here = diff_connect};
