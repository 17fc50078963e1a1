// SPDX-License-Identifier: MIT
// random_values -- sets knobs, parameters and choices of a patch at random, and recalls presets.
#ifndef RANDOM_VALUES_H
#define RANDOM_VALUES_H

#include "support/random_patch.h"

/// Sets some of the patch's values, as soon as possible.
static inline void random_values(rng *r, mega_engine *e, const mega_patch *now) {
    for (size_t p = 0; p < now->preset_count; p++)
        if (rng_chance(r, 0.3f))
            mega_preset_recall(e, MEGA_NOW, mega_find_preset(e, now->presets[p].id), 0.1f);
    for (size_t k = 0; k < now->knob_count; k++)
        if (rng_chance(r, 0.3f))
            mega_knob_set(e, MEGA_NOW, mega_find_knob(e, now->knobs[k].id), rng_unit(r));
    for (size_t n = 0; n < now->node_count; n++) {
        const mega_module *m = now->nodes[n].module;
        if (!settable_params(m) || rng_chance(r, 0.7f)) continue;
        const mega_param_row *row = &m->params[rng_below(r, settable_params(m))];
        mega_param_set(e, MEGA_NOW, mega_find_param(e, now->nodes[n].id, row->name),
                       random_patch_value(r, row), -1);
    }
}

#endif
