// SPDX-License-Identifier: MIT
// schedule -- the changes that the audio role has not taken yet, as CONTROL knows them.
#ifndef MEGA_SCHEDULE_H
#define MEGA_SCHEDULE_H

#include "compile/program.h"

enum {
    MEGA_CHANGES_REMEMBERED = 1024, ///< whose first frame can be asked for
};

/// One change. What it was made of is kept, so that it can be compiled anew.
typedef struct {
    uint64_t number;
    uint64_t block; ///< first frame of the block it is scheduled for; 0: the next one
    uint64_t asked; ///< the same as a frame: `block`, or when it was made
    uint32_t sent;  ///< position in the ring of events when it was made
    uint32_t fade_frames;
    bool timed;        ///< it was made for a frame: it sounds the same whenever it was made
    bool load;         ///< nothing goes on but state
    bool alone;        ///< takes the place of all that is scheduled
    mega_patch *patch; ///< the whole patch to change to; NULL: `operations`
    char *operations;
    size_t bytes;
    mega_format format;
    char *undo;            ///< of `operations`
    mega_program *program; ///< NULL: it comes in force together with the change after it
} mega_scheduled;

typedef struct {
    /// In the order of their blocks; only the first can be due with the next block.
    mega_scheduled changes[MEGA_SCHEDULED_MAX + 1];
    size_t count;
    mega_program *in_force; ///< the last one known to have been taken
    uint64_t numbers;       ///< given to changes so far
    uint64_t taken;         ///< programs known to have been taken
    struct {
        uint64_t number;
        uint64_t frame; ///< UINT64_MAX: not heard yet
        bool timed;
    } remembered[MEGA_CHANGES_REMEMBERED];
} mega_schedule;

/// The document in force: that of the last program taken, or what is due with the next block. NULL:
/// none yet.
const mega_patch *mega_schedule_document(const mega_schedule *s);
/// The index-th of all programs that events may still meet, leads included; NULL past the last.
mega_program *mega_schedule_program(const mega_schedule *s, size_t index);
/// Takes note of what the audio role has taken; pushes scheduled edits to the history.
void mega_schedule_sync(mega_engine *e);
/// Compiles a change, and what follows it anew, and hands both over.
/// @param change receives its number and undo; on success the schedule owns what it points to
/// @return on an error nothing has changed
mega_status mega_schedule_put(mega_engine *e, mega_scheduled *change, mega_report *report);
void mega_schedule_finish(mega_engine *e);

#endif
