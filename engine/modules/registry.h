// SPDX-License-Identifier: MIT
// registry -- the modules and the VM's own loops, one table for each instruction set.
#ifndef MEGA_REGISTRY_H
#define MEGA_REGISTRY_H

#include "core/module.h"

enum {
#define X(id) MEGA_MODULE_##id,
#include "modules/modules.def"
#undef X
    MEGA_MODULE_COUNT
};

/// Everything that is compiled once per instruction set.
typedef struct mega_isa_table {
    const char *name; ///< "v2", "v3", "v4", "neon", "one"
    uint32_t width;   ///< lanes in a vector
    uint32_t lanes;   ///< that one call runs: 16, or fewer in a narrow build; 1 in `one`
    const mega_module *const *modules; ///< MEGA_MODULE_COUNT rows
    const struct mega_ops *ops;        ///< see ops.h
    const struct mega_isa_table *const
        *narrow; ///< builds for fewer lanes, the fewest first; NULL ends
    /// For each of `narrow` the build whose `solo` and `sum_solo` run its lanes with frames in the
    /// lanes of wider vectors, or NULL.
    const struct mega_isa_table *const *beside;
} mega_isa_table;

/// The one-lane build: shared nodes, small groups, the reference. Its rows are the ones to
/// describe.
extern const mega_isa_table mega_isa_one;

/// @param name as `mega_options.isa`; NULL: MEGASYNTH_ISA from the environment, else the widest
/// this machine has
/// @return NULL if it is unknown or this machine lacks it
const mega_isa_table *mega_isa_choose(const char *name);
/// The index-th instruction set that this machine can run, "one" first. @return NULL past the last
const mega_isa_table *mega_isa_at(size_t index);

#endif
