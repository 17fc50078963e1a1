// SPDX-License-Identifier: MIT
// samples -- between planar floats and what a device holds: any step between frames, float or
// integer samples.
#ifndef SAMPLES_H
#define SAMPLES_H

#include <soundio/soundio.h>
#include <stdint.h>

/// The formats that are spoken here, best first; ends with SoundIoFormatInvalid.
extern const enum SoundIoFormat samples_formats[];

/// AUDIO. Integers are rounded and held within full scale. Channels of the device beyond `channels`
/// become silent.
void samples_write(enum SoundIoFormat format, const struct SoundIoChannelArea *areas,
                   uint32_t areas_count, const float *const *from, uint32_t channels,
                   uint32_t frames);
/// AUDIO. `to` is interleaved by `channels`; those that the device has not become silent, and all
/// for NULL areas.
void samples_read(enum SoundIoFormat format, const struct SoundIoChannelArea *areas,
                  uint32_t areas_count, float *to, uint32_t channels, uint32_t frames);

#endif
