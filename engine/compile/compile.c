// SPDX-License-Identifier: MIT
// compile -- a patch becomes a program: graph, nodes, slots, instructions, registers, state.
#include <stdlib.h>
#include <string.h>

#include "compile/continuity.h"
#include "compile/emit.h"
#include "compile/state.h"
#include "core/choices.h"
#include "core/hash.h"
#include "core/memory.h"
#include "document/outputs.h"
#include "document/overrides.h"
#include "modules/registry.h"

enum {
    // Stolen voices fade in lanes of the reserve: a quarter of the polyphony, but at least a full
    // chord of eight.
    RESERVE_MIN = 8,
    RESERVE_PART = 4,
    KNOB_SMOOTH_MS = 10, // of a knob on an input, which has no row to say it
};

static void *table(mega_emitter *e, size_t count, size_t size) {
    void *memory = mega_calloc_touched(count + 1, size);
    if (!memory) e->failed = true;
    return memory;
}

// ---- nodes and slots --------------------------------------------------------------------------

static void number_outputs(mega_emitter *e) {
    const mega_patch *patch = e->patch;
    uint32_t outputs = 0;
    e->first_output = table(e, patch->node_count, sizeof *e->first_output);
    for (size_t n = 0; n < patch->node_count && !e->failed; n++) {
        e->first_output[n] = outputs;
        outputs += patch->nodes[n].module->output_count;
    }
    e->output_virtual = table(e, outputs, sizeof *e->output_virtual);
    e->output_reduced = table(e, outputs, sizeof *e->output_reduced);
    e->output_spread = table(e, outputs, sizeof *e->output_spread);
    e->output_spread_list = table(e, outputs, sizeof *e->output_spread_list);
    e->output_used = table(e, outputs, sizeof *e->output_used);
    e->output_kept = table(e, outputs, sizeof *e->output_kept);
    e->constant = table(e, patch->node_count, sizeof *e->constant);
    e->knob_slot = table(e, patch->cable_count, sizeof *e->knob_slot);
}

/// True for a parameter to which an adding cable comes: then nothing written is 0, not the default.
/// One that fades out does not count: while it goes the default comes.
static bool has_adding_cable(const mega_emitter *e, uint32_t node, uint32_t port) {
    for (uint32_t i = e->graph->first[node]; i < e->graph->first[node + 1]; i++) {
        uint32_t cable = e->graph->cables[i];
        const mega_patch_cable_row *c = &e->patch->cables[cable];
        bool goes = e->fade_codes && mega_fade_direction(e->fades, e->fade_codes[cable]) < 0;
        if (c->to_port == port && c->as == MEGA_AS_ADD && !goes) return true;
    }
    return false;
}

static void node_slots(mega_emitter *e, uint32_t patch_node, uint32_t first) {
    const mega_patch_node_row *row = &e->patch->nodes[patch_node];
    for (uint32_t i = 0; i < row->module->param_count; i++) {
        const mega_param_row *param = &row->module->params[i];
        bool replaced =
            !row->written[i] && has_adding_cable(e, patch_node, row->module->input_count + i);
        float value = replaced ? 0 : row->values[i];
        e->program->documented[first + i] = value;
        if (row->overrides) value = mega_override_value(&row->overrides[i], value);
        e->program->targets[first + i] = value;
        mega_slot_init(&e->program->slots[first + i], value, mega_way_of(param));
    }
}

static void make_node(mega_emitter *e, uint32_t n) {
    mega_program *p = e->program;
    const mega_patch_node_row *row = &e->patch->nodes[n];
    bool voice = e->graph->voice[n], live = e->graph->live[n];
    e->node_index[n] = p->node_count;
    mega_program_node *node = &p->nodes[p->node_count++];
    *node = (mega_program_node){.id = strdup(row->id),
                                .module = row->module_index,
                                .voice = voice,
                                .dying = row->dying,
                                .live = live,
                                .choices = mega_choices_ports(row->module),
                                .seed = mega_hash_text(row->id),
                                .state = UINT32_MAX,
                                .slot = p->slot_count,
                                .row = n};
    if (!node->id) e->failed = true;
    p->slot_count += row->module->param_count;
    if (voice && live) p->voice_tail_seconds += row->module->tail_seconds;
}

