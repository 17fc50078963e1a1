// SPDX-License-Identifier: MIT
// graph -- cycles, scopes, what is heard, order, phases; see graph.h.
#include "document/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CYCLES_REPORTED_MAX = 16,    // a tangle has exponentially many; these show where to begin
    CYCLE_TEXT_BYTES_MAX = 1024, // longer paths are cut in the middle of the text
};

static const mega_patch_cable_row *cable_in(const mega_graph *g, const mega_patch *p, uint32_t i) {
    return &p->cables[g->cables[i]];
}

/// True where a frame of the cable's source must be computed before that of its destination.
static bool orders(const mega_patch *p, const mega_patch_cable_row *cable) {
    const uint32_t delays = MEGA_DELAYS | MEGA_DELAYS_FRAME;
    return cable->from_node >= 0 && !(p->nodes[cable->to_node].module->flags & delays);
}

/// True where a segment of the source must be computed before that of the destination, or with it.
static bool joins(const mega_patch *p, const mega_patch_cable_row *cable) {
    uint32_t flags = p->nodes[cable->to_node].module->flags;
    return cable->from_node >= 0 && !(flags & MEGA_DELAYS) &&
           (cable->amount != 0 || !(flags & MEGA_DELAYS_FRAME));
}

// ---- tables -----------------------------------------------------------------------------------

static mega_status allocate(mega_graph *g, const mega_patch *p) {
    size_t n = p->node_count + 1;
    *g = (mega_graph){.node_count = p->node_count, .phase_count = 1};
    g->voice = calloc(n, sizeof *g->voice);
    g->live = calloc(n, sizeof *g->live);
    g->phase = calloc(n, sizeof *g->phase);
    g->order = calloc(n, sizeof *g->order);
    g->loop = calloc(n, sizeof *g->loop);
    g->first = calloc(n + 1, sizeof *g->first);
    g->cables = calloc(p->cable_count + 1, sizeof *g->cables);
    if (g->voice && g->live && g->phase && g->order && g->loop && g->first && g->cables)
        return MEGA_OK;
    mega_graph_finish(g);
    return MEGA_ERROR_MEMORY;
}

void mega_graph_finish(mega_graph *g) {
    free(g->voice);
    free(g->live);
    free(g->phase);
    free(g->order);
    free(g->loop);
    free(g->first);
    free(g->cables);
    *g = (mega_graph){0};
}

/// Groups the cables by destination: a counting sort by node, then an insertion sort by port, both
/// stable.
static void sort_cables(mega_graph *g, const mega_patch *p) {
    for (size_t i = 0; i < p->cable_count; i++) g->first[p->cables[i].to_node + 1]++;
    for (size_t n = 0; n < p->node_count; n++) g->first[n + 1] += g->first[n];
    for (size_t i = p->cable_count; i-- > 0;) {
        uint32_t n = p->cables[i].to_node;
        // counts down from the end of the node's part; phase is free to hold the count so far
        g->cables[g->first[n + 1] - ++g->phase[n]] = (uint32_t)i;
    }
    memset(g->phase, 0, p->node_count * sizeof *g->phase);
    for (size_t n = 0; n < p->node_count; n++)
        for (uint32_t i = g->first[n] + 1; i < g->first[n + 1]; i++) {
            uint32_t cable = g->cables[i], j = i;
            for (;
                 j > g->first[n] && p->cables[g->cables[j - 1]].to_port > p->cables[cable].to_port;
                 j--)
                g->cables[j] = g->cables[j - 1];
            g->cables[j] = cable;
        }
}

// ---- cycles and order -------------------------------------------------------------------------

typedef struct {
    uint32_t *stack, *next; // nodes under way, and the next cable of each to look at
    uint8_t *colour;        // 0 new, 1 under way, 2 done
    size_t depth, order_count, cycles;
} walk;

static size_t append(char *text, size_t used, const char *a, const char *b, const char *c) {
    size_t room = CYCLE_TEXT_BYTES_MAX - used, bytes = strlen(a) + strlen(b) + strlen(c);
    if (bytes + 1 > room) return used;
    strcpy(text + used, a);
    strcat(text + used, b);
    strcat(text + used, c);
    return used + bytes;
}

