// SPDX-License-Identifier: MIT
// chorus -- three modulated taps a side, a third of a turn apart, so that their mean time stands
// still.
//
// Taps read by a Catmull-Rom spline.
// One sine and cosine a frame; every tap's phase is that pair rotated by a constant. Times glide,
// so that no change clicks.
#define KERNEL_LINES
#include "lines.h"

#define DELAY_MAX 0.04f
#define DEPTH_MAX 0.01f

enum { SIDES = 2, TAPS = 3 };

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

/// The value `frames` (at least 2) ago; 0 where that is older than this voice.
MEGA_INLINE lanes read(const lines *memory, uint32_t line, ilanes at, lanes frames) {
    lanes base = vfloor(frames);
    ilanes distance = isub(to_int(base), isplat(1));
    lanes weight[4];
    line_spline(frames - base, weight);
    lanes sum = splat(0);
    for (int i = 0; i < 4; i++) {
        lanes v = line_read(memory, line, isub(at, distance));
        sum = sum + weight[i] * vselect(igt(distance, at), splat(0), v);
        distance = iadd(distance, isplat(1));
    }
    return sum;
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out,
                        const lines *memory) {
    mask fresh = ieq(s->at, isplat(0));
    s->delay = vselect(fresh, c->delay, s->delay + (c->delay - s->delay) * c->glide);
    s->depth = vselect(fresh, c->depth, s->depth + (c->depth - s->depth) * c->glide);
    s->cosine = vselect(fresh, c->cosine, s->cosine + (c->cosine - s->cosine) * c->glide);
    s->sine = vselect(fresh, c->sine, s->sine + (c->sine - s->sine) * c->glide);
    // taps never nearer than two frames: there the swing is smaller
    lanes delay = vmax(s->delay, splat(2)), depth = vmin(s->depth, delay - splat(2));
    lanes sine = vsin_phase(s->phase), cosine = vsin_phase(iadd(s->phase, isplat(1 << 30)));
    s->phase = iadd(s->phase, c->step);
    const lanes dry[SIDES] = {bounded(in[0]) + bounded(in[1]), bounded(in[0]) + bounded(in[2])};
    for (uint32_t side = 0; side < SIDES; side++) {
        lanes sum = splat(0);
        for (int tap = 0; tap < TAPS; tap++) {
            sum = sum + read(memory, side, s->at, vmax(delay + depth * sine, splat(2)));
            // on by a third of a turn
            lanes next = splat(-0.5f) * sine + splat(0.8660254f) * cosine;
            cosine = splat(-0.5f) * cosine - splat(0.8660254f) * sine;
            sine = next;
        }
        out[side] = dry[side] * c->dry + sum * c->wet;
        lanes next = sine * s->cosine - cosine * s->sine;
        cosine = cosine * s->cosine + sine * s->sine;
        sine = next;
    }
    line_write(memory, 0, s->at, line_safe(dry[0]));
    line_write(memory, 1, s->at, line_safe(dry[1]));
    s->at = line_advance(s->at);
    out[2] = (out[0] + out[1]) * splat(0.5f);
}

KERNEL(3, 5, 3)

MODULE(chorus, .name = "chorus", .category = "effect", .doc = "stereo chorus of three taps a side",
       .flags = MEGA_AFTER, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), STATE,
       .memory_lines = 2, .memory_seconds = DELAY_MAX + DEPTH_MAX,
       .tail_seconds = DELAY_MAX + DEPTH_MAX, .process = process)
