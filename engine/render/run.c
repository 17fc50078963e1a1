// SPDX-License-Identifier: MIT
// run -- what each instruction does; see run.h.
#include "render/run.h"

#include <string.h>

#include "core/kernel.h"
#include "core/lanes.h"
#include "core/ops.h"
#include "render/choice_fades.h"

// ---- values -----------------------------------------------------------------------------------

/// A slot on its way, as the lanes of a group read it.
static mega_value spread_slot(const mega_run *r, const mega_slot *slot, uint32_t scratch) {
    if (!slot->moving) return (mega_value){slot->value, false};
    if (!r->wide) return (mega_value){slot->ramp + r->step, !r->stepping};
    float *at = r->vm->spread[scratch];
    r->isa->ops->broadcast(at, slot->ramp + r->step, r->frames);
    return (mega_value){at, !r->stepping};
}

/// Floats from the segment's first frame to the one that runs.
static size_t step_floats(const mega_run *r) { return (size_t)r->step * r->frame_floats; }

static mega_value value_of(const mega_run *r, const mega_operand *o) {
    const mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SHARED: return p->shared_values[o->index];
    case MEGA_BANK_VOICE: return p->voice_values[o->index];
    case MEGA_BANK_KEPT: return r->kept[o->index];
    default: return (mega_value){r->vm->zeros, false};
    }
}

/// In a loop: the value of its frame.
static mega_value read_operand(const mega_run *r, const mega_operand *o, uint32_t scratch) {
    if (o->bank == MEGA_BANK_SLOT) return spread_slot(r, &r->program->slots[o->index], scratch);
    mega_value value = value_of(r, o);
    if (!r->stepping || !value.moving) return value;
    return (mega_value){value.at + step_floats(r), false};
}

static float *room_of(const mega_run *r, const mega_operand *o) {
    const mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SHARED: return p->shared + (size_t)o->index * p->segment_frames + step_floats(r);
    case MEGA_BANK_VOICE: return p->voice + (size_t)o->index * r->register_floats + step_floats(r);
    default: return r->kept_at + (size_t)o->index * r->register_floats + step_floats(r);
    }
}

/// In a loop: `value` is of its frame, and one of all frames is kept.
static void set_value(const mega_run *r, const mega_operand *o, mega_value value) {
    mega_program *p = r->program;
    if (r->stepping) value = (mega_value){value.at - step_floats(r), true};
    switch (o->bank) {
    case MEGA_BANK_SHARED: p->shared_values[o->index] = value; break;
    case MEGA_BANK_VOICE: p->voice_values[o->index] = value; break;
    default: r->kept[o->index] = value; break;
    }
}

// ---- instructions -----------------------------------------------------------------------------

static mega_state_block *state_of(const mega_run *r, const mega_program_node *node) {
    if (node->state == UINT32_MAX) return NULL;
    return r->program->states[node->state + (node->voice ? r->group : 0)];
}

static void node_seeds(const mega_run *r, const mega_program_node *node, int32_t seeds[16]) {
    const int32_t *voices = r->voice ? r->vm->voices->groups[r->group].seeds + r->lane : NULL;
    for (uint32_t l = 0; l < r->lanes; l++)
        seeds[l] = (int32_t)(node->seed ^ (voices ? (uint32_t)voices[l] : r->vm->seed));
}

/// What a call reads.
static void read_ports(const mega_run *r, const mega_instruction *code, mega_step *s) {
    const mega_operand *operands = &r->program->operands[code->in];
    uint64_t moving = 0;
    for (uint32_t i = 0; i < code->in_count; i++) {
        mega_value value = read_operand(r, &operands[i], i);
        s->ports[i] = value.at;
        moving |= (uint64_t)value.moving << i;
    }
    s->call.moving = moving;
}

