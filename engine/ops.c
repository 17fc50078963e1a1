// SPDX-License-Identifier: MIT
// ops -- the VM's own loops over registers; see ops.h.
#include "ops.h"

#include "kernel.h"

/// A term as the loops want it: a step of 0 where it stands still.
typedef struct {
    const float *at;
    size_t step;
    lanes amount;
} hoisted;

MEGA_INLINE lanes value_of(const hoisted *h, uint32_t t, int u) {
    // times 1 is exact: no branch for plain cables
    return load(h->at + t * h->step + u * MEGA_WIDTH) * h->amount;
}

MEGA_INLINE hoisted hoist(const mega_term *term) {
    return (hoisted){term->at, term->moving ? MEGA_FRAME : 0, splat(term->amount)};
}

/// `count` is a constant where this is inlined: a loop of its own for each usual number of cables.
MEGA_INLINE void add_terms(float *out, const mega_term *terms, size_t count, uint32_t frames) {
    hoisted h[4];
    for (size_t i = 0; i < count; i++) h[i] = hoist(&terms[i]);
    for (uint32_t t = 0; t < frames; t++)
        for (int u = 0; u < MEGA_U; u++) {
            lanes v = value_of(&h[0], t, u);
            for (size_t i = 1; i < count; i++) v = v + value_of(&h[i], t, u);
            store(out + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH, v);
        }
}

/// out = out + more terms, from left to right as ever.
MEGA_INLINE void add_more(float *out, const mega_term *terms, size_t count, uint32_t frames) {
    for (size_t i = 0; i < count; i++) {
        hoisted h = hoist(&terms[i]);
        for (uint32_t t = 0; t < frames; t++)
            for (int u = 0; u < MEGA_U; u++) {
                float *at = out + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH;
                store(at, load(at) + value_of(&h, t, u));
            }
    }
}

static void add_up(float *out, const mega_term *terms, size_t count, uint32_t frames) {
    switch (count) {
    case 1: add_terms(out, terms, 1, frames); break;
    case 2: add_terms(out, terms, 2, frames); break;
    case 3: add_terms(out, terms, 3, frames); break;
    default:
        add_terms(out, terms, 4, frames);
        add_more(out, terms + 4, count - 4, frames);
    }
}

static void raise(float *out, const mega_term *exponents, size_t count, uint32_t frames) {
    hoisted h[8];
    float scratch[MEGA_BLOCK_FRAMES * MEGA_LANE_COUNT];
    mega_term summed = {scratch, true, 1};
    if (count > COUNT_OF(h)) { // many: summed first
        add_up(scratch, exponents, count, frames);
        exponents = &summed;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) h[i] = hoist(&exponents[i]);
    for (uint32_t t = 0; t < frames; t++)
        for (int u = 0; u < MEGA_U; u++) {
            float *at = out + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH;
            lanes e = value_of(&h[0], t, u);
            for (size_t i = 1; i < count; i++) e = e + value_of(&h[i], t, u);
            store(at, load(at) * vexp2(e));
        }
}

static bool any_moving(const mega_term *terms, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (terms[i].moving) return true;
    return false;
}

static bool sum(float *out, const mega_term *terms, size_t term_count, const mega_term *exponents,
                size_t exponent_count, uint32_t frames) {
    bool moving = any_moving(terms, term_count) || any_moving(exponents, exponent_count);
    if (!moving) frames = 1;
    add_up(out, terms, term_count, frames);
    if (exponent_count) raise(out, exponents, exponent_count, frames);
    return moving;
}

static void broadcast(float *out, const float *in, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++)
        for (int u = 0; u < MEGA_U; u++)
            store(out + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH, splat(in[t]));
}

