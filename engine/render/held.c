// SPDX-License-Identifier: MIT
// held -- notes and pedals: who holds which note, and which one a voice plays; see voices.h.
//
// A note is held while its key, the sustain pedal or the sostenuto pedal holds it. In mono and
// legato one voice, the single one, plays one of the held notes, by priority; the others are
// covered: they wait without a voice, with all that is their own, and come back when what covers
// them is let go.
#include "render/voices.h"

#include <string.h>

// ---- waiting notes ----------------------------------------------------------------------------

mega_waiting *mega_voices_find_waiting(mega_voices *v, mega_note note) {
    for (uint32_t i = 0; i < v->waiting_count; i++)
        if (v->waiting[i].held.note == note) return &v->waiting[i];
    return NULL;
}

/// The order does not matter: notes know which is older.
static void remove_waiting(mega_voices *v, mega_waiting *note) {
    *note = v->waiting[--v->waiting_count];
}

static void end_waiting(mega_voices *v, mega_waiting *note, uint64_t frame) {
    mega_renderer_note_ended(v->renderer, note->held.note, frame);
    remove_waiting(v, note);
}

/// Room for one more; if there is none, the oldest is forgotten.
static mega_waiting *add_waiting(mega_voices *v, uint64_t frame) {
    if (v->waiting_count == MEGA_WAITING_MAX) {
        mega_waiting *oldest = &v->waiting[0];
        for (uint32_t i = 1; i < v->waiting_count; i++)
            if (v->waiting[i].held.born < oldest->held.born) oldest = &v->waiting[i];
        mega_voices_lose(v, &oldest->held);
        end_waiting(v, oldest, frame);
    }
    return &v->waiting[v->waiting_count++];
}

static bool goes_first(const mega_held *a, const mega_held *b, uint32_t priority) {
    if (priority == MEGA_PRIORITY_LOW && a->key != b->key) return a->key < b->key;
    if (priority == MEGA_PRIORITY_HIGH && a->key != b->key) return a->key > b->key;
    return a->born > b->born;
}

/// @return NULL if none waits. @param single covered ones, else stolen ones, the last first
static mega_waiting *first_waiting(mega_voices *v, bool single) {
    mega_waiting *first = NULL;
    uint32_t priority = single ? v->rules.priority : MEGA_PRIORITY_LAST;
    for (uint32_t i = 0; i < v->waiting_count; i++) {
        mega_waiting *note = &v->waiting[i];
        if (note->single != single || (first && !goes_first(&note->held, &first->held, priority)))
            continue;
        first = note;
    }
    return first;
}

// ---- keys whose notes are over ----------------------------------------------------------------

void mega_voices_lose(mega_voices *v, const mega_held *held) {
    uint8_t *lost = &v->lost[(int)held->key & 127];
    if (held->down && *lost < UINT8_MAX) ++*lost;
}

bool mega_voices_was_stolen(mega_voices *v, float key) {
    uint8_t *lost = &v->lost[(int)key & 127];
    return *lost && (*lost)--;
}

static void drop(mega_voices *v, const mega_held *held, uint64_t frame) {
    mega_voices_lose(v, held);
    mega_renderer_note_dropped(v->renderer, held->note, frame);
}

// ---- mono and legato --------------------------------------------------------------------------

static mega_voice_place single_voice(const mega_voices *v) {
    FOR_LANES(v, PLAYED(v)) if (v->groups[g].lane[l].single) return (mega_voice_place){g, l, true};
    return (mega_voice_place){0};
}

static bool strikes(const mega_voices *v) { return v->rules.mode != MEGA_MODE_LEGATO; }

/// The mode was poly before: other voices that are held are covered, those released fade as they
/// do.
static void cover_others(mega_voices *v, uint64_t frame) {
    FOR_LANES(v, PLAYED(v)) {
        const mega_voice *voice = &v->groups[g].lane[l];
        if (voice->single || !voice->open) continue;
        mega_voices_lift(v, (mega_voice_place){g, l, true}, add_waiting(v, frame));
        mega_voices_fade(v, (mega_voice_place){g, l, true});
    }
}

/// The single voice plays the covered note that goes first, if that goes before its own.
static void play_first(mega_voices *v, mega_voice_place at, uint64_t frame) {
    mega_waiting *waiting = first_waiting(v, true);
    const mega_voice *voice = &v->groups[at.group].lane[at.lane];
    if (voice->open && !goes_first(&waiting->held, &voice->held, v->rules.priority)) return;
    mega_waiting first = *waiting;
    bool strike = !voice->open || strikes(v);
    if (voice->open) {
        mega_voices_lift(v, at, waiting);
    } else {
        mega_voices_end_note(v, at, frame);
        remove_waiting(v, waiting);
    }
    mega_voices_take_over(v, at, &first, strike);
}

