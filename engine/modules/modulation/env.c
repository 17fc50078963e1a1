// SPDX-License-Identifier: MIT
// env -- delay, attack, hold, decay, sustain, release.
//
// Each stage runs d, the part of its way that is left, from 1 to 0 by d -= a * d + b: an
// exponential towards a target beyond its end, which it therefore reaches, and on time. b alone is
// a straight line: delay and hold count with it. The level is base + range * d. Sixty seconds at
// 384 kHz have steps of 1e-10, which would be lost beside d, so d carries the error of its rounding
// along (Kahan, "Further remarks on reducing truncation errors", CACM 1965); every stage is then
// exact to a frame and never turns back.
//
// Within a stage the coefficients stand still, so the loop has three operations and the sum. A
// stretch of frames is made as if no stage ended in it; if one did in some lane it is made again,
// frame by frame, on a side path that leaves the other lanes as they are. While
// every lane that holds a voice is at rest (over, or at its sustain level) the output is one value:
// what is modulated by it then need not be recomputed.
#include "core/kernel.h"

enum { OFF, DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE };

typedef struct {
    ilanes stage;
    ilanes held; // 1 while the gate was on in the last frame
    lanes d;     // part of the stage that is left: 1..0; 0 at rest
    lanes error; // what rounding has added to d
    lanes start; // level where this attack or release began
} state;

/// How d moves, and what level it means.
typedef struct {
    lanes a, b, base, range;
} course;

static const mega_input_row inputs[] = {{"gate", "above 0.5 is on: starts it; below releases it"}};

enum {
    P_DELAY,
    P_ATTACK,
    P_HOLD,
    P_DECAY,
    P_SUSTAIN,
    P_RELEASE,
    P_AMP,
    P_CURVE,
    P_RETRIGGER,
    PARAMS_
};

static const char *const retriggers[] = {"level", "zero", NULL};

#define TIME(id, preset, text)                                                                     \
    {                                                                                              \
        .name = id, .unit = "s", .min = 0, .max = 60, .initial = preset, .scale = MEGA_LIN,        \
        .doc = text                                                                                \
    }

static const mega_param_row params[PARAMS_] = {
    TIME("delay", 0, "time before the attack begins"),
    TIME("attack", 0.005f, "time from 0 to 1; 0 is full level in the first frame"),
    TIME("hold", 0, "time at 1 before the decay"),
    TIME("decay", 0.2f, "time for all but a thousandth (-60 dB) of the way from 1 to sustain"),
    {.name = "sustain",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 0.7f,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "level while the gate stays on"},
    TIME("release", 0.3f, "time for all but a thousandth (-60 dB) of the way to 0, from any level"),
    {.name = "amp",
     .factor = true,
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 1,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "factor of the output, as for velocity"},
    {.name = "curve",
     .unit = "",
     .min = -1,
     .max = 1,
     .initial = 1,
     .doc = "1 is exponential: fast, then slow; 0 is straight; -1 slow, then fast"},
    {.name = "retrigger",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 0,
     .choices = retriggers,
     .no_fade = true,
     .doc = "a new gate starts from the present level, or from zero"},
};

static const mega_output_row outputs[] = {{"out", "the level, 0..1, times amp"}};

/// 1 - e^-v with its relative precision kept near 0.
static inline lanes fall(lanes v) {
    lanes p = splat(1) - v * splat(1.0f / 6);
    p = splat(1) - v * splat(1.0f / 5) * p;
    p = splat(1) - v * splat(1.0f / 4) * p;
    p = splat(1) - v * splat(1.0f / 3) * p;
    p = splat(1) - v * splat(1.0f / 2) * p;
    lanes far = splat(1) - vexp2(v * splat(-1.44269504f));
    return vselect(lt(vabs(v), splat(0.25f)), v * p, far);
}

static inline mask in_stage(const state *s, int32_t stage) { return ieq(s->stage, isplat(stage)); }

