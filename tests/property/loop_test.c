// SPDX-License-Identifier: MIT
// loop -- cycles through `z1`: against the same loop written by hand in C, bit for bit, shared and
// in voices, in every instruction set and however blocks are split; in tune; caught when they
// explode; refused when they cannot be.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "document/patch.h"
#include "support/files.h"
#include "support/host.h"
#include "support/random_patch.h"
#include "support/random_play.h"
#include "support/rig.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK = MEGA_BLOCK_FRAMES, NOTES = 16 };

#define OUT ",\"out\":{\"type\":\"output\"}"

/// y[t] = x[t] + 0.99 y[t - 1], by mixer and z1
#define ONE_POLE(nodes, cables)                                                                    \
    "{\"voices\":16,\"nodes\":{" nodes "\"x\":{\"type\":\"noise\",\"params\":{\"amp\":0.01}},"     \
    "\"y\":{\"type\":\"mix\",\"params\":{\"level1\":0.99}},\"z\":{\"type\":\"z1\"}" OUT "},"       \
    "\"connections\":[" cables "{\"from\":[\"x\",\"out\"],\"to\":[\"y\",\"in\"]},"                 \
    "{\"from\":[\"y\",\"out\"],\"to\":[\"z\",\"in\"]},"                                            \
    "{\"from\":[\"z\",\"out\"],\"to\":[\"y\",\"in1\"]},"                                           \
    "{\"from\":[\"y\",\"out\"],\"to\":[\"out\",\"in\"]}]}"

static const char shared_one_pole[] = ONE_POLE("", "");
static const char voice_one_pole[] = ONE_POLE(
    "\"note\":{\"type\":\"note\"},", "{\"from\":[\"note\",\"gate\"],\"to\":[\"x\",\"amp\"]},");

/// A sine bent by what it was one frame ago.
static const char sine_feedback[] =
    "{\"voices\":16,\"nodes\":{\"note\":{\"type\":\"note\"},\"y\":{\"type\":\"osc.sine\"},"
    "\"z\":{\"type\":\"z1\"}" OUT "},\"connections\":["
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"y\",\"freq\"]},"
    "{\"from\":[\"z\",\"out\"],\"to\":[\"y\",\"pm\"],\"amount\":0.15},"
    "{\"from\":[\"y\",\"out\"],\"to\":[\"z\",\"in\"]},"
    "{\"from\":[\"y\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.05}]}";

// ---- against C --------------------------------------------------------------------------------

/// What one lane's loop should give for a frame. @param before what it gave last
typedef float by_hand(rig *sine, float before, float x);

static float one_pole(rig *sine, float before, float x) {
    (void)sine;
    return x + before * 0.99f;
}

/// The kernel itself, called for one frame.
static float bent_sine(rig *sine, float before, float freq) {
    static const float none = 0, one = 1;
    float out, pm = before * 0.15f;
    rig_render(sine, (const float *const[]){&pm, &none, &freq, &one, &none, &none}, 0,
               (float *[]){&out}, 1, 1);
    return out;
}

typedef struct {
    const char *json, *node, *port; ///< what goes into the loop; what comes out of it is y.out
    by_hand *expected;
    uint32_t notes; ///< 0: it is shared
} loop_case;

static const loop_case loop_cases[] = {
    {shared_one_pole, "x", "out", one_pole, 0},    {voice_one_pole, "x", "out", one_pole, 1},
    {voice_one_pole, "x", "out", one_pole, 2},     {voice_one_pole, "x", "out", one_pole, 16},
    {sine_feedback, "note", "freq", bent_sine, 1}, {sine_feedback, "note", "freq", bent_sine, 16},
};
enum { CASES = sizeof loop_cases / sizeof *loop_cases };

/// Events at odd frames split the blocks to come.
static void split_blocks(mega_engine *e, rng *r, const mega_note *notes, uint32_t count) {
    for (int i = 0; i < 3; i++) {
        uint64_t frame = mega_counters_get(e).frame + rng_below(r, 4 * BLOCK);
        float value = rng_between(r, -1, 1);
        if (count) mega_note_set(e, frame, notes[rng_below(r, count)], MEGA_NOTE_BEND, value);
        else mega_controller_set(e, frame, MEGA_CONTROL_BEND, value);
    }
}

