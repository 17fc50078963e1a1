// SPDX-License-Identifier: MIT
// osc3 -- three oscillators on one pitch: a classic synthesizer's source.
//
// Each oscillator is osc.saw, osc.pulse or osc.triangle, called with ports of its own, or a sine as
// late as they; what comes goes to the middle of the picture and to its side. A wave's number is a
// port like any other: where it stands still and is the same in all lanes, which is nearly always,
// one of them is called; else each that is wanted, by turns of frames in which no number changes.
// What they remember is the same for every wave, so that phases go on when a wave changes.
#include "modules/sources/oscillator_rows.h"

#define OSC_WAVE OSC_SINE
#include "modules/sources/oscillator_kernel.h"

enum { SINE, TRIANGLE, SAW, PULSE, WAVES };
enum { OSCILLATORS = 3, FLOATS = MEGA_BLOCK_FRAMES * MEGA_FRAME };
enum { FIELD = MEGA_WIDTH == 1 ? 1 : MEGA_LANE_COUNT }; // floats from a field of state to the next
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
    PORTS,
};

/// What comes before what the three oscillators remember.
typedef struct {
    lanes pitch;    // log2 of the gliding frequency
    ilanes started; // 0 in a fresh voice
} glide_state;
enum {
    OWN_FIELDS = sizeof(glide_state) / sizeof(lanes),
    WAVE_FIELDS = OSC_FIELDS + MEGA_STEP_TAPS_MAX,
    SIDES = 2 | 4, // the outputs left and right, a bit each
};

extern const mega_module MEGA_ROW(osc_saw), MEGA_ROW(osc_pulse), MEGA_ROW(osc_triangle);

static mega_process *process_of(int wave) {
    switch (wave) {
    case SINE: return osc_process;
    case TRIANGLE: return MEGA_ROW(osc_triangle).process;
    case SAW: return MEGA_ROW(osc_saw).process;
    default: return MEGA_ROW(osc_pulse).process;
    }
}

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

// ---- pitch -------------------------------------------------------------------------------------

/// What a segment's frames have in common; values are registers as calls have them.
typedef struct {
    float freq[FLOATS], pitch[FLOATS]; // of all, and of the oscillator whose turn it is
    float wave[FLOATS];                // what that oscillator plays
    float middle[FLOATS], side[FLOATS];
    bool freq_moves, mono; // nothing is at the side: then nothing need be done for it
} work;

MEGA_INLINE size_t frame_at(uint32_t t, int u) {
    return (size_t)t * MEGA_FRAME + (size_t)(u * MEGA_WIDTH);
}

/// The frequency of each frame. @return whether it moves; where not, only the first is filled in
static bool glide(const mega_call *c, glide_state *s, float *freq, int u) {
    const bool time_moves = moves(c, PORTAMENTO), freq_moves = moves(c, FREQ);
    lanes time = port_at(c, PORTAMENTO, 0, u), now = port_at(c, FREQ, 0, u);
    store(freq + frame_at(0, u), now);
    if (!time_moves && all(le(time, splat(0)))) {
        if (freq_moves)
            for (uint32_t t = 0; t < c->frames; t++)
                store(freq + frame_at(t, u), now = port_at(c, FREQ, t, u));
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
        store(freq + frame_at(t, u), vselect(there, now, vexp2(s->pitch)));
    }
    return true;
}

static void glide_all(const mega_call *c, work *w) {
    bool moved[MEGA_U];
    w->freq_moves = false;
    for (int u = 0; u < MEGA_U; u++) {
        glide_state s;
        state_load(&s, sizeof s, c, u);
        mask fresh = ieq(s.started, isplat(0));
        s.started = isplat(1);
        s.pitch = vselect(fresh, vlog2(port_at(c, FREQ, 0, u)), s.pitch);
        moved[u] = glide(c, &s, w->freq, u);
        w->freq_moves = w->freq_moves || moved[u];
        state_store(&s, sizeof s, c, u);
    }
    for (int u = 0; u < MEGA_U && w->freq_moves; u++)
        for (uint32_t t = 1; t < c->frames && !moved[u]; t++)
            store(w->freq + frame_at(t, u), load(w->freq + frame_at(0, u)));
}

