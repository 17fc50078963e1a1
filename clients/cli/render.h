// SPDX-License-Identifier: MIT
// render -- what `megasynth render` was asked for, and its progress bar.
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings.h"
#include "wave.h"

typedef struct {
    const char *patch, *output, *score, *notes;
    double seconds; ///< 0: until silence
    double beat;
    uint32_t rate, voices, block, seed; ///< voices 0: as the patch says
    uint32_t channels;
    wave_container container;
    wave_sample sample;
    bool hash, quiet;
    settings settings;
} render_options;

/// @return an exit code
int render_run(const render_options *options);

/// A bar on a terminal, nothing elsewhere; and the time it took.
typedef struct {
    uint64_t frames; ///< in all; 0: nobody knows
    uint32_t rate;
    bool shown;
    double started, drawn; ///< seconds
} progress;
progress progress_start(uint64_t frames, uint32_t rate, bool wanted);
void progress_show(progress *p, uint64_t frame);
/// Wipes it. @return seconds since the start
double progress_end(progress *p);

#endif
