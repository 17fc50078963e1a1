// SPDX-License-Identifier: MIT
// queries -- what the patch is, what there is to build one of, and whether all is done.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

// ---- the document as JSON ----------------------------------------------------------------------

/// What is heard now, as a tree. CONTROL
static json_t *document(mega_adapter *a) {
    mega_patch *patch = mega_snapshot(a->engine);
    char *text = NULL;
    size_t bytes;
    json_t *tree = NULL;
    if (patch && mega_patch_write(patch, MEGA_FORMAT_JSON, &text, &bytes) == MEGA_OK)
        tree = json_loadb(text, bytes, 0, NULL);
    mega_free(text);
    mega_patch_destroy(patch);
    return tree;
}

static const char *word(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/// A message that grows atom by atom.
static json_t *message(const char *selector) { return json_pack("[s]", selector); }

static void word_to(json_t *message, const char *text) {
    json_array_append_new(message, json_string(text));
}

/// A message of all these words.
static json_t *words_message(const char *first, const char *second, const char *text) {
    char all[SYNTH_WORDS_BYTES + SYNTH_NAME_BYTES], *rest = all;
    snprintf(all, sizeof all, "%s %s %s", first, second, text);
    json_t *m = json_array();
    for (char *part; (part = strtok_r(rest, " ", &rest));) word_to(m, part);
    return m;
}

static void value_to(json_t *message, const json_t *value) {
    json_array_append(message, (json_t *)value);
}

static void add(synth_work *w, json_t *message) {
    if (!w->messages.list) w->messages.list = json_array();
    json_array_append_new(w->messages.list, message);
}

/// One end of a cable: "node.port", or a knob's name.
static void end_to(json_t *message, const json_t *end) {
    char text[2 * SYNTH_NAME_BYTES];
    const char *node = json_string_value(json_array_get(end, 0));
    const char *port = json_string_value(json_array_get(end, 1));
    if (node && port) snprintf(text, sizeof text, "%s.%s", node, port);
    word_to(message, node && port ? text : json_string_value(end) ? json_string_value(end) : "");
}

// ---- dump --------------------------------------------------------------------------------------

/// Before their cables, so that a knob is there to be connected.
static void dump_knobs(synth_work *w, const json_t *tree) {
    const char *id;
    json_t *knob;
    json_object_foreach(json_object_get((json_t *)tree, "knobs"), id, knob) {
        json_t *m = message("dump"), *range = json_object_get(knob, "range");
        word_to(m, "newknob");
        word_to(m, id);
        value_to(m, json_object_get(knob, "value"));
        // without a range of its own a knob has those of what it turns: 0..1 makes no difference to
        // them
        for (size_t i = 0; i < 2 && range; i++) value_to(m, json_array_get(range, i));
        const char *scale = word(knob, "scale"), *unit = word(knob, "unit");
        if (range && (*scale || *unit)) word_to(m, *scale ? scale : "lin");
        if (range && *unit) word_to(m, unit);
        add(w, m);
    }
}

static void dump_node(synth_work *w, const char *id, const json_t *node) {
    json_t *m = message("dump"), *value;
    const char *name;
    word_to(m, "add");
    word_to(m, id);
    word_to(m, word(node, "type"));
    if (*word(node, "scope")) word_to(m, "scope"), word_to(m, word(node, "scope"));
    json_object_foreach(json_object_get((json_t *)node, "params"), name, value) {
        word_to(m, name);
        value_to(m, value);
    }
    add(w, m);
}

static void dump_nodes(synth_work *w, const json_t *nodes) {
    const char *id;
    size_t i;
    json_t *node;
    json_object_foreach((json_t *)nodes, id, node) dump_node(w, id, node);
    json_array_foreach(nodes, i, node) dump_node(w, word(node, "id"), node);
}

static void dump_cables(synth_work *w, const json_t *tree) {
    size_t i;
    json_t *cable;
    json_array_foreach(json_object_get(tree, "connections"), i, cable) {
        json_t *m = message("dump"), *amount = json_object_get(cable, "amount");
        word_to(m, "connect");
        end_to(m, json_object_get(cable, "from"));
        end_to(m, json_object_get(cable, "to"));
        if (amount) value_to(m, amount);
        if (*word(cable, "as")) word_to(m, word(cable, "as"));
        add(w, m);
    }
}

static void preset_value_to(json_t *m, const mega_patch *patch, const mega_preset_value *v) {
    char path[2 * SYNTH_NAME_BYTES];
    if (v->node) snprintf(path, sizeof path, "%s.%s", v->node, v->name);
    word_to(m, v->node ? path : v->name);
    json_array_append_new(m, v->node ? synth_value_json(patch, v->node, v->name, (float)v->value)
                                     : json_real(v->value));
}

static void dump_presets(synth_work *w, const mega_patch *patch) {
    for (size_t i = 0; patch && i < mega_patch_preset_count(patch); i++) {
        mega_preset_info preset = mega_patch_preset(patch, i);
        json_t *m = message("dump");
        word_to(m, "newpreset");
        word_to(m, preset.id);
        for (size_t k = 0; k < preset.value_count; k++) {
            mega_preset_value value = mega_patch_preset_value(patch, i, k);
            preset_value_to(m, patch, &value);
        }
        add(w, m);
        if (*preset.doc) add(w, words_message("dump preset doc", preset.id, preset.doc));
    }
}

static void dump(mega_adapter *a, synth_work *w) {
    json_t *tree = document(a);
    json_t *voices = json_object_get(tree, "voices");
    synth_messages_add(&w->messages, "dump", "s", "begin");
    synth_messages_add(&w->messages, "dump", "s", "clear");
    if (*word(tree, "name")) add(w, words_message("dump name", "", word(tree, "name")));
    if (voices) synth_messages_add(&w->messages, "dump", "sf", "voices", json_number_value(voices));
    dump_nodes(w, json_object_get(tree, "nodes"));
    dump_knobs(w, tree);
    dump_cables(w, tree);
    dump_presets(w, mega_loaded_patch(a->engine));
    synth_messages_add(&w->messages, "dump", "s", "commit");
    json_decref(tree);
}

// ---- nodes -------------------------------------------------------------------------------------

static void nodes(mega_adapter *a, synth_work *w) {
    const mega_patch *patch = mega_loaded_patch(a->engine);
    char from[2 * SYNTH_NAME_BYTES], to[2 * SYNTH_NAME_BYTES];
    for (size_t i = 0; patch && i < mega_patch_node_count(patch); i++) {
        mega_node_info n = mega_patch_node(patch, i);
        synth_messages_add(&w->messages, "node", "sss", n.id, n.type,
                           n.per_voice ? "voice" : "shared");
    }
    for (size_t i = 0; patch && i < mega_patch_knob_count(patch); i++)
        synth_messages_add(&w->messages, "knob", "s", mega_patch_knob(patch, i));
    for (size_t i = 0; patch && i < mega_patch_cable_count(patch); i++) {
        mega_cable_info c = mega_patch_cable(patch, i);
        snprintf(from, sizeof from, "%s%s%s", c.from_node ? c.from_node : "",
                 c.from_node ? "." : "", c.from_port);
        snprintf(to, sizeof to, "%s.%s", c.to_node, c.to_port);
        synth_messages_add(&w->messages, "cable", "ssfs", from, to, c.amount, c.as);
    }
    synth_messages_add(&w->messages, "done", "s", "nodes");
}

// ---- get ---------------------------------------------------------------------------------------

json_t *synth_value_of(mega_adapter *a, const char *path) {
    char node[SYNTH_NAME_BYTES], port[SYNTH_NAME_BYTES];
    float value;
    if (mega_knob_get(a->engine, path, &value) == MEGA_OK)
        return synth_atom_json(&(mega_atom){NULL, (double)value});
    if (!synth_split(path, node, port) || mega_param_get(a->engine, node, port, &value) != MEGA_OK)
        return NULL;
    return synth_value_json(mega_loaded_patch(a->engine), node, port, value);
}

/// Takes the value over.
static void add_value(synth_work *w, const char *path, json_t *value) {
    json_t *m = message("value");
    word_to(m, path);
    json_array_append_new(m, value);
    add(w, m);
}

static void get(mega_adapter *a, synth_work *w) {
    json_t *value = synth_value_of(a, w->name);
    if (value) add_value(w, w->name, value);
    else
        synth_work_fail(w, MEGA_ERROR_NAME, "not-found",
                        "no such knob or parameter; `nodes` lists what there is");
}

/// All knobs, or the named knobs and parameters; none is missed, so that a patch may ask early.
static void values(mega_adapter *a, synth_work *w) {
    const mega_patch *patch = mega_loaded_patch(a->engine);
    json_t *name, *value;
    size_t i;
    json_array_foreach(w->operations, i, name) {
        value = synth_value_of(a, json_string_value(name));
        if (value) add_value(w, json_string_value(name), value);
    }
    for (i = 0; !w->operations && patch && i < mega_patch_knob_count(patch); i++)
        add_value(w, mega_patch_knob(patch, i), synth_value_of(a, mega_patch_knob(patch, i)));
    if (!w->operations) synth_messages_add(&w->messages, "done", "s", "values");
}

// ---- modules -----------------------------------------------------------------------------------

/// "input svf.in"
static json_t *port_message(const char *kind, const char *type, const char *port) {
    char path[2 * SYNTH_NAME_BYTES];
    snprintf(path, sizeof path, "%s.%s", type, port);
    json_t *m = message(kind);
    word_to(m, path);
    return m;
}

/// "param svf.freq 10 20000 1000 Hz", "param lfo.shape sine triangle ..."
static json_t *param_message(const char *type, const mega_param_info *p) {
    json_t *m = port_message("param", type, p->name);
    for (size_t i = 0; i < p->choice_count; i++) word_to(m, p->choices[i]);
    if (p->choices) return m;
    json_array_append_new(m, json_real(p->min));
    json_array_append_new(m, json_real(p->max));
    json_array_append_new(m, json_real(p->initial));
    if (*p->unit) word_to(m, p->unit);
    return m;
}

static void module_messages(synth_work *w, const mega_module *module) {
    mega_module_info m = mega_module_describe(module);
    synth_messages_add(&w->messages, "module", "ss", m.name, m.doc);
    for (size_t i = 0; i < m.input_count; i++)
        add(w, port_message("input", m.name, mega_module_input(module, i).name));
    for (size_t i = 0; i < m.param_count; i++) {
        mega_param_info param = mega_module_param(module, i);
        add(w, param_message(m.name, &param));
    }
    for (size_t i = 0; i < m.output_count; i++)
        add(w, port_message("output", m.name, mega_module_output(module, i).name));
}

static void modules(mega_adapter *a, synth_work *w) {
    (void)a;
    const mega_module *module = *w->name ? mega_module_find(w->name) : NULL;
    if (*w->name && !module) {
        synth_work_fail(w, MEGA_ERROR_NAME, "not-found",
                        "no such module; `modules` tells what there is");
        return;
    }
    if (module) module_messages(w, module);
    for (size_t i = 0; !module && i < mega_module_count(); i++) {
        mega_module_info m = mega_module_describe(mega_module_get(i));
        synth_messages_add(&w->messages, "module", "ss", m.name, m.doc);
    }
    synth_messages_add(&w->messages, "done", "s", "modules");
}

// ---- the host's part ---------------------------------------------------------------------------

/// Pd's order of messages is the contract: an answer is of this very moment, and there before
/// whatever comes next.
static void ask(mega_adapter *a, const char *what, const mega_atom *name,
                void (*work)(mega_adapter *, synth_work *)) {
    synth_work *w = synth_work_create(a, what, work);
    if (!w) return;
    if (name) mega_atom_text(name, w->name, sizeof w->name);
    if (name) snprintf(w->what, sizeof w->what, "%.8s %.50s", what, w->name);
    synth_work_do(a, w);
}

void synth_command_get(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count;
    ask(a, "get", atoms, get);
}

void synth_command_dump(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    ask(a, "dump", NULL, dump);
}

void synth_command_values(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    synth_work *w = synth_work_create(a, "values", values);
    if (!w) return;
    w->operations = count ? json_array() : NULL;
    char path[SYNTH_NAME_BYTES];
    for (size_t i = 0; i < count; i++)
        if (mega_atom_text(&atoms[i], path, sizeof path))
            json_array_append_new(w->operations, json_string(path));
    synth_work_do(a, w);
}

void synth_command_nodes(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    ask(a, "nodes", NULL, nodes);
}

/// Pd never sends the word `list` alone: it is an empty list, as a bang is.
void synth_command_list(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    synth_command_nodes(a, frame, count, atoms);
}

void synth_command_bang(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    synth_command_nodes(a, frame, count, atoms);
}

void synth_command_wait(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    bool good = !count || (!atoms->word && (atoms->number == 0 || atoms->number == 1));
    if (!good) synth_tell_error(a, "bad-value", "wait: write `wait`, `wait 1` or `wait 0`");
    if (good && count) a->waits = atoms->number == 1;
    if (good) mega_adapter_join(a);
}

void synth_command_modules(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame;
    ask(a, "modules", count ? atoms : NULL, modules);
}

void synth_command_commands(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    for (const synth_command_row *row = synth_commands; row->selector; row++)
        synth_tell(a, a->asking, "command", 3,
                   (mega_atom[]){{row->selector, 0}, {row->arguments, 0}, {row->doc, 0}});
}

void synth_command_sync(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    mega_adapter_join(a);
    synth_tell(a, a->asking, "synced", 0, NULL);
}

void synth_command_poll(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count;
    bool good = !atoms->word && atoms->number >= 0 && atoms->number <= 1e6;
    if (!good) synth_tell_error(a, "bad-value", "poll: a number of milliseconds, 0..1000000");
    if (good && atoms->number > 0 && atoms->number < 5)
        synth_tell_error(a, "limit", "poll: not more often than every 5 ms");
    else if (good) {
        a->poll_ms = atoms->number;
        a->poll_frame = 0;
        a->voices_told = UINT32_MAX;
        a->host.wake(a->host.context, 0);
    }
}

void synth_command_version(mega_adapter *a, uint64_t frame, size_t count, const mega_atom *atoms) {
    (void)frame, (void)count, (void)atoms;
    synth_tell(a, a->asking, "version", 1, &(mega_atom){MEGA_VERSION, 0});
}
