// SPDX-License-Identifier: MIT
// keys -- which note sounds, which is held, which ends: by key and by handle, on one frame and
// ahead of time, in mono and legato, with pedals, when voices become fewer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "support/host.h"

/// The plain voice, with what `note` is given.
static const char *VOICE =
    "{\"voices\":%d,\"knobs\":{\"k\":{\"value\":0}},\"nodes\":{\"note\":{\"type\":\"note\","
    "\"params\":{%s}},\"osc\":{\"type\":\"osc.sine\"},\"env\":{\"type\":\"env\",\"params\":{"
    "\"attack\":%g,\"decay\":0.01,\"sustain\":1,\"release\":%g}},\"vca\":{\"type\":\"gain\"},"
    "\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
    "{\"from\":[\"note\",\"gate\"],\"to\":[\"env\",\"gate\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"vca\",\"in\"]},"
    "{\"from\":[\"env\",\"out\"],\"to\":[\"vca\",\"amp\"]},"
    "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"in\"]}%s]}";

static mega_engine *open_voice(int voices, const char *note, double attack, double release,
                               const char *more) {
    char text[2048];
    snprintf(text, sizeof text, VOICE, voices, note, attack, release, more ? more : "");
    return host_open(text);
}

static mega_engine *open_plain(int voices, const char *note) {
    return open_voice(voices, note, 0.002, 0.05, NULL);
}

static uint32_t held(mega_engine *e) { return mega_counters_get(e).voices_held; }
static uint32_t active(mega_engine *e) { return mega_counters_get(e).voices_active; }

static void on(mega_engine *e, uint64_t frame, float key, mega_note *note) {
    assert_int_equal(mega_note_on(e, frame, key, 1, note), MEGA_OK);
}

static void off(mega_engine *e, uint64_t frame, mega_note note) {
    assert_int_equal(mega_note_off(e, frame, note, 0), MEGA_OK);
}

static void key_off(mega_engine *e, uint64_t frame, float key) {
    assert_int_equal(mega_key_off(e, frame, key, 0), MEGA_OK);
}

static void pedal(mega_engine *e, uint64_t frame, mega_controller which, bool down) {
    mega_controller_set(e, frame, which, down);
}

/// What the note's output says in the last frame of the last block.
static double port_now(mega_engine *e, int32_t bus, mega_note note) {
    float block[64];
    assert_true(mega_bus_read(e, bus, note, block));
    return block[63];
}

/// How many notes have ended; the last one.
static uint32_t ended(mega_engine *e, mega_note *last) {
    uint32_t count = 0;
    mega_note note;
    while (mega_next_ended(e, &note, NULL)) {
        count++;
        if (last) *last = note;
    }
    return count;
}

static void expect_nothing_held(mega_engine *e, uint32_t notes) {
    host_render(e, NULL, 64);
    assert_int_equal(held(e), 0);
    host_render(e, NULL, 24000);
    assert_int_equal(active(e), 0);
    assert_int_equal(ended(e, NULL), notes);
    mega_destroy(e);
}

// ---- on one frame -----------------------------------------------------------------------------

/// Each on and off of one key, '+' and '-'; '>' is a frame later.
static void play_pattern(const char *pattern, const char *note) {
    mega_engine *e = open_plain(8, note);
    uint64_t frame = 100;
    uint32_t notes = 0;
    for (const char *at = pattern; *at; at++) {
        if (*at == '+') on(e, frame, 60, NULL), notes++;
        if (*at == '-') key_off(e, frame, 60);
        frame += *at == '>';
    }
    host_render(e, NULL, 128);
    if (held(e)) print_error("%s in %s\n", pattern, note);
    expect_nothing_held(e, notes);
}

static void pairs_on_one_frame_leave_nothing_held(void **unused) {
    (void)unused;
    static const char *const patterns[] = {"+-",     "+-+-",     "++--",  "+-+-+-",   "+++---",
                                           "+-++--", "++-+--",   "+->+-", "+>-+-",    "++>--",
                                           "+>-+>-", "+->+->+-", "+-+>-", "+-+->+-+-"};
    static const char *const notes[] = {"", "\"mode\":\"mono\"", "\"mode\":\"legato\"",
                                        "\"mode\":\"mono\",\"priority\":\"low\"",
                                        "\"stolen\":\"returns\""};
    for (size_t n = 0; n < sizeof notes / sizeof *notes; n++) {
        for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
            play_pattern(patterns[i], notes[n]);
        char fifty[101] = "";
        for (int i = 0; i < 50; i++) memcpy(fifty + 2 * i, "+-", 3);
        play_pattern(fifty, notes[n]);
    }
}

