// SPDX-License-Identifier: MIT
// graph -- cycles, scopes, what is heard, order, phases; see graph.h.
#include "graph.h"

#include <stdlib.h>
#include <string.h>

enum {
    CYCLES_REPORTED_MAX = 16,    // a tangle has exponentially many; these show where to begin
    CYCLE_TEXT_BYTES_MAX = 1024, // longer paths are cut in the middle of the text
};

static const mega_patch_cable_row *cable_in(const mega_graph *g, const mega_patch *p, uint32_t i) {
    return &p->cables[g->cables[i]];
}

/// True where the cable's source must be computed before its destination.
static bool orders(const mega_patch *p, const mega_patch_cable_row *cable) {
    return cable->from_node >= 0 && !(p->nodes[cable->to_node].module->flags & MEGA_DELAYS);
}

// ---- tables -----------------------------------------------------------------------------------

static mega_status allocate(mega_graph *g, const mega_patch *p) {
    size_t n = p->node_count + 1;
    *g = (mega_graph){.node_count = p->node_count, .phase_count = 1};
    g->voice = calloc(n, sizeof *g->voice);
    g->live = calloc(n, sizeof *g->live);
    g->phase = calloc(n, sizeof *g->phase);
    g->order = calloc(n, sizeof *g->order);
    g->first = calloc(n + 1, sizeof *g->first);
    g->cables = calloc(p->cable_count + 1, sizeof *g->cables);
    if (g->voice && g->live && g->phase && g->order && g->first && g->cables) return MEGA_OK;
    mega_graph_finish(g);
    return MEGA_ERROR_MEMORY;
}

void mega_graph_finish(mega_graph *g) {
    free(g->voice);
    free(g->live);
    free(g->phase);
    free(g->order);
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
                    "put a `feedback` node (one block of delay) into the loop",
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

// ---- scopes -----------------------------------------------------------------------------------

static bool is_note(const mega_module *m) { return strcmp(m->name, "note") == 0; }

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

// ---- phases -----------------------------------------------------------------------------------

static void find_phases(mega_graph *g, const mega_patch *p) {
    for (size_t k = 0; k < g->live_count; k++) {
        uint32_t n = g->order[k];
        for (uint32_t i = g->first[n]; i < g->first[n + 1]; i++) {
            const mega_patch_cable_row *cable = cable_in(g, p, i);
            if (!orders(p, cable)) continue;
            uint32_t source = (uint32_t)cable->from_node;
            uint32_t phase = g->phase[source] + (g->voice[source] && !g->voice[n]);
            if (phase > g->phase[n]) g->phase[n] = phase;
        }
        if (g->phase[n] + 1 > g->phase_count) g->phase_count = g->phase[n] + 1;
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
    infer_scopes(g, p);
    mark_live(g, p, taps, tap_count);
    report_unheard(g, p, report);
    keep_live_order(g, p);
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
