// SPDX-License-Identifier: MIT
// overrides -- values set during play, on their way through changes of the document.
#include "document/overrides.h"

#include <stdlib.h>
#include <string.h>

uint32_t mega_override_port(const mega_module *from, const mega_module *to, uint32_t param,
                            float *value) {
    const mega_param_row *old = &from->params[param], *row = NULL;
    uint32_t i = 0;
    for (; i < to->param_count; i++) {
        row = &to->params[i];
        if (strcmp(old->name, row->name) == 0 && !old->choices == !row->choices) break;
    }
    if (i == to->param_count) return i;
    if (row->choices) {
        uint32_t c = 0;
        while (row->choices[c] && strcmp(row->choices[c], old->choices[(size_t)*value]) != 0) c++;
        if (!row->choices[c]) return to->param_count;
        *value = (float)c;
    }
    return *value < row->min || *value > row->max ? to->param_count : i;
}

/// Whether the document states the same of a parameter and of the one that takes its place.
static bool says_the_same(const mega_patch_node_row *before, uint32_t i,
                          const mega_patch_node_row *after, uint32_t k) {
    float value = before->values[i];
    if (before->module == after->module && value == after->values[k]) return true;
    if (!after->written[k]) return !before->written[i];
    return before->written[i] &&
           mega_override_port(before->module, after->module, i, &value) == k &&
           value == after->values[k];
}

/// The parameter's index in the node that takes its place, if it keeps its override; else
/// `param_count`.
static uint32_t heir_of(const mega_patch_node_row *before, uint32_t param,
                        const mega_patch_node_row *after, float *value) {
    uint32_t k = mega_override_port(before->module, after->module, param, value);
    bool stays = k < after->module->param_count && says_the_same(before, param, after, k);
    return stays ? k : after->module->param_count;
}

uint32_t mega_override_heir(const mega_patch_node_row *before, uint32_t param,
                            const mega_patch_node_row *after) {
    const char *name = before->module->params[param].name;
    int32_t k = mega_module_find_param(after->module, name);
    bool same = k >= 0 && says_the_same(before, param, after, (uint32_t)k);
    return same ? (uint32_t)k : after->module->param_count;
}

bool mega_override_stays(const mega_patch_node_row *before, uint32_t param,
                         const mega_patch_node_row *after) {
    float value = before->overrides[param].value;
    return heir_of(before, param, after, &value) < after->module->param_count;
}

/// @return false without memory
static bool put(mega_patch_node_row *node, uint32_t param, mega_override override) {
    if (!node->overrides)
        node->overrides = calloc(node->module->param_count, sizeof *node->overrides);
    if (node->overrides) node->overrides[param] = override;
    return node->overrides != NULL;
}

bool mega_override_put(mega_patch_node_row *node, uint32_t param, float value, bool pending) {
    return put(node, param, (mega_override){.value = value, .set = true, .pending = pending});
}

/// States every value anew. The audio role would carry values from the types that it has run, and
/// it may never run the type in between.
static bool renew_all(mega_patch_node_row *node) {
    for (uint32_t i = 0; i < node->module->param_count; i++)
        if (!(node->overrides && node->overrides[i].set) &&
            !put(node, i, (mega_override){.pending = true}))
            return false;
    return true;
}

bool mega_overrides_follow(const mega_patch_node_row *before, mega_patch_node_row *after) {
    bool replaced = before->module != after->module;
    if (replaced && before->overrides && !renew_all(after)) return false;
    for (uint32_t i = 0; before->overrides && i < before->module->param_count; i++) {
        mega_override override = before->overrides[i];
        uint32_t none = after->module->param_count;
        uint32_t k = override.set ? heir_of(before, i, after, &override.value) : none;
        override.pending |= replaced;
        if (k == none && !replaced) {
            mega_override_renew(&override);
            k = i;
        }
        if (k < none && !put(after, k, override)) return false;
    }
    return true;
}

/// The node whose place another takes, or NULL. @param near the index to look at first
static const mega_patch_node_row *node_before(const mega_patch *before,
                                              const mega_patch_node_row *node, size_t near) {
    int32_t n = mega_patch_same_node(before, node, NULL, near);
    return n < 0 ? NULL : &before->nodes[n];
}

static const mega_patch_knob_row *knob_before(const mega_patch *before,
                                              const mega_patch_knob_row *knob, size_t near) {
    int32_t k = mega_patch_same_knob(before, knob, near);
    return k < 0 ? NULL : &before->knobs[k];
}

bool mega_overrides_inherit(const mega_patch *before, mega_patch *after) {
    for (size_t n = 0; n < after->node_count; n++) {
        mega_patch_node_row *node = &after->nodes[n];
        const mega_patch_node_row *old = node->overrides ? NULL : node_before(before, node, n);
        if (old && !mega_overrides_follow(old, node)) return false;
    }
    for (size_t k = 0; k < after->knob_count; k++) {
        mega_patch_knob_row *knob = &after->knobs[k];
        const mega_patch_knob_row *old =
            knob->override.set || knob->override.pending ? NULL : knob_before(before, knob, k);
        if (!old) continue;
        knob->override = old->override;
        if (old->value != knob->value) mega_override_renew(&knob->override);
    }
    return true;
}

/// The value that a patch gives a parameter: 0 where it is unwritten and cables add to it.
static float documented(const mega_patch *patch, size_t node, uint32_t param) {
    const mega_patch_node_row *row = &patch->nodes[node];
    uint32_t port = row->module->input_count + param;
    for (size_t i = 0; i < patch->cable_count && !row->written[param]; i++) {
        const mega_patch_cable_row *c = &patch->cables[i];
        if (c->to_node == node && c->to_port == port && c->as == MEGA_AS_ADD) return 0;
    }
    return row->values[param];
}

const mega_patch_node_row *mega_override_hidden(const mega_patch *before, const mega_patch *after,
                                                size_t node, uint32_t param) {
    const mega_patch_node_row *now = &after->nodes[node];
    const mega_patch_node_row *old = node_before(before, now, node);
    if (!old || !old->overrides || param >= old->module->param_count) return NULL;
    if (!old->overrides[param].set || old->written[param]) return NULL;
    float value = old->overrides[param].value;
    uint32_t k = mega_override_port(old->module, now->module, param, &value);
    bool hidden =
        k < now->module->param_count && !now->written[k] && value == documented(after, node, k);
    return hidden ? old : NULL;
}

void mega_overrides_settle(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++) patch->knobs[k].override.pending = false;
    for (size_t n = 0; n < patch->node_count; n++)
        for (uint32_t i = 0; patch->nodes[n].overrides && i < patch->nodes[n].module->param_count;
             i++)
            patch->nodes[n].overrides[i].pending = false;
}

static bool any_pending(const mega_patch_node_row *node) {
    for (uint32_t i = 0; node->overrides && i < node->module->param_count; i++)
        if (node->overrides[i].pending) return true;
    return false;
}

static void forget_node(mega_patch_node_row *node) {
    free(node->overrides);
    node->overrides = NULL;
}

void mega_overrides_forget_applied(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++)
        if (!patch->knobs[k].override.pending) patch->knobs[k].override = (mega_override){0};
    // keep a node's values together: a replacement states all that the audio role has yet to apply
    for (size_t n = 0; n < patch->node_count; n++)
        if (!any_pending(&patch->nodes[n])) forget_node(&patch->nodes[n]);
}

void mega_overrides_forget(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++) patch->knobs[k].override = (mega_override){0};
    for (size_t n = 0; n < patch->node_count; n++) forget_node(&patch->nodes[n]);
}
