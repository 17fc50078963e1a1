// SPDX-License-Identifier: MIT
// random_patch -- documents that must load: random nodes of every module in the registry, wired in
// order.
//
// Names, ranges and choices come from the modules' rows, so a new module takes part without a line
// here. Each document has nodes n0, n1 ... and `out`; cables run from lower to higher numbers, but
// into modules that break cycles also backwards: into `z1` over nodes of one scope only, as its
// loops must be. Knobs are k0, k1 ... Levels are kept low enough
// for a listener, not for a proof: filters with self-oscillation and feedback may be loud, and must
// stay finite.
#ifndef RANDOM_PATCH_H
#define RANDOM_PATCH_H

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/module.h"
#include "modules/registry.h"
#include "support/random.h"
#include "support/settable.h"

enum { RANDOM_PATCH_NODES_MAX = 4000, RANDOM_PATCH_KNOBS_MAX = 6 };

typedef struct {
    rng r;
    FILE *text;
    const mega_module *module[RANDOM_PATCH_NODES_MAX + 2];
    bool heard[RANDOM_PATCH_NODES_MAX + 2];  ///< some cable leaves it
    bool scoped[RANDOM_PATCH_NODES_MAX + 2]; ///< its scope does not follow from its sources
    uint32_t node_count;                     ///< with the output, which is the last
    uint32_t knob_count;
    bool has_note, first;
} random_patch_maker;

static inline const mega_module *random_patch_find(const char *name) {
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++)
        if (strcmp(mega_isa_one.modules[i]->name, name) == 0) return mega_isa_one.modules[i];
    return NULL;
}

/// A value of a parameter, spread over its range as a knob would.
static inline float random_patch_value(rng *r, const mega_param_row *p) {
    if (rng_chance(r, 0.05f)) return rng_chance(r, 0.5f) ? p->min : p->max;
    float u = rng_unit(r);
    float v = p->scale == MEGA_EXP && p->min > 0 ? p->min * powf(p->max / p->min, u)
                                                 : p->min + (p->max - p->min) * u;
    return fminf(fmaxf(v, p->min), p->max);
}

static inline void random_patch_comma(random_patch_maker *m) {
    if (!m->first) fputs(", ", m->text);
    m->first = false;
}

static inline void random_patch_knobs(random_patch_maker *m) {
    rng *r = &m->r;
    m->knob_count = rng_below(r, RANDOM_PATCH_KNOBS_MAX + 1);
    fputs("\"knobs\": {", m->text);
    m->first = true;
    for (uint32_t i = 0; i < m->knob_count; i++) {
        random_patch_comma(m);
        fprintf(m->text, "\"k%u\": {\"value\": %.9g", i, (double)rng_unit(r));
        if (rng_chance(r, 0.3f)) {
            bool exponential = rng_chance(r, 0.5f);
            float low = exponential ? rng_between(r, 0.01f, 1) : rng_between(r, -1, 1);
            fprintf(m->text, ", \"range\": [%.9g, %.9g], \"scale\": \"%s\"", (double)low,
                    (double)rng_between(r, 0.01f, 2), exponential ? "exp" : "lin");
        }
        fputs("}", m->text);
    }
    fputs("},\n", m->text);
}

/// A value as a document has it.
static inline void random_patch_param(FILE *text, rng *r, const mega_param_row *row) {
    uint32_t count = 0;
    while (row->choices && row->choices[count]) count++;
    if (strcmp(row->name, "stolen") == 0)
        count = 1; // else more voices alone are heard: notes return
    if (count) fprintf(text, "\"%s\"", row->choices[rng_below(r, count)]);
    else fprintf(text, "%.9g", (double)random_patch_value(r, row));
}

/// Some values of some knobs and nodes.
static inline void random_patch_preset(random_patch_maker *m, uint32_t number) {
    random_patch_comma(m);
    fprintf(m->text, "\n\"p%u\": {\"knobs\": {", number);
    m->first = true;
    for (uint32_t i = 0; i < m->knob_count; i++) {
        if (rng_chance(&m->r, 0.3f)) continue;
        random_patch_comma(m);
        fprintf(m->text, "\"k%u\": %.9g", i, (double)rng_unit(&m->r));
    }
    fputs("}, \"params\": {", m->text);
    m->first = true;
    for (uint32_t n = 0; n + 1 < m->node_count; n++) {
        const mega_module *module = m->module[n];
        if (!settable_params(module) || rng_chance(&m->r, 0.7f)) continue;
        random_patch_comma(m);
        const mega_param_row *row = &module->params[rng_below(&m->r, settable_params(module))];
        fprintf(m->text, "\"n%u\": {\"%s\": ", n, row->name);
        random_patch_param(m->text, &m->r, row);
        fputs("}", m->text);
    }
    fputs("}}", m->text);
    m->first = false;
}