static void make_nodes(mega_emitter *e) {
    mega_program *p = e->program;
    const mega_graph *g = e->graph;
    e->node_index = table(e, e->patch->node_count, sizeof *e->node_index);
    p->nodes = table(e, e->patch->node_count, sizeof *p->nodes);
    if (e->failed) return;
    for (size_t k = 0; k < g->live_count; k++) make_node(e, g->order[k]);
    for (uint32_t n = 0; n < e->patch->node_count; n++)
        if (!g->live[n]) make_node(e, n);
    uint32_t slots = p->slot_count;
    for (size_t i = 0; i < e->patch->cable_count; i++)
        slots += e->patch->cables[i].from_node < 0 && g->live[e->patch->cables[i].to_node];
    p->slot_count = slots;
    p->slots = aligned_alloc(64, (slots + 1) * sizeof *p->slots);
    p->moving_slots = table(e, slots, sizeof *p->moving_slots);
    p->documented = table(e, slots, sizeof *p->documented);
    p->targets = table(e, slots, sizeof *p->targets);
    p->renewed = table(e, slots, sizeof *p->renewed);
    if (!p->slots) e->failed = true;
    for (uint32_t n = 0; n < p->node_count && !e->failed; n++)
        node_slots(e, p->nodes[n].row, p->nodes[n].slot);
    if (!e->failed) memset(p->renewed, true, slots);
    p->slots_changed = true;
}

// ---- knobs ------------------------------------------------------------------------------------

/// The range over which a cable's knob maps: its own, or that of the parameter it turns.
static mega_knob_target target_of(const mega_patch *patch, const mega_patch_cable_row *cable,
                                  uint32_t slot) {
    const mega_patch_knob_row *knob = &patch->knobs[cable->from_port];
    const mega_module *m = patch->nodes[cable->to_node].module;
    mega_knob_target target = {
        .knob = cable->from_port, .slot = slot, .min = 0, .max = 1, .scale = MEGA_LIN};
    if (cable->to_port >= m->input_count && cable->as == MEGA_AS_ADD) {
        const mega_param_row *param = &m->params[cable->to_port - m->input_count];
        target.min = param->min;
        target.max = param->max;
        target.scale = param->scale;
    }
    if (knob->has_range) {
        target.min = knob->min;
        target.max = knob->max;
        target.scale = MEGA_LIN;
    }
    if (knob->has_scale) target.scale = knob->scale;
    return target;
}

/// Of one that is new in this program; of others what the audio role has.
static float standing(const mega_patch_knob_row *knob) {
    return mega_override_value(&knob->override, knob->value);
}