/// A note that is released on its own frame is seen for one frame, in all builds and blocks.
static void a_gate_shows_for_a_frame(void **unused) {
    (void)unused;
    static float left[256];
    mega_engine *e = host_open(
        "{\"nodes\":{\"note\":{\"type\":\"note\"},\"vca\":{\"type\":\"gain\"},\"out\":{\"type\":"
        "\"output\"}},\"connections\":[{\"from\":[\"note\",\"gate\"],\"to\":[\"vca\",\"in\"]},"
        "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"left\"]}]}");
    on(e, 70, 60, NULL);
    key_off(e, 70, 60);
    host_render(e, left, 256);
    for (int t = 0; t < 256; t++) assert_float_equal(left[t], t == 70, 0);
    mega_destroy(e);
}

// ---- before they begin ------------------------------------------------------------------------

static void notes_released_ahead_never_begin(void **unused) {
    (void)unused;
    for (int how = 0; how < 4; how++) {
        mega_engine *e = open_plain(8, "");
        mega_note far, late = 0, last = 0;
        on(e, 20000, 60, &far);
        host_render(e, NULL, 640);
        assert_int_equal(active(e), 0);
        if (how == 0) off(e, MEGA_NOW, far);
        if (how == 1) key_off(e, 5000, 60);
        if (how == 2) mega_all_notes_off(e, 5000);
        if (how == 3) mega_panic(e);
        on(e, 22000, 62, &late); // played after it: not meant
        host_render(e, NULL, 20480);
        assert_int_equal(ended(e, &last), 1);
        assert_true(last == far);
        assert_int_equal(held(e), 0);
        host_render(e, NULL, 2048);
        assert_int_equal(held(e), 1);
        off(e, MEGA_NOW, late);
        expect_nothing_held(e, 1);
    }
}

/// A release by key whose own note was stolen does not take a later one of the key with it.
static void a_stolen_key_takes_no_other_with_it(void **unused) {
    (void)unused;
    mega_engine *e = open_plain(1, "");
    on(e, 0, 60, NULL);
    on(e, 5000, 60, NULL);
    on(e, 1000, 72, NULL); // steals
    key_off(e, 2000, 72);
    key_off(e, 3000, 60);
    host_render(e, NULL, 6400);
    assert_int_equal(held(e), 1);
    key_off(e, MEGA_NOW, 60);
    expect_nothing_held(e, 3);
}

// ---- mono and legato --------------------------------------------------------------------------

static void a_covered_note_keeps_what_is_its_own(void **unused) {
    (void)unused;
    for (int mode = 1; mode <= 2; mode++) {
        mega_engine *e = open_plain(8, mode == 1 ? "\"mode\":1" : "\"mode\":2");
        int32_t freq = mega_bus_open(e, "note", "freq", NULL);
        int32_t level = mega_bus_open(e, "osc", "out", NULL);
        int32_t amp = mega_find_note_param(e, "osc", "amp", NULL);
        mega_note a, b;
        on(e, 0, 60, &a);
        mega_note_set(e, 0, a, MEGA_NOTE_BEND, 3);
        mega_note_param_set(e, 100, a, amp, 0.25f, 0);
        host_render(e, NULL, 4800);
        assert_float_equal(port_now(e, freq, a), 311.127, 0.01);
        on(e, 4800, 72, &b);
        host_render(e, NULL, 9600);
        assert_float_equal(port_now(e, freq, b), 523.251, 0.01);
        float block[64], peak = 0;
        assert_true(mega_bus_read(e, level, b, block));
        for (int t = 0; t < 64; t++) peak = fmaxf(peak, fabsf(block[t]));
        assert_true(peak > 0.3f);                         // has what all have, not the quarter
        mega_note_set(e, MEGA_NOW, a, MEGA_NOTE_BEND, 1); // of the covered one
        off(e, MEGA_NOW, b);
        host_render(e, NULL, 9600);
        assert_float_equal(port_now(e, freq, a), 277.183, 0.01);
        peak = 0;
        for (int i = 0; i < 8; i++) {
            host_render(e, NULL, 64);
            assert_true(mega_bus_read(e, level, a, block));
            for (int t = 0; t < 64; t++) peak = fmaxf(peak, fabsf(block[t]));
        }
        assert_float_equal(peak, 0.25, 0.01);
        mega_destroy(e);
    }
}

