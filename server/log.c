// SPDX-License-Identifier: MIT
#include "log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"error", "warning", "info", "debug"};

static struct {
    log_level most;
    bool as_json;
    log_listener *listener;
    void *context;
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

static void time_text(char *to, size_t bytes) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(to, bytes, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(to + used, bytes - used, ".%03ldZ", now.tv_nsec / 1000000);
}

void log_line(log_level level, const char *event, const char *format, ...) {
    if (level > state.most) return;
    char text[1024], time[40], line[1400];
    va_list rest;
    va_start(rest, format);
    vsnprintf(text, sizeof text, format, rest);
    va_end(rest);
    time_text(time, sizeof time);
    char *json = NULL;
    if (state.as_json) {
        json_t *object = json_pack("{s:s, s:s, s:s, s:s*}", "time", time, "level", names[level],
                                   "event", event, "message", text);
        json = json_dumps(object, JSON_COMPACT);
        json_decref(object);
    }
    int used = json
                   ? snprintf(line, sizeof line, "%s\n", json)
                   : snprintf(line, sizeof line, "%s %s %s: %s\n", time, names[level], event, text);
    free(json);
    if (used >= (int)sizeof line) used = (int)sizeof line - 1;
    if (write(STDERR_FILENO, line, (size_t)used) < 0) return; // nowhere left to say it
    if (state.listener) state.listener(state.context, level, event, text);
}