static void make_knobs(mega_emitter *e) {
    mega_program *p = e->program;
    const mega_patch *patch = e->patch;
    uint32_t slot = p->slot_count, count = 0;
    for (size_t i = 0; i < patch->cable_count; i++)
        count += patch->cables[i].from_node < 0 && e->graph->live[patch->cables[i].to_node];
    slot -= count;
    p->knob_count = (uint32_t)patch->knob_count;
    p->knob_targets = table(e, count, sizeof *p->knob_targets);
    p->knob_first = table(e, patch->knob_count + 1, sizeof *p->knob_first);
    p->knob_values = table(e, patch->knob_count, sizeof *p->knob_values);
    p->knob_before = table(e, patch->knob_count, sizeof *p->knob_before);
    if (e->failed) return;
    for (size_t k = 0; k < patch->knob_count; k++) {
        p->knob_values[k] = standing(&patch->knobs[k]);
        p->knob_before[k] = UINT32_MAX;
    }
    for (size_t i = 0; i < patch->cable_count; i++)
        if (patch->cables[i].from_node < 0 && e->graph->live[patch->cables[i].to_node])
            p->knob_first[patch->cables[i].from_port + 1]++;
    for (size_t k = 0; k < patch->knob_count; k++) p->knob_first[k + 1] += p->knob_first[k];
    for (size_t i = patch->cable_count; i-- > 0;) { // from the end, so that first[] comes out right
        const mega_patch_cable_row *cable = &patch->cables[i];
        if (cable->from_node >= 0 || !e->graph->live[cable->to_node]) continue;
        const mega_module *m = patch->nodes[cable->to_node].module;
        mega_knob_target target = target_of(patch, cable, slot);
        mega_way way = {.min = target.min < target.max ? target.min : target.max,
                        .max = target.min < target.max ? target.max : target.min,
                        .smooth_ms = KNOB_SMOOTH_MS,
                        .smoothing = MEGA_SMOOTH_COSINE};
        if (cable->to_port >= m->input_count) {
            way.smoothing = m->params[cable->to_port - m->input_count].smoothing;
            way.smooth_ms = m->params[cable->to_port - m->input_count].smooth_ms;
        }
        const mega_patch_knob_row *knob = &patch->knobs[cable->from_port];
        float value = mega_knob_map(knob->value, target.min, target.max, target.scale);
        float stands = mega_knob_map(standing(knob), target.min, target.max, target.scale);
        target.node = e->node_index[cable->to_node];
        target.port = cable->to_port;
        target.before = UINT32_MAX;
        p->documented[slot] = value;
        mega_slot_init(&p->slots[slot], stands, way);
        e->knob_slot[i] = slot++;
        p->knob_targets[--p->knob_first[cable->from_port + 1]] = target;
        p->knob_target_count++;
    }
    // each knob's start stands one place too far to the right now
    memmove(p->knob_first, p->knob_first + 1, patch->knob_count * sizeof *p->knob_first);
    p->knob_first[patch->knob_count] = count;
}

static void make_life(mega_emitter *e) {
    mega_program *p = e->program;
    const mega_graph *g = e->graph;
    uint32_t count = 0;
    p->life_first = table(e, p->node_count + 1, sizeof *p->life_first);
    p->life_cables = table(e, e->patch->cable_count, sizeof *p->life_cables);
    p->lives = table(e, p->node_count, sizeof *p->lives);
    if (e->failed) return;
    for (uint32_t n = 0; n < p->node_count; n++) {
        uint32_t row = p->nodes[n].row;
        p->life_first[n] = count;
        for (uint32_t i = g->first[row]; p->nodes[n].live && i < g->first[row + 1]; i++) {
            const mega_patch_cable_row *c = &e->patch->cables[g->cables[i]];
            uint32_t source = c->from_node < 0 ? UINT32_MAX : e->node_index[c->from_node];
            p->life_cables[count++] = (mega_life_cable){source, c->to_port};
            if (source != UINT32_MAX && p->nodes[source].voice && !p->nodes[n].voice)
                p->nodes[source].leaves_voices = true;
        }
    }
    p->life_first[p->node_count] = count;
}

/// Knobs on what the voices read of the first `note`.
static void make_choices(mega_emitter *e) {
    mega_program *p = e->program;
    if (!p->has_notes) return;
    const mega_program_node *node = &p->nodes[p->note_node];
    const mega_module *m = mega_isa_one.modules[node->module];
    p->choice_terms = table(e, p->knob_target_count, sizeof *p->choice_terms);
    for (size_t i = 0; i < e->patch->cable_count && !e->failed; i++) {
        const mega_patch_cable_row *c = &e->patch->cables[i];
        if (c->from_node >= 0 || c->to_node != node->row || c->to_port < m->input_count) continue;
        uint32_t param = c->to_port - m->input_count;
        if (m->params[param].at_events)
            p->choice_terms[p->choice_term_count++] =
                (mega_choice_term){param, e->knob_slot[i], c->amount};
    }
}

