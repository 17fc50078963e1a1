// SPDX-License-Identifier: MIT
// sexp_write -- writes the tree of a patch as S-expressions, in the forms that sexp.c reads.
#include <string.h>

#include "sexp.h"

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

static void write_knob(json_t *knob, mega_text *text) {
    const char *key;
    json_t *value;
    json_object_foreach(knob, key, value) {
        mega_text_put(text, " ");
        if (strcmp(key, "range") != 0) {
            write_pair(key, value, strcmp(key, "scale") == 0, text);
            continue;
        }
        mega_text_put(text, "(range ");
        write_value(json_array_get(value, 0), text);
        mega_text_put(text, " ");
        write_value(json_array_get(value, 1), text);
        mega_text_put(text, ")");
    }
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

static void write_preset(json_t *preset, mega_text *text) {
    const char *key, *node;
    json_t *value, *params;
    json_object_foreach(preset, key, value) {
        bool of_knobs = strcmp(key, "knobs") == 0, of_nodes = strcmp(key, "params") == 0;
        mega_text_put(text, " ");
        if (!of_knobs && !of_nodes) {
            write_pair(key, value, false, text);
            continue;
        }
        mega_text_put(text, of_knobs ? "(knobs" : "(params");
        if (of_knobs) write_pairs(value, text);
        else json_object_foreach(value, node, params) {
                mega_text_put(text, " (");
                write_name(node, text);
                write_pairs(params, text);
                mega_text_put(text, ")");
            }
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

static void write_members(json_t *object, void write(json_t *, mega_text *), mega_text *text) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        mega_text_put(text, "\n    (");
        write_name(key, text);
        write(value, text);
        mega_text_put(text, ")");
    }
}

void mega_sexp_write(const json_t *tree, mega_text *text) {
    const char *key;
    json_t *value, *cable;
    size_t i;
    mega_text_put(text, "(patch");
    json_object_foreach((json_t *)tree, key, value) {
        bool knobs = strcmp(key, "knobs") == 0, nodes = strcmp(key, "nodes") == 0;
        bool connections = strcmp(key, "connections") == 0, presets = strcmp(key, "presets") == 0;
        mega_text_put(text, "\n  ");
        if (!knobs && !nodes && !connections && !presets) {
            write_pair(key, value, false, text);
            continue;
        }
        mega_text_put(text, "(");
        mega_text_put(text, key);
        if (connections) json_array_foreach(value, i, cable) write_cable(cable, text);
        if (knobs) write_members(value, write_knob, text);
        if (nodes) write_members(value, write_node, text);
        if (presets) write_members(value, write_preset, text);
        mega_text_put(text, ")");
    }
    mega_text_put(text, ")\n");
}
