// SPDX-License-Identifier: MIT
// rehearse -- goes through a sequence without a sound: what is wrong with it, and what rendering
// it needs to know.
#ifndef MEGA_REHEARSE_H
#define MEGA_REHEARSE_H

#include "time/sequence.h"

enum { REHEARSE_OWN_VALUES_MAX = 16 }; ///< as mega_find_note_param allows in an engine's life

typedef struct {
    double delay_seconds; ///< longest of all patches in turn: silence shorter than that is no end
    bool plays_notes;     ///< whether any of them has a `note` node
    bool ends_with_notes; ///< whether the last one has
} mega_rehearsal;

/// Makes each edit on the document of its time, and looks up each name in it; choices get their
/// values, ids of notes the note they mean. After an edit that cannot be made nothing is known.
/// @param all sorted @param patch what it begins with @param r as far as it was good
/// @return whether all of it was good
bool mega_rehearse(mega_sequence *all, const mega_patch *patch, mega_rehearsal *r,
                   mega_text_errors *errors);

#endif