static inline void random_patch_node(random_patch_maker *m, uint32_t index, bool in_array) {
    rng *r = &m->r;
    const mega_module *module = m->module[index];
    char id[16];
    snprintf(id, sizeof id, index + 1 == m->node_count ? "out" : "n%u", index);
    random_patch_comma(m);
    fprintf(m->text, in_array ? "\n{\"id\": \"%s\", " : "\n\"%s\": {", id);
    fprintf(m->text, "\"type\": \"%s\"", module->name);
    m->scoped[index] = module->flags & (MEGA_ONCE | MEGA_AFTER);
    bool fixed = module->op != MEGA_OP_CALL || module->flags & (MEGA_ONCE | MEGA_AFTER) ||
                 index == 0 || strcmp(module->name, "note") == 0;
    if (m->has_note && !fixed && module->memory_lines == 0 && rng_chance(r, 0.06f)) {
        m->scoped[index] = true;
        fprintf(m->text, ", \"scope\": \"%s\"", rng_chance(r, 0.5f) ? "voice" : "shared");
    }
    fputs(", \"params\": {", m->text);
    m->first = true;
    for (uint32_t p = 0; p < settable_params(module); p++) {
        const mega_param_row *row = &module->params[p];
        if (rng_chance(r, 0.5f)) continue;
        random_patch_comma(m);
        fprintf(m->text, "\"%s\": ", row->name);
        random_patch_param(m->text, r, row);
    }
    fputs("}}", m->text);
    m->first = false;
}

/// One cable from a node (or, for a negative one, a knob) into a port.
static inline void random_patch_cable(random_patch_maker *m, int64_t from, const char *output,
                                      uint32_t to, const char *port, float amount, const char *as) {
    random_patch_comma(m);
    if (from < 0) fprintf(m->text, "\n{\"from\": \"k%u\", ", (uint32_t)(-from - 1));
    else fprintf(m->text, "\n{\"from\": [\"n%u\", \"%s\"], ", (uint32_t)from, output);
    if (to + 1 == m->node_count) fprintf(m->text, "\"to\": [\"out\", \"%s\"]", port);
    else fprintf(m->text, "\"to\": [\"n%u\", \"%s\"]", to, port);
    if (from >= 0 && amount != 1) fprintf(m->text, ", \"amount\": %.9g", (double)amount);
    if (as) fprintf(m->text, ", \"as\": \"%s\"", as);
    fputs("}", m->text);
    if (from >= 0) m->heard[from] = true;
}

static inline void random_patch_bend(random_patch_maker *m, int64_t from, const char *output,
                                     uint32_t to, const char *port) {
    float amount = rng_between(&m->r, -3, 3);
    const char *as = rng_chance(&m->r, 0.5f) ? "octaves" : "semitones";
    random_patch_cable(m, from, output, to, port, amount, as);
}

