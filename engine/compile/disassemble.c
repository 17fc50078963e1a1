// SPDX-License-Identifier: MIT
// disassemble -- a program as text that a person can read.
#include <stdlib.h>
#include <string.h>

#include "compile/program.h"
#include "core/text.h"
#include "modules/registry.h"

#define say mega_text_printf
typedef mega_text text;

/// Whose slot: "osc1.freq", or the knob's name.
static void slot_name(text *t, const mega_program *p, const mega_patch *patch, uint32_t slot) {
    for (uint32_t n = 0; n < p->node_count; n++) {
        const mega_module *m = mega_isa_one.modules[p->nodes[n].module];
        if (slot < p->nodes[n].slot || slot >= p->nodes[n].slot + m->param_count) continue;
        say(t, "%s.%s", p->nodes[n].id, m->params[slot - p->nodes[n].slot].name);
        return;
    }
    for (uint32_t k = 0; k < p->knob_target_count; k++)
        if (p->knob_targets[k].slot == slot)
            say(t, "knob %s", patch->knobs[p->knob_targets[k].knob].id);
}

/// s0: slot; r0: shared; v0: voice scratch; k0: kept for a later phase.
static void operand(text *t, const mega_operand *o) {
    static const char letters[] = {[MEGA_BANK_SLOT] = 's',
                                   [MEGA_BANK_SHARED] = 'r',
                                   [MEGA_BANK_VOICE] = 'v',
                                   [MEGA_BANK_KEPT] = 'k'};
    if (o->bank == MEGA_BANK_ZERO) say(t, "0");
    else say(t, "%c%u", letters[o->bank], o->index);
}

static void operands(text *t, const mega_program *p, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        say(t, i ? ", " : "");
        operand(t, &p->operands[first + i]);
    }
}

/// The slots that an instruction reads, each once, as constants before it.
static void constants(text *t, const mega_program *p, const mega_patch *patch, bool *shown,
                      const mega_instruction *code) {
    for (uint32_t i = 0; i < code->in_count; i++) {
        const mega_operand *o = &p->operands[code->in + i];
        if (o->bank != MEGA_BANK_SLOT || shown[o->index]) continue;
        shown[o->index] = true;
        say(t, "  CONST      s%u, %g\t; ", o->index, (double)p->slots[o->index].value[0]);
        slot_name(t, p, patch, o->index);
        say(t, "\n");
    }
}

/// A sum of products: v0*v1*0.5 + v2.
static void terms(text *t, const mega_program *p, uint32_t first, uint32_t count) {
    if (!count) say(t, "0");
    for (uint32_t i = 0, factors; i < count; i += factors) {
        const mega_operand *o = &p->operands[first + i];
        say(t, i ? " + " : "");
        operand(t, o);
        for (factors = 1; i + factors < count && o[factors].times; factors++) {
            say(t, "*");
            operand(t, &o[factors]);
        }
        float amount = p->amounts[first + i];
        if (amount != 1) say(t, "*%g", (double)amount);
    }
}

/// A part that multiplies what stands before it.
static void times(text *t, const mega_program *p, const char *open, uint32_t first,
                  uint32_t count) {
    if (!count) return;
    say(t, " * %s", open);
    terms(t, p, first, count);
    say(t, ")");
}

static void reads(text *t, const mega_program *p, const mega_instruction *code) {
    uint32_t rest = code->exponent_count + code->by_count, count = code->in_count - rest;
    if (code->op == MEGA_OP_SUM || code->op == MEGA_OP_REDUCE) terms(t, p, code->in, count);
    else operands(t, p, code->in, count);
    times(t, p, "2^(", code->in + count, code->exponent_count);
    times(t, p, "(", code->in + count, code->by_count);
}