// ---- values set before the change and not yet applied ------------------------------------------

static void put_pending(mega_program *p, bool is_knob, uint32_t target,
                        const mega_override *override, float documented) {
    if (!override->pending) return;
    if (p->pending)
        p->pending[p->pending_count] =
            (mega_preset_write){.is_knob = is_knob,
                                .target = target,
                                .value = mega_override_value(override, documented)};
    p->pending_count++;
}

static void list_pending(mega_emitter *e) {
    mega_program *p = e->program;
    p->pending_count = 0;
    for (uint32_t k = 0; k < e->patch->knob_count; k++)
        put_pending(p, true, k, &e->patch->knobs[k].override, e->patch->knobs[k].value);
    for (uint32_t n = 0; n < p->node_count; n++) {
        const mega_patch_node_row *row = &e->patch->nodes[p->nodes[n].row];
        for (uint32_t i = 0; row->overrides && i < row->module->param_count; i++)
            put_pending(p, false, p->nodes[n].slot + i, &row->overrides[i],
                        p->documented[p->nodes[n].slot + i]);
    }
}

static void make_pending(mega_emitter *e) {
    list_pending(e); // to count them
    if (e->program->pending_count)
        e->program->pending = table(e, e->program->pending_count, sizeof *e->program->pending);
    if (e->program->pending) list_pending(e);
}

// ---- voices, scratch, budget ------------------------------------------------------------------

static void make_voices(mega_emitter *e, uint32_t groups_min) {
    mega_program *p = e->program;
    p->voices = e->patch->voices;
    uint32_t reserve =
        p->voices / RESERVE_PART > RESERVE_MIN ? p->voices / RESERVE_PART : RESERVE_MIN;
    p->groups = (p->voices + reserve + 15) / 16;
    if (p->groups < groups_min) p->groups = groups_min;
    p->note_node = UINT32_MAX;
    for (uint32_t n = p->node_count; n-- > 0;)
        if (p->nodes[n].live && mega_isa_one.modules[p->nodes[n].module]->flags & MEGA_NOTE_SOURCE)
            p->note_node = n;
    p->has_notes = p->note_node != UINT32_MAX;
    for (size_t i = 0; i < e->patch->cable_count; i++) {
        const mega_patch_cable_row *c = &e->patch->cables[i];
        if (c->from_node < 0 || !e->graph->live[c->to_node]) continue;
        const mega_module *from = e->patch->nodes[c->from_node].module;
        if (from->gate_outputs >> c->from_port & 1) p->reads_gate = true;
    }
}

static size_t scratch_bytes(const mega_program *p) {
    size_t shared = (size_t)p->shared_count * p->segment_frames * sizeof(float);
    size_t voice = (size_t)(p->voice_count + p->kept_count * p->groups) * p->segment_frames * 16 *
                   sizeof(float);
    size_t sums = (size_t)p->reduces_per_voice_phase_max * 16 * p->segment_frames * sizeof(float);
    return shared + voice + sums + p->instruction_count * sizeof *p->steps;
}

static size_t program_bytes(const mega_program *p, float rate) {
    size_t bytes = sizeof *p + p->instruction_count * sizeof *p->instructions +
                   p->operand_count * (sizeof *p->operands + sizeof *p->amounts) +
                   p->slot_count * sizeof *p->slots + scratch_bytes(p);
    for (uint32_t n = 0; n < p->node_count && p->nodes[n].live; n++)
        bytes += mega_state_bytes(mega_isa_one.modules[p->nodes[n].module], p->nodes[n].voice,
                                  p->groups, rate);
    return bytes;
}

static float *scratch(mega_emitter *e, size_t floats) {
    size_t bytes = (floats * sizeof(float) + 127) & ~(size_t)63;
    float *memory = aligned_alloc(64, bytes);
    if (memory) memset(memory, 0, bytes);
    else e->failed = true;
    return memory;
}

