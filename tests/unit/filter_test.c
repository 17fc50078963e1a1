// SPDX-License-Identifier: MIT
// filter_test -- svf, ladder, filter and onepole against their analogue prototypes.
//
// The prototype is taken at s = j tan(pi f / rate) / tan(pi cutoff / rate): the bilinear transform
// prewarped at the cutoff, so that at the cutoff itself the filter must do what the analogue one
// does, at any rate.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/asserts.h"
#include "support/rig.h"
#include "support/spectrum.h"

#include <complex.h> // after fftw3.h, whose type it would change

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

enum { LANES = 16, LENGTH = 131072, PORTS = 5, OUTPUTS = 5 };

static const mega_isa_table *widest(void) {
    const mega_isa_table *isa = NULL, *next;
    for (size_t i = 0; (next = mega_isa_at(i)); i++) isa = next;
    return isa;
}

/// A module with sixteen settings side by side, rendered into memory.
typedef struct {
    rig r;
    float *port[PORTS], *out[OUTPUTS];
    uint64_t moving;
} bench;

static bench bench_create(const mega_isa_table *isa, const char *module, float rate,
                          uint32_t frames) {
    bench b = {.r = rig_create(isa, rig_index(module), rate), .moving = 1};
    const mega_module *m = b.r.module;
    const size_t room = (size_t)frames * b.r.port_lanes;
    assert_number(m->input_count, ==, 1);
    assert_number(1 + m->param_count, <=, PORTS);
    for (uint32_t p = 0; p < 1 + m->param_count; p++) {
        b.port[p] = calloc(room, sizeof(float));
        for (size_t i = 0; p && i < room; i++) b.port[p][i] = m->params[p - 1].initial;
    }
    for (uint32_t o = 0; o < m->output_count; o++) b.out[o] = calloc(room, sizeof(float));
    return b;
}
static void bench_destroy(bench *b) {
    for (int i = 0; i < PORTS; i++) free(b->port[i]);
    for (int i = 0; i < OUTPUTS; i++) free(b->out[i]);
    rig_destroy(&b->r);
}
static void set(bench *b, const char *port, int lane, float value) {
    b->port[rig_port(b->r.module, port)][lane] = value;
}
static void set_all(bench *b, const char *port, float value) {
    for (uint32_t l = 0; l < b->r.port_lanes; l++) set(b, port, (int)l, value);
}
static void render(bench *b, uint32_t frames) {
    rig_render(&b->r, (const float *const *)b->port, b->moving, b->out, frames, 64);
}

// ---- responses --------------------------------------------------------------------------------

/// H(s) of an output; `res` as the module's parameter.
typedef double complex prototype(double complex s, double res);

static double k_of(double res) { return fmax(2 - 2 * res, 0.002); }
static double complex two_pole(double complex s, double res) { return s * s + k_of(res) * s + 1; }
static double complex low2(double complex s, double r) { return 1 / two_pole(s, r); }
static double complex band2(double complex s, double r) { return s / two_pole(s, r); }
static double complex high2(double complex s, double r) { return s * s / two_pole(s, r); }
static double complex notch2(double complex s, double r) { return (s * s + 1) / two_pole(s, r); }
static double complex peak2(double complex s, double r) { return (1 - s * s) / two_pole(s, r); }
static double complex unity2(double complex s, double r) { return k_of(r) * band2(s, r); }
static double complex four_pole(double complex s, double res) {
    return two_pole(s, res) * (s * s + (2 - 0.246617 * res) * s + 1);
}
static double complex low4(double complex s, double r) { return 1 / four_pole(s, r); }
static double complex band4(double complex s, double r) { return s * s / four_pole(s, r); }
static double complex high4(double complex s, double r) { return s * s * s * s / four_pole(s, r); }
static double complex notch4(double complex s, double r) {
    return (s * s + 1) * (s * s + 1) / four_pole(s, r);
}
static double complex peak4(double complex s, double r) {
    return (1 - s * s) * (1 - s * s) / four_pole(s, r);
}
static double complex low1(double complex s, double r) { return 1 / (1 + s + 0 * r); }
static double complex high1(double complex s, double r) { return s / (1 + s + 0 * r); }
static double complex rungs(double complex s, double res, int power, double bass) {
    double complex one = 1 + s;
    return (1 + bass * 4 * res) * cpow(one, 4 - power) / (one * one * one * one + 4 * res);
}
static double complex lp6(double complex s, double r) { return rungs(s, r, 1, 0.5); }
static double complex lp12(double complex s, double r) { return rungs(s, r, 2, 0.5); }
static double complex lp18(double complex s, double r) { return rungs(s, r, 3, 0.5); }
static double complex lp24(double complex s, double r) { return rungs(s, r, 4, 0.5); }
static double complex bp(double complex s, double r) { return 4 * s * s * rungs(s, r, 4, 0); }
static double complex hp(double complex s, double r) { return s * s * s * s * rungs(s, r, 4, 0); }

