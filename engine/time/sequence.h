// SPDX-License-Identifier: MIT
// sequence -- what is played: notes and what becomes of them, knobs, parameters, presets and edits
// of the patch at their frames; and the two languages that it is read from.
#ifndef MEGA_SEQUENCE_H
#define MEGA_SEQUENCE_H

#include "megasynth.h"
#include "time/text_errors.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEQUENCE_EVENTS_MAX = 2000000, ///< of 48 bytes; an hour of 500 a second
    SEQUENCE_NAMES_MAX =
        16384, ///< knobs, presets, choices of parameters: as many as the engine numbers
    SEQUENCE_SECONDS_MAX = 86400, ///< a day: what `at`, `length` and --seconds may say
    SEQUENCE_GRID_FRAMES =
        MEGA_BLOCK_FRAMES, ///< an edit takes effect with the block of this grid that holds it
};

typedef enum {
    EVENT_EDIT,
    EVENT_PANIC,   ///< all sound off; with its block, as an edit
    EVENT_NOTE_ON, ///< `value` is its key, `detail` the velocity
    EVENT_NOTE_OFF,
    EVENT_KNOB,       ///< `detail`: of the ramp, seconds; below 0: smoothed as ever
    EVENT_PARAM,      ///< the same
    EVENT_PRESET,     ///< `detail`: of the morph, seconds
    EVENT_NOTE_SET,   ///< `target` is a mega_note_expression of the note `note`
    EVENT_NOTE_PARAM, ///< as EVENT_PARAM, of the note `note` alone
    EVENT_CONTROL,    ///< `target` is a mega_controller: of all notes
    EVENT_ALL_OFF,    ///< all notes end
} mega_event_kind;

typedef struct {
    uint64_t frame;
    uint32_t order; ///< rank among those of one frame, as written
    mega_event_kind kind;
    int32_t target; ///< number of the note, edit or name, or what its kind says
    int32_t note;   ///< number of the id by which others mean this note, or it is meant; -1: none.
                    ///< Rehearsed: of the note
    float value;    ///< key, or value of the knob or parameter
    float detail;   ///< see its kind
    uint32_t item;  ///< of the score, from 0, and the line where it begins: for messages
    uint32_t line;
} mega_timed_event;

/// A knob or parameter. What number it has, and what its choice stands for, depends on the patch in
/// force.
typedef struct {
    char *node;   ///< NULL: a knob; "": a preset
    char *port;   ///< or the knob or preset
    char *choice; ///< the parameter's value where that is a name, else NULL
} mega_sequence_name;

/// A change of the patch: one of `operations` and `patch`; none of them: it could not be read.
typedef struct {
    char *operations; ///< a JSON list
    size_t bytes;
    uint32_t line, column;   ///< where that begins in the score; 0: unknown
    const mega_patch *patch; ///< to be loaded; outlives the sequence
    float fade_ms;
} mega_sequence_edit;

/// All zero is an empty one.
typedef struct {
    mega_timed_event *events;
    size_t count, room;
    mega_sequence_name *names;
    size_t name_count, name_room;
    mega_sequence_edit *edits;
    size_t edit_count, edit_room;
    int32_t note_count, id_count;
    uint32_t rate;       ///< frames a second, set before the first event
    uint32_t item, line; ///< of the score, of the events that come; set by its reader
} mega_sequence;

void mega_sequence_finish(mega_sequence *s);
/// @return false at SEQUENCE_EVENTS_MAX or without memory; as the others
/// @param id by which others mean the note, or -1
bool mega_sequence_note(mega_sequence *s, double at_seconds, double length_seconds, double key,
                        double velocity, int32_t id);
/// Any event that is not a note or an edit, all of it but its frame and place.
bool mega_sequence_event(mega_sequence *s, double at_seconds, mega_timed_event e);
/// @param edit its operations belong to the sequence then, even on failure
bool mega_sequence_change(mega_sequence *s, double at_seconds, mega_sequence_edit edit);
/// A new name. @param node, choice may be NULL
/// @return its number, or -1 at SEQUENCE_NAMES_MAX or without memory
int32_t mega_sequence_name_add(mega_sequence *s, const char *node, const char *port,
                               const char *choice);
/// When an event takes effect: an edit or panic with its block.
uint64_t mega_event_due(const mega_timed_event *e);
/// By when they are due; there edits first, then releases, then as written.
void mega_sequence_sort(mega_sequence *s);
/// The frame after the last event, after sorting.
uint64_t mega_sequence_end(const mega_sequence *s);
/// As that, but with the fades of edits, which may bring in what sounds.
uint64_t mega_sequence_settled(const mega_sequence *s);

/// A note's name: `C4`, `F#3`, `Bb-1`, `60`, `61.5`. @return false if it is none; `*end` is behind
/// it
bool mega_key_of(const char *text, const char **end, double *key);

/// Reads "C4 E4 G4", "C4+E4+G4", "-" from time 0, one word a beat. @return whether it was good
bool mega_notes_read(const char *text, double beat_seconds, mega_sequence *s,
                     mega_text_errors *errors);

/// Where the patches are that a score loads.
typedef struct {
    void *context;
    /// @return a patch that would play, or NULL and what to say in `why`
    const mega_patch *(*open)(void *context, const char *file, char why[200]);
} mega_score_files;

/// Reads a score, all of its errors at once; names are looked up by `rehearse`.
/// @return whether it was good
bool mega_score_read(const char *text, size_t bytes, const mega_score_files *files,
                     mega_sequence *s, mega_text_errors *errors);

#endif
