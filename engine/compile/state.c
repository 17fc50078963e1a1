// SPDX-License-Identifier: MIT
// state -- what nodes remember; see state.h.
#include "compile/state.h"

#include <stdlib.h>
#include <string.h>

#include "core/choices.h"
#include "core/memory.h"
#include "modules/registry.h"

/// Those of the module, and what its choices want.
static uint32_t state_fields(const mega_module *m) {
    return m->state_fields + mega_choices_fields(m);
}

static bool has_state(const mega_module *m) { return state_fields(m) || m->memory_lines; }

/// A power of two, so that positions wrap by a mask; 16 more for interpolation.
static uint32_t memory_frames(const mega_module *m, float rate) {
    if (!m->memory_lines) return 0;
    uint32_t frames = 64;
    while ((double)frames < (double)m->memory_seconds * (double)rate + 16) frames *= 2;
    return frames;
}

static size_t memory_floats(const mega_module *m, uint32_t stride, float rate) {
    return (size_t)memory_frames(m, rate) * m->memory_lines * stride;
}

size_t mega_state_bytes(const mega_module *m, bool voice, uint32_t groups, float rate) {
    if (!has_state(m)) return 0;
    uint32_t stride = voice ? 16 : 1;
    size_t floats = (size_t)state_fields(m) * stride + memory_floats(m, stride, rate);
    return (floats * sizeof(float) + sizeof(mega_state_block)) * (voice ? groups : 1);
}

static float *zeroed(size_t floats) {
    size_t bytes = (floats * sizeof(float) + 127) & ~(size_t)63;
    float *memory = aligned_alloc(64, bytes);
    // touched here, so that the audio role meets no page fault
    if (memory) memset(memory, 0, bytes);
    return memory;
}

static void release(mega_state_block *block) {
    if (!block || --block->references) return;
    free(block->state);
    free(block->memory);
    free(block);
}

static mega_state_block *create(const mega_module *m, uint32_t stride, float rate) {
    mega_state_block *block = calloc(1, sizeof *block);
    if (!block) return NULL;
    *block = (mega_state_block){.references = 1,
                                .stride = stride,
                                .memory_frames = memory_frames(m, rate),
                                .state_floats = (size_t)state_fields(m) * stride,
                                .memory_floats = memory_floats(m, stride, rate)};
    block->state = zeroed(block->state_floats);
    block->memory =
        block->memory_floats ? mega_calloc_touched(block->memory_floats, sizeof(float)) : NULL;
    if (block->state && (block->memory || !block->memory_floats)) return block;
    release(block);
    return NULL;
}

// ---- attaching --------------------------------------------------------------------------------

/// The block that this node had for this group in the program before.
static mega_state_block *inherited(const mega_program *before, const mega_program_node *node,
                                   uint32_t group) {
    if (node->ancestor == UINT32_MAX || node->twin != UINT32_MAX) return NULL;
    const mega_program_node *old = &before->nodes[node->ancestor];
    if (old->state == UINT32_MAX || (node->voice && group >= before->groups)) return NULL;
    return before->states[old->state + group];
}

bool mega_states_attach(mega_program *program, const mega_program *before, float rate) {
    size_t room = 1;
    for (uint32_t n = 0; n < program->node_count; n++)
        room += program->nodes[n].voice ? program->groups : 1;
    program->states = calloc(room, sizeof *program->states);
    bool ok = program->states != NULL;
    for (uint32_t n = 0; n < program->node_count && ok; n++) {
        mega_program_node *node = &program->nodes[n];
        const mega_module *m = mega_isa_one.modules[node->module];
        node->state = UINT32_MAX;
        if (!node->live || !has_state(m)) continue;
        node->state = program->state_count;
        uint32_t count = node->voice ? program->groups : 1;
        for (uint32_t g = 0; g < count && ok; g++) {
            mega_state_block *block = inherited(before, node, g);
            if (block) block->references++;
            else block = create(m, node->voice ? 16 : 1, rate);
            if (block) program->states[program->state_count++] = block;
            else ok = false;
        }
    }
    return ok;
}

void mega_states_release(mega_program *program) {
    for (uint32_t s = 0; program->states && s < program->state_count; s++)
        release(program->states[s]);
    free(program->states);
    program->states = NULL;
}

void mega_state_forget_choices(const mega_program *p, const mega_program_node *node, bool fading) {
    uint32_t own = mega_isa_one.modules[node->module]->state_fields;
    uint32_t fields = mega_choices_record_fields(node->choices);
    for (uint32_t g = 0; g < (node->voice ? p->groups : 1); g++) {
        const mega_state_block *block = p->states[node->state + g];
        float *record = block->state + (size_t)own * block->stride;
        for (uint32_t l = 0; l < block->stride; l++)
            for (uint32_t f = 0; (fading || record[l] == 0) && f < fields; f++)
                record[(size_t)f * block->stride + l] = 0;
    }
}