static void start_single(mega_voices *v, uint64_t frame, const mega_waiting *note) {
    cover_others(v, frame);
    mega_voice_place at = single_voice(v);
    if (!at.found && !mega_voices_make_room(v, note->held.key, frame)) {
        drop(v, &note->held, frame);
        return;
    }
    mega_waiting *waiting = add_waiting(v, frame);
    *waiting = *note;
    waiting->single = true;
    if (at.found) {
        play_first(v, at, frame);
        return;
    }
    waiting = first_waiting(v, true);
    at = mega_voices_start(v, frame, waiting, true);
    v->groups[at.group].lane[at.lane].single = true;
    remove_waiting(v, waiting);
}

// ---- notes ------------------------------------------------------------------------------------

void mega_voices_note_on(mega_voices *v, uint64_t frame, mega_note note, float key,
                         float velocity) {
    mega_waiting fresh = mega_voices_new_note(v, note, key, velocity);
    if (v->rules.mode != MEGA_MODE_POLY) start_single(v, frame, &fresh);
    else if (mega_voices_make_room(v, key, frame)) mega_voices_start(v, frame, &fresh, true);
    else drop(v, &fresh.held, frame);
}

/// Nothing holds what the lane plays any more.
static void let_go(mega_voices *v, mega_voice_place at, uint64_t frame) {
    const mega_voice *voice = &v->groups[at.group].lane[at.lane];
    mega_waiting *covered = voice->single ? first_waiting(v, true) : NULL;
    if (!covered) {
        mega_voices_set_gate(v, at.group, at.lane, false);
        return;
    }
    mega_voices_end_note(v, at, frame);
    mega_waiting note = *covered;
    remove_waiting(v, covered);
    mega_voices_take_over(v, at, &note, strikes(v));
}

/// The key goes up. @return true if nothing holds the note any more
static bool lift_key(const mega_voices *v, mega_held *held) {
    if (!held->down) return false;
    held->down = false;
    held->sustained = v->sustain;
    return !mega_held_by_any(held);
}

bool mega_voices_note_off(mega_voices *v, uint64_t frame, mega_note note, float velocity) {
    mega_waiting *waiting = mega_voices_find_waiting(v, note);
    if (waiting) {
        waiting->field[MEGA_NOTE_RELEASE] = velocity;
        if (lift_key(v, &waiting->held) || !waiting->single) end_waiting(v, waiting, frame);
        return true;
    }
    mega_voice_place at = {0};
    if (!mega_voices_find(v, note, &at.group, &at.lane)) return false;
    mega_held *held = &v->groups[at.group].lane[at.lane].held;
    if (held->down) v->groups[at.group].note[MEGA_NOTE_RELEASE][at.lane] = velocity;
    if (lift_key(v, held)) let_go(v, at, frame);
    return true;
}

mega_note mega_voices_find_key(const mega_voices *v, float key) {
    const mega_held *oldest = NULL;
    for (uint32_t i = 0; i < v->waiting_count; i++) {
        const mega_held *held = &v->waiting[i].held;
        if (held->down && held->key == key && (!oldest || held->born < oldest->born)) oldest = held;
    }
    FOR_LANES(v, PLAYED(v)) {
        const mega_held *held = &v->groups[g].lane[l].held;
        if (held->down && held->key == key && (!oldest || held->born < oldest->born)) oldest = held;
    }
    return oldest ? oldest->note : 0;
}

void mega_voices_return(mega_voices *v, uint64_t frame) {
    mega_waiting *stolen;
    while ((stolen = first_waiting(v, false)) && mega_voices_make_room_gently(v, frame)) {
        mega_waiting note = *stolen; // making room may move it
        remove_waiting(v, mega_voices_find_waiting(v, note.held.note));
        float last_key =
            v->last_key; // it comes back where it was: no glide, neither to it nor from it
        v->last_key = note.held.key;
        mega_voices_start(v, frame, &note, true);
        v->last_key = last_key;
    }
}

static void release_all(mega_held *held) {
    held->down = held->sustained = held->sostenuto = held->pedal = false;
}

void mega_voices_all_off(mega_voices *v, uint64_t frame) {
    while (v->waiting_count) end_waiting(v, v->waiting, frame);
    memset(v->lost, 0, sizeof v->lost);
    FOR_LANES(v, COUNTED(v)) {
        mega_voice *voice = &v->groups[g].lane[l];
        release_all(&voice->held);
        if (voice->open) mega_voices_set_gate(v, g, l, false);
    }
}

void mega_voices_kill_all(mega_voices *v, uint64_t frame) {
    for (uint32_t g = 0; g < v->group_count; g++)
        mega_voices_kill_lanes(v, g, v->groups[g].active, frame);
    while (v->waiting_count) end_waiting(v, v->waiting, frame);
    memset(v->lost, 0, sizeof v->lost);
}

// ---- expression -------------------------------------------------------------------------------

static void set_gate(mega_voices *v, mega_note note, bool open) {
    uint32_t g, l; // of another than a reserved voice: that is what note_off is for
    if (!mega_voices_find(v, note, &g, &l) || !(v->groups[g].reserved >> l & 1)) return;
    if (v->groups[g].lane[l].open != open) mega_voices_set_gate(v, g, l, open);
}