/// The stack holds destination before source: the cycle reads from its top down to `node`.
static void report_cycle(const walk *w, const mega_graph *g, const mega_patch *p, uint32_t node,
                         mega_report *report) {
    char text[CYCLE_TEXT_BYTES_MAX] = "";
    size_t used = append(text, 0, p->nodes[node].id, "", "");
    for (size_t d = w->depth; d-- > 0;) {
        const mega_patch_cable_row *cable = cable_in(g, p, w->next[d] - 1);
        const mega_module *from = p->nodes[cable->from_node].module;
        used = append(text, used, ".", from->outputs[cable->from_port].name, " -> ");
        used = append(text, used, p->nodes[w->stack[d]].id, "", "");
        if (w->stack[d] == node) break;
    }
    char path[MEGA_ID_BYTES_MAX + 16] = "nodes.";
    strncat(path, p->nodes[node].id, MEGA_ID_BYTES_MAX);
    mega_report_add(report, MEGA_SEVERITY_ERROR, "cycle", path, 0, 0,
                    "put a `z1` (delays by one frame) or a `feedback` (by one block) into the loop",
                    "cables form a cycle: %s", text);
}

static void visit(walk *w, mega_graph *g, const mega_patch *p, uint32_t root, mega_report *report) {
    if (w->colour[root]) return;
    w->depth = 1;
    w->stack[0] = root;
    w->next[0] = g->first[root];
    w->colour[root] = 1;
    while (w->depth) {
        uint32_t node = w->stack[w->depth - 1];
        if (w->next[w->depth - 1] == g->first[node + 1]) {
            w->colour[node] = 2;
            g->order[w->order_count++] = node;
            w->depth--;
            continue;
        }
        const mega_patch_cable_row *cable = cable_in(g, p, w->next[w->depth - 1]++);
        if (!orders(p, cable)) continue;
        uint32_t source = (uint32_t)cable->from_node;
        if (w->colour[source] == 1) {
            if (w->cycles++ < CYCLES_REPORTED_MAX) report_cycle(w, g, p, source, report);
        } else if (w->colour[source] == 0) {
            w->stack[w->depth] = source;
            w->next[w->depth] = g->first[source];
            w->colour[source] = 1;
            w->depth++;
        }
    }
}

static mega_status sort_nodes(mega_graph *g, const mega_patch *p, mega_report *report) {
    size_t n = p->node_count + 1;
    walk w = {.stack = malloc(n * sizeof *w.stack),
              .next = malloc(n * sizeof *w.next),
              .colour = calloc(n, 1)};
    mega_status status = MEGA_ERROR_MEMORY;
    if (w.stack && w.next && w.colour) {
        for (uint32_t i = 0; i < p->node_count; i++) visit(&w, g, p, i, report);
        status = w.cycles ? MEGA_ERROR_PATCH : MEGA_OK;
    }
    free(w.stack);
    free(w.next);
    free(w.colour);
    return status;
}

// ---- loops ------------------------------------------------------------------------------------

typedef struct {
    uint32_t *stack, *next; // nodes under way, and the next cable of each to look at
    uint32_t *number,
        *lowest;         // by node: when it was found, from 1; the oldest one it leads back to
    uint32_t *open;      // found, but in no component yet
    uint32_t *component; // by node, from 1, sources first; 0: none yet
    uint32_t depth, found, open_count, component_count;
} search;

static void enter(search *s, const mega_graph *g, uint32_t node) {
    s->stack[s->depth] = node;
    s->next[s->depth++] = g->first[node];
    s->number[node] = s->lowest[node] = ++s->found;
    s->open[s->open_count++] = node;
}

static void leave(search *s, uint32_t node) {
    s->depth--;
    if (s->depth && s->lowest[node] < s->lowest[s->stack[s->depth - 1]])
        s->lowest[s->stack[s->depth - 1]] = s->lowest[node];
    if (s->lowest[node] != s->number[node]) return;
    s->component_count++;
    uint32_t member;
    do s->component[member = s->open[--s->open_count]] = s->component_count;
    while (member != node);
}

static void find_components(search *s, const mega_graph *g, const mega_patch *p, uint32_t root) {
    if (s->number[root]) return;
    enter(s, g, root);
    while (s->depth) {
        uint32_t node = s->stack[s->depth - 1];
        if (s->next[s->depth - 1] == g->first[node + 1]) {
            leave(s, node);
            continue;
        }
        const mega_patch_cable_row *cable = cable_in(g, p, s->next[s->depth - 1]++);
        if (!joins(p, cable)) continue;
        uint32_t source = (uint32_t)cable->from_node;
        if (!s->number[source]) enter(s, g, source);
        else if (!s->component[source] && s->number[source] < s->lowest[node])
            s->lowest[node] = s->number[source];
    }
}

