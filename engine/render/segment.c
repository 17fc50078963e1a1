// SPDX-License-Identifier: MIT
// segment -- how many blocks run at once; see segment.h.
#include "render/segment.h"

/// Registers of segments of several blocks, at most: of a group, as much as a core's second cache
/// holds beside the state of voices; and of all groups, since what lies between phases is kept for
/// each.
enum { GROUP_BYTES_MAX = 512 * 1024, ALL_BYTES_MAX = 4 * 1024 * 1024 };

static bool looks_at_blocks(const mega_instruction *code) {
    switch ((mega_opcode)code->op) {
    case MEGA_OP_INPUT:
    case MEGA_OP_BUS_IN:
    case MEGA_OP_BUS_OUT:
    case MEGA_OP_FEEDBACK_READ:
    case MEGA_OP_FEEDBACK_WRITE:
    case MEGA_OP_TAP:
    case MEGA_OP_LOOP:
        return true; // a loop can explode: what is not finite is silenced by the block
    case MEGA_OP_SUM: return code->in_count > MEGA_TERMS_AT_ONCE; // uses scratch of a block's size
    default: return false;
    }
}

uint32_t mega_segment_frames(const mega_program *p) {
    const size_t bytes = MEGA_SEGMENT_FRAMES * 16 * sizeof(float);
    if ((p->voice_count + p->kept_count) * bytes > GROUP_BYTES_MAX ||
        (size_t)p->kept_count * p->groups * bytes > ALL_BYTES_MAX)
        return MEGA_BLOCK_FRAMES;
    for (uint32_t i = 0; i < p->instruction_count; i++)
        if (looks_at_blocks(&p->instructions[i])) return MEGA_BLOCK_FRAMES;
    return MEGA_SEGMENT_FRAMES;
}

/// Nothing is on its way: values, fades of cables and choices, other programs.
static bool stands(const mega_engine *e) {
    const mega_program *p = e->vm.program;
    return !p->moving_count && !p->fade_count && !e->vm.choices_fade && !e->coming &&
           !atomic_load_explicit(&e->handoff.first, memory_order_relaxed);
}

uint32_t mega_segment_blocks(const mega_engine *e, uint64_t next, uint32_t wanted) {
    const mega_program *p = e->vm.program;
    if (!p || e->stopped || e->calls) return 1; // a recording keeps what each block gave
    uint32_t most = p->segment_frames < wanted ? p->segment_frames : wanted;
    if (next - e->block_frame < most) most = (uint32_t)(next - e->block_frame);
    uint32_t blocks = most / MEGA_BLOCK_FRAMES;
    if (blocks < 2 || !stands(e) || e->queue.count >= MEGA_EVENTS_MAX / 2) return 1;
    return mega_voices_last(&e->voices, blocks * MEGA_BLOCK_FRAMES) ? blocks : 1;
}
