// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"error", "warning", "info", "debug"};

static struct {
    log_level most;
    bool as_json;
    log_listener *listener;
    void *context;
    _Atomic unsigned lost; ///< lines since one was written
} state = {.most = LOG_INFO};

bool log_level_of(const char *name, log_level *level) {
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *level = (log_level)i;
        return true;
    }
    return false;
}

const char *log_level_name(log_level level) { return names[level]; }

void log_begin(log_level most, bool as_json) {
    state.most = most;
    state.as_json = as_json;
}

void log_listen(log_listener *listener, void *context) {
    state.listener = listener;
    state.context = context;
}

// ---- standard error ----------------------------------------------------------------------------

/// The same pipe, terminal or file, opened anew: O_NONBLOCK then concerns nobody but us, and the
/// libraries that print there.
static void never_block(int which) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", which);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
    if (own < 0) return; // a socket, or no /proc: put() looks before it writes
    dup2(own, which);
    close(own);
}

void log_open_standard(void) {
    for (int file = 0; file < 3; file++)
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0) abort();
}

void log_never_block(void) {
    never_block(STDOUT_FILENO);
    never_block(STDERR_FILENO);
}

static bool put(const char *line, size_t bytes) {
    ssize_t sent = send(STDERR_FILENO, line, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) {
        struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
        if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT)) return false;
        sent = write(STDERR_FILENO, line, bytes);
    }
    return sent >= 0;
}

// ---- lines ------------------------------------------------------------------------------------

/// What clients write into a line must not look like another.
static void one_line(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F) *text = '?';
}

static void time_text(char *to, size_t bytes) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(to, bytes, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(to + used, bytes - used, ".%03ldZ", now.tv_nsec / 1000000);
}

/// @return its bytes
static int format_line(char *line, size_t room, log_level level, const char *event,
                       const char *text) {
    char time[40];
    time_text(time, sizeof time);
    char *json = NULL;
    if (state.as_json) {
        json_t *object = json_pack("{s:s, s:s, s:s, s:s*}", "time", time, "level", names[level],
                                   "event", event, "message", text);
        json = json_dumps(object, JSON_COMPACT);
        json_decref(object);
    }
    int used = json ? snprintf(line, room, "%s\n", json)
                    : snprintf(line, room, "%s %s %s: %s\n", time, names[level], event, text);
    free(json);
    return used >= (int)room ? (int)room - 1 : used;
}

/// @return false if there is no room for it
static bool put_line(log_level level, const char *event, const char *text) {
    char line[1400];
    int used = format_line(line, sizeof line, level, event, text);
    return put(line, (size_t)used);
}

void log_line(log_level level, const char *event, const char *format, ...) {
    if (level > state.most) return;
    char text[1024], note[40];
    va_list rest;
    va_start(rest, format);
    vsnprintf(text, sizeof text, format, rest);
    va_end(rest);
    one_line(text);
    unsigned lost = atomic_exchange(&state.lost, 0);
    snprintf(note, sizeof note, "%u earlier lines were lost", lost);
    if (lost && !put_line(LOG_WARNING, "log.lost", note)) atomic_fetch_add(&state.lost, lost + 1);
    else if (!put_line(level, event, text)) atomic_fetch_add(&state.lost, 1);
    if (state.listener) state.listener(state.context, level, event, text);
}
