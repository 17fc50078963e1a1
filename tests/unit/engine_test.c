// SPDX-License-Identifier: MIT
// engine -- the interface as a host uses it: time, knobs, input, buses, loads, and what must not
// get out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "support/highpass.h"
#include "support/host.h"

static const char *CONSTANT =
    "{\"knobs\":{\"level\":{\"value\":0.25}},"
    "\"nodes\":{\"a\":{\"type\":\"add\"},\"g\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},"
    "\"connections\":[{\"from\":\"level\",\"to\":[\"out\",\"in\"]}]}";

static const char *THROUGH =
    "{\"nodes\":{\"in\":{\"type\":\"input\"},\"out\":{\"type\":\"output\"}},"
    "\"connections\":[{\"from\":[\"in\",\"out\"],\"to\":[\"out\",\"left\"]}]}";

static const char *RAW_SINES =
    "{\"voices\":4,\"nodes\":{\"note\":{\"type\":\"note\"},\"osc\":{\"type\":\"osc.sine\"},"
    "\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

static void silent_before_anything_is_loaded(void **unused) {
    (void)unused;
    float left[200];
    mega_engine *e = host_open(NULL);
    mega_note note;
    assert_int_equal(mega_note_on(e, 10, 60, 1, &note), MEGA_OK);
    host_render(e, left, 200);
    for (int t = 0; t < 200; t++) assert_true(left[t] == 0);
    assert_true(mega_next_ended(e, &note, NULL)); // it was dropped, and says so
    assert_int_equal(mega_find_knob(e, "level"), -1);
    mega_destroy(e);
}

// ---- knobs and parameters ---------------------------------------------------------------------

static void a_knob_moves_from_its_frame(void **unused) {
    (void)unused;
    float left[1200];
    mega_engine *e = host_open(CONSTANT);
    assert_int_equal(mega_knob_set(e, 100, mega_find_knob(e, "level"), 0.75f), MEGA_OK);
    host_render(e, left, 1200);
    assert_true(left[0] == 0.25f); // no jump at the start
    assert_true(left[99] == 0.25f);
    assert_true(left[100] > 0.25f);
    float step = 0;
    for (int t = 1; t < 1200; t++) step = fmaxf(step, fabsf(left[t] - left[t - 1]));
    assert_true(step <= 0.5f / 480 * 1.58f); // a raised cosine, 10 ms long
    assert_true(left[100 + 478] < 0.75f);
    assert_true(left[100 + 479] == 0.75f && left[1199] == 0.75f);
    mega_destroy(e);
}

