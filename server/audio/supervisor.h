// SPDX-License-Identifier: MIT
// supervisor -- the one thread that talks to libsoundio: it opens, starts, watches, gives up, looks
// again, closes.
//
// It may hang in a backend that hangs; nobody waits for it without a limit, and the frame source
// has the pacer meanwhile.
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "audio/stream.h"

#define NOTICES_MAX 32 ///< that nobody has read; the newest are then dropped

typedef enum { WISH_NONE, WISH_OPEN, WISH_START, WISH_CLOSE } wish;

struct audio {
    audio_options options; ///< texts are its own; `backend` is the one in use once opened
    frame_source source;
    input_ring input_ring;
    stream_counts counts;
    stream stream;
    _Atomic int state; ///< an audio_state
    _Atomic uint64_t losses, reopened;
    _Atomic uint32_t input_latency;

    pthread_t thread;
    bool lock_made, thread_made;
    pthread_mutex_t lock; ///< of all below
    pthread_cond_t news;
    wish wish, fulfilled;
    bool granted, silenced;
    char cause[AUDIO_CAUSE_BYTES];
    audio_notice notices[NOTICES_MAX];
    unsigned notices_written, notices_read;
    audio_description description;

    // the thread's own
    bool stream_open, realtime_told;
    int64_t next_try_ns;
    double pause_seconds;
    char last_cause[AUDIO_CAUSE_BYTES];
};

/// Starts the thread. @return false without
bool supervisor_init(audio *a);
/// CONTROL. Says what is wanted and waits until it is granted or refused. @return false if that
/// takes longer
bool supervisor_wait(audio *a, wish wanted, double seconds);
/// CONTROL. Nothing is rendered from now on, ever.
void supervisor_silence(audio *a);
/// After WISH_CLOSE, or a WISH_OPEN that was refused, was fulfilled.
void supervisor_join(audio *a);
void supervisor_finish(audio *a);

#endif