static void make_scratch(mega_emitter *e) {
    mega_program *p = e->program;
    const size_t frames = p->segment_frames;
    p->shared = scratch(e, p->shared_count * frames);
    p->voice = scratch(e, p->voice_count * frames * 16);
    p->kept = scratch(e, (size_t)p->kept_count * p->groups * frames * 16);
    p->lane_sums = scratch(e, p->reduces_per_voice_phase_max * frames * 16);
    p->steps = table(e, p->instruction_count, sizeof *p->steps);
    p->shared_values = table(e, p->shared_count, sizeof *p->shared_values);
    p->voice_values = table(e, p->voice_count, sizeof *p->voice_values);
    // the one-lane build sets them for each lane
    p->kept_values = table(e, (size_t)p->kept_count * p->groups * 16, sizeof *p->kept_values);
}

/// For the audio role, and for what is compiled to follow this.
static void copy_fades(mega_emitter *e, const mega_compile_request *request) {
    mega_program *p = e->program;
    if (!request->fade_count) return;
    p->fades = table(e, request->fade_count, sizeof *p->fades);
    p->fading = table(e, request->fade_count, sizeof *p->fading);
    p->cable_codes = table(e, e->patch->cable_count, sizeof *p->cable_codes);
    if (e->failed) return;
    p->fade_count = request->fade_count;
    memcpy(p->fades, request->fades, p->fade_count * sizeof *p->fades);
    memcpy(p->cable_codes, request->fade_codes, e->patch->cable_count * sizeof *p->cable_codes);
}

static void make_buses(mega_emitter *e, const mega_compile_request *request) {
    mega_program *p = e->program;
    for (size_t t = 0; t < request->tap_count && !e->failed; t++) {
        mega_bus *bus = request->taps[t].existing;
        bool voice = e->graph->voice[request->taps[t].node];
        size_t floats = (size_t)MEGA_BLOCK_FRAMES * (voice ? 16 * p->groups : 1);
        if (bus && bus->voice == voice && bus->floats == floats) {
            bus->references++;
        } else {
            bus = calloc(1, sizeof *bus);
            if (!bus) {
                e->failed = true;
                return;
            }
            *bus = (mega_bus){.references = 1, .voice = voice, .floats = floats};
            bus->block = scratch(e, floats);
        }
        p->buses[request->taps[t].bus] = bus;
        p->memory_bytes += floats * sizeof(float);
    }
}

// ---- the whole --------------------------------------------------------------------------------

static void finish_emitter(mega_emitter *e) {
    free(e->emitted);
    free(e->virtuals);
    free(e->node_index);
    free(e->first_output);
    free(e->output_virtual);
    free(e->output_reduced);
    free(e->output_spread);
    free(e->output_spread_list);
    free(e->output_used);
    free(e->output_kept);
    free(e->constant);
    free(e->knob_slot);
}

static mega_status build(mega_emitter *e, const mega_compile_request *request) {
    mega_program *p = e->program;
    make_nodes(e);
    number_outputs(e);
    if (!e->failed) make_knobs(e);
    if (!e->failed) mega_emit(e, request);
    mega_fuse(e);
    mega_assign_registers(e);
    if (e->failed) return MEGA_ERROR_MEMORY;
    make_voices(e, request->groups_min);
    make_choices(e);
    make_life(e);
    if (e->failed) return MEGA_ERROR_MEMORY;
    p->segment_frames = mega_segment_frames(p);
    p->memory_bytes = program_bytes(p, request->rate);
    if (p->memory_bytes > request->memory_bytes_max) {
        mega_report_add(e->report, MEGA_SEVERITY_ERROR, "limit", "", 0, 0,
                        "fewer voices, or fewer modules with delay memory, or a larger budget",
                        "the patch needs %zu MiB; the memory budget is %zu MiB",
                        (p->memory_bytes >> 20) + 1, request->memory_bytes_max >> 20);
        return MEGA_ERROR_LIMIT;
    }
    if (request->dry) return MEGA_OK;
    p->at_once = request->at_once;
    copy_fades(e, request);
    if (request->first) make_pending(e);
    make_scratch(e);
    if (!e->failed) make_buses(e, request);
    bool ok = !e->failed && mega_continuity_nodes(p, request->before, request->origins);
    if (ok && request->before && request->patch_before)
        ok = mega_continuity_slots(p, request->before, e->patch, request->patch_before);
    if (!ok || !mega_states_attach(p, request->before, request->rate)) e->failed = true;
    return e->failed ? MEGA_ERROR_MEMORY : MEGA_OK;
}

