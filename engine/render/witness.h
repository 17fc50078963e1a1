// SPDX-License-Identifier: MIT
// witness -- what each block took from the other roles: written down for a recording, or in a
// replay given as it was then. Without a witness a renderer takes what is there. AUDIO.
#ifndef MEGA_WITNESS_H
#define MEGA_WITNESS_H

#include "core/events.h"

struct mega_program;
struct mega_renderer;

enum {
    MEGA_WITNESS_HASH_BLOCKS = 64
}; ///< a block is noted at least so often, with the hash of the sound so far

/// What a block took from the other roles.
typedef struct {
    uint64_t frame;
    uint64_t hash;  ///< of all that was rendered up to its end
    uint64_t panic; ///< as in the engine
    uint32_t events_read, taken, woken;
    bool asked, outside; ///< a change was to be heard; sound came from outside
} mega_witness_block;

typedef struct {
    mega_witness_block block, before;
    /// What the block that is rendered took then; NULL: recording
    const mega_witness_block *replayed;
    mega_ring blocks;      ///< to CONTROL
    _Atomic uint64_t lost; ///< what did not fit
} mega_witness;

/// The next program that is due in this block, or NULL.
struct mega_program *mega_witness_take(struct mega_renderer *r);
/// Whether another program was to be heard in this block.
bool mega_witness_is_asked(struct mega_renderer *r);
/// How far in the ring of events this block may read.
bool mega_witness_may_read(const struct mega_renderer *r);
uint64_t mega_witness_panic(struct mega_renderer *r);
uint32_t mega_witness_woken(struct mega_renderer *r);
/// Sound came from outside, which is not kept.
void mega_witness_outside(struct mega_renderer *r);
void mega_witness_end_block(struct mega_renderer *r);
static inline void mega_witness_lose(mega_witness *w) {
    atomic_fetch_add_explicit(&w->lost, 1, memory_order_relaxed);
}

#endif
