// SPDX-License-Identifier: MIT
// patch -- the patch as data: its copy, its end, the two values that a caller may override, and
// what it tells of itself.
#include "document/patch.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "document/formats/sections.h"

MEGA_CONTROL void mega_patch_destroy(mega_patch *patch) {
    if (!patch) return;
    for (size_t i = 0; i < mega_section_count; i++) mega_section_finish(mega_sections[i], patch);
    json_decref(patch->extra);
    free(patch->per_voice);
    free(patch->name);
    free(patch);
}

bool mega_copy_bytes(void *to, const void *from, size_t bytes) {
    void *copy = malloc(bytes ? bytes : 1);
    if (copy && bytes) memcpy(copy, from, bytes); // `from` may be NULL then
    *(void **)to = copy;
    return copy != NULL;
}

bool mega_copy_text(char **to, const char *from) {
    return mega_copy_bytes(to, from, strlen(from) + 1);
}

json_t *mega_copy_extra(json_t *extra, bool *ok) {
    json_t *copy = json_deep_copy(extra);
    if (extra && !copy) *ok = false;
    return copy;
}

mega_patch *mega_patch_clone(const mega_patch *patch) {
    mega_patch *copy = calloc(1, sizeof *copy);
    if (!copy) return NULL;
    bool ok = mega_copy_text(&copy->name, patch->name);
    copy->voices = patch->voices;
    copy->rate_hint = patch->rate_hint;
    copy->channels = patch->channels;
    copy->extra = mega_copy_extra(patch->extra, &ok);
    for (size_t i = 0; ok && i < mega_section_count; i++)
        ok = mega_section_copy(mega_sections[i], copy, patch);
    if (ok) return copy;
    mega_patch_destroy(copy);
    return NULL;
}

bool mega_same_knob(const mega_patch_knob_row *a, const mega_patch_knob_row *b) {
    return a->birth == b->birth || strcmp(a->id, b->id) == 0;
}

int32_t mega_patch_same_knob(const mega_patch *patch, const mega_patch_knob_row *knob,
                             size_t near) {
    if (near < patch->knob_count && patch->knobs[near].birth == knob->birth) return (int32_t)near;
    for (size_t k = 0; k < patch->knob_count; k++)
        if (patch->knobs[k].birth == knob->birth) return (int32_t)k;
    return mega_patch_find_knob(patch, knob->id);
}

int32_t mega_patch_same_node(const mega_patch *patch, const mega_patch_node_row *node,
                             const mega_module *type, size_t near) {
    const mega_patch_node_row *rows = patch->nodes;
    if (near < patch->node_count && rows[near].birth == node->birth && !rows[near].dying &&
        (!type || rows[near].module == type))
        return (int32_t)near;
    int32_t named = -1;
    for (size_t n = 0; n < patch->node_count; n++) {
        if (rows[n].dying || (type && rows[n].module != type)) continue;
        if (rows[n].birth == node->birth) return (int32_t)n;
        if (named < 0 && strcmp(rows[n].id, node->id) == 0) named = (int32_t)n;
    }
    return named;
}

uint64_t mega_patch_birth(void) {
    static _Atomic uint64_t last; // documents are read on any thread
    return ++last;
}

int32_t mega_patch_find_node(const mega_patch *patch, const char *id) {
    for (size_t n = 0; n < patch->node_count; n++)
        if (strcmp(patch->nodes[n].id, id) == 0) return (int32_t)n;
    return -1;
}

int32_t mega_patch_find_knob(const mega_patch *patch, const char *id) {
    for (size_t k = 0; k < patch->knob_count; k++)
        if (strcmp(patch->knobs[k].id, id) == 0) return (int32_t)k;
    return -1;
}

int32_t mega_module_find_param(const mega_module *module, const char *name) {
    for (uint32_t i = 0; i < module->param_count; i++)
        if (strcmp(module->params[i].name, name) == 0) return (int32_t)i;
    return -1;
}

int32_t mega_module_find_output(const mega_module *module, const char *name) {
    for (uint32_t o = 0; o < module->output_count; o++)
        if (strcmp(module->outputs[o].name, name) == 0) return (int32_t)o;
    return -1;
}