/// What a loop's call reads in the first frame, and which of it the others change.
static void read_first_ports(const mega_run *r, const mega_instruction *code, mega_step *s) {
    read_ports(r, code, s);
    s->advancing = s->sliding = 0;
    for (uint32_t i = 0; i < code->in_count; i++) {
        const mega_operand *o = &r->program->operands[code->in + i];
        if (o->bank != MEGA_BANK_SLOT) s->advancing |= (uint64_t)value_of(r, o).moving << i;
        else s->sliding |= (uint64_t)r->program->slots[o->index].moving << i;
    }
}

static void make_ready(const mega_run *r, const mega_instruction *code, mega_step *s) {
    mega_program *p = r->program;
    const mega_program_node *node = &p->nodes[code->node];
    s->module = r->isa->modules[code->module];
    // inner lanes: the widest build, ports one lane wide
    if (s->module->flags & MEGA_INNER_LANES) s->module = r->vm->wide->modules[code->module];
    const bool solo = r->beside && !r->stepping;
    s->solo = solo ? r->beside->modules[code->module]->solo : NULL;
    node_seeds(r, node, s->seeds);
    mega_state_block *block = state_of(r, node);
    s->call = (mega_call){.ports = s->ports,
                          .outputs = s->outputs,
                          .unread = code->unread,
                          .silent = r->voice ? ~r->active : 0,
                          .state = block ? block->state + r->lane : NULL,
                          .memory = block && block->memory ? block->memory + r->lane : NULL,
                          .memory_frames = block ? block->memory_frames : 0,
                          .state_stride = block ? block->stride : 1,
                          .frames = r->frames,
                          .seconds_per_frame = r->vm->seconds_per_frame,
                          .frames_per_second = r->vm->rate,
                          .note = r->note,
                          .seeds = s->seeds};
    for (uint32_t o = 0; o < code->out_count; o++)
        s->outputs[o] = room_of(r, &p->operands[code->out + o]);
}

static uint64_t process_piece(const mega_step *s, const mega_call *call) {
    if (s->solo) {
        uint64_t moved = s->solo(call);
        if (moved != MEGA_DECLINED) return moved;
    }
    return s->module->process(call);
}

/// Block by block. @param floats from a frame of a register to the next
static uint64_t process_blocks(const mega_step *s, uint32_t floats) {
    const mega_module *m = s->module;
    const float *ports[MEGA_PORTS_MAX];
    float *outputs[MEGA_OUTPUTS_MAX];
    mega_call call = s->call;
    call.ports = ports;
    call.outputs = outputs;
    call.frames = MEGA_BLOCK_FRAMES;
    for (uint32_t at = 0; at < s->call.frames; at += MEGA_BLOCK_FRAMES) {
        for (uint32_t p = 0; p < m->input_count + m->param_count; p++)
            ports[p] = s->ports[p] + (call.moving >> p & 1 ? at * floats : 0);
        for (uint32_t o = 0; o < m->output_count; o++) outputs[o] = s->outputs[o] + at * floats;
        process_piece(s, &call);
    }
    return MEGA_ALL_MOVE;
}

uint64_t mega_step_process(const mega_run *r, const mega_step *s) {
    bool blocks = s->module->flags & MEGA_BLOCKWISE && s->call.frames > MEGA_BLOCK_FRAMES;
    return blocks ? process_blocks(s, r->frame_floats) : process_piece(s, &s->call);
}

static uint64_t process(const mega_run *r, const mega_instruction *code, mega_step *s) {
    const mega_program_node *node = &r->program->nodes[code->node];
    return node->choices ? mega_choices_call(r, node, s) : mega_step_process(r, s);
}

static void go(const mega_run *r, const mega_instruction *code, mega_step *s) {
    uint64_t moved = process(r, code, s);
    for (uint32_t o = 0; o < code->out_count; o++)
        set_value(r, &r->program->operands[code->out + o],
                  (mega_value){s->outputs[o], moved >> o & 1});
}

