// SPDX-License-Identifier: MIT
// sexp -- reads the S-expression form of a patch.
//
//   (patch
//     (name "x") (voices 8) (x-any (dict (a 1) (b (list 1 "two" true null))))
//     (knobs (cutoff (value 0.45) (range 80 12000) (scale exp)))
//     (nodes (osc1 (type "osc.saw") (freq 440) (scope voice))
//            (f (type "filter") (params (type lowpass))))   ; a parameter of the name of a node's
//            own key
//     (presets (soft (doc "x") (knobs (cutoff 0.2)) (params (f (freq 300) (type lowpass)))))
//     (connections (osc1 "out" -> f "in") (cutoff -> f "freq" (amount 2) (as octaves))))
//
// A name is a symbol or a string. A value is a number, a string, a symbol (`true`, `false`, `null`,
// else a string), `(list ...)` or `(dict (key value) ...)`. Everything becomes the tree that JSON
// would give.
#include "document/formats/sections.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    mega_document *document;
    const sexp_item *items;
} reader;

static void fail(reader *r, uint32_t item, const char *message) {
    const sexp_item *i = &r->items[item];
    mega_document_error_at(r->document, "syntax", i->line, i->column, NULL, "%s", message);
}

/// Memory that jansson did not get.
static json_t *checked(reader *r, json_t *value) {
    if (!value) mega_document_no_memory(r->document);
    return value;
}

static bool is_word(const reader *r, uint32_t item, const char *word) {
    const sexp_item *i = &r->items[item];
    return i->kind == SEXP_SYMBOL && i->bytes == strlen(word) &&
           memcmp(r->document->text + i->start, word, i->bytes) == 0;
}

/// The same for a name, which may stand in quotes.
static bool is_name(const reader *r, uint32_t item, const char *name) {
    const sexp_item *i = &r->items[item];
    size_t length = strlen(name);
    return is_word(r, item, name) || (i->kind == SEXP_STRING && i->bytes == length + 2 &&
                                      memcmp(r->document->text + i->start + 1, name, length) == 0);
}

/// A string or a number, which are spelled as in JSON.
static json_t *read_literal(reader *r, uint32_t item) {
    const sexp_item *i = &r->items[item];
    json_error_t error = {0}; // jansson writes no code where it has no memory to begin
    json_t *value = json_loadb(r->document->text + i->start, i->bytes, JSON_DECODE_ANY, &error);
    if (value) return value;
    if (json_error_code(&error) == json_error_numeric_overflow)
        mega_document_error_at(r->document, "bad-value", i->line, i->column, NULL,
                               "too large a number");
    else mega_document_no_memory(r->document);
    return NULL;
}

/// The string that an atom spells, in a place for a name. @return NULL with the error reported
static json_t *read_name(reader *r, uint32_t item) {
    const sexp_item *i = &r->items[item];
    if (i->kind == SEXP_STRING) return read_literal(r, item);
    if (i->kind != SEXP_LIST)
        return checked(r, json_stringn_nocheck(r->document->text + i->start, i->bytes));
    fail(r, item, "expected a name, not a list");
    return NULL;
}

/// Puts a value, which it takes over, under the name that item `name` spells.
static void put(reader *r, json_t *object, uint32_t name, json_t *value) {
    const sexp_item *i = &r->items[name];
    json_t *key = value ? read_name(r, name) : NULL;
    if (!key) {
        json_decref(value);
        return;
    }
    const char *text = json_string_value(key);
    if (json_object_get(object, text)) {
        mega_document_error_at(r->document, "duplicate", i->line, i->column, NULL,
                               "`%s` is there twice", mega_excerpt_of(text).text);
        json_decref(value);
    } else if (json_object_set_new_nocheck(object, text, value) != 0) {
        mega_document_no_memory(r->document);
    } else {
        void *member = json_object_iter_at(object, text);
        mega_place_add(r->document, json_object_iter_key(member), i->line, i->column);
    }
    json_decref(key);
}

static void append(reader *r, json_t *array, uint32_t item, json_t *value) {
    if (!value) return;
    if (json_array_append(array, value) != 0) mega_document_no_memory(r->document);
    if (!json_is_boolean(value) && !json_is_null(value))
        mega_place_add(r->document, value, r->items[item].line, r->items[item].column);
    json_decref(value);
}

/// Whether a list begins with a name and goes on with `count` items (any number for -1).
static bool is_form(reader *r, uint32_t list, int32_t count, const char *shape) {
    uint32_t i = list + 1, end = r->items[list].next;
    bool good = r->items[list].kind == SEXP_LIST && i < end && r->items[i].kind != SEXP_LIST;
    if (good && count >= 0) {
        for (i = r->items[i].next; i < end && count > 0; count--) i = r->items[i].next;
        good = i == end && count == 0;
    }
    if (!good) {
        const sexp_item *at = &r->items[list];
        mega_document_error_at(r->document, "syntax", at->line, at->column, NULL, "expected `%s`",
                               shape);
    }
    return good;
}

// ---- values of any kind ------------------------------------------------------------------------

