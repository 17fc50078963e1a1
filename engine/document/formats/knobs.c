// SPDX-License-Identifier: MIT
// knobs -- the section of the document for knobs.
#include <stdlib.h>
#include <string.h>

#include "document/edit/diff.h"
#include "document/edit/working.h"

// ---- reading -----------------------------------------------------------------------------------

static void build_range(builder *b, const mega_at *at, json_t *value, mega_patch_knob_row *knob) {
    if (!json_is_array(value) || json_array_size(value) != 2) {
        mega_document_error(b->document, at, "bad-type", NULL, "must be [min, max]");
        return;
    }
    double ends[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        mega_at end = mega_at_index(at, value, i);
        if (!expect_number(b, &end, json_array_get(value, i), &ends[i])) return;
    }
    knob->has_range = true;
    knob->min = (float)ends[0];
    knob->max = (float)ends[1];
}

static void build_scale(builder *b, const mega_at *at, json_t *value, mega_patch_knob_row *knob) {
    static const char *const names[] = {"lin", "exp"};
    if (!expect_string(b, at, value)) return;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(json_string_value(value), names[i]) != 0) continue;
        knob->has_scale = true;
        knob->scale = i == 0 ? MEGA_LIN : MEGA_EXP;
        return;
    }
    mega_document_error(b->document, at, "bad-value",
                        "\"exp\" moves by equal ratios, which others call logarithmic; \"lin\" by "
                        "equal steps",
                        "must be \"lin\" or \"exp\"");
}

bool build_knob_key(builder *b, const mega_at *at, const char *key, json_t *value,
                    mega_patch_knob_row *knob) {
    double number;
    if (strcmp(key, "value") == 0) {
        if (!expect_number(b, at, value, &number)) return true;
        if (number < 0 || number > 1)
            mega_document_error(b->document, at, "bad-value",
                                "a knob turns from 0 to 1; `range` says what that means",
                                "%.9g is outside 0..1", number);
        else knob->value = (float)number;
    } else if (strcmp(key, "range") == 0) {
        build_range(b, at, value, knob);
    } else if (strcmp(key, "scale") == 0) {
        build_scale(b, at, value, knob);
    } else if (strcmp(key, "unit") == 0) {
        if (!expect_string(b, at, value)) return true;
        free(knob->unit);
        knob->unit = copy_string(b, json_string_value(value));
    } else {
        return take_extra(b, key, value, &knob->extra);
    }
    return true;
}

void check_knob(builder *b, const mega_at *at, const mega_patch_knob_row *knob) {
    if (knob->has_range && knob->has_scale && knob->scale == MEGA_EXP &&
        !(knob->min > 0 && knob->max > 0))
        mega_document_error(b->document, at, "bad-value",
                            "minimum and maximum must be greater than 0",
                            "an exponential range must lie above 0");
}

static void build_knob(builder *b, const mega_at *at, json_t *object, mega_patch_knob_row *knob) {
    static const char *const known[] = {"value", "range", "scale", "unit"};
    const char *key;
    json_t *value;
    knob->unit = copy_string(b, "");
    if (!expect_object(b, at, object)) return;
    json_object_foreach(object, key, value) {
        mega_at here = mega_at_key(at, object, key);
        if (!build_knob_key(b, &here, key, value, knob))
            mega_document_error(b->document, &here, "unknown-key",
                                hint_nearest(key, known, COUNT(known), "a knob has").text,
                                "no such key");
    }
    mega_at range = mega_at_key(at, object, "range");
    check_knob(b, &range, knob);
}

