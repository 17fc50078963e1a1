// SPDX-License-Identifier: MIT
// state_load -- a state in the place of all synths: checked whole, its engines made aside, then put
// in at once. Whatever is wrong is found before anything is touched.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/session.h"
#include "requests/requests.h"
#include "state/state.h"
#include "synths/buses.h"
#include "synths/client_taps.h"
#include "synths/maps.h"
#include "synths/mixer.h"
#include "synths/sound.h"
#include "synths/synth.h"

struct state_plan {
    uint32_t count;
    synth *synths[limit_synths_max]; ///< `main` first; held until they are in the list
    json_t *names[limit_synths_max]; ///< NULL: without a document
    json_t *maps;
    uint32_t before_count;
    synth *before[limit_synths_max]; ///< those that fade out; held
};

void state_plan_destroy(state_plan *p) {
    for (uint32_t i = 0; p && i < p->count; i++) {
        json_decref(p->names[i]);
        if (p->synths[i]) synth_release(p->synths[i]);
    }
    for (uint32_t i = 0; p && i < p->before_count; i++) synth_release(p->before[i]);
    if (p) json_decref(p->maps);
    free(p);
}

// ---- checked ----------------------------------------------------------------------------------

/// @return false, having failed with bad-value
__attribute__((format(printf, 3, 4))) static bool bad(call *c, const char *message,
                                                      const char *path, ...) {
    char text[400];
    va_list rest;
    va_start(rest, path);
    vsnprintf(text, sizeof text, path, rest);
    va_end(rest);
    call_fail(c, CODE_BAD_VALUE, text, "%s", message);
    return false;
}

/// Keys that nobody knows are of another version, or a slip; those that begin with `x-` are notes.
static bool keys_are_known(call *c, const json_t *map, const char *path, const char *const *keys) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)map, key, value) {
        const char *const *known = keys;
        while (*known && strcmp(*known, key) != 0) known++;
        if (!*known && strncmp(key, "x-", 2) != 0)
            return bad(c, "no such key", "%s.%.100s", path, key);
    }
    return true;
}

static bool check_maps(call *c, const json_t *maps) {
    const char *key;
    json_t *map;
    if (!maps) return true;
    if (!json_is_object(maps)) return bad(c, "must be a map", "state.maps");
    if (json_object_size(maps) > limit_maps_max) {
        call_fail(c, CODE_LIMIT, "state.maps", "too many controller maps; remove one with `unmap`");
        call_note(c, "limit", "maps_max");
        return false;
    }
    json_object_foreach((json_t *)maps, key, map) {
        const char *problem = map_problem(key, map);
        if (problem) return bad(c, problem, "state.maps.%.255s", key);
    }
    return true;
}

static bool check_synth(call *c, const char *name, const json_t *entry) {
    static const char *const keys[] = {"patch", "fader", "output", NULL};
    char path[100];
    if (!synth_name_is_good(name)) return bad(c, "invalid synth name", "state.synths");
    snprintf(path, sizeof path, "state.synths.%s", name);
    if (!json_is_object(entry)) return bad(c, "must be a map", "%s", path);
    if (!keys_are_known(c, entry, path, keys)) return false;
    const json_t *fader = json_object_get(entry, "fader"),
                 *output = json_object_get(entry, "output"),
                 *patch = json_object_get(entry, "patch");
    double gain = json_number_value(fader);
    if (fader && (!json_is_number(fader) || !(gain >= 0 && gain <= MIXER_FADER_MAX)))
        return bad(c, "must be a number 0..4", "%s.fader", path);
    json_int_t channel = json_integer_value(output);
    if (output && (!json_is_integer(output) || channel < 0 || channel >= MIXER_CHANNELS_MAX))
        return bad(c, "not a device channel", "%s.output", path);
    if (patch && !json_is_object(patch)) return bad(c, "must be a patch", "%s.patch", path);
    return true;
}

bool state_is_one(const json_t *state) {
    const json_t *version = json_object_get(state, "version");
    return json_is_integer(version) && json_integer_value(version) == STATE_VERSION &&
           json_is_object(json_object_get(state, "synths"));
}

