// SPDX-License-Identifier: MIT
// frame_source -- makes the server's frames for the thread that asks: the device's, or the pacer's
// while there is no device.
//
// Only one at a time: a caller enters first, and is refused while the other is in, or out of its
// turn. Between enter and leave: source_time once, then for each piece the input into `in` and
// source_render, which leaves the sound in `out`.
#ifndef FRAME_SOURCE_H
#define FRAME_SOURCE_H

#include <pthread.h>

#include "audio/audio.h"
#include "audio/guard.h"
#include "audio/meter.h"

typedef enum { DRIVER_NOBODY, DRIVER_DEVICE, DRIVER_PACER } frame_driver;

typedef struct {
    audio_render *render;
    audio_heard *heard;
    audio_began *began;
    void *user;
    uint32_t inputs, outputs;
    double rate;
    _Atomic int driver; ///< a frame_driver: whose time it is
    atomic_uint visits; ///< odd while somebody is in
    _Atomic uint64_t frame;
    _Atomic int64_t entered_ns; ///< when the driver last came, 0: never
    frame_clock clock;
    guard guard;
    meter meter;
    float *in[AUDIO_CHANNELS_MAX], *out[AUDIO_CHANNELS_MAX]; ///< AUDIO_FRAMES_MAX each
    float *buffers;
    // the pacer's
    pthread_t pacer;
    bool lock_made, pacer_runs, pacer_ends;
    /// Of pacer_ends, and of changes of `driver`: never taken by a device's thread
    pthread_mutex_t lock;
    pthread_cond_t driven;
} frame_source;

/// @return false without memory, or without a thread
bool source_init(frame_source *p, const audio_options *options, double rate);
/// The driver must be DRIVER_NOBODY, and nobody in.
void source_finish(frame_source *p);

/// CONTROL. Hands over: on return nobody else is in.
void source_drive(frame_source *p, frame_driver driver);
/// CONTROL. Waits until nobody is in who was in at the call.
void source_synchronize(frame_source *p);

/// AUDIO.
bool source_enter(frame_source *p, frame_driver driver);
void source_leave(frame_source *p);
/// AUDIO. A call for `frames` frames begins. @return the time, for source_measure
int64_t source_time(frame_source *p, uint32_t frames);
/// AUDIO. @param frames up to AUDIO_FRAMES_MAX
void source_render(frame_source *p, uint32_t frames);
/// AUDIO. The call is done.
void source_measure(frame_source *p, uint32_t frames, int64_t began_ns);

#endif
