// SPDX-License-Identifier: MIT
// reorder -- keeps the longest increasing subsequence in place and moves the rest. C. Schensted,
// "Longest increasing and decreasing subsequences", Canadian Journal of Mathematics 1961, by
// bisection.
#include "document/edit/reorder.h"

#include <stdlib.h>

bool reorder_stays(const uint32_t *now, size_t count, bool *stays) {
    // ends[k]: the item that ends the best run of k + 1 items; before[i]: the item before i in its
    // run
    uint32_t *ends = calloc(count + 1, sizeof *ends), *before = calloc(count + 1, sizeof *before);
    size_t longest = 0;
    for (size_t i = 0; ends && before && i < count; i++) {
        stays[i] = false;
        if (now[i] == MEGA_NOWHERE) continue;
        size_t low = 0, high = longest;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (now[ends[middle]] < now[i]) low = middle + 1;
            else high = middle;
        }
        before[i] = low ? ends[low - 1] : MEGA_NOWHERE;
        ends[low] = (uint32_t)i;
        if (low == longest) longest++;
    }
    bool good = ends && before;
    if (good && longest)
        for (uint32_t i = ends[longest - 1]; i != MEGA_NOWHERE; i = before[i]) stays[i] = true;
    free(ends);
    free(before);
    return good;
}

bool reorder_plan(const uint32_t *now, const bool *stays, size_t old_count, const uint32_t *was,
                  size_t new_count, reorder_step *steps) {
    bool *moved = calloc(old_count + 1, sizeof *moved);
    if (!moved) return false;
    // In the list as it is after j steps stand the j new items in order, and among and after them
    // those that have yet to move: `passed` of them before the last of the new.
    size_t next = 0, passed = 0, count = 0;
    for (size_t i = 0; i < old_count; i++) count += now[i] != MEGA_NOWHERE;
    for (size_t j = 0; j < new_count; j++) {
        uint32_t i = was[j];
        if (i != MEGA_NOWHERE && stays[i]) {
            for (; next < i; next++)
                passed += now[next] != MEGA_NOWHERE && !stays[next] && !moved[next];
            next = i + 1;
            steps[j] = (reorder_step){.kind = REORDER_STAYS};
            continue;
        }
        if (i != MEGA_NOWHERE) {
            moved[i] = true;
            if (i < next) passed--;
        }
        size_t at = j + passed;
        bool is_new = i == MEGA_NOWHERE;
        count += is_new;
        steps[j] = (reorder_step){.kind = is_new ? REORDER_NEW : REORDER_MOVES,
                                  .at = (uint32_t)at,
                                  .last = at + 1 == count};
    }
    free(moved);
    return true;
}
