// SPDX-License-Identifier: MIT
// voices -- which note sounds in which lane; see voices.h.
#include "render/voices.h"

#include <stdlib.h>
#include <string.h>

#include "core/lanes.h"

static const float SILENCE = 1e-5f;          // -100 dBFS
static const float STRUCK_MAX = 0x1p23f;     // integers up to there are floats
static const float TAIL_MIN_SECONDS = 0.05f; // a period of 20 Hz: a quiet moment is no end

// ---- set up -----------------------------------------------------------------------------------

/// table[i] = raised cosine from 0 at 0 to 1 at `frames`.
static float *raised_cosine(uint32_t frames) {
    float *table = malloc((frames + 1) * sizeof *table);
    for (uint32_t i = 0; table && i <= frames; i++)
        table[i] = 0.5f - 0.5f * vcos_turns(0.5f * (float)i / (float)frames);
    if (table) { // the ends exactly: silence is silence
        table[0] = 0;
        table[frames] = 1;
    }
    return table;
}

bool mega_voices_init(mega_voices *v, uint32_t group_count, float rate, uint32_t seed) {
    *v = (mega_voices){.group_count = group_count, .rate = rate, .seed = seed, .last_key = -1};
    v->fade_frames = (uint32_t)(rate * MEGA_STEAL_MS / 1000 + 0.5f);
    v->own_gate_frames = (uint32_t)(rate * MEGA_OWN_GATE_MS / 1000 + 0.5f);
    v->groups = mega_voice_groups_create(group_count);
    v->fade_gain = raised_cosine(v->fade_frames);
    v->own_gate_gain = raised_cosine(v->own_gate_frames);
    if (!v->groups || !v->fade_gain || !v->own_gate_gain) {
        mega_voices_finish(v);
        return false;
    }
    return true;
}

mega_voice_group *mega_voice_groups_create(uint32_t count) {
    mega_voice_group *groups = aligned_alloc(64, count * sizeof *groups);
    if (groups) memset(groups, 0, count * sizeof *groups);
    return groups;
}

mega_voice_group *mega_voices_move(mega_voices *v, mega_voice_group *groups, uint32_t count,
                                   uint64_t frame) {
    uint32_t common = v->group_count < count ? v->group_count : count;
    for (uint32_t g = common; g < v->group_count; g++)
        mega_voices_kill_lanes(v, g, v->groups[g].active, frame);
    memcpy(groups, v->groups, common * sizeof *groups);
    mega_voice_group *old = v->groups;
    v->groups = groups;
    v->group_count = count;
    return old;
}

void mega_voices_finish(mega_voices *v) {
    free(v->groups);
    free(v->fade_gain);
    free(v->own_gate_gain);
    v->groups = NULL;
    v->fade_gain = v->own_gate_gain = NULL;
}

// ---- looking ----------------------------------------------------------------------------------

static bool gate_on(const mega_voice_group *group, uint32_t lane) {
    return group->note[MEGA_NOTE_GATE][lane] > 0.5f;
}

bool mega_voices_find(const mega_voices *v, mega_note note, uint32_t *group, uint32_t *lane) {
    if (!note) return false;
    FOR_LANES(v, COUNTED(v)) {
        if (v->groups[g].lane[l].held.note != note) continue;
        *group = g;
        *lane = l;
        return true;
    }
    return false;
}

uint32_t mega_voices_sounding(const mega_voices *v) {
    uint32_t count = 0;
    for (uint32_t g = 0; g < v->group_count; g++) count += (uint32_t)__builtin_popcount(COUNTED(v));
    return count;
}

uint32_t mega_voices_gated(const mega_voices *v) {
    uint32_t count = 0;
    FOR_LANES(v, COUNTED(v)) count += v->groups[g].lane[l].open;
    return count;
}

// ---- ending -----------------------------------------------------------------------------------

static void end_lane(mega_voices *v, uint32_t g, uint32_t l, uint64_t frame) {
    mega_voice_group *group = &v->groups[g];
    uint32_t bit = 1u << l;
    if (!(group->active & bit)) return;
    // what a fading voice played has ended already, or waits
    if (!(group->fading & bit)) {
        mega_voices_lose(v, &group->lane[l].held);
        mega_voices_end_note(v, (mega_voice_place){g, l, true}, frame);
    }
    group->active &= ~bit;
    group->fading &= ~bit;
    group->reserved &= ~bit;
    group->gating &= ~bit;
    group->note[MEGA_NOTE_GATE][l] = 0;
    group->lane[l] = (mega_voice){0};
}

