// SPDX-License-Identifier: MIT
// voices -- notes at the limit of polyphony: none sticks, every handle ends, stealing is not heard.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "support/highpass.h"
#include "support/host.h"
#include "support/random.h"

#define ENV(a, r)                                                                                  \
    "\"env\",\"params\":{\"attack\":" #a ",\"decay\":0.01,\"sustain\":1,\"release\":" #r "}"

/// A sine a voice, with its envelope: what is above 4 kHz is a click.
static const char *SINES =
    "{\"voices\":%d,\"nodes\":{\"note\":{\"type\":\"note\",\"params\":{\"mode\":%d,\"glide\":%g}},"
    "\"osc\":{\"type\":\"osc.sine\"},\"env\":{\"type\":" ENV(
        0.002, 0.02) "},"
                     "\"vca\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},"
                     "\"connections\":[{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
                     "{\"from\":[\"note\",\"gate\"],\"to\":[\"env\",\"gate\"]},"
                     "{\"from\":[\"note\",\"velocity\"],\"to\":[\"env\",\"amp\"]},"
                     "{\"from\":[\"osc\",\"out\"],\"to\":[\"vca\",\"in\"]},"
                     "{\"from\":[\"env\",\"out\"],\"to\":[\"vca\",\"amp\"]},"
                     "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

static mega_engine *open_sines(int voices, int mode, double glide) {
    char text[2048];
    snprintf(text, sizeof text, SINES, voices, mode, glide);
    return host_open(text);
}

// ---- nothing sticks ---------------------------------------------------------------------------

enum { SEQUENCES = 1000, NOTES = 40 };

typedef struct {
    mega_note note;
    bool down, ended;
} played;

/// Every handle that was given has ended once; none that was not given has.
static uint32_t collect_ended(mega_engine *e, played *notes, uint32_t count) {
    mega_note note;
    uint64_t frame;
    uint32_t found = 0;
    while (mega_next_ended(e, &note, &frame)) {
        uint32_t i = 0;
        while (i < count && notes[i].note != note) i++;
        assert_true(i < count);
        assert_false(notes[i].ended);
        notes[i].ended = true;
        found++;
    }
    return found;
}

static void play_sequence(uint64_t seed, uint64_t *stolen) {
    rng r = rng_create(seed);
    int voices = 1 + (int)rng_below(&r, 8);
    mega_engine *e = open_sines(voices, (int)rng_below(&r, 3), rng_chance(&r, 0.3f) ? 0.01 : 0);
    played notes[NOTES] = {{0}};
    uint64_t frame = 0;
    uint32_t ended = 0;
    for (uint32_t i = 0; i < NOTES; i++) {
        float key = (float)(48 + rng_below(&r, 12));
        assert_int_equal(mega_note_on(e, frame, key, rng_unit(&r), &notes[i].note), MEGA_OK);
        notes[i].down = true;
        uint32_t offs = rng_below(&r, 3);
        for (uint32_t k = 0; k < offs; k++) {
            played *n = &notes[rng_below(&r, i + 1)];
            mega_note_off(e, frame + rng_below(&r, 300), n->note, 0.5f);
            n->down = false;
        }
        if (rng_chance(&r, 0.2f))
            mega_controller_set(
                e, frame, rng_chance(&r, 0.5f) ? MEGA_CONTROL_SUSTAIN : MEGA_CONTROL_SOSTENUTO,
                rng_unit(&r));
        frame += rng_below(&r, 500);
        if (rng_chance(&r, 0.5f)) host_render(e, NULL, 1 + rng_below(&r, 700));
        assert_true(mega_counters_get(e).voices_active <= (uint32_t)voices);
        ended += collect_ended(e, notes, NOTES);
    }
    mega_controller_set(e, frame, MEGA_CONTROL_SUSTAIN, 0);
    mega_controller_set(e, frame, MEGA_CONTROL_SOSTENUTO, 0);
    for (uint32_t i = 0; i < NOTES; i++) mega_note_off(e, frame, notes[i].note, 0);
    mega_note_off(e, frame, notes[0].note, 0); // stale by now: touches nothing
    uint64_t now = mega_counters_get(e).frame;
    host_render(e, NULL, (uint32_t)(frame > now ? frame - now : 0) + 9600);
    ended += collect_ended(e, notes, NOTES);
    mega_counters c = mega_counters_get(e);
    assert_int_equal(c.voices_active, 0);
    assert_int_equal(c.voices_held, 0);
    assert_int_equal(c.notes_dropped, 0);
    assert_int_equal(ended, NOTES);
    assert_int_equal(c.notes_ended, NOTES);
    *stolen += c.notes_stolen;
    mega_destroy(e);
}

