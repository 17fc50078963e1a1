// SPDX-License-Identifier: MIT
// loads -- the patches that a score loads, each file read once.
#ifndef LOADS_H
#define LOADS_H

#include "time/sequence.h"

/// All zero but `score` and `quiet` is an empty one.
typedef struct {
    const char *score; ///< the score's path: names are relative to its folder; "-": to this one
    bool quiet;        ///< no warnings
    struct loaded *files;
    size_t count;
} loads;

/// What is wrong with a patch is said on stderr, with the place in its own file.
mega_score_files loads_of(loads *l);
/// The patches go too.
void loads_finish(loads *l);

#endif
