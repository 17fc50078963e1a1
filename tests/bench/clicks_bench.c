// SPDX-License-Identifier: MIT
// clicks_bench -- a thousand random edits under held chords of keys.json and 20 random patches: how
// much of them is heard that should not be (tests/support/clicks.h says what that is).
//
//     build/tests/clicks_bench [EDITS [FIRST_SEED [FILE]]]
//
// FILE receives the worst: six signals of 21,600 floats, as tests/bench/clicks reads them.
#include "histogram.h"
#include "support/clicks.h"
#include "support/files.h"

enum { EDITS_MAX = 100000 };

static clicks_stage stage;

static void write_stage(const char *path, const clicks_result *worst) {
    FILE *file = fopen(path, "wb");
    if (!file) return;
    float head[4] = {CLICKS_FRAMES, (float)stage.at, (float)worst->programme,
                     (float)clicks_db(worst->click)};
    fwrite(head, sizeof head, 1, file);
    for (int i = 0; i < CLICKS_SIGNALS; i++) fwrite(stage.x[i], sizeof stage.x[i], 1, file);
    fwrite(worst->list, 1, strlen(worst->list), file);
    fclose(file);
}

static void print_edit(uint64_t seed, uint64_t patch_seed, const clicks_result *e) {
    printf("seed %llu, patch %llu: click %.1f dB (excess %.1f, residue %.1f, bright %.1f), step "
           "%.2f, held %u -> %u, silent %u, programme %.3f, %s at %+d: %.600s\n",
           (unsigned long long)seed, (unsigned long long)patch_seed, clicks_db(e->click),
           clicks_db(e->excess), clicks_db(e->residue), clicks_db(e->bright), e->step,
           e->held_before, e->held_after, e->notes_silent, e->programme, sounding_names[e->kind],
           (int)e->worst_at - (int)e->at, e->list);
}

static bool is_bad(const clicks_result *e) {
    return clicks_db(e->click) > CLICKS_DB_MAX || e->step > CLICKS_STEP_MAX ||
           e->held_after != e->held_before || e->notes_silent;
}

int main(int argument_count, char **arguments) {
    size_t count = argument_count > 1 ? (size_t)atol(arguments[1]) : 1000, bytes;
    uint64_t first = argument_count > 2 ? (uint64_t)atoll(arguments[2]) : 1;
    char *text = read_file(SOURCE_DIR "/examples/keys.json", &bytes);
    mega_patch *patches[CLICKS_PATCHES];
    uint64_t seeds[CLICKS_PATCHES];
    clicks_patches(text, patches, seeds);
    double *clicks = malloc((count + 1) * sizeof *clicks),
           *steps = malloc((count + 1) * sizeof *steps),
           *bright = malloc((count + 1) * sizeof *bright);
    size_t judged = 0, overloads = 0, over = 0, stepped = 0, lost = 0, silent = 0,
           by_kind[SOUNDING_KINDS] = {0}, over_by_kind[SOUNDING_KINDS] = {0};
    double worst = 0;
    for (uint64_t seed = first; judged < count; seed++) {
        int which = clicks_patch_of(seed);
        clicks_result e;
        clicks_trial(&stage, patches[which], seed, &e);
        if (e.programme > CLICKS_LOUDEST) { // an overload is heard as such
            overloads++;
            free(e.list);
            continue;
        }
        size_t i = judged++;
        clicks[i] = clicks_db(e.click);
        steps[i] = e.step;
        bright[i] = clicks_db(e.bright);
        by_kind[e.kind]++;
        over += clicks[i] > CLICKS_DB_MAX;
        over_by_kind[e.kind] += clicks[i] > CLICKS_DB_MAX;
        stepped += e.step > CLICKS_STEP_MAX;
        lost += e.held_after != e.held_before;
        silent += e.notes_silent > 0;
        if (is_bad(&e)) print_edit(seed, seeds[which], &e);
        if (e.click > worst || judged == 1) {
            worst = e.click;
            if (argument_count > 3) write_stage(arguments[3], &e);
        }
        free(e.list);
        fflush(stdout);
    }
    histogram_print("click above 4 kHz re programme", clicks, judged, -140, 0, "dB");
    histogram_print("what is above 4 kHz anyway", bright, judged, -140, 0, "dB");
    histogram_print("greatest step over what it may be", steps, judged, 0, 1.4, "");
    printf("\n%zu edits (and %zu that led to more than 12 dB over full scale): %zu clicks above "
           "-70 dB, %zu steps too large, %zu with a note lost, %zu "
           "with a note silent\n",
           judged, overloads, over, stepped, lost, silent);
    for (int k = 0; k < SOUNDING_KINDS; k++)
        printf("  %-10s %5zu edits, %zu above -70 dB\n", sounding_names[k], by_kind[k],
               over_by_kind[k]);
    for (int i = 0; i < CLICKS_PATCHES; i++) mega_patch_destroy(patches[i]);
    free(clicks);
    free(steps);
    free(bright);
    free(text);
    return over || stepped || lost || silent;
}
