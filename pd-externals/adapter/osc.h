// SPDX-License-Identifier: MIT
// osc -- the server's addresses, as [oscparse] gives them: `patch add lp svf`, `param set lp freq
// 900`.
#ifndef MEGA_ADAPTER_OSC_H
#define MEGA_ADAPTER_OSC_H

#include "core.h"

/// Where translated atoms are kept.
typedef struct {
    mega_atom atoms[8];
    char text[2][SYNTH_NAME_BYTES];
} synth_osc_room;

/// Turns a message of two words into that of one which means the same; leaves all others alone.
void synth_osc_translate(const char **selector, size_t *count, const mega_atom **atoms,
                         synth_osc_room *room);

#endif