/// Ports whose values lie elsewhere from segment to segment.
static uint64_t register_ports(const mega_run *r, const mega_instruction *code) {
    uint64_t ports = 0;
    for (uint32_t i = 0; i < code->in_count; i++) {
        uint16_t bank = r->program->operands[code->in + i].bank;
        ports |= (uint64_t)(bank != MEGA_BANK_SLOT && bank != MEGA_BANK_ZERO) << i;
    }
    return ports;
}

/// All but registers is as it was in the segment before.
static void read_registers(const mega_run *r, const mega_instruction *code, mega_step *s) {
    uint64_t moving = 0;
    for (uint64_t rest = s->registers; rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);
        mega_value value = value_of(r, &r->program->operands[code->in + i]);
        s->ports[i] = value.at;
        moving |= (uint64_t)value.moving << i;
    }
    s->call.moving = moving;
    s->call.frames = r->frames;
    s->call.silent = r->voice ? ~r->active : 0;
}

static void call_kept(const mega_run *r, const mega_instruction *code) {
    mega_step *s = &r->program->steps[code - r->program->instructions];
    if (s->pass == r->pass && s->isa == r->isa) {
        read_registers(r, code, s);
    } else {
        make_ready(r, code, s);
        read_ports(r, code, s);
        s->pass = r->pass;
        s->isa = r->isa;
        s->registers = register_ports(r, code);
    }
    go(r, code, s);
}

static void call(const mega_run *r, const mega_instruction *code) {
    if (r->pass) {
        call_kept(r, code);
        return;
    }
    mega_step s; // not zeroed: there are many calls
    make_ready(r, code, &s);
    read_ports(r, code, &s);
    go(r, code, &s);
}

static void call_first(const mega_run *r, const mega_instruction *code, mega_step *s) {
    s->pass = 0;
    make_ready(r, code, s);
    read_first_ports(r, code, s);
    go(r, code, s);
}

/// A frame of a loop after the first: the same call, a frame on.
static void call_again(const mega_run *r, const mega_instruction *code, mega_step *s) {
    for (uint64_t rest = s->advancing; rest; rest &= rest - 1)
        s->ports[__builtin_ctzll(rest)] += r->frame_floats;
    for (uint64_t rest = s->sliding; rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);
        s->ports[i] = read_operand(r, &r->program->operands[code->in + i], i).at;
    }
    for (uint32_t o = 0; o < code->out_count; o++) s->outputs[o] += r->frame_floats;
    process(r, code, s);
}

/// A cable that comes or goes: its value times this segment's fade.
static mega_value faded(const mega_run *r, mega_value value, int8_t fade, uint32_t scratch) {
    const float *factor = r->vm->fade[mega_fade_place(fade)] + r->step;
    float *at = r->vm->spread[scratch];
    for (uint32_t t = 0; t < r->frames; t++) {
        const float *in = value.at + (value.moving ? (size_t)t * r->frame_floats : 0);
        for (uint32_t l = 0; l < r->lanes; l++) at[t * r->frame_floats + l] = in[l] * factor[t];
    }
    return (mega_value){at, !r->stepping};
}

static bool stands_at(const mega_run *r, const mega_operand *o, float value) {
    if (o->bank != MEGA_BANK_SLOT) return false;
    const mega_slot *slot = &r->program->slots[o->index];
    return !slot->moving && slot->value[0] == value;
}

/// Operands of the term that begins at `o`.
static uint32_t factor_count(const mega_operand *o, uint32_t rest) {
    uint32_t count = 1;
    while (count < rest && o[count].times) count++;
    return count;
}

/// One product; a slot that stands at 1 changes nothing.
static mega_term read_term(const mega_run *r, uint32_t first, uint32_t factors, uint32_t scratch) {
    const mega_program *p = r->program;
    const mega_operand *o = &p->operands[first];
    mega_value value = read_operand(r, o, scratch);
    if (p->fade_codes[first]) value = faded(r, value, p->fade_codes[first], scratch);
    mega_term term = {.at = value.at, .moving = value.moving, .amount = p->amounts[first]};
    for (uint32_t i = 1; i < factors; i++) {
        if (stands_at(r, &o[i], 1)) continue;
        value = read_operand(r, &o[i], scratch + i);
        term.more[term.more_count++] = (mega_factor){value.at, value.moving};
    }
    return term;
}

