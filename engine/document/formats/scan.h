// SPDX-License-Identifier: MIT
// scan -- walks a text and knows the line and column; strings and numbers as JSON spells them.
#ifndef MEGA_SCAN_H
#define MEGA_SCAN_H

#include "document/formats/formats.h"

typedef struct {
    mega_document *document; ///< takes the errors
    const char *at, *end;
    uint32_t line, column;
    uint32_t depth; ///< brackets open
    size_t values;
} mega_scan;

/// @return false, with the error reported, if the text is not UTF-8 or holds the character 0
bool mega_scan_begin(mega_scan *s, mega_document *document);
/// The next byte, or -1 at the end.
int mega_scan_peek(const mega_scan *s);
void mega_scan_advance(mega_scan *s);
void mega_scan_space(mega_scan *s);
/// Reports a syntax error here. @param message for a place before the end of the text. @return
/// false
bool mega_scan_fail(const mega_scan *s, const char *message, const char *hint);
/// Counts a value, or a bracket that opens. @return false with the limit reported
bool mega_scan_count(mega_scan *s);
bool mega_scan_open(mega_scan *s, uint32_t depth_max);

// From its first character to past its last. @return false with the error reported
bool mega_scan_string(mega_scan *s);
bool mega_scan_number(mega_scan *s);

#endif
