// SPDX-License-Identifier: MIT
// sexp_scan -- from text to the items of S-expressions: lists, symbols, strings and numbers as in
// JSON, comments from `;` to the end of the line.
#include "document/formats/sexp.h"

#include <stdlib.h>
#include <string.h>

#include "document/formats/scan.h"

static bool is_symbol_character(int c) { return c > ' ' && c != 0x7F && !strchr("()\";", c); }

/// Whether all of it is spelled as a number.
static bool is_number(const char *bytes, size_t count) {
    mega_document quiet = {.text = bytes, .bytes = count};
    mega_scan s;
    mega_scan_begin(&s, &quiet);
    int first = mega_scan_peek(&s);
    return (first == '-' || (first >= '0' && first <= '9')) && mega_scan_number(&s) &&
           s.at == s.end;
}

bool sexp_is_symbol(const char *name, size_t bytes) {
    static const char *const taken[] = {"true", "false", "null", "->"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0) return false;
    for (size_t i = 0; i < bytes; i++)
        if (!is_symbol_character((unsigned char)name[i])) return false;
    return bytes > 0 && !is_number(name, bytes);
}

static sexp_item *add_item(mega_scan *s, sexp_items *items, sexp_kind kind) {
    if (!mega_scan_count(s)) return NULL;
    if (items->count == items->capacity) {
        size_t capacity = items->capacity ? items->capacity * 2 : 256;
        sexp_item *grown = realloc(items->items, capacity * sizeof *grown);
        if (!grown) {
            mega_document_no_memory(s->document);
            return NULL;
        }
        items->items = grown;
        items->capacity = capacity;
    }
    sexp_item *item = &items->items[items->count++];
    *item = (sexp_item){.kind = kind,
                        .line = s->line,
                        .column = s->column,
                        .start = (uint32_t)(s->at - s->document->text),
                        .next = (uint32_t)items->count};
    return item;
}

static bool scan_atom(mega_scan *s, sexp_items *items) {
    bool string = mega_scan_peek(s) == '"';
    sexp_item *item = add_item(s, items, string ? SEXP_STRING : SEXP_SYMBOL);
    if (!item) return false;
    if (string && !mega_scan_string(s)) return false;
    if (!string && !is_symbol_character(mega_scan_peek(s)))
        return mega_scan_fail(s, "a control character", NULL);
    while (!string && is_symbol_character(mega_scan_peek(s))) mega_scan_advance(s);
    item->bytes = (uint32_t)(s->at - s->document->text) - item->start;
    if (!string && is_number(s->document->text + item->start, item->bytes))
        item->kind = SEXP_NUMBER;
    return true;
}

static void skip_comments(mega_scan *s) {
    mega_scan_space(s);
    while (mega_scan_peek(s) == ';') {
        while (mega_scan_peek(s) >= 0 && mega_scan_peek(s) != '\n') mega_scan_advance(s);
        mega_scan_space(s);
    }
}

static bool scan_items(mega_scan *s, sexp_items *items) {
    uint32_t open[SEXP_DEPTH_MAX]; // the lists that are not closed yet
    for (skip_comments(s); mega_scan_peek(s) >= 0; skip_comments(s)) {
        if (mega_scan_peek(s) == '(') {
            if (!mega_scan_open(s, SEXP_DEPTH_MAX) || !add_item(s, items, SEXP_LIST)) return false;
            open[s->depth - 1] = (uint32_t)items->count - 1;
            mega_scan_advance(s);
        } else if (mega_scan_peek(s) == ')') {
            if (s->depth == 0) return mega_scan_fail(s, "a `)` too many", NULL);
            items->items[open[--s->depth]].next = (uint32_t)items->count;
            mega_scan_advance(s);
        } else if (!scan_atom(s, items)) {
            return false;
        }
    }
    if (s->depth == 0) return true;
    const sexp_item *list = &items->items[open[s->depth - 1]];
    mega_document_error_at(s->document, "syntax", list->line, list->column, NULL,
                           "the list that begins here is not closed");
    return false;
}

bool sexp_scan(mega_document *document, sexp_items *items) {
    mega_scan s;
    return mega_scan_begin(&s, document) && scan_items(&s, items);
}
