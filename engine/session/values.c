// SPDX-License-Identifier: MIT
// values -- the CONTROL role: the target values of knobs and parameters; see values.h.
//
// The audio role knows the values set since the document was written. It keeps the target of each
// in the program (one word each, written and read atomically); `sounding` names the program that it
// runs, and only CONTROL frees programs. `sent_knobs`, `sent_params` and `sent_presets` hold the
// last event that EVENT sent for each, which the audio role may not have applied yet.
#include "session/values.h"

#include <stdlib.h>
#include <string.h>

#include "document/overrides.h"

// ---- presets of a program ----------------------------------------------------------------------

/// The preset that a public number names in the program before, if it is gone; NULL: it is not.
static const mega_patch_preset_row *gone_preset(const mega_program *p, const mega_program *before,
                                                uint32_t number) {
    int32_t old = before ? __atomic_load_n(&before->preset_of_id[number], __ATOMIC_RELAXED) : -1;
    return old < 0 || p->preset_of_id[number] >= 0 ? NULL : &before->patch->presets[old];
}

/// The same node under whatever name; the count of nodes: it is gone.
static size_t find_born(const mega_patch *patch, const mega_patch_node_row *node) {
    size_t n = 0;
    while (n < patch->node_count &&
           (patch->nodes[n].birth != node->birth || patch->nodes[n].module != node->module))
        n++;
    return n;
}

/// A value of the program before as this one has it. @return false: what it belongs to is gone
static bool follow_value(const mega_program *p, const mega_program *before,
                         mega_patch_value_row *value) {
    if (value->node < 0) {
        int32_t knob = mega_patch_same_knob(p->patch, &before->patch->knobs[value->index], 0);
        value->index = (uint32_t)knob;
        return knob >= 0;
    }
    size_t node = find_born(p->patch, &before->patch->nodes[value->node]);
    value->node = (int32_t)node;
    return node < p->patch->node_count;
}

static void put_write(mega_program *p, const uint32_t *slot_of_row, uint32_t *writes,
                      const mega_patch_value_row *value) {
    mega_preset_write write = {
        .is_knob = value->node < 0, .target = value->index, .value = value->value};
    if (value->node >= 0) {
        write.target = slot_of_row[value->node] + value->index;
        write.scale = p->patch->nodes[value->node].module->params[value->index].scale;
    }
    p->preset_writes[(*writes)++] = write;
}

static void put_presets(const mega_engine *e, mega_program *p, const mega_program *before,
                        const uint32_t *slot_of_row) {
    const mega_patch *patch = p->patch;
    uint32_t writes = 0, index = 0;
    for (; index < patch->preset_count; index++) {
        p->preset_first[index] = writes;
        for (size_t k = 0; k < patch->presets[index].value_count; k++)
            put_write(p, slot_of_row, &writes, &patch->presets[index].values[k]);
    }
    for (uint32_t i = 0; i < e->presets.count; i++) {
        const mega_patch_preset_row *gone = gone_preset(p, before, i);
        if (!gone) continue;
        p->gone_presets[p->gone_preset_count++] = (mega_renamed){i, index};
        p->preset_first[index++] = writes;
        for (size_t k = 0; k < gone->value_count; k++) {
            mega_patch_value_row value = gone->values[k];
            if (follow_value(p, before, &value)) put_write(p, slot_of_row, &writes, &value);
        }
    }
    p->preset_first[index] = writes;
}

bool mega_presets_resolve(const mega_engine *e, mega_program *p, const mega_program *before) {
    const mega_patch *patch = p->patch;
    size_t count = 0, gone_count = 0;
    for (size_t i = 0; i < patch->preset_count; i++) count += patch->presets[i].value_count;
    for (uint32_t i = 0; i < e->presets.count; i++) {
        const mega_patch_preset_row *gone = gone_preset(p, before, i);
        gone_count += gone != NULL;
        count += gone ? gone->value_count : 0;
    }
    uint32_t *slot_of_row = malloc((patch->node_count + 1) * sizeof *slot_of_row);
    p->preset_first = malloc((patch->preset_count + gone_count + 1) * sizeof *p->preset_first);
    p->gone_presets = malloc((gone_count + 1) * sizeof *p->gone_presets);
    p->preset_writes = malloc((count + 1) * sizeof *p->preset_writes);
    bool good = slot_of_row && p->preset_first && p->gone_presets && p->preset_writes;
    for (uint32_t n = 0; good && n < p->node_count; n++)
        slot_of_row[p->nodes[n].row] = p->nodes[n].slot;
    if (good) put_presets(e, p, before, slot_of_row);
    free(slot_of_row);
    return good;
}

