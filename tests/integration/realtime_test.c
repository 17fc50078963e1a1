// SPDX-License-Identifier: MIT
// realtime -- what the EVENT and AUDIO roles promise: no allocation, no lock, no system call, no
// clock.
//
// Each document is played in a process of its own, by a thread of its own, under the nets of
// nets.h, from the very first frame. Meanwhile the first thread loads other programs into the same
// engine, or edits the one that sounds at random, as a host would. Where the system has no seccomp
// system calls are watched at libc's functions only, and the test says so.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "support/files.h"
#include "support/random_control.h"
#include "support/realtime_traps.h"

enum { FRAMES = 48000, RANDOM_PATCHES = 120, EDITED_PATCHES = 20, CHANGES = 60 };

/// What a playing process leaves behind, in memory that it shares with this one.
typedef struct {
    atomic_int finished;   ///< the playing thread is through
    atomic_int stop;       ///< it may be
    atomic_int no_seccomp; ///< the filter could not be set up
    traps_catch caught;
    uint64_t hash, events, refused, swaps, edits;
    double peak;
} outcome;

static outcome *result;

static void finish(void) { result->finished = 1; }

// ---- playing -----------------------------------------------------------------------------------

typedef struct {
    player play;
    random_control control;
    void (*misbehave)(void); ///< NULL, or what the nets are to catch
} job;

static void *play_thread(void *argument) {
    static const uint32_t blocks[] = {64, 1, 17, 128, 512, 63, 4096, 256};
    job *j = argument;
    traps_after_call = finish;
    if (!traps_set()) result->no_seccomp = 1;
    if (j->misbehave) j->misbehave();
    // At least a second; longer while the other thread still loads, but not for ever.
    for (size_t i = 0;
         j->play.now < FRAMES || (!result->stop && j->play.now < UINT64_C(20000) * FRAMES); i++) {
        play_render(&j->play, blocks[i % 8] * 4, blocks[i % 8]);
        control_heed(&j->control, &j->play);
    }
    watched = false;
    result->hash = j->play.hash;
    result->events = j->play.events;
    result->refused = j->play.refused;
    result->peak = j->play.peak;
    result->finished = 1;
    while (result->finished) { // ending a thread is a system call
    }
    return NULL;
}

static void print_errors(const mega_report *report) {
    for (size_t i = 0; i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        if (d->severity == MEGA_SEVERITY_ERROR)
            fprintf(stderr, "%s: %s %s\n", d->path, d->message, d->hint);
    }
}

static mega_patch *read_patch(const char *text, bool print) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
    if (print) print_errors(report);
    mega_report_destroy(report);
    return patch;
}

static mega_status load(mega_engine *engine, const mega_patch *patch) {
    mega_report *report = mega_report_create();
    mega_status status = mega_load(engine, patch, report);
    print_errors(report);
    mega_report_destroy(report);
    return status;
}

static void wait_a_little(void) { nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL); }

/// The first program of all is one swap, each load another.
static bool load_in_turn(mega_engine *engine, const mega_patch *first, const mega_patch *second) {
    for (uint64_t i = 0; i < 5; i++) {
        if (i > 0 && load(engine, i % 2 ? second : first) != MEGA_OK) return false;
        while (mega_counters_get(engine).programs_swapped <= i && !result->finished)
            wait_a_little();
    }
    return true;
}

/// Random changes: some at once after the one before, some when the fade is over.
static void edit(random_control *c) {
    for (int i = 0; i < CHANGES && !result->finished; i++) {
        control_step(c);
        for (uint32_t wait = rng_below(&c->r, 4); wait > 0; wait--) wait_a_little();
    }
    result->edits = c->done.edits;
}

/// What goes on while a document plays.
typedef struct {
    const char *text, *other; ///< `other` is loaded in turn; may be NULL
    uint64_t seed;
    bool edited;
    void (*misbehave)(void); ///< NULL, or what the nets are to catch
} scene;

/// The playing process. Never returns; its exit status is 0 if the document loaded.
static void play_process(const scene *s) {
    static job j;
    caught = &result->caught;
    mega_engine *engine = mega_create(&(mega_options){.seed = 1}, NULL);
    mega_patch *patch = read_patch(s->text, true);
    mega_patch *second = s->other ? read_patch(s->other, true) : NULL;
    if (!engine || !patch || load(engine, patch) != MEGA_OK) _exit(1);
    j.play = play_create(engine, patch, s->seed);
    j.control = (random_control){.engine = engine, .r = rng_create(s->seed), .bus = -1};
    j.control.patches[j.control.patch_count++] = patch;
    if (second) j.control.patches[j.control.patch_count++] = second;
    j.misbehave = s->misbehave;
    pthread_t thread;
    if (pthread_create(&thread, NULL, play_thread, &j) != 0) _exit(2);
    if (s->edited) edit(&j.control);
    else if (second && !load_in_turn(engine, patch, second)) _exit(3);
    result->swaps = mega_counters_get(engine).programs_swapped;
    result->stop = 1;
    while (!result->finished) wait_a_little();
    _exit(0);
}

/// @return the exit status of the playing process; negative: the signal that ended it
static int play_apart(const scene *s) {
    memset(result, 0, sizeof *result);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) play_process(s);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Plays a scene. @return the number of things wrong with it, which are printed
