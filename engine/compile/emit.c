// SPDX-License-Identifier: MIT
// emit -- from nodes and cables to instructions over virtual registers.
#include "compile/emit.h"

#include <stdlib.h>
#include <string.h>

typedef const mega_patch_cable_row cable_row;

static bool grow(mega_emitter *e, void *array, uint32_t *room, uint32_t need, size_t size) {
    if (e->failed) return false;
    if (need <= *room) return true;
    uint32_t more = *room ? *room * 2 : 64;
    while (more < need) more *= 2;
    void **slot = array;
    void *moved = realloc(*slot, more * size);
    if (!moved) {
        e->failed = true;
        return false;
    }
    *slot = moved;
    *room = more;
    return true;
}

// ---- pieces -----------------------------------------------------------------------------------

static uint32_t new_virtual(mega_emitter *e, mega_bank bank, uint32_t list) {
    if (!grow(e, &e->virtuals, &e->virtual_room, e->virtual_count + 1, sizeof *e->virtuals))
        return 0;
    e->virtuals[e->virtual_count] = (mega_virtual){.bank = (uint16_t)bank, .list = list};
    return e->virtual_count++;
}

static mega_operand register_operand(const mega_emitter *e, uint32_t virtual) {
    return (mega_operand){.bank = e->failed ? MEGA_BANK_SHARED : e->virtuals[virtual].bank,
                          .index = virtual};
}

typedef mega_emit_term term;

uint32_t mega_emit_terms(mega_emitter *e, const term *terms, uint32_t count) {
    mega_program *p = e->program;
    uint32_t need = p->operand_count + count, room = e->operand_room;
    if (!grow(e, &p->operands, &room, need, sizeof *p->operands)) return 0;
    room = e->operand_room;
    if (!grow(e, &p->fade_codes, &room, need, sizeof *p->fade_codes)) return 0;
    if (!grow(e, &p->amounts, &e->operand_room, need, sizeof *p->amounts)) return 0;
    for (uint32_t i = 0; i < count; i++) {
        p->operands[p->operand_count + i] = terms[i].operand;
        p->amounts[p->operand_count + i] = terms[i].amount;
        p->fade_codes[p->operand_count + i] = terms[i].fade;
    }
    p->operand_count += count;
    return need - count;
}

static uint32_t push_operands(mega_emitter *e, const mega_operand *operands, uint32_t count) {
    uint32_t first = e->program->operand_count;
    for (uint32_t i = 0; i < count; i++) mega_emit_terms(e, &(term){operands[i], 1, 0}, 1);
    return first;
}

static mega_instruction *push(mega_emitter *e, uint32_t list, mega_opcode op, uint32_t patch_node) {
    if (!grow(e, &e->emitted, &e->emitted_room, e->emitted_count + 1, sizeof *e->emitted))
        return NULL;
    mega_emitted *emitted = &e->emitted[e->emitted_count++];
    *emitted = (mega_emitted){.list = list,
                              .code = {.op = (uint8_t)op,
                                       .voice = mega_list_is_voice(list),
                                       .node = e->node_index[patch_node]}};
    return &emitted->code;
}

/// An instruction with one input register and one output register.
static uint32_t push_move(mega_emitter *e, uint32_t list, mega_opcode op, uint32_t patch_node,
                          mega_operand in, mega_bank out_bank) {
    uint32_t out = new_virtual(e, out_bank, list);
    mega_operand out_operand = register_operand(e, out);
    uint32_t in_at = push_operands(e, &in, 1), out_at = push_operands(e, &out_operand, 1);
    mega_instruction *code = push(e, list, op, patch_node);
    if (!code) return 0;
    code->in = in_at;
    code->in_count = 1;
    code->out = out_at;
    code->out_count = 1;
    return out;
}

// ---- sources in the scope of their destination ------------------------------------------------

static mega_bank bank_of(const mega_emitter *e, uint32_t node, uint32_t output) {
    if (!e->graph->voice[node]) return MEGA_BANK_SHARED;
    return e->output_kept[output] ? MEGA_BANK_KEPT : MEGA_BANK_VOICE;
}

