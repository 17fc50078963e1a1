// SPDX-License-Identifier: MIT
// threads -- the three roles on three threads: one rewires and edits at random, one plays, one
// renders. Meant for ThreadSanitizer; in any build the sound must stay finite.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "support/host.h"
#include "support/random_control.h"

enum { PATCHES = 12, EDITS = 400, EVENTS = 20000 };

typedef struct {
    mega_engine *engine;
    mega_patch *patches[PATCHES];
    _Atomic int32_t knob, preset; ///< public numbers that the playing thread may use
    _Atomic bool edited, played;
    uint64_t blocks;
    bool finite;
} stage;

/// CONTROL: other patches, random edits, undo, more buses, names; what was freed is gone at once.
static void *rewires(void *argument) {
    stage *s = argument;
    rng r = rng_create(1);
    random_control control = {.engine = s->engine, .r = rng_create(3)};
    for (int i = 0; i < EDITS; i++) {
        mega_change how = {MEGA_REV_ANY, rng_between(&r, 0, i % 2 ? 5 : 500), MEGA_NOW};
        if (rng_chance(&r, 0.3f))
            how.frame = mega_counters_get(s->engine).frame_rendered + rng_below(&r, 2000);
        if (i == 0 || rng_chance(&r, 0.3f))
            mega_rewire(s->engine, s->patches[rng_below(&r, PATCHES)], &how, NULL, NULL);
        else control_step(&control);
        s->knob = mega_find_knob(s->engine, "k0");
        s->preset = mega_find_preset(s->engine, "p1");
        if (i % 50 == 0) mega_bus_open(s->engine, "n0", "freq", NULL);
        if (rng_chance(&r, 0.7f)) nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
    control_print(&control, "control");
    s->edited = true;
    return NULL;
}

/// EVENT: notes, knobs, pedals as fast as they are taken; reads the counters and what has ended.
static void *plays(void *argument) {
    stage *s = argument;
    rng r = rng_create(2);
    mega_note note[16] = {0};
    for (int i = 0; i < EVENTS; i++) {
        uint32_t at = rng_below(&r, 16);
        mega_note_off(s->engine, MEGA_NOW, note[at], 0.5f);
        mega_note_on(s->engine, MEGA_NOW, rng_between(&r, 30, 90), rng_unit(&r), &note[at]);
        mega_note_set(s->engine, MEGA_NOW, note[at], MEGA_NOTE_BEND, rng_between(&r, -2, 2));
        mega_controller_set(s->engine, MEGA_NOW, (mega_controller)rng_below(&r, 5), rng_unit(&r));
        if (s->knob >= 0) mega_knob_set(s->engine, MEGA_NOW, s->knob, rng_unit(&r));
        if (s->preset >= 0 && i % 100 == 0)
            mega_preset_recall(s->engine, MEGA_NOW, s->preset, rng_unit(&r));
        while (mega_next_ended(s->engine, NULL, NULL)) {}
        if (rng_chance(&r, 0.001f)) mega_panic(s->engine);
        (void)mega_counters_get(s->engine).voices_active;
        if (i % 16 == 0) nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    s->played = true;
    return NULL;
}

/// AUDIO: until the others are done.
static void *renders(void *argument) {
    stage *s = argument;
    float left[256], right[256], block[64];
    s->finite = true;
    while (!s->edited || !s->played) {
        mega_render(s->engine, NULL, (float *const[]){left, right},
                    64 + (uint32_t)(s->blocks % 4) * 48);
        mega_bus_read(s->engine, 0, 0, block);
        for (int t = 0; t < 64; t++) s->finite &= isfinite(left[t]) && isfinite(right[t]);
        s->blocks++;
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
    return NULL;
}

static void three_roles_on_three_threads(void **unused) {
    (void)unused;
    stage s = {.engine = host_open(NULL), .knob = -1, .preset = -1};
    for (int i = 0; i < PATCHES; i++) {
        char *json = random_patch(100 + (uint64_t)i, 12);
        s.patches[i] = host_read_patch(json);
        free(json);
    }
    pthread_t threads[3];
    void *(*const roles[])(void *) = {rewires, plays, renders};
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, roles[i], &s);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    mega_counters c = mega_counters_get(s.engine);
    printf("%llu renders, %llu programs swapped, %llu notes\n", (unsigned long long)s.blocks,
           (unsigned long long)c.programs_swapped, (unsigned long long)c.notes_started);
    assert_true(s.finite);
    assert_true(c.programs_swapped > 10);
    // whatever stage was held for whatever change, the next one comes: nothing waits for ever
    mega_change how = {MEGA_REV_ANY, 3, MEGA_NOW};
    mega_changed last;
    uint64_t frame;
    while (mega_changes_scheduled(s.engine)) mega_render(s.engine, NULL, (float *[2]){NULL}, 64);
    mega_render(s.engine, NULL, (float *[2]){NULL}, 64);
    assert_int_equal(mega_rewire(s.engine, s.patches[0], &how, &last, NULL), MEGA_OK);
    for (int i = 0; i < 8; i++) mega_render(s.engine, NULL, (float *[2]){NULL}, 64);
    assert_true(mega_change_frame(s.engine, last.number, &frame));
    mega_free(last.undo_json);
    mega_destroy(s.engine);
    for (int i = 0; i < PATCHES; i++) mega_patch_destroy(s.patches[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_roles_on_three_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
