// SPDX-License-Identifier: MIT
// ops -- the VM's own loops over registers; see ops.h.
#include "core/ops.h"

#include "core/kernel.h"

/// How a loop walks its registers: a frame at a time for all lanes of the build, or, for one voice,
/// as many frames at once as a vector holds.
typedef struct {
    size_t step; // floats from one turn of the loop to the next
    int vectors; // in a turn
    bool solo;   // frames lie side by side
} walk;
#define BY_LANES ((walk){MEGA_FRAME, MEGA_U, false})
#define BY_FRAMES ((walk){MEGA_WIDTH, 1, true})

/// A register as the loops want it: a step of 0 where it stands still.
typedef struct {
    const float *at;
    size_t step;
    lanes still;
} walked;

typedef struct {
    walked factors[MEGA_FACTORS_MAX];
    lanes amount;
} hoisted;

MEGA_INLINE lanes read_at(const walked *r, uint32_t t, int u) {
    return load(r->at + t * r->step + u * MEGA_WIDTH);
}

MEGA_INLINE lanes value_of(const hoisted *h, size_t factors, uint32_t t, int u) {
    lanes v = read_at(&h->factors[0], t, u);
    for (size_t i = 1; i < factors; i++) v = v * read_at(&h->factors[i], t, u);
    return v * h->amount; // times 1 is exact: no branch for plain cables
}

/// What stands still is one frame.
MEGA_INLINE void start(walked *r, const float *at, bool moving, const walk w) {
    r->at = at;
    r->step = moving ? w.step : 0;
    if (!w.solo || moving) return;
    r->still = solo_repeat(at);
    r->at = (const float *)&r->still;
}

/// A term that has fewer factors than others is multiplied by 1.
MEGA_INLINE void hoist(hoisted *h, const mega_term *term, size_t factors, const walk w) {
    static const float ones[MEGA_LANE_COUNT] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    start(&h->factors[0], term->at, term->moving, w);
    for (size_t i = 1; i < factors; i++) {
        mega_factor f = {ones, false};
        if (i <= term->more_count) f = term->more[i - 1];
        start(&h->factors[i], f.at, f.moving, w);
    }
    h->amount = splat(term->amount);
}

/// `count`, `factors` and `w` are constants where this is inlined: a loop of its own for each usual
/// shape of a sum.
MEGA_INLINE void add_terms(float *out, const mega_term *terms, size_t count, size_t factors,
                           uint32_t turns, const walk w) {
    hoisted h[4];
    for (size_t i = 0; i < count; i++) hoist(&h[i], &terms[i], factors, w);
    for (uint32_t t = 0; t < turns; t++)
        for (int u = 0; u < w.vectors; u++) {
            lanes v = value_of(&h[0], factors, t, u);
            for (size_t i = 1; i < count; i++) v = v + value_of(&h[i], factors, t, u);
            store(out + t * w.step + u * MEGA_WIDTH, v);
        }
}

/// out = out + more terms, from left to right as ever, three at a time: x + -0 is x.
MEGA_INLINE void add_more(float *out, const mega_term *terms, size_t count, size_t factors,
                          uint32_t turns, const walk w) {
    static const float nothing[MEGA_LANE_COUNT] = {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f,
                                                   -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f,
                                                   -0.0f, -0.0f, -0.0f, -0.0f};
    for (size_t done = 0; done < count; done += 3) {
        mega_term part[4] = {{.at = out, .moving = true, .amount = 1}};
        for (size_t i = 0; i < 3; i++)
            part[1 + i] =
                done + i < count ? terms[done + i] : (mega_term){.at = nothing, .amount = 1};
        add_terms(out, part, 4, factors, turns, w);
    }
}

MEGA_INLINE void add_all(float *out, const mega_term *terms, size_t count, size_t factors,
                         uint32_t turns, const walk w) {
    switch (count) {
    case 1: add_terms(out, terms, 1, factors, turns, w); break;
    case 2: add_terms(out, terms, 2, factors, turns, w); break;
    case 3: add_terms(out, terms, 3, factors, turns, w); break;
    default:
        add_terms(out, terms, 4, factors, turns, w);
        add_more(out, terms + 4, count - 4, factors, turns, w);
    }
}

static size_t most_factors(const mega_term *terms, size_t count) {
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = terms[i].more_count > most ? terms[i].more_count : most;
    return 1 + most;
}

