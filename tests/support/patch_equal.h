// SPDX-License-Identifier: MIT
// patch_equal -- whether two patches mean the same: rows, values bit for bit, and order.
#ifndef PATCH_EQUAL_H
#define PATCH_EQUAL_H

#include <jansson.h>
#include <string.h>

#include "document/patch.h"

static inline bool same_extra(json_t *a, json_t *b) {
    return (!a && !b) || (a && b && json_equal(a, b));
}

/// Bit for bit, so that -0 is not 0.
static inline bool same_float(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }

static inline bool same_knob(const mega_patch_knob_row *a, const mega_patch_knob_row *b) {
    return strcmp(a->id, b->id) == 0 && same_float(a->value, b->value) &&
           a->has_range == b->has_range && a->has_scale == b->has_scale && a->scale == b->scale &&
           same_float(a->min, b->min) && same_float(a->max, b->max) &&
           strcmp(a->unit, b->unit) == 0 && same_extra(a->extra, b->extra);
}

static inline bool same_node(const mega_patch_node_row *a, const mega_patch_node_row *b) {
    if (strcmp(a->id, b->id) != 0 || a->module != b->module || a->module_index != b->module_index ||
        a->scope != b->scope || !same_extra(a->extra, b->extra))
        return false;
    for (uint32_t i = 0; i < a->module->param_count; i++)
        if (!same_float(a->values[i], b->values[i]) || a->written[i] != b->written[i]) return false;
    return true;
}

static inline bool same_cable(const mega_patch_cable_row *a, const mega_patch_cable_row *b) {
    return a->from_node == b->from_node && a->from_port == b->from_port &&
           a->to_node == b->to_node && a->to_port == b->to_port &&
           same_float(a->amount, b->amount) && a->as == b->as && same_extra(a->extra, b->extra);
}

static inline bool same_preset(const mega_patch_preset_row *a, const mega_patch_preset_row *b) {
    if (strcmp(a->id, b->id) != 0 || strcmp(a->doc, b->doc) != 0 ||
        a->value_count != b->value_count || !same_extra(a->extra, b->extra))
        return false;
    for (size_t i = 0; i < a->value_count; i++)
        if (a->values[i].node != b->values[i].node || a->values[i].index != b->values[i].index ||
            !same_float(a->values[i].value, b->values[i].value))
            return false;
    return true;
}

static inline bool patch_equal(const mega_patch *a, const mega_patch *b) {
    if (strcmp(a->name, b->name) != 0 || a->voices != b->voices || a->rate_hint != b->rate_hint ||
        a->channels != b->channels || a->knob_count != b->knob_count ||
        a->node_count != b->node_count || a->cable_count != b->cable_count ||
        a->preset_count != b->preset_count || !same_extra(a->extra, b->extra))
        return false;
    for (size_t i = 0; i < a->knob_count; i++)
        if (!same_knob(&a->knobs[i], &b->knobs[i])) return false;
    for (size_t i = 0; i < a->node_count; i++)
        if (!same_node(&a->nodes[i], &b->nodes[i])) return false;
    for (size_t i = 0; i < a->cable_count; i++)
        if (!same_cable(&a->cables[i], &b->cables[i])) return false;
    for (size_t i = 0; i < a->preset_count; i++)
        if (!same_preset(&a->presets[i], &b->presets[i])) return false;
    return true;
}

/// Writes a patch in every format and reads it back. @return NULL if all mean the same, else what
/// went wrong
static inline const char *round_trips(const mega_patch *patch) {
    static const char *const write[] = {"write as JSON", "write as S-expressions",
                                        "write as MessagePack"};
    static const char *const read[] = {"read back JSON", "read back S-expressions",
                                       "read back MessagePack"};
    static const char *const same[] = {"JSON differs", "S-expressions differ",
                                       "MessagePack differs"};
    for (int format = MEGA_FORMAT_JSON; format <= MEGA_FORMAT_MSGPACK; format++) {
        char *text, *again = NULL;
        size_t bytes, bytes_again = 0;
        if (mega_patch_write(patch, (mega_format)format, &text, &bytes) != MEGA_OK)
            return write[format];
        mega_patch *back = mega_patch_read(text, bytes, (mega_format)format, NULL);
        bool equal = back && patch_equal(patch, back);
        if (equal) mega_patch_write(back, (mega_format)format, &again, &bytes_again);
        equal = equal && again && bytes == bytes_again && memcmp(text, again, bytes) == 0;
        mega_patch_destroy(back);
        mega_free(text);
        mega_free(again);
        if (!back) return read[format];
        if (!equal) return same[format];
    }
    return NULL;
}

#endif