typedef struct {
    const char *module, *output, *choice;
    float value; // of `choice`
    prototype *ideal;
} response;

static const response responses[] = {
    {"svf", "low", "slope", 0, low2},     {"svf", "band", "slope", 0, band2},
    {"svf", "high", "slope", 0, high2},   {"svf", "notch", "slope", 0, notch2},
    {"svf", "peak", "slope", 0, peak2},   {"svf", "low", "slope", 1, low4},
    {"svf", "band", "slope", 1, band4},   {"svf", "high", "slope", 1, high4},
    {"svf", "notch", "slope", 1, notch4}, {"svf", "peak", "slope", 1, peak4},
    {"filter", "out", "type", 0, low2},   {"filter", "out", "type", 1, high2},
    {"filter", "out", "type", 2, unity2}, {"filter", "out", "type", 3, notch2},
    {"onepole", "out", "mode", 0, low1},  {"onepole", "out", "mode", 1, high1},
    {"ladder", "out", "mode", 0, lp6},    {"ladder", "out", "mode", 1, lp12},
    {"ladder", "out", "mode", 2, lp18},   {"ladder", "out", "mode", 3, lp24},
    {"ladder", "out", "mode", 4, bp},     {"ladder", "out", "mode", 5, hp},
};

static double complex s_at(double freq, double cutoff, double rate) {
    return I * tan(spectrum_pi * freq / rate) / tan(spectrum_pi * cutoff / rate);
}

/// The transform of an impulse response at any frequency.
static double complex at_frequency(const float *h, double turns) {
    double complex turn = cexp(-2 * I * spectrum_pi * turns), z = 1, sum = 0;
    for (int n = 0; n < LENGTH; n++, z *= turn) sum += h[(size_t)n * LANES] * z;
    return sum;
}

/// How many cents from `cutoff` the filter has the phase that its prototype has there.
static double cents_off(const float *h, double complex ideal, double cutoff, double rate) {
    double low = cutoff * 0.98, high = cutoff * 1.02;
    double sign = carg(at_frequency(h, low / rate) / ideal) > 0 ? 1 : -1;
    for (int i = 0; i < 16; i++) {
        double middle = (low + high) / 2;
        if (sign * carg(at_frequency(h, middle / rate) / ideal) > 0) low = middle;
        else high = middle;
    }
    return 1200 * log2((low + high) / 2 / cutoff);
}

static float cutoff_of(int lane, float rate) { // 20 Hz to 0.4 of the rate
    return 20 * powf(0.4f * rate / 20, (float)lane / (LANES - 1));
}

