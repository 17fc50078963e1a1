// SPDX-License-Identifier: MIT
// value_events -- applies the events that set knobs and parameters and recall presets; AUDIO.
// Events name each target by its public number.
#ifndef MEGA_VALUE_EVENTS_H
#define MEGA_VALUE_EVENTS_H

#include "render/renderer.h"

/// Whether the sounding program has the target of an event.
bool mega_value_event_is_known(const mega_renderer *r, const mega_event *event);
/// Whether the document changed after the event: after it was sent (MEGA_NOW), or after its frame.
bool mega_value_event_is_older(const mega_renderer *r, const mega_event *event);
/// Sets a knob, a parameter, a parameter of one note, or recalls a preset. An event that was sent
/// for now before the document changed does not set values which that change has set.
/// @param again leaves alone a value that is already there or on its way there
/// @return false if the program has no such target, or the value is no number
bool mega_value_event_apply(mega_renderer *r, const mega_event *event, bool again);
/// Renumbers a waiting event whose target has another name in a program that comes in force in this
/// block.
void mega_value_event_follow_name(const mega_renderer *r, mega_event *event);
/// As a program comes in force: applies the values set before the change that no block has applied
/// yet; their targets may have other names now.
void mega_value_events_apply_pending(mega_renderer *r);

#endif
