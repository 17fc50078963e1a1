// SPDX-License-Identifier: MIT
// histogram -- a distribution as text: its percentiles, and a bar for each part of its range.
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HISTOGRAM_BINS = 14, HISTOGRAM_WIDTH = 60 };

static inline int histogram_by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/// Sorts the values. @param low, high where the bars begin and end; what lies outside is counted
/// too
static inline void histogram_print(const char *what, double *values, size_t count, double low,
                                   double high, const char *unit) {
    static const double parts[] = {0.5, 0.9, 0.99, 0.999, 1};
    size_t bins[HISTOGRAM_BINS + 2] = {0}, most = 1;
    if (!count) return;
    qsort(values, count, sizeof *values, histogram_by_size);
    printf("\n%s, %zu:", what, count);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        printf("  p%g %.4g", 100 * parts[i], values[(size_t)(parts[i] * (double)(count - 1))]);
    printf(" %s\n", unit);
    for (size_t i = 0; i < count; i++) {
        double place = floor((values[i] - low) / (high - low) * HISTOGRAM_BINS);
        bins[(size_t)fmin(fmax(place + 1, 0), HISTOGRAM_BINS + 1)]++;
    }
    for (size_t i = 0; i < HISTOGRAM_BINS + 2; i++) most = bins[i] > most ? bins[i] : most;
    for (size_t i = 0; i < HISTOGRAM_BINS + 2; i++) {
        double from = low + ((double)i - 1) * (high - low) / HISTOGRAM_BINS;
        printf("%8s %8.2f %6zu ", i ? "from" : "below", i ? from : low, bins[i]);
        for (size_t k = 0; k < (bins[i] * HISTOGRAM_WIDTH + most - 1) / most; k++) putchar('#');
        putchar('\n');
    }
}

#endif
