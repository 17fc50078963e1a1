// SPDX-License-Identifier: MIT
// lfo -- a slow oscillator for modulation.
//
// The phase is 32 bits of a turn and 24 bits below them: 0.01 Hz at 384 kHz is a step of 111.8,
// which whole numbers would miss by 0.7 %. Random shapes are a hash of the voice's seed and the
// number of the cycle, so that a rendering can be repeated. Edges are not band-limited: a modulator
// wants them where they are.
#include "kernel.h"

typedef struct {
    ilanes phase, below; // of a turn: 2^-32, and 2^-56 (24 bits)
    ilanes cycle;        // turns and restarts so far
    ilanes age;          // frames since the last restart
    lanes sync;          // the sync input's last value
} state;

typedef struct {
    ilanes step, step_below, offset, shape;
    lanes fade; // per frame
} coefs;

static const mega_input_row inputs[] = {
    {"sync", "restarts the cycle, and the fade, where it rises through 0: a gate or a trigger"},
};

enum { SINE, TRIANGLE, SAW, RAMP, SQUARE, RANDOM, SMOOTH, ANY };
static const char *const shapes[] = {"sine",   "triangle", "saw",    "ramp",
                                     "square", "random",   "smooth", NULL};

enum { P_FREQ, P_SHAPE, P_AMP, P_OFFSET, P_PHASE, P_FADE, PARAMS_ };

static const mega_param_row params[PARAMS_] = {
    {.name = "freq",
     .unit = "Hz",
     .min = 0.01f,
     .max = 100,
     .initial = 1,
     .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_EXP,
     .smooth_ms = 20,
     .doc = "cycles a second"},
    {.name = "shape",
     .unit = "",
     .min = 0,
     .max = 6,
     .initial = SINE,
     .choices = shapes,
     .doc =
         "sine and triangle begin at 0 and rise; saw falls, ramp rises; square begins high; random "
         "steps once a cycle, smooth glides"},
    {.name = "amp",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 1,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "peak, to either side of offset"},
    {.name = "offset",
     .unit = "",
     .min = -1,
     .max = 1,
     .initial = 0,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "added to the wave"},
    {.name = "phase",
     .unit = "turns",
     .min = 0,
     .max = 1,
     .initial = 0,
     .doc = "where in the cycle it begins"},
    {.name = "fade",
     .unit = "s",
     .min = 0,
     .max = 60,
     .initial = 0,
     .doc = "time from nothing to full amplitude after a restart"},
};

static const mega_output_row outputs[] = {{"out", "the wave, -1..1, times amp, plus offset"}};

#define HALF_TURN ((int32_t)0x80000000u)

static inline coefs coefs_of(const lanes *param, const context *x) {
    coefs c;
    lanes turns = clampf(param[P_FREQ] * splat(x->seconds_per_frame), 0.0f, 0.49f);
    lanes step = turns * splat(4294967296.0f);
    c.step = to_int(step);
    c.step_below = to_int((step - to_float(c.step)) * splat(16777216.0f));
    lanes phase = clampf(param[P_PHASE], -1e6f, 1e6f);
    phase = phase - vfloor(phase + splat(0.5f));
    c.offset = to_int(clampf(phase, -0.5f, 0.4999999f) * splat(4294967296.0f));
    c.shape = to_int(clampf(param[P_SHAPE], 0.0f, SMOOTH) + splat(0.5f));
    lanes frames = clampf(param[P_FADE], 0.0f, 3600.0f) * splat(x->frames_per_second);
    c.fade = splat(1) / vmax(frames, splat(1e-3f));
    return c;
}

/// a < b without signs
static inline mask below(ilanes a, ilanes b) {
    return ilt(a ^ isplat(HALF_TURN), b ^ isplat(HALF_TURN));
}

static inline lanes chance(ilanes cycle, ilanes seed) {
    return vunit(vhash(iadd(seed, imul(cycle, isplat((int32_t)0x9e3779b9u)))));
}

/// One shape at a phase; `cycle` counts the wraps of that phase.
MEGA_INLINE lanes wave(int shape, ilanes phase, ilanes cycle, ilanes seed) {
    const lanes unit = splat(4.656612873077393e-10f); // 2^-31
    switch (shape) {
    case SINE: return vsin_phase(phase);
    case TRIANGLE: {
        ilanes later = iadd(phase, isplat(0x40000000)) ^ isplat(HALF_TURN);
        return splat(1) - splat(2) * vabs(to_float(later) * unit);
    }
    case SAW: return to_float(phase ^ isplat(HALF_TURN)) * -unit;
    case RAMP: return to_float(phase ^ isplat(HALF_TURN)) * unit;
    case SQUARE: return vselect(ilt(phase, isplat(0)), splat(-1), splat(1));
    case RANDOM: return chance(cycle, seed);
    default: {
        lanes from = chance(cycle, seed), to = chance(iadd(cycle, isplat(1)), seed);
        lanes way = to_float(ishr(phase, 8)) * splat(5.960464477539063e-08f); // 2^-24
        return from + (to - from) * (way * way * (splat(3) - (way + way)));
    }
    }
}

