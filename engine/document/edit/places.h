// SPDX-License-Identifier: MIT
// places -- how to bring a list into another's order with the fewest moves.
#ifndef MEGA_PLACES_H
#define MEGA_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEGA_NOWHERE UINT32_MAX

/// What becomes of one item of the list that is to be.
typedef struct {
    enum { PLACE_STAYS, PLACE_MOVES, PLACE_NEW } kind;
    uint32_t at; ///< where it moves to or appears, when all before it in the new list have
    bool last;   ///< which is the end
} place_step;

/// Marks the items of the old list that need not move: a longest run that keeps its order.
/// @param now where each old item is in the new list, or MEGA_NOWHERE if it is not there
/// @return false without memory
bool places_stay(const uint32_t *now, size_t count, bool *stays);
/// The steps for each item of the new list, to be taken in order; what is no more has gone before.
/// @param was where each new item is in the old list, or MEGA_NOWHERE
bool places_plan(const uint32_t *now, const bool *stays, size_t old_count, const uint32_t *was,
                 size_t new_count, place_step *steps);

#endif
