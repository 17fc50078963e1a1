// SPDX-License-Identifier: MIT
// json_place -- walks over JSON text by its brackets and strings alone.
#include "time/json_place.h"

#include <string.h>

static void advance(mega_json_place *p) {
    unsigned char c = (unsigned char)*p->at++;
    if (c == '\n') {
        p->line++;
        p->column = 1;
    } else if ((c & 0xc0) != 0x80) { // else it continues a character
        p->column++;
    }
}

static char peek(const mega_json_place *p) { return p->at < p->end ? *p->at : '\0'; }

static void skip_space(mega_json_place *p) {
    while (peek(p) && strchr(" \t\r\n", peek(p))) advance(p);
}

static void skip_string(mega_json_place *p) {
    advance(p);
    while (p->at < p->end && *p->at != '"') {
        if (*p->at == '\\') advance(p);
        if (p->at < p->end) advance(p);
    }
    if (p->at < p->end) advance(p);
}

/// To the end of a value, its brackets and strings closed.
static void skip_value(mega_json_place *p) {
    for (size_t depth = 0; p->at < p->end;) {
        char c = *p->at;
        if (depth == 0 && strchr(",:]} \t\r\n", c)) return; // after a number or a word
        if (c == '"') skip_string(p);
        else advance(p);
        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth--;
        if (depth == 0 && strchr("\"]}", c)) return;
    }
}

mega_json_place mega_json_place_start(const char *text, size_t bytes) {
    mega_json_place p = {.at = text, .end = text + bytes, .line = 1, .column = 1};
    skip_space(&p);
    return p;
}

void mega_json_place_enter(mega_json_place *p) {
    if (p->at < p->end) advance(p);
    skip_space(p);
}

void mega_json_place_skip(mega_json_place *p) {
    skip_value(p);
    skip_space(p);
    if (peek(p) == ',') mega_json_place_enter(p);
}

bool mega_json_place_member(mega_json_place *p, const char *key) {
    size_t bytes = strlen(key);
    for (mega_json_place_enter(p); peek(p) == '"'; mega_json_place_skip(p)) {
        const char *name = p->at + 1;
        skip_string(p);
        bool found = (size_t)(p->at - name) == bytes + 1 && memcmp(name, key, bytes) == 0;
        skip_space(p);
        mega_json_place_enter(p); // past the colon
        if (found) return true;
    }
    return false;
}
