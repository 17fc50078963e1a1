// SPDX-License-Identifier: MIT
// transition -- the patches between two patches; see transition.h.
#include "compile/transition.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/graph.h"
#include "document/node_index.h"

// ---- which node is which ----------------------------------------------------------------------

typedef struct {
    const mega_patch *before, *after;
    const int8_t *codes;    ///< by old cable: how it fades; NULL: all stand
    const mega_fade *fades; ///< of these codes
    uint64_t block, late;   ///< as of what sounds
    uint32_t fade_frames, haste_frames;
    uint32_t old_age; ///< from which on fades are hastened
    mega_graph graph_before, graph_after;
    int32_t *new_of_old, *old_of_new; ///< nodes that go on, else -1
    bool *parts;                      ///< by old: goes on, but a switch of it is set otherwise
    int32_t *stage_of_old;            ///< node in the stage's patch
    int32_t *cable_before;            ///< by new cable: the same of the old patch, or -1
    bool *cable_goes;                 ///< by old cable: the new patch has it not
} matching;

static void finish(matching *m) {
    mega_graph_finish(&m->graph_before);
    mega_graph_finish(&m->graph_after);
    free(m->new_of_old);
    free(m->old_of_new);
    free(m->parts);
    free(m->stage_of_old);
    free(m->cable_before);
    free(m->cable_goes);
}

static bool allocate(matching *m) {
    m->new_of_old = calloc(m->before->node_count + 1, sizeof *m->new_of_old);
    m->old_of_new = calloc(m->after->node_count + 1, sizeof *m->old_of_new);
    m->parts = calloc(m->before->node_count + 1, sizeof *m->parts);
    m->stage_of_old = calloc(m->before->node_count + 1, sizeof *m->stage_of_old);
    m->cable_before = calloc(m->after->cable_count + 1, sizeof *m->cable_before);
    m->cable_goes = calloc(m->before->cable_count + 1, sizeof *m->cable_goes);
    return m->new_of_old && m->old_of_new && m->parts && m->stage_of_old && m->cable_before &&
           m->cable_goes && !mega_graph_init(&m->graph_before, m->before, NULL, 0, NULL) &&
           !mega_graph_init(&m->graph_after, m->after, NULL, 0, NULL);
}

/// The node of the new patch that an old one goes on in, if its type and scope are the same.
static void match(matching *m, size_t o, int32_t n) {
    const mega_patch_node_row *old = &m->before->nodes[o];
    if (n < 0 || m->old_of_new[n] >= 0 || m->after->nodes[n].module != old->module ||
        m->graph_after.voice[n] != m->graph_before.voice[o])
        return;
    m->new_of_old[o] = n;
    m->old_of_new[n] = (int32_t)o;
}