#if MEGA_WIDTH == 1
// One lane of a group at a time: the VM adds lanes up itself, in the tree that the other builds
// use.
static uint32_t reduce(float *out, const float *in, bool moving, const float *gain, uint32_t active,
                       float *peak, uint32_t frames) {
    int32_t highest = 0;
    for (uint32_t t = 0; t < frames; t++) {
        float v = in[moving ? t : 0];
        if (gain) v = v * gain[t];
        int32_t size = bits_of(v) & 0x7fffffff;
        if (size > highest) highest = size;
        out[t] = active ? v : 0;
    }
    if (highest >= 0x7f800000) return 1;
    *peak = vmax(from_bits(highest), *peak);
    return 0;
}
#else
// The tree: lane i with lane i + 8, those with + 4, + 2, + 1.
typedef float quarter __attribute__((vector_size(16)));

/// The first two steps: 16 lanes to 4.
MEGA_INLINE quarter fold(const float *v) {
    quarter q[4];
    memcpy(q, v, sizeof q);
    return (q[0] + q[2]) + (q[1] + q[3]);
}

/// The last two steps, for four frames at once: (v0 + v2) + (v1 + v3) of each.
MEGA_INLINE quarter finish(quarter a, quarter b, quarter c, quarter d) {
    quarter ab = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
    quarter cd = __builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7);
    return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

/// Lanes that count, times their gain, into `v`; sizes of all frames go to `highest`.
MEGA_INLINE void take_frame(float *v, const float *in, const float *gain, const ilanes *keep,
                            ilanes *highest) {
    for (int u = 0; u < MEGA_U; u++) {
        lanes a = load(in + u * MEGA_WIDTH);
        if (gain) a = a * load(gain + u * MEGA_WIDTH);
        ilanes bits = bits_of(a) & keep[u];
        ilanes size = bits & isplat(0x7fffffff);
        highest[u] = iselect(igt(size, highest[u]), size, highest[u]);
        store(v + u * MEGA_WIDTH, from_bits(bits));
    }
}

MEGA_INLINE uint32_t not_finite(const ilanes *highest) {
    uint32_t bad = 0;
    for (int u = 0; u < MEGA_U; u++)
        for (int i = 0; i < MEGA_WIDTH; i++)
            if (highest[u][i] >= 0x7f800000) bad |= 1u << (u * MEGA_WIDTH + i);
    return bad;
}

static uint32_t reduce(float *out, const float *in, bool moving, const float *gain, uint32_t active,
                       float *peak, uint32_t frames) {
    ilanes keep[MEGA_U], highest[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        highest[u] = isplat(0);
        for (int i = 0; i < MEGA_WIDTH; i++) keep[u][i] = -(int32_t)(active >> (u * MEGA_WIDTH + i) & 1);
    }
    quarter folded[MEGA_BLOCK_FRAMES + 3] = {{0}};
    for (uint32_t t = 0; t < frames; t++) {
        float v[MEGA_LANE_COUNT];
        take_frame(v, in + (moving ? (size_t)t * MEGA_LANE_COUNT : 0),
                   gain ? gain + (size_t)t * MEGA_LANE_COUNT : NULL, keep, highest);
        folded[t] = fold(v);
    }
    uint32_t bad = not_finite(highest);
    if (bad) return bad;
    for (int u = 0; u < MEGA_U; u++) {
        float *p = peak + u * MEGA_WIDTH;
        store(p, vmax(from_bits(highest[u]), load(p)));
    }
    float added[MEGA_BLOCK_FRAMES + 3];
    for (uint32_t t = 0; t < frames; t += 4) {
        quarter four = finish(folded[t], folded[t + 1], folded[t + 2], folded[t + 3]);
        memcpy(added + t, &four, sizeof four);
    }
    for (uint32_t t = 0; t < frames; t++) out[t] = out[t] + added[t];
    return 0;
}
#endif

extern const mega_ops MEGA_JOIN(mega_, ops, MEGA_ISA);
const mega_ops MEGA_JOIN(mega_, ops, MEGA_ISA) = {
    .sum = sum,
    .broadcast = broadcast,
    .reduce = reduce,
};
