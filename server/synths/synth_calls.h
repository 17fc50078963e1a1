// SPDX-License-Identifier: MIT
// synth_calls -- `--calls FOLDER`: what is called on each synth's engine, in a file of its own that
// `megasynth replay` repeats. The builder writes, every time it collects.
#ifndef SYNTH_CALLS_H
#define SYNTH_CALLS_H

#include "synths/synth.h"

/// The builder: makes the file of a new engine; without one, a line in the log says why.
void synth_calls_open(synth *s);
/// The builder: writes what was called since the last time.
void synth_calls_write(synth *s);
/// Before the engine goes.
void synth_calls_close(synth *s);

#endif
