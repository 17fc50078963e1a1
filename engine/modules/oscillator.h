// SPDX-License-Identifier: MIT
// oscillator -- saw, pulse and triangle without audible aliasing, as osc3 draws them.
//
// Method. Waves are made at twice the rate, their steps and corners rounded by a fixed kernel, then
// brought down by a half-band filter and levelled by a one-pole filter. The kernel is an even
// polynomial of degree 8 over +-3 samples (of the double rate), fitted so that what it lets through
// above 76 kHz, which would fold below 20 kHz, is least (Lawson's iteration): -93 dB beside a saw's
// fundamental in the worst key, where the cubic B-spline of "4-point polyBLEP" (V. Valimaki, J.
// Pekonen, J. Nam, JASA 131, 2012) gives -74. One piece and no knots: for a wave whose phase lies
// `x` samples from its step, saw = phase - P(x), P an odd polynomial that ends in exactly half a
// step; no sign, no branch. Its droop (-7 dB at 20 kHz) is what one pole undoes to within 0.13 dB.
// The half-band filter is a pair of allpass chains (elliptic, 20/28 kHz, -65 dB; P. Vaidyanathan,
// "Multirate Systems and Filter Banks", 5.3), four multiplies where a linear-phase FIR of equal
// stop band takes twelve. All its ringing comes after a step, so peaks overshoot: 1.42 for a saw or
// a square of level 1 (a linear-phase filter's would be 1.18). Kilohertz are those at 48 kHz.
//
// Phase is a 32-bit integer and never drifts. Speeds are differences of phase from frame to frame,
// so that pm, width and frequency may all move; parameters that stand still take a shorter way to
// the same bits.
#ifndef OSCILLATOR_H
#define OSCILLATOR_H

#include "oscillator_phase.h"

// ---- shapes: values of 2^31 (triangle: 2^30) at the peaks ---------------------------------------

#define OSC_HALF 2147483648.0f            // half a turn, and half a saw's step
#define OSC_REACH 9.44642655f             // the kernel's half width, in its own units ...
#define OSC_UNITS 3.14880885f             // ... of which a sample of the double rate is this many
#define OSC_LEVEL 0.45f                   // pole of the filter that undoes the kernel's droop
#define OSC_GAIN (0.5f * (1 + OSC_LEVEL)) // of that filter and of the half-band filter

/// How fast a phase runs: kernel units a phase unit, and phase units a kernel unit.
typedef struct {
    lanes inv, unit;
} osc_speed;

/// @param diff phase from frame to frame
/// @param reach how far a step is from the next one, at most: at very high pitch the kernel shrinks
/// to fit
MEGA_INLINE osc_speed osc_speed_of(ilanes diff, float reach) {
    lanes size = vmax(vabs(to_float(diff)), splat(1));
    // 1/size to 1e-5 by Newton's iteration: the kernel's width needs no more, and a division costs
    // half a wave
    lanes inv = from_bits(isub(isplat(0x7ef311c3), bits_of(size)));
    inv = inv * (splat(2) - size * inv);
    inv = inv * (splat(2) - size * inv);
    inv = vmax(splat(2 * OSC_UNITS) * inv, splat(OSC_REACH / reach));
    lanes unit = vmin(splat(0.5f / OSC_UNITS) * size, splat(reach / OSC_REACH));
    return (osc_speed){inv, unit};
}

/// The two samples of a frame whose phase runs on along a parabola, as it does under vibrato and
/// FM: how much further back than halfway the earlier one lies, and the speeds at both. (Straight
/// lines alias 10 to 25 dB more.)
typedef struct {
    ilanes back;
    osc_speed earlier, later;
} osc_pace;
MEGA_INLINE osc_pace osc_pace_of(ilanes diff, ilanes last_diff, float reach) {
    ilanes growth = isub(diff, last_diff);
    return (osc_pace){growth >> 3, osc_speed_of(diff, reach),
                      osc_speed_of(iadd(diff, growth >> 1), reach)};
}
/// The same where the speed has not changed.
MEGA_INLINE osc_pace osc_pace_even(ilanes diff, float reach) {
    osc_speed speed = osc_speed_of(diff, reach);
    return (osc_pace){isplat(0), speed, speed};
}

/// A step smoothed: from -2^31 to 2^31 over the kernel's width. `x` lies within it.
MEGA_INLINE lanes osc_smooth_step(lanes x) {
    lanes x2 = x * x;
    lanes p = x2 + splat(-432.037366f);
    p = p * x2 + splat(78692.9058f);
    p = p * x2 + splat(-7835813.1f);
    p = p * x2 + splat(543523498.0f);
    return p * x;
}
/// A corner |x| smoothed, less the corner, in kernel units. `x` is 0..OSC_REACH.
MEGA_INLINE lanes osc_smooth_corner(lanes x) {
    lanes x2 = x * x;
    lanes p = splat(4.65661287e-11f) * x2 + splat(-2.51478845e-8f);
    p = p * x2 + splat(6.1073733e-6f);
    p = p * x2 + splat(-0.000912208704f);
    p = p * x2 + splat(0.126548926f);
    return (p * x2 + splat(2.40902966f)) - x;
}

/// A rising saw that falls where the phase, as a signed number, passes 0.
MEGA_INLINE lanes osc_edge(ilanes phase, lanes inv) {
    lanes p = to_float(phase);
    return p - osc_smooth_step(clampf(p * inv, -OSC_REACH, OSC_REACH));
}
/// A triangle that rises through 0 at phase 0.
MEGA_INLINE lanes osc_triangle(ilanes phase, osc_speed speed) {
    lanes p = to_float(phase);
    lanes d = vabs(vabs(p) - splat(0.5f * OSC_HALF));
    lanes m = osc_smooth_corner(vmin(d * speed.inv, splat(OSC_REACH)));
    lanes v = (splat(0.5f * OSC_HALF) - d) - speed.unit * m;
    return from_bits(bits_of(v) ^ (bits_of(p) & isplat((int32_t)0x80000000u)));
}

// ---- from the double rate to one ----------------------------------------------------------------

typedef struct {
    lanes a, a0, a2; // chain of the later sample: its last input, and its allpasses' last outputs
    lanes b, b1, b3; // chain of the earlier one
    lanes level;
} osc_down;

MEGA_INLINE lanes osc_allpass(float c, lanes in, lanes last_in, lanes last_out) {
    return splat(c) * (in - last_out) + last_in;
}
/// One frame from two samples; the result wants a factor OSC_GAIN.
MEGA_INLINE lanes osc_decimate(osc_down *s, lanes earlier, lanes later) {
    lanes a0 = osc_allpass(0.08969803f, later, s->a, s->a0);
    lanes a2 = osc_allpass(0.57735027f, a0, s->a0, s->a2);
    lanes b1 = osc_allpass(0.31091939f, earlier, s->b, s->b1);
    lanes b3 = osc_allpass(0.85066977f, b1, s->b1, s->b3);
    lanes level = (a2 + b3) - splat(OSC_LEVEL) * s->level;
    *s = (osc_down){later, a0, a2, earlier, b1, b3, level};
    return level;
}

#endif
