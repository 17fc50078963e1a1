// SPDX-License-Identifier: MIT
#include "live/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exits.h"
#include "cli.h"
#include "live/link.h"

enum { OPTIONS_MAX = 32, POLL_MS = 10, SLICE_MS = 100 };
static const double ready_seconds = 20;

// ---- the program -------------------------------------------------------------------------------

void boot_program(char path[512]) {
    const char *given = getenv("MEGASYNTHD");
    if (given && *given) {
        snprintf(path, 512, "%s", given);
        return;
    }
    char own[480];
    ssize_t bytes = readlink("/proc/self/exe", own, sizeof own - 1);
    own[bytes > 0 ? bytes : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash) snprintf(path, 512, "%.*s/megasynthd", (int)(slash - own), own);
    if (!slash || access(path, X_OK) != 0) strcpy(path, "megasynthd");
}

ask_result boot_ask(const char *option, double seconds, char *text, size_t room) {
    char program[512];
    int ends[2], status = -1;
    boot_program(program);
    text[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) return ASK_FAILED;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDERR_FILENO); // sound libraries say much there
        execlp(program, program, option, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t used = 0;
    double until = clock_seconds() + seconds, left = seconds;
    while (child > 0 && used + 1 < room && (left = until - clock_seconds()) > 0 && !interrupted) {
        struct pollfd watched = {.fd = ends[0], .events = POLLIN};
        if (poll(&watched, 1, SLICE_MS) <= 0) continue;
        ssize_t got = read(ends[0], text + used, room - used - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        used += (size_t)got;
    }
    text[used] = '\0';
    close(ends[0]);
    if (child > 0 && (left <= 0 || interrupted)) kill(child, SIGKILL);
    if (child > 0) waitpid(child, &status, 0);
    if (left <= 0) return ASK_LATE;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ASK_DONE : ASK_FAILED;
}

/// In the child, between fork and exec: only what is safe there.
static void become(char **argv, int ready, int log, pid_t parent) {
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    fcntl(ready, F_SETFD, 0);
    setpgid(0, 0); // Ctrl-C is for the parent, which ends it in order
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); // before the server asks for it itself
    if (getppid() != parent) _exit(EXIT_FAILED);
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

// ---- when it fails -----------------------------------------------------------------------------

static const char *exit_meaning(int code) {
    switch (code) {
        // Example: X(AUDIO, 3, "...")  Becomes: case 3: return "...";
#define X(name, number, doc)                                                                       \
    case number: return doc;
        EXITS
#undef X
    case 127:
        return "megasynthd not found or not executable; build it, or set MEGASYNTHD to its path";
    default: return "killed";
    }
}

/// The last line of its log, which states the cause.
static void last_line(int log, char line[400]) {
    char text[4096];
    off_t end = lseek(log, 0, SEEK_END), from = end > 4095 ? end - 4095 : 0;
    ssize_t bytes = pread(log, text, 4095, from);
    while (bytes > 0 && strchr("\n\r ", text[bytes - 1])) bytes--;
    text[bytes > 0 ? bytes : 0] = '\0';
    const char *start = strrchr(text, '\n');
    snprintf(line, 400, "%.399s", start ? start + 1 : text);
}

static bool failed(booted *b, const char *program, bool late) {
    int status = 0;
    if (late || interrupted) kill(b->pid, SIGKILL);
    waitpid(b->pid, &status, 0);
    char line[400];
    last_line(b->log, line);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (interrupted) return false;
    if (late) say("%s: not ready after %g s; run it alone to see its log", program, ready_seconds);
    else
        say("%s failed with exit status %d, %s%s%s", program, code, exit_meaning(code),
            *line ? ": " : "", line);
    return false;
}

// ---- start -------------------------------------------------------------------------------------

/// "ready URL URL ...": the first that is best. @return false if it does not come
static bool read_ready(int from, char url[256], bool *late) {
    char line[1024];
    size_t used = 0;
    double until = clock_seconds() + ready_seconds;
    while (used + 1 < sizeof line && !memchr(line, '\n', used)) {
        struct pollfd watched = {.fd = from, .events = POLLIN};
        if (interrupted) return false;
        if (clock_seconds() > until) {
            *late = true;
            return false;
        }
        if (poll(&watched, 1, 100) <= 0) continue;
        ssize_t got = read(from, line + used, sizeof line - used - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false; // it has ended
        used += (size_t)got;
    }
    line[used] = '\0';
    const char *at = strstr(line, " unix:");
    if (!at) at = strstr(line, " tcp:");
    if (!at) return false;
    snprintf(url, 256, "%.*s", (int)strcspn(at + 1, " \n"), at + 1);
    return true;
}

static void close_log(booted *b) {
    if (b->log >= 0) close(b->log);
    b->log = -1;
}

bool boot(booted *b, const char *const *options) {
    char program[512], name[32], fd[16];
    int ready[2];
    *b = (booted){.log = memfd_create("megasynthd-log", MFD_CLOEXEC)};
    if (b->log < 0 || pipe2(ready, O_CLOEXEC) != 0) {
        say("cannot start a server: %s", strerror(errno));
        close_log(b);
        return false;
    }
    boot_program(program);
    snprintf(name, sizeof name, "play-%ld", (long)getpid());
    snprintf(fd, sizeof fd, "%d", ready[1]);
    const char *argv[OPTIONS_MAX] = {program,      "--name",  name,          "--port",
                                     "0",          "--state", "none",        "--exit-with-parent",
                                     "--ready-fd", fd,        "--log-level", "warning"};
    int count = 12;
    while (*options && count < OPTIONS_MAX - 1) argv[count++] = *options++;
    pid_t parent = getpid();
    b->pid = fork();
    if (b->pid == 0) become((char **)argv, ready[1], b->log, parent);
    close(ready[1]);
    bool late = false, good = b->pid > 0 && read_ready(ready[0], b->url, &late);
    close(ready[0]);
    if (b->pid < 0) say("cannot start a server: %s", strerror(errno));
    else if (!good) failed(b, program, late);
    if (good) return true;
    b->pid = 0;
    close_log(b);
    return false;
}

// ---- end ---------------------------------------------------------------------------------------

bool boot_lives(booted *b) {
    if (b->pid && waitpid(b->pid, NULL, WNOHANG) == b->pid) b->pid = 0;
    return b->pid != 0;
}

static bool ends_in(booted *b, double seconds) {
    for (double until = clock_seconds() + seconds; boot_lives(b);) {
        if (clock_seconds() > until) return false;
        poll(NULL, 0, POLL_MS);
    }
    return true;
}

void boot_end(booted *b, double seconds) {
    if (b->pid && !ends_in(b, seconds)) {
        kill(b->pid, SIGTERM);
        if (!ends_in(b, seconds)) {
            kill(b->pid, SIGKILL);
            waitpid(b->pid, NULL, 0);
            b->pid = 0;
        }
    }
    close_log(b);
}
