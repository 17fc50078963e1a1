// SPDX-License-Identifier: MIT
// terminal -- keys as they are typed, and a page instead of lines; put back on every way out but
// kill -9.
#ifndef LIVE_TERMINAL_H
#define LIVE_TERMINAL_H

#include <stdbool.h>

/// Keys at once and unseen; with `page` on a screen of its own. What asks the program to end sets
/// `interrupted`. @return false if standard input is no terminal
bool terminal_begin(bool page);
void terminal_end(void);
/// Its size; 24 x 80 if it does not tell.
void terminal_size(int *lines, int *columns);
/// Shows a text in place of the page before.
void terminal_show(const char *text, unsigned long bytes);
/// The next key, or -1 if there is none yet; -2 if the terminal is gone.
int terminal_key(void);

#endif
