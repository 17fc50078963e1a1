// SPDX-License-Identifier: MIT
// run_io -- what comes from outside a block and leaves it: channels, buses, feedback, taps; see
// run_values.h.
#include <string.h>

#include "core/lanes.h"
#include "render/run_values.h"

/// A channel's or bus's number, which counts from 1, as an index; `count` if there is none such.
static uint32_t index_of(const mega_run *r, uint32_t operand, uint32_t count) {
    mega_value value = mega_run_read(r, &r->program->operands[operand], 0);
    float index = value.at[0] - 0.5f;
    return index >= 0 && index < (float)count ? (uint32_t)index : count;
}

/// What came from outside. @param block of which this segment is a part, or NULL: silence
static void take(const mega_run *r, const mega_instruction *code, const float *block) {
    const mega_operand *out = &r->program->operands[code->out];
    mega_value value = {r->vm->zeros, false};
    if (r->stepping) { // copied, since another channel may be next
        float *room = mega_run_room(r, out);
        *room = block ? block[r->offset + r->step] : 0;
        value.at = room;
    } else if (block) {
        value = (mega_value){block + r->offset, true};
    }
    mega_run_set(r, out, value);
}

void mega_run_input(mega_run *r, const mega_instruction *code) {
    uint32_t channel = index_of(r, code->in + MEGA_INPUT_CHANNEL, MEGA_CHANNELS_MAX);
    take(r, code, channel < MEGA_CHANNELS_MAX ? r->vm->input[channel] : NULL);
}

void mega_run_bus_in(mega_run *r, const mega_instruction *code) {
    uint32_t bus = index_of(r, code->in + MEGA_BUS_IN_BUS, MEGA_HOST_BUSES_MAX);
    bool given = bus < MEGA_HOST_BUSES_MAX && r->vm->bus_in_given >> bus & 1;
    take(r, code, given ? r->vm->bus_in[bus] : NULL);
}

/// Several nodes add up; the first in a block clears the bus.
void mega_run_bus_out(mega_run *r, const mega_instruction *code) {
    uint32_t bus = index_of(r, code->in + MEGA_BUS_OUT_BUS, MEGA_HOST_BUSES_MAX);
    if (bus == MEGA_HOST_BUSES_MAX) return;
    mega_value in = mega_run_read(r, &r->program->operands[code->in + MEGA_BUS_OUT_IN], 1);
    float *block = r->vm->bus_out[bus];
    if (!(r->vm->bus_out_used >> bus & 1)) memset(block, 0, sizeof r->vm->bus_out[bus]);
    r->vm->bus_out_used |= UINT64_C(1) << bus;
    for (uint32_t t = 0; t < r->frames; t++) block[r->offset + t] += in.at[in.moving ? t : 0];
}

/// Adds two signals to an output channel, if the host has it; the first in a block clears it.
static void add_to_channel(const mega_run *r, uint32_t channel, mega_value a, mega_value b) {
    mega_vm *vm = r->vm;
    if (channel >= vm->out_channels) return;
    bool fresh = !(vm->out_used >> channel & 1);
    if (fresh && r->frames < MEGA_BLOCK_FRAMES) {
        memset(vm->out[channel], 0, MEGA_BLOCK_FRAMES * sizeof *vm->out[channel]);
        fresh = false;
    }
    vm->out_used |= UINT64_C(1) << channel;
    vm->wide->ops->add_two(vm->out[channel] + r->offset, fresh, a.at, a.moving, b.at, b.moving,
                           r->frames);
}

/// left += in + left, right += in + right.
void mega_run_output(mega_run *r, const mega_instruction *code) {
    uint32_t first = index_of(r, code->in + MEGA_OUTPUT_FIRST, MEGA_CHANNELS_MAX);
    uint32_t last = first + index_of(r, code->in + MEGA_OUTPUT_CHANNELS, 2);
    mega_value v[MEGA_OUTPUT_INPUTS];
    for (uint32_t i = 0; i < MEGA_OUTPUT_INPUTS; i++)
        v[i] = mega_run_read(r, &r->program->operands[code->in + i], i);
    add_to_channel(r, first, v[MEGA_OUTPUT_IN], v[MEGA_OUTPUT_LEFT]);
    if (last > first) add_to_channel(r, last, v[MEGA_OUTPUT_IN], v[MEGA_OUTPUT_RIGHT]);
    else add_to_channel(r, first, v[MEGA_OUTPUT_RIGHT], (mega_value){r->vm->zeros, false});
}

void mega_run_feedback_read(mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    const mega_state_block *block = mega_run_state(r, &r->program->nodes[code->node]);
    const float *from = block->state + (size_t)r->offset * block->stride + r->lane;
    float *room = mega_run_room(r, out);
    for (uint32_t t = 0; t < r->frames; t++)
        memcpy(room + (size_t)t * r->frame_floats, from + (size_t)t * block->stride,
               r->lanes * sizeof *room);
    mega_run_set(r, out, (mega_value){room, true});
}

void mega_run_feedback_write(mega_run *r, const mega_instruction *code) {
    mega_value in = mega_run_read(r, &r->program->operands[code->in], 0);
    mega_state_block *block = mega_run_state(r, &r->program->nodes[code->node]);
    float *to = block->state + (size_t)r->offset * block->stride + r->lane;
    for (uint32_t t = 0; t < r->frames; t++)
        memcpy(to + (size_t)t * block->stride,
               in.at + (in.moving ? (size_t)t * r->frame_floats : 0), r->lanes * sizeof *to);
}

/// What is not finite is heard as silence.
static void copy_finite(float *to, const float *from, uint32_t floats) {
    for (uint32_t i = 0; i < floats; i++)
        to[i] = (bits_of(from[i]) & 0x7f800000) == 0x7f800000 ? 0 : from[i];
}

/// A value that stands still is written to the block's end: the first phase may not run again in
/// this block.
void mega_run_tap(mega_run *r, const mega_instruction *code) {
    mega_value in = mega_run_read(r, &r->program->operands[code->in], 0);
    mega_bus *bus = r->program->buses[code->bus];
    size_t stride = bus->voice ? 16 : 1;
    float *to = bus->block + ((size_t)r->group * MEGA_BLOCK_FRAMES + r->offset) * stride + r->lane;
    uint32_t frames = in.moving ? r->frames : MEGA_BLOCK_FRAMES - r->offset;
    for (uint32_t t = 0; t < frames; t++)
        copy_finite(to + t * stride, in.at + (in.moving ? (size_t)t * r->frame_floats : 0),
                    r->lanes);
}
