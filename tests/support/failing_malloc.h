// SPDX-License-Identifier: MIT
// failing_malloc -- replaces a test program's allocator by one that counts calls, reports them to a
// watcher, and can fail a chosen one. A test program includes this once. Where a sanitizer replaces
// malloc itself, SANITIZED is defined and this file defines nothing.
#ifndef FAILING_MALLOC_H
#define FAILING_MALLOC_H

#include <errno.h>
#include <stdatomic.h>
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

static bool armed;        ///< count, and fail
static bool onward;       ///< and fail after it too
static long allocations;  ///< since arming
static long failing;      ///< number of the one that fails; negative: none
static _Atomic long live; ///< blocks
/// Called with the name of each function of these, first of all; NULL: nobody listens.
static void (*memory_watch)(const char *function);

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static inline bool memory_fails(const char *function) {
    if (memory_watch) memory_watch(function);
    if (!armed) return false;
    long i = allocations++;
    return failing >= 0 && (i == failing || (onward && i > failing));
}

static inline void *memory_counted(void *p) {
    if (p) live++;
    return p;
}

#pragma GCC visibility push(default) // the libraries' calls are to come here too
void *malloc(size_t bytes) {
    return memory_fails("malloc") ? NULL : memory_counted(__libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes) {
    return memory_fails("calloc") ? NULL : memory_counted(__libc_calloc(count, bytes));
}

void *realloc(void *old, size_t bytes) {
    if (memory_fails("realloc")) return NULL;
    void *p = __libc_realloc(old, bytes);
    return old ? p : memory_counted(p);
}

void *memalign(size_t align, size_t bytes);
void *memalign(size_t align, size_t bytes) {
    return memory_fails("memalign") ? NULL : memory_counted(__libc_memalign(align, bytes));
}

void *aligned_alloc(size_t align, size_t bytes) { return memalign(align, bytes); }

int posix_memalign(void **p, size_t align, size_t bytes) {
    void *block = memalign(align, bytes);
    if (block) *p = block;
    return block ? 0 : ENOMEM;
}

void free(void *p) {
    if (memory_watch) memory_watch("free");
    if (p) live--;
    __libc_free(p);
}
#pragma GCC visibility pop

/// From now on allocation `number` fails (negative: none does), and with `and_on` all after it.
static inline void memory_arm(long number, bool and_on) {
    allocations = 0;
    failing = number;
    onward = and_on;
    armed = true;
}

#endif
#endif
