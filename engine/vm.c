// SPDX-License-Identifier: MIT
// vm -- runs a program for one segment of a block.
//
// Each phase runs shared, or once for each active group with all its voices side by side; a group
// with few voices runs them one by one in the one-lane build, which gives the same bits.
#include "vm.h"

#include <string.h>
#include <time.h>

#include "lanes.h"

/// How the instructions of a phase run just now.
typedef struct {
    mega_vm *vm;
    mega_program *program;
    const mega_isa_table *isa;
    mega_value *kept;      ///< this group's (this lane's) kept values
    float *kept_at;        ///< and their room
    uint32_t kept_step;    ///< floats from one kept register to the next
    uint32_t group, lane;  ///< lane: 0 where all run side by side
    uint32_t frame_floats; ///< of a register: 16, or 1
    uint32_t active;       ///< lanes that count
    const float *gain;     ///< fades, or NULL
    const float *note;
    uint32_t offset, frames;
    uint64_t frame;
    bool voice, wide;
} run;

// ---- values -----------------------------------------------------------------------------------

/// A slot on its way, as the lanes of a group read it.
static mega_value spread_slot(const run *r, const mega_slot *slot, uint32_t scratch) {
    if (!slot->moving) return (mega_value){slot->value, false};
    if (!r->wide) return (mega_value){slot->ramp, true};
    float *at = r->vm->spread[scratch];
    r->isa->ops->broadcast(at, slot->ramp, r->frames);
    return (mega_value){at, true};
}

static mega_value read_operand(const run *r, const mega_operand *o, uint32_t scratch) {
    const mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SLOT: return spread_slot(r, &p->slots[o->index], scratch);
    case MEGA_BANK_SHARED: return p->shared_values[o->index];
    case MEGA_BANK_VOICE: return p->voice_values[o->index];
    case MEGA_BANK_KEPT: return r->kept[o->index];
    default: return (mega_value){r->vm->zeros, false};
    }
}

static float *room_of(const run *r, const mega_operand *o) {
    const mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SHARED: return p->shared + (size_t)o->index * MEGA_BLOCK_FRAMES;
    case MEGA_BANK_VOICE: return p->voice + (size_t)o->index * MEGA_BLOCK_FRAMES * 16;
    default: return r->kept_at + (size_t)o->index * r->kept_step;
    }
}

static void set_value(const run *r, const mega_operand *o, mega_value value) {
    mega_program *p = r->program;
    switch (o->bank) {
    case MEGA_BANK_SHARED: p->shared_values[o->index] = value; break;
    case MEGA_BANK_VOICE: p->voice_values[o->index] = value; break;
    default: r->kept[o->index] = value; break;
    }
}

// ---- instructions -----------------------------------------------------------------------------

static mega_state_block *state_of(const run *r, const mega_program_node *node) {
    if (node->state == UINT32_MAX) return NULL;
    return r->program->states[node->state + (node->voice ? r->group : 0)];
}

static void node_seeds(const run *r, const mega_program_node *node, int32_t seeds[16]) {
    const int32_t *voices = r->voice ? r->vm->voices->groups[r->group].seeds + r->lane : NULL;
    int count = r->wide ? 16 : 1;
    for (int l = 0; l < count; l++)
        seeds[l] = (int32_t)(node->seed ^ (voices ? (uint32_t)voices[l] : r->vm->seed));
}