static void no_note_sticks(void **unused) {
    (void)unused;
    uint64_t stolen = 0;
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++) play_sequence(seed, &stolen);
    printf("%d sequences of %d notes at 1..8 voices, poly, mono and legato: %llu stolen, every "
           "handle ended\n",
           SEQUENCES, NOTES, (unsigned long long)stolen);
    assert_true(stolen > SEQUENCES);
}

// ---- stealing is not heard --------------------------------------------------------------------

/// A chord sounds; silent notes steal it away one by one, at random phases. Nothing else changes.
static void stealing_is_not_heard(void **unused) {
    (void)unused;
    enum { FRAMES = 24000, CHORD = 8 };
    static float signal[FRAMES];
    double worst = -200;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        rng r = rng_create(seed);
        mega_engine *e = open_sines(CHORD, 0, 0);
        for (int i = 0; i < CHORD; i++) mega_note_on(e, 0, 48 + 4 * (float)i, 1, NULL);
        host_render(e, NULL, 9600);
        for (int i = 0; i < CHORD; i++)
            mega_note_on(e, 9600 + 2000 + rng_below(&r, 20000), 30 + (float)i, 0, NULL);
        host_render(e, signal, FRAMES);
        assert_int_equal(mega_counters_get(e).notes_stolen, CHORD);
        double db = 20 * log10(highpass_peak(signal, FRAMES) / peak_of(signal, FRAMES));
        worst = fmax(worst, db);
        mega_destroy(e);
    }
    printf("steal: above 4 kHz at most %.1f dB re programme (hold -70)\n", worst);
    assert_true(worst <= -70);
}

// ---- which one goes ---------------------------------------------------------------------------

static mega_note next_ended(mega_engine *e) {
    mega_note note = 0;
    mega_next_ended(e, &note, NULL);
    return note;
}

static void stealing_order(void **unused) {
    (void)unused;
    mega_engine *e = open_sines(4, 0, 0);
    mega_note low, second, third, newest, other;
    mega_note_on(e, 0, 40, 1, &low);
    mega_note_on(e, 100, 60, 1, &second);
    mega_note_on(e, 200, 64, 1, &third);
    mega_note_on(e, 300, 67, 1, &newest);
    host_render(e, NULL, 4800);
    // nothing released, no such key: the oldest that is neither lowest nor newest
    mega_note_on(e, 4800, 72, 1, &other);
    host_render(e, NULL, 4800);
    assert_int_equal(next_ended(e), second);
    // the same key goes before an older one
    mega_note_on(e, 9600, 67, 1, &second);
    host_render(e, NULL, 4800);
    assert_int_equal(next_ended(e), newest);
    // a released one goes before all
    mega_note_off(e, 14400, other, 0);
    mega_note_on(e, 14450, 80, 1, NULL);
    host_render(e, NULL, 640);
    assert_int_equal(next_ended(e), other);
    // one voice of its own: low is still there
    assert_int_equal(mega_counters_get(e).voices_active, 4);
    mega_note_off(e, 16000, low, 0);
    host_render(e, NULL, 9600);
    assert_int_equal(next_ended(e), low);
    mega_destroy(e);
}

static void stealing_as_asked_for(void **unused) {
    (void)unused;
    for (int how = 1; how <= 3; how++) {
        mega_engine *e = open_sines(3, 0, 0);
        mega_param_set(e, 0, mega_find_param(e, "note", "steal"), (float)how, 0);
        mega_note low, middle, quiet, more;
        mega_note_on(e, 0, 40, 1, &low);
        mega_note_on(e, 10, 60, 1, &middle);
        mega_note_on(e, 20, 64, 0.2f, &quiet);
        host_render(e, NULL, 4800);
        mega_note_on(e, 4800, 72, 1, &more);
        host_render(e, NULL, 4800);
        mega_note ended = next_ended(e);
        if (how == 1) assert_int_equal(ended, low);
        if (how == 2) assert_int_equal(ended, quiet);
        if (how == 3) assert_int_equal(ended, more); // dropped
        assert_int_equal(mega_counters_get(e).notes_dropped, how == 3);
        mega_destroy(e);
    }
}