/// Compares a block of one lane. @return frames that differ
static int check_block(const loop_case *c, rig *sine, const float *x, const float *y,
                       float *before) {
    int wrong = 0;
    for (int t = 0; t < BLOCK; t++) {
        float expected = c->expected(sine, *before, x[t]);
        wrong += memcmp(&expected, &y[t], sizeof expected) != 0;
        *before = y[t];
    }
    return wrong;
}

/// @param part frames that the host asks for at a time
static int differences(const loop_case *c, const char *isa, uint32_t part) {
    enum { BLOCKS = 120 };
    mega_engine *e = mega_create(&(mega_options){.isa = isa}, NULL);
    host_load(e, c->json);
    int32_t in = mega_bus_open(e, c->node, c->port, NULL), out = mega_bus_open(e, "y", "out", NULL);
    host_render(e, NULL, 10 * BLOCK);
    rng r = rng_create(part);
    mega_note notes[NOTES] = {0};
    rig sines[NOTES];
    float before[NOTES] = {0}, x[BLOCK], y[BLOCK];
    uint32_t lanes = c->notes ? c->notes : 1;
    for (uint32_t n = 0; n < lanes; n++) {
        sines[n] = rig_create(&mega_isa_one, rig_index("osc.sine"), 48000);
        if (c->notes) mega_note_on(e, MEGA_NOW, 40 + 3 * (float)n, 0.8f, &notes[n]);
    }
    if (!c->notes && mega_bus_read(e, out, 0, y)) before[0] = y[BLOCK - 1];
    int wrong = 0;
    for (int block = 0; block < BLOCKS; block++) {
        if (block % 4 == 0) split_blocks(e, &r, notes, c->notes);
        for (uint32_t done = 0; done < BLOCK; done += part) host_render(e, NULL, part);
        for (uint32_t n = 0; n < lanes; n++) {
            assert_true(mega_bus_read(e, in, notes[n], x) && mega_bus_read(e, out, notes[n], y));
            wrong += check_block(c, &sines[n], x, y, &before[n]);
        }
    }
    for (uint32_t n = 0; n < lanes; n++) {
        assert_true(fabsf(before[n]) > 1e-6f); // not silence that is compared
        rig_destroy(&sines[n]);
    }
    mega_destroy(e);
    return wrong;
}

static void loops_are_what_they_are_in_c(void **unused) {
    (void)unused;
    const mega_isa_table *isa;
    int bad = 0;
#if defined(__x86_64__)
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040); // no subnormal numbers, as in render
#endif
    for (size_t i = 0; (isa = mega_isa_at(i)); i++)
        for (int c = 0; c < CASES; c++)
            for (uint32_t part = 1; part <= 64; part *= 8) {
                int wrong = differences(&loop_cases[c], isa->name, part);
                if (wrong)
                    print_error("case %d, %s, %u frames: %d differ\n", c, isa->name, part, wrong);
                bad += wrong;
            }
#if defined(__x86_64__)
    _mm_setcsr(mode);
#endif
    assert_int_equal(bad, 0);
}

/// A parameter that the loop itself moves, and a note has its own value of, on its way.
static void notes_have_their_own_values_in_loops(void **unused) {
    (void)unused;
    enum { FRAMES = 9600 };
    static const char json[] =
        "{\"voices\":16,\"nodes\":{\"note\":{\"type\":\"note\"},\"y\":{\"type\":\"osc.sine\","
        "\"params\":{\"freq\":300}},\"z\":{\"type\":\"z1\"}" OUT "},\"connections\":["
        "{\"from\":[\"note\",\"velocity\"],\"to\":[\"y\",\"amp\"]},"
        "{\"from\":[\"z\",\"out\"],\"to\":[\"y\",\"freq\"],\"amount\":90},"
        "{\"from\":[\"y\",\"out\"],\"to\":[\"z\",\"in\"]},"
        "{\"from\":[\"y\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.05}]}";
    static float left[2][FRAMES];
    for (int notes = 1; notes <= 16; notes += 15) {
        for (int own = 0; own < 2; own++) {
            mega_engine *e = host_open(json);
            int32_t mine = mega_find_note_param(e, "y", "freq", NULL);
            int32_t all = mega_find_param(e, "y", "freq");
            host_render(e, NULL, 10 * BLOCK);
            for (int n = 0; n < notes; n++) {
                mega_note note;
                mega_note_on(e, MEGA_NOW, 60 + (float)n, 1, &note);
                uint64_t frame = mega_counters_get(e).frame + 1000;
                if (own) mega_note_param_set(e, frame, note, mine, 500, 0.05f);
                else if (n == 0) mega_param_set(e, frame, all, 500, 0.05f);
            }
            host_render(e, left[own], FRAMES);
            mega_destroy(e);
        }
        assert_true(fabsf(left[0][FRAMES - 1]) + fabsf(left[0][FRAMES - 9]) > 0.001f);
        assert_memory_equal(left[0], left[1], sizeof left[0]);
    }
}