/// A pedal of one note.
static void set_pedal(mega_voices *v, uint64_t frame, mega_note note, bool down) {
    mega_waiting *waiting = mega_voices_find_waiting(v, note);
    mega_voice_place at = {0};
    if (waiting) {
        waiting->held.pedal = down;
        if (!mega_held_by_any(&waiting->held)) end_waiting(v, waiting, frame);
    } else if (mega_voices_find(v, note, &at.group, &at.lane)) {
        mega_held *held = &v->groups[at.group].lane[at.lane].held;
        if (!mega_held_by_any(held)) return; // too late, or reserved
        held->pedal = down;
        if (!mega_held_by_any(held)) let_go(v, at, frame);
    }
}

void mega_voices_note_set(mega_voices *v, uint64_t frame, mega_note note, mega_note_expression what,
                          float value) {
    enum { NO_FIELD = -1 };
    static const int field[MEGA_EXPRESSION_COUNT] = {
        // one more does not compile
        [MEGA_NOTE_BEND] = MEGA_NOTE_BENT,
        [MEGA_NOTE_PRESSURE] = MEGA_NOTE_PRESSED,
        [MEGA_NOTE_TIMBRE] = MEGA_NOTE_SLID,
        [MEGA_NOTE_SET_KEY] = MEGA_NOTE_KEY,
        [MEGA_NOTE_SET_GATE] = NO_FIELD,
        [MEGA_NOTE_SET_HELD] = NO_FIELD,
        [MEGA_NOTE_SET_VELOCITY] = MEGA_NOTE_VELOCITY,
        [MEGA_NOTE_SET_WHEEL] = MEGA_NOTE_WHEEL,
    };
    if (what == MEGA_NOTE_SET_GATE) set_gate(v, note, value > 0.5f);
    if (what == MEGA_NOTE_SET_HELD) set_pedal(v, frame, note, value >= 0.5f);
    if (field[what] == NO_FIELD) return;
    mega_waiting *waiting = mega_voices_find_waiting(v, note);
    uint32_t g, l;
    if (waiting) waiting->field[field[what]] = value;
    else if (mega_voices_find(v, note, &g, &l)) v->groups[g].note[field[what]][l] = value;
}

static void set_all(mega_voices *v, int field, float value) {
    for (uint32_t i = 0; i < v->waiting_count; i++) v->waiting[i].field[field] = value;
    for (uint32_t g = 0; g < v->group_count; g++)
        for (int l = 0; l < 16; l++) v->groups[g].note[field][l] = value;
}

// ---- pedals -----------------------------------------------------------------------------------

/// What the pedals do to one note. @return true if nothing holds it any more, which something did
typedef bool pedal(mega_held *held);

static bool release_sustain(mega_held *held) {
    bool was = mega_held_by_any(held);
    held->sustained = false;
    return was && !mega_held_by_any(held);
}

static bool release_sostenuto(mega_held *held) {
    bool was = mega_held_by_any(held);
    held->sostenuto = false;
    return was && !mega_held_by_any(held);
}

static bool catch_sostenuto(mega_held *held) {
    held->sostenuto |= held->down;
    return false;
}

/// Covered notes first: what nothing holds any more must not come back.
static void for_all_held(mega_voices *v, uint64_t frame, pedal *act) {
    for (uint32_t i = v->waiting_count; i-- > 0;)
        if (act(&v->waiting[i].held)) end_waiting(v, &v->waiting[i], frame);
    FOR_LANES(v, PLAYED(v))
    if (act(&v->groups[g].lane[l].held)) let_go(v, (mega_voice_place){g, l, true}, frame);
}

static void sustain(mega_voices *v, uint64_t frame, bool down) {
    v->sustain = down;
    if (!down) for_all_held(v, frame, release_sustain);
}

static void sostenuto(mega_voices *v, uint64_t frame, bool down) {
    bool was = v->sostenuto;
    v->sostenuto = down;
    if (down && !was) for_all_held(v, frame, catch_sostenuto);
    if (!down) for_all_held(v, frame, release_sostenuto);
}

void mega_voices_control(mega_voices *v, uint64_t frame, mega_controller which, float value) {
    switch (which) {
    case MEGA_CONTROL_BEND: set_all(v, MEGA_NOTE_WHEEL, v->wheel = value); break;
    case MEGA_CONTROL_PRESSURE: set_all(v, MEGA_NOTE_PRESSED, v->pressure = value); break;
    case MEGA_CONTROL_TIMBRE: set_all(v, MEGA_NOTE_SLID, v->timbre = value); break;
    case MEGA_CONTROL_SUSTAIN: sustain(v, frame, value >= 0.5f); break;
    case MEGA_CONTROL_SOSTENUTO: sostenuto(v, frame, value >= 0.5f); break;
    }
}
