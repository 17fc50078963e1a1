// SPDX-License-Identifier: MIT
// turned -- values that were turned, on their way through changes of the document; see turned.h.
#include "document/turned.h"

#include <stdlib.h>
#include <string.h>

uint32_t mega_turned_port(const mega_module *from, const mega_module *to, uint32_t param,
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

/// Whether the document says the same of a parameter and of the one that comes in its place.
static bool says_the_same(const mega_patch_node_row *before, uint32_t i,
                          const mega_patch_node_row *after, uint32_t k) {
    float value = before->values[i];
    if (before->module == after->module && value == after->values[k]) return true;
    if (!after->written[k]) return !before->written[i];
    return before->written[i] && mega_turned_port(before->module, after->module, i, &value) == k &&
           value == after->values[k];
}

/// What the parameter is in the node that comes in its place, if it stays turned; else
/// `param_count`.
static uint32_t heir_of(const mega_patch_node_row *before, uint32_t param,
                        const mega_patch_node_row *after, float *value) {
    uint32_t k = mega_turned_port(before->module, after->module, param, value);
    bool stays = k < after->module->param_count && says_the_same(before, param, after, k);
    return stays ? k : after->module->param_count;
}

uint32_t mega_turned_heir(const mega_patch_node_row *before, uint32_t param,
                          const mega_patch_node_row *after) {
    const char *name = before->module->params[param].name;
    int32_t k = mega_module_find_param(after->module, name);
    bool same = k >= 0 && says_the_same(before, param, after, (uint32_t)k);
    return same ? (uint32_t)k : after->module->param_count;
}

bool mega_turned_stays(const mega_patch_node_row *before, uint32_t param,
                       const mega_patch_node_row *after) {
    float value = before->turned[param].value;
    return heir_of(before, param, after, &value) < after->module->param_count;
}

/// @return false without memory
static bool put(mega_patch_node_row *node, uint32_t param, mega_patch_turned turned) {
    if (!node->turned) node->turned = calloc(node->module->param_count, sizeof *node->turned);
    if (node->turned) node->turned[param] = turned;
    return node->turned != NULL;
}

bool mega_turned_put(mega_patch_node_row *node, uint32_t param, float value, bool unheard) {
    return put(node, param, (mega_patch_turned){.value = value, .is = true, .unheard = unheard});
}

/// The audio role would go by the types that it has met: it need not have met the last one.
static bool renew_all(mega_patch_node_row *node) {
    for (uint32_t i = 0; i < node->module->param_count; i++)
        if (!(node->turned && node->turned[i].is) &&
            !put(node, i, (mega_patch_turned){.unheard = true}))
            return false;
    return true;
}

bool mega_turned_follow(const mega_patch_node_row *before, mega_patch_node_row *after) {
    bool replaced = before->module != after->module;
    if (replaced && before->turned && !renew_all(after)) return false;
    for (uint32_t i = 0; before->turned && i < before->module->param_count; i++) {
        mega_patch_turned turned = before->turned[i];
        uint32_t none = after->module->param_count;
        uint32_t k = turned.is ? heir_of(before, i, after, &turned.value) : none;
        turned.unheard |= replaced;
        if (k == none && !replaced) {
            mega_turned_renew(&turned);
            k = i;
        }
        if (k < none && !put(after, k, turned)) return false;
    }
    return true;
}

/// The node that another comes in the place of, or NULL. @param near where it is most likely
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

bool mega_turned_inherit(const mega_patch *before, mega_patch *after) {
    for (size_t n = 0; n < after->node_count; n++) {
        mega_patch_node_row *node = &after->nodes[n];
        const mega_patch_node_row *old = node->turned ? NULL : node_before(before, node, n);
        if (old && !mega_turned_follow(old, node)) return false;
    }
    for (size_t k = 0; k < after->knob_count; k++) {
        mega_patch_knob_row *knob = &after->knobs[k];
        const mega_patch_knob_row *old =
            knob->turned.is || knob->turned.unheard ? NULL : knob_before(before, knob, k);
        if (!old) continue;
        knob->turned = old->turned;
        if (old->value != knob->value) mega_turned_renew(&knob->turned);
    }
    return true;
}

/// What a patch gives a parameter: where nothing is written and cables add, 0.
static float documented(const mega_patch *patch, size_t node, uint32_t param) {
    const mega_patch_node_row *row = &patch->nodes[node];
    uint32_t port = row->module->input_count + param;
    for (size_t i = 0; i < patch->cable_count && !row->written[param]; i++) {
        const mega_patch_cable_row *c = &patch->cables[i];
        if (c->to_node == node && c->to_port == port && c->as == MEGA_AS_ADD) return 0;
    }
    return row->values[param];
}

const mega_patch_node_row *mega_turned_hidden(const mega_patch *before, const mega_patch *after,
                                              size_t node, uint32_t param) {
    const mega_patch_node_row *now = &after->nodes[node];
    const mega_patch_node_row *old = node_before(before, now, node);
    if (!old || !old->turned || param >= old->module->param_count) return NULL;
    if (!old->turned[param].is || old->written[param]) return NULL;
    float value = old->turned[param].value;
    uint32_t k = mega_turned_port(old->module, now->module, param, &value);
    bool hidden =
        k < now->module->param_count && !now->written[k] && value == documented(after, node, k);
    return hidden ? old : NULL;
}

void mega_turned_settle(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++) patch->knobs[k].turned.unheard = false;
    for (size_t n = 0; n < patch->node_count; n++)
        for (uint32_t i = 0; patch->nodes[n].turned && i < patch->nodes[n].module->param_count; i++)
            patch->nodes[n].turned[i].unheard = false;
}

static bool any_unheard(const mega_patch_node_row *node) {
    for (uint32_t i = 0; node->turned && i < node->module->param_count; i++)
        if (node->turned[i].unheard) return true;
    return false;
}

static void forget_node(mega_patch_node_row *node) {
    free(node->turned);
    node->turned = NULL;
}

void mega_turned_forget_heard(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++)
        if (!patch->knobs[k].turned.unheard) patch->knobs[k].turned = (mega_patch_turned){0};
    // the values of a node stay together: a replacement states all that the audio role has not met
    for (size_t n = 0; n < patch->node_count; n++)
        if (!any_unheard(&patch->nodes[n])) forget_node(&patch->nodes[n]);
}

void mega_turned_forget(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++) patch->knobs[k].turned = (mega_patch_turned){0};
    for (size_t n = 0; n < patch->node_count; n++) forget_node(&patch->nodes[n]);
}
