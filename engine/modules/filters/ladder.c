// SPDX-License-Identifier: MIT
// ladder -- four one-pole stages in a resonant loop with a soft limit at its input.
//
// V. Zavalishin, "The Art of VA Filter Design", 2.1.0, ch. 5: trapezoidal stages, and the feedback
// without a delay by solving the linear loop; the limit then acts on the solved input. Pitch and
// gain at cutoff are those of the analogue prototype 1 / ((1 + s)^4 + 4 res), s prewarped at the
// cutoff, to the clamp near half the rate. Modes are sums of the stages' taps (Oberheim Xpander);
// the low-pass ones give back half of the passband that resonance takes.
//
// The recursion is latency-bound. So feedback is summed from the four states side by side, not
// through the stages, and the stages' next values take one product of the limited input each: about
// 65 cycles from frame to frame, half of what it is in sequence.
//
// Without drive the limit is far above the signal (a full-scale sine has its third harmonic at -59
// dB) and one step a frame is taken. A lane with drive takes two, the input interpolated halfway:
// no latency, and the stages themselves keep the limit's upper harmonics from folding back. That is
// chosen lane by lane from the parameter, so a kernel without either is used only where it gives
// the same bits.
#include "modules/filters/filters.h"

typedef struct {
    lanes w, y1, y2, y3, y4; // limited input and stages of the last step
    lanes in;                // the last input
} state;

typedef struct {
    lanes g;                     // a stage's way in a frame: tan / (1 + tan)
    lanes x, cw, c1, c2, c3, c4; // of input and states in the limit's argument
    lanes e1, e2, e3, e4;        // of the limited input in the stages' next values
} loop;

/// What drive and mode mean.
typedef struct {
    mask driven;
    lanes limit, unlimit;    // scale of the limit's argument, and back
    lanes makeup;            // of the level lost to it
    lanes bass;              // part of the passband's loss to resonance that is made good
    lanes w, y1, y2, y3, y4; // of the taps in the output
} voicing;

static const mega_input_row inputs[] = {{"in", "signal to filter"}};

enum { LP6, LP12, LP18, LP24, BP, HP };
static const char *const modes[] = {"lp6", "lp12", "lp18", "lp24", "bp", "hp", NULL};

enum { P_FREQ, P_RES, P_DRIVE, P_MODE, PARAMS_ };

static const mega_param_row params[PARAMS_] = {
    FREQ_ROW("cutoff, and pitch of its ringing"),
    AMOUNT_ROW("res", 1.2f, "resonance; from 1 it oscillates by itself, once anything has come in"),
    AMOUNT_ROW("drive", 1,
               "lowers the limit in the loop by up to 24 dB; 0 is clean up to full scale"),
    {.name = "mode",
     .unit = "",
     .min = 0,
     .max = 5,
     .initial = LP24,
     .choices = modes,
     .doc = "low-pass of 6 to 24 dB an octave, band-pass of 12 dB a side, high-pass of 24 dB"},
};

static const mega_output_row outputs[] = {{"out", "filtered signal"}};

#define LIMIT_CLEAN 0.125f // scale of the limit's argument without drive

static inline loop loop_of(const lanes *param, const voicing *v, const context *x) {
    lanes turns = cutoff_turns(param[P_FREQ], x->seconds_per_frame);
    turns = turns * vselect(v->driven, splat(0.5f), splat(1));
    lanes k = splat(4) * clampf(param[P_RES], 0.0f, 1.2f);
    ratio tan = tan_ratio(turns);
    // G = over / sum, 1 / (1 + G^4 k) = sum^4 / (sum^4 + k over^4): one division for both
    lanes sum = tan.over + tan.under;
    lanes sum2 = sum * sum, over2 = tan.over * tan.over;
    lanes sum4 = sum2 * sum2;
    lanes closed = sum4 + k * (over2 * over2);
    lanes inverse = splat(1) / (sum * closed);
    lanes one_sum = inverse * closed;
    lanes solve = inverse * sum * sum4 * v->limit;
    loop c;
    c.g = tan.over * one_sum;
    c.x = solve * (splat(1) + v->bass * k);
    // what feeds back without the new input: y4 (1 - 2g), and of those before 2 (1 - g) g, times g,
    // times g, ...
    lanes back = solve * k;
    lanes kept = tan.under * one_sum;
    lanes g2 = c.g * c.g;
    c.c4 = back * (kept - c.g);
    c.c3 = back * (splat(2) * (kept * c.g));
    c.c2 = c.c3 * c.g;
    c.c1 = c.c2 * c.g;
    c.cw = back * (g2 * g2);
    c.e1 = v->unlimit * c.g;
    c.e2 = c.e1 * c.g;
    c.e3 = c.e2 * c.g;
    c.e4 = c.e3 * c.g;
    return c;
}

