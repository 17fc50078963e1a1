// SPDX-License-Identifier: MIT
// play -- the EVENT role: what is played goes into a wait-free ring with the frame at which it is
// to happen.
#include <string.h>

#include "core/lanes.h"
#include "session/engine.h"

static mega_status push(mega_engine *e, mega_event event) {
    MEGA_IN_EVENT(e);
    if (!mega_ring_push(&e->renderer.events, &event)) return MEGA_ERROR_FULL;
    mega_calls_event(e, &event);
    return MEGA_OK;
}

uint32_t mega_events_room(const mega_engine *e) { return mega_ring_room(&e->renderer.events); }

static float held(float value, float min, float max) { return clamp(value, min, max); }

/// Numbers outside their range are held within it; NaN lies nowhere.
static bool is_nan(float value) { return value != value; }

/// What the audio role takes for any value of any parameter, infinity too.
static float held_finite(float value) { return held(value, -3e38f, 3e38f); }

/// Any negative one says the same, any infinite one too.
static float held_ramp(float seconds) { return held(seconds, -1, 3e38f); }

/// An event that makes a note.
static mega_status push_new(mega_engine *e, mega_event event, mega_note *note) {
    // counted up even if the ring is full: a handle is never given twice
    event.note = atomic_fetch_add_explicit(&e->next_note, 1, memory_order_relaxed);
    mega_status status = push(e, event);
    if (note) *note = status ? 0 : event.note;
    return status;
}

static mega_status no_note(mega_note *note) {
    if (note) *note = 0;
    return MEGA_ERROR_VALUE;
}

mega_status mega_note_on(mega_engine *e, uint64_t frame, float key, float velocity,
                         mega_note *note) {
    if (is_nan(key) || is_nan(velocity)) return no_note(note);
    return push_new(e,
                    (mega_event){.frame = frame,
                                 .type = MEGA_EVENT_NOTE_ON,
                                 .value = held(key, 0, 127),
                                 .more = held(velocity, 0, 1)},
                    note);
}

mega_status mega_voice_reserve(mega_engine *e, uint64_t frame, float key, mega_note *note) {
    if (is_nan(key)) return no_note(note);
    return push_new(
        e, (mega_event){.frame = frame, .type = MEGA_EVENT_RESERVE, .value = held(key, 0, 127)},
        note);
}

mega_status mega_voice_free(mega_engine *e, uint64_t frame, mega_note note) {
    return push(e, (mega_event){.frame = frame, .type = MEGA_EVENT_FREE, .note = note});
}

mega_status mega_note_off(mega_engine *e, uint64_t frame, mega_note note, float release_velocity) {
    if (is_nan(release_velocity)) return MEGA_ERROR_VALUE;
    return push(e, (mega_event){.frame = frame,
                                .type = MEGA_EVENT_NOTE_OFF,
                                .note = note,
                                .value = held(release_velocity, 0, 1)});
}

mega_status mega_key_off(mega_engine *e, uint64_t frame, float key, float release_velocity) {
    if (is_nan(key) || is_nan(release_velocity)) return MEGA_ERROR_VALUE;
    return push(e, (mega_event){.frame = frame,
                                .type = MEGA_EVENT_KEY_OFF,
                                .more = held(key, 0, 127),
                                .value = held(release_velocity, 0, 1)});
}

mega_status mega_note_set(mega_engine *e, uint64_t frame, mega_note note, mega_note_expression what,
                          float value) {
    if ((unsigned)what >= MEGA_EXPRESSION_COUNT || is_nan(value)) return MEGA_ERROR_VALUE;
    float least = what == MEGA_NOTE_BEND ? -127 : what == MEGA_NOTE_SET_WHEEL ? -1 : 0;
    float most = what == MEGA_NOTE_BEND || what == MEGA_NOTE_SET_KEY ? 127 : 1;
    return push(e, (mega_event){.frame = frame,
                                .type = MEGA_EVENT_NOTE_SET,
                                .note = note,
                                .target = (int32_t)what,
                                .value = held(value, least, most)});
}

mega_status mega_note_param_set(mega_engine *e, uint64_t frame, mega_note note, int32_t param,
                                float value, float ramp_seconds) {
    if (param < 0 || param >= MEGA_NOTE_PARAMS_MAX) return MEGA_ERROR_NAME;
    if (is_nan(value) || is_nan(ramp_seconds)) return MEGA_ERROR_VALUE;
    return push(e, (mega_event){.frame = frame,
                                .type = MEGA_EVENT_NOTE_PARAM,
                                .note = note,
                                .target = param,
                                .value = held_finite(value),
                                .more = held_ramp(ramp_seconds)});
}

