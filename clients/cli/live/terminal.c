// SPDX-License-Identifier: MIT
#include "live/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"

// Another screen, no cursor; and back.
#define PAGE_ON "\033[?1049h\033[?25l\033[2J"
#define PAGE_OFF "\033[?25h\033[?1049l"

static struct termios before, during;
static volatile sig_atomic_t begun, paged;

static void put(const char *text, size_t bytes) {
    while (bytes) {
        ssize_t sent = write(STDOUT_FILENO, text, bytes);
        if (sent < 0 && errno != EINTR && errno != EAGAIN) return;
        if (sent > 0) {
            text += sent;
            bytes -= (size_t)sent;
        }
    }
}

/// Only what a signal handler may do.
static void enter(void) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &during);
    if (paged) put(PAGE_ON, strlen(PAGE_ON));
}

static void leave(void) {
    if (paged) put(PAGE_OFF, strlen(PAGE_OFF));
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void on_end(int number) {
    if (!interrupted) {
        interrupted = 1;
        return;
    }
    leave(); // asked twice: at once
    signal(number, SIG_DFL);
    raise(number);
}

static void on_fault(int number) {
    leave();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_stop(int number) {
    (void)number;
    int kept = errno;
    leave();
    raise(SIGSTOP);
    enter(); // SIGCONT
    errno = kept;
}

void terminal_end(void) {
    if (!begun) return;
    begun = 0;
    leave();
}

bool terminal_begin(bool page) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT},
                     faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPIPE};
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0) return false;
    during = before;
    during.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    during.c_cc[VMIN] = 0;
    during.c_cc[VTIME] = 0;
    paged = page;
    begun = 1;
    atexit(terminal_end);
    for (size_t i = 0; i < COUNT_OF(ends); i++) signal(ends[i], on_end);
    for (size_t i = 0; i < COUNT_OF(faults); i++) signal(faults[i], on_fault);
    signal(SIGTSTP, on_stop);
    enter();
    return true;
}

void terminal_size(int *lines, int *columns) {
    struct winsize size;
    bool told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col;
    *lines = told ? size.ws_row : 24;
    *columns = told ? size.ws_col : 80;
}

void terminal_show(const char *text, unsigned long bytes) {
    put("\033[H", 3);
    while (bytes) {
        const char *end = memchr(text, '\n', bytes);
        size_t line = end ? (size_t)(end - text) : bytes;
        put("\033[K", 3); // what was there before
        put(text, line);
        text += line;
        bytes -= line;
        if (!bytes) break;
        text++;
        if (--bytes) put("\n", 1); // none after the last: the page would move
    }
    put("\033[J", 3);
}

int terminal_key(void) {
    unsigned char key;
    ssize_t got = read(STDIN_FILENO, &key, 1);
    if (got == 1) return key;
    if (got == 0 || errno == EAGAIN || errno == EINTR) return -1;
    return -2;
}
