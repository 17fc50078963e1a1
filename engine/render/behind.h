// SPDX-License-Identifier: MIT
// behind -- knobs, parameters and presets that are turned while a change of the patch is under way;
// AUDIO.
//
// A change may fade for a while before its document sounds, and another may wait behind it. What is
// turned meanwhile is turned at once, where the program that sounds has it; and once more in each
// program that follows, where that does not stand there already: what the document brings is older
// than it.
#ifndef MEGA_BEHIND_H
#define MEGA_BEHIND_H

#include "core/events.h"

enum {
    MEGA_BEHIND_MAX = 256, ///< events kept; those beyond go only where they are known already
};

typedef struct {
    mega_event events[MEGA_BEHIND_MAX]; ///< in the order in which they were due
    uint32_t count;
    bool changing; ///< a change is under way in this block
} mega_behind;

struct mega_renderer;

/// Turns what an event says, and keeps it as long as a change is under way. Counts it as dropped
/// where nothing has it.
void mega_behind_turn(struct mega_renderer *r, const mega_event *event);
/// A program has taken the place of another.
void mega_behind_follow(struct mega_renderer *r);
/// Position in the ring of events up to which nothing waits for a program.
uint32_t mega_behind_heard(const struct mega_renderer *r);
/// At the beginning of a block, once programs and events are taken.
void mega_behind_begin_block(struct mega_renderer *r);

#endif
