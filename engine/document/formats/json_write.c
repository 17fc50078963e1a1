// SPDX-License-Identifier: MIT
// json_write -- writes the tree of a patch as JSON, one node, knob or connection a line.
#include <string.h>

#include "document/formats/formats.h"

enum {
    LINES_TO_DEPTH = 2
}; // the document and its parts take a line for each member; what is deeper takes none

static void write_value(const json_t *value, uint32_t depth, mega_text *text);

/// Before the index-th member of a container at `depth`: a comma, and a new line or a space.
static void write_gap(size_t index, uint32_t depth, const char *space, mega_text *text) {
    if (index > 0) mega_text_put(text, ",");
    if (depth >= LINES_TO_DEPTH) {
        mega_text_put(text, index > 0 ? " " : space);
        return;
    }
    mega_text_put(text, "\n");
    for (uint32_t i = 0; i <= depth; i++) mega_text_put(text, "  ");
}

static void write_end(const char *close, uint32_t depth, const char *space, mega_text *text) {
    if (depth >= LINES_TO_DEPTH) mega_text_put(text, space);
    else mega_text_put(text, depth == 0 ? "\n" : "\n  ");
    mega_text_put(text, close);
}

static void write_object(const json_t *object, uint32_t depth, mega_text *text) {
    const char *key;
    json_t *value;
    size_t count = 0;
    if (json_object_size(object) == 0) {
        mega_text_put(text, "{}");
        return;
    }
    mega_text_put(text, "{");
    json_object_foreach((json_t *)object, key, value) {
        write_gap(count++, depth, " ", text);
        mega_text_string(text, key, strlen(key));
        mega_text_put(text, ": ");
        write_value(value, depth + 1, text);
    }
    write_end("}", depth, " ", text);
}

static void write_array(const json_t *array, uint32_t depth, mega_text *text) {
    size_t i;
    json_t *value;
    if (json_array_size(array) == 0) {
        mega_text_put(text, "[]");
        return;
    }
    mega_text_put(text, "[");
    json_array_foreach(array, i, value) {
        write_gap(i, depth, "", text);
        write_value(value, depth + 1, text);
    }
    write_end("]", depth, "", text);
}

static void write_value(const json_t *value, uint32_t depth, mega_text *text) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: write_object(value, depth, text); break;
    case JSON_ARRAY: write_array(value, depth, text); break;
    case JSON_STRING:
        mega_text_string(text, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
    case JSON_REAL: mega_text_number(text, value); break;
    case JSON_TRUE: mega_text_put(text, "true"); break;
    case JSON_FALSE: mega_text_put(text, "false"); break;
    case JSON_NULL: mega_text_put(text, "null"); break;
    }
}

void mega_json_write_line(const json_t *tree, mega_text *text) {
    write_value(tree, LINES_TO_DEPTH, text);
}

void mega_json_write(const json_t *tree, mega_text *text) {
    write_value(tree, 0, text);
    mega_text_put(text, "\n");
}