mega_status mega_controller_set(mega_engine *e, uint64_t frame, mega_controller which,
                                float value) {
    if ((unsigned)which >= MEGA_CONTROLLER_COUNT || is_nan(value)) return MEGA_ERROR_VALUE;
    bool bend = which == MEGA_CONTROL_BEND;
    return push(e, (mega_event){.frame = frame,
                                .type = MEGA_EVENT_CONTROLLER,
                                .target = (int32_t)which,
                                .value = held(value, bend ? -1 : 0, 1)});
}

mega_status mega_all_notes_off(mega_engine *e, uint64_t frame) {
    return push(e, (mega_event){.frame = frame, .type = MEGA_EVENT_ALL_OFF});
}

mega_status mega_panic(mega_engine *e) {
    // a word, not an event: it gets through a full ring
    uint32_t position = atomic_load_explicit(&e->renderer.events.written, memory_order_relaxed);
    uint64_t number = atomic_fetch_add(&e->panics, 1) + 1u;
    atomic_store(&e->renderer.panic, number << 32 | position);
    return MEGA_OK;
}

/// Notes what the audio role has not heard yet, for those who ask for values: see values.c.
static mega_status say(mega_engine *e, const mega_event *event, mega_sent *said, uint32_t what) {
    mega_status status = push(e, *event);
    bool number = vabs(event->value) <= 3e38f; // else it is passed over
    bool soon =
        number && event->frame < atomic_load(&e->renderer.tally.frame_rendered) + MEGA_BLOCK_FRAMES;
    uint64_t position = atomic_load_explicit(&e->renderer.events.written, memory_order_relaxed);
    if (status || !soon) return status;
    atomic_store(&said->frame, event->frame);
    atomic_store(&said->word, position << 32 | what);
    return status;
}

static uint32_t word_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

mega_status mega_knob_ramp(mega_engine *e, uint64_t frame, int32_t knob, float value,
                           float ramp_seconds) {
    if (knob < 0 || knob >= MEGA_NAMES_MAX) return MEGA_ERROR_NAME;
    if (is_nan(value) || is_nan(ramp_seconds)) return MEGA_ERROR_VALUE;
    mega_event event = {.frame = frame,
                        .type = MEGA_EVENT_KNOB,
                        .target = knob,
                        .value = held(value, 0, 1),
                        .more = held_ramp(ramp_seconds)};
    return say(e, &event, &e->sent_knobs[knob], word_of(event.value));
}

mega_status mega_knob_set(mega_engine *e, uint64_t frame, int32_t knob, float value) {
    return mega_knob_ramp(e, frame, knob, value, -1);
}

mega_status mega_param_set(mega_engine *e, uint64_t frame, int32_t param, float value,
                           float ramp_seconds) {
    if (param < 0 || param >= MEGA_NAMES_MAX) return MEGA_ERROR_NAME;
    if (is_nan(value) || is_nan(ramp_seconds)) return MEGA_ERROR_VALUE;
    mega_event event = {.frame = frame,
                        .type = MEGA_EVENT_PARAM,
                        .target = param,
                        .value = held_finite(value),
                        .more = held_ramp(ramp_seconds)};
    return say(e, &event, &e->sent_params[param], word_of(event.value));
}

mega_status mega_preset_recall(mega_engine *e, uint64_t frame, int32_t preset,
                               float morph_seconds) {
    if (preset < 0 || preset >= MEGA_PRESET_NAMES_MAX) return MEGA_ERROR_NAME;
    if (is_nan(morph_seconds)) return MEGA_ERROR_VALUE;
    mega_event event = {.frame = frame,
                        .type = MEGA_EVENT_PRESET,
                        .target = preset,
                        .more = held_ramp(morph_seconds)};
    return say(e, &event, &e->sent_presets[preset], 0);
}

bool mega_next_ended(mega_engine *e, mega_note *note, uint64_t *frame) {
    MEGA_IN_EVENT(e);
    mega_ended ended;
    if (!mega_ring_pop(&e->renderer.ended, &ended)) return false;
    if (note) *note = ended.note;
    if (frame) *frame = ended.frame;
    return true;
}