mega_program *mega_compile(const mega_compile_request *request, mega_report *report,
                           mega_status *status) {
    mega_graph graph;
    uint32_t taps[MEGA_BUSES_MAX];
    for (size_t t = 0; t < request->tap_count; t++) taps[t] = request->taps[t].node;
    *status = mega_graph_init(&graph, request->patch, taps, request->tap_count, report);
    if (*status) return NULL;
    mega_emitter e = {.patch = request->patch,
                      .graph = &graph,
                      .report = report,
                      .fade_codes = request->fade_codes,
                      .fades = request->fades};
    e.program = mega_calloc_touched(1, sizeof *e.program);
    *status = e.program ? build(&e, request) : MEGA_ERROR_MEMORY;
    if (*status == MEGA_ERROR_MEMORY)
        mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
    if (*status) {
        mega_program_destroy(e.program);
        e.program = NULL;
    }
    finish_emitter(&e);
    mega_graph_finish(&graph);
    return e.program;
}

mega_status mega_patch_check(const mega_patch *patch, mega_report *report) {
    mega_status status;
    if (mega_outputs_check(patch, MEGA_CHANNELS_MAX, MEGA_SEVERITY_ERROR, report))
        return MEGA_ERROR_PATCH;
    mega_compile_request request = {
        .patch = patch, .rate = 48000, .memory_bytes_max = MEGA_MEMORY_BYTES_DEFAULT, .dry = true};
    mega_program_destroy(mega_compile(&request, report, &status));
    return status;
}

static void release_bus(mega_bus *bus) {
    if (!bus || --bus->references) return;
    free(bus->block);
    free(bus);
}

void mega_program_destroy(mega_program *p) {
    if (!p) return;
    for (int b = 0; b < MEGA_BUSES_MAX; b++) release_bus(p->buses[b]);
    mega_states_release(p);
    for (uint32_t n = 0; p->nodes && n < p->node_count; n++) free(p->nodes[n].id);
    free(p->nodes);
    free(p->slots);
    free(p->moving_slots);
    free(p->documented);
    free(p->targets);
    free(p->renewed);
    free(p->fade_codes);
    free(p->cable_codes);
    free(p->fades);
    free(p->fading);
    mega_patch_destroy(p->patch);
    free(p->new_groups);
    free(p->instructions);
    free(p->operands);
    free(p->amounts);
    free(p->phases);
    free(p->reduces);
    free(p->choice_terms);
    free(p->life_cables);
    free(p->life_first);
    free(p->lives);
    free(p->knob_targets);
    free(p->knob_first);
    free(p->knob_values);
    free(p->knob_before);
    free(p->pending);
    free(p->renamed_knobs);
    free(p->renamed_params);
    free(p->gone_presets);
    free(p->preset_writes);
    free(p->preset_first);
    free(p->preset_of_id);
    free(p->knob_of_id);
    free(p->slot_of_id);
    free(p->transfers);
    free(p->inheritances);
    free(p->former);
    free(p->shared);
    free(p->voice);
    free(p->kept);
    free(p->lane_sums);
    free(p->steps);
    free(p->shared_values);
    free(p->voice_values);
    free(p->kept_values);
    free(p);
}
