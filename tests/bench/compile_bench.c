// SPDX-License-Identifier: MIT
// compile_bench -- how long a document takes from text to a program that sounds, by its number of
// nodes; and how long an edit of it takes while it sounds: with the fade, three programs.
//
//     build/tests/compile_bench [NODES...]
#include <stdio.h>
#include <time.h>

#include "megasynth.h"
#include "support/random_patch.h"

enum { ROUNDS = 15 };

static double milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times) {
    qsort(times, ROUNDS, sizeof *times, by_size);
    return times[ROUNDS / 2];
}

/// An edit of what sounds, heard and over before the function ends. @return milliseconds of the
/// call
static double edit(mega_engine *engine, bool undo) {
    static const char list[] =
        "[{\"op\":\"add\",\"id\":\"one_more\",\"type\":\"osc.sine\"},{\"op\":\"connect\",\"from\":"
        "[\"one_more\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.1}]";
    double start = milliseconds();
    mega_status status =
        undo ? mega_undo(engine, MEGA_FADE_MS_DEFAULT, NULL, NULL)
             : mega_edit(engine, list, sizeof list - 1, MEGA_FORMAT_JSON, NULL, NULL, NULL);
    double end = milliseconds();
    if (status) fprintf(stderr, "%s\n", mega_status_name(status));
    float left[512], right[512];
    mega_render(engine, NULL, (float *const[]){left, right}, 512);
    return end - start;
}

static int measure(uint32_t nodes) {
    char *text = random_patch(nodes, nodes);
    double read[ROUNDS], check[ROUNDS], load[ROUNDS], edited[ROUNDS];
    size_t cables = 0;
    for (int i = 0; i < ROUNDS; i++) {
        mega_report *report = mega_report_create();
        // Every node's state and delay memory counts: room for the largest.
        mega_engine *engine =
            mega_create(&(mega_options){.memory_bytes_max = (size_t)8 << 30}, report);
        double start = milliseconds();
        mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
        read[i] = milliseconds() - start;
        start = milliseconds();
        mega_status status = patch ? mega_patch_check(patch, report) : MEGA_ERROR_PATCH;
        check[i] = milliseconds() - start;
        start = milliseconds();
        if (engine && status == MEGA_OK) status = mega_load(engine, patch, report);
        load[i] = milliseconds() - start;
        if (!engine || status != MEGA_OK) {
            for (size_t k = 0; k < mega_report_count(report); k++)
                fprintf(stderr, "%s: %s\n", mega_report_get(report, k)->path,
                        mega_report_get(report, k)->message);
            return 1;
        }
        edit(engine, false); // what is loaded is in force
        edited[i] = edit(engine, true);
        cables = mega_patch_cable_count(patch);
        mega_patch_destroy(patch);
        mega_destroy(engine);
        mega_report_destroy(report);
    }
    printf("%6u nodes %6zu cables %8zu bytes   read %7.2f ms   compile %7.2f ms   load %7.2f ms   "
           "edit %7.2f ms\n",
           nodes + 2, cables, strlen(text), median(read), median(check), median(load),
           median(edited));
    free(text);
    return 0;
}

int main(int count, char **arguments) {
    static const uint32_t usual[] = {10, 100, 1000, 3000};
    int bad = 0;
    if (count == 1)
        for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) bad |= measure(usual[i]);
    for (int i = 1; i < count; i++) bad |= measure((uint32_t)atoi(arguments[i]));
    return bad;
}
