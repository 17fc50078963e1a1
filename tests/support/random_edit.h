// SPDX-License-Identifier: MIT
// random_edit -- operations on a patch, as JSON text: most of them right, some of them wrong.
#ifndef RANDOM_EDIT_H
#define RANDOM_EDIT_H

#include <jansson.h>
#include <math.h>

#include "document/patch.h"
#include "support/random_patch.h"

typedef struct {
    rng *r;
    const mega_patch *patch;
    FILE *text;
} random_edit_maker;

static inline const mega_patch_node_row *random_edit_node(random_edit_maker *m) {
    return &m->patch->nodes[rng_below(m->r, (uint32_t)m->patch->node_count)];
}

static inline void random_edit_params(random_edit_maker *m, const mega_module *module) {
    bool first = true;
    fputs(", \"params\": {", m->text);
    for (uint32_t i = 0; i < settable_params(module); i++) {
        if (!rng_chance(m->r, 0.3f)) continue;
        fprintf(m->text, "%s\"%s\": ", first ? "" : ", ", module->params[i].name);
        random_patch_param(m->text, m->r, &module->params[i]);
        first = false;
    }
    fputs("}", m->text);
}

static inline void random_edit_extra(random_edit_maker *m, const json_t *extra) {
    static const char *const values[] = {"null", "[1, 2.5]", "{\"x\": -3}", "\"red\"", "true"};
    uint32_t key = rng_below(m->r, 3);
    char name[] = {'x', '-', (char)('a' + key), 0};
    fprintf(m->text, ", \"%s\": %s", name, values[rng_below(m->r, 5)]);
    name[2] = (char)('a' + (key + 1) % 3);
    if (json_object_get(extra, name)) fprintf(m->text, ", \"unset\": [\"%s\"]", name);
}

static inline void random_edit_at(random_edit_maker *m, size_t count) {
    if (rng_chance(m->r, 0.4f))
        fprintf(m->text, ", \"at\": %u", rng_below(m->r, (uint32_t)count + 1));
}

static inline void random_edit_ends(random_edit_maker *m, const mega_patch_cable_row *c) {
    const mega_patch *p = m->patch;
    if (c->from_node < 0) fprintf(m->text, ", \"from\": \"%s\"", p->knobs[c->from_port].id);
    else
        fprintf(m->text, ", \"from\": [\"%s\", \"%s\"]", p->nodes[c->from_node].id,
                p->nodes[c->from_node].module->outputs[c->from_port].name);
    fprintf(m->text, ", \"to\": [\"%s\", \"%s\"]", p->nodes[c->to_node].id,
            mega_port_name(p->nodes[c->to_node].module, c->to_port));
}

/// A cable that there is, with `nth` where it has twins. @return false if there is none
static inline bool random_edit_cable(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    if (!p->cable_count) return false;
    const mega_patch_cable_row *c = &p->cables[rng_below(m->r, (uint32_t)p->cable_count)];
    uint32_t twins = 0;
    for (size_t i = 0; i < p->cable_count; i++)
        twins += p->cables[i].from_node == c->from_node && p->cables[i].to_node == c->to_node &&
                 p->cables[i].from_port == c->from_port && p->cables[i].to_port == c->to_port;
    random_edit_ends(m, c);
    if (twins > 1) fprintf(m->text, ", \"nth\": %u", rng_below(m->r, twins));
    return true;
}

static inline void random_edit_connect(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    mega_patch_cable_row c = {.from_node = (int32_t)rng_below(m->r, (uint32_t)p->node_count),
                              .to_node = rng_below(m->r, (uint32_t)p->node_count)};
    if (rng_chance(m->r, 0.2f)) // a `z1` may close a loop
        for (uint32_t n = 0; n < p->node_count; n++)
            if (p->nodes[n].module->flags & MEGA_DELAYS_FRAME) c.to_node = n;
    const mega_module *from = p->nodes[c.from_node].module, *to = p->nodes[c.to_node].module;
    if (p->knob_count && (rng_chance(m->r, 0.2f) || !from->output_count)) {
        c.from_node = -1;
        c.from_port = rng_below(m->r, (uint32_t)p->knob_count);
    } else if (from->output_count) {
        c.from_port = rng_below(m->r, from->output_count);
    } else {
        return;
    }
    if (mega_port_count(to) == 0) return;
    c.to_port = rng_below(m->r, mega_port_count(to));
    if (c.to_port >= to->input_count && to->params[c.to_port - to->input_count].at_events)
        c.to_port = 0; // takes no signal
    random_edit_ends(m, &c);
    if (rng_chance(m->r, 0.5f))
        fprintf(m->text, ", \"amount\": %.9g", (double)rng_between(m->r, -2, 2));
    if (rng_chance(m->r, 0.2f)) fputs(", \"as\": \"octaves\"", m->text);
    if (rng_chance(m->r, 0.2f)) fputs(", \"x-c\": [0]", m->text);
    random_edit_at(m, p->cable_count);
}

