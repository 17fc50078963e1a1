// SPDX-License-Identifier: MIT
// slot -- smoothing of written values; frame-exact, so that splits of a block change nothing.
#include "slot.h"

#include "lanes.h"

static void settle(mega_slot *slot, float value) {
    slot->current = slot->target = value;
    slot->done = slot->total = 0;
    slot->coefficient = 0;
    for (int lane = 0; lane < 16; lane++) slot->value[lane] = value;
}

void mega_slot_init(mega_slot *slot, float value, mega_smoothing smoothing, float smooth_ms,
                    float min, float max) {
    *slot = (mega_slot){
        .min = min, .max = max, .smooth_ms = smooth_ms, .smoothing = (uint8_t)smoothing};
    settle(slot, value);
}

void mega_slot_set(mega_slot *slot, float target, float ramp_seconds, float rate) {
    mega_slot_go(slot, clamp(target, slot->min, slot->max), ramp_seconds, rate);
}

void mega_slot_go(mega_slot *slot, float target, float ramp_seconds, float rate) {
    float seconds = ramp_seconds >= 0 ? ramp_seconds : slot->smooth_ms * 0.001f;
    bool exponential = ramp_seconds < 0 && slot->smoothing == MEGA_SMOOTH_EXP;
    if (ramp_seconds < 0 && slot->smoothing == MEGA_SMOOTH_NONE) seconds = 0;
    float frames = clamp(seconds * rate, 0, 2e9f);
    slot->start = slot->current;
    slot->target = target;
    slot->done = 0;
    slot->coefficient = 0;
    slot->total = 0;
    slot->straight = ramp_seconds >= 0;
    if (frames < 1 || target == slot->current) {
        settle(slot, target);
    } else if (exponential) {
        // 99 % of the way in `frames`: 1 - 0.01^(1 / frames)
        slot->coefficient = 1 - vexp2(-6.643856f / frames);
    } else {
        slot->total = (uint32_t)to_int(frames + 0.5f);
    }
}

/// A raised cosine has no corners: a straight ramp of a level leaves -53 dB above 4 kHz, this less
/// than -70.
static float next_of_ramp(mega_slot *slot) {
    if (++slot->done >= slot->total) return slot->target;
    float part = (float)slot->done / (float)slot->total;
    if (!slot->straight) part = 0.5f - 0.5f * vcos_turns(0.5f * part);
    return slot->start + (slot->target - slot->start) * part;
}

/// Ends when the rest of the way is inaudible: a millionth of the target or of the range.
static float next_exponential(mega_slot *slot) {
    float next = slot->current + (slot->target - slot->current) * slot->coefficient;
    float rest = vabs(slot->target - next);
    float near = vmax(vabs(slot->target) * 1e-6f, (slot->max - slot->min) * 1e-7f);
    return rest <= near || next == slot->current ? slot->target : next;
}

bool mega_slot_advance(mega_slot *slot, uint32_t frames) {
    slot->moving = slot->total || slot->coefficient != 0;
    if (!slot->moving) return false;
    for (uint32_t t = 0; t < frames; t++) {
        if (slot->current != slot->target)
            slot->current = slot->total ? next_of_ramp(slot) : next_exponential(slot);
        slot->ramp[t] = slot->current;
    }
    if (slot->current == slot->target) settle(slot, slot->target);
    return true;
}

float mega_knob_map(float value, float min, float max, mega_scale scale) {
    if (value <= 0) return min;
    if (value >= 1) return max;
    if (scale == MEGA_EXP && min > 0 && max > 0) return min * vexp2(value * vlog2(max / min));
    return min + value * (max - min);
}