/// A third key, and a key let go, in mid-glide: no step of the pitch.
static void glides_begin_where_the_pitch_is(void **unused) {
    (void)unused;
    for (int mode = 1; mode <= 2; mode++)
        for (int third = 0; third <= 1; third++) {
            mega_engine *e =
                open_plain(8, mode == 1 ? "\"mode\":1,\"glide\":0.2" : "\"mode\":2,\"glide\":0.2");
            int32_t bus = mega_bus_open(e, "note", "freq", NULL);
            mega_note a, b, c = 0;
            on(e, 0, 60, &a);
            host_render(e, NULL, 640);
            on(e, 640, 84, &b);
            host_render(e, NULL, 4800);
            double before = port_now(e, bus, b);
            assert_true(before > 300 && before < 900);
            if (third) on(e, MEGA_NOW, 40, &c);
            else off(e, MEGA_NOW, b);
            float block[64];
            host_render(e, NULL, 64);
            assert_true(mega_bus_read(e, bus, third ? c : a, block));
            assert_true(fabs(block[0] / before - 1) < 0.01);
            host_render(e, NULL, 9664);
            assert_float_equal(port_now(e, bus, third ? c : a), third ? 82.407 : 261.626, 0.01);
            mega_destroy(e);
        }
}

/// The level of the last frames, as a root of mean squares.
static double level_of(mega_engine *e, uint32_t frames) {
    static float left[48000];
    double sum = 0;
    host_render(e, left, frames);
    for (uint32_t t = 0; t < frames; t++) sum += (double)left[t] * left[t];
    return sqrt(sum / frames);
}

static void mono_leaves_no_hole(void **unused) {
    (void)unused;
    mega_engine *e = open_voice(8, "\"mode\":\"mono\"", 0.05, 5, NULL);
    on(e, 0, 60, NULL);
    host_render(e, NULL, 9600);
    double before = level_of(e, 960);
    on(e, MEGA_NOW, 64, NULL);
    double after = level_of(e, 960);
    printf("mono: %.2f dB in the 20 ms after a new key\n", 20 * log10(after / before));
    assert_true(20 * log10(after / before) > -1);
    // staccato: one voice, however long the release
    for (int i = 0; i < 5; i++) {
        key_off(e, MEGA_NOW, i ? (float)(60 + i) : 60);
        key_off(e, MEGA_NOW, 64);
        host_render(e, NULL, 4800);
        on(e, MEGA_NOW, (float)(61 + i), NULL);
        host_render(e, NULL, 4800);
        assert_int_equal(active(e), 1);
        assert_int_equal(held(e), 1);
    }
    mega_destroy(e);
}

/// The envelope starts anew in mono, not in legato: from its level, or from zero.
static void mono_strikes_and_legato_does_not(void **unused) {
    (void)unused;
    for (int mode = 1; mode <= 2; mode++)
        for (int zero = 0; zero <= 1; zero++) {
            mega_engine *e = open_voice(8, mode == 1 ? "\"mode\":1" : "\"mode\":2", 0.05, 1, NULL);
            mega_param_set(e, 0, mega_find_param(e, "env", "retrigger"), (float)zero, 0);
            mega_param_set(e, 0, mega_find_param(e, "env", "sustain"), 0.5f, 0);
            int32_t bus = mega_bus_open(e, "env", "out", NULL);
            int32_t trigger = mega_bus_open(e, "note", "trigger", NULL);
            mega_note a, b;
            on(e, 0, 60, &a);
            host_render(e, NULL, 9600);
            assert_float_equal(port_now(e, bus, a), 0.5, 0.001);
            on(e, 9600, 67, &b);
            host_render(e, NULL, 64);
            float fired[64];
            assert_true(mega_bus_read(e, trigger, b, fired));
            assert_float_equal(fired[0], mode == 1, 0);
            assert_float_equal(fired[1], 0, 0);
            host_render(e, NULL, 128);
            double level = port_now(e, bus, b);
            if (mode == 2) assert_float_equal(level, 0.5, 0.001);
            else if (zero) assert_true(level < 0.2);
            else assert_true(level > 0.52);
            mega_destroy(e);
        }
}

