// SPDX-License-Identifier: MIT
// diff -- the operations that lead from one patch to another: the document's own keys, knobs,
// nodes and presets. What both have under the same id is the same thing.
#include "document/edit/diff.h"

#include <stdlib.h>
#include <string.h>

#include "document/formats/sections.h"

void *diff_memory(diff *d, size_t count, size_t bytes) {
    void *memory = calloc(count + 1, bytes);
    if (!memory) d->failed = true;
    return memory;
}

json_t *diff_begin(diff *d, const char *name) {
    json_t *op = json_object();
    diff_put(d, op, "op", json_string(name));
    return op;
}

void diff_put(diff *d, json_t *op, const char *key, json_t *value) {
    if (json_object_set_new_nocheck(op, key, value) != 0) d->failed = true;
}

void diff_push(diff *d, json_t *op) {
    if (json_array_append_new(d->list, op) != 0) d->failed = true;
}

/// Begun, with the id that it is about.
static json_t *begin(diff *d, const char *name, const char *id) {
    json_t *op = diff_begin(d, name);
    diff_put(d, op, "id", json_string(id));
    return op;
}

/// Pushes an operation that was begun in case that anything differs.
static void push_if(diff *d, json_t *op, bool differs) {
    if (differs) diff_push(d, op);
    else json_decref(op);
}

bool diff_extra(diff *d, json_t *before, json_t *after, json_t *op) {
    json_t *value, *unset = json_array();
    const char *key;
    bool differs = false;
    if (!unset) d->failed = true;
    json_object_foreach(after, key, value) {
        json_t *old = json_object_get(before, key);
        if (old && json_equal(old, value)) continue;
        diff_put(d, op, key, json_incref(value));
        differs = true;
    }
    json_object_foreach(before, key, value) {
        if (json_object_get(after, key)) continue;
        if (json_array_append_new(unset, json_string(key)) != 0) d->failed = true;
        differs = true;
    }
    if (json_array_size(unset) > 0) diff_put(d, op, "unset", unset);
    else json_decref(unset);
    return differs;
}

static json_t *number_or_null(uint32_t number) {
    return number ? json_integer(number) : json_null();
}

static void compare_documents(diff *d) {
    const mega_patch *a = d->before, *b = d->after;
    json_t *op;
    if (strcmp(a->name, b->name) != 0) {
        op = diff_begin(d, "name");
        diff_put(d, op, "name", json_string(b->name));
        diff_push(d, op);
    }
    if (a->voices != b->voices) {
        op = diff_begin(d, "voices");
        diff_put(d, op, "count", json_integer(b->voices));
        diff_push(d, op);
    }
    op = diff_begin(d, "set");
    if (a->rate_hint != b->rate_hint) diff_put(d, op, "sampleRate", number_or_null(b->rate_hint));
    if (a->channels != b->channels) diff_put(d, op, "channels", number_or_null(b->channels));
    bool differs = diff_extra(d, a->extra, b->extra, op);
    push_if(d, op, differs || a->rate_hint != b->rate_hint || a->channels != b->channels);
}

// ---- ids ---------------------------------------------------------------------------------------

static const char *node_id(const mega_patch *patch, size_t i) { return patch->nodes[i].id; }
static const char *preset_id(const mega_patch *patch, size_t i) { return patch->presets[i].id; }
static const char *knob_id(const mega_patch *patch, size_t i) { return patch->knobs[i].id; }

static void match_ids(diff *d, match *m, const char *(*id)(const mega_patch *, size_t),
                      size_t count_before, size_t count_after) {
    json_t *index = json_object();
    m->now = diff_memory(d, count_before, sizeof *m->now);
    m->was = diff_memory(d, count_after, sizeof *m->was);
    for (size_t i = 0; i < count_after; i++) {
        if (m->was) m->was[i] = MEGA_NOWHERE;
        if (json_object_set_new_nocheck(index, id(d->after, i), json_integer((json_int_t)i)) != 0)
            d->failed = true;
    }
    for (size_t i = 0; !d->failed && i < count_before; i++) {
        const json_t *found = json_object_get(index, id(d->before, i));
        m->now[i] = found ? (uint32_t)json_integer_value(found) : MEGA_NOWHERE;
        if (found) m->was[m->now[i]] = (uint32_t)i;
    }
    json_decref(index);
}

/// Adds and moves. @param key of `move` for the id; @param add makes the operation for a new one
static void place_all(diff *d, const match *m, size_t count_before, size_t count_after,
                      const char *key, const char *(*id)(const mega_patch *, size_t),
                      json_t *(*add)(diff *, size_t)) {
    bool *stays = diff_memory(d, count_before, sizeof *stays);
    reorder_step *steps = diff_memory(d, count_after, sizeof *steps);
    bool good = stays && steps && reorder_stays(m->now, count_before, stays) &&
                reorder_plan(m->now, stays, count_before, m->was, count_after, steps);
    if (!good) d->failed = true;
    for (size_t i = 0; good && i < count_after; i++) {
        if (steps[i].kind == REORDER_STAYS) continue;
        bool is_new = steps[i].kind == REORDER_NEW;
        json_t *op = is_new ? add(d, i) : diff_begin(d, "move");
        if (!is_new) diff_put(d, op, key, json_string(id(d->after, i)));
        if (!is_new || !steps[i].last) diff_put(d, op, "at", json_integer(steps[i].at));
        diff_push(d, op);
    }
    free(stays);
    free(steps);
}

