// SPDX-License-Identifier: MIT
// life -- whether a voice that is silent now can still sound. Audio role.
//
// Silence alone does not end a voice: an LFO may just have closed what a long release still holds
// open, an envelope may wait for its delay. From its sources on each node of a patch is one of
// three: zero for good, still (silent now means silent for ever, as far as its envelopes go), or
// stirring: something in it is on its way. A product with something that is zero for good is so,
// too.
#ifndef MEGA_LIFE_H
#define MEGA_LIFE_H

#include "compile/program.h"

/// @return false if nothing that the voice gives out can come back
bool mega_life_stirs(const mega_program *program, uint32_t group, uint32_t lane);

#endif
