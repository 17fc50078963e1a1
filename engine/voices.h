// SPDX-License-Identifier: MIT
// voices -- which note sounds in which lane: starting, stealing, releasing, ending. All of it on
// the audio role.
#ifndef MEGA_VOICES_H
#define MEGA_VOICES_H

#include "megasynth.h"
#include "slot.h"

enum {
    MEGA_STEAL_MS = 3,    ///< fade of a stolen voice
    MEGA_OWN_GATE_MS = 5, ///< fades of a voice whose patch never reads the gate
    MEGA_HELD_MAX = 128,  ///< keys remembered in mono and legato: a keyboard's
    MEGA_EXPRESSION_COUNT = MEGA_NOTE_SET_HELD + 1, ///< the last of mega_note_expression
    MEGA_CONTROLLER_COUNT = MEGA_CONTROL_SOSTENUTO + 1,
};

typedef struct {
    mega_note note;
    uint64_t started; ///< frame
    float key;
    float level;               ///< peak of the last block
    uint32_t quiet;            ///< frames below -100 dBFS with the gate off
    uint32_t fade;             ///< frames left of a steal's fade
    uint32_t own_gate;         ///< frames of its way up, 0..own_gate_frames: open
    bool down;                 ///< the key (not the pedal) holds it
    bool sustained, sostenuto; ///< a pedal holds it
    bool held;                 ///< and a pedal of its own: MEGA_NOTE_SET_HELD
} mega_voice;

/// 16 voices. `active` lanes sound; of these `fading` ones were stolen and do not count as voices,
/// and `reserved` ones are neither stolen nor end.
typedef struct mega_voice_group {
    _Alignas(64) float note[MEGA_NOTE_FIELDS][16];
    int32_t seeds[16];
    float peak[16]; ///< of this block
    uint32_t active, fading, reserved;
    bool one_by_one; ///< in this segment: its lanes run in the one-lane build
    mega_voice lane[16];
    // values of parameters that single voices have for themselves
    uint16_t own_set[MEGA_OWN_MAX]; ///< lanes that have one
    uint16_t own_moving;            ///< parameters of which one is on its way
    mega_ramp own[MEGA_OWN_MAX][16];
} mega_voice_group;

typedef struct {
    mega_note note;
    float key, velocity;
} mega_held_key;

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
    uint32_t steal;                    ///< mega_voice_steal
    float last_key;                    ///< where the next glide starts; < 0: none yet
    mega_held_key held[MEGA_HELD_MAX]; ///< mono and legato: keys that are down, oldest first
    uint32_t held_count;
    struct mega_engine *engine; ///< told of lanes to zero and notes that end
} mega_voices;

typedef enum {
    MEGA_STEAL_AUTO,
    MEGA_STEAL_OLDEST,
    MEGA_STEAL_QUIETEST,
    MEGA_STEAL_NONE
} mega_voice_steal;
typedef enum { MEGA_MODE_POLY, MEGA_MODE_MONO, MEGA_MODE_LEGATO } mega_voice_mode;

/// @return false without memory
bool mega_voices_init(mega_voices *v, uint32_t group_count, float rate, uint32_t seed);
void mega_voices_finish(mega_voices *v);
/// Groups in which nothing sounds, to be released by `free`; NULL without memory.
mega_voice_group *mega_voice_groups_create(uint32_t count);
/// What sounds goes on in other groups, as far as there are as many; the rest ends. @return the old
/// groups
mega_voice_group *mega_voices_move(mega_voices *v, mega_voice_group *groups, uint32_t count,
                                   uint64_t frame);

void mega_voices_note_on(mega_voices *v, uint64_t frame, mega_note note, float key, float velocity,
                         mega_voice_mode mode);
/// A voice with its gate shut, until it is freed.
void mega_voices_reserve(mega_voices *v, uint64_t frame, mega_note note, float key);
/// A reserved voice fades out.
void mega_voices_free(mega_voices *v, uint64_t frame, mega_note note);
/// @return false if the note started on this very frame: its gate must be seen once, so ask again a
/// frame later
bool mega_voices_note_off(mega_voices *v, uint64_t frame, mega_note note, float velocity,
                          mega_voice_mode mode);
/// The oldest held note of a key, or 0.
mega_note mega_voices_find_key(const mega_voices *v, float key);
void mega_voices_note_set(mega_voices *v, mega_note note, mega_note_expression what, float value);
void mega_voices_control(mega_voices *v, mega_controller which, float value);
void mega_voices_all_off(mega_voices *v, uint64_t frame);
/// Every voice ends now.
void mega_voices_kill_all(mega_voices *v, uint64_t frame);
void mega_voices_kill_lanes(mega_voices *v, uint32_t group, uint32_t which, uint64_t frame);

/// Factors of the group's lanes for the next frames, [t * 16 + lane], or false if all are 1.
bool mega_voices_gain(const mega_voices *v, uint32_t group, float *gain, uint32_t frames);
/// Time passes: fades and own gates go on.
void mega_voices_advance(mega_voices *v, uint32_t group, uint32_t frames, uint64_t frame);
/// At a block's end: voices that have been quiet long enough end.
void mega_voices_end_block(mega_voices *v, uint64_t frame);

uint32_t mega_voices_sounding(const mega_voices *v); ///< without fading ones
uint32_t mega_voices_gated(const mega_voices *v);
/// Where a note sounds. @return false if it does not
bool mega_voices_find(const mega_voices *v, mega_note note, uint32_t *group, uint32_t *lane);

// told to the engine; a note of 0 is none
void mega_engine_lane_starts(struct mega_engine *engine, uint32_t group, uint32_t lane);
void mega_engine_note_ended(struct mega_engine *engine, mega_note note, uint64_t frame);
void mega_engine_note_stolen(struct mega_engine *engine);
void mega_engine_note_dropped(struct mega_engine *engine, mega_note note, uint64_t frame);

#endif
