// SPDX-License-Identifier: MIT
// delay -- stereo echo with a limited, toned feedback; its time glides like a tape's or crossfades.
//
// Tape: the read head is pulled to its place by a critically damped spring, at most 0.8 frames a
// frame, and reads between frames by Catmull-Rom (E. Catmull, R. Rom, "A class of local
// interpolating splines", 1974). Clean: whole frames; a new time fades in over 25 ms while the old
// one fades out. Memory is never cleared: what was not written since the state was zeroed reads as
// silence.
#define KERNEL_LINES
#include "modules/lines.h"

#define TIME_MAX 4.0f

enum { LINES = 2 };

typedef struct {
    ilanes at;         // frames written so far; see line_advance
    ilanes whole;      // tape: the head's distance in frames
    lanes part, speed; // and the rest of it, 0..1; frames a frame
    ilanes from, to;   // clean: the time that fades out, and in
    lanes fade;        // 0: only `from` is heard
    lanes low[2];      // low-pass and high-pass in the feedback
    lanes high[2];
} state;

typedef struct {
    ilanes whole; // the time asked for, in frames
    lanes part;
    ilanes nearest;           // and rounded
    lanes pull, ease, fading; // a frame's share of the head's move, of its speed, of a fade
    lanes feedback, tone, block;
    lanes straight, cross; // of each side's echo into itself and into the other
    lanes dry, wet;
    lanes clean; // above 0: so it is
} coefs;

typedef struct {
    lanes echo[LINES];
} heard;

static const mega_input_row inputs[] = {
    {"in", "signal, to both sides"},
    {"left", "left side"},
    {"right", "right side"},
};

static const char *const modes[] = {"tape", "clean", NULL};

// clang-format off
static const mega_param_row params[] = {
    {.name = "time", .unit = "s", .min = 0.001f, .max = TIME_MAX, .initial = 0.35f,
     .scale = MEGA_EXP, .doc = "time between echoes; a change glides or fades as mode says"},
    {.name = "feedback", .unit = "", .min = 0, .max = 1.1f, .initial = 0.4f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "level of each echo against the one before; from 1 on it sounds for ever, softly limited"},
    {.name = "tone", .unit = "Hz", .min = 200, .max = 20000, .initial = 6000, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 20,
     .doc = "each echo loses what lies above; the highest value loses nothing"},
    {.name = "pingpong", .unit = "", .min = 0, .max = 1, .initial = 0, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "0: each side echoes by itself; 1: echoes go from left to right and back"},
    {.name = "mix", .unit = "", .min = 0, .max = 1, .initial = 0.35f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100, .doc = "0: input only; 1: echoes only"},
    {.name = "mode", .unit = "", .min = 0, .max = 1, .initial = 0, .choices = modes,
     .doc = "how the time changes: tape glides and bends the pitch, clean crossfades"},
};
// clang-format on

static const mega_output_row outputs[] = {
    {"left", "left side"},
    {"right", "right side"},
    {"out", "mean of left and right"},
};

static inline coefs prepare(const lanes *param, const context *x) {
    coefs c;
    lanes seconds = clampf(param[0], 0.0f, TIME_MAX);
    // two frames at least, so that all four points of the spline have been written
    lanes frames = vmax(seconds * splat(x->frames_per_second), splat(2));
    // a time that is as near to whole frames as a float can say means whole frames
    lanes nearest = vfloor(frames + splat(0.5f));
    frames = vselect(le(vabs(frames - nearest), frames * splat(1.2e-7f)), nearest, frames);
    lanes base = vfloor(frames);
    c.whole = to_int(base);
    c.part = frames - base;
    c.nearest = to_int(nearest);
    float t = x->seconds_per_frame;
    c.pull = splat(t * (1 / 0.03f) < 0.1f ? t * (1 / 0.03f) : 0.1f);
    c.ease = splat(4) * c.pull; // critically damped
    c.fading = splat(t * (1 / 0.025f));
    c.feedback = clampf(param[1], -1.1f, 1.1f);
    lanes hz = clampf(param[2], 20.0f, 20000.0f);
    lanes open = splat(1) - vexp2(hz * splat(-9.0647203f * t)); // 2 pi log2(e)
    c.tone = vselect(ge(hz, splat(20000)), splat(1), open);
    c.block = splat(t * (6.2831853f * 5)); // 5 Hz: keeps steady levels from circling
    c.cross = clampf(param[3], 0.0f, 1.0f);
    c.straight = splat(1) - c.cross;
    c.wet = clampf(param[4], 0.0f, 1.0f);
    c.dry = splat(1) - c.wet;
    c.clean = vselect(ge(param[5], splat(0.5f)), splat(1), splat(0));
    return c;
}

/// As it is up to 1, then bends towards 2.
MEGA_INLINE lanes limit(lanes v) {
    lanes size = vabs(v), over = vmax(size - splat(1), splat(0));
    return with_sign(vmin(size, splat(1)) + over / (splat(1) + over), v);
}