/// Reads the terms that can matter: a slot that stands at 0 adds nothing.
static uint32_t read_terms(const mega_run *r, uint32_t first, uint32_t count, uint32_t scratch,
                           mega_term *terms) {
    uint32_t used = 0;
    for (uint32_t i = 0, factors; i < count; i += factors) {
        const mega_operand *o = &r->program->operands[first + i];
        factors = factor_count(o, count - i);
        if (factors == 1 && stands_at(r, o, 0)) continue;
        terms[used++] = read_term(r, first + i, factors, scratch + i);
    }
    return used;
}

/// Adds terms up, few voices with frames in the lanes.
static bool add_up(const mega_run *r, float *out, const mega_term *terms, size_t term_count,
                   const mega_term *exponents, size_t exponent_count) {
    bool solo = r->beside && !r->stepping;
    return (solo ? r->beside->ops->sum_solo : r->isa->ops->sum)(out, terms, term_count, exponents,
                                                                exponent_count, r->frames);
}

/// More cables than fit at once: exponents are summed first, then terms, each a part at a time, in
/// order.
static mega_value sum_many(const mega_run *r, uint32_t first, uint32_t count, float *out) {
    mega_term terms[MEGA_TERMS_AT_ONCE + 1];
    mega_value total = {r->vm->zeros, false};
    for (uint32_t done = 0; done < count; done += MEGA_TERMS_AT_ONCE) {
        uint32_t part = count - done < MEGA_TERMS_AT_ONCE ? count - done : MEGA_TERMS_AT_ONCE;
        bool has_total = total.at == out;
        uint32_t used = read_terms(r, first + done, part, 0, terms + has_total);
        if (!used) continue;
        if (has_total) terms[0] = (mega_term){.at = out, .amount = 1};
        if (has_total && !total.moving) // the sum so far stands; the next part may move over it
            for (uint32_t t = 1; t < r->frames; t++)
                memcpy(out + t * r->frame_floats, out, r->lanes * sizeof *out);
        if (has_total) terms[0].moving = true;
        total.moving = add_up(r, out, terms, used + has_total, NULL, 0);
        total.at = out;
    }
    return total;
}

/// True for a slot spread over the lanes: the next instruction writes over it.
static bool in_scratch(const mega_run *r, const float *at) {
    const mega_vm *vm = r->vm;
    const float *first = (const float *)vm->spread;
    return at >= first && at < first + sizeof vm->spread / sizeof *first;
}

static void sum(const mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    float *room = room_of(r, out);
    uint32_t term_count = code->in_count - code->exponent_count;
    mega_term terms[MEGA_TERMS_AT_ONCE], exponents[MEGA_TERMS_AT_ONCE];
    uint32_t used, raised;
    if (code->in_count <= MEGA_TERMS_AT_ONCE) {
        used = read_terms(r, code->in, term_count, 0, terms);
        raised = read_terms(r, code->in + term_count, code->exponent_count, term_count, exponents);
    } else {
        // the exponent goes to a scratch that no slot uses meanwhile
        float *exponent_room = r->vm->spread[MEGA_PORTS_MAX - 1];
        mega_value exponent =
            sum_many(r, code->in + term_count, code->exponent_count, exponent_room);
        mega_value total = sum_many(r, code->in, term_count, room);
        used = raised = 1;
        terms[0] = (mega_term){.at = total.at, .moving = total.moving, .amount = 1};
        exponents[0] = (mega_term){.at = exponent.at, .moving = exponent.moving, .amount = 1};
    }
    mega_value value = {room, false};
    bool alone = used == 1 && !raised && terms[0].amount == 1 && !terms[0].more_count;
    // scratch is written over before a later phase reads what is kept
    if (alone && !r->stepping && !in_scratch(r, terms[0].at) && out->bank != MEGA_BANK_KEPT)
        value = (mega_value){terms[0].at, terms[0].moving}; // no copy
    else if (used) value.moving = add_up(r, room, terms, used, exponents, raised);
    else if (r->stepping) memset(room, 0, r->lanes * sizeof *room);
    else value.at = r->vm->zeros;
    set_value(r, out, value);
}

