// SPDX-License-Identifier: MIT
// lanes -- vectors of voices: the only arithmetic that sound is made with.
//
// A group is 16 lanes, one voice each. `lanes` holds as many of them as the instruction set is
// wide; the same source is compiled for 1, 4, 8 and 16. Every operation below is one IEEE-754
// operation a lane in every build, nothing here calls libm, and -ffp-contract=off keeps the
// compiler from joining two operations: so each width gives the same bits. engine/CMakeLists.txt
// names the builds: v2 is SSE4, v3 AVX2, v4 AVX-512.
//
// The unusual choices are measured: gcc makes slow code of vectors wider than the machine's; C has
// no vector `?:`, so there is `vselect`; comparisons give a `mask`, which AVX-512 keeps in
// registers of its own.
#ifndef MEGA_LANES_H
#define MEGA_LANES_H

#include <stdint.h>
#include <string.h>

#define MEGA_LANE_COUNT 16 ///< lanes in a group, whatever the width of the machine

#ifndef MEGA_WIDTH
#define MEGA_WIDTH 1 ///< lanes in one vector: 1, 4, 8 or 16
#endif

#define MEGA_INLINE static inline __attribute__((always_inline, unused))

#if MEGA_WIDTH == 1
typedef float lanes;
typedef int32_t ilanes;
typedef uint32_t ulanes;
typedef int32_t mask; // 0 or -1
#else
typedef float lanes __attribute__((vector_size(4 * MEGA_WIDTH)));
typedef int32_t ilanes __attribute__((vector_size(4 * MEGA_WIDTH)));
typedef uint32_t ulanes __attribute__((vector_size(4 * MEGA_WIDTH)));
#if MEGA_WIDTH == 16
#include <immintrin.h>
typedef __mmask16 mask;
#else
typedef ilanes mask; // all bits of a lane set, or none
#endif
#endif

#if MEGA_WIDTH == 8 || (defined(__x86_64__) && MEGA_WIDTH <= 4)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// ---- making and reinterpreting -----------------------------------------------------------------

#if MEGA_WIDTH == 1
MEGA_INLINE lanes splat(float x) { return x; }
MEGA_INLINE ilanes isplat(int32_t x) { return x; }
MEGA_INLINE ulanes usplat(uint32_t x) { return x; }
#else
MEGA_INLINE lanes splat(float x) { return x - (lanes){0}; } // `x + {0}` would lose the sign of -0
MEGA_INLINE ilanes isplat(int32_t x) { return x + (ilanes){0}; }
MEGA_INLINE ulanes usplat(uint32_t x) { return x + (ulanes){0}; }
#endif

/// Unaligned load and store of one vector.
MEGA_INLINE lanes load(const float *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}
MEGA_INLINE void store(float *p, lanes v) { memcpy(p, &v, sizeof v); }
MEGA_INLINE ilanes iload(const int32_t *p) {
    ilanes v;
    memcpy(&v, p, sizeof v);
    return v;
}
MEGA_INLINE void istore(int32_t *p, ilanes v) { memcpy(p, &v, sizeof v); }

/// The bits of one kind as the other.
MEGA_INLINE ilanes bits_of(lanes v) {
    ilanes i;
    memcpy(&i, &v, sizeof i);
    return i;
}
MEGA_INLINE lanes from_bits(ilanes i) {
    lanes v;
    memcpy(&v, &i, sizeof v);
    return v;
}

// Of two vectors, quarters of 128 bits. Example: MIX_QUARTERS(a, b, LOW) with LOW(q) q, q + 1, ...
// Becomes, of 8 lanes: __builtin_shufflevector(a, b, LOW(0), LOW(4))
#if MEGA_WIDTH == 4
#define MIX_QUARTERS(a, b, f) __builtin_shufflevector(a, b, f(0))
#elif MEGA_WIDTH == 8
#define MIX_QUARTERS(a, b, f) __builtin_shufflevector(a, b, f(0), f(4))
#elif MEGA_WIDTH == 16
#define MIX_QUARTERS(a, b, f) __builtin_shufflevector(a, b, f(0), f(4), f(8), f(12))
#endif

