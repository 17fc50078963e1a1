// SPDX-License-Identifier: MIT
// snapshot -- the CONTROL role: documents and presets made of where knobs and parameters stand.
#include <jansson.h>
#include <stdlib.h>

#include "document/formats/formats.h"
#include "document/overrides.h"
#include "session/values.h"

// ---- documents ---------------------------------------------------------------------------------

/// Written are the values that the document alone would not give: a 0 or a default too.
static void write_overrides(mega_patch *patch) {
    for (size_t k = 0; k < patch->knob_count; k++) {
        mega_patch_knob_row *knob = &patch->knobs[k];
        if (knob->override.set) knob->value = knob->override.value;
    }
    for (uint32_t n = 0; n < patch->node_count; n++) {
        mega_patch_node_row *node = &patch->nodes[n];
        for (uint32_t i = 0; node->overrides && i < node->module->param_count; i++) {
            if (!node->overrides[i].set) continue;
            node->values[i] = node->overrides[i].value;
            node->written[i] = true;
        }
    }
    mega_overrides_forget(patch);
}

mega_patch *mega_snapshot(mega_engine *e) {
    MEGA_IN_CONTROL(e);
    bool any = mega_schedule_document(&e->schedule);
    mega_patch *patch = any ? mega_values_patch(e) : NULL;
    if (patch) write_overrides(patch);
    return patch;
}

// ---- presets ----------------------------------------------------------------------------------

static bool put(json_t *object, const char *key, json_t *value) {
    return json_object_set_new_nocheck(object, key, value) == 0;
}

/// Whether a parameter has a value of its own: not where nothing is written and cables add to it.
static bool stands_alone(const mega_engine *e, uint32_t row, uint32_t param, float value) {
    const mega_patch_node_row *node = &mega_schedule_document(&e->schedule)->nodes[row];
    float written = mega_value_of_document(e, row, param);
    return node->written[param] || value != written || written == node->values[param];
}

static json_t *node_values(mega_engine *e, uint32_t row) {
    const mega_patch_node_row *node = &mega_schedule_document(&e->schedule)->nodes[row];
    json_t *values = json_object();
    bool good = values != NULL;
    for (uint32_t i = 0; good && i < node->module->param_count; i++) {
        const mega_param_row *facts = &node->module->params[i];
        float value = mega_value_of_param(e, row, i);
        if (facts->fixed || !stands_alone(e, row, i, value)) continue;
        good = put(values, facts->name, mega_tree_value(facts, value));
    }
    if (good) return values;
    json_decref(values);
    return NULL;
}

/// The operation that makes a preset of what there is.
static json_t *save_operation(mega_engine *e, const char *name) {
    const mega_patch *patch = mega_schedule_document(&e->schedule);
    json_t *op = json_object(), *knobs = json_object(), *nodes = json_object();
    bool good = put(op, "op", json_string("preset")) && put(op, "id", json_string(name));
    for (size_t k = 0; good && k < patch->knob_count; k++)
        good = put(knobs, patch->knobs[k].id, mega_tree_number(mega_value_of_knob(e, (uint32_t)k)));
    for (size_t n = 0; good && n < patch->node_count; n++)
        if (patch->nodes[n].module->param_count)
            good = put(nodes, patch->nodes[n].id, node_values(e, (uint32_t)n));
    good = put(op, "knobs", knobs) && good; // taken over in any case
    good = put(op, "params", nodes) && good;
    if (good) return op;
    json_decref(op);
    return NULL;
}

mega_status mega_preset_save(mega_engine *e, const char *name, mega_changed *done,
                             mega_report *report) {
    MEGA_IN_CONTROL(e);
    json_t *op = mega_schedule_document(&e->schedule) ? save_operation(e, name) : NULL;
    mega_text text = {0};
    mega_text_put(&text, "[");
    if (op) mega_json_write_line(op, &text);
    mega_text_put(&text, "]");
    mega_status status;
    if (op && !text.failed) {
        mega_change how = {MEGA_REV_ANY, 0, MEGA_NOW};
        status = mega_edit(e, text.text, text.bytes, MEGA_FORMAT_JSON, &how, done, report);
    } else if (!mega_schedule_document(&e->schedule)) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "missing", "", 0, 0, "load a patch first",
                        "there is nothing to save");
        status = MEGA_ERROR_NAME;
    } else {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
        status = MEGA_ERROR_MEMORY;
    }
    json_decref(op);
    free(text.text);
    return status;
}
