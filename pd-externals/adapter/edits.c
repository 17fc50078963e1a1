// SPDX-License-Identifier: MIT
// edits -- messages that change the patch, collected into one list of operations for each logical
// time.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

// ---- the worker's part -------------------------------------------------------------------------

static const char *text_of(const json_t *op, const char *key) {
    return json_string_value(json_object_get(op, key));
}

static bool is(const json_t *op, const char *name) {
    const char *is = text_of(op, "op");
    return is && strcmp(is, name) == 0;
}

static bool has_knob(const mega_patch *patch, const char *id) {
    for (size_t i = 0; patch && i < mega_patch_knob_count(patch); i++)
        if (strcmp(mega_patch_knob(patch, i), id) == 0) return true;
    return false;
}

/// The engine's `knob` makes what is not there; a knob that is only turned must be there, or a slip
/// of the pen would make one. @return the name of one that is not, or NULL
static const char *find_unknown_knob(const mega_patch *patch, const json_t *operations) {
    size_t i, k;
    json_t *op, *earlier;
    json_array_foreach(operations, i, op) {
        if (!is(op, "knob") || json_object_get(op, "range")) continue;
        const char *id = text_of(op, "id");
        bool known = has_knob(patch, id);
        for (k = 0; k < i && !known; k++) {
            earlier = json_array_get(operations, k);
            const char *made = text_of(earlier, is(earlier, "rename") ? "to" : "id");
            known = (is(earlier, "knob") || is(earlier, "rename")) && made && !strcmp(made, id);
        }
        if (!known) return id;
    }
    return NULL;
}

static const char *nearest_knob(const mega_patch *patch, const char *wrong) {
    size_t count = patch ? mega_patch_knob_count(patch) : 0;
    const char **names = calloc(count + 1, sizeof *names), *near = NULL;
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_knob(patch, i);
    if (names) near = mega_nearest(wrong, names, count);
    free(names);
    return near;
}

/// The place of `clear` is taken by what removes all that is there.
static json_t *cleared(const mega_patch *patch, const json_t *operations) {
    json_t *list = json_array(), *op;
    size_t i;
    for (i = 0; i < mega_patch_node_count(patch); i++)
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "op", "remove", "id", mega_patch_node(patch, i).id));
    for (i = 0; i < mega_patch_knob_count(patch); i++)
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "op", "unknob", "id", mega_patch_knob(patch, i)));
    for (i = 0; i < mega_patch_preset_count(patch); i++)
        json_array_append_new(
            list, json_pack("{s:s,s:s}", "op", "unpreset", "id", mega_patch_preset(patch, i).id));
    json_array_foreach(operations, i, op) if (i) json_array_append(list, op);
    return list;
}

static void edit(mega_adapter *a, synth_work *w) {
    const mega_patch *now = mega_loaded_patch(a->engine);
    if (now && is(json_array_get(w->operations, 0), "clear")) {
        json_t *list = cleared(now, w->operations);
        json_decref(w->operations);
        w->operations = list;
    }
    const char *unknown = find_unknown_knob(now, w->operations);
    if (unknown) {
        const char *near = nearest_knob(now, unknown);
        synth_work_fail(w, MEGA_ERROR_NAME, "not-found", "no such knob: `%.80s`; %s%.80s%s",
                        unknown,
                        near ? "did you mean `" : "with a range after its value it is made",
                        near ? near : "", near ? "`?" : "");
        return;
    }
    char *text = json_dumps(w->operations, JSON_COMPACT | JSON_REAL_PRECISION(17));
    w->status = MEGA_ERROR_MEMORY;
    if (text)
        w->status = mega_edit(a->engine, text, strlen(text), MEGA_FORMAT_JSON, &w->change,
                              &w->changed, w->report);
    free(text);
}

// ---- collecting --------------------------------------------------------------------------------

/// Takes over the operations.
static void send_operations(mega_adapter *a, json_t *operations, uint64_t frame, float fade_ms) {
    synth_work *w = synth_work_create(a, "edit", edit);
    if (!w) {
        json_decref(operations);
        return;
    }
    w->listener = MEGA_INFO;
    w->job.replaced_by_load = true;
    w->change.fade_ms = fade_ms;
    w->change.frame = frame;
    w->operations = operations;
    synth_work_post(a, w);
}

