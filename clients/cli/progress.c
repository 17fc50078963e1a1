// SPDX-License-Identifier: MIT
// progress -- a bar on stderr while a render goes on, if somebody is there to see it.
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "render.h"

enum { BAR_CELLS = 30 };
static const double redraw_seconds = 0.1;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

progress progress_start(uint64_t frames, uint32_t rate, bool wanted) {
    return (progress){.frames = frames,
                      .rate = rate,
                      .shown = wanted && isatty(STDERR_FILENO),
                      .started = now(),
                      .drawn = now()};
}

void progress_show(progress *p, uint64_t frame) {
    if (!p->shown) return;
    double t = now();
    if (t - p->drawn < redraw_seconds) return;
    p->drawn = t;
    double seconds = (double)frame / p->rate;
    fprintf(stderr, "\r");
    if (p->frames) {
        int full = (int)(frame * BAR_CELLS / p->frames);
        fputc('[', stderr);
        for (int i = 0; i < BAR_CELLS; i++) fputc(i < full ? '#' : ' ', stderr);
        fprintf(stderr, "] %3d %% ", (int)(frame * 100 / p->frames));
    }
    fprintf(stderr, "%.1f s, %.0f x real time  ", seconds, seconds / (t - p->started));
}

double progress_end(progress *p) {
    if (p->shown) fprintf(stderr, "\r%79s\r", "");
    return now() - p->started;
}