/// What the present stage of each lane does with these parameters.
static inline course course_of(const state *s, const lanes *param, const context *x) {
    const mask delay = in_stage(s, DELAY), attack = in_stage(s, ATTACK), hold = in_stage(s, HOLD);
    const mask decay = in_stage(s, DECAY), release = in_stage(s, RELEASE);
    const lanes zero = splat(0), one = splat(1);
    lanes seconds = vselect(attack, param[P_ATTACK], zero);
    seconds = vselect(delay, param[P_DELAY], seconds);
    seconds = vselect(hold, param[P_HOLD], seconds);
    seconds = vselect(decay, param[P_DECAY], seconds);
    seconds = vselect(release, param[P_RELEASE], seconds);
    lanes frames = clampf(seconds, 0.0f, 3600.0f) * splat(x->frames_per_second);
    lanes step = one / vmax(frames, splat(1e-3f));

    // An exponential with e^-bend left of its way to the target at the stage's time; attack is
    // there at its end, the others have a thousandth left, and 1e-5 where curve is 1 between the
    // end and the target.
    lanes curve = clampf(param[P_CURVE], -1.0f, 1.0f);
    curve = with_sign(vmax(vabs(curve), splat(1e-3f)), curve);
    lanes bend = curve * vselect(attack, splat(1.5f), splat(6.8977651f));
    lanes left = vselect(attack, zero, splat(1e-3f));
    lanes fallen = fall(bend);
    lanes beyond = (one - fallen - left) / fallen;
    lanes a = fall(bend * step);

    course c;
    const mask line = either(delay, hold), bent = either(attack, either(decay, release));
    c.a = vselect(bent, a, zero);
    c.b = vselect(bent, a * beyond, vselect(line, step, zero));
    lanes sustain = clampf(param[P_SUSTAIN], 0.0f, 1.0f);
    const mask falls = either(decay, in_stage(s, SUSTAIN));
    c.base =
        vselect(falls, sustain, vselect(either(attack, hold), one, vselect(delay, s->start, zero)));
    c.range =
        vselect(falls, one - sustain, vselect(attack, splat(-1), vselect(release, s->start, zero)));
    return c;
}

static inline lanes level_of(const state *s, const course *c) { return c->base + c->range * s->d; }

/// Puts the lanes of `who` at the beginning of `stage`.
static inline void enter(state *s, course *c, mask who, ilanes stage, const lanes *param,
                         const context *x) {
    s->stage = iselect(who, stage, s->stage);
    *c = course_of(s, param, x);
    lanes d = vselect(in_stage(s, ATTACK), splat(1) - s->start, splat(1));
    // counters begin half a step early, so that rounding cannot make them a frame longer
    d = vselect(either(in_stage(s, DELAY), in_stage(s, HOLD)), splat(1) - splat(0.5f) * c->b, d);
    d = vselect(either(in_stage(s, OFF), in_stage(s, SUSTAIN)), splat(0), d);
    s->d = vselect(who, d, s->d);
    s->error = vselect(who, splat(0), s->error);
}

/// Follows the gate.
static inline void listen(state *s, course *c, lanes gate, const lanes *param, const context *x) {
    ilanes held = iselect(gt(gate, splat(0.5f)), isplat(1), isplat(0));
    const mask changed = not_(ieq(held, s->held)), on = ieq(held, isplat(1));
    s->held = held;
    if (!any(changed)) return;
    lanes level = level_of(s, c);
    const mask from_zero = both(on, ge(param[P_RETRIGGER], splat(0.5f)));
    s->start = vselect(changed, vselect(from_zero, splat(0), level), s->start);
    const mask waits = ge(param[P_DELAY] * splat(x->frames_per_second), splat(0.5f));
    ilanes begin = iselect(waits, isplat(DELAY), isplat(ATTACK));
    ilanes end = iselect(gt(level, splat(0)), isplat(RELEASE), isplat(OFF));
    enter(s, c, changed, iselect(on, begin, end), param, x);
}

/// The stage after the one that has ended.
static inline ilanes next(const state *s, const lanes *param, const context *x) {
    const mask holds = ge(param[P_HOLD] * splat(x->frames_per_second), splat(0.5f));
    ilanes after_attack = iselect(holds, isplat(HOLD), isplat(DECAY));
    ilanes n = iselect(in_stage(s, DELAY), isplat(ATTACK), isplat(OFF));
    n = iselect(in_stage(s, ATTACK), after_attack, n);
    n = iselect(in_stage(s, HOLD), isplat(DECAY), n);
    return iselect(in_stage(s, DECAY), isplat(SUSTAIN), n);
}

/// One frame of the way.
static inline void move(state *s, const course *c) {
    lanes step = c->a * s->d + c->b + s->error;
    lanes d = s->d - step;
    s->error = (d - s->d) + step;
    s->d = d;
}

/// One frame, at whose end stages may end.
static inline void advance(state *s, course *c, const lanes *param, const context *x) {
    move(s, c);
    const mask ended = lt(s->d, splat(0));
    if (any(ended)) enter(s, c, ended, next(s, param, x), param, x);
}

static inline void params_at(const mega_call *c, uint32_t t, int u, lanes *param) {
    for (size_t p = 0; p < PARAMS_; p++) param[p] = port_at(c, 1 + p, t, u);
}

MEGA_INLINE int resting(const state *s, lanes gate, mask silent) {
    ilanes held = iselect(gt(gate, splat(0.5f)), isplat(1), isplat(0));
    mask rests = both(either(in_stage(s, OFF), in_stage(s, SUSTAIN)), ieq(held, s->held));
    return all(either(rests, silent));
}

