// SPDX-License-Identifier: MIT
// oscillator_kernel -- the whole of osc.saw, osc.pulse and osc.triangle but their rows; see
// oscillator.h.
//
// A module file defines OSC_WAVE, includes this, and has then `state` and `process`.
#ifndef OSCILLATOR_KERNEL_H
#define OSCILLATOR_KERNEL_H

#include "oscillator.h"

enum { OSC_PM, OSC_SYNC, OSC_FREQ, OSC_AMP, OSC_DETUNE, OSC_PHASE, OSC_WIDTH }; // ports
enum { OSC_SAMPLES = 7 }; // of the double rate, that one sync reaches

typedef struct {
    ilanes base;    // phase since the start or the last sync, at the last frame
    ilanes shift;   // what `phase` and `pm` added there
    ilanes width;   // and the width
    ilanes diff;    // how far the phase had come since the frame before
    ilanes bend;    // and the width
    ilanes started; // 0 in a fresh voice
    ilanes pending; // frames for which `after` is not 0
    lanes sync;     // the sync input's last value
    lanes early[4]; // samples of the last two frames: the output is that late
    lanes after[2]; // what the last sync adds to the two samples to come
    osc_down down;
} state;

// The saw falls half a turn from phase 0, where it rises through 0 like the other waves.
#define OSC_ORIGIN (OSC_WAVE == OSC_SAW ? (int32_t)0x80000000u : 0)
#define OSC_STEP_REACH (OSC_WAVE == OSC_TRIANGLE ? 0.5f * OSC_HALF : OSC_HALF)
#define OSC_SCALE (OSC_GAIN / (OSC_WAVE == OSC_TRIANGLE ? 0.5f * OSC_HALF : OSC_HALF))

/// The phases and speeds that a wave is drawn from.
typedef struct {
    ilanes phase, width;
    osc_speed speed, fall; // of the phase, and of the phase less the width
} osc_point;

/// What a frame is drawn from.
typedef struct {
    ilanes step, diff; // phase since the last frame: of the base, and of all
    ilanes shift, width;
    ilanes bend;         // of the width since the last frame
    osc_pace rise, fall; // of the phase, and of the phase less the width
} osc_frame;

MEGA_INLINE lanes osc_value(const osc_point *at) {
    if (OSC_WAVE == OSC_SAW) return osc_edge(at->phase, at->speed.inv);
    if (OSC_WAVE == OSC_TRIANGLE) return osc_triangle(at->phase, at->speed);
    return osc_edge(isub(at->phase, at->width), at->fall.inv) - osc_edge(at->phase, at->speed.inv);
}

/// The points at this frame and half a frame before, of a phase.
MEGA_INLINE osc_point later_point(const osc_frame *f, ilanes phase) {
    return (osc_point){phase, f->width, f->rise.later, f->fall.later};
}
MEGA_INLINE osc_point earlier_point(const osc_frame *f, ilanes phase) {
    ilanes back = iadd(f->diff >> 1, f->rise.back);
    ilanes fall_back = iadd(isub(f->diff >> 1, f->bend >> 1), f->fall.back);
    ilanes width = OSC_WAVE == OSC_PULSE ? isub(f->width, isub(back, fall_back)) : f->width;
    return (osc_point){isub(phase, back), width, f->rise.earlier, f->fall.earlier};
}

// ---- sync ---------------------------------------------------------------------------------------

/// What remains of a step (downward, by 2^32) `x` kernel units after it.
static lanes step_rest(lanes x) {
    return splat(OSC_HALF) - osc_smooth_step(vmin(x, splat(OSC_REACH)));
}
static lanes corner_rest(lanes x) { return osc_smooth_corner(vmin(x, splat(OSC_REACH))); }
static lanes sign_of(lanes v) { return vselect(lt(v, splat(0)), splat(-1), splat(1)); }

/// A step or corner of the wave near a sync: its distance, and whether it is past.
typedef struct {
    lanes distance; // kernel units, not negative
    lanes pace;     // kernel units a sample
    mask past;
    lanes sign; // of what it adds
} osc_event;

