// SPDX-License-Identifier: MIT
// piece -- what a patch is to play: notes and a score, read, put in order, and held against the
// patch.
#ifndef PIECE_H
#define PIECE_H

#include "loads.h"
#include "time/rehearse.h"

typedef struct {
    const char *patch, *notes, *score; ///< the patch's file; a melody; a score's file: may be NULL
    double beat;                       ///< of the melody, seconds
    uint32_t rate;
    bool quiet; ///< says nothing but errors
} piece_options;

/// The notes, the score and what it loads; in order.
typedef struct {
    mega_sequence sequence;
    mega_rehearsal facts;
    loads loads;
} piece;

/// Reads all of it; what is wrong is said. @return an exit code; `piece_finish` frees it in any
/// case
int piece_read(const piece_options *options, const mega_patch *patch, piece *p);
void piece_finish(piece *p);

#endif
