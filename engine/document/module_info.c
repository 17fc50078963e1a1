// SPDX-License-Identifier: MIT
// module_info -- the modules' rows as the public structs that hosts read.
#include <string.h>

#include "document/formats/formats.h"
#include "megasynth.h"
#include "modules/registry.h"

// ---- the list ---------------------------------------------------------------------------------

size_t mega_module_count(void) { return MEGA_MODULE_COUNT; }

/// Categories in the order of listings; modules of any other come last.
static const struct {
    const char *name, *heading;
} categories[] = {{"source", "Sources"},  {"control", "Control"}, {"filter", "Filters"},
                  {"math", "Arithmetic"}, {"effect", "Effects"},  {"io", "In and out"},
                  {"", "Others"}};
enum { CATEGORY_LAST = sizeof categories / sizeof *categories - 1 };

static size_t category_of(const mega_module *m) {
    size_t c = 0;
    while (c < CATEGORY_LAST && strcmp(m->category, categories[c].name) != 0) c++;
    return c;
}

const mega_module *mega_module_get(size_t index) {
    for (size_t c = 0; c <= CATEGORY_LAST; c++)
        for (size_t i = 0; i < MEGA_MODULE_COUNT; i++)
            if (category_of(mega_isa_one.modules[i]) == c && index-- == 0)
                return mega_isa_one.modules[i];
    return NULL;
}

const mega_module *mega_module_find(const char *name) {
    for (size_t i = 0; i < MEGA_MODULE_COUNT; i++)
        if (strcmp(mega_isa_one.modules[i]->name, name) == 0) return mega_isa_one.modules[i];
    return NULL;
}

// ---- words ------------------------------------------------------------------------------------

const char *mega_scale_name(mega_scale scale) { return scale == MEGA_EXP ? "exp" : "lin"; }

const char *mega_smoothing_name(mega_smoothing smoothing) {
    if (smoothing == MEGA_SMOOTH_COSINE) return "cosine";
    return smoothing == MEGA_SMOOTH_EXP ? "exp" : "none";
}

/// Where a node of this module lives unless the document says otherwise.
static const char *scope_name(const mega_module *m) {
    if (m->flags & MEGA_ONCE) return "once";
    return m->flags & MEGA_AFTER ? "after" : "inferred";
}

// ---- rows -------------------------------------------------------------------------------------

mega_module_info mega_module_describe(const mega_module *m) {
    if (!m) return (mega_module_info){0};
    return (mega_module_info){
        .name = m->name,
        .category = m->category,
        .heading = categories[category_of(m)].heading,
        .doc = m->doc,
        .scope = scope_name(m),
        .input_count = m->input_count,
        .param_count = m->param_count,
        .output_count = m->output_count,
        .pure = m->flags & MEGA_PURE,
        .delays = m->flags & MEGA_DELAYS,
        .delays_frame = m->flags & MEGA_DELAYS_FRAME,
        .note = m->flags & MEGA_NOTE_SOURCE,
        .memory_seconds = m->memory_lines ? mega_float_decimal(m->memory_seconds) : 0,
        .tail_seconds = mega_float_decimal(m->tail_seconds),
    };
}

static mega_port_info port_info(const mega_input_row *rows, uint32_t count, size_t index) {
    if (index >= count) return (mega_port_info){0};
    return (mega_port_info){rows[index].name, rows[index].doc};
}

mega_port_info mega_module_input(const mega_module *m, size_t index) {
    return m ? port_info(m->inputs, m->input_count, index) : (mega_port_info){0};
}

mega_port_info mega_module_output(const mega_module *m, size_t index) {
    return m ? port_info(m->outputs, m->output_count, index) : (mega_port_info){0};
}

mega_param_info mega_module_param(const mega_module *m, size_t index) {
    if (!m || index >= m->param_count) return (mega_param_info){0};
    const mega_param_row *p = &m->params[index];
    mega_param_info info = {
        .name = p->name,
        .doc = p->doc,
        .unit = p->unit ? p->unit : "",
        .min = mega_float_decimal(p->min),
        .max = mega_float_decimal(p->max),
        .initial = mega_float_decimal(p->initial),
        .scale = p->scale,
        .smoothing = p->smoothing,
        .smooth_ms = p->smoothing == MEGA_SMOOTH_NONE ? 0 : mega_float_decimal(p->smooth_ms),
        .choices = p->choices,
        .fixed = p->fixed,
    };
    while (p->choices && p->choices[info.choice_count]) info.choice_count++;
    return info;
}

bool mega_module_param_named(const mega_module *m, const char *name, mega_param_info *info) {
    for (size_t i = 0; m && i < m->param_count; i++) {
        if (strcmp(m->params[i].name, name) != 0) continue;
        *info = mega_module_param(m, i);
        return true;
    }
    return false;
}