/// A voice's output as the sum over voices.
static uint32_t reduced(mega_emitter *e, uint32_t node, uint32_t output) {
    if (!e->output_reduced[output]) {
        uint32_t list = mega_list_voice(e->graph->phase[node]);
        mega_operand in = register_operand(e, e->output_virtual[output] - 1);
        uint32_t sum = push_move(e, list, MEGA_OP_REDUCE, node, in, MEGA_BANK_SHARED);
        if (e->failed) return 0;
        e->virtuals[sum].summed = true;
        e->output_reduced[output] = sum + 1;
    }
    return e->output_reduced[output] - 1;
}

/// A shared output as a register of voices, in the phase that wants it.
static uint32_t spread(mega_emitter *e, uint32_t node, uint32_t output, uint32_t list) {
    if (!e->output_spread[output] || e->output_spread_list[output] != list) {
        mega_operand in = register_operand(e, e->output_virtual[output] - 1);
        uint32_t out = push_move(e, list, MEGA_OP_BROADCAST, node, in, MEGA_BANK_VOICE);
        if (e->failed) return 0;
        e->output_spread[output] = out + 1;
        e->output_spread_list[output] = list;
    }
    return e->output_spread[output] - 1;
}

/// The source of a cable, as instructions of `list` can read it.
static mega_operand source(mega_emitter *e, uint32_t cable, uint32_t list) {
    cable_row *c = &e->patch->cables[cable];
    if (c->from_node < 0)
        return (mega_operand){.bank = MEGA_BANK_SLOT, .index = e->knob_slot[cable]};
    uint32_t node = (uint32_t)c->from_node, output = e->first_output[node] + c->from_port;
    if (e->failed) return (mega_operand){0};
    bool from_voice = e->graph->voice[node], to_voice = mega_list_is_voice(list);
    if (from_voice && !to_voice) return register_operand(e, reduced(e, node, output));
    if (!from_voice && to_voice) return register_operand(e, spread(e, node, output, list));
    return register_operand(e, e->output_virtual[output] - 1);
}

// ---- ports ------------------------------------------------------------------------------------

static int8_t fade_of(const mega_emitter *e, uint32_t cable) {
    return e->fade_codes ? e->fade_codes[cable] : 0;
}

typedef struct {
    uint32_t first, end;          ///< in graph->cables
    bool slots_only, shared_only; ///< where its cables come from
    bool plain;                   ///< one adding cable of amount 1
} port_cables;

static port_cables cables_of(const mega_emitter *e, uint32_t node, uint32_t port) {
    const mega_graph *g = e->graph;
    uint32_t first = g->first[node], end = g->first[node + 1];
    while (first < end && e->patch->cables[g->cables[first]].to_port < port) first++;
    port_cables found = {.first = first, .end = first, .slots_only = true, .shared_only = true};
    for (; found.end < end; found.end++) {
        cable_row *c = &e->patch->cables[g->cables[found.end]];
        if (c->to_port != port) break;
        if (fade_of(e, g->cables[found.end])) found.slots_only = false; // time moves it
        if (c->from_node < 0 || c->amount == 0) continue;
        if (!e->constant[c->from_node]) found.slots_only = false;
        if (g->voice[c->from_node]) found.shared_only = false;
    }
    if (found.end == found.first + 1) {
        cable_row *c = &e->patch->cables[g->cables[found.first]];
        found.plain = c->as == MEGA_AS_ADD && c->amount == 1 && !fade_of(e, g->cables[found.first]);
    }
    return found;
}

/// Fills terms and then exponents. @return number of terms; `*exponents` of exponents
static uint32_t gather(mega_emitter *e, const port_cables *in, uint32_t list, mega_operand base,
                       term *terms, uint32_t *exponents) {
    uint32_t count = 0;
    if (base.bank != MEGA_BANK_ZERO) terms[count++] = (term){base, 1, 0};
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = in->first; i < in->end; i++) {
            uint32_t cable = e->graph->cables[i];
            cable_row *c = &e->patch->cables[cable];
            if ((c->as != MEGA_AS_ADD) != pass || c->amount == 0) continue;
            float amount = c->as == MEGA_AS_SEMITONES ? c->amount / 12.0f : c->amount;
            terms[count + *exponents] = (term){source(e, cable, list), amount, fade_of(e, cable)};
            if (pass) ++*exponents;
            else count++;
        }
    }
    return count;
}

