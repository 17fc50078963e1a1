// SPDX-License-Identifier: MIT
// midi_stream -- the MIDI interpreter against a plain model: which notes are held, how each is bent
// and pressed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "core/module.h"
#include "mega_midi.h"
#include "support/host.h"
#include "support/random.h"

/// A voice for each note, whose loudness says nothing: only who is held, and at which pitch.
static const char *PATCH =
    "{\"voices\":128,\"nodes\":{\"note\":{\"type\":\"note\"},\"osc\":{\"type\":\"osc.sine\"},"
    "\"env\":{\"type\":\"env\",\"params\":{\"attack\":0.001,\"sustain\":1,\"release\":0.005}},"
    "\"vca\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},"
    "\"connections\":[{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
    "{\"from\":[\"note\",\"gate\"],\"to\":[\"env\",\"gate\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"vca\",\"in\"]},"
    "{\"from\":[\"env\",\"out\"],\"to\":[\"vca\",\"amp\"]},"
    "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

enum { BUSES = 3, FREQ = 0, PRESSURE, TIMBRE };
enum { NOTES_MAX = 4096 };

typedef struct {
    mega_engine *engine;
    mega_midi *midi;
    uint64_t frame;
    int32_t bus[BUSES];
    mega_note notes[NOTES_MAX]; ///< in the order of their starts
    uint32_t started;
    int program, controller;
} rig;

static void on_started(void *context, uint64_t frame, mega_note note, float key, float velocity) {
    rig *r = context;
    (void)frame, (void)key, (void)velocity;
    r->notes[r->started++ % NOTES_MAX] = note;
}
static void on_program(void *context, uint64_t frame, int channel, int number) {
    rig *r = context;
    (void)frame;
    r->program = channel * 1000 + number;
}
static bool on_controller(void *context, uint64_t frame, int channel, int number, int value) {
    rig *r = context;
    (void)frame, (void)channel;
    r->controller = number * 1000 + value;
    return number == 20;
}

static void pass(rig *r, uint32_t frames) {
    static float left[4096], right[4096];
    mega_render(r->engine, NULL, (float *const[]){left, right}, frames);
    r->frame += frames;
    mega_note note;
    while (mega_next_ended(r->engine, &note, NULL)) mega_midi_ended(r->midi, note);
}

static void open_rig(rig *r) {
    static const char *const ports[] = {"freq", "pressure", "timbre"};
    *r = (rig){.engine = host_open(PATCH)};
    const mega_midi_host host = {r, on_controller, on_program, on_started};
    r->midi = mega_midi_create(&host);
    assert_non_null(r->midi);
    for (int i = 0; i < BUSES; i++) {
        r->bus[i] = mega_bus_open(r->engine, "note", ports[i], NULL);
        assert_true(r->bus[i] >= 0);
    }
    pass(r, 256);
}

static void close_rig(rig *r) {
    mega_midi_destroy(r->midi);
    mega_destroy(r->engine);
}

static void play_bytes(rig *r, const uint8_t *bytes, size_t count) {
    assert_int_equal(mega_midi_bytes(r->midi, r->engine, MEGA_NOW, bytes, count), MEGA_OK);
}
#define PLAY(r, ...)                                                                               \
    play_bytes(r, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static float last(rig *r, uint32_t nth, int bus) {
    float block[MEGA_BLOCK_FRAMES];
    assert_true(mega_bus_read(r->engine, r->bus[bus], r->notes[nth], block));
    return block[MEGA_BLOCK_FRAMES - 1];
}

/// The pitch of the nth note that was started, as a key, once it stands still.
static double pitch(rig *r, uint32_t nth) {
    pass(r, 4096);
    return 69 + 12 * log2(last(r, nth, FREQ) / 440);
}

static void assert_near(double got, double want, double within) {
    if (fabs(got - want) <= within) return;
    fail_msg("%.4f, not %.4f", got, want);
}

static uint32_t held(rig *r) {
    pass(r, 256);
    uint32_t gates = mega_counters_get(r->engine).voices_held;
    assert_int_equal(mega_midi_held(r->midi), gates);
    return gates;
}

// ---- single facts -----------------------------------------------------------------------------

static void bend_before_the_note_counts(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xe0, 127, 127, 0x90, 60, 100);
    assert_near(pitch(&r, 0), 62, 1e-4);
    PLAY(&r, 0xe0, 0, 64);
    assert_near(pitch(&r, 0), 60, 1e-4);
    close_rig(&r);
}