static bool feeds_itself(const mega_graph *g, const mega_patch *p, uint32_t node) {
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++)
        if (joins(p, cable_in(g, p, i)) && cable_in(g, p, i)->from_node == (int32_t)node)
            return true;
    return false;
}

/// Components one after the other; within one the order stays as it was, with `z1` for a source.
static void group(search *s, mega_graph *g, const mega_patch *p) {
    size_t n = p->node_count;
    uint32_t *end = s->number, *old = s->open; // no longer needed
    memset(end, 0, (n + 1) * sizeof *end);
    memcpy(old, g->order, n * sizeof *old);
    for (size_t i = 0; i < n; i++) end[s->component[i]]++;
    for (size_t i = 0; i < n; i++)
        if (end[s->component[i]] > 1 || feeds_itself(g, p, (uint32_t)i))
            g->loop[i] = s->component[i];
    for (size_t c = 1; c <= s->component_count; c++) end[c] += end[c - 1];
    for (size_t k = n; k-- > 0;) g->order[--end[s->component[old[k]]]] = old[k];
}

static mega_status find_loops(mega_graph *g, const mega_patch *p) {
    size_t n = p->node_count + 1;
    uint32_t *memory = calloc(6 * n, sizeof *memory);
    if (!memory) return MEGA_ERROR_MEMORY;
    search s = {.stack = memory,
                .next = memory + n,
                .number = memory + 2 * n,
                .lowest = memory + 3 * n,
                .open = memory + 4 * n,
                .component = memory + 5 * n};
    for (uint32_t i = 0; i < p->node_count; i++) find_components(&s, g, p, i);
    group(&s, g, p);
    free(memory);
    return MEGA_OK;
}

size_t mega_graph_run_end(const mega_graph *g, size_t at, size_t count) {
    uint32_t loop = g->loop[g->order[at++]];
    while (loop && at < count && g->loop[g->order[at]] == loop) at++;
    return at;
}

// ---- scopes -----------------------------------------------------------------------------------

static bool is_note(const mega_module *m) { return m->flags & MEGA_NOTE_SOURCE; }

static bool starts_as_voice(const mega_patch_node_row *node) {
    return is_note(node->module) || node->scope == MEGA_SCOPE_VOICE;
}

static bool may_become_voice(const mega_patch_node_row *node) {
    return node->scope == MEGA_SCOPE_INFER && !(node->module->flags & (MEGA_AFTER | MEGA_ONCE));
}

/// Per voice is what depends on a voice; round feedback loops too, hence until nothing changes.
static void infer_scopes(mega_graph *g, const mega_patch *p) {
    for (size_t n = 0; n < p->node_count; n++) g->voice[n] = starts_as_voice(&p->nodes[n]);
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t k = 0; k < p->node_count; k++) {
            uint32_t n = g->order[k];
            if (g->voice[n] || !may_become_voice(&p->nodes[n])) continue;
            for (uint32_t i = g->first[n]; i < g->first[n + 1] && !g->voice[n]; i++) {
                const mega_patch_cable_row *cable = cable_in(g, p, i);
                if (cable->from_node >= 0 && g->voice[cable->from_node])
                    g->voice[n] = changed = true;
            }
        }
    }
}

static mega_status check_scopes(const mega_patch *p, mega_report *report) {
    mega_status status = MEGA_OK;
    for (size_t n = 0; n < p->node_count; n++) {
        const mega_patch_node_row *node = &p->nodes[n];
        char path[MEGA_ID_BYTES_MAX + 16] = "nodes.";
        strncat(path, node->id, MEGA_ID_BYTES_MAX);
        strcat(path, ".scope");
        if (is_note(node->module) && node->scope == MEGA_SCOPE_SHARED) {
            mega_report_add(report, MEGA_SEVERITY_ERROR, "scope", path, 0, 0, "leave `scope` out",
                            "a `note` is always per voice");
            status = MEGA_ERROR_PATCH;
        }
        if (node->module->flags & MEGA_ONCE && node->scope == MEGA_SCOPE_VOICE) {
            mega_report_add(report, MEGA_SEVERITY_ERROR, "scope", path, 0, 0, "leave `scope` out",
                            "`%s` exists once, after the voices", node->module->name);
            status = MEGA_ERROR_PATCH;
        }
    }
    return status;
}

