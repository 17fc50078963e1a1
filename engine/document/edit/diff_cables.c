// SPDX-License-Identifier: MIT
// diff_cables -- which cable of one patch is which of another, and what leads from the one to the
// other.
//
// Cables have no ids: those that join the same ends are the same, and of several first those that
// are equal in all else. Of those that join the same ends none is moved, since `nth` would change
// its meaning on the way: it goes and comes.
#include <stdlib.h>
#include <string.h>

#include "document/edit/diff.h"

/// A cable by its ends as the patch after has them.
typedef struct {
    int64_t ends[4]; ///< node (-1: a knob) and port it comes from, node and port it goes to
    uint32_t as, amount, index;
} key;

static int compare_ends(const key *x, const key *y) {
    for (size_t i = 0; i < 4; i++)
        if (x->ends[i] != y->ends[i]) return x->ends[i] < y->ends[i] ? -1 : 1;
    return 0;
}

static int compare_all(const void *x, const void *y) {
    const key *a = x, *b = y;
    int order = compare_ends(a, b);
    if (order) return order;
    if (a->as != b->as) return a->as < b->as ? -1 : 1;
    if (a->amount != b->amount) return a->amount < b->amount ? -1 : 1;
    return 0;
}

static int compare_keys(const void *x, const void *y) {
    const key *a = x, *b = y;
    int order = compare_all(a, b);
    return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

static int compare_places(const void *x, const void *y) {
    const key *a = x, *b = y;
    int order = compare_ends(a, b);
    return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

static key key_of(const mega_patch_cable_row *cable, size_t index) {
    key k = {.ends = {cable->from_node, cable->from_port, cable->to_node, cable->to_port},
             .as = cable->as,
             .index = (uint32_t)index};
    memcpy(&k.amount, &cable->amount, sizeof k.amount);
    return k;
}

static int64_t find_input(const mega_module *module, const char *name) {
    for (uint32_t i = 0; i < mega_port_count(module); i++)
        if (strcmp(mega_port_name(module, i), name) == 0) return i;
    return -1;
}

static int64_t find_output(const mega_module *module, const char *name) {
    for (uint32_t i = 0; i < module->output_count; i++)
        if (strcmp(module->outputs[i].name, name) == 0) return i;
    return -1;
}

/// The ends of a cable of the patch before, in the patch after.
/// @return false if one of them is no more: then it goes by itself
static bool follow(const diff *d, const mega_patch_cable_row *cable, key *k) {
    uint32_t to = d->nodes.now[cable->to_node];
    if (to == MEGA_NOWHERE) return false;
    k->ends[2] = to;
    const mega_module *old = d->before->nodes[cable->to_node].module, *new;
    if ((new = d->after->nodes[to].module) != old)
        k->ends[3] = find_input(new, mega_port_name(old, cable->to_port));
    if (cable->from_node < 0) {
        uint32_t knob = d->knobs.now[cable->from_port];
        k->ends[1] = knob;
        return knob != MEGA_NOWHERE && k->ends[3] >= 0;
    }
    uint32_t from = d->nodes.now[cable->from_node];
    if (from == MEGA_NOWHERE) return false;
    k->ends[0] = from;
    old = d->before->nodes[cable->from_node].module;
    if ((new = d->after->nodes[from].module) != old)
        k->ends[1] = find_output(new, old->outputs[cable->from_port].name);
    return k->ends[1] >= 0 && k->ends[3] >= 0;
}

/// Joins what is equal in both sorted lists, and has not been joined.
static void join(diff *d, const key *before, size_t before_count, const key *after,
                 size_t after_count, bool only_ends) {
    match *m = &d->cables;
    for (size_t i = 0, k = 0; i < before_count && k < after_count;) {
        uint32_t a = before[i].index, b = after[k].index;
        if (m->now[a] != MEGA_NOWHERE) {
            i++;
            continue;
        }
        if (m->was[b] != MEGA_NOWHERE) {
            k++;
            continue;
        }
        int order =
            only_ends ? compare_ends(&before[i], &after[k]) : compare_all(&before[i], &after[k]);
        if (order == 0) {
            m->now[a] = b;
            m->was[b] = a;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

/// Marks those that share their ends with another, before or after; both sorted.
static void mark_twins(diff *d, const key *before, size_t before_count, const key *after,
                       size_t after_count) {
    for (size_t i = 0, k = 0; i < before_count; i++) {
        while (k < after_count && compare_ends(&after[k], &before[i]) < 0) k++;
        bool twin = (i > 0 && compare_ends(&before[i - 1], &before[i]) == 0) ||
                    (i + 1 < before_count && compare_ends(&before[i + 1], &before[i]) == 0) ||
                    (k + 1 < after_count && compare_ends(&after[k], &before[i]) == 0 &&
                     compare_ends(&after[k + 1], &before[i]) == 0);
        d->twin[before[i].index] = twin;
    }
}

/// Which of its twins each is, in the order of the document; all, and those that are kept.
static void count_twins(diff *d, key *before, size_t count) {
    qsort(before, count, sizeof *before, compare_places);
    uint32_t all = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_ends(&before[i - 1], &before[i]) != 0) all = kept = 0;
        d->nth[before[i].index] = all++;
        d->nth_kept[before[i].index] = kept;
        kept += d->cables.now[before[i].index] != MEGA_NOWHERE;
    }
}

/// Those that would move, and have twins, go and come instead.
static void part_moving_twins(diff *d) {
    match *m = &d->cables;
    for (size_t i = 0; i < d->before->cable_count; i++) {
        if (m->now[i] == MEGA_NOWHERE || d->stays[i] || !d->twin[i]) continue;
        m->was[m->now[i]] = MEGA_NOWHERE;
        m->now[i] = MEGA_NOWHERE;
    }
}

void diff_match_cables(diff *d) {
    const mega_patch *a = d->before, *b = d->after;
    size_t count = 0;
    key *before = diff_memory(d, a->cable_count, sizeof *before);
    key *after = diff_memory(d, b->cable_count, sizeof *after);
    d->cables.now = diff_memory(d, a->cable_count, sizeof *d->cables.now);
    d->cables.was = diff_memory(d, b->cable_count, sizeof *d->cables.was);
    d->stays = diff_memory(d, a->cable_count, sizeof *d->stays);
    d->twin = diff_memory(d, a->cable_count, sizeof *d->twin);
    d->nth = diff_memory(d, a->cable_count, sizeof *d->nth);
    d->nth_kept = diff_memory(d, a->cable_count, sizeof *d->nth_kept);
    for (size_t i = 0; !d->failed && i < a->cable_count; i++) {
        d->cables.now[i] = d->nth[i] = MEGA_NOWHERE;
        before[count] = key_of(&a->cables[i], i);
        count += follow(d, &a->cables[i], &before[count]);
    }
    for (size_t i = 0; !d->failed && i < b->cable_count; i++) {
        d->cables.was[i] = MEGA_NOWHERE;
        after[i] = key_of(&b->cables[i], i);
    }
    if (!d->failed) {
        qsort(before, count, sizeof *before, compare_keys);
        qsort(after, b->cable_count, sizeof *after, compare_keys);
        join(d, before, count, after, b->cable_count, false);
        join(d, before, count, after, b->cable_count, true);
        mark_twins(d, before, count, after, b->cable_count);
        if (!reorder_stays(d->cables.now, a->cable_count, d->stays)) d->failed = true;
    }
    if (!d->failed) {
        part_moving_twins(d);
        count_twins(d, before, count);
    }
    free(before);
    free(after);
}

// ---- operations --------------------------------------------------------------------------------

static void put_ends(diff *d, json_t *op, const mega_patch *patch,
                     const mega_patch_cable_row *cable) {
    mega_patch_cable_row ends = {
        cable->from_node, cable->from_port, cable->to_node, cable->to_port, 1, MEGA_AS_ADD, NULL};
    if (op && !mega_tree_cable(patch, &ends, op)) d->failed = true;
}

void diff_disconnect(diff *d) {
    for (size_t i = d->before->cable_count; i-- > 0;) {
        if (d->cables.now[i] != MEGA_NOWHERE || d->nth[i] == MEGA_NOWHERE) continue;
        json_t *op = diff_begin(d, "disconnect");
        put_ends(d, op, d->before, &d->before->cables[i]);
        if (d->twin[i]) diff_put(d, op, "nth", json_integer(d->nth[i]));
        diff_push(d, op);
    }
}

static void compare_cables(diff *d) {
    for (size_t i = 0; i < d->after->cable_count && !d->failed; i++) {
        uint32_t was = d->cables.was[i];
        if (was == MEGA_NOWHERE) continue;
        const mega_patch_cable_row *a = &d->before->cables[was], *b = &d->after->cables[i];
        bool amount = diff_float(a->amount, b->amount);
        if (!amount && a->as == b->as && !diff_any_extra(a->extra, b->extra)) continue;
        json_t *op = diff_begin(d, "set");
        put_ends(d, op, d->after, b);
        if (d->twin[was]) diff_put(d, op, "nth", json_integer(d->nth_kept[was]));
        if (amount) diff_put(d, op, "amount", mega_tree_number(b->amount));
        if (a->as != b->as) diff_put(d, op, "as", json_string(mega_cable_as_name(b->as)));
        diff_extra(d, a->extra, b->extra, op);
        diff_push(d, op);
    }
}

/// Whether another of the patch after joins the same ends: found by looking, since few are new.
static bool has_twin(const mega_patch *patch, size_t index) {
    const mega_patch_cable_row *x = &patch->cables[index];
    for (size_t i = 0; i < patch->cable_count; i++) {
        const mega_patch_cable_row *y = &patch->cables[i];
        if (i != index && x->to_node == y->to_node && x->to_port == y->to_port &&
            x->from_node == y->from_node && x->from_port == y->from_port)
            return true;
    }
    return false;
}

void diff_connect(diff *d) {
    const mega_patch *b = d->after;
    reorder_step *steps = diff_memory(d, b->cable_count, sizeof *steps);
    compare_cables(d);
    if (!steps || d->failed ||
        !reorder_plan(d->cables.now, d->stays, d->before->cable_count, d->cables.was,
                      b->cable_count, steps))
        d->failed = true;
    for (size_t i = 0; !d->failed && i < b->cable_count; i++) {
        if (steps[i].kind == REORDER_STAYS) continue;
        bool is_new = steps[i].kind == REORDER_NEW;
        json_t *op = diff_begin(d, is_new ? "connect" : "move");
        if (!is_new) put_ends(d, op, b, &b->cables[i]);
        else if (op && !mega_tree_cable(b, &b->cables[i], op)) d->failed = true;
        if (!is_new || !steps[i].last || has_twin(b, i))
            diff_put(d, op, "at", json_integer(steps[i].at));
        diff_push(d, op);
    }
    free(steps);
}
