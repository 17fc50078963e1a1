// SPDX-License-Identifier: MIT
// sequence -- what a render plays: notes, knob turns and parameter writes at their frames; and the
// two languages that it is read from.
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SEQUENCE_EVENTS_MAX = 2000000, ///< of 40 bytes; an hour of 500 a second
    SEQUENCE_SECONDS_MAX = 86400,  ///< a day: what `at`, `length` and --seconds may say
};

typedef enum { EVENT_NOTE_ON, EVENT_NOTE_OFF, EVENT_KNOB, EVENT_PARAM } event_kind;

typedef struct {
    uint64_t frame;
    uint32_t order; ///< rank among those of one frame, as written
    event_kind kind;
    int32_t target; ///< number of the note, knob or parameter
    float value;    ///< key, or value of the knob or parameter
    float detail;   ///< velocity, or ramp in seconds
} event;

/// All zero is an empty one.
typedef struct {
    event *events;
    size_t count, room;
    int32_t note_count;
    uint32_t rate; ///< frames a second, set before the first event
} sequence;

void sequence_finish(sequence *s);
/// @return false at SEQUENCE_EVENTS_MAX or without memory; as the others
bool sequence_note(sequence *s, double at_seconds, double length_seconds, double key,
                   double velocity);
bool sequence_knob(sequence *s, double at_seconds, int32_t knob, double value);
bool sequence_param(sequence *s, double at_seconds, int32_t param, double value, double ramp);
/// By frame; at one frame releases first, then as written.
void sequence_sort(sequence *s);
/// The frame after the last event, after sorting.
uint64_t sequence_end(const sequence *s);

/// Errors of a text, a line each.
typedef struct {
    FILE *out;
    const char *source; ///< "--notes" or the score's file name
    size_t count;       ///< all; those past ERRORS_PRINTED_MAX are not printed
} text_errors;
void text_error(text_errors *errors, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// A note's name: `C4`, `F#3`, `Bb-1`, `60`, `61.5`. @return false if it is none; `*end` is behind
/// it
bool key_of(const char *text, const char **end, double *key);

/// Reads "C4 E4 G4", "C4+E4+G4", "-" from time 0, one word a beat. @return whether it was good
bool notes_read(const char *text, double beat_seconds, sequence *s, text_errors *errors);

/// What a score can name. Each call gives the number, or -1 and what to say in `why`.
typedef struct {
    void *context;
    int32_t (*knob)(void *context, const char *name, char why[200]);
    /// Also turns the name of a choice into its value, and checks the range. `value` may be NULL.
    int32_t (*param)(void *context, const char *node, const char *port, const char *choice,
                     double *value, char why[200]);
} score_names;

/// Reads a score, all of its errors at once. @return whether it was good
bool score_read(const char *text, size_t bytes, const score_names *names, sequence *s,
                text_errors *errors);

#endif
