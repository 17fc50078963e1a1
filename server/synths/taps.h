// SPDX-License-Identifier: MIT
// taps -- what goes over a bus, told to a client: levels, or decimated frames; or into a recording.
// The audio side writes, the loop reads.
#ifndef TAPS_H
#define TAPS_H

#include <megasynth.h>
#include <stdatomic.h>

#include "protocol/bounds.h"
#include "record/record.h"

enum {
    TAP_RING_FRAMES = 1 << 14
}; ///< a third of a second undecimated: ten times what the loop waits

typedef struct {
    // what is tapped: an engine's bus, or one of the clients'
    const mega_engine *engine;
    int32_t engine_bus;
    mega_note voice;
    uint32_t client_bus;
    uint32_t every;     ///< each so-manieth frame is kept; 0: levels only
    recorder *recorder; ///< gets all there is, and there is nothing to be told; NULL: none
    // AUDIO
    uint32_t phase;
    bool begun;
    uint64_t first_frame; ///< of the server, of the ring's first; read behind `written`
    // both
    _Atomic float peak, squares, last;
    _Atomic uint32_t frames;  ///< that peak and squares are of
    _Atomic uint64_t written; ///< into the ring, ever
    _Atomic uint64_t frame;   ///< of the server, of what was written last
    float ring[TAP_RING_FRAMES];
} tap;

/// AUDIO: a block that has gone over the bus.
void tap_take(tap *t, const float *block, uint32_t frames, uint64_t frame);

#endif
