// SPDX-License-Identifier: MIT
// registers -- orders emitted instructions into phases, and gives values registers by how long they
// live.
//
// The lowest free register is taken first, so that a voice's working set stays small enough for the
// first cache.
#include <stdlib.h>
#include <string.h>

#include "compile/emit.h"

/// A counting sort by list; instructions of one list stay in the order in which they were emitted.
static bool order_lists(mega_emitter *e) {
    mega_program *p = e->program;
    uint32_t *start = calloc(e->list_count + 1, sizeof *start);
    p->instructions = malloc((e->emitted_count + 1) * sizeof *p->instructions);
    p->phases = calloc(e->list_count, sizeof *p->phases);
    if (start && p->instructions && p->phases) {
        for (uint32_t i = 0; i < e->emitted_count; i++) start[e->emitted[i].list + 1]++;
        for (uint32_t l = 0; l < e->list_count; l++) {
            p->phases[l] = (mega_phase){
                .voice = mega_list_is_voice(l), .first = start[l], .count = start[l + 1]};
            start[l + 1] += start[l];
        }
        for (uint32_t i = 0; i < e->emitted_count; i++)
            p->instructions[start[e->emitted[i].list]++] = e->emitted[i].code;
        p->instruction_count = e->emitted_count;
        p->phase_count = e->list_count;
    } else {
        e->failed = true;
    }
    free(start);
    return !e->failed;
}

static bool is_register(const mega_operand *o) {
    return o->bank == MEGA_BANK_SHARED || o->bank == MEGA_BANK_VOICE || o->bank == MEGA_BANK_KEPT;
}

static uint32_t phase_end(const mega_phase *phase) { return phase->first + phase->count; }

/// By instruction: the last one that runs before it can run again in the same segment. That is the
/// end of its loop, or itself.
static uint32_t *find_ends(mega_emitter *e) {
    mega_program *p = e->program;
    uint32_t *ends = malloc((p->instruction_count + 1) * sizeof *ends), end = 0;
    if (!ends) {
        e->failed = true;
        return NULL;
    }
    for (uint32_t i = 0; i < p->instruction_count; i++) {
        uint32_t body = p->instructions[i].body;
        if (body) end = i + body;
        ends[i] = i > end ? i : end;
    }
    return ends;
}

/// A shared value that a voice phase reads lives to the phase's end, since each group reads it
/// again; what a loop reads lives to the loop's end.
static void find_last(mega_emitter *e, const mega_phase *phase, uint32_t i, uint32_t end) {
    const mega_program *p = e->program;
    const mega_instruction *code = &p->instructions[i];
    // a sum of one term may stand for its source without a copy: the source lives as long as the
    // sum; so does a broadcast in the one-lane build
    if (code->op == MEGA_OP_SUM || code->op == MEGA_OP_BROADCAST) {
        uint32_t last = e->virtuals[p->operands[code->out].index].last;
        if (last > end) end = last;
    }
    for (uint32_t o = 0; o < code->in_count; o++) {
        const mega_operand *in = &p->operands[code->in + o];
        if (!is_register(in)) continue;
        mega_virtual *v = &e->virtuals[in->index];
        uint32_t last = phase->voice && v->bank == MEGA_BANK_SHARED ? phase_end(phase) : end;
        if (last > v->last) v->last = last;
    }
}

/// How long each value lives. A sum of voices is there from its phase's start.
static void find_lives(mega_emitter *e) {
    mega_program *p = e->program;
    uint32_t *ends = find_ends(e);
    if (!ends) return;
    for (uint32_t l = 0; l < p->phase_count; l++)
        for (uint32_t i = p->phases[l].first; i < phase_end(&p->phases[l]); i++) {
            const mega_instruction *code = &p->instructions[i];
            for (uint32_t o = 0; o < code->out_count; o++) {
                mega_virtual *v = &e->virtuals[p->operands[code->out + o].index];
                v->first = v->summed ? p->phases[l].first : i;
                v->last = v->summed ? phase_end(&p->phases[l]) : i;
            }
        }
    for (uint32_t l = p->phase_count; l-- > 0;)
        for (uint32_t i = phase_end(&p->phases[l]); i-- > p->phases[l].first;)
            find_last(e, &p->phases[l], i, ends[i]);
    free(ends);
}

typedef struct {
    uint32_t *free_at; ///< by register: the position from which it is free
    uint32_t count, room;
} bank;

