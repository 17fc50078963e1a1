// SPDX-License-Identifier: MIT
// vm -- runs a program for one segment of a block. Audio role: nothing here allocates, locks or
// waits.
#ifndef MEGA_VM_H
#define MEGA_VM_H

#include "compile/program.h"
#include "core/choices.h"
#include "modules/registry.h"
#include "render/voices.h"

enum {
    MEGA_CHOICE_FADE_FRAMES_MAX = 384 * MEGA_CHOICE_FADE_MS, ///< at MEGA_RATE_MAX
    MEGA_HOST_BUSES_MAX = 64,                                ///< that `bus.in` and `bus.out` know
};

/// Where the profile keeps what is no module's own.
enum {
    MEGA_PROFILE_REST = MEGA_MODULE_COUNT, ///< cables and voices
    MEGA_PROFILE_LOOPS,                    ///< all that runs frame by frame
    MEGA_PROFILE_PLACES,
};

typedef struct mega_vm {
    const mega_isa_table *wide, *one;
    float rate, seconds_per_frame;
    uint32_t seed;
    mega_program *program;
    mega_voices *voices;
    const float *input[MEGA_CHANNELS_MAX]; ///< this block's, one block late; NULL: silence
    float (*out)[MEGA_SEGMENT_FRAMES];     ///< the output of these blocks, channel by channel
    uint32_t out_channels;                 ///< at least 2: a host with one gets their mean
    uint64_t out_used;     ///< bit c: `out[c]` was zeroed, and written, in this block
    uint64_t bus_in_given; ///< bit b: the host gave `bus_in[b]` for this block
    uint64_t bus_out_used; ///< bit b: `bus_out[b]` was written in this block
    float bus_in[MEGA_HOST_BUSES_MAX][MEGA_BLOCK_FRAMES];
    float bus_out[MEGA_HOST_BUSES_MAX][MEGA_BLOCK_FRAMES];
    uint64_t lanes_silenced;
    float fade[2 * MEGA_FADES_MAX][MEGA_BLOCK_FRAMES]; ///< this segment's factors: see fade.h
    uint32_t choice_fade_frames;
    float choice_fade[MEGA_CHOICE_FADE_FRAMES_MAX]; ///< the part of the new choice, frame by frame
    bool choices_fade;                              ///< in this segment
    uint32_t epoch; ///< counts what calls that are kept made ready for: see mega_run.pass
    bool profile;
    uint64_t profile_ns[MEGA_PROFILE_PLACES]; ///< by module, and the places above

    // scratch
    _Alignas(64) float zeros[MEGA_BLOCK_FRAMES * 16];
    float gain[MEGA_BLOCK_FRAMES * 16];
    float lane_gain[MEGA_BLOCK_FRAMES];
    float spread[MEGA_PORTS_MAX][MEGA_BLOCK_FRAMES * 16];       ///< slots on their way, for a group
    float choice_old[MEGA_OUTPUTS_MAX][MEGA_BLOCK_FRAMES * 16]; ///< outputs that fade out
} mega_vm;

/// Renders frames `offset` .. `offset + frames` of the block that starts at `block_frame`.
void mega_vm_run(mega_vm *vm, uint32_t offset, uint32_t frames, uint64_t block_frame);
/// Passes the same time in silence: nothing is computed; ramps move on.
void mega_vm_rest(mega_vm *vm, uint32_t frames);
/// Zeroes a voice's state: a fresh voice.
void mega_vm_clear_lane(mega_vm *vm, uint32_t group, uint32_t lane);
/// Zeroes the state of everything shared: after a panic, or a result that was not finite.
void mega_vm_clear_shared(mega_vm *vm);

#endif