static void a_parameter_ramps_as_long_as_told_and_stays_in_range(void **unused) {
    (void)unused;
    static float left[9600];
    mega_engine *e =
        host_open("{\"knobs\":{\"one\":{\"value\":1}},\"nodes\":{\"g\":{\"type\":\"gain\","
                  "\"params\":{\"amp\":0}},\"out\":{\"type\":\"output\"}},\"connections\":["
                  "{\"from\":\"one\",\"to\":[\"g\",\"in\"]},"
                  "{\"from\":[\"g\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    int32_t amp = mega_find_param(e, "g", "amp");
    assert_int_equal(mega_find_param(e, "g", "apm"), -1);
    assert_int_equal(mega_param_set(e, 1000, amp, 2, 0.1f), MEGA_OK);
    assert_int_equal(mega_param_set(e, 8000, amp, 1e30f, 0), MEGA_OK); // held at the row's maximum
    host_render(e, left, 9600);
    assert_true(left[999] == 0);
    assert_float_equal(left[1000 + 2399], 1, 1e-5);
    assert_true(left[1000 + 4799] == 2);
    assert_true(left[9000] >= 2 && left[9000] <= 100);
    mega_destroy(e);
}

static void a_knob_turned_does_not_click(void **unused) {
    (void)unused;
    enum { FRAMES = 9600 };
    static float left[FRAMES];
    mega_engine *e = host_open("{\"knobs\":{\"k\":{\"value\":0,\"range\":[0,1]}},\"nodes\":{\"o\":"
                               "{\"type\":\"osc.sine\",\"params\":{\"freq\":300}},"
                               "\"g\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},"
                               "\"connections\":[{\"from\":\"k\",\"to\":[\"g\",\"amp\"]},"
                               "{\"from\":[\"o\",\"out\"],\"to\":[\"g\",\"in\"]},{\"from\":[\"g\","
                               "\"out\"],\"to\":[\"out\",\"in\"]}]}");
    int32_t k = mega_find_knob(e, "k");
    for (int i = 0; i < 8; i++) mega_knob_set(e, 1000 + (uint64_t)i * 1003, k, i % 2 ? 0 : 1);
    host_render(e, left, FRAMES);
    double db = 20 * log10(highpass_peak(left, FRAMES) / peak_of(left, FRAMES));
    printf("a level thrown from end to end: above 4 kHz at most %.1f dB re programme (hold -70)\n",
           db);
    assert_true(db <= -70);
    mega_destroy(e);
}

static void splits_change_nothing(void **unused) {
    (void)unused;
    // events that do nothing, at every frame: blocks of one frame
    static float whole[4800], split[4800];
    for (int pass = 0; pass < 2; pass++) {
        mega_engine *e = host_open(RAW_SINES);
        for (int i = 0; i < 3; i++)
            mega_note_on(e, 77 + 40 * (uint64_t)i, 60 + 5 * (float)i, 1, NULL);
        if (pass)
            for (uint64_t t = 0; t < 4800; t++) mega_note_off(e, t, 999999, 0);
        host_render(e, pass ? split : whole, 4800);
        mega_destroy(e);
    }
    assert_memory_equal(whole, split, sizeof whole);
}

// ---- time -------------------------------------------------------------------------------------

static void input_comes_one_block_later_whatever_the_host_asks_for(void **unused) {
    (void)unused;
    static const uint32_t asked[] = {1, 17, 64, 100, 512};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        mega_engine *e = mega_create(&(mega_options){.input_channels = 1}, NULL);
        host_load(e, THROUGH);
        for (uint64_t t = 0; t < 2000; t += asked[i]) {
            float in[512], left[512], right[512];
            for (uint32_t k = 0; k < asked[i]; k++) in[k] = (float)(t + k + 1);
            mega_render(e, (const float *const[]){in}, (float *const[]){left, right}, asked[i]);
            for (uint32_t k = 0; k < asked[i]; k++)
                assert_true(left[k] == (t + k < 64 ? 0 : (float)(t + k + 1 - 64)));
        }
        mega_destroy(e);
    }
    mega_engine *e = mega_create(&(mega_options){.input_channels = 1, .whole_blocks = true}, NULL);
    host_load(e, THROUGH);
    float in[128], left[128], right[128];
    for (int k = 0; k < 128; k++) in[k] = (float)(k + 1);
    mega_render(e, (const float *const[]){in}, (float *const[]){left, right}, 128);
    for (int k = 0; k < 128; k++) assert_true(left[k] == in[k]);
    mega_destroy(e);
}

static void late_events_play_at_once_and_are_counted(void **unused) {
    (void)unused;
    float left[64];
    mega_engine *e = host_open(CONSTANT);
    host_render(e, NULL, 640);
    mega_knob_set(e, 5, mega_find_knob(e, "level"), 1);
    host_render(e, left, 64);
    assert_true(left[0] > 0.25f);
    assert_int_equal(mega_counters_get(e).events_late, 1);
    mega_knob_set(e, MEGA_NOW, mega_find_knob(e, "level"), 0); // not late: now
    host_render(e, left, 64);
    assert_int_equal(mega_counters_get(e).events_late, 1);
    mega_destroy(e);
}

static void a_full_ring_says_so_and_loses_nothing(void **unused) {
    (void)unused;
    mega_engine *e = host_open(RAW_SINES);
    uint64_t taken = 0;
    for (int round = 0; round < 4; round++) {
        while (mega_note_on(e, 1000000 + taken, 60, 1, NULL) == MEGA_OK) taken++;
        host_render(e, NULL, 64); // some go on into the queue
    }
    assert_int_equal(mega_counters_get(e).events_dropped, 0);
    assert_true(taken >= 16384);
    assert_int_equal(mega_panic(e), MEGA_OK); // gets through all the same
    host_render(e, NULL, 64);
    mega_destroy(e);
}

// ---- what must not get out --------------------------------------------------------------------