typedef float lanes_four __attribute__((vector_size(16)));
typedef int32_t ilanes_four __attribute__((vector_size(16)));

/// See `to_int`; of four numbers in every build.
MEGA_INLINE ilanes_four to_int_four(lanes_four v) {
#if defined(__SSE2__)
    return (ilanes_four)_mm_cvttps_epi32((__m128)v);
#else // NEON saturates, and gives 0 for NaN
    const float top = 2147483648.0f;
    ilanes_four inside = (v >= -top) & (v < top);
    ilanes_four whole = __builtin_convertvector((lanes_four)((ilanes_four)v & inside), ilanes_four);
    return whole | (~inside & (int32_t)0x80000000u);
#endif
}
/// See `to_int`; of one number in every build.
MEGA_INLINE int32_t to_int_one(float v) {
#if defined(__SSE2__)
    return _mm_cvttss_si32(_mm_set_ss(v));
#else
    return v >= -2147483648.0f && v < 2147483648.0f ? (int32_t)v : INT32_MIN;
#endif
}
#if MEGA_WIDTH >= 8
typedef float lanes_eight __attribute__((vector_size(32)));
typedef int32_t ilanes_eight __attribute__((vector_size(32)));
/// See `to_int`; of eight numbers.
MEGA_INLINE ilanes_eight to_int_eight(lanes_eight v) {
    return (ilanes_eight)_mm256_cvttps_epi32((__m256)v);
}
#endif
/// Toward zero. NaN, and what int32_t does not hold, give the most negative number: x86's
/// instruction does so, and C does not define it.
MEGA_INLINE ilanes to_int(lanes v) {
#if MEGA_WIDTH == 16
    return (ilanes)_mm512_cvttps_epi32((__m512)v);
#elif MEGA_WIDTH == 8
    return to_int_eight(v);
#elif MEGA_WIDTH == 4
    return to_int_four(v);
#else
    return to_int_one(v);
#endif
}
MEGA_INLINE lanes to_float(ilanes i) {
#if MEGA_WIDTH == 1
    return (float)i;
#else
    return __builtin_convertvector(i, lanes);
#endif
}
/// Integers wrap: signed overflow is not an error here.
MEGA_INLINE ilanes iadd(ilanes a, ilanes b) { return (ilanes)((ulanes)a + (ulanes)b); }
MEGA_INLINE ilanes isub(ilanes a, ilanes b) { return (ilanes)((ulanes)a - (ulanes)b); }
MEGA_INLINE ilanes imul(ilanes a, ilanes b) { return (ilanes)((ulanes)a * (ulanes)b); }
MEGA_INLINE ilanes ishr(ilanes a, int n) { return (ilanes)((ulanes)a >> n); } ///< zeros come in
MEGA_INLINE ilanes ishl(ilanes a, int n) { return (ilanes)((ulanes)a << n); }

// ---- comparing and choosing --------------------------------------------------------------------

