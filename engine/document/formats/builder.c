// SPDX-License-Identifier: MIT
// builder -- from the tree that all formats read to, to a patch: the document's own keys.
//
// Goes on after an error, so that a document's errors are all reported at once; what fails is left
// out of the patch, which is then thrown away.
#include "document/formats/builder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

// ---- helpers of all parts ----------------------------------------------------------------------

hint hint_format(const char *format, ...) {
    hint h;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(h.text, sizeof h.text, format, arguments);
    va_end(arguments);
    return h;
}

hint hint_nearest(const char *wrong, const char *const *names, size_t count, const char *what) {
    const char *near = mega_nearest(wrong, names, count);
    if (near) return hint_format("did you mean `%s`?", mega_excerpt_of(near).text);
    hint h = {""};
    size_t used = 0;
    for (size_t i = 0; what && i < count; i++) {
        size_t left = sizeof h.text - sizeof " ..." - used;
        if (!*names[i]) continue; // of a row that could not be read
        int length = used == 0 ? snprintf(h.text, left, "%s: %s", what, names[i])
                               : snprintf(h.text + used, left, ", %s", names[i]);
        if (length < 0 || (size_t)length >= left) {
            snprintf(h.text + used, left, used ? " ..." : "");
            break;
        }
        used += (size_t)length;
    }
    return h;
}

const char *type_word(const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    case JSON_NULL: break;
    }
    return "null";
}

static void wrong_type(builder *b, const mega_at *at, const json_t *value, const char *wanted) {
    mega_document_error(b->document, at, "bad-type", NULL, "must be %s, not %s", wanted,
                        type_word(value));
}

bool expect_object(builder *b, const mega_at *at, const json_t *value) {
    if (!json_is_object(value)) wrong_type(b, at, value, "an object");
    return json_is_object(value);
}

bool expect_string(builder *b, const mega_at *at, const json_t *value) {
    if (!json_is_string(value)) wrong_type(b, at, value, "a string");
    return json_is_string(value);
}

bool expect_number(builder *b, const mega_at *at, const json_t *value, double *number) {
    *number = json_number_value(value);
    if (!json_is_number(value)) {
        wrong_type(b, at, value, "a number");
        return false;
    }
    if (isfinite((float)*number)) return true;
    mega_document_error(b->document, at, "bad-value", NULL, "too large a number");
    return false;
}

bool expect_integer(builder *b, const mega_at *at, const json_t *value, double min, double max,
                    uint32_t *integer) {
    double number;
    if (!expect_number(b, at, value, &number)) return false;
    if (number < min || number > max || number != floor(number)) {
        mega_document_error(b->document, at, "bad-value", NULL,
                            "must be a whole number in %.0f..%.0f", min, max);
        return false;
    }
    *integer = (uint32_t)number;
    return true;
}

void *take_memory(builder *b, size_t count, size_t bytes) {
    void *memory = calloc(count ? count : 1, bytes);
    if (!memory) mega_document_no_memory(b->document);
    return memory;
}

char *copy_string(builder *b, const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = take_memory(b, bytes, 1);
    if (copy) memcpy(copy, text, bytes);
    return copy;
}

bool take_extra(builder *b, const char *key, json_t *value, json_t **extra) {
    if (strncmp(key, "x-", 2) != 0)
        return b->in_operation && (strcmp(key, "op") == 0 || strcmp(key, "at") == 0);
    if (!*extra) *extra = json_object();
    if (!*extra || json_object_set_nocheck(*extra, key, value) != 0)
        mega_document_no_memory(b->document);
    return true;
}

/// What an id must not hold: it appears in paths, OSC addresses and error texts.
static bool is_id_character(char c) {
    return (unsigned char)c > 0x20 && c != 0x7F && !strchr("/.\"", c);
}

char *take_id(builder *b, const mega_at *at, const char *id, json_t *index, size_t number) {
    size_t length = strlen(id), good = 0;
    while (good < length && is_id_character(id[good])) good++;
    if (length == 0 || good < length)
        mega_document_error(b->document, at, "bad-value",
                            "ids have no spaces, control characters, `/`, `.` or quotes",
                            "`%s` cannot be an id", mega_excerpt_of(id).text);
    else if (length > MEGA_ID_BYTES_MAX)
        mega_document_error(b->document, at, "limit", NULL, "an id of %zu bytes, at most %d",
                            length, MEGA_ID_BYTES_MAX);
    if (json_object_get(index, id))
        mega_document_error(b->document, at, "duplicate", NULL, "duplicate id `%s`",
                            mega_excerpt_of(id).text);
    else if (json_object_set_new_nocheck(index, id, json_integer((json_int_t)number)) != 0)
        mega_document_no_memory(b->document);
    return copy_string(b, id);
}

// ---- the document ------------------------------------------------------------------------------

static const char *const own_keys[] = {"name", "voices", "version", "channels", "sampleRate"};
/// Words of a later version of the document.
static const char *const later_keys[] = {"mixer", "transport", "commands"};

static void build_number(builder *b, const mega_at *at, const char *key, json_t *value) {
    mega_patch *patch = b->patch;
    uint32_t version;
    double number;
    if (strcmp(key, "sampleRate") == 0) {
        if (expect_integer(b, at, value, 8000, 384000, &patch->rate_hint))
            mega_document_warn(b->document, at, "unused",
                               "`render --rate` or the sound device says it",
                               "the rate is no part of a patch");
    } else if (strcmp(key, "channels") == 0) {
        if (expect_integer(b, at, value, 1, 64, &patch->channels))
            mega_document_warn(b->document, at, "unused", "what plays it says how many",
                               "the number of channels is no part of a patch");
    } else if (strcmp(key, "version") == 0) {
        if (expect_integer(b, at, value, 1, 1e9, &version) && version != 1)
            mega_document_error(b->document, at, "unsupported", "this program reads version 1",
                                "version %u of the document", version);
    } else if (json_is_number(value) && (number = json_number_value(value)) > MEGA_VOICES_MAX) {
        mega_document_error(b->document, at, "limit", NULL, "%.9g voices, at most %d", number,
                            MEGA_VOICES_MAX);
    } else {
        expect_integer(b, at, value, 1, MEGA_VOICES_MAX, &patch->voices);
    }
}