static void call(const run *r, const mega_instruction *code) {
    mega_program *p = r->program;
    const mega_program_node *node = &p->nodes[code->node];
    const mega_module *m = r->isa->modules[code->module];
    // inner lanes: the widest build, ports one lane wide
    if (m->flags & MEGA_INNER_LANES) m = r->vm->wide->modules[code->module];
    const float *ports[MEGA_PORTS_MAX];
    float *outputs[MEGA_OUTPUTS_MAX];
    uint64_t moving = 0;
    for (uint32_t i = 0; i < code->in_count; i++) {
        mega_value value = read_operand(r, &p->operands[code->in + i], i);
        ports[i] = value.at;
        moving |= (uint64_t)value.moving << i;
    }
    for (uint32_t o = 0; o < code->out_count; o++)
        outputs[o] = room_of(r, &p->operands[code->out + o]);
    int32_t seeds[16];
    node_seeds(r, node, seeds);
    mega_state_block *block = state_of(r, node);
    mega_call c = {.ports = ports,
                   .moving = moving,
                   .outputs = outputs,
                   .state = block ? block->state + r->lane : NULL,
                   .memory = block && block->memory ? block->memory + r->lane : NULL,
                   .memory_frames = block ? block->memory_frames : 0,
                   .state_stride = block ? block->stride : 1,
                   .frames = r->frames,
                   .seconds_per_frame = r->vm->seconds_per_frame,
                   .frames_per_second = r->vm->rate,
                   .note = r->note,
                   .seeds = seeds};
    uint64_t moved = m->process(&c);
    for (uint32_t o = 0; o < code->out_count; o++)
        set_value(r, &p->operands[code->out + o], (mega_value){outputs[o], moved >> o & 1});
}

/// A cable that comes or goes: its value times this segment's fade.
static mega_value faded(const run *r, mega_value value, int8_t fade, uint32_t scratch) {
    const float *factor = r->vm->fade[fade > 0];
    float *at = r->vm->spread[scratch];
    for (uint32_t t = 0; t < r->frames; t++) {
        const float *in = value.at + (value.moving ? (size_t)t * r->frame_floats : 0);
        for (uint32_t l = 0; l < r->frame_floats; l++)
            at[t * r->frame_floats + l] = in[l] * factor[t];
    }
    return (mega_value){at, true};
}

/// Reads the terms that can matter: a slot that stands at 0 adds nothing.
static uint32_t read_terms(const run *r, uint32_t first, uint32_t count, uint32_t scratch,
                           mega_term *terms) {
    const mega_program *p = r->program;
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const mega_operand *o = &p->operands[first + i];
        if (o->bank == MEGA_BANK_ZERO) continue;
        if (o->bank == MEGA_BANK_SLOT && !p->slots[o->index].moving &&
            p->slots[o->index].value[0] == 0)
            continue;
        mega_value value = read_operand(r, o, scratch + used);
        if (p->fades[first + i]) value = faded(r, value, p->fades[first + i], scratch + used);
        terms[used++] = (mega_term){value.at, value.moving, p->amounts[first + i]};
    }
    return used;
}

/// More cables than fit at once: exponents are summed first, then terms, each a part at a time, in
/// order.
static mega_value sum_many(const run *r, uint32_t first, uint32_t count, float *out) {
    mega_term terms[MEGA_TERMS_AT_ONCE + 1];
    mega_value total = {r->vm->zeros, false};
    for (uint32_t done = 0; done < count; done += MEGA_TERMS_AT_ONCE) {
        uint32_t part = count - done < MEGA_TERMS_AT_ONCE ? count - done : MEGA_TERMS_AT_ONCE;
        bool has_total = total.at == out;
        uint32_t used = read_terms(r, first + done, part, 0, terms + has_total);
        if (!used) continue;
        if (has_total) terms[0] = (mega_term){out, total.moving, 1};
        if (has_total && !total.moving) // the sum so far stands; the next part may move over it
            for (uint32_t t = 1; t < r->frames; t++)
                memcpy(out + t * r->frame_floats, out, r->frame_floats * sizeof *out);
        if (has_total) terms[0].moving = true;
        total.moving = r->isa->ops->sum(out, terms, used + has_total, NULL, 0, r->frames);
        total.at = out;
    }
    return total;
}

/// True for a slot spread over the lanes: the next instruction writes over it.
static bool in_scratch(const run *r, const float *at) {
    const mega_vm *vm = r->vm;
    const float *first = (const float *)vm->spread;
    return at >= first && at < first + sizeof vm->spread / sizeof *first;
}