#if MEGA_WIDTH == 16
MEGA_INLINE mask lt(lanes a, lanes b) {
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
}
MEGA_INLINE mask le(lanes a, lanes b) {
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ);
}
MEGA_INLINE mask eq(lanes a, lanes b) {
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ);
}
MEGA_INLINE mask ilt(ilanes a, ilanes b) { return _mm512_cmplt_epi32_mask((__m512i)a, (__m512i)b); }
MEGA_INLINE mask ieq(ilanes a, ilanes b) { return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b); }
MEGA_INLINE mask both(mask a, mask b) { return (mask)(a & b); }
MEGA_INLINE mask either(mask a, mask b) { return (mask)(a | b); }
MEGA_INLINE mask not_(mask a) { return (mask)~a; }
MEGA_INLINE int any(mask a) { return a != 0; }
MEGA_INLINE int all(mask a) { return a == 0xffff; }
MEGA_INLINE lanes vselect(mask m, lanes a, lanes b) {
    return (lanes)_mm512_mask_blend_ps(m, (__m512)b, (__m512)a);
}
MEGA_INLINE ilanes iselect(mask m, ilanes a, ilanes b) {
    return (ilanes)_mm512_mask_blend_epi32(m, (__m512i)b, (__m512i)a);
}
#elif MEGA_WIDTH == 1
MEGA_INLINE mask lt(lanes a, lanes b) { return -(a < b); }
MEGA_INLINE mask le(lanes a, lanes b) { return -(a <= b); }
MEGA_INLINE mask eq(lanes a, lanes b) { return -(a == b); }
MEGA_INLINE mask ilt(ilanes a, ilanes b) { return -(a < b); }
MEGA_INLINE mask ieq(ilanes a, ilanes b) { return -(a == b); }
MEGA_INLINE mask both(mask a, mask b) { return a & b; }
MEGA_INLINE mask either(mask a, mask b) { return a | b; }
MEGA_INLINE mask not_(mask a) { return ~a; }
MEGA_INLINE int any(mask a) { return a != 0; }
MEGA_INLINE int all(mask a) { return a != 0; }
MEGA_INLINE lanes vselect(mask m, lanes a, lanes b) { return m ? a : b; }
MEGA_INLINE ilanes iselect(mask m, ilanes a, ilanes b) { return m ? a : b; }
#else
MEGA_INLINE mask lt(lanes a, lanes b) { return a < b; }
MEGA_INLINE mask le(lanes a, lanes b) { return a <= b; }
MEGA_INLINE mask eq(lanes a, lanes b) { return a == b; }
MEGA_INLINE mask ilt(ilanes a, ilanes b) { return a < b; }
MEGA_INLINE mask ieq(ilanes a, ilanes b) { return a == b; }
MEGA_INLINE mask both(mask a, mask b) { return a & b; }
MEGA_INLINE mask either(mask a, mask b) { return a | b; }
MEGA_INLINE mask not_(mask a) { return ~a; }
MEGA_INLINE int any(mask a) {
#if defined(__AVX__) && MEGA_WIDTH == 8
    return _mm256_movemask_ps((__m256)a) != 0;
#elif defined(__SSE__) && MEGA_WIDTH == 4
    return _mm_movemask_ps((__m128)a) != 0;
#else
    int32_t m = 0;
    for (int i = 0; i < MEGA_WIDTH; i++) m |= a[i];
    return m != 0;
#endif
}
MEGA_INLINE int all(mask a) { return !any(~a); }
MEGA_INLINE ilanes iselect(mask m, ilanes a, ilanes b) {
#if defined(__AVX__) && MEGA_WIDTH == 8
    return (ilanes)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)m);
#elif defined(__SSE4_1__) && MEGA_WIDTH == 4
    return (ilanes)_mm_blendv_ps((__m128)b, (__m128)a, (__m128)m);
#else
    return (m & a) | (~m & b);
#endif
}
MEGA_INLINE lanes vselect(mask m, lanes a, lanes b) {
    return from_bits(iselect(m, bits_of(a), bits_of(b)));
}
#endif
MEGA_INLINE mask gt(lanes a, lanes b) { return lt(b, a); }
MEGA_INLINE mask ge(lanes a, lanes b) { return le(b, a); }
MEGA_INLINE mask igt(ilanes a, ilanes b) { return ilt(b, a); }

// ---- elementary functions, exact in every build ------------------------------------------------

