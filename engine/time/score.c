// SPDX-License-Identifier: MIT
// score -- a JSON list of {"at", "note" | "knob" | "ops" | ..., ...}, see `kinds`, and collects
// all errors. rehearse.c checks names and edits, which need the patch.
#include "time/score_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BYTES_MAX = 64 };

bool mega_score_wanted(reader *r, const char *key, double min, double max, double *value) {
    *value = 0;
    if (json_object_get(r->item, key)) return mega_score_number(r, key, min, max, 0, value);
    mega_text_error(r->errors, "[%zu]: `%s` is missing", r->index, key);
    return false;
}

bool mega_score_number(reader *r, const char *key, double min, double max, double otherwise,
                       double *value) {
    const json_t *found = json_object_get(r->item, key);
    *value = otherwise;
    if (!found) return true;
    if (!json_is_number(found)) {
        mega_text_error(r->errors, "[%zu].%s: must be a number", r->index, key);
        return false;
    }
    *value = json_number_value(found);
    if (*value >= min && *value <= max) return true;
    mega_text_error(r->errors, "[%zu].%s: %g is out of range; it must be %g..%g", r->index, key,
                    *value, min, max);
    return false;
}

bool mega_score_time(reader *r, double *at) {
    return mega_score_wanted(r, "at", 0, SEQUENCE_SECONDS_MAX, at);
}

bool mega_score_key(reader *r, const char *key, double *value) {
    const json_t *written = json_object_get(r->item, key);
    if (!json_is_string(written)) return mega_score_wanted(r, key, 0, 127, value);
    const char *end = "?";
    if (mega_key_of(json_string_value(written), &end, value) && !*end) return true;
    mega_text_error(r->errors, "[%zu].%s: \"%.40s\" is not a note; write 60 or \"C4\"", r->index,
                    key, json_string_value(written));
    return false;
}

void mega_score_add(reader *r, double at, mega_timed_event e) {
    if (!mega_sequence_event(r->sequence, at, e)) r->full = true;
}

/// The known key that was probably meant: one that begins with the given key, or looks like it.
static const char *near_key(const char *key, const char *const *keys, size_t count) {
    for (size_t i = 0; i < count && *key; i++)
        if (strncmp(keys[i], key, strlen(key)) == 0) return keys[i];
    return mega_nearest(key, keys, count);
}

static void check_keys(reader *r, const char *const *keys, size_t count) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)r->item, key, value) {
        bool known = strncmp(key, "x-", 2) == 0; // left to other programs, as in patches
        for (size_t i = 0; i < count && !known; i++) known = strcmp(key, keys[i]) == 0;
        if (known) continue;
        const char *near = near_key(key, keys, count);
        mega_text_error(r->errors, "[%zu]: unknown key \"%.40s\"%s%s%s", r->index, key,
                        near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
    }
}

// ---- names -------------------------------------------------------------------------------------

/// The object of that key, made if there is none. @return NULL without memory
static json_t *child(json_t *object, const char *key) {
    json_t *found = json_object_get(object, key);
    if (found) return found;
    json_object_set_new(object, key, json_object());
    return json_object_get(object, key);
}

int32_t mega_score_name(reader *r, const char *node, const char *port, const char *choice) {
    // no node, no choice: "", which is no name of either; presets: "/", which is in no id
    json_t *ports = child(r->numbers, !node   ? ""
                                      : *node ? node
                                              : "/"),
           *choices = child(ports, port);
    const json_t *number = json_object_get(choices, choice ? choice : "");
    if (number) return (int32_t)json_integer_value(number);
    int32_t made = mega_sequence_name_add(r->sequence, node, port, choice);
    json_object_set_new(choices, choice ? choice : "", json_integer(made));
    if (made < 0)
        mega_text_error(r->errors, "[%zu]: too many knobs, parameters and choices (limit %d)",
                        r->index, SEQUENCE_NAMES_MAX);
    return made;
}

/// Ids are strings or whole numbers; 1 and "1" are two.
bool mega_score_id(reader *r, int32_t *id) {
    const json_t *written = json_object_get(r->item, "id");
    *id = -1;
    if (!written) return true;
    char key[ID_BYTES_MAX + 2];
    const char *text = json_string_value(written);
    if (json_is_integer(written))
        snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT, json_integer_value(written));
    else if (text && *text && strlen(text) <= ID_BYTES_MAX) snprintf(key, sizeof key, "'%s", text);
    else {
        mega_text_error(r->errors,
                        "[%zu].id: must be a name, at most %d bytes long, or a whole number",
                        r->index, ID_BYTES_MAX);
        return false;
    }
    const json_t *known = json_object_get(r->ids, key);
    if (!known) {
        known = json_integer(r->sequence->id_count++);
        json_object_set_new(r->ids, key, (json_t *)known);
    }
    *id = (int32_t)json_integer_value(known);
    return true;
}

// ---- changes of the patch ----------------------------------------------------------------------