static void sum(const run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    float *room = room_of(r, out);
    uint32_t term_count = code->in_count - code->exponent_count;
    mega_term terms[MEGA_TERMS_AT_ONCE], exponents[MEGA_TERMS_AT_ONCE];
    uint32_t used, raised;
    if (code->in_count <= MEGA_TERMS_AT_ONCE) {
        used = read_terms(r, code->in, term_count, 0, terms);
        raised = read_terms(r, code->in + term_count, code->exponent_count, used, exponents);
    } else {
        // the exponent goes to a scratch that no slot uses meanwhile
        float *exponent_room = r->vm->spread[MEGA_PORTS_MAX - 1];
        mega_value exponent =
            sum_many(r, code->in + term_count, code->exponent_count, exponent_room);
        mega_value total = sum_many(r, code->in, term_count, room);
        used = raised = 1;
        terms[0] = (mega_term){total.at, total.moving, 1};
        exponents[0] = (mega_term){exponent.at, exponent.moving, 1};
    }
    mega_value value = {r->vm->zeros, false};
    if (used == 1 && !raised && terms[0].amount == 1 && !in_scratch(r, terms[0].at))
        value = (mega_value){terms[0].at, terms[0].moving}; // no copy
    else if (used)
        value =
            (mega_value){room, r->isa->ops->sum(room, terms, used, exponents, raised, r->frames)};
    set_value(r, out, value);
}

static void broadcast(const run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    mega_value value = read_operand(r, &r->program->operands[code->in], 0);
    if (r->wide) {
        float *room = room_of(r, out);
        r->isa->ops->broadcast(room, value.at, value.moving ? r->frames : 1);
        value.at = room;
    }
    set_value(r, out, value);
}

static void silence_lanes(const run *r, uint32_t which) {
    r->vm->lanes_silenced += (uint32_t)__builtin_popcount(which);
    mega_voices_kill_lanes(r->vm->voices, r->group, which, r->frame + r->offset);
}

static void reduce(run *r, const mega_instruction *code) {
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    mega_voice_group *group = &r->vm->voices->groups[r->group];
    if (r->wide) {
        float *out = room_of(r, &r->program->operands[code->out]);
        uint32_t bad =
            r->isa->ops->reduce(out, in.at, in.moving, r->gain, r->active, group->peak, r->frames);
        if (!bad) return;
        silence_lanes(r, bad);
        r->active &= ~bad;
        r->isa->ops->reduce(out, in.at, in.moving, r->gain, r->active, group->peak, r->frames);
        return;
    }
    float *out = r->program->lane_sums + ((size_t)code->bus * 16 + r->lane) * MEGA_BLOCK_FRAMES;
    uint32_t bad = r->isa->ops->reduce(out, in.at, in.moving, r->gain, r->active != 0,
                                       &group->peak[r->lane], r->frames);
    if (!bad) return;
    silence_lanes(r, 1u << r->lane);
    r->active = 0;
    memset(out, 0, r->frames * sizeof *out);
}

/// A channel's or bus's number, which counts from 1, as an index; `count` if there is none such.
static uint32_t index_of(const run *r, uint32_t operand, uint32_t count) {
    mega_value value = read_operand(r, &r->program->operands[operand], 0);
    float index = value.at[0] - 0.5f;
    return index >= 0 && index < (float)count ? (uint32_t)index : count;
}

static void input(const run *r, const mega_instruction *code) {
    uint32_t channel = index_of(r, code->in, MEGA_CHANNELS_MAX);
    const float *from = channel < MEGA_CHANNELS_MAX ? r->vm->input[channel] : NULL;
    mega_value value =
        from ? (mega_value){from + r->offset, true} : (mega_value){r->vm->zeros, false};
    set_value(r, &r->program->operands[code->out], value);
}

static void bus_in(const run *r, const mega_instruction *code) {
    uint32_t bus = index_of(r, code->in, MEGA_HOST_BUSES_MAX);
    bool given = bus < MEGA_HOST_BUSES_MAX && r->vm->bus_in_given >> bus & 1;
    mega_value value = given ? (mega_value){r->vm->bus_in[bus] + r->offset, true}
                             : (mega_value){r->vm->zeros, false};
    set_value(r, &r->program->operands[code->out], value);
}

