// SPDX-License-Identifier: MIT
// values -- the CONTROL role: where knobs and parameters stand, or are going; see values.h.
//
// What was turned since the document was written is known to the audio role. It keeps, beside each
// program, where values are going (one word each, written and read atomically); `sounding` names
// the program that it runs, and only CONTROL frees programs. What EVENT has said and the audio role
// has not heard yet is in `said`.
#include "values.h"

#include <stdlib.h>
#include <string.h>

// ---- presets of a program ----------------------------------------------------------------------

bool mega_presets_resolve(mega_program *p) {
    const mega_patch *patch = p->patch;
    size_t count = 0;
    for (size_t i = 0; i < patch->preset_count; i++) count += patch->presets[i].value_count;
    uint32_t *slot_of_row = malloc((patch->node_count + 1) * sizeof *slot_of_row);
    p->preset_first = malloc((patch->preset_count + 1) * sizeof *p->preset_first);
    p->preset_writes = malloc((count + 1) * sizeof *p->preset_writes);
    bool good = slot_of_row && p->preset_first && p->preset_writes;
    for (uint32_t n = 0; good && n < p->node_count; n++)
        slot_of_row[p->nodes[n].row] = p->nodes[n].slot;
    uint32_t writes = 0;
    for (size_t i = 0; good && i < patch->preset_count; i++) {
        const mega_patch_preset_row *preset = &patch->presets[i];
        p->preset_first[i] = writes;
        for (size_t k = 0; k < preset->value_count; k++) {
            const mega_patch_value_row *value = &preset->values[k];
            mega_preset_write write = {
                .is_knob = value->node < 0, .target = value->index, .value = value->value};
            if (value->node >= 0) {
                write.target = slot_of_row[value->node] + value->index;
                write.scale = patch->nodes[value->node].module->params[value->index].scale;
            }
            p->preset_writes[writes++] = write;
        }
    }
    if (good) p->preset_first[patch->preset_count] = writes;
    free(slot_of_row);
    return good;
}

// ---- where values are going --------------------------------------------------------------------

static float read_word(const float *at) {
    float value;
    __atomic_load(at, &value, __ATOMIC_RELAXED);
    return value;
}

/// The program of the document in force, which may not sound yet.
static const mega_program *document_program(const mega_schedule *s) {
    for (size_t i = 0; i < s->count && !s->changes[0].block; i++)
        if (s->changes[i].program) return s->changes[i].program;
    return s->in_force;
}

/// The program that sounds, if its values go on in the document in force.
static const mega_program *values_program(mega_engine *e) {
    const mega_schedule *s = &e->schedule;
    bool taken = atomic_load(&e->handoff.taken) > s->taken; // which CONTROL may not have noted
    if (!taken && s->count && !s->changes[0].block && s->changes[0].load) return NULL;
    return atomic_load_explicit(&e->sounding, memory_order_acquire);
}

/// A node of some program's patch: the same under whatever name, else another of its name, if its
/// type is the same. @return NULL if it is not there
static const mega_program_node *node_in(const mega_program *p, const mega_patch_node_row *node) {
    const mega_program_node *found = NULL;
    for (uint32_t n = 0; n < p->node_count; n++) {
        const mega_patch_node_row *row = &p->patch->nodes[p->nodes[n].row];
        bool dying = strchr(row->id, ' '); // no document can hold that
        if (row->module != node->module || dying) continue;
        if (row->birth == node->birth) return &p->nodes[n];
        if (strcmp(row->id, node->id) == 0) found = &p->nodes[n];
    }
    return found;
}

static float param_heading(mega_engine *e, const mega_patch_node_row *node, uint32_t param) {
    const mega_program *document = document_program(&e->schedule), *sounding = values_program(e);
    const mega_program_node *at = node_in(document, node);
    const mega_program_node *before = sounding ? node_in(sounding, node) : NULL;
    if (!at) return node->values[param];
    float written = document->documented[at->slot + param];
    bool goes_on = before && before->voice == at->voice; // else it is another node
    // another value in the document, which the audio role will go to
    if (!goes_on || sounding->documented[before->slot + param] != written) return written;
    return read_word(&sounding->heading[before->slot + param]);
}

static float knob_heading(mega_engine *e, const mega_patch_knob_row *knob) {
    const mega_program *sounding = values_program(e);
    for (size_t k = 0; sounding && k < sounding->patch->knob_count; k++) {
        const mega_patch_knob_row *row = &sounding->patch->knobs[k];
        if (mega_same_knob(row, knob))
            return row->value == knob->value ? read_word(&sounding->knob_values[k]) : knob->value;
    }
    return knob->value;
}

/// A stage on the way to the document in force, itself the last; NULL past that.
static const mega_program *stage_of(const mega_engine *e, size_t index) {
    const mega_program *document = document_program(&e->schedule);
    for (size_t i = 0; i < MEGA_STAGES_MAX; i++)
        if (document->lead[i] && index-- == 0) return document->lead[i];
    return index == 0 ? document : NULL;
}