static void channels_bend_their_own(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0x91, 60, 100, 0x92, 60, 100, 0xe1, 127, 127);
    assert_near(pitch(&r, 0), 62, 1e-4);
    assert_near(pitch(&r, 1), 60, 1e-4);
    PLAY(&r, 0x81, 60, 0); // the other channel's note of the same key is still held
    assert_int_equal(held(&r), 1);
    PLAY(&r, 0x82, 60, 0);
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

static void bend_range(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xb0, 101, 0, 100, 0, 6, 12, 38, 50, 0x90, 60, 100, 0xe0, 127, 127);
    assert_near(pitch(&r, 0), 72.5, 1e-4);
    PLAY(&r, 0xb0, 101, 127, 100, 127, 6, 1); // no parameter is selected any more
    assert_near(pitch(&r, 0), 72.5, 1e-4);
    PLAY(&r, 0xb0, 99, 0, 98, 0, 6, 1); // nor by an NRPN
    assert_near(pitch(&r, 0), 72.5, 1e-4);
    close_rig(&r);
}

static void zone_of_all_channels(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xb0, 101, 0, 100, 6, 6, 15); // lower zone, 15 members: 2..16
    PLAY(&r, 0xb1, 101, 0, 100, 0, 6, 24); // of one member is of all
    for (int c = 1; c < 16; c++) PLAY(&r, 0xe0 | c, 0, 96, 0x90 | c, 48, 100);
    for (uint32_t i = 0; i < 15; i++) assert_near(pitch(&r, i), 60, 1e-2);
    PLAY(&r, 0xe0, 127, 127); // the master's: all notes, by the patch's range
    for (uint32_t i = 0; i < 15; i++) assert_near(pitch(&r, i), 62, 1e-2);
    close_rig(&r);
}

static void zones_side_by_side(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xb0, 101, 0, 100, 6, 6, 10, 0xbf, 101, 0, 100, 6, 6, 6); // the last one wins: 8 and 6
    PLAY(&r, 0x98, 60, 100, 0x99, 60, 100, 0x9e, 60, 100);
    PLAY(&r, 0xe0, 127, 127);
    assert_near(pitch(&r, 0), 62, 1e-4); // channel 9: lower
    assert_near(pitch(&r, 1), 60, 1e-4); // 10: upper
    PLAY(&r, 0xe0, 0, 64, 0xef, 127, 127, 0xee, 0, 96);
    assert_near(pitch(&r, 0), 60, 1e-4);
    assert_near(pitch(&r, 1), 62, 1e-4);
    assert_near(pitch(&r, 2), 60 + 2 + 24, 1e-2);
    PLAY(&r, 0xb0, 101, 0, 100, 6, 6, 0); // no lower zone: its notes end
    assert_int_equal(held(&r), 2);
    close_rig(&r);
}

static void members_move_their_own(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xb0, 101, 0, 100, 6, 6, 4);
    PLAY(&r, 0xd1, 127, 0xb2, 74, 127, 0x91, 60, 100, 0x92, 64, 100); // before the notes
    pass(&r, 4096);
    assert_near(last(&r, 0, PRESSURE), 1, 1e-3);
    assert_near(last(&r, 1, PRESSURE), 0, 1e-3);
    assert_near(last(&r, 0, TIMBRE), 0, 1e-3);
    assert_near(last(&r, 1, TIMBRE), 1, 1e-3);
    PLAY(&r, 0xd0, 127, 0xa2, 64, 20); // the master's
    pass(&r, 4096);
    assert_near(last(&r, 1, PRESSURE), 1, 1e-3);
    PLAY(&r, 0xd0, 0);
    pass(&r, 4096);
    assert_near(last(&r, 1, PRESSURE), 20.0 / 127, 1e-3);
    PLAY(&r, 0xb0, 64, 127, 0x81, 60, 0, 0x82, 64, 0); // the master's pedal
    assert_int_equal(held(&r), 2);
    PLAY(&r, 0xb0, 64, 0);
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