static bool check(call *c, const json_t *state) {
    static const char *const keys[] = {"version", "synths", "maps", NULL};
    const json_t *synths = json_object_get(state, "synths");
    if (!state_is_one(state))
        return bad(c, "must be a map with `version` 1 and a map `synths`", "state");
    size_t count = json_object_size(synths) + !json_object_get(synths, "main");
    if (count > limit_synths_max) {
        call_fail(c, CODE_LIMIT, "state.synths", "too many synths");
        call_note(c, "limit", "synths_max");
        return false;
    }
    const char *name;
    json_t *entry;
    json_object_foreach((json_t *)synths, name,
                        entry) if (!check_synth(c, name, entry)) return false;
    return keys_are_known(c, state, "state", keys) && check_maps(c, json_object_get(state, "maps"));
}

// ---- made aside -------------------------------------------------------------------------------

static bool load(call *c, synth *s, const json_t *map) {
    char *text = json_dumps(map, JSON_COMPACT);
    mega_report *report = mega_report_create();
    mega_patch *patch = text ? mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report) : NULL;
    mega_status status = text ? MEGA_ERROR_PATCH : MEGA_ERROR_MEMORY;
    if (patch) status = mega_load(s->input.engine, patch, report);
    if (status) {
        call_fail_report(c, status, report);
        call_note(c, "synth", "%s", s->name);
    }
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    free(text);
    return !status;
}

/// @return false, having failed
static bool make_engine(call *c, synth *s) {
    mega_report *report = mega_report_create();
    bool ok = synth_make_engine(s, report);
    if (!ok) call_fail_report(c, MEGA_ERROR_MEMORY, report);
    mega_report_destroy(report);
    return ok;
}

/// @return false, having failed
static bool make(call *c, state_plan *p, const char *name, const json_t *entry) {
    synth *made = synth_make(c->server, name);
    if (!made) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return false;
    }
    p->synths[p->count++] = made;
    const json_t *fader = json_object_get(entry, "fader"), *patch = json_object_get(entry, "patch");
    made->input.first_output = (uint32_t)json_integer_value(json_object_get(entry, "output"));
    atomic_store(&made->input.fader, fader ? (float)json_number_value(fader) : 1.0f);
    made->input.gain = 0; // it fades in as the others fade out
    if (!make_engine(c, made)) return false;
    if (!patch) return true;
    if (!load(c, made, patch)) return false;
    p->names[p->count - 1] = synth_names(made);
    return true;
}

static bool make_all(call *c, state_plan *p, const json_t *synths) {
    const char *name;
    json_t *entry;
    if (!make(c, p, "main", json_object_get(synths, "main"))) return false;
    json_object_foreach((json_t *)synths, name, entry) if (strcmp(name, "main") != 0 &&
                                                           !make(c, p, name, entry)) return false;
    return true;
}

state_plan *state_read(call *c, const json_t *state) {
    if (!check(c, state)) return NULL;
    state_plan *p = calloc(1, sizeof *p);
    if (!p) call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    else if (make_all(c, p, json_object_get(state, "synths"))) {
        json_t *maps = json_object_get(state, "maps");
        p->maps = maps ? json_deep_copy(maps) : json_object();
        if (p->maps) return p;
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    }
    state_plan_destroy(p);
    return NULL;
}

uint32_t state_count(const state_plan *p) { return p->count; }

// ---- put in -----------------------------------------------------------------------------------

/// What waits for `was` is meant for the synth of the same name now.
static void redirect(const task *t, synth *was) {
    server *s = was->server;
    synth *now = synth_find(s, was->name);
    if (s->builder) builder_redirect(s->builder, t, was, now);
    for (session *of = s->sessions; of; of = of->next)
        for (task *w = of->waiting; w; w = w->next) task_redirect(w, was, now);
}

bool state_enter(call *c, state_plan *p) {
    server *s = c->server;
    if (!synths_replace(s, p->synths, p->count)) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return false;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        if (!s->builder) p->synths[i]->input.gain = p->synths[i]->input.fader; // no sound yet
        if (p->names[i]) synth_take_names(p->synths[i], p->names[i]);
        p->synths[i] = NULL; // the list's from now on
    }
    for (synth *at = s->synths; at; at = at->next) {
        if (!at->leaving || at->state == SYNTH_GONE) continue;
        redirect(c->task, at);
        if (at->state != SYNTH_LIVE) continue; // what makes it takes it out
        taps_of_synth_end(s, at);
        buses_forget(s->buses, at, 0);
        synth_hold(p->before[p->before_count++] = at);
    }
    json_decref(s->maps);
    s->maps = p->maps;
    p->maps = NULL;
    return true;
}

void state_forget_before(state_plan *p) {
    for (uint32_t i = 0; i < p->before_count; i++) {
        synth_leave(p->before[i]);
        synth_silence(p->before[i]);
    }
}
