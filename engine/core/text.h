// SPDX-License-Identifier: MIT
// text -- a text that grows, and numbers as the shortest decimals that read back the same.
#ifndef MEGA_TEXT_H
#define MEGA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/// All zero is an empty one. A NUL follows its bytes. After a failure it stays empty and `failed`.
typedef struct {
    char *text; ///< NULL while nothing was added
    size_t bytes, capacity;
    bool failed; ///< no memory
} mega_text;

void mega_text_add(mega_text *text, const char *bytes, size_t count);
void mega_text_put(mega_text *text, const char *string);
void mega_text_printf(mega_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// What was added, to be freed, "" if that is nothing; the text is empty again.
/// @return NULL without memory, now or before
char *mega_text_finish(mega_text *text);

enum { MEGA_NUMBER_BYTES = 32 }; ///< room for a number

/// A double with as few digits as read back to it, but at least `digits`: 6 spell 100000, 1 1e+05.
const char *mega_double_text(double value, int digits, char room[MEGA_NUMBER_BYTES]);
/// The same of a float, with 6 digits at least: 0.1, not 0.100000001.
const char *mega_float_text(float value, char room[MEGA_NUMBER_BYTES]);
/// A float as the double of its shortest decimal.
double mega_float_decimal(float value);

#endif