// ---- documents --------------------------------------------------------------------------------

static char *read_example(const char *name, size_t *bytes) {
    char path[1024];
    snprintf(path, sizeof path, "%s/examples/%s", SOURCE_DIR, name);
    char *text = read_file(path, bytes);
    assert_non_null(text);
    return text;
}

static mega_patch *example(const char *name, mega_format format) {
    size_t bytes;
    char *text = read_example(name, &bytes);
    mega_patch *patch = mega_patch_read(text, bytes, format, NULL);
    assert_non_null(patch);
    free(text);
    return patch;
}

/// How far a note's first partial is off, in cents: how its phase goes on from one second to the
/// next.
static double cents_off(const mega_patch *patch, float key) {
    enum { LEAD = 2400, WINDOW = 9600, APART = 4800 };
    static float signal[LEAD + WINDOW + APART];
    const double pi = 3.14159265358979323846, hz = 440 * pow(2, ((double)key - 69) / 12);
    mega_engine *e = mega_create(NULL, NULL);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    mega_note_on(e, 0, key, 1, NULL);
    host_render(e, signal, LEAD + WINDOW + APART);
    mega_destroy(e);
    double phase[2];
    for (int k = 0; k < 2; k++) {
        double re = 0, im = 0;
        for (int t = 0; t < WINDOW; t++) {
            size_t at = (size_t)(LEAD + k * APART + t);
            double window = 1 - cos(2 * pi * t / WINDOW), turns = hz * (double)at / 48000;
            re += window * (double)signal[at] * cos(2 * pi * turns);
            im -= window * (double)signal[at] * sin(2 * pi * turns);
        }
        phase[k] = atan2(im, re);
        assert_true(hypot(re, im) > 0.1);
    }
    double ahead = remainder(phase[1] - phase[0], 2 * pi);
    return 1200 * log2(1 + ahead / (2 * pi * APART / 48000.0) / hz);
}

static void examples_are_in_tune(void **unused) {
    (void)unused;
    static const struct {
        const char *name;
        mega_format format;
        double worst_cents;
    } examples[] = {{"karplus.json", MEGA_FORMAT_JSON, 0.1},
                    {"fm_feedback.sexp", MEGA_FORMAT_SEXP, 0.05}};
    for (int i = 0; i < 2; i++) {
        mega_patch *patch = example(examples[i].name, examples[i].format);
        double worst = 0;
        printf("%s:", examples[i].name);
        for (float key = 28; key <= 88; key += 6) {
            double cents = cents_off(patch, key);
            printf("  %g: %+.3f", (double)key, cents);
            worst = fmax(worst, fabs(cents));
        }
        printf("  cents by key; at most %.3f (hold %g)\n", worst, examples[i].worst_cents);
        assert_true(worst <= examples[i].worst_cents);
        mega_patch_destroy(patch);
    }
}

/// The hash of a document played at random.
static uint64_t played(const mega_patch *patch, const char *isa, uint32_t block) {
    mega_engine *e = mega_create(&(mega_options){.isa = isa, .seed = 3}, NULL);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    player p = play_create(e, patch, 11);
    play_render(&p, 12000, block);
    assert_true(isfinite(p.peak));
    mega_destroy(e);
    return p.hash;
}

