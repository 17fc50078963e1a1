// SPDX-License-Identifier: MIT
// lanes_edges -- what the functions of lanes.h and lanes_math.h give for numbers at the edge, and
// for random bits: compared with what plain C says of one number, and as one hash, in each build.
//
// One program for each instruction set; tests/integration/neon runs it on an emulated 64-bit ARM
// too, without cmocka.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/lanes.h"

// what all functions give for the edges and RANDOM numbers, in every build
#define EXPECTED UINT64_C(0x440501174e29cf77)
enum { RANDOM = 20000 };

static const uint32_t edges[] = {
    0x00000000, 0x00000001, 0x00000002, 0x007fffff, 0x00800000, 0x00800001, // 0, denormals
    0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001,             // 1/2, 1
    0x3fc00000, 0x40200000, 0x497423f0, 0x49800000, 0x4afffffe, 0x4affffff, // 1e6, 2^20, 2^23
    0x4b000000, 0x4b800001, 0x4e800000, 0x4effffff, 0x4f000000, 0x4f000001, // 2^24, 2^30, 2^31
    0x4f7fffff, 0x4f800000, 0x5f000000, 0x5f800000, 0x7149f2ca, 0x7f7fffff, // 2^32, 2^63, 2^64
    0x7f800000, 0x7fc00000, 0x7fc12345,                                     // infinity, NaN
};
enum { EDGES = sizeof edges / sizeof *edges };

static uint64_t hash = UINT64_C(0xcbf29ce484222325);
static int wrong;

static float number_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static uint32_t bits_in(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x != x ? 0x7fc00000 : bits; // machines differ in the bits of NaN
}

// ---- what one number gives ---------------------------------------------------------------------

static int32_t int_of(float x) {
    return x >= -2147483648.0f && x < 2147483648.0f ? (int32_t)x : INT32_MIN;
}
static float floor_of(float x) {
    if (!(x > -8388608.0f && x < 8388608.0f) || x == 0) return x;
    int32_t whole = (int32_t)x - ((float)(int32_t)x > x);
    return whole == 0 ? number_of(bits_in(x) & 0x80000000u) : (float)whole;
}
static float min_of(float a, float b) { return a < b ? a : b; }
static float max_of(float a, float b) { return a > b ? a : b; }

// ---- comparing ---------------------------------------------------------------------------------

static void same(const char *what, uint32_t is, uint32_t should, float a, float b) {
    if (is == should) return;
    if (wrong++ < 20)
        printf("%s of %a (%08x) and %a: %08x, not %08x\n", what, (double)a, bits_in(a), (double)b,
               is, should);
}
static void take(uint32_t bits) { hash = (hash ^ bits) * UINT64_C(0x100000001b3); }

/// All lanes have the same arguments: so the hash does not depend on the width.
static void take_lanes(const char *what, lanes v, float a, float b) {
    float each[MEGA_WIDTH];
    memcpy(each, &v, sizeof each);
    for (int l = 1; l < MEGA_WIDTH; l++) same(what, bits_in(each[l]), bits_in(each[0]), a, b);
    take(bits_in(each[0]));
}
static float first(lanes v) {
    float x;
    memcpy(&x, &v, sizeof x);
    return x;
}
static int32_t ifirst(ilanes v) {
    int32_t x;
    memcpy(&x, &v, sizeof x);
    return x;
}

