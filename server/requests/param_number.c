// SPDX-License-Identifier: MIT
#include "requests/param_number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/session.h"
#include "requests/requests.h"
#include "synths/synth.h"

static void hint_params(call *c, const mega_module *module, const char *wrong) {
    json_t *names = json_object();
    for (size_t i = 0; module && i < mega_module_describe(module).param_count; i++)
        json_object_set_new(names, mega_module_param(module, i).name, json_null());
    call_hint_keys(c, wrong, names);
    json_decref(names);
}

void param_key(char *key, size_t bytes, const char *node, const char *param, bool of_notes) {
    snprintf(key, bytes, "%s%s.%s", of_notes ? "note:" : "", node, param);
}

/// On the builder: the number of one name, for the loop. -1: it has none.
static void resolve(task *t) {
    call *c = &t->calls[0];
    const char *node = c->work, *param = node + strlen(node) + 1;
    mega_engine *engine = c->synth->input.engine;
    char key[200];
    param_key(key, sizeof key, node, param, c->number);
    c->answer = json_pack("{s:i}", key,
                          c->number ? mega_find_note_param(engine, node, param, NULL)
                                    : mega_find_param(engine, node, param));
}

static void resolved(task *t) {
    call *c = &t->calls[0];
    if (c->answer) json_object_update(c->synth->params, c->answer);
    free(c->work);
}

/// Asks the builder for the number of a parameter; what asked waits for that.
static void ask_for_number(call *c, const char *node, const char *param, bool of_notes) {
    task *t = task_own(c->server, "/ping", NULL);
    char *names = malloc(strlen(node) + strlen(param) + 2);
    if (!t || !names) {
        if (t) task_finish(t);
        free(names);
        return;
    }
    strcpy(names, node);
    strcpy(names + strlen(node) + 1, param);
    t->calls[0].work = names;
    t->calls[0].number = of_notes;
    synth_hold(t->calls[0].synth = c->synth);
    t->work = resolve;
    t->landed = resolved;
    if (c->from) { // behind what the client has sent, not behind what all have
        session_hold(t->from = c->from);
        t->in_turn = true;
    }
    builder_submit(c->server->builder, t);
    synth_built_by(c->synth, t->serial);
    c->task->wait_for = t->serial;
}

/// What `node` and `param` name. @return false, having failed with not-found
static bool param_info(call *c, const char *node, const char *param, mega_param_info *info) {
    const char *type = json_string_value(json_object_get(c->synth->nodes, node));
    if (!type) {
        call_fail(c, CODE_NOT_FOUND, "node", "no such node: `%s`", node);
        call_hint_keys(c, node, c->synth->nodes);
        return false;
    }
    const mega_module *module = mega_module_find(type);
    if (mega_module_param_named(module, param, info)) return true;
    call_fail(c, CODE_NOT_FOUND, "param", "`%s` (%s) has no parameter `%s`", node, type, param);
    hint_params(c, module, param);
    return false;
}

int32_t param_number(call *c, bool of_notes) {
    const char *node = arg_text(c, "node"), *param = arg_text(c, "param");
    mega_param_info info;
    if (!param_info(c, node, param, &info) || !arg_within(c, "value", info.min, info.max) ||
        !arg_within(c, "ramp_ms", 0, 1e6))
        return -1;
    if (info.fixed) {
        call_fail(c, CODE_BAD_VALUE, "param", "`%s.%s` cannot change while the patch plays", node,
                  param);
        call_note(c, "hint", "change it with /patch/edit and the operation `set`");
        return -1;
    }
    char key[200];
    param_key(key, sizeof key, node, param, of_notes);
    const json_t *number = json_object_get(c->synth->params, key);
    if (number && json_integer_value(number) >= 0) return (int32_t)json_integer_value(number);
    if (!number) ask_for_number(c, node, param, of_notes);
    call_fail(c, CODE_NOT_FOUND, "param",
              of_notes ? "no per-note value for `%s.%s`: its node is shared, or 16 parameters "
                         "already have per-note values"
                       : "`%s.%s` cannot be set",
              node, param);
    return -1;
}

float param_ramp_seconds(const call *c) {
    return arg_given(c, "ramp_ms") ? (float)(arg_number(c, "ramp_ms", 0) * 0.001) : -1.0f;
}
