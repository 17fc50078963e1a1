// SPDX-License-Identifier: MIT
// text -- the literals that JSON and S-expressions share.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/formats/formats.h"

/// Length of the character at `bytes` by the table of RFC 3629 (3-7 of Unicode). @return 0 if it is
/// none
static size_t character_bytes(const unsigned char *bytes, size_t count) {
    unsigned char first = bytes[0], low = 0x80, high = 0xBF;
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (first > 0xF4 || length > count) return 0;
    if (first == 0xE0) low = 0xA0;  // shorter spellings
    if (first == 0xED) high = 0x9F; // surrogates
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F; // past the last code point
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] < low || bytes[i] > high) return 0;
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

size_t mega_text_length(const char *bytes, size_t count) {
    size_t good = 0;
    while (good < count && bytes[good]) {
        size_t length = character_bytes((const unsigned char *)bytes + good, count - good);
        if (length == 0) break;
        good += length;
    }
    return good;
}

void mega_text_number(mega_text *text, const json_t *number) {
    char literal[40];
    if (json_is_integer(number)) {
        snprintf(literal, sizeof literal, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
        mega_text_put(text, literal);
        return;
    }
    double value = json_real_value(number);
    mega_double_text(value, 1, literal);
    // The host may have set a locale whose decimal point is another character.
    char *point = literal + strcspn(literal, "0123456789");
    point += strspn(point, "0123456789");
    if (*point && *point != 'e') *point = '.';
    mega_text_put(text, literal);
    if (!strpbrk(literal, ".e")) mega_text_put(text, ".0"); // else it would read back as an integer
}

void mega_text_string(mega_text *text, const char *string, size_t bytes) {
    mega_text_put(text, "\"");
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)string[i];
        char escape[8];
        if (c == '"' || c == '\\') snprintf(escape, sizeof escape, "\\%c", c);
        else if (c == '\n') strcpy(escape, "\\n");
        else if (c == '\t') strcpy(escape, "\\t");
        else if (c < 0x20 || c == 0x7F) snprintf(escape, sizeof escape, "\\u%04x", c);
        else {
            mega_text_add(text, &string[i], 1);
            continue;
        }
        mega_text_put(text, escape);
    }
    mega_text_put(text, "\"");
}
