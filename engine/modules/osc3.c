// SPDX-License-Identifier: MIT
// osc3 -- three oscillators on one pitch: a classic synthesizer's source.
//
// Each oscillator adds its wave, at twice the rate, to two buffers: the middle of the picture and
// its side; these are brought down once for all. A wave's number is a port like any other: where it
// stands still and is the same in all lanes, which is nearly always, a loop for that wave alone
// runs; else one that draws all waves and selects. See oscillator.h for the waves. A sine, which
// has no kernel, is weakened at high pitch by what the last filter gives back.
#include "oscillator.h"

enum { SINE, TRIANGLE, SAW, PULSE, WAVES, ANY = WAVES };
enum { OSCILLATORS = 3 };
enum {
    FREQ,
    WAVE,                        // 1, 2, 3
    OCTAVE = WAVE + OSCILLATORS, // 1, 2, 3
    SEMI2 = OCTAVE + OSCILLATORS,
    SEMI3,
    DETUNE,
    LEVEL,
    SPREAD = LEVEL + OSCILLATORS,
    WIDTH,
    PORTAMENTO,
    AMP,
};

typedef struct {
    lanes pitch;    // log2 of the gliding frequency
    ilanes started; // 0 in a fresh voice
    ilanes phase[OSCILLATORS], width[OSCILLATORS];
    ilanes step[OSCILLATORS], bend[OSCILLATORS]; // of them, in the last frame
    osc_down middle, side;
} state;

static const char *const wave_names[] = {"sine", "triangle", "saw", "pulse", NULL};

#define WAVE_ROW(n, first)                                                                         \
    {                                                                                              \
        .name = "wave" #n, .unit = "", .min = 0, .max = WAVES - 1, .initial = first,               \
        .choices = wave_names, .doc = "wave of oscillator " #n                                     \
    }
#define OCTAVE_ROW(n)                                                                              \
    {                                                                                              \
        .name = "octave" #n, .unit = "octaves", .min = -4, .max = 4, .initial = 0,                 \
        .doc = "octave of oscillator " #n                                                          \
    }
#define SEMI_ROW(n)                                                                                \
    {                                                                                              \
        .name = "semi" #n, .unit = "semitones", .min = -24, .max = 24, .initial = 0,               \
        .doc = "interval of oscillator " #n                                                        \
    }
#define LEVEL_ROW(n)                                                                               \
    {                                                                                              \
        .name = "level" #n, .unit = "", .min = 0, .max = 1, .initial = 0.25f,                      \
        .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = "level of oscillator " #n         \
    }

// clang-format off
static const mega_param_row params[] = {
    {.name = "freq", .unit = "Hz", .min = 1, .max = 20000, .initial = 440, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 10, .doc = "frequency of all three"},
    WAVE_ROW(1, SAW), WAVE_ROW(2, SAW), WAVE_ROW(3, SAW),
    OCTAVE_ROW(1), OCTAVE_ROW(2), OCTAVE_ROW(3), SEMI_ROW(2), SEMI_ROW(3),
    {.name = "detune", .unit = "cents", .min = -100, .max = 100, .initial = 5,
     .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 10,
     .doc = "oscillator 2 is that much sharp, oscillator 3 that much flat"},
    LEVEL_ROW(1), LEVEL_ROW(2), LEVEL_ROW(3),
    {.name = "spread", .unit = "", .min = 0, .max = 1, .initial = 0,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10,
     .doc = "how far oscillator 2 goes left and oscillator 3 right"},
    {.name = "width", .unit = "", .min = 0.01f, .max = 0.99f, .initial = 0.5f,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10,
     .doc = "part of a period that pulses are high for"},
    {.name = "portamento", .unit = "s", .min = 0, .max = 10, .initial = 0,
     .doc = "time that the frequency takes for 99 % of a jump within a voice"},
    {.name = "amp", .factor = true, .unit = "", .min = 0, .max = 1, .initial = 1,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = "level of the whole"},
};
// clang-format on

static const mega_output_row outputs[] = {
    {"out", "mean of left and right"}, {"left", "left side"}, {"right", "right side"}};

// ---- one oscillator -----------------------------------------------------------------------------

/// Two samples of the double rate for each frame.
typedef lanes samples[2 * MEGA_BLOCK_FRAMES];

static bool moves(const mega_call *c, int port) { return (c->moving >> port & 1) != 0; }
/// Oscillator i's offset in octaves.
static lanes offset_at(const mega_call *c, int i, uint32_t t, int u) {
    lanes octaves = port_at(c, (size_t)(OCTAVE + i), t, u);
    if (i == 0) return octaves;
    lanes cents = port_at(c, DETUNE, t, u);
    octaves = octaves + port_at(c, (size_t)(SEMI2 + i - 1), t, u) * splat(1.0f / 12);
    return octaves + cents * splat(i == 1 ? 1.0f / 1200 : -1.0f / 1200);
}

