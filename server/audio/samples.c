// SPDX-License-Identifier: MIT
// samples -- see samples.h.
#include "audio/samples.h"

#include <math.h>
#include <string.h>

const enum SoundIoFormat samples_formats[] = {SoundIoFormatFloat32NE, SoundIoFormatS32NE,
                                              SoundIoFormatS24NE, SoundIoFormatS16NE,
                                              SoundIoFormatInvalid};

static double within(float x) { return x < -1 ? -1 : x > 1 ? 1 : x; }

static void put(enum SoundIoFormat format, char *to, float x) {
    int32_t wide;
    int16_t narrow;
    switch (format) {
    case SoundIoFormatS32NE:
        wide = (int32_t)lrint(within(x) * 2147483647);
        memcpy(to, &wide, sizeof wide);
        break;
    case SoundIoFormatS24NE: // in the low three bytes of four
        wide = (int32_t)lrint(within(x) * 8388607);
        memcpy(to, &wide, sizeof wide);
        break;
    case SoundIoFormatS16NE:
        narrow = (int16_t)lrint(within(x) * 32767);
        memcpy(to, &narrow, sizeof narrow);
        break;
    default: memcpy(to, &x, sizeof x);
    }
}

static float get(enum SoundIoFormat format, const char *from) {
    int32_t wide;
    int16_t narrow;
    float x;
    switch (format) {
    case SoundIoFormatS32NE: memcpy(&wide, from, sizeof wide); return (float)(wide * 0x1p-31);
    case SoundIoFormatS24NE:
        memcpy(&wide, from, sizeof wide);
        return (float)((int32_t)((uint32_t)wide << 8) * 0x1p-31); // the top byte may hold anything
    case SoundIoFormatS16NE: memcpy(&narrow, from, sizeof narrow); return narrow * 0x1p-15f;
    default: memcpy(&x, from, sizeof x); return x;
    }
}

void samples_write(enum SoundIoFormat format, const struct SoundIoChannelArea *areas,
                   uint32_t areas_count, const float *const *from, uint32_t channels,
                   uint32_t frames) {
    for (uint32_t ch = 0; ch < areas_count; ch++) {
        char *to = areas[ch].ptr;
        for (uint32_t i = 0; i < frames; i++, to += areas[ch].step)
            put(format, to, ch < channels ? from[ch][i] : 0);
    }
}

void samples_read(enum SoundIoFormat format, const struct SoundIoChannelArea *areas,
                  uint32_t areas_count, float *to, uint32_t channels, uint32_t frames) {
    for (uint32_t ch = 0; ch < channels; ch++) {
        const char *from = areas && ch < areas_count ? areas[ch].ptr : NULL;
        for (uint32_t i = 0; i < frames; i++) {
            to[(size_t)i * channels + ch] = from ? get(format, from) : 0;
            if (from) from += areas[ch].step;
        }
    }
}
