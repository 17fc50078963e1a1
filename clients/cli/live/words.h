// SPDX-License-Identifier: MIT
// words -- lines of a batch: read as they come, taken apart like a shell does.
#ifndef LIVE_WORDS_H
#define LIVE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/// Lines of a file descriptor. All-zero but for `file` is the beginning.
typedef struct {
    int file;
    char *bytes;
    size_t first, used, room, number; ///< of the line last taken, from 1
    bool ended;
} lines;

/// Reads what is there, once. @return false, with errno, if it cannot be read
bool lines_read(lines *l);
/// The next whole line (the last one needs no end), without its end; NULL: read more, or it is
/// over.
char *lines_next(lines *l);
void lines_finish(lines *l);

enum { WORDS_MAX = 256 };
/// Parts a line at spaces, in place; 'quotes', "quotes" and \ keep what is within; # begins a
/// comment.
/// @return the number of words; -1 with the reason
int words_split(char *line, char *words[WORDS_MAX], const char **why);

#endif