/// Several nodes add up; the first in a block clears the bus.
static void bus_out(const run *r, const mega_instruction *code) {
    uint32_t bus = index_of(r, code->in + 1, MEGA_HOST_BUSES_MAX);
    if (bus == MEGA_HOST_BUSES_MAX) return;
    mega_value in = read_operand(r, &r->program->operands[code->in], 1);
    float *block = r->vm->bus_out[bus];
    if (!(r->vm->bus_out_used >> bus & 1)) memset(block, 0, sizeof r->vm->bus_out[bus]);
    r->vm->bus_out_used |= UINT64_C(1) << bus;
    for (uint32_t t = 0; t < r->frames; t++) block[r->offset + t] += in.at[in.moving ? t : 0];
}

/// left += in + left, right += in + right.
static void output(const run *r, const mega_instruction *code) {
    mega_value v[3];
    for (uint32_t i = 0; i < 3; i++) v[i] = read_operand(r, &r->program->operands[code->in + i], i);
    float *left = r->vm->left + r->offset, *right = r->vm->right + r->offset;
    for (uint32_t t = 0; t < r->frames; t++) {
        float both_sides = v[0].at[v[0].moving ? t : 0];
        left[t] += both_sides + v[1].at[v[1].moving ? t : 0];
        right[t] += both_sides + v[2].at[v[2].moving ? t : 0];
    }
}

static void feedback_read(const run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    const mega_state_block *block = state_of(r, &r->program->nodes[code->node]);
    const float *from = block->state + (size_t)r->offset * block->stride + r->lane;
    float *room = room_of(r, out);
    for (uint32_t t = 0; t < r->frames; t++)
        memcpy(room + (size_t)t * r->frame_floats, from + (size_t)t * block->stride,
               r->frame_floats * sizeof *room);
    set_value(r, out, (mega_value){room, true});
}

static void feedback_write(const run *r, const mega_instruction *code) {
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    mega_state_block *block = state_of(r, &r->program->nodes[code->node]);
    float *to = block->state + (size_t)r->offset * block->stride + r->lane;
    for (uint32_t t = 0; t < r->frames; t++)
        memcpy(to + (size_t)t * block->stride,
               in.at + (in.moving ? (size_t)t * r->frame_floats : 0), r->frame_floats * sizeof *to);
}

/// A value that stands still is written to the block's end: the first phase may not run again in
/// this block.
static void tap(const run *r, const mega_instruction *code) {
    mega_value in = read_operand(r, &r->program->operands[code->in], 0);
    mega_bus *bus = r->program->buses[code->bus];
    size_t stride = bus->voice ? 16 : 1;
    float *to = bus->block + ((size_t)r->group * MEGA_BLOCK_FRAMES + r->offset) * stride + r->lane;
    uint32_t frames = in.moving ? r->frames : MEGA_BLOCK_FRAMES - r->offset;
    for (uint32_t t = 0; t < frames; t++)
        memcpy(to + t * stride, in.at + (in.moving ? (size_t)t * r->frame_floats : 0),
               r->frame_floats * sizeof *to);
}