MEGA_INLINE void add_up(float *out, const mega_term *terms, size_t count, uint32_t turns,
                        const walk w) {
    switch (most_factors(terms, count)) {
    case 1: add_all(out, terms, count, 1, turns, w); break;
    case 2: add_all(out, terms, count, 2, turns, w); break;
    default: add_all(out, terms, count, MEGA_FACTORS_MAX, turns, w);
    }
}

MEGA_INLINE void raise(float *out, const mega_term *exponents, size_t count, uint32_t turns,
                       const walk w) {
    hoisted h[8];
    float scratch[MEGA_SEGMENT_FRAMES * MEGA_LANE_COUNT];
    mega_term summed = {.at = scratch, .moving = true, .amount = 1};
    if (count > COUNT_OF(h) || most_factors(exponents, count) > 1) { // summed first
        add_up(scratch, exponents, count, turns, w);
        exponents = &summed;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) hoist(&h[i], &exponents[i], 1, w);
    for (uint32_t t = 0; t < turns; t++)
        for (int u = 0; u < w.vectors; u++) {
            float *at = out + t * w.step + u * MEGA_WIDTH;
            lanes e = value_of(&h[0], 1, t, u);
            for (size_t i = 1; i < count; i++) e = e + value_of(&h[i], 1, t, u);
            store(at, load(at) * vexp2(e));
        }
}

static bool any_moving(const mega_term *terms, size_t count) {
    bool moving = false;
    for (size_t i = 0; i < count; i++) {
        moving |= terms[i].moving;
        for (uint32_t k = 0; k < terms[i].more_count; k++) moving |= terms[i].more[k].moving;
    }
    return moving;
}

MEGA_INLINE bool sum_by(float *out, const mega_term *terms, size_t term_count,
                        const mega_term *exponents, size_t exponent_count, uint32_t frames,
                        const walk w) {
    bool moving = any_moving(terms, term_count) || any_moving(exponents, exponent_count);
    if (!moving) frames = 1;
    uint32_t turns = w.solo ? (frames + SOLO_FRAMES - 1) / SOLO_FRAMES : frames;
    add_up(out, terms, term_count, turns, w);
    if (exponent_count) raise(out, exponents, exponent_count, turns, w);
    return moving;
}

static bool sum(float *out, const mega_term *terms, size_t term_count, const mega_term *exponents,
                size_t exponent_count, uint32_t frames) {
    return sum_by(out, terms, term_count, exponents, exponent_count, frames, BY_LANES);
}

static bool sum_solo(float *out, const mega_term *terms, size_t term_count,
                     const mega_term *exponents, size_t exponent_count, uint32_t frames) {
    return sum_by(out, terms, term_count, exponents, exponent_count, frames, BY_FRAMES);
}

static void broadcast(float *out, const float *in, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++)
        for (int u = 0; u < MEGA_U; u++)
            store(out + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH, splat(in[t]));
}

/// The larger; neither is negative.
MEGA_INLINE ilanes larger(ilanes a, ilanes b) {
#if MEGA_WIDTH == 16
    return (ilanes)_mm512_max_epi32((__m512i)a, (__m512i)b);
#elif MEGA_WIDTH == 8
    return (ilanes)_mm256_max_epi32((__m256i)a, (__m256i)b);
#elif MEGA_WIDTH == 4 && defined(__SSE4_1__)
    return (ilanes)_mm_max_epi32((__m128i)a, (__m128i)b);
#else
    return iselect(igt(a, b), a, b);
#endif
}

/// What is reduced, as the loops want it.
typedef struct {
    walked in;
    hoisted by[MEGA_BY_MAX];
} outgoing;

MEGA_INLINE void prepare(outgoing *o, const mega_product *in, size_t by_count, const walk w) {
    start(&o->in, in->in.at, in->in.moving, w);
    for (size_t i = 0; i < by_count; i++) hoist(&o->by[i], &in->by[i], 1, w);
}

MEGA_INLINE lanes outgoing_at(const outgoing *o, size_t by_count, uint32_t t, int u) {
    lanes v = read_at(&o->in, t, u);
    if (!by_count) return v;
    lanes by = value_of(&o->by[0], 1, t, u);
    for (size_t i = 1; i < by_count; i++) by = by + value_of(&o->by[i], 1, t, u);
    return v * by;
}

#if MEGA_WIDTH > 1
// The tree: lane i with lane i + 8, those with + 4, + 2, + 1. A narrow build leaves out sums with
// lanes that are 0; the 0 that is added still makes +0 of -0. A build for few voices takes as many
// frames at once as a vector holds: its lanes are those of a frame, frame after frame.
typedef float quarter __attribute__((vector_size(16)));

