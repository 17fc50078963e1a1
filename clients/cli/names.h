// SPDX-License-Identifier: MIT
// names -- what a score may name in the patch that is loaded: its knobs and parameters.
#ifndef NAMES_H
#define NAMES_H

#include <jansson.h>

#include "megasynth.h"
#include "sequence.h"

typedef struct {
    mega_engine *engine;
    const mega_patch *patch;
    json_t *modules; ///< descriptions by type, as they are asked for
} patch_names;

/// `engine` has loaded `patch`; both outlive it.
patch_names patch_names_of(mega_engine *engine, const mega_patch *patch);
void patch_names_finish(patch_names *names);
/// How long the patch's shared part may hold sound back in its delay lines: silence shorter than
/// that is no end.
double longest_delay_seconds(patch_names *names);
score_names score_names_of(patch_names *names);

#endif