static void infinity_stops_its_voice_alone(void **unused) {
    (void)unused;
    // timbre 1 makes a voice infinite: 1e30 * 1e30
    mega_engine *e = host_open(
        "{\"voices\":4,\"nodes\":{\"note\":{\"type\":\"note\"},\"osc\":{\"type\":\"osc.sine\"},"
        "\"g\":{\"type\":\"gain\",\"params\":{\"amp\":0}},\"h\":{\"type\":\"gain\",\"params\":{"
        "\"amp\":1}},"
        "\"out\":{\"type\":\"output\"}},\"connections\":["
        "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
        "{\"from\":[\"note\",\"gate\"],\"to\":[\"g\",\"amp\"]},"
        "{\"from\":[\"note\",\"timbre\"],\"to\":[\"g\",\"amp\"],\"amount\":1e30},"
        "{\"from\":[\"note\",\"timbre\"],\"to\":[\"h\",\"amp\"],\"amount\":1e30},"
        "{\"from\":[\"osc\",\"out\"],\"to\":[\"g\",\"in\"]},{\"from\":[\"g\",\"out\"],\"to\":["
        "\"h\",\"in\"]},"
        "{\"from\":[\"h\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    static float left[4800];
    mega_note a, b, note;
    for (int wide = 0; wide < 2; wide++) { // one by one, and side by side
        mega_panic(e);
        host_render(e, NULL, 64);
        while (mega_next_ended(e, &note, NULL)) {}
        for (int i = 0; i < 2 * wide; i++) mega_note_on(e, MEGA_NOW, 40 + (float)i, 1, NULL);
        mega_note_on(e, MEGA_NOW, 60, 1, &a);
        mega_note_on(e, MEGA_NOW, 64, 1, &b);
        host_render(e, left, 640);
        mega_note_set(e, MEGA_NOW, b, MEGA_NOTE_TIMBRE, 1);
        host_render(e, left, 4800);
        float peak = 0;
        for (int t = 0; t < 4800; t++) {
            assert_true(isfinite(left[t]));
            if (t > 1000) peak = fmaxf(peak, fabsf(left[t]));
        }
        assert_true(peak > 0.5f && peak < 5); // the others go on
        assert_true(mega_next_ended(e, &note, NULL));
        assert_true(note == b);
        assert_int_equal(mega_counters_get(e).lanes_silenced, 1 + wide);
    }
    assert_int_equal(mega_counters_get(e).outputs_silenced, 0);
    mega_destroy(e);
}

static void infinity_after_the_voices_is_silence(void **unused) {
    (void)unused;
    mega_engine *e = host_open(
        "{\"knobs\":{\"k\":{\"value\":0,\"range\":[0,1e30]}},\"nodes\":{\"osc\":{\"type\":\"osc."
        "sine\"},"
        "\"m\":{\"type\":\"mul\"},\"n\":{\"type\":\"mul\"},\"out\":{\"type\":\"output\"}},"
        "\"connections\":["
        "{\"from\":[\"osc\",\"out\"],\"to\":[\"m\",\"a\"]},{\"from\":\"k\",\"to\":[\"m\",\"b\"]},"
        "{\"from\":[\"m\",\"out\"],\"to\":[\"n\",\"a\"]},{\"from\":\"k\",\"to\":[\"n\",\"b\"]},"
        "{\"from\":[\"osc\",\"out\"],\"to\":[\"out\",\"in\"]},{\"from\":[\"n\",\"out\"],\"to\":["
        "\"out\",\"in\"]}]}");
    static float left[9600];
    mega_knob_set(e, 1000, mega_find_knob(e, "k"), 1);
    mega_knob_set(e, 4000, mega_find_knob(e, "k"), 0);
    host_render(e, left, 9600);
    float peak = 0;
    for (int t = 0; t < 9600; t++) {
        assert_true(isfinite(left[t]));
        if (t > 6000) peak = fmaxf(peak, fabsf(left[t]));
    }
    assert_true(mega_counters_get(e).outputs_silenced > 0);
    assert_true(peak > 0.9f && peak < 1.1f); // sound comes back
    mega_destroy(e);
}

static void a_voice_without_a_gate_gets_one(void **unused) {
    (void)unused;
    static float left[9600];
    mega_engine *e = host_open(RAW_SINES);
    mega_note note;
    mega_note_on(e, 100, 90, 1, &note);
    mega_note_off(e, 4000, note, 0);
    host_render(e, left, 9600);
    assert_true(left[99] == 0 && fabsf(left[101]) < 0.01f);
    assert_true(fabsf(left[110]) < 0.1f); // fading in, 240 frames long
    for (int t = 4000 + 240; t < 9600; t++) assert_true(left[t] == 0);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    mega_destroy(e);
}

static void panic_silences_within_a_block(void **unused) {
    (void)unused;
    float left[128];
    mega_engine *e = host_open(RAW_SINES);
    for (int i = 0; i < 4; i++) mega_note_on(e, 0, 50 + 7 * (float)i, 1, NULL);
    host_render(e, NULL, 100); // inside a block
    mega_panic(e);
    host_render(e, left, 128);
    for (int t = 28; t < 128; t++) assert_true(left[t] == 0);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    mega_destroy(e);
}

// ---- loads and engines ------------------------------------------------------------------------

/// The oscillator keeps its phase, the note goes on: the same sound from another document.
static void nodes_of_one_name_keep_their_state(void **unused) {
    (void)unused;
    static float kept[4800], whole[4800];
    mega_engine *a = host_open(RAW_SINES), *b = host_open(RAW_SINES);
    mega_note_on(a, 0, 61, 1, NULL);
    mega_note_on(b, 0, 61, 1, NULL);
    host_render(a, kept, 2400);
    // another document, with more voices and a node that is not heard
    host_load(a, "{\"voices\":40,\"nodes\":{\"x\":{\"type\":\"gain\"},\"note\":{\"type\":\"note\"},"
                 "\"osc\":{\"type\":\"osc.sine\"},\"out\":{\"type\":\"output\"}},\"connections\":["
                 "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
                 "{\"from\":[\"osc\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    host_render(a, kept + 2400, 2400);
    host_render(b, whole, 4800);
    assert_memory_equal(kept, whole, sizeof kept);
    assert_int_equal(mega_counters_get(a).programs_swapped, 2);
    mega_destroy(a);
    mega_destroy(b);
}

static void a_load_that_fails_changes_nothing(void **unused) {
    (void)unused;
    static float with[4800], without[4800];
    for (int pass = 0; pass < 2; pass++) {
        mega_engine *e = mega_create(&(mega_options){.memory_bytes_max = 4 << 20}, NULL);
        host_load(e, RAW_SINES);
        mega_note_on(e, 0, 61, 1, NULL);
        host_render(e, pass ? with : without, 2400);
        mega_patch *big =
            host_read_patch("{\"voices\":4096,\"nodes\":{\"note\":{\"type\":\"note\"},"
                            "\"osc\":{\"type\":\"osc.sine\"},\"out\":{\"type\":\"output\"},"
                            "\"d\":{\"type\":\"delay\",\"scope\":\"voice\"}},\"connections\":["
                            "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
                            "{\"from\":[\"osc\",\"out\"],\"to\":[\"d\",\"in\"]},"
                            "{\"from\":[\"d\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
        mega_report *report = mega_report_create();
        if (pass) {
            assert_int_equal(mega_load(e, big, report), MEGA_ERROR_LIMIT);
            assert_string_equal(mega_report_get(report, 0)->code, "limit");
        }
        host_render(e, (pass ? with : without) + 2400, 2400);
        mega_report_destroy(report);
        mega_patch_destroy(big);
        mega_destroy(e);
    }
    assert_memory_equal(with, without, sizeof with);
}

static void many_loads_before_one_is_taken(void **unused) {
    (void)unused;
    float left[64];
    mega_engine *e = host_open(CONSTANT);
    for (int i = 0; i < 100; i++) host_load(e, i % 2 ? CONSTANT : RAW_SINES);
    host_render(e, left, 64);
    assert_true(left[63] == 0.25f);
    assert_int_equal(mega_counters_get(e).programs_swapped, 1);
    for (int i = 0; i < 100; i++) {
        host_load(e, i % 2 ? CONSTANT : RAW_SINES);
        host_render(e, left, 64);
    }
    assert_int_equal(mega_counters_get(e).programs_swapped, 101);
    mega_destroy(e);
}

static void engines_do_not_know_each_other(void **unused) {
    (void)unused;
    static float alone[4800], beside[4800], other[4800];
    mega_engine *a = host_open(RAW_SINES);
    mega_note_on(a, 0, 61, 1, NULL);
    host_render(a, alone, 4800);
    mega_destroy(a);
    a = host_open(RAW_SINES);
    mega_engine *b = host_open(CONSTANT);
    mega_note_on(a, 0, 61, 1, NULL);
    for (int t = 0; t < 4800; t += 160) {
        host_render(a, beside + t, 160);
        mega_knob_set(b, MEGA_NOW, mega_find_knob(b, "level"), (float)t / 4800);
        host_render(b, other + t, 160);
    }
    assert_memory_equal(alone, beside, sizeof alone);
    mega_destroy(a);
    mega_destroy(b);
}

static void bad_options_are_refused(void **unused) {
    (void)unused;
    const mega_options bad[] = {
        {.rate = 7999}, {.rate = 400000}, {.output_channels = 65}, {.isa = "v9"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mega_report *report = mega_report_create();
        assert_null(mega_create(&bad[i], report));
        assert_int_equal(mega_report_error_count(report), 1);
        mega_report_destroy(report);
    }
}

// ---- buses ------------------------------------------------------------------------------------

static void buses_give_voices_and_their_sum(void **unused) {
    (void)unused;
    for (int notes = 1; notes <= 4; notes++) { // one by one, and side by side
        mega_engine *e = host_open(RAW_SINES);
        int32_t bus = mega_bus_open(e, "osc", "out", NULL),
                none = mega_bus_open(e, "osc", "outt", NULL);
        assert_true(bus >= 0 && none < 0);
        mega_note note[4];
        float sum[64], one[64], left[64];
        for (int i = 0; i < notes; i++) mega_note_on(e, 0, 60 + 3 * (float)i, 1, &note[i]);
        host_render(e, NULL, 640);
        host_render(e, left, 64);
        assert_true(mega_bus_read(e, bus, 0, sum));
        for (int t = 0; t < 64; t++) assert_float_equal(sum[t], left[t], 1e-6);
        for (int i = 0; i < notes; i++) {
            assert_true(mega_bus_read(e, bus, note[i], one));
            for (int t = 0; t < 64; t++) sum[t] -= one[t];
        }
        for (int t = 0; t < 64; t++) assert_float_equal(sum[t], 0, 1e-6);
        assert_false(mega_bus_read(e, bus, 12345, one));
        mega_destroy(e);
    }
}

static void buses_close_and_open_again(void **unused) {
    (void)unused;
    mega_engine *e = host_open(RAW_SINES);
    float block[64];
    for (int i = 0; i < 1000; i++) { // more than can be open at a time
        int32_t a = mega_bus_open(e, "osc", "out", NULL),
                b = mega_bus_open(e, "note", "freq", NULL);
        assert_true(a >= 0 && b >= 0 && a != b);
        assert_int_equal(mega_bus_open(e, "osc", "out", NULL), a);
        if (i % 100 == 0) {
            mega_note_on(e, MEGA_NOW, 69, 1, NULL);
            host_render(e, NULL, 128);
            assert_true(mega_bus_read(e, b, 0, block));
            assert_true(block[63] >= 440);
        }
        int32_t twice[] = {a, b, a}, again[] = {a, b}, never[] = {a, 999};
        assert_int_equal(mega_bus_close(e, never, 2), MEGA_ERROR_NAME);
        if (i % 2) {
            assert_int_equal(mega_bus_close(e, twice, 3), MEGA_OK);
        } else { // it is open until it is closed as often
            assert_int_equal(mega_bus_close(e, &a, 1), MEGA_OK);
            assert_int_equal(mega_bus_close(e, again, 2), MEGA_OK);
        }
        assert_int_equal(mega_bus_close(e, &a, 1), MEGA_ERROR_NAME);
        if (i % 100) continue;
        host_render(e, NULL, 128);
        assert_false(mega_bus_read(e, a, 0, block));
    }
    mega_destroy(e);
}

static void host_buses_carry_blocks(void **unused) {
    (void)unused;
    mega_engine *e =
        host_open("{\"nodes\":{\"a\":{\"type\":\"bus.in\",\"params\":{\"bus\":3}},\"b\":{\"type\":"
                  "\"bus.out\",\"params\":{"
                  "\"bus\":64}},"
                  "\"c\":{\"type\":\"bus.out\",\"params\":{\"bus\":64}}},\"connections\":[{"
                  "\"from\":[\"a\",\"out\"],"
                  "\"to\":[\"b\",\"in\"]},"
                  "{\"from\":[\"a\",\"out\"],\"to\":[\"c\",\"in\"],\"amount\":0.5}]}");
    float in[64], out[64];
    for (int t = 0; t < 64; t++) in[t] = (float)t;
    assert_false(mega_host_bus_read(e, 64, out));
    mega_host_bus_write(e, 3, in);
    mega_host_bus_write(e, 0, in);
    mega_host_bus_write(e, 65, in);
    mega_knob_set(e, 20, 0, 0.5f); // a split
    host_render(e, NULL, 64);
    assert_true(mega_host_bus_read(e, 64, out));
    for (int t = 0; t < 64; t++) assert_float_equal(out[t], 1.5f * in[t], 0);
    assert_false(mega_host_bus_read(e, 1, out));
    assert_float_equal(out[63], 0, 0);
    host_render(e, NULL, 64); // what was put there was for one block
    assert_true(mega_host_bus_read(e, 64, out));
    assert_float_equal(out[63], 0, 0);
    in[5] = INFINITY;
    mega_host_bus_write(e, 3, in);
    host_render(e, NULL, 64);
    assert_true(mega_host_bus_read(e, 64, out));
    assert_float_equal(out[63], 0, 0);
    assert_int_equal(mega_counters_get(e).outputs_silenced, 1);
    mega_destroy(e);
}

/// Only the first `note` rules the voices: choices of another one that differ are warned of, each
/// in its place.
static void choices_of_a_second_note_are_warned_of(void **state) {
    (void)state;
    static const char text[] =
        "{\"knobs\": {\"kind\": {\"value\": 0.5}}, \"nodes\": {"
        "\"n\": {\"type\": \"note\", \"params\": {\"mode\": \"mono\", \"steal\": \"oldest\"}},"
        "\"m\": {\"type\": \"note\", \"params\": {\"mode\": \"legato\", \"steal\": \"oldest\", "
        "\"glide\": 1}},"
        "\"a\": {\"type\": \"osc.sine\"}, \"b\": {\"type\": \"osc.sine\"}, \"out\": {\"type\": "
        "\"output\"}},"
        "\"connections\": [{\"from\": \"kind\", \"to\": [\"m\", \"priority\"]},"
        "{\"from\": [\"n\", \"freq\"], \"to\": [\"a\", \"freq\"]}, {\"from\": [\"m\", \"freq\"], "
        "\"to\": "
        "[\"b\", \"freq\"]},"
        "{\"from\": [\"a\", \"out\"], \"to\": [\"out\", \"in\"]}, {\"from\": [\"b\", \"out\"], "
        "\"to\": "
        "[\"out\", \"in\"]}]}";
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
    assert_non_null(patch);
    assert_int_equal(mega_patch_check(patch, report), MEGA_OK);
    assert_int_equal(mega_report_count(report), 2);
    assert_string_equal(mega_report_get(report, 0)->path, "nodes.m.params.mode");
    assert_string_equal(mega_report_get(report, 0)->hint, "set it at `n`");
    assert_string_equal(mega_report_get(report, 1)->path, "nodes.m.params.priority");
    assert_int_equal(mega_report_get(report, 0)->severity, MEGA_SEVERITY_WARNING);
    mega_patch_destroy(patch);
    mega_report_destroy(report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_of_a_second_note_are_warned_of),
        cmocka_unit_test(silent_before_anything_is_loaded),
        cmocka_unit_test(a_knob_moves_from_its_frame),
        cmocka_unit_test(a_parameter_ramps_as_long_as_told_and_stays_in_range),
        cmocka_unit_test(a_knob_turned_does_not_click),
        cmocka_unit_test(splits_change_nothing),
        cmocka_unit_test(input_comes_one_block_later_whatever_the_host_asks_for),
        cmocka_unit_test(late_events_play_at_once_and_are_counted),
        cmocka_unit_test(a_full_ring_says_so_and_loses_nothing),
        cmocka_unit_test(infinity_stops_its_voice_alone),
        cmocka_unit_test(infinity_after_the_voices_is_silence),
        cmocka_unit_test(a_voice_without_a_gate_gets_one),
        cmocka_unit_test(panic_silences_within_a_block),
        cmocka_unit_test(nodes_of_one_name_keep_their_state),
        cmocka_unit_test(a_load_that_fails_changes_nothing),
        cmocka_unit_test(many_loads_before_one_is_taken),
        cmocka_unit_test(engines_do_not_know_each_other),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(buses_give_voices_and_their_sum),
        cmocka_unit_test(buses_close_and_open_again),
        cmocka_unit_test(host_buses_carry_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
