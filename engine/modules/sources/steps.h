// SPDX-License-Identifier: MIT
// steps -- band-limited steps and corners, added to waves only where they happen.
//
// A wave is drawn with its events sharp, and as late as the table says. Each step or corner adds
// what it still lacks, from the frame after it on, to a row of its lane: contiguous, so that a
// vector adds several frames at once whatever the lane. Rows are then turned to frames of lanes.
//
// Rows are whole numbers, for sums of whole numbers are the same in any order: how a segment is
// split, which lanes run together and what is added first changes no bit. 2^27 is 1: a unit in the
// last place is -162 dB, and a wave may reach +-16.
#ifndef MEGA_STEPS_H
#define MEGA_STEPS_H

#include "core/kernel.h"
#include "modules/sources/step_tables.h"

enum {
    STEP_PIECE = 128, // frames that rows hold: longer segments go piece by piece
    STEP_ROW = STEP_PIECE + MEGA_STEP_TAPS_MAX,
    STEP_ONE = 1 << 27, // what 1 is in rows
};

/// What steps of one piece lack: a row for each lane.
typedef struct {
    const mega_step_table *table;
    int32_t row[MEGA_WIDTH * STEP_ROW] __attribute__((aligned(64)));
} step_rows;

MEGA_INLINE const mega_step_table *steps_table(float frames_per_second) {
    return &mega_step_tables[frames_per_second < 47900 ? MEGA_STEP_STEEP : MEGA_STEP_WIDE];
}

/// Before the steps of a piece are added.
MEGA_INLINE void steps_clear(step_rows *r, uint32_t frames, int row_count) {
    const uint32_t end = frames + (uint32_t)r->table->taps;
    const ilanes none = isplat(0);
    for (int l = 0; l < row_count; l++)
        for (uint32_t t = 0; t < end; t += MEGA_WIDTH) istore(r->row + l * STEP_ROW + t, none);
}

/// Where each lane's row begins: a frame of a lane is at that plus the frame.
MEGA_INLINE ilanes steps_lane_rows(void) {
#if MEGA_WIDTH == 1
    return 0;
#else
    ilanes v;
    for (int l = 0; l < MEGA_WIDTH; l++) v[l] = l * STEP_ROW;
    return v;
#endif
}

// ---- adding ------------------------------------------------------------------------------------

#if MEGA_WIDTH >= 8
typedef uint32_t ulanes_eight __attribute__((vector_size(32)));
#endif
typedef uint32_t ulanes_four __attribute__((vector_size(16)));

// Adds frames of one vector type from `k` on. Example: STEP_ADD(lanes_four, ulanes_four,
// to_int_four) Becomes: lanes_four a, b; ulanes_four sum; ... k += 4;
#define STEP_ADD(vector, sums, whole)                                                              \
    {                                                                                              \
        vector a, b;                                                                               \
        sums sum;                                                                                  \
        memcpy(&a, at + k, sizeof a);                                                              \
        memcpy(&b, at + taps + k, sizeof b);                                                       \
        memcpy(&sum, to + k, sizeof sum);                                                          \
        a = size * (a + part * (b - a));                                                           \
        sum -= (sums)whole(a);                                                                     \
        memcpy(to + k, &sum, sizeof sum);                                                          \
        k += (int)(sizeof a / sizeof(float));                                                      \
    }

/// Adds what a step, or corner, lacks.
/// @param to the first frame after it in its lane's row; @param at its place in the table
/// @param part from there to the next place, 0..1
/// @param size of the step, or the slope's change a frame, over what the table is for
MEGA_INLINE void steps_add(int32_t *to, const float *at, const int taps, float part, float size) {
    int k = 0;
#if MEGA_WIDTH == 16
    while (k + 16 <= taps) STEP_ADD(lanes, ulanes, to_int)
#endif
#if MEGA_WIDTH >= 8
    while (k < taps) STEP_ADD(lanes_eight, ulanes_eight, to_int_eight)
#endif
    while (k < taps) STEP_ADD(lanes_four, ulanes_four, to_int_four)
}

