// SPDX-License-Identifier: MIT
// steal -- which voice makes room for a new note; see voices.h.
#include "render/voices.h"

/// What keeps a voice sounding; the first ones are stolen first.
typedef enum { HELD_BY_NONE, HELD_BY_PEDAL, HELD_BY_KEY } hold;

static hold hold_of(const mega_voice *voice) {
    if (!voice->open) return HELD_BY_NONE;
    return voice->held.down ? HELD_BY_KEY : HELD_BY_PEDAL;
}

/// The quietest, of released ones or of all.
static mega_voice_place quietest(const mega_voices *v, bool released) {
    mega_voice_place best = {0};
    const mega_voice *chosen = NULL;
    FOR_LANES(v, PLAYED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if (released && voice->open) continue;
        if (chosen && (voice->level > chosen->level ||
                       (voice->level == chosen->level && voice->held.born > chosen->held.born)))
            continue;
        chosen = voice;
        best = (mega_voice_place){g, l, true};
    }
    return best;
}

static mega_voice_place oldest(const mega_voices *v) {
    mega_voice_place best = {0};
    uint64_t first = UINT64_MAX;
    FOR_LANES(v, PLAYED(v)) {
        if (v->groups[g].lane[l].held.born >= first) continue;
        first = v->groups[g].lane[l].held.born;
        best = (mega_voice_place){g, l, true};
    }
    return best;
}

/// Of those that are held so: one of the same key, else the oldest that is neither the lowest nor
/// the newest of all, else the lowest, else the newest.
static mega_voice_place oldest_held(const mega_voices *v, hold by, float key) {
    uint64_t newest = 0, lowest = 0;
    float lowest_key = 0;
    FOR_LANES(v, PLAYED(v)) {
        const mega_held *held = &v->groups[g].lane[l].held;
        if (held->born > newest) newest = held->born;
        bool lower = held->key < lowest_key || (held->key == lowest_key && held->born < lowest);
        if (lowest && !lower) continue;
        lowest = held->born;
        lowest_key = held->key;
    }
    enum { SAME_KEY, ORDINARY, LOWEST, NEWEST, RANKS };
    mega_voice_place best[RANKS] = {{0}};
    uint64_t first[RANKS] = {0};
    FOR_LANES(v, PLAYED(v)) {
        const mega_held *held = &v->groups[g].lane[l].held;
        if (hold_of(&v->groups[g].lane[l]) != by) continue;
        int rank = held->key == key       ? SAME_KEY
                   : held->born == newest ? NEWEST
                   : held->born == lowest ? LOWEST
                                          : ORDINARY;
        if (first[rank] && first[rank] < held->born) continue;
        first[rank] = held->born;
        best[rank] = (mega_voice_place){g, l, true};
    }
    for (int rank = 0; rank < RANKS; rank++)
        if (best[rank].found) return best[rank];
    return (mega_voice_place){0};
}

static mega_voice_place find_victim(const mega_voices *v, float key) {
    mega_voice_place victim = {0};
    switch ((mega_voice_steal)v->rules.steal) {
    case MEGA_STEAL_AUTO:
        victim = quietest(v, true);
        if (!victim.found) victim = oldest_held(v, HELD_BY_PEDAL, key);
        if (!victim.found) victim = oldest_held(v, HELD_BY_KEY, key);
        break;
    case MEGA_STEAL_OLDEST: victim = oldest(v); break;
    case MEGA_STEAL_QUIETEST: victim = quietest(v, false); break;
    case MEGA_STEAL_NONE: break;
    }
    return victim;
}

static void steal(mega_voices *v, mega_voice_place victim, uint64_t frame) {
    const mega_voice *voice = &v->groups[victim.group].lane[victim.lane];
    bool returns = v->rules.stolen == MEGA_STOLEN_RETURNS && voice->held.down && !voice->single &&
                   v->waiting_count < MEGA_WAITING_MAX;
    if (returns) {
        mega_waiting *note = &v->waiting[v->waiting_count++];
        mega_voices_lift(v, victim, note);
        note->single = false;
    } else {
        mega_voices_lose(v, &voice->held);
        mega_voices_end_note(v, victim, frame);
    }
    mega_voices_fade(v, victim);
    mega_renderer_note_stolen(v->renderer);
}

static uint32_t reserved_count(const mega_voices *v) {
    uint32_t count = 0;
    for (uint32_t g = 0; g < v->group_count; g++)
        count += (uint32_t)__builtin_popcount(COUNTED(v) & v->groups[g].reserved);
    return count;
}

bool mega_voices_make_room(mega_voices *v, float key, uint64_t frame) {
    uint32_t sounding = mega_voices_sounding(v);
    if (sounding < v->voices) return true;
    if (v->rules.steal == MEGA_STEAL_NONE || reserved_count(v) >= v->voices) return false;
    // more than one where the patch has fewer voices than it had
    for (; sounding >= v->voices; sounding--) steal(v, find_victim(v, key), frame);
    return true;
}

bool mega_voices_make_room_gently(mega_voices *v, uint64_t frame) {
    while (mega_voices_sounding(v) >= v->voices) {
        mega_voice_place victim = quietest(v, true);
        if (!victim.found || v->rules.steal == MEGA_STEAL_NONE) return false;
        steal(v, victim, frame);
    }
    return true;
}
