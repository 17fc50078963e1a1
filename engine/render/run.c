// SPDX-License-Identifier: MIT
// run -- which function runs an instruction, and loops, which run theirs frame by frame; see run.h.
#include "render/run.h"

#include <string.h>

#include "core/lanes.h"
#include "render/run_values.h"

// ---- loops ------------------------------------------------------------------------------------

void mega_run_frame_read(mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    float *room = mega_run_room(r, out);
    memcpy(room, mega_run_state(r, &r->program->nodes[code->node])->state + r->lane,
           r->lanes * sizeof *room);
    mega_run_set(r, out, (mega_value){room, true});
}

void mega_run_frame_write(mega_run *r, const mega_instruction *code) {
    mega_value in = mega_run_read(r, &r->program->operands[code->in], 0);
    memcpy(mega_run_state(r, &r->program->nodes[code->node])->state + r->lane, in.at,
           r->lanes * sizeof *in.at);
}

/// Lanes of the loop's `z1` nodes in which there is no finite number: it would go round for ever.
static uint32_t find_bad(const mega_run *r, const mega_instruction *code,
                         const mega_instruction *end) {
    uint32_t bad = 0;
    for (; code < end; code++) {
        if (code->op != MEGA_OP_FRAME_WRITE) continue;
        const float *state = mega_run_state(r, &r->program->nodes[code->node])->state + r->lane;
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
        mega_run_silence_lanes(r, bad);
        return;
    }
    r->vm->lanes_silenced++;
    for (; code < end; code++) {
        const mega_state_block *block = mega_run_state(r, &r->program->nodes[code->node]);
        if (block) memset(block->state, 0, block->state_floats * sizeof *block->state);
    }
}

static void execute(mega_run *r, const mega_instruction *code);

/// Frame by frame. Which register holds what is the same in all frames: calls note it in the first.
void mega_run_loop(mega_run *r, const mega_instruction *header) {
    const mega_instruction *first = header + 1, *end = first + header->body;
    const uint32_t frames = r->frames;
    r->frames = 1;
    r->stepping = true;
    for (r->step = 0; r->step < frames; r->step++) {
        mega_step *s = r->program->steps + (first - r->program->instructions);
        for (const mega_instruction *code = first; code < end; code++, s++) {
            if (code->op != MEGA_OP_CALL) execute(r, code);
            else if (r->step) mega_run_call_again(r, code, s);
            else mega_run_call_first(r, code, s);
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
// Example: OPCODE(TAP, tap, "TAP", ...)  Becomes: case MEGA_OP_TAP: mega_run_tap(r, code); break;
#define OPCODE(id, function, name, span, operands, comment)                                        \
    case MEGA_OP_##id:                                                                             \
        mega_run_##function(r, code);                                                              \
        break;
#include "core/opcodes.def"
#undef OPCODE
    case MEGA_OPCODE_COUNT: break;
    }
}

void mega_run_execute(mega_run *r, const mega_instruction *code, const mega_instruction *end) {
    for (; code < end; code += 1 + code->body) execute(r, code);
}