// ---- where values are going --------------------------------------------------------------------

/// @param e NULL: of a program that the audio role has left, which stands still, in a replay too
static float read_word(const mega_engine *e, const float *at) {
    float value;
    __atomic_load(at, &value, __ATOMIC_RELAXED);
    return e ? mega_calls_observe_float(e, value) : value;
}

/// The program of the document in force, which may not sound yet.
static const mega_program *document_program(const mega_schedule *s) {
    for (size_t i = 0; i < s->count && !s->changes[0].block; i++)
        if (s->changes[i].program) return s->changes[i].program;
    return s->in_force;
}

/// A stage on the way to the document in force, itself the last; NULL past that.
static const mega_program *stage_of(const mega_engine *e, size_t index) {
    const mega_program *document = document_program(&e->schedule);
    for (size_t i = 0; i < MEGA_STAGES_MAX; i++)
        if (document->lead[i] && index-- == 0) return document->lead[i];
    return index == 0 ? document : NULL;
}

/// A program, by its place in the schedule: that is the same in a replay.
static const mega_program *program_at(const mega_schedule *s, uint64_t place) {
    enum { EACH = MEGA_STAGES_MAX + 1 };
    if (place >= EACH * (s->count + 1)) return NULL;
    const mega_program *p = place < EACH ? s->in_force : s->changes[place / EACH - 1].program;
    return p && place % EACH ? p->lead[place % EACH - 1] : p;
}

static const mega_program *sounding(const mega_engine *e) {
    const mega_program *now = atomic_load_explicit(&e->renderer.sounding, memory_order_acquire);
    if (!e->calls) return now;
    const mega_schedule *s = &e->schedule;
    uint64_t place = 0, end = (MEGA_STAGES_MAX + 1) * (s->count + 1);
    while (place < end && program_at(s, place) != now) place++;
    uint64_t observed = mega_calls_observe(e, place);
    return observed == place ? now : program_at(s, observed);
}

/// Whether the document in force sounds, or fades in.
static bool has_begun(const mega_engine *e) {
    const mega_program *stage, *now = sounding(e);
    for (size_t i = 0; (stage = stage_of(e, i)); i++)
        if (stage == now) return true;
    return false;
}

/// The node of some program, of the same type. @return NULL if it is not there
static const mega_program_node *node_in(const mega_program *p, const mega_patch_node_row *node) {
    int32_t row = mega_patch_same_node(p->patch, node, node->module, SIZE_MAX);
    for (uint32_t n = 0; row >= 0 && n < p->node_count; n++)
        if (p->nodes[n].row == (uint32_t)row) return &p->nodes[n];
    return NULL;
}

/// The program of a document, and the one that sounds.
typedef struct {
    const mega_engine *engine; ///< NULL: they sounded once, see `read_word`
    const mega_program *document, *sounding;
} view;

static view view_of(const mega_engine *e) {
    return (view){e, document_program(&e->schedule), sounding(e)};
}

/// A node of the document: in its program, and in the one that sounds.
typedef struct {
    const mega_engine *engine;
    const mega_patch_node_row *row;
    const mega_program *document, *sounding;
    const mega_program_node *at, *before; ///< NULL: not there, or not the same
} located;

static located locate(const view *v, const mega_patch_node_row *row) {
    located l = {.engine = v->engine, .row = row, .document = v->document, .sounding = v->sounding};
    l.at = node_in(l.document, row);
    l.before = l.sounding == l.document ? l.at : l.sounding ? node_in(l.sounding, row) : NULL;
    if (l.before && l.at && l.before->voice != l.at->voice) l.before = NULL;
    return l;
}