static json_t *read_value(reader *r, uint32_t item, uint32_t depth);

/// The items from `first` on, as an array. @param depth containers around it
static json_t *read_list(reader *r, uint32_t first, uint32_t end, uint32_t depth) {
    json_t *array = checked(r, json_array());
    for (uint32_t i = first; array && i < end; i = r->items[i].next)
        append(r, array, i, read_value(r, i, depth + 1));
    return array;
}

static json_t *read_dict(reader *r, uint32_t first, uint32_t end, uint32_t depth) {
    json_t *object = checked(r, json_object());
    for (uint32_t i = first; object && i < end; i = r->items[i].next)
        if (is_form(r, i, 1, "(key value)"))
            put(r, object, i + 1, read_value(r, r->items[i + 1].next, depth + 1));
    return object;
}

static json_t *read_value(reader *r, uint32_t item, uint32_t depth) {
    const sexp_item *i = &r->items[item];
    if (i->kind == SEXP_STRING || i->kind == SEXP_NUMBER) return read_literal(r, item);
    if (i->kind == SEXP_SYMBOL) {
        if (is_word(r, item, "true")) return json_true();
        if (is_word(r, item, "false")) return json_false();
        if (is_word(r, item, "null")) return json_null();
        return read_name(r, item);
    }
    if (depth >= MEGA_DEPTH_MAX) {
        mega_document_error_at(r->document, "limit", i->line, i->column, NULL,
                               "nested deeper than %d", MEGA_DEPTH_MAX);
        return NULL;
    }
    if (i->next > item + 1 && is_word(r, item + 1, "list"))
        return read_list(r, item + 2, i->next, depth);
    if (i->next > item + 1 && is_word(r, item + 1, "dict"))
        return read_dict(r, item + 2, i->next, depth);
    fail(r, item, "expected a value: an atom, `(list ...)` or `(dict ...)`");
    return NULL;
}

// ---- the forms of a patch ----------------------------------------------------------------------

/// Reads one member of a list into the object that the list makes.
typedef void read_member(reader *r, uint32_t item, json_t *object);

/// A list of members after its name, as an object.
static json_t *read_members(reader *r, uint32_t list, read_member *read) {
    json_t *object = checked(r, json_object());
    for (uint32_t i = list + 2; object && i < r->items[list].next && !r->document->no_memory;
         i = r->items[i].next)
        read(r, i, object);
    return object;
}

/// `(key value)` at `depth` containers.
static void read_pair(reader *r, uint32_t item, json_t *object, uint32_t depth) {
    if (is_form(r, item, 1, "(key value)"))
        put(r, object, item + 1, read_value(r, r->items[item + 1].next, depth));
}

const sexp_shape *sexp_shape_of(const sexp_shape *object, const char *key) {
    for (const sexp_key *k = object->keys; k && k->key; k++)
        if (strcmp(k->key, key) == 0) return k->shape;
    return object->each;
}

static const sexp_shape *shape_of(const reader *r, const sexp_shape *object, uint32_t name) {
    for (const sexp_key *k = object->keys; k && k->key; k++)
        if (is_name(r, name, k->key)) return k->shape;
    return object->each;
}

/// A member of what `object` shapes, with `depth` containers around it.
static void read_shaped(reader *r, uint32_t item, json_t *to, const sexp_shape *object,
                        uint32_t depth) {
    if (!is_form(r, item, -1, object->form)) return;
    const sexp_shape *member = shape_of(r, object, item + 1);
    uint32_t end = r->items[item].next;
    if (!member || !member->form) {
        read_pair(r, item, to, depth);
    } else if (member->items) {
        if (is_form(r, item, (int32_t)member->items, member->form))
            put(r, to, item + 1, read_list(r, item + 2, end, depth));
    } else {
        json_t *members = checked(r, json_object());
        for (uint32_t i = item + 2; members && i < end && !r->document->no_memory;
             i = r->items[i].next)
            read_shaped(r, i, members, member, depth + 1);
        put(r, to, item + 1, members);
    }
}

static void read_param(reader *r, uint32_t item, json_t *params) { read_pair(r, item, params, 4); }

/// The node's `params`, made when its first parameter comes at `item`.
static json_t *params_of(reader *r, uint32_t item, json_t *node) {
    json_t *params = json_object_get(node, "params");
    if (params) return params;
    params = json_object();
    if (!params || json_object_set_new_nocheck(node, "params", params) != 0) {
        mega_document_no_memory(r->document);
        return NULL;
    }
    void *member = json_object_iter_at(node, "params");
    mega_place_add(r->document, json_object_iter_key(member), r->items[item].line,
                   r->items[item].column);
    return params;
}

static bool is_own_key(const reader *r, uint32_t name) {
    const sexp_item *i = &r->items[name];
    const char *text = r->document->text + i->start + (i->kind == SEXP_STRING);
    return is_name(r, name, "type") || is_name(r, name, "scope") ||
           (i->bytes >= 2 && memcmp(text, "x-", 2) == 0);
}

