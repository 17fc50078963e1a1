// SPDX-License-Identifier: MIT
// meter -- how much of the time that sound lasts its making takes.
#ifndef METER_H
#define METER_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    double mean; ///< the audio side's
    _Atomic uint64_t calls, late;
    _Atomic uint32_t call_frames;
    _Atomic uint32_t mean_millionths, peak_millionths;
} meter;

/// AUDIO. `frames` at `rate` were made in `ns` nanoseconds.
void meter_add(meter *m, uint32_t frames, double rate, int64_t ns);
/// The peak since the last time it was taken.
double meter_take_peak(meter *m);

#endif
