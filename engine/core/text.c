// SPDX-License-Identifier: MIT
// text -- a text that grows, and shortest decimals; see text.h.
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_FIRST = 1024 };

/// Makes room for `count` more bytes and the NUL.
static bool grow(mega_text *text, size_t count) {
    if (text->failed) return false;
    if (count < text->capacity - text->bytes) return true;
    size_t capacity = text->capacity ? text->capacity : TEXT_BYTES_FIRST;
    while (capacity - text->bytes <= count) capacity *= 2;
    char *grown = realloc(text->text, capacity);
    if (!grown) {
        free(text->text);
        *text = (mega_text){.failed = true};
        return false;
    }
    text->text = grown;
    text->capacity = capacity;
    return true;
}

void mega_text_add(mega_text *text, const char *bytes, size_t count) {
    if (!grow(text, count)) return;
    memcpy(text->text + text->bytes, bytes, count);
    text->bytes += count;
    text->text[text->bytes] = '\0';
}

void mega_text_put(mega_text *text, const char *string) {
    mega_text_add(text, string, strlen(string));
}

void mega_text_printf(mega_text *text, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int bytes = vsnprintf(NULL, 0, format, list);
    if (bytes > 0 && grow(text, (size_t)bytes)) {
        vsnprintf(text->text + text->bytes, (size_t)bytes + 1, format, again);
        text->bytes += (size_t)bytes;
    }
    va_end(again);
    va_end(list);
}

char *mega_text_finish(mega_text *text) {
    char *made = text->failed || text->text ? text->text : calloc(1, 1);
    *text = (mega_text){0};
    return made;
}

const char *mega_double_text(double value, int digits, char room[MEGA_NUMBER_BYTES]) {
    for (; digits <= 17; digits++) {
        snprintf(room, MEGA_NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(room, NULL) == value) break;
    }
    return room;
}

const char *mega_float_text(float value, char room[MEGA_NUMBER_BYTES]) {
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(room, MEGA_NUMBER_BYTES, "%.*g", digits, (double)value);
        if (strtof(room, NULL) == value) break;
    }
    return room;
}

double mega_float_decimal(float value) {
    char room[MEGA_NUMBER_BYTES];
    return strtod(mega_float_text(value, room), NULL);
}
