// SPDX-License-Identifier: MIT
// notes -- the short language of --notes: "C4 E4 G4" a melody, "C4+E4+G4" a chord, "-" a rest.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "time/sequence.h"

enum { KEY_MAX = 127, DIGITS_MAX = 12, WORD_SHOWN_MAX = 32 };

/// How much of its beat a note is held, so that two of one key are heard as two; and how hard it is
/// played.
static const double beat_share = 0.9, note_velocity = 0.8;

/// A plain decimal: digits, perhaps a point and digits. (strtod would take `1e9`, `0x10` and `nan`
/// as well.)
static bool decimal(const char *text, const char **end, double *value) {
    size_t whole = strspn(text, "0123456789"), length = whole;
    if (text[whole] == '.') length += 1 + strspn(text + whole + 1, "0123456789");
    if (whole == 0 || whole > DIGITS_MAX) return false;
    *value = strtod(text, NULL);
    *end = text + length;
    return true;
}

bool mega_key_of(const char *text, const char **end, double *key) {
    if (decimal(text, end, key)) return *key >= 0 && *key <= KEY_MAX;
    int number;
    if (!mega_key_of_name(text, end, &number)) return false;
    *key = number;
    return true;
}

static bool is_space(char c) { return c && strchr(" \t\r\n,", c); }

/// The length of what parts two words, from `text` on.
static size_t word_length(const char *text) {
    size_t length = 0;
    while (text[length] && !is_space(text[length])) length++;
    return length;
}

static void word_error(mega_text_errors *errors, const char *word, size_t length, size_t beat) {
    char shown[WORD_SHOWN_MAX + 1];
    size_t count = length < WORD_SHOWN_MAX ? length : WORD_SHOWN_MAX;
    for (size_t i = 0; i < count; i++) shown[i] = isprint((unsigned char)word[i]) ? word[i] : '?';
    shown[count] = '\0';
    mega_text_error(
        errors,
        "`%s` (beat %zu) is not a note; write C4, F#3, Bb-1, a MIDI key 0..127, a chord "
        "C4+E4+G4, or - for a rest",
        shown, beat + 1);
}

/// One word: a rest or the notes of a chord. @return false if it is neither
static bool read_word(const char *word, size_t length, double at, double length_seconds,
                      mega_sequence *s, bool *full) {
    if (length == 1 && *word == '-') return true;
    const char *text = word;
    for (;;) {
        double key;
        if (!mega_key_of(text, &text, &key)) return false;
        if (!mega_sequence_note(s, at, length_seconds, key, note_velocity, -1)) *full = true;
        if (text == word + length) return true;
        if (*text++ != '+') return false;
    }
}

bool mega_notes_read(const char *text, double beat_seconds, mega_sequence *s,
                     mega_text_errors *errors) {
    size_t before = errors->count;
    bool full = false;
    size_t beat = 0;
    for (; *text && !full; text += word_length(text), beat++) {
        while (is_space(*text)) text++;
        if (!*text) break;
        double at = (double)beat * beat_seconds;
        if (at > SEQUENCE_SECONDS_MAX) {
            mega_text_error(errors,
                            "the notes last longer than %d seconds; shorten them or the beat",
                            SEQUENCE_SECONDS_MAX);
            break;
        }
        if (!read_word(text, word_length(text), at, beat_share * beat_seconds, s, &full))
            word_error(errors, text, word_length(text), beat);
    }
    if (full) mega_text_error(errors, "too many notes (limit %d events)", SEQUENCE_EVENTS_MAX);
    if (beat == 0) mega_text_error(errors, "no notes; write some, such as \"C4 E4 G4\"");
    return errors->count == before;
}
