// SPDX-License-Identifier: MIT
// oscillator_rows -- the ports and parameters that every osc.* has, stated once.
#ifndef MEGA_OSCILLATOR_ROWS_H
#define MEGA_OSCILLATOR_ROWS_H

#include "core/kernel.h"

#define OSCILLATOR_INPUTS                                                                          \
    {"pm", "phase modulation, in turns"}, {                                                        \
        "sync", "restarts the wave where it rises through 0, between frames too"                   \
    }

// clang-format off
#define OSCILLATOR_PARAMS                                                                          \
    {.name = "freq", .unit = "Hz", .min = 1, .max = 20000, .initial = 440, .scale = MEGA_EXP,      \
     .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 10,                                                \
     .doc = "frequency; below 0, by cables, the wave runs backwards"},                             \
    {.name = "amp", .factor = true, .unit = "", .min = 0, .max = 1, .initial = 1,                                  \
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = "peak of the wave"},                 \
    {.name = "detune", .unit = "cents", .min = -100, .max = 100, .initial = 0,                     \
     .smoothing = MEGA_SMOOTH_EXP, .smooth_ms = 10, .doc = "offset of the pitch"},                 \
    {.name = "phase", .unit = "turns", .min = 0, .max = 1, .initial = 0,                           \
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = "offset of the phase"}
// clang-format on

#endif
