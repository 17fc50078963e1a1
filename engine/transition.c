// SPDX-License-Identifier: MIT
// transition -- the patches between two patches; see transition.h.
#include "transition.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"

// ---- which node is which ----------------------------------------------------------------------

typedef struct {
    const mega_patch *before, *after;
    mega_graph graph_before, graph_after;
    int32_t *new_of_old, *old_of_new; ///< nodes that go on, else -1
    bool *parts;                      ///< by old: goes on, but a switch of it is set otherwise
    int32_t *stage_of_old;            ///< node in the stage's patch
    bool *cable_stays;                ///< by new cable: the old patch has it too
    bool *cable_goes;                 ///< by old cable: the new patch has it not
} matching;

enum { BIRTH_TEXT_BYTES = 24 };

/// A text that is no id.
static const char *birth_text(uint64_t birth, char *text) {
    snprintf(text, BIRTH_TEXT_BYTES, "\n%llu", (unsigned long long)birth);
    return text;
}

static void finish(matching *m) {
    mega_graph_finish(&m->graph_before);
    mega_graph_finish(&m->graph_after);
    free(m->new_of_old);
    free(m->old_of_new);
    free(m->parts);
    free(m->stage_of_old);
    free(m->cable_stays);
    free(m->cable_goes);
}

static bool allocate(matching *m) {
    m->new_of_old = calloc(m->before->node_count + 1, sizeof *m->new_of_old);
    m->old_of_new = calloc(m->after->node_count + 1, sizeof *m->old_of_new);
    m->parts = calloc(m->before->node_count + 1, sizeof *m->parts);
    m->stage_of_old = calloc(m->before->node_count + 1, sizeof *m->stage_of_old);
    m->cable_stays = calloc(m->after->cable_count + 1, sizeof *m->cable_stays);
    m->cable_goes = calloc(m->before->cable_count + 1, sizeof *m->cable_goes);
    return m->new_of_old && m->old_of_new && m->parts && m->stage_of_old && m->cable_stays &&
           m->cable_goes && !mega_graph_init(&m->graph_before, m->before, NULL, 0, NULL) &&
           !mega_graph_init(&m->graph_after, m->after, NULL, 0, NULL);
}

/// Ids, and births as "\n<number>", -> node numbers; NULL without memory.
static json_t *index_of(const mega_patch *patch) {
    json_t *index = json_object();
    for (size_t n = 0; index && n < patch->node_count; n++) {
        char birth[BIRTH_TEXT_BYTES];
        json_t *number = json_integer((json_int_t)n);
        if (json_object_set(index, patch->nodes[n].id, number) ||
            json_object_set(index, birth_text(patch->nodes[n].birth, birth), number)) {
            json_decref(index);
            index = NULL;
        }
        json_decref(number);
    }
    return index;
}

/// The node of the new patch that an old one goes on in, if its type and scope are the same.
static int32_t successor(const matching *m, json_t *index, size_t o, const char *key) {
    const mega_patch_node_row *old = &m->before->nodes[o];
    json_t *found = json_object_get(index, key);
    size_t n = (size_t)json_integer_value(found);
    bool goes_on = found && m->old_of_new[n] < 0 && m->after->nodes[n].module == old->module &&
                   m->graph_after.voice[n] == m->graph_before.voice[o];
    return goes_on ? (int32_t)n : -1;
}

static void match(matching *m, json_t *index, size_t o, const char *key) {
    int32_t n = successor(m, index, o, key);
    m->new_of_old[o] = n;
    if (n >= 0) m->old_of_new[n] = (int32_t)o;
}

static bool match_nodes(matching *m) {
    json_t *index = index_of(m->after);
    if (!index) return false;
    memset(m->old_of_new, 0xff, m->after->node_count * sizeof *m->old_of_new);
    memset(m->new_of_old, 0xff, m->before->node_count * sizeof *m->new_of_old);
    // first the same ones under whatever name, then those of the same name
    for (size_t o = 0; o < m->before->node_count; o++) {
        char birth[BIRTH_TEXT_BYTES];
        match(m, index, o, birth_text(m->before->nodes[o].birth, birth));
    }
    for (size_t o = 0; o < m->before->node_count; o++)
        if (m->new_of_old[o] < 0) match(m, index, o, m->before->nodes[o].id);
    json_decref(index);
    return true;
}