/// Where every lane that holds a voice rests: the level of one frame stands for all.
/// @return false if some lane does not rest; then nothing was done
MEGA_INLINE bool rest(const mega_call *c) {
    lanes level[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        state s;
        state_load(&s, sizeof s, c, u);
        if (!resting(&s, port_at(c, 0, 0, u), silent_lanes(c, u))) return false;
        lanes sustain = clampf(port_at(c, 1 + P_SUSTAIN, 0, u), 0.0f, 1.0f);
        level[u] = vselect(in_stage(&s, SUSTAIN), sustain, splat(0));
    }
    const uint32_t frames = c->moving ? c->frames : 1;
    for (uint32_t t = 0; t < frames; t++)
        for (int u = 0; u < MEGA_U; u++)
            store(c->outputs[0] + t * MEGA_FRAME + u * MEGA_WIDTH,
                  port_at(c, 1 + P_AMP, t, u) * level[u]);
    return true;
}

/// A vector of lanes on its way.
typedef struct {
    state s;
    course k;
    context x;
    lanes param[PARAMS_];
} runner;

MEGA_INLINE void put(const mega_call *c, const runner *r, uint32_t t, int u) {
    store(output_at(c, 0, t, u), port_at(c, 1 + P_AMP, t, u) * level_of(&r->s, &r->k));
}

enum { STRETCH = MEGA_BLOCK_FRAMES };

/// Frames from `at` on, as if no stage ended in them.
/// @return false if one does: then nothing counts
MEGA_INLINE bool run_within_stages(const mega_call *c, runner *r, uint32_t at, uint32_t end) {
    state before[MEGA_U];
    ilanes signs[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        before[u] = r[u].s;
        signs[u] = isplat(0);
    }
    for (uint32_t t = at; t < end; t++)
        for (int u = 0; u < MEGA_U; u++) {
            move(&r[u].s, &r[u].k);
            signs[u] = signs[u] | bits_of(r[u].s.d);
            put(c, &r[u], t, u);
        }
    bool within = true;
    for (int u = 0; u < MEGA_U; u++) within &= !any(ilt(signs[u], isplat(0)));
    for (int u = 0; u < MEGA_U && !within; u++) r[u].s = before[u];
    return within;
}

MEGA_INLINE void run_across_stages(const mega_call *c, runner *r, uint32_t at, uint32_t end) {
    for (uint32_t t = at; t < end; t++)
        for (int u = 0; u < MEGA_U; u++) {
            advance(&r[u].s, &r[u].k, r[u].param, &r[u].x);
            put(c, &r[u], t, u);
        }
}

MEGA_INLINE void begin_frame(const mega_call *c, runner *r, uint32_t t, int u) {
    params_at(c, t, u, r->param);
    r->k = course_of(&r->s, r->param, &r->x);
    listen(&r->s, &r->k, port_at(c, 0, t, u), r->param, &r->x);
}

/// @param still all ports but amp stand still
MEGA_INLINE void render(const mega_call *c, const bool still) {
    runner r[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        state_load(&r[u].s, sizeof r[u].s, c, u);
        r[u].x = context_of(c, u);
        if (still) begin_frame(c, &r[u], 0, u);
    }
    const uint32_t frames = c->frames, stretch = still ? STRETCH : 1;
    for (uint32_t t = 0, end; t < frames; t = end) {
        end = frames - t < stretch ? frames : t + stretch;
        for (int u = 0; u < MEGA_U && !still; u++) begin_frame(c, &r[u], t, u);
        if (!still || !run_within_stages(c, r, t, end)) run_across_stages(c, r, t, end);
    }
    for (int u = 0; u < MEGA_U; u++) state_store(&r[u].s, sizeof r[u].s, c, u);
}

static uint64_t process(const mega_call *c) {
    const bool still = !(c->moving & ~((uint64_t)1 << (1 + P_AMP)));
    if (still && rest(c)) return c->moving ? ~(uint64_t)0 : 0;
    if (still) render(c, true);
    else render(c, false);
    return ~(uint64_t)0;
}

static mega_life life(const float *field, uint32_t stride) {
    (void)stride;
    int32_t stage; // the first field
    memcpy(&stage, field, sizeof stage);
    if (stage == OFF) return MEGA_LIFE_ZERO;
    return stage == SUSTAIN ? MEGA_LIFE_STILL : MEGA_LIFE_STIRS;
}

MODULE(env, .name = "env", .category = "control",
       .doc = "envelope: delay, attack, hold, decay, sustain, release", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .life = life, .process = process)