static void broadcast(const mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    mega_value value = read_operand(r, &r->program->operands[code->in], 0);
    if (r->wide) {
        float *room = room_of(r, out);
        r->isa->ops->broadcast(room, value.at, value.moving ? r->frames : 1);
        value.at = room;
    }
    set_value(r, out, value);
}

/// A slot; in voices that have their own value of it, that. Never in a loop: it is made before.
static void own(const mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    const mega_operand *in = &r->program->operands[code->in];
    mega_value value = read_operand(r, in, 0);
    const mega_voice_group *group = &r->vm->voices->groups[r->group];
    uint32_t set = (uint32_t)group->own_set[code->bus] >> r->lane & ((1u << r->lanes) - 1);
    if (!set && !in_scratch(r, value.at)) {
        set_value(r, out, value);
        return;
    }
    const mega_way *way = &r->program->slots[in->index].way;
    mega_ramp ramps[16];
    memcpy(ramps, group->own[code->bus] + r->lane, r->lanes * sizeof *ramps);
    float *room = room_of(r, out);
    bool moving = value.moving || group->own_moving >> code->bus & 1;
    const uint32_t floats = r->frame_floats;
    for (uint32_t t = 0; t < (moving ? r->frames : 1); t++)
        for (uint32_t l = 0; l < r->lanes; l++)
            room[t * floats + l] = set >> l & 1 ? mega_ramp_next(&ramps[l], way)
                                                : value.at[(value.moving ? t * floats : 0) + l];
    set_value(r, out, (mega_value){room, moving});
}

/// @param which bit 0 is the first lane that runs
static void silence_lanes(const mega_run *r, uint32_t which) {
    r->vm->lanes_silenced += (uint32_t)__builtin_popcount(which);
    mega_voices_kill_lanes(r->vm->voices, r->group, which << r->lane, r->frame + r->offset);
}

/// What REDUCE adds up.
static mega_product read_product(const mega_run *r, const mega_instruction *code) {
    uint32_t by = code->in + code->in_count - code->by_count;
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    mega_product product = {.in = {in.at, in.moving}};
    product.by_count = read_terms(r, by, code->by_count, 1, product.by);
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
        silence_lanes(r, 1);
        r->active = 0;
    }
    memset(out, 0, frames * sizeof *out);
}

static void reduce_group(mega_run *r, float *out, const mega_product *in, float *peak,
                         uint32_t frames) {
    const mega_ops *ops = r->isa->ops;
    uint32_t bad = ops->reduce(out, in, r->gain, r->active, peak, frames);
    if (!bad) return;
    silence_lanes(r, bad);
    r->active &= ~bad;
    ops->reduce(out, in, r->gain, r->active, peak, frames);
}

/// Block by block: voices end by the peak of each. (Fades run in single blocks only.)
static void reduce(mega_run *r, const mega_instruction *code) {
    const mega_program *p = r->program;
    mega_product in = read_product(r, code);
    mega_voice_group *group = &r->vm->voices->groups[r->group];
    float *out = r->wide ? room_of(r, &p->operands[code->out])
                         : p->lane_sums + ((size_t)code->bus * 16 + r->lane) * p->segment_frames;
    for (uint32_t at = 0, block = 0; at < r->frames; at += MEGA_BLOCK_FRAMES, block++) {
        uint32_t frames = r->frames - at < MEGA_BLOCK_FRAMES ? r->frames - at : MEGA_BLOCK_FRAMES;
        float *peak = group->peak[block] + r->lane;
        if (r->wide) reduce_group(r, out + at, &in, peak, frames);
        else reduce_lane(r, out + at, &in, peak, frames);
        next_block(r, &in);
    }
}