static void one_voice_steals_itself(void **unused) {
    (void)unused;
    mega_engine *e = open_sines(1, 0, 0);
    for (int i = 0; i < 20; i++) mega_note_on(e, (uint64_t)i * 10, 60 + (float)i, 1, NULL);
    host_render(e, NULL, 640);
    mega_counters c = mega_counters_get(e);
    assert_int_equal(c.voices_active, 1);
    assert_int_equal(c.notes_stolen, 19);
    assert_int_equal(c.notes_dropped, 0);
    mega_destroy(e);
}

// ---- pedals and modes -------------------------------------------------------------------------

static void pedals_hold(void **unused) {
    (void)unused;
    mega_engine *e = open_sines(8, 0, 0);
    mega_note a, b;
    mega_note_on(e, 0, 60, 1, &a);
    mega_controller_set(e, 64, MEGA_CONTROL_SOSTENUTO, 1);
    mega_note_on(e, 128, 64, 1, &b);
    mega_note_off(e, 256, a, 0);
    mega_note_off(e, 256, b, 0);
    host_render(e, NULL, 9600);
    assert_int_equal(mega_counters_get(e).voices_active, 1); // a, by the sostenuto
    mega_controller_set(e, 9600, MEGA_CONTROL_SUSTAIN, 1);
    mega_note_on(e, 9600, 67, 1, &b);
    mega_note_off(e, 9700, b, 0);
    mega_controller_set(e, 9800, MEGA_CONTROL_SOSTENUTO, 0);
    host_render(e, NULL, 9600);
    assert_int_equal(mega_counters_get(e).voices_held,
                     1); // b, by the sustain pedal; a went with the other
    mega_controller_set(e, 19200, MEGA_CONTROL_SUSTAIN, 0);
    host_render(e, NULL, 9600);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    mega_destroy(e);
}

static double key_now(mega_engine *e, int32_t bus, mega_note note) {
    float block[64];
    assert_true(mega_bus_read(e, bus, note, block));
    return 69 + 12 * log2((double)block[63] / 440);
}

static void legato_returns_to_the_key_below(void **unused) {
    (void)unused;
    for (int mode = 1; mode <= 2; mode++) {
        mega_engine *e = open_sines(8, mode, 0);
        int32_t bus = mega_bus_open(e, "note", "freq", NULL);
        mega_note a, b;
        mega_note_on(e, 0, 60, 1, &a);
        mega_note_on(e, 1000, 67, 1, &b);
        host_render(e, NULL, 4800);
        assert_int_equal(mega_counters_get(e).voices_active, 1);
        assert_float_equal(key_now(e, bus, b), 67, 0.001);
        mega_note_off(e, 4800, b, 0);
        host_render(e, NULL, 4800);
        assert_int_equal(next_ended(e), b);
        assert_float_equal(key_now(e, bus, a), 60, 0.001);
        mega_note_off(e, 9600, a, 0);
        host_render(e, NULL, 9600);
        assert_int_equal(next_ended(e), a);
        assert_int_equal(mega_counters_get(e).voices_active, 0);
        mega_destroy(e);
    }
}