static const struct {
    const char *name, *operands, *comment;
} opcodes[] = {
// Example: OPCODE(TAP, tap, "TAP", BLOCK, "in", "copies ...")
// Becomes: [MEGA_OP_TAP] = {"TAP", "in", "copies ..."},
#define OPCODE(id, function, name, span, operands, comment)                                        \
    [MEGA_OP_##id] = {name, operands, comment},
#include "core/opcodes.def"
#undef OPCODE
};

/// @param inside a loop
static void instruction(text *t, const mega_program *p, const mega_instruction *code, bool inside) {
    if (code->op == MEGA_OP_LOOP) {
        say(t, "  %-10s %u\t; frame by frame\n", opcodes[code->op].name, code->body);
        return;
    }
    say(t, "%s%-10s ", inside ? "    " : "  ", opcodes[code->op].name);
    if (code->op == MEGA_OP_CALL) say(t, "%s ", mega_isa_one.modules[code->module]->name);
    reads(t, p, code);
    if (code->out_count) say(t, code->in_count ? " -> " : "-> ");
    operands(t, p, code->out, code->out_count);
    say(t, "\t; %s\n", p->nodes[code->node].id);
}

/// The instructions that the program has, each once, with what they do.
static void legend(text *t, const mega_program *p) {
    bool used[MEGA_OPCODE_COUNT] = {false};
    for (uint32_t i = 0; i < p->instruction_count; i++) used[p->instructions[i].op] = true;
    say(t, "; instructions:\n");
    for (int op = 0; op < MEGA_OPCODE_COUNT; op++)
        if (used[op])
            say(t, ";   %-10s %s\t; %s\n", opcodes[op].name, opcodes[op].operands,
                opcodes[op].comment);
}

static void program(text *t, const mega_program *p, const mega_patch *patch, bool *shown) {
    say(t,
        "; %u voices in %u groups of 16; %u instructions; registers: %u shared, %u voice, %u "
        "kept\n",
        p->voices, p->groups, p->instruction_count, p->shared_count, p->voice_count, p->kept_count);
    say(t, "; %.1f KiB with state\n", (double)p->memory_bytes / 1024);
    for (uint32_t l = 0; l < p->phase_count; l++) {
        const mega_phase *phase = &p->phases[l];
        if (!phase->count) continue;
        say(t, l == 0         ? "constant:\t; again only when a value has changed\n"
               : phase->voice ? "voice:\t; once for each group of 16\n"
                              : "shared:\n");
        for (uint32_t i = phase->first, loop_end = 0; i < phase->first + phase->count; i++) {
            const mega_instruction *code = &p->instructions[i];
            for (uint32_t k = 0; k <= code->body; k++) constants(t, p, patch, shown, code + k);
            instruction(t, p, code, i < loop_end);
            if (code->body) loop_end = i + 1 + code->body;
        }
    }
    legend(t, p);
}

/// Tabs become columns: comments stand below each other.
static char *align_comments(const char *from) {
    enum { COMMENT_COLUMN = 44 };
    size_t lines = 1;
    for (const char *c = from; *c; c++) lines += *c == '\n';
    char *to = malloc(strlen(from) + lines * COMMENT_COLUMN + 1), *at = to;
    size_t column = 0;
    for (; to && *from; from++) {
        if (*from == '\t') {
            do *at++ = ' ';
            while (++column < COMMENT_COLUMN);
            continue;
        }
        *at++ = *from;
        column = *from == '\n' ? 0 : column + 1;
    }
    if (to) *at = '\0';
    return to;
}

mega_status mega_patch_disassemble(const mega_patch *patch, mega_report *report, char **out) {
    mega_status status;
    mega_compile_request request = {
        .patch = patch, .rate = 48000, .memory_bytes_max = SIZE_MAX, .dry = true};
    mega_program *p = mega_compile(&request, report, &status);
    if (!p) return status;
    text t = {0};
    bool *shown = calloc(p->slot_count + 1, sizeof *shown);
    if (shown) program(&t, p, patch, shown);
    char *made = shown ? mega_text_finish(&t) : NULL;
    *out = made ? align_comments(made) : NULL;
    free(made);
    free(shown);
    mega_program_destroy(p);
    return *out ? MEGA_OK : MEGA_ERROR_MEMORY;
}