void mega_voices_end_note(mega_voices *v, mega_voice_place at, uint64_t frame) {
    mega_renderer_note_ended(v->renderer, v->groups[at.group].lane[at.lane].held.note, frame);
}

void mega_voices_fade(mega_voices *v, mega_voice_place at) {
    mega_voice_group *group = &v->groups[at.group];
    group->fading |= 1u << at.lane;
    group->reserved &= ~(1u << at.lane);
    group->lane[at.lane].fade = v->fade_frames;
}

void mega_voices_kill_lanes(mega_voices *v, uint32_t g, uint32_t which, uint64_t frame) {
    for (uint32_t l = 0; l < 16; l++)
        if (which >> l & 1) end_lane(v, g, l, frame);
}

// ---- gates ------------------------------------------------------------------------------------

/// An opening waits for a frame in which the gate is shut.
static void show_gate(mega_voice_group *group, uint32_t l) {
    const mega_voice *voice = &group->lane[l];
    bool on = voice->rising ? !voice->was_on : voice->open;
    group->note[MEGA_NOTE_GATE][l] = on;
}

/// True if the gate is to change after the next frame.
static bool is_brief(const mega_voice *voice) {
    return voice->rising && (voice->was_on || !voice->open);
}

void mega_voices_set_gate(mega_voices *v, uint32_t g, uint32_t l, bool open) {
    mega_voice *voice = &v->groups[g].lane[l];
    voice->rising |= open;
    voice->open = open;
    if (!open) voice->quiet = 0;
    show_gate(&v->groups[g], l);
    v->groups[g].gating |= 1u << l;
    v->in_hurry |= is_brief(voice);
}

void mega_voices_gates_shown(mega_voices *v) {
    v->in_hurry = false;
    FOR_LANES(v, v->groups[g].gating) {
        mega_voice_group *group = &v->groups[g];
        mega_voice *voice = &group->lane[l];
        voice->was_on = gate_on(group, l);
        voice->rising &= !voice->was_on;
        show_gate(group, l);
        v->in_hurry |= is_brief(voice);
        if (gate_on(group, l) == voice->was_on) group->gating &= ~(1u << l);
    }
}

// ---- lanes that begin and that change their note -----------------------------------------------

/// A free lane of the fullest active group, else of a new group; else the stolen voice that has
/// faded most.
static mega_voice_place free_lane(mega_voices *v, uint64_t frame) {
    mega_voice_place best = {0};
    int fullest = -1;
    for (uint32_t g = 0; g < v->group_count; g++) {
        int count = __builtin_popcount(v->groups[g].active);
        if (count == 16 || count <= fullest) continue;
        fullest = count;
        best = (mega_voice_place){g, (uint32_t)__builtin_ctz(~v->groups[g].active), true};
    }
    if (best.found) return best;
    uint32_t least = UINT32_MAX;
    FOR_LANES(v, v->groups[g].fading) {
        if (v->groups[g].lane[l].fade >= least) continue;
        least = v->groups[g].lane[l].fade;
        best = (mega_voice_place){g, l, true};
    }
    if (best.found) end_lane(v, best.group, best.lane, frame);
    return best;
}

mega_waiting mega_voices_new_note(mega_voices *v, mega_note note, float key, float velocity) {
    mega_waiting fresh = {
        .held = {.note = note, .born = ++v->born_count, .key = key, .down = true}};
    fresh.field[MEGA_NOTE_KEY] = key;
    fresh.field[MEGA_NOTE_VELOCITY] = velocity;
    fresh.field[MEGA_NOTE_WHEEL] = v->wheel;
    fresh.field[MEGA_NOTE_PRESSED] = v->pressure;
    fresh.field[MEGA_NOTE_SLID] = v->timbre;
    return fresh;
}

/// What a note brings with it into its lane; the rest the lane has.
static const int carried[] = {MEGA_NOTE_KEY,  MEGA_NOTE_VELOCITY, MEGA_NOTE_RELEASE,
                              MEGA_NOTE_BENT, MEGA_NOTE_WHEEL,    MEGA_NOTE_PRESSED,
                              MEGA_NOTE_SLID};
