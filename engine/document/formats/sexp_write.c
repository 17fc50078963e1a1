// SPDX-License-Identifier: MIT
// sexp_write -- writes the tree of a patch as S-expressions, in the forms that sexp.c reads.
#include <string.h>

#include "document/formats/sections.h"

/// A name: as a symbol where it can stand as one.
static void write_name(const char *name, mega_text *text) {
    size_t bytes = strlen(name);
    if (sexp_is_symbol(name, bytes)) mega_text_add(text, name, bytes);
    else mega_text_string(text, name, bytes);
}

static void write_string(const json_t *string, mega_text *text) {
    mega_text_string(text, json_string_value(string), json_string_length(string));
}

static void write_value(const json_t *value, mega_text *text) {
    const char *key;
    json_t *member;
    size_t i;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        mega_text_put(text, "(dict");
        json_object_foreach((json_t *)value, key, member) {
            mega_text_put(text, " (");
            write_name(key, text);
            mega_text_put(text, " ");
            write_value(member, text);
            mega_text_put(text, ")");
        }
        mega_text_put(text, ")");
        break;
    case JSON_ARRAY:
        mega_text_put(text, "(list");
        json_array_foreach(value, i, member) {
            mega_text_put(text, " ");
            write_value(member, text);
        }
        mega_text_put(text, ")");
        break;
    case JSON_STRING: write_string(value, text); break;
    case JSON_INTEGER:
    case JSON_REAL: mega_text_number(text, value); break;
    case JSON_TRUE: mega_text_put(text, "true"); break;
    case JSON_FALSE: mega_text_put(text, "false"); break;
    case JSON_NULL: mega_text_put(text, "null"); break;
    }
}

/// ` (key value)`; a word of the document's own, such as a scale or a choice, as a symbol.
static void write_pair(const char *key, const json_t *value, bool words, mega_text *text) {
    mega_text_put(text, "(");
    write_name(key, text);
    mega_text_put(text, " ");
    if (words && json_is_string(value)) write_name(json_string_value(value), text);
    else write_value(value, text);
    mega_text_put(text, ")");
}

/// ` (key value)` for each; choices as symbols.
static void write_pairs(json_t *object, mega_text *text) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        mega_text_put(text, " ");
        write_pair(key, value, true, text);
    }
}

/// Whether a parameter of this name would be read as a key of the node itself.
static bool is_own_key(const char *name) {
    return strcmp(name, "type") == 0 || strcmp(name, "scope") == 0 || strcmp(name, "params") == 0 ||
           strncmp(name, "x-", 2) == 0;
}

static void write_params(json_t *params, mega_text *text) {
    const char *key;
    json_t *value;
    bool apart = false;
    json_object_foreach(params, key, value) apart |= is_own_key(key);
    if (apart) mega_text_put(text, " (params");
    write_pairs(params, text);
    if (apart) mega_text_put(text, ")");
}

static void write_node(json_t *node, mega_text *text) {
    const char *key;
    json_t *value;
    json_object_foreach(node, key, value) {
        if (strcmp(key, "params") == 0) {
            write_params(value, text);
            continue;
        }
        mega_text_put(text, " ");
        write_pair(key, value, strcmp(key, "scope") == 0, text);
    }
}

/// What is in ` (name ...)` of a member, after its name.
static void write_shaped(const json_t *value, const sexp_shape *shape, mega_text *text) {
    const char *key;
    json_t *member;
    size_t i;
    json_array_foreach(value, i, member) {
        mega_text_put(text, " ");
        write_value(member, text);
    }
    json_object_foreach((json_t *)value, key, member) {
        const sexp_shape *of_member = sexp_shape_of(shape, key);
        mega_text_put(text, " ");
        if (!of_member || !of_member->form) {
            write_pair(key, member, of_member ? of_member->words : shape->words, text);
            continue;
        }
        mega_text_put(text, "(");
        write_name(key, text);
        write_shaped(member, of_member, text);
        mega_text_put(text, ")");
    }
}

static void write_end(const json_t *end, mega_text *text) {
    if (json_is_string(end)) {
        write_name(json_string_value(end), text);
        return;
    }
    write_name(json_string_value(json_array_get(end, 0)), text);
    mega_text_put(text, " ");
    write_string(json_array_get(end, 1), text);
}

static void write_cable(json_t *cable, mega_text *text) {
    const char *key;
    json_t *value;
    mega_text_put(text, "\n    (");
    write_end(json_object_get(cable, "from"), text);
    mega_text_put(text, " -> ");
    write_end(json_object_get(cable, "to"), text);
    json_object_foreach(cable, key, value) {
        if (strcmp(key, "from") == 0 || strcmp(key, "to") == 0) continue;
        mega_text_put(text, " ");
        write_pair(key, value, strcmp(key, "as") == 0, text);
    }
    mega_text_put(text, ")");
}

/// One member a line.
static void write_members(json_t *object, const sexp_shape *shape, mega_text *text) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        const sexp_shape *member = shape ? sexp_shape_of(shape, key) : NULL;
        mega_text_put(text, "\n    ");
        if (shape && (!member || !member->form)) {
            write_pair(key, value, member ? member->words : shape->words, text);
            continue;
        }
        mega_text_put(text, "(");
        write_name(key, text);
        if (shape) write_shaped(value, member, text);
        else write_node(value, text);
        mega_text_put(text, ")");
    }
}

void mega_sexp_write(const json_t *tree, mega_text *text) {
    const char *key;
    json_t *value, *cable;
    size_t i;
    mega_text_put(text, "(patch");
    json_object_foreach((json_t *)tree, key, value) {
        const mega_section *section = mega_section_find(key);
        mega_text_put(text, "\n  ");
        if (!section) {
            write_pair(key, value, false, text);
            continue;
        }
        mega_text_put(text, "(");
        mega_text_put(text, key);
        if (section->shape || section->form == SEXP_FORM_NODES)
            write_members(value, section->shape, text);
        else json_array_foreach(value, i, cable) write_cable(cable, text);
        mega_text_put(text, ")");
    }
    mega_text_put(text, ")\n");
}
