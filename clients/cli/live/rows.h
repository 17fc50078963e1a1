// SPDX-License-Identifier: MIT
// rows -- the server's table of commands, and words of a command line typed by it.
#ifndef LIVE_ROWS_H
#define LIVE_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *address;   ///< "/knob/set"
    const char *arguments; ///< "name:s value:f | ramp_ms:f", see server/protocol/commands.def
    unsigned flags;        ///< FLAG_* of server/protocol/command.h
    const char *doc;
} row;

size_t row_count(void);
const row *row_get(size_t index);
/// The row of an address, with or without `/synth/NAME` before it; NULL if there is none.
const row *row_find(const char *address);
/// The address most like a wrong one, or NULL.
const char *row_nearest(const char *address);

/// The arguments as a map: words in the order of the row, and `key=value`. Numbers, maps and lists
/// are read from the word; @FILE is what a file holds.
/// @param row NULL: all is left to the server; words must be key=value then
/// @return NULL, with the reason
json_t *row_arguments(const row *r, char **words, size_t count, char why[256]);

/// One word as a value of a type of the table (s i f b m l a). @return NULL, with the reason
json_t *value_of(char type, const char *key, const char *word, char why[256]);

/// A note's key, 0..127: `60`, `61.5`, `C4`, `f#3`. @return false if it is none
bool key_word(const char *word, double *key);

#endif
