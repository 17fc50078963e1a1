// SPDX-License-Identifier: MIT
// settable -- which parameters random tests may set while a patch plays.
#ifndef SETTABLE_H
#define SETTABLE_H

#include "core/module.h"

/// How many parameters may be set during play. Fixed ones come last; only documents write them.
static inline uint32_t settable_params(const mega_module *m) {
    uint32_t count = 0;
    while (count < m->param_count && !m->params[count].fixed) count++;
    return count;
}

/// How many parameters take cables from nodes. Those read at events come next, fixed ones last.
static inline uint32_t cable_params(const mega_module *m) {
    uint32_t count = 0;
    while (count < m->param_count && !m->params[count].fixed && !m->params[count].at_events)
        count++;
    return count;
}

#endif