static void send(mega_adapter *a, float fade_ms) {
    if (!json_array_size(a->collected)) return;
    json_t *operations = a->collected;
    a->collected = json_array();
    send_operations(a, operations, a->collected_frame, fade_ms);
}

/// An edit of its own, after those collected.
void synth_edits_alone(mega_adapter *a, uint64_t frame, json_t *operation) {
    synth_edits_flush(a);
    send_operations(a, json_pack("[o]", operation), frame, MEGA_FADE_MS_DEFAULT);
}

void synth_edits_flush(mega_adapter *a) { send(a, MEGA_FADE_MS_DEFAULT); }

bool synth_edits_name(const mega_adapter *a, const char *id) {
    size_t i;
    json_t *op;
    json_array_foreach(a->collected, i, op) {
        const char *made = text_of(op, is(op, "rename") ? "to" : "id");
        bool makes = is(op, "add") || is(op, "replace") || is(op, "rename") || is(op, "knob");
        if (makes && made && strcmp(made, id) == 0) return true;
    }
    return false;
}

/// Whether a name may mean nothing after it.
static bool takes_a_name(const json_t *op) {
    return is(op, "rename") || is(op, "remove") || is(op, "replace") || is(op, "unknob") ||
           is(op, "unpreset");
}

void synth_edits_add(mega_adapter *a, uint64_t frame, json_t *operation) {
    if (a->held_count && takes_a_name(operation)) { // what waits for the worker came first
        mega_adapter_join(a);
        synth_values_replay(a);
    }
    size_t before = json_array_size(a->collected);
    if (before == SYNTH_OPERATIONS_COLLECTED_MAX) {
        json_decref(operation);
        synth_tell_error(a, "limit", "edit: more than %d operations",
                         SYNTH_OPERATIONS_COLLECTED_MAX);
        return;
    }
    if (!before) a->collected_frame = frame;
    json_array_append_new(a->collected, operation);
    if (!a->begun) a->host.wake(a->host.context, 0);
}

/// A word or number as a string; NULL with the error told.
static json_t *string_of(mega_adapter *a, const mega_atom *atom) {
    char text[SYNTH_NAME_BYTES];
    json_t *string = mega_atom_text(atom, text, sizeof text) ? json_string(text) : NULL;
    if (!string)
        synth_tell_error(a, "bad-value", "`%.40s`: names are UTF-8 of at most %d bytes", text,
                         SYNTH_NAME_BYTES - 1);
    return string;
}

static json_t *value_of(mega_adapter *a, const mega_atom *atom) {
    json_t *value = synth_atom_json(atom);
    if (!value) synth_tell_error(a, "bad-value", "a value must be a finite number or a UTF-8 word");
    return value;
}

/// Sets a key, or notes that there is nothing to set it to. The operation is thrown away then.
static void put(json_t **operation, const char *key, json_t *value) {
    if (*operation && value) json_object_set_new(*operation, key, value);
    else {
        json_decref(value);
        json_decref(*operation);
        *operation = NULL;
    }
}

static json_t *operation(const char *name) { return json_pack("{s:s}", "op", name); }

static void add(mega_adapter *a, uint64_t frame, json_t *operation) {
    if (operation) synth_edits_add(a, frame, operation);
}

// ---- nodes -------------------------------------------------------------------------------------

static json_t *params_of(mega_adapter *a, size_t count, const mega_atom *atoms) {
    json_t *params = json_object();
    for (size_t i = 0; i + 1 < count && params; i += 2) {
        char name[SYNTH_NAME_BYTES];
        json_t *value = value_of(a, &atoms[i + 1]);
        if (mega_atom_text(&atoms[i], name, sizeof name)) put(&params, name, value);
        else put(&params, "", (json_decref(value), NULL));
    }
    if (params && count % 2) {
        synth_tell_error(a, "bad-arguments", "the parameter `%.40s` has no value",
                         atoms[count - 1].word ? atoms[count - 1].word : "");
        put(&params, "", NULL);
    }
    return params;
}

/// id, type, and pairs of parameter and value
static void node(mega_adapter *a, uint64_t frame, const char *name, size_t count,
                 const mega_atom *atoms) {
    json_t *op = operation(name);
    put(&op, "id", string_of(a, &atoms[0]));
    if (op) put(&op, "type", string_of(a, &atoms[1]));
    if (op && count > 2) {
        json_t *params = params_of(a, count - 2, atoms + 2);
        json_t *scope = params ? json_object_get(params, "scope") : NULL;
        if (json_is_string(scope)) {
            put(&op, "scope", json_incref(scope));
            json_object_del(params, "scope");
        }
        put(&op, "params", params);
    }
    add(a, frame, op);
}