static void build_knobs(builder *b, const mega_at *at, json_t *knobs) {
    if (!expect_object(b, at, knobs)) return;
    size_t count = json_object_size(knobs);
    if (count > MEGA_KNOBS_MAX) {
        mega_document_error(b->document, at, "limit", NULL, "%zu knobs, at most %d", count,
                            MEGA_KNOBS_MAX);
        count = MEGA_KNOBS_MAX;
    }
    b->patch->knobs = take_memory(b, count, sizeof *b->patch->knobs);
    b->knob_used = take_memory(b, count, sizeof *b->knob_used);
    if (!b->patch->knobs || !b->knob_used) return;
    const char *key;
    json_t *value;
    json_object_foreach(knobs, key, value) {
        if (b->patch->knob_count == count || b->document->no_memory) return;
        mega_patch_knob_row *knob = &b->patch->knobs[b->patch->knob_count++];
        mega_at here = mega_at_key(at, knobs, key);
        knob->birth = take_birth(b);
        knob->id = take_id(b, &here, key, b->knob_index, b->patch->knob_count - 1);
        build_knob(b, &here, value, knob);
    }
}

// ---- writing and copying -----------------------------------------------------------------------

bool mega_tree_knob(const mega_patch_knob_row *knob, json_t *object) {
    bool good = mega_tree_put(object, "value", mega_tree_number(knob->value));
    if (knob->has_range) {
        json_t *range = json_array();
        good = good && range && json_array_append_new(range, mega_tree_number(knob->min)) == 0 &&
               json_array_append_new(range, mega_tree_number(knob->max)) == 0;
        if (good) good = mega_tree_put(object, "range", range);
        else json_decref(range);
    }
    if (knob->has_scale)
        good = good &&
               mega_tree_put(object, "scale", json_string(knob->scale == MEGA_EXP ? "exp" : "lin"));
    if (*knob->unit) good = good && mega_tree_put(object, "unit", json_string(knob->unit));
    return good && mega_tree_put_extra(object, knob->extra);
}

static bool tree(const mega_patch *patch, json_t *root) {
    if (!patch->knob_count) return true;
    json_t *knobs = json_object();
    bool good = mega_tree_put(root, "knobs", knobs);
    for (size_t i = 0; good && i < patch->knob_count; i++) {
        json_t *object = json_object();
        good = mega_tree_put(knobs, patch->knobs[i].id, object) &&
               mega_tree_knob(&patch->knobs[i], object);
    }
    return good;
}

bool mega_patch_copy_knob(mega_patch_knob_row *to, const mega_patch_knob_row *from) {
    *to = *from;
    to->id = to->unit = NULL;
    bool ok = true;
    to->extra = mega_copy_extra(from->extra, &ok);
    return ok && mega_copy_text(&to->id, from->id) && mega_copy_text(&to->unit, from->unit);
}

static bool copy_row(void *to, const void *from) { return mega_patch_copy_knob(to, from); }

static void finish_row(void *row) { finish_knob(row); }

static void words(const mega_patch *patch, extent *words) {
    for (size_t i = 0; i < patch->knob_count; i++) {
        words_extra(words, patch->knobs[i].extra);
        if (patch->knobs[i].unit) words_text(words, patch->knobs[i].unit);
    }
}

// ---- the section -------------------------------------------------------------------------------

/// (knobs (cutoff (value 0.45) (range 80 12000) (scale exp)))
static const sexp_shape range = {.form = "(range min max)", .items = 2}, word = {.words = true};
static const sexp_shape knob = {
    .form = "(key value)", .keys = (const sexp_key[]){{"range", &range}, {"scale", &word}, {0}}};
static const sexp_shape shape = {.form = "(knob (key value) ...)", .each = &knob};

static const mega_operation operations[] = {
    {"knob", edit_knob}, {"unknob", edit_unknob}, {NULL, NULL}};

const mega_section mega_section_knobs = {.key = "knobs",
                                         .build = build_knobs,
                                         .tree = tree,
                                         .rows = MEGA_ROWS(knobs, knob_count, mega_patch_knob_row),
                                         .copy_row = copy_row,
                                         .finish_row = finish_row,
                                         .shape = &shape,
                                         .operations = operations,
                                         .words = words,
                                         .diff_gone = diff_knobs_gone,
                                         .diff_here = diff_knobs_here};