/// One error for a loop in which some nodes are shared and some per voice.
static void report_mixed(const mega_patch *p, uint32_t voice, uint32_t shared,
                         mega_report *report) {
    const mega_patch_node_row *node = &p->nodes[shared];
    char path[MEGA_ID_BYTES_MAX + 16] = "nodes.", hint[MEGA_ID_BYTES_MAX + 96] = "";
    strncat(path, node->id, MEGA_ID_BYTES_MAX);
    strcat(path, ".scope");
    if (!(node->module->flags & MEGA_ONCE))
        snprintf(hint, sizeof hint, "write \"scope\": \"voice\" in `%s`, or ", node->id);
    strcat(hint, "close the loop with a `feedback` (one block)");
    mega_report_add(report, MEGA_SEVERITY_ERROR, "scope", path, 0, 0, hint,
                    "in a loop through `z1` all is per voice or all is shared; here `%s` is per "
                    "voice and `%s` is shared",
                    p->nodes[voice].id, node->id);
}

/// How much it is a shared node's own doing that it is shared: 0, others made it so; 2, it must be.
static int insists(const mega_patch_node_row *node) {
    if (node->module->flags & MEGA_ONCE) return 2;
    return may_become_voice(node) ? 0 : 1;
}

static mega_status check_loops(const mega_graph *g, const mega_patch *p, mega_report *report) {
    mega_status status = MEGA_OK;
    for (size_t k = 0, end; k < p->node_count; k = end) {
        end = mega_graph_run_end(g, k, p->node_count);
        uint32_t voice = UINT32_MAX, shared = UINT32_MAX;
        for (size_t i = k; i < end; i++) {
            uint32_t n = g->order[i];
            if (g->voice[n]) voice = n;
            else if (shared == UINT32_MAX || insists(&p->nodes[n]) > insists(&p->nodes[shared]))
                shared = n;
        }
        if (voice == UINT32_MAX || shared == UINT32_MAX) continue;
        report_mixed(p, voice, shared, report);
        status = MEGA_ERROR_PATCH;
    }
    return status;
}

// ---- what is heard ----------------------------------------------------------------------------

static bool leaves(const mega_module *m) { return m->flags & MEGA_LEAVES; }

/// Marks what reaches an output or a tap; feedback loops want more than one pass, chains do not.
static void mark_live(mega_graph *g, const mega_patch *p, const uint32_t *taps, size_t tap_count) {
    for (size_t n = 0; n < p->node_count; n++) g->live[n] = leaves(p->nodes[n].module);
    for (size_t t = 0; t < tap_count; t++) g->live[taps[t]] = true;
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t k = p->node_count; k-- > 0;) {
            uint32_t n = g->order[k];
            if (!g->live[n]) continue;
            for (uint32_t i = g->first[n]; i < g->first[n + 1]; i++) {
                const mega_patch_cable_row *cable = cable_in(g, p, i);
                if (cable->from_node < 0 || g->live[cable->from_node] || cable->amount == 0)
                    continue;
                g->live[cable->from_node] = changed = true;
            }
        }
    }
}

static void report_unheard(const mega_graph *g, const mega_patch *p, mega_report *report) {
    bool any_output = false;
    for (size_t n = 0; n < p->node_count; n++) any_output |= leaves(p->nodes[n].module);
    for (size_t n = 0; n < p->node_count && any_output; n++) {
        if (g->live[n]) continue;
        char path[MEGA_ID_BYTES_MAX + 16] = "nodes.";
        strncat(path, p->nodes[n].id, MEGA_ID_BYTES_MAX);
        mega_report_add(report, MEGA_SEVERITY_WARNING, "unused", path, 0, 0,
                        "connect it, or remove it", "it reaches no output and is left out");
    }
}

static void keep_live_order(mega_graph *g, const mega_patch *p) {
    for (size_t k = 0; k < p->node_count; k++)
        if (g->live[g->order[k]]) g->order[g->live_count++] = g->order[k];
}

// ---- choices of notes that do not count --------------------------------------------------------

