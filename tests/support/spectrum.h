// SPDX-License-Identifier: MIT
// spectrum -- FFT helpers for tests: power of bins, alias sums, levels, windowed averages.
#ifndef SPECTRUM_H
#define SPECTRUM_H

#include <fftw3.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static const double spectrum_pi = 3.14159265358979323846;

static inline double spectrum_db(double power) { return 10 * log10(power + 1e-40); }

/// Complex bins 0..count/2 of `count` values `stride` floats apart: bin k holds real at 2k,
/// imaginary at 2k+1, scaled so that a sine of peak A on a bin has magnitude A. The caller frees
/// it.
static inline double *spectrum_bins(const float *signal, size_t count, size_t stride) {
    double *time = fftw_alloc_real(count);
    fftw_complex *bins = fftw_alloc_complex(count / 2 + 1);
    fftw_plan plan = fftw_plan_dft_r2c_1d((int)count, time, bins, FFTW_ESTIMATE);
    for (size_t i = 0; i < count; i++) time[i] = signal[i * stride];
    fftw_execute(plan);
    double *out = malloc((count / 2 + 1) * 2 * sizeof *out);
    for (size_t k = 0; k <= count / 2; k++) {
        double scale = (k == 0 || k == count / 2 ? 1.0 : 2.0) / (double)count;
        out[2 * k] = bins[k][0] * scale;
        out[2 * k + 1] = bins[k][1] * scale;
    }
    fftw_destroy_plan(plan);
    fftw_free(time);
    fftw_free(bins);
    return out;
}

/// Power (amplitude squared, so a sine of peak 1 on a bin gives 1) of bins 0..count/2. The caller
/// frees it.
static inline double *spectrum_power(const float *signal, size_t count, size_t stride) {
    double *bins = spectrum_bins(signal, count, stride);
    for (size_t k = 0; k <= count / 2; k++)
        bins[k] = bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
    return bins;
}

/// Power summed over bins from..to (both included) that are no multiple of `m`: what a wave of
/// period count / m has no right to. m = 0: all of them.
static inline double spectrum_strange(const double *power, size_t from, size_t to, size_t m) {
    double sum = 0;
    for (size_t k = from; k <= to; k++)
        if (m == 0 || k % m != 0) sum += power[k];
    return sum;
}

/// Mean power density by Welch's method (Hann, half overlap): `size`/2+1 bins, whose sum over all
/// bins is the mean square of the signal. The caller frees it.
static inline double *spectrum_density(const float *signal, size_t count, size_t stride,
                                       size_t size) {
    double *time = fftw_alloc_real(size);
    fftw_complex *bins = fftw_alloc_complex(size / 2 + 1);
    fftw_plan plan = fftw_plan_dft_r2c_1d((int)size, time, bins, FFTW_ESTIMATE);
    double *out = calloc(size / 2 + 1, sizeof *out), weight = 0;
    size_t parts = 0;
    for (size_t i = 0; i < size; i++) weight += pow(sin(spectrum_pi * (double)i / (double)size), 4);
    for (size_t at = 0; at + size <= count; at += size / 2, parts++) {
        for (size_t i = 0; i < size; i++) {
            double window = sin(spectrum_pi * (double)i / (double)size);
            time[i] = signal[(at + i) * stride] * window * window;
        }
        fftw_execute(plan);
        for (size_t k = 0; k <= size / 2; k++)
            out[k] += (bins[k][0] * bins[k][0] + bins[k][1] * bins[k][1]) *
                      (k == 0 || k == size / 2 ? 1 : 2);
    }
    for (size_t k = 0; k <= size / 2; k++)
        out[k] /= weight * (double)size * (double)(parts ? parts : 1);
    fftw_destroy_plan(plan);
    fftw_free(time);
    fftw_free(bins);
    return out;
}

#endif
