// SPDX-License-Identifier: MIT
// heap -- a binary heap in an array: the earliest item is the first.
//
// Example: MEGA_HEAP(frames, uint64_t, is_less)
// Becomes: frames_up(items, at, item), frames_down(items, count, at, item)
#ifndef MEGA_HEAP_H
#define MEGA_HEAP_H

#include <stdint.h>

/// Defines the two moves of a heap of `type`. @param before bool (const type *, const type *)
#define MEGA_HEAP(name, type, before)                                                              \
    /* Puts an item at `at`, which is free, or above it. */                                        \
    static inline void name##_up(type *items, uint32_t at, const type *item) {                     \
        for (; at && before(item, &items[(at - 1) / 2]); at = (at - 1) / 2)                        \
            items[at] = items[(at - 1) / 2];                                                       \
        items[at] = *item;                                                                         \
    }                                                                                              \
    /* Puts an item at `at`, which is free, or below it. */                                        \
    static inline void name##_down(type *items, uint32_t count, uint32_t at, const type *item) {   \
        for (uint32_t child; (child = 2 * at + 1) < count; at = child) {                           \
            if (child + 1 < count && before(&items[child + 1], &items[child])) child++;            \
            if (!before(&items[child], item)) break;                                               \
            items[at] = items[child];                                                              \
        }                                                                                          \
        items[at] = *item;                                                                         \
    }

#endif
