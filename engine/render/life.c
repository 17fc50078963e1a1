// SPDX-License-Identifier: MIT
#include "render/life.h"

#include "modules/registry.h"

/// What comes to one port from its cables.
typedef struct {
    bool zero, stirs;
} arrival;

static arrival arrive(const mega_program *p, uint32_t node, const mega_life_cable *from,
                      const mega_life_cable *end) {
    arrival a = {.zero = true};
    uint32_t inputs = mega_isa_one.modules[p->nodes[node].module]->input_count;
    if (from->port >= inputs) {
        const mega_slot *written = &p->slots[p->nodes[node].slot + from->port - inputs];
        a.zero = written->going.target == 0 && !mega_ramp_moves(&written->going);
    }
    for (; from < end; from++) {
        // from a knob, or round a loop: no envelope is on its way there
        mega_life life = from->source < node ? (mega_life)p->lives[from->source] : MEGA_LIFE_STILL;
        a.zero &= life == MEGA_LIFE_ZERO;
        a.stirs |= life == MEGA_LIFE_STIRS;
    }
    return a;
}

static bool is_factor(const mega_module *m, uint32_t port) {
    if (port < m->input_count) return m->flags & MEGA_MULTIPLIES;
    return m->params[port - m->input_count].factor;
}

static mega_life life_of(const mega_program *p, uint32_t n, uint32_t group, uint32_t lane) {
    const mega_program_node *node = &p->nodes[n];
    const mega_module *m = mega_isa_one.modules[node->module];
    const mega_life_cable *at = p->life_cables + p->life_first[n];
    const mega_life_cable *end = p->life_cables + p->life_first[n + 1];
    bool stirs = false;
    for (const mega_life_cable *next; at < end; at = next) {
        for (next = at + 1; next < end && next->port == at->port;) next++;
        bool factor = is_factor(m, at->port);
        arrival a = arrive(p, n, at, next);
        if (factor && a.zero) return MEGA_LIFE_ZERO;
        // how a filter is set makes no sound of silence
        bool passes = factor || at->port < m->input_count || m->flags & MEGA_PURE;
        stirs |= passes && a.stirs;
    }
    if (stirs) return MEGA_LIFE_STIRS;
    if (!m->life || node->state == UINT32_MAX) return MEGA_LIFE_STILL;
    const mega_state_block *block = p->states[node->state + (node->voice ? group : 0)];
    return m->life(block->state + (node->voice ? lane : 0), block->stride);
}

bool mega_life_stirs(const mega_program *p, uint32_t group, uint32_t lane) {
    for (uint32_t n = 0; n < p->node_count && p->nodes[n].live; n++) {
        p->lives[n] = (uint8_t)life_of(p, n, group, lane);
        if (p->nodes[n].leaves_voices && p->lives[n] == MEGA_LIFE_STIRS) return true;
    }
    return false;
}