static void responses_are_the_prototypes(void **unused) {
    (void)unused;
    static const float rates[] = {48000, 44100, 96000};
    double worst_db = 0, worst_cents = 0;
    for (size_t n = 0; n < COUNT_OF(responses); n++) {
        const response *q = &responses[n];
        const float rate = rates[n % 3], res = (float[]){0, 0.5f, 0.7f}[(n + n / 3) % 3];
        const bool has_res = strcmp(q->module, "onepole") != 0;
        const float kick = strcmp(q->module, "ladder") == 0 ? 0.01f : 1; // below its limit
        bench b = bench_create(widest(), q->module, rate, LENGTH);
        set_all(&b, q->choice, q->value);
        if (has_res) set_all(&b, "res", res);
        for (int l = 0; l < LANES; l++) {
            set(&b, "freq", l, cutoff_of(l, rate));
            b.port[0][l] = kick;
        }
        render(&b, LENGTH);
        uint32_t o = 0;
        while (strcmp(b.r.module->outputs[o].name, q->output) != 0) o++;
        double db = 0, cents = 0;
        for (int l = 0; l < LANES; l++) {
            const double cutoff = (double)cutoff_of(l, rate);
            double *bins = spectrum_bins(b.out[o] + l, LENGTH, LANES);
            for (int k = 1; k < LENGTH * 0.45; k++) {
                double f = k * (double)rate / LENGTH;
                double ideal = cabs(q->ideal(s_at(f, cutoff, (double)rate), (double)res));
                double is = hypot(bins[2 * k], bins[2 * k + 1]) * LENGTH / 2 / (double)kick;
                if (ideal > (strstr(q->output, "notch") || q->ideal == notch2 ? 0.1 : 1e-3))
                    db = fmax(db, fabs(20 * log10(is / ideal)));
            }
            free(bins);
            double complex ideal = q->ideal(I, (double)res);
            if (cabs(ideal) < 0.01) continue; // a notch has no phase at its cutoff
            cents = fmax(cents, fabs(cents_off(b.out[o] + l, ideal, cutoff, (double)rate)));
        }
        printf(
            "  %-7s %-5s %s=%.0f res=%.1f at %6.0f Hz: off by at most %.4f dB, cutoff %.4f cents\n",
            q->module, q->output, q->choice, (double)q->value, (double)res, (double)rate, db,
            cents);
        worst_db = fmax(worst_db, db);
        worst_cents = fmax(worst_cents, cents);
        bench_destroy(&b);
    }
    printf("  worst: %.4f dB, %.4f cents (cutoffs 20 Hz to 0.4 fs, wherever above -60 dB, notches "
           "-20)\n",
           worst_db, worst_cents);
    assert_number(worst_db, <=, 0.05);
    assert_number(worst_cents, <=, 1);
}

static void butterworth_is_where_the_docs_say(void **unused) {
    (void)unused;
    for (int slope = 0; slope < 2; slope++) {
        bench b = bench_create(widest(), "svf", 48000, LENGTH);
        set_all(&b, "slope", (float)slope);
        set_all(&b, "res", slope ? 0.617317f : 0.292893f);
        for (int l = 0; l < LANES; l++) {
            set(&b, "freq", l, cutoff_of(l, 48000));
            b.port[0][l] = 1;
        }
        render(&b, LENGTH);
        double worst = 0;
        for (int l = 0; l < LANES; l++) {
            double db =
                20 * log10(cabs(at_frequency(b.out[0] + l, (double)cutoff_of(l, 48000) / 48000)));
            worst = fmax(worst, fabs(db + 10 * log10(2)));
        }
        const double f = (double)cutoff_of(4, 48000); // 190 Hz: three octaves up nothing is warped
        double a = cabs(at_frequency(b.out[0] + 4, 4 * f / 48000));
        double c = cabs(at_frequency(b.out[0] + 4, 8 * f / 48000));
        printf("  slope %d: %.3f dB an octave; -3 dB at the cutoff within %.5f dB\n",
               slope ? 24 : 12, 20 * log10(c / a), worst);
        assert_number(worst, <=, 0.05);
        assert_true(fabs(20 * log10(c / a) + (slope ? 24 : 12) * 1.00343) < 0.15);
        bench_destroy(&b);
    }
}

// ---- ringing ----------------------------------------------------------------------------------

static double complex demodulate(const float *x, size_t from, size_t count, double turns) {
    double complex sum = 0;
    for (size_t i = 0; i < count; i++) {
        double w = 0.5 - 0.5 * cos(2 * spectrum_pi * ((double)i + 0.5) / (double)count);
        sum += w * x[(from + i) * LANES] * cexp(-2 * I * spectrum_pi * turns * (double)(from + i));
    }
    return sum;
}

