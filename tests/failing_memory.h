// SPDX-License-Identifier: MIT
// failing_memory -- an allocator that counts, and fails when told. Included once by a test program, before
// anything of it; SANITIZED is defined where a sanitizer owns malloc and this stays out of the way.
#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED

static bool armed;       // count, and fail
static bool onward;      // and fail after it too
static long allocations; // since arming
static long failing;     // number of the one that fails
static long live;        // blocks

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

// Seen by the shared libraries, too, which the build's hidden visibility would keep from them.
#define SEEN __attribute__((visibility("default")))

static bool fails(void) {
    if (!armed) return false;
    long i = allocations++;
    return i == failing || (onward && i > failing);
}

SEEN void *malloc(size_t bytes) {
    void *p = fails() ? NULL : __libc_malloc(bytes);
    live += p != NULL;
    return p;
}

SEEN void *calloc(size_t count, size_t bytes) {
    void *p = fails() ? NULL : __libc_calloc(count, bytes);
    live += p != NULL;
    return p;
}

SEEN void *realloc(void *old, size_t bytes) {
    if (fails()) return NULL;
    void *p = __libc_realloc(old, bytes);
    live += !old && p;
    return p;
}

SEEN void free(void *p) {
    live -= p != NULL;
    __libc_free(p);
}

/// From now on allocation `number` fails, and with `and_on` all after it.
static inline void memory_arm(long number, bool and_on) {
    allocations = 0;
    failing = number;
    onward = and_on;
    armed = true;
}

#endif
#endif