static void any_split_gives_the_same_bits(void **unused) {
    (void)unused;
    static const uint32_t blocks[] = {1, 17, 64, 512};
    static const uint32_t voices[] = {1, 5, 33};
    int bad = 0;
    for (int i = 0; i < 6; i++) {
        mega_patch *patch = i % 2 ? example("fm_feedback.sexp", MEGA_FORMAT_SEXP)
                                  : example("karplus.json", MEGA_FORMAT_JSON);
        mega_patch_set_voices(patch, voices[i / 2]);
        uint64_t first = played(patch, "one", 64);
        const mega_isa_table *isa;
        for (size_t k = 1; (isa = mega_isa_at(k)); k++)
            for (int b = 0; b < 4; b++)
                if ((b == 2 || !mega_isa_at(k + 1)) && played(patch, isa->name, blocks[b]) != first)
                    bad++, print_error("example %d: %s, blocks of %u\n", i, isa->name, blocks[b]);
        mega_patch_destroy(patch);
    }
    assert_int_equal(bad, 0);
}

/// So that what other tests play at random plays loops too.
static void random_patches_have_loops(void **unused) {
    (void)unused;
    enum { PATCHES = 400 };
    int with = 0;
    size_t longest = 0;
    for (uint64_t seed = 1000; seed < 1000 + PATCHES; seed++) {
        char *json = random_patch(seed, 0), *text = NULL;
        mega_patch *patch = host_read_patch(json);
        assert_int_equal(mega_patch_disassemble(patch, NULL, &text), MEGA_OK);
        const char *at = strstr(text, "\n  LOOP ");
        with += at != NULL;
        for (; at; at = strstr(at + 1, "\n  LOOP "))
            if ((size_t)atoi(at + 8) > longest) longest = (size_t)atoi(at + 8);
        mega_free(text);
        mega_patch_destroy(patch);
        free(json);
    }
    printf("%d of %d random patches have loops; the longest has %zu instructions\n", with, PATCHES,
           longest);
    assert_true(with > PATCHES / 10);
}

// ---- what goes wrong --------------------------------------------------------------------------

/// A loop that doubles each frame once the knob is up; `clip` would hide it from the output.
#define EXPLODING(nodes, cables)                                                                   \
    "{\"knobs\":{\"k\":{\"value\":0}},\"nodes\":{" nodes                                           \
    "\"x\":{\"type\":\"osc.sine\",\"params\":{\"amp\":0.1}},\"y\":{\"type\":\"gain\"},\"z\":{"     \
    "\"type\":\"z1\"},\"c\":{\"type\":\"clip\"}" OUT "},\"connections\":[" cables                  \
    "{\"from\":[\"x\",\"out\"],\"to\":[\"y\",\"in\"]},{\"from\":[\"z\",\"out\"],\"to\":[\"y\","    \
    "\"in\"]},{\"from\":\"k\",\"to\":[\"y\",\"amp\"]},{\"from\":[\"y\",\"out\"],\"to\":[\"z\","    \
    "\"in\"]},{\"from\":[\"y\",\"out\"],\"to\":[\"c\",\"in\"]},{\"from\":[\"c\",\"out\"],\"to\":"  \
    "[\"out\",\"in\"]},{\"from\":[\"y\",\"out\"],\"to\":[\"out\",\"left\"]}]}"
static const char *const exploding[] = {
    EXPLODING("", ""),
    EXPLODING("\"note\":{\"type\":\"note\"},",
              "{\"from\":[\"note\",\"freq\"],\"to\":[\"x\",\"freq\"]},"
              "{\"from\":[\"note\",\"gate\"],\"to\":[\"x\",\"sync\"]},"),
};

static double peak_now(mega_engine *e, uint32_t frames) {
    static float left[48000];
    host_render(e, left, frames);
    double peak = 0;
    for (uint32_t t = 0; t < frames; t++) {
        assert_true(isfinite(left[t]));
        peak = fmax(peak, fabs((double)left[t]));
    }
    return peak;
}

