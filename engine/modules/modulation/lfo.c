// SPDX-License-Identifier: MIT
// lfo -- a slow oscillator for modulation.
//
// The phase is 32 bits of a turn and 24 bits below them: 0.01 Hz at 384 kHz is a step of 111.8,
// which whole numbers would miss by 0.7 %. Random shapes are a hash of the voice's seed and the
// number of the cycle, so that a rendering can be repeated. Edges are not band-limited: a modulator
// wants them where they are.
#include "core/kernel.h"

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
enum { AGE_MAX = 1 << 30 }; // 46 minutes at 384 kHz: every fade is over

#define BIT(param) ((uint64_t)1 << (1 + (param)))

/// @param which parameters that say something new
MEGA_INLINE void coefs_next(coefs *k, const mega_call *c, uint64_t which, uint32_t t, int u) {
    if (which & BIT(P_FREQ)) {
        lanes hz = port_at(c, 1 + P_FREQ, t, u);
        lanes turns = clampf(hz * splat(c->seconds_per_frame), 0.0f, 0.49f);
        lanes step = turns * splat(4294967296.0f);
        k->step = to_int(step);
        k->step_below = to_int((step - to_float(k->step)) * splat(16777216.0f));
    }
    if (which & BIT(P_PHASE)) {
        lanes phase = clampf(port_at(c, 1 + P_PHASE, t, u), -1e6f, 1e6f);
        phase = phase - vfloor(phase + splat(0.5f));
        k->offset = to_int(clampf(phase, -0.5f, 0.4999999f) * splat(4294967296.0f));
    }
    if (which & BIT(P_SHAPE))
        k->shape = to_int(clampf(port_at(c, 1 + P_SHAPE, t, u), 0.0f, SMOOTH) + splat(0.5f));
    if (which & BIT(P_FADE)) {
        lanes seconds = clampf(port_at(c, 1 + P_FADE, t, u), 0.0f, 3600.0f);
        lanes frames = seconds * splat(c->frames_per_second);
        k->fade = splat(1) / vmax(frames, splat(1e-3f));
    }
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
MEGA_INLINE lanes shaped(const coefs *k, int shape, ilanes phase, ilanes cycle, ilanes seed) {
    if (shape != ANY) return wave(shape, phase, cycle, seed);
    lanes v = wave(SINE, phase, cycle, seed);
    for (int i = SINE + 1; i < ANY; i++)
        v = vselect(ieq(k->shape, isplat(i)), wave(i, phase, cycle, seed), v);
    return v;
}

/// @return what sync and the fade leave of the amplitude
MEGA_INLINE lanes follow_sync(state *s, const coefs *k, lanes sync) {
    const mask restart = both(gt(sync, splat(0)), le(s->sync, splat(0)));
    s->sync = sync;
    s->phase = iselect(restart, isplat(0), s->phase);
    s->below = iselect(restart, isplat(0), s->below);
    s->age = iselect(restart, isplat(0), s->age);
    s->cycle = iselect(restart, iadd(s->cycle, isplat(1)), s->cycle);
    s->age = iselect(ilt(s->age, isplat(AGE_MAX)), iadd(s->age, isplat(1)), s->age);
    return vmin(to_float(s->age) * k->fade, splat(1));
}

/// `n` frames on, at most MEGA_BLOCK_FRAMES: cycles, phase and what is below it are one number.
MEGA_INLINE void go_on(state *s, const coefs *k, ilanes n) {
    const ilanes half = isplat(0xffff);
    ilanes under = iadd(s->below, imul(k->step_below, n));
    ilanes low = iadd(iadd(s->phase & half, imul(k->step & half, n)), ishr(under, 24));
    ilanes high = iadd(ishr(s->phase, 16), imul(ishr(k->step, 16), n));
    high = iadd(high, ishr(low, 16));
    s->below = under & isplat(0xffffff);
    s->phase = iadd(ishl(high, 16), low & half);
    s->cycle = iadd(s->cycle, ishr(high, 16));
}

/// The state in the frame that runs, and on to the next one.
/// @param counts whether it counts cycles
MEGA_INLINE state next_frame(state *s, const coefs *k, const bool counts) {
    const state now = *s;
    ilanes sum = iadd(now.below, k->step_below);
    s->below = sum & isplat(0xffffff);
    s->phase = iadd(iadd(now.phase, k->step), ishr(sum, 24));
    if (counts)
        s->cycle = iadd(now.cycle, iselect(below(s->phase, now.phase), isplat(1), isplat(0)));
    return now;
}

/// With frames in the lanes: every lane at its own frame.
/// @return what takes all of them to the next vector's
MEGA_INLINE coefs spread_frames(state *s, const coefs *k) {
    coefs stride = *k;
    state gone = {.phase = isplat(0), .below = isplat(0), .cycle = isplat(0)};
    go_on(&gone, k, isplat(SOLO_FRAMES));
    stride.step = gone.phase, stride.step_below = gone.below;
    go_on(s, k, solo_ramp());
    return stride;
}

/// The same, where cycles count: a stride may hold more than one.
MEGA_INLINE state next_frames(state *s, const coefs *k, uint32_t left) {
    state now = *s;
    go_on(&now, k, solo_ramp());
    go_on(s, k, isplat((int32_t)(left < SOLO_FRAMES ? left : SOLO_FRAMES)));
    return now;
}

/// Nothing restarts, and fades are over.
MEGA_INLINE bool is_steady(const mega_call *c, int u) {
    if (c->moving & (BIT(P_FADE) | 1)) return false;
    state s;
    state_load(&s, sizeof s, c, u);
    if (any(both(gt(port_at(c, 0, 0, u), splat(0)), le(s.sync, splat(0))))) return false;
    coefs k;
    coefs_next(&k, c, BIT(P_FADE), 0, u);
    return all(ge(to_float(iadd(s.age, isplat(1))) * k.fade, splat(1)));
}

/// What a steady segment leaves. @param before it
MEGA_INLINE void catch_up(state *s, state before, const coefs *k, const mega_call *c, int u) {
    for (uint32_t done = 0; done < c->frames; done += MEGA_BLOCK_FRAMES) {
        uint32_t left = c->frames - done;
        go_on(&before, k, isplat((int32_t)(left < MEGA_BLOCK_FRAMES ? left : MEGA_BLOCK_FRAMES)));
    }
    s->phase = before.phase, s->below = before.below, s->cycle = before.cycle;
    ilanes age = iadd(s->age, isplat((int32_t)c->frames));
    s->age = iselect(ilt(age, isplat(AGE_MAX)), age, isplat(AGE_MAX));
    s->sync = port_at(c, 0, 0, u);
}

/// One vector of lanes, or SOLO.
/// @param steady is_steady, and frequency and phase stand still
MEGA_INLINE void run(const mega_call *c, int u, const int shape, const bool steady) {
    const uint64_t moving = c->moving & ~(BIT(P_AMP) | BIT(P_OFFSET) | 1);
    const bool counts = !steady || shape > SQUARE;
    const context x = context_of(c, u);
    const uint32_t frames = c->frames, at_once = frames_at_once(u);
    state s;
    coefs k;
    state_load(&s, sizeof s, c, u);
    coefs_next(&k, c, ~(uint64_t)0, 0, u);
    const state before = s;
    const bool spread = u == SOLO && !counts;
    const coefs stride = spread ? spread_frames(&s, &k) : k;
    for (uint32_t t = 0; t < frames; t += at_once) {
        lanes part = splat(1);
        if (!steady && moving) coefs_next(&k, c, moving, t, u);
        if (!steady) part = follow_sync(&s, &k, port_at(c, 0, t, u));
        state now = u == SOLO && counts ? next_frames(&s, &k, frames - t)
                                        : next_frame(&s, spread ? &stride : &k, counts);
        ilanes phase = iadd(now.phase, k.offset);
        ilanes wrapped = iselect(below(phase, k.offset), isplat(1), isplat(0));
        lanes v = shaped(&k, shape, phase, iadd(now.cycle, wrapped), x.seed);
        if (!steady) v = v * part;
        store(output_at(c, 0, t, u),
              v * port_at(c, 1 + P_AMP, t, u) + port_at(c, 1 + P_OFFSET, t, u));
    }
    if (steady) catch_up(&s, before, &k, c, u);
    state_store(&s, sizeof s, c, u);
}

/// The shape that all lanes have throughout, or ANY.
MEGA_INLINE int common_shape(const mega_call *c, int u) {
    if (c->moving & BIT(P_SHAPE)) return ANY;
    for (int shape = SINE; shape < ANY; shape++)
        if (all(eq(port_at(c, 1 + P_SHAPE, 0, u), splat((float)shape)))) return shape;
    return ANY;
}

/// @return false: of SOLO, a voice is not steady, and nothing was done
MEGA_INLINE bool run_shape(const mega_call *c, int u, const int shape) {
    const bool still = !(c->moving & (BIT(P_FREQ) | BIT(P_PHASE)));
    if (shape != ANY && still && is_steady(c, u)) run(c, u, shape, true);
    else if (u != SOLO) run(c, u, shape, false);
    else return false;
    return true;
}

MEGA_INLINE bool run_any(const mega_call *c, int u) {
    switch (common_shape(c, u)) {
    case SINE: return run_shape(c, u, SINE);
    case TRIANGLE: return run_shape(c, u, TRIANGLE);
    case SAW: return run_shape(c, u, SAW);
    case RAMP: return run_shape(c, u, RAMP);
    case SQUARE: return run_shape(c, u, SQUARE);
    case RANDOM: return run_shape(c, u, RANDOM);
    case SMOOTH: return run_shape(c, u, SMOOTH);
    default: return run_shape(c, u, ANY);
    }
}

static uint64_t process(const mega_call *c) {
    for (int u = 0; u < MEGA_U; u++) run_any(c, u);
    return ~(uint64_t)0;
}

static uint64_t solo(const mega_call *c) {
    return run_any(c, SOLO) ? MEGA_ALL_MOVE : MEGA_DECLINED;
}

MODULE(lfo, .name = "lfo", .category = "control", .doc = "low-frequency oscillator", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process, .solo = solo)