static bool has_knob(const mega_patch *p, uint32_t node, uint32_t port) {
    for (size_t i = 0; i < p->cable_count; i++) {
        const mega_patch_cable_row *cable = &p->cables[i];
        if (cable->from_node < 0 && cable->to_node == node && cable->to_port == port) return true;
    }
    return false;
}

static void report_choices(const mega_patch *p, uint32_t n, const mega_patch_node_row *first,
                           mega_report *report) {
    const mega_patch_node_row *node = &p->nodes[n];
    const mega_module *m = node->module;
    for (uint32_t i = 0; i < m->param_count; i++) {
        bool differs = node->written[i] && node->values[i] != first->values[i];
        if (!m->params[i].at_events || !(differs || has_knob(p, n, m->input_count + i))) continue;
        char path[2 * MEGA_ID_BYTES_MAX + 32], help[MEGA_ID_BYTES_MAX + 32];
        snprintf(path, sizeof path, "nodes.%s.params.%s", node->id, m->params[i].name);
        snprintf(help, sizeof help, "set it at `%s`", first->id);
        mega_report_add(report, MEGA_SEVERITY_WARNING, "unused", path, 0, 0, help,
                        "no effect: `%s` of `%s` rules all voices", m->params[i].name, first->id);
    }
}

/// One `note` rules the voices, the first in order: see `note_node` of a program.
static void report_notes(const mega_graph *g, const mega_patch *p, mega_report *report) {
    const mega_patch_node_row *first = NULL;
    for (size_t k = 0; k < g->live_count; k++) {
        const mega_patch_node_row *node = &p->nodes[g->order[k]];
        if (!is_note(node->module)) continue;
        if (first) report_choices(p, g->order[k], first, report);
        else first = node;
    }
}

// ---- phases -----------------------------------------------------------------------------------

/// The first phase in which the node's sources have been made.
static uint32_t phase_after_sources(const mega_graph *g, const mega_patch *p, uint32_t n) {
    uint32_t latest = 0;
    for (uint32_t i = g->first[n]; i < g->first[n + 1]; i++) {
        const mega_patch_cable_row *cable = cable_in(g, p, i);
        if (!joins(p, cable)) continue;
        uint32_t source = (uint32_t)cable->from_node;
        uint32_t phase = g->phase[source] + (g->voice[source] && !g->voice[n]);
        if (phase > latest) latest = phase;
    }
    return latest;
}

/// A loop is in one phase.
static void find_phases(mega_graph *g, const mega_patch *p) {
    for (size_t k = 0, end; k < g->live_count; k = end) {
        end = mega_graph_run_end(g, k, g->live_count);
        uint32_t phase = 0;
        for (size_t i = k; i < end; i++) {
            uint32_t after = phase_after_sources(g, p, g->order[i]);
            if (after > phase) phase = after;
        }
        for (size_t i = k; i < end; i++) g->phase[g->order[i]] = phase;
        if (phase + 1 > g->phase_count) g->phase_count = phase + 1;
    }
}

mega_status mega_graph_init(mega_graph *g, const mega_patch *p, const uint32_t *taps,
                            size_t tap_count, mega_report *report) {
    mega_status status = allocate(g, p);
    if (status) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
        return status;
    }
    sort_cables(g, p);
    status = check_scopes(p, report);
    mega_status sorted = sort_nodes(g, p, report);
    if (sorted) status = sorted;
    if (status) {
        mega_graph_finish(g);
        return status;
    }
    status = find_loops(g, p);
    if (!status) {
        infer_scopes(g, p);
        status = check_loops(g, p, report);
    }
    if (status) {
        mega_graph_finish(g);
        return status;
    }
    mark_live(g, p, taps, tap_count);
    report_unheard(g, p, report);
    keep_live_order(g, p);
    report_notes(g, p, report);
    find_phases(g, p);
    return MEGA_OK;
}

bool mega_patch_node_per_voice(const mega_patch *patch, size_t index) {
    if (!patch->per_voice) {
        mega_graph g;
        if (mega_graph_init(&g, patch, NULL, 0, NULL)) return false;
        // what follows from a patch is kept with it, though the caller sees it as constant
        ((mega_patch *)patch)->per_voice = g.voice;
        g.voice = NULL;
        mega_graph_finish(&g);
    }
    return patch->per_voice[index];
}
