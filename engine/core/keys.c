// SPDX-License-Identifier: MIT
// keys -- names of notes as numbers of keys.
#include <ctype.h>
#include <string.h>

#include "megasynth.h"

enum { ACCIDENTALS_MAX = 2 };

/// A sharp or flat, as typed or as printed; moves past it. @return 1, -1, or 0
static int accidental(const char **at) {
    static const struct {
        const char *spelling;
        int semitones;
    } all[] = {{"#", 1}, {"b", -1}, {"\u266F", 1}, {"\u266D", -1}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t bytes = strlen(all[i].spelling);
        if (strncmp(*at, all[i].spelling, bytes) != 0) continue;
        *at += bytes;
        return all[i].semitones;
    }
    return 0;
}

bool mega_key_of_name(const char *text, const char **end, int *key) {
    static const int above_c[] = {9, 11, 0, 2, 4, 5, 7}; // from A to G
    int letter = toupper((unsigned char)*text) - 'A';
    if (letter < 0 || letter > 'G' - 'A') return false;
    const char *at = text + 1;
    int semitones = above_c[letter];
    for (int count = 0, sign; count < ACCIDENTALS_MAX && (sign = accidental(&at)) != 0; count++)
        semitones += sign;
    bool below = *at == '-';
    at += below;
    if (!isdigit((unsigned char)*at)) return false;
    int octave = *at++ - '0';
    *key = 12 * ((below ? -octave : octave) + 1) + semitones;
    if (end) *end = at;
    return *key >= 0 && *key <= 127 && (end || !*at);
}
