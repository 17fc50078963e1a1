// SPDX-License-Identifier: MIT
// slot -- smoothing of written values; frame-exact, so that splits of a block change nothing.
#include "core/slot.h"

#include "core/lanes.h"

float mega_way_hold(const mega_way *way, float value) {
    float held = clamp(value, way->min, way->max);
    return way->whole ? (float)to_int(held + 0.5f) : held;
}

// ---- ramps ------------------------------------------------------------------------------------

static void settle(mega_ramp *ramp, float value) {
    *ramp = (mega_ramp){.current = value, .start = value, .target = value};
}

void mega_ramp_go(mega_ramp *ramp, const mega_way *way, float target, float ramp_seconds,
                  float rate) {
    float seconds = ramp_seconds >= 0 ? ramp_seconds : way->smooth_ms * 0.001f;
    bool exponential = ramp_seconds < 0 && way->smoothing == MEGA_SMOOTH_EXP;
    if (way->whole || (ramp_seconds < 0 && way->smoothing == MEGA_SMOOTH_NONE)) seconds = 0;
    float frames = clamp(seconds * rate, 0, 2e9f);
    if (frames < 1 || target == ramp->current) {
        settle(ramp, target);
        return;
    }
    *ramp = (mega_ramp){.current = ramp->current,
                        .start = ramp->current,
                        .target = target,
                        .straight = ramp_seconds >= 0};
    // 99 % of the way in `frames`: 1 - 0.01^(1 / frames)
    if (exponential) ramp->coefficient = 1 - vexp2(-6.643856f / frames);
    else ramp->total = (uint32_t)to_int(frames + 0.5f);
}

void mega_ramp_even(mega_ramp *ramp) {
    ramp->even = ramp->straight && ramp->start > 0 && ramp->target > 0;
}

/// A raised cosine has no corners: a straight ramp of a level leaves -53 dB above 4 kHz, this less
/// than -70.
static float next_in_time(mega_ramp *ramp) {
    if (++ramp->done >= ramp->total) return ramp->target;
    float part = (float)ramp->done / (float)ramp->total;
    if (!ramp->straight) part = 0.5f - 0.5f * vcos_turns(0.5f * part);
    if (ramp->even) return ramp->start * vexp2(part * vlog2(ramp->target / ramp->start));
    return ramp->start + (ramp->target - ramp->start) * part;
}

/// Ends when the rest of the way is inaudible: a millionth of the target or of the range.
static float next_exponential(const mega_ramp *ramp, const mega_way *way) {
    float next = ramp->current + (ramp->target - ramp->current) * ramp->coefficient;
    float rest = vabs(ramp->target - next);
    float near = vmax(vabs(ramp->target) * 1e-6f, (way->max - way->min) * 1e-7f);
    return rest <= near || next == ramp->current ? ramp->target : next;
}

float mega_ramp_next(mega_ramp *ramp, const mega_way *way) {
    if (ramp->current != ramp->target)
        ramp->current = ramp->total ? next_in_time(ramp) : next_exponential(ramp, way);
    return ramp->current;
}

// ---- slots ------------------------------------------------------------------------------------

static void stand(mega_slot *slot) {
    settle(&slot->going, slot->going.target);
    for (int lane = 0; lane < 16; lane++) slot->value[lane] = slot->going.target;
}

void mega_slot_init(mega_slot *slot, float value, mega_way way) {
    *slot = (mega_slot){.way = way, .going = {.target = value}};
    stand(slot);
}

void mega_slot_set(mega_slot *slot, float target, float ramp_seconds, float rate) {
    mega_slot_go(slot, mega_way_hold(&slot->way, target), ramp_seconds, rate);
}

void mega_slot_go(mega_slot *slot, float target, float ramp_seconds, float rate) {
    mega_ramp_go(&slot->going, &slot->way, target, ramp_seconds, rate);
    if (!mega_ramp_moves(&slot->going)) stand(slot);
}

bool mega_slot_advance(mega_slot *slot, uint32_t frames) {
    slot->moving = mega_ramp_moves(&slot->going);
    if (!slot->moving) return false;
    for (uint32_t t = 0; t < frames; t++) slot->ramp[t] = mega_ramp_next(&slot->going, &slot->way);
    if (slot->going.current == slot->going.target) stand(slot);
    return true;
}

float mega_knob_map(float value, float min, float max, mega_scale scale) {
    if (value <= 0) return min;
    if (value >= 1) return max;
    if (scale == MEGA_EXP && min > 0 && max > 0) return min * vexp2(value * vlog2(max / min));
    return min + value * (max - min);
}
