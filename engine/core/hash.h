// SPDX-License-Identifier: MIT
// hash -- FNV-1a: of names, and of sound where two results are compared.
#ifndef MEGA_HASH_H
#define MEGA_HASH_H

#include <stdint.h>

#define MEGA_HASH_START UINT64_C(0xcbf29ce484222325)

/// The hash of what was hashed to `hash` (at first MEGA_HASH_START) and one more byte or word.
static inline uint64_t mega_hash_add(uint64_t hash, uint64_t word) {
    return (hash ^ word) * UINT64_C(0x100000001b3);
}

/// Of a text, in 32 bits.
static inline uint32_t mega_hash_text(const char *text) {
    uint32_t hash = UINT32_C(2166136261);
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619);
    return hash;
}

#endif
