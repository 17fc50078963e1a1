// SPDX-License-Identifier: MIT
// operation -- reads what the operations of an edit have in common: ids, ends of cables, places,
// `x-` keys.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "document/edit/working.h"

void op_error(edit *e, const char *key, const char *code, const char *help, const char *message,
              ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, message);
    vsnprintf(text, sizeof text, message, arguments);
    va_end(arguments);
    mega_at here = key ? mega_at_key(&e->at, e->op, key) : e->at;
    mega_document_error(e->b.document, &here, code, help, "%s", text);
}

void op_keys(edit *e, const char *const *keys, size_t count, bool extra) {
    const char *key;
    json_t *value;
    json_object_foreach(e->op, key, value) {
        size_t i = 0;
        while (i < count && strcmp(keys[i], key) != 0) i++;
        if (i < count || strcmp(key, "op") == 0 || (extra && strncmp(key, "x-", 2) == 0)) continue;
        hint list = hint_format("`%s` has", e->name);
        op_error(e, key, "unknown-key", hint_nearest(key, keys, count, list.text).text,
                 "no such key");
    }
}

const char *op_string(edit *e, const char *key) {
    json_t *value = json_object_get(e->op, key);
    mega_at here = mega_at_key(&e->at, e->op, key);
    if (!value) op_error(e, NULL, "missing", NULL, "`%s` needs `%s`", e->name, key);
    else if (expect_string(&e->b, &here, value)) return json_string_value(value);
    return NULL;
}

bool op_node(edit *e, const char *key, uint32_t *row) {
    const char *id = op_string(e, key);
    if (!id) return false;
    if (!json_object_get(e->b.node_index, id) && json_object_get(e->b.knob_index, id)) {
        mega_excerpt name = mega_excerpt_of(id);
        op_error(e, key, "not-found", hint_format("`%s` is a knob", name.text).text,
                 "no node has the id `%s`", name.text);
        return false;
    }
    mega_at here = mega_at_key(&e->at, e->op, key);
    return find_node(&e->b, &here, id, row);
}

bool op_knob(edit *e, const char *key, uint32_t *row) {
    const char *id = op_string(e, key);
    if (!id) return false;
    if (!json_object_get(e->b.knob_index, id) && json_object_get(e->b.node_index, id)) {
        mega_excerpt name = mega_excerpt_of(id);
        op_error(e, key, "not-found", hint_format("`%s` is a node", name.text).text,
                 "there is no knob `%s`", name.text);
        return false;
    }
    mega_at here = mega_at_key(&e->at, e->op, key);
    return find_knob(&e->b, &here, id, row);
}

bool op_place(edit *e, size_t last, size_t *place) {
    json_t *value = json_object_get(e->op, "at");
    mega_at here = mega_at_key(&e->at, e->op, "at");
    uint32_t number;
    *place = last;
    if (!value) return true;
    if (!expect_integer(&e->b, &here, value, 0, (double)last, &number)) return false;
    *place = number;
    return true;
}

// ---- cables ------------------------------------------------------------------------------------

/// "connected to `lp.in`: a.out, b.out"
static hint sources_of(const edit *e, const mega_patch_cable_row *wanted) {
    const mega_patch *patch = e->b.patch;
    char names[4][MEGA_ID_BYTES_MAX * 2 + 2];
    const char *list[4];
    size_t count = 0;
    for (size_t i = 0; i < patch->cable_count && count < COUNT(names); i++) {
        const mega_patch_cable_row *cable = &patch->cables[i];
        if (cable->to_node != wanted->to_node || cable->to_port != wanted->to_port) continue;
        const mega_patch_node_row *from =
            cable->from_node < 0 ? NULL : &patch->nodes[cable->from_node];
        if (from && (!from->module || !from->id)) continue;
        snprintf(names[count], sizeof names[count], "%s%s%s",
                 from ? from->id : patch->knobs[cable->from_port].id, from ? "." : "",
                 from ? from->module->outputs[cable->from_port].name : "");
        list[count] = names[count];
        count++;
    }
    return count ? hint_nearest("", list, count, "connected to it")
                 : hint_format("nothing is connected to it");
}

/// Which of several that join the same ends. @return false with the error reported
static bool read_nth(edit *e, size_t count, size_t *nth) {
    json_t *value = json_object_get(e->op, "nth");
    mega_at here = mega_at_key(&e->at, e->op, "nth");
    uint32_t number;
    *nth = 0;
    if (value) {
        if (!expect_integer(&e->b, &here, value, 0, (double)count - 1, &number)) return false;
        *nth = number;
    } else if (count > 1) {
        op_error(e, NULL, "duplicate", hint_format("`nth` says which: 0..%zu", count - 1).text,
                 "%zu cables join these ports", count);
        return false;
    }
    return true;
}