static int play_clean(const scene *s, const char *name) {
    int status = play_apart(s);
    if (status != 0) print_error("%s: exit status %d\n", name, status);
    if (!isfinite(result->peak)) print_error("%s: the output reached %g\n", name, result->peak);
    return (status != 0) + !isfinite(result->peak) + !traps_are_empty(name);
}

static char *read_example(const char *name) {
    char path[1024];
    size_t bytes;
    snprintf(path, sizeof path, "%s/examples/%s", SOURCE_DIR, name);
    char *text = read_file(path, &bytes);
    assert_non_null(text);
    return text;
}

// ---- tests -------------------------------------------------------------------------------------

static void make_system_call(void) { syscall(SYS_getppid); }
#ifndef SANITIZED
static void make_allocation(void) {
    void *volatile p = malloc(24);
    (void)p;
}
static void take_lock(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
}
static void read_clock(void) { // which need not be a system call
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
}
static void open_file(void) { fopen("/dev/null", "r"); }
static void print(void) { fwrite("a line", 6, 1, stderr); }
#endif

static void the_nets_catch(void **state) {
    (void)state;
    char *toy = read_example("toy.json");
    assert_int_equal(play_apart(&(scene){toy, .misbehave = make_system_call}), 0);
    if (result->no_seccomp)
        print_message("SKIP: no seccomp here; system calls are watched at libc's functions only\n");
    else assert_int_equal(result->caught.trapped, SYS_getppid + 1);
#ifdef SANITIZED
    print_message(
        "SKIP: sanitizers own malloc; allocations and locks are not watched in this build\n");
#else
    static const struct {
        void (*misbehave)(void);
        const char *noted;
    } crimes[] = {{make_allocation, "malloc"},
                  {take_lock, "pthread_mutex_lock"},
                  {read_clock, "clock_gettime"},
                  {open_file, "fopen"},
                  {print, "fwrite"}};
    for (size_t i = 0; i < sizeof crimes / sizeof *crimes; i++) {
        assert_int_equal(play_apart(&(scene){toy, .misbehave = crimes[i].misbehave}), 0);
        assert_true(result->caught.noted_count > 0);
        assert_string_equal(result->caught.noted[0], crimes[i].noted);
    }
#endif
    free(toy);
}

static void examples_play(void **state) {
    (void)state;
    char *keys = read_example("keys.json");
    DIR *folder = opendir(SOURCE_DIR "/examples");
    assert_non_null(folder);
    int bad = 0, played = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0) continue;
        char *text = read_example(entry->d_name);
        mega_patch *patch = read_patch(text, false);
        if (!patch) {
            print_message("%s is not a patch that plays yet, or a score\n", entry->d_name);
        } else {
            for (uint64_t seed = 0; seed < 4; seed++) {
                bad += play_clean(&(scene){text, keys, .seed = seed}, entry->d_name);
                bad += result->swaps < 5;
            }
            print_message("%s: %llu events, %llu programs swapped, peak %.3g\n", entry->d_name,
                          (unsigned long long)result->events, (unsigned long long)result->swaps,
                          result->peak);
            played++;
        }
        mega_patch_destroy(patch);
        free(text);
    }
    closedir(folder);
    free(keys);
    assert_true(played >= 3);
    assert_int_equal(bad, 0);
}

static void random_patches_play(void **state) {
    (void)state;
    int bad = 0;
    uint64_t events = 0, refused = 0;
    for (uint64_t seed = 0; seed < RANDOM_PATCHES; seed++) {
        char name[32];
        snprintf(name, sizeof name, "random patch %d", (int)seed);
        char *text = random_patch(seed, 0),
             *other = seed % 4 ? NULL : random_patch(seed + 100000, 0);
        bad += play_clean(&(scene){text, other, .seed = seed}, name);
        events += result->events;
        refused += result->refused;
        free(text);
        free(other);
    }
    print_message("%d random patches, %llu events (%llu found the ring full)\n", RANDOM_PATCHES,
                  (unsigned long long)events, (unsigned long long)refused);
    assert_int_equal(bad, 0);
}

static void random_edits_play(void **state) {
    (void)state;
    char *keys = read_example("keys.json");
    int bad = 0;
    uint64_t edits = 0, swaps = 0, events = 0;
    for (uint64_t seed = 0; seed < EDITED_PATCHES; seed++) {
        char name[48];
        snprintf(name, sizeof name, "random edits of %s %d", seed % 4 ? "patch" : "keys.json",
                 (int)seed);
        char *random = random_patch(seed, 0);
        bool of_keys = seed % 4 == 0;
        scene s = {.text = of_keys ? keys : random,
                   .other = of_keys ? random : keys,
                   .seed = seed,
                   .edited = true};
        bad += play_clean(&s, name);
        edits += result->edits;
        swaps += result->swaps;
        events += result->events;
        free(random);
    }
    free(keys);
    print_message("%d patches, %llu random edits, %llu programs swapped, %llu events\n",
                  EDITED_PATCHES, (unsigned long long)edits, (unsigned long long)swaps,
                  (unsigned long long)events);
    assert_int_equal(bad, 0);
    assert_true(edits > EDITED_PATCHES * CHANGES / 4 && swaps > edits / 2);
}

int main(void) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    print_message("SKIP: the thread sanitizer itself makes system calls on every thread\n");
    return 77; // skipped
#endif
#endif
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(result != MAP_FAILED);
    caught = &result->caught;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nets_catch),
        cmocka_unit_test(examples_play),
        cmocka_unit_test(random_patches_play),
        cmocka_unit_test(random_edits_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