static void priorities_choose(void **unused) {
    (void)unused;
    static const struct {
        const char *note;
        double after[6]; ///< key after each of: 60, 64, 55 down, 55, 64, 60 up
    } cases[] = {
        {"\"mode\":\"mono\"", {60, 64, 55, 64, 60, 60}},
        {"\"mode\":\"mono\",\"priority\":\"low\"", {60, 60, 55, 60, 60, 60}},
        {"\"mode\":\"legato\",\"priority\":\"high\"", {60, 64, 64, 64, 60, 60}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mega_engine *e = open_plain(8, cases[i].note);
        int32_t bus = mega_bus_open(e, "note", "key", NULL);
        mega_note notes[3];
        static const float keys[] = {60, 64, 55};
        for (int step = 0; step < 6; step++) {
            if (step < 3) on(e, MEGA_NOW, keys[step], &notes[step]);
            else off(e, MEGA_NOW, notes[step == 3 ? 2 : step == 4 ? 1 : 0]);
            host_render(e, NULL, 64);
            assert_int_equal(active(e), 1);
            assert_int_equal(held(e), step < 5);
            assert_float_equal(port_now(e, bus, 0), cases[i].after[step], 0);
        }
        expect_nothing_held(e, 3);
    }
}

static void choices_by_knob_are_obeyed(void **unused) {
    (void)unused;
    mega_engine *e = open_voice(8, "", 0.002, 0.05, ",{\"from\":\"k\",\"to\":[\"note\",\"mode\"]}");
    on(e, MEGA_NOW, 60, NULL);
    on(e, MEGA_NOW, 64, NULL);
    host_render(e, NULL, 64);
    assert_int_equal(active(e), 2);
    mega_knob_set(e, MEGA_NOW, mega_find_knob(e, "k"), 0.5f);
    on(e, MEGA_NOW, 67, NULL); // covers both
    host_render(e, NULL, 640);
    assert_int_equal(active(e), 1);
    key_off(e, MEGA_NOW, 67);
    host_render(e, NULL, 64);
    assert_int_equal(held(e), 1);
    key_off(e, MEGA_NOW, 64);
    key_off(e, MEGA_NOW, 60);
    expect_nothing_held(e, 3);
}

static void a_mode_that_changes_mixes_up_no_notes(void **unused) {
    (void)unused;
    mega_engine *e = open_plain(8, "\"mode\":\"mono\"");
    int32_t bus = mega_bus_open(e, "note", "key", NULL);
    mega_note a, b, c;
    on(e, MEGA_NOW, 60, &a);
    on(e, MEGA_NOW, 64, &b);
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "note", "mode"), 0, 0);
    on(e, MEGA_NOW, 67, &c);
    host_render(e, NULL, 64);
    assert_int_equal(held(e), 2);
    off(e, MEGA_NOW, c); // its voice ends; the covered key is not its
    host_render(e, NULL, 640);
    assert_int_equal(held(e), 1);
    assert_float_equal(port_now(e, bus, b), 64, 0);
    off(e, MEGA_NOW, b); // what was covered comes back where it was covered
    host_render(e, NULL, 64);
    assert_float_equal(port_now(e, bus, a), 60, 0);
    off(e, MEGA_NOW, a);
    expect_nothing_held(e, 3);
}

static void pedals_hold_in_mono(void **unused) {
    (void)unused;
    mega_engine *e = open_plain(8, "\"mode\":\"mono\"");
    int32_t bus = mega_bus_open(e, "note", "key", NULL);
    mega_note c, other;
    on(e, MEGA_NOW, 60, &c);
    pedal(e, MEGA_NOW, MEGA_CONTROL_SOSTENUTO, true);
    on(e, MEGA_NOW, 64, &other);
    off(e, MEGA_NOW, other);
    off(e, MEGA_NOW, c);
    host_render(e, NULL, 64);
    assert_int_equal(held(e), 1);
    assert_float_equal(port_now(e, bus, c), 60, 0);
    pedal(e, MEGA_NOW, MEGA_CONTROL_SOSTENUTO, false);
    host_render(e, NULL, 64);
    assert_int_equal(held(e), 0);
    // the sustain pedal holds a key that goes up as the finger did, covered ones too
    on(e, MEGA_NOW, 60, &c);
    pedal(e, MEGA_NOW, MEGA_CONTROL_SUSTAIN, true);
    on(e, MEGA_NOW, 64, &other);
    off(e, MEGA_NOW, other);
    host_render(e, NULL, 64);
    assert_float_equal(port_now(e, bus, other), 64, 0);
    pedal(e, MEGA_NOW, MEGA_CONTROL_SUSTAIN, false);
    host_render(e, NULL, 64);
    assert_float_equal(port_now(e, bus, c), 60, 0);
    assert_int_equal(held(e), 1);
    off(e, MEGA_NOW, c);
    expect_nothing_held(e, 4);
}

