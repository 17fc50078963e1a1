// SPDX-License-Identifier: MIT
#include "host/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "synths/synth.h"

enum { STATE_VERSION = 1 };

// ---- out --------------------------------------------------------------------------------------

json_t *state_begin(server *s) {
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

void state_finish(server *s, json_t *state) {
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

// ---- in ---------------------------------------------------------------------------------------

struct state_plan {
    uint32_t count;
    struct {
        char name[limit_name_bytes_max + 1];
        mega_patch *patch; ///< NULL: none
        double fader;
        uint32_t output;
        synth *synth; ///< held
        bool made;
        json_t *names;
    } items[limit_synths_max];
    json_t *maps;
};

void state_plan_destroy(state_plan *p) {
    for (uint32_t i = 0; p && i < p->count; i++) {
        mega_patch_destroy(p->items[i].patch);
        json_decref(p->items[i].names);
        if (p->items[i].synth) synth_release(p->items[i].synth);
    }
    if (p) json_decref(p->maps);
    free(p);
}

static bool read_patch(call *c, const char *name, json_t *map, mega_patch **patch) {
    if (!map) return true;
    char *text = json_dumps(map, JSON_COMPACT);
    mega_report *report = mega_report_create();
    *patch = text ? mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report) : NULL;
    mega_status status = *patch ? mega_patch_check(*patch, report) : MEGA_ERROR_PATCH;
    if (status) {
        call_fail_report(c, status, report);
        call_note(c, "synth", "%s", name);
    }
    mega_report_destroy(report);
    free(text);
    return !status;
}

state_plan *state_read(call *c, const json_t *state) {
    json_t *synths = json_object_get(state, "synths"), *entry;
    state_plan *p = calloc(1, sizeof *p);
    const char *name;
    if (!p || !json_is_object(synths) || json_object_size(synths) > limit_synths_max ||
        json_integer_value(json_object_get(state, "version")) != STATE_VERSION) {
        call_fail(c, CODE_BAD_VALUE, "state", "no state of version %d", STATE_VERSION);
        free(p);
        return NULL;
    }
    p->maps = json_incref(json_object_get(state, "maps"));
    json_object_foreach(synths, name, entry) {
        uint32_t i = p->count++;
        json_t *fader = json_object_get(entry, "fader");
        double gain = json_is_number(fader) ? json_number_value(fader) : 1;
        p->items[i].fader = gain >= 0 && gain <= 4 ? gain : 1;
        json_int_t output = json_integer_value(json_object_get(entry, "output"));
        p->items[i].output = output > 0 && output < MIXER_CHANNELS_MAX ? (uint32_t)output : 0;
        if (!synth_name_is_good(name))
            call_fail(c, CODE_BAD_VALUE, "state.synths", "no name for a synth");
        else strcpy(p->items[i].name, name);
        if (c->code || !read_patch(c, name, json_object_get(entry, "patch"), &p->items[i].patch)) {
            state_plan_destroy(p);
            return NULL;
        }
    }
    return p;
}

bool state_make_synths(call *c, state_plan *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        synth *s = synth_find(c->server, p->items[i].name);
        if (!s && c->server->synth_count < limit_synths_max) {
            s = synth_create(c->server, p->items[i].name);
            p->items[i].made = s != NULL;
        }
        if (!s) {
            call_fail(c, CODE_LIMIT, "state.synths", "too many synths");
            return false;
        }
        synth_hold(p->items[i].synth = s);
        if (p->items[i].made) s->input.first_output = p->items[i].output;
    }
    return true;
}

bool state_build(call *c, state_plan *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        synth *s = p->items[i].synth;
        if (!s->input.engine && !synth_build(c, s)) return false;
        if (!p->items[i].patch) continue;
        mega_report *report = mega_report_create();
        mega_status status = mega_load(s->input.engine, p->items[i].patch, report);
        if (status) call_fail_report(c, status, report);
        mega_report_destroy(report);
        if (status) return false;
        p->items[i].names = synth_names(s);
    }
    return true;
}

void state_enter(call *c, state_plan *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        synth *s = p->items[i].synth;
        if (s->state == SYNTH_MADE && s->input.engine) synth_enter(s);
        if (c->code) continue;
        if (p->items[i].made) s->input.gain = (float)p->items[i].fader;
        atomic_store(&s->input.fader, (float)p->items[i].fader);
        if (p->items[i].names) synth_take_names(s, p->items[i].names);
    }
    if (!c->code && json_is_object(p->maps)) json_object_update(c->server->maps, p->maps);
}
