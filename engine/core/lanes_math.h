// SPDX-License-Identifier: MIT
// lanes_math -- exp2, log2, sine, tangent, tanh and hashing for lanes, each with its stated error.
//
// Polynomials were fitted for least greatest error (weighted least squares, Lawson's iteration).
// Errors are against exact values, rounding included; tests/unit holds them. Included by lanes.h.
#ifndef MEGA_LANES_MATH_H
#define MEGA_LANES_MATH_H

/// 2^v, |error| <= 0.0004 cents; exact at whole numbers. v is held in -126..126.
MEGA_INLINE lanes vexp2(lanes v) {
    v = clampf(v, -126.0f, 126.0f);
    lanes whole = vfloor(v + splat(0.5f));
    lanes x = v - whole; // -0.5..0.5
    lanes p = splat(0.0013264723820611835f);
    p = p * x + splat(0.009671512991189957f);
    p = p * x + splat(0.05550733581185341f);
    p = p * x + splat(0.24022242426872253f);
    p = p * x + splat(0.6931470036506653f);
    p = p * x + splat(1.0f);
    return p * from_bits(ishl(iadd(to_int(whole), isplat(127)), 23));
}

/// log2(v), |error| <= 1e-7 + half a unit in the last place; v <= 2^-126 gives -126.
MEGA_INLINE lanes vlog2(lanes v) {
    v = vmax(v, splat(1.17549435e-38f));
    ilanes bits = bits_of(v);
    // exponent and mantissa such that the mantissa lies in sqrt(1/2)..sqrt(2)
    ilanes shifted = isub(bits, isplat(0x3f3504f3));
    ilanes exponent = shifted >> 23;
    lanes m = from_bits(isub(bits, ishl(exponent, 23)));
    lanes s = (m - splat(1)) / (m + splat(1));
    lanes s2 = s * s;
    lanes p = splat(0.4342631697654724f);
    p = p * s2 + splat(0.5765842199325562f);
    p = p * s2 + splat(0.961800754070282f);
    p = p * s2 + splat(2.885390043258667f);
    return to_float(exponent) + s * p;
}

/// sin(2 pi v) for v in turns, -0.25..0.25; 9th-order odd polynomial, |error| <= 2.1e-7.
MEGA_INLINE lanes vsin_quarter(lanes v) {
    lanes x = v * v;
    lanes p = splat(39.536705017089844f);
    p = p * x + splat(-76.5497817993164f);
    p = p * x + splat(81.60100555419922f);
    p = p * x + splat(-41.34165573120117f);
    p = p * x + splat(6.283185005187988f);
    return p * v;
}

/// The sine of a 32-bit phase (2^32 is a turn), |error| <= 2.1e-7.
MEGA_INLINE lanes vsin_phase(ilanes phase) {
    // fold the half turns 0.25..0.75 back, sin(1/2 - v) = sin(v): 1/4 - |v - 1/4|
    const ilanes quarter = isplat(0x40000000);
    ilanes folded = isub(quarter, iabs(isub(phase, quarter)));
    return vsin_quarter(to_float(folded) * splat(2.3283064365386963e-10f));
}

/// sin(2 pi v), v in turns, |v| < 2^20; |error| <= 2.1e-7.
MEGA_INLINE lanes vsin_turns(lanes v) {
    lanes x = v - vfloor(v + splat(0.5f)); // -0.5..0.5
    lanes a = vabs(x);
    return with_sign(vsin_quarter(vmin(a, splat(0.5f) - a)), x);
}
/// cos(2 pi v), |v| < 1: |error| <= 4e-7; beyond, the rounding of v + 0.25 comes on top.
MEGA_INLINE lanes vcos_turns(lanes v) { return vsin_turns(v + splat(0.25f)); }

/// tan(pi v) for v in 0..0.49: Pade 5/4; the frequency that it stands for is within 0.005 cents to
/// 0.45, 0.011 to 0.49.
MEGA_INLINE lanes vtan_pi(lanes v) {
    lanes x = v * splat(3.14159265358979f);
    lanes x2 = x * x;
    return x * (splat(945) - x2 * (splat(105) - x2)) /
           (splat(945) - x2 * (splat(420) - x2 * splat(15)));
}

/// A soft limit like tanh: exact slope at 0, within 0.024, reaches +-1 at +-3.
MEGA_INLINE lanes vtanh(lanes v) {
    lanes x = clampf(v, -3.0f, 3.0f);
    lanes x2 = x * x;
    return x * (splat(27) + x2) / (splat(27) + splat(9) * x2);
}

/// A well-mixed 32-bit hash (two multiplies, three shifts; Wellons' lowbias32).
MEGA_INLINE ilanes vhash(ilanes v) {
    v = v ^ ishr(v, 16);
    v = imul(v, isplat(0x7feb352d));
    v = v ^ ishr(v, 15);
    v = imul(v, isplat((int32_t)0x846ca68bu));
    return v ^ ishr(v, 16);
}
/// A hash's bits as an even spread over -1..1 (1 left out).
MEGA_INLINE lanes vunit(ilanes hash) {
    return to_float(hash >> 8) * splat(1.1920928955078125e-07f);
}

/// Frequency to a 32-bit phase step, held within +-0.49 of the sampling rate.
MEGA_INLINE ilanes phase_step(lanes freq_hz, float seconds_per_frame) {
    lanes turns = clampf(freq_hz * splat(seconds_per_frame), -0.49f, 0.49f);
    return to_int(turns * splat(4294967296.0f));
}

#endif