static void pitch_of_ringing(const char *module, const char *output, float res, float drive) {
    enum { FRAMES = 6 * 48000 }; // slow ones grow for a second, sharp by 20 cents
    bench b = bench_create(widest(), module, 48000, FRAMES);
    set_all(&b, "res", res);
    set_all(&b, "drive", drive);
    for (int l = 0; l < LANES; l++) {
        set(&b, "freq", l, 50 * powf(300, (float)l / (LANES - 1)));
        b.port[0][l] = 1;
    }
    render(&b, FRAMES);
    const float *out = b.out[strcmp(output, "band") == 0];
    double worst = 0, quietest = 1e9, loudest = 0;
    for (int l = 0; l < LANES; l++) {
        const double want = 50 * pow(300, (double)l / (LANES - 1)) / 48000;
        const size_t window = (size_t)fmax(512, 64 / want); // 64 periods
        const size_t from = strcmp(module, "svf") == 0 ? 256 : FRAMES - 2 * window - 1;
        double turns = want;
        for (size_t apart = 16; apart <= window; apart *= 8) {
            double complex first = demodulate(out + l, from, window, turns);
            double complex then = demodulate(out + l, from + apart, window, turns);
            turns += carg(then / first) / (2 * spectrum_pi * (double)apart);
        }
        worst = fmax(worst, fabs(1200 * log2(turns / want)));
        double level = 4 * cabs(demodulate(out + l, from, window, turns)) / (double)window;
        quietest = fmin(quietest, level);
        loudest = fmax(loudest, level);
    }
    printf("  %-6s res=%.2f drive=%.1f rings within %.4f cents from 50 Hz to 15 kHz, level "
           "%.3f..%.3f\n",
           module, (double)res, (double)drive, worst, quietest, loudest);
    assert_number(worst, <=, 1);
    assert_number(quietest, >, 1e-6);
    bench_destroy(&b);
}
static void ringing_is_in_tune(void **unused) {
    (void)unused;
    pitch_of_ringing("svf", "band", 1, 0);
    pitch_of_ringing("ladder", "out", 1, 0);
    pitch_of_ringing("ladder", "out", 1.05f, 0);
    pitch_of_ringing("ladder", "out", 1.2f, 0);
    pitch_of_ringing("ladder", "out", 1.2f, 0.5f);
    pitch_of_ringing("ladder", "out", 1.2f, 1);
}

// ---- abuse ------------------------------------------------------------------------------------

static uint32_t random_state = 1;
static float unit(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(random_state >> 8) / 16777216.0f;
}

/// An oscillator of full scale, 0..1, at an audio rate: a sine, a square, or what no oscillator is,
/// noise.
typedef struct {
    double turns, step;
    bool square;
} thrower;
static thrower thrower_any(void) {
    return (thrower){(double)unit(), 20 * pow(600, (double)unit()) / 48000, unit() < 0.5f};
}
static float throw_next(thrower *t) {
    double x = sin(2 * spectrum_pi * (t->turns += t->step));
    return t->square ? x > 0 : (float)(0.5 + 0.5 * x);
}

typedef struct {
    const char *module, *output, *choice;
    float value;         // of the choice; below 0 it is thrown too
    float res;           // below 0 it is thrown too, and so is drive
    double resonance_db; // greatest gain of the prototype, and of drive where it is thrown
    double beyond_db;    // more than that and 6 dB, where that is what it does
} throw_case;

