// SPDX-License-Identifier: MIT
// turn -- knobs, parameters and presets go to new values; AUDIO. Events name each by its public
// number.
#ifndef MEGA_TURN_H
#define MEGA_TURN_H

#include "render/renderer.h"

/// Whether the program that sounds has what an event turns.
bool mega_turn_knows(const mega_renderer *r, const mega_event *event);
/// Whether the document was changed after the event was sent for now, or after its frame.
bool mega_turn_is_older(const mega_renderer *r, const mega_event *event);
/// A knob, a parameter, one of a single voice, or a preset. What was sent for now before the
/// document was changed passes over what the document has changed.
/// @param again it may stand there, or be on its way there, already: then it is left alone
/// @return false if the program has no such thing, or the value is no number
bool mega_turn(mega_renderer *r, const mega_event *event, bool again);
/// An event that waits for its frame, as a program comes in force or in the block of that: what it
/// turns may have another name now.
void mega_turn_follow_name(const mega_renderer *r, mega_event *event);
/// As a program comes in force: what was turned before the change that brings it, and was not heard
/// since; it may go by another name now.
void mega_turn_unheard(mega_renderer *r);

#endif
