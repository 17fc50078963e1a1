// SPDX-License-Identifier: MIT
// state -- everything, saved and loaded.
#include "host/state.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lanes/lanes.h"
#include "record/below.h"

// ---- get and save -----------------------------------------------------------------------------

static void finish(task *t) {
    state_finish(t->server, json_object_get(t->calls[0].answer, "state"));
}

static void begin(call *c, void (*work)(task *t)) {
    c->answer = json_pack("{s:o}", "state", state_begin(c->server));
    c->later = true;
    c->task->work = work;
    builder_submit(c->server->builder, c->task);
}

void command_state_get(call *c) { begin(c, finish); }

/// An earlier state: nothing else is replaced.
static bool is_state(const char *text, size_t bytes) {
    json_t *map = json_loadb(text, bytes, 0, NULL);
    bool is = json_is_integer(json_object_get(map, "version")) &&
              json_is_object(json_object_get(map, "synths")) &&
              json_is_object(json_object_get(map, "maps"));
    json_decref(map);
    return is;
}

static void save(task *t) {
    call *c = &t->calls[0];
    char cause[512];
    const char *name = arg_text(c, "file"), *root = t->server->options->root;
    finish(t);
    char *text = json_dumps(json_object_get(c->answer, "state"), JSON_INDENT(1) | JSON_SORT_KEYS);
    if (!text) call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    else if (below_replace(root, name, ".json", is_state, text, strlen(text), cause,
                           sizeof cause) != BELOW_OK)
        call_fail(c, CODE_FILE, "file", "%s", cause);
    free(text);
    json_decref(c->answer);
    c->answer = json_pack("{s:s}", "file", name);
}

void command_state_save(call *c) { begin(c, save); }

// ---- load -------------------------------------------------------------------------------------
// read on the builder, synths made on the loop, engines on the builder, into the mix on the loop

static void build(task *t) { state_build(&t->calls[0], t->calls[0].work); }

static void enter(task *t) {
    call *c = &t->calls[0];
    state_enter(c, c->work);
    state_plan_destroy(c->work);
    if (!c->code) c->answer = json_pack("{s:i}", "synths", (int)t->server->synth_count);
}

static void make(task *t) {
    call *c = &t->calls[0];
    if (c->code) return;
    t->work = build;
    t->landed = enter;
    if (state_make_synths(c, c->work)) {
        t->again = true;
        return;
    }
    enter(t);
}

static json_t *state_of(call *c) {
    const msgpack_object *given = arg_value(c, "state");
    const char *name = arg_text(c, "file");
    if ((given != NULL) == (name != NULL)) {
        call_fail(c, CODE_BAD_TYPE, "state", "`file` or `state` is wanted");
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
                     ? below_read_all(file, limit_file_bytes_max, &bytes, cause, sizeof cause)
                     : NULL;
    json_t *state = text ? json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (!text) call_fail(c, CODE_FILE, "file", "%s", cause);
    else if (!state) call_fail(c, CODE_FILE, "file", "%s:%d: %s", name, where.line, where.text);
    free(text);
    return state;
}

static void read_it(task *t) {
    call *c = &t->calls[0];
    json_t *state = state_of(c);
    if (state) c->work = state_read(c, state);
    else call_fail(c, CODE_BAD_VALUE, "state", "it holds bytes");
    json_decref(state);
}

void command_state_load(call *c) {
    c->later = true;
    c->task->work = read_it;
    c->task->landed = make;
    builder_submit(c->server->builder, c->task);
}
