// SPDX-License-Identifier: MIT
// sounding_edit -- what a player does to a patch that sounds, as lists of operations: a module put
// into a cable, one taken out, a new source, cables, amounts, values, knobs, other modules, voices.
//
// Lists are drawn until one is right and its patch compiles; see random_edit.h for wrong ones.
#ifndef SOUNDING_EDIT_H
#define SOUNDING_EDIT_H

#include <jansson.h>

#include "support/random_edit.h"

typedef enum {
    SOUNDING_INSERT,
    SOUNDING_SOURCE,
    SOUNDING_CONNECT,
    SOUNDING_DISCONNECT,
    SOUNDING_REMOVE,
    SOUNDING_BYPASS,
    SOUNDING_REPLACE,
    SOUNDING_AMOUNT,
    SOUNDING_PARAM,
    SOUNDING_KNOB,
    SOUNDING_VOICES,
    SOUNDING_ANY,
    SOUNDING_KINDS
} sounding_kind;

static const char *const sounding_names[SOUNDING_KINDS] = {
    "insert",  "source", "connect", "disconnect", "remove", "bypass",
    "replace", "amount", "param",   "knob",       "voices", "any",
};

/// A module that has what is asked for.
static inline const mega_module *sounding_module(rng *r, bool with_input) {
    for (;;) {
        const mega_module *m = mega_isa_one.modules[rng_below(r, MEGA_MODULE_COUNT)];
        if (m->output_count && m->op == MEGA_OP_CALL && (!with_input || m->input_count)) return m;
    }
}

/// A cable between nodes, or NULL.
static inline const mega_patch_cable_row *sounding_cable(rng *r, const mega_patch *p) {
    for (int tries = 0; p->cable_count && tries < 20; tries++) {
        const mega_patch_cable_row *c = &p->cables[rng_below(r, (uint32_t)p->cable_count)];
        if (c->from_node >= 0) return c;
    }
    return NULL;
}

static inline void sounding_add(random_edit_maker *m, const char *id, const mega_module *module) {
    fprintf(m->text, "{\"op\": \"add\", \"id\": \"%s\", \"type\": \"%s\"", id, module->name);
    random_edit_params(m, module);
    fputs("}", m->text);
}

/// A module in the place of a cable.
static inline void sounding_insert(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    const mega_patch_cable_row *c = sounding_cable(m->r, p);
    if (!c) return;
    const mega_module *module = sounding_module(m->r, true);
    const mega_patch_node_row *from = &p->nodes[c->from_node], *to = &p->nodes[c->to_node];
    char id[16];
    snprintf(id, sizeof id, "i%u", rng_below(m->r, 100000));
    sounding_add(m, id, module);
    fprintf(m->text,
            ", {\"op\": \"connect\", \"from\": [\"%s\", \"%s\"], \"to\": [\"%s\", \"%s\"]}",
            from->id, from->module->outputs[c->from_port].name, id, module->inputs[0].name);
    fprintf(m->text,
            ", {\"op\": \"connect\", \"from\": [\"%s\", \"%s\"], \"to\": [\"%s\", \"%s\"], "
            "\"amount\": %.9g, \"as\": \"%s\"}, {\"op\": \"disconnect\"",
            id, module->outputs[0].name, to->id, mega_port_name(to->module, c->to_port),
            (double)c->amount, mega_cable_as_name(c->as));
    random_edit_ends(m, c);
    fputs("}", m->text);
}

/// A new module that is heard in an input of an old one.
static inline void sounding_source(random_edit_maker *m) {
    const mega_module *module = sounding_module(m->r, false);
    const mega_patch_node_row *to = random_edit_node(m);
    if (!to->module->input_count) return;
    char id[16];
    snprintf(id, sizeof id, "s%u", rng_below(m->r, 100000));
    sounding_add(m, id, module);
    fprintf(m->text,
            ", {\"op\": \"connect\", \"from\": [\"%s\", \"%s\"], \"to\": [\"%s\", \"%s\"], "
            "\"amount\": %.9g}",
            id, module->outputs[rng_below(m->r, module->output_count)].name, to->id,
            to->module->inputs[rng_below(m->r, to->module->input_count)].name,
            (double)rng_between(m->r, 0.05f, 0.5f));
}

/// A node goes; what fed it feeds what it fed.
static inline void sounding_bypass(random_edit_maker *m) {
    const mega_patch *p = m->patch;
    const mega_patch_cable_row *out = sounding_cable(m->r, p), *in = NULL;
    for (size_t i = 0; out && i < p->cable_count; i++)
        if (p->cables[i].to_node == (uint32_t)out->from_node && p->cables[i].from_node >= 0)
            in = &p->cables[i];
    if (!in) return;
    const mega_patch_node_row *from = &p->nodes[in->from_node], *to = &p->nodes[out->to_node];
    fprintf(m->text,
            "{\"op\": \"remove\", \"id\": \"%s\"}, {\"op\": \"connect\", \"from\": [\"%s\", "
            "\"%s\"], \"to\": [\"%s\", \"%s\"], \"amount\": %.9g}",
            p->nodes[out->from_node].id, from->id, from->module->outputs[in->from_port].name,
            to->id, mega_port_name(to->module, out->to_port), (double)out->amount);
}

