// SPDX-License-Identifier: MIT
// segment -- how many blocks run at once; see segment.h.
#include "render/segment.h"

/// Nothing is on its way: values, fades of cables and choices, other programs.
static bool stands(const mega_renderer *r) {
    const mega_program *p = r->vm.program;
    return !p->moving_count && !p->fade_count && !r->vm.choices_fade && !r->coming &&
           !atomic_load_explicit(&r->handoff.first, memory_order_relaxed);
}

uint32_t mega_segment_blocks(const mega_renderer *r, uint64_t next, uint32_t wanted) {
    const mega_program *p = r->vm.program;
    if (!p || r->stopped || r->witness) return 1; // a recording keeps what each block gave
    uint32_t most = p->segment_frames < wanted ? p->segment_frames : wanted;
    if (next - r->block_frame < most) most = (uint32_t)(next - r->block_frame);
    uint32_t blocks = most / MEGA_BLOCK_FRAMES;
    if (blocks < 2 || !stands(r) || r->queue.count >= MEGA_EVENTS_MAX / 2) return 1;
    return mega_voices_last(&r->voices, blocks * MEGA_BLOCK_FRAMES) ? blocks : 1;
}