static void reserved_voices_are_played_by_hand(void **unused) {
    (void)unused;
    mega_engine *e = open_sines(3, 0, 0);
    int32_t bus = mega_bus_open(e, "note", "freq", NULL);
    mega_note hand, key, other;
    mega_voice_reserve(e, 0, 60, &hand);
    host_render(e, NULL, 48000); // its gate is shut, yet it does not end
    assert_int_equal(mega_counters_get(e).voices_active, 1);
    assert_int_equal(mega_counters_get(e).voices_held, 0);
    mega_note_set(e, MEGA_NOW, hand, MEGA_NOTE_SET_GATE, 1);
    mega_note_set(e, MEGA_NOW, hand, MEGA_NOTE_SET_KEY, 67.5f);
    host_render(e, NULL, 640);
    assert_int_equal(mega_counters_get(e).voices_held, 1);
    assert_float_equal(key_now(e, bus, hand), 67.5, 0.001);
    mega_note_set(e, MEGA_NOW, hand, MEGA_NOTE_SET_GATE, 0);
    // five notes in the two voices left: it is not stolen, though its gate is shut
    for (int i = 0; i < 5; i++) mega_note_on(e, MEGA_NOW, 70 + (float)i, 1, &key);
    host_render(e, NULL, 640);
    assert_int_equal(mega_counters_get(e).voices_active, 3);
    assert_float_equal(key_now(e, bus, hand), 67.5, 0.001);
    // neither note_off nor the gate of another note means it; with all reserved there is no room
    mega_note_off(e, MEGA_NOW, hand, 0);
    mega_note_set(e, MEGA_NOW, key, MEGA_NOTE_SET_GATE, 0);
    mega_voice_reserve(e, MEGA_NOW, 40, &other);
    mega_voice_reserve(e, MEGA_NOW, 41, &other);
    host_render(e, NULL, 640);
    mega_note_on(e, MEGA_NOW, 80, 1, NULL);
    host_render(e, NULL, 640);
    assert_int_equal(mega_counters_get(e).notes_dropped, 1);
    assert_float_equal(key_now(e, bus, hand), 67.5, 0.001);
    mega_voice_free(e, MEGA_NOW, hand);
    host_render(e, NULL, 640);
    assert_int_equal(mega_counters_get(e).voices_active, 2);
    float block[64];
    assert_false(mega_bus_read(e, bus, hand, block));
    mega_destroy(e);
}

// ---- expression -------------------------------------------------------------------------------

static void bends_reach_their_notes(void **unused) {
    (void)unused;
    mega_engine *e = open_sines(8, 0, 0);
    int32_t bus = mega_bus_open(e, "note", "freq", NULL);
    mega_note a, b;
    mega_controller_set(e, 0, MEGA_CONTROL_BEND, 0.5f); // before the notes: half of two semitones
    mega_note_on(e, 100, 60, 1, &a);
    mega_note_on(e, 100, 64, 1, &b);
    host_render(e, NULL, 192);
    assert_float_equal(key_now(e, bus, a), 61, 0.001);
    mega_note_set(e, 192, b, MEGA_NOTE_BEND, -3.25f);
    host_render(e, NULL, 9600);
    assert_float_equal(key_now(e, bus, a), 61, 0.001);
    assert_float_equal(key_now(e, bus, b), 61.75, 0.001);
    // its voice's next note is not bent by it
    mega_note_off(e, 9792, b, 0);
    host_render(e, NULL, 9600);
    mega_note_on(e, 19392, 70, 1, &b);
    host_render(e, NULL, 640);
    assert_float_equal(key_now(e, bus, b), 71, 0.001);
    mega_destroy(e);
}

/// The peak of a block of one voice.
static float level_now(mega_engine *e, int32_t bus, mega_note note) {
    float block[64], peak = 0;
    assert_true(mega_bus_read(e, bus, note, block));
    for (int t = 0; t < 64; t++) peak = fmaxf(peak, fabsf(block[t]));
    return peak;
}

