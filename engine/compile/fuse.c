// SPDX-License-Identifier: MIT
// fuse -- makes one instruction of several, so that a value that is read once takes no register and
// no pass of its own.
//
// First, modules that only multiply and add become sums of products. Then a product goes into the
// sum that reads it, and a product of two, with the sum that is one of them, into the REDUCE. Each
// does what the others did, in the same order: the bits stay the same. What runs frame by frame
// stays as it is, and so does what depends on slots alone: it seldom runs.
//
// Example: CALL gain v3, v0 -> v2; REDUCE v2 -> r0, where v0 is the SUM s10 + v1*0.2
// Becomes: REDUCE v3 * (s10 + v1*0.2) -> r0
#include <stdlib.h>
#include <string.h>

#include "compile/emit.h"
#include "modules/registry.h"

typedef mega_emit_term term;

typedef struct {
    mega_emitter *e;
    uint32_t *readers; ///< by virtual register: operands that read it
    uint32_t *maker;   ///< and the instruction that makes it
    bool *stays;       ///< by instruction: it stays as it is
    bool *gone;        ///< by instruction: another one does it
} fuser;

static bool is_register(const mega_operand *o) {
    return o->bank == MEGA_BANK_SHARED || o->bank == MEGA_BANK_VOICE || o->bank == MEGA_BANK_KEPT;
}

static mega_operand *operands_of(const fuser *f, const mega_instruction *code) {
    return &f->e->program->operands[code->in];
}

static term term_at(const fuser *f, uint32_t operand) {
    const mega_program *p = f->e->program;
    return (term){p->operands[operand], p->amounts[operand], p->fade_codes[operand]};
}

// ---- what there is ----------------------------------------------------------------------------

static void find_readers(fuser *f) {
    const mega_emitter *e = f->e;
    uint32_t loop_end = 0;
    for (uint32_t i = 0; i < e->emitted_count; i++) {
        const mega_instruction *code = &e->emitted[i].code;
        if (code->body) loop_end = i + 1 + code->body;
        f->stays[i] = i < loop_end || e->emitted[i].list == MEGA_LIST_CONSTANT;
        for (uint32_t o = 0; o < code->in_count; o++)
            if (is_register(&operands_of(f, code)[o])) f->readers[operands_of(f, code)[o].index]++;
        for (uint32_t o = 0; o < code->out_count; o++)
            f->maker[e->program->operands[code->out + o].index] = i;
    }
}

/// The sum that makes a value which instruction `reader` alone reads, where that can make it as
/// well; else NULL.
static const mega_instruction *sum_for(const fuser *f, uint32_t reader, const mega_operand *o) {
    if (o->bank != MEGA_BANK_SHARED && o->bank != MEGA_BANK_VOICE) return NULL;
    if (f->readers[o->index] != 1) return NULL;
    uint32_t maker = f->maker[o->index];
    const mega_emitted *made = &f->e->emitted[maker];
    if (f->stays[maker] || made->code.op != MEGA_OP_SUM || made->code.exponent_count) return NULL;
    return made->list == f->e->emitted[reader].list ? &made->code : NULL;
}

/// True for one product, not of an amount, of cables that do not fade.
static bool is_product(const fuser *f, const mega_instruction *code) {
    for (uint32_t i = 0; i < code->in_count; i++)
        if (i && !operands_of(f, code)[i].times) return false;
    const term first = term_at(f, code->in);
    return code->in_count > 1 && first.amount == 1 && !first.fade;
}

static void remove_maker(fuser *f, const mega_operand *o) { f->gone[f->maker[o->index]] = true; }

// ---- modules that multiply and add ------------------------------------------------------------

static void to_product(const fuser *f, mega_instruction *code) {
    if (code->in_count > MEGA_FACTORS_MAX) return;
    for (uint32_t i = 1; i < code->in_count; i++) operands_of(f, code)[i].times = 1;
    code->op = MEGA_OP_SUM;
    code->of_module = true;
}

/// Each input times the parameter of its number. Those without a cable add 0 once: a sum of nothing
/// but -0 is 0 then, as in the module.
static void to_mix(const fuser *f, mega_instruction *code, const mega_module *m) {
    const uint32_t inputs = m->input_count;
    mega_operand was[MEGA_PORTS_MAX], *to = operands_of(f, code);
    memcpy(was, to, code->in_count * sizeof *was);
    for (uint32_t i = 0; i < inputs; i++)
        if (was[i].bank == MEGA_BANK_ZERO &&
            (was[inputs + i].bank != MEGA_BANK_SLOT || m->params[i].min < 0))
            return; // 0 times what may be infinite, or below 0, is not 0
    uint32_t count = 0;
    for (uint32_t i = 0; i < inputs; i++) {
        if (was[i].bank == MEGA_BANK_ZERO) continue;
        to[count++] = was[i];
        to[count] = was[inputs + i];
        to[count++].times = 1;
    }
    if (count < code->in_count) to[count++] = (mega_operand){.bank = MEGA_BANK_ZERO};
    code->in_count = (uint16_t)count;
    code->op = MEGA_OP_SUM;
    code->of_module = true;
}

static void write_as_sum(const fuser *f, mega_instruction *code) {
    const mega_module *m = mega_isa_one.modules[code->module];
    if (m->flags & MEGA_MULTIPLIES) to_product(f, code);
    else if (m->flags & MEGA_MIXES) to_mix(f, code, m);
}