enum {
    REDUCED_LANES = MEGA_VOICES > 1 ? MEGA_VOICES : MEGA_U *MEGA_WIDTH, // of a frame
    REDUCED_VECTORS = MEGA_VOICES > 1 ? 1 : MEGA_U,
    REDUCED_FRAMES = MEGA_VOICES > 1 ? SOLO_FRAMES : 1, // in those vectors
    FOLDED_ROOM = MEGA_BLOCK_FRAMES + MEGA_WIDTH,
};
#define REDUCED_WALK (MEGA_VOICES > 1 ? BY_FRAMES : BY_LANES)

/// The first two steps: the lanes of each frame to 4.
MEGA_INLINE void fold(quarter *to, const lanes *v) {
#if MEGA_WIDTH == 16 && MEGA_VOICES == 1
    __m512 all = (__m512)v[0]; // gcc makes slow code of the memcpy
    __m256 half = _mm512_castps512_ps256(all) + _mm512_extractf32x8_ps(all, 1);
    to[0] = (quarter)(_mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
    return;
#elif MEGA_WIDTH == 8 && MEGA_U == 2 && MEGA_VOICES == 1
    __m256 half = (__m256)(v[0] + v[1]);
    to[0] = (quarter)(_mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1));
    return;
#endif
    if (REDUCED_LANES == 4) {
        store((float *)to, v[0] + splat(0));
        return;
    }
    quarter q[REDUCED_VECTORS * MEGA_WIDTH / 4];
    memcpy(q, v, sizeof q);
    for (int f = 0; f < REDUCED_FRAMES; f++) {
        const quarter *of = q + f * REDUCED_LANES / 4;
        to[f] = REDUCED_LANES == 16 ? (of[0] + of[2]) + (of[1] + of[3])
                                    : (of[0] + of[1]) + (quarter){0};
    }
}

// Of two vectors, each quarter: first halves, second halves; even lanes, odd lanes.
#define HALVES(q) q, q + 1, q + MEGA_WIDTH, q + MEGA_WIDTH + 1
#define SECOND_HALVES(q) q + 2, q + 3, q + MEGA_WIDTH + 2, q + MEGA_WIDTH + 3
#define EVENS(q) q, q + 2, q + MEGA_WIDTH, q + MEGA_WIDTH + 2
#define ODDS(q) q + 1, q + 3, q + MEGA_WIDTH + 1, q + MEGA_WIDTH + 3

