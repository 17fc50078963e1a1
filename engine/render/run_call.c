// SPDX-License-Identifier: MIT
// run_call -- CALL: a module's code with its ports, outputs and state; see run_values.h.
#include "core/kernel.h"
#include "render/choice_fades.h"
#include "render/run_values.h"

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
        mega_value value = mega_run_read(r, &operands[i], i);
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
        if (o->bank != MEGA_BANK_SLOT) s->advancing |= (uint64_t)mega_run_value(r, o).moving << i;
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
    mega_state_block *block = mega_run_state(r, node);
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
        s->outputs[o] = mega_run_room(r, &p->operands[code->out + o]);
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
        mega_run_set(r, &r->program->operands[code->out + o],
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
        mega_value value = mega_run_value(r, &r->program->operands[code->in + i]);
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

void mega_run_call(mega_run *r, const mega_instruction *code) {
    if (r->pass) {
        call_kept(r, code);
        return;
    }
    mega_step s; // not zeroed: there are many calls
    make_ready(r, code, &s);
    read_ports(r, code, &s);
    go(r, code, &s);
}

void mega_run_call_first(mega_run *r, const mega_instruction *code, mega_step *s) {
    s->pass = 0;
    make_ready(r, code, s);
    read_first_ports(r, code, s);
    go(r, code, s);
}

/// A frame of a loop after the first: the same call, a frame on.
void mega_run_call_again(mega_run *r, const mega_instruction *code, mega_step *s) {
    for (uint64_t rest = s->advancing; rest; rest &= rest - 1)
        s->ports[__builtin_ctzll(rest)] += r->frame_floats;
    for (uint64_t rest = s->sliding; rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);
        s->ports[i] = mega_run_read(r, &r->program->operands[code->in + i], i).at;
    }
    for (uint32_t o = 0; o < code->out_count; o++) s->outputs[o] += r->frame_floats;
    process(r, code, s);
}