bool mega_patch_key_known(const char *key) {
    for (size_t i = 0; i < COUNT(own_keys); i++)
        if (strcmp(key, own_keys[i]) == 0) return true;
    for (size_t i = 0; i < COUNT(later_keys); i++)
        if (strcmp(key, later_keys[i]) == 0) return true;
    return strncmp(key, "x-", 2) == 0;
}

/// What other programs call the connections.
static bool is_cables_word(const char *key) {
    static const char *const words[] = {"cables", "cords", "wires", "edges", "links", "cable"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(key, words[i]) == 0) return true;
    return false;
}

static void build_key(builder *b, const mega_at *at, const char *key, json_t *value) {
    for (size_t i = 0; i < COUNT(later_keys); i++) {
        if (strcmp(key, later_keys[i]) != 0) continue;
        mega_document_error(b->document, at, "unsupported",
                            "remove it: this version has no such section", "`%s` is not supported",
                            key);
        return;
    }
    if (strcmp(key, "name") == 0) {
        if (!expect_string(b, at, value)) return;
        free(b->patch->name);
        b->patch->name = copy_string(b, json_string_value(value));
        return;
    }
    if (mega_section_find(key)) return; // built in their own order, whatever the document's
    for (size_t i = 0; i < COUNT(own_keys); i++) {
        if (strcmp(key, own_keys[i]) != 0) continue;
        build_number(b, at, key, value);
        return;
    }
    if (take_extra(b, key, value, &b->patch->extra)) return;
    const char *keys[MEGA_SECTIONS_MAX + COUNT(own_keys)];
    size_t count = 0;
    for (; count < mega_section_count; count++) keys[count] = mega_sections[count]->key;
    for (size_t i = 0; i < COUNT(own_keys); i++) keys[count++] = own_keys[i];
    mega_document_error(b->document, at, "unknown-key",
                        is_cables_word(key) ? "did you mean `connections`?"
                                            : hint_nearest(key, keys, count, "a patch has").text,
                        "no such key");
}

static void warn_of_unused(builder *b, const mega_at *root) {
    bool has_output = false;
    for (size_t i = 0; i < b->patch->node_count; i++) {
        const mega_module *module = b->patch->nodes[i].module;
        has_output |= module && module->flags & MEGA_LEAVES;
    }
    if (!has_output)
        mega_document_warn(b->document, root, "missing", "add a node of type `output`",
                           "nothing is heard without an output");
    json_t *knobs = json_object_get(b->document->root, "knobs");
    mega_at at_knobs = mega_at_key(root, b->document->root, "knobs");
    for (size_t i = 0; i < b->patch->knob_count; i++) {
        if (b->knob_used[i]) continue;
        mega_at at = mega_at_key(&at_knobs, knobs, b->patch->knobs[i].id);
        mega_document_warn(b->document, &at, "unused", NULL, "the knob drives nothing");
    }
}

const char *hint_file(const json_t *value) {
    if (json_object_get(value, "op"))
        return "these are operations of an edit: `megasynth edit FILE` applies them";
    if (json_object_get(value, "nodes"))
        return "this is a patch: `megasynth load FILE` loads it, `megasynth play FILE` plays it";
    if (json_object_get(value, "at"))
        return "this is a score: `megasynth play PATCH --score FILE` plays it, `megasynth render "
               "PATCH --score FILE` renders it";
    return NULL;
}

static void build_section(builder *b, const mega_at *at, json_t *root,
                          const mega_section *section) {
    json_t *value = json_object_get(root, section->key);
    mega_at here = mega_at_key(at, root, section->key);
    if (value && (b->nodes_known || !section->needs_nodes)) section->build(b, &here, value);
    if (!value && section->required)
        mega_document_error(b->document, at, "missing", NULL, "a patch needs `%s`", section->key);
}

static void build_document(builder *b) {
    json_t *root = b->document->root, *value;
    const char *key;
    mega_at at = {.mark = root};
    if (!json_is_object(root)) {
        mega_document_error(b->document, &at, "bad-type", hint_file(json_array_get(root, 0)),
                            "must be an object, not %s", type_word(root));
        return;
    }
    json_object_foreach(root, key, value) {
        mega_at here = mega_at_key(&at, root, key);
        build_key(b, &here, key, value);
    }
    for (size_t i = 0; i < mega_section_count && !b->document->no_memory; i++)
        build_section(b, &at, root, mega_sections[i]);
    if (b->document->errors == 0) warn_of_unused(b, &at);
}

mega_patch *mega_patch_build(mega_document *document) {
    builder b = {.document = document};
    b.patch = take_memory(&b, 1, sizeof *b.patch);
    if (!b.patch) return NULL;
    b.patch->voices = MEGA_VOICES_DEFAULT;
    b.patch->name = copy_string(&b, "");
    b.node_index = json_object();
    b.knob_index = json_object();
    b.preset_index = json_object();
    if (!b.node_index || !b.knob_index || !b.preset_index) mega_document_no_memory(document);
    if (!document->no_memory) build_document(&b);
    json_decref(b.node_index);
    json_decref(b.knob_index);
    json_decref(b.preset_index);
    free(b.knob_used);
    free(b.names);
    if (document->errors == 0) return b.patch;
    mega_patch_destroy(b.patch);
    return NULL;
}
