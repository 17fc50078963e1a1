// SPDX-License-Identifier: MIT
// boot -- a server of one's own: started, and ended with this process whatever ends it.
#ifndef LIVE_BOOT_H
#define LIVE_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct {
    pid_t pid; ///< 0: none
    char url[256];
    int log; ///< what it says on standard error
} booted;

/// Where megasynthd is: MEGASYNTHD, else beside this program, else what PATH has.
void boot_program(char path[512]);
typedef enum { ASK_DONE, ASK_FAILED, ASK_LATE } ask_result;
/// What it prints with one option, at most `room` bytes; given up after `seconds`.
ask_result boot_ask(const char *option, double seconds, char *text, size_t room);
/// Starts it, and waits until it is ready.
/// @param options further ones for it, NULL at the end
/// @return false after a message; nothing runs then
bool boot(booted *b, const char *const *options);
/// Whether it still runs.
bool boot_lives(booted *b);
/// Waits until it has ended, for `seconds`; then makes it end.
void boot_end(booted *b, double seconds);

#endif