// ---- a product into the sum that reads it ------------------------------------------------------

/// What can take the place of a sum's operand `at`: a whole term, or the first factor of one.
static const mega_instruction *product_for(const fuser *f, uint32_t reader, uint32_t at) {
    const mega_instruction *code = &f->e->emitted[reader].code;
    const mega_operand *o = operands_of(f, code);
    if (o[at].times || f->e->program->fade_codes[code->in + at]) return NULL;
    const mega_instruction *product = sum_for(f, reader, &o[at]);
    if (!product || !is_product(f, product)) return NULL;
    uint32_t factors = product->in_count, count = code->in_count,
             terms = count - code->exponent_count;
    uint32_t end = at < terms ? terms : count;
    for (uint32_t i = at + 1; i < end && o[i].times; i++) factors++;
    return factors <= MEGA_FACTORS_MAX ? product : NULL;
}

static void fuse_sum(fuser *f, uint32_t reader) {
    mega_instruction *code = &f->e->emitted[reader].code;
    if (code->in_count > MEGA_TERMS_AT_ONCE) return;
    const uint32_t terms = code->in_count - code->exponent_count;
    term made[MEGA_TERMS_AT_ONCE + MEGA_FACTORS_MAX];
    uint32_t count = 0, exponents = 0;
    for (uint32_t i = 0; i < code->in_count; i++) {
        const term was = term_at(f, code->in + i);
        const mega_instruction *product = product_for(f, reader, i);
        uint32_t added = product ? product->in_count : 1, rest = code->in_count - i - 1;
        if (count + added + rest > MEGA_TERMS_AT_ONCE) product = NULL, added = 1;
        for (uint32_t k = 0; k < added; k++)
            made[count + k] = product ? term_at(f, product->in + k) : was;
        made[count].amount = was.amount;
        if (product) remove_maker(f, &was.operand);
        count += added;
        if (i >= terms) exponents += added;
    }
    if (count == code->in_count) return;
    code->in = mega_emit_terms(f->e, made, count);
    code->in_count = (uint16_t)count;
    code->exponent_count = (uint16_t)exponents;
}

// ---- a product into the REDUCE that reads it ---------------------------------------------------

/// True for a sum that REDUCE can make: short, and without products.
static bool is_short(const fuser *f, const mega_instruction *sum) {
    for (uint32_t i = 0; i < sum->in_count; i++)
        if (operands_of(f, sum)[i].times) return false;
    return sum->in_count <= MEGA_BY_MAX;
}

/// in * by, or by * in: whichever is a sum is made there too.
static void fuse_reduce(fuser *f, uint32_t reader) {
    mega_instruction *code = &f->e->emitted[reader].code;
    const mega_operand in = *operands_of(f, code);
    const mega_instruction *product = sum_for(f, reader, &in);
    if (!product || !is_product(f, product) || product->in_count != 2) return;
    term made[1 + MEGA_BY_MAX];
    uint32_t count = 0;
    for (uint32_t by = 1; by < 2 && !count; by--) {
        const mega_operand o = operands_of(f, product)[by];
        const mega_instruction *sum = sum_for(f, f->maker[in.index], &o);
        if (!sum || !is_short(f, sum)) continue;
        made[count++] = term_at(f, product->in + 1 - by);
        for (uint32_t i = 0; i < sum->in_count; i++) made[count++] = term_at(f, sum->in + i);
        remove_maker(f, &o);
    }
    for (uint32_t i = 0; !count && i < 2; i++) made[i] = term_at(f, product->in + i);
    if (!count) count = 2;
    made[0].operand.times = made[1].operand.times = 0;
    remove_maker(f, &in);
    code->in = mega_emit_terms(f->e, made, count);
    code->in_count = (uint16_t)count;
    code->by_count = (uint16_t)(count - 1);
}

// ---- the whole ---------------------------------------------------------------------------------

static void close_gaps(fuser *f) {
    mega_emitter *e = f->e;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < e->emitted_count; i++)
        if (!f->gone[i]) e->emitted[kept++] = e->emitted[i];
    e->emitted_count = kept;
}

static void fuse(fuser *f) {
    mega_emitter *e = f->e;
    find_readers(f);
    for (uint32_t i = 0; i < e->emitted_count; i++) {
        mega_instruction *code = &e->emitted[i].code;
        if (f->stays[i]) continue;
        if (code->op == MEGA_OP_CALL) write_as_sum(f, code);
        if (code->op == MEGA_OP_SUM) fuse_sum(f, i);
        if (code->op == MEGA_OP_REDUCE) fuse_reduce(f, i);
    }
    close_gaps(f);
}

bool mega_fuse_never = false;

void mega_fuse(mega_emitter *e) {
    if (e->failed || mega_fuse_never) return;
    fuser f = {.e = e,
               .readers = calloc(e->virtual_count + 1, sizeof *f.readers),
               .maker = calloc(e->virtual_count + 1, sizeof *f.maker),
               .stays = calloc(e->emitted_count + 1, sizeof *f.stays),
               .gone = calloc(e->emitted_count + 1, sizeof *f.gone)};
    if (f.readers && f.maker && f.stays && f.gone) fuse(&f);
    else e->failed = true;
    free(f.readers);
    free(f.maker);
    free(f.stays);
    free(f.gone);
}
