// SPDX-License-Identifier: MIT
// highpass -- what is above 4 kHz: where nothing but clicks should be.
#ifndef HIGHPASS_H
#define HIGHPASS_H

#include <math.h>
#include <stddef.h>

/// Peak above 4 kHz at 48 kHz: a windowed-sinc high-pass of 1023 taps (Blackman), -74 dB and more
/// below 3.8 kHz. The first 1023 frames are its run-up.
static inline double highpass_peak(const float *signal, size_t frames) {
    enum { TAPS = 1023, HALF = TAPS / 2 };
    static double taps[TAPS];
    const double pi = 3.14159265358979323846;
    for (int i = 0; i < TAPS; i++) {
        double n = i - HALF, cut = 2 * 4000.0 / 48000, phase = 2 * pi * i / (TAPS - 1);
        double sinc = n == 0 ? cut : sin(pi * cut * n) / (pi * n);
        double window = 0.42 - 0.5 * cos(phase) + 0.08 * cos(2 * phase);
        taps[i] = (n == 0 ? 1 : 0) - sinc * window;
    }
    double peak = 0;
    for (size_t t = TAPS; t < frames; t++) {
        double sum = 0;
        for (int i = 0; i < TAPS; i++) sum += taps[i] * (double)signal[t - (size_t)i];
        peak = fmax(peak, fabs(sum));
    }
    return peak;
}

static inline double peak_of(const float *signal, size_t frames) {
    double peak = 0;
    for (size_t t = 0; t < frames; t++) peak = fmax(peak, fabs((double)signal[t]));
    return peak;
}

#endif