/// Parameters thrown about their whole range at audio rates (20 Hz to 12 kHz) while sines, squares
/// and noise of full scale come in. @param noise thrown anew at each frame, and far beyond the
/// range
static double thrown(const throw_case *k, bool noise) {
    enum { FRAMES = 20000, ROUNDS = 6 };
    bench b = bench_create(widest(), k->module, 48000, FRAMES);
    const mega_module *m = b.r.module;
    b.moving = ~(uint64_t)0;
    double peak = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int lane = 0; lane < LANES; lane++) {
            thrower in = thrower_any(), at[PORTS];
            for (int p = 0; p < PORTS; p++) at[p] = thrower_any();
            for (size_t t = 0; t < FRAMES; t++) {
                const size_t i = t * LANES + (size_t)lane;
                b.port[0][i] = 2 * (lane % 4 ? throw_next(&in) : unit()) - 1;
                for (uint32_t p = 0; p < m->param_count; p++) {
                    const mega_param_row *row = &m->params[p];
                    float x = noise ? unit() : throw_next(&at[p]);
                    float v = row->scale == MEGA_EXP ? row->min * powf(row->max / row->min, x)
                                                     : row->min + (row->max - row->min) * x;
                    if (noise && lane >= 12) v = v + 1e6f * (2 * unit() - 1) * row->max;
                    if (k->res >= 0 && strcmp(row->name, "res") == 0) v = k->res;
                    if (k->res >= 0 && strcmp(row->name, "drive") == 0) v = 0;
                    if (k->value >= 0 && strcmp(row->name, k->choice) == 0) v = k->value;
                    b.port[1 + p][i] = v;
                }
            }
        }
        render(&b, FRAMES);
        for (uint32_t o = 0; o < m->output_count; o++)
            for (size_t i = 0; i < (size_t)FRAMES * LANES; i++) {
                assert_true(isfinite(b.out[o][i]));
                if (strcmp(m->outputs[o].name, k->output) == 0)
                    peak = fmax(peak, fabs((double)b.out[o][i]));
            }
    }
    bench_destroy(&b);
    return 20 * log10(peak);
}
static void anything_thrown_stays_bounded(void **unused) {
    (void)unused;
    static const throw_case cases[] = {
        {"svf", "low", "slope", 0, 0, 0, 0},        {"svf", "band", "slope", 0, 0, 0, 0},
        {"svf", "high", "slope", 0, 0, 0, 6},       {"svf", "low", "slope", 0, 0.5f, 1, 2},
        {"svf", "low", "slope", 0, 0.9f, 14, 0},    {"svf", "band", "slope", 0, 0.9f, 14, 0},
        {"svf", "low", "slope", 1, 0.5f, 1, 3},     {"svf", "low", "slope", -1, -1, 72, 0},
        {"filter", "out", "type", -1, 0.9f, 14, 0}, {"onepole", "out", "mode", 0, -1, 0, 2},
        {"ladder", "out", "mode", 3, 0, 0, 0},      {"ladder", "out", "mode", 3, 0.5f, 4, 0},
        {"ladder", "out", "mode", -1, -1, 20, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const throw_case *k = &cases[i];
        double audio = thrown(k, false), noise = thrown(k, true);
        printf("  %-7s %-5s %s %2.0f res %4.1f: resonance %+3.0f dB; peak %+.1f at audio rates, "
               "%+.1f as noise\n",
               k->module, k->output, k->choice, (double)k->value, (double)k->res, k->resonance_db,
               audio, noise);
        assert_number(audio, <=, k->resonance_db + 6 + k->beyond_db);
        assert_number(noise, <=, k->resonance_db + 24);
    }
}

static void nothing_stays_in_a_filter(void **unused) {
    (void)unused;
    static const char *const modules[] = {"svf", "filter", "onepole", "ladder"};
    for (size_t n = 0; n < COUNT_OF(modules); n++) {
        enum { FRAMES = 48000 };
        bench b = bench_create(widest(), modules[n], 48000, FRAMES);
        const float bad[4] = {NAN, INFINITY, -INFINITY, 3e38f};
        for (int l = 0; l < LANES; l++) b.port[0][10 * LANES + l] = bad[l % 4];
        render(&b, FRAMES);
        float tail = 0;
        for (int i = 0; i < FRAMES * LANES; i++)
            assert_true(isfinite(b.out[0][i]) || i / LANES == 10);
        for (int l = 0; l < LANES; l++)
            tail = fmaxf(tail, fabsf(b.out[0][(FRAMES - 1) * LANES + l]));
        printf("  %-7s after NaN and infinity: %g left a second later\n", modules[n], (double)tail);
        assert_number(tail, <, 1e-6f);
        bench_destroy(&b);
    }
}

// ---- paths ------------------------------------------------------------------------------------

static uint64_t lane_hash(const mega_isa_table *isa, const char *module, int lane, uint64_t moving,
                          uint32_t segment, int same) {
    enum { FRAMES = 1500 };
    bench b = bench_create(isa, module, 48000, FRAMES);
    const mega_module *m = b.r.module;
    const uint32_t n = b.r.port_lanes;
    for (uint32_t i = 0; i < FRAMES * n; i++) {
        const uint32_t l = same >= 0 ? (uint32_t)same : n == 1 ? (uint32_t)lane : i % n, t = i / n;
        for (uint32_t p = 0; p < m->param_count; p++) {
            const mega_param_row *row = &m->params[p];
            // in every other lane a drive of 0; choices differ from lane to lane
            if (row->choices) b.port[1 + p][i] = (float)((l + p) % (uint32_t)(row->max + 1));
            else if (strcmp(row->name, "drive") == 0) b.port[1 + p][i] = l & 1 ? 0.7f : 0;
            else b.port[1 + p][i] = row->min + (row->max - row->min) * (float)(l + 1) / 40;
        }
        random_state = (t + 1) * 2654435761u + l;
        b.port[0][i] = t < 1000 ? 2 * unit() - 1 : 0;
    }
    rig_render(&b.r, (const float *const *)b.port, moving, b.out, FRAMES, segment);
    uint64_t hash = 0;
    for (uint32_t o = 0; o < m->output_count; o++)
        for (uint32_t t = 0; t < FRAMES; t++) {
            uint32_t bits;
            memcpy(&bits, &b.out[o][t * n + (n == 1 ? 0 : (uint32_t)lane)], 4);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
        }
    bench_destroy(&b);
    return hash;
}
static void bits_do_not_depend_on_the_path(void **unused) {
    (void)unused;
    static const char *const modules[] = {"svf", "filter", "onepole", "ladder"};
    const mega_isa_table *isa;
    for (size_t n = 0; n < COUNT_OF(modules); n++)
        for (int lane = 0; lane < LANES; lane++) {
            const uint64_t want = lane_hash(&mega_isa_one, modules[n], lane, 1, 64, -1);
            for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
                // among lanes that differ, among lanes alike, and with every port said to move
                assert_int_equal(lane_hash(isa, modules[n], lane, 1, 64, -1), want);
                assert_int_equal(lane_hash(isa, modules[n], lane, 1, 7, lane), want);
                assert_int_equal(lane_hash(isa, modules[n], lane, 31, 1, -1), want);
                assert_int_equal(lane_hash(isa, modules[n], lane, 3, 19, lane), want);
            }
        }
    printf("  one hash for every instruction set, segment, kernel and kind of port\n");
}

