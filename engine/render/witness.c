// SPDX-License-Identifier: MIT
// witness -- what each block took from the other roles; see witness.h.
#include "render/witness.h"

#include <string.h>

#include "core/hash.h"
#include "render/renderer.h"

struct mega_program *mega_witness_take(mega_renderer *r) {
    mega_witness *w = r->witness;
    if (w && w->replayed && atomic_load(&r->handoff.taken) >= w->replayed->taken) return NULL;
    return mega_handoff_take(&r->handoff, r->vm.program, r->block_frame);
}

bool mega_witness_is_asked(mega_renderer *r) {
    mega_witness *w = r->witness;
    if (w && w->replayed) return w->replayed->asked;
    bool asked = mega_handoff_is_asked(&r->handoff, r->block_frame);
    if (w) w->block.asked = asked;
    return asked;
}

bool mega_witness_may_read(const mega_renderer *r) {
    const mega_witness *w = r->witness;
    return !w || !w->replayed || r->events.read != w->replayed->events_read;
}

uint64_t mega_witness_panic(mega_renderer *r) {
    mega_witness *w = r->witness;
    if (w && w->replayed) return w->replayed->panic;
    uint64_t panic = atomic_exchange(&r->panic, 0);
    if (w) w->block.panic = panic;
    return panic;
}

uint32_t mega_witness_woken(mega_renderer *r) {
    mega_witness *w = r->witness;
    if (w && w->replayed) return w->replayed->woken;
    uint32_t woken = atomic_load(&r->woken);
    if (w) w->block.woken = woken;
    return woken;
}

void mega_witness_outside(mega_renderer *r) {
    if (r->witness) r->witness->block.outside = true;
}

/// FNV-1a, a word at a time.
static uint64_t hash_block(const mega_renderer *r, uint64_t hash) {
    for (uint32_t c = 0; c < r->vm.out_channels; c++) {
        const float *block = r->vm.out_used >> c & 1 ? r->out[c] : r->vm.zeros;
        for (int t = 0; t < MEGA_BLOCK_FRAMES; t++) {
            uint32_t word;
            memcpy(&word, &block[t], sizeof word);
            hash = mega_hash_add(hash, word);
        }
    }
    return hash;
}

void mega_witness_end_block(mega_renderer *r) {
    mega_witness *w = r->witness;
    if (!w) return;
    mega_witness_block *b = &w->block, *before = &w->before;
    b->frame = r->block_frame;
    b->hash = hash_block(r, b->hash);
    b->events_read = r->events.read;
    b->taken = (uint32_t)atomic_load(&r->handoff.taken);
    if (w->replayed) return;
    bool same = b->events_read == before->events_read && b->taken == before->taken && !b->panic &&
                b->asked == before->asked && b->woken == before->woken &&
                b->outside == before->outside;
    if (same && b->frame / MEGA_BLOCK_FRAMES % MEGA_WITNESS_HASH_BLOCKS) return;
    *before = *b;
    if (!mega_ring_push(&w->blocks, b)) mega_witness_lose(w);
}
