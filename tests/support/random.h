// SPDX-License-Identifier: MIT
// random -- numbers for tests: the same sequence for the same seed on any machine.
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t state;
} rng;

static inline rng rng_create(uint64_t seed) { return (rng){seed * 0x9E3779B97F4A7C15u + 1}; }

/// 64 bits (splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
/// 2014).
static inline uint64_t rng_next(rng *r) {
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}
/// 0 .. count - 1
static inline uint32_t rng_below(rng *r, uint32_t count) {
    return (uint32_t)((rng_next(r) >> 32) * count >> 32);
}
/// 0 .. 1, one of 2^24 values
static inline float rng_unit(rng *r) { return (float)(rng_next(r) >> 40) * 0x1p-24f; }
static inline float rng_between(rng *r, float low, float high) {
    return low + (high - low) * rng_unit(r);
}
static inline bool rng_chance(rng *r, float probability) { return rng_unit(r) < probability; }

#endif
