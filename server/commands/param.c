// SPDX-License-Identifier: MIT
// param -- parameters of nodes, as they are turned while it sounds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes/lanes.h"
#include "synths/synth.h"

static json_t *find_row(const call *c, const char *type, const char *param, json_t **names) {
    size_t i;
    json_t *row, *found = NULL;
    *names = json_object();
    json_array_foreach(json_object_get(json_object_get(c->server->modules, type), "params"), i,
                       row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        json_object_set(*names, name, row);
        if (strcmp(name, param) == 0) found = row;
    }
    return found;
}

/// On the builder: the number of one name, for the loop. -1: it has none.
static void resolve(task *t) {
    call *c = &t->calls[0];
    const char *node = c->work, *param = node + strlen(node) + 1;
    char name[200];
    snprintf(name, sizeof name, "%s.%s", node, param);
    c->answer = json_pack("{s:i}", name, mega_find_param(c->synth->input.engine, node, param));
}

static void resolved(task *t) {
    call *c = &t->calls[0];
    if (c->answer) json_object_update(c->synth->params, c->answer);
    free(c->work);
}

/// Asks the builder for the number of a parameter; what asked waits for that.
static void ask_for_number(call *c, const char *node, const char *param) {
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
    synth_hold(t->calls[0].synth = c->synth);
    t->work = resolve;
    t->landed = resolved;
    builder_submit(c->server->builder, t);
    synth_built_by(c->synth, t->serial);
    c->task->wait_for = t->serial;
}

/// @return the engine's number; -1, having failed with not-found
static int32_t find_param(call *c, json_t **row) {
    const char *node = arg_text(c, "node"), *param = arg_text(c, "param");
    const json_t *type = json_object_get(c->synth->nodes, node);
    if (!type) {
        call_fail(c, CODE_NOT_FOUND, "node", "no node `%s`", node);
        call_hint_keys(c, node, c->synth->nodes);
        return -1;
    }
    json_t *names;
    *row = find_row(c, json_string_value(type), param, &names);
    if (!*row) {
        call_fail(c, CODE_NOT_FOUND, "param", "`%s` is of the type %s, which has no parameter `%s`",
                  node, json_string_value(type), param);
        call_hint_keys(c, param, names);
    }
    json_decref(names);
    if (!*row) return -1;
    char name[200];
    snprintf(name, sizeof name, "%s.%s", node, param);
    const json_t *number = json_object_get(c->synth->params, name);
    if (number && json_integer_value(number) >= 0) return (int32_t)json_integer_value(number);
    if (!number) ask_for_number(c, node, param);
    call_fail(c, CODE_NOT_FOUND, "param", "`%s` reaches no output", name);
    return -1;
}

void command_param_set(call *c) {
    json_t *row;
    if (!synth_has_document(c)) return;
    int32_t number = find_param(c, &row);
    if (number < 0 || !arg_within(c, "ramp_ms", 0, 1e6)) return;
    double value = arg_number(c, "value", 0);
    double min = json_number_value(json_object_get(row, "min")),
           max = json_number_value(json_object_get(row, "max"));
    if (!arg_within(c, "value", min, max) || c->checking) return;
    float ramp = arg_given(c, "ramp_ms") ? (float)(arg_number(c, "ramp_ms", 0) * 0.001) : -1.0f;
    call_check(c, mega_param_set(c->synth->input.engine, call_engine_frame(c), number, (float)value,
                                 ramp));
}
