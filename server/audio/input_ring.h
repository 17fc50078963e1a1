// SPDX-License-Identifier: MIT
// input_ring -- input frames on their way from the device's input thread to its output thread: a
// lock-free ring of fixed latency.
//
// Reading begins when `target` frames are there, so that each frame is heard the same time after it
// came in. Where input falls behind, silence is given until the target is reached again; where it
// runs ahead by more than a target, the oldest frames are left out until only the target is there.
// Both are counted: two devices with two crystals need it.
#ifndef INPUT_RING_H
#define INPUT_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    float *frames; ///< interleaved
    uint32_t room; ///< frames, a power of two
    uint32_t channels, target;
    _Atomic uint64_t written, read;
    _Atomic uint64_t dropped, repaired;
    bool flowing; ///< the reader's: the target was reached
} input_ring;

void input_ring_init(input_ring *j, uint32_t channels);
/// CONTROL, with nobody at either end. Empties it; the counts go on. @return false without memory
bool input_ring_reset(input_ring *j, uint32_t target);
void input_ring_finish(input_ring *j);

/// AUDIO, the writer. Room for up to `*frames` frames in one piece. @return NULL if there is none
float *input_ring_begin_write(input_ring *j, uint32_t *frames);
void input_ring_end_write(input_ring *j, uint32_t frames);
/// AUDIO, the writer. Frames that had no room.
void input_ring_drop(input_ring *j, uint32_t frames);

/// AUDIO, the reader. Always gives `frames` frames to `channels` planar buffers.
void input_ring_read(input_ring *j, float *const *to, uint32_t frames);

#endif
