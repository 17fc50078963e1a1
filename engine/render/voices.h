// SPDX-License-Identifier: MIT
// voices -- which note sounds in which lane: starting, stealing, releasing, ending. All of it on
// the audio role.
#ifndef MEGA_VOICES_H
#define MEGA_VOICES_H

#include "core/slot.h"
#include "megasynth.h"

enum {
    MEGA_STEAL_MS = 3,      ///< fade of a stolen voice
    MEGA_OWN_GATE_MS = 5,   ///< fades of a voice whose patch never reads the gate
    MEGA_WAITING_MAX = 128, ///< held notes without a voice: a keyboard's
    MEGA_EXPRESSION_COUNT = MEGA_NOTE_SET_HELD + 1, ///< the last of mega_note_expression
    MEGA_CONTROLLER_COUNT = MEGA_CONTROL_SOSTENUTO + 1,
};

/// What a voice does that is to play another note: see `note`'s parameters of these names.
typedef enum { MEGA_MODE_POLY, MEGA_MODE_MONO, MEGA_MODE_LEGATO } mega_voice_mode;
typedef enum {
    MEGA_STEAL_AUTO,
    MEGA_STEAL_OLDEST,
    MEGA_STEAL_QUIETEST,
    MEGA_STEAL_NONE
} mega_voice_steal;
typedef enum { MEGA_PRIORITY_LAST, MEGA_PRIORITY_LOW, MEGA_PRIORITY_HIGH } mega_voice_priority;
typedef enum { MEGA_STOLEN_ENDS, MEGA_STOLEN_RETURNS } mega_voice_stolen;

/// The choices that the patch's first `note` makes, in the order of its parameters from `mode` on.
typedef struct {
    uint32_t mode, steal, priority, stolen;
} mega_voice_rules;

/// A note, and what holds it: it is held while anything does.
typedef struct {
    mega_note note;
    uint64_t born; ///< counts up with each note that begins: which one is older
    float key;
    bool down;      ///< the key
    bool sustained; ///< the sustain pedal: the key went up while that was down
    bool sostenuto; ///< the sostenuto pedal: the key was down when that went down
    bool pedal;     ///< a pedal of its own: MEGA_NOTE_SET_HELD
} mega_held;

typedef struct {
    mega_held held;
    float level;       ///< peak of the last block
    uint32_t quiet;    ///< frames below -100 dBFS with the gate off
    uint32_t fade;     ///< frames left of a steal's fade
    uint32_t own_gate; ///< frames of its way up, 0..own_gate_frames: open
    bool single;       ///< plays for mono and legato: takes over from key to key
    bool open;         ///< held, or the gate of a reserved voice
    bool rising;       ///< the gate has opened, which was not seen yet
    bool was_on;       ///< the gate in the frame before
} mega_voice;

/// 16 voices. `active` lanes sound; of these `fading` ones were stolen and do not count as voices,
/// and `reserved` ones are neither stolen nor end.
typedef struct mega_voice_group {
    _Alignas(64) float note[MEGA_NOTE_FIELDS][16];
    int32_t seeds[16];
    float peak[MEGA_SEGMENT_BLOCKS][16]; ///< of each of these blocks
    uint32_t active, fading, reserved;
    uint32_t gating; ///< lanes whose gate has just changed, or has yet to
    const struct mega_isa_table
        *build;          ///< that runs it in this segment; the one-lane build: lane by lane
    uint32_t build_lane; ///< the first lane that runs
    mega_voice lane[16];
    // values of parameters that single voices have for themselves
    uint16_t note_values_set[MEGA_NOTE_PARAMS_MAX]; ///< lanes that have one
    uint16_t note_values_moving;                    ///< parameters of which one is on its way
    mega_ramp note_values[MEGA_NOTE_PARAMS_MAX][16];
} mega_voice_group;

/// A held note without a voice: covered by another key in mono or legato, or stolen and to return.
typedef struct {
    mega_held held;
    float field[MEGA_NOTE_FIELDS]; ///< as in its group
    bool single;                   ///< covered; else stolen
    uint16_t note_values_set;
    mega_ramp note_values[MEGA_NOTE_PARAMS_MAX];
} mega_waiting;

typedef struct mega_voices {
    mega_voice_group *groups;
    uint32_t group_count, voices;
    float rate;
    uint32_t seed;
    uint32_t fade_frames, own_gate_frames;
    float *fade_gain, *own_gate_gain; ///< raised cosines, [0] = 0 .. [frames] = 1
    bool own_gate;                    ///< the patch never reads the gate
    float tail_seconds;
    float wheel, pressure, timbre;
    bool sustain, sostenuto;
    mega_voice_rules rules;
    float last_key;      ///< where the next glide starts; < 0: none yet
    uint64_t born_count; ///< notes so far
    bool in_hurry;       ///< a gate shows for one frame: the next segment must not be longer
    uint8_t lost[128];   ///< by key: keys that are down still whose notes were stolen or dropped
    mega_waiting waiting[MEGA_WAITING_MAX];
    uint32_t waiting_count;
    struct mega_renderer *renderer; ///< zeroes lanes, and reports notes that end
} mega_voices;

/// @return false without memory
bool mega_voices_init(mega_voices *v, uint32_t group_count, float rate, uint32_t seed);
void mega_voices_finish(mega_voices *v);
/// Groups in which nothing sounds, to be released by `free`; NULL without memory.
mega_voice_group *mega_voice_groups_create(uint32_t count);
/// What sounds goes on in other groups, as far as there are as many; the rest ends. @return the old
/// groups
mega_voice_group *mega_voices_move(mega_voices *v, mega_voice_group *groups, uint32_t count,
                                   uint64_t frame);