static osc_event edge_of(ilanes phase, lanes inv, lanes diff, float sign) {
    lanes p = to_float(phase);
    return (osc_event){vabs(p) * inv, vabs(diff) * splat(0.5f) * inv, le(splat(0), p * diff),
                       splat(sign) * sign_of(diff)};
}
static osc_event corner_of(ilanes phase, osc_speed speed, lanes diff) {
    lanes p = to_float(phase), d = vabs(p) - splat(0.5f * OSC_HALF);
    return (osc_event){vabs(d) * speed.inv, vabs(diff) * splat(0.5f) * speed.inv,
                       le(splat(0), d * sign_of(p) * diff), splat(0) - sign_of(p) * speed.unit};
}

/// The wave with its steps and corners sharp, and its slope's sign.
static lanes sharp_edge(ilanes phase) {
    lanes p = to_float(phase);
    return p - sign_of(p) * splat(OSC_HALF);
}
static lanes sharp(const osc_point *at) {
    if (OSC_WAVE == OSC_SAW) return sharp_edge(at->phase);
    if (OSC_WAVE == OSC_PULSE)
        return sharp_edge(isub(at->phase, at->width)) - sharp_edge(at->phase);
    lanes p = to_float(at->phase);
    return sign_of(p) * (splat(0.5f * OSC_HALF) - vabs(vabs(p) - splat(0.5f * OSC_HALF)));
}
static lanes slope(ilanes phase) { return sign_of(splat(0.5f * OSC_HALF) - vabs(to_float(phase))); }

/// What the events of the wave on one side of the sync change on a sample of the other or the same
/// side.
static lanes event_rest(const osc_event *e, lanes samples, mask after) {
    mask same = either(both(after, e->past), both(not_(after), not_(e->past)));
    lanes rest, distance = e->distance + samples * e->pace;
    if (OSC_WAVE == OSC_TRIANGLE)
        rest = vselect(after, e->sign, splat(0) - e->sign) * corner_rest(distance);
    else rest = e->sign * step_rest(distance);
    return vselect(same, rest, splat(0));
}

/// The steps or corners of a wave that are nearest to a point. @return how many
static int events_near(const osc_point *at, const osc_frame *f, osc_event *event) {
    lanes diff = to_float(f->diff);
    if (OSC_WAVE == OSC_TRIANGLE) {
        event[0] = corner_of(at->phase, at->speed, diff);
        return 1;
    }
    event[0] = edge_of(at->phase, at->speed.inv, diff, OSC_WAVE == OSC_SAW ? 1 : -1);
    if (OSC_WAVE == OSC_SAW) return 1;
    event[1] =
        edge_of(isub(at->phase, at->width), at->fall.inv, to_float(isub(f->diff, f->bend)), 1);
    return 2;
}

/// What to add to seven samples so that the jump from `old` to `new` is band-limited.
/// @param alpha frames since the sync, 0..1
static void round_jump(const osc_frame *f, const osc_point *old, const osc_point *new, lanes alpha,
                       lanes *change) {
    osc_event was[2], is[2];
    int events = events_near(old, f, was);
    events_near(new, f, is);
    lanes jump = (sharp(new) - sharp(old)) * splat(-0.5f / OSC_HALF);
    lanes bend = splat(0.5f) * (slope(new->phase) - slope(old->phase)) * f->rise.earlier.unit *
                 sign_of(to_float(f->diff));
    for (int i = 0; i < OSC_SAMPLES; i++) {
        lanes s = alpha + alpha + splat((float)(i - 4));
        // a sample right at the sync is still the old wave's if it was drawn in an earlier frame
        mask after = i < 3 ? lt(splat(0), s) : le(splat(0), s);
        lanes samples = vabs(s);
        lanes v =
            jump * vselect(after, splat(1), splat(-1)) * step_rest(samples * splat(OSC_UNITS));
        if (OSC_WAVE == OSC_TRIANGLE) v = v + bend * corner_rest(samples * was[0].pace);
        for (int e = 0; e < events; e++)
            v = v + (event_rest(&was[e], samples, after) - event_rest(&is[e], samples, after));
        change[i] = v;
    }
}

