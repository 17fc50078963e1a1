// SPDX-License-Identifier: MIT
// lines -- what modules with delay memory share: counting frames, safe input, reading between
// frames.
//
// Memory is never cleared: a module counts the frames it has written since its state was zeroed,
// and takes what is older for silence.
#ifndef MEGA_LINES_H
#define MEGA_LINES_H

#include "core/kernel.h"

/// What comes in, made safe to keep: NaN is silence, and nothing is beyond a million.
MEGA_INLINE lanes line_safe(lanes v) { return vselect(eq(v, v), clampf(v, -1e6f, 1e6f), splat(0)); }

#define LINE_WRAP (1 << 30)
/// Counts frames; past 2^30 it starts over from 2^29, which is the same position in every line.
MEGA_INLINE ilanes line_advance(ilanes at) {
    return iselect(ieq(at, isplat(LINE_WRAP - 1)), isplat(LINE_WRAP / 2), iadd(at, isplat(1)));
}

/// Weights of four points a frame apart, for the place `f` (0..1) of the way from the second to the
/// third: E. Catmull, R. Rom, "A class of local interpolating splines", 1974. At 0 they are exactly
/// 0 1 0 0.
MEGA_INLINE void line_spline(lanes f, lanes weight[4]) {
    const lanes h = splat(0.5f);
    weight[0] = ((h * (splat(2) - f)) * f - h) * f;
    weight[1] = (splat(1.5f) * f - splat(2.5f)) * f * f + splat(1);
    weight[2] = ((splat(2) - splat(1.5f) * f) * f + h) * f;
    weight[3] = (h * f - h) * f * f;
}

// ---- reading back -----------------------------------------------------------------------------
//
// Of a lane alone (`solo`) lanes are frames: those that follow each other lie so in a line, and are
// read in one piece where they are as far back as each other. Frames that do not follow each other
// are all the same one: what goes frame by frame does the same with all lanes.

/// Frames of one lane at any positions; 0 where older than its first.
MEGA_INLINE lanes line_gather(const float *base, const lines *l, ilanes position) {
    int32_t at[MEGA_WIDTH];
    float v[MEGA_WIDTH];
    memcpy(at, &position, sizeof at);
    for (int i = 0; i < MEGA_WIDTH; i++)
        v[i] = at[i] < 0 ? 0 : base[(size_t)((uint32_t)at[i] & (l->frames - 1)) * l->stride];
    return load(v);
}

/// Where `count` frames lie from position `p` on, or NULL if they are not in one piece.
MEGA_INLINE const float *line_piece(const float *base, const lines *l, int32_t p, uint32_t count) {
    uint32_t from = (uint32_t)p & (l->frames - 1);
    return p >= 0 && l->stride == 1 && from + count <= l->frames ? base + from : NULL;
}

/// What was written `distance` frames before `at`; 0 where that is older than this voice.
MEGA_INLINE lanes line_past(const lines *l, uint32_t line, ilanes at, ilanes distance) {
    ilanes position = isub(at, distance);
    if (!l->solo) return vselect(igt(distance, at), splat(0), line_read(l, line, position));
    const float *base = l->base + (size_t)line * l->frames * l->stride;
    const int32_t first = solo_first(position);
    if (all(ieq(position, iadd(isplat(first), solo_ramp())))) {
        const float *row = line_piece(base, l, first, MEGA_WIDTH);
        if (row) return load(row);
    } else if (all(ieq(position, isplat(first))))
        return splat(first < 0 ? 0 : base[(size_t)((uint32_t)first & (l->frames - 1)) * l->stride]);
    return line_gather(base, l, position);
}

/// Four points in a row: `distance` frames before `at`, one more, two, three.
MEGA_INLINE void line_points(const lines *l, uint32_t line, ilanes at, ilanes distance,
                             lanes point[4]) {
    const int32_t near = solo_first(distance), far = solo_last(distance);
    const mask first = ieq(distance, isplat(near));
    if (l->solo && solo_last(at) - solo_first(at) == MEGA_WIDTH - 1 &&
        all(either(first, ieq(distance, isplat(far))))) {
        // a swing is slow: all are as far back as each other, or a change lies between
        const float *base = l->base + (size_t)line * l->frames * l->stride;
        const int32_t now = solo_first(at);
        const float *a = line_piece(base, l, now - near - 3, MEGA_WIDTH + 3);
        const float *b = near == far ? a : line_piece(base, l, now - far - 3, MEGA_WIDTH + 3);
        if (a && a == b) {
            for (int i = 0; i < 4; i++) point[i] = load(a + 3 - i);
            return;
        }
        if (a && b) {
            for (int i = 0; i < 4; i++) point[i] = vselect(first, load(a + 3 - i), load(b + 3 - i));
            return;
        }
    }
    for (int i = 0; i < 4; i++) {
        point[i] = line_past(l, line, at, distance);
        distance = iadd(distance, isplat(1));
    }
}

/// Writes the first `count` frames that lie side by side, from position `at` on.
MEGA_INLINE void line_put(const lines *l, uint32_t line, int32_t at, lanes v, uint32_t count) {
    float *base = l->base + (size_t)line * l->frames * l->stride, each[MEGA_WIDTH];
    uint32_t from = (uint32_t)at & (l->frames - 1);
    if (l->stride == 1 && count == MEGA_WIDTH && from + MEGA_WIDTH <= l->frames) {
        store(base + from, v);
        return;
    }
    store(each, v);
    for (uint32_t i = 0; i < count; i++)
        base[(size_t)((uint32_t)(at + (int32_t)i) & (l->frames - 1)) * l->stride] = each[i];
}

#endif