/// The smaller; `b` where either is NaN (x86's minps, spelt out elsewhere).
MEGA_INLINE lanes vmin(lanes a, lanes b) {
#if MEGA_WIDTH == 16
    return (lanes)_mm512_min_ps((__m512)a, (__m512)b);
#elif MEGA_WIDTH == 8
    return (lanes)_mm256_min_ps((__m256)a, (__m256)b);
#elif MEGA_WIDTH == 4 && defined(__SSE__)
    return (lanes)_mm_min_ps((__m128)a, (__m128)b);
#else
    return vselect(lt(a, b), a, b);
#endif
}
/// The larger; `b` where either is NaN.
MEGA_INLINE lanes vmax(lanes a, lanes b) {
#if MEGA_WIDTH == 16
    return (lanes)_mm512_max_ps((__m512)a, (__m512)b);
#elif MEGA_WIDTH == 8
    return (lanes)_mm256_max_ps((__m256)a, (__m256)b);
#elif MEGA_WIDTH == 4 && defined(__SSE__)
    return (lanes)_mm_max_ps((__m128)a, (__m128)b);
#else
    return vselect(lt(b, a), a, b);
#endif
}
/// `v` held between `low` and `high`; NaN gives `low`.
MEGA_INLINE lanes clamp(lanes v, lanes low, lanes high) { return vmin(vmax(v, low), high); }
MEGA_INLINE lanes clampf(lanes v, float low, float high) {
    return clamp(v, splat(low), splat(high));
}
MEGA_INLINE lanes vabs(lanes v) { return from_bits(bits_of(v) & isplat(0x7fffffff)); }
/// The most negative number stays what it is.
MEGA_INLINE ilanes iabs(ilanes v) {
#if MEGA_WIDTH == 16
    return (ilanes)_mm512_abs_epi32((__m512i)v);
#elif MEGA_WIDTH == 8
    return (ilanes)_mm256_abs_epi32((__m256i)v);
#elif MEGA_WIDTH == 4 && defined(__SSE4_1__)
    return (ilanes)_mm_abs_epi32((__m128i)v);
#else
    ilanes sign = v >> 31;
    return isub(v ^ sign, sign);
#endif
}
/// `magnitude`'s size with `sign`'s sign; `magnitude` must not be negative.
MEGA_INLINE lanes with_sign(lanes magnitude, lanes sign) {
    return from_bits(bits_of(magnitude) | (bits_of(sign) & isplat((int32_t)0x80000000u)));
}
MEGA_INLINE lanes vsqrt(lanes v) {
#if MEGA_WIDTH == 16
    return (lanes)_mm512_sqrt_ps((__m512)v);
#elif MEGA_WIDTH == 8
    return (lanes)_mm256_sqrt_ps((__m256)v);
#elif defined(__SSE__) && MEGA_WIDTH == 4
    return (lanes)_mm_sqrt_ps((__m128)v);
#elif MEGA_WIDTH == 1
    return __builtin_sqrtf(v);
#else
    for (int i = 0; i < MEGA_WIDTH; i++) v[i] = __builtin_sqrtf(v[i]);
    return v;
#endif
}
/// The next whole number below; -0 stays so, and what is not finite too.
MEGA_INLINE lanes vfloor(lanes v) {
#if MEGA_WIDTH == 16
    return (lanes)_mm512_roundscale_ps((__m512)v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif MEGA_WIDTH == 8
    return (lanes)_mm256_round_ps((__m256)v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif MEGA_WIDTH == 4 && defined(__SSE4_1__)
    return (lanes)_mm_round_ps((__m128)v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif MEGA_WIDTH == 4 && defined(__aarch64__)
    return (lanes)vrndmq_f32((float32x4_t)v);
#elif MEGA_WIDTH == 1 && defined(__SSE4_1__) // not floorf, which may become a call
    return _mm_cvtss_f32(_mm_floor_ss(_mm_setzero_ps(), _mm_set_ss(v)));
#elif MEGA_WIDTH == 1 && defined(__aarch64__)
    return vget_lane_f32(vrndm_f32(vdup_n_f32(v)), 0);
#else
    lanes whole = to_float(to_int(v));
    whole = whole - vselect(lt(v, whole), splat(1), splat(0));
    whole = from_bits(bits_of(whole) | (bits_of(v) & isplat((int32_t)0x80000000u)));
    return vselect(lt(vabs(v), splat(8388608)), whole, v); // from 2^23 on all are whole
#endif
}

#include "core/lanes_math.h"

#endif
