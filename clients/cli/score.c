// SPDX-License-Identifier: MIT
// score -- a JSON list of {"at", "note" | "knob" | "param" | "ops" | "load", ...}, with every error
// told at once. What only the patch knows, names and whether edits fit, is left to rehearse.c.
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_place.h"
#include "sequence.h"

enum { RAMP_SECONDS_MAX = 3600 };

/// A score that is being read, and the place in it.
typedef struct {
    const score_files *files;
    sequence *sequence;
    text_errors *errors;
    json_t *numbers; // of names: knob, and node, parameter and choice, one in the other
    size_t index;
    const json_t *item;
    json_place place;
    bool full;
} reader;

static const char *const note_keys[] = {"at", "note", "velocity", "length"};
static const char *const knob_keys[] = {"at", "knob", "value"};
static const char *const param_keys[] = {"at", "param", "value", "ramp"};
static const char *const ops_keys[] = {"at", "ops", "fade_ms"};
static const char *const load_keys[] = {"at", "load", "fade_ms"};
#define KEYS_OF(list) list, sizeof list / sizeof *list

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
    check_keys(r, KEYS_OF(note_keys));
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

// ---- names --------------------------------------------------------------------------------------

/// The object of that key, made if there is none. @return NULL without memory
static json_t *child(json_t *object, const char *key) {
    json_t *found = json_object_get(object, key);
    if (found) return found;
    json_object_set_new(object, key, json_object());
    return json_object_get(object, key);
}

/// @return the number of a name in the sequence, or -1 where there is room for no more
static int32_t name_number(reader *r, const char *node, const char *port, const char *choice) {
    // no node, no choice: "", which is no name of either
    json_t *ports = child(r->numbers, node ? node : ""), *choices = child(ports, port);
    const json_t *number = json_object_get(choices, choice ? choice : "");
    if (number) return (int32_t)json_integer_value(number);
    int32_t made = sequence_name_add(r->sequence, node, port, choice);
    json_object_set_new(choices, choice ? choice : "", json_integer(made));
    if (made < 0)
        text_error(r->errors, "[%zu]: too many knobs, parameters and choices (limit %d)", r->index,
                   SEQUENCE_NAMES_MAX);
    return made;
}

// ---- items --------------------------------------------------------------------------------------

static void read_knob(reader *r) {
    check_keys(r, KEYS_OF(knob_keys));
    double at, value;
    bool timed = number(r, "at", 0, SEQUENCE_SECONDS_MAX, -1, &at);
    number(r, "value", 0, 1, -1, &value); // if not: the name is looked up all the same
    const char *knob = json_string_value(json_object_get(r->item, "knob"));
    if (!knob) text_error(r->errors, "[%zu].knob: must be the name of a knob", r->index);
    int32_t name = timed && knob ? name_number(r, NULL, knob, NULL) : -1;
    if (name >= 0 && !sequence_knob(r->sequence, at, name, value)) r->full = true;
}

/// The value of a parameter: a number or the name of a choice.
static bool read_param_value(reader *r, double *value, const char **choice) {
    const json_t *written = json_object_get(r->item, "value");
    *choice = json_string_value(written);
    *value = json_number_value(written);
    if (*choice ? **choice != '\0' : json_is_number(written)) return true;
    if (written)
        text_error(r->errors, "[%zu].value: must be a number, or the name of a choice", r->index);
    else text_error(r->errors, "[%zu]: `value` is missing", r->index);
    return false;
}

static void read_param(reader *r) {
    check_keys(r, KEYS_OF(param_keys));
    double at, value, ramp;
    const char *choice;
    bool good = number(r, "at", 0, SEQUENCE_SECONDS_MAX, -1, &at);
    bool valued = read_param_value(r, &value, &choice);
    bool ramped = json_object_get(r->item, "ramp") != NULL;
    good &= number(r, "ramp", 0, RAMP_SECONDS_MAX, 0, &ramp);
    const json_t *param = json_object_get(r->item, "param");
    const char *node = json_string_value(json_array_get(param, 0));
    const char *port = json_string_value(json_array_get(param, 1));
    if (!node || !*node || !port || json_array_size(param) != 2) {
        text_error(r->errors, "[%zu].param: must be [node, parameter], as in [\"filt\", \"freq\"]",
                   r->index);
        return;
    }
    int32_t name = good && valued ? name_number(r, node, port, choice) : -1;
    if (name >= 0 && !sequence_param(r->sequence, at, name, value, ramped ? ramp : -1))
        r->full = true;
}