static void an_exploding_loop_is_caught_and_comes_back(void **unused) {
    (void)unused;
    for (int i = 0; i < 2; i++)
        for (uint32_t notes = 1; notes <= 16; notes *= 4) {
            mega_engine *e = mega_create(NULL, NULL);
            mega_patch *patch = host_read_patch(exploding[i]);
            mega_patch_set_voices(patch, 16);
            assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
            int32_t bus = mega_bus_open(e, "y", "out", NULL), k = mega_find_knob(e, "k");
            for (uint32_t n = 0; n < notes; n++) mega_note_on(e, 0, 50 + (float)n, 1, NULL);
            mega_knob_set(e, 0, k, 0.2f);
            assert_in_range((int)(1000 * peak_now(e, 24000)), 10, 100000);
            assert_int_equal(mega_counters_get(e).lanes_silenced, 0);
            mega_knob_set(e, MEGA_NOW, k, 0.7f); // times 2.8 a frame
            for (int t = 0; t < 100; t++) {
                float block[BLOCK];
                peak_now(e, BLOCK);
                mega_bus_read(e, bus, 0, block);
                for (int f = 0; f < BLOCK; f++) assert_true(isfinite(block[f]));
            }
            mega_counters c = mega_counters_get(e);
            printf("%s, %u notes: %llu lanes, %llu blocks silenced\n", i ? "voices" : "shared",
                   notes, (unsigned long long)c.lanes_silenced,
                   (unsigned long long)c.outputs_silenced);
            if (i) assert_int_equal(c.lanes_silenced, notes);
            else assert_true(c.lanes_silenced > 0);
            if (i) assert_int_equal(c.voices_active, 0);
            mega_knob_set(e, MEGA_NOW, k, 0.2f);
            peak_now(e, 4800);
            if (i) mega_note_on(e, MEGA_NOW, 60, 1, NULL);
            assert_in_range((int)(1000 * peak_now(e, 24000)), 10, 100000); // alive
            mega_patch_destroy(patch);
            mega_destroy(e);
        }
}

/// @param hint a part of it
static void expect_error(const char *json, const char *code, const char *message,
                         const char *hint) {
    mega_patch *patch = host_read_patch(json);
    mega_report *report = mega_report_create();
    assert_int_equal(mega_patch_check(patch, report), MEGA_ERROR_PATCH);
    const mega_diagnostic *d = mega_report_get(report, 0);
    printf("%s: %s (%s)\n", d->path, d->message, d->hint);
    assert_string_equal(d->code, code);
    assert_non_null(strstr(d->message, message));
    assert_non_null(strstr(d->hint, hint));
    mega_report_destroy(report);
    mega_patch_destroy(patch);
}

#define CABLE(from, output, to, port)                                                              \
    "{\"from\":[\"" from "\",\"" output "\"],\"to\":[\"" to "\",\"" port "\"]}"

static void what_cannot_be_a_loop_is_explained(void **unused) {
    (void)unused;
    // a second way round that passes no z1
    expect_error("{\"nodes\":{\"a\":{\"type\":\"gain\"},\"b\":{\"type\":\"gain\"},\"z\":{\"type\":"
                 "\"z1\"}" OUT "},\"connections\":[" CABLE("a", "out", "b", "in") "," CABLE(
                     "b", "out", "z", "in") "," CABLE("z", "out", "a",
                                                      "in") "," CABLE("b", "out", "a", "amp") "]}",
                 "cycle", "b.out -> a", "`z1`");
    static const char mixed[] =
        "{\"nodes\":{\"note\":{\"type\":\"note\"},\"a\":{\"type\":\"osc.sine\"},\"d\":{\"type\":"
        "\"%s\"%s},\"z\":{\"type\":\"z1\"}" OUT
        "},\"connections\":[" CABLE("note", "freq", "a", "freq") "," CABLE(
            "a", "out", "d", "left") "," CABLE("d", "left", "z",
                                               "in") "," CABLE("z", "out", "a",
                                                               "pm") "," CABLE("a", "out", "out",
                                                                               "in") "]}";
    char json[1000];
    snprintf(json, sizeof json, mixed, "delay", "");
    expect_error(json, "scope", "`a` is per voice and `d` is shared", "\"voice\" in `d`");
    snprintf(json, sizeof json, mixed, "reverb", "");
    expect_error(json, "scope", "`d` is shared", "`feedback`");
    snprintf(json, sizeof json, mixed, "delay", ",\"scope\":\"voice\"");
    mega_destroy(host_open(json));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_are_what_they_are_in_c),
        cmocka_unit_test(notes_have_their_own_values_in_loops),
        cmocka_unit_test(any_split_gives_the_same_bits),
        cmocka_unit_test(examples_are_in_tune),
        cmocka_unit_test(random_patches_have_loops),
        cmocka_unit_test(an_exploding_loop_is_caught_and_comes_back),
        cmocka_unit_test(what_cannot_be_a_loop_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
