// SPDX-License-Identifier: MIT
// chorus -- three modulated taps a side, a third of a turn apart, so that their mean time stands
// still.
//
// Taps read by a Catmull-Rom spline.
// One sine and cosine a frame; every tap's phase is that pair rotated by a constant. Times glide,
// so that no change clicks.
#define KERNEL_LINES
#include "modules/lines.h"

#define DELAY_MAX 0.04f
#define DEPTH_MAX 0.01f

enum { LINES = 2, TAPS = 3 }; // a line a side

typedef struct {
    ilanes at; // frames written so far; see line_advance
    ilanes phase;
    lanes delay, depth; // as they glide, in frames
    lanes cosine, sine; // so does the angle between the sides
} state;

typedef struct {
    ilanes step;
    lanes delay, depth, glide;
    lanes cosine, sine; // of the angle between the sides
    lanes dry, wet;
} coefs;

typedef struct {
    lanes side[LINES]; // the taps' sum
} heard;

static const mega_input_row inputs[] = {
    {"in", "signal, to both sides"},
    {"left", "left side"},
    {"right", "right side"},
};

// clang-format off
static const mega_param_row params[] = {
    {.name = "rate", .unit = "Hz", .min = 0.01f, .max = 10, .initial = 0.6f, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = "how often the taps swing"},
    {.name = "depth", .unit = "s", .min = 0, .max = DEPTH_MAX, .initial = 0.002f,
     .scale = MEGA_LIN, .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 50,
     .doc = "how far the taps swing to either side"},
    {.name = "delay", .unit = "s", .min = 0.001f, .max = DELAY_MAX, .initial = 0.012f,
     .scale = MEGA_EXP, .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 50,
     .doc = "time around which the taps swing"},
    {.name = "spread", .unit = "turns", .min = 0, .max = 0.5f, .initial = 0.25f,
     .scale = MEGA_LIN, .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 50,
     .doc = "how far the right side swings behind the left"},
    {.name = "mix", .unit = "", .min = 0, .max = 1, .initial = 0.5f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100, .doc = "0: input only; 1: taps only"},
};
// clang-format on

static const mega_output_row outputs[] = {
    {"left", "left side"},
    {"right", "right side"},
    {"out", "mean of left and right"},
};

static inline coefs prepare(const lanes *param, const context *x) {
    coefs c;
    c.step = phase_step(clampf(param[0], 0.0f, 1000.0f), x->seconds_per_frame);
    c.depth = clampf(param[1], 0.0f, DEPTH_MAX) * splat(x->frames_per_second);
    c.delay = clampf(param[2], 0.0f, DELAY_MAX) * splat(x->frames_per_second);
    float share = x->seconds_per_frame * (1 / 0.03f);
    c.glide = splat(share < 1 ? share : 1);
    lanes spread = clampf(param[3], -1.0f, 1.0f);
    c.cosine = vcos_turns(spread);
    c.sine = vsin_turns(spread);
    c.wet = clampf(param[4], 0.0f, 1.0f);
    c.dry = splat(1) - c.wet;
    c.wet = c.wet * splat(0.45f); // three taps: between alike (1/3) and unlike (1/sqrt 3)
    return c;
}

MEGA_INLINE void glide(state *s, const coefs *c, mask fresh) {
    s->delay = vselect(fresh, c->delay, s->delay + (c->delay - s->delay) * c->glide);
    s->depth = vselect(fresh, c->depth, s->depth + (c->depth - s->depth) * c->glide);
    s->cosine = vselect(fresh, c->cosine, s->cosine + (c->cosine - s->cosine) * c->glide);
    s->sine = vselect(fresh, c->sine, s->sine + (c->sine - s->sine) * c->glide);
}

MEGA_INLINE void turn(state *s, const coefs *c, ilanes n) {
    s->phase = iadd(s->phase, imul(c->step, n));
}

/// Taps are never nearer than two frames: there the swing is smaller.
MEGA_INLINE void reach(const state *s, lanes *delay, lanes *depth) {
    *delay = vmax(s->delay, splat(2));
    *depth = vmin(s->depth, *delay - splat(2));
}

MEGA_INLINE ilanes nearest(const state *s, const coefs *c) {
    lanes delay, depth;
    (void)c;
    reach(s, &delay, &depth);
    return isub(to_int(delay - depth * splat(1.001f)), isplat(2));
}

/// The value `frames` (at least 2) ago; 0 where that is older than this voice.
MEGA_INLINE lanes read(const lines *memory, uint32_t line, ilanes at, lanes frames) {
    lanes base = vfloor(frames), weight[4], point[4];
    line_points(memory, line, at, isub(to_int(base), isplat(1)), point);
    line_spline(frames - base, weight);
    lanes sum = splat(0);
    for (int i = 0; i < 4; i++) sum = sum + weight[i] * point[i];
    return sum;
}

MEGA_INLINE void listen(const state *s, const coefs *c, const lines *memory, heard *h,
                        lanes *back) {
    (void)back; // nothing goes back
    lanes delay, depth;
    (void)c;
    reach(s, &delay, &depth);
    lanes sine = vsin_phase(s->phase), cosine = vsin_phase(iadd(s->phase, isplat(1 << 30)));
    for (uint32_t side = 0; side < LINES; side++) {
        lanes sum = splat(0);
        for (int tap = 0; tap < TAPS; tap++) {
            sum = sum + read(memory, side, s->at, vmax(delay + depth * sine, splat(2)));
            // on by a third of a turn
            lanes next = splat(-0.5f) * sine + splat(0.8660254f) * cosine;
            cosine = splat(-0.5f) * cosine - splat(0.8660254f) * sine;
            sine = next;
        }
        h->side[side] = sum;
        lanes next = sine * s->cosine - cosine * s->sine;
        cosine = cosine * s->cosine + sine * s->sine;
        sine = next;
    }
}

MEGA_INLINE void mix(const coefs *c, const lanes *in, const heard *h, const lanes *back, lanes *out,
                     lanes *put) {
    (void)back;
    for (int side = 0; side < LINES; side++) {
        lanes dry = bounded(in[0]) + bounded(in[1 + side]);
        out[side] = dry * c->dry + h->side[side] * c->wet;
        put[side] = line_safe(dry);
    }
    out[2] = (out[0] + out[1]) * splat(0.5f);
}

#include "modules/line_effect.h"

MODULE(chorus, .name = "chorus", .category = "effect", .doc = "stereo chorus of three taps a side",
       .flags = MEGA_AFTER, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), STATE,
       .memory_lines = LINES, .memory_seconds = DELAY_MAX + DEPTH_MAX,
       .tail_seconds = DELAY_MAX + DEPTH_MAX, .process = process, .solo = solo)
