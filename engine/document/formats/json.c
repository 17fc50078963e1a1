// SPDX-License-Identifier: MIT
// json -- reads JSON (RFC 8259). A scan of our own goes first: it names syntax errors, bounds depth
// and count before anything is allocated, and knows where each value stands; jansson then makes the
// tree.
#include <stdlib.h>
#include <string.h>

#include "document/formats/scan.h"

static bool scan_word(mega_scan *s) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(s->end - s->at) < length || memcmp(s->at, words[i], length) != 0) continue;
        for (size_t k = 0; k < length; k++) mega_scan_advance(s);
        return true;
    }
    int c = mega_scan_peek(s);
    const char *hint = c == '\''              ? "strings take double quotes"
                       : c == '/'             ? "JSON has no comments"
                       : c == ']' || c == '}' ? "no comma before it"
                       : c == 'N' || c == 'I' ? "numbers are finite"
                                              : NULL;
    return mega_scan_fail(s, "expected a value", hint);
}

// ---- values ------------------------------------------------------------------------------------

static bool scan_value(mega_scan *s, json_t *value);

/// After an item: a comma, or the closing bracket. @return 1 at a comma, 0 at the end, -1 on an
/// error
static int scan_comma(mega_scan *s, int close) {
    mega_scan_space(s);
    int c = mega_scan_peek(s);
    if (c == ',') {
        mega_scan_advance(s);
        mega_scan_space(s);
        return 1;
    }
    if (c == close) {
        mega_scan_advance(s);
        return 0;
    }
    mega_scan_fail(s, close == '}' ? "expected `,` or `}`" : "expected `,` or `]`", NULL);
    return -1;
}

static bool scan_object(mega_scan *s, json_t *object) {
    void *member = json_object_iter(object);
    mega_scan_advance(s);
    mega_scan_space(s);
    if (mega_scan_peek(s) == '}') {
        mega_scan_advance(s);
        return true;
    }
    int more = 1;
    while (more == 1) {
        if (mega_scan_peek(s) != '"')
            return mega_scan_fail(s, "expected a key in double quotes",
                                  mega_scan_peek(s) == '}' ? "no comma before it" : NULL);
        if (member) mega_place_add(s->document, json_object_iter_key(member), s->line, s->column);
        if (!mega_scan_string(s)) return false;
        mega_scan_space(s);
        if (mega_scan_peek(s) != ':') return mega_scan_fail(s, "expected `:`", NULL);
        mega_scan_advance(s);
        mega_scan_space(s);
        if (!scan_value(s, member ? json_object_iter_value(member) : NULL)) return false;
        member = member ? json_object_iter_next(object, member) : NULL;
        more = scan_comma(s, '}');
    }
    return more == 0;
}

static bool scan_array(mega_scan *s, json_t *array) {
    mega_scan_advance(s);
    mega_scan_space(s);
    if (mega_scan_peek(s) == ']') {
        mega_scan_advance(s);
        return true;
    }
    int more = 1;
    for (size_t i = 0; more == 1; i++) {
        json_t *item = array ? json_array_get(array, i) : NULL;
        if (item && !json_is_boolean(item) && !json_is_null(item))
            mega_place_add(s->document, item, s->line, s->column);
        if (!scan_value(s, item)) return false;
        more = scan_comma(s, ']');
    }
    return more == 0;
}

/// @param value what jansson made of it, to note its place; NULL while there is no tree yet
static bool scan_value(mega_scan *s, json_t *value) {
    int c = mega_scan_peek(s);
    if (!mega_scan_count(s)) return false;
    if (c == '"') return mega_scan_string(s);
    if (c == '-' || (c >= '0' && c <= '9')) return mega_scan_number(s);
    if (c != '{' && c != '[') return scan_word(s);
    if (!mega_scan_open(s, MEGA_DEPTH_MAX + s->document->is_edit)) return false;
    bool good = c == '{' ? scan_object(s, value) : scan_array(s, value);
    s->depth--;
    return good;
}

static bool scan_document(mega_document *document) {
    mega_scan s;
    if (!mega_scan_begin(&s, document)) return false;
    mega_scan_space(&s);
    mega_place_add(document, document->root, s.line, s.column);
    if (!scan_value(&s, document->root)) return false;
    mega_scan_space(&s);
    return s.at == s.end || mega_scan_fail(&s, "there is more text after the document", NULL);
}

static void locate(mega_document *document) { scan_document(document); }

/// What the scan leaves to jansson: keys given twice, and numbers that are too large.
static void report_failure(mega_document *document, const json_error_t *error) {
    uint32_t line = error->line > 0 ? (uint32_t)error->line : 0;
    uint32_t column = error->column > 0 ? (uint32_t)error->column : 0;
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        mega_document_error_at(document, "duplicate", line, column, NULL, "%s", error->text);
        break;
    case json_error_numeric_overflow:
        mega_document_error_at(document, "bad-value", line, column, NULL, "%s", error->text);
        break;
    default: mega_document_no_memory(document); break;
    }
}

void mega_json_read(mega_document *document) {
    if (!scan_document(document)) return;
    json_error_t error = {0}; // jansson writes no code where it has no memory to begin
    document->root = json_loadb(document->text, document->bytes,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!document->root) report_failure(document, &error);
    else document->locate = locate;
}