/// A bit for each lane of a mask.
MEGA_INLINE uint32_t steps_bits(mask m) {
#if MEGA_WIDTH == 16
    return m;
#elif MEGA_WIDTH == 1
    return (uint32_t)m & 1;
#elif MEGA_WIDTH == 8 && defined(__AVX__)
    return (uint32_t)_mm256_movemask_ps((__m256)m);
#elif MEGA_WIDTH == 4 && defined(__SSE__)
    return (uint32_t)_mm_movemask_ps((__m128)m);
#else
    uint32_t bits = 0;
    for (int i = 0; i < MEGA_WIDTH; i++) bits |= ((uint32_t)m[i] & 1) << i;
    return bits;
#endif
}

/// The values of some lanes, one after the other; what comes after them, up to a vector, is lost.
MEGA_INLINE void steps_pack(int32_t *to, uint32_t at_lanes, ilanes v) {
#if MEGA_WIDTH == 16
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)at_lanes, (__m512i)v));
#else
    int32_t values[MEGA_WIDTH];
    memcpy(values, &v, sizeof values);
    for (; at_lanes; at_lanes &= at_lanes - 1) *to++ = values[__builtin_ctz(at_lanes)];
#endif
}

/// What happens to a wave: a jump, a change of its slope, of the slope's growth, of that one's.
typedef enum { STEP_JUMP, STEP_CORNER, STEP_BEND, STEP_SWING } step_kind;

MEGA_INLINE const float *steps_rows_of(const mega_step_table *t, const step_kind kind) {
    if (kind == STEP_JUMP) return t->step;
    if (kind == STEP_CORNER) return t->corner;
    return kind == STEP_BEND ? t->bend : t->swing;
}

MEGA_INLINE void steps_add_each(step_rows *r, const step_kind kind, const int taps,
                                uint32_t at_lanes, ilanes where, lanes since, const lanes *size,
                                const float one) {
    const float *rows = steps_rows_of(r->table, kind);
    const float count = kind < STEP_BEND ? MEGA_STEP_PLACES : MEGA_STEP_FEW;
    lanes x = clampf(since * splat(count), 0, count - 1.0f / 256);
    ilanes place = to_int(x);
    lanes part = x - to_float(place);
    place = imul(place, isplat(taps));
    int32_t wheres[MEGA_WIDTH], places[MEGA_WIDTH];
    float parts[MEGA_WIDTH], sizes[MEGA_WIDTH];
    memcpy(wheres, &where, sizeof wheres);
    memcpy(places, &place, sizeof places);
    memcpy(parts, &part, sizeof parts);
    if (size) memcpy(sizes, size, sizeof sizes);
    for (; at_lanes; at_lanes &= at_lanes - 1) {
        int l = __builtin_ctz(at_lanes);
        steps_add(r->row + wheres[l], rows + places[l], taps, parts[l], size ? sizes[l] : one);
    }
}

/// Adds what happens to each of some lanes.
/// @param at_lanes those lanes, a bit each
/// @param where in the rows: the lane's row plus the first frame after the step
/// @param since frames from the step to that frame
/// @param size see steps_add; NULL: `one` in each lane, a constant
MEGA_INLINE void steps_add_lanes(step_rows *r, const step_kind kind, uint32_t at_lanes,
                                 ilanes where, lanes since, const lanes *size, const float one) {
    if (r->table->taps == 24) steps_add_each(r, kind, 24, at_lanes, where, since, size, one);
    else steps_add_each(r, kind, MEGA_STEP_TAPS_MAX, at_lanes, where, since, size, one);
}

// ---- finding -----------------------------------------------------------------------------------

