// SPDX-License-Identifier: MIT
// ops -- the VM's own loops over registers; see ops.h.
#include "ops.h"

#include "kernel.h"

MEGA_INLINE lanes term_at(const mega_term *term, uint32_t t, int u) {
    lanes v = load(term->at + (term->moving ? t : 0) * (size_t)MEGA_FRAME + u * MEGA_WIDTH);
    return term->amount == 1.0f ? v : v * splat(term->amount);
}

MEGA_INLINE lanes sum_at(const mega_term *terms, size_t count, uint32_t t, int u) {
    lanes v = term_at(&terms[0], t, u);
    for (size_t i = 1; i < count; i++) v = v + term_at(&terms[i], t, u);
    return v;
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
    for (uint32_t t = 0; t < frames; t++)
        for (int u = 0; u < MEGA_U; u++) {
            lanes v = sum_at(terms, term_count, t, u);
            if (exponent_count) v = v * vexp2(sum_at(exponents, exponent_count, t, u));
            store(out + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH, v);
        }
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
static uint32_t reduce(float *out, const float *in, bool moving, const float *gain, uint32_t active,
                       float *peak, uint32_t frames) {
    ilanes keep[MEGA_U], highest[MEGA_U];
    float added[MEGA_BLOCK_FRAMES];
    for (int u = 0; u < MEGA_U; u++) {
        highest[u] = isplat(0);
        for (int i = 0; i < MEGA_WIDTH; i++)
            keep[u][i] = -(int32_t)(active >> (u * MEGA_WIDTH + i) & 1);
    }
    for (uint32_t t = 0; t < frames; t++) {
        float v[MEGA_LANE_COUNT];
        for (int u = 0; u < MEGA_U; u++) {
            lanes a = load(in + (moving ? (size_t)t * MEGA_LANE_COUNT : 0) + u * MEGA_WIDTH);
            if (gain) a = a * load(gain + (size_t)t * MEGA_LANE_COUNT + u * MEGA_WIDTH);
            ilanes bits = bits_of(a) & keep[u];
            ilanes size = bits & isplat(0x7fffffff);
            highest[u] = iselect(igt(size, highest[u]), size, highest[u]);
            store(v + u * MEGA_WIDTH, from_bits(bits));
        }
        for (int i = 0; i < 8; i++) v[i] = v[i] + v[i + 8];
        for (int i = 0; i < 4; i++) v[i] = v[i] + v[i + 4];
        added[t] = (v[0] + v[2]) + (v[1] + v[3]);
    }
    uint32_t bad = 0;
    for (int u = 0; u < MEGA_U; u++)
        for (int i = 0; i < MEGA_WIDTH; i++) {
            if (highest[u][i] >= 0x7f800000) bad |= 1u << (u * MEGA_WIDTH + i);
        }
    if (bad) return bad;
    for (int u = 0; u < MEGA_U; u++) {
        float *p = peak + u * MEGA_WIDTH;
        store(p, vmax(from_bits(highest[u]), load(p)));
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
