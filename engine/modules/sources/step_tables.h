// SPDX-License-Identifier: MIT
// step_tables -- what a band-limited step, and a corner, still lack at each frame after it.
// tools/step_tables.py makes them and says how.
#ifndef MEGA_STEP_TABLES_H
#define MEGA_STEP_TABLES_H

enum {
    MEGA_STEP_PLACES = 128, ///< places between two frames; between two places a line is straight
    MEGA_STEP_FEW = 32,     ///< the same, of bends and swings
    MEGA_STEP_TAPS_MAX = 32,
};

/// Tables are [place][tap]: what is lacking at a place and `tap` frames after the event.
typedef struct {
    int taps;            ///< frames until it is whole: 24 or 32
    float back[3];       ///< how far what has no events is behind: factors of its last differences
    float third;         ///< what third differences add to that
    const float *step;   ///< of a step of 2^28: that less what it has reached
    const float *corner; ///< of a slope's change by 1: a line as late, less what it has reached
    const float *bend;   ///< of a change of the slope's growth by 1, in the same way
    const float *swing;  ///< of a change of that one's growth
} mega_step_table;

enum { MEGA_STEP_WIDE, MEGA_STEP_STEEP }; ///< from 48 kHz on; below
extern const mega_step_table mega_step_tables[];

#endif
