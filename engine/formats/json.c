// SPDX-License-Identifier: MIT
// json -- reads JSON (RFC 8259). A scan of our own goes first: it names syntax errors, bounds depth and count
// before anything is allocated, and knows where each value stands; jansson then makes the tree.
#include <stdlib.h>
#include <string.h>

#include "formats.h"

typedef struct {
    mega_document *document;
    const char *at, *end;
    uint32_t line, column;
    uint32_t depth;
    size_t values;
} scan;

static int peek(const scan *s) { return s->at < s->end ? (unsigned char)*s->at : -1; }

/// Columns count characters, not bytes.
static void advance(scan *s) {
    unsigned char c = (unsigned char)*s->at++;
    if (c == '\n') {
        s->line++;
        s->column = 1;
    } else if ((c & 0xC0) != 0x80) {
        s->column++;
    }
}

static bool fail(const scan *s, const char *message, const char *hint) {
    mega_document_error_at(s->document, "syntax", s->line, s->column, hint, "%s",
                           s->at < s->end ? message : "the text ends too early");
    return false;
}

static void skip_space(scan *s) {
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r') advance(s);
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

// ---- strings, numbers, words ---------------------------------------------------------------------

/// Four hex digits. @return -1 if they are not
static int32_t read_hex(scan *s) {
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(s), low = c | 0x20;
        if (!is_digit(c) && !(low >= 'a' && low <= 'f')) return -1;
        code = code * 16 + (is_digit(c) ? c - '0' : low - 'a' + 10);
        advance(s);
    }
    return code;
}

static bool scan_escape(scan *s) {
    advance(s);
    int c = peek(s);
    if (c != 'u') {
        if (c < 0 || !strchr("\"\\/bfnrt", c)) return fail(s, "there is no such escape", NULL);
        advance(s);
        return true;
    }
    advance(s);
    int32_t code = read_hex(s);
    if (code < 0) return fail(s, "`\\u` takes four hexadecimal digits", NULL);
    if (code == 0) return fail(s, "a string cannot hold the character 0", NULL);
    if (code < 0xD800 || code > 0xDFFF) return true;
    bool paired = code < 0xDC00 && s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u';
    if (paired) {
        advance(s);
        advance(s);
        code = read_hex(s);
        paired = code >= 0xDC00 && code <= 0xDFFF;
    }
    return paired || fail(s, "half of a surrogate pair", NULL);
}

static bool scan_string(scan *s) {
    advance(s);
    while (peek(s) != '"') {
        int c = peek(s);
        if (c < 0) return fail(s, NULL, "a string is not closed");
        if (c < 0x20) return fail(s, "a control character in a string", "write it as an escape");
        if (c != '\\')
            advance(s);
        else if (!scan_escape(s))
            return false;
    }
    advance(s);
    return true;
}

static bool scan_digits(scan *s) {
    if (!is_digit(peek(s))) return fail(s, "a number lacks a digit here", NULL);
    while (is_digit(peek(s))) advance(s);
    return true;
}

static bool scan_number(scan *s) {
    if (peek(s) == '-') advance(s);
    if (peek(s) == '0') {
        advance(s);
        if (is_digit(peek(s))) return fail(s, "a number cannot begin with 0", NULL);
    } else if (!scan_digits(s)) {
        return false;
    }
    if (peek(s) == '.') {
        advance(s);
        if (!scan_digits(s)) return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        advance(s);
        if (peek(s) == '+' || peek(s) == '-') advance(s);
        if (!scan_digits(s)) return false;
    }
    return true;
}

static bool scan_word(scan *s) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(s->end - s->at) < length || memcmp(s->at, words[i], length) != 0) continue;
        for (size_t k = 0; k < length; k++) advance(s);
        return true;
    }
    int c = peek(s);
    const char *hint = c == '\''  ? "strings take double quotes"
                       : c == '/' ? "JSON has no comments"
                       : c == ']' || c == '}' ? "no comma before it"
                       : c == 'N' || c == 'I' ? "numbers are finite"
                                              : NULL;
    return fail(s, "expected a value", hint);
}

// ---- values --------------------------------------------------------------------------------------

static bool scan_value(scan *s, json_t *value);

/// After an item: a comma, or the closing bracket. @return 1 at a comma, 0 at the end, -1 on an error
static int scan_comma(scan *s, int close) {
    skip_space(s);
    int c = peek(s);
    if (c == ',') {
        advance(s);
        skip_space(s);
        return 1;
    }
    if (c == close) {
        advance(s);
        return 0;
    }
    fail(s, close == '}' ? "expected `,` or `}`" : "expected `,` or `]`", NULL);
    return -1;
}

static bool scan_object(scan *s, json_t *object) {
    void *member = json_object_iter(object);
    advance(s);
    skip_space(s);
    if (peek(s) == '}') {
        advance(s);
        return true;
    }
    int more = 1;
    while (more == 1) {
        if (peek(s) != '"')
            return fail(s, "expected a key in double quotes",
                        peek(s) == '}' ? "no comma before it" : NULL);
        if (member) mega_place_add(s->document, json_object_iter_key(member), s->line, s->column);
        if (!scan_string(s)) return false;
        skip_space(s);
        if (peek(s) != ':') return fail(s, "expected `:`", NULL);
        advance(s);
        skip_space(s);
        if (!scan_value(s, member ? json_object_iter_value(member) : NULL)) return false;
        member = member ? json_object_iter_next(object, member) : NULL;
        more = scan_comma(s, '}');
    }
    return more == 0;
}

static bool scan_array(scan *s, json_t *array) {
    advance(s);
    skip_space(s);
    if (peek(s) == ']') {
        advance(s);
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
static bool scan_value(scan *s, json_t *value) {
    int c = peek(s);
    if (s->values++ == MEGA_VALUES_MAX) {
        mega_document_error_at(s->document, "limit", s->line, s->column, NULL,
                               "more than %d values in a document", MEGA_VALUES_MAX);
        return false;
    }
    if (c == '"') return scan_string(s);
    if (c == '-' || is_digit(c)) return scan_number(s);
    if (c != '{' && c != '[') return scan_word(s);
    if (s->depth == MEGA_DEPTH_MAX) {
        mega_document_error_at(s->document, "limit", s->line, s->column, NULL, "nested deeper than %d",
                               MEGA_DEPTH_MAX);
        return false;
    }
    s->depth++;
    bool good = c == '{' ? scan_object(s, value) : scan_array(s, value);
    s->depth--;
    return good;
}

static bool scan_document(mega_document *document) {
    scan s = {.document = document, .at = document->text, .end = document->text + document->bytes,
              .line = 1, .column = 1};
    skip_space(&s);
    mega_place_add(document, document->root, s.line, s.column);
    if (!scan_value(&s, document->root)) return false;
    skip_space(&s);
    return s.at == s.end || fail(&s, "there is more text after the document", NULL);
}

static void locate(mega_document *document) { scan_document(document); }

/// What the scan leaves to jansson: keys given twice, numbers that are too large, UTF-8.
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
    case json_error_invalid_utf8:
        mega_document_error_at(document, "syntax", line, column, NULL, "not UTF-8");
        break;
    default: mega_document_no_memory(document); break;
    }
}

void mega_json_read(mega_document *document) {
    if (!scan_document(document)) return;
    json_error_t error;
    document->root = json_loadb(document->text, document->bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                                &error);
    if (!document->root)
        report_failure(document, &error);
    else
        document->locate = locate;
}
