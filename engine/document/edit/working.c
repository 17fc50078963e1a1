// SPDX-License-Identifier: MIT
// working -- rows, orders and cables of a patch while it is edited, and the list that undoes it.
#include "document/edit/working.h"

#include <stdlib.h>
#include <string.h>

// ---- the inverse -------------------------------------------------------------------------------

json_t *undo_begin(edit *e, const char *name) {
    if (!e->inverse || e->b.document->errors) return NULL;
    json_t *undo = json_object();
    if (!undo) mega_document_no_memory(e->b.document);
    undo_put(e, undo, "op", json_string(name));
    return undo;
}

void undo_put(edit *e, json_t *undo, const char *key, json_t *value) {
    if (!undo) json_decref(value);
    else if (json_object_set_new_nocheck(undo, key, value) != 0)
        mega_document_no_memory(e->b.document);
}

void undo_push(edit *e, json_t *undo) {
    if (undo && json_array_append_new(e->inverse, undo) != 0)
        mega_document_no_memory(e->b.document);
}

// ---- rows --------------------------------------------------------------------------------------

bool grow_rows(edit *e, void **rows, size_t *capacity, size_t count, size_t bytes) {
    if (count < *capacity) return true;
    size_t more = count + count / 2 + 16;
    void *grown = realloc(*rows, more * bytes);
    if (!grown) {
        mega_document_no_memory(e->b.document);
        return false;
    }
    memset((char *)grown + count * bytes, 0, (more - count) * bytes);
    *rows = grown;
    *capacity = more;
    return true;
}

bool new_node(edit *e, uint32_t *row) {
    mega_patch *patch = e->b.patch;
    void *rows = patch->nodes;
    bool good = grow_rows(e, &rows, &e->node_capacity, patch->node_count, sizeof *patch->nodes);
    patch->nodes = rows;
    if (!good) return false;
    *row = (uint32_t)patch->node_count++;
    patch->nodes[*row] = (mega_patch_node_row){0};
    return true;
}

bool new_knob(edit *e, uint32_t *row) {
    mega_patch *patch = e->b.patch;
    void *rows = patch->knobs;
    bool good = grow_rows(e, &rows, &e->knob_capacity, patch->knob_count, sizeof *patch->knobs);
    patch->knobs = rows;
    if (!good) return false;
    *row = (uint32_t)patch->knob_count++;
    patch->knobs[*row] = (mega_patch_knob_row){.birth = take_birth(&e->b)};
    return true;
}

void finish_node(mega_patch_node_row *node) {
    free(node->id);
    free(node->values);
    free(node->written);
    free(node->overrides);
    json_decref(node->extra);
    *node = (mega_patch_node_row){0};
}

void finish_knob(mega_patch_knob_row *knob) {
    free(knob->id);
    free(knob->unit);
    json_decref(knob->extra);
    *knob = (mega_patch_knob_row){0};
}

bool order_insert(edit *e, order *o, size_t place, uint32_t row) {
    void *rows = o->rows;
    bool good = grow_rows(e, &rows, &o->capacity, o->count, sizeof *o->rows);
    o->rows = rows;
    if (!good) return false;
    memmove(o->rows + place + 1, o->rows + place, (o->count - place) * sizeof *o->rows);
    o->rows[place] = row;
    o->count++;
    return true;
}

void order_remove(order *o, size_t place) {
    o->count--;
    memmove(o->rows + place, o->rows + place + 1, (o->count - place) * sizeof *o->rows);
}

size_t order_find(const order *o, uint32_t row) {
    size_t place = 0;
    while (place < o->count && o->rows[place] != row) place++;
    return place;
}

// ---- cables ------------------------------------------------------------------------------------

bool same_ends(const mega_patch_cable_row *x, const mega_patch_cable_row *y) {
    return x->to_node == y->to_node && x->to_port == y->to_port && x->from_node == y->from_node &&
           x->from_port == y->from_port;
}

size_t count_twins(const edit *e, const mega_patch_cable_row *cable, size_t end) {
    size_t count = 0;
    for (size_t i = 0; i < end; i++) count += same_ends(&e->b.patch->cables[i], cable);
    return count;
}

bool insert_cable(edit *e, size_t place, const mega_patch_cable_row *cable) {
    mega_patch *patch = e->b.patch;
    void *rows = patch->cables;
    bool good = grow_rows(e, &rows, &e->cable_capacity, patch->cable_count, sizeof *patch->cables);
    patch->cables = rows;
    if (!good) return false;
    memmove(patch->cables + place + 1, patch->cables + place,
            (patch->cable_count - place) * sizeof *patch->cables);
    patch->cables[place] = *cable;
    patch->cable_count++;
    return true;
}

void undo_put_ends(edit *e, json_t *undo, size_t index) {
    const mega_patch *patch = e->b.patch;
    const mega_patch_cable_row *cable = &patch->cables[index];
    if (!undo) return;
    const mega_patch_node_row *to = &patch->nodes[cable->to_node];
    if (cable->from_node < 0) {
        undo_put(e, undo, "from", json_string(patch->knobs[cable->from_port].id));
    } else {
        const mega_patch_node_row *from = &patch->nodes[cable->from_node];
        undo_put(e, undo, "from",
                 json_pack("[s, s]", from->id, from->module->outputs[cable->from_port].name));
    }
    undo_put(e, undo, "to",
             json_pack("[s, s]", to->id, mega_port_name(to->module, cable->to_port)));
    if (count_twins(e, cable, patch->cable_count) > 1)
        undo_put(e, undo, "nth", json_integer((json_int_t)count_twins(e, cable, index)));
}

void drop_cables(edit *e, bool (*goes)(const mega_patch_cable_row *cable, const void *what),
                 const void *what) {
    mega_patch *patch = e->b.patch;
    size_t kept = 0;
    // From the last to the first, so that undoing puts the first back first, each in its place.
    for (size_t i = patch->cable_count; i-- > 0;) {
        if (!goes(&patch->cables[i], what)) continue;
        json_t *undo = undo_begin(e, "connect");
        if (undo && !mega_tree_cable(patch, &patch->cables[i], undo))
            mega_document_no_memory(e->b.document);
        undo_put(e, undo, "at", json_integer((json_int_t)i));
        undo_push(e, undo);
    }
    for (size_t i = 0; i < patch->cable_count; i++) {
        if (goes(&patch->cables[i], what)) json_decref(patch->cables[i].extra);
        else patch->cables[kept++] = patch->cables[i];
    }
    patch->cable_count = kept;
}

// ---- sizes -------------------------------------------------------------------------------------

static size_t text_bytes(const char *text) {
    size_t bytes = 4; // its quotes, and what parts it from its neighbours
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bytes += c < 0x20 || c == 0x7F ? 6 : c == '"' || c == '\\' ? 2 : 1;
    }
    return bytes;
}

extent extent_of(const json_t *tree) {
    extent all = {.values = 1, .depth = 0, .bytes = 28}; // of the longest number
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(tree)) all.bytes = text_bytes(json_string_value(tree));
    else if (json_is_object(tree) || json_is_array(tree)) all.depth = 1;
    json_object_foreach((json_t *)tree, key, value) {
        extent inner = extent_of(value);
        all.values += inner.values;
        all.bytes += inner.bytes + text_bytes(key);
        if (inner.depth >= all.depth) all.depth = inner.depth + 1;
    }
    json_array_foreach(tree, i, value) {
        extent inner = extent_of(value);
        all.values += inner.values;
        all.bytes += inner.bytes;
        if (inner.depth >= all.depth) all.depth = inner.depth + 1;
    }
    return all;
}
