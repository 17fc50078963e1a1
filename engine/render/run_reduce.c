// SPDX-License-Identifier: MIT
// run_reduce -- REDUCE: the voices of a group become one signal; see run_values.h.
#include <string.h>

#include "render/run_values.h"

/// What REDUCE adds up.
static mega_product read_product(const mega_run *r, const mega_instruction *code) {
    uint32_t by = code->in + code->in_count - code->by_count;
    mega_value in = mega_run_read(r, &r->program->operands[code->in], 0);
    mega_product product = {.in = {in.at, in.moving}};
    product.by_count = mega_run_terms(r, by, code->by_count, 1, product.by);
    if (code->by_count && !product.by_count) // a sum of nothing: times 0
        product.by[product.by_count++] = (mega_term){.at = r->vm->zeros, .amount = 1};
    return product;
}

static void advance(const mega_run *r, const float **at, bool moving) {
    if (moving) *at += (size_t)MEGA_BLOCK_FRAMES * r->frame_floats;
}

static void next_block(const mega_run *r, mega_product *p) {
    advance(r, &p->in.at, p->in.moving);
    for (uint32_t i = 0; i < p->by_count; i++) advance(r, &p->by[i].at, p->by[i].moving);
}

static void reduce_lane(mega_run *r, float *out, const mega_product *in, float *peak,
                        uint32_t frames) {
    const mega_ops *ops = r->vm->wide->ops;
    if (r->active) {
        if (!ops->reduce_solo(out, in, r->gain, peak, frames)) return;
        mega_run_silence_lanes(r, 1);
        r->active = 0;
    }
    memset(out, 0, frames * sizeof *out);
}

static void reduce_group(mega_run *r, float *out, const mega_product *in, float *peak,
                         uint32_t frames) {
    const mega_ops *ops = (r->beside ? r->beside : r->isa)->ops;
    uint32_t bad = ops->reduce(out, in, r->gain, r->active, peak, frames);
    if (!bad) return;
    mega_run_silence_lanes(r, bad);
    r->active &= ~bad;
    ops->reduce(out, in, r->gain, r->active, peak, frames);
}

/// Block by block: voices end by the peak of each. (Fades run in single blocks only.)
void mega_run_reduce(mega_run *r, const mega_instruction *code) {
    const mega_program *p = r->program;
    mega_product in = read_product(r, code);
    mega_voice_group *group = &r->vm->voices->groups[r->group];
    float *out = r->wide ? mega_run_room(r, &p->operands[code->out])
                         : p->lane_sums + ((size_t)code->bus * 16 + r->lane) * p->segment_frames;
    for (uint32_t at = 0, block = 0; at < r->frames; at += MEGA_BLOCK_FRAMES, block++) {
        uint32_t frames = r->frames - at < MEGA_BLOCK_FRAMES ? r->frames - at : MEGA_BLOCK_FRAMES;
        float *peak = group->peak[block] + r->lane;
        if (r->wide) reduce_group(r, out + at, &in, peak, frames);
        else reduce_lane(r, out + at, &in, peak, frames);
        next_block(r, &in);
    }
}