/// The sum of a port's cables, made in `list`.
static uint32_t sum(mega_emitter *e, uint32_t node, const port_cables *in, uint32_t list,
                    mega_operand base) {
    term *terms = malloc((in->end - in->first + 1) * sizeof *terms);
    if (!terms) {
        e->failed = true;
        return 0;
    }
    uint32_t exponents = 0, count = gather(e, in, list, base, terms, &exponents);
    uint32_t in_at = mega_emit_terms(e, terms, count + exponents);
    free(terms);
    uint32_t out =
        new_virtual(e, mega_list_is_voice(list) ? MEGA_BANK_VOICE : MEGA_BANK_SHARED, list);
    mega_operand out_operand = register_operand(e, out);
    uint32_t out_at = push_operands(e, &out_operand, 1);
    mega_instruction *code = push(e, list, MEGA_OP_SUM, node);
    if (!code) return 0;
    code->in = in_at;
    code->in_count = (uint16_t)(count + exponents);
    code->exponent_count = (uint16_t)exponents;
    code->out = out_at;
    code->out_count = 1;
    return out;
}

/// What a parameter's cables add to: its slot, or, where single voices may have their own values,
/// what an OWN instruction makes of it.
static mega_operand base_of(mega_emitter *e, uint32_t node, uint32_t index, uint32_t list) {
    const mega_module *m = e->patch->nodes[node].module;
    if (index < m->input_count) return (mega_operand){.bank = MEGA_BANK_ZERO};
    uint32_t param = index - m->input_count;
    uint32_t slot = e->program->nodes[e->node_index[node]].slot + param;
    mega_operand base = {.bank = MEGA_BANK_SLOT, .index = slot};
    for (size_t i = 0; i < e->request->note_param_count && mega_list_is_voice(list); i++) {
        const mega_note_param *note_params = &e->request->note_params[i];
        if (note_params->node != node || note_params->param != param) continue;
        uint32_t *made = &e->note_param_virtual[note_params->number];
        if (!*made) {
            *made = push_move(e, list, MEGA_OP_OWN, node, base, MEGA_BANK_VOICE) + 1;
            if (e->failed) return base;
            e->emitted[e->emitted_count - 1].code.bus = (uint16_t)note_params->number;
            e->program->note_param_slot[note_params->number] = slot + 1;
        }
        return register_operand(e, *made - 1);
    }
    return base;
}

/// What an instruction of `list` reads at a port. Sums that no voice has part in are made once, not
/// once a voice.
static mega_operand port(mega_emitter *e, uint32_t node, uint32_t index, uint32_t list) {
    mega_operand base = base_of(e, node, index, list);
    port_cables in = cables_of(e, node, index);
    if (in.first == in.end) return base;
    if (in.plain && base.bank == MEGA_BANK_ZERO) return source(e, e->graph->cables[in.first], list);
    uint32_t made_in = list;
    if (base.bank == MEGA_BANK_VOICE) made_in = list;
    else if (in.slots_only) made_in = MEGA_LIST_CONSTANT;
    else if (in.shared_only && mega_list_is_voice(list)) made_in = list - 1;
    uint32_t made = sum(e, node, &in, made_in, base);
    if (made_in != list && mega_list_is_voice(list))
        made =
            push_move(e, list, MEGA_OP_BROADCAST, node, register_operand(e, made), MEGA_BANK_VOICE);
    return register_operand(e, made);
}

// ---- nodes ------------------------------------------------------------------------------------

static uint32_t ports(mega_emitter *e, uint32_t node, uint32_t list, uint32_t count) {
    mega_operand operands[MEGA_PORTS_MAX];
    for (uint32_t i = 0; i < count; i++) operands[i] = port(e, node, i, list);
    return push_operands(e, operands, count);
}

