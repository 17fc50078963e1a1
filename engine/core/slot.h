// SPDX-License-Identifier: MIT
// slot -- a parameter's value as the VM reads it: still, or on its way to a new one.
#ifndef MEGA_SLOT_H
#define MEGA_SLOT_H

#include "core/module.h"

enum {
    MEGA_NOTE_PARAMS_MAX =
        16, ///< parameters that single notes may set for themselves, of one engine
};

/// How a value gets to a new place.
typedef struct {
    float min, max; ///< what a write is held in
    float smooth_ms;
    mega_smoothing smoothing;
    bool whole; ///< numbers of choices: there is nothing between two of them
} mega_way;

static inline mega_way mega_way_of(const mega_param_row *row) {
    return (mega_way){row->min, row->max, row->smooth_ms, row->smoothing, row->choices != NULL};
}
/// What a write of `value` comes to: within the range, and the nearest of choices.
float mega_way_hold(const mega_way *way, float value);

/// A value, and where it is going.
typedef struct {
    float current, start, target;
    bool straight;        ///< a ramp that was asked for; else a raised cosine
    bool even;            ///< in equal ratios, not steps
    uint32_t done, total; ///< frames of a ramp; total 0: exponential
    float coefficient;    ///< exponential: part of the way per frame
} mega_ramp;

/// Begins to go to `target`: in `ramp_seconds`, straight, or as the way says if negative.
void mega_ramp_go(mega_ramp *ramp, const mega_way *way, float target, float ramp_seconds,
                  float rate);
/// A straight ramp goes in equal ratios: a straight way for a knob with an exponential range.
/// Between values above 0.
void mega_ramp_even(mega_ramp *ramp);
static inline bool mega_ramp_moves(const mega_ramp *ramp) {
    return ramp->total || ramp->coefficient != 0;
}
/// It is where it goes: stands still from now on.
static inline void mega_ramp_end(mega_ramp *ramp) {
    ramp->total = 0;
    ramp->coefficient = 0;
}
/// The value of the next frame; stands still once it is there.
float mega_ramp_next(mega_ramp *ramp, const mega_way *way);

typedef struct {
    _Alignas(64) float value[16];  ///< where it stands; the same in all lanes
    float ramp[MEGA_BLOCK_FRAMES]; ///< this segment's frames while `moving`
    mega_ramp going;
    mega_way way;
    bool moving; ///< in this segment
    bool listed; ///< among the program's moving slots
} mega_slot;

/// A slot standing at `value`.
void mega_slot_init(mega_slot *slot, float value, mega_way way);
/// Begins to go to `target` (held within the range): in `ramp_seconds`, or as the slot's smoothing
/// says if negative.
void mega_slot_set(mega_slot *slot, float target, float ramp_seconds, float rate);
/// The same to a value that the document gives, which may lie outside the range: 0 where cables add
/// to it.
void mega_slot_go(mega_slot *slot, float target, float ramp_seconds, float rate);
/// Fills `ramp` for the next frames. @return false if it stood still and nothing was done
bool mega_slot_advance(mega_slot *slot, uint32_t frames);

/// A knob's 0..1 spread over a range; 0 and 1 give the ends exactly. EXP needs both ends above 0,
/// else it is LIN.
float mega_knob_map(float value, float min, float max, mega_scale scale);

#endif