/// One step. As in filters.h the state is the stages' outputs, each the average of its input over
/// two steps followed: y += g (input + last input - 2 y).
static inline void step(state *s, const loop *c, const voicing *v, lanes x) {
    lanes feedback = (c->c1 * s->y1 + c->c2 * s->y2) + (c->c3 * s->y3 + c->c4 * s->y4);
    lanes w = vtanh((c->x * x - c->cw * s->w) - feedback);
    lanes h1 = s->y1 + c->g * (s->w - (s->y1 + s->y1));
    lanes h2 = s->y2 + c->g * ((h1 + s->y1) - (s->y2 + s->y2));
    lanes h3 = s->y3 + c->g * ((h2 + s->y2) - (s->y3 + s->y3));
    lanes h4 = s->y4 + c->g * ((h3 + s->y3) - (s->y4 + s->y4));
    s->y1 = h1 + c->e1 * w;
    s->y2 = h2 + c->e2 * w;
    s->y3 = h3 + c->e3 * w;
    s->y4 = h4 + c->e4 * w;
    s->w = v->unlimit * w;
}

/// The sum of taps. Adding +0 makes both zeros one: in mode lp24 this is y4 + 0, to the bit.
static inline lanes tap(const state *s, const voicing *v) {
    return (((v->w * s->w + v->y1 * s->y1) + (v->y2 * s->y2 + v->y3 * s->y3)) + v->y4 * s->y4) +
           splat(0);
}

static inline voicing voicing_of(const lanes *param, bool lp24, bool clean) {
    static const float taps[6][5] = {
        [LP6] = {0, 1, 0, 0, 0},  [LP12] = {0, 0, 1, 0, 0}, [LP18] = {0, 0, 0, 1, 0},
        [LP24] = {0, 0, 0, 0, 1}, [BP] = {0, 0, 4, -8, 4},  [HP] = {1, -4, 6, -4, 1},
    };
    voicing v = {.limit = splat(LIMIT_CLEAN),
                 .unlimit = splat(1 / LIMIT_CLEAN),
                 .makeup = splat(1),
                 .bass = splat(0.5f)};
    v.driven = gt(splat(0), splat(0));
    if (!clean) {
        lanes drive = clampf(param[P_DRIVE], 0.0f, 1.0f);
        v.driven = gt(drive, splat(0));
        v.limit = v.limit * vexp2(splat(4) * drive);
        v.unlimit = v.unlimit * vexp2(splat(-4) * drive);
        // what is limited to 1 / limit loses level: a full-scale sine about keeps its own
        v.makeup = vsqrt((splat(1) + v.limit * v.limit) / splat(1 + LIMIT_CLEAN * LIMIT_CLEAN));
    }
    if (lp24) return v;
    const ilanes mode = choice_of(param[P_MODE], HP);
    v.bass = vselect(ilt(mode, isplat(BP)), splat(0.5f), splat(0));
    lanes w[5] = {0};
    for (int m = LP6; m <= HP; m++)
        for (int i = 0; i < 5; i++) w[i] = vselect(ieq(mode, isplat(m)), splat(taps[m][i]), w[i]);
    v.w = w[0];
    v.y1 = w[1];
    v.y2 = w[2];
    v.y3 = w[3];
    v.y4 = w[4];
    return v;
}

MEGA_INLINE void params_at(const mega_call *c, uint32_t t, int u, lanes *param) {
    for (size_t p = 0; p < PARAMS_; p++) param[p] = port_at(c, 1 + p, t, u);
}