/// Whether a < b, both without sign.
MEGA_INLINE mask steps_below(ilanes a, ilanes b) {
#if MEGA_WIDTH == 16
    return _mm512_cmplt_epu32_mask((__m512i)a, (__m512i)b);
#elif MEGA_WIDTH == 1
    return -((uint32_t)a < (uint32_t)b);
#else
    const ilanes top = isplat((int32_t)0x80000000u);
    return ilt(a ^ top, b ^ top);
#endif
}

/// Lanes in which a phase, now `phase`, has passed 0 while it came `diff` far.
MEGA_INLINE mask steps_passed(ilanes phase, ilanes diff) {
    mask below = steps_below(phase, diff), back = ilt(diff, isplat(0));
    return either(both(below, not_(back)), both(not_(below), back));
}

MEGA_INLINE lanes steps_unsigned(ilanes v) { // to within 1 in 2^23
    return to_float(ishr(v, 1)) * splat(2);
}

/// Adds a step where a phase passes 0, over a piece in which it runs on evenly.
/// @param only these lanes, a bit each
/// @param phase at frame `first`, whose own step is not counted; @param step a frame, not negative
/// @param size, one_size see steps_add_lanes
MEGA_INLINE void steps_find(step_rows *r, const step_kind kind, uint32_t only, ilanes phase,
                            ilanes first, ilanes step, uint32_t frames, const lanes *size,
                            const float one_size) {
    // a little too few frames at first, then exactly
    const lanes far = splat(1000), less = splat(1 - 1.0f / (1 << 20)), none = splat(0);
    const ilanes end = isplat((int32_t)frames), one = isplat(1);
    lanes per_step = splat(1) / vmax(to_float(step), splat(1)), few = per_step * less;
    const ilanes lane_rows = steps_lane_rows();
    ilanes room = phase ^ isplat(-1); // until it is at 0 again, less 1
    ilanes n = to_int(clamp(steps_unsigned(room) * few, none, far));
    ilanes left = isub(room, imul(n, step));
    mask more = not_(steps_below(left, step));
    left = iselect(more, isub(left, step), left);
    ilanes t = iadd(iadd(first, n), iselect(more, isplat(2), one));
    phase = isub(isub(step, left), one);
    // frames in a turn, and how far they are from its end
    ilanes turn = to_int(clamp(splat(4294967040.0f) * few, none, far));
    ilanes short_of = isub(isplat(0), imul(turn, step));
    more = not_(steps_below(short_of, step));
    short_of = iselect(more, isub(short_of, step), short_of);
    turn = iselect(more, iadd(turn, one), turn);
    for (;;) {
        uint32_t found = steps_bits(ilt(t, end)) & only;
        if (!found) return;
        steps_add_lanes(r, kind, found, iadd(lane_rows, t), to_float(phase) * per_step, size,
                        one_size);
        mask longer = steps_below(phase, short_of);
        phase = isub(phase, isub(short_of, iselect(longer, step, isplat(0))));
        t = iadd(t, iadd(turn, iselect(longer, one, isplat(0))));
    }
}

// ---- rows to frames ----------------------------------------------------------------------------

#if MEGA_WIDTH > 1
// Of two vectors, with q the first lane of each quarter of 128 bits: pairs of lanes, pairs of
// pairs.
#define STEP_W MEGA_WIDTH
#define STEP_LOW1(q) q, q + STEP_W, q + 1, q + 1 + STEP_W
#define STEP_HIGH1(q) q + 2, q + 2 + STEP_W, q + 3, q + 3 + STEP_W
#define STEP_LOW2(q) q, q + 1, q + STEP_W, q + 1 + STEP_W
#define STEP_HIGH2(q) q + 2, q + 3, q + 2 + STEP_W, q + 3 + STEP_W
#define STEP_WHOLE(q) q, q + 1, q + 2, q + 3
/// Quarters 0 and 2, or 1 and 3, of a and then of b (of 8 lanes: 0, or 1).
MEGA_INLINE ilanes steps_quarters(ilanes a, ilanes b, const bool odd) {
#if MEGA_WIDTH == 8
    return odd ? __builtin_shufflevector(a, b, STEP_WHOLE(4), STEP_WHOLE(12))
               : __builtin_shufflevector(a, b, STEP_WHOLE(0), STEP_WHOLE(8));
#elif MEGA_WIDTH == 16
    return odd ? __builtin_shufflevector(a, b, STEP_WHOLE(4), STEP_WHOLE(12), STEP_WHOLE(20),
                                         STEP_WHOLE(28))
               : __builtin_shufflevector(a, b, STEP_WHOLE(0), STEP_WHOLE(8), STEP_WHOLE(16),
                                         STEP_WHOLE(24));
#else
    return odd ? b : a;
#endif
}