bool op_cable(edit *e, size_t *index) {
    builder *b = &e->b;
    mega_patch_cable_row ends = {0};
    json_t *from = json_object_get(e->op, "from"), *to = json_object_get(e->op, "to");
    mega_at at_from = mega_at_key(&e->at, e->op, "from"), at_to = mega_at_key(&e->at, e->op, "to");
    size_t errors = b->document->errors, nth;
    if (!from) op_error(e, NULL, "missing", NULL, "`%s` needs `from`", e->name);
    else build_from(b, &at_from, from, &ends);
    if (!to) op_error(e, NULL, "missing", NULL, "`%s` needs `to`", e->name);
    else build_to(b, &at_to, to, &ends);
    if (b->document->errors > errors) return false;
    // A node that could not be made has no ports; that has been said.
    if (ends.from_port == UINT32_MAX || ends.to_port == UINT32_MAX) return false;
    size_t count = count_twins(e, &ends, b->patch->cable_count);
    if (count == 0) {
        op_error(e, NULL, "not-found", sources_of(e, &ends).text, "there is no such cable");
        return false;
    }
    if (!read_nth(e, count, &nth)) return false;
    for (*index = 0;; ++*index)
        if (same_ends(&b->patch->cables[*index], &ends) && nth-- == 0) return true;
}

// ---- x- keys -----------------------------------------------------------------------------------

/// Takes one `x-` key away. @param list of the keys that undoing takes away
static void unset_key(edit *e, const mega_at *at, const json_t *name, json_t **extra,
                      json_t *undo) {
    if (!expect_string(&e->b, at, name)) return;
    const char *key = json_string_value(name);
    json_t *old = json_object_get(*extra, key);
    if (strncmp(key, "x-", 2) != 0) {
        mega_document_error(e->b.document, at, "bad-value", "`set` with null takes others back",
                            "only `x-` keys can be unset");
    } else if (json_object_get(e->op, key)) {
        mega_document_error(e->b.document, at, "bad-value", NULL, "`%s` is both set and unset",
                            mega_excerpt_of(key).text);
    } else if (!old) {
        mega_document_error(e->b.document, at, "not-found", NULL, "there is no key `%s`",
                            mega_excerpt_of(key).text);
    } else {
        undo_put(e, undo, key, json_incref(old));
        json_object_del(*extra, key);
    }
}

static void set_key(edit *e, const char *key, json_t *value, json_t **extra, size_t depth,
                    json_t *undo, json_t *unset) {
    json_t *old = json_object_get(*extra, key);
    if (extent_of(value).depth + depth > MEGA_DEPTH_MAX) {
        op_error(e, key, "limit", NULL, "a document nested deeper than %d", MEGA_DEPTH_MAX);
        return;
    }
    if (old) undo_put(e, undo, key, json_incref(old));
    else if (unset && json_array_append_new(unset, json_string(key)) != 0)
        mega_document_no_memory(e->b.document);
    take_extra(&e->b, key, value, extra);
}

bool op_extra(edit *e, json_t **extra, size_t depth, json_t *undo) {
    json_t *value, *name, *list = json_object_get(e->op, "unset");
    json_t *unset = undo ? json_array() : NULL;
    const char *key;
    size_t i;
    bool any = list != NULL;
    if (undo && !unset) mega_document_no_memory(e->b.document);
    json_object_foreach(e->op, key, value) {
        if (strncmp(key, "x-", 2) != 0) continue;
        set_key(e, key, value, extra, depth, undo, unset);
        any = true;
    }
    mega_at at_list = mega_at_key(&e->at, e->op, "unset");
    if (list && !json_is_array(list))
        mega_document_error(e->b.document, &at_list, "bad-type", NULL,
                            "must be an array of `x-` keys");
    json_array_foreach(list, i, name) {
        mega_at here = mega_at_index(&at_list, list, i);
        unset_key(e, &here, name, extra, undo);
    }
    if (json_object_size(*extra) == 0) {
        json_decref(*extra);
        *extra = NULL;
    }
    if (json_array_size(unset) > 0) undo_put(e, undo, "unset", unset);
    else json_decref(unset);
    e->wordy |= any;
    return any;
}
