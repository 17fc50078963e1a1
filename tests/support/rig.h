// SPDX-License-Identifier: MIT
// rig -- drives one module's kernel without a patch: what a module test stands on.
#ifndef RIG_H
#define RIG_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/module.h"
#include "modules/registry.h"

enum {
    RIG_GUARD = 64,          ///< floats on either side of state and memory that nobody may touch
    RIG_CANARY = 0x7a11ab1e, ///< what stands there
};

/// One instance of a module in one instruction set. Wide ones run 16 lanes, the one-lane build runs
/// 1; modules with MEGA_INNER_LANES have ports one lane wide in every build.
typedef struct {
    const mega_module *module;
    uint32_t port_lanes;  ///< that the build runs: 16, 8, 4 or 1
    uint32_t state_lanes; ///< 16 or 1
    float rate;
    float *state, *memory;
    uint32_t memory_frames;
    int32_t seeds[16];
    float note[MEGA_NOTE_FIELDS * 16]; ///< held notes, one key for each lane
} rig;

static inline size_t rig_state_floats(const rig *r) {
    return (size_t)r->module->state_fields * r->state_lanes;
}
static inline size_t rig_memory_floats(const rig *r) {
    return (size_t)r->memory_frames * r->module->memory_lines * r->state_lanes;
}

/// Zeroed floats between two guards.
static inline float *rig_alloc(size_t floats) {
    float *block = calloc(floats + 2 * RIG_GUARD, sizeof(float));
    assert(block);
    const int32_t canary = RIG_CANARY;
    for (size_t i = 0; i < RIG_GUARD; i++) {
        memcpy(block + i, &canary, sizeof canary);
        memcpy(block + RIG_GUARD + floats + i, &canary, sizeof canary);
    }
    return block + RIG_GUARD;
}
static inline void rig_free(float *floats) {
    if (floats) free(floats - RIG_GUARD);
}
/// Whether nothing was written around what `rig_alloc` gave.
static inline bool rig_intact(const float *floats, size_t count) {
    const int32_t canary = RIG_CANARY;
    for (size_t i = 1; floats && i <= RIG_GUARD; i++)
        if (memcmp(floats - i, &canary, sizeof canary) != 0 ||
            memcmp(floats + count + i - 1, &canary, sizeof canary) != 0)
            return false;
    return true;
}

static inline rig rig_create(const mega_isa_table *isa, uint32_t module_index, float rate) {
    rig r = {.module = isa->modules[module_index], .rate = rate};
    r.port_lanes = isa->width == 1 || (r.module->flags & MEGA_INNER_LANES) ? 1 : isa->lanes;
    r.state_lanes = r.port_lanes == 1 ? 1 : 16;
    r.state = rig_alloc(rig_state_floats(&r));
    if (r.module->memory_lines) {
        r.memory_frames = 1;
        while ((float)r.memory_frames < r.module->memory_seconds * rate + 16) r.memory_frames *= 2;
        r.memory = rig_alloc(rig_memory_floats(&r));
    }
    for (int i = 0; i < 16; i++) {
        r.seeds[i] = 12345 + 77 * i;
        r.note[MEGA_NOTE_KEY * 16 + i] = r.note[MEGA_NOTE_FROM * 16 + i] = (float)(40 + 3 * i);
        r.note[MEGA_NOTE_GATE * 16 + i] = 1;
        r.note[MEGA_NOTE_VELOCITY * 16 + i] = 0.7f;
    }
    return r;
}
/// Gives a one-lane rig, before it has run, what a wide one has in that lane.
static inline void rig_become(rig *r, uint32_t lane) {
    r->seeds[0] = r->seeds[lane];
    for (int f = 0; f < MEGA_NOTE_FIELDS; f++) r->note[f * 16] = r->note[f * 16 + (int)lane];
}
static inline void rig_destroy(rig *r) {
    rig_free(r->state);
    rig_free(r->memory);
}

/// Renders `frames` frames in segments of at most `segment` (<= 64).
/// @param ports each `frames * port_lanes` floats where its bit in `moving` is set, else port_lanes
/// floats
/// @param outputs each `frames * port_lanes` floats
static inline void rig_render(rig *r, const float *const *ports, uint64_t moving,
                              float *const *outputs, uint32_t frames, uint32_t segment) {
    assert(segment >= 1 && segment <= MEGA_SEGMENT_FRAMES);
    size_t port_count = r->module->input_count + r->module->param_count;
    for (uint32_t t = 0; t < frames; t += segment) {
        uint32_t n = frames - t < segment ? frames - t : segment;
        const float *in[MEGA_PORTS_MAX];
        float *out[MEGA_OUTPUTS_MAX];
        for (size_t p = 0; p < port_count; p++)
            in[p] = ports[p] + ((moving >> p & 1) ? (size_t)t * r->port_lanes : 0);
        for (size_t o = 0; o < r->module->output_count; o++)
            out[o] = outputs[o] + (size_t)t * r->port_lanes;
        uint64_t moved = r->module->process(&(mega_call){.ports = in,
                                                         .moving = moving,
                                                         .outputs = out,
                                                         .state = r->state,
                                                         .memory = r->memory,
                                                         .memory_frames = r->memory_frames,
                                                         .state_stride = r->state_lanes,
                                                         .frames = n,
                                                         .seconds_per_frame = 1.0f / r->rate,
                                                         .frames_per_second = r->rate,
                                                         .seeds = r->seeds,
                                                         .note = r->note});
        for (size_t o = 0; o < r->module->output_count; o++)
            if (!(moved >> o & 1))
                for (uint32_t f = 1; f < n; f++)
                    memcpy(out[o] + (size_t)f * r->port_lanes, out[o],
                           r->port_lanes * sizeof(float));
    }
}

/// The index of a module by name.
static inline uint32_t rig_index(const char *name) {
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++)
        if (strcmp(mega_isa_one.modules[i]->name, name) == 0) return i;
    assert(!"no such module");
    return 0;
}

/// The number of a port of a module by name: inputs first, then parameters.
static inline uint32_t rig_port(const mega_module *m, const char *name) {
    for (uint32_t i = 0; i < m->input_count; i++)
        if (strcmp(m->inputs[i].name, name) == 0) return i;
    for (uint32_t i = 0; i < m->param_count; i++)
        if (strcmp(m->params[i].name, name) == 0) return m->input_count + i;
    assert(!"no such port");
    return 0;
}

#endif
