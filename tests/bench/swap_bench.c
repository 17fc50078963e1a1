// SPDX-License-Identifier: MIT
// swap_bench -- how long a block takes to render while the patch is rewired, beside the same
// without: 64 voices of keys.json, one change after another. And how long a change takes: from the
// call to its return (compiled, and handed over), and from there to the start of the block that it
// is first heard in.
//
//     build/tests/swap_bench [SECONDS]
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "histogram.h"
#include "support/files.h"
#include "support/host.h"

enum { VOICES = 64, BLOCK = 64 };
#define LIMIT (0.25e6 * BLOCK / 48000) // a quarter of the time that a block has

static double microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

enum { EDITS_MAX = 100000 };

typedef struct {
    mega_engine *engine;
    _Atomic bool stop;
    uint64_t edits;
    double asked[EDITS_MAX], returned[EDITS_MAX], heard[EDITS_MAX]; ///< microseconds
    double *block_starts;                                           ///< when each was rendered
    uint64_t first_frame;
} rewirer;

/// When the block began in which a change was first heard.
static double time_heard(const rewirer *r, uint64_t number) {
    uint64_t frame;
    while (!mega_change_frame(r->engine, number, &frame))
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    return r->block_starts[(frame - r->first_frame) / BLOCK];
}

/// CONTROL, on a thread of its own: takes the chorus out and puts it in again, another filter,
/// another name.
static void *rewire_on(void *argument) {
    static const char *const lists[] = {
        "[{\"op\":\"connect\",\"from\":[\"vca\",\"out\"],\"to\":[\"room\",\"in\"]},"
        "{\"op\":\"disconnect\",\"from\":[\"chorus\",\"left\"],\"to\":[\"room\",\"left\"]}]",
        "[{\"op\":\"replace\",\"id\":\"filt\",\"type\":\"filter\"}]",
        "[{\"op\":\"rename\",\"id\":\"osc\",\"to\":\"waves\"}]",
        "[{\"op\":\"add\",\"id\":\"echo\",\"type\":\"delay\"},"
        "{\"op\":\"connect\",\"from\":[\"vca\",\"out\"],\"to\":[\"echo\",\"in\"]},"
        "{\"op\":\"connect\",\"from\":[\"echo\",\"out\"],\"to\":[\"out\",\"in\"]}]",
    };
    rewirer *r = argument;
    while (!r->stop) {
        for (size_t i = 0; i < 8 && !r->stop && r->edits < EDITS_MAX; i++) {
            mega_changed done = {0};
            r->asked[r->edits] = microseconds();
            mega_status status = i < 4 ? mega_edit(r->engine, lists[i], strlen(lists[i]),
                                                   MEGA_FORMAT_JSON, NULL, &done, NULL)
                                       : mega_undo(r->engine, 3, &done, NULL);
            r->returned[r->edits] = microseconds();
            assert(!status);
            mega_free(done.undo_json);
            r->heard[r->edits++] = time_heard(r, done.number);
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        }
    }
    return NULL;
}

/// In real time, so that changes come and go between blocks as they would.
static void measure(mega_engine *e, double *times, double *starts, size_t count) {
    float left[BLOCK], right[BLOCK];
    double next = microseconds();
    for (size_t i = 0; i < count; i++, next += 1e6 * BLOCK / 48000) {
        double start = starts[i] = microseconds();
        mega_render(e, NULL, (float *const[]){left, right}, BLOCK);
        double end = microseconds();
        times[i] = end - start;
        if (end < next) nanosleep(&(struct timespec){.tv_nsec = (long)((next - end) * 1e3)}, NULL);
    }
}

int main(int argument_count, char **arguments) {
    double seconds = argument_count > 1 ? atof(arguments[1]) : 10;
    size_t count = (size_t)(seconds * 48000 / BLOCK) + 1;
    double *times = malloc(count * sizeof *times), *starts = malloc(count * sizeof *starts);
    size_t bytes;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_engine *e = host_open(NULL);
    mega_patch *patch = mega_patch_read(text, bytes, MEGA_FORMAT_JSON, NULL);
    mega_patch_set_voices(patch, VOICES);
    mega_load(e, patch, NULL);
    for (int i = 0; i < VOICES; i++) mega_note_on(e, MEGA_NOW, 36 + 0.75f * (float)i, 0.8f, NULL);
    measure(e, times, starts, count / 10 + 1); // warm
    measure(e, times, starts, count);
    histogram_print("a block, no changes", times, count, 0, LIMIT, "us of 1333");
    rewirer *r = calloc(1, sizeof *r);
    *r = (rewirer){.engine = e, .block_starts = starts, .first_frame = mega_counters_get(e).frame};
    pthread_t thread;
    pthread_create(&thread, NULL, rewire_on, r);
    measure(e, times, starts, count);
    r->stop = true;
    float left[BLOCK], right[BLOCK]; // the last change is waited for
    for (int i = 0; i < 10; i++) mega_render(e, NULL, (float *const[]){left, right}, BLOCK);
    pthread_join(thread, NULL);
    char what[64];
    snprintf(what, sizeof what, "a block, %llu changes, %llu swaps", (unsigned long long)r->edits,
             (unsigned long long)mega_counters_get(e).programs_swapped);
    histogram_print(what, times, count, 0, LIMIT, "us of 1333");
    size_t edits = r->edits ? r->edits - 1 : 0; // the last may have had no block in real time
    for (size_t i = 0; i < edits; i++) {
        r->heard[i] -= r->returned[i];
        r->returned[i] -= r->asked[i];
    }
    histogram_print("from the call of a change to its return", r->returned, edits, 0, 5000, "us");
    histogram_print("from its return to its first block", r->heard, edits, 0, 2000, "us");
    free(r);
    free(starts);
    free(times);
    free(text);
    mega_patch_destroy(patch);
    mega_destroy(e);
    return 0;
}
