// SPDX-License-Identifier: MIT
// edit_cables -- the operations of an edit on cables, connect, disconnect and set; and move, for
// all that has a place.
#include <string.h>

#include "document/edit/working.h"

enum { CABLE_DEPTH = 3 }; // document, connections, connection

/// Whether a cable is there already, the same in all; with an `at` it is meant to be new.
static bool is_there(const edit *e, const mega_patch_cable_row *cable) {
    const mega_patch *patch = e->b.patch;
    for (size_t i = 0; i < patch->cable_count && !json_object_get(e->op, "at"); i++) {
        const mega_patch_cable_row *other = &patch->cables[i];
        if (same_ends(other, cable) && other->amount == cable->amount && other->as == cable->as &&
            !other->extra == !cable->extra &&
            (!cable->extra || json_equal(other->extra, cable->extra)))
            return true;
    }
    return false;
}

void edit_connect(edit *e) {
    builder *b = &e->b;
    mega_patch *patch = b->patch;
    mega_patch_cable_row cable = {0};
    size_t place, errors = b->document->errors;
    bool placed = op_place(e, patch->cable_count, &place);
    build_cable(b, &e->at, e->op, &cable);
    if (b->document->errors == errors && is_there(e, &cable)) {
        json_decref(cable.extra);
        return;
    }
    e->wordy |= cable.extra != NULL;
    if (extent_of(cable.extra).depth + CABLE_DEPTH - 1 > MEGA_DEPTH_MAX)
        op_error(e, NULL, "limit", NULL, "a document nested deeper than %d", MEGA_DEPTH_MAX);
    if (b->document->errors == errors && patch->cable_count == MEGA_CABLES_MAX)
        op_error(e, NULL, "limit", NULL, "more than %d connections", MEGA_CABLES_MAX);
    bool lone = b->document->errors > errors || json_object_get(e->op, "at") ||
                count_twins(e, &cable, patch->cable_count) == 0;
    if (!lone)
        op_error(e, NULL, "duplicate",
                 "disconnect it first, or change it: {\"op\": \"set\", \"from\": ..., "
                 "\"to\": ..., \"amount\": ...}; a second one takes an `at`",
                 "a cable joins these ports already");
    if (!placed || b->document->errors > errors || !insert_cable(e, place, &cable)) {
        json_decref(cable.extra);
        return;
    }
    json_t *undo = undo_begin(e, "disconnect");
    undo_put_ends(e, undo, place);
    undo_push(e, undo);
}

typedef struct {
    const mega_patch_cable_row *cable;
} one_cable;

static bool is_cable(const mega_patch_cable_row *cable, const void *what) {
    return cable == ((const one_cable *)what)->cable;
}

void edit_disconnect(edit *e) {
    static const char *const keys[] = {"from", "to", "nth"};
    size_t index;
    op_keys(e, keys, COUNT(keys), false);
    if (!op_cable(e, &index)) return;
    drop_cables(e, is_cable, &(one_cable){&e->b.patch->cables[index]});
}

// ---- set ---------------------------------------------------------------------------------------

/// `amount` and `as`, as a connection has them.
static bool set_gain(edit *e, mega_patch_cable_row *cable, json_t *undo) {
    json_t *amount = json_object_get(e->op, "amount"), *as = json_object_get(e->op, "as");
    mega_at at_amount = mega_at_key(&e->at, e->op, "amount");
    mega_at at_as = mega_at_key(&e->at, e->op, "as");
    double number;
    if (amount) {
        if (undo) undo_put(e, undo, "amount", mega_tree_number(cable->amount));
        if (expect_number(&e->b, &at_amount, amount, &number)) cable->amount = (float)number;
    }
    if (as) {
        undo_put(e, undo, "as", json_string(mega_cable_as_name(cable->as)));
        build_as(&e->b, &at_as, as, cable);
    }
    return amount || as;
}

void edit_set_cable(edit *e) {
    static const char *const keys[] = {"from", "to", "nth", "amount", "as", "unset"};
    size_t index;
    op_keys(e, keys, COUNT(keys), true);
    if (!op_cable(e, &index)) return;
    mega_patch_cable_row *cable = &e->b.patch->cables[index];
    json_t *undo = undo_begin(e, "set");
    undo_put_ends(e, undo, index);
    bool any = set_gain(e, cable, undo);
    any |= op_extra(e, &cable->extra, CABLE_DEPTH, undo);
    if (!any)
        op_error(e, NULL, "missing", "`amount`, `as`, `x-` keys or `unset`", "nothing to set");
    undo_push(e, undo);
}

// ---- move --------------------------------------------------------------------------------------

static void move_cable(edit *e) {
    size_t from, to;
    mega_patch *patch = e->b.patch;
    if (!op_cable(e, &from) || !op_place(e, patch->cable_count - 1, &to)) return;
    mega_patch_cable_row cable = patch->cables[from];
    patch->cable_count--;
    memmove(patch->cables + from, patch->cables + from + 1,
            (patch->cable_count - from) * sizeof cable);
    insert_cable(e, to, &cable); // there is room
    json_t *undo = undo_begin(e, "move");
    undo_put_ends(e, undo, to);
    undo_put(e, undo, "at", json_integer((json_int_t)from));
    undo_push(e, undo);
}

static void move_row(edit *e, const char *key, order *o, uint32_t row) {
    size_t from = order_find(o, row), to;
    if (from == o->count || !op_place(e, o->count - 1, &to)) return;
    order_remove(o, from);
    order_insert(e, o, to, row); // there is room
    json_t *undo = undo_begin(e, "move");
    undo_put(e, undo, key, json_incref(json_object_get(e->op, key)));
    undo_put(e, undo, "at", json_integer((json_int_t)from));
    undo_push(e, undo);
}

void edit_move(edit *e) {
    static const char *const keys[] = {"id", "knob", "preset", "from", "to", "nth", "at"};
    uint32_t row;
    op_keys(e, keys, COUNT(keys), false);
    if (!json_object_get(e->op, "at")) op_error(e, NULL, "missing", NULL, "`move` needs `at`");
    if (json_object_get(e->op, "from") || json_object_get(e->op, "to")) {
        move_cable(e);
    } else if (json_object_get(e->op, "knob")) {
        if (op_knob(e, "knob", &row)) move_row(e, "knob", &e->knobs, row);
    } else if (json_object_get(e->op, "preset")) {
        move_preset(e);
    } else if (json_object_get(e->op, "id")) {
        if (op_node(e, "id", &row)) move_row(e, "id", &e->nodes, row);
    } else {
        op_error(e, NULL, "missing", NULL,
                 "`move` needs `id`, `knob`, `preset`, or `from` and `to`");
    }
}