/// The operations of the item, as they are written. @return false without memory
static bool copy_operations(reader *r, const json_t *list, sequence_edit *edit) {
    json_place from = r->place;
    if (json_place_member(&from, "ops")) {
        json_place to = from;
        json_place_skip(&to);
        edit->bytes = (size_t)(to.at - from.at);
        while (edit->bytes && from.at[edit->bytes - 1] != ']') edit->bytes--;
        edit->line = from.line;
        edit->column = from.column;
        edit->operations = malloc(edit->bytes + 1);
        if (edit->operations) memcpy(edit->operations, from.at, edit->bytes);
    } else { // the key is spelled with escapes
        edit->operations = json_dumps(list, JSON_COMPACT);
        if (edit->operations) edit->bytes = strlen(edit->operations);
    }
    return edit->operations != NULL;
}

/// What cannot be read takes its place all the same: nobody knows what the patch is from there on.
static void read_edit(reader *r) {
    const json_t *ops = json_object_get(r->item, "ops"), *load = json_object_get(r->item, "load");
    if (ops) check_keys(r, KEYS_OF(ops_keys));
    else check_keys(r, KEYS_OF(load_keys));
    double at, fade_ms;
    bool good = number(r, "at", 0, SEQUENCE_SECONDS_MAX, -1, &at);
    if (!good) at = 0;
    good &= number(r, "fade_ms", 0, MEGA_FADE_MS_MAX, MEGA_FADE_MS_DEFAULT, &fade_ms);
    sequence_edit edit = {.fade_ms = (float)fade_ms};
    char why[200] = "must be the name of a patch's file";
    if (ops && !json_is_array(ops))
        text_error(r->errors,
                   "[%zu].ops: must be a list of operations, such as [{\"op\": \"remove\", "
                   "\"id\": \"lfo\"}]",
                   r->index);
    else if (ops && good) r->full |= !copy_operations(r, ops, &edit);
    else if (load && json_is_string(load))
        edit.patch = r->files->open(r->files->context, json_string_value(load), why);
    if (load && !edit.patch) text_error(r->errors, "[%zu].load: %s", r->index, why);
    if (!good) edit.patch = NULL;
    if (!sequence_change(r->sequence, at, edit)) r->full = true;
}

static void read_item(reader *r) {
    bool note = json_object_get(r->item, "note"), knob = json_object_get(r->item, "knob"),
         param = json_object_get(r->item, "param"), ops = json_object_get(r->item, "ops"),
         load = json_object_get(r->item, "load");
    if (!json_is_object(r->item))
        text_error(r->errors, "[%zu]: must be an object, such as {\"at\": 0, \"note\": 60}",
                   r->index);
    else if (note + knob + param + ops + load != 1)
        text_error(r->errors, "[%zu]: must have one of `note`, `knob`, `param`, `ops` and `load`",
                   r->index);
    else if (note) read_note(r);
    else if (knob) read_knob(r);
    else if (param) read_param(r);
    else read_edit(r);
}

static void read_items(reader *r, const json_t *root) {
    sequence *s = r->sequence;
    json_place_enter(&r->place);
    for (r->index = 0; r->index < json_array_size(root) && !r->full; r->index++) {
        r->item = json_array_get(root, r->index);
        s->item = (uint32_t)r->index;
        s->line = r->errors->line = r->place.line;
        read_item(r);
        json_place_skip(&r->place);
    }
    s->line = r->errors->line = 0;
}

bool score_read(const char *text, size_t bytes, const score_files *files, sequence *s,
                text_errors *errors) {
    size_t before = errors->count;
    if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { // a byte order mark
        text += 3;
        bytes -= 3;
    }
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        // jansson's place and words; its texts quote the input, of which only one line is wanted
        error.text[strcspn(error.text, "\r\n")] = '\0';
        errors->line = error.line > 0 ? (uint32_t)error.line : 0;
        errors->column = error.column > 0 ? (uint32_t)error.column : 0;
        text_error(errors, "%s", error.text);
        errors->line = errors->column = 0;
        return false;
    }
    if (!json_is_array(root))
        text_error(errors, "must be a list: [{\"at\": 0, \"note\": 60, \"length\": 0.5}, ...]");
    reader r = {.files = files,
                .sequence = s,
                .errors = errors,
                .numbers = json_object(),
                .place = json_place_start(text, bytes)};
    read_items(&r, root);
    if (r.full) text_error(errors, "too many events (limit %d)", SEQUENCE_EVENTS_MAX);
    json_decref(r.numbers);
    json_decref(root);
    return errors->count == before;
}