/// First the same ones under whatever name, then those of the same name.
static bool match_nodes(matching *m) {
    const mega_patch_node_row *old = m->before->nodes;
    mega_node_index index;
    if (!mega_node_index_init(&index, m->after)) return false;
    memset(m->old_of_new, 0xff, m->after->node_count * sizeof *m->old_of_new);
    memset(m->new_of_old, 0xff, m->before->node_count * sizeof *m->new_of_old);
    for (size_t o = 0; o < m->before->node_count; o++)
        match(m, o, mega_node_index_birth(&index, old[o].birth));
    for (size_t o = 0; o < m->before->node_count; o++)
        if (m->new_of_old[o] < 0) match(m, o, mega_node_index_name(&index, old[o].id));
    mega_node_index_finish(&index);
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
    for (size_t i = 0; i < m->after->cable_count; i++) m->cable_before[i] = -1;
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
                m->cable_before[a->cables[i]] = (int32_t)b->cables[k];
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

/// The value of a switch cannot glide: a change would step. So a node parts if an edit sets one of
/// its switches or changes a cable into one: the old copy fades out while the new copy, with the
/// same state, fades in. Delay lines are too much to copy: modules that have them fade such changes
/// themselves, and crossfade their choices as during play: see choices.h.
static bool must_part(const matching *m, size_t o) {
    const mega_patch_node_row *old = &m->before->nodes[o];
    uint32_t n = (uint32_t)m->new_of_old[o];
    const mega_patch_node_row *node = &m->after->nodes[n];
    const mega_module *module = old->module;
    bool can = module->output_count && !module->memory_lines && module->op == MEGA_OP_CALL &&
               !(module->flags & (MEGA_NOTE_SOURCE | MEGA_DELAYS | MEGA_ONCE | MEGA_LEAVES));
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

/// How a cable fades.
typedef struct {
    int8_t sign; ///< as of its code; 0: it stands
    mega_fade_kind kind;
    uint8_t before; ///< of the old patch's fades
} way;

static way way_before(const matching *m, size_t old, mega_fade_kind kind) {
    int8_t code = m->codes ? m->codes[old] : 0;
    if (!code) return (way){0};
    return (way){code > 0 ? 1 : -1, kind, (uint8_t)((code > 0 ? code : -code) - 1)};
}

static int direction_before(const matching *m, size_t old) {
    return m->codes ? mega_fade_direction(m->fades, m->codes[old]) : 0;
}

static bool lives(const matching *m, size_t old) {
    return m->new_of_old[old] >= 0 && !m->parts[old];
}

/// A cable into a node that goes on must fade. Into a new one, or one that parts, what is heard
/// must too if the node remembers its beginning, as a delay does; its parameters need not, since
/// what leaves it fades in. Nor what goes into one that remembers nothing: a clip would be driven
/// through all its curve. One that was fading is where it was, and turns if it was going.
static way fade_in(const matching *m, size_t cable) {
    const mega_patch_cable_row *c = &m->after->cables[cable];
    const mega_module *to = m->after->nodes[c->to_node].module;
    int32_t old = m->old_of_new[c->to_node], before = m->cable_before[cable];
    if (before >= 0)
        return way_before(m, (size_t)before,
                          direction_before(m, (size_t)before) < 0 ? MEGA_FADE_TURNS
                                                                  : MEGA_FADE_GOES_ON);
    bool remembers = to->state_fields || to->memory_lines || to->flags & MEGA_LEAVES ||
                     m->graph_after.loop[c->to_node];
    bool heard = c->to_port < to->input_count && remembers;
    bool fades = (old >= 0 && !m->parts[old]) || heard;
    return fades ? (way){1, MEGA_FADE_BEGINS, 0} : (way){0};
}

/// Into one that is dying it need not: what leaves it fades out.
static way fade_out(const matching *m, size_t cable) {
    uint32_t to = m->before->cables[cable].to_node;
    bool goes = m->cable_goes[cable] && (lives(m, to) || leaves(m->before, to));
    int direction = direction_before(m, cable);
    if (goes && !direction) return (way){-1, MEGA_FADE_BEGINS, 0};
    return way_before(m, cable, goes && direction > 0 ? MEGA_FADE_TURNS : MEGA_FADE_GOES_ON);
}

/// Whether an old cable is not one of the new ones; one that dies keeps all that it had.
static bool is_apart(const matching *m, size_t old) {
    return m->cable_goes[old] || !lives(m, m->before->cables[old].to_node);
}

static bool anything_fades(const matching *m) {
    for (size_t i = 0; i < m->after->cable_count; i++)
        if (m->graph_after.live[m->after->cables[i].to_node] && fade_in(m, i).sign) return true;
    for (size_t i = 0; i < m->before->cable_count; i++)
        if (m->graph_before.live[m->before->cables[i].to_node] && is_apart(m, i) &&
            fade_out(m, i).sign)
            return true;
    return false;
}

static mega_fade fade_of(const matching *m, way w) {
    mega_fade fade = {.kind = w.kind, .before = w.before, .up = true, .frames = m->fade_frames};
    fade.end = m->block + fade.frames;
    if (w.kind == MEGA_FADE_BEGINS) return fade;
    const mega_fade *before = &m->fades[w.before];
    fade.up = before->up != (w.kind == MEGA_FADE_TURNS);
    fade.age = before->age + 1;
    bool old = fade.age >= m->old_age;
    if (w.kind == MEGA_FADE_GOES_ON) fade.frames = before->frames;
    if (w.kind == MEGA_FADE_GOES_ON && old) fade.kind = MEGA_FADE_HASTENS;
    if (old && m->haste_frames < fade.frames) fade.frames = m->haste_frames;
    fade.end = m->block + fade.frames;
    uint64_t end = before->end + m->late;
    if (w.kind != MEGA_FADE_TURNS && (fade.kind == MEGA_FADE_GOES_ON || end < fade.end))
        fade.end = end;
    return fade;
}

/// The code of a cable in a stage, whose fade is added where it is the first of it.
static int8_t code_of(const matching *m, mega_stage *stage, way w) {
    if (!w.sign) return 0;
    mega_fade fade = fade_of(m, w);
    uint32_t i = 0;
    while (i < stage->fade_count &&
           (stage->fades[i].kind != fade.kind || stage->fades[i].before != fade.before))
        i++;
    if (i == stage->fade_count) stage->fades[stage->fade_count++] = fade;
    return (int8_t)(w.sign * (int)(i + 1));
}

// ---- stages -----------------------------------------------------------------------------------

static bool init_stage(mega_stage *stage, const mega_patch *patch) {
    stage->patch = mega_patch_clone(patch);
    stage->codes = calloc(patch->cable_count + 1, sizeof *stage->codes);
    stage->origins = calloc(patch->node_count + 1, sizeof *stage->origins);
    return stage->patch && stage->codes && stage->origins;
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

/// A dying node has a name that no document can hold: ids have no spaces.
static bool make_dying(mega_patch_node_row *node, size_t number) {
    char id[32];
    snprintf(id, sizeof id, "dying %zu", number);
    char *copy = strdup(id);
    if (!copy) return false;
    free(node->id);
    node->id = copy;
    node->dying = true;
    return true;
}

/// It was dying, and nothing is heard of it any more.
static bool is_dead(const matching *m, size_t old) {
    return !m->graph_before.live[old] && m->before->nodes[old].dying;
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
        m->stage_of_old[o] = -1;
        if (is_dead(m, o)) continue;
        m->stage_of_old[o] = (int32_t)p->node_count;
        stage->origins[p->node_count] = (int32_t)o;
        mega_patch_node_row *node = &p->nodes[p->node_count++];
        if (!mega_patch_copy_node(node, &m->before->nodes[o]) || !make_dying(node, o)) return false;
    }
    return true;
}

/// The number of an old knob in the stage's patch, added if the new patch has it not.
static int32_t stage_knob(const matching *m, mega_patch *p, uint32_t old) {
    const mega_patch_knob_row *knob = &m->before->knobs[old];
    int32_t there = mega_patch_same_knob(p, knob, old);
    if (there >= 0) return there;
    if (!extend(&p->knobs, p->knob_count, 1, sizeof *p->knobs)) return -1;
    bool ok = mega_patch_copy_knob(&p->knobs[p->knob_count++], knob);
    return ok ? (int32_t)p->knob_count - 1 : -1;
}

static bool add_dying_cables(const matching *m, mega_stage *stage) {
    mega_patch *p = stage->patch;
    if (!extend(&p->cables, p->cable_count, m->before->cable_count, sizeof *p->cables) ||
        !extend(&stage->codes, p->cable_count, m->before->cable_count, sizeof *stage->codes))
        return false;
    for (size_t i = 0; i < m->before->cable_count; i++) {
        mega_patch_cable_row cable = m->before->cables[i];
        bool heard = m->stage_of_old[cable.to_node] >= 0 &&
                     (cable.from_node < 0 || m->stage_of_old[cable.from_node] >= 0);
        if (!is_apart(m, i) || !heard) continue;
        cable.extra = NULL;
        cable.to_node = (uint32_t)m->stage_of_old[cable.to_node];
        if (cable.from_node >= 0) {
            cable.from_node = m->stage_of_old[cable.from_node];
        } else {
            int32_t knob = stage_knob(m, p, cable.from_port);
            if (knob < 0) return false;
            cable.from_port = (uint32_t)knob;
        }
        stage->codes[p->cable_count] = code_of(m, stage, fade_out(m, i));
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

static void set_origins(const matching *m, int32_t *origins) {
    memcpy(origins, m->old_of_new, m->after->node_count * sizeof *origins);
}

/// Both at once.
static bool make_union(matching *m, mega_stage *stage) {
    if (!init_stage(stage, m->after)) return false;
    for (size_t i = 0; i < m->after->cable_count; i++)
        stage->codes[i] = code_of(m, stage, fade_in(m, i));
    set_origins(m, stage->origins);
    return add_dying_nodes(m, stage) && add_dying_cables(m, stage);
}

/// As it fades out in a stage that only goes: all of that ends together.
static way fade_out_first(const matching *m, size_t old) {
    way w = fade_out(m, old);
    bool goes = m->cable_goes[old] && direction_before(m, old) < 0;
    if (goes) w.kind = MEGA_FADE_HASTENS;
    return w;
}

/// One after the other.
static bool make_two(matching *m, mega_stage *going, mega_stage *coming) {
    if (!init_stage(going, m->before) || !init_stage(coming, m->after)) return false;
    going->goes_first = true;
    for (size_t i = 0; i < m->before->cable_count; i++)
        going->codes[i] = code_of(m, going, fade_out_first(m, i));
    for (size_t n = 0; n < m->before->node_count; n++) going->origins[n] = (int32_t)n;
    m->codes = going->codes;
    m->fades = going->fades;
    m->block += mega_stage_length(going);
    m->late = 0;
    for (size_t i = 0; i < m->after->cable_count; i++)
        coming->codes[i] = code_of(m, coming, fade_in(m, i));
    set_origins(m, coming->origins);
    return true;
}

/// For the first program that has the new patch.
static bool find_origins(const matching *m, mega_transition *t) {
    t->origins = calloc(m->after->node_count + 1, sizeof *t->origins);
    if (t->origins) set_origins(m, t->origins);
    return t->origins != NULL;
}

static void finish_stage(mega_stage *stage) {
    mega_patch_destroy(stage->patch);
    free(stage->codes);
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
    if (!m->fade_frames) m->fade_frames = m->haste_frames; // what was fading ends with it
    return make_two(m, &t->stages[0], &t->stages[1]);
}

uint32_t mega_stage_length(const mega_stage *stage) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < stage->fade_count; i++) {
        bool awaited = !stage->goes_first || stage->fades[i].kind != MEGA_FADE_GOES_ON;
        if (awaited && stage->fades[i].frames > length) length = stage->fades[i].frames;
    }
    return length ? mega_whole_blocks(length) : MEGA_BLOCK_FRAMES;
}

// ---- what sounds -------------------------------------------------------------------------------

bool mega_transition_fits(const mega_transition_from *from) {
    uint32_t under_way = 0;
    for (uint32_t i = 0; i < from->fade_count; i++) under_way += !(from->over >> i & 1);
    // some cables of each go on, others turn, others hasten; and one begins
    return 3 * under_way + 1 <= MEGA_FADES_MAX;
}

/// What sounds without the fades that have ended: what came in stands, what went out is gone.
/// @return NULL without memory
static mega_patch *settle(const mega_transition_from *from, int8_t *codes) {
    mega_patch *p = mega_patch_clone(from->patch);
    size_t kept = 0;
    for (size_t i = 0; p && i < p->cable_count; i++) {
        int8_t code = from->codes ? from->codes[i] : 0;
        bool over = code && from->over >> ((code > 0 ? code : -code) - 1) & 1;
        if (over && mega_fade_direction(from->fades, code) < 0) {
            json_decref(p->cables[i].extra);
            continue;
        }
        codes[kept] = over ? 0 : code;
        p->cables[kept++] = p->cables[i];
    }
    if (p) p->cable_count = kept;
    return p;
}

static uint32_t younger(const mega_transition_from *from, uint32_t age) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->fade_count; i++)
        count += !(from->over >> i & 1) && from->fades[i].age + 1 < age;
    return count;
}

