// SPDX-License-Identifier: MIT
// noise -- white, pink, brown and blue noise.
//
// White is a hash of the frame's number in the voice and of the voice's seed, not a running
// generator: frame n of a voice is known without those before it. Pink is that through P. Kellet's
// filter (music-dsp, 1999: six poles side by side, within 0.06 dB of 3 dB an octave from 9 Hz
// at 44.1 kHz). Blue is pink's difference, brown white's leaky sum (from 4 Hz); a pole and a zero
// make up for what difference and sum are off by near half the rate.
#include "core/kernel.h"

enum { WHITE, PINK, BROWN, BLUE, COLORS, ANY = COLORS };
enum { COLOR, AMP };

typedef struct {
    ilanes count;   // frames so far
    lanes pole[6];  // of the pink filter
    lanes white;    // the last white, for pink
    lanes pink;     // the last pink, for blue
    lanes blue;     // the last blue
    lanes lit, sum; // the last white and sum, for brown
} state;

static const char *const color_names[] = {"white", "pink", "brown", "blue", NULL};

static const mega_param_row params[] = {
    {.name = "color",
     .unit = "",
     .min = 0,
     .max = COLORS - 1,
     .initial = WHITE,
     .choices = color_names,
     .doc = "white is flat; pink falls by 3 dB an octave, brown by 6; blue rises by 3"},
    {.name = "amp",
     .factor = true,
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 1,
     .smoothing = MEGA_SMOOTH_COSINE,
     .smooth_ms = 10,
     .doc = "1: white spans -1..1, the others have an RMS of 0.25"},
};

static const mega_output_row outputs[] = {{"out", "the noise"}};

// Gains for an RMS of 0.25; the pink filter's 1.762 and blue's 1.286 were summed over their
// responses.
#define PINK_GAIN (0.25f / 1.7618f)
#define BLUE_GAIN (0.25f / 1.2855f)
#define EDGE 0.165f // the pole and zero near half the rate

/// A frame's white noise. Two hashes: with one, voices of near seeds would share stretches of
/// noise.
MEGA_INLINE lanes white_at(ilanes count, ilanes seed) { return vunit(vhash(vhash(count) ^ seed)); }

MEGA_INLINE lanes pink_of(state *s, lanes white) {
    static const float pole[6] = {0.99886f, 0.99332f, 0.969f, 0.8665f, 0.55f, -0.7616f};
    static const float gain[6] = {0.0555179f, 0.0750759f, 0.153852f,
                                  0.3104856f, 0.5329522f, -0.016898f};
    lanes sum = white * splat(0.5362f) + s->white * splat(0.115926f);
    for (int i = 0; i < 6; i++) {
        s->pole[i] = splat(pole[i]) * s->pole[i] + white * splat(gain[i]);
        sum = sum + s->pole[i];
    }
    s->white = white;
    return sum;
}
MEGA_INLINE lanes blue_of(state *s, lanes white) {
    lanes last = s->pink;
    s->pink = pink_of(s, white);
    s->blue = (s->pink - last) - splat(EDGE) * s->blue;
    return s->blue;
}
/// @param keep what a sum keeps each frame @param gain of white
MEGA_INLINE lanes brown_of(state *s, lanes white, float keep, lanes gain) {
    lanes in = white + splat(EDGE) * s->lit;
    s->lit = white;
    s->sum = splat(keep) * s->sum + in * gain;
    return s->sum;
}

/// A vector of lanes, or SOLO, of one color or of any. A filter runs only while its color is
/// chosen.
MEGA_INLINE void run(const mega_call *c, int u, const int only) {
    state s;
    state_load(&s, sizeof s, c, u);
    const context x = context_of(c, u);
    const float keep = 1 - 6.28318531f * 4 * c->seconds_per_frame;
    const lanes brown_gain = splat(0.25f / (1 + EDGE)) * vsqrt(splat(3 * (1 - keep * keep)));
    const uint32_t frames = c->frames, at_once = frames_at_once(u);
    const ilanes first = u == SOLO ? iadd(s.count, solo_ramp()) : s.count;
    for (uint32_t t = 0; t < frames; t += at_once) {
        lanes v, white = white_at(iadd(first, isplat((int32_t)t)), x.seed);
        if (only == WHITE) v = white;
        if (only == PINK) v = pink_of(&s, white) * splat(PINK_GAIN);
        if (only == BROWN) v = brown_of(&s, white, keep, brown_gain);
        if (only == BLUE) v = blue_of(&s, white) * splat(BLUE_GAIN * (1 + EDGE));
        if (only == ANY) {
            lanes color = port_at(c, COLOR, t, u);
            mask pinkish = both(le(splat(0.5f), color), lt(color, splat(1.5f)));
            mask brownish = both(le(splat(1.5f), color), lt(color, splat(2.5f)));
            mask bluish = le(splat(2.5f), color);
            state p = s, b = s, n = s;
            v = vselect(pinkish, pink_of(&p, white) * splat(PINK_GAIN), white);
            v = vselect(brownish, brown_of(&n, white, keep, brown_gain), v);
            v = vselect(bluish, blue_of(&b, white) * splat(BLUE_GAIN * (1 + EDGE)), v);
            mask either_pink = either(pinkish, bluish);
            for (int i = 0; i < 6; i++) s.pole[i] = vselect(either_pink, p.pole[i], s.pole[i]);
            s.white = vselect(either_pink, white, s.white);
            s.pink = vselect(bluish, b.pink, s.pink);
            s.blue = vselect(bluish, b.blue, s.blue);
            s.lit = vselect(brownish, n.lit, s.lit);
            s.sum = vselect(brownish, n.sum, s.sum);
        }
        store(output_at(c, 0, t, u), v * port_at(c, AMP, t, u));
    }
    s.count = iadd(s.count, isplat((int32_t)frames));
    state_store(&s, sizeof s, c, u);
}

static uint64_t process(const mega_call *c) {
    for (int u = 0; u < MEGA_U; u++) {
        lanes color = port_at(c, COLOR, 0, u);
        const bool still = !(c->moving >> COLOR & 1);
        if (still && all(lt(color, splat(0.5f)))) run(c, u, WHITE);
        else if (still && all(both(le(splat(0.5f), color), lt(color, splat(1.5f)))))
            run(c, u, PINK);
        else if (still && all(both(le(splat(1.5f), color), lt(color, splat(2.5f)))))
            run(c, u, BROWN);
        else if (still && all(le(splat(2.5f), color))) run(c, u, BLUE);
        else run(c, u, ANY);
    }
    return ~(uint64_t)0;
}

/// White noise alone hangs on no frame before it.
static uint64_t solo(const mega_call *c) {
    if (solo_moves(c, COLOR) || !all(lt(solo_port(c, COLOR, 0), splat(0.5f)))) return MEGA_DECLINED;
    run(c, SOLO, WHITE);
    return MEGA_ALL_MOVE;
}

MODULE(noise, .name = "noise", .category = "source", .doc = "white, pink, brown or blue noise",
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process, .solo = solo)
