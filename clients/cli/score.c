// SPDX-License-Identifier: MIT
// score -- a JSON list of {"at", "note" | "knob" | "param", ...}, with every error told at once.
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "megasynth.h"
#include "sequence.h"

enum { RAMP_SECONDS_MAX = 3600 };

/// A score that is being read, and the place in it.
typedef struct {
    const score_names *names;
    sequence *sequence;
    text_errors *errors;
    size_t index;
    const json_t *item;
    bool full;
} reader;

static const char *const note_keys[] = {"at", "note", "velocity", "length"};
static const char *const knob_keys[] = {"at", "knob", "value"};
static const char *const param_keys[] = {"at", "param", "value", "ramp"};

/// A number of the item within a range, or `otherwise` where it is left out (a negative one: it
/// must be there).
static bool number(reader *r, const char *key, double min, double max, double otherwise,
                   double *value) {
    const json_t *found = json_object_get(r->item, key);
    *value = otherwise;
    if (!found) {
        if (otherwise < 0) text_error(r->errors, "[%zu]: `%s` is missing", r->index, key);
        return otherwise >= 0;
    }
    if (!json_is_number(found)) {
        text_error(r->errors, "[%zu].%s: must be a number", r->index, key);
        return false;
    }
    *value = json_number_value(found);
    if (*value >= min && *value <= max) return true;
    text_error(r->errors, "[%zu].%s: %g is not within %g..%g", r->index, key, *value, min, max);
    return false;
}

static void check_keys(reader *r, const char *const *keys, size_t count) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)r->item, key, value) {
        bool known = strncmp(key, "x-", 2) == 0; // left to other programs, as in patches
        for (size_t i = 0; i < count && !known; i++) known = strcmp(key, keys[i]) == 0;
        if (known) continue;
        const char *near = mega_nearest(key, keys, count);
        text_error(r->errors, "[%zu]: unknown key \"%.40s\"%s%s%s", r->index, key,
                   near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    }
}

static void read_note(reader *r) {
    check_keys(r, note_keys, sizeof note_keys / sizeof *note_keys);
    double at, key, velocity, length;
    const json_t *written = json_object_get(r->item, "note");
    bool good = number(r, "at", 0, SEQUENCE_SECONDS_MAX, -1, &at);
    if (json_is_string(written)) {
        const char *end = "?";
        if (!key_of(json_string_value(written), &end, &key) || *end) {
            text_error(r->errors, "[%zu].note: \"%.40s\" is no note; write 60, or \"C4\"", r->index,
                       json_string_value(written));
            good = false;
        }
    } else {
        good &= number(r, "note", 0, 127, -1, &key);
    }
    good &= number(r, "velocity", 0, 1, 0.8, &velocity);
    good &= number(r, "length", 0, SEQUENCE_SECONDS_MAX, 0.5, &length);
    if (good && !sequence_note(r->sequence, at, length, key, velocity)) r->full = true;
}

static void read_knob(reader *r) {
    check_keys(r, knob_keys, sizeof knob_keys / sizeof *knob_keys);
    double at, value;
    int32_t knob = -1;
    bool good = number(r, "at", 0, SEQUENCE_SECONDS_MAX, -1, &at);
    good &= number(r, "value", 0, 1, -1, &value);
    const char *name = json_string_value(json_object_get(r->item, "knob"));
    char why[200] = "must be the name of a knob";
    if (name) knob = r->names->knob(r->names->context, name, why);
    if (knob < 0) text_error(r->errors, "[%zu].knob: %s", r->index, why);
    if (good && knob >= 0 && !sequence_knob(r->sequence, at, knob, value)) r->full = true;
}

/// The value of a parameter: a number or the name of a choice.
static bool read_param_value(reader *r, double *value, const char **choice) {
    const json_t *written = json_object_get(r->item, "value");
    *choice = json_string_value(written);
    *value = json_number_value(written);
    if (*choice || json_is_number(written)) return true;
    if (written)
        text_error(r->errors, "[%zu].value: must be a number, or the name of a choice", r->index);
    else text_error(r->errors, "[%zu]: `value` is missing", r->index);
    return false;
}

static void read_param(reader *r) {
    check_keys(r, param_keys, sizeof param_keys / sizeof *param_keys);
    double at, value, ramp;
    const char *choice;
    bool good = number(r, "at", 0, SEQUENCE_SECONDS_MAX, -1, &at);
    bool valued = read_param_value(r, &value, &choice);
    bool ramped = json_object_get(r->item, "ramp") != NULL;
    good &= number(r, "ramp", 0, RAMP_SECONDS_MAX, 0, &ramp);
    const json_t *place = json_object_get(r->item, "param");
    const char *node = json_string_value(json_array_get(place, 0));
    const char *port = json_string_value(json_array_get(place, 1));
    char why[200] = "must be [node, parameter], as in [\"filt\", \"freq\"]";
    int32_t param = -1;
    if (node && port && json_array_size(place) == 2)
        param = r->names->param(r->names->context, node, port, valued ? choice : NULL,
                                valued ? &value : NULL, why);
    if (param < 0) text_error(r->errors, "[%zu].param: %s", r->index, why);
    if (!good || !valued || param < 0) return;
    if (!sequence_param(r->sequence, at, param, value, ramped ? ramp : -1)) r->full = true;
}

static void read_item(reader *r) {
    bool note = json_object_get(r->item, "note"), knob = json_object_get(r->item, "knob"),
         param = json_object_get(r->item, "param");
    if (!json_is_object(r->item))
        text_error(r->errors, "[%zu]: must be an object, such as {\"at\": 0, \"note\": 60}",
                   r->index);
    else if (note + knob + param != 1)
        text_error(r->errors, "[%zu]: must have one of `note`, `knob` and `param`", r->index);
    else if (note) read_note(r);
    else if (knob) read_knob(r);
    else read_param(r);
}

bool score_read(const char *text, size_t bytes, const score_names *names, sequence *s,
                text_errors *errors) {
    size_t before = errors->count;
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        // jansson's place and words; its texts quote the input, of which only one line is wanted
        error.text[strcspn(error.text, "\r\n")] = '\0';
        text_error(errors, "line %d, column %d: %s", error.line, error.column, error.text);
        return false;
    }
    if (!json_is_array(root))
        text_error(errors, "must be a list: [{\"at\": 0, \"note\": 60, \"length\": 0.5}, ...]");
    reader r = {.names = names, .sequence = s, .errors = errors};
    for (r.index = 0; r.index < json_array_size(root) && !r.full; r.index++) {
        r.item = json_array_get(root, r.index);
        read_item(&r);
    }
    if (r.full) text_error(errors, "too many events (limit %d)", SEQUENCE_EVENTS_MAX);
    json_decref(root);
    return errors->count == before;
}
