// SPDX-License-Identifier: MIT
#include "host/state.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "synths/synth.h"

enum { STATE_VERSION = 1 };

// ---- out --------------------------------------------------------------------------------------

json_t *state_begin(server *s) {
    json_t *synths = json_object();
    for (const synth *at = s->synths; at; at = at->next)
        if (at->name[0])
            json_object_set_new(synths, at->name,
                                json_pack("{s:f, s:i, s:o, s:o}", "fader",
                                          (double)atomic_load(&at->input.fader), "output",
                                          (int)at->input.first_output, "knobs",
                                          json_deep_copy(at->knob_values), "params",
                                          json_deep_copy(at->param_values)));
    return json_pack("{s:i, s:o, s:o}", "version", STATE_VERSION, "synths", synths, "maps",
                     json_deep_copy(s->maps));
}

/// What was turned, as operations.
static json_t *turned(const json_t *entry) {
    json_t *list = json_array(), *value;
    const char *name;
    json_object_foreach(json_object_get(entry, "knobs"), name, value) json_array_append_new(
        list, json_pack("{s:s, s:s, s:O}", "op", "knob", "id", name, "value", value));
    json_object_foreach(json_object_get(entry, "params"), name, value) {
        const char *dot = strrchr(name, '.');
        json_array_append_new(list, json_pack("{s:s, s:s#, s:s, s:O}", "op", "set", "id", name,
                                              (int)(dot - name), "param", dot + 1, "value", value));
    }
    return list;
}

static mega_patch *with_turned(const mega_patch *patch, const json_t *entry) {
    json_t *list = turned(entry);
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
        // names may have changed since the loop was asked: then the document alone is kept
        mega_patch *now = with_turned(patch, entry);
        json_t *map = document(now ? now : patch);
        mega_patch_destroy(now);
        if (map) json_object_set_new(entry, "patch", map);
    }
    const char *name;
    json_t *entry;
    json_object_foreach(synths, name, entry) {
        json_object_del(entry, "knobs");
        json_object_del(entry, "params");
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
        json_object_clear(s->knob_values); // the documents hold them
        json_object_clear(s->param_values);
        if (p->items[i].names) synth_take_names(s, p->items[i].names);
    }
    if (!c->code && json_is_object(p->maps)) json_object_update(c->server->maps, p->maps);
}