static void execute(run *r, const mega_instruction *code) {
    switch ((mega_opcode)code->op) {
    case MEGA_OP_CALL: call(r, code); break;
    case MEGA_OP_SUM: sum(r, code); break;
    case MEGA_OP_BROADCAST: broadcast(r, code); break;
    case MEGA_OP_REDUCE: reduce(r, code); break;
    case MEGA_OP_INPUT: input(r, code); break;
    case MEGA_OP_OUTPUT: output(r, code); break;
    case MEGA_OP_BUS_IN: bus_in(r, code); break;
    case MEGA_OP_BUS_OUT: bus_out(r, code); break;
    case MEGA_OP_FEEDBACK_READ: feedback_read(r, code); break;
    case MEGA_OP_FEEDBACK_WRITE: feedback_write(r, code); break;
    case MEGA_OP_TAP: tap(r, code); break;
    }
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void execute_all(run *r, const mega_phase *phase) {
    const mega_instruction *code = r->program->instructions + phase->first;
    const mega_instruction *end = code + phase->count;
    if (!r->vm->profile) {
        for (; code < end; code++) execute(r, code);
        return;
    }
    for (; code < end; code++) {
        uint64_t start = now_ns();
        execute(r, code);
        uint32_t at = code->op == MEGA_OP_CALL ? code->module : (uint32_t)MEGA_MODULE_COUNT;
        r->vm->profile_ns[at] += now_ns() - start;
    }
}

// ---- phases -----------------------------------------------------------------------------------

static void run_shared(run *r, const mega_phase *phase) {
    r->voice = r->wide = false;
    r->isa = r->vm->one;
    r->frame_floats = 1;
    r->group = r->lane = 0;
    r->note = NULL;
    execute_all(r, phase);
}

static void run_group(run *r, const mega_phase *phase, const float *gain) {
    mega_program *p = r->program;
    r->wide = true;
    r->isa = r->vm->wide;
    r->frame_floats = 16;
    r->lane = 0;
    r->gain = gain;
    r->note = r->vm->voices->groups[r->group].note[0];
    r->kept = p->kept_values + (size_t)r->group * p->kept_count * 16;
    r->kept_step = MEGA_BLOCK_FRAMES * 16;
    r->kept_at = p->kept + (size_t)r->group * p->kept_count * r->kept_step;
    execute_all(r, phase);
}

static void run_lane(run *r, const mega_phase *phase, uint32_t lane, const float *gain) {
    mega_program *p = r->program;
    r->wide = false;
    r->isa = r->vm->one;
    r->frame_floats = 1;
    r->lane = lane;
    r->gain = NULL;
    if (gain) {
        for (uint32_t t = 0; t < r->frames; t++) r->vm->lane_gain[t] = gain[t * 16 + lane];
        r->gain = r->vm->lane_gain;
    }
    r->note = r->vm->voices->groups[r->group].note[0] + lane;
    r->kept = p->kept_values + ((size_t)r->group * 16 + lane) * p->kept_count;
    r->kept_step = MEGA_BLOCK_FRAMES;
    r->kept_at = p->kept + ((size_t)r->group * 16 + lane) * p->kept_count * MEGA_BLOCK_FRAMES;
    execute_all(r, phase);
}

/// Adds what lanes gave one by one, in the tree that the wide builds use; lanes that did not run
/// are 0.
static void add_lanes(const run *r, const mega_phase *phase, uint32_t ran) {
    const mega_program *p = r->program;
    bool few = __builtin_popcount(ran) <= 2; // then any order is the tree's
    for (uint32_t i = 0; i < phase->reduce_count; i++) {
        float *out = p->shared + (size_t)p->reduces[phase->reduce_first + i] * MEGA_BLOCK_FRAMES;
        const float *in = p->lane_sums + (size_t)i * 16 * MEGA_BLOCK_FRAMES;
        if (few) {
            uint32_t a = (uint32_t)__builtin_ctz(ran), b = ran & (ran - 1);
            const float *second =
                b ? in + (uint32_t)__builtin_ctz(b) * MEGA_BLOCK_FRAMES : r->vm->zeros;
            for (uint32_t t = 0; t < r->frames; t++)
                out[t] += in[a * MEGA_BLOCK_FRAMES + t] + second[t];
            continue;
        }
        for (uint32_t t = 0; t < r->frames; t++) {
            float v[16];
            for (uint32_t l = 0; l < 16; l++)
                v[l] = ran >> l & 1 ? in[l * MEGA_BLOCK_FRAMES + t] : 0;
            for (int l = 0; l < 8; l++) v[l] = v[l] + v[l + 8];
            for (int l = 0; l < 4; l++) v[l] = v[l] + v[l + 4];
            out[t] += (v[0] + v[2]) + (v[1] + v[3]);
        }
    }
}

static void run_voices(run *r, const mega_phase *phase) {
    mega_program *p = r->program;
    for (uint32_t i = 0; i < phase->reduce_count; i++) {
        uint32_t sum_register = p->reduces[phase->reduce_first + i];
        float *at = p->shared + (size_t)sum_register * MEGA_BLOCK_FRAMES;
        memset(at, 0, r->frames * sizeof *at);
        p->shared_values[sum_register] = (mega_value){at, true};
    }
    r->voice = true;
    for (r->group = 0; r->group < r->vm->voices->group_count; r->group++) {
        uint32_t active = r->vm->voices->groups[r->group].active;
        if (!active) continue;
        const float *gain =
            mega_voices_gain(r->vm->voices, r->group, r->vm->gain, r->frames) ? r->vm->gain : NULL;
        if (!r->vm->voices->groups[r->group].one_by_one) {
            r->active = active;
            run_group(r, phase, gain);
            continue;
        }
        for (uint32_t rest = active; rest; rest &= rest - 1) {
            r->active = 1;
            run_lane(r, phase, (uint32_t)__builtin_ctz(rest), gain);
        }
        add_lanes(r, phase, active);
    }
}

static void advance_slots(mega_program *p, uint32_t frames) {
    uint32_t still = 0;
    for (uint32_t i = 0; i < p->moving_count; i++) {
        mega_slot *slot = &p->slots[p->moving_slots[i]];
        p->slots_changed = true;
        slot->listed = mega_slot_advance(slot, frames);
        if (slot->listed) p->moving_slots[still++] = p->moving_slots[i];
    }
    p->moving_count = still;
}

/// Raised cosine: what goes out and what comes in add up to 1.
static void advance_fade(mega_vm *vm, uint32_t frames) {
    uint32_t length = vm->program->fade_frames;
    if (!length) return;
    for (uint32_t t = 0; t < frames; t++) {
        uint32_t at = vm->faded + t < length ? vm->faded + t : length;
        float part = 0.5f - 0.5f * vcos_turns(0.5f * (float)at / (float)length);
        vm->fade[1][t] = part;
        vm->fade[0][t] = 1 - part;
    }
    vm->faded = vm->faded + frames < length ? vm->faded + frames : length;
}

/// Up to so many voices of a group cost less one by one than side by side. Measured with three
/// saws, filter and envelopes: a voice alone 41 ns a frame, a group of 16 lanes 66 (AVX-512), 105
/// (AVX2) and 170 (SSE4).
static int one_by_one_max(const mega_isa_table *wide) {
    return wide->width == 1 ? 16 : wide->width >= 16 ? 1 : wide->width >= 8 ? 2 : 4;
}

/// For the whole segment: a group's kept values lie as its build left them.
static void choose_builds(const mega_vm *vm) {
    int most = one_by_one_max(vm->wide);
    for (uint32_t g = 0; g < vm->voices->group_count; g++) {
        mega_voice_group *group = &vm->voices->groups[g];
        group->one_by_one = __builtin_popcount(group->active) <= most;
    }
}

void mega_vm_run(mega_vm *vm, uint32_t offset, uint32_t frames, uint64_t block_frame) {
    mega_program *p = vm->program;
    run r = {.vm = vm, .program = p, .offset = offset, .frames = frames, .frame = block_frame};
    advance_slots(p, frames);
    advance_fade(vm, frames);
    choose_builds(vm);
    if (p->slots_changed) run_shared(&r, &p->phases[0]);
    // while a slot moves, what depends on it moves; the segment after it stands is the last to run
    p->slots_changed = p->moving_count > 0;
    for (uint32_t i = 1; i < p->phase_count; i++) {
        if (!p->phases[i].count) continue;
        if (p->phases[i].voice) run_voices(&r, &p->phases[i]);
        else run_shared(&r, &p->phases[i]);
    }
    for (uint32_t g = 0; g < vm->voices->group_count; g++)
        if (vm->voices->groups[g].active)
            mega_voices_advance(vm->voices, g, frames, block_frame + offset + frames);
}

// ---- clearing ---------------------------------------------------------------------------------

void mega_vm_clear_lane(mega_vm *vm, uint32_t group, uint32_t lane) {
    const mega_program *p = vm->program;
    for (uint32_t n = 0; n < p->node_count; n++) {
        if (!p->nodes[n].voice || p->nodes[n].state == UINT32_MAX) continue;
        mega_state_block *block = p->states[p->nodes[n].state + group];
        for (size_t at = lane; at < block->state_floats; at += 16) block->state[at] = 0;
    }
}

void mega_vm_clear_shared(mega_vm *vm) {
    const mega_program *p = vm->program;
    for (uint32_t n = 0; n < p->node_count; n++) {
        if (p->nodes[n].voice || p->nodes[n].state == UINT32_MAX) continue;
        mega_state_block *block = p->states[p->nodes[n].state];
        memset(block->state, 0, block->state_floats * sizeof *block->state);
    }
}
