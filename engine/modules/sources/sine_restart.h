// SPDX-License-Identifier: MIT
// sine_restart -- a sine that begins anew between two frames, band-limited and without delay.
//
// The filter of steps.h, h, makes of a wave that is one sine before a moment and another of the
// same speed w after it: the new one less a residual, which is the difference of the two (as
// turning phasors) times what of h's response lies further back than the moment,
//     G(t) = integral from t on of h(s) exp(-jws) ds.
// Divided by the whole response H(w) = G(0) sines pass as they are, so there is nothing to delay
// and nothing to do while nothing restarts; the new sine begins with the phase of H. A step table's
// rows are integrals of h over any part of a frame: G is summed from halves of frames, backward,
// by turning half a frame's phase at a time.
#ifndef MEGA_SINE_RESTART_H
#define MEGA_SINE_RESTART_H

#include "modules/sources/steps.h"

/// A turning phasor, or what it is multiplied by.
typedef struct {
    lanes re, im;
} phasor;
MEGA_INLINE phasor phasor_of(ilanes phase) {
    return (phasor){vsin_phase(iadd(phase, isplat(0x40000000))), vsin_phase(phase)};
}
MEGA_INLINE phasor phasor_times(phasor a, phasor b) {
    return (phasor){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/// What a restart needs to know of the speed.
typedef struct {
    ilanes step;          // phase from frame to frame
    phasor back, inverse; // half a frame back; 1 / H
    ilanes late;          // phase of 1 / H
} sine_speed;

static __attribute__((noinline)) void sine_speed_set(sine_speed *s, const mega_step_table *table,
                                                     ilanes step) {
    const float *whole = table->step, *half = whole + MEGA_STEP_PLACES / 2 * table->taps;
    s->step = step;
    s->back = phasor_of(isub(isplat(0), step >> 1));
    phasor h = {splat(0), splat(0)};
    float later = 0;
    for (int k = table->taps - 1; k >= 0; k--) {
        h = phasor_times(h, s->back);
        h.re = h.re + splat(half[k] - later);
        h = phasor_times(h, s->back);
        h.re = h.re + splat(whole[k] - half[k]);
        later = whole[k];
    }
    lanes size = h.re * h.re + h.im * h.im;
    s->inverse = (phasor){h.re / size, (splat(0) - h.im) / size};
    const float late = table->back[0] + table->back[1] + table->back[2];
    // `late` frames of phase make up most of H's; what is left is an angle small enough for
    // arctan's series
    lanes frames = to_float(step) * splat(0.25f); // sums lie a quarter of a frame after their parts
    ilanes most = ishl(to_int(frames * splat(late - 0.25f)), 2);
    phasor rest = phasor_times(h, phasor_of(most));
    lanes x = rest.im / rest.re, x2 = x * x;
    x = x * (splat(1) - x2 * (splat(1.0f / 3) - x2 * splat(0.2f)));
    ilanes least = to_int(clampf(x, -1, 1) * splat(683565275.6f)); // 2^32 / 2 pi
    s->late = isub(iadd(most, step >> 2), least);
}

/// Of one lane: what a residual is multiplied by, and half a frame's turn back.
typedef struct {
    float re, im, back_re, back_im;
} sine_jump;

/// Subtracts a residual, from the first frame after the restart on.
/// @param place in the table, whole; @param part from there to the next, 0..1
MEGA_INLINE void sine_add_taps(const float *rows, const int taps, int32_t *to, int32_t place,
                               float part, const sine_jump *j) {
    const int half = MEGA_STEP_PLACES / 2;
    float whole[MEGA_STEP_TAPS_MAX + 1], between[MEGA_STEP_TAPS_MAX + 1];
    const bool wraps = place >= half; // half a frame later lies beyond the row's end
    const float *a = rows + place * taps, *b = a + (wraps ? -half : half) * taps;
    for (int k = 0; k < taps; k++) {
        whole[k] = a[k] + part * (a[k + taps] - a[k]);
        between[k] = b[k] + part * (b[k + taps] - b[k]);
    }
    whole[taps] = 0;
    between[taps] = 0;
    const float *middle = between + wraps;
    const float turn_re = j->back_re * j->back_re - j->back_im * j->back_im;
    const float turn_im = 2 * j->back_re * j->back_im;
    float re = 0, im = 0;
    for (int k = taps - 1; k >= 0; k--) {
        float near = whole[k] - middle[k], far = middle[k] - whole[k + 1];
        float next = (re * turn_re - im * turn_im) + (near + far * j->back_re);
        im = (re * turn_im + im * turn_re) + far * j->back_im;
        re = next;
        to[k] = (int32_t)((uint32_t)to[k] - (uint32_t)to_int_one(j->re * im + j->im * re));
    }
}

static void sine_add_residual(const mega_step_table *table, int32_t *to, int32_t place, float part,
                              const sine_jump *j) {
    if (table->taps == 24) sine_add_taps(table->step, 24, to, place, part, j);
    else sine_add_taps(table->step, MEGA_STEP_TAPS_MAX, to, place, part, j);
}

/// Restarts lanes: adds the residual to their rows. @return phases at `frame`, the shift left out
/// @param phase of the old sines at this frame; @param shift what is added to all phases
/// @param since frames since the restart, 0..1
MEGA_INLINE ilanes sine_restart(step_rows *r, uint32_t frame, mask event, lanes since, ilanes phase,
                                ilanes shift, const sine_speed *s) {
    const lanes one = splat(STEP_ONE);
    ilanes gone = to_int(since * to_float(s->step)), begun = isub(gone, s->late);
    phasor old = phasor_of(iadd(phase, shift)), new = phasor_of(iadd(begun, shift));
    phasor jump = {(new.re - old.re) * one, (new.im - old.im) * one};
    jump = phasor_times(phasor_times(jump, phasor_of(isub(isplat(0), gone))), s->inverse);
    lanes x = clampf(since * splat(MEGA_STEP_PLACES), 0, MEGA_STEP_PLACES - 1.0f / 256);
    ilanes at = to_int(x);
    lanes rest = x - to_float(at);
    float re[MEGA_WIDTH], im[MEGA_WIDTH], back_re[MEGA_WIDTH], back_im[MEGA_WIDTH];
    float part[MEGA_WIDTH];
    int32_t place[MEGA_WIDTH];
    memcpy(re, &jump.re, sizeof re), memcpy(im, &jump.im, sizeof im);
    memcpy(back_re, &s->back.re, sizeof re), memcpy(back_im, &s->back.im, sizeof im);
    memcpy(part, &rest, sizeof part), memcpy(place, &at, sizeof place);
    for (uint32_t left = steps_bits(event); left; left &= left - 1) {
        int l = __builtin_ctz(left);
        sine_jump j = {re[l], im[l], back_re[l], back_im[l]};
        sine_add_residual(r->table, r->row + l * STEP_ROW + frame, place[l], part[l], &j);
    }
    return iselect(event, begun, phase);
}

#endif