static void notes_have_values_of_their_own(void **unused) {
    (void)unused;
    static const char *swap = "[{\"op\":\"voices\",\"count\":40},{\"op\":\"add\",\"id\":\"x\","
                              "\"type\":\"gain\"},{\"op\":\"connect\",\"from\":[\"osc\",\"out\"],"
                              "\"to\":[\"x\",\"in\"]},{\"op\":\"connect\",\"from\":[\"x\",\"out\"],"
                              "\"to\":[\"out\",\"in\"],\"amount\":0.1}]";
    for (int voices = 2; voices <= 9; voices += 7) { // one by one, and side by side
        mega_engine *e = open_sines(voices, 0, 0);
        int32_t bus = mega_bus_open(e, "osc", "out", NULL);
        int32_t amp = mega_find_note_param(e, "osc", "amp", NULL);
        int32_t all = mega_find_param(e, "osc", "amp");
        assert_true(amp >= 0 && mega_find_note_param(e, "osc", "amp", NULL) == amp);
        assert_int_equal(mega_find_note_param(e, "osc", "ampp", NULL), -1);
        mega_note note[9];
        for (int i = 0; i < voices; i++) mega_note_on(e, 0, 84 + (float)i, 1, &note[i]);
        host_render(e, NULL, 640);
        mega_note_param_set(e, 700, note[1], amp, 0.25f, -1);
        mega_param_set(e, 5000, all, 0.5f, 0.01f); // written for all: not for that one
        host_render(e, NULL, 9600);
        assert_float_equal(level_now(e, bus, note[0]), 0.5f, 0.01f);
        assert_float_equal(level_now(e, bus, note[1]), 0.25f, 0.005f);
        mega_edit(e, swap, strlen(swap), MEGA_FORMAT_JSON, NULL, NULL, NULL);
        host_render(e, NULL, 9600);
        assert_float_equal(level_now(e, bus, note[1]), 0.25f, 0.005f);
        // it ends with its note: the voice's next one has what all have
        mega_note_off(e, MEGA_NOW, note[1], 0);
        host_render(e, NULL, 9600);
        mega_note_on(e, MEGA_NOW, 85, 1, &note[1]);
        host_render(e, NULL, 9600);
        assert_float_equal(level_now(e, bus, note[1]), 0.5f, 0.01f);
        mega_destroy(e);
    }
}

/// A ramp of one voice does not depend on how blocks are split, nor on how the voice is run.
static void own_ramps_are_exact(void **unused) {
    (void)unused;
    static float left[3][48000];
    for (int pass = 0; pass < 3; pass++) {
        mega_engine *e = mega_create(&(mega_options){.isa = pass == 2 ? "one" : NULL}, NULL);
        char text[2048];
        snprintf(text, sizeof text, SINES, 8, 0, 0.0);
        host_load(e, text);
        int32_t amp = mega_find_note_param(e, "osc", "amp", NULL);
        int32_t freq = mega_find_note_param(e, "osc", "freq", NULL);
        mega_note note[5];
        for (int i = 0; i < 5; i++) mega_note_on(e, 0, 60 + (float)i, 1, &note[i]);
        for (int i = 0; i < 5; i++) {
            mega_note_param_set(e, 3000 + 777 * (uint64_t)i, note[i], amp, 0.1f * (float)i, 0.1f);
            mega_note_param_set(e, 4000 + 555 * (uint64_t)i, note[i], freq, 20 * (float)i, -1);
        }
        for (uint64_t t = 3001; pass == 1 && t < 20000; t += 17) mega_knob_set(e, t, 0, 0);
        host_render(e, left[pass], 48000);
        mega_destroy(e);
    }
    assert_memory_equal(left[0], left[1], sizeof left[0]);
    assert_memory_equal(left[0], left[2], sizeof left[0]);
}

static void glide_takes_its_time(void **unused) {
    (void)unused;
    mega_engine *e = open_sines(8, 0, 0.1);
    int32_t bus = mega_bus_open(e, "note", "freq", NULL);
    mega_note a;
    mega_note_on(e, 0, 60, 1, &a);
    host_render(e, NULL, 640);
    assert_float_equal(key_now(e, bus, a), 60, 0.001);
    mega_note_on(e, 640, 72, 1, &a);
    host_render(e, NULL, 2432); // half of 4800 frames, to the block
    assert_float_equal(key_now(e, bus, a), 66, 0.1);
    host_render(e, NULL, 4800);
    assert_float_equal(key_now(e, bus, a), 72, 0.001);
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_note_sticks),
        cmocka_unit_test(stealing_is_not_heard),
        cmocka_unit_test(stealing_order),
        cmocka_unit_test(stealing_as_asked_for),
        cmocka_unit_test(one_voice_steals_itself),
        cmocka_unit_test(pedals_hold),
        cmocka_unit_test(legato_returns_to_the_key_below),
        cmocka_unit_test(reserved_voices_are_played_by_hand),
        cmocka_unit_test(bends_reach_their_notes),
        cmocka_unit_test(notes_have_values_of_their_own),
        cmocka_unit_test(own_ramps_are_exact),
        cmocka_unit_test(glide_takes_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