static void try_one(float x) {
    const lanes v = splat(x);
    const ilanes raw = bits_of(v);
    const lanes_four four = x - (lanes_four){0};
    const uint32_t whole = (uint32_t)int_of(x);
    same("to_int", (uint32_t)ifirst(to_int(v)), whole, x, 0);
    same("to_int_one", (uint32_t)to_int_one(x), whole, x, 0);
    for (int l = 0; l < 4; l++) same("to_int_four", (uint32_t)to_int_four(four)[l], whole, x, 0);
#if MEGA_WIDTH >= 8
    const lanes_eight eight = x - (lanes_eight){0};
    for (int l = 0; l < 8; l++) same("to_int_eight", (uint32_t)to_int_eight(eight)[l], whole, x, 0);
#endif
    same("vfloor", bits_in(first(vfloor(v))), bits_in(floor_of(x)), x, 0);
    take_lanes("to_float", to_float(to_int(v)), x, 0);
    take_lanes("vfloor", vfloor(v), x, 0);
    take_lanes("vabs", vabs(v), x, 0);
    take_lanes("iabs", to_float(iabs(raw)), x, 0);
    take_lanes("vsqrt", vsqrt(v), x, 0);
    take_lanes("vexp2", vexp2(v), x, 0);
    take_lanes("vlog2", vlog2(v), x, 0);
    take_lanes("vsin_quarter", vsin_quarter(v), x, 0);
    take_lanes("vsin_phase", vsin_phase(raw), x, 0);
    take_lanes("vsin_turns", vsin_turns(v), x, 0);
    take_lanes("vcos_turns", vcos_turns(v), x, 0);
    take_lanes("vtan_pi", vtan_pi(v), x, 0);
    take_lanes("vtanh", vtanh(v), x, 0);
    take_lanes("vunit", vunit(vhash(raw)), x, 0);
    take_lanes("phase_step", to_float(phase_step(v, 1.0f / 48000)), x, 0);
}

static void try_two(float x, float y) {
    const lanes a = splat(x), b = splat(y), one = splat(1), none = splat(0);
    same("vmin", bits_in(first(vmin(a, b))), bits_in(min_of(x, y)), x, y);
    same("vmax", bits_in(first(vmax(a, b))), bits_in(max_of(x, y)), x, y);
    same("clamp", bits_in(first(clamp(a, b, one))), bits_in(min_of(max_of(x, y), 1)), x, y);
    same("lt", first(vselect(lt(a, b), one, none)) != 0, x < y, x, y);
    same("le", first(vselect(le(a, b), one, none)) != 0, x <= y, x, y);
    same("eq", first(vselect(eq(a, b), one, none)) != 0, x == y, x, y);
    same("any", any(lt(a, b)) != 0, x < y, x, y);
    same("all", all(lt(a, b)) != 0, x < y, x, y);
    take_lanes("with_sign", with_sign(vabs(a), b), x, y);
    take_lanes("+", a + b, x, y);
    take_lanes("-", a - b, x, y);
    take_lanes("*", a * b, x, y);
    take_lanes("/", a / b, x, y);
}

/// Whether this machine has the instructions that the build uses.
static int runs_here(void) {
#if MEGA_WIDTH == 16
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
#elif MEGA_WIDTH == 8
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}

int main(void) {
    if (!runs_here()) return puts("skipped: this machine lacks the instructions"), 77;
    for (int i = 0; i < 2 * EDGES; i++) {
        const float x = number_of(edges[i / 2] ^ (uint32_t)(i % 2) << 31);
        try_one(x);
        for (int k = 0; k < 2 * EDGES; k++)
            try_two(x, number_of(edges[k / 2] ^ (uint32_t)(k % 2) << 31));
    }
    uint32_t bits = 1, other;
    for (int i = 0; i < RANDOM; i++) {
        bits = bits * 1664525u + 1013904223u;
        other = bits ^ bits >> 16;
        bits = bits * 1664525u + 1013904223u;
        try_one(number_of(bits ^ bits >> 16));
        try_two(number_of(bits ^ bits >> 16), number_of(other));
    }
    printf("%d lanes: %d wrong, hash %016llx\n", MEGA_WIDTH, wrong, (unsigned long long)hash);
    if (hash != EXPECTED) printf("should be %016llx\n", (unsigned long long)EXPECTED);
    return wrong || hash != EXPECTED ? EXIT_FAILURE : EXIT_SUCCESS;
}
