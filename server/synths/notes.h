// SPDX-License-Identifier: MIT
// notes -- which notes sound, and what their clients call them. Loop only.
#ifndef NOTES_H
#define NOTES_H

#include <megasynth.h>

typedef struct {
    mega_note handle;
    uint64_t session; ///< number of the client; 0: none
    int64_t id;       ///< the client's; -1: none
    float key;
    bool reserved;  ///< a voice without a note
    bool coming;    ///< it has yet to begin
    uint64_t frame; ///< of the engine, where a coming one does
} note_entry;

typedef struct notes notes;

notes *notes_create(void);
void notes_destroy(notes *n);
/// An id that is taken names the newer note from now on.
void notes_add(notes *n, const note_entry *entry);
/// @return 0 if the client has no such note
mega_note notes_by_id(const notes *n, uint64_t session, int64_t id);
/// The newest of a key, or 0.
mega_note notes_by_key(const notes *n, float key);
/// Forgets a note. @return false if it was not there
bool notes_remove(notes *n, mega_note handle, note_entry *was);
bool notes_is_reserved(const notes *n, mega_note handle);
/// A coming note that begins before a frame: it is none of those any more. @return NULL if there is
/// none
const note_entry *notes_begin(notes *n, uint64_t frame);
uint32_t notes_count(const notes *n);
/// From `*at` = 0 on. @return NULL at the end
const note_entry *notes_next(const notes *n, uint32_t *at);

#endif
