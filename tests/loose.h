// SPDX-License-Identifier: MIT
// loose -- which parameters random tests may turn.
#ifndef LOOSE_H
#define LOOSE_H

#include "core/module.h"

/// Parameters that anything may turn: those that are fixed come last, and only documents write
/// them.
static inline uint32_t loose_params(const mega_module *m) {
    uint32_t count = 0;
    while (count < m->param_count && !m->params[count].fixed) count++;
    return count;
}

/// Parameters that cables of nodes may reach: what is read at events comes before what is fixed.
static inline uint32_t wired_params(const mega_module *m) {
    uint32_t count = 0;
    while (count < m->param_count && !m->params[count].fixed && !m->params[count].at_events)
        count++;
    return count;
}

#endif
