// SPDX-License-Identifier: MIT
// lanes_test -- the functions of lanes_math.h against libm in double: each within the error that it
// states.
//
// This is the one-lane build. That the others give the same bits is tested module by module, where
// it matters.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/lanes.h"

static const double pi = 3.14159265358979323846;

typedef double error_at(float x);

/// The greatest error over evenly spread arguments, printed and held.
static void hold(const char *what, error_at *error, double low, double high, double limit) {
    enum { STEPS = 2000000 };
    double worst = 0, where = low;
    for (int i = 0; i <= STEPS; i++) {
        float x = (float)(low + (high - low) * i / STEPS);
        double e = fabs(error(x));
        if (!(e <= worst)) worst = e, where = x;
    }
    printf("%-34s %12g .. %-10g greatest error %.3g at %g (held: %g)\n", what, low, high, worst,
           where, limit);
    assert_true(worst <= limit);
}

static double cents(double ratio) { return 1200 * log2(ratio); }
static double exp2_error(float x) { return cents(vexp2(x) / exp2(x)); }
static double log2_error(float x) {
    double exact = log2(x), half_unit = fabs(exact) * 5.97e-8;
    return fmax(0, fabs(vlog2(x) - exact) - half_unit);
}
static double quarter_error(float x) { return vsin_quarter(x) - sin(2 * pi * x); }
static double turns_error(float x) { return vsin_turns(x) - sin(2 * pi * fmod(x, 1)); }
static double cosine_error(float x) { return vcos_turns(x) - cos(2 * pi * x); }
static double tan_error(float x) { return cents(atan((double)vtan_pi(x)) / (pi * x)); }
static double tanh_error(float x) { return vtanh(x) - tanh(x); }

static void functions_are_within_their_errors(void **unused) {
    (void)unused;
    hold("vexp2, cents", exp2_error, -20, 20, 0.0004);
    hold("vexp2, cents", exp2_error, -126, 126, 0.0004);
    hold("vlog2, beyond half a last place", log2_error, 1e-6, 4, 1e-7);
    hold("vlog2, beyond half a last place", log2_error, 4, 1e5, 1e-7);
    hold("vsin_quarter", quarter_error, -0.25, 0.25, 2.1e-7);
    hold("vsin_turns", turns_error, -2, 2, 2.1e-7);
    hold("vsin_turns", turns_error, -1048575, 1048575, 2.1e-7);
    hold("vcos_turns", cosine_error, -1, 1, 4e-7);
    hold("vtan_pi, cents", tan_error, 1e-5, 0.45, 0.005);
    hold("vtan_pi, cents", tan_error, 1e-5, 0.49, 0.011);
    hold("vtanh", tanh_error, -10, 10, 0.024);
}

static void sine_of_a_phase(void **unused) {
    (void)unused;
    double worst = 0;
    for (uint64_t i = 0; i < UINT64_C(1) << 32; i += 1021) {
        double e = fabs(vsin_phase((int32_t)(uint32_t)i) - sin(2 * pi * (double)i / 4294967296.0));
        if (e > worst) worst = e;
    }
    printf("vsin_phase: greatest error %.3g (held: 2.1e-7)\n", worst);
    assert_true(worst <= 2.1e-7);
}

static void special_arguments(void **unused) {
    (void)unused;
    for (int n = -126; n <= 126; n++) {
        assert_true(vexp2((float)n) == ldexpf(1, n));
        assert_true(vlog2(ldexpf(1, n)) == (float)n);
    }
    assert_true(vexp2(1e30f) == ldexpf(1, 126) && vexp2(-1e30f) == ldexpf(1, -126));
    assert_true(vlog2(0) == -126 && vlog2(-1) == -126);
    assert_true(vtanh(1e30f) == 1 && vtanh(-1e30f) == -1);
    for (uint64_t i = 0; i < UINT64_C(0x4f000000); i += 997) { // to 2^31
        float v = from_bits((int32_t)i);
        assert_true(bits_of(vfloor(v)) == bits_of(floorf(v)));
        assert_true(bits_of(vfloor(-v)) == bits_of(floorf(-v)));
    }
    assert_true(clampf(NAN, -2, 3) == -2); // what is not a number becomes the lower limit
    // 20 kHz and more, both ways, and what is far outside
    assert_true(phase_step(12000, 1.0f / 48000) == 1 << 30);
    assert_true(phase_step(1e30f, 1.0f / 48000) == phase_step(0.49f, 1));
    assert_true(phase_step(-1e30f, 1.0f / 48000) == -phase_step(0.49f, 1));
}

/// A hash of successive numbers: each bit set half the time, neighbours unrelated, mean and
/// variance even.
static void hash_is_even(void **unused) {
    (void)unused;
    enum { COUNT = 1 << 20 };
    double sum = 0, squares = 0, neighbours = 0, last = 0, worst_bit = 0;
    int set[32] = {0};
    for (int i = 0; i < COUNT; i++) {
        int32_t h = vhash(i);
        for (int b = 0; b < 32; b++) set[b] += h >> b & 1;
        double v = vunit(h);
        assert_true(v >= -1 && v < 1);
        sum += v, squares += v * v, neighbours += v * last;
        last = v;
    }
    for (int b = 0; b < 32; b++) worst_bit = fmax(worst_bit, fabs(set[b] / (double)COUNT - 0.5));
    printf("vhash: mean %.2g, mean square %.5f (1/3), neighbours %.2g, bit set %.4f off half\n",
           sum / COUNT, squares / COUNT, neighbours / COUNT, worst_bit);
    assert_true(fabs(sum / COUNT) < 0.003 && fabs(squares / COUNT - 1.0 / 3) < 0.003);
    assert_true(fabs(neighbours / COUNT) < 0.003 && worst_bit < 0.003);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_within_their_errors),
        cmocka_unit_test(sine_of_a_phase),
        cmocka_unit_test(special_arguments),
        cmocka_unit_test(hash_is_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