// ---- the ladder's limit -----------------------------------------------------------------------

static void ladder_is_clean_until_driven(void **unused) {
    (void)unused;
    enum { SKIP = 8192, FRAMES = SKIP + LENGTH };
    bench b = bench_create(widest(), "ladder", 48000, FRAMES);
    set_all(&b, "freq", 15000);
    const int m = 3413; // 1250 Hz
    for (int l = 0; l < LANES; l++) {
        set(&b, "drive", l, (float)l / (LANES - 1));
        for (int t = 0; t < FRAMES; t++)
            b.port[0][t * LANES + l] = (float)sin(2 * spectrum_pi * m * (t % LENGTH) / LENGTH);
    }
    render(&b, FRAMES);
    for (int l = 0; l < LANES; l += 3) {
        double *power = spectrum_power(b.out[0] + SKIP * LANES + l, LENGTH, LANES);
        double harmonics = 0, alias = spectrum_strange(power, 1, LENGTH / 2, m);
        for (int k = 2 * m; k < LENGTH / 2; k += m) harmonics += power[k];
        printf("  drive %.1f: level %+.2f dB, harmonics %.1f dB, alias %.1f dB\n", l / 15.0,
               spectrum_db(power[m]), spectrum_db(harmonics / power[m]),
               spectrum_db(alias / power[m]));
        if (l == 0) assert_true(spectrum_db(harmonics / power[m]) < -55);
        if (l == 15) assert_true(spectrum_db(harmonics / power[m]) > -20);
        assert_number(spectrum_db(alias / power[m]), <, -55);
        free(power);
    }
    bench_destroy(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_the_prototypes),
        cmocka_unit_test(butterworth_is_where_the_docs_say),
        cmocka_unit_test(ringing_is_in_tune),
        cmocka_unit_test(anything_thrown_stays_bounded),
        cmocka_unit_test(nothing_stays_in_a_filter),
        cmocka_unit_test(bits_do_not_depend_on_the_path),
        cmocka_unit_test(ladder_is_clean_until_driven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
