// SPDX-License-Identifier: MIT
// pump -- one place where frames are made, for whoever asks: the device's thread, or the pacer
// while there is none.
//
// Never both: who asks has to enter, and is turned away while another is in, or while it is not its
// time. Between enter and leave: pump_time once, then for each piece the input into `in` and
// pump_turn, which leaves the sound in `out`.
#ifndef PUMP_H
#define PUMP_H

#include <pthread.h>

#include "audio.h"
#include "guard.h"
#include "meter.h"

typedef enum { PUMP_NOBODY, PUMP_DEVICE, PUMP_PACER } pump_driver;

typedef struct {
    audio_render *render;
    audio_heard *heard;
    audio_began *began;
    void *user;
    uint32_t inputs, outputs;
    double rate;
    _Atomic int driver; ///< a pump_driver: whose time it is
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
} pump;

/// @return false without memory, or without a thread
bool pump_init(pump *p, const audio_options *options, double rate);
/// The driver must be PUMP_NOBODY, and nobody in.
void pump_finish(pump *p);

/// CONTROL. Hands over: on return nobody else is in.
void pump_drive(pump *p, pump_driver driver);
/// CONTROL. Waits until nobody is in who was in at the call.
void pump_synchronize(pump *p);

/// AUDIO.
bool pump_enter(pump *p, pump_driver driver);
void pump_leave(pump *p);
/// AUDIO. A call for `frames` frames begins. @return the time, for pump_measure
int64_t pump_time(pump *p, uint32_t frames);
/// AUDIO. @param frames up to AUDIO_FRAMES_MAX
void pump_turn(pump *p, uint32_t frames);
/// AUDIO. The call is done.
void pump_measure(pump *p, uint32_t frames, int64_t began_ns);

#endif