static uint32_t outputs(mega_emitter *e, uint32_t node, uint32_t list) {
    const mega_module *m = e->patch->nodes[node].module;
    mega_operand operands[MEGA_OUTPUTS_MAX];
    uint32_t unread = UINT32_MAX; // outputs that nobody reads are all written to one register
    for (uint32_t o = 0; o < m->output_count; o++) {
        uint32_t output = e->first_output[node] + o;
        uint32_t made = e->output_used[output] || unread == UINT32_MAX
                            ? new_virtual(e, bank_of(e, node, output), list)
                            : unread;
        if (!e->output_used[output]) unread = made;
        e->output_virtual[output] = made + 1;
        operands[o] = register_operand(e, made);
    }
    return push_operands(e, operands, m->output_count);
}

/// Bit o: nobody reads output o of the node.
static uint16_t unread_outputs(const mega_emitter *e, uint32_t node) {
    uint32_t unread = 0;
    for (uint32_t o = 0; o < e->patch->nodes[node].module->output_count; o++)
        unread |= (uint32_t)!e->output_used[e->first_output[node] + o] << o;
    return (uint16_t)unread;
}

static void emit_taps(mega_emitter *e, uint32_t node, uint32_t list,
                      const mega_compile_request *request) {
    for (size_t t = 0; t < request->tap_count; t++) {
        if (request->taps[t].node != node) continue;
        uint32_t output = e->first_output[node] + request->taps[t].output;
        if (e->failed) return;
        mega_operand in = register_operand(e, e->output_virtual[output] - 1);
        uint32_t in_at = push_operands(e, &in, 1);
        mega_instruction *code = push(e, list, MEGA_OP_TAP, node);
        if (!code) return;
        code->in = in_at;
        code->in_count = 1;
        code->bus = (uint16_t)request->taps[t].bus;
    }
}

static uint32_t list_of(const mega_emitter *e, uint32_t node) {
    uint32_t phase = e->graph->phase[node];
    if (e->constant[node]) return MEGA_LIST_CONSTANT;
    return e->graph->voice[node] ? mega_list_voice(phase) : mega_list_shared(phase);
}

/// @param in where its operands are
static void push_node(mega_emitter *e, uint32_t node, mega_opcode op, uint32_t in,
                      uint32_t in_count, bool has_outputs) {
    const mega_patch_node_row *row = &e->patch->nodes[node];
    uint32_t list = list_of(e, node);
    uint32_t out = has_outputs ? outputs(e, node, list) : 0;
    mega_instruction *code = push(e, list, op, node);
    if (!code) return;
    code->module = (uint16_t)row->module_index;
    code->in = in;
    code->in_count = (uint16_t)in_count;
    code->out = out;
    code->out_count = has_outputs ? (uint16_t)row->module->output_count : 0;
    code->unread = unread_outputs(e, node);
}

static void emit_node(mega_emitter *e, uint32_t node, const mega_compile_request *request) {
    const mega_module *m = e->patch->nodes[node].module;
    uint32_t list = list_of(e, node);
    // what goes into a node that delays is written at its phase's end: see emit_feedback_write
    uint32_t in_count = m->flags & MEGA_DELAYS ? 0 : mega_port_count(m);
    push_node(e, node, m->op, ports(e, node, list, in_count), in_count, true);
    emit_taps(e, node, list, request);
}

// ---- loops ------------------------------------------------------------------------------------

/// Nodes that run frame by frame, from place `first` of the order to `end`; and what they read at
/// their ports, one after the other.
typedef struct {
    size_t first, end;
    uint32_t number; ///< in graph->loop
    uint32_t list;
    mega_operand *ports; ///< bank MADE_INSIDE: only once the loop has begun
} loop_nodes;

enum { MADE_INSIDE = UINT16_MAX };

static bool is_inside(const mega_emitter *e, const loop_nodes *l, uint32_t node) {
    return e->graph->loop[node] == l->number && !e->constant[node];
}

