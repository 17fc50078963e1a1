// SPDX-License-Identifier: MIT
// random_turns -- turns knobs, parameters and choices of a patch at random, and recalls its
// presets.
#ifndef RANDOM_TURNS_H
#define RANDOM_TURNS_H

#include "random_patch.h"

/// Turns some of what there is, as soon as can be.
static inline void random_turns(rng *r, mega_engine *e, const mega_patch *now) {
    for (size_t p = 0; p < now->preset_count; p++)
        if (rng_chance(r, 0.3f))
            mega_preset_recall(e, MEGA_NOW, mega_find_preset(e, now->presets[p].id), 0.1f);
    for (size_t k = 0; k < now->knob_count; k++)
        if (rng_chance(r, 0.3f))
            mega_knob_set(e, MEGA_NOW, mega_find_knob(e, now->knobs[k].id), rng_unit(r));
    for (size_t n = 0; n < now->node_count; n++) {
        const mega_module *m = now->nodes[n].module;
        if (!loose_params(m) || rng_chance(r, 0.7f)) continue;
        const mega_param_row *row = &m->params[rng_below(r, loose_params(m))];
        mega_param_set(e, MEGA_NOW, mega_find_param(e, now->nodes[n].id, row->name),
                       random_patch_value(r, row), -1);
    }
}

#endif