MEGA_CONTROL mega_status mega_patch_set_voices(mega_patch *patch, uint32_t voices) {
    if (voices < 1 || voices > MEGA_VOICES_MAX) return MEGA_ERROR_LIMIT;
    patch->voices = voices;
    return MEGA_OK;
}

MEGA_CONTROL mega_status mega_patch_set_knob(mega_patch *patch, const char *name, double value) {
    if (!(value >= 0 && value <= 1)) return MEGA_ERROR_LIMIT;
    int32_t knob = mega_patch_find_knob(patch, name);
    if (knob < 0) return MEGA_ERROR_NAME;
    patch->knobs[knob].value = (float)value;
    return MEGA_OK;
}

MEGA_CONTROL const char *mega_patch_name(const mega_patch *patch) { return patch->name; }

MEGA_CONTROL uint32_t mega_patch_voices(const mega_patch *patch) { return patch->voices; }

MEGA_CONTROL size_t mega_patch_node_count(const mega_patch *patch) { return patch->node_count; }

MEGA_CONTROL mega_node_info mega_patch_node(const mega_patch *patch, size_t index) {
    if (index >= patch->node_count) return (mega_node_info){0};
    return (mega_node_info){.id = patch->nodes[index].id,
                            .type = patch->nodes[index].module->name,
                            .per_voice = mega_patch_node_per_voice(patch, index)};
}

MEGA_CONTROL size_t mega_patch_cable_count(const mega_patch *patch) { return patch->cable_count; }

const char *mega_cable_as_name(mega_cable_as as) {
    static const char *const names[] = {
        [MEGA_AS_ADD] = "add", [MEGA_AS_OCTAVES] = "octaves", [MEGA_AS_SEMITONES] = "semitones"};
    return names[as];
}

const char *mega_port_name(const mega_module *module, uint32_t port) {
    assert(port < mega_port_count(module));
    return port < module->input_count ? module->inputs[port].name
                                      : module->params[port - module->input_count].name;
}

MEGA_CONTROL mega_cable_info mega_patch_cable(const mega_patch *patch, size_t index) {
    if (index >= patch->cable_count) return (mega_cable_info){0};
    const mega_patch_cable_row *cable = &patch->cables[index];
    const mega_patch_node_row *to = &patch->nodes[cable->to_node];
    mega_cable_info info = {.to_node = to->id,
                            .to_port = mega_port_name(to->module, cable->to_port),
                            .amount = (double)cable->amount,
                            .as = mega_cable_as_name(cable->as)};
    if (cable->from_node < 0) {
        info.from_port = patch->knobs[cable->from_port].id;
    } else {
        const mega_patch_node_row *from = &patch->nodes[cable->from_node];
        info.from_node = from->id;
        info.from_port = from->module->outputs[cable->from_port].name;
    }
    return info;
}

MEGA_CONTROL size_t mega_patch_knob_count(const mega_patch *patch) { return patch->knob_count; }

MEGA_CONTROL const char *mega_patch_knob(const mega_patch *patch, size_t index) {
    return index < patch->knob_count ? patch->knobs[index].id : NULL;
}

mega_knob_info mega_patch_knob_info(const mega_patch *patch, size_t index) {
    if (index >= patch->knob_count) return (mega_knob_info){0};
    const mega_patch_knob_row *k = &patch->knobs[index];
    return (mega_knob_info){
        .id = k->id,
        .value = mega_float_decimal(k->value),
        .has_range = k->has_range,
        .min = k->has_range ? mega_float_decimal(k->min) : 0,
        .max = k->has_range ? mega_float_decimal(k->max) : 1,
        .has_scale = k->has_scale,
        .scale = k->has_scale ? k->scale : MEGA_LIN,
        .unit = k->unit,
    };
}

const mega_module *mega_patch_node_module(const mega_patch *patch, const char *id) {
    int32_t node = mega_patch_find_node(patch, id);
    return node < 0 ? NULL : patch->nodes[node].module;
}