// ---- knobs -------------------------------------------------------------------------------------

static void put_knob_override(diff *d, json_t *op, const mega_patch_knob_row *knob) {
    if (knob->override.set) diff_put(d, op, "override", mega_tree_number(knob->override.value));
}

static json_t *add_knob(diff *d, size_t i) {
    json_t *op = begin(d, "knob", d->after->knobs[i].id);
    if (op && !mega_tree_knob(&d->after->knobs[i], op)) d->failed = true;
    put_knob_override(d, op, &d->after->knobs[i]);
    return op;
}

static void compare_knobs(diff *d) {
    static const char *const keys[] = {"value", "range", "scale", "unit"};
    for (size_t i = 0; i < d->after->knob_count && !d->failed; i++) {
        if (d->knobs.was[i] == MEGA_NOWHERE) continue;
        const mega_patch_knob_row *b = &d->after->knobs[i], *a = &d->before->knobs[d->knobs.was[i]];
        bool range = a->has_range != b->has_range || diff_float(a->min, b->min) ||
                     diff_float(a->max, b->max);
        const bool differs[] = {diff_float(a->value, b->value), range,
                                a->has_scale != b->has_scale || a->scale != b->scale,
                                strcmp(a->unit, b->unit) != 0};
        json_t *all = json_object(), *op = begin(d, "knob", b->id);
        if (!all || !mega_tree_knob(b, all)) d->failed = true;
        bool any = false;
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            if (!differs[k]) continue;
            json_t *value = json_object_get(all, keys[k]);
            diff_put(d, op, keys[k], value ? json_incref(value) : json_null());
            any = true;
        }
        json_decref(all);
        if (differs[0]) put_knob_override(d, op, b);
        any |= diff_extra(d, a->extra, b->extra, op);
        push_if(d, op, any);
    }
}

// ---- nodes -------------------------------------------------------------------------------------

/// @param heir the node that takes its place and keeps some of its overrides, or NULL
static void put_overrides(diff *d, json_t *op, const mega_patch_node_row *node,
                          const mega_patch_node_row *heir) {
    json_t *override = mega_tree_overrides(node, heir);
    if (!override) d->failed = true;
    if (json_object_size(override)) diff_put(d, op, "override", override);
    else json_decref(override);
}

static json_t *add_node(diff *d, size_t i) {
    json_t *op = begin(d, "add", d->after->nodes[i].id);
    if (op && !mega_tree_node(&d->after->nodes[i], op)) d->failed = true;
    put_overrides(d, op, &d->after->nodes[i], NULL);
    return op;
}

static json_t *scope_tree(mega_scope scope) {
    return scope == MEGA_SCOPE_INFER   ? json_null()
           : scope == MEGA_SCOPE_VOICE ? json_string("voice")
                                       : json_string("shared");
}

static void replace_node(diff *d, const mega_patch_node_row *a, const mega_patch_node_row *b) {
    json_t *op = begin(d, "replace", b->id), *params = json_object();
    diff_put(d, op, "type", json_string(b->module->name));
    for (uint32_t i = 0; i < b->module->param_count; i++)
        if (b->written[i]) diff_put(d, params, b->module->params[i].name, mega_tree_param(b, i));
    diff_put(d, op, "params", params);
    put_overrides(d, op, b, a);
    diff_push(d, op);
}

static void compare_params(diff *d, const mega_patch_node_row *a, const mega_patch_node_row *b) {
    for (uint32_t i = 0; i < b->module->param_count; i++) {
        if (a->written[i] == b->written[i] && !diff_float(a->values[i], b->values[i])) continue;
        json_t *op = begin(d, "set", b->id);
        diff_put(d, op, "param", json_string(b->module->params[i].name));
        diff_put(d, op, "value", b->written[i] ? mega_tree_param(b, i) : json_null());
        if (b->overrides && b->overrides[i].set && diff_float(a->values[i], b->values[i]))
            diff_put(d, op, "override",
                     mega_tree_value(&b->module->params[i], b->overrides[i].value));
        diff_push(d, op);
    }
}

