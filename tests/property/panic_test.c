// SPDX-License-Identifier: MIT
// panic -- the one stop: all is silent, drones too, until a document is loaded or something is
// played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "support/host.h"

/// A drone with an echo, a voice beside it, and a knob.
static const char *DRONE =
    "{\"knobs\":{\"level\":{\"value\":0.5}},\"nodes\":{\"drone\":{\"type\":\"osc.sine\"},"
    "\"note\":{\"type\":\"note\"},\"osc\":{\"type\":\"osc.saw\"},\"vca\":{\"type\":\"gain\"},"
    "\"echo\":{\"type\":\"delay\"},\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":\"level\",\"to\":[\"drone\",\"amp\"]},"
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
    "{\"from\":[\"note\",\"gate\"],\"to\":[\"vca\",\"amp\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"vca\",\"in\"]},"
    "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"in\"]},"
    "{\"from\":[\"drone\",\"out\"],\"to\":[\"echo\",\"in\"]},"
    "{\"from\":[\"echo\",\"left\"],\"to\":[\"out\",\"in\"]}]}";

static float peak(mega_engine *e, uint32_t frames) {
    static float left[48000];
    float most = 0;
    host_render(e, left, frames);
    for (uint32_t t = 0; t < frames; t++) most = fmaxf(most, fabsf(left[t]));
    return most;
}

/// Plays, stops, and stays silent for a second.
static mega_engine *open_stopped(void) {
    mega_engine *e = host_open(DRONE);
    assert_true(peak(e, 24000) > 0.1f);
    mega_note_on(e, MEGA_NOW, 60, 1, NULL);
    assert_true(peak(e, 24000) > 0.1f);
    mega_panic(e);
    assert_float_equal(peak(e, 48000), 0, 0);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    return e;
}

static void a_drone_stops_until_a_note(void **unused) {
    (void)unused;
    mega_engine *e = open_stopped();
    int32_t bus = mega_bus_open(e, "drone", "out", NULL);
    float block[64];
    // nothing that is turned or edited starts it, neither does a release
    static const char *edit =
        "[{\"op\":\"set\",\"id\":\"drone\",\"param\":\"freq\",\"value\":330}]";
    mega_edit(e, edit, strlen(edit), MEGA_FORMAT_JSON, NULL, NULL, NULL);
    mega_knob_set(e, MEGA_NOW, mega_find_knob(e, "level"), 0.8f);
    mega_key_off(e, MEGA_NOW, 60, 0);
    mega_all_notes_off(e, MEGA_NOW);
    assert_float_equal(peak(e, 4800), 0, 0);
    assert_true(mega_bus_read(e, bus, 0, block));
    for (int t = 0; t < 64; t++) assert_float_equal(block[t], 0, 0);
    mega_note_on(e, mega_counters_get(e).frame + 1000, 60, 1, NULL);
    assert_float_equal(peak(e, 960), 0, 0);
    assert_true(peak(e, 4800) > 0.1f);
    mega_key_off(e, MEGA_NOW, 60, 0);
    host_render(e, NULL, 4800);
    float most = 0; // the drone's, as it was turned meanwhile
    for (int i = 0; i < 8; i++) {
        host_render(e, NULL, 64);
        assert_true(mega_bus_read(e, bus, 0, block));
        for (int t = 0; t < 64; t++) most = fmaxf(most, fabsf(block[t]));
    }
    assert_float_equal(most, 0.8f, 0.01f);
    mega_destroy(e);
}

static void a_drone_stops_until_a_gate(void **unused) {
    (void)unused;
    mega_engine *e = open_stopped();
    mega_note hand;
    mega_voice_reserve(e, MEGA_NOW, 60, &hand);
    assert_float_equal(peak(e, 4800), 0, 0);
    mega_note_set(e, MEGA_NOW, hand, MEGA_NOTE_SET_GATE, 1);
    assert_true(peak(e, 4800) > 0.1f);
    mega_destroy(e);
}

static void a_drone_stops_until_a_load(void **unused) {
    (void)unused;
    for (int how = 0; how < 4; how++) {
        mega_engine *e = open_stopped();
        mega_patch *patch = host_read_patch(DRONE);
        if (how == 3) mega_panic(e); // what counts is what came last
        if (how & 1) mega_load(e, patch, NULL);
        else mega_rewire(e, patch, NULL, NULL, NULL);
        if (how == 2) mega_panic(e);
        float most = peak(e, 24000);
        if (how == 2) assert_float_equal(most, 0, 0);
        else assert_true(most > 0.1f);
        mega_patch_destroy(patch);
        mega_destroy(e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drone_stops_until_a_note),
        cmocka_unit_test(a_drone_stops_until_a_gate),
        cmocka_unit_test(a_drone_stops_until_a_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