static void read_node_key(reader *r, uint32_t item, json_t *node) {
    if (!is_form(r, item, -1, "(key value)")) return;
    if (is_own_key(r, item + 1)) {
        read_pair(r, item, node, 3);
        return;
    }
    json_t *params = params_of(r, item, node);
    if (!params) return;
    if (!is_name(r, item + 1, "params")) {
        read_param(r, item, params);
        return;
    }
    for (uint32_t i = item + 2; i < r->items[item].next; i = r->items[i].next)
        read_param(r, i, params);
}

static void read_node(reader *r, uint32_t item, json_t *nodes) {
    if (is_form(r, item, -1, "(id (key value) ...)"))
        put(r, nodes, item + 1, read_members(r, item, read_node_key));
}

static void read_cable_key(reader *r, uint32_t item, json_t *cable) {
    read_pair(r, item, cable, 3);
}

/// The atoms from `first` on: a knob, or a node and its port.
static json_t *read_end(reader *r, uint32_t first, uint32_t count) {
    if (count == 1) return read_name(r, first);
    json_t *pair = checked(r, json_array());
    for (uint32_t i = 0; pair && i < count; i++)
        append(r, pair, first + i, read_name(r, first + i));
    return pair;
}

static void put_end(reader *r, json_t *cable, const char *key, uint32_t first, uint32_t count) {
    json_t *value = read_end(r, first, count);
    if (!value) return;
    if (json_object_set_new_nocheck(cable, key, value) != 0) {
        mega_document_no_memory(r->document);
        return;
    }
    void *member = json_object_iter_at(cable, key);
    mega_place_add(r->document, json_object_iter_key(member), r->items[first].line,
                   r->items[first].column);
}

/// `(node port -> node port option ...)` or `(knob -> node port option ...)`
static json_t *read_cable(reader *r, uint32_t list) {
    uint32_t end = r->items[list].next, i = list + 1, arrow;
    while (i < end && r->items[i].kind != SEXP_LIST && !is_word(r, i, "->")) i++;
    arrow = i++;
    while (i < end && r->items[i].kind != SEXP_LIST) i++;
    uint32_t from = arrow - list - 1, to = i - arrow - 1;
    if (arrow >= end || !is_word(r, arrow, "->") || from < 1 || from > 2 || to != 2) {
        fail(r, list, "expected `(node port -> node port ...)` or `(knob -> node port ...)`");
        return NULL;
    }
    json_t *cable = checked(r, json_object());
    if (!cable) return NULL;
    put_end(r, cable, "from", list + 1, from);
    put_end(r, cable, "to", arrow + 1, to);
    for (; i < end; i = r->items[i].next) read_cable_key(r, i, cable);
    return cable;
}

static json_t *read_cables(reader *r, uint32_t list) {
    json_t *array = checked(r, json_array());
    for (uint32_t i = list + 2; array && i < r->items[list].next && !r->document->no_memory;
         i = r->items[i].next)
        append(r, array, i, read_cable(r, i));
    return array;
}

/// The section that a part of the document is, or NULL.
static const mega_section *section_of(const reader *r, uint32_t name) {
    for (size_t i = 0; i < mega_section_count; i++)
        if (is_name(r, name, mega_sections[i]->key)) return mega_sections[i];
    return NULL;
}

/// Whether the patch may have a member of that name that is no section.
static bool is_patch_key(reader *r, uint32_t name) {
    json_t *key = read_name(r, name);
    bool known = !key || mega_patch_key_known(json_string_value(key));
    json_decref(key);
    return known;
}

static void read_part(reader *r, uint32_t item, json_t *root) {
    if (!is_form(r, item, -1, "(key value)")) return;
    const mega_section *section = section_of(r, item + 1);
    if (!section && !is_patch_key(r, item + 1)) {
        put(r, root, item + 1, json_null()); // the builder reports the key, whatever it holds
    } else if (!section) {
        read_pair(r, item, root, 1);
    } else if (section->shape) {
        sexp_key key = {section->key, section->shape};
        read_shaped(r, item, root,
                    &(sexp_shape){.form = "(key value)", .keys = (sexp_key[]){key, {0}}}, 1);
    } else if (section->form == SEXP_FORM_NODES) {
        put(r, root, item + 1, read_members(r, item, read_node));
    } else {
        put(r, root, item + 1, read_cables(r, item));
    }
}

static void read_patch(reader *r, size_t count) {
    if (count == 0 || r->items[0].kind != SEXP_LIST || r->items[0].next < 2 ||
        !is_word(r, 1, "patch")) {
        mega_document_error_at(r->document, "syntax", 1, 1, NULL, "expected `(patch ...)`");
        return;
    }
    if (r->items[0].next < count) {
        fail(r, r->items[0].next, "there is more text after the patch");
        return;
    }
    r->document->root = read_members(r, 0, read_part);
    mega_place_add(r->document, r->document->root, r->items[0].line, r->items[0].column);
}

void mega_sexp_read(mega_document *document) {
    sexp_items items = {0};
    if (sexp_scan(document, &items)) {
        reader r = {document, items.items};
        read_patch(&r, items.count);
    }
    free(items.items);
}
