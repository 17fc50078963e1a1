// SPDX-License-Identifier: MIT
// slot -- a parameter's value as the VM reads it: still, or on its way to a new one.
#ifndef MEGA_SLOT_H
#define MEGA_SLOT_H

#include "module.h"

typedef struct {
    _Alignas(64) float value[16];  ///< where it stands; the same in all lanes
    float ramp[MEGA_BLOCK_FRAMES]; ///< this segment's frames while `moving`
    float current, start, target;
    bool straight;          ///< a ramp that was asked for; else a raised cosine
    uint32_t done, total; ///< frames of a straight ramp; total 0: exponential
    float coefficient;    ///< exponential: part of the way per frame
    float min, max;       ///< what a write is held in
    float smooth_ms;
    uint8_t smoothing; ///< mega_smoothing
    bool moving;       ///< in this segment
    bool listed;       ///< among the program's moving slots
} mega_slot;

/// A slot standing at `value`.
void mega_slot_init(mega_slot *slot, float value, mega_smoothing smoothing, float smooth_ms,
                    float min, float max);
/// Begins to go to `target` (held within the range): in `ramp_seconds`, or as the slot's smoothing
/// says if negative.
void mega_slot_set(mega_slot *slot, float target, float ramp_seconds, float rate);
/// A knob's 0..1 spread over a range; 0 and 1 give the ends exactly. EXP needs both ends above 0,
/// else it is LIN.
float mega_knob_map(float value, float min, float max, mega_scale scale);
/// The same to a value that the document gives, which may lie outside the range: 0 where cables add
/// to it.
void mega_slot_go(mega_slot *slot, float target, float ramp_seconds, float rate);
/// Fills `ramp` for the next frames. @return false if it stood still and nothing was done
bool mega_slot_advance(mega_slot *slot, uint32_t frames);

#endif
