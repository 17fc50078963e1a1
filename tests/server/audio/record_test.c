// SPDX-License-Identifier: MIT
// record_test -- recordings: exact, below the root, honest about what is lost, valid after kill -9
// and on a full disk.
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/record.h"

#define RATE 48000

static char outside[64]; // a folder of this run: what leads out of the root leads here
static char root[80];
static char cause[RECORD_CAUSE_BYTES];

// Frame n of channel c, noise that FLAC cannot shorten: exact in 16 bits, in 24, and in a float.
static float sample(uint64_t n, uint32_t c) {
    uint32_t x = (uint32_t)n * 8 + c;
    x = (x ^ x >> 16) * 0x7feb352du, x = (x ^ x >> 15) * 0x846ca68bu;
    return (float)((int)(x >> 16) - 32768) / 32768;
}

static record_status start(const char *path, record_options o, recorder **r) {
    o.root = root;
    o.path = path;
    if (!o.rate) o.rate = RATE;
    if (!o.channels) o.channels = 2;
    cause[0] = 0;
    return record_start(&o, r, cause);
}

// Gives frames as an audio thread does: in odd pieces. @param paced at RATE, else as fast as can be
static void play(recorder *r, uint32_t channels, uint64_t frames, bool paced) {
    static float buffers[8][1024];
    const float *pointers[8];
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (uint64_t n = 0, piece = 0; n < frames;) {
        uint32_t count = 1 + (uint32_t)(++piece * 7919 % 509);
        if (count > frames - n) count = (uint32_t)(frames - n);
        for (uint32_t ch = 0; ch < channels; ch++) {
            pointers[ch] = buffers[ch];
            for (uint32_t i = 0; i < count; i++) buffers[ch][i] = sample(n + i, ch);
        }
        record_write(r, pointers, count);
        n += count;
        while (paced && clock_gettime(CLOCK_MONOTONIC, &now) == 0 &&
               (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) * 1e-9 <
                   (double)n / RATE)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

// @return frames; each is as it was played
static uint64_t check(const char *path, uint32_t channels) {
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    SF_INFO info = {0};
    SNDFILE *file = sf_open(whole, SFM_READ, &info);
    if (!file) printf("%s: %s\n", whole, sf_strerror(NULL));
    assert_non_null(file);
    assert_int_equal(info.channels, channels);
    assert_int_equal(info.samplerate, RATE);
    float frame[8];
    uint64_t n = 0;
    for (; sf_readf_float(file, frame, 1) == 1; n++)
        for (uint32_t ch = 0; ch < channels; ch++) assert_true(frame[ch] == sample(n, ch));
    assert_int_equal(n, info.frames); // the header tells the truth
    sf_close(file);
    return n;
}

static void exact(void **state) {
    (void)state;
    static const struct {
        const char *path;
        record_options o;
    } cases[] = {
        {"a.wav", {.channels = 2}},
        {"b.WAV", {.channels = 1, .format = RECORD_PCM_16, .format_given = true}},
        {"c.wav", {.channels = 8, .format = RECORD_PCM_24, .format_given = true}},
        {"d.flac", {.channels = 2}},
        {"e.flac", {.channels = 8, .format = RECORD_PCM_16, .format_given = true}},
        {"deep/er/f.wav", {.channels = 2, .make_folders = true}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        recorder *r;
        assert_int_equal(start(cases[i].path, cases[i].o, &r), RECORD_OK);
        play(r, cases[i].o.channels, 100001, false);
        record_state end = record_stop(r);
        assert_int_equal(end.frames_written, 100001);
        assert_int_equal(end.frames_synced, 100001);
        assert_int_equal(end.frames_dropped, 0);
        assert_int_equal(end.status, RECORD_OK);
        assert_int_equal(check(cases[i].path, cases[i].o.channels), 100001);
    }
}

// What `synced` tells while it records can be read, in each format.
static void synced_is_readable(void **state) {
    (void)state;
    const char *const paths[] = {"synced.wav", "synced.flac"};
    for (int i = 0; i < 2; i++) {
        recorder *r;
        uint64_t played = 0, synced = 0;
        assert_int_equal(start(paths[i], (record_options){.channels = 2}, &r), RECORD_OK);
        for (int tries = 0; tries < 2000 && synced < 20000; tries++) {
            float ch[2][480];
            for (int k = 0; k < 480; k++)
                for (uint32_t c = 0; c < 2; c++) ch[c][k] = sample(played + (uint64_t)k, c);
            record_write(r, (const float *const[]){ch[0], ch[1]}, 480);
            played += 480;
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
            uint64_t now = record_get(r).frames_synced;
            if (now == synced) continue;
            synced = now;
            assert_true(check(paths[i], 2) >= synced);
        }
        assert_true(synced >= 20000);
        record_stop(r);
        assert_int_equal(check(paths[i], 2), played);
    }
}

static void ends_by_itself(void **state) {
    (void)state;
    recorder *r;
    assert_int_equal(start("max.wav", (record_options){.frames_max = 1000}, &r), RECORD_OK);
    play(r, 2, 5000, false);
    assert_true(record_get(r).ended);
    record_state end = record_stop(r);
    assert_int_equal(end.frames_written, 1000);
    assert_int_equal(end.frames_dropped, 0);
    assert_int_equal(check("max.wav", 2), 1000);
    assert_int_equal(start("none.wav", (record_options){0}, &r), RECORD_OK); // not a frame
    record_stop(r);
    assert_int_equal(check("none.wav", 2), 0);
}

// Whether nothing but the root is in the folder around it.
static bool nothing_outside(void) {
    DIR *folder = opendir(outside);
    assert_non_null(folder);
    int entries = 0;
    while (readdir(folder)) entries++;
    closedir(folder);
    return entries == 3; // ".", "..", and the root
}

static void refused(void **state) {
    (void)state;
    char name[112], absolute[112];
    snprintf(name, sizeof name, "%s/link", root);
    assert_int_equal(symlink(outside, name), 0);
    snprintf(absolute, sizeof absolute, "%s/x.wav", outside);
    snprintf(name, sizeof name, "%s/dangling.wav", root);
    assert_int_equal(symlink(absolute, name), 0);
    snprintf(name, sizeof name, "%s/there.wav", root);
    fclose(fopen(name, "w"));
    char long_path[2000];
    memset(long_path, 'x', sizeof long_path);
    strcpy(long_path + sizeof long_path - 5, ".wav");
    static const record_options floats = {.format = RECORD_FLOAT, .format_given = true};
    static const record_options nine = {.channels = 9};
    const struct {
        const char *path;
        record_options o;
        record_status status;
    } cases[] = {
        {absolute, {0}, RECORD_BAD_VALUE},
        {"../x.wav", {0}, RECORD_BAD_VALUE},
        {"a/../../x.wav", {0}, RECORD_BAD_VALUE},
        {"./x.wav", {0}, RECORD_BAD_VALUE},
        {"a//x.wav", {0}, RECORD_BAD_VALUE},
        {"", {0}, RECORD_BAD_VALUE},
        {"x.wav/", {0}, RECORD_BAD_VALUE},
        {"x.mp3", {0}, RECORD_BAD_VALUE},
        {".wav", {0}, RECORD_BAD_VALUE},
        {long_path, {0}, RECORD_BAD_VALUE},
        {"x.flac", floats, RECORD_BAD_VALUE},
        {"x.flac", nine, RECORD_BAD_VALUE},
        {"link/x.wav", {0}, RECORD_FILE},
        {"link/x.wav", {.make_folders = true}, RECORD_FILE},
        {"dangling.wav", {0}, RECORD_CONFLICT},
        {"there.wav", {0}, RECORD_CONFLICT},
        {"missing/x.wav", {0}, RECORD_FILE},
        {"there.wav/x.wav", {0}, RECORD_FILE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        recorder *r = NULL;
        assert_int_equal(start(cases[i].path, cases[i].o, &r), cases[i].status);
        assert_true(cause[0] && !strchr(cause, '\n'));
        if (i % 4 == 0) printf("  %s\n", cause);
    }
    assert_true(nothing_outside());
}

// More than the ring holds at once: what is dropped is counted, and what is kept is whole.
static void overrun(void **state) {
    (void)state;
    recorder *r;
    uint64_t given = 40 * RATE;
    assert_int_equal(start("over.wav", (record_options){0}, &r), RECORD_OK);
    play(r, 2, given, false);
    record_state end = record_stop(r);
    printf("given %llu frames at once: %llu written, %llu dropped\n", (unsigned long long)given,
           (unsigned long long)end.frames_written, (unsigned long long)end.frames_dropped);
    assert_int_equal(end.frames_written + end.frames_dropped, given);
    assert_true(end.frames_written >= RECORD_RING_SECONDS * RATE);
}

// A limit on the size of files stands for a full disk.
static void full_disk(void **state) {
    (void)state;
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    const char *const paths[] = {"full.wav", "full.flac"};
    for (int i = 0; i < 2; i++) {
        recorder *r;
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){300000, before.rlim_max});
        assert_int_equal(start(paths[i], (record_options){0}, &r), RECORD_OK);
        for (int tries = 0; tries < 100 && !record_get(r).ended; tries++) {
            static float ch[4800];
            static uint64_t n;
            if (tries == 0) n = 0;
            for (int k = 0; k < 4800; k++) ch[k] = sample(n + (uint64_t)k, 0);
            static float other[4800];
            for (int k = 0; k < 4800; k++) other[k] = sample(n + (uint64_t)k, 1);
            record_write(r, (const float *const[]){ch, other}, 4800);
            n += 4800;
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        }
        record_state full = record_get(r);
        assert_true(full.ended && full.status == RECORD_FILE && full.cause[0]);
        record_state end = record_stop(r);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(end.status, RECORD_FILE);
        uint64_t kept = check(paths[i], 2);
        printf("%s: %s; %llu frames can be read\n", paths[i], end.cause, (unsigned long long)kept);
        assert_true(kept > 20000);
    }
}

// kill -9 in the middle: up to the last second is there, with a header that says so.
static void killed(void **state) {
    (void)state;
    const char *const paths[] = {"killed.wav", "killed.flac"};
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] != 0) continue;
        recorder *r;
        if (start(paths[i], (record_options){0}, &r) != RECORD_OK) _exit(1);
        play(r, 2, 10 * RATE, true);
        _exit(2);
    }
    nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 870000000}, NULL);
    for (int i = 0; i < 2; i++) kill(children[i], SIGKILL);
    for (int i = 0; i < 2; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_true(WIFSIGNALED(status));
        uint64_t frames = check(paths[i], 2);
        printf("%s: killed after 2.87 s, the header tells of %.2f s, all of it right\n", paths[i],
               (double)frames / RATE);
        assert_true(frames > 1.87 * RATE);
    }
}

static int make_root(void **state) {
    (void)state;
    strcpy(outside, "/tmp/megasynth-record-XXXXXX");
    if (!mkdtemp(outside)) return -1;
    snprintf(root, sizeof root, "%s/root", outside);
    return mkdir(root, 0777);
}

static int remove_root(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", outside);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact),          cmocka_unit_test(synced_is_readable),
        cmocka_unit_test(ends_by_itself), cmocka_unit_test(refused),
        cmocka_unit_test(overrun),        cmocka_unit_test(full_disk),
        cmocka_unit_test(killed),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