/// A channel's or bus's number, which counts from 1, as an index; `count` if there is none such.
static uint32_t index_of(const mega_run *r, uint32_t operand, uint32_t count) {
    mega_value value = read_operand(r, &r->program->operands[operand], 0);
    float index = value.at[0] - 0.5f;
    return index >= 0 && index < (float)count ? (uint32_t)index : count;
}

/// What came from outside. @param block of which this segment is a part, or NULL: silence
static void take(const mega_run *r, const mega_instruction *code, const float *block) {
    const mega_operand *out = &r->program->operands[code->out];
    mega_value value = {r->vm->zeros, false};
    if (r->stepping) { // copied, since another channel may be next
        float *room = room_of(r, out);
        *room = block ? block[r->offset + r->step] : 0;
        value.at = room;
    } else if (block) {
        value = (mega_value){block + r->offset, true};
    }
    set_value(r, out, value);
}

static void input(const mega_run *r, const mega_instruction *code) {
    uint32_t channel = index_of(r, code->in + MEGA_INPUT_CHANNEL, MEGA_CHANNELS_MAX);
    take(r, code, channel < MEGA_CHANNELS_MAX ? r->vm->input[channel] : NULL);
}

static void bus_in(const mega_run *r, const mega_instruction *code) {
    uint32_t bus = index_of(r, code->in + MEGA_BUS_IN_BUS, MEGA_HOST_BUSES_MAX);
    bool given = bus < MEGA_HOST_BUSES_MAX && r->vm->bus_in_given >> bus & 1;
    take(r, code, given ? r->vm->bus_in[bus] : NULL);
}