enum { CARRIED = sizeof carried / sizeof *carried };

void mega_voices_lift(const mega_voices *v, mega_voice_place at, mega_waiting *note) {
    const mega_voice_group *group = &v->groups[at.group];
    *note = (mega_waiting){.held = group->lane[at.lane].held, .single = true};
    for (int i = 0; i < CARRIED; i++) note->field[carried[i]] = group->note[carried[i]][at.lane];
    for (int i = 0; i < MEGA_NOTE_PARAMS_MAX; i++) {
        note->note_values_set |= (uint16_t)((group->note_values_set[i] >> at.lane & 1) << i);
        note->note_values[i] = group->note_values[i][at.lane];
    }
}

/// The lane plays the note.
static void put(mega_voices *v, mega_voice_place at, const mega_waiting *note) {
    mega_voice_group *group = &v->groups[at.group];
    uint32_t l = at.lane;
    group->lane[l].held = note->held;
    for (int i = 0; i < CARRIED; i++) group->note[carried[i]][l] = note->field[carried[i]];
    group->note[MEGA_NOTE_FROM][l] = v->last_key >= 0 ? v->last_key : note->held.key;
    v->last_key = note->held.key;
    for (int i = 0; i < MEGA_NOTE_PARAMS_MAX; i++) {
        bool has = note->note_values_set >> i & 1;
        group->note_values_set[i] &= (uint16_t) ~(1u << l);
        if (!has) continue;
        group->note_values_set[i] |= (uint16_t)(1u << l);
        group->note_values[i][l] = note->note_values[i];
        if (mega_ramp_moves(&note->note_values[i]))
            group->note_values_moving |= (uint16_t)(1u << i);
    }
}

mega_voice_place mega_voices_start(mega_voices *v, uint64_t frame, const mega_waiting *note,
                                   bool open) {
    mega_voice_place at = free_lane(v, frame);
    mega_voice_group *group = &v->groups[at.group];
    uint32_t l = at.lane;
    group->active |= 1u << l;
    for (int b = 0; b < MEGA_SEGMENT_BLOCKS; b++) group->peak[b][l] = 0;
    group->lane[l] = (mega_voice){.level = 1};
    if (!v->own_gate) group->lane[l].own_gate = v->own_gate_frames;
    group->seeds[l] = vhash((int32_t)(v->seed ^ (uint32_t)note->held.note * 0x9e3779b9u));
    group->note[MEGA_NOTE_STRUCK][l] = 0;
    put(v, at, note);
    mega_voices_set_gate(v, at.group, l, open);
    mega_renderer_lane_starts(v->renderer, at.group, l);
    return at;
}

void mega_voices_take_over(mega_voices *v, mega_voice_place at, const mega_waiting *note,
                           bool strike) {
    put(v, at, note);
    if (!strike) return;
    float *struck = &v->groups[at.group].note[MEGA_NOTE_STRUCK][at.lane];
    *struck = *struck < STRUCK_MAX ? *struck + 1 : 1;
    mega_voices_set_gate(v, at.group, at.lane, true);
}

// ---- reserved voices ---------------------------------------------------------------------------

void mega_voices_reserve(mega_voices *v, uint64_t frame, mega_note note, float key) {
    if (!mega_voices_make_room(v, key, frame)) {
        mega_renderer_note_dropped(v->renderer, note, frame);
        return;
    }
    float last_key = v->last_key; // no glide comes from it
    mega_waiting fresh = mega_voices_new_note(v, note, key, 0);
    fresh.held.down = false;
    mega_voice_place at = mega_voices_start(v, frame, &fresh, false);
    v->groups[at.group].reserved |= 1u << at.lane;
    v->last_key = last_key;
}

bool mega_voices_free(mega_voices *v, uint64_t frame, mega_note note) {
    mega_voice_place at = {0};
    if (!mega_voices_find(v, note, &at.group, &at.lane)) return false;
    if (!(v->groups[at.group].reserved >> at.lane & 1)) return true;
    mega_voices_end_note(v, at, frame);
    mega_voices_fade(v, at);
    return true;
}

// ---- time -------------------------------------------------------------------------------------

