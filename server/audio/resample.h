// SPDX-License-Identifier: MIT
// resample -- frames at another rate: for a device that comes back with a rate that is not ours.
//
// A windowed sinc, 96 taps long at the lower of both rates: flat to 0.43 of it (19 kHz at 44.1
// kHz), -90 dB from half of it on. Positions are whole numbers of the ratio in lowest terms:
// nothing drifts. Source: J. O. Smith, "Digital Audio Resampling",
// https://ccrma.stanford.edu/~jos/resample/ (the method; windows after J. F. Kaiser).
#ifndef RESAMPLE_H
#define RESAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#define RESAMPLE_CHANNELS_MAX 24
#define RESAMPLE_TAPS 96         ///< at the lower rate
#define RESAMPLE_PHASES_MAX 4096 ///< ratios with more are rounded to these

typedef struct {
    uint32_t channels, taps, phases;
    uint32_t step, parts;  ///< frames in for one out: step / parts, in lowest terms
    uint32_t at, part;     ///< where the next frame out begins in `history`
    uint32_t room, filled; ///< frames of `history`
    float *table;          ///< [phase][tap]; NULL: not in use
    float *history;        ///< [channel][frame]
} resampler;

/// @param in_max frames that are written at a time, at most @return false without memory
bool resampler_init(resampler *r, uint32_t channels, uint32_t in_rate, uint32_t out_rate,
                    uint32_t in_max);
void resampler_finish(resampler *r);

/// AUDIO. Frames that must be written before so many can be read.
uint32_t resampler_needs(const resampler *r, uint32_t out_frames);
/// AUDIO. Frames that can be read.
uint32_t resampler_ready(const resampler *r);
/// AUDIO. Planar. What was written before and not read must leave room: read all that is ready.
void resampler_write(resampler *r, const float *const *in, uint32_t frames);
/// AUDIO. At most as many as are ready.
void resampler_read(resampler *r, float *const *out, uint32_t frames);

#endif
