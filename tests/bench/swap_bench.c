// SPDX-License-Identifier: MIT
// swap_bench -- how long a block takes to render while the patch is rewired, beside the same
// without: 64 voices of keys.json, one change after another.
//
//     build/tests/swap_bench [SECONDS]
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "files.h"
#include "stage.h"

enum { VOICES = 64, BLOCK = 64 };

static double microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, double *times, size_t count) {
    qsort(times, count, sizeof *times, by_size);
    printf("%-22s p50 %7.1f  p99 %7.1f  p99.9 %7.1f  max %7.1f us of 1333\n", what,
           times[count / 2], times[count * 99 / 100], times[count * 999 / 1000], times[count - 1]);
}

typedef struct {
    mega_engine *engine;
    _Atomic bool stop;
    uint64_t edits;
} rewirer;

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
        for (size_t i = 0; i < 8 && !r->stop; i++) {
            mega_status status = i < 4 ? mega_edit(r->engine, lists[i], strlen(lists[i]),
                                                   MEGA_FORMAT_JSON, NULL, NULL, NULL)
                                       : mega_undo(r->engine, 3, NULL, NULL);
            assert(!status);
            r->edits += !status;
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        }
    }
    return NULL;
}

/// In real time, so that changes come and go between blocks as they would.
static void measure(mega_engine *e, double *times, size_t count) {
    float left[BLOCK], right[BLOCK];
    double next = microseconds();
    for (size_t i = 0; i < count; i++, next += 1e6 * BLOCK / 48000) {
        double start = microseconds();
        mega_render(e, NULL, (float *const[]){left, right}, BLOCK);
        double end = microseconds();
        times[i] = end - start;
        if (end < next) nanosleep(&(struct timespec){.tv_nsec = (long)((next - end) * 1e3)}, NULL);
    }
}

int main(int argument_count, char **arguments) {
    double seconds = argument_count > 1 ? atof(arguments[1]) : 10;
    size_t count = (size_t)(seconds * 48000 / BLOCK) + 1;
    double *times = malloc(count * sizeof *times);
    size_t bytes;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_engine *e = stage_open(NULL);
    mega_patch *patch = mega_patch_read(text, bytes, MEGA_FORMAT_JSON, NULL);
    mega_patch_set_voices(patch, VOICES);
    mega_load(e, patch, NULL);
    for (int i = 0; i < VOICES; i++) mega_note_on(e, MEGA_NOW, 36 + 0.75f * (float)i, 0.8f, NULL);
    measure(e, times, count / 10 + 1); // warm
    measure(e, times, count);
    print("no changes", times, count);
    rewirer r = {.engine = e};
    pthread_t thread;
    pthread_create(&thread, NULL, rewire_on, &r);
    measure(e, times, count);
    r.stop = true;
    pthread_join(thread, NULL);
    char what[64];
    snprintf(what, sizeof what, "%llu changes, %llu swaps", (unsigned long long)r.edits,
             (unsigned long long)mega_counters_get(e).programs_swapped);
    print(what, times, count);
    free(times);
    free(text);
    mega_patch_destroy(patch);
    mega_destroy(e);
    return 0;
}
