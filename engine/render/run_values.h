// SPDX-License-Identifier: MIT
// run_values -- where the operands of an instruction are, while it runs, and the functions that run
// one, each beside others of its subject: run_call.c, run_sum.c, run_reduce.c, run_io.c, run.c.
#ifndef MEGA_RUN_VALUES_H
#define MEGA_RUN_VALUES_H

#include "core/ops.h"
#include "render/run.h"

/// A slot on its way, as the lanes of a group read it.
static inline mega_value spread_slot(const mega_run *r, const mega_slot *slot, uint32_t scratch) {
    if (!slot->moving) return (mega_value){slot->value, false};
    if (!r->wide) return (mega_value){slot->ramp + r->step, !r->stepping};
    float *at = r->vm->spread[scratch];
    r->isa->ops->broadcast(at, slot->ramp + r->step, r->frames);
    return (mega_value){at, !r->stepping};
}

/// Floats from the segment's first frame to the one that runs.
static inline size_t step_floats(const mega_run *r) { return (size_t)r->step * r->frame_floats; }

static inline mega_value mega_run_value(const mega_run *r, const mega_operand *o) {
    const mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SHARED: return p->shared_values[o->index];
    case MEGA_BANK_VOICE: return p->voice_values[o->index];
    case MEGA_BANK_KEPT: return r->kept[o->index];
    default: return (mega_value){r->vm->zeros, false};
    }
}

/// In a loop: the value of its frame.
static inline mega_value mega_run_read(const mega_run *r, const mega_operand *o, uint32_t scratch) {
    if (o->bank == MEGA_BANK_SLOT) return spread_slot(r, &r->program->slots[o->index], scratch);
    mega_value value = mega_run_value(r, o);
    if (!r->stepping || !value.moving) return value;
    return (mega_value){value.at + step_floats(r), false};
}

static inline float *mega_run_room(const mega_run *r, const mega_operand *o) {
    const mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SHARED: return p->shared + (size_t)o->index * p->segment_frames + step_floats(r);
    case MEGA_BANK_VOICE: return p->voice + (size_t)o->index * r->register_floats + step_floats(r);
    default: return r->kept_at + (size_t)o->index * r->register_floats + step_floats(r);
    }
}

/// In a loop: `value` is of its frame, and one of all frames is kept.
static inline void mega_run_set(const mega_run *r, const mega_operand *o, mega_value value) {
    mega_program *p = r->program;
    if (r->stepping) value = (mega_value){value.at - step_floats(r), true};
    switch (o->bank) {
    case MEGA_BANK_SHARED: p->shared_values[o->index] = value; break;
    case MEGA_BANK_VOICE: p->voice_values[o->index] = value; break;
    default: r->kept[o->index] = value; break;
    }
}

static inline mega_state_block *mega_run_state(const mega_run *r, const mega_program_node *node) {
    if (node->state == UINT32_MAX) return NULL;
    return r->program->states[node->state + (node->voice ? r->group : 0)];
}

/// Ends voices. @param which bit 0 is the first lane that runs
static inline void mega_run_silence_lanes(const mega_run *r, uint32_t which) {
    r->vm->lanes_silenced += (uint32_t)__builtin_popcount(which);
    mega_voices_kill_lanes(r->vm->voices, r->group, which << r->lane, r->frame + r->offset);
}

// What runs an instruction, by the names of opcodes.def.
// Example: OPCODE(TAP, tap, ...)
// Becomes: void mega_run_tap(mega_run *run, const mega_instruction *code);
#define OPCODE(id, function, name, span, operands, comment)                                        \
    void mega_run_##function(mega_run *run, const mega_instruction *code);
#include "core/opcodes.def"
#undef OPCODE

/// A loop's CALL in its first frame, and in the others.
void mega_run_call_first(mega_run *run, const mega_instruction *code, mega_step *step);
void mega_run_call_again(mega_run *run, const mega_instruction *code, mega_step *step);
/// Reads the terms of a sum that can matter: a slot that stands at 0 adds nothing.
/// @return how many
uint32_t mega_run_terms(const mega_run *run, uint32_t first, uint32_t count, uint32_t scratch,
                        mega_term *terms);

#endif