/// What leaves a node that parts fades, but into one that parts too: there both go on side by side.
static bool same_source(const matching *m, const mega_patch_cable_row *old,
                        const mega_patch_cable_row *cable) {
    if ((old->from_node < 0) != (cable->from_node < 0)) return false;
    if (old->from_node < 0)
        return mega_same_knob(&m->before->knobs[old->from_port],
                              &m->after->knobs[cable->from_port]);
    return m->new_of_old[old->from_node] == cable->from_node &&
           old->from_port == cable->from_port &&
           (!m->parts[old->from_node] || m->parts[old->to_node]);
}

/// A cable stays if its ends go on and it acts as before; else the old fades out, the new in. Of
/// two alike each is one.
static void match_cables(matching *m) {
    for (size_t i = 0; i < m->before->cable_count; i++) m->cable_goes[i] = true;
    for (uint32_t n = 0; n < m->after->node_count; n++) {
        if (m->old_of_new[n] < 0) continue;
        uint32_t o = (uint32_t)m->old_of_new[n];
        const mega_graph *b = &m->graph_before, *a = &m->graph_after;
        for (uint32_t i = a->first[n]; i < a->first[n + 1]; i++)
            for (uint32_t k = b->first[o]; k < b->first[o + 1]; k++) {
                const mega_patch_cable_row *cable = &m->after->cables[a->cables[i]];
                const mega_patch_cable_row *old = &m->before->cables[b->cables[k]];
                if (!m->cable_goes[b->cables[k]] || old->to_port != cable->to_port ||
                    old->amount != cable->amount || old->as != cable->as ||
                    !same_source(m, old, cable))
                    continue;
                m->cable_stays[a->cables[i]] = true;
                m->cable_goes[b->cables[k]] = false;
                break;
            }
    }
}

/// Whether a cable of the old patch is one of the new, as far as the nodes' matches tell.
static bool same_cable(const matching *m, const mega_patch_cable_row *old,
                       const mega_patch_cable_row *cable) {
    if (old->amount != cable->amount || old->as != cable->as ||
        (old->from_node < 0) != (cable->from_node < 0))
        return false;
    if (old->from_node < 0)
        return mega_same_knob(&m->before->knobs[old->from_port],
                              &m->after->knobs[cable->from_port]);
    return m->new_of_old[old->from_node] == cable->from_node && old->from_port == cable->from_port;
}

/// The cables into a port, in order: first of them and the one after the last, in graph->cables.
static uint32_t port_cables(const mega_graph *g, const mega_patch *p, uint32_t node, uint32_t port,
                            uint32_t *end) {
    uint32_t first = g->first[node];
    while (first < g->first[node + 1] && p->cables[g->cables[first]].to_port < port) first++;
    *end = first;
    while (*end < g->first[node + 1] && p->cables[g->cables[*end]].to_port == port) ++*end;
    return first;
}

static bool same_cables(const matching *m, uint32_t o, uint32_t n, uint32_t port) {
    uint32_t old_end, end, old = port_cables(&m->graph_before, m->before, o, port, &old_end);
    uint32_t cable = port_cables(&m->graph_after, m->after, n, port, &end);
    if (old_end - old != end - cable) return false;
    for (; old < old_end; old++, cable++)
        if (!same_cable(m, &m->before->cables[m->graph_before.cables[old]],
                        &m->after->cables[m->graph_after.cables[cable]]))
            return false;
    return true;
}

/// Values of switches cannot glide: from one to another there is a step. So a node of which an edit
/// sets one, or changes a cable into one, parts: as it was it dies, as it is to be it comes, with
/// all that it remembers. Not where that is delay lines: too much to copy; modules with these fade
/// such changes themselves, and their choices as turned ones do: see choices.h.
static bool must_part(const matching *m, size_t o) {
    const mega_patch_node_row *old = &m->before->nodes[o];
    uint32_t n = (uint32_t)m->new_of_old[o];
    const mega_patch_node_row *node = &m->after->nodes[n];
    const mega_module *module = old->module;
    bool can = module->output_count && !module->memory_lines && strcmp(module->name, "note") != 0 &&
               !(module->flags & (MEGA_BUILT_IN | MEGA_DELAYS | MEGA_ONCE | MEGA_LEAVES));
    for (uint32_t i = 0; can && i < module->param_count; i++)
        if (module->params[i].smoothing == MEGA_SMOOTH_NONE &&
            (old->values[i] != node->values[i] ||
             !same_cables(m, (uint32_t)o, n, module->input_count + i)))
            return true;
    return false;
}

