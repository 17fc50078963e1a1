// SPDX-License-Identifier: MIT
// continuity -- which nodes of a program continue nodes of the one before, and which values they
// keep.
#ifndef MEGA_CONTINUITY_H
#define MEGA_CONTINUITY_H

#include "compile/program.h"

/// Sets each node's `ancestor`: the node of the same name (or origin), type and scope in the
/// program before.
/// @param origins by patch node: which one it was in the patch before, -1: it is new; or NULL: the
/// one of its name
/// @return false without memory
bool mega_continuity_nodes(mega_program *program, const mega_program *before,
                           const int32_t *origins);
/// Lists the slots that keep their values. @return false without memory
bool mega_continuity_slots(mega_program *program, const mega_program *before,
                           const mega_patch *patch, const mega_patch *patch_before);
/// Lists the values set during play that a node keeps from one of another type and the same name.
/// Both programs have their patches.
/// @return false without memory
bool mega_continuity_replaced(mega_program *program, const mega_program *before);
/// AUDIO: gives `to` the states and values of `from`, whose place it takes.
void mega_continuity_apply(mega_program *to, const mega_program *from, float rate,
                           float ramp_seconds);

#endif
