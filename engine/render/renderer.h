// SPDX-License-Identifier: MIT
// renderer -- what the AUDIO role has of an engine, and what the other roles hand to it.
#ifndef MEGA_RENDERER_H
#define MEGA_RENDERER_H

#include "core/events.h"
#include "render/carryover.h"
#include "render/handoff.h"
#include "render/vm.h"
#include "render/witness.h"

/// Counted by the audio role, read by anybody.
typedef struct {
    _Atomic uint64_t frame, frame_rendered;
    _Atomic uint32_t voices_active, voices_held;
    _Atomic uint64_t notes_started, notes_ended, notes_stolen, notes_dropped;
    _Atomic uint64_t events_late, events_dropped;
    _Atomic uint32_t events_heard; ///< position in their ring
    _Atomic uint64_t lanes_silenced, outputs_silenced, programs_swapped, changes_late;
    _Atomic size_t memory_bytes;
} mega_tally;

typedef struct mega_renderer {
    const mega_options *options; ///< of the engine
    mega_witness *witness;       ///< of a recording or a replay, or NULL
    // CONTROL -> AUDIO -> CONTROL
    mega_handoff handoff;
    mega_ring garbage;                ///< of mega_retired
    _Atomic(mega_program *) sounding; ///< whose values are the ones in force
    // EVENT -> AUDIO -> EVENT
    mega_ring events;
    mega_ring ended;
    _Atomic uint64_t panic; ///< 0: none; else its number, and below that the ring's position then
    // CONTROL -> AUDIO
    _Atomic uint32_t woken; ///< as many panics had been when a document was last loaded
    // AUDIO
    mega_vm vm;
    mega_program *coming; ///< taken, with leads still to be run; NULL: all have
    uint32_t stage;       ///< of its leads: the next
    mega_voices voices;
    mega_queue queue;
    mega_carryover carryover;
    uint32_t stopped;      ///< number of the panic since which all is silent; 0: none
    uint32_t stopped_at;   ///< position in the ring of events when that was called
    uint64_t block_frame;  ///< first frame of the next block
    uint64_t change_frame; ///< the same of the last one in which another program was taken
    uint32_t carry_frames; ///< of the blocks that were rendered last
    uint32_t carry_read;   ///< frames of them that were given out
    float (*out)[MEGA_SEGMENT_FRAMES]; ///< those blocks: `vm.out_channels` of them
    float *input_ring;                 ///< input_channels x 2 blocks
    uint64_t input_written;            ///< frames taken from the host
    float *input_block;                ///< input_channels x one block
    mega_tally tally;
} mega_renderer;

/// A program that came back, with the groups that its voices were in if those changed.
typedef struct {
    mega_program *program;
    mega_voice_group *groups;
} mega_retired;

typedef struct {
    mega_note note;
    uint64_t frame;
} mega_ended;

#define MEGA_COUNT(renderer, what) mega_count(&(renderer)->tally.what, 1)
static inline void mega_count(_Atomic uint64_t *counter, uint64_t more) {
    // one writer: no read-modify-write needed
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + more, memory_order_relaxed);
}

/// AUDIO: see mega_render.
void mega_renderer_run(mega_renderer *r, const float *const *in, float *const *out,
                       uint32_t frames);

#endif