/// @param shape of all lanes, or ANY for one each
MEGA_INLINE lanes tick(state *s, const coefs *c, lanes sync, ilanes seed, int shape) {
    const mask restart = both(gt(sync, splat(0)), le(s->sync, splat(0)));
    s->sync = sync;
    s->phase = iselect(restart, isplat(0), s->phase);
    s->below = iselect(restart, isplat(0), s->below);
    s->age = iselect(restart, isplat(0), s->age);
    s->cycle = iselect(restart, iadd(s->cycle, isplat(1)), s->cycle);

    ilanes phase = iadd(s->phase, c->offset);
    ilanes wrapped = iselect(below(phase, c->offset), isplat(1), isplat(0));
    ilanes cycle = iadd(s->cycle, wrapped);
    lanes v;
    if (shape != ANY) v = wave(shape, phase, cycle, seed);
    else {
        v = wave(SINE, phase, cycle, seed);
        for (int i = SINE + 1; i < ANY; i++)
            v = vselect(ieq(c->shape, isplat(i)), wave(i, phase, cycle, seed), v);
    }
    // 2^30 frames are 46 minutes at 384 kHz: every fade is over
    s->age = iselect(ilt(s->age, isplat(1 << 30)), iadd(s->age, isplat(1)), s->age);
    v = v * vmin(to_float(s->age) * c->fade, splat(1));

    ilanes sum = iadd(s->below, c->step_below);
    ilanes next = iadd(iadd(s->phase, c->step), ishr(sum, 24));
    s->below = sum & isplat(0xffffff);
    s->cycle = iadd(s->cycle, iselect(below(next, s->phase), isplat(1), isplat(0)));
    s->phase = next;
    return v;
}

MEGA_INLINE coefs coefs_at(const mega_call *c, uint32_t t, int u, const context *x) {
    lanes param[PARAMS_];
    for (size_t p = 0; p < PARAMS_; p++) param[p] = port_at(c, 1 + p, t, u);
    return coefs_of(param, x);
}

MEGA_INLINE uint64_t run(const mega_call *c, int shape) {
    const uint64_t in_loop = (uint64_t)1 << (1 + P_AMP) | (uint64_t)1 << (1 + P_OFFSET) | 1;
    const bool moving = c->moving & ~in_loop;
    state s[MEGA_U] = {0};
    coefs k[MEGA_U];
    context x[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        state_load(&s[u], sizeof s[u], c, u);
        x[u] = context_of(c, u);
        k[u] = coefs_at(c, 0, u, &x[u]);
    }
    for (uint32_t t = 0; t < c->frames; t++) {
        for (int u = 0; u < MEGA_U; u++) {
            if (moving) k[u] = coefs_at(c, t, u, &x[u]);
            lanes v = tick(&s[u], &k[u], port_at(c, 0, t, u), x[u].seed, shape);
            lanes amp = port_at(c, 1 + P_AMP, t, u), offset = port_at(c, 1 + P_OFFSET, t, u);
            store(c->outputs[0] + t * MEGA_FRAME + u * MEGA_WIDTH, v * amp + offset);
        }
    }
    for (int u = 0; u < MEGA_U; u++) state_store(&s[u], sizeof s[u], c, u);
    return ~(uint64_t)0;
}

/// The shape that all lanes have throughout, or ANY.
static int common_shape(const mega_call *c) {
    if (c->moving >> (1 + P_SHAPE) & 1) return ANY;
    for (int shape = SINE; shape < ANY; shape++) {
        int same = 1;
        for (int u = 0; u < MEGA_U; u++)
            same &= all(eq(port_at(c, 1 + P_SHAPE, 0, u), splat((float)shape)));
        if (same) return shape;
    }
    return ANY;
}

static uint64_t process(const mega_call *c) {
    switch (common_shape(c)) {
    case SINE: return run(c, SINE);
    case TRIANGLE: return run(c, TRIANGLE);
    case SAW: return run(c, SAW);
    case RAMP: return run(c, RAMP);
    case SQUARE: return run(c, SQUARE);
    case RANDOM: return run(c, RANDOM);
    case SMOOTH: return run(c, SMOOTH);
    default: return run(c, ANY);
    }
}

MODULE(lfo, .name = "lfo", .category = "control", .doc = "low-frequency oscillator", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
