// SPDX-License-Identifier: MIT
// memory -- zeros that the audio role can use without a page fault.
#ifndef MEGA_MEMORY_H
#define MEGA_MEMORY_H

#include <stdlib.h>

/// CONTROL: `count` zeros of `size` bytes, to be released by `free`. The system gives pages when
/// they are first written: that is done here, so that the audio role does not wait for it.
/// @return NULL without memory
static inline void *mega_calloc_touched(size_t count, size_t size) {
    enum { PAGE_BYTES = 4096 }; // or more
    char *memory = calloc(count, size);
    size_t bytes = memory ? count * size : 0;
    // volatile: else the compiler knows that it is 0. The last byte: a block begins amid a page.
    for (size_t at = 0; at < bytes; at += PAGE_BYTES) ((volatile char *)memory)[at] = 0;
    if (bytes) ((volatile char *)memory)[bytes - 1] = 0;
    return memory;
}

#endif
