// SPDX-License-Identifier: MIT
// journal -- the state on disk, written while the server runs so that one that is killed can go on.
// How often it was tried is counted in a file beside it: a state that brings the server down does
// so three times, not for ever.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/files.h"
#include "base/log.h"
#include "requests/requests.h"
#include "state/journal.h"
#include "state/state.h"

enum { ATTEMPTS_MAX = 3 };
#define WRITE_NS UINT64_C(1000000000)    // at most so often
#define HEALTHY_NS UINT64_C(10000000000) // up for so long: the state is not to blame

#define COMPLAIN_NS UINT64_C(60000000000)
#define UNREADABLE                                                                                 \
    "; the server does not overwrite it: move it away, or choose another file with --state"

static struct {
    bool writing, failing;
    uint64_t written_ns, resumed_ns, complained_ns;
    int lock; // held until the process ends
} journal;

static bool write_state(const char *path, const json_t *state, char *cause, size_t cause_bytes) {
    size_t bytes;
    char *text = state_print(state, &bytes, cause, cause_bytes);
    bool ok = text && file_replace(path, text, bytes, cause, cause_bytes);
    free(text);
    return ok;
}

// ---- while it runs ----------------------------------------------------------------------------

static void work(task *t) {
    call *c = &t->calls[0];
    char cause[512] = "out of memory";
    json_t *state = state_get(t);
    if (!state || !write_state(t->server->options->state_file, state, cause, sizeof cause))
        call_fail(c, CODE_FILE, "", "%s", cause);
    c->number = !c->code;
    json_decref(state);
}

/// Said once, then each minute: what is saved no longer, and that it is saved again.
static void report(call *c, const char *path) {
    uint64_t now = now_ns();
    if (c->number && journal.failing) {
        log_line(LOG_INFO, "state.written", "%s: saving works again", path);
    } else if (c->code && (!journal.failing || now - journal.complained_ns > COMPLAIN_NS)) {
        log_line(LOG_WARNING, "state.write",
                 "%s; keeping the last saved state, retrying every second",
                 json_string_value(json_object_get(c->failure, "message")));
        journal.complained_ns = now;
    }
    journal.failing = !c->number;
}

/// What was not written, or never came to be, has changed still.
static void landed(task *t) {
    call *c = &t->calls[0];
    journal.writing = false;
    journal.written_ns = now_ns();
    if (!c->number) t->server->state_changed = true;
    if (t->work_ended_ns) report(c, t->server->options->state_file);
    c->answered = true; // there is nobody to answer, and it is said
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
    t->work = work;
    t->landed = landed;
    builder_submit(s->builder, t);
}

/// Somewhere else, so that it is not lost. @return an exit code
static int rescue(const server *s, const json_t *state, const char *why) {
    const char *folder = getenv("TMPDIR");
    char path[600], cause[512];
    snprintf(path, sizeof path, "%s/megasynth-%s-%d.json", folder && folder[0] ? folder : "/tmp",
             s->options->name, (int)getpid());
    if (write_state(path, state, cause, sizeof cause))
        log_line(LOG_ERROR, "state.unsaved", "%s; saved a copy as %s", why, path);
    else log_line(LOG_ERROR, "state.unsaved", "%s; saving a copy failed too: %s", why, cause);
    return EXIT_STATE;
}

int journal_end(server *s) {
    if (!s->options->state_file) return EXIT_FINE;
    if (journal.resumed_ns) forget_attempts(s);
    if (!s->state_changed) return EXIT_FINE;
    char cause[512] = "out of memory";
    json_t *state = state_collect(s);
    bool ok = state && write_state(s->options->state_file, state, cause, sizeof cause);
    int exit_code = ok ? EXIT_FINE : rescue(s, state, cause);
    json_decref(state);
    return exit_code;
}

// ---- the state that is there ------------------------------------------------------------------

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
    bool ok = plan && state_enter(c, plan);
    if (ok) state_forget_before(plan);
    if (plan) state_plan_destroy(plan);
    task_finish(t); // says what was wrong
    return ok;
}

static bool resume(server *s, const json_t *state) {
    const char *path = s->options->state_file;
    journal.resumed_ns = now_ns();
    if (count_attempt(s) > ATTEMPTS_MAX) {
        log_line(LOG_WARNING, "state.crashes",
                 "%d crashes in a row with the state %s; starting without it", ATTEMPTS_MAX, path);
        return false;
    }
    if (!take(s, state)) return false;
    log_line(LOG_INFO, "state.resumed", "%s", path);
    return true;
}

/// What was there before is written over by the first change: a link keeps it.
static void keep_before(const char *path) {
    char before[600];
    snprintf(before, sizeof before, "%s.before", path);
    unlink(before);
    if (link(path, before) == 0)
        log_line(LOG_INFO, "state.before", "kept the previous state as %s", before);
}

/// Two servers of one name may run with different runtime folders: their state must differ, too.
/// The lock lies beside the state, which each save replaces. @return false if another server has it
static bool lock_state(const char *path, char *cause, size_t cause_bytes) {
    char name[600];
    snprintf(name, sizeof name, "%s.lock", path);
    journal.lock = file_open_locked(name);
    if (journal.lock >= 0 || errno != EAGAIN) return true; // a folder that cannot be written: later
    snprintf(cause, cause_bytes,
             "%s: another server uses this state file; choose another --name, or --state FILE",
             path);
    return false;
}

int journal_begin(server *s, bool *resumed, char *cause, size_t cause_bytes) {
    const char *path = s->options->state_file;
    struct stat about;
    *resumed = false;
    if (!path) return EXIT_FINE;
    if (!lock_state(path, cause, cause_bytes)) return EXIT_IN_USE;
    if (lstat(path, &about) != 0 && errno == ENOENT) {
        if (s->options->resume) log_line(LOG_INFO, "state.none", "%s: no saved state yet", path);
        return EXIT_FINE;
    }
    size_t bytes;
    char *text = file_read(path, limit_state_bytes_max, &bytes, cause, cause_bytes);
    if (!text) {
        strncat(cause, UNREADABLE, cause_bytes - strlen(cause) - 1);
        return EXIT_FILE;
    }
    json_error_t where;
    json_t *state = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (!state) log_line(LOG_WARNING, "state.bad", "%s:%d: %s", path, where.line, where.text);
    bool is_one = state && state_is_one(state);
    bool good = state && (s->options->resume ? resume(s, state) : is_one);
    *resumed = good && s->options->resume;
    json_decref(state);
    if (good && !s->options->resume) keep_before(path);
    if (good) return EXIT_FINE;
    if (s->options->state_named && !is_one) { // somebody's patch, perhaps
        snprintf(cause, cause_bytes, "%s: not a megasynthd state file" UNREADABLE, path);
        return EXIT_FILE;
    }
    char aside[600];
    if (!file_set_aside(path, "bad", aside, sizeof aside)) {
        snprintf(cause, cause_bytes, "%s: %s" UNREADABLE, path, strerror(errno));
        return EXIT_FILE;
    }
    log_line(LOG_WARNING, "state.aside", "%s is not a state file; starting without it, kept as %s",
             path, aside);
    return EXIT_FINE;
}