/// Oscillator i's factor of the frequency.
static lanes ratio_at(const mega_call *c, int i, uint32_t t, int u) {
    lanes octaves = port_at(c, (size_t)(OCTAVE + i), t, u);
    if (i == 0) return vexp2(octaves);
    lanes cents = port_at(c, DETUNE, t, u);
    octaves = octaves + port_at(c, (size_t)(SEMI2 + i - 1), t, u) * splat(1.0f / 12);
    return vexp2(octaves + cents * splat(i == 1 ? 1.0f / 1200 : -1.0f / 1200));
}
/// Ports that give it.
static uint64_t ratio_bits(int i) {
    uint64_t bits = (uint64_t)1 << (OCTAVE + i);
    return i == 0 ? bits : bits | (uint64_t)1 << (SEMI2 + i - 1) | (uint64_t)1 << DETUNE;
}
/// Fills in oscillator i's pitch. @return whether it moves
static bool set_pitch(const mega_call *c, work *w, int i) {
    const bool ratio_moves = (c->moving & ratio_bits(i)) != 0, moved = w->freq_moves || ratio_moves;
    const uint32_t frames = moved ? c->frames : 1;
    for (int u = 0; u < MEGA_U; u++) {
        lanes ratio = ratio_at(c, i, 0, u);
        for (uint32_t t = 0; t < frames; t++) {
            if (ratio_moves) ratio = ratio_at(c, i, t, u);
            lanes freq = load(w->freq + frame_at(w->freq_moves ? t : 0, u));
            store(w->pitch + frame_at(t, u), freq * ratio);
        }
    }
    return moved;
}

// ---- one oscillator ----------------------------------------------------------------------------

/// The wave that a number means.
MEGA_INLINE ilanes wave_of(lanes number) {
    ilanes wave = isplat(SINE);
    for (int w = SINE + 1; w < WAVES; w++)
        wave = iselect(le(splat((float)w - 0.5f), number), isplat(w), wave);
    return wave;
}
static bool same_waves(const mega_call *c, int i, uint32_t a, uint32_t b) {
    bool same = true;
    for (int u = 0; u < MEGA_U; u++)
        same = same && all(ieq(wave_of(port_at(c, (size_t)(WAVE + i), a, u)),
                               wave_of(port_at(c, (size_t)(WAVE + i), b, u))));
    return same;
}
/// Which waves some lanes have, a bit each.
static uint32_t waves_of(const mega_call *c, int i, uint32_t t) {
    uint32_t waves = 0;
    for (int u = 0; u < MEGA_U; u++)
        for (int w = 0; w < WAVES; w++)
            if (any(ieq(wave_of(port_at(c, (size_t)(WAVE + i), t, u)), isplat(w))))
                waves |= 1u << w;
    return waves;
}

/// Plays frames in which lanes have different waves: each wave in all lanes, from where they stand.
static void play_mixed(const mega_call *c, const mega_call *part, int i, uint32_t at,
                       uint32_t waves) {
    mega_call one = *part;
    const size_t stride = MEGA_WIDTH == 1 ? c->state_stride : MEGA_LANE_COUNT;
    float was[WAVE_FIELDS * FIELD], is[WAVE_FIELDS * FIELD], wave[FLOATS];
    float *waves_to[] = {wave};
    for (size_t f = 0; f < WAVE_FIELDS; f++)
        memcpy(was + f * FIELD, part->state + f * stride, MEGA_U * sizeof(lanes));
    one.outputs = waves_to, one.state = is, one.state_stride = 1;
    for (int w = 0; w < WAVES; w++) {
        if (!(waves >> w & 1)) continue;
        memcpy(is, was, sizeof is);
        process_of(w)(&one);
        for (int u = 0; u < MEGA_U; u++) {
            mask here = ieq(wave_of(port_at(c, (size_t)(WAVE + i), at, u)), isplat(w));
            for (uint32_t t = 0; t < part->frames; t++) {
                float *to = part->outputs[0] + frame_at(t, u);
                store(to, vselect(here, load(wave + frame_at(t, u)), load(to)));
            }
            for (size_t f = 0; f < WAVE_FIELDS; f++) {
                float *to = part->state + f * stride + u * MEGA_WIDTH;
                store(to, vselect(here, load(is + f * FIELD + (size_t)(u * MEGA_WIDTH)), load(to)));
            }
        }
    }
}