static bool is_written(const mega_program *p, const mega_program_node *node, uint32_t param) {
    return p->patch->nodes[node->row].written[param];
}

/// What the document alone gives.
static float documented(const located *l, uint32_t param) {
    return l->at ? l->document->documented[l->at->slot + param] : l->row->values[param];
}

/// Where the audio role has it, or will as the program comes in force: see continuity.c.
static float param_target(const located *l, uint32_t param) {
    float written = documented(l, param);
    if (!l->at || !l->before)
        return l->row->overrides ? mega_override_value(&l->row->overrides[param], written)
                                 : written;
    float before = l->sounding->documented[l->before->slot + param];
    float target = read_word(l->engine, &l->sounding->targets[l->before->slot + param]);
    bool said = is_written(l->document, l->at, param) || is_written(l->sounding, l->before, param);
    return before != written && (said || target == before) ? written : target;
}

static float knob_target(const view *v, const mega_patch_knob_row *knob) {
    const mega_program *now = v->sounding;
    int32_t k = now ? mega_patch_same_knob(now->patch, knob, 0) : -1;
    if (k < 0) return mega_override_value(&knob->override, knob->value);
    bool says_the_same = now->patch->knobs[k].value == knob->value;
    return says_the_same ? read_word(v->engine, &now->knob_values[k]) : knob->value;
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
    for (size_t i = 0; (stage = stage_of(e, i)); i++) {
        int32_t k = mega_patch_same_knob(stage->patch, knob, 0);
        if (k >= 0 && stage->knob_before[k] == UINT32_MAX) return true;
    }
    return false;
}

/// How many events ago it was sent; 0: the audio role has applied it, or will skip it.
static uint32_t pending_now(const mega_engine *e, uint64_t said, bool renewed) {
    uint32_t sent = (uint32_t)(said >> 32) - 1;
    if (renewed && (int32_t)(sent - document_program(&e->schedule)->sent_before) < 0) return 0;
    uint32_t ahead = (uint32_t)(said >> 32) - atomic_load(&e->renderer.tally.events_heard);
    return ahead <= MEGA_EVENTS_MAX ? ahead : 0;
}

