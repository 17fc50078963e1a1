// SPDX-License-Identifier: MIT
// presets -- named values of a patch's knobs and parameters: what a document tells of them.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "document/patch.h"

static int compare(const void *x, const void *y) {
    const mega_patch_value_row *a = x, *b = y;
    if (a->node != b->node) return a->node < b->node ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

void mega_preset_sort(mega_patch_preset_row *preset) {
    if (preset->value_count)
        qsort(preset->values, preset->value_count, sizeof *preset->values, compare);
}

void mega_preset_finish(mega_patch_preset_row *preset) {
    free(preset->id);
    free(preset->doc);
    free(preset->values);
    json_decref(preset->extra);
    *preset = (mega_patch_preset_row){0};
}

int32_t mega_preset_find(const mega_patch *patch, const char *id) {
    for (size_t i = 0; i < patch->preset_count; i++)
        if (patch->presets[i].id && strcmp(patch->presets[i].id, id) == 0) return (int32_t)i;
    return -1;
}

// ---- for callers of the library ----------------------------------------------------------------

MEGA_CONTROL size_t mega_patch_preset_count(const mega_patch *patch) { return patch->preset_count; }

MEGA_CONTROL mega_preset_info mega_patch_preset(const mega_patch *patch, size_t index) {
    if (index >= patch->preset_count) return (mega_preset_info){0};
    const mega_patch_preset_row *preset = &patch->presets[index];
    return (mega_preset_info){
        .id = preset->id, .doc = preset->doc, .value_count = preset->value_count};
}

MEGA_CONTROL mega_preset_value mega_patch_preset_value(const mega_patch *patch, size_t index,
                                                       size_t value) {
    if (index >= patch->preset_count || value >= patch->presets[index].value_count)
        return (mega_preset_value){0};
    const mega_patch_value_row *row = &patch->presets[index].values[value];
    if (row->node < 0)
        return (mega_preset_value){.name = patch->knobs[row->index].id,
                                   .value = (double)row->value};
    const mega_patch_node_row *node = &patch->nodes[row->node];
    return (mega_preset_value){.node = node->id,
                               .name = node->module->params[row->index].name,
                               .value = (double)row->value};
}