/// Lanes whose factor is not 1 now, or will not be within a block.
static uint32_t unsteady(const mega_voices *v, uint32_t g) {
    const mega_voice_group *group = &v->groups[g];
    uint32_t found = group->fading;
    for (uint32_t rest = group->active; rest; rest &= rest - 1) {
        uint32_t l = (uint32_t)__builtin_ctz(rest);
        bool shuts = v->own_gate && !group->lane[l].open;
        if (shuts || group->lane[l].own_gate < v->own_gate_frames) found |= 1u << l;
    }
    return found;
}

static uint32_t own_gate_after(const mega_voices *v, const mega_voice_group *group, uint32_t l,
                               uint32_t frames) {
    uint32_t at = group->lane[l].own_gate;
    if (v->own_gate && !group->lane[l].open) return at > frames ? at - frames : 0;
    return at + frames < v->own_gate_frames ? at + frames : v->own_gate_frames;
}

bool mega_voices_gain(const mega_voices *v, uint32_t g, float *gain, uint32_t frames) {
    uint32_t rest = unsteady(v, g);
    if (!rest) return false;
    const mega_voice_group *group = &v->groups[g];
    for (uint32_t i = 0; i < frames * 16; i++) gain[i] = 1;
    for (; rest; rest &= rest - 1) {
        uint32_t l = (uint32_t)__builtin_ctz(rest), fade = group->lane[l].fade;
        bool fading = group->fading >> l & 1;
        for (uint32_t t = 0; t < frames; t++) {
            float factor = v->own_gate_gain[own_gate_after(v, group, l, t)];
            if (fading) factor = factor * v->fade_gain[fade > t ? fade - t : 0];
            gain[t * 16 + l] = factor;
        }
    }
    return true;
}

void mega_voices_advance(mega_voices *v, uint32_t g, uint32_t frames, uint64_t frame) {
    mega_voice_group *group = &v->groups[g];
    for (uint32_t rest = unsteady(v, g); rest; rest &= rest - 1) {
        uint32_t l = (uint32_t)__builtin_ctz(rest);
        group->lane[l].own_gate = own_gate_after(v, group, l, frames);
        if (!(group->fading >> l & 1)) continue;
        mega_voice *voice = &group->lane[l];
        voice->fade = voice->fade > frames ? voice->fade - frames : 0;
        if (!voice->fade) end_lane(v, g, l, frame);
    }
}

static bool is_held(const mega_voices *v, uint32_t g, uint32_t l) {
    const mega_voice *voice = &v->groups[g].lane[l];
    return voice->open || voice->rising || gate_on(&v->groups[g], l) ||
           v->groups[g].reserved >> l & 1;
}

/// How long a voice must be quiet before it ends.
static uint32_t quiet_frames_max(const mega_voices *v) {
    float tail = v->tail_seconds > TAIL_MIN_SECONDS ? v->tail_seconds : TAIL_MIN_SECONDS;
    return (uint32_t)(tail * v->rate);
}

bool mega_voices_last(const mega_voices *v, uint32_t frames) {
    if (v->in_hurry || v->waiting_count) return false;
    const uint32_t quiet = quiet_frames_max(v);
    for (uint32_t g = 0; g < v->group_count; g++)
        if (v->groups[g].note_values_moving || unsteady(v, g)) return false;
    FOR_LANES(v, COUNTED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if (!is_held(v, g, l) && voice->quiet + frames >= quiet) return false;
    }
    return true;
}

static void end_block(mega_voices *v, uint32_t block, uint64_t frame) {
    const uint32_t quiet = quiet_frames_max(v);
    FOR_LANES(v, COUNTED(v)) {
        mega_voice *voice = &v->groups[g].lane[l];
        voice->level = v->groups[g].peak[block][l];
        v->groups[g].peak[block][l] = 0;
        if (is_held(v, g, l)) continue;
        voice->quiet = voice->level < SILENCE ? voice->quiet + MEGA_BLOCK_FRAMES : 0;
        bool shut = v->own_gate && !voice->own_gate;
        if (voice->quiet < quiet && !shut) continue;
        bool lives = !shut && mega_renderer_lane_stirs(v->renderer, g, l);
        if (lives) voice->quiet = quiet / 2; // looked at again in a while
        else end_lane(v, g, l, frame);
    }
}

void mega_voices_end_blocks(mega_voices *v, uint32_t blocks, uint64_t frame) {
    for (uint32_t b = 0; b < blocks; b++)
        end_block(v, b, frame - (uint64_t)(blocks - 1 - b) * MEGA_BLOCK_FRAMES);
}
