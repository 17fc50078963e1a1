// SPDX-License-Identifier: MIT
// state -- everything, saved and loaded.
#include "state/state.h"
#include "synths/mixer.h"

#include <stdlib.h>
#include <string.h>

#include "base/below.h"
#include "requests/requests.h"

// ---- get and save -----------------------------------------------------------------------------

static json_t *take(task *t) {
    json_t *state = state_get(t);
    if (!state)
        call_fail(&t->calls[0], CODE_NO_MEMORY, "", "out of memory, or the server is stopping");
    return state;
}

static void get(task *t) {
    json_t *state = take(t);
    if (state) t->calls[0].answer = json_pack("{s:o}", "state", state);
}

static void later(call *c, void (*work)(task *t)) {
    c->later = true;
    c->task->work = work;
    builder_submit(c->server->builder, c->task);
}

void command_state_get(call *c) { later(c, get); }

/// An earlier state: nothing else is replaced.
static bool is_state(const char *text, size_t bytes) {
    json_t *map = json_loadb(text, bytes, 0, NULL);
    bool is = state_is_one(map);
    json_decref(map);
    return is;
}

static void save(task *t) {
    call *c = &t->calls[0];
    char cause[512];
    size_t bytes;
    const char *name = arg_text(c, "file"), *root = t->server->options->root;
    json_t *state = take(t);
    char *text = state ? state_print(state, &bytes, cause, sizeof cause) : NULL;
    if (!state) return;
    json_decref(state);
    if (!text) {
        call_fail(c, CODE_LIMIT, "", "the state is %s", cause);
        call_note(c, "limit", "state_bytes_max");
    } else if (below_replace(root, name, ".json", is_state, text, bytes, cause, sizeof cause) !=
               BELOW_OK) {
        call_fail(c, CODE_FILE, "file", "%s", cause);
    } else {
        c->answer = json_pack("{s:s}", "file", name);
    }
    free(text);
}

void command_state_save(call *c) { later(c, save); }

// ---- load -------------------------------------------------------------------------------------
// checked and made aside on the builder, put in on the loop while the builder waits, so that what
// was sent before is done before and what was sent after is meant for the new synths

static json_t *state_of(call *c) {
    const msgpack_object *given = arg_value(c, "state");
    const char *name = arg_text(c, "file");
    if ((given != NULL) == (name != NULL)) {
        call_fail(c, CODE_BAD_TYPE, "state", "give `file` or `state`");
        return NULL;
    }
    if (given) return payload_to_json(given);
    char cause[256];
    size_t bytes;
    json_error_t where;
    int file;
    below_status status = below_open(c->server->options->root, name, ".json", BELOW_READ, false,
                                     &file, cause, sizeof cause);
    char *text = status == BELOW_OK
                     ? below_read_all(file, limit_state_bytes_max, &bytes, cause, sizeof cause)
                     : NULL;
    json_t *state = text ? json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (!text) call_fail(c, CODE_FILE, "file", "%s", cause);
    else if (!state) call_fail(c, CODE_FILE, "file", "%s:%d: %s", name, where.line, where.text);
    free(text);
    return state;
}

static void enter(task *t) {
    call *c = &t->calls[0];
    if (state_enter(c, c->work))
        c->answer = json_pack("{s:i}", "synths", (int)state_count(c->work));
}

static void load(task *t) {
    call *c = &t->calls[0];
    json_t *state = state_of(c);
    if (!state) call_fail(c, CODE_BAD_VALUE, "state", "a state cannot contain binary data");
    else if ((c->work = state_read(c, state)) && !builder_meet(t, enter))
        call_fail(c, CODE_NOT_APPLIED, "", "the server is stopping");
    json_decref(state);
    c->due_ns = now_ns() + MIXER_FADE_OUT_NS;
}

static bool faded(task *t) { return t->calls[0].code || now_ns() > t->calls[0].due_ns; }

static void loaded(task *t) {
    call *c = &t->calls[0];
    if (!c->work) return;
    state_forget_before(c->work);
    state_plan_destroy(c->work);
}

void command_state_load(call *c) {
    c->task->settled = faded;
    c->task->landed = loaded;
    later(c, load);
}
