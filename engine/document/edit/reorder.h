// SPDX-License-Identifier: MIT
// reorder -- brings a list into another's order with the fewest moves.
#ifndef MEGA_REORDER_H
#define MEGA_REORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEGA_NOWHERE UINT32_MAX

/// The step for one item of the new list.
typedef struct {
    enum { REORDER_STAYS, REORDER_MOVES, REORDER_NEW } kind;
    uint32_t at; ///< its index once all items before it in the new list are in place
    bool last;   ///< `at` is the end of the list
} reorder_step;

/// Marks the items of the old list that need not move: a longest run that keeps its order.
/// @param now where each old item is in the new list, or MEGA_NOWHERE if it is not there
/// @return false without memory
bool reorder_stays(const uint32_t *now, size_t count, bool *stays);
/// The step for each item of the new list, in order. Removed items are gone before the first step.
/// @param was where each new item is in the old list, or MEGA_NOWHERE
bool reorder_plan(const uint32_t *now, const bool *stays, size_t old_count, const uint32_t *was,
                  size_t new_count, reorder_step *steps);

#endif
