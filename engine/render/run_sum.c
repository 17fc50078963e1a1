// SPDX-License-Identifier: MIT
// run_sum -- SUM, BROADCAST and OWN: what comes to a port; see run_values.h.
#include <string.h>

#include "render/run_values.h"

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
    mega_value value = mega_run_read(r, o, scratch);
    if (p->fade_codes[first]) value = faded(r, value, p->fade_codes[first], scratch);
    mega_term term = {.at = value.at, .moving = value.moving, .amount = p->amounts[first]};
    for (uint32_t i = 1; i < factors; i++) {
        if (stands_at(r, &o[i], 1)) continue;
        value = mega_run_read(r, &o[i], scratch + i);
        term.more[term.more_count++] = (mega_factor){value.at, value.moving};
    }
    return term;
}

/// Reads the terms that can matter: a slot that stands at 0 adds nothing.
uint32_t mega_run_terms(const mega_run *r, uint32_t first, uint32_t count, uint32_t scratch,
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
        uint32_t used = mega_run_terms(r, first + done, part, 0, terms + has_total);
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

void mega_run_sum(mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    float *room = mega_run_room(r, out);
    uint32_t term_count = code->in_count - code->exponent_count;
    mega_term terms[MEGA_TERMS_AT_ONCE], exponents[MEGA_TERMS_AT_ONCE];
    uint32_t used, raised;
    if (code->in_count <= MEGA_TERMS_AT_ONCE) {
        used = mega_run_terms(r, code->in, term_count, 0, terms);
        raised =
            mega_run_terms(r, code->in + term_count, code->exponent_count, term_count, exponents);
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
    mega_run_set(r, out, value);
}

void mega_run_broadcast(mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    mega_value value = mega_run_read(r, &r->program->operands[code->in], 0);
    if (r->wide) {
        float *room = mega_run_room(r, out);
        r->isa->ops->broadcast(room, value.at, value.moving ? r->frames : 1);
        value.at = room;
    }
    mega_run_set(r, out, value);
}

/// A slot; in voices that have their own value of it, that. Never in a loop: it is made before.
void mega_run_own(mega_run *r, const mega_instruction *code) {
    const mega_operand *out = &r->program->operands[code->out];
    const mega_operand *in = &r->program->operands[code->in];
    mega_value value = mega_run_read(r, in, 0);
    const mega_voice_group *group = &r->vm->voices->groups[r->group];
    uint32_t set = (uint32_t)group->note_values_set[code->bus] >> r->lane & ((1u << r->lanes) - 1);
    if (!set && !in_scratch(r, value.at)) {
        mega_run_set(r, out, value);
        return;
    }
    const mega_way *way = &r->program->slots[in->index].way;
    mega_ramp ramps[16];
    memcpy(ramps, group->note_values[code->bus] + r->lane, r->lanes * sizeof *ramps);
    float *room = mega_run_room(r, out);
    bool moving = value.moving || group->note_values_moving >> code->bus & 1;
    const uint32_t floats = r->frame_floats;
    for (uint32_t t = 0; t < (moving ? r->frames : 1); t++)
        for (uint32_t l = 0; l < r->lanes; l++)
            room[t * floats + l] = set >> l & 1 ? mega_ramp_next(&ramps[l], way)
                                                : value.at[(value.moving ? t * floats : 0) + l];
    mega_run_set(r, out, (mega_value){room, moving});
}
