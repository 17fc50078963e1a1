// SPDX-License-Identifier: MIT
// signals -- an interrupt is asked for by a flag, so that long work ends in order; what ends the
// program at once takes the file that is half written with it.
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "cli.h"

volatile sig_atomic_t interrupted;
static _Atomic(const char *) guarded;

/// unlink may be called here (POSIX, "Signal Concepts").
static void on_end(int number) {
    const char *part = atomic_load(&guarded);
    if (part) unlink(part);
    signal(number, SIG_DFL);
    raise(number);
}

static void on_interrupt(int number) {
    interrupted = 1;
    signal(number, on_end); // a second one ends the program at once
}

/// As long as nobody has said what to do with it: `nohup` has.
static void catch_unless_ignored(int number, void (*handler)(int)) {
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL) signal(number, handler);
}

void catch_interrupts(void) {
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < COUNT_OF(all); i++) catch_unless_ignored(all[i], on_interrupt);
}

void part_guard(const char *part) {
    static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGXFSZ, SIGALRM};
    for (size_t i = 0; part && i < COUNT_OF(all); i++) catch_unless_ignored(all[i], on_end);
    atomic_store(&guarded, part);
}