static void pedals(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0x90, 60, 1, 0xb0, 66, 127, 0x90, 64, 1, 0x80, 60, 0, 64, 0);
    assert_int_equal(held(&r), 1); // sostenuto: what was down with it
    PLAY(&r, 0xb0, 64, 127, 66, 0);
    assert_int_equal(held(&r), 0); // sustain came after the key
    PLAY(&r, 0x90, 60, 1, 0x80, 60, 0, 0x91, 62, 1, 0x81, 62, 0);
    assert_int_equal(held(&r), 1); // the pedal of channel 1 is not channel 2's
    PLAY(&r, 0xb0, 123, 0);
    assert_int_equal(held(&r), 1); // a pedal holds what CC 123 lets go
    PLAY(&r, 0xb0, 121, 0);
    assert_int_equal(held(&r), 0);
    PLAY(&r, 0xb0, 64, 127, 0x90, 60, 1, 0x80, 60, 0, 0xb0, 120, 0);
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

static void controllers_reset(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xe0, 127, 127, 0xd0, 127, 0x90, 60, 1, 0xb0, 121, 0, 0x90, 62, 1);
    assert_near(pitch(&r, 0), 60, 1e-4);
    assert_near(pitch(&r, 1), 62, 1e-4);
    assert_near(last(&r, 0, PRESSURE), 0, 1e-3);
    close_rig(&r);
}

static void bytes(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    // running status, clocks in between, exclusive messages, song position, a byte that belongs to
    // nothing
    PLAY(&r, 7, 0x90, 0xf8, 60, 0xfe, 100, 62, 0xf8, 100, 0xf0, 1, 2, 0xf8, 3, 0xf7, 64, 100, 0xf2,
         1, 2);
    assert_int_equal(held(&r), 2);
    PLAY(&r, 0x90, 60);
    PLAY(&r, 0, 62, 0);
    assert_int_equal(held(&r), 0);
    PLAY(&r, 0xc3, 17, 18);
    assert_int_equal(r.program, 4018);
    PLAY(&r, 0xb0, 20, 99);
    assert_int_equal(r.controller, 20099);
    close_rig(&r);
}

static void ends_wait_for_room(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0x90, 60, 100);
    pass(&r, 256);
    while (mega_controller_set(r.engine, MEGA_NOW, MEGA_CONTROL_TIMBRE, 0) == MEGA_OK) {}
    const uint8_t off[] = {0x80, 60, 0};
    assert_int_equal(mega_midi_bytes(r.midi, r.engine, MEGA_NOW, off, 3), MEGA_ERROR_FULL);
    for (int i = 0; i < 40; i++) pass(&r, 4096);
    assert_int_equal(mega_midi_bytes(r.midi, r.engine, MEGA_NOW, NULL, 0), MEGA_OK);
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