/// The output of the note (node 0) that belongs in a port of that name, or NULL.
static inline const char *random_patch_note_output(const char *port) {
    static const char *const pairs[][2] = {{"freq", "freq"},       {"gate", "gate"},
                                           {"trigger", "trigger"}, {"sync", "trigger"},
                                           {"amp", "velocity"},    {"res", "timbre"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(port, pairs[i][0]) == 0) return pairs[i][1];
    return NULL;
}

/// A node behind a `z1`, so that a loop may close: all between have the scope of their sources.
static inline int64_t random_patch_loop_source(random_patch_maker *m, uint32_t z1) {
    uint32_t end = z1;
    while (end + 1 < m->node_count && end < z1 + 8 && !m->scoped[end]) end++;
    if (end == z1) return -1;
    uint32_t i = z1 + rng_below(&m->r, end - z1);
    return m->module[i]->output_count ? (int64_t)i : -1;
}

/// A node before `to` that has an output; for one that breaks cycles any but the last.
static inline int64_t random_patch_source(random_patch_maker *m, uint32_t to) {
    if (m->module[to]->flags & MEGA_DELAYS_FRAME && rng_chance(&m->r, 0.6f))
        return random_patch_loop_source(m, to);
    bool backwards = m->module[to]->flags & MEGA_DELAYS;
    uint32_t limit = backwards ? m->node_count - 1 : to;
    for (int tries = 0; limit > 0 && tries < 8; tries++) {
        // Near ones more often: chains are longer, and more is heard.
        uint32_t i = rng_chance(&m->r, 0.5f) && !backwards && limit > 3
                         ? limit - 1 - rng_below(&m->r, 3)
                         : rng_below(&m->r, limit);
        // One feedback straight into another, or itself, is legal, but only ever carries silence.
        if (m->module[i]->output_count && !(backwards && m->module[i]->flags & MEGA_DELAYS))
            return i;
    }
    return -1;
}

static inline void random_patch_wire(random_patch_maker *m, uint32_t to) {
    rng *r = &m->r;
    const mega_module *module = m->module[to];
    uint32_t ports = module->input_count + settable_params(module);
    for (uint32_t p = 0; p < ports; p++) {
        bool is_input = p < module->input_count;
        const mega_param_row *row = is_input ? NULL : &module->params[p - module->input_count];
        const char *port = is_input ? module->inputs[p].name : row->name;
        const char *of_note = random_patch_note_output(port);
        if (m->has_note && to > 0 && of_note && rng_chance(r, 0.7f)) {
            random_patch_cable(m, 0, of_note, to, port, 1, NULL);
            if (rng_chance(r, 0.7f)) continue;
        }
        if (!is_input && row->choices && (row->at_events || rng_chance(r, 0.9f))) continue;
        uint32_t cables = is_input              ? rng_below(r, 4)
                          : rng_chance(r, 0.2f) ? 1 + rng_below(r, 2)
                                                : 0;
        for (uint32_t i = 0; i < cables; i++) {
            if (m->knob_count && rng_chance(r, 0.15f)) {
                random_patch_cable(m, -1 - (int64_t)rng_below(r, m->knob_count), NULL, to, port, 1,
                                   NULL);
                continue;
            }
            int64_t from = random_patch_source(m, to);
            if (from < 0) continue;
            const mega_module *source = m->module[from];
            const char *output = source->outputs[rng_below(r, source->output_count)].name;
            if (is_input)
                random_patch_cable(m, from, output, to, port, rng_between(r, -0.7f, 0.7f), NULL);
            else if (row->scale == MEGA_EXP && rng_chance(r, 0.5f))
                random_patch_bend(m, from, output, to, port);
            else
                random_patch_cable(m, from, output, to, port,
                                   rng_between(r, -0.3f, 0.3f) * (row->max - row->min), NULL);
        }
    }
}

/// A document as JSON text, to be freed. The same for the same arguments and registry.
/// @param nodes how many besides `note` and `output`; 0: 1 to 24
static inline char *random_patch(uint64_t seed, uint32_t nodes) {
    static const uint32_t voices[] = {1, 2, 3, 5, 8, 16, 17, 40};
    random_patch_maker *m = calloc(1, sizeof *m);
    assert(m);
    m->r = rng_create(seed);
    rng *r = &m->r;
    if (nodes == 0) nodes = 1 + rng_below(r, 24);
    assert(nodes < RANDOM_PATCH_NODES_MAX);
    const mega_module *note = random_patch_find("note"), *out = random_patch_find("output");
    assert(out);
    m->has_note = note && rng_chance(r, 0.85f);
    if (m->has_note) m->module[m->node_count++] = note;
    while (m->node_count < nodes + m->has_note) {
        const mega_module *module = mega_isa_one.modules[rng_below(r, MEGA_MODULE_COUNT)];
        if (rng_chance(r, 0.05f)) module = random_patch_find("z1"); // more loops than by chance
        // A second note source is legal; outputs are summed at the end.
        if (module != out && (module != note || (m->has_note && rng_chance(r, 0.2f))))
            m->module[m->node_count++] = module;
    }
    m->module[m->node_count++] = out;

    char *json = NULL;
    size_t bytes = 0;
    m->text = open_memstream(&json, &bytes);
    assert(m->text);
    fprintf(m->text, "{\"name\": \"random %llu\", \"voices\": %u,\n", (unsigned long long)seed,
            voices[rng_below(r, sizeof voices / sizeof *voices)]);
    random_patch_knobs(m);
    bool in_array = rng_chance(r, 0.3f);
    fprintf(m->text, "\"nodes\": %c", in_array ? '[' : '{');
    m->first = true;
    for (uint32_t i = 0; i < m->node_count; i++) random_patch_node(m, i, in_array);
    fprintf(m->text, "%c,\n\"connections\": [", in_array ? ']' : '}');
    m->first = true;
    uint32_t last = m->node_count - 1;
    for (uint32_t i = 0; i < last; i++) random_patch_wire(m, i);
    // Whatever leads nowhere is heard, but for a few that the compiler is to drop.
    for (uint32_t i = 0; i < last; i++) {
        const mega_module *source = m->module[i];
        if (m->heard[i] || !source->output_count || rng_chance(r, 0.1f)) continue;
        const char *output = source->outputs[rng_below(r, source->output_count)].name;
        const char *port = out->inputs[rng_below(r, out->input_count)].name;
        random_patch_cable(m, i, output, last, port, 0.1f, NULL);
    }
    fputs("],\n\"presets\": {", m->text);
    m->first = true;
    for (uint32_t i = rng_below(r, 4); i > 0; i--) random_patch_preset(m, i);
    fputs("}}\n", m->text);
    fclose(m->text);
    free(m);
    return json;
}

#endif