static inline void sounding_replace(random_edit_maker *m) {
    const mega_patch_node_row *node = random_edit_node(m);
    if (node->module->op != MEGA_OP_CALL || node->module->flags & MEGA_NOTE_SOURCE) return;
    const mega_module *module = sounding_module(m->r, node->module->input_count > 0);
    fprintf(m->text, "{\"op\": \"replace\", \"id\": \"%s\", \"type\": \"%s\"}", node->id,
            module->name);
}

static inline void sounding_param(random_edit_maker *m) {
    const mega_patch_node_row *node = random_edit_node(m);
    if (!settable_params(node->module)) return;
    const mega_param_row *row =
        &node->module->params[rng_below(m->r, settable_params(node->module))];
    fprintf(m->text, "{\"op\": \"set\", \"id\": \"%s\", \"param\": \"%s\", \"value\": ", node->id,
            row->name);
    random_patch_param(m->text, m->r, row);
    fputs("}", m->text);
}

static inline void sounding_operation(random_edit_maker *m, sounding_kind kind) {
    const mega_patch *p = m->patch;
    switch (kind) {
    case SOUNDING_INSERT: sounding_insert(m); break;
    case SOUNDING_SOURCE: sounding_source(m); break;
    case SOUNDING_CONNECT:
        fputs("{\"op\": \"connect\"", m->text);
        random_edit_connect(m);
        fputs("}", m->text);
        break;
    case SOUNDING_DISCONNECT:
        fputs("{\"op\": \"disconnect\"", m->text);
        random_edit_cable(m);
        fputs("}", m->text);
        break;
    case SOUNDING_REMOVE:
        fprintf(m->text, "{\"op\": \"remove\", \"id\": \"%s\"}", random_edit_node(m)->id);
        break;
    case SOUNDING_BYPASS: sounding_bypass(m); break;
    case SOUNDING_REPLACE: sounding_replace(m); break;
    case SOUNDING_AMOUNT:
        fputs("{\"op\": \"set\"", m->text);
        random_edit_cable(m);
        fprintf(m->text, ", \"amount\": %.9g}", (double)rng_between(m->r, -1, 1));
        break;
    case SOUNDING_PARAM: sounding_param(m); break;
    case SOUNDING_KNOB:
        if (!p->knob_count) break;
        fprintf(m->text, "{\"op\": \"knob\", \"id\": \"%s\", \"value\": %.9g}",
                p->knobs[rng_below(m->r, (uint32_t)p->knob_count)].id, (double)rng_unit(m->r));
        break;
    case SOUNDING_VOICES:
        fprintf(m->text, "{\"op\": \"voices\", \"count\": %u}", 1 + rng_below(m->r, 40));
        break;
    default: break;
    }
}

/// Notes that sound can only go on where there is a note and an output still.
static inline bool sounding_keeps(const mega_patch *before, const mega_patch *after) {
    bool notes[2] = {false, false}, outputs[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        const mega_patch *p = i ? after : before;
        for (size_t n = 0; n < p->node_count; n++) {
            notes[i] = notes[i] || strcmp(p->nodes[n].module->name, "note") == 0;
            outputs[i] = outputs[i] || strcmp(p->nodes[n].module->name, "output") == 0;
        }
    }
    return notes[0] == notes[1] && outputs[0] == outputs[1];
}

/// An edit that is right. @param kind receives what it is @param list to be freed
/// @return the patch that it leads to, to be destroyed
static inline mega_patch *sounding_edit(rng *r, const mega_patch *before, sounding_kind *kind,
                                        char **list) {
    for (;;) {
        size_t bytes = 0;
        random_edit_maker m = {.r = r, .patch = before, .text = open_memstream(list, &bytes)};
        *kind = (sounding_kind)rng_below(r, SOUNDING_KINDS);
        fputs("[", m.text);
        if (*kind == SOUNDING_ANY) {
            char *operation = random_edit(r, before);
            fputs(operation, m.text);
            free(operation);
        } else {
            sounding_operation(&m, *kind);
        }
        fputs("]", m.text);
        fclose(m.text);
        mega_patch *after =
            bytes > 2 ? mega_patch_edit(before, *list, bytes, MEGA_FORMAT_JSON, NULL, NULL) : NULL;
        if (after && sounding_keeps(before, after) && !mega_patch_check(after, NULL)) return after;
        mega_patch_destroy(after);
        free(*list);
        *list = NULL;
    }
}

#endif
