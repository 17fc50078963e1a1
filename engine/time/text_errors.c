// SPDX-License-Identifier: MIT
#include "time/text_errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mega_text_error(mega_text_errors *errors, const char *format, ...) {
    errors->count++;
    if (errors->kept == MEGA_TEXT_ERRORS_MAX) return;
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    // Messages quote the input: no control character of it may reach a terminal.
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    errors->errors[errors->kept++] =
        (mega_text_place){.line = errors->line, .column = errors->column, .text = strdup(text)};
}

void mega_text_errors_sort(mega_text_errors *errors) {
    // Insertion sort: stable, and there are a hundred at most. Line 0 becomes the highest.
    for (size_t i = 1; i < errors->kept; i++) {
        mega_text_place one = errors->errors[i];
        size_t to = i;
        for (; to && errors->errors[to - 1].line - 1u > one.line - 1u; to--)
            errors->errors[to] = errors->errors[to - 1];
        errors->errors[to] = one;
    }
}

void mega_text_errors_finish(mega_text_errors *errors) {
    for (size_t i = 0; i < errors->kept; i++) free(errors->errors[i].text);
    *errors = (mega_text_errors){0};
}
