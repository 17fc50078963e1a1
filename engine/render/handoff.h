// SPDX-License-Identifier: MIT
// handoff -- programs on their way from CONTROL to AUDIO: a chain in the order in which they are
// due.
//
// Lock-free on both sides; the audio role never waits. CONTROL may append at the end, or replace
// the whole chain as long as the audio role has not taken its first program. A program that was
// replaced may still be looked at by the audio role for a moment: `mega_handoff_release` waits for
// that before it is freed. The program that another one follows goes into the renderer's ring
// `garbage`; CONTROL frees it in `mega_collect`.
#ifndef MEGA_HANDOFF_H
#define MEGA_HANDOFF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mega_program;

typedef struct {
    _Atomic(struct mega_program *) first;
    _Atomic(struct mega_program *) looked_at; ///< by the audio role, just now
    _Atomic uint64_t taken;                   ///< programs, since create
} mega_handoff;

/// CONTROL: makes `next` (with all that follows it) due after `last`, the last program that was
/// handed over.
/// @param last NULL: nothing was handed over and not taken
void mega_handoff_append(mega_handoff *handoff, struct mega_program *last,
                         struct mega_program *next);
/// CONTROL: puts a chain in the place of the one that begins with `first`.
/// @return false if the audio role has taken that meanwhile
bool mega_handoff_replace(mega_handoff *handoff, struct mega_program *first,
                          struct mega_program *next);
/// CONTROL: waits until the audio role does not look at a program that was replaced.
void mega_handoff_release(mega_handoff *handoff, const struct mega_program *program);
/// AUDIO: the first program, if it is due in the block at `block_frame` and follows the one that
/// sounds; NULL: not now.
struct mega_program *mega_handoff_take(mega_handoff *handoff, const struct mega_program *sounding,
                                       uint64_t block_frame);

/// AUDIO: whether there is one that was to be heard in that block; it may have to wait for a fade.
bool mega_handoff_is_asked(mega_handoff *handoff, uint64_t block_frame);

// A program is taken once, and its leads lead to it, stage by stage; stage MEGA_STAGES_MAX is the
// program itself. One word of it says which stage AUDIO has reached, and past which it must not go,
// for another program was compiled to follow that one. Whoever is first settles it; nobody waits.

/// Before it is handed over: it begins with `stage`.
void mega_stages_begin(struct mega_program *program, uint32_t stage);
/// AUDIO: goes on to `stage`. @return false: not in this block
bool mega_stages_enter(struct mega_program *program, uint32_t stage);
/// CONTROL: keeps AUDIO from passing `stage`, or the one that it has reached if that is later.
/// @return that stage
uint32_t mega_stages_hold(struct mega_program *program, uint32_t stage);
/// CONTROL: AUDIO may go so far; no less than a hold has found it.
void mega_stages_limit(struct mega_program *program, uint32_t stage);
uint32_t mega_stages_limit_of(const struct mega_program *program);
uint32_t mega_stages_reached(const struct mega_program *program);

#endif