/// Lanes that lie quarter by quarter, lane by lane.
MEGA_INLINE lanes by_lane(lanes v) {
#if MEGA_WIDTH == 16
    return __builtin_shufflevector(v, v, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
#elif MEGA_WIDTH == 8
    return __builtin_shufflevector(v, v, 0, 4, 1, 5, 2, 6, 3, 7);
#else
    return v;
#endif
}

/// The last two steps, (q0 + q2) + (q1 + q3), for as many frames as there are lanes.
MEGA_INLINE lanes finish(const quarter *folded) {
    lanes v[4];
    for (int i = 0; i < 4; i++) v[i] = load((const float *)folded + i * MEGA_WIDTH);
    lanes ab = MIX_QUARTERS(v[0], v[1], HALVES) + MIX_QUARTERS(v[0], v[1], SECOND_HALVES);
    lanes cd = MIX_QUARTERS(v[2], v[3], HALVES) + MIX_QUARTERS(v[2], v[3], SECOND_HALVES);
    return by_lane(MIX_QUARTERS(ab, cd, EVENS) + MIX_QUARTERS(ab, cd, ODDS));
}

/// What fades make of the lanes of vector `u`; frames are MEGA_LANE_COUNT factors apart.
MEGA_INLINE lanes gains_at(const float *gain, uint32_t t, uint32_t frames, int u) {
    if (MEGA_VOICES == 1) return load(gain + (size_t)t * MEGA_LANE_COUNT + u * MEGA_WIDTH);
    float each[MEGA_WIDTH] = {0};
    for (uint32_t f = 0; f < REDUCED_FRAMES && t + f < frames; f++)
        memcpy(each + f * REDUCED_LANES, gain + (size_t)(t + f) * MEGA_LANE_COUNT,
               REDUCED_LANES * sizeof *each);
    return load(each);
}

/// Lanes that count, times their gain, folded; sizes of all frames go to `highest`.
/// @param by_count is a constant where this is inlined
MEGA_INLINE void take_frames(quarter *folded, const mega_product *in, size_t by_count,
                             const float *gain, const ilanes *keep, ilanes *highest,
                             uint32_t frames) {
    outgoing from;
    prepare(&from, in, by_count, REDUCED_WALK);
    for (uint32_t t = 0; t < frames; t += REDUCED_FRAMES) {
        lanes v[REDUCED_VECTORS];
        for (int u = 0; u < REDUCED_VECTORS; u++) {
            lanes a = outgoing_at(&from, by_count, t / REDUCED_FRAMES, u);
            if (gain) a = a * gains_at(gain, t, frames, u);
            ilanes bits = bits_of(a) & keep[u];
            if (frames - t < REDUCED_FRAMES) // what lies past the segment counts for nothing
                bits = iselect(ilt(solo_ramp(), isplat((int32_t)(frames - t))), bits, isplat(0));
            highest[u] = larger(bits & isplat(0x7fffffff), highest[u]);
            v[u] = from_bits(bits);
        }
        fold(folded + t, v);
    }
}

/// The greatest of each lane in all frames of a vector, in every frame.
MEGA_INLINE ilanes over_frames(ilanes v) {
#if MEGA_VOICES > 1 && MEGA_WIDTH == 16
    v = larger(v,
               __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
#endif
#if MEGA_VOICES == 4 && MEGA_WIDTH == 16
    v = larger(v,
               __builtin_shufflevector(v, v, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3));
#elif MEGA_VOICES == 4 && MEGA_WIDTH == 8
    v = larger(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3));
#endif
    return v;
}

/// Lanes with a frame that is not finite.
static uint32_t not_finite(const ilanes *highest) {
    uint32_t bad = 0;
    for (int u = 0; u < REDUCED_VECTORS; u++) {
        if (all(ilt(highest[u], isplat(0x7f800000)))) continue;
        int32_t each[MEGA_WIDTH];
        memcpy(each, &highest[u], sizeof each);
        for (int i = 0; i < MEGA_WIDTH && i < REDUCED_LANES; i++)
            bad |= (uint32_t)(each[i] >= 0x7f800000) << (u * MEGA_WIDTH + i);
    }
    return bad;
}

static void raise_peaks(float *peak, const ilanes *highest) {
    const size_t bytes = REDUCED_LANES / REDUCED_VECTORS * sizeof *peak;
    for (int u = 0; u < REDUCED_VECTORS; u++) {
        lanes v = splat(0);
        memcpy(&v, peak + u * MEGA_WIDTH, bytes);
        v = vmax(from_bits(highest[u]), v);
        memcpy(peak + u * MEGA_WIDTH, &v, bytes);
    }
}

/// Adds frames whose lanes are folded.
MEGA_INLINE void add_folded(float *out, quarter *folded, uint32_t frames) {
    uint32_t t = 0;
    for (uint32_t end = frames; end % MEGA_WIDTH; end++) folded[end] = (quarter){0};
    for (; t + MEGA_WIDTH <= frames; t += MEGA_WIDTH)
        store(out + t, load(out + t) + finish(folded + t));
    if (t == frames) return;
    float added[MEGA_WIDTH];
    store(added, finish(folded + t));
    for (uint32_t i = 0; t + i < frames; i++) out[t + i] = out[t + i] + added[i];
}

static uint32_t reduce(float *out, const mega_product *in, const float *gain, uint32_t active,
                       float *peak, uint32_t frames) {
    ilanes keep[REDUCED_VECTORS], highest[REDUCED_VECTORS];
    for (int u = 0; u < REDUCED_VECTORS; u++) {
        mask counts = lanes_in(active, MEGA_VOICES > 1 ? SOLO : u);
        keep[u] = iselect(counts, isplat(-1), isplat(0));
        highest[u] = isplat(0);
    }
    quarter folded[FOLDED_ROOM];
    switch (in->by_count) {
    case 0: take_frames(folded, in, 0, gain, keep, highest, frames); break;
    case 1: take_frames(folded, in, 1, gain, keep, highest, frames); break;
    case 2: take_frames(folded, in, 2, gain, keep, highest, frames); break;
    default: take_frames(folded, in, MEGA_BY_MAX, gain, keep, highest, frames);
    }
    for (int u = 0; u < REDUCED_VECTORS; u++) highest[u] = over_frames(highest[u]);
    uint32_t bad = not_finite(highest);
    if (bad) return bad;
    raise_peaks(peak, highest);
    add_folded(out, folded, frames);
    return 0;
}
#endif

/// The greatest of all lanes; none is negative.
MEGA_INLINE int32_t greatest(ilanes v) {
    int32_t each[MEGA_WIDTH], most = 0;
    memcpy(each, &v, sizeof each);
    for (int i = 0; i < MEGA_WIDTH; i++) most = each[i] > most ? each[i] : most;
    return most;
}

/// `by_count` is a constant where this is inlined. @return what is not below any size
MEGA_INLINE ilanes put_frames(float *out, const mega_product *in, size_t by_count,
                              const float *gain, uint32_t frames) {
    outgoing from;
    ilanes highest = isplat(0);
    prepare(&from, in, by_count, BY_FRAMES);
    for (uint32_t t = 0; t < frames; t += MEGA_WIDTH) {
        lanes v = outgoing_at(&from, by_count, t / MEGA_WIDTH, 0);
        if (gain) v = v * load(gain + t);
        ilanes size = bits_of(v) & isplat(0x7fffffff);
        if (frames - t < MEGA_WIDTH) // what lies past the segment counts for nothing
            size = iselect(ilt(solo_ramp(), isplat((int32_t)(frames - t))), size, isplat(0));
        highest = larger(size, highest);
        store(out + t, v);
    }
    return highest;
}

static uint32_t reduce_solo(float *out, const mega_product *in, const float *gain, float *peak,
                            uint32_t frames) {
    ilanes highest;
    switch (in->by_count) {
    case 0: highest = put_frames(out, in, 0, gain, frames); break;
    case 1: highest = put_frames(out, in, 1, gain, frames); break;
    case 2: highest = put_frames(out, in, 2, gain, frames); break;
    default: highest = put_frames(out, in, MEGA_BY_MAX, gain, frames);
    }
    int32_t most = greatest(highest);
    if (most >= 0x7f800000) return 1;
    float size;
    memcpy(&size, &most, sizeof size);
    if (size > *peak) *peak = size;
    return 0;
}

// ---- shared registers --------------------------------------------------------------------------

/// Two signals of one float a frame, added; `t` frames on.
typedef struct {
    const float *a, *b;
    bool a_moving, b_moving;
} pair;

MEGA_INLINE lanes pair_at(const pair *p, uint32_t t) {
    lanes a = p->a_moving ? load(p->a + t) : splat(*p->a);
    return a + (p->b_moving ? load(p->b + t) : splat(*p->b));
}
MEGA_INLINE float pair_one(const pair *p, uint32_t t) {
    return p->a[p->a_moving ? t : 0] + p->b[p->b_moving ? t : 0];
}

/// Frames behind the last belong to others: those that fill no vector are added one by one.
MEGA_INLINE void add_pair(float *to, bool fresh, const pair *p, uint32_t frames) {
    uint32_t t = 0;
    for (; t + MEGA_WIDTH <= frames; t += MEGA_WIDTH)
        store(to + t, (fresh ? splat(0) : load(to + t)) + pair_at(p, t));
    for (; t < frames; t++) to[t] = (fresh ? 0 : to[t]) + pair_one(p, t);
}

static void add_two(float *to, bool fresh, const float *a, bool a_moving, const float *b,
                    bool b_moving, uint32_t frames) {
    pair p = {a, b, a_moving, b_moving};
    if (fresh) add_pair(to, true, &p, frames);
    else add_pair(to, false, &p, frames);
}

static bool is_finite_all(const float *at, uint32_t frames) {
    ilanes highest = isplat(0);
    uint32_t t = 0;
    for (; t + MEGA_WIDTH <= frames; t += MEGA_WIDTH)
        highest = larger(bits_of(load(at + t)) & isplat(0x7fffffff), highest);
    int32_t most = greatest(highest);
    for (; t < frames; t++) {
        int32_t bits;
        memcpy(&bits, at + t, sizeof bits);
        bits &= 0x7fffffff;
        most = bits > most ? bits : most;
    }
    return most < 0x7f800000;
}

extern const mega_ops MEGA_JOIN(mega_, ops, MEGA_ISA);
const mega_ops MEGA_JOIN(mega_, ops, MEGA_ISA) = {
    .sum = sum,
    .broadcast = broadcast,
#if MEGA_WIDTH > 1
    .reduce = reduce,
#endif
    .sum_solo = sum_solo,
    .reduce_solo = reduce_solo,
    .add_two = add_two,
    .finite = is_finite_all,
};