static inline void random_edit_set_node(random_edit_maker *m) {
    const mega_patch_node_row *node = random_edit_node(m);
    fprintf(m->text, ", \"id\": \"%s\"", node->id);
    uint32_t what = rng_below(m->r, 4);
    if (what == 0) {
        static const char *const scopes[] = {"\"voice\"", "\"shared\"", "null"};
        fprintf(m->text, ", \"scope\": %s", scopes[rng_below(m->r, 3)]);
    }
    if (what == 1) random_edit_extra(m, node->extra);
    if (what < 2 || !settable_params(node->module)) return;
    const mega_param_row *row =
        &node->module->params[rng_below(m->r, settable_params(node->module))];
    fprintf(m->text, ", \"param\": \"%s\"", row->name);
    if (rng_chance(m->r, 0.3f)) return;
    fputs(", \"value\": ", m->text);
    random_patch_param(m->text, m->r, row);
}

static inline void random_edit_knob(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    rng *r = m->r;
    const mega_patch_knob_row *knob = p->knob_count && rng_chance(r, 0.6f)
                                          ? &p->knobs[rng_below(r, (uint32_t)p->knob_count)]
                                          : NULL;
    if (knob) fprintf(m->text, ", \"id\": \"%s\"", knob->id);
    else fprintf(m->text, ", \"id\": \"k%u\"", 10 + rng_below(r, 1000));
    if (rng_chance(r, 0.7f)) fprintf(m->text, ", \"value\": %.9g", (double)rng_unit(r));
    if (rng_chance(r, 0.3f))
        fprintf(m->text, ", \"range\": [%.9g, %.9g]", (double)rng_between(r, 0.1f, 1),
                (double)rng_between(r, -0.1f, 9));
    else if (rng_chance(r, 0.2f)) fputs(", \"range\": null", m->text);
    static const char *const scales[] = {"\"lin\"", "\"exp\"", "null"};
    if (rng_chance(r, 0.3f)) fprintf(m->text, ", \"scale\": %s", scales[rng_below(r, 3)]);
    static const char *const units[] = {"\"Hz\"", "\"\"", "null", "\"\\u00b5s \\\"x\\\"\""};
    if (rng_chance(r, 0.3f)) fprintf(m->text, ", \"unit\": %s", units[rng_below(r, 4)]);
    if (rng_chance(r, 0.3f)) random_edit_extra(m, knob ? knob->extra : NULL);
    if (!knob) random_edit_at(m, p->knob_count);
}

static inline const char *random_edit_preset_id(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    return p->preset_count ? p->presets[rng_below(m->r, (uint32_t)p->preset_count)].id : "none";
}

static inline void random_edit_preset_params(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    bool first = true;
    fputs(", \"params\": {", m->text);
    for (size_t n = 0; n < p->node_count; n++) {
        const mega_module *module = p->nodes[n].module;
        if (!settable_params(module) || rng_chance(m->r, 0.5f)) continue;
        const mega_param_row *row = &module->params[rng_below(m->r, settable_params(module))];
        fprintf(m->text, "%s\"%s\": {\"%s\": ", first ? "" : ", ", p->nodes[n].id, row->name);
        random_patch_param(m->text, m->r, row);
        fputs("}", m->text);
        first = false;
    }
    fputs("}", m->text);
}

static inline void random_edit_preset(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    bool old = p->preset_count && rng_chance(m->r, 0.5f);
    const char *id = random_edit_preset_id(m);
    if (old) fprintf(m->text, ", \"id\": \"%s\"", id);
    else fprintf(m->text, ", \"id\": \"p%u\"", 10 + rng_below(m->r, 1000));
    if (rng_chance(m->r, 0.6f)) {
        bool first = true;
        fputs(", \"knobs\": {", m->text);
        for (size_t k = 0; k < p->knob_count; k++) {
            if (rng_chance(m->r, 0.4f)) continue;
            fprintf(m->text, "%s\"%s\": %.9g", first ? "" : ", ", p->knobs[k].id,
                    (double)rng_unit(m->r));
            first = false;
        }
        fputs("}", m->text);
    }
    if (rng_chance(m->r, 0.6f)) random_edit_preset_params(m);
    if (rng_chance(m->r, 0.3f)) fprintf(m->text, ", \"doc\": \"d%u\"", rng_below(m->r, 9));
    if (rng_chance(m->r, 0.3f))
        random_edit_extra(m, old ? p->presets[mega_preset_find(p, id)].extra : NULL);
    if (!old) random_edit_at(m, p->preset_count);
}

