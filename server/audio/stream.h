// SPDX-License-Identifier: MIT
// stream -- one opening of a device: output, input where wanted, and their callbacks. It lives
// until the device is lost or given up; what must outlast it (frame source, input ring, counts)
// belongs to audio.c.
#ifndef STREAM_H
#define STREAM_H

#include <pthread.h>

#include "audio/backend.h"
#include "audio/frame_source.h"
#include "audio/input_ring.h"
#include "audio/resample.h"

#define RESAMPLED_FRAMES_MAX (AUDIO_FRAMES_MAX / 2) ///< of input, at a time

/// Written by any thread of the backend's.
typedef struct {
    _Atomic uint64_t xruns;
    _Atomic int realtime; ///< an audio_realtime: of the output's thread
    _Atomic int priority;
    _Atomic uint32_t output_latency_us;
} stream_counts;

typedef struct {
    frame_source *source;
    input_ring *input_ring;
    stream_counts *counts;
    backend backend;
    struct SoundIoDevice *device, *input_device;
    struct SoundIoOutStream *out;
    struct SoundIoInStream *in;
    uint32_t device_outputs, device_inputs;
    resampler to_device, from_device; ///< no table: the device runs at the source's rate
    float *planes;                    ///< AUDIO_FRAMES_MAX frames of each channel of both
    float *out_planes[AUDIO_CHANNELS_MAX], *in_planes[AUDIO_CHANNELS_MAX];
    float *in_frames; ///< the same, interleaved
    char app_name[80], name[80], input_name[80];
    unsigned number; ///< of all that were opened
    pthread_t opener;
    bool realtime_wanted;
    atomic_bool failed; ///< the device is lost
} stream;

/// @param options backend must not be AUDIO_AUTO
/// @param rate the source's: a device that cannot run at it is resampled; 0: as the options say,
/// and that it must have
/// @return false with a cause; nothing is then to be closed
bool stream_open(stream *s, const audio_options *options, uint32_t rate,
                 char cause[AUDIO_CAUSE_BYTES]);
/// The source's driver must be DRIVER_DEVICE. @return false with a cause: to be closed
bool stream_start(stream *s, char cause[AUDIO_CAUSE_BYTES]);
/// May hang for as long as the backend does.
void stream_close(stream *s);
/// Looks for news from the backend. @return false if the device is lost
bool stream_alive(stream *s);

// stream_calls.c: what the backend's threads call.
void stream_write(struct SoundIoOutStream *out, int frames_min, int frames_max);
void stream_read(struct SoundIoInStream *in, int frames_min, int frames_max);
void stream_underflow(struct SoundIoOutStream *out);
void stream_overflow(struct SoundIoInStream *in);
void stream_out_error(struct SoundIoOutStream *out, int error);
void stream_in_error(struct SoundIoInStream *in, int error);

#endif