/// The operations of the item, as they are written. @return false without memory
static bool copy_operations(reader *r, const json_t *list, mega_sequence_edit *edit) {
    mega_json_place from = r->place;
    if (mega_json_place_member(&from, "ops")) {
        mega_json_place to = from;
        mega_json_place_skip(&to);
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

/// An unreadable edit still gets an entry: later items cannot be checked against an unknown patch.
static void read_edit(reader *r) {
    const json_t *ops = json_object_get(r->item, "ops"), *load = json_object_get(r->item, "load");
    double at, fade_ms;
    bool good = mega_score_time(r, &at);
    if (!good) at = 0;
    good &= mega_score_number(r, "fade_ms", 0, MEGA_FADE_MS_MAX, MEGA_FADE_MS_DEFAULT, &fade_ms);
    mega_sequence_edit edit = {.fade_ms = (float)fade_ms};
    char why[200] = "must be the name of a patch file";
    if (ops && !json_is_array(ops))
        mega_text_error(r->errors,
                        "[%zu].ops: must be a list of operations, such as [{\"op\": \"remove\", "
                        "\"id\": \"lfo\"}]",
                        r->index);
    else if (ops && good) r->full |= !copy_operations(r, ops, &edit);
    else if (json_is_string(load))
        edit.patch = r->files->open(r->files->context, json_string_value(load), why);
    if (load && !edit.patch) mega_text_error(r->errors, "[%zu].load: %s", r->index, why);
    if (!good) edit.patch = NULL;
    if (!mega_sequence_change(r->sequence, at, edit)) r->full = true;
}

// ---- all kinds ---------------------------------------------------------------------------------

/// An item has exactly one of these keys, which is its kind, and the others listed.
static const struct {
    const char *kind;
    const char *keys[ITEM_KEYS_MAX];
    void (*read)(reader *r);
} kinds[] = {
#define LIST(...)                                                                                  \
    { __VA_ARGS__ }
// Example: ITEM("knob", LIST("at", "knob", "value", "ramp_ms"), score_read_knob, "Sets a knob ...")
// Becomes: {"knob", {"at", "knob", "value", "ramp_ms"}, score_read_knob},
#define ITEM(kind, keys, read, doc) {kind, keys, read},
#include "time/score_items.def"
#undef ITEM
#undef LIST
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

/// The item's kind. @return KIND_COUNT if it has none, or two
static size_t kind_of(const json_t *item) {
    size_t found = KIND_COUNT;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!json_object_get(item, kinds[i].kind)) continue;
        if (found == KIND_COUNT) found = i;
        else if (i != KIND_COUNT - 1 || found != 0) return KIND_COUNT;
    }
    return found;
}

static void say_kinds(reader *r) {
    char all[200] = "";
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s`%s`",
                 i == 0                ? ""
                 : i == KIND_COUNT - 1 ? " and "
                                       : ", ",
                 kinds[i].kind);
    }
    mega_text_error(r->errors, "[%zu]: must have one of %s", r->index, all);
}

static void read_item(reader *r) {
    if (!json_is_object(r->item)) {
        mega_text_error(r->errors, "[%zu]: must be an object, such as {\"at\": 0, \"note\": 60}",
                        r->index);
        return;
    }
    size_t kind = kind_of(r->item), count = 0;
    if (kind == KIND_COUNT) {
        say_kinds(r);
        return;
    }
    while (count < ITEM_KEYS_MAX && kinds[kind].keys[count]) count++;
    check_keys(r, kinds[kind].keys, count);
    r->kind = kinds[kind].kind;
    kinds[kind].read(r);
}

static void read_items(reader *r, const json_t *root) {
    mega_sequence *s = r->sequence;
    mega_json_place_enter(&r->place);
    for (r->index = 0; r->index < json_array_size(root) && !r->full; r->index++) {
        r->item = json_array_get(root, r->index);
        s->item = (uint32_t)r->index;
        s->line = r->errors->line = r->place.line;
        read_item(r);
        mega_json_place_skip(&r->place);
    }
    s->line = r->errors->line = 0;
}

bool mega_score_read(const char *text, size_t bytes, const mega_score_files *files,
                     mega_sequence *s, mega_text_errors *errors) {
    size_t before = errors->count;
    if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { // a byte order mark
        text += 3;
        bytes -= 3;
    }
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        // jansson's location and text, which quotes the input: keep one line
        error.text[strcspn(error.text, "\r\n")] = '\0';
        errors->line = error.line > 0 ? (uint32_t)error.line : 0;
        errors->column = error.column > 0 ? (uint32_t)error.column : 0;
        const char *hint = text[strspn(text, " \t\r\n")] == '[' || bytes == 0
                               ? ""
                               : "; a score is a JSON list: [{\"at\": 0, \"note\": 60}, ...]";
        mega_text_error(errors, "%s%s", error.text, hint);
        errors->line = errors->column = 0;
        return false;
    }
    if (!json_is_array(root))
        mega_text_error(errors,
                        "must be a list: [{\"at\": 0, \"note\": 60, \"length\": 0.5}, ...]%s",
                        json_object_get(root, "nodes") ? "; this is a patch" : "");
    reader r = {.files = files,
                .sequence = s,
                .errors = errors,
                .numbers = json_object(),
                .ids = json_object(),
                .place = mega_json_place_start(text, bytes)};
    read_items(&r, root);
    if (r.full) mega_text_error(errors, "too many events (limit %d)", SEQUENCE_EVENTS_MAX);
    json_decref(r.numbers);
    json_decref(r.ids);
    json_decref(root);
    return errors->count == before;
}