static inline void random_edit_move(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    size_t count = p->node_count;
    uint32_t what = rng_below(m->r, 4);
    if (what == 3 && p->preset_count) {
        fprintf(m->text, ", \"preset\": \"%s\"", random_edit_preset_id(m));
        count = p->preset_count;
    } else if (what == 0 && p->knob_count) {
        fprintf(m->text, ", \"knob\": \"%s\"",
                p->knobs[rng_below(m->r, (uint32_t)p->knob_count)].id);
        count = p->knob_count;
    } else if (what == 1 && random_edit_cable(m)) {
        count = p->cable_count;
    } else {
        fprintf(m->text, ", \"id\": \"%s\"", random_edit_node(m)->id);
    }
    fprintf(m->text, ", \"at\": %u", rng_below(m->r, (uint32_t)count));
}

static inline void random_edit_rename(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    if (p->preset_count && rng_chance(m->r, 0.2f))
        fprintf(m->text, ", \"preset\": \"%s\"", random_edit_preset_id(m));
    else if (p->knob_count && rng_chance(m->r, 0.3f))
        fprintf(m->text, ", \"knob\": \"%s\"",
                p->knobs[rng_below(m->r, (uint32_t)p->knob_count)].id);
    else fprintf(m->text, ", \"id\": \"%s\"", random_edit_node(m)->id);
    fprintf(m->text, ", \"to\": \"r%u\"", rng_below(m->r, 1000));
}

static inline void random_edit_document(random_edit_maker *m) {
    static const char *const rates[] = {"48000", "44100", "null"};
    if (rng_chance(m->r, 0.5f)) fprintf(m->text, ", \"sampleRate\": %s", rates[rng_below(m->r, 3)]);
    if (rng_chance(m->r, 0.3f)) fputs(", \"channels\": 4", m->text);
    if (rng_chance(m->r, 0.5f)) random_edit_extra(m, m->patch->extra);
}

static const char *const random_edit_names[] = {
    "add",     "remove",  "replace", "rename",     "set",    "set",    "set",
    "connect", "connect", "connect", "disconnect", "set",    "knob",   "unknob",
    "voices",  "name",    "move",    "set",        "preset", "preset", "unpreset",
};

/// One operation, to be freed. @param patch what it is meant for; has a node
static inline char *random_edit(rng *r, const mega_patch *patch) {
    char *json = NULL;
    size_t bytes = 0;
    random_edit_maker maker = {.r = r, .patch = patch, .text = open_memstream(&json, &bytes)};
    random_edit_maker *m = &maker;
    uint32_t kind = rng_below(r, sizeof random_edit_names / sizeof *random_edit_names);
    const mega_module *module = mega_isa_one.modules[rng_below(r, MEGA_MODULE_COUNT)];
    fprintf(m->text, "{\"op\": \"%s\"", random_edit_names[kind]);
    switch (kind) {
    case 0:
        fprintf(m->text, ", \"id\": \"a%u\", \"type\": \"%s\"", rng_below(r, 1000), module->name);
        random_edit_params(m, module);
        if (rng_chance(r, 0.3f)) fputs(", \"x-a\": {\"y\": 1}", m->text);
        if (rng_chance(r, 0.2f)) fputs(", \"scope\": \"shared\"", m->text);
        random_edit_at(m, patch->node_count);
        break;
    case 1: fprintf(m->text, ", \"id\": \"%s\"", random_edit_node(m)->id); break;
    case 2:
        fprintf(m->text, ", \"id\": \"%s\", \"type\": \"%s\"", random_edit_node(m)->id,
                module->name);
        if (rng_chance(r, 0.5f)) random_edit_params(m, module);
        break;
    case 3: random_edit_rename(m); break;
    case 4:
    case 5:
    case 6: random_edit_set_node(m); break;
    case 7:
    case 8:
    case 9: random_edit_connect(m); break;
    case 10: random_edit_cable(m); break;
    case 11:
        if (random_edit_cable(m) && rng_chance(r, 0.3f)) random_edit_extra(m, NULL);
        fprintf(m->text, ", \"amount\": %.9g", (double)rng_between(r, -9, 9));
        if (rng_chance(r, 0.3f)) fputs(", \"as\": \"semitones\"", m->text);
        break;
    case 12: random_edit_knob(m); break;
    case 13:
        if (patch->knob_count)
            fprintf(m->text, ", \"id\": \"%s\"",
                    patch->knobs[rng_below(r, (uint32_t)patch->knob_count)].id);
        break;
    case 14: fprintf(m->text, ", \"count\": %u", 1 + rng_below(r, 64)); break;
    case 15: fprintf(m->text, ", \"name\": \"n%u\"", rng_below(r, 100)); break;
    case 16: random_edit_move(m); break;
    case 18:
    case 19: random_edit_preset(m); break;
    case 20: fprintf(m->text, ", \"id\": \"%s\"", random_edit_preset_id(m)); break;
    default: random_edit_document(m); break;
    }
    fputs("}", m->text);
    fclose(m->text);
    return json;
}

#endif
