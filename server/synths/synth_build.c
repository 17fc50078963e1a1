// SPDX-License-Identifier: MIT
// synth_build -- the builder's part: engines made, names found, changes that have come in force.
#include <stdlib.h>
#include <string.h>

#include "synths/sound.h"
#include "synths/synth.h"
#include "synths/synth_calls.h"

enum {
    EAGER_PARAMS_MAX = 512
}; // the engine finds a name by going through all: so the rest when asked for

bool synth_make_engine(synth *s, mega_report *report) {
    mega_options wanted = {.rate = sound_rate(s->server->sound),
                           .input_channels = sound_inputs(s->server->sound),
                           .output_channels = sound_outputs(s->server->sound),
                           .memory_bytes_max = s->server->options->memory_bytes_max,
                           .record_calls = s->server->options->calls_folder != NULL};
    s->input.outputs = wanted.output_channels;
    s->input.engine = mega_create(&wanted, report);
    if (s->input.engine) synth_calls_open(s);
    return s->input.engine != NULL;
}

bool synth_build(synth *s, mega_report *report) {
    if (!synth_make_engine(s, report)) return false;
    synths_add(s->server, s);
    return true;
}

static size_t param_count(const char *type) {
    return mega_module_describe(mega_module_find(type)).param_count;
}

static void number_params(synth *s, const char *node, const char *type, json_t *params) {
    for (size_t i = 0; i < param_count(type); i++) {
        const char *param = mega_module_param(mega_module_find(type), i).name;
        char name[200];
        int32_t number = mega_find_param(s->input.engine, node, param);
        if (number < 0 || snprintf(name, sizeof name, "%s.%s", node, param) >= (int)sizeof name)
            continue;
        json_object_set_new(params, name, json_integer(number));
    }
}

json_t *synth_names_of(synth *s, const mega_patch *patch) {
    json_t *nodes = json_object(), *knobs = json_object(), *params = json_object(),
           *presets = json_object();
    size_t total = 0;
    for (size_t i = 0; i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        json_object_set_new(nodes, node.id, json_string(node.type));
        total += param_count(node.type);
    }
    // what finds a number may let go of the document that its names came from: nothing of it is
    // kept here
    size_t knob_count = mega_patch_knob_count(patch);
    for (size_t i = 0; i < knob_count; i++)
        json_object_set_new(knobs, mega_patch_knob(patch, i), json_null());
    size_t preset_count = mega_patch_preset_count(patch);
    for (size_t i = 0; i < preset_count; i++)
        json_object_set_new(presets, mega_patch_preset(patch, i).id, json_null());
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(presets, next, key, value)
        json_object_set_new(presets, key, json_integer(mega_find_preset(s->input.engine, key)));
    json_object_foreach_safe(knobs, next, key, value)
        json_object_set_new(knobs, key, json_integer(mega_find_knob(s->input.engine, key)));
    if (total <= EAGER_PARAMS_MAX)
        json_object_foreach(nodes, key, value)
            number_params(s, key, json_string_value(value), params);
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "rev", (json_int_t)mega_rev(s->input.engine),
                     "nodes", nodes, "knobs", knobs, "params", params, "presets", presets);
}

json_t *synth_names(synth *s) {
    const mega_patch *patch = mega_loaded_patch(s->input.engine);
    if (!patch) return NULL;
    s->rev_told = mega_rev(s->input.engine);
    return synth_names_of(s, patch);
}

void synths_add(server *s, synth *which) { s->built[s->built_count++] = which; }

void synths_remove(server *s, synth *which) {
    for (uint32_t i = 0; i < s->built_count; i++)
        if (s->built[i] == which) s->built[i--] = s->built[--s->built_count];
}

void synths_collect(server *s, void (*changed)(void *context, synth *which, json_t *names),
                    void *context) {
    for (uint32_t i = 0; i < s->built_count; i++) {
        mega_collect(s->built[i]->input.engine);
        synth_calls_write(s->built[i]);
        if (mega_rev(s->built[i]->input.engine) != s->built[i]->rev_told)
            changed(context, s->built[i], synth_names(s->built[i]));
    }
}
