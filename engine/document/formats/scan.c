// SPDX-License-Identifier: MIT
// scan -- characters, strings and numbers as JSON spells them (RFC 8259), for the readers of text.
#include "document/formats/scan.h"

#include <string.h>

bool mega_scan_begin(mega_scan *s, mega_document *document) {
    const char *text = document->bytes ? document->text : "";
    *s = (mega_scan){
        .document = document, .at = text, .end = text + document->bytes, .line = 1, .column = 1};
    size_t good = mega_text_length(text, document->bytes);
    if (good == document->bytes) return true;
    while (s->at < text + good) mega_scan_advance(s);
    return mega_scan_fail(s, "not UTF-8, or the character 0", NULL);
}

int mega_scan_peek(const mega_scan *s) { return s->at < s->end ? (unsigned char)*s->at : -1; }

// Columns count characters, not bytes.
void mega_scan_advance(mega_scan *s) {
    unsigned char c = (unsigned char)*s->at++;
    if (c == '\n') {
        s->line++;
        s->column = 1;
    } else if ((c & 0xC0) != 0x80) {
        s->column++;
    }
}

bool mega_scan_fail(const mega_scan *s, const char *message, const char *hint) {
    mega_document_error_at(s->document, "syntax", s->line, s->column, hint, "%s",
                           s->at < s->end ? message : "the text ends too early");
    return false;
}

bool mega_scan_count(mega_scan *s) {
    if (s->values++ < MEGA_VALUES_MAX) return true;
    mega_document_error_at(s->document, "limit", s->line, s->column, NULL,
                           "more than %d values in a document", MEGA_VALUES_MAX);
    return false;
}

bool mega_scan_open(mega_scan *s, uint32_t depth_max) {
    if (s->depth++ < depth_max) return true;
    mega_document_error_at(s->document, "limit", s->line, s->column, NULL, "nested deeper than %u",
                           depth_max);
    return false;
}

void mega_scan_space(mega_scan *s) {
    while (mega_scan_peek(s) == ' ' || mega_scan_peek(s) == '\t' || mega_scan_peek(s) == '\n' ||
           mega_scan_peek(s) == '\r')
        mega_scan_advance(s);
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

/// Four hex digits. @return -1 if they are not
static int32_t read_hex(mega_scan *s) {
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int c = mega_scan_peek(s), low = c | 0x20;
        if (!is_digit(c) && !(low >= 'a' && low <= 'f')) return -1;
        code = code * 16 + (is_digit(c) ? c - '0' : low - 'a' + 10);
        mega_scan_advance(s);
    }
    return code;
}

static bool scan_escape(mega_scan *s) {
    mega_scan_advance(s);
    int c = mega_scan_peek(s);
    if (c != 'u') {
        if (c <= 0 || !strchr("\"\\/bfnrt", c))
            return mega_scan_fail(s, "there is no such escape", NULL);
        mega_scan_advance(s);
        return true;
    }
    mega_scan_advance(s);
    int32_t code = read_hex(s);
    if (code < 0) return mega_scan_fail(s, "`\\u` takes four hexadecimal digits", NULL);
    if (code == 0) return mega_scan_fail(s, "a string cannot hold the character 0", NULL);
    if (code < 0xD800 || code > 0xDFFF) return true;
    bool paired = code < 0xDC00 && s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u';
    if (paired) {
        mega_scan_advance(s);
        mega_scan_advance(s);
        code = read_hex(s);
        paired = code >= 0xDC00 && code <= 0xDFFF;
    }
    return paired || mega_scan_fail(s, "half of a surrogate pair", NULL);
}

bool mega_scan_string(mega_scan *s) {
    mega_scan_advance(s);
    while (mega_scan_peek(s) != '"') {
        int c = mega_scan_peek(s);
        if (c < 0) return mega_scan_fail(s, NULL, "a string is not closed");
        if (c < 0x20)
            return mega_scan_fail(s, "a control character in a string", "write it as an escape");
        if (c != '\\') mega_scan_advance(s);
        else if (!scan_escape(s)) return false;
    }
    mega_scan_advance(s);
    return true;
}

static bool scan_digits(mega_scan *s) {
    if (!is_digit(mega_scan_peek(s))) return mega_scan_fail(s, "a number lacks a digit here", NULL);
    while (is_digit(mega_scan_peek(s))) mega_scan_advance(s);
    return true;
}

bool mega_scan_number(mega_scan *s) {
    if (mega_scan_peek(s) == '-') mega_scan_advance(s);
    if (mega_scan_peek(s) == '0') {
        mega_scan_advance(s);
        if (is_digit(mega_scan_peek(s)))
            return mega_scan_fail(s, "a number cannot begin with 0", NULL);
    } else if (!scan_digits(s)) {
        return false;
    }
    if (mega_scan_peek(s) == '.') {
        mega_scan_advance(s);
        if (!scan_digits(s)) return false;
    }
    if (mega_scan_peek(s) == 'e' || mega_scan_peek(s) == 'E') {
        mega_scan_advance(s);
        if (mega_scan_peek(s) == '+' || mega_scan_peek(s) == '-') mega_scan_advance(s);
        if (!scan_digits(s)) return false;
    }
    return true;
}