// ---- held.c: notes and pedals ------------------------------------------------------------------

void mega_voices_note_on(mega_voices *v, uint64_t frame, mega_note note, float key, float velocity);
/// @return false if no such note is held or waits
bool mega_voices_note_off(mega_voices *v, uint64_t frame, mega_note note, float velocity);
/// The oldest note of a key that is down, or 0.
mega_note mega_voices_find_key(const mega_voices *v, float key);
/// A key goes up of which no note is held. @return true if one was, and was stolen: it is over now
bool mega_voices_was_stolen(mega_voices *v, float key);
/// A held note that has no voice now, or NULL.
mega_waiting *mega_voices_find_waiting(mega_voices *v, mega_note note);
/// Stolen notes that are still down sound again, as far as there is room.
void mega_voices_return(mega_voices *v, uint64_t frame);
void mega_voices_note_set(mega_voices *v, uint64_t frame, mega_note note, mega_note_expression what,
                          float value);
void mega_voices_control(mega_voices *v, uint64_t frame, mega_controller which, float value);
void mega_voices_all_off(mega_voices *v, uint64_t frame);
/// Every voice ends now.
void mega_voices_kill_all(mega_voices *v, uint64_t frame);

// ---- steal.c -----------------------------------------------------------------------------------

/// Makes room for one more voice. @param key whose voice is stolen rather than another's
/// @return false if there is none, nothing being stolen
bool mega_voices_make_room(mega_voices *v, float key, uint64_t frame);
/// A released voice makes room if one must. @return false if all that sound are held
bool mega_voices_make_room_gently(mega_voices *v, uint64_t frame);

// ---- voices.c: lanes, gates, time --------------------------------------------------------------

/// A voice with its gate shut, until it is freed.
void mega_voices_reserve(mega_voices *v, uint64_t frame, mega_note note, float key);
/// A reserved voice fades out.
/// @return false if there is no such note
bool mega_voices_free(mega_voices *v, uint64_t frame, mega_note note);
void mega_voices_kill_lanes(mega_voices *v, uint32_t group, uint32_t which, uint64_t frame);

typedef struct {
    uint32_t group, lane;
    bool found;
} mega_voice_place;

/// A voice that begins in a zeroed lane. There must be room. @param open its gate
mega_voice_place mega_voices_start(mega_voices *v, uint64_t frame, const mega_waiting *note,
                                   bool open);
/// A note that has no voice yet, with nothing of its own.
mega_waiting mega_voices_new_note(mega_voices *v, mega_note note, float key, float velocity);
/// What a lane plays, to be put back later.
void mega_voices_lift(const mega_voices *v, mega_voice_place at, mega_waiting *note);
/// A lane plays another note from now on; phases and filters keep their state.
/// @param strike the gate opens anew, else it stays as it is
void mega_voices_take_over(mega_voices *v, mega_voice_place at, const mega_waiting *note,
                           bool strike);
/// Opens a gate, anew if it was open, or shuts it. An opening shows for a frame at least, and
/// before it a shut gate.
void mega_voices_set_gate(mega_voices *v, uint32_t group, uint32_t lane, bool open);
/// The lane fades out in the reserve.
void mega_voices_fade(mega_voices *v, mega_voice_place at);
/// The note that a lane plays is over.
void mega_voices_end_note(mega_voices *v, mega_voice_place at, uint64_t frame);
/// A note that is over though its key is down: the key's going up means no other.
void mega_voices_lose(mega_voices *v, const mega_held *held);

/// Factors of the group's lanes for the next frames, [t * 16 + lane], or false if all are 1.
bool mega_voices_gain(const mega_voices *v, uint32_t group, float *gain, uint32_t frames);
/// Time passes: fades and own gates.
void mega_voices_advance(mega_voices *v, uint32_t group, uint32_t frames, uint64_t frame);
/// A segment was rendered: gates that have shown go their way.
void mega_voices_gates_shown(mega_voices *v);
/// At a block's end: voices that have been quiet long enough end.
void mega_voices_end_blocks(mega_voices *v, uint32_t blocks, uint64_t frame);
/// Whether no voice can end, fade, return or change its gate within so many frames.
bool mega_voices_last(const mega_voices *v, uint32_t frames);

static inline bool mega_held_by_any(const mega_held *held) {
    return held->down || held->sustained || held->sostenuto || held->pedal;
}

#define FOR_LANES(v, bits)                                                                         \
    for (uint32_t g = 0; g < (v)->group_count; g++)                                                \
        for (uint32_t rest = (bits), l; rest && (l = (uint32_t)__builtin_ctz(rest), 1);            \
             rest &= rest - 1)
/// Lanes of group `g` that count as voices; those that notes play.
#define COUNTED(v) ((v)->groups[g].active & ~(v)->groups[g].fading)
#define PLAYED(v) (COUNTED(v) & ~(v)->groups[g].reserved)

uint32_t mega_voices_sounding(const mega_voices *v); ///< without fading ones
uint32_t mega_voices_gated(const mega_voices *v);
/// Where a note sounds. @return false if it does not
bool mega_voices_find(const mega_voices *v, mega_note note, uint32_t *group, uint32_t *lane);

// What the renderer does as voices come and go; a note of 0 is none.
void mega_renderer_lane_starts(struct mega_renderer *renderer, uint32_t group, uint32_t lane);
void mega_renderer_note_ended(struct mega_renderer *renderer, mega_note note, uint64_t frame);
bool mega_renderer_lane_stirs(struct mega_renderer *renderer, uint32_t group, uint32_t lane);
void mega_renderer_note_stolen(struct mega_renderer *renderer);
void mega_renderer_note_dropped(struct mega_renderer *renderer, mega_note note, uint64_t frame);

#endif
