// SPDX-License-Identifier: MIT
// working -- a patch while an edit is applied to it, and what the operations share.
//
// The builder's own functions judge what an operation says, in its place in the list; its patch is
// the working copy. Nodes and knobs stay in their rows while they come and go, so that cables,
// which name rows, need no renumbering: what order they stand in is kept beside, and joined at the
// end.
#ifndef MEGA_WORKING_H
#define MEGA_WORKING_H

#include "document/edit.h"
#include "document/formats/builder.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/// Rows in the order of the document.
typedef struct {
    uint32_t *rows;
    size_t count, capacity;
} order;

typedef struct edit {
    builder b; ///< its patch: nodes and knobs by row, removed ones zero; cables
               ///< and presets in order
    order nodes, knobs;
    size_t node_capacity, knob_capacity, cable_capacity, preset_capacity;
    json_t *inverse; ///< operations that undo, the last one first; NULL if nobody asked
    bool wordy;      ///< `x-` keys, the name or units were touched
    // The operation under way.
    json_t *op;
    mega_at at;
    const char *name;
} edit;

// ---- what an operation says: each reports what is missing or wrong -----------------------------

void op_error(edit *e, const char *key, const char *code, const char *help, const char *message,
              ...) __attribute__((format(printf, 5, 6)));
/// Reports keys that are none of these; `x-` keys too unless `extra`.
void op_keys(edit *e, const char *const *keys, size_t count, bool extra);
/// @return NULL with the error reported
const char *op_string(edit *e, const char *key);
/// The row of the node or knob that `key` names.
bool op_node(edit *e, const char *key, uint32_t *row);
bool op_knob(edit *e, const char *key, uint32_t *row);
/// The index of the preset that `key` names.
bool op_preset(edit *e, const char *key, uint32_t *index);
/// `at`: 0..last, or `last` where the operation says nothing.
bool op_place(edit *e, size_t last, size_t *place);
/// The index of the cable that `from`, `to` and `nth` name.
bool op_cable(edit *e, size_t *index);
/// Applies `x-` keys and `unset`. @param depth of the object they belong to, the document is 1
/// @param undo gets what restores them. @return whether there are any
bool op_extra(edit *e, json_t **extra, size_t depth, json_t *undo);

// ---- the inverse -------------------------------------------------------------------------------

/// An operation of the inverse, begun; NULL where none is wanted, which the others take.
json_t *undo_begin(edit *e, const char *name);
void undo_put(edit *e, json_t *undo, const char *key, json_t *value);
/// Puts it before all there are.
void undo_push(edit *e, json_t *undo);

// ---- rows --------------------------------------------------------------------------------------

/// Room for one more; what is new is zero. @return false with memory reported
bool grow_rows(edit *e, void **rows, size_t *capacity, size_t count, size_t bytes);
/// A zeroed row, in no order yet. @return false with memory reported
bool new_node(edit *e, uint32_t *row);
bool new_knob(edit *e, uint32_t *row);
bool order_insert(edit *e, order *o, size_t place, uint32_t row);
void order_remove(order *o, size_t place);
size_t order_find(const order *o, uint32_t row);

bool same_ends(const mega_patch_cable_row *x, const mega_patch_cable_row *y);
/// How many cables before `end` join the same ends.
size_t count_twins(const edit *e, const mega_patch_cable_row *cable, size_t end);
bool insert_cable(edit *e, size_t place, const mega_patch_cable_row *cable);
/// Puts `from`, `to` and, where there are twins, `nth` of a cable.
void undo_put_ends(edit *e, json_t *undo, size_t cable);
/// Removes the cables that `goes` says, with what undoes it.
void drop_cables(edit *e, bool (*goes)(const mega_patch_cable_row *cable, const void *what),
                 const void *what);
/// What becomes of a preset's value, which is changed in place.
typedef enum { PRESET_VALUE_STAYS, PRESET_VALUE_CHANGES, PRESET_VALUE_GOES } preset_fate;
typedef preset_fate preset_change(mega_patch_value_row *value, const void *what);
/// Changes all presets' values of knobs, or of nodes, with what undoes it.
void change_presets(edit *e, preset_change *change, const void *what, bool of_knobs);
void finish_node(mega_patch_node_row *node);
void finish_knob(mega_patch_knob_row *knob);

// ---- the operations ----------------------------------------------------------------------------

void edit_add(edit *e);
void edit_remove(edit *e);
void edit_replace(edit *e);
void edit_set_node(edit *e);
void edit_connect(edit *e);
void edit_disconnect(edit *e);
void edit_set_cable(edit *e);
void edit_move(edit *e);
void edit_knob(edit *e);
void edit_unknob(edit *e);
void edit_rename(edit *e);
void edit_preset(edit *e);
void edit_unpreset(edit *e);
void move_preset(edit *e);
void edit_voices(edit *e);
void edit_name(edit *e);
void edit_set(edit *e);

// ---- sizes -------------------------------------------------------------------------------------

/// What a tree comes to as JSON, at most.
typedef struct extent {
    size_t values, bytes, depth;
} extent;
extent extent_of(const json_t *tree);
/// Adds a text, or `x-` keys (NULL: none).
void words_text(extent *words, const char *text);
void words_extra(extent *words, const json_t *extra);

#endif