static void release_ends_all(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    PLAY(&r, 0xb0, 64, 127, 0x90, 60, 1, 62, 1, 0x80, 60, 0);
    assert_int_equal(held(&r), 2);
    assert_int_equal(mega_midi_release(r.midi, r.engine, MEGA_NOW), MEGA_OK);
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

// ---- random streams ---------------------------------------------------------------------------

enum { STREAMS = 1000, MESSAGES = 120, DOWN_MAX = 60 };

typedef struct {
    int channel, key;
    bool down, sustained, sostenuto;
} heldnote;

typedef struct {
    heldnote notes[MESSAGES];
    uint32_t count;
    bool sustain[16], sostenuto[16];
} model;

static uint32_t model_held(const model *m) {
    uint32_t held = 0;
    for (uint32_t i = 0; i < m->count; i++)
        held += m->notes[i].down || m->notes[i].sustained || m->notes[i].sostenuto;
    return held;
}

static void model_off(model *m, int channel, int key) {
    for (uint32_t i = 0; i < m->count; i++) {
        heldnote *n = &m->notes[i];
        if (!n->down || n->channel != channel || n->key != key) continue;
        n->down = false;
        n->sustained = m->sustain[channel];
        return;
    }
}

static void model_pedal(model *m, int channel, bool sostenuto, bool down) {
    bool was = m->sostenuto[channel];
    *(sostenuto ? &m->sostenuto[channel] : &m->sustain[channel]) = down;
    for (uint32_t i = 0; i < m->count; i++) {
        heldnote *n = &m->notes[i];
        if (n->channel != channel) continue;
        if (!down && sostenuto) n->sostenuto = false;
        if (!down && !sostenuto) n->sustained = false;
        if (down && sostenuto && !was && n->down) n->sostenuto = true;
    }
}

/// One message; status bytes are left out where running status allows.
static void say(rig *r, rng *rn, uint8_t *running, int status, int one, int two) {
    uint8_t out[8];
    size_t count = 0;
    if (rng_chance(rn, 0.2f)) out[count++] = 0xf8;
    if (*running != status || rng_chance(rn, 0.3f)) out[count++] = (uint8_t)status;
    *running = (uint8_t)status;
    out[count++] = (uint8_t)one;
    if (rng_chance(rn, 0.1f)) out[count++] = 0xfe;
    if (two >= 0) out[count++] = (uint8_t)two;
    for (size_t i = 0, part; i < count; i += part) { // whole, or in pieces
        part = 1 + rng_below(rn, (uint32_t)(count - i));
        play_bytes(r, out + i, part);
    }
}

static void play_stream(uint64_t seed) {
    rig r;
    rng rn = rng_create(seed);
    model m = {0};
    uint8_t running = 0;
    open_rig(&r);
    for (int i = 0; i < MESSAGES; i++) {
        int c = (int)rng_below(&rn, 3), key = 60 + (int)rng_below(&rn, 4);
        uint32_t what = rng_below(&rn, 100);
        if (what < 40 && model_held(&m) < DOWN_MAX) {
            say(&r, &rn, &running, 0x90 | c, key, 1 + (int)rng_below(&rn, 127));
            m.notes[m.count++] = (heldnote){c, key, true, false, false};
        } else if (what < 75) {
            bool zero = rng_chance(&rn, 0.5f);
            say(&r, &rn, &running, (zero ? 0x90 : 0x80) | c, key, zero ? 0 : 64);
            model_off(&m, c, key);
        } else if (what < 85) {
            bool sostenuto = rng_chance(&rn, 0.5f), down = rng_chance(&rn, 0.5f);
            say(&r, &rn, &running, 0xb0 | c, sostenuto ? 66 : 64, down ? 127 : 0);
            model_pedal(&m, c, sostenuto, down);
        } else if (what < 92) say(&r, &rn, &running, 0xe0 | c, 0, (int)rng_below(&rn, 128));
        else if (what < 95) say(&r, &rn, &running, 0xd0 | c, (int)rng_below(&rn, 128), -1);
        else if (what < 98) say(&r, &rn, &running, 0xa0 | c, key, (int)rng_below(&rn, 128));
        else say(&r, &rn, &running, 0xc0 | c, 5, -1);
        if (rng_chance(&rn, 0.5f)) assert_int_equal(held(&r), model_held(&m));
    }
    for (int c = 0; c < 3; c++) {
        for (int key = 60; key < 64; key++)
            for (int i = 0; i < MESSAGES; i++) model_off(&m, c, key);
        for (uint32_t i = 0; i < m.count; i++)
            say(&r, &rn, &running, 0x80 | c, 60 + (int)(i % 4), 0);
        for (int key = 60; key < 64; key++)
            for (uint32_t i = 0; i < m.count; i++) say(&r, &rn, &running, 0x80 | c, key, 0);
        say(&r, &rn, &running, 0xb0 | c, 64, 0);
        say(&r, &rn, &running, 0xb0 | c, 66, 0);
    }
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

/// Every channel's keys and pedals go up.
static void let_go_of_all(rig *r, rng *rn, uint8_t *running) {
    for (int c = 0; c < 16; c++) {
        for (int i = 0; i < 4 * MESSAGES; i++) say(r, rn, running, 0x80 | c, 60 + i % 4, 0);
        say(r, rn, running, 0xb0 | c, 64, 0);
        say(r, rn, running, 0xb0 | c, 66, 0);
    }
}

/// Zones, ranges, resets, modes of the note: whatever came before, what nobody holds is not held.
static void wild_streams(void **state) {
    static const int numbers[] = {64, 66, 74, 6, 38, 98, 99, 100, 101, 120, 121, 123, 127};
    (void)state;
    for (uint64_t seed = 0; seed < STREAMS / 4; seed++) {
        rig r;
        rng rn = rng_create(seed + 77);
        uint8_t running = 0;
        open_rig(&r);
        int32_t mode = mega_find_param(r.engine, "note", "mode");
        assert_true(mode >= 0);
        assert_int_equal(mega_param_set(r.engine, MEGA_NOW, mode, (float)(seed % 3), 0), MEGA_OK);
        for (int i = 0; i < MESSAGES; i++) {
            int c = (int)rng_below(&rn, 16), key = 60 + (int)rng_below(&rn, 4);
            int number = numbers[rng_below(&rn, sizeof numbers / sizeof *numbers)];
            uint32_t what = rng_below(&rn, 10), zone = rng_below(&rn, 16);
            if (what < 5) say(&r, &rn, &running, 0x90 | c, key, (int)rng_below(&rn, 128));
            else if (what < 8) say(&r, &rn, &running, 0xb0 | c, number, (int)rng_below(&rn, 128));
            else if (what < 9) say(&r, &rn, &running, 0xe0 | c, 1, (int)rng_below(&rn, 128));
            else {
                c = c < 8 ? 0 : 15;
                say(&r, &rn, &running, 0xb0 | c, 101, 0);
                say(&r, &rn, &running, 0xb0 | c, 100, 6);
                say(&r, &rn, &running, 0xb0 | c, 6, (int)zone);
            }
            if (rng_chance(&rn, 0.3f)) pass(&r, 1 + rng_below(&rn, 300));
        }
        let_go_of_all(&r, &rn, &running);
        assert_int_equal(held(&r), 0);
        close_rig(&r);
    }
}

static void pairs_on_one_frame(void **state) {
    (void)state;
    rig r;
    open_rig(&r);
    for (int i = 0; i < 50; i++) PLAY(&r, 0x90, 60, 100, 0x80, 60, 0);
    assert_int_equal(held(&r), 0);
    PLAY(&r, 0x90, 60, 100, 60, 100, 60, 0, 60, 0);
    assert_int_equal(held(&r), 0);
    PLAY(&r, 0x90, 60, 100, 60, 100, 60, 0);
    assert_int_equal(held(&r), 1); // another key of the same pitch is still down
    PLAY(&r, 0x90, 60, 0);
    assert_int_equal(held(&r), 0);
    close_rig(&r);
}

static void random_streams(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < STREAMS; seed++) play_stream(seed);
    printf("%d random streams of %d messages: what is held is what the model says\n", STREAMS,
           MESSAGES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bend_before_the_note_counts),
        cmocka_unit_test(channels_bend_their_own),
        cmocka_unit_test(bend_range),
        cmocka_unit_test(zone_of_all_channels),
        cmocka_unit_test(zones_side_by_side),
        cmocka_unit_test(members_move_their_own),
        cmocka_unit_test(pedals),
        cmocka_unit_test(controllers_reset),
        cmocka_unit_test(bytes),
        cmocka_unit_test(ends_wait_for_room),
        cmocka_unit_test(release_ends_all),
        cmocka_unit_test(random_streams),
        cmocka_unit_test(wild_streams),
        cmocka_unit_test(pairs_on_one_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