static void find_parting(matching *m) {
    for (size_t o = 0; o < m->before->node_count; o++)
        m->parts[o] = m->new_of_old[o] >= 0 && must_part(m, o);
}

// ---- fades ------------------------------------------------------------------------------------

static bool leaves(const mega_patch *patch, uint32_t node) {
    return patch->nodes[node].module->flags & MEGA_LEAVES;
}

/// A cable into a node that goes on must fade. Into a new one, or one that parts, what is heard
/// must too if the node remembers its beginning, as a delay does; its parameters need not, since
/// what leaves it fades in. Nor what goes into one that remembers nothing: a clip would be driven
/// through all its curve.
static int8_t fade_in(const matching *m, size_t cable) {
    const mega_patch_cable_row *c = &m->after->cables[cable];
    const mega_module *to = m->after->nodes[c->to_node].module;
    int32_t old = m->old_of_new[c->to_node];
    bool remembers = to->state_fields || to->memory_lines || to->flags & MEGA_LEAVES ||
                     m->graph_after.loop[c->to_node];
    bool heard = c->to_port < to->input_count && remembers;
    return !m->cable_stays[cable] && ((old >= 0 && !m->parts[old]) || heard);
}
static bool lives(const matching *m, size_t old) {
    return m->new_of_old[old] >= 0 && !m->parts[old];
}

/// Into one that is dying it need not: what leaves it fades out.
static int8_t fade_out(const matching *m, size_t cable) {
    uint32_t to = m->before->cables[cable].to_node;
    bool goes = m->cable_goes[cable] && (lives(m, to) || leaves(m->before, to));
    return goes ? -1 : 0;
}

static bool anything_fades(const matching *m) {
    for (size_t i = 0; i < m->after->cable_count; i++)
        if (m->graph_after.live[m->after->cables[i].to_node] && fade_in(m, i)) return true;
    for (size_t i = 0; i < m->before->cable_count; i++)
        if (m->graph_before.live[m->before->cables[i].to_node] && fade_out(m, i)) return true;
    return false;
}

// ---- stages -----------------------------------------------------------------------------------

static bool init_stage(mega_stage *stage, const mega_patch *patch) {
    stage->patch = mega_patch_clone(patch);
    stage->fades = calloc(patch->cable_count + 1, sizeof *stage->fades);
    stage->origins = calloc(patch->node_count + 1, sizeof *stage->origins);
    return stage->patch && stage->fades && stage->origins;
}

/// `*array` gets room for `more` zeroed items behind its `count`.
static bool extend(void *array, size_t count, size_t more, size_t size) {
    void **at = array;
    char *moved = realloc(*at, (count + more + 1) * size);
    if (!moved) return false;
    memset(moved + count * size, 0, (more + 1) * size);
    *at = moved;
    return true;
}

/// A name that no document can hold: ids have no spaces.
static bool rename_dying(mega_patch_node_row *node, size_t number) {
    char id[32];
    snprintf(id, sizeof id, "dying %zu", number);
    char *copy = strdup(id);
    if (!copy) return false;
    free(node->id);
    node->id = copy;
    return true;
}

/// The nodes that are not in the new patch, behind those that are.
static bool add_dying_nodes(matching *m, mega_stage *stage) {
    mega_patch *p = stage->patch;
    size_t kept = p->node_count;
    if (!extend(&p->nodes, kept, m->before->node_count, sizeof *p->nodes) ||
        !extend(&stage->origins, kept, m->before->node_count, sizeof *stage->origins))
        return false;
    for (size_t o = 0; o < m->before->node_count; o++) {
        m->stage_of_old[o] = m->new_of_old[o];
        if (lives(m, o)) continue;
        m->stage_of_old[o] = (int32_t)p->node_count;
        stage->origins[p->node_count] = m->before->nodes[o].id;
        mega_patch_node_row *node = &p->nodes[p->node_count++];
        if (!mega_patch_copy_node(node, &m->before->nodes[o]) || !rename_dying(node, o))
            return false;
    }
    return true;
}

/// The number of an old knob in the stage's patch, added if the new patch has it not.
static int32_t stage_knob(const matching *m, mega_patch *p, uint32_t old) {
    const mega_patch_knob_row *knob = &m->before->knobs[old];
    for (size_t k = 0; k < p->knob_count; k++)
        if (mega_same_knob(&p->knobs[k], knob)) return (int32_t)k;
    if (!extend(&p->knobs, p->knob_count, 1, sizeof *p->knobs)) return -1;
    bool ok = mega_patch_copy_knob(&p->knobs[p->knob_count++], knob);
    return ok ? (int32_t)p->knob_count - 1 : -1;
}