static void compare_nodes(diff *d) {
    for (size_t i = 0; i < d->after->node_count && !d->failed; i++) {
        if (d->nodes.was[i] == MEGA_NOWHERE) continue;
        const mega_patch_node_row *b = &d->after->nodes[i], *a = &d->before->nodes[d->nodes.was[i]];
        mega_scope scope = a->scope;
        if (a->module == b->module) {
            compare_params(d, a, b);
        } else {
            replace_node(d, a, b);
            if (scope == MEGA_SCOPE_VOICE && b->module->flags & MEGA_ONCE) scope = MEGA_SCOPE_INFER;
        }
        if (scope == b->scope && !diff_any_extra(a->extra, b->extra)) continue;
        json_t *op = begin(d, "set", b->id);
        if (scope != b->scope) diff_put(d, op, "scope", scope_tree(b->scope));
        diff_extra(d, a->extra, b->extra, op);
        diff_push(d, op);
    }
}

// ---- presets -----------------------------------------------------------------------------------

static json_t *add_preset(diff *d, size_t i) {
    json_t *op = begin(d, "preset", d->after->presets[i].id);
    if (op && !mega_tree_preset(d->after, &d->after->presets[i], op)) d->failed = true;
    return op;
}

/// Puts the values of one kind if they differ. @return whether they do
static bool diff_values(diff *d, json_t *op, const char *key, json_t *before, json_t *after) {
    bool differ = !before || !after || !json_equal(before, after);
    if (!before || !after) d->failed = true;
    if (differ) diff_put(d, op, key, json_incref(after));
    json_decref(before);
    json_decref(after);
    return differ;
}

static void compare_presets(diff *d) {
    for (size_t i = 0; i < d->after->preset_count && !d->failed; i++) {
        if (d->presets.was[i] == MEGA_NOWHERE) continue;
        const mega_patch_preset_row *b = &d->after->presets[i],
                                    *a = &d->before->presets[d->presets.was[i]];
        json_t *op = begin(d, "preset", b->id);
        bool differs = strcmp(a->doc, b->doc) != 0;
        if (differs) diff_put(d, op, "doc", json_string(b->doc));
        differs |= diff_values(d, op, "knobs", mega_tree_preset_knobs(d->before, a),
                               mega_tree_preset_knobs(d->after, b));
        differs |= diff_values(d, op, "params", mega_tree_preset_params(d->before, a),
                               mega_tree_preset_params(d->after, b));
        differs |= diff_extra(d, a->extra, b->extra, op);
        push_if(d, op, differs);
    }
}

static void remove_all(diff *d, const match *m, size_t count, const char *name,
                       const char *(*id)(const mega_patch *, size_t)) {
    for (size_t i = 0; i < count; i++)
        if (m->now[i] == MEGA_NOWHERE) diff_push(d, begin(d, name, id(d->before, i)));
}

// ---- the sections ------------------------------------------------------------------------------

void diff_knobs_gone(diff *d) {
    remove_all(d, &d->knobs, d->before->knob_count, "unknob", knob_id);
}

void diff_knobs_here(diff *d) {
    compare_knobs(d);
    place_all(d, &d->knobs, d->before->knob_count, d->after->knob_count, "knob", knob_id, add_knob);
}

void diff_nodes_gone(diff *d) {
    remove_all(d, &d->nodes, d->before->node_count, "remove", node_id);
}

void diff_nodes_here(diff *d) {
    compare_nodes(d);
    place_all(d, &d->nodes, d->before->node_count, d->after->node_count, "id", node_id, add_node);
}

void diff_presets_gone(diff *d) {
    remove_all(d, &d->presets, d->before->preset_count, "unpreset", preset_id);
}

void diff_presets_here(diff *d) {
    compare_presets(d);
    place_all(d, &d->presets, d->before->preset_count, d->after->preset_count, "preset", preset_id,
              add_preset);
}

// ---- all ---------------------------------------------------------------------------------------

static void compare(diff *d) {
    const mega_patch *a = d->before, *b = d->after;
    match_ids(d, &d->nodes, node_id, a->node_count, b->node_count);
    match_ids(d, &d->knobs, knob_id, a->knob_count, b->knob_count);
    match_ids(d, &d->presets, preset_id, a->preset_count, b->preset_count);
    if (!d->failed) diff_match_cables(d);
    if (d->failed) return;
    compare_documents(d);
    for (size_t i = mega_section_count; i-- > 0;)
        if (mega_sections[i]->diff_gone) mega_sections[i]->diff_gone(d);
    for (size_t i = 0; i < mega_section_count; i++)
        if (mega_sections[i]->diff_here) mega_sections[i]->diff_here(d);
}

static void finish_match(match *m) {
    free(m->now);
    free(m->was);
}

json_t *mega_diff_tree(const mega_patch *before, const mega_patch *after) {
    diff d = {.before = before, .after = after, .list = json_array()};
    if (d.list) compare(&d);
    finish_match(&d.nodes);
    finish_match(&d.knobs);
    finish_match(&d.cables);
    finish_match(&d.presets);
    free(d.stays);
    free(d.twin);
    free(d.nth);
    free(d.nth_kept);
    if (d.list && !d.failed) return d.list;
    json_decref(d.list);
    return NULL;
}