/// A frame. @param lp24, clean see `run`
MEGA_INLINE lanes tick(state *s, const loop *k, const voicing *v, lanes in, bool lp24, bool clean) {
    if (!clean) {
        state half = *s;
        step(&half, k, v, splat(0.5f) * (s->in + in));
        s->w = vselect(v->driven, half.w, s->w);
        s->y1 = vselect(v->driven, half.y1, s->y1);
        s->y2 = vselect(v->driven, half.y2, s->y2);
        s->y3 = vselect(v->driven, half.y3, s->y3);
        s->y4 = vselect(v->driven, half.y4, s->y4);
    }
    step(s, k, v, in);
    s->in = in;
    return (lp24 ? s->y4 + splat(0) : tap(s, v)) * v->makeup;
}

/// @param lp24 every lane is in that mode
/// @param clean no lane is driven
/// @param moving some parameter moves
MEGA_INLINE uint64_t run(const mega_call *c, bool lp24, bool clean, bool moving) {
    const bool revoice = moving && (c->moving >> (1 + P_DRIVE) & 3);
    state s[MEGA_U] = {0};
    context x[MEGA_U];
    voicing v[MEGA_U];
    loop k[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        lanes param[PARAMS_];
        state_load(&s[u], sizeof s[u], c, u);
        x[u] = context_of(c, u);
        params_at(c, 0, u, param);
        v[u] = voicing_of(param, lp24, clean);
        k[u] = loop_of(param, &v[u], &x[u]);
    }
    for (uint32_t t = 0; t < c->frames; t++) {
        for (int u = 0; u < MEGA_U && moving; u++) {
            lanes param[PARAMS_];
            params_at(c, t, u, param);
            if (revoice) v[u] = voicing_of(param, lp24, clean);
            k[u] = loop_of(param, &v[u], &x[u]);
        }
        for (int u = 0; u < MEGA_U; u++) {
            lanes out = tick(&s[u], &k[u], &v[u], port_at(c, 0, t, u), lp24, clean);
            store(c->outputs[0] + t * MEGA_FRAME + u * MEGA_WIDTH, out);
        }
    }
    for (int u = 0; u < MEGA_U; u++) state_store(&s[u], sizeof s[u], c, u);
    return ~(uint64_t)0;
}

static uint64_t process(const mega_call *c) {
    const bool moving = c->moving & ~(uint64_t)1;
    const bool lp24 = port_is(c, 1 + P_MODE, LP24), clean = port_is(c, 1 + P_DRIVE, 0);
    if (!clean) return moving ? run(c, false, false, true) : run(c, false, false, false);
    if (!lp24) return moving ? run(c, false, true, true) : run(c, false, true, false);
    return moving ? run(c, true, true, true) : run(c, true, true, false);
}

/// Where the cutoff moves: what it means for several frames side by side, then the recursion.
MEGA_INLINE uint64_t run_solo(const mega_call *c, bool lp24, bool clean) {
    state s;
    lanes param[PARAMS_];
    state_load(&s, sizeof s, c, SOLO);
    params_at(c, 0, SOLO, param);
    const context x = context_of(c, SOLO);
    const voicing v = voicing_of(param, lp24, clean);
    const uint32_t frames = c->frames, stride = solo_moves(c, 0) ? MEGA_VOICES : 0;
    const float *from = c->ports[0];
    float *to = c->outputs[0];
    loop k, now;
    for (uint32_t t = 0; t < frames; t++) {
        const uint32_t i = t % SOLO_FRAMES;
        if (i == 0) {
            params_at(c, t, SOLO, param);
            k = loop_of(param, &v, &x);
        }
        pick_frame(&now, &k, sizeof k, i);
        lanes out = tick(&s, &now, &v, solo_repeat(from + t * stride), lp24, clean);
        memcpy(to + t * MEGA_VOICES, &out, MEGA_VOICES * sizeof(float));
    }
    state_store(&s, sizeof s, c, SOLO);
    return MEGA_ALL_MOVE;
}

static uint64_t solo(const mega_call *c) {
    const bool bends = solo_moves(c, 1 + P_FREQ) || solo_moves(c, 1 + P_RES);
    if (!bends || solo_moves(c, 1 + P_DRIVE) || solo_moves(c, 1 + P_MODE)) return MEGA_DECLINED;
    const bool lp24 = solo_is(c, 1 + P_MODE, LP24);
    if (!solo_is(c, 1 + P_DRIVE, 0)) return run_solo(c, false, false);
    return lp24 ? run_solo(c, true, true) : run_solo(c, false, true);
}

MODULE(ladder, .name = "ladder", .category = "filter",
       .doc = "four-pole ladder filter with a soft limit in its loop", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process, .solo = solo)
