// SPDX-License-Identifier: MIT
// transition -- the patches between two patches, in which what differs crossfades.
//
// Usually one such stage holds both: the new patch, whose new parts fade in, and the removed parts
// as dying ones, which fade out. Where old and new cables together would close a cycle, there are
// two stages: first the removed parts fade out, then the new ones fade in.
//
// The first of the two patches may be a stage itself, with fades under way: these continue in the
// next stages, or reverse from where they are.
#ifndef MEGA_TRANSITION_H
#define MEGA_TRANSITION_H

#include "compile/fade.h"
#include "document/patch.h"

enum { MEGA_STAGES_MAX = 2 };

typedef struct {
    mega_patch *patch;
    int8_t *codes;    ///< by cable: how it fades, see fade.h
    int32_t *origins; ///< by node: which one it was in the old patch; -1: it is new
    mega_fade fades[MEGA_FADES_MAX];
    uint32_t fade_count;
    bool goes_first; ///< the next stage waits for nothing but what goes out
} mega_stage;

typedef struct {
    mega_stage stages[MEGA_STAGES_MAX];
    size_t count;     ///< 0: nothing that sounds changes its cables
    int32_t *origins; ///< the same by node of the new patch, for the final program where there are
                      ///< no stages
} mega_transition;

/// How long it sounds, at most: until its fades have ended, but a block.
uint32_t mega_stage_length(const mega_stage *stage);

/// The patch that sounds, and its fades.
typedef struct {
    const mega_patch *patch;
    const int8_t *codes; ///< by cable; NULL: no fades
    const mega_fade *fades;
    uint32_t fade_count;
    uint64_t over;  ///< bit i: the i-th has ended
    uint64_t block; ///< first frame of the block in which what follows comes
    uint64_t late;  ///< it came so many frames later than its fades' ends tell
} mega_transition_from;

/// Whether there is room for all fades that may be under way in what follows.
bool mega_transition_fits(const mega_transition_from *before);

/// @param after a patch that compiles, as the one before
/// @param fade_frames of what begins
mega_status mega_transition_init(mega_transition *transition, const mega_transition_from *before,
                                 const mega_patch *after, uint32_t fade_frames, float rate);
void mega_transition_finish(mega_transition *transition);

#endif