/// Moves the tape head towards the time asked for.
MEGA_INLINE void pull(state *s, const coefs *c, mask fresh) {
    s->whole = iselect(fresh, c->whole, s->whole);
    s->part = vselect(fresh, c->part, s->part);
    lanes off = to_float(isub(c->whole, s->whole)) + (c->part - s->part);
    lanes wanted = clampf(off * c->pull, -0.8f, 0.8f);
    s->speed = s->speed + (wanted - s->speed) * c->ease;
    lanes part = s->part + s->speed, carry = vfloor(part);
    // arrived: exactly there, so that a time of whole frames needs no interpolation
    mask there = both(lt(vabs(off), splat(1e-4f)), lt(vabs(s->speed), splat(1e-5f)));
    s->whole = iselect(there, c->whole, iadd(s->whole, to_int(carry)));
    s->part = vselect(there, c->part, part - carry);
    s->speed = vselect(there, splat(0), s->speed);
    mask close = ilt(s->whole, isplat(2)); // the spring may not swing past the newest frames
    s->whole = iselect(close, isplat(2), s->whole);
    s->part = vselect(close, splat(0), s->part);
}

/// Fades from one whole number of frames to the next.
MEGA_INLINE void crossfade(state *s, const coefs *c, mask fresh) {
    s->from = iselect(fresh, c->nearest, s->from);
    mask idle = le(s->fade, splat(0));
    s->to = iselect(idle, c->nearest, s->to);
    lanes next = s->fade + c->fading;
    mask done = ge(next, splat(1)), same = ieq(s->to, s->from);
    s->fade = vselect(either(done, same), splat(0), next);
    s->from = iselect(done, s->to, s->from);
}

/// Four points of a line and their weights: the spline's, or the two of a fade.
typedef struct {
    ilanes distance[4];
    lanes weight[4];
} reading;

MEGA_INLINE reading place(const state *s, const coefs *c) {
    reading r;
    // whole + part frames ago lies between `whole` and the older `whole + 1`
    line_spline(s->part, r.weight);
    lanes x = s->fade, rise = x * x * x * (x * (x * splat(6) - splat(15)) + splat(10));
    mask clean = gt(c->clean, splat(0));
    r.weight[0] = vselect(clean, splat(0), r.weight[0]);
    r.weight[1] = vselect(clean, splat(1) - rise, r.weight[1]);
    r.weight[2] = vselect(clean, rise, r.weight[2]);
    r.weight[3] = vselect(clean, splat(0), r.weight[3]);
    r.distance[0] = isub(s->whole, isplat(1));
    r.distance[1] = iselect(clean, s->from, s->whole);
    r.distance[2] = iselect(clean, s->to, iadd(s->whole, isplat(1)));
    r.distance[3] = iadd(s->whole, isplat(2));
    return r;
}

MEGA_INLINE void glide(state *s, const coefs *c, mask fresh) {
    pull(s, c, fresh);
    crossfade(s, c, fresh);
}

MEGA_INLINE void turn(state *s, const coefs *c, ilanes n) { (void)s, (void)c, (void)n; }

MEGA_INLINE ilanes nearest(const state *s, const coefs *c) {
    reading r = place(s, c);
    ilanes least = r.distance[0];
    for (int i = 1; i < 3; i++) least = iselect(ilt(r.distance[i], least), r.distance[i], least);
    return least;
}

MEGA_INLINE void listen(const state *s, const coefs *c, const lines *memory, heard *h,
                        lanes *back) {
    reading r = place(s, c);
    for (uint32_t line = 0; line < LINES; line++) {
        lanes sum = splat(0);
        for (int i = 0; i < 4; i++)
            sum = sum + r.weight[i] * line_past(memory, line, s->at, r.distance[i]);
        h->echo[line] = sum;
        back[line] = limit(sum);
    }
}

MEGA_INLINE void absorb(state *s, const coefs *c, lanes *back) {
    for (int i = 0; i < LINES; i++) {
        s->low[i] = s->low[i] + c->tone * (back[i] - s->low[i]);
        back[i] = c->feedback * (s->low[i] - s->high[i]);
        s->high[i] = s->high[i] + c->block * (s->low[i] - s->high[i]);
    }
}

MEGA_INLINE void mix(const coefs *c, const lanes *in, const heard *h, const lanes *back, lanes *out,
                     lanes *put) {
    lanes dry[2] = {bounded(in[0]) + bounded(in[1]), bounded(in[0]) + bounded(in[2])};
    lanes left = line_safe(dry[0]), right = line_safe(dry[1]);
    lanes mean = (left + right) * splat(0.5f);
    put[0] = left * c->straight + mean * c->cross + (back[0] * c->straight + back[1] * c->cross);
    put[1] = right * c->straight + (back[1] * c->straight + back[0] * c->cross);
    for (int i = 0; i < LINES; i++) out[i] = dry[i] * c->dry + h->echo[i] * c->wet;
    out[2] = (out[0] + out[1]) * splat(0.5f);
}

#define LINE_EFFECT_ABSORB
#include "modules/line_effect.h"

MODULE(delay, .name = "delay", .category = "effect",
       .doc = "stereo echo with feedback, tone and ping-pong", .flags = MEGA_AFTER, INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .memory_lines = LINES, .memory_seconds = TIME_MAX,
       .tail_seconds = TIME_MAX, .process = process, .solo = solo)
