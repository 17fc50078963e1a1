// SPDX-License-Identifier: MIT
// atoms -- the host's numbers and words as text and JSON.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "core/text.h"

/// A host of 32 bits gives 0.1 as 0.100000001490116; what was meant is the shortest decimal that
/// gives the same float, and that is what the same document holds anywhere else.
static void decimal(double number, char text[MEGA_NUMBER_BYTES]) {
    if ((double)(float)number == number) mega_float_text((float)number, text);
    else mega_double_text(number, 15, text);
}

bool mega_atom_text(const mega_atom *atom, char *text, size_t bytes) {
    if (!atom->word) {
        char number[MEGA_NUMBER_BYTES];
        decimal(atom->number, number);
        snprintf(text, bytes, "%s", number);
        return true;
    }
    size_t length = strlen(atom->word);
    if (length >= bytes) length = bytes - 1;
    memcpy(text, atom->word, length);
    text[length] = '\0';
    return atom->word[length] == '\0';
}

json_t *synth_atom_json(const mega_atom *atom) {
    if (atom->word) return json_string(atom->word);
    if (!isfinite(atom->number)) return NULL;
    if (atom->number == rint(atom->number) && fabs(atom->number) < 1e15)
        return json_integer((json_int_t)atom->number);
    char text[MEGA_NUMBER_BYTES];
    decimal(atom->number, text);
    return json_real(strtod(text, NULL));
}

json_t *synth_words_json(size_t count, const mega_atom *atoms) {
    char text[SYNTH_WORDS_BYTES] = "", word[SYNTH_NAME_BYTES];
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        mega_atom_text(&atoms[i], word, sizeof word);
        int more = snprintf(text + length, sizeof text - length, "%s%s", length ? " " : "", word);
        length += more > 0 ? (size_t)more : 0;
        if (length >= sizeof text) length = sizeof text - 1;
    }
    return json_string(text);
}

bool synth_split(const char *text, char *node, char *port) {
    const char *dot = strrchr(text, '.');
    if (!dot || dot == text || !dot[1] || strlen(text) >= SYNTH_NAME_BYTES) return false;
    memcpy(node, text, (size_t)(dot - text));
    node[dot - text] = '\0';
    strcpy(port, dot + 1);
    return true;
}