// ---- too many ---------------------------------------------------------------------------------

static void fewer_voices_are_kept_to(void **unused) {
    (void)unused;
    static const char *fewer = "[{\"op\":\"voices\",\"count\":2}]";
    mega_engine *e = open_plain(8, "");
    for (int i = 0; i < 5; i++) on(e, MEGA_NOW, 50 + (float)i, NULL);
    host_render(e, NULL, 640);
    mega_edit(e, fewer, strlen(fewer), MEGA_FORMAT_JSON, NULL, NULL, NULL);
    host_render(e, NULL, 640);
    assert_int_equal(held(e), 5); // nobody has let go of one
    for (int i = 0; i < 6; i++) {
        on(e, MEGA_NOW, 60 + (float)i, NULL);
        host_render(e, NULL, 640);
        assert_int_equal(active(e), 2);
    }
    for (int i = 0; i < 16; i++) key_off(e, MEGA_NOW, 50 + (float)i);
    expect_nothing_held(e, 11);
}

static void a_finger_counts_more_than_a_pedal(void **unused) {
    (void)unused;
    mega_engine *e = open_plain(3, "");
    mega_note finger, other, pedalled, last = 0;
    on(e, 0, 60, &finger);
    on(e, 10, 62, &other);
    on(e, 20, 48, &pedalled); // the lowest and the newest
    pedal(e, 30, MEGA_CONTROL_SUSTAIN, true);
    off(e, 40, pedalled);
    host_render(e, NULL, 640);
    on(e, MEGA_NOW, 72, NULL);
    host_render(e, NULL, 640);
    assert_int_equal(ended(e, &last), 1);
    assert_true(last == pedalled);
    mega_destroy(e);
}

static void a_stolen_key_returns_if_it_is_to(void **unused) {
    (void)unused;
    for (int returns = 0; returns <= 1; returns++) {
        mega_engine *e = open_plain(2, returns ? "\"stolen\":\"returns\"" : "");
        int32_t bus = mega_bus_open(e, "note", "key", NULL);
        mega_note a, b, c;
        on(e, 0, 60, &a);
        on(e, 10, 64, &b);
        mega_note_set(e, 20, a, MEGA_NOTE_BEND, 1);
        host_render(e, NULL, 640);
        on(e, MEGA_NOW, 67, &c);
        host_render(e, NULL, 640);
        assert_int_equal(held(e), 2);
        assert_int_equal(ended(e, NULL), !returns);
        off(e, MEGA_NOW, c);
        host_render(e, NULL, 9600);
        assert_int_equal(held(e), 1 + returns);
        if (returns) assert_float_equal(port_now(e, bus, a), 60, 0);
        off(e, MEGA_NOW, a);
        off(e, MEGA_NOW, b);
        expect_nothing_held(e, 3 - !returns);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_on_one_frame_leave_nothing_held),
        cmocka_unit_test(a_gate_shows_for_a_frame),
        cmocka_unit_test(notes_released_ahead_never_begin),
        cmocka_unit_test(a_stolen_key_takes_no_other_with_it),
        cmocka_unit_test(a_covered_note_keeps_what_is_its_own),
        cmocka_unit_test(glides_begin_where_the_pitch_is),
        cmocka_unit_test(mono_leaves_no_hole),
        cmocka_unit_test(mono_strikes_and_legato_does_not),
        cmocka_unit_test(priorities_choose),
        cmocka_unit_test(choices_by_knob_are_obeyed),
        cmocka_unit_test(a_mode_that_changes_mixes_up_no_notes),
        cmocka_unit_test(pedals_hold_in_mono),
        cmocka_unit_test(fewer_voices_are_kept_to),
        cmocka_unit_test(a_finger_counts_more_than_a_pedal),
        cmocka_unit_test(a_stolen_key_returns_if_it_is_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
