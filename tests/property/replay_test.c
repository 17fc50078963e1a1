// SPDX-License-Identifier: MIT
// replay -- what was recorded of a session gives the same bits: random edits, undo, other patches,
// timed changes, notes, knobs and presets, by one thread and by three.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "support/host.h"
#include "support/random_control.h"

enum { SESSIONS = 40, BLOCKS = 400, PATCHES = 6, SOUND_MAX = 1 << 22 };

/// The left side of what was rendered, and of its replay.
typedef struct {
    float *left;
    size_t count;
} sound;

static void keep(sound *s, const float *left, uint32_t frames) {
    if (s->count + frames > SOUND_MAX) return;
    memcpy(s->left + s->count, left, frames * sizeof *left);
    s->count += frames;
}

static bool take(void *context, const float *const *channels, uint32_t frames) {
    if (frames) keep(context, channels[0], frames);
    return true;
}

/// A recording, line by line as it is taken.
typedef struct {
    char *text;
    size_t bytes;
} recording;

static void take_calls(mega_engine *e, recording *r) {
    char *text;
    size_t bytes;
    assert_int_equal(mega_calls_take_text(e, &text, &bytes), MEGA_OK);
    r->text = realloc(r->text, r->bytes + bytes + 1);
    memcpy(r->text + r->bytes, text, bytes + 1);
    r->bytes += bytes;
    mega_free(text);
}

/// Replays, and compares as far as the recording reaches. @return whether all was the same
static bool replays(const recording *r, const sound *was, const char *name, bool print) {
    sound again = {.left = malloc(SOUND_MAX * sizeof(float))};
    mega_report *report = mega_report_create();
    mega_status status = mega_replay(r->text, r->bytes, take, &again, report);
    size_t count = was->count < again.count ? was->count : again.count, same = 0;
    while (same < count && memcmp(&was->left[same], &again.left[same], sizeof(float)) == 0) same++;
    bool good = status == MEGA_OK && same == count && again.count + 64 * 128 >= was->count &&
                mega_report_count(report) == 0;
    if (!good || print)
        printf("%s: %zu frames rendered, %zu replayed, %zu the same, %zu bytes of calls\n", name,
               was->count, again.count, same, r->bytes);
    if (!good) host_print(report);
    mega_report_destroy(report);
    free(again.left);
    return good;
}

static mega_engine *open_engine(uint32_t seed) {
    mega_engine *e = mega_create(&(mega_options){.record_calls = true, .seed = seed}, NULL);
    assert_non_null(e);
    return e;
}

static void read_patches(mega_patch **patches, uint32_t count, uint64_t seed) {
    for (uint32_t i = 0; i < count; i++) {
        char *json = random_patch(seed + i, 12);
        patches[i] = host_read_patch(json);
        free(json);
    }
}

static bool session(uint64_t seed) {
    mega_engine *e = open_engine((uint32_t)seed);
    random_control control = {.engine = e, .r = rng_create(seed), .patch_count = PATCHES};
    read_patches(control.patches, PATCHES, 100 * seed);
    assert_int_equal(mega_load(e, control.patches[0], NULL), MEGA_OK);
    player p = play_create(e, control.patches[0], seed);
    p.gap_frames = 700;
    rng r = rng_create(seed + 7);
    sound was = {.left = malloc(SOUND_MAX * sizeof(float))};
    recording calls = {0};
    for (int b = 0; b < BLOCKS; b++) {
        float left[256], right[256];
        uint32_t frames = 1 + rng_below(&r, 256);
        if (rng_chance(&r, 0.15f)) control_step(&control);
        control_heed(&control, &p);
        if (rng_chance(&r, 0.01f)) mega_panic(e);
        play_until(&p, p.now + frames);
        mega_render(e, NULL, (float *const[]){left, right}, frames);
        p.now += frames;
        keep(&was, left, frames);
        if (rng_chance(&r, 0.02f)) take_calls(e, &calls);
    }
    take_calls(e, &calls);
    mega_destroy(e);
    char name[40];
    snprintf(name, sizeof name, "session %llu", (unsigned long long)seed);
    bool good = replays(&calls, &was, name, seed % 10 == 0);
    for (int i = 0; i < PATCHES; i++) mega_patch_destroy(control.patches[i]);
    free(was.left);
    free(calls.text);
    return good;
}

static void sessions_of_one_thread(void **unused) {
    (void)unused;
    int wrong = 0;
    for (uint64_t seed = 1; seed <= SESSIONS; seed++) wrong += !session(seed);
    assert_int_equal(wrong, 0);
}

// ---- three threads -----------------------------------------------------------------------------

typedef struct {
    mega_engine *engine;
    random_control control;
    recording calls;
    _Atomic int32_t knob;
    _Atomic bool edited;
    sound was;
} trio;

static void *rewires(void *argument) {
    trio *t = argument;
    for (int i = 0; i < 150; i++) {
        control_step(&t->control);
        t->knob = mega_find_knob(t->engine, "k0");
        if (i % 10 == 0) take_calls(t->engine, &t->calls);
        nanosleep(&(struct timespec){.tv_nsec = i % 5 ? 300000 : 5000000}, NULL);
    }
    t->edited = true;
    return NULL;
}