static uint32_t pending(const mega_engine *e, uint64_t said, bool renewed) {
    return (uint32_t)mega_calls_observe(e, pending_now(e, said, renewed));
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

/// What EVENT has said last of a value by a name, unless something newer is known.
static void hear(mega_engine *e, const mega_sent *values, int32_t number, bool renewed,
                 uint32_t *ahead, float *value) {
    uint64_t said = number >= 0 ? atomic_load(&values[number].word) : 0;
    uint32_t recent = pending(e, said, renewed);
    if (recent <= *ahead) return;
    *value = mega_calls_observe_float(e, float_of((uint32_t)said));
    *ahead = recent;
}

/// Whether a name of before the change means this value now: its events find their way there.
static bool is_former(const mega_program *p, const mega_former_name *former, int32_t node,
                      uint32_t index) {
    if (former->is_knob || node < 0) return former->is_knob && node < 0 && former->target == index;
    for (uint32_t n = 0; n < p->node_count; n++)
        if (p->nodes[n].row == (uint32_t)node) return former->target == p->nodes[n].slot + index;
    return false;
}

/// What EVENT has said last of a value, by itself or by a preset.
/// @param number public, -1: none; @param node -1: of a knob; @param renewed by the document
static bool sent_of(mega_engine *e, const mega_sent *values, int32_t number, int32_t node,
                    uint32_t index, bool renewed, float *value) {
    const mega_patch *patch = mega_schedule_document(&e->schedule);
    const mega_program *program = document_program(&e->schedule);
    uint32_t ahead = 0;
    hear(e, values, number, renewed, &ahead, value);
    for (uint32_t i = 0; i < program->former_count; i++)
        if (is_former(program, &program->former[i], node, index))
            hear(e, values, (int32_t)program->former[i].number, renewed, &ahead, value);
    for (uint32_t i = 0; i < e->presets.count; i++) {
        uint32_t recalled = pending(e, atomic_load(&e->sent_presets[i].word), renewed);
        int32_t p = recalled > ahead ? mega_preset_find(patch, e->presets.names[i]) : -1;
        const mega_patch_value_row *row = p < 0 ? NULL : value_in(&patch->presets[p], node, index);
        if (!row) continue;
        *value = row->value;
        ahead = recalled;
    }
    return ahead > 0;
}

// ---- together ----------------------------------------------------------------------------------

/// Whether an override set before the document changed comes with the change. See overrides.h.
static bool travels(const mega_engine *e, const mega_override *override) {
    return override && override->pending && !has_begun(e);
}

float mega_value_of_knob(mega_engine *e, uint32_t row) {
    const mega_patch_knob_row *knob = &mega_schedule_document(&e->schedule)->knobs[row];
    float value;
    int32_t number = mega_names_find(&e->knobs, knob->id);
    bool kept = travels(e, &knob->override), passed_over = kept || is_knob_renewed(e, knob);
    if (sent_of(e, e->sent_knobs, number, -1, row, passed_over, &value)) return value;
    view v = view_of(e);
    return kept ? mega_override_value(&knob->override, knob->value) : knob_target(&v, knob);
}

float mega_value_of_param(mega_engine *e, uint32_t row, uint32_t param) {
    const mega_patch_node_row *node = &mega_schedule_document(&e->schedule)->nodes[row];
    const mega_override *override = node->overrides ? &node->overrides[param] : NULL;
    mega_way way = mega_way_of(&node->module->params[param]);
    char name[MEGA_NAME_BYTES_MAX + 2];
    float value;
    mega_names_join(name, node->id, node->module->params[param].name);
    int32_t number = mega_names_find(&e->params, name);
    bool kept = travels(e, override), passed_over = kept || is_param_renewed(e, node, param);
    if (sent_of(e, e->sent_params, number, (int32_t)row, param, passed_over, &value))
        return mega_way_hold(&way, value);
    view v = view_of(e);
    located l = locate(&v, node);
    return kept ? mega_override_value(override, documented(&l, param)) : param_target(&l, param);
}

float mega_value_of_document(const mega_engine *e, uint32_t row, uint32_t param) {
    view v = view_of(e);
    located l = locate(&v, &mega_schedule_document(&e->schedule)->nodes[row]);
    return documented(&l, param);
}

// ---- all of them -------------------------------------------------------------------------------

/// What the audio role has, in a copy of the document.
static bool take_targets(const view *v, mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++) {
        mega_patch_knob_row *knob = &patch->knobs[k];
        if (knob->override.pending) continue;
        float value = knob_target(v, knob);
        knob->override = (mega_override){.value = value, .set = value != knob->value};
    }
    for (size_t n = 0; n < patch->node_count; n++) {
        mega_patch_node_row *node = &patch->nodes[n];
        located l = locate(v, node);
        for (uint32_t i = 0; i < node->module->param_count; i++) {
            if (node->overrides && node->overrides[i].pending) continue;
            float value = param_target(&l, i);
            bool is = value != documented(&l, i);
            if (node->overrides) node->overrides[i].set = is;
            if (is && !mega_override_put(node, i, value, false)) return false;
        }
    }
    return true;
}

static bool is_pending(const mega_engine *e, const mega_sent *said) {
    return pending(e, atomic_load(&said->word), false);
}

/// An event with a frame finds its target by name, on that frame or once a program has the name.
static bool is_timed(const mega_engine *e, const mega_sent *said) {
    return mega_calls_observe(e, atomic_load(&said->frame) != MEGA_NOW);
}

/// A value equal to the document's is no override: as if the audio role had taken it already.
static bool take_param(mega_engine *e, mega_patch *patch, int32_t node, uint32_t param) {
    float value = mega_value_of_param(e, (uint32_t)node, param);
    if (!mega_override_put(&patch->nodes[node], param, value, true)) return false;
    if (value == mega_value_of_document(e, (uint32_t)node, param))
        mega_override_renew(&patch->nodes[node].overrides[param]);
    return true;
}

