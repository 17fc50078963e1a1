// SPDX-License-Identifier: MIT
// diff -- what the parts of the comparison of two patches share: diff.c (document, knobs, nodes,
// presets) and diff_cables.c.
#ifndef MEGA_DIFF_H
#define MEGA_DIFF_H

#include "document/edit.h"
#include "document/edit/reorder.h"
#include "document/formats/formats.h"

/// Where each item of one list is in the other, or MEGA_NOWHERE.
typedef struct {
    uint32_t *now; ///< of the patch before, in the one after
    uint32_t *was; ///< of the patch after, in the one before
} match;

typedef struct diff {
    const mega_patch *before, *after;
    match nodes, knobs, cables, presets;
    bool *stays;        ///< cables that need no move
    bool *twin;         ///< of before: another cable joins the same ends, before or after
    uint32_t *nth;      ///< of before: which of them it is
    uint32_t *nth_kept; ///< the same, among those that are kept
    json_t *list;
    bool failed; ///< no memory
} diff;

/// Memory for `count` items, or NULL with the failure noted.
void *diff_memory(diff *d, size_t count, size_t bytes);
json_t *diff_begin(diff *d, const char *name);
void diff_put(diff *d, json_t *op, const char *key, json_t *value);
void diff_push(diff *d, json_t *op);
/// Puts the `x-` keys that differ, and `unset`. @return whether any do
bool diff_extra(diff *d, json_t *before, json_t *after, json_t *op);
static inline bool diff_any_extra(json_t *before, json_t *after) {
    return before != after && !(before && after && json_equal(before, after));
}
static inline bool diff_float(float a, float b) {
    union {
        float f;
        uint32_t bits;
    } x = {a}, y = {b};
    return x.bits != y.bits; // -0 is not 0
}

/// Finds which cable is which.
void diff_match_cables(diff *d);
// Of the sections: see `mega_section`.
void diff_knobs_gone(diff *d);
void diff_knobs_here(diff *d);
void diff_nodes_gone(diff *d);
void diff_nodes_here(diff *d);
void diff_presets_gone(diff *d);
void diff_presets_here(diff *d);
/// Disconnects those that are no more, and would not go with their node or knob.
void diff_disconnect(diff *d);
/// Sets, moves and connects those that are.
void diff_connect(diff *d);

#endif
