// SPDX-License-Identifier: MIT
// play -- renders a sequence offline: events in before their block, edits at it, frames out, until
// a length or until silence.
#ifndef PLAY_H
#define PLAY_H

#include "megasynth.h"
#include "time/sequence.h"

enum { PLAY_CHANNELS_MAX = 64, PLAY_BLOCK_MAX = 8192 };

typedef struct {
    mega_engine *engine;
    uint32_t channels;             ///< of the engine's output
    const mega_sequence *sequence; ///< rehearsed
    uint32_t block;                ///< frames asked for at once; never changes the result
    uint64_t frames;               ///< exact length; 0: until silence
    uint64_t quiet_frames;         ///< silence is over when it has lasted this long ...
    uint64_t tail_frames;          ///< ... of which this much is kept
    uint64_t frames_max;           ///< where waiting for silence is given up
    /// Takes `count` interleaved frames. @return false to stop
    bool (*write)(void *context, const float *frames, size_t count);
    void (*progress)(void *context, uint64_t frame); ///< after each block
    void *context;
    mega_report *report;              ///< why the engine refused an edit ...
    const mega_timed_event **refused; ///< ... and which one
} play_options;

typedef enum {
    PLAY_DONE,
    PLAY_CUT,     ///< there was sound at `frames_max` still
    PLAY_STOPPED, ///< by `write`
    PLAY_REFUSED, ///< an edit, by the engine
    PLAY_MEMORY,  ///< out of memory
} play_result;

play_result play(const play_options *options);

#endif
