// SPDX-License-Identifier: MIT
// score_reader -- what the files that read a score share: the item that is being read, its numbers
// and names.
#ifndef MEGA_SCORE_READER_H
#define MEGA_SCORE_READER_H

#include <jansson.h>

#include "time/json_place.h"
#include "time/sequence.h"

enum { RAMP_SECONDS_MAX = 3600, ITEM_KEYS_MAX = 6 };

/// A score that is being read, and the place in it.
typedef struct {
    const mega_score_files *files;
    mega_sequence *sequence;
    mega_text_errors *errors;
    json_t *numbers; // of names: knob or preset, and node, parameter and choice, one in the other
    json_t *ids;     // of notes: their numbers
    size_t index;
    const json_t *item;
    const char *kind; // the key that says what the item is
    mega_json_place place;
    bool full;
} reader;

/// A number of the item within a range, or `otherwise` where it is left out. @return false after a
/// message
bool mega_score_number(reader *r, const char *key, double min, double max, double otherwise,
                       double *value);
/// The same of a key that must be there.
bool mega_score_wanted(reader *r, const char *key, double min, double max, double *value);
/// The key of a note, as a number or a name.
bool mega_score_key(reader *r, const char *key, double *value);
/// `at`, which every item has.
bool mega_score_time(reader *r, double *at);
/// @return the number of a name in the sequence, or -1 after a message
int32_t mega_score_name(reader *r, const char *node, const char *port, const char *choice);
/// The number of the item's `id`, -1 where there is none. @return false after a message
bool mega_score_id(reader *r, int32_t *id);
void mega_score_add(reader *r, double at, mega_timed_event e);

// ---- score_items.c: what an item can be; each says all that is wrong with it -------------------

void mega_score_read_note(reader *r);
void mega_score_read_knob(reader *r);
void mega_score_read_param(reader *r);
void mega_score_read_preset(reader *r);
void mega_score_read_expression(reader *r);
void mega_score_read_pedal(reader *r);
void mega_score_read_off(reader *r);

#endif
