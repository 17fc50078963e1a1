// SPDX-License-Identifier: MIT
// score_items -- the items of a score that play: notes and what becomes of them, pedals, knobs,
// parameters, presets.
#include <stdlib.h>
#include <string.h>

#include "time/score_reader.h"

enum { BEND_SEMITONES_MAX = 127 };

// ---- notes -------------------------------------------------------------------------------------

void mega_score_read_note(reader *r) {
    double at, key, velocity, length;
    int32_t id;
    bool good = mega_score_time(r, &at);
    good &= mega_score_key(r, "note", &key);
    good &= mega_score_number(r, "velocity", 0, 1, 0.8, &velocity);
    good &= mega_score_number(r, "length", 0, SEQUENCE_SECONDS_MAX, 0.5, &length);
    good &= mega_score_id(r, &id);
    if (good && !mega_sequence_note(r->sequence, at, length, key, velocity, id)) r->full = true;
}

/// What a note can be given, and what all can.
static const struct {
    const char *kind;
    int expression, controller; ///< -1: not of all notes
    double of_one, min_of_all;  ///< of one: from its negative, or 0, to here
} expressions[] = {
    {"bend", MEGA_NOTE_BEND, MEGA_CONTROL_BEND, BEND_SEMITONES_MAX, -1},
    {"pressure", MEGA_NOTE_PRESSURE, MEGA_CONTROL_PRESSURE, 1, 0},
    {"timbre", MEGA_NOTE_TIMBRE, MEGA_CONTROL_TIMBRE, 1, 0},
    {"key", MEGA_NOTE_SET_KEY, -1, 127, 0},
    {"velocity", MEGA_NOTE_SET_VELOCITY, -1, 1, 0},
};

/// Of the note of its `id`, or of all.
void mega_score_read_expression(reader *r) {
    size_t i = 0;
    while (strcmp(expressions[i].kind, r->kind) != 0) i++;
    double at, value, max = expressions[i].of_one;
    int32_t id;
    bool good = mega_score_time(r, &at);
    bool named = mega_score_id(r, &id), one = json_object_get(r->item, "id") != NULL;
    if (!one && expressions[i].controller < 0) {
        mega_text_error(r->errors,
                        "[%zu].%s: `id` is missing; give the note and this item the same `id`",
                        r->index, r->kind);
        return;
    }
    if (strcmp(r->kind, "key") == 0) good &= mega_score_key(r, "key", &value);
    else if (one)
        good &=
            mega_score_wanted(r, r->kind, expressions[i].min_of_all < 0 ? -max : 0, max, &value);
    else good &= mega_score_wanted(r, r->kind, expressions[i].min_of_all, 1, &value);
    mega_timed_event e = {.kind = one ? EVENT_NOTE_SET : EVENT_CONTROL,
                          .target = one ? expressions[i].expression : expressions[i].controller,
                          .note = id};
    if (!good || !named) return;
    e.value = (float)value;
    mega_score_add(r, at, e);
}

/// Down or up, as `true` and `false` or as a controller says it.
void mega_score_read_pedal(reader *r) {
    double at, value;
    const json_t *written = json_object_get(r->item, r->kind);
    bool good = mega_score_time(r, &at);
    value = json_is_true(written);
    if (!json_is_boolean(written)) good &= mega_score_wanted(r, r->kind, 0, 1, &value);
    bool sustain = strcmp(r->kind, "sustain") == 0;
    if (good)
        mega_score_add(
            r, at,
            (mega_timed_event){.kind = EVENT_CONTROL,
                               .target = sustain ? MEGA_CONTROL_SUSTAIN : MEGA_CONTROL_SOSTENUTO,
                               .note = -1,
                               .value = (float)value});
}

/// All notes end; or all sound does.
void mega_score_read_off(reader *r) {
    double at;
    bool good = mega_score_time(r, &at);
    if (!json_is_true(json_object_get(r->item, r->kind)))
        mega_text_error(r->errors, "[%zu].%s: must be true", r->index, r->kind);
    else if (good)
        mega_score_add(
            r, at,
            (mega_timed_event){.kind = strcmp(r->kind, "panic") == 0 ? EVENT_PANIC : EVENT_ALL_OFF,
                               .note = -1});
}

