// SPDX-License-Identifier: MIT
// random_control -- what a host's control thread may do while another thread renders: random edits,
// undo and redo, other patches, more buses, presets saved, values asked for; and the numbers of new
// knobs, parameters and presets for the thread that plays.
#ifndef RANDOM_CONTROL_H
#define RANDOM_CONTROL_H

#include "support/random_edit.h"
#include "support/random_play.h"

enum { CONTROL_PATCHES_MAX = 32, CONTROL_OPERATIONS_MAX = 3 };

typedef struct {
    mega_engine *engine;
    rng r;
    mega_patch *patches[CONTROL_PATCHES_MAX]; ///< to load
    uint32_t patch_count;
    struct {
        uint64_t edits, refused, undone, redone, loads, buses, saved;
    } done;
    // control -> player, one at a time
    _Atomic bool told;
    enum { CONTROL_KNOB, CONTROL_PARAM, CONTROL_PRESET } told_what;
    int32_t told_number;
    float told_min, told_max;
    _Atomic int32_t bus; ///< the last one opened
} random_control;

static inline float control_fade(rng *r) {
    static const float fades[] = {0, 0.5f, 3, 3, 3, 20};
    return fades[rng_below(r, sizeof fades / sizeof *fades)];
}

/// @param timed some edits are for later frames
static inline void control_edit(random_control *c, bool timed) {
    const mega_patch *now = mega_loaded_patch(c->engine);
    if (!now->node_count) return;
    char list[1 << 14] = "[";
    size_t used = 1;
    for (uint32_t n = 1 + rng_below(&c->r, CONTROL_OPERATIONS_MAX); n > 0; n--) {
        char *op = random_edit(&c->r, now);
        if (used + strlen(op) + 3 < sizeof list)
            used += (size_t)sprintf(list + used, "%s%s", used > 1 ? ", " : "", op);
        free(op);
    }
    strcpy(list + used, "]");
    mega_change how = {MEGA_REV_ANY, control_fade(&c->r), MEGA_NOW};
    if (timed && rng_chance(&c->r, 0.2f))
        how.frame = mega_counters_get(c->engine).frame + rng_below(&c->r, 2000);
    mega_status status =
        mega_edit(c->engine, list, strlen(list), MEGA_FORMAT_JSON, &how, NULL, NULL);
    if (status) c->done.refused++;
    else c->done.edits++;
}

static inline void control_open_bus(random_control *c) {
    const mega_patch *now = mega_loaded_patch(c->engine);
    if (!now->node_count) return;
    const mega_patch_node_row *node = &now->nodes[rng_below(&c->r, (uint32_t)now->node_count)];
    if (!node->module->output_count) return;
    const char *port = node->module->outputs[rng_below(&c->r, node->module->output_count)].name;
    int32_t bus = mega_bus_open(c->engine, node->id, port, NULL);
    if (bus < 0) return;
    c->bus = bus;
    c->done.buses++;
}

static inline void control_tell_param(random_control *c, const mega_patch *now) {
    const mega_patch_node_row *node = &now->nodes[rng_below(&c->r, (uint32_t)now->node_count)];
    if (!settable_params(node->module)) return;
    const mega_param_row *row =
        &node->module->params[rng_below(&c->r, settable_params(node->module))];
    c->told_what = CONTROL_PARAM;
    c->told_min = row->min;
    c->told_max = row->max;
    char id[MEGA_ID_BYTES_MAX + 1];
    strcpy(id, node->id); // the patch may go with the next call
    float value;
    c->told_number = mega_find_param(c->engine, id, row->name);
    assert(mega_param_get(c->engine, id, row->name, &value) == MEGA_OK);
    assert(value == value);
}

/// The number of something in the patch as it is now, if the player has taken the last.
static inline void control_tell(random_control *c) {
    const mega_patch *now = mega_loaded_patch(c->engine);
    if (c->told || !now->node_count) return;
    c->told_number = -1;
    char id[MEGA_ID_BYTES_MAX + 1];
    float value;
    if (now->knob_count && rng_chance(&c->r, 0.3f)) {
        c->told_what = CONTROL_KNOB;
        strcpy(id, now->knobs[rng_below(&c->r, (uint32_t)now->knob_count)].id);
        c->told_number = mega_find_knob(c->engine, id);
        assert(mega_knob_get(c->engine, id, &value) == MEGA_OK);
        assert(value >= 0 && value <= 1);
    } else if (now->preset_count && rng_chance(&c->r, 0.3f)) {
        c->told_what = CONTROL_PRESET;
        strcpy(id, now->presets[rng_below(&c->r, (uint32_t)now->preset_count)].id);
        c->told_number = mega_find_preset(c->engine, id);
    } else {
        control_tell_param(c, now);
    }
    if (c->told_number >= 0) c->told = true;
}

static inline void control_save(random_control *c) {
    char name[16];
    snprintf(name, sizeof name, "s%u", rng_below(&c->r, 10));
    c->done.saved += !mega_preset_save(c->engine, name, NULL, NULL);
}

/// CONTROL: one random change.
static inline void control_step(random_control *c) {
    uint32_t what = rng_below(&c->r, 24);
    if (what == 0 && c->patch_count)
        c->done.loads += !mega_load(c->engine, c->patches[rng_below(&c->r, c->patch_count)], NULL);
    else if (what < 3) c->done.undone += !mega_undo(c->engine, control_fade(&c->r), NULL, NULL);
    else if (what < 4) c->done.redone += !mega_redo(c->engine, control_fade(&c->r), NULL, NULL);
    else if (what < 5) control_open_bus(c);
    else if (what < 6) control_save(c);
    else control_edit(c, true);
    control_tell(c);
}

/// The playing thread: takes what it was told, in the place of something it knew; looks at a bus.
static inline void control_heed(random_control *c, player *p) {
    float block[MEGA_BLOCK_FRAMES];
    mega_bus_read(p->engine, c->bus, p->note_count ? p->note[0] : 0, block);
    mega_bus_read(p->engine, c->bus, 0, block);
    if (!c->told) return;
    uint32_t at = rng_below(&p->r, 32);
    if (c->told_what == CONTROL_PRESET) {
        mega_preset_recall(p->engine, p->next, c->told_number, rng_between(&p->r, -0.1f, 0.3f));
    } else if (c->told_what == CONTROL_KNOB) {
        if (at >= p->knob_count) at = p->knob_count++;
        p->knob[at] = c->told_number;
    } else {
        if (at >= p->param_count) at = p->param_count++;
        p->param[at] = c->told_number;
        p->param_min[at] = c->told_min;
        p->param_max[at] = c->told_max;
    }
    c->told = false;
}

static inline void control_print(const random_control *c, const char *name) {
    printf("%s: %llu edits, %llu refused, %llu undone, %llu redone, %llu loads, %llu buses, "
           "%llu presets saved\n",
           name, (unsigned long long)c->done.edits, (unsigned long long)c->done.refused,
           (unsigned long long)c->done.undone, (unsigned long long)c->done.redone,
           (unsigned long long)c->done.loads, (unsigned long long)c->done.buses,
           (unsigned long long)c->done.saved);
}

#endif