void synth_command_add(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    node(a, frame, "add", count, atoms);
}

void synth_command_replace(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    node(a, frame, "replace", count, atoms);
}

void synth_command_remove(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    json_t *op = operation("remove");
    put(&op, "id", string_of(a, &atoms[0]));
    add(a, frame, op);
}

void synth_command_rename(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    json_t *op = operation("rename"), *from = string_of(a, &atoms[0]);
    bool knob = from && synth_worker_ready(a->worker) &&
                has_knob(mega_loaded_patch(a->engine), json_string_value(from));
    put(&op, knob ? "knob" : "id", from);
    if (op) put(&op, "to", string_of(a, &atoms[1]));
    add(a, frame, op);
}

void synth_command_unknob(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count;
    json_t *op = operation("unknob");
    put(&op, "id", string_of(a, &atoms[0]));
    add(a, frame, op);
}

// ---- cables ------------------------------------------------------------------------------------

/// One end: [node, port], or the name of a knob.
static json_t *end_of(mega_adapter *a, const mega_atom *atom, bool knob_may_be) {
    char text[SYNTH_NAME_BYTES] = "", id[SYNTH_NAME_BYTES], port[SYNTH_NAME_BYTES];
    json_t *end = NULL;
    if (mega_atom_text(atom, text, sizeof text)) {
        if (synth_split(text, id, port)) end = json_pack("[s,s]", id, port);
        else if (knob_may_be) end = json_string(text);
    }
    if (!end)
        synth_tell_error(a, "bad-value", "`%.60s` is no end of a cable; write %s", text,
                         knob_may_be ? "`node.output`, or a knob's name" : "`node.input`");
    return end;
}

static json_t *cable(mega_adapter *a, const char *name, const mega_atom *atoms) {
    json_t *op = operation(name);
    put(&op, "from", end_of(a, &atoms[0], true));
    if (op) put(&op, "to", end_of(a, &atoms[1], false));
    return op;
}

void synth_command_connect(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    json_t *op = cable(a, "connect", atoms);
    for (size_t i = 2; i < count && op; i++)
        put(&op, atoms[i].word ? "as" : "amount", value_of(a, &atoms[i]));
    add(a, frame, op);
}

void synth_command_disconnect(mega_adapter *a, uint64_t frame, size_t count,
                              const mega_atom *atoms) {
    (void)count;
    add(a, frame, cable(a, "disconnect", atoms));
}

void synth_command_clear(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)count, (void)atoms;
    json_array_clear(a->collected);
    add(a, frame, operation("clear"));
}

// ---- the whole ---------------------------------------------------------------------------------

void synth_command_voices(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    if (!count) {
        mega_atom voices = {NULL, mega_counters_get(a->engine).voices_active};
        synth_tell(a, a->asking, "voices", 1, &voices);
        return;
    }
    json_t *op = operation("voices");
    put(&op, "count", value_of(a, &atoms[0]));
    add(a, frame, op);
}

void synth_command_name(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    json_t *op = operation("name");
    put(&op, "name", synth_words_json(count, atoms));
    add(a, frame, op);
}

bool synth_fade_of(mega_adapter *a, size_t count, const mega_atom *atoms, float *fade_ms) {
    *fade_ms = MEGA_FADE_MS_DEFAULT;
    if (!count) return true;
    *fade_ms = (float)atoms->number;
    if (!atoms->word && *fade_ms >= 0 && *fade_ms <= MEGA_FADE_MS_MAX) return true;
    synth_tell_error(a, "bad-value", "a fade lasts 0..%g ms", (double)MEGA_FADE_MS_MAX);
    return false;
}

void synth_command_begin(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    if (a->begun) synth_tell_error(a, "bad-value", "begin: there is one already; `commit` ends it");
    else synth_edits_flush(a);
    a->begun = true;
}

void synth_command_commit(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    float fade_ms;
    if (!synth_fade_of(a, count, atoms, &fade_ms)) return;
    if (!a->begun && !json_array_size(a->collected)) {
        synth_tell_error(a, "missing", "commit: nothing was begun; `begin` comes first");
        return;
    }
    a->begun = false;
    a->collected_frame = frame;
    send(a, fade_ms);
}