/// Resets the phase of lanes whose sync input rose through 0 and rounds the step that this makes.
/// @param v the two samples of this frame
static void restart(state *s, const osc_frame *f, mask event, lanes sync, lanes *v) {
    const lanes limit = splat(2147483520.0f), zero = splat(0);
    lanes alpha = clampf(sync / (sync - s->sync), 0.0f, 1.0f);
    ilanes since = to_int(clamp(alpha * to_float(f->diff), zero - limit, limit));
    ilanes gone = to_int(clamp(alpha * to_float(f->step), zero - limit, limit));
    ilanes phase = iadd(gone, f->shift); // at this frame
    osc_speed rise = f->rise.earlier, fall = f->fall.earlier;
    osc_point before = {isub(iadd(s->base, f->shift), since), f->width, rise, fall};
    osc_point behind = {isub(phase, since), f->width, rise, fall};
    lanes change[OSC_SAMPLES];
    round_jump(f, &before, &behind, alpha, change);

    osc_point earlier = earlier_point(f, phase), later = later_point(f, phase);
    v[0] = vselect(both(event, le(splat(0.5f), alpha)), osc_value(&earlier), v[0]);
    v[1] = vselect(event, osc_value(&later), v[1]);
    for (int i = 0; i < OSC_SAMPLES; i++) change[i] = vselect(event, change[i], zero);
    for (int i = 0; i < 3; i++) s->early[1 + i] = s->early[1 + i] + change[i];
    for (int i = 0; i < 2; i++) v[i] = v[i] + change[3 + i];
    for (int i = 0; i < 2; i++) s->after[i] = change[5 + i];
    s->base = iselect(event, gone, s->base);
}

/// A frame in which some lane is synced, or was in the last one.
static __attribute__((noinline)) void osc_sync(state *s, const osc_frame *f, const lanes *sync,
                                               lanes *v) {
    mask event = both(gt(*sync, splat(0)), le(s->sync, splat(0)));
    mask owed = ilt(isplat(0), s->pending);
    const lanes after[2] = {s->after[0], s->after[1]};
    s->after[0] = s->after[1] = splat(0);
    if (any(event)) restart(s, f, event, *sync, v);
    for (int i = 0; i < 2; i++) v[i] = vselect(owed, v[i] + after[i], v[i]);
    s->pending = iselect(event, isplat(1), isplat(0));
}

// ---- the loop -----------------------------------------------------------------------------------

#define OSC_BIT(port) ((uint64_t)1 << (port))
enum {
    OSC_PITCH_BITS = OSC_BIT(OSC_FREQ) | OSC_BIT(OSC_DETUNE),
    OSC_EVENT_BITS = OSC_BIT(OSC_PM) | OSC_BIT(OSC_SYNC) | OSC_BIT(OSC_PHASE) |
                     (OSC_WAVE == OSC_PULSE ? OSC_BIT(OSC_WIDTH) : 0),
};

MEGA_INLINE bool moves(const mega_call *c, int port) { return (c->moving >> port & 1) != 0; }
MEGA_INLINE ilanes width_at(const mega_call *c, uint32_t t, int u) {
    return OSC_WAVE == OSC_PULSE ? osc_width(port_at(c, OSC_WIDTH, t, u)) : isplat(0);
}
MEGA_INLINE ilanes turns_at(const mega_call *c, int port, uint32_t t, int u) {
    return osc_turns(port_at(c, (size_t)port, t, u));
}
MEGA_INLINE ilanes step_at(const mega_call *c, uint32_t t, int u) {
    lanes ratio = osc_ratio(port_at(c, OSC_DETUNE, t, u));
    return phase_step(port_at(c, OSC_FREQ, t, u) * ratio, c->seconds_per_frame);
}
MEGA_INLINE ilanes shift_of(ilanes phase, ilanes pm) {
    return iadd(iadd(phase, pm), isplat(OSC_ORIGIN));
}

/// What may happen in a segment: nothing, changes of pitch, anything. A wider way gives the same
/// bits.
typedef enum { WAY_EVEN, WAY_PITCH, WAY_ANY } osc_way;

static osc_way way_of(const mega_call *c, int u) {
    if (c->moving & OSC_EVENT_BITS) return WAY_ANY;
    state s;
    state_load(&s, sizeof s, c, u);
    lanes sync = port_at(c, OSC_SYNC, 0, u);
    mask fresh = ieq(s.started, isplat(0));
    ilanes shift = shift_of(turns_at(c, OSC_PHASE, 0, u), turns_at(c, OSC_PM, 0, u));
    mask steady =
        both(both(ieq(s.shift, shift), ieq(s.width, width_at(c, 0, u))), ieq(s.bend, isplat(0)));
    mask synced = either(ilt(isplat(0), s.pending), both(gt(sync, splat(0)), le(s.sync, splat(0))));
    if (!all(both(either(fresh, steady), not_(synced)))) return WAY_ANY;
    if (c->moving & OSC_PITCH_BITS) return WAY_PITCH;
    return all(either(fresh, ieq(s.diff, step_at(c, 0, u)))) ? WAY_EVEN : WAY_PITCH;
}