/// Several nodes add up; the first in a block clears the bus.
static void bus_out(const mega_run *r, const mega_instruction *code) {
    uint32_t bus = index_of(r, code->in + MEGA_BUS_OUT_BUS, MEGA_HOST_BUSES_MAX);
    if (bus == MEGA_HOST_BUSES_MAX) return;
    mega_value in = read_operand(r, &r->program->operands[code->in + MEGA_BUS_OUT_IN], 1);
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
static void output(const mega_run *r, const mega_instruction *code) {
    uint32_t first = index_of(r, code->in + MEGA_OUTPUT_FIRST, MEGA_CHANNELS_MAX);
    uint32_t last = first + index_of(r, code->in + MEGA_OUTPUT_CHANNELS, 2);
    mega_value v[MEGA_OUTPUT_INPUTS];
    for (uint32_t i = 0; i < MEGA_OUTPUT_INPUTS; i++)
        v[i] = read_operand(r, &r->program->operands[code->in + i], i);
    add_to_channel(r, first, v[MEGA_OUTPUT_IN], v[MEGA_OUTPUT_LEFT]);
    if (last > first) add_to_channel(r, last, v[MEGA_OUTPUT_IN], v[MEGA_OUTPUT_RIGHT]);
    else add_to_channel(r, first, v[MEGA_OUTPUT_RIGHT], (mega_value){r->vm->zeros, false});
}

static void feedback_read(const mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    const mega_state_block *block = state_of(r, &r->program->nodes[code->node]);
    const float *from = block->state + (size_t)r->offset * block->stride + r->lane;
    float *room = room_of(r, out);
    for (uint32_t t = 0; t < r->frames; t++)
        memcpy(room + (size_t)t * r->frame_floats, from + (size_t)t * block->stride,
               r->lanes * sizeof *room);
    set_value(r, out, (mega_value){room, true});
}

static void feedback_write(const mega_run *r, const mega_instruction *code) {
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    mega_state_block *block = state_of(r, &r->program->nodes[code->node]);
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
static void tap(const mega_run *r, const mega_instruction *code) {
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    mega_bus *bus = r->program->buses[code->bus];
    size_t stride = bus->voice ? 16 : 1;
    float *to = bus->block + ((size_t)r->group * MEGA_BLOCK_FRAMES + r->offset) * stride + r->lane;
    uint32_t frames = in.moving ? r->frames : MEGA_BLOCK_FRAMES - r->offset;
    for (uint32_t t = 0; t < frames; t++)
        copy_finite(to + t * stride, in.at + (in.moving ? (size_t)t * r->frame_floats : 0),
                    r->lanes);
}

// ---- loops ------------------------------------------------------------------------------------

static void frame_read(const mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    float *room = room_of(r, out);
    memcpy(room, state_of(r, &r->program->nodes[code->node])->state + r->lane,
           r->lanes * sizeof *room);
    set_value(r, out, (mega_value){room, true});
}

static void frame_write(const mega_run *r, const mega_instruction *code) {
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    memcpy(state_of(r, &r->program->nodes[code->node])->state + r->lane, in.at,
           r->lanes * sizeof *in.at);
}

/// Lanes of the loop's `z1` nodes in which there is no finite number: it would go round for ever.
static uint32_t find_bad(const mega_run *r, const mega_instruction *code,
                         const mega_instruction *end) {
    uint32_t bad = 0;
    for (; code < end; code++) {
        if (code->op != MEGA_OP_FRAME_WRITE) continue;
        const float *state = state_of(r, &r->program->nodes[code->node])->state + r->lane;
        for (uint32_t l = 0; l < r->lanes; l++)
            bad |= (uint32_t)((bits_of(state[l]) & 0x7f800000) == 0x7f800000) << l;
    }
    return bad;
}

/// A voice ends; a shared loop starts anew from silence.
static void silence_loop(mega_run *r, const mega_instruction *code, const mega_instruction *end,
                         uint32_t bad) {
    if (r->voice) {
        bad &= r->active;
        r->active &= ~bad;
        silence_lanes(r, bad);
        return;
    }
    r->vm->lanes_silenced++;
    for (; code < end; code++) {
        const mega_state_block *block = state_of(r, &r->program->nodes[code->node]);
        if (block) memset(block->state, 0, block->state_floats * sizeof *block->state);
    }
}

static void execute(mega_run *r, const mega_instruction *code);

/// Frame by frame. Which register holds what is the same in all frames: calls note it in the first.
static void loop(mega_run *r, const mega_instruction *header) {
    const mega_instruction *first = header + 1, *end = first + header->body;
    const uint32_t frames = r->frames;
    r->frames = 1;
    r->stepping = true;
    for (r->step = 0; r->step < frames; r->step++) {
        mega_step *s = r->program->steps + (first - r->program->instructions);
        for (const mega_instruction *code = first; code < end; code++, s++) {
            if (code->op != MEGA_OP_CALL) execute(r, code);
            else if (r->step) call_again(r, code, s);
            else call_first(r, code, s);
        }
    }
    r->frames = frames;
    r->step = 0;
    r->stepping = false;
    uint32_t bad = find_bad(r, first, end);
    if (bad) silence_loop(r, first, end, bad);
}

static void execute(mega_run *r, const mega_instruction *code) {
    switch ((mega_opcode)code->op) {
// Example: OPCODE(CALL, call, "CALL", ...)  Becomes: case MEGA_OP_CALL: call(r, code); break;
#define OPCODE(id, function, name, span, operands, comment)                                        \
    case MEGA_OP_##id:                                                                             \
        function(r, code);                                                                         \
        break;
#include "core/opcodes.def"
#undef OPCODE
    case MEGA_OPCODE_COUNT: break;
    }
}

void mega_run_execute(mega_run *r, const mega_instruction *code, const mega_instruction *end) {
    for (; code < end; code += 1 + code->body) execute(r, code);
}