static void take_knob(mega_engine *e, mega_patch *patch, uint32_t knob) {
    mega_patch_knob_row *row = &patch->knobs[knob];
    float value = mega_value_of_knob(e, knob);
    row->override = (mega_override){.value = value, .set = true, .pending = true};
    if (value == row->value) mega_override_renew(&row->override);
}

static bool take_preset(mega_engine *e, mega_patch *patch, int32_t preset) {
    const mega_patch_preset_row *row = preset < 0 ? NULL : &patch->presets[preset];
    for (size_t i = 0; row && i < row->value_count; i++)
        if (row->values[i].node < 0) take_knob(e, patch, row->values[i].index);
        else if (!take_param(e, patch, row->values[i].node, row->values[i].index)) return false;
    return true;
}

/// "node.param" as numbers of a patch. @return false if it has them not
static bool find_param(const mega_patch *patch, const char *name, int32_t *node, int32_t *param) {
    char id[MEGA_NAME_BYTES_MAX + 2];
    strcpy(id, name);
    char *dot = strrchr(id, '.');
    *dot = 0;
    *node = mega_patch_find_node(patch, id);
    *param = *node < 0 ? -1 : mega_module_find_param(patch->nodes[*node].module, dot + 1);
    return *param >= 0;
}

/// What EVENT has said since, by names of before the last change.
static bool take_pending_formers(mega_engine *e, mega_patch *patch) {
    const mega_program *program = document_program(&e->schedule);
    for (uint32_t i = 0; i < program->former_count; i++) {
        const mega_former_name *former = &program->former[i];
        const mega_sent *said = former->is_knob ? e->sent_knobs : e->sent_params;
        if (!is_pending(e, &said[former->number])) continue;
        if (former->is_knob) take_knob(e, patch, former->target);
        for (uint32_t n = 0; n < program->node_count && !former->is_knob; n++) {
            const mega_program_node *node = &program->nodes[n];
            uint32_t param = former->target - node->slot; // of another node: too large
            if (param < patch->nodes[node->row].module->param_count &&
                !take_param(e, patch, (int32_t)node->row, param))
                return false;
        }
    }
    return true;
}

/// What EVENT has said since.
static bool take_pending(mega_engine *e, mega_patch *patch) {
    int32_t node, param;
    for (uint32_t i = 0; i < e->knobs.count; i++) {
        int32_t knob =
            is_pending(e, &e->sent_knobs[i]) ? mega_patch_find_knob(patch, e->knobs.names[i]) : -1;
        if (knob >= 0) take_knob(e, patch, (uint32_t)knob);
    }
    for (uint32_t i = 0; i < e->params.count; i++)
        if (is_pending(e, &e->sent_params[i]) &&
            find_param(patch, e->params.names[i], &node, &param) &&
            !take_param(e, patch, node, (uint32_t)param))
            return false;
    for (uint32_t i = 0; i < e->presets.count; i++)
        if (is_pending(e, &e->sent_presets[i]) &&
            !take_preset(e, patch, mega_preset_find(patch, e->presets.names[i])))
            return false;
    return take_pending_formers(e, patch);
}

/// A node that was renamed since is found by its birth.
static void leave_former(const mega_program *program, const mega_former_name *former,
                         mega_patch *after) {
    const mega_patch *before = program->patch;
    for (size_t k = 0; k < after->knob_count && former->is_knob; k++)
        if (after->knobs[k].birth == before->knobs[former->target].birth)
            after->knobs[k].override = (mega_override){0};
    for (uint32_t n = 0; n < program->node_count && !former->is_knob; n++) {
        const mega_program_node *node = &program->nodes[n];
        uint32_t param = former->target - node->slot;
        if (param >= before->nodes[node->row].module->param_count) continue;
        for (size_t m = 0; m < after->node_count; m++)
            if (after->nodes[m].birth == before->nodes[node->row].birth &&
                after->nodes[m].overrides && param < after->nodes[m].module->param_count)
                after->nodes[m].overrides[param] = (mega_override){0};
    }
}

