// SPDX-License-Identifier: MIT
// voices -- which note sounds in which lane; see voices.h.
#include "voices.h"

#include <stdlib.h>
#include <string.h>

#include "lanes.h"

static const float SILENCE = 1e-5f;          // -100 dBFS
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

#define FOR_LANES(v, bits)                                                                         \
    for (uint32_t g = 0; g < (v)->group_count; g++)                                                \
        for (uint32_t rest = (bits), l; rest && (l = (uint32_t)__builtin_ctz(rest), 1);            \
             rest &= rest - 1)

#define COUNTED(v) ((v)->groups[g].active & ~(v)->groups[g].fading)
#define PLAYED(v) (COUNTED(v) & ~(v)->groups[g].reserved)

static bool gate_on(const mega_voice_group *group, uint32_t lane) {
    return group->note[MEGA_NOTE_GATE][lane] > 0.5f;
}

bool mega_voices_find(const mega_voices *v, mega_note note, uint32_t *group, uint32_t *lane) {
    if (!note) return false;
    FOR_LANES(v, COUNTED(v)) {
        if (v->groups[g].lane[l].note != note) continue;
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
    FOR_LANES(v, COUNTED(v)) count += gate_on(&v->groups[g], l);
    return count;
}

mega_note mega_voices_find_key(const mega_voices *v, float key) {
    mega_note oldest = 0;
    for (uint32_t i = 0; i < v->held_count && !oldest; i++)
        if (v->held[i].key == key) oldest = v->held[i].note;
    FOR_LANES(v, PLAYED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if (voice->down && voice->key == key && (!oldest || voice->note < oldest))
            oldest = voice->note;
    }
    return oldest;
}

// ---- ending -----------------------------------------------------------------------------------

static void end_lane(mega_voices *v, uint32_t g, uint32_t l, uint64_t frame) {
    mega_voice_group *group = &v->groups[g];
    uint32_t bit = 1u << l;
    if (!(group->active & bit)) return;
    // a stolen voice's note has ended already, when it was stolen
    if (!(group->fading & bit)) mega_engine_note_ended(v->engine, group->lane[l].note, frame);
    group->active &= ~bit;
    group->fading &= ~bit;
    group->reserved &= ~bit;
    group->note[MEGA_NOTE_GATE][l] = 0;
    group->lane[l] = (mega_voice){0};
}

void mega_voices_kill_lanes(mega_voices *v, uint32_t g, uint32_t which, uint64_t frame) {
    for (uint32_t l = 0; l < 16; l++)
        if (which >> l & 1) end_lane(v, g, l, frame);
}

void mega_voices_kill_all(mega_voices *v, uint64_t frame) {
    for (uint32_t g = 0; g < v->group_count; g++)
        mega_voices_kill_lanes(v, g, v->groups[g].active, frame);
    for (uint32_t i = 0; i < v->held_count; i++)
        mega_engine_note_ended(v->engine, v->held[i].note, frame);
    v->held_count = 0;
}

// ---- stealing ---------------------------------------------------------------------------------

typedef struct {
    uint32_t group, lane;
    bool found;
} place;

/// The quietest, of released ones or of all.
static place quietest(const mega_voices *v, bool released) {
    place best = {0};
    const mega_voice *chosen = NULL;
    FOR_LANES(v, PLAYED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if (released && gate_on(&v->groups[g], l)) continue;
        if (chosen && (voice->level > chosen->level ||
                       (voice->level == chosen->level && voice->note > chosen->note)))
            continue;
        chosen = voice;
        best = (place){g, l, true};
    }
    return best;
}

static const float ANY_KEY = -1;

static place oldest_of_key(const mega_voices *v, float key) {
    place best = {0};
    mega_note oldest = 0;
    FOR_LANES(v, PLAYED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if ((key != ANY_KEY && voice->key != key) || (oldest && voice->note > oldest)) continue;
        oldest = voice->note;
        best = (place){g, l, true};
    }
    return best;
}

/// The oldest that is neither the lowest nor the newest, while there is another; then the lowest,
/// then any.
static place oldest_held(const mega_voices *v) {
    mega_note newest = 0, lowest = 0;
    float lowest_key = 0;
    FOR_LANES(v, PLAYED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if (voice->note > newest) newest = voice->note;
        if (!lowest || voice->key < lowest_key) {
            lowest = voice->note;
            lowest_key = voice->key;
        }
    }
    place best[3] = {{0}}; // by rank: ordinary, lowest, newest
    mega_note oldest[3] = {0};
    FOR_LANES(v, PLAYED(v)) {
        mega_note note = v->groups[g].lane[l].note;
        int rank = note == newest ? 2 : note == lowest ? 1 : 0;
        if (oldest[rank] && oldest[rank] < note) continue;
        oldest[rank] = note;
        best[rank] = (place){g, l, true};
    }
    return best[0].found ? best[0] : best[1].found ? best[1] : best[2];
}

static void begin_fade(mega_voices *v, place at, uint64_t frame) {
    mega_voice_group *group = &v->groups[at.group];
    mega_voice *voice = &group->lane[at.lane];
    mega_engine_note_ended(v->engine, voice->note, frame);
    group->fading |= 1u << at.lane;
    group->reserved &= ~(1u << at.lane);
    voice->fade = v->fade_frames;
}

/// @return false if there is none that may be stolen
static bool steal(mega_voices *v, float key, uint64_t frame) {
    place victim = {0};
    switch ((mega_voice_steal)v->steal) {
    case MEGA_STEAL_AUTO:
        victim = quietest(v, true);
        if (!victim.found) victim = oldest_of_key(v, key);
        if (!victim.found) victim = oldest_held(v);
        break;
    case MEGA_STEAL_OLDEST: victim = oldest_of_key(v, ANY_KEY); break;
    case MEGA_STEAL_QUIETEST: victim = quietest(v, false); break;
    case MEGA_STEAL_NONE: break;
    }
    if (!victim.found) return false;
    begin_fade(v, victim, frame);
    mega_engine_note_stolen(v->engine);
    return true;
}

/// A free lane of the fullest active group, else of a new group; else the stolen voice that has
/// faded most.
static place free_lane(mega_voices *v, uint64_t frame) {
    place best = {0};
    int fullest = -1;
    for (uint32_t g = 0; g < v->group_count; g++) {
        int count = __builtin_popcount(v->groups[g].active);
        if (count == 16 || count <= fullest) continue;
        fullest = count;
        best = (place){g, (uint32_t)__builtin_ctz(~v->groups[g].active), true};
    }
    if (best.found) return best;
    uint32_t least = UINT32_MAX;
    FOR_LANES(v, v->groups[g].fading) {
        if (v->groups[g].lane[l].fade >= least) continue;
        least = v->groups[g].lane[l].fade;
        best = (place){g, l, true};
    }
    if (best.found) end_lane(v, best.group, best.lane, frame);
    return best;
}

// ---- starting and releasing -------------------------------------------------------------------

/// @param gate 1, or 0 for a voice that is reserved
static void start(mega_voices *v, uint64_t frame, mega_note note, float key, float velocity,
                  float gate) {
    place at = {0};
    if (mega_voices_sounding(v) < v->voices || steal(v, key, frame)) at = free_lane(v, frame);
    if (!at.found) {
        mega_engine_note_dropped(v->engine, note, frame);
        return;
    }
    mega_voice_group *group = &v->groups[at.group];
    uint32_t l = at.lane;
    group->active |= 1u << l;
    group->peak[l] = 0;
    group->lane[l] =
        (mega_voice){.note = note, .started = frame, .key = key, .down = gate > 0, .level = 1};
    if (gate == 0) group->reserved |= 1u << l;
    if (!v->own_gate) group->lane[l].own_gate = v->own_gate_frames;
    group->seeds[l] = vhash((int32_t)(v->seed ^ (uint32_t)note * 0x9e3779b9u));
    group->note[MEGA_NOTE_KEY][l] = key;
    group->note[MEGA_NOTE_GATE][l] = gate;
    group->note[MEGA_NOTE_VELOCITY][l] = velocity;
    group->note[MEGA_NOTE_RELEASE][l] = 0;
    group->note[MEGA_NOTE_BENT][l] = 0;
    group->note[MEGA_NOTE_WHEEL][l] = v->wheel;
    group->note[MEGA_NOTE_PRESSED][l] = v->pressure;
    group->note[MEGA_NOTE_SLID][l] = v->timbre;
    group->note[MEGA_NOTE_FROM][l] = v->last_key >= 0 ? v->last_key : key;
    v->last_key = key;
    for (int i = 0; i < MEGA_OWN_MAX; i++) group->own_set[i] &= (uint16_t) ~(1u << l);
    mega_engine_lane_starts(v->engine, at.group, l);
}

static void close_gate(mega_voices *v, uint32_t g, uint32_t l) {
    mega_voice *voice = &v->groups[g].lane[l];
    voice->down = voice->sustained = voice->sostenuto = voice->held = false;
    voice->quiet = 0;
    v->groups[g].note[MEGA_NOTE_GATE][l] = 0;
}

/// A key or a pedal.
static bool is_held(const mega_voice *voice) {
    return voice->down || voice->sustained || voice->sostenuto || voice->held;
}

/// The one voice of mono and legato, if it is held.
static place single_voice(const mega_voices *v) {
    FOR_LANES(v, PLAYED(v)) if (gate_on(&v->groups[g], l)) return (place){g, l, true};
    return (place){0};
}

/// The lane goes on with another note: key and velocity change, nothing restarts.
static void take_over(mega_voices *v, place at, const mega_held_key *key) {
    mega_voice_group *group = &v->groups[at.group];
    group->lane[at.lane].note = key->note;
    group->lane[at.lane].key = key->key;
    group->lane[at.lane].down = true;
    group->note[MEGA_NOTE_FROM][at.lane] = v->last_key >= 0 ? v->last_key : key->key;
    group->note[MEGA_NOTE_KEY][at.lane] = key->key;
    group->note[MEGA_NOTE_VELOCITY][at.lane] = key->velocity;
    v->last_key = key->key;
}

static void hold_key(mega_voices *v, mega_held_key key, uint64_t frame) {
    if (v->held_count == MEGA_HELD_MAX) { // the oldest is forgotten
        mega_engine_note_ended(v->engine, v->held[0].note, frame);
        memmove(v->held, v->held + 1, --v->held_count * sizeof *v->held);
    }
    v->held[v->held_count++] = key;
}

/// Mono starts afresh each time; legato goes on while a key is down. Covered keys wait.
static void start_single(mega_voices *v, uint64_t frame, mega_held_key key, mega_voice_mode mode) {
    place at = single_voice(v);
    if (at.found) {
        const mega_voice *voice = &v->groups[at.group].lane[at.lane];
        if (voice->down) {
            hold_key(v,
                     (mega_held_key){voice->note, voice->key,
                                     v->groups[at.group].note[MEGA_NOTE_VELOCITY][at.lane]},
                     frame);
            v->groups[at.group].lane[at.lane].note = 0; // the waiting key keeps its handle
        }
        if (mode == MEGA_MODE_LEGATO) {
            mega_engine_note_ended(v->engine, v->groups[at.group].lane[at.lane].note, frame);
            take_over(v, at, &key);
            return;
        }
        begin_fade(v, at, frame);
    }
    start(v, frame, key.note, key.key, key.velocity, 1);
}

void mega_voices_note_on(mega_voices *v, uint64_t frame, mega_note note, float key, float velocity,
                         mega_voice_mode mode) {
    if (mode == MEGA_MODE_POLY) start(v, frame, note, key, velocity, 1);
    else start_single(v, frame, (mega_held_key){note, key, velocity}, mode);
}

/// In mono and legato: a covered key goes up. @return false if there is none of that note
static bool release_covered(mega_voices *v, mega_note note, uint64_t frame) {
    for (uint32_t i = 0; i < v->held_count; i++) {
        if (v->held[i].note != note) continue;
        memmove(v->held + i, v->held + i + 1, (--v->held_count - i) * sizeof *v->held);
        mega_engine_note_ended(v->engine, note, frame);
        return true;
    }
    return false;
}

bool mega_voices_note_off(mega_voices *v, uint64_t frame, mega_note note, float velocity,
                          mega_voice_mode mode) {
    uint32_t g, l;
    if (release_covered(v, note, frame) || !mega_voices_find(v, note, &g, &l)) return true;
    mega_voice *voice = &v->groups[g].lane[l];
    if (!voice->down) return true;
    if (voice->started == frame) return false;
    if (v->held_count) { // the newest covered key sounds again
        mega_held_key back = v->held[--v->held_count];
        if (mode == MEGA_MODE_MONO) {
            begin_fade(v, (place){g, l, true}, frame);
            start(v, frame, back.note, back.key, back.velocity, 1);
        } else {
            mega_engine_note_ended(v->engine, note, frame);
            take_over(v, (place){g, l, true}, &back);
        }
        return true;
    }
    v->groups[g].note[MEGA_NOTE_RELEASE][l] = velocity;
    voice->down = false;
    if (v->sustain) voice->sustained = true;
    if (!is_held(voice)) close_gate(v, g, l);
    return true;
}

void mega_voices_reserve(mega_voices *v, uint64_t frame, mega_note note, float key) {
    float last_key = v->last_key; // no glide comes from it
    start(v, frame, note, key, 0, 0);
    v->last_key = last_key;
}

void mega_voices_free(mega_voices *v, uint64_t frame, mega_note note) {
    uint32_t g, l;
    if (!mega_voices_find(v, note, &g, &l) || !(v->groups[g].reserved >> l & 1)) return;
    begin_fade(v, (place){g, l, true}, frame);
}

void mega_voices_all_off(mega_voices *v, uint64_t frame) {
    for (uint32_t i = 0; i < v->held_count; i++)
        mega_engine_note_ended(v->engine, v->held[i].note, frame);
    v->held_count = 0;
    FOR_LANES(v, COUNTED(v)) close_gate(v, g, l);
}

// ---- expression and pedals --------------------------------------------------------------------

static void hold(mega_voices *v, uint32_t g, uint32_t l, bool held) {
    mega_voice *voice = &v->groups[g].lane[l];
    if (v->groups[g].reserved >> l & 1 || !gate_on(&v->groups[g], l)) return;
    voice->held = held;
    if (!is_held(voice)) close_gate(v, g, l);
}

void mega_voices_note_set(mega_voices *v, mega_note note, mega_note_expression what, float value) {
    static const int field[MEGA_EXPRESSION_COUNT] = { // one more does not compile
        [MEGA_NOTE_BEND] = MEGA_NOTE_BENT,     [MEGA_NOTE_PRESSURE] = MEGA_NOTE_PRESSED,
        [MEGA_NOTE_TIMBRE] = MEGA_NOTE_SLID,   [MEGA_NOTE_SET_KEY] = MEGA_NOTE_KEY,
        [MEGA_NOTE_SET_GATE] = MEGA_NOTE_GATE, [MEGA_NOTE_SET_VELOCITY] = MEGA_NOTE_VELOCITY,
        [MEGA_NOTE_SET_WHEEL] = MEGA_NOTE_WHEEL,
    };
    uint32_t g, l;
    if (!mega_voices_find(v, note, &g, &l)) return;
    bool reserved = v->groups[g].reserved >> l & 1;
    if (what == MEGA_NOTE_SET_GATE && !reserved) return; // that is what note_off is for
    if (what == MEGA_NOTE_SET_HELD) {
        hold(v, g, l, value >= 0.5f);
        return;
    }
    v->groups[g].note[field[what]][l] = value;
}

static void set_all(mega_voices *v, int field, float value) {
    for (uint32_t g = 0; g < v->group_count; g++)
        for (int l = 0; l < 16; l++) v->groups[g].note[field][l] = value;
}

static void sustain(mega_voices *v, bool down) {
    v->sustain = down;
    if (down) return;
    FOR_LANES(v, COUNTED(v)) {
        mega_voice *voice = &v->groups[g].lane[l];
        if (!voice->sustained) continue;
        voice->sustained = false;
        if (!is_held(voice)) close_gate(v, g, l);
    }
}

static void sostenuto(mega_voices *v, bool down) {
    bool was = v->sostenuto;
    v->sostenuto = down;
    FOR_LANES(v, COUNTED(v)) {
        mega_voice *voice = &v->groups[g].lane[l];
        if (down && !was && voice->down) voice->sostenuto = true;
        if (down || !voice->sostenuto) continue;
        voice->sostenuto = false;
        if (!is_held(voice)) close_gate(v, g, l);
    }
}

void mega_voices_control(mega_voices *v, mega_controller which, float value) {
    switch (which) {
    case MEGA_CONTROL_BEND: set_all(v, MEGA_NOTE_WHEEL, v->wheel = value); break;
    case MEGA_CONTROL_PRESSURE: set_all(v, MEGA_NOTE_PRESSED, v->pressure = value); break;
    case MEGA_CONTROL_TIMBRE: set_all(v, MEGA_NOTE_SLID, v->timbre = value); break;
    case MEGA_CONTROL_SUSTAIN: sustain(v, value >= 0.5f); break;
    case MEGA_CONTROL_SOSTENUTO: sostenuto(v, value >= 0.5f); break;
    }
}

// ---- time -------------------------------------------------------------------------------------

/// Lanes whose factor is not 1 now, or will not be within a block.
static uint32_t unsteady(const mega_voices *v, uint32_t g) {
    const mega_voice_group *group = &v->groups[g];
    uint32_t found = group->fading;
    for (uint32_t rest = group->active; rest; rest &= rest - 1) {
        uint32_t l = (uint32_t)__builtin_ctz(rest);
        bool shuts = v->own_gate && !gate_on(group, l);
        if (shuts || group->lane[l].own_gate < v->own_gate_frames) found |= 1u << l;
    }
    return found;
}

static uint32_t own_gate_after(const mega_voices *v, const mega_voice_group *group, uint32_t l,
                               uint32_t frames) {
    uint32_t at = group->lane[l].own_gate;
    if (v->own_gate && !gate_on(group, l)) return at > frames ? at - frames : 0;
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

void mega_voices_end_block(mega_voices *v, uint64_t frame) {
    float tail = v->tail_seconds > TAIL_MIN_SECONDS ? v->tail_seconds : TAIL_MIN_SECONDS;
    uint32_t quiet_frames = (uint32_t)(tail * v->rate);
    FOR_LANES(v, COUNTED(v)) {
        mega_voice *voice = &v->groups[g].lane[l];
        voice->level = v->groups[g].peak[l];
        v->groups[g].peak[l] = 0;
        if (gate_on(&v->groups[g], l) || v->groups[g].reserved >> l & 1) continue;
        voice->quiet = voice->level < SILENCE ? voice->quiet + MEGA_BLOCK_FRAMES : 0;
        bool shut = v->own_gate && !voice->own_gate;
        if (voice->quiet >= quiet_frames || shut) end_lane(v, g, l, frame);
    }
}
