// SPDX-License-Identifier: MIT
// continuity -- which nodes continue those of the program before; see continuity.h.
#include "compile/continuity.h"

#include <stdlib.h>
#include <string.h>

#include "compile/state.h"
#include "compile/transition.h"
#include "document/node_index.h"
#include "document/overrides.h"
#include "modules/registry.h"

/// By node of a program's patch: its number in the program. @return NULL without memory
static uint32_t *nodes_of_rows(const mega_program *program) {
    uint32_t *nodes = calloc(program->node_count + 1, sizeof *nodes);
    for (uint32_t n = 0; nodes && n < program->node_count; n++) nodes[program->nodes[n].row] = n;
    return nodes;
}

bool mega_continuity_nodes(mega_program *program, const mega_program *before,
                           const int32_t *origins) {
    for (uint32_t n = 0; n < program->node_count; n++)
        program->nodes[n].ancestor = program->nodes[n].twin = UINT32_MAX;
    if (!before) return true;
    mega_node_index names = {0};
    uint32_t *heir = calloc(before->node_count + 1, sizeof *heir); // of a node before: node + 1
    uint32_t *nodes = nodes_of_rows(before);
    bool ok = heir && nodes && (origins || mega_node_index_init(&names, before->patch));
    for (uint32_t n = 0; ok && n < program->node_count; n++) {
        mega_program_node *node = &program->nodes[n];
        int32_t row = origins ? origins[node->row] : mega_node_index_name(&names, node->id);
        if (row < 0) continue;
        uint32_t at = nodes[row];
        const mega_program_node *old = &before->nodes[at];
        if (old->module != node->module || old->voice != node->voice) continue;
        node->ancestor = at;
        if (old->live) node->seed = old->seed; // a renamed node keeps its seed
        if (heir[at]) node->twin = heir[at] - 1;
        else heir[at] = n + 1;
    }
    mega_node_index_finish(&names);
    free(nodes);
    free(heir);
    return ok;
}

/// A value that is written neither before nor after changes only because cables come or go. A value
/// set during play stays then.
static void transfer(mega_program *p, const mega_program *before, uint32_t from, uint32_t to,
                     bool written) {
    bool differs = p->documented[to] != before->documented[from];
    p->transfers[p->transfer_count++] =
        (mega_slot_transfer){.from = from, .to = to, .retarget = differs};
    p->renewed[to] = differs && written;
}

/// The slot of the same knob and port in the program before, or UINT32_MAX.
static uint32_t find_target(const mega_program *before, const mega_patch *patch_before,
                            const mega_patch_knob_row *knob, uint32_t node, uint32_t port) {
    for (uint32_t k = 0; k < before->knob_target_count; k++) {
        const mega_knob_target *t = &before->knob_targets[k];
        if (t->node == node && t->port == port &&
            mega_same_knob(&patch_before->knobs[t->knob], knob))
            return t->slot;
    }
    return UINT32_MAX;
}

/// Lists the overrides that a node keeps from another of its name.
static void inherit(mega_program *p, const mega_program *before, const mega_program_node *old,
                    const mega_program_node *node) {
    const mega_patch_node_row *was = &before->patch->nodes[old->row];
    const mega_patch_node_row *row = &p->patch->nodes[node->row];
    for (uint32_t i = 0; i < was->module->param_count; i++) {
        uint32_t k = mega_override_heir(was, i, row);
        if (k == row->module->param_count) continue;
        if (p->inheritances)
            p->inheritances[p->inheritance_count] =
                (mega_slot_inheritance){old->slot + i,
                                        node->slot + k,
                                        old->module,
                                        node->module,
                                        i,
                                        node->ancestor != UINT32_MAX};
        p->inheritance_count++;
    }
}

/// A living node that has no ancestor, or a dying one, may have taken the place of the one of its
/// name.
static void list_inheritances(mega_program *p, const mega_program *before,
                              const mega_node_index *names, const uint32_t *nodes) {
    p->inheritance_count = 0;
    for (uint32_t n = 0; n < p->node_count; n++) {
        const mega_program_node *node = &p->nodes[n];
        bool continues = node->ancestor != UINT32_MAX && !before->nodes[node->ancestor].dying;
        int32_t old = node->dying || continues ? -1 : mega_node_index_name(names, node->id);
        if (old >= 0) inherit(p, before, &before->nodes[nodes[old]], node);
    }
}