static void *plays(void *argument) {
    trio *t = argument;
    rng r = rng_create(2);
    mega_note note[16] = {0};
    while (!t->edited) {
        uint32_t at = rng_below(&r, 16);
        uint64_t frame = rng_chance(&r, 0.5f)
                             ? MEGA_NOW
                             : mega_counters_get(t->engine).frame + rng_below(&r, 3000);
        mega_note_off(t->engine, frame, note[at], 0.5f);
        mega_note_on(t->engine, frame, rng_between(&r, 30, 90), rng_unit(&r), &note[at]);
        mega_note_set(t->engine, MEGA_NOW, note[at], MEGA_NOTE_BEND, rng_between(&r, -2, 2));
        if (t->knob >= 0) mega_knob_set(t->engine, MEGA_NOW, t->knob, rng_unit(&r));
        if (rng_chance(&r, 0.002f)) mega_panic(t->engine);
        nanosleep(&(struct timespec){.tv_nsec = 400000}, NULL);
    }
    return NULL;
}

static void *renders(void *argument) {
    trio *t = argument;
    float left[256], right[256];
    for (uint32_t i = 0; !t->edited; i++) {
        uint32_t frames = 16 + i % 5 * 48;
        mega_render(t->engine, NULL, (float *const[]){left, right}, frames);
        keep(&t->was, left, frames);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return NULL;
}

static void a_session_of_three_threads(void **unused) {
    (void)unused;
    int wrong = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        trio t = {
            .engine = open_engine(3), .knob = -1, .was.left = malloc(SOUND_MAX * sizeof(float))};
        t.control =
            (random_control){.engine = t.engine, .r = rng_create(seed), .patch_count = PATCHES};
        read_patches(t.control.patches, PATCHES, 1000 * seed);
        mega_load(t.engine, t.control.patches[0], NULL);
        pthread_t threads[3];
        void *(*const roles[])(void *) = {rewires, plays, renders};
        for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, roles[i], &t);
        for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
        take_calls(t.engine, &t.calls);
        mega_destroy(t.engine);
        wrong += !replays(&t.calls, &t.was, "three threads", true);
        for (int i = 0; i < PATCHES; i++) mega_patch_destroy(t.control.patches[i]);
        free(t.was.left);
        free(t.calls.text);
    }
    assert_int_equal(wrong, 0);
}

// ---- what is wrong -----------------------------------------------------------------------------

static void broken_recordings_are_refused(void **unused) {
    (void)unused;
    mega_engine *e = open_engine(1);
    recording calls = {0};
    host_load(e, "{\"nodes\":{\"n\":{\"type\":\"note\"},\"o\":{\"type\":\"osc.sine\"},\"out\":{"
                 "\"type\":\"output\"}},"
                 "\"connections\":[{\"from\":[\"n\",\"freq\"],\"to\":[\"o\",\"freq\"]},"
                 "{\"from\":[\"o\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    mega_note_on(e, 100, 60, 1, NULL);
    host_render(e, NULL, 9600);
    take_calls(e, &calls);
    mega_destroy(e);
    assert_int_equal(mega_replay(calls.text, calls.bytes, NULL, NULL, NULL), MEGA_OK);
    mega_report *report = mega_report_create();
    assert_int_equal(mega_replay("", 0, NULL, NULL, report), MEGA_ERROR_PATCH);
    assert_int_equal(mega_replay("[]\n", 3, NULL, NULL, report), MEGA_ERROR_PATCH);
    // one note more or less is heard, and the report says when
    char *note = strstr(calls.text, "60.0");
    assert_non_null(note);
    note[0] = '7';
    mega_report_clear(report);
    assert_int_equal(mega_replay(calls.text, calls.bytes, NULL, NULL, report), MEGA_ERROR_PATCH);
    assert_non_null(strstr(mega_report_get(report, 0)->message, "another sound by frame"));
    note[0] = '6';
    // any byte may be wrong: no harm is done
    rng r = rng_create(5);
    for (int i = 0; i < 2000; i++) {
        char *copy = malloc(calls.bytes + 1);
        memcpy(copy, calls.text, calls.bytes + 1);
        for (uint32_t n = 1 + rng_below(&r, 3); n > 0; n--) {
            char *at = &copy[rng_below(&r, (uint32_t)calls.bytes)];
            *at = rng_chance(&r, 0.5f) ? (char)('0' + rng_below(&r, 10)) : (char)rng_below(&r, 256);
        }
        mega_replay(copy, rng_chance(&r, 0.2f) ? rng_below(&r, (uint32_t)calls.bytes) : calls.bytes,
                    NULL, NULL, NULL);
        free(copy);
    }
    mega_report_destroy(report);
    free(calls.text);
}

static void what_is_lost_is_told(void **unused) {
    (void)unused;
    mega_engine *e = open_engine(1);
    recording calls = {0};
    host_load(e, "{\"nodes\":{\"o\":{\"type\":\"osc.sine\"},\"out\":{\"type\":\"output\"}},"
                 "\"connections\":[{\"from\":[\"o\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    for (int i = 0; i < 100000; i++) {
        if (mega_note_off(e, MEGA_NOW, 7, 0) == MEGA_ERROR_FULL) host_render(e, NULL, 64);
    }
    take_calls(e, &calls);
    mega_destroy(e);
    mega_report *report = mega_report_create();
    mega_replay(calls.text, calls.bytes, NULL, NULL, report);
    assert_true(mega_report_count(report) > 0);
    assert_string_equal(mega_report_get(report, 0)->code, "limit");
    mega_report_destroy(report);
    free(calls.text);
    char *text;
    size_t bytes;
    e = host_open(NULL);
    assert_int_equal(mega_calls_take_text(e, &text, &bytes), MEGA_ERROR_NAME);
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_of_one_thread),
        cmocka_unit_test(a_session_of_three_threads),
        cmocka_unit_test(broken_recordings_are_refused),
        cmocka_unit_test(what_is_lost_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
