// SPDX-License-Identifier: MIT
// document -- a document while it is read: where its values stand, and what is wrong with them.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/formats/formats.h"

// ---- places ------------------------------------------------------------------------------------

static size_t slot_of(const mega_place *places, size_t capacity, const void *mark) {
    size_t slot = (size_t)((uint64_t)(uintptr_t)mark * UINT64_C(0x9E3779B97F4A7C15) >> 20);
    for (slot &= capacity - 1; places[slot].mark && places[slot].mark != mark;)
        slot = (slot + 1) & (capacity - 1);
    return slot;
}

static bool grow_places(mega_document *document) {
    size_t capacity = document->place_capacity ? document->place_capacity * 2 : 64;
    mega_place *places = calloc(capacity, sizeof *places);
    if (!places) return false;
    for (size_t i = 0; i < document->place_capacity; i++)
        if (document->places[i].mark)
            places[slot_of(places, capacity, document->places[i].mark)] = document->places[i];
    free(document->places);
    document->places = places;
    document->place_capacity = capacity;
    return true;
}

void mega_place_add(mega_document *document, const void *mark, uint32_t line, uint32_t column) {
    if (!mark) return;
    if (document->place_count * 2 >= document->place_capacity && !grow_places(document)) return;
    size_t slot = slot_of(document->places, document->place_capacity, mark);
    if (!document->places[slot].mark) document->place_count++;
    document->places[slot] = (mega_place){mark, line, column};
}

static mega_place place_of(mega_document *document, const mega_at *at) {
    if (document->locate) {
        void (*locate)(mega_document *) = document->locate;
        document->locate = NULL;
        locate(document);
    }
    for (; at && document->places; at = at->parent) {
        if (!at->mark) continue;
        mega_place place =
            document->places[slot_of(document->places, document->place_capacity, at->mark)];
        if (place.mark) return place;
    }
    return (mega_place){0};
}

mega_at mega_at_key(const mega_at *parent, json_t *object, const char *key) {
    void *member = json_object_iter_at(object, key);
    return (mega_at){
        .parent = parent, .key = key, .mark = member ? json_object_iter_key(member) : NULL};
}

mega_at mega_at_index(const mega_at *parent, json_t *array, size_t index) {
    json_t *value = json_array_get(array, index);
    bool distinct = value && !json_is_boolean(value) && !json_is_null(value);
    return (mega_at){.parent = parent, .index = index, .mark = distinct ? value : NULL};
}

// ---- reports -----------------------------------------------------------------------------------

enum { PATH_BYTES_MAX = 512, MESSAGE_BYTES_MAX = 600 };

mega_excerpt mega_excerpt_of(const char *text) {
    mega_excerpt excerpt;
    size_t length = strlen(text), kept = length;
    if (length > 40)
        for (kept = 40; kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80;) kept--;
    snprintf(excerpt.text, sizeof excerpt.text, "%.*s%s", (int)kept, text,
             kept < length ? "..." : "");
    return excerpt;
}

/// `nodes.filt.params.cutof`, `connections[3].to`
static size_t write_path(const mega_at *at, char *path, size_t used) {
    if (!at || (!at->parent && !at->key)) return used;
    used = write_path(at->parent, path, used);
    size_t left = PATH_BYTES_MAX - used;
    int length;
    if (at->key)
        length =
            snprintf(path + used, left, "%s%s", used ? "." : "", mega_excerpt_of(at->key).text);
    else length = snprintf(path + used, left, "[%zu]", at->index);
    return length > 0 && (size_t)length < left ? used + (size_t)length : used;
}

static void add(mega_document *document, mega_severity severity, const mega_at *at,
                const char *code, const char *hint, const char *message, va_list arguments) {
    char text[MESSAGE_BYTES_MAX], path[PATH_BYTES_MAX] = "";
    if (severity == MEGA_SEVERITY_ERROR) document->errors++;
    if (!document->report) return;
    vsnprintf(text, sizeof text, message, arguments);
    write_path(at, path, 0);
    mega_place place = place_of(document, at);
    mega_report_add(document->report, severity, code, path, place.line, place.column, hint, "%s",
                    text);
}

void mega_document_error(mega_document *document, const mega_at *at, const char *code,
                         const char *hint, const char *message, ...) {
    va_list arguments;
    va_start(arguments, message);
    add(document, MEGA_SEVERITY_ERROR, at, code, hint, message, arguments);
    va_end(arguments);
}