bool mega_continuity_replaced(mega_program *p, const mega_program *before) {
    mega_node_index names;
    uint32_t *nodes = nodes_of_rows(before);
    if (!nodes || !mega_node_index_init(&names, before->patch)) {
        free(nodes);
        return false;
    }
    list_inheritances(p, before, &names, nodes); // to count them
    bool any = p->inheritance_count;
    if (any) p->inheritances = malloc(p->inheritance_count * sizeof *p->inheritances);
    if (p->inheritances) list_inheritances(p, before, &names, nodes);
    mega_node_index_finish(&names);
    free(nodes);
    return !any || p->inheritances;
}

bool mega_continuity_slots(mega_program *p, const mega_program *before, const mega_patch *patch,
                           const mega_patch *patch_before) {
    p->transfers = malloc((p->slot_count + 1) * sizeof *p->transfers);
    if (!p->transfers) return false;
    for (uint32_t n = 0; n < p->node_count; n++) {
        const mega_program_node *node = &p->nodes[n];
        if (node->ancestor == UINT32_MAX) continue;
        const mega_program_node *old = &before->nodes[node->ancestor];
        const bool *written = patch->nodes[node->row].written;
        const bool *was = patch_before->nodes[old->row].written;
        uint32_t params = mega_isa_one.modules[node->module]->param_count;
        for (uint32_t i = 0; i < params; i++)
            transfer(p, before, old->slot + i, node->slot + i, written[i] || was[i]);
    }
    for (uint32_t k = 0; k < p->knob_count; k++) {
        uint32_t o = (uint32_t)mega_patch_same_knob(patch_before, &patch->knobs[k], k);
        if (o != UINT32_MAX && patch->knobs[k].value == patch_before->knobs[o].value)
            p->knob_before[k] = o;
    }
    for (uint32_t k = 0; k < p->knob_target_count; k++) {
        mega_knob_target *t = &p->knob_targets[k];
        uint32_t ancestor = p->nodes[t->node].ancestor;
        if (ancestor != UINT32_MAX)
            t->before =
                find_target(before, patch_before, &patch->knobs[t->knob], ancestor, t->port);
    }
    return true;
}

// ---- at the swap ------------------------------------------------------------------------------

/// Keeps the value and its ramp; smoothing and range are the new program's.
static void carry(mega_slot *to, const mega_slot *from) {
    mega_way way = to->way;
    *to = *from;
    to->way = way;
}

/// Lets a node take its new choices without a crossfade of its own: its cables fade.
static void forget_choices(const mega_program *p, const mega_program_node *node) {
    if (node->choices && !node->dying) mega_state_forget_choices(p, node, true);
}

/// Copies state to nodes that share an ancestor.
static void copy_twins(const mega_program *p) {
    for (uint32_t n = 0; n < p->node_count; n++) {
        const mega_program_node *node = &p->nodes[n];
        if (node->twin == UINT32_MAX || node->state == UINT32_MAX) continue;
        for (uint32_t g = 0; g < (node->voice ? p->groups : 1); g++) {
            const mega_state_block *from = p->states[p->nodes[node->twin].state + g];
            mega_state_block *to = p->states[node->state + g];
            memcpy(to->state, from->state, to->state_floats * sizeof *to->state);
        }
        forget_choices(p, node);
        forget_choices(p, &p->nodes[node->twin]);
    }
}

typedef struct {
    mega_program *to;
    const mega_program *from;
    float rate, ramp_seconds;
} swap;

/// Ramps to the document's new value in a raised cosine, as cables fade. An unwritten value to
/// which cables add is 0: a change from or to it takes as long as their fade, any other as long as
/// the parameter's row says. A switch changes at once.
static void ramp_to(const swap *s, mega_slot *slot, float before, float target) {
    float seconds = slot->way.smooth_ms * 0.001f;
    if ((target == 0 || before == 0) && s->ramp_seconds > 0) seconds = s->ramp_seconds;
    if (slot->way.smoothing == MEGA_SMOOTH_NONE || s->to->at_once) seconds = 0;
    mega_slot_go(slot, target, seconds, s->rate);
    slot->going.straight = false;
}