/// How a phase runs, and a pulse's width.
typedef struct {
    ilanes step, bend;            // since the last frame
    osc_pace saw, fall, triangle; // for steps, for a pulse's fall, and for corners
    lanes weak;                   // a sine's amplitude
} paces;

/// What oscillator.h's last filter gives back at a sine's frequency, inverted; within 0.005 dB.
static lanes weakness(ilanes diff) {
    lanes x = to_float(diff) * splat(1.0f / 4294967296.0f);
    lanes x2 = x * x;
    lanes p = splat(13.2532008f) * x2 + splat(7.44723787f);
    p = p * x2 + splat(4.1553819f);
    p = p * x2 + splat(-4.19018222f);
    return p * x2 + splat(1);
}

MEGA_INLINE paces paces_of(const int wave, ilanes step, ilanes last_step, ilanes bend,
                           ilanes last_bend) {
    paces p = {.step = step, .bend = bend};
    if (wave != TRIANGLE) p.saw = osc_pace_of(step, last_step, OSC_HALF);
    if (wave == PULSE || wave == ANY)
        p.fall = osc_pace_of(isub(step, bend), isub(last_step, last_bend), OSC_HALF);
    if (wave == TRIANGLE || wave == ANY) p.triangle = osc_pace_of(step, last_step, 0.5f * OSC_HALF);
    if (wave == SINE || wave == ANY) p.weak = weakness(step);
    return p;
}

/// What makes a wave's peak 1.
static const float scales[WAVES] = {1, 2 / OSC_HALF, 1 / OSC_HALF, 1 / OSC_HALF};
MEGA_INLINE lanes scale_of(const int wave, lanes number) {
    if (wave != ANY) return splat(scales[wave]);
    lanes low = vselect(lt(number, splat(0.5f)), splat(scales[SINE]), splat(scales[TRIANGLE]));
    return vselect(lt(number, splat(1.5f)), low, splat(scales[SAW]));
}

MEGA_INLINE osc_speed at(const osc_pace *p, const bool later) {
    return later ? p->later : p->earlier;
}

/// One sample: at a frame whose phase this is, or half a frame before. @param number of the wave,
/// for ANY
MEGA_INLINE lanes draw(const int wave, lanes number, const paces *p, const bool later, ilanes phase,
                       ilanes width) {
    ilanes rise = phase, fall = isub(phase, width);
    if (!later) {
        rise = isub(rise, iadd(p->step >> 1, wave == TRIANGLE ? p->triangle.back : p->saw.back));
        fall = isub(fall, iadd(isub(p->step >> 1, p->bend >> 1), p->fall.back));
    }
    lanes v[WAVES];
    if (wave == SINE || wave == ANY) v[SINE] = p->weak * vsin_phase(rise);
    if (wave == TRIANGLE || wave == ANY) v[TRIANGLE] = osc_triangle(rise, at(&p->triangle, later));
    if (wave == SAW || wave == ANY)
        v[SAW] = osc_edge(iadd(rise, isplat((int32_t)0x80000000u)), at(&p->saw, later).inv);
    if (wave == PULSE || wave == ANY)
        v[PULSE] = osc_edge(fall, at(&p->fall, later).inv) - osc_edge(rise, at(&p->saw, later).inv);
    if (wave != ANY) return v[wave];
    lanes low = vselect(lt(number, splat(0.5f)), v[SINE], v[TRIANGLE]);
    lanes high = vselect(lt(number, splat(2.5f)), v[SAW], v[PULSE]);
    return vselect(lt(number, splat(1.5f)), low, high);
}

typedef struct {
    const mega_call *call;
    state *s;
    const lanes *freq; // of each frame where it moves, else of the first
    lanes *middle, *side;
    int i, u; // oscillator, vector
    bool freq_moves, mono;
} part;

/// Ports that give oscillator i's interval.
static uint64_t offset_bits(int i) {
    uint64_t bits = (uint64_t)1 << (OCTAVE + i);
    return i == 0 ? bits : bits | (uint64_t)1 << (SEMI2 + i - 1) | (uint64_t)1 << DETUNE;
}
static ilanes first_step(const part *a) {
    lanes ratio = vexp2(offset_at(a->call, a->i, 0, a->u));
    return phase_step(a->freq[0] * ratio, a->call->seconds_per_frame);
}

