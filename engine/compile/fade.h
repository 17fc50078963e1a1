// SPDX-License-Identifier: MIT
// fade -- the fades of a program's cables: each edit begins one, and those before it go on beside
// it.
//
// CONTROL says of each fade of a program how it follows from one of the program before; AUDIO
// knows how far that one is, and computes the factors. A cable names its fade by a code: +k where
// it comes in as the k-th fade rises, -k where it goes out then, 0 where it stands.
#ifndef MEGA_FADE_H
#define MEGA_FADE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/module.h"
#include "megasynth.h"

enum {
    MEGA_FADES_MAX = 63, ///< of a program, at a time
    MEGA_FADES_LONG =
        8, ///< of these, as long as they are meant; the rest of older ones is hastened
    MEGA_HASTE_MS = 3,
};

typedef enum {
    MEGA_FADE_BEGINS,  ///< from 0 to 1
    MEGA_FADE_GOES_ON, ///< as the one before, from where that is
    MEGA_FADE_TURNS,   ///< from where the one before is, to its other end
    MEGA_FADE_HASTENS, ///< to the same end as the one before, in `frames` at most
} mega_fade_kind;

typedef struct {
    mega_fade_kind kind;
    uint8_t before; ///< index of the fade it follows from, but for one that begins
    bool up;        ///< goes to 1, else to 0
    uint32_t frames;
    uint32_t age; ///< edits since it began
    uint64_t end; ///< the frame, as far as is known when it is compiled
} mega_fade;

/// How far one is; of the audio role.
typedef struct {
    float from, slope; ///< of the way, and a frame, where it began
    uint32_t at, frames;
    bool up;
} mega_fading;

struct mega_program;

static inline uint64_t mega_whole_blocks(uint64_t frames) {
    return (frames + MEGA_BLOCK_FRAMES - 1) / MEGA_BLOCK_FRAMES * MEGA_BLOCK_FRAMES;
}

/// 1: a cable of that code comes in, -1: it goes out, 0: it stands.
static inline int mega_fade_direction(const mega_fade *fades, int8_t code) {
    if (!code) return 0;
    return (code > 0) == fades[(code > 0 ? code : -code) - 1].up ? 1 : -1;
}

/// The index of a code's factors among those that `mega_fades_advance` fills.
static inline uint32_t mega_fade_place(int8_t code) {
    return code > 0 ? 2 * (uint32_t)code - 1 : 2 * (uint32_t)-code - 2;
}

/// The length of a fade that is hastened.
uint32_t mega_haste_frames(float rate);

// AUDIO

/// As `to` takes the place of `from`, which it was compiled to follow.
void mega_fades_carry(struct mega_program *to, const struct mega_program *from, float rate);
/// Fills the factors of this many frames, two rows a fade: of what goes out, of what comes in.
void mega_fades_advance(struct mega_program *program, float (*factors)[MEGA_BLOCK_FRAMES],
                        uint32_t frames, float rate);
/// Whether the next stage must wait for one of them.
bool mega_fades_last(const struct mega_program *program);
/// All of them end within MEGA_HASTE_MS, without a corner.
void mega_fades_hasten(struct mega_program *program, float rate);

#endif