/// Keeps a slot's value. @param retarget the document's value differs: ramp to `target`
static void keep_slot(const swap *s, uint32_t from, uint32_t to, bool retarget, float target) {
    mega_slot *slot = &s->to->slots[to];
    carry(slot, &s->from->slots[from]);
    if (retarget) ramp_to(s, slot, s->from->documented[from], target);
    slot->listed = slot->listed || retarget;
    if (slot->listed) s->to->moving_slots[s->to->moving_count++] = to;
}

static bool documents_other_choices(const mega_program *to, const mega_program *from,
                                    const mega_program_node *node) {
    uint32_t inputs = mega_isa_one.modules[node->module]->input_count;
    const float *now = to->documented + node->slot;
    const float *before = from->documented + from->nodes[node->ancestor].slot;
    for (uint64_t rest = node->choices; rest; rest &= rest - 1) {
        uint32_t param = (uint32_t)__builtin_ctzll(rest) - inputs;
        if (now[param] != before[param]) return true;
    }
    return false;
}

/// A change without a fade changes choices without a crossfade too.
static void cut_choices(const mega_program *to, const mega_program *from) {
    if (to->fade_frames || (to->change_frames && !to->at_once)) return;
    for (uint32_t n = 0; n < to->node_count; n++) {
        const mega_program_node *node = &to->nodes[n];
        if (!node->choices || node->state == UINT32_MAX || node->ancestor == UINT32_MAX) continue;
        if (documents_other_choices(to, from, node)) mega_state_forget_choices(to, node, false);
    }
}

/// Ramps a slot that came from a dying node to the value of the living node of its name.
static void revive(const swap *s, uint32_t to, float target) {
    mega_slot *slot = &s->to->slots[to];
    if (s->to->targets[to] == target) return;
    s->to->targets[to] = target;
    mega_slot_go(slot, target, -1, s->rate);
    if (slot->listed) return;
    slot->listed = true;
    s->to->moving_slots[s->to->moving_count++] = to;
}

static void inherit_overrides(const swap *s) {
    for (uint32_t i = 0; i < s->to->inheritance_count; i++) {
        const mega_slot_inheritance *way = &s->to->inheritances[i];
        const mega_module *module = mega_isa_one.modules[way->to_module];
        float value = s->from->targets[way->from];
        bool overridden = value != s->from->documented[way->from];
        uint32_t k =
            mega_override_port(mega_isa_one.modules[way->from_module], module, way->param, &value);
        if (way->revived) {
            revive(s, way->to, overridden ? value : s->to->documented[way->to]);
            continue;
        }
        if (!overridden || k == module->param_count) continue;
        s->to->targets[way->to] = value;
        mega_slot_go(&s->to->slots[way->to], value, 0, s->rate);
    }
}

static void carry_knobs(const swap *s) {
    mega_program *to = s->to;
    for (uint32_t k = 0; k < to->knob_count; k++)
        if (to->knob_before[k] != UINT32_MAX)
            to->knob_values[k] = s->from->knob_values[to->knob_before[k]];
    for (uint32_t i = 0; i < to->knob_target_count; i++) {
        const mega_knob_target *t = &to->knob_targets[i];
        float target = mega_knob_map(to->knob_values[t->knob], t->min, t->max, t->scale);
        if (t->before != UINT32_MAX)
            keep_slot(s, t->before, t->slot,
                      to->documented[t->slot] != s->from->documented[t->before], target);
        else if (to->knob_before[t->knob] !=
                 UINT32_MAX) // a new target of a knob that keeps its value
            mega_slot_go(&to->slots[t->slot], target, 0, s->rate);
    }
}

void mega_continuity_apply(mega_program *to, const mega_program *from, float rate,
                           float ramp_seconds) {
    swap s = {.to = to, .from = from, .rate = rate, .ramp_seconds = ramp_seconds};
    copy_twins(to);
    for (uint32_t t = 0; t < to->transfer_count; t++) {
        const mega_slot_transfer *way = &to->transfers[t];
        bool overridden = from->targets[way->from] != from->documented[way->from];
        bool retarget = way->retarget && (to->renewed[way->to] || !overridden);
        to->targets[way->to] = retarget ? to->documented[way->to] : from->targets[way->from];
        keep_slot(&s, way->from, way->to, retarget, to->documented[way->to]);
    }
    inherit_overrides(&s);
    carry_knobs(&s);
    cut_choices(to, from);
}