static bool is_z1(const mega_emitter *e, uint32_t node) {
    return e->patch->nodes[node].module->flags & MEGA_DELAYS_FRAME;
}

/// What a port reads, if all its cables come from without. Of others, what comes from without is
/// brought into scope: nothing but what must be runs frame by frame.
static mega_operand port_before(mega_emitter *e, const loop_nodes *l, uint32_t node,
                                uint32_t index) {
    port_cables in = cables_of(e, node, index);
    bool inside = false;
    for (uint32_t i = in.first; i < in.end; i++) {
        cable_row *c = &e->patch->cables[e->graph->cables[i]];
        if (c->from_node >= 0 && c->amount != 0) inside |= is_inside(e, l, (uint32_t)c->from_node);
    }
    if (!inside) return port(e, node, index, l->list);
    base_of(e, node, index, l->list);
    base_of(e, node, index, l->list);
    for (uint32_t i = in.first; i < in.end; i++) {
        cable_row *c = &e->patch->cables[e->graph->cables[i]];
        if (c->from_node >= 0 && c->amount != 0 && !is_inside(e, l, (uint32_t)c->from_node))
            source(e, e->graph->cables[i], l->list);
    }
    return (mega_operand){.bank = MADE_INSIDE};
}

/// @param from the node's first in the loop's ports
static uint32_t ports_inside(mega_emitter *e, const loop_nodes *l, uint32_t node, uint32_t from) {
    mega_operand operands[MEGA_PORTS_MAX];
    uint32_t count = mega_port_count(e->patch->nodes[node].module);
    for (uint32_t i = 0; i < count; i++)
        operands[i] =
            l->ports[from + i].bank == MADE_INSIDE ? port(e, node, i, l->list) : l->ports[from + i];
    return push_operands(e, operands, count);
}

/// The body: what `z1` nodes gave, then the others in order, then what goes into `z1` nodes.
static void emit_body(mega_emitter *e, const loop_nodes *l) {
    enum { READS, CALLS, WRITES, PASSES };
    for (int pass = READS; pass < PASSES; pass++) {
        uint32_t from = 0, count;
        for (size_t k = l->first; k < l->end; k++, from += count) {
            uint32_t node = e->graph->order[k];
            const mega_module *m = e->patch->nodes[node].module;
            count = mega_port_count(m);
            if (!is_inside(e, l, node)) continue;
            bool z1 = is_z1(e, node);
            if (pass == READS && z1) push_node(e, node, MEGA_OP_FRAME_READ, 0, 0, true);
            if (pass == CALLS && !z1)
                push_node(e, node, m->op, ports_inside(e, l, node, from), count, true);
            if (pass == WRITES && z1)
                push_node(e, node, MEGA_OP_FRAME_WRITE, ports_inside(e, l, node, from), count,
                          false);
        }
    }
}

static void emit_loop(mega_emitter *e, size_t first, size_t end,
                      const mega_compile_request *request) {
    const uint32_t *order = e->graph->order;
    loop_nodes l = {.first = first, .end = end, .number = e->graph->loop[order[first]]};
    size_t port_count = 0, at = 0;
    for (size_t k = first; k < end; k++) {
        // the others of a loop are not constant: a `z1` is not, nor what reads one
        if (e->constant[order[k]]) emit_node(e, order[k], request);
        else l.list = list_of(e, order[k]);
        port_count += mega_port_count(e->patch->nodes[order[k]].module);
    }
    l.ports = malloc((port_count + 1) * sizeof *l.ports);
    if (!l.ports) {
        e->failed = true;
        return;
    }
    for (size_t k = first; k < end; k++) {
        uint32_t count = mega_port_count(e->patch->nodes[order[k]].module);
        for (uint32_t i = 0; i < count; i++, at++)
            if (!e->constant[order[k]]) l.ports[at] = port_before(e, &l, order[k], i);
    }
    uint32_t header = e->emitted_count;
    push(e, l.list, MEGA_OP_LOOP, order[first]);
    emit_body(e, &l);
    if (!e->failed) e->emitted[header].code.body = e->emitted_count - header - 1;
    for (size_t k = first; k < end; k++)
        if (!e->constant[order[k]]) emit_taps(e, order[k], l.list, request);
    free(l.ports);
}