/// One vector of lanes. What stands still is worked out once.
MEGA_INLINE void run(const mega_call *c, int u, const osc_way way) {
    state s;
    state_load(&s, sizeof s, c, u);
    const bool amp_moves = moves(c, OSC_AMP);
    lanes gain = osc_amp(port_at(c, OSC_AMP, 0, u)) * splat(OSC_SCALE);
    float *out = c->outputs[0] + u * MEGA_WIDTH;

    lanes ratio = osc_ratio(port_at(c, OSC_DETUNE, 0, u));
    ilanes offset = turns_at(c, OSC_PHASE, 0, u), pm = turns_at(c, OSC_PM, 0, u);
    osc_frame f = {.shift = shift_of(offset, pm), .width = width_at(c, 0, u), .bend = isplat(0)};
    f.diff = f.step = step_at(c, 0, u);
    f.rise = f.fall = osc_pace_even(f.diff, OSC_STEP_REACH);
    mask fresh = ieq(s.started, isplat(0));
    s.shift = iselect(fresh, f.shift, s.shift);
    s.width = iselect(fresh, f.width, s.width);
    s.diff = iselect(fresh, f.diff, s.diff);
    s.started = isplat(1);
    const uint32_t frames = c->frames;
    for (uint32_t t = 0; t < frames; t++) {
        if (way != WAY_EVEN) {
            if (moves(c, OSC_DETUNE)) ratio = osc_ratio(port_at(c, OSC_DETUNE, t, u));
            f.step = phase_step(port_at(c, OSC_FREQ, t, u) * ratio, c->seconds_per_frame);
            f.diff = f.step;
        }
        if (way == WAY_ANY) {
            if (moves(c, OSC_PHASE)) offset = turns_at(c, OSC_PHASE, t, u);
            if (moves(c, OSC_PM)) pm = turns_at(c, OSC_PM, t, u);
            f.shift = shift_of(offset, pm);
            f.diff = iadd(f.step, isub(f.shift, s.shift));
            s.shift = f.shift;
        }
        if (way != WAY_EVEN) f.rise = f.fall = osc_pace_of(f.diff, s.diff, OSC_STEP_REACH);
        if (way == WAY_ANY && OSC_WAVE == OSC_PULSE) {
            if (moves(c, OSC_WIDTH)) f.width = width_at(c, t, u);
            f.bend = isub(f.width, s.width);
            f.fall = osc_pace_of(isub(f.diff, f.bend), isub(s.diff, s.bend), OSC_STEP_REACH);
            s.width = f.width;
            s.bend = f.bend;
        }
        s.diff = f.diff;
        s.base = iadd(s.base, f.step);
        ilanes phase = iadd(s.base, f.shift);
        osc_point earlier = earlier_point(&f, phase), later = later_point(&f, phase);
        lanes v[2] = {osc_value(&earlier), osc_value(&later)};
        if (way == WAY_ANY) {
            lanes sync = port_at(c, OSC_SYNC, t, u);
            mask event = both(gt(sync, splat(0)), le(s.sync, splat(0)));
            if (any(either(event, ilt(isplat(0), s.pending)))) osc_sync(&s, &f, &sync, v);
            s.sync = sync;
        }
        lanes y = osc_decimate(&s.down, s.early[0], s.early[1]);
        s.early[0] = s.early[2];
        s.early[1] = s.early[3];
        s.early[2] = v[0];
        s.early[3] = v[1];
        if (amp_moves) gain = osc_amp(port_at(c, OSC_AMP, t, u)) * splat(OSC_SCALE);
        store(out + (size_t)t * MEGA_FRAME, y * gain);
    }
    if (way != WAY_ANY) s.sync = port_at(c, OSC_SYNC, 0, u);
    state_store(&s, sizeof s, c, u);
}

static uint64_t process(const mega_call *c) {
    for (int u = 0; u < MEGA_U; u++) switch (way_of(c, u)) {
        case WAY_EVEN: run(c, u, WAY_EVEN); break;
        case WAY_PITCH: run(c, u, WAY_PITCH); break;
        default: run(c, u, WAY_ANY);
        }
    return ~(uint64_t)0;
}

#endif
