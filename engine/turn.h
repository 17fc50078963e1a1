// SPDX-License-Identifier: MIT
// turn -- knobs, parameters and presets go to new values; AUDIO. Each is told by its public number.
#ifndef MEGA_TURN_H
#define MEGA_TURN_H

#include "engine.h"

/// @return false if the program has no such knob
bool mega_turn_knob(mega_engine *e, int32_t id, float value, float ramp_seconds);
/// @return false if the program has no such parameter, or the value is no number
bool mega_turn_param(mega_engine *e, int32_t id, float value, float ramp_seconds);
/// @return false if the program has no such preset
bool mega_turn_preset(mega_engine *e, int32_t id, float morph_seconds);
/// A parameter of one voice. @return false if it has none of its own, or the value is no number
bool mega_turn_own(mega_engine *e, const mega_event *event);

#endif
