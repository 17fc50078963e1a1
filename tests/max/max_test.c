// SPDX-License-Identifier: MIT
// max_test -- the shim for Max in a mock of Max: what it is made of, the same bits as `megasynth
// render`, messages and sound on different threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../support/files.h"
#include "kernel.h"

enum { RATE = 48000, FRAMES = 64, LONGEST = 1024 };

static void expect_said(const char *part) {
    char *all = kernel_said();
    if (!strstr(all, part)) fail_msg("`%s` is not in:\n%s", part, all);
    free(all);
}

static void lets_and_help(void **unused) {
    (void)unused;
    void *x = kernel_make("3 keys.json -in 2 -voices 4");
    assert_non_null(x);
    assert_int_equal(kernel_inlets(x), 2);
    assert_string_equal(kernel_outlets(x), "signal signal signal anything");
    assert_non_null(strstr(kernel_assist(x, ASSIST_OUTLET, 3), "ready"));
    assert_non_null(strstr(kernel_assist(x, ASSIST_OUTLET, 0), "channel 1"));
    assert_true(strlen(kernel_assist(x, ASSIST_INLET, 0)) > 0);
    object_free(x);
    free(kernel_said());
    x = kernel_make("2 -name");
    expect_said("console: `-name`");
    object_free(x);
    x = kernel_make("2 nowhere.json"); // lives, and says so
    assert_non_null(x);
    expect_said("nowhere.json");
    object_free(x);
    assert_int_equal(kernel_alive(), 0);
}

// ---- the same bits -----------------------------------------------------------------------------

/// Notes and turns of knobs, at frames where a vector of any size begins: for the object as
/// messages, for the command line as a score.
static const struct {
    int at; ///< in LONGEST frames
    const char *message, *item;
} events[] = {
    {0, "60 100", "\"note\": 60, \"velocity\": 0.78740157480314965, \"length\": 9"},
    {3, "67.5 127 b", "\"note\": 67.5, \"velocity\": 1, \"length\": 0.128"},
    {5, "knob cutoff 0.75", "\"knob\": \"cutoff\", \"value\": 0.75"},
    {9, "67.5 0 b", NULL},
    {14, "knob cutoff 0.25", "\"knob\": \"cutoff\", \"value\": 0.25"},
    {15, "48 127", "\"note\": 48, \"velocity\": 1, \"length\": 9"},
};
enum { EVENTS = sizeof events / sizeof *events, LENGTH = 24 * LONGEST };

static void write_score(const char *path, bool with_knobs) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "[");
    for (int e = 0, count = 0; e < EVENTS; e++) {
        if (!events[e].item || (!with_knobs && strstr(events[e].item, "knob"))) continue;
        fprintf(file, "%s{\"at\": %.9f, %s}", count++ ? ",\n" : "",
                (double)events[e].at * LONGEST / RATE, events[e].item);
    }
    fprintf(file, "]\n");
    fclose(file);
}

/// @param samples receives two channels in turn, LENGTH frames. @return what holds them
static char *render_by_command(const char *name, const char *folder, bool with_knobs,
                               const float **samples) {
    char score[1024], wave[1024], command[8192];
    snprintf(score, sizeof score, "%s/score.json", folder);
    snprintf(wave, sizeof wave, "%s/offline.wav", folder);
    write_score(score, with_knobs);
    snprintf(command, sizeof command,
             "'%s' render '%s/%s' -o '%s' --score '%s' --bits 32f --rate %d --seconds %.9f --quiet",
             MEGASYNTH, SOURCE_DIR "/examples", name, wave, score, RATE, (double)LENGTH / RATE);
    assert_int_equal(system(command), 0);
    size_t bytes, data = (size_t)LENGTH * 2 * sizeof(float);
    char *file = read_file(wave, &bytes);
    assert_non_null(file);
    size_t at = 12; // of the first chunk of a RIFF file
    uint32_t size = 0;
    for (; at + 8 <= bytes && memcmp(file + at, "data", 4) != 0; at += 8 + size)
        memcpy(&size, file + at + 4, sizeof size);
    assert_true(at + 8 + data <= bytes);
    *samples = (const float *)(file + at + 8);
    remove(score);
    remove(wave);
    return file;
}

