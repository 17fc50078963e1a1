// SPDX-License-Identifier: MIT
// page -- the text of status and top, made before any of it is shown.
#ifndef LIVE_PAGE_H
#define LIVE_PAGE_H

#include <jansson.h>
#include <stddef.h>

enum { PAGE_WIDE = 240 }; ///< columns, where there is no terminal

/// All-zero but for `columns` is empty.
typedef struct {
    char text[1 << 15];
    size_t used;
    int columns; ///< lines are cut there
} page;

/// A line, without its end.
void page_line(page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// What /status says of the server, its device and its synths.
void page_status(page *p, const json_t *status, const char *url);
/// Modules by what they cost: `now` and `before` are answers of /patch/profile, `seconds` apart.
void page_modules(page *p, const json_t *now, const json_t *before, double seconds, int lines);

#endif
