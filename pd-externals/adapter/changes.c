// SPDX-License-Identifier: MIT
// changes -- sends `value path v` when a knob or a parameter has another value than the host last
// saw: whoever turned it (a message, MIDI, a preset, an edit, a patch that was read).
//
// What may have changed is noted by name; at most every SYNTH_VALUES_MS the values of that moment
// are compared with those sent before. Knobs are all followed, parameters from their first turn on.
#include <string.h>

#include "core.h"

static json_t *made(json_t **object) {
    if (!*object) *object = json_object();
    return *object;
}

static void wake(mega_adapter *a) { a->host.wake(a->host.context, 0); }

// ---- values ------------------------------------------------------------------------------------

/// A choice is its number here. CONTROL
static bool value_of(mega_adapter *a, const char *path, float *value) {
    char node[SYNTH_NAME_BYTES], port[SYNTH_NAME_BYTES];
    if (mega_knob_get(a->engine, path, value) == MEGA_OK) return true;
    return synth_split(path, node, port) && mega_param_get(a->engine, node, port, value) == MEGA_OK;
}

static bool was_sent(const mega_adapter *a, const char *path, float value) {
    const json_t *before = json_object_get(a->sent, path);
    return before && (float)json_real_value(before) == value;
}

static void note_sent(mega_adapter *a, const char *path, float value) {
    if (json_object_size(a->sent) >= 2 * SYNTH_VALUES_KNOWN_MAX) json_object_clear(a->sent);
    json_object_set_new(made(&a->sent), path, json_real((double)value));
}

// ---- noting ------------------------------------------------------------------------------------

void synth_changes_touch(mega_adapter *a, const char *path) {
    if (json_object_size(a->touched) >= SYNTH_VALUES_KNOWN_MAX) return;
    json_object_set_new(made(&a->touched), path, json_null());
    wake(a);
}

void synth_changes_touch_knobs(mega_adapter *a) {
    a->knobs_touched = true;
    wake(a);
}

/// CONTROL
static void touch_values(mega_adapter *a, const mega_patch *patch, size_t preset) {
    char path[2 * SYNTH_NAME_BYTES];
    size_t count = mega_patch_preset(patch, preset).value_count;
    for (size_t k = 0; k < count; k++) {
        mega_preset_value value = mega_patch_preset_value(patch, preset, k);
        float before;
        if (!value.node) continue;
        snprintf(path, sizeof path, "%s.%s", value.node, value.name);
        // a parameter that nobody followed so far is of interest if the preset changes it
        if (!json_object_get(a->sent, path) && value_of(a, path, &before))
            note_sent(a, path, before);
        synth_changes_touch(a, path);
    }
}

void synth_changes_touch_preset(mega_adapter *a, const char *name) {
    synth_changes_touch_knobs(a);
    if (!synth_worker_ready(a->worker)) return;
    const mega_patch *patch = mega_loaded_patch(a->engine);
    for (size_t i = 0; patch && i < mega_patch_preset_count(patch); i++)
        if (strcmp(mega_patch_preset(patch, i).id, name) == 0) touch_values(a, patch, i);
}

void synth_changes_touch_all(mega_adapter *a, bool document) {
    const char *path;
    json_t *value;
    json_object_foreach(a->sent, path, value) {
        if (strchr(path, '.')) synth_changes_touch(a, path);
    }
    if (document) json_object_clear(a->sent);
    synth_changes_touch_knobs(a);
}

// ---- sending -----------------------------------------------------------------------------------

/// Sends a value, unless it is the one that was sent before. @return whether it did
static bool send(mega_adapter *a, const char *path) {
    float now;
    if (!value_of(a, path, &now) || was_sent(a, path, now)) return false;
    note_sent(a, path, now);
    json_t *value = synth_value_of(a, path);
    synth_tell(a, MEGA_INFO, "value", 2,
               (mega_atom[]){{path, 0}, {json_string_value(value), json_number_value(value)}});
    json_decref(value);
    return true;
}

/// @return how many more may be sent
static size_t send_params(mega_adapter *a, size_t room) {
    json_t *touched = a->touched;
    a->touched = NULL; // whoever hears of a value may turn another
    const char *path;
    json_t *nothing;
    json_object_foreach(touched, path, nothing) {
        if (!room) synth_changes_touch(a, path);
        else room -= send(a, path);
    }
    json_decref(touched);
    return room;
}

static void send_knobs(mega_adapter *a, size_t room) {
    if (!a->knobs_touched) return;
    json_t *names = json_array(), *name; // an answer may bring another patch
    const mega_patch *patch = mega_loaded_patch(a->engine);
    size_t i;
    for (i = 0; patch && i < mega_patch_knob_count(patch); i++)
        json_array_append_new(names, json_string(mega_patch_knob(patch, i)));
    a->knobs_touched = false;
    json_array_foreach(names, i, name) {
        if (room) room -= send(a, json_string_value(name));
        else a->knobs_touched = true;
    }
    json_decref(names);
}

double synth_changes_send(mega_adapter *a) {
    if (!a->knobs_touched && !json_object_size(a->touched)) return -1;
    double now = a->host.now_ms(a->host.context);
    bool early = now < a->values_ms && now > a->values_ms - 2 * SYNTH_VALUES_MS;
    if (early) return a->values_ms - now;
    if (!synth_worker_idle(a->worker)) return SYNTH_VALUES_MS;
    a->values_ms = now + SYNTH_VALUES_MS;
    send_knobs(a, send_params(a, SYNTH_VALUES_SENT_MAX));
    return a->knobs_touched || json_object_size(a->touched) ? SYNTH_VALUES_MS : -1;
}