static void leave_formers(mega_engine *e, mega_patch *after) {
    const mega_program *program = document_program(&e->schedule);
    for (uint32_t i = 0; program && i < program->former_count; i++) {
        const mega_former_name *former = &program->former[i];
        const mega_sent *said = &(former->is_knob ? e->sent_knobs : e->sent_params)[former->number];
        if (is_pending(e, said) && is_timed(e, said)) leave_former(program, former, after);
    }
}

/// Whether what was said by a name, for a frame, gets to the audio role by itself: as it was said,
/// if the name is in the document that sounds or in the next one.
typedef struct {
    mega_engine *engine;
    const mega_patch *sounding, *next; ///< `sounding` may be NULL
} reach;

static bool waits(const reach *r, const mega_sent *said) {
    return is_pending(r->engine, said) && is_timed(r->engine, said);
}

static bool reaches_knob(const reach *r, uint32_t number) {
    const char *name = r->engine->knobs.names[number];
    return waits(r, &r->engine->sent_knobs[number]) &&
           (mega_patch_find_knob(r->next, name) >= 0 ||
            (r->sounding && mega_patch_find_knob(r->sounding, name) >= 0));
}

static bool reaches_param(const reach *r, uint32_t number) {
    const char *name = r->engine->params.names[number];
    int32_t node, param;
    return waits(r, &r->engine->sent_params[number]) &&
           (find_param(r->next, name, &node, &param) ||
            (r->sounding && find_param(r->sounding, name, &node, &param)));
}

static bool reaches_preset(const reach *r, uint32_t number) {
    const char *name = r->engine->presets.names[number];
    return waits(r, &r->engine->sent_presets[number]) &&
           (mega_preset_find(r->next, name) >= 0 ||
            (r->sounding && mega_preset_find(r->sounding, name) >= 0));
}

static void leave_preset(mega_patch *patch, const mega_patch_preset_row *row) {
    for (size_t v = 0; v < row->value_count; v++) {
        const mega_patch_value_row *value = &row->values[v];
        if (value->node < 0) patch->knobs[value->index].override = (mega_override){0};
        else if (patch->nodes[value->node].overrides)
            patch->nodes[value->node].overrides[value->index] = (mega_override){0};
    }
}

void mega_values_leave(mega_engine *e, mega_patch *patch, const mega_patch *next) {
    const mega_program *now = e->schedule.in_force;
    reach r = {e, now ? now->patch : NULL, next};
    int32_t node, param;
    leave_formers(e, patch);
    for (uint32_t i = 0; i < e->knobs.count; i++) {
        int32_t knob = reaches_knob(&r, i) ? mega_patch_find_knob(patch, e->knobs.names[i]) : -1;
        if (knob >= 0) patch->knobs[knob].override = (mega_override){0};
    }
    for (uint32_t i = 0; i < e->params.count; i++)
        if (reaches_param(&r, i) && find_param(patch, e->params.names[i], &node, &param) &&
            patch->nodes[node].overrides)
            patch->nodes[node].overrides[param] = (mega_override){0};
    for (uint32_t i = 0; i < e->presets.count; i++) {
        int32_t preset = reaches_preset(&r, i) ? mega_preset_find(patch, e->presets.names[i]) : -1;
        if (preset >= 0) leave_preset(patch, &patch->presets[preset]);
    }
}

mega_patch *mega_values_patch(mega_engine *e) {
    mega_patch *patch = mega_patch_clone(mega_schedule_document(&e->schedule));
    if (patch && has_begun(e)) mega_overrides_settle(patch);
    view v = view_of(e);
    if (patch && take_targets(&v, patch) && take_pending(e, patch)) return patch;
    mega_patch_destroy(patch);
    return NULL;
}

mega_patch *mega_values_left(const mega_program *document, const mega_program *left) {
    mega_patch *patch = mega_patch_clone(document->patch);
    view v = {NULL, document, left};
    if (patch && take_targets(&v, patch)) return patch;
    mega_patch_destroy(patch);
    return NULL;
}

// ---- asked from outside ------------------------------------------------------------------------

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
