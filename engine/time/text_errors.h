// SPDX-License-Identifier: MIT
// text_errors -- what is wrong with a score or a line of notes: collected with their places, so
// that a reader reports them all at once.
#ifndef MEGA_TEXT_ERRORS_H
#define MEGA_TEXT_ERRORS_H

#include <stddef.h>
#include <stdint.h>

enum { MEGA_TEXT_ERRORS_MAX = 100 }; ///< a generated score can repeat one error a million times

typedef struct {
    uint32_t line, column; ///< 0: unknown
    char *text;            ///< without control characters; NULL: there was no memory for it
} mega_text_place;

/// All zero is none.
typedef struct {
    uint32_t line, column; ///< the reader's position in the text; 0: unknown
    size_t count;          ///< all errors
    size_t kept;           ///< of these, at most MEGA_TEXT_ERRORS_MAX
    mega_text_place errors[MEGA_TEXT_ERRORS_MAX];
} mega_text_errors;

/// Adds an error at the reader's position.
void mega_text_error(mega_text_errors *errors, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// Sorts the kept errors by their places; those without a line come last.
void mega_text_errors_sort(mega_text_errors *errors);
void mega_text_errors_finish(mega_text_errors *errors);

#endif