/// Adds an oscillator's wave to the buffers. @param still pitch, width and wave are
MEGA_INLINE void add_wave(const part *a, const int wave, const bool still) {
    const mega_call *c = a->call;
    const int i = a->i, u = a->u;
    const float seconds = c->seconds_per_frame;
    ilanes phase = a->s->phase[i], last_width = a->s->width[i];
    ilanes last_step = a->s->step[i], last_bend = a->s->bend[i];
    lanes ratio = vexp2(offset_at(c, i, 0, u)), number = port_at(c, (size_t)(WAVE + i), 0, u);
    ilanes width = osc_width(port_at(c, WIDTH, 0, u)), none = isplat(0);
    paces p = paces_of(wave, last_step, last_step, none, none);
    const bool ratio_moves = (c->moving & offset_bits(i)) != 0;
    const bool level_moves = moves(c, LEVEL + i);
    lanes level = osc_amp(port_at(c, (size_t)(LEVEL + i), 0, u)) * scale_of(wave, number);
    const uint32_t frames = c->frames;
    for (uint32_t t = 0; t < frames; t++) {
        if (!still) {
            if (ratio_moves) ratio = vexp2(offset_at(c, i, t, u));
            if (moves(c, WIDTH)) width = osc_width(port_at(c, WIDTH, t, u));
            ilanes step = phase_step(a->freq[a->freq_moves ? t : 0] * ratio, seconds);
            p = paces_of(wave, step, last_step, isub(width, last_width), last_bend);
            last_step = step, last_bend = p.bend, last_width = width;
            number = port_at(c, (size_t)(WAVE + i), t, u);
        }
        phase = iadd(phase, p.step);
        if (level_moves || wave == ANY)
            level = osc_amp(port_at(c, (size_t)(LEVEL + i), t, u)) * scale_of(wave, number);
        lanes v[2] = {draw(wave, number, &p, false, phase, width),
                      draw(wave, number, &p, true, phase, width)};
        for (int k = 0; k < 2; k++) {
            lanes *middle = a->middle + 2 * t + k, *side = a->side + 2 * t + k;
            v[k] = v[k] * level;
            *middle = v[k] + (i == 0 ? splat(0) : *middle); // with 0 there is no -0: see is_mono
            if (i == 1 && !a->mono) *side = v[k];
            if (i == 2 && !a->mono) *side = *side - v[k];
        }
    }
    a->s->phase[i] = phase;
    a->s->width[i] = width;
    a->s->step[i] = last_step;
    a->s->bend[i] = last_bend;
}

static void add_any(const part *a) { add_wave(a, ANY, false); }
static void add_sine(const part *a, bool still) {
    if (still) add_wave(a, SINE, true);
    else add_wave(a, SINE, false);
}
static void add_triangle(const part *a, bool still) {
    if (still) add_wave(a, TRIANGLE, true);
    else add_wave(a, TRIANGLE, false);
}
static void add_saw(const part *a, bool still) {
    if (still) add_wave(a, SAW, true);
    else add_wave(a, SAW, false);
}
static void add_pulse(const part *a, bool still) {
    if (still) add_wave(a, PULSE, true);
    else add_wave(a, PULSE, false);
}

/// The wave that all lanes of this vector have for the whole segment, or ANY.
static int common_wave(const mega_call *c, int i, int u) {
    if (moves(c, WAVE + i)) return ANY;
    lanes number = port_at(c, (size_t)(WAVE + i), 0, u);
    for (int wave = 0; wave < WAVES; wave++) {
        mask above = wave == 0 ? eq(number, number) : le(splat((float)wave - 0.5f), number);
        mask below = wave == WAVES - 1 ? eq(number, number) : lt(number, splat((float)wave + 0.5f));
        if (all(both(above, below))) return wave;
    }
    return ANY;
}

static void add_oscillator(const part *a) {
    const mega_call *c = a->call;
    ilanes width = osc_width(port_at(c, WIDTH, 0, a->u));
    mask even = both(ieq(width, a->s->width[a->i]), ieq(first_step(a), a->s->step[a->i]));
    bool still = !a->freq_moves && !(c->moving & (offset_bits(a->i) | (uint64_t)1 << WIDTH)) &&
                 all(both(even, ieq(a->s->bend[a->i], isplat(0))));
    switch (common_wave(c, a->i, a->u)) {
    case SINE: add_sine(a, still); break;
    case TRIANGLE: add_triangle(a, still); break;
    case SAW: add_saw(a, still); break;
    case PULSE: add_pulse(a, still); break;
    default: add_any(a);
    }
}

// ---- the three together -------------------------------------------------------------------------