static bool add_dying_cables(const matching *m, mega_stage *stage) {
    mega_patch *p = stage->patch;
    if (!extend(&p->cables, p->cable_count, m->before->cable_count, sizeof *p->cables) ||
        !extend(&stage->fades, p->cable_count, m->before->cable_count, sizeof *stage->fades))
        return false;
    for (size_t i = 0; i < m->before->cable_count; i++) {
        // one that dies keeps all that it had
        if (!m->cable_goes[i] && lives(m, m->before->cables[i].to_node)) continue;
        mega_patch_cable_row cable = m->before->cables[i];
        cable.extra = NULL;
        cable.to_node = (uint32_t)m->stage_of_old[cable.to_node];
        if (cable.from_node >= 0) {
            cable.from_node = m->stage_of_old[cable.from_node];
        } else {
            int32_t knob = stage_knob(m, p, cable.from_port);
            if (knob < 0) return false;
            cable.from_port = (uint32_t)knob;
        }
        stage->fades[p->cable_count] = fade_out(m, i);
        p->cables[p->cable_count++] = cable;
    }
    return true;
}

static bool has_cycle(const mega_patch *patch, bool *memory) {
    mega_graph graph;
    mega_status status = mega_graph_init(&graph, patch, NULL, 0, NULL);
    if (!status) mega_graph_finish(&graph);
    *memory = status != MEGA_ERROR_MEMORY;
    return status == MEGA_ERROR_PATCH;
}

static void name_origins(const matching *m, mega_stage *stage) {
    for (size_t n = 0; n < m->after->node_count; n++)
        if (m->old_of_new[n] >= 0) stage->origins[n] = m->before->nodes[m->old_of_new[n]].id;
}

/// Both at once.
static bool make_union(matching *m, mega_stage *stage) {
    if (!init_stage(stage, m->after)) return false;
    for (size_t i = 0; i < m->after->cable_count; i++) stage->fades[i] = fade_in(m, i);
    name_origins(m, stage);
    return add_dying_nodes(m, stage) && add_dying_cables(m, stage);
}

/// One after the other.
static bool make_two(const matching *m, mega_stage *going, mega_stage *coming) {
    if (!init_stage(going, m->before) || !init_stage(coming, m->after)) return false;
    for (size_t i = 0; i < m->before->cable_count; i++) going->fades[i] = fade_out(m, i);
    for (size_t n = 0; n < m->before->node_count; n++) going->origins[n] = m->before->nodes[n].id;
    for (size_t i = 0; i < m->after->cable_count; i++) coming->fades[i] = fade_in(m, i);
    name_origins(m, coming);
    return true;
}

/// Names that nodes of the new patch had before, for the first program that has it.
static bool find_origins(const matching *m, mega_transition *t) {
    t->origins = calloc(m->after->node_count + 1, sizeof *t->origins);
    for (size_t n = 0; t->origins && n < m->after->node_count; n++)
        if (m->old_of_new[n] >= 0) t->origins[n] = m->before->nodes[m->old_of_new[n]].id;
    return t->origins != NULL;
}

static void finish_stage(mega_stage *stage) {
    mega_patch_destroy(stage->patch);
    free(stage->fades);
    free(stage->origins);
    *stage = (mega_stage){0};
}

static bool make_stages(matching *m, mega_transition *t) {
    bool memory = true;
    if (!allocate(m) || !match_nodes(m) || !find_origins(m, t)) return false;
    find_parting(m);
    match_cables(m);
    if (!anything_fades(m)) return true;
    t->count = 1;
    if (!make_union(m, &t->stages[0])) return false;
    if (!has_cycle(t->stages[0].patch, &memory)) return memory;
    finish_stage(&t->stages[0]);
    t->count = 2;
    return make_two(m, &t->stages[0], &t->stages[1]);
}

mega_status mega_transition_init(mega_transition *t, const mega_patch *before,
                                 const mega_patch *after) {
    *t = (mega_transition){0};
    matching m = {.before = before, .after = after};
    bool ok = make_stages(&m, t);
    finish(&m);
    if (ok) return MEGA_OK;
    mega_transition_finish(t);
    return MEGA_ERROR_MEMORY;
}

void mega_transition_finish(mega_transition *t) {
    for (size_t i = 0; i < MEGA_STAGES_MAX; i++) finish_stage(&t->stages[i]);
    free(t->origins);
    *t = (mega_transition){0};
}