static void compare(const char *name, long frames, bool with_knobs, const float *samples) {
    double left[LONGEST], right[LONGEST], peak = 0;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "2 %s", name);
    void *x = kernel_make(arguments);
    assert_non_null(x);
    assert_true(kernel_start_dsp(x, frames));
    for (long at = 0, e = 0; at < LENGTH; at += frames) {
        for (; e < EVENTS && events[e].at * LONGEST == at; e++)
            if (with_knobs || !strstr(events[e].message, "knob")) kernel_send(x, events[e].message);
        kernel_perform(x, NULL, (double *[]){left, right}, frames);
        for (long t = 0; t < frames; t++) {
            const float *wanted = samples + (at + t) * 2;
            if (left[t] != (double)wanted[0] || right[t] != (double)wanted[1])
                fail_msg("%s, vectors of %ld: differs at frame %ld: %.9g, not %.9g", name, frames,
                         at + t, left[t], (double)wanted[0]);
            peak = left[t] > peak ? left[t] : peak;
        }
        kernel_clocks((double)frames * 1000 / RATE);
    }
    assert_true(peak > 0.001);
    printf("%s, vectors of %ld: %d frames equal, peak %.3f\n", name, frames, LENGTH, peak);
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void the_same_bits_as_the_command_line(void **unused) {
    (void)unused;
    static const struct {
        const char *name;
        bool with_knobs; ///< those that `events` turns
    } patches[] = {{"keys.json", true},    {"fm_feedback.sexp", false}, {"karplus.json", false},
                   {"pad.json", false},    {"toy.json", false},         {"toy.sexp", false},
                   {"tremolo.json", false}};
    char folder[] = "/tmp/max_test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (size_t p = 0; p < sizeof patches / sizeof *patches; p++) {
        const float *samples;
        char *file = render_by_command(patches[p].name, folder, patches[p].with_knobs, &samples);
        for (long frames = 16; frames <= LONGEST; frames *= 4)
            compare(patches[p].name, frames, patches[p].with_knobs, samples);
        free(file);
    }
    rmdir(folder);
}

// ---- messages ----------------------------------------------------------------------------------

