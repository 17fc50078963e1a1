// SPDX-License-Identifier: MIT
#include "host/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes/lanes.h"
#include "synths/synth.h"

// ---- documents with what was turned -----------------------------------------------------------

/// Where the parameters of a node are, where that is not what the document says.
static void add_params(synth *s, const char *id, const char *type, const json_t *written,
                       const json_t *adding, json_t *list) {
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(s->server->modules, type), "params"), i,
                       row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *said =
            json_object_get(json_object_get(json_object_get(written, id), "params"), name);
        char port[200];
        float value;
        snprintf(port, sizeof port, "%s.%s", id, name);
        // a parameter that is not written and takes adding cables is 0; any other has its default
        double at = json_number_value(said ? said : json_object_get(row, "default"));
        if (!said && json_object_get(adding, port)) at = 0;
        if ((said && !json_is_number(said)) ||
            mega_param_get(s->input.engine, id, name, &value) != MEGA_OK || value == (float)at)
            continue;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "op", "set", "id", id,
                                              "param", name, "value", payload_float(value)));
    }
}

/// What was turned, as operations.
static json_t *turned(synth *s, const mega_patch *patch, const json_t *map) {
    json_t *list = json_array(), *adding = json_object(), *nodes = json_object(), *type;
    for (size_t i = 0; i < mega_patch_cable_count(patch); i++) {
        mega_cable_info cable = mega_patch_cable(patch, i);
        char port[200];
        snprintf(port, sizeof port, "%s.%s", cable.to_node, cable.to_port);
        if (strcmp(cable.as, "add") == 0) json_object_set_new(adding, port, json_true());
    }
    for (size_t i = 0; i < mega_patch_knob_count(patch); i++) {
        float value;
        const char *name = mega_patch_knob(patch, i);
        if (mega_knob_get(s->input.engine, name, &value) == MEGA_OK)
            json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "op", "knob", "id", name,
                                                  "value", payload_float(value)));
    }
    for (size_t i = 0; i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        json_object_set_new(nodes, node.id, json_string(node.type));
    }
    const char *id;
    json_object_foreach(nodes, id, type)
        add_params(s, id, json_string_value(type), json_object_get(map, "nodes"), adding, list);
    json_decref(adding);
    json_decref(nodes);
    return list;
}

static mega_patch *with_turned(synth *s, const mega_patch *patch, const json_t *map) {
    json_t *list = turned(s, patch, map);
    char *text = json_dumps(list, JSON_COMPACT);
    mega_patch *after =
        text ? mega_patch_edit(patch, text, strlen(text), MEGA_FORMAT_JSON, NULL, NULL) : NULL;
    free(text);
    json_decref(list);
    return after;
}

static json_t *document(const mega_patch *patch) {
    char *text;
    size_t bytes;
    if (mega_patch_write(patch, MEGA_FORMAT_JSON, &text, &bytes) != MEGA_OK) return NULL;
    json_t *map = json_loadb(text, bytes, 0, NULL);
    mega_free(text);
    return map;
}

// ---- collected --------------------------------------------------------------------------------

/// What the loop knows.
static json_t *outline(const server *s) {
    json_t *synths = json_object();
    for (const synth *at = s->synths; at; at = at->next)
        if (!at->leaving)
            json_object_set_new(synths, at->name,
                                json_pack("{s:f, s:i}", "fader",
                                          (double)atomic_load(&at->input.fader), "output",
                                          (int)at->input.first_output));
    return json_pack("{s:i, s:o, s:o}", "version", STATE_VERSION, "synths", synths, "maps",
                     json_deep_copy(s->maps));
}

/// What the builder knows.
static void add_documents(const server *s, json_t *state) {
    json_t *synths = json_object_get(state, "synths");
    for (uint32_t i = 0; i < s->built_count; i++) {
        json_t *entry = json_object_get(synths, s->built[i]->name);
        const mega_patch *patch = mega_loaded_patch(s->built[i]->input.engine);
        if (!entry || !patch) continue;
        json_t *map = document(patch);
        mega_patch *now = map ? with_turned(s->built[i], patch, map) : NULL;
        if (now) {
            json_decref(map);
            map = document(now);
        }
        mega_patch_destroy(now);
        if (map) json_object_set_new(entry, "patch", map);
    }
}

json_t *state_collect(server *s) {
    json_t *state = outline(s);
    if (state) add_documents(s, state);
    return state;
}

/// Both at one moment: nothing that is saved is half of before a change and half of after it.
static void collect(task *t) {
    json_decref(t->calls[0].answer);
    t->calls[0].answer = outline(t->server);
}

json_t *state_get(task *t) {
    if (!builder_meet(t, collect)) return NULL;
    json_t *state = t->calls[0].answer;
    t->calls[0].answer = NULL;
    if (state) add_documents(t->server, state);
    return state;
}

char *state_print(const json_t *state, size_t *bytes, char *cause, size_t cause_bytes) {
    char *text = json_dumps(state, JSON_INDENT(1) | JSON_SORT_KEYS);
    *bytes = text ? strlen(text) : 0;
    if (text && *bytes <= limit_state_bytes_max) return text;
    if (text) snprintf(cause, cause_bytes, "longer than %d bytes", limit_state_bytes_max);
    else snprintf(cause, cause_bytes, "out of memory");
    free(text);
    return NULL;
}