// ---- values ------------------------------------------------------------------------------------

/// A duration in milliseconds, as seconds; 0 if the key is missing.
static bool read_ms(reader *r, const char *key, double *seconds) {
    bool good = mega_score_number(r, key, 0, RAMP_SECONDS_MAX * 1000.0, 0, seconds);
    *seconds /= 1000;
    return good;
}

/// `ramp_ms`, or -1 for the parameter's own smoothing.
static bool read_ramp(reader *r, double *ramp) {
    bool good = read_ms(r, "ramp_ms", ramp);
    if (!json_object_get(r->item, "ramp_ms")) *ramp = -1;
    return good;
}

void mega_score_read_knob(reader *r) {
    double at, value, ramp;
    bool timed = mega_score_time(r, &at);
    timed &= read_ramp(r, &ramp);
    mega_score_wanted(r, "value", 0, 1, &value); // if not: the name is looked up all the same
    const char *knob = json_string_value(json_object_get(r->item, "knob"));
    if (!knob) mega_text_error(r->errors, "[%zu].knob: must be the name of a knob", r->index);
    int32_t name = timed && knob ? mega_score_name(r, NULL, knob, NULL) : -1;
    if (name >= 0)
        mega_score_add(r, at,
                       (mega_timed_event){.kind = EVENT_KNOB,
                                          .target = name,
                                          .note = -1,
                                          .value = (float)value,
                                          .detail = (float)ramp});
}

void mega_score_read_preset(reader *r) {
    double at, morph;
    bool timed = mega_score_time(r, &at);
    timed &= read_ms(r, "morph_ms", &morph);
    const char *preset = json_string_value(json_object_get(r->item, "preset"));
    if (!preset) mega_text_error(r->errors, "[%zu].preset: must be the name of a preset", r->index);
    int32_t name = timed && preset ? mega_score_name(r, "", preset, NULL) : -1;
    if (name >= 0)
        mega_score_add(
            r, at,
            (mega_timed_event){
                .kind = EVENT_PRESET, .target = name, .note = -1, .detail = (float)morph});
}

/// The value of a parameter: a number or the name of a choice.
static bool read_param_value(reader *r, double *value, const char **choice) {
    const json_t *written = json_object_get(r->item, "value");
    *choice = json_string_value(written);
    *value = json_number_value(written);
    if (*choice ? **choice != '\0' : json_is_number(written)) return true;
    if (written)
        mega_text_error(r->errors, "[%zu].value: must be a number, or the name of a choice",
                        r->index);
    else mega_text_error(r->errors, "[%zu]: `value` is missing", r->index);
    return false;
}

/// Of all notes, or of the one of its `id`.
void mega_score_read_param(reader *r) {
    double at, value, ramp;
    const char *choice;
    int32_t id;
    bool good = mega_score_time(r, &at);
    bool valued = read_param_value(r, &value, &choice);
    good &= read_ramp(r, &ramp);
    good &= mega_score_id(r, &id);
    const json_t *param = json_object_get(r->item, "param");
    const char *node = json_string_value(json_array_get(param, 0));
    const char *port = json_string_value(json_array_get(param, 1));
    if (!node || !*node || !port || json_array_size(param) != 2) {
        mega_text_error(r->errors,
                        "[%zu].param: must be [node, parameter], as in [\"filt\", \"freq\"]",
                        r->index);
        return;
    }
    int32_t name = good && valued ? mega_score_name(r, node, port, choice) : -1;
    if (name >= 0)
        mega_score_add(r, at,
                       (mega_timed_event){.kind = id >= 0 ? EVENT_NOTE_PARAM : EVENT_PARAM,
                                          .target = name,
                                          .note = id,
                                          .value = (float)value,
                                          .detail = (float)ramp});
}