/// As long as answers may take: the worker's thread is asked for them.
static void run_clocks(void) {
    for (int i = 0; i < 50; i++) {
        kernel_clocks(5);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static void messages_and_answers(void **unused) {
    (void)unused;
    void *x = kernel_make("2");
    double out[2][FRAMES];
    assert_true(kernel_start_dsp(x, FRAMES));
    kernel_send(x, "add n note");
    kernel_send(x, "add o osc.sine amp 0.2");
    kernel_send(x, "connect n.freq o.freq");
    kernel_send(x, "connect o.out out.in");
    kernel_send(x, "sync");
    kernel_clocks(1);
    kernel_send(x, "60 100");
    double peak = 0;
    for (int b = 0; b < 100; b++) {
        kernel_perform(x, NULL, (double *[]){out[0], out[1]}, FRAMES);
        for (int t = 0; t < FRAMES; t++) peak = out[0][t] > peak ? out[0][t] : peak;
        kernel_clocks(1.3);
    }
    assert_true(peak > 0.15 && peak < 0.25);
    free(kernel_said());
    kernel_send(x, "get o.amp");
    run_clocks();
    expect_said("value o.amp 0.2");
    kernel_send(x, "set o.nothing 3");
    run_clocks();
    expect_said("error");
    kernel_send(x, "64"); // a lone number
    kernel_send(x, "64.5");
    kernel_send(x, "bang");
    run_clocks();
    expect_said("error");
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void other_inlets_are_for_signals(void **unused) {
    (void)unused;
    void *x = kernel_make("2 keys.json -in 2");
    free(kernel_said());
    kernel_send_inlet(x, 1, "60 100");
    expect_said("first inlet");
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

// ---- what people of Max expect -----------------------------------------------------------------

/// What the object answers to `dump`, whose lines hold the whole patch; to be freed.
static char *dump_of(void *x) {
    run_clocks();
    free(kernel_said());
    kernel_send(x, "dump");
    run_clocks();
    return kernel_said();
}

static void attributes_of_the_box(void **unused) {
    (void)unused;
    void *x = kernel_make("@voices 16");
    assert_string_equal(kernel_outlets(x), "signal signal anything");
    char *said = kernel_said();
    if (strstr(said, "console")) fail_msg("%s", said);
    free(said);
    object_free(x);

    x = kernel_make("@chans 4 @file keys.json @in 3 @voices 5 @varname lead");
    assert_int_equal(kernel_inlets(x), 3);
    assert_string_equal(kernel_outlets(x), "signal signal signal signal anything");
    said = dump_of(x);
    assert_non_null(strstr(said, "dump voices 5"));
    assert_non_null(strstr(said, "dump add filt"));
    free(said);
    kernel_send(x, "voices 7"); // the attribute as a message
    said = dump_of(x);
    assert_non_null(strstr(said, "dump voices 7"));
    free(said);
    kernel_send(x, "file toy.json");
    kernel_send(x, "chans 2");
    run_clocks();
    expect_said("only be written in the box");
    said = dump_of(x);
    assert_null(strstr(said, "dump add filt"));
    free(said);
    object_free(x);

    static const char *const wrong[] = {"@voices 0", "@voices",   "@chans 65",
                                        "@in x",     "2 -voices", "2 a.json b.json"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        x = kernel_make(wrong[i]);
        assert_non_null(x);
        expect_said("write [megasynth~");
        object_free(x);
    }
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

#define TOY                                                                                        \
    "{\"name\": \"by dict\", \"voices\": 3, \"knobs\": {\"speed\": {\"value\": 0.25}}, "           \
    "\"nodes\": {\"o\": "                                                                          \
    "{\"type\": \"osc.sine\", \"params\": {\"freq\": 220}}, \"out\": {\"type\": \"output\"}}, "    \
    "\"connections\": [{\"from\": [\"o\", \"out\"], \"to\": [\"out\", \"in\"], \"amount\": 0.5}]}"

static void patches_from_dictionaries(void **unused) {
    (void)unused;
    kernel_dict("toy", TOY);
    kernel_dict("wrong", "{\"nodes\": {\"o\": {\"type\": \"osc.sign\"}}}");
    void *x = kernel_make("2");
    kernel_send(x, "dictionary toy");
    kernel_send(x, "sync");
    char *said = dump_of(x);
    static const char *const parts[] = {"dump add o osc.sine freq 220",
                                        "dump connect o.out out.in 0.5", "speed 0.25", "voices 3"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(said, parts[i])) fail_msg("no `%s` in %s", parts[i], said);
    kernel_send(x, "dictionary wrong");
    run_clocks();
    expect_said("osc.sine"); // did you mean
    kernel_send(x, "dictionary nowhere");
    expect_said("no dictionary `nowhere`");
    char *after = dump_of(x);
    assert_string_equal(after, said);
    free(after);
    free(said);
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void state_in_the_patcher(void **unused) {
    (void)unused;
    void *x = kernel_make("2 keys.json @embed 1");
    kernel_send(x, "knob cutoff 0.125");
    kernel_send(x, "set env.sustain 0");
    kernel_send(x, "add extra gain");
    char *said = dump_of(x);
    t_dictionary *box = kernel_save(x);
    object_free(x);
    void *y =
        kernel_make_saved("2 toy.json @embed 1", box); // what was saved is newer than the file
    kernel_forget(box);
    char *again = dump_of(y);
    assert_string_equal(again, said);
    assert_non_null(strstr(again, "0.125"));
    free(again);
    kernel_send(y, "embed 0");
    box = kernel_save(y);
    object_free(y);
    y = kernel_make_saved("2", box);
    kernel_forget(box);
    again = dump_of(y);
    assert_null(strstr(again, "extra"));
    free(again);
    free(said);
    object_free(y);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void *reads(void *x) {
    kernel_send(x, "read keys.json");
    kernel_send(x, "read");
    return NULL;
}

static void files_and_dialogs(void **unused) {
    (void)unused;
    void *x = kernel_make("2");
    kernel_send(x, "read"); // the dialog is cancelled
    kernel_choose("toy.json");
    kernel_send(x, "read");
    char *said = dump_of(x);
    assert_null(strstr(said, "console"));
    char *toy = said;
    pthread_t other;
    kernel_choose("pad.json");
    pthread_create(&other, NULL, reads, x);
    pthread_join(other, NULL);
    said = dump_of(x);
    assert_string_equal(said, toy); // files wait for the main thread
    free(said);
    assert_int_equal(kernel_main_queue(), 2);
    said = dump_of(x);
    assert_string_not_equal(said, toy);
    free(said);
    char name[] = "/tmp/max_test.XXXXXX";
    assert_non_null(mkdtemp(name));
    char path[100];
    snprintf(path, sizeof path, "%s/kept.json", name);
    kernel_choose(path);
    kernel_send(x, "write");
    kernel_send(x, "sync");
    run_clocks();
    assert_int_equal(access(path, R_OK), 0);
    remove(path);
    rmdir(name);
    free(toy);
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

/// Every message of the help patcher, sent to an object with the arguments that it has there.
static void the_help_patcher(void **unused) {
    (void)unused;
    json_t *help =
        json_load_file(SOURCE_DIR "/pd-externals/max/package/help/megasynth~.maxhelp", 0, NULL);
    assert_non_null(help);
    json_t *boxes = json_object_get(json_object_get(help, "patcher"), "boxes"), *row;
    size_t i, sent = 0;
    void *x = NULL;
    kernel_dict("mypatch", TOY);
    json_array_foreach(boxes, i, row) {
        const char *text = json_string_value(json_object_get(json_object_get(row, "box"), "text"));
        if (text && strncmp(text, "megasynth~ ", 11) == 0) x = kernel_make(text + 11);
    }
    assert_non_null(x);
    json_array_foreach(boxes, i, row) {
        json_t *box = json_object_get(row, "box");
        if (strcmp(json_string_value(json_object_get(box, "maxclass")), "message") != 0) continue;
        kernel_send(x, json_string_value(json_object_get(box, "text")));
        kernel_send(x, "sync");
        run_clocks();
        sent++;
    }
    char *said = kernel_said();
    if (strstr(said, "console") || strstr(said, "error")) fail_msg("%s", said);
    free(said);
    assert_true(sent > 12);
    json_decref(help);
    object_free(x);
    assert_int_equal(kernel_alive(), 0);
}

// ---- threads -----------------------------------------------------------------------------------

static atomic_bool done;

static void *performs(void *x) {
    double out[2][FRAMES];
    while (!done) kernel_perform(x, NULL, (double *[]){out[0], out[1]}, FRAMES);
    return NULL;
}

static void *schedules(void *x) {
    (void)x;
    while (!done) kernel_clocks(0.5);
    return NULL;
}

/// Meant for ThreadSanitizer: messages on the main thread, clocks on the scheduler's, sound on a
/// third.
static void three_threads(void **unused) {
    (void)unused;
    void *x = kernel_make("2 keys.json -voices 8");
    assert_true(kernel_start_dsp(x, FRAMES));
    pthread_t sound, scheduler;
    done = false;
    pthread_create(&sound, NULL, performs, x);
    pthread_create(&scheduler, NULL, schedules, x);
    char text[100];
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "%d %d", 40 + i % 40, i % 3 ? 90 : 0);
        kernel_send(x, text);
        snprintf(text, sizeof text, "knob cutoff 0.%d", i % 10);
        kernel_send(x, text);
        if (i % 5 == 0) snprintf(text, sizeof text, "add g%d gain", i);
        if (i % 5 == 1) snprintf(text, sizeof text, "remove g%d", i - 1);
        if (i % 5 < 2) kernel_send(x, text);
        if (i % 50 == 49) kernel_send(x, "read toy.json");
        if (i % 50 == 24) kernel_send(x, "read keys.json");
        if (i % 40 == 39) kernel_send(x, "sync");
    }
    done = true;
    pthread_join(sound, NULL);
    pthread_join(scheduler, NULL);
    object_free(x);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

/// Objects come and go, with a patch still on its way, while the scheduler runs their clocks.
static void gone_while_clocks_run(void **unused) {
    (void)unused;
    pthread_t scheduler;
    done = false;
    pthread_create(&scheduler, NULL, schedules, NULL);
    double out[2][FRAMES];
    for (int i = 0; i < 40; i++) {
        void *x = kernel_make(i % 2 ? "2 toy.json" : "1");
        assert_true(kernel_start_dsp(x, i % 3 ? FRAMES : 16));
        kernel_send(x, "read keys.json");
        kernel_send(x, "60 100");
        kernel_perform(x, NULL, (double *[]){out[0], out[1]}, 16);
        kernel_send(x, "add g gain");
        object_free(x);
    }
    done = true;
    pthread_join(scheduler, NULL);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

static void *asks(void *x) {
    for (int i = 0; i < 300; i++) kernel_send(x, i % 2 ? "knob cutoff 0.3" : "version");
    return NULL;
}

/// What one says is a message to the other, which answers, from two threads: neither waits for the
/// other's lock.
static void two_that_talk_to_each_other(void **unused) {
    (void)unused;
    void *x[2] = {kernel_make("2 keys.json"), kernel_make("2 keys.json")};
    pthread_t threads[2];
    kernel_connect(x[0], x[1]);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, asks, x[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    run_clocks();
    expect_said("version");
    kernel_connect(x[0], NULL);
    for (int i = 0; i < 2; i++) object_free(x[i]);
    free(kernel_said());
    assert_int_equal(kernel_alive(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_and_help),
        cmocka_unit_test(the_same_bits_as_the_command_line),
        cmocka_unit_test(messages_and_answers),
        cmocka_unit_test(other_inlets_are_for_signals),
        cmocka_unit_test(attributes_of_the_box),
        cmocka_unit_test(patches_from_dictionaries),
        cmocka_unit_test(state_in_the_patcher),
        cmocka_unit_test(files_and_dialogs),
        cmocka_unit_test(the_help_patcher),
        cmocka_unit_test(three_threads),
        cmocka_unit_test(two_that_talk_to_each_other),
        cmocka_unit_test(gone_while_clocks_run),
    };
    kernel_init(EXTERNAL, SOURCE_DIR "/examples", RATE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