void mega_document_warn(mega_document *document, const mega_at *at, const char *code,
                        const char *hint, const char *message, ...) {
    va_list arguments;
    va_start(arguments, message);
    add(document, MEGA_SEVERITY_WARNING, at, code, hint, message, arguments);
    va_end(arguments);
}

void mega_document_error_at(mega_document *document, const char *code, uint32_t line,
                            uint32_t column, const char *hint, const char *message, ...) {
    char text[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, message);
    vsnprintf(text, sizeof text, message, arguments);
    va_end(arguments);
    document->errors++;
    mega_report_add(document->report, MEGA_SEVERITY_ERROR, code, "", line, column, hint, "%s",
                    text);
}

void mega_document_no_memory(mega_document *document) {
    if (!document->no_memory)
        mega_report_add(document->report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL,
                        "out of memory");
    document->no_memory = true;
    document->errors++;
}

// ---- reading and writing -----------------------------------------------------------------------

static bool ends_in(const char *name, const char *end) {
    size_t name_length = strlen(name), length = strlen(end);
    if (name_length < length) return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[name_length - length + i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != end[i]) return false;
    }
    return true;
}

MEGA_CONTROL bool mega_format_of_file(const char *file_name, mega_format *format) {
    static const char *const ends[] = {[MEGA_FORMAT_JSON] = ".json",
                                       [MEGA_FORMAT_SEXP] = ".sexp",
                                       [MEGA_FORMAT_MSGPACK] = ".msgpack"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (!ends_in(file_name, ends[i])) continue;
        *format = (mega_format)i;
        return true;
    }
    return false;
}

static bool is_format(mega_format format) { return (unsigned)format <= MEGA_FORMAT_MSGPACK; }

/// Editors of some systems begin a text with a byte order mark.
static void skip_mark(mega_document *document) {
    if (document->bytes < 3 || memcmp(document->text, "\xEF\xBB\xBF", 3) != 0) return;
    document->text += 3;
    document->bytes -= 3;
}

void mega_document_read(mega_document *document, mega_format format) {
    if (format != MEGA_FORMAT_MSGPACK) skip_mark(document);
    if (document->bytes > MEGA_DOCUMENT_BYTES_MAX)
        mega_document_error_at(document, "limit", 0, 0, NULL, "%zu bytes of text, at most %d",
                               document->bytes, MEGA_DOCUMENT_BYTES_MAX);
    else if (format == MEGA_FORMAT_JSON) mega_json_read(document);
    else if (format == MEGA_FORMAT_SEXP) mega_sexp_read(document);
    else if (format == MEGA_FORMAT_MSGPACK) mega_msgpack_read(document);
    else
        mega_document_error_at(document, "unsupported", 0, 0, "JSON, S-expression or MessagePack",
                               "there is no format number %d", (int)format);
}

void mega_document_finish(mega_document *document) {
    json_decref(document->root);
    free(document->places);
}

MEGA_CONTROL mega_patch *mega_patch_read(const void *text, size_t bytes, mega_format format,
                                         mega_report *report) {
    mega_document document = {.text = text, .bytes = bytes, .report = report};
    size_t lost = report ? mega_report_error_count(report) : 0;
    mega_patch *patch = NULL;
    mega_document_read(&document, format);
    if (document.root && !document.no_memory) patch = mega_patch_build(&document);
    mega_document_finish(&document);
    // An entry that the report had no memory for counts as an error too.
    bool failed = document.errors > 0 || (report && mega_report_error_count(report) > lost);
    if (!failed) return patch;
    mega_patch_destroy(patch);
    return NULL;
}

MEGA_CONTROL mega_status mega_patch_write(const mega_patch *patch, mega_format format, char **text,
                                          size_t *bytes) {
    *text = NULL;
    *bytes = 0;
    if (!is_format(format)) return MEGA_ERROR_VALUE;
    json_t *tree = mega_patch_tree(patch);
    if (!tree) return MEGA_ERROR_MEMORY;
    mega_text written = {0};
    if (format == MEGA_FORMAT_JSON) mega_json_write(tree, &written);
    else if (format == MEGA_FORMAT_SEXP) mega_sexp_write(tree, &written);
    else mega_msgpack_write(tree, &written);
    json_decref(tree);
    mega_text_add(&written, "", 1);
    if (written.failed) return MEGA_ERROR_MEMORY;
    *text = written.text;
    *bytes = written.bytes - 1;
    return MEGA_OK;
}
