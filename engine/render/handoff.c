// SPDX-License-Identifier: MIT
// handoff -- programs on their way from CONTROL to AUDIO; see handoff.h.
//
// The audio role takes the first program in three steps: it says that it looks at it (a hazard
// pointer, Michael 2004), it closes the program's `then` so that nothing can be appended to it any
// more, and it puts what `then` was in the program's place. CONTROL, when it finds `then` closed,
// knows that this last step is a few instructions away, and appends at the front.
#include "render/handoff.h"

#include <sched.h>

#include "compile/program.h"

enum { TRIES = 4 }; ///< of the audio role; it fails only as often as CONTROL replaces meanwhile

static mega_program *const CLOSED = (mega_program *)1;

void mega_handoff_append(mega_handoff *h, mega_program *last, mega_program *next) {
    mega_program *none = NULL;
    if (last && atomic_compare_exchange_strong(&last->then, &none, next)) return;
    // `last` was taken, or is just being
    for (none = NULL; !atomic_compare_exchange_strong(&h->first, &none, next); none = NULL)
        sched_yield();
}

bool mega_handoff_replace(mega_handoff *h, mega_program *first, mega_program *next) {
    return atomic_compare_exchange_strong(&h->first, &first, next);
}

void mega_handoff_release(mega_handoff *h, const mega_program *program) {
    while (atomic_load(&h->looked_at) == program) sched_yield();
}

static mega_program *take(mega_handoff *h, const mega_program *sounding, uint64_t block_frame) {
    for (int i = 0; i < TRIES; i++) {
        mega_program *first = atomic_load(&h->first);
        if (!first) return NULL;
        atomic_store(&h->looked_at, first);
        if (atomic_load(&h->first) != first) continue;
        if (first->due > block_frame || first->follows != sounding) return NULL;
        mega_program *then = atomic_exchange(&first->then, CLOSED);
        if (atomic_compare_exchange_strong(&h->first, &first, then)) return first;
    }
    return NULL; // in the next block, then
}

bool mega_handoff_is_asked(mega_handoff *h, uint64_t block_frame) {
    mega_program *first = atomic_load_explicit(&h->first, memory_order_acquire);
    if (!first) return false;
    atomic_store(&h->looked_at, first);
    // where it has just been replaced, the next block shows by what
    bool asked = atomic_load(&h->first) != first || first->requested_frame <= block_frame;
    atomic_store(&h->looked_at, NULL);
    return asked;
}

mega_program *mega_handoff_take(mega_handoff *h, const mega_program *sounding,
                                uint64_t block_frame) {
    if (!atomic_load_explicit(&h->first, memory_order_relaxed)) return NULL;
    mega_program *taken = take(h, sounding, block_frame);
    atomic_store(&h->looked_at, NULL);
    if (!taken) return NULL;
    taken->taken_frame = block_frame;
    // after its frame: CONTROL reads that once it has seen the count
    atomic_fetch_add(&h->taken, 1);
    return taken;
}

// ---- stages -----------------------------------------------------------------------------------

static uint32_t word_of(uint32_t reached, uint32_t limit) { return reached | limit << 8; }
static uint32_t reached_in(uint32_t word) { return word & 0xff; }
static uint32_t limit_in(uint32_t word) { return word >> 8; }

void mega_stages_begin(mega_program *p, uint32_t stage) {
    atomic_store(&p->progress, word_of(stage, MEGA_STAGES_MAX));
}

bool mega_stages_enter(mega_program *p, uint32_t stage) {
    uint32_t word = atomic_load(&p->progress);
    return stage <= limit_in(word) &&
           atomic_compare_exchange_strong(&p->progress, &word, word_of(stage, limit_in(word)));
}

uint32_t mega_stages_hold(mega_program *p, uint32_t stage) {
    uint32_t word = atomic_load(&p->progress), found, limit;
    do { // as often as AUDIO goes on meanwhile
        found = reached_in(word) > stage ? reached_in(word) : stage;
        limit = limit_in(word) < found ? limit_in(word) : found;
    } while (!atomic_compare_exchange_weak(&p->progress, &word, word_of(reached_in(word), limit)));
    return found;
}

void mega_stages_limit(mega_program *p, uint32_t stage) {
    uint32_t word = atomic_load(&p->progress);
    while (!atomic_compare_exchange_weak(&p->progress, &word, word_of(reached_in(word), stage)))
        continue;
}

uint32_t mega_stages_limit_of(const mega_program *p) { return limit_in(atomic_load(&p->progress)); }
uint32_t mega_stages_reached(const mega_program *p) {
    return reached_in(atomic_load(&p->progress));
}
