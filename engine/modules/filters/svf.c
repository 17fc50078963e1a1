// SPDX-License-Identifier: MIT
// svf -- two-pole state-variable filter; stable under audio-rate modulation. The section is in
// filters.h.
//
// Slope 24 sends the low-pass of the first section through a second one. With D1 and D2 their
// denominators, its outputs are 1, s and s^2 over D1 D2; s^3 and s^4 over D1 D2, which the
// high-pass needs, follow from the first section's band and high by polynomial division. Damping of
// the second is such that the pair is a Butterworth filter at res 0.617.
//
// Drive is gain into a soft clip, and damping that grows with the square of the resonance's
// amplitude: a lossy resistor, so it cannot make the filter unstable. At drive 0 and slope 12 both
// are neutral to the bit, so the kernels without them serve wherever no lane uses them.
#include "modules/filters/filters.h"

typedef struct {
    section first, second; // while slope is 12 the second rests on the first's low-pass
} state;

typedef struct {
    section_coefs first, second;
    mask steep;
    ratio tan;
    lanes gain, clip, clip_end, loss;
} coefs;

static const mega_input_row inputs[] = {{"in", "signal to filter"}};

static const char *const slopes[] = {"12", "24", NULL};

enum { P_FREQ, P_RES, P_SLOPE, P_DRIVE, PARAMS_ };

static const mega_param_row params[PARAMS_] = {
    FREQ_ROW("cutoff"),
    AMOUNT_ROW(
        "res", 1,
        "resonance: Q from 0.5 to 500, where it rings; 0.293 is flat at slope 12, 0.617 at 24"),
    {.name = "slope",
     .unit = "dB/octave",
     .min = 0,
     .max = 1,
     .initial = 0,
     .choices = slopes,
     .doc = "two poles or four"},
    AMOUNT_ROW("drive", 1, "up to 18 dB into a soft clip, and resonance that gives way when loud"),
};

static const mega_output_row outputs[] = {
    {"low", "low-pass"},
    {"band", "band-pass; its peak is the resonance's Q"},
    {"high", "high-pass"},
    {"notch", "band-reject"},
    {"peak", "low minus high: a peak on a flat ground"},
};

static inline void outputs_of(lanes *out, const section *s, lanes high) {
    out[0] = s->low;
    out[1] = s->band;
    out[2] = high;
    out[3] = s->low + high;
    out[4] = s->low - high;
}

static inline ratio tan_of(const lanes *param, const context *x) {
    return tan_ratio(cutoff_turns(param[P_FREQ], x->seconds_per_frame));
}

// ---- plain: slope 12, no drive -----------------------------------------------------------------

static inline coefs prepare_plain(const lanes *param, const context *x) {
    coefs c;
    c.first = section_solve(tan_of(param, x), damping(param[P_RES]));
    return c;
}
static inline void tick_plain(state *s, const coefs *c, const lanes *in, lanes *out) {
    lanes high = section_tick(&s->first, &c->first, tame(in[0]));
    outputs_of(out, &s->first, high);
    s->second = (section){s->first.low, splat(0), s->first.low};
}

// ---- steep: some lanes have slope 24 -----------------------------------------------------------

static inline coefs prepare_steep(const lanes *param, const context *x) {
    coefs c;
    c.tan = tan_of(param, x);
    lanes res = clampf(param[P_RES], 0.0f, 1.0f);
    c.first = section_solve(c.tan, damping(res));
    c.second = section_solve(c.tan, splat(2) - splat(0.246617f) * res);
    c.steep = ge(param[P_SLOPE], splat(0.5f));
    return c;
}
static inline void tick_second(state *s, const coefs *c, lanes first_high, lanes *out) {
    const section *a = &s->first, *b = &s->second;
    lanes high = section_tick(&s->second, &c->second, a->low);
    lanes s3 = (a->band - c->second.k * high) - b->band;
    lanes s4 = (first_high - c->second.k * s3) - high;
    const lanes twice = high + high, ends = b->low + s4;
    const lanes steep[5] = {b->low, high, s4, ends + twice, ends - twice};
    outputs_of(out, a, first_high);
    for (int o = 0; o < 5; o++) out[o] = vselect(c->steep, steep[o], out[o]);
    s->second.band = vselect(c->steep, s->second.band, splat(0));
    s->second.low = vselect(c->steep, s->second.low, a->low);
}
static inline void tick_steep(state *s, const coefs *c, const lanes *in, lanes *out) {
    tick_second(s, c, section_tick(&s->first, &c->first, tame(in[0])), out);
}