/// The frequency of each frame. @return whether it moves; where not, only the first is filled in
static bool glide(const mega_call *c, state *s, lanes *freq, int u) {
    const bool time_moves = moves(c, PORTAMENTO), freq_moves = moves(c, FREQ);
    lanes time = port_at(c, PORTAMENTO, 0, u), now = port_at(c, FREQ, 0, u);
    freq[0] = now;
    if (!time_moves && all(le(time, splat(0)))) {
        if (freq_moves)
            for (uint32_t t = 0; t < c->frames; t++) freq[t] = now = port_at(c, FREQ, t, u);
        s->pitch = vlog2(now);
        return freq_moves;
    }
    lanes target = vlog2(now), left = splat(0);
    if (!time_moves && !freq_moves && all(either(le(time, splat(0)), eq(s->pitch, target)))) {
        s->pitch = target;
        return false;
    }
    for (uint32_t t = 0; t < c->frames; t++) {
        if (freq_moves) target = vlog2(now = port_at(c, FREQ, t, u));
        if (t == 0 || time_moves) {
            time = port_at(c, PORTAMENTO, t, u);
            // 99 % in that time: 2^(-6.64 t / time) is left
            left = vexp2(splat(-6.6438562f * c->seconds_per_frame) / vmax(time, splat(1e-6f)));
        }
        lanes pitch = target + (s->pitch - target) * left;
        mask there = either(le(time, splat(0)), lt(vabs(pitch - target), splat(1e-5f)));
        s->pitch = vselect(there, target, pitch);
        freq[t] = vselect(there, now, vexp2(s->pitch));
    }
    return true;
}

/// Whether nothing was ever on the side: then nothing need be done for it. (That nothing is +0
/// throughout: a -0 would tell the two ways apart, so buffers have none.)
static bool is_mono(const mega_call *c, const state *s, int u) {
    if (moves(c, SPREAD)) return false;
    ilanes used = isplat(0);
    const lanes *down[] = {&s->side.a,  &s->side.a0, &s->side.a2,   &s->side.b,
                           &s->side.b1, &s->side.b3, &s->side.level};
    for (size_t i = 0; i < COUNT_OF(down); i++) used = used | bits_of(*down[i]);
    return all(both(eq(port_at(c, SPREAD, 0, u), splat(0)), ieq(used, isplat(0))));
}

static void bring_down(const mega_call *c, state *s, const lanes *middle, const lanes *side,
                       bool mono, int u) {
    float *out = c->outputs[0] + u * MEGA_WIDTH;
    float *left = c->outputs[1] + u * MEGA_WIDTH, *right = c->outputs[2] + u * MEGA_WIDTH;
    osc_down m = s->middle, d = s->side;
    const bool amp_moves = moves(c, AMP);
    lanes gain = osc_amp(port_at(c, AMP, 0, u)) * splat(OSC_GAIN);
    const uint32_t frames = c->frames;
    for (uint32_t t = 0; t < frames; t++) {
        if (amp_moves) gain = osc_amp(port_at(c, AMP, t, u)) * splat(OSC_GAIN);
        lanes y = osc_decimate(&m, middle[2 * t], middle[2 * t + 1]), z = splat(0);
        if (!mono) {
            lanes spread = osc_amp(port_at(c, SPREAD, t, u));
            z = osc_decimate(&d, spread * side[2 * t] + splat(0),
                             spread * side[2 * t + 1] + splat(0));
        }
        store(out + (size_t)t * MEGA_FRAME, y * gain);
        store(left + (size_t)t * MEGA_FRAME, (y + z) * gain);
        store(right + (size_t)t * MEGA_FRAME, (y - z) * gain);
    }
    s->middle = m;
    s->side = d;
}

static uint64_t process(const mega_call *c) {
    samples middle, side;
    lanes freq[MEGA_BLOCK_FRAMES];
    for (int u = 0; u < MEGA_U; u++) {
        state s;
        state_load(&s, sizeof s, c, u);
        mask fresh = ieq(s.started, isplat(0));
        s.started = isplat(1);
        s.pitch = vselect(fresh, vlog2(port_at(c, FREQ, 0, u)), s.pitch);
        bool moved = glide(c, &s, freq, u), mono = is_mono(c, &s, u);
        part a = {c, &s, freq, middle, side, 0, u, moved, mono};
        for (; a.i < OSCILLATORS; a.i++) {
            s.width[a.i] = iselect(fresh, osc_width(port_at(c, WIDTH, 0, u)), s.width[a.i]);
            s.step[a.i] = iselect(fresh, first_step(&a), s.step[a.i]);
            add_oscillator(&a);
        }
        bring_down(c, &s, middle, side, mono, u);
        state_store(&s, sizeof s, c, u);
    }
    return ~(uint64_t)0;
}

MODULE(osc3, .name = "osc3", .category = "source",
       .doc = "three oscillators with octaves, intervals, detune, levels and spread",
       .flags = MEGA_BLOCKWISE, PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