/// Whether the document in force says another value than the one before: then what was said before
/// it is passed over.
static bool is_param_renewed(const mega_engine *e, const mega_patch_node_row *node,
                             uint32_t param) {
    const mega_program *stage;
    for (size_t i = 0; (stage = stage_of(e, i)); i++) {
        const mega_program_node *at = node_in(stage, node);
        if (at && stage->renewed[at->slot + param]) return true;
    }
    return false;
}

static bool is_knob_renewed(const mega_engine *e, const mega_patch_knob_row *knob) {
    const mega_program *stage;
    for (size_t i = 0; (stage = stage_of(e, i)); i++)
        for (size_t k = 0; k < stage->patch->knob_count; k++)
            if (mega_same_knob(&stage->patch->knobs[k], knob) &&
                stage->knob_before[k] == UINT32_MAX)
                return true;
    return false;
}

/// How many events ago, of those that the audio role has not heard; 0: it has, or passes it over.
static uint32_t unheard(const mega_engine *e, uint64_t said, bool renewed) {
    uint32_t sent = (uint32_t)(said >> 32) - 1;
    if (renewed && (int32_t)(sent - document_program(&e->schedule)->sent_before) < 0) return 0;
    uint32_t ahead = (uint32_t)(said >> 32) - atomic_load(&e->tally.events_heard);
    return ahead <= MEGA_EVENTS_MAX ? ahead : 0;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static const mega_patch_value_row *value_in(const mega_patch_preset_row *preset, int32_t node,
                                            uint32_t index) {
    for (size_t i = 0; i < preset->value_count; i++)
        if (preset->values[i].node == node && preset->values[i].index == index)
            return &preset->values[i];
    return NULL;
}

/// What EVENT has said last of a value, by itself or by a preset.
/// @param number public, -1: none; @param node -1: of a knob; @param renewed by the document
static bool said_of(mega_engine *e, const _Atomic uint64_t *values, int32_t number, int32_t node,
                    uint32_t index, bool renewed, float *value) {
    const mega_patch *patch = mega_schedule_document(&e->schedule);
    uint64_t said = number >= 0 ? atomic_load(&values[number]) : 0;
    uint32_t ahead = unheard(e, said, renewed);
    if (ahead) *value = float_of((uint32_t)said);
    for (uint32_t i = 0; i < e->presets.count; i++) {
        uint32_t recalled = unheard(e, atomic_load(&e->said_presets[i]), renewed);
        int32_t p = recalled > ahead ? mega_preset_find(patch, e->presets.names[i]) : -1;
        const mega_patch_value_row *row = p < 0 ? NULL : value_in(&patch->presets[p], node, index);
        if (!row) continue;
        *value = row->value;
        ahead = recalled;
    }
    return ahead > 0;
}

float mega_value_of_document(const mega_engine *e, uint32_t row, uint32_t param) {
    const mega_patch_node_row *node = &mega_schedule_document(&e->schedule)->nodes[row];
    const mega_program *document = document_program(&e->schedule);
    const mega_program_node *at = node_in(document, node);
    return at ? document->documented[at->slot + param] : node->values[param];
}

// ---- asked from outside ------------------------------------------------------------------------

float mega_value_of_knob(mega_engine *e, uint32_t row) {
    const mega_patch_knob_row *knob = &mega_schedule_document(&e->schedule)->knobs[row];
    float value;
    int32_t number = mega_names_find(&e->knobs, knob->id);
    if (!said_of(e, e->said_knobs, number, -1, row, is_knob_renewed(e, knob), &value))
        value = knob_heading(e, knob);
    return value;
}

float mega_value_of_param(mega_engine *e, uint32_t row, uint32_t param) {
    const mega_patch_node_row *node = &mega_schedule_document(&e->schedule)->nodes[row];
    const mega_param_row *facts = &node->module->params[param];
    char name[MEGA_NAME_BYTES_MAX + 2];
    float value;
    mega_names_join(name, node->id, facts->name);
    int32_t number = mega_names_find(&e->params, name);
    bool renewed = is_param_renewed(e, node, param);
    mega_way way = mega_way_of(facts);
    if (said_of(e, e->said_params, number, (int32_t)row, param, renewed, &value))
        return mega_way_hold(&way, value);
    return param_heading(e, node, param);
}

mega_status mega_knob_get(mega_engine *e, const char *name, float *value) {
    MEGA_IN_CONTROL(e);
    const mega_patch *patch = mega_schedule_document(&e->schedule);
    int32_t knob = patch ? mega_patch_find_knob(patch, name) : -1;
    if (knob < 0) return MEGA_ERROR_NAME;
    *value = mega_value_of_knob(e, (uint32_t)knob);
    return MEGA_OK;
}

mega_status mega_param_get(mega_engine *e, const char *node, const char *param, float *value) {
    MEGA_IN_CONTROL(e);
    const mega_patch *patch = mega_schedule_document(&e->schedule);
    int32_t n = patch ? mega_patch_find_node(patch, node) : -1;
    int32_t row = n < 0 ? -1 : mega_module_find_param(patch->nodes[n].module, param);
    if (row < 0) return MEGA_ERROR_NAME;
    *value = mega_value_of_param(e, (uint32_t)n, (uint32_t)row);
    return MEGA_OK;
}
