// SPDX-License-Identifier: MIT
// boot -- a server of one's own: started, and ended with this process whatever ends it.
#ifndef LIVE_BOOT_H
#define LIVE_BOOT_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    pid_t pid; ///< 0: none
    char url[256];
    int log; ///< what it says on standard error
} booted;

/// Finds megasynthd (MEGASYNTHD, beside this program, PATH), starts it, waits until it is ready.
/// @param options further ones for it, NULL at the end
/// @return false after a message; nothing runs then
bool boot(booted *b, const char *const *options);
/// Whether it still runs.
bool boot_lives(booted *b);
/// Waits until it has ended, for `seconds`; then makes it end.
void boot_end(booted *b, double seconds);

#endif