// ---- driven: some lanes have drive -------------------------------------------------------------

static inline coefs prepare_driven(const lanes *param, const context *x) {
    coefs c = prepare_steep(param, x);
    c.clip = clampf(param[P_DRIVE], 0.0f, 1.0f);
    c.gain = vexp2(splat(3) * c.clip);
    c.clip_end = splat(3) / vmax(c.clip, splat(1e-7f));
    c.loss = splat(0.5f) * c.clip;
    return c;
}
static inline void tick_driven(state *s, const coefs *c, const lanes *in, lanes *out) {
    // as vtanh(clip x) / clip, which at clip 0 is x itself
    lanes x = clamp(tame(in[0]) * c->gain, -c->clip_end, c->clip_end);
    lanes z = (c->clip * x) * (c->clip * x);
    x = x * ((splat(27) + z) / (splat(27) + splat(9) * z));
    lanes k = c->first.k + c->loss * (s->first.band * s->first.band);
    section_coefs lossy = section_solve(c->tan, k);
    tick_second(s, c, section_tick(&s->first, &lossy, x), out);
}

#define prepare prepare_plain
#define tick tick_plain
#define process process_plain
KERNEL(1, PARAMS_, 5)
#undef prepare
#undef tick
#undef process
#define prepare prepare_steep
#define tick tick_steep
#define process process_steep
KERNEL(1, PARAMS_, 5)
#undef prepare
#undef tick
#undef process
#define prepare prepare_driven
#define tick tick_driven
#define process process_driven
KERNEL(1, PARAMS_, 5)
#undef prepare
#undef tick
#undef process

static uint64_t process(const mega_call *c) {
    if (!port_is(c, 1 + P_DRIVE, 0)) return process_driven(c);
    return port_is(c, 1 + P_SLOPE, 0) ? process_plain(c) : process_steep(c);
}

/// Where the cutoff moves it costs more than the filter does: that part side by side.
static uint64_t solo(const mega_call *c) {
    const bool moves = solo_moves(c, 1 + P_FREQ) || solo_moves(c, 1 + P_RES);
    if (!moves || !solo_is(c, 1 + P_SLOPE, 0) || !solo_is(c, 1 + P_DRIVE, 0)) return MEGA_DECLINED;
    state s;
    state_load(&s, sizeof s, c, SOLO);
    const context x = context_of(c, SOLO);
    coefs k, now;
    for (uint32_t t = 0; t < c->frames; t++) {
        const uint32_t i = t % SOLO_FRAMES;
        if (i == 0) {
            lanes param[PARAMS_];
            for (size_t p = 0; p < PARAMS_; p++) param[p] = solo_port(c, 1 + p, t);
            k = prepare_plain(param, &x);
        }
        pick_frame(&now.first, &k.first, sizeof k.first, i);
        lanes in = solo_repeat(c->ports[0] + (solo_moves(c, 0) ? t * MEGA_VOICES : 0)), out[5];
        tick_plain(&s, &now, &in, out);
        const uint64_t unread = t + 1 < c->frames ? c->unread : 0; // as KERNEL has it
        for (int o = 0; o < 5; o++)
            if (!(unread >> o & 1))
                memcpy(output_at(c, (size_t)o, t, SOLO), &out[o], MEGA_VOICES * sizeof(float));
    }
    state_mend(&s, sizeof s, c->outputs, 5, c->frames, SOLO);
    state_store(&s, sizeof s, c, SOLO);
    return MEGA_ALL_MOVE;
}

MODULE(svf, .name = "svf", .category = "filter",
       .doc = "two- or four-pole state-variable filter; stable under fast modulation",
       INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), STATE, .process = process, .solo = solo)
