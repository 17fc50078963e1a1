// SPDX-License-Identifier: MIT
// transition -- the patches between two patches, in which what differs fades out and in.
//
// Usually one stage holds both: the new patch, and what is to go as a dying part of it. Where old
// and new cables together would close a cycle, there are two: the old patch going, then the new one
// coming.
#ifndef MEGA_TRANSITION_H
#define MEGA_TRANSITION_H

#include <string.h>

#include "patch.h"

enum { MEGA_STAGES_MAX = 2 };

typedef struct {
    mega_patch *patch;
    int8_t *fades;        ///< by cable: 1 comes in, -1 goes out, 0 stands
    const char **origins; ///< by node: its name in the old patch; NULL: it is new
} mega_stage;

typedef struct {
    mega_stage stages[MEGA_STAGES_MAX];
    size_t count; ///< 0: nothing that sounds changes its cables
    const char **origins; ///< by node of the new patch: its name in the old one, or NULL; for the final program
                          ///< where there are no stages
} mega_transition;

/// Whether a node of a stage is not in the new patch, or is there as it was before: no document can
/// hold such an id.
static inline bool mega_is_dying(const char *id) { return strchr(id, ' ') != NULL; }

/// @param before, after patches that compile
mega_status mega_transition_init(mega_transition *transition, const mega_patch *before,
                                 const mega_patch *after);
void mega_transition_finish(mega_transition *transition);

#endif