/// Plays oscillator i into w->wave.
static void play_oscillator(const mega_call *c, work *w, int i) {
    static const float zeros[MEGA_LANE_COUNT];
    const bool pitch_moves = set_pitch(c, w, i);
    const size_t stride = MEGA_WIDTH == 1 ? c->state_stride : MEGA_LANE_COUNT;
    mega_call part = *c;
    part.state = c->state + (OWN_FIELDS + (size_t)i * WAVE_FIELDS) * stride;
    part.unread = 0;
    part.moving = (uint64_t)pitch_moves << OSC_FREQ | (uint64_t)moves(c, LEVEL + i) << OSC_AMP |
                  (uint64_t)moves(c, WIDTH) << OSC_WIDTH;
    for (uint32_t at = 0, end; at < c->frames; at = end) {
        end = c->frames;
        if (moves(c, WAVE + i))
            for (end = at + 1; end < c->frames && same_waves(c, i, at, end);) end++;
        const float *ports[OSC_WIDTH + 1];
        for (int p = 0; p <= OSC_WIDTH; p++) ports[p] = zeros;
        const size_t first = (size_t)at * MEGA_FRAME;
        ports[OSC_FREQ] = w->pitch + (pitch_moves ? first : 0);
        ports[OSC_AMP] = c->ports[LEVEL + i] + (moves(c, LEVEL + i) ? first : 0);
        ports[OSC_WIDTH] = c->ports[WIDTH] + (moves(c, WIDTH) ? first : 0);
        float *to[] = {w->wave + first};
        part.ports = ports, part.outputs = to, part.frames = end - at;
        const uint32_t waves = waves_of(c, i, at);
        if (waves & (waves - 1)) play_mixed(c, &part, i, at, waves);
        else process_of(__builtin_ctz(waves))(&part);
    }
}

// ---- the three together ------------------------------------------------------------------------

/// Adds what oscillator i plays.
static void add(const mega_call *c, work *w, int i) {
    for (uint32_t t = 0; t < c->frames; t++)
        for (int u = 0; u < MEGA_U; u++) {
            const size_t at = frame_at(t, u);
            lanes v = load(w->wave + at);
            store(w->middle + at, v + (i == 0 ? splat(0) : load(w->middle + at)));
            if (i == 1 && !w->mono) store(w->side + at, v);
            if (i == 2 && !w->mono) store(w->side + at, load(w->side + at) - v);
        }
}

static void put(const mega_call *c, const work *w) {
    const bool sides = (c->unread & SIDES) != SIDES;
    for (uint32_t t = 0; t < c->frames; t++)
        for (int u = 0; u < MEGA_U; u++) {
            const size_t at = frame_at(t, u);
            lanes gain = osc_amp(port_at(c, AMP, t, u)), y = load(w->middle + at), z = splat(0);
            // with 0 there is no -0, which would tell this from mono
            if (!w->mono) z = osc_amp(port_at(c, SPREAD, t, u)) * load(w->side + at) + splat(0);
            store(c->outputs[0] + at, y * gain);
            if (!sides) continue;
            store(c->outputs[1] + at, (y + z) * gain);
            store(c->outputs[2] + at, (y - z) * gain);
        }
}

static bool is_mono(const mega_call *c) {
    if ((c->unread & SIDES) == SIDES) return true;
    if (moves(c, SPREAD)) return false;
    bool mono = true;
    for (int u = 0; u < MEGA_U; u++) mono = mono && all(eq(port_at(c, SPREAD, 0, u), splat(0)));
    return mono;
}

static uint64_t process(const mega_call *call) {
    work w;
    mega_call c = *call;
    w.mono = is_mono(call);
    for (uint32_t at = 0; at < call->frames; at += c.frames) {
        const float *ports[PORTS];
        float *to[COUNT_OF(outputs)];
        const size_t first = (size_t)at * MEGA_FRAME;
        for (int p = 0; p < PORTS; p++) ports[p] = call->ports[p] + (moves(call, p) ? first : 0);
        for (size_t o = 0; o < COUNT_OF(outputs); o++) to[o] = call->outputs[o] + first;
        const uint32_t left = call->frames - at;
        c.frames = left < MEGA_BLOCK_FRAMES ? left : MEGA_BLOCK_FRAMES;
        c.ports = ports, c.outputs = to;
        glide_all(&c, &w);
        for (int i = 0; i < OSCILLATORS; i++) {
            play_oscillator(&c, &w, i);
            add(&c, &w, i);
        }
        put(&c, &w);
    }
    return ~(uint64_t)0;
}

MODULE(osc3, .name = "osc3", .category = "source",
       .doc = "three oscillators with octaves, intervals, detune, levels and spread",
       PARAMS(params), OUTPUTS(outputs), .state_fields = OWN_FIELDS + OSCILLATORS * WAVE_FIELDS,
       .process = process)
