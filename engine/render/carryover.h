// SPDX-License-Identifier: MIT
// carryover -- values set while a change of the patch is under way, carried over to the programs
// that follow; AUDIO.
//
// A change may fade for a while before its document sounds, and another may wait after it. A value
// that is set meanwhile is applied at once, where the sounding program has it, and again in each
// program that follows: it is newer than the document's value.
#ifndef MEGA_CARRYOVER_H
#define MEGA_CARRYOVER_H

#include "core/events.h"

enum {
    MEGA_CARRYOVER_MAX = 256, ///< events kept; more are applied to the sounding program only
};

typedef struct {
    mega_event events[MEGA_CARRYOVER_MAX]; ///< in the order of their frames
    uint32_t count;
    bool changing; ///< a change is under way in this block
} mega_carryover;

struct mega_renderer;

/// Applies an event that sets a value, and keeps it while a change is under way. Counts it as
/// dropped if no program has the value that it sets.
void mega_carryover_apply(struct mega_renderer *r, const mega_event *event);
/// Applies the kept events to a program that has just taken the place of another.
void mega_carryover_replay(struct mega_renderer *r);
/// Position in the ring of events up to which none waits for a program.
uint32_t mega_carryover_applied(const struct mega_renderer *r);
/// Call at the beginning of a block, after programs and events are taken.
void mega_carryover_begin_block(struct mega_renderer *r);

#endif