// ---- feedback ---------------------------------------------------------------------------------

/// Phase in which everything that goes into a feedback node has been made.
static uint32_t write_phase(const mega_emitter *e, uint32_t node) {
    const mega_graph *g = e->graph;
    uint32_t phase = 0;
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++) {
        cable_row *c = &e->patch->cables[g->cables[i]];
        if (c->from_node < 0 || c->amount == 0) continue;
        uint32_t at = g->phase[c->from_node] + (g->voice[c->from_node] && !g->voice[node]);
        if (at > phase) phase = at;
    }
    return phase;
}

static void emit_feedback_write(mega_emitter *e, uint32_t node) {
    uint32_t phase = write_phase(e, node);
    uint32_t list = e->graph->voice[node] ? mega_list_voice(phase) : mega_list_shared(phase);
    uint32_t in = ports(e, node, list, 1);
    mega_instruction *code = push(e, list, MEGA_OP_FEEDBACK_WRITE, node);
    if (!code) return;
    code->in = in;
    code->in_count = 1;
}

// ---- what must be known before ----------------------------------------------------------------

static void find_constants(mega_emitter *e) {
    const mega_graph *g = e->graph;
    for (size_t k = 0; k < g->live_count; k++) {
        uint32_t n = g->order[k];
        bool constant = !g->voice[n] && e->patch->nodes[n].module->flags & MEGA_PURE;
        for (uint32_t i = g->first[n]; constant && i < g->first[n + 1]; i++) {
            cable_row *c = &e->patch->cables[g->cables[i]];
            if (fade_of(e, g->cables[i])) constant = false;
            if (c->from_node >= 0 && c->amount != 0 && !e->constant[c->from_node]) constant = false;
        }
        e->constant[n] = constant;
    }
}

static void find_kept(mega_emitter *e, const mega_compile_request *request) {
    const mega_graph *g = e->graph;
    for (size_t t = 0; t < request->tap_count; t++)
        e->output_used[e->first_output[request->taps[t].node] + request->taps[t].output] = true;
    for (size_t i = 0; i < e->patch->cable_count; i++) {
        cable_row *c = &e->patch->cables[i];
        if (c->from_node < 0 || !g->live[c->to_node] || c->amount == 0) continue;
        uint32_t output = e->first_output[c->from_node] + c->from_port;
        e->output_used[output] = true;
        bool delays = e->patch->nodes[c->to_node].module->flags & MEGA_DELAYS;
        uint32_t phase = delays ? write_phase(e, c->to_node) : g->phase[c->to_node];
        if (g->voice[c->from_node] && g->voice[c->to_node] && phase != g->phase[c->from_node])
            e->output_kept[output] = true;
    }
}

static uint32_t count_lists(const mega_emitter *e) {
    uint32_t phases = e->graph->phase_count;
    for (size_t k = 0; k < e->graph->live_count; k++) {
        uint32_t n = e->graph->order[k];
        if (!(e->patch->nodes[n].module->flags & MEGA_DELAYS)) continue;
        uint32_t phase = write_phase(e, n);
        if (phase + 1 > phases) phases = phase + 1;
    }
    return 1 + 2 * phases;
}

void mega_emit(mega_emitter *e, const mega_compile_request *request) {
    e->request = request;
    find_constants(e);
    find_kept(e, request);
    e->list_count = count_lists(e);
    for (size_t k = 0, end; k < e->graph->live_count && !e->failed; k = end) {
        end = mega_graph_run_end(e->graph, k, e->graph->live_count);
        if (e->graph->loop[e->graph->order[k]]) emit_loop(e, k, end, request);
        else emit_node(e, e->graph->order[k], request);
    }
    for (size_t k = 0; k < e->graph->live_count && !e->failed; k++)
        if (e->patch->nodes[e->graph->order[k]].module->flags & MEGA_DELAYS)
            emit_feedback_write(e, e->graph->order[k]);
}