static uint32_t take(mega_emitter *e, bank *b, uint32_t first, uint32_t last) {
    uint32_t r = 0;
    while (r < b->count && b->free_at[r] > first) r++;
    if (r == b->count) {
        if (b->count == b->room) {
            uint32_t room = b->room ? b->room * 2 : 64;
            uint32_t *more = realloc(b->free_at, room * sizeof *more);
            if (!more) {
                e->failed = true;
                return 0;
            }
            b->free_at = more;
            b->room = room;
        }
        b->count++;
    }
    b->free_at[r] = last == UINT32_MAX ? UINT32_MAX : last + 1;
    return r;
}

static void assign(mega_emitter *e, bank *banks, uint32_t position) {
    const mega_instruction *code = &e->program->instructions[position];
    for (uint32_t o = 0; o < code->out_count; o++) {
        mega_virtual *v = &e->virtuals[e->program->operands[code->out + o].index];
        if (v->summed || v->physical != UINT32_MAX)
            continue; // taken at the phase's start, or twice an output
        // what the first phase makes stays: it does not run each time; kept ones are not scratch
        bool stays = v->list == MEGA_LIST_CONSTANT || v->bank == MEGA_BANK_KEPT;
        uint32_t last = stays ? UINT32_MAX : v->last;
        v->physical = take(e, &banks[v->bank], v->first, last);
    }
}

static void take_sums(mega_emitter *e, bank *banks, mega_phase *phase) {
    mega_program *p = e->program;
    phase->reduce_first = p->reduce_count;
    for (uint32_t i = phase->first; i < phase_end(phase); i++) {
        mega_instruction *code = &p->instructions[i];
        if (code->op != MEGA_OP_REDUCE) continue;
        mega_virtual *v = &e->virtuals[p->operands[code->out].index];
        v->physical = take(e, &banks[MEGA_BANK_SHARED], v->first, v->last);
        code->bus = (uint16_t)phase->reduce_count; // its number in the phase
        p->reduces[p->reduce_count++] = v->physical;
        phase->reduce_count++;
    }
    if (phase->reduce_count > p->reduces_per_voice_phase_max)
        p->reduces_per_voice_phase_max = phase->reduce_count;
}

/// Virtual numbers in operands become register numbers.
static void rewrite(mega_emitter *e) {
    mega_program *p = e->program;
    for (uint32_t i = 0; i < p->operand_count; i++)
        if (is_register(&p->operands[i]))
            p->operands[i].index = e->virtuals[p->operands[i].index].physical;
}

void mega_assign_registers(mega_emitter *e) {
    mega_program *p = e->program;
    if (e->failed || !order_lists(e)) return;
    find_lives(e);
    if (e->failed) return;
    p->reduces = malloc((p->instruction_count + 1) * sizeof *p->reduces);
    if (!p->reduces) {
        e->failed = true;
        return;
    }
    for (uint32_t v = 0; v < e->virtual_count; v++) e->virtuals[v].physical = UINT32_MAX;
    bank banks[MEGA_BANK_KEPT + 1] = {0};
    for (uint32_t l = 0; l < p->phase_count; l++) {
        take_sums(e, banks, &p->phases[l]);
        for (uint32_t i = p->phases[l].first; i < phase_end(&p->phases[l]); i++)
            assign(e, banks, i);
    }
    rewrite(e);
    p->shared_count = banks[MEGA_BANK_SHARED].count;
    p->voice_count = banks[MEGA_BANK_VOICE].count;
    p->kept_count = banks[MEGA_BANK_KEPT].count;
    for (int b = 0; b <= MEGA_BANK_KEPT; b++) free(banks[b].free_at);
}

// ---- how long segments may be ------------------------------------------------------------------

/// Registers of segments of several blocks, at most: of a group, as much as a core's second cache
/// holds beside the state of voices; and of all groups, since what lies between phases is kept for
/// each.
enum { GROUP_BYTES_MAX = 512 * 1024, ALL_BYTES_MAX = 4 * 1024 * 1024 };

static bool looks_at_blocks(const mega_instruction *code) {
    enum { SEGMENT, BLOCK };
    static const bool of_opcode[] = {
// Example: OPCODE(TAP, tap, "TAP", BLOCK, ...)  Becomes: [MEGA_OP_TAP] = BLOCK,
#define OPCODE(id, function, name, span, operands, comment) [MEGA_OP_##id] = span,
#include "core/opcodes.def"
#undef OPCODE
    };
    // a long sum uses scratch of a block's size
    bool long_sum = code->op == MEGA_OP_SUM && code->in_count > MEGA_TERMS_AT_ONCE;
    return of_opcode[code->op] || long_sum;
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