/// So that no more than MEGA_FADES_LONG stay as long as they are meant.
static uint32_t old_age(const mega_transition_from *from) {
    uint32_t age = MEGA_FADES_LONG;
    while (age > 1 && younger(from, age) > MEGA_FADES_LONG) age--;
    return age;
}

static bool fades_now(const mega_transition_from *from) {
    uint64_t all = from->fade_count ? (UINT64_C(1) << from->fade_count) - 1 : 0;
    return all & ~from->over;
}

mega_status mega_transition_init(mega_transition *t, const mega_transition_from *from,
                                 const mega_patch *after, uint32_t fade_frames, float rate) {
    *t = (mega_transition){0};
    int8_t *codes = calloc(from->patch->cable_count + 1, sizeof *codes);
    mega_patch *before = codes ? settle(from, codes) : NULL;
    matching m = {.before = before,
                  .after = after,
                  .codes = codes,
                  .fades = from->fades,
                  .block = from->block,
                  .late = from->late,
                  .fade_frames = fade_frames,
                  .old_age = old_age(from),
                  .haste_frames = mega_haste_frames(rate)};
    bool ok = before && make_stages(&m, t);
    // at once: only who is who; but what was fading goes on
    if (!fade_frames && !fades_now(from)) t->count = 0;
    if (before) finish(&m);
    mega_patch_destroy(before);
    free(codes);
    if (ok) return MEGA_OK;
    mega_transition_finish(t);
    return MEGA_ERROR_MEMORY;
}

void mega_transition_finish(mega_transition *t) {
    for (size_t i = 0; i < MEGA_STAGES_MAX; i++) finish_stage(&t->stages[i]);
    free(t->origins);
    *t = (mega_transition){0};
}
