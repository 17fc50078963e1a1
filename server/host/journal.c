// SPDX-License-Identifier: MIT
// journal -- the state on disk, written while the server runs so that one that is killed can go on.
// How often it was tried is counted in a file beside it: a state that brings the server down does
// so three times, not for ever.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "host/state.h"
#include "lanes/lanes.h"
#include "log.h"

enum { ATTEMPTS_MAX = 3 };
#define WRITE_NS UINT64_C(1000000000)    // at most so often
#define HEALTHY_NS UINT64_C(10000000000) // up for so long: the state is not to blame

static struct {
    bool writing;
    uint64_t written_ns, resumed_ns;
} journal;

static void write_state(server *s, json_t *state) {
    char cause[512];
    char *text = json_dumps(state, JSON_INDENT(1) | JSON_SORT_KEYS);
    if (!text || !file_replace(s->options->state_file, text, strlen(text), cause, sizeof cause))
        log_line(LOG_WARNING, "state.write", "%s", text ? cause : "out of memory");
    free(text);
}

// ---- while it runs ----------------------------------------------------------------------------

static void work(task *t) {
    state_finish(t->server, t->calls[0].answer);
    write_state(t->server, t->calls[0].answer);
}

static void landed(task *t) {
    (void)t;
    journal.writing = false;
    journal.written_ns = now_ns();
}

static void attempts_path(const server *s, char *path, size_t bytes) {
    snprintf(path, bytes, "%s.attempts", s->options->state_file);
}

static void forget_attempts(server *s) {
    char path[600];
    attempts_path(s, path, sizeof path);
    unlink(path);
    journal.resumed_ns = 0;
}

void journal_tick(server *s) {
    uint64_t now = now_ns();
    if (!s->options->state_file) return;
    if (journal.resumed_ns && now - journal.resumed_ns > HEALTHY_NS) forget_attempts(s);
    if (!s->state_changed || journal.writing || now - journal.written_ns < WRITE_NS) return;
    task *t = task_own(s, "/state/get", NULL);
    if (!t) return;
    s->state_changed = false;
    journal.writing = true;
    t->calls[0].answer = state_begin(s);
    t->work = work;
    t->landed = landed;
    builder_submit(s->builder, t);
}

void journal_end(server *s) {
    if (!s->options->state_file) return;
    if (journal.resumed_ns) forget_attempts(s);
    if (!s->state_changed) return;
    json_t *state = state_begin(s);
    state_finish(s, state);
    write_state(s, state);
    json_decref(state);
}

// ---- resume -----------------------------------------------------------------------------------

/// @return the number of this attempt
static long count_attempt(server *s) {
    char path[600], cause[256], text[32];
    size_t bytes;
    attempts_path(s, path, sizeof path);
    char *before = file_read(path, 64, &bytes, cause, sizeof cause);
    long count = (before ? strtol(before, NULL, 10) : 0) + 1;
    free(before);
    snprintf(text, sizeof text, "%ld\n", count);
    if (!file_replace(path, text, strlen(text), cause, sizeof cause))
        log_line(LOG_WARNING, "state.attempts", "%s", cause);
    return count;
}

static bool take(server *s, const json_t *state) {
    task *t = task_own(s, "/state/load", NULL);
    if (!t) return false;
    call *c = &t->calls[0];
    state_plan *plan = state_read(c, state);
    bool ok = plan && state_make_synths(c, plan) && state_build(c, plan);
    if (plan) state_enter(c, plan);
    state_plan_destroy(plan);
    ok = ok && !c->code;
    task_finish(t); // says what was wrong
    return ok;
}

bool journal_resume(server *s) {
    char cause[512];
    size_t bytes;
    const char *path = s->options->state_file;
    if (!s->options->resume || !path) return false;
    char *text = file_read(path, limit_file_bytes_max * 4, &bytes, cause, sizeof cause);
    if (!text) {
        log_line(LOG_INFO, "state.none", "%s", cause);
        return false;
    }
    long attempt = count_attempt(s);
    char aside[600];
    snprintf(aside, sizeof aside, "%s.bad", path);
    json_error_t where;
    json_t *state =
        attempt <= ATTEMPTS_MAX ? json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (attempt > ATTEMPTS_MAX)
        log_line(LOG_WARNING, "state.crashes",
                 "the server ended badly %d times with %s: starting without it", ATTEMPTS_MAX,
                 path);
    else if (!state) log_line(LOG_WARNING, "state.bad", "%s:%d: %s", path, where.line, where.text);
    bool ok = state && take(s, state);
    if (!ok && rename(path, aside) == 0) // it will be written anew: what could not be read is kept
        log_line(LOG_WARNING, "state.aside", "%s is kept as %s", path, aside);
    if (ok) log_line(LOG_INFO, "state.resumed", "%s", path);
    journal.resumed_ns = now_ns();
    free(text);
    json_decref(state);
    return ok;
}
