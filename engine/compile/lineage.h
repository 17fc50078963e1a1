// SPDX-License-Identifier: MIT
// lineage -- what goes on from one program to the next: which node is which, and the values of
// slots.
#ifndef MEGA_LINEAGE_H
#define MEGA_LINEAGE_H

#include "compile/program.h"

/// Sets each node's `ancestor`: the node of the same name (or origin), type and scope in the
/// program before.
/// @param origins by patch node: which one it was in the patch before, -1: it is new; or NULL: the
/// one of its name
/// @return false without memory
bool mega_lineage_find(mega_program *program, const mega_program *before, const int32_t *origins);
/// Lists the slots whose values go on. @return false without memory
bool mega_lineage_slots(mega_program *program, const mega_program *before, const mega_patch *patch,
                        const mega_patch *patch_before);
/// Lists what nodes of another type of the same names were turned to. Both programs have their
/// patches.
/// @return false without memory
bool mega_lineage_inherit(mega_program *program, const mega_program *before);
/// On the audio role, as `to` takes the place of `from`.
void mega_lineage_carry(mega_program *to, const mega_program *from, float rate, float ramp_seconds);

#endif