/// Four rows, in each quarter turned: `to[i]` holds frame i of the quarter.
MEGA_INLINE void steps_turn_four(const ilanes *v, ilanes *to) {
    ilanes low = MIX_QUARTERS(v[0], v[1], STEP_LOW1), low2 = MIX_QUARTERS(v[2], v[3], STEP_LOW1);
    ilanes high = MIX_QUARTERS(v[0], v[1], STEP_HIGH1);
    ilanes high2 = MIX_QUARTERS(v[2], v[3], STEP_HIGH1);
    to[0] = MIX_QUARTERS(low, low2, STEP_LOW2);
    to[1] = MIX_QUARTERS(low, low2, STEP_HIGH2);
    to[2] = MIX_QUARTERS(high, high2, STEP_LOW2);
    to[3] = MIX_QUARTERS(high, high2, STEP_HIGH2);
}

/// One square of MEGA_WIDTH rows: what was lane j of row i is lane i of frame j.
MEGA_INLINE void steps_turn_square(ilanes *to, const int32_t *from) {
    ilanes v[MEGA_WIDTH], w[MEGA_WIDTH];
    for (int i = 0; i < MEGA_WIDTH; i++) w[i] = iload(from + i * STEP_ROW);
    for (int i = 0; i < MEGA_WIDTH; i += 4) steps_turn_four(w + i, v + i);
    for (int i = 0; i < 4; i++) {
#if MEGA_WIDTH == 4
        to[i] = v[i];
#elif MEGA_WIDTH == 8
        to[i] = steps_quarters(v[i], v[i + 4], false);
        to[i + 4] = steps_quarters(v[i], v[i + 4], true);
#else
        ilanes even = steps_quarters(v[i], v[i + 4], false);
        ilanes odd = steps_quarters(v[i], v[i + 4], true);
        ilanes even2 = steps_quarters(v[i + 8], v[i + 12], false);
        ilanes odd2 = steps_quarters(v[i + 8], v[i + 12], true);
        to[i] = steps_quarters(even, even2, false);
        to[i + 4] = steps_quarters(odd, odd2, false);
        to[i + 8] = steps_quarters(even, even2, true);
        to[i + 12] = steps_quarters(odd, odd2, true);
#endif
    }
}
#endif

/// What earlier pieces left for the frames to come: a field of the state for each.
typedef struct {
    int32_t *at;
    size_t stride;
} step_tail;
MEGA_INLINE step_tail steps_tail(const mega_call *c, size_t field, int u) {
#if MEGA_WIDTH == 1
    (void)u;
    const size_t stride = c->state_stride;
#else
    const size_t stride = MEGA_LANE_COUNT;
#endif
    return (step_tail){(int32_t *)(void *)c->state + field * stride + u * MEGA_WIDTH, stride};
}

/// MEGA_WIDTH frames of all lanes, from frame `t` on, a multiple of MEGA_WIDTH.
MEGA_INLINE void steps_frames(const step_rows *r, const step_tail *tail, uint32_t t, ilanes *to) {
#if MEGA_WIDTH == 1
    *to = r->row[t];
#else
    steps_turn_square(to, r->row + t);
#endif
    if (t >= MEGA_STEP_TAPS_MAX) return;
    for (uint32_t i = 0; i < MEGA_WIDTH; i++) {
        to[i] = iadd(to[i], iload(tail->at + (t + i) * tail->stride));
    }
}

/// Leaves what is lacking after a piece.
MEGA_INLINE void steps_leave(const step_rows *r, const step_tail *tail, const ilanes *lacking) {
    for (uint32_t k = 0; k < (uint32_t)r->table->taps; k++)
        istore(tail->at + k * tail->stride, lacking[k]);
}

// ---- rows to frames of few voices, see MEGA_VOICES ----------------------------------------------

enum { STEP_SOLO_FLOATS = (STEP_ROW + MEGA_WIDTH) * MEGA_VOICES };

#if MEGA_VOICES > 1
/// MEGA_WIDTH frames of all voices, from their rows: as many vectors as there are voices.
MEGA_INLINE void steps_solo_square(ilanes *to, const int32_t *from) {
    ilanes v[MEGA_VOICES], w[MEGA_VOICES];
    for (int i = 0; i < MEGA_VOICES; i++) v[i] = iload(from + i * STEP_ROW);
    for (int i = 0; i < MEGA_VOICES; i += 4) steps_turn_four(v + i, w + i);
        // quarter j of w[i], and of w[4 + i], is now of frame 4 j + i
#if MEGA_VOICES == 8
    for (int i = 0; i < 4; i += 2)
        for (int odd = 0; odd < 2; odd++) {
            ilanes a = steps_quarters(w[i], w[4 + i], odd);
            ilanes b = steps_quarters(w[i + 1], w[5 + i], odd);
            to[2 * odd + i / 2] = steps_quarters(a, b, false);
            to[2 * odd + i / 2 + 4] = steps_quarters(a, b, true);
        }
#elif MEGA_WIDTH == 16
    for (int odd = 0; odd < 2; odd++) {
        ilanes a = steps_quarters(w[0], w[1], odd), b = steps_quarters(w[2], w[3], odd);
        to[odd] = steps_quarters(a, b, false);
        to[odd + 2] = steps_quarters(a, b, true);
    }
#else
    for (int odd = 0; odd < 2; odd++) {
        to[2 * odd] = steps_quarters(w[0], w[1], odd);
        to[2 * odd + 1] = steps_quarters(w[2], w[3], odd);
    }
#endif
}
#endif

/// What the frames of a piece and those after it lack, voices side by side.
/// @param to STEP_SOLO_FLOATS numbers
MEGA_INLINE void steps_solo(const step_rows *r, const step_tail *tail, uint32_t frames,
                            int32_t *to) {
    const uint32_t taps = (uint32_t)r->table->taps;
#if MEGA_VOICES > 1
    for (uint32_t t = 0; t < frames + taps; t += MEGA_WIDTH) {
        ilanes v[MEGA_VOICES];
        steps_solo_square(v, r->row + t);
        for (uint32_t i = 0; i < MEGA_VOICES; i++)
            istore(to + t * MEGA_VOICES + i * MEGA_WIDTH, v[i]);
    }
#else
    memcpy(to, r->row, (frames + taps) * sizeof *to);
#endif
    for (uint32_t k = 0; k < taps; k++)
        for (uint32_t v = 0; v < MEGA_VOICES; v++) {
            const int32_t left = tail->at[k * tail->stride + v];
            to[k * MEGA_VOICES + v] = (int32_t)((uint32_t)to[k * MEGA_VOICES + v] + (uint32_t)left);
        }
}

MEGA_INLINE void steps_solo_leave(const step_rows *r, const step_tail *tail,
                                  const int32_t *lacking) {
    for (uint32_t k = 0; k < (uint32_t)r->table->taps; k++)
        memcpy(tail->at + k * tail->stride, lacking + k * MEGA_VOICES,
               MEGA_VOICES * sizeof *lacking);
}

#endif
