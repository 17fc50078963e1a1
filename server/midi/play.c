// SPDX-License-Identifier: MIT
// play -- a MIDI message becomes events. (MIDI 1.0 Detailed Specification, 4.2)
#include <string.h>

#include "commands/map.h"
#include "midi/midi.h"
#include "net/session.h"
#include "synths/sound.h"
#include "synths/synth.h"

enum {
    CC_SUSTAIN = 64,
    CC_SOSTENUTO = 66,
    CC_TIMBRE = 74,
    CC_ALL_SOUND_OFF = 120,
    CC_ALL_NOTES_OFF = 123
};
enum { AHEAD_PART = 10 }; ///< of a second: nothing that is played now waits for longer

static void turn_knob(server *s, int channel, int number, int value, uint64_t frame) {
    char key[32];
    map_cc_key(key, sizeof key, channel, number);
    const json_t *map = map_find(s, key);
    map_cc_key(key, sizeof key, 0, number);
    if (!map) map = map_find(s, key);
    synth *of = map ? synth_find(s, json_string_value(json_object_get(map, "synth"))) : NULL;
    if (!of || !of->knobs) return;
    json_t *payload = map_payload(map, value);
    const char *name = json_string_value(json_object_get(payload, "name"));
    const json_t *knob = json_object_get(of->knobs, name);
    double to = json_number_value(json_object_get(payload, "value"));
    if (knob) {
        mega_knob_set(of->input.engine, synth_engine_frame(of, frame),
                      (int32_t)json_integer_value(knob), (float)to);
        s->state_changed = true;
        notice_send(s, TOPIC_knob,
                    json_pack("{s:s, s:s, s:f, s:I}", "synth", of->name, "name", name, "value", to,
                              "frame", (json_int_t)frame));
    }
    json_decref(payload);
}

static void play_controller(mega_engine *engine, uint64_t frame, int number, int value) {
    float at = (float)value / 127;
    switch (number) {
    case CC_SUSTAIN: mega_controller_set(engine, frame, MEGA_CONTROL_SUSTAIN, at); break;
    case CC_SOSTENUTO: mega_controller_set(engine, frame, MEGA_CONTROL_SOSTENUTO, at); break;
    case CC_TIMBRE: mega_controller_set(engine, frame, MEGA_CONTROL_TIMBRE, at); break;
    case CC_ALL_SOUND_OFF: mega_panic(engine); break;
    case CC_ALL_NOTES_OFF: mega_all_notes_off(engine, frame); break;
    default: break;
    }
}

static void note_on(synth *to, uint64_t frame, int key, int velocity) {
    note_entry entry = {.id = -1, .key = (float)key};
    if (mega_note_on(to->input.engine, synth_engine_frame(to, frame), entry.key,
                     (float)velocity / 127, &entry.handle) != MEGA_OK)
        return;
    notes_add(to->notes, &entry);
    synth_tell_note(to, "started", &entry, frame);
}

void midi_play(server *s, const char *synth_name, int channel, const uint8_t *bytes, uint32_t count,
               uint64_t ns, uint64_t *played) {
    int kind = bytes[0] & 0xF0, from = (bytes[0] & 0x0F) + 1;
    uint64_t at = sound_frame_of(s->sound, ns), now = sound_frame(s->sound);
    uint64_t latest = now + sound_rate(s->sound) / AHEAD_PART;
    if (count < 2 || bytes[0] < 0x80 || kind == 0xF0 || (channel && channel != from)) return;
    int one = bytes[1] & 0x7F, two = count > 2 ? bytes[2] & 0x7F : 0;
    // what the clock of a device says may step while that starts: a note must not end before it
    // begins
    if (at > latest) at = latest;
    if (at < *played && *played <= latest) at = *played;
    if (at < now) at = now;
    *played = at;
    if (kind == 0xB0) turn_knob(s, from, one, two, at);
    synth *to = synth_find(s, synth_name);
    if (!to || to->state != SYNTH_LIVE || !to->nodes) return;
    mega_engine *engine = to->input.engine;
    uint64_t frame = synth_engine_frame(to, at);
    switch (kind) {
    case 0x90:
        if (two) {
            note_on(to, at, one, two);
            break;
        } // velocity 0 is a note off
        // fall through
    case 0x80: mega_key_off(engine, frame, (float)one, (float)two / 127); break;
    case 0xA0: {
        mega_note note = notes_by_key(to->notes, (float)one);
        if (note) mega_note_set(engine, frame, note, MEGA_NOTE_PRESSURE, (float)two / 127);
        break;
    }
    case 0xB0: play_controller(engine, frame, one, two); break;
    case 0xD0: mega_controller_set(engine, frame, MEGA_CONTROL_PRESSURE, (float)one / 127); break;
    case 0xE0:
        mega_controller_set(engine, frame, MEGA_CONTROL_BEND,
                            (float)((two << 7 | one) - 8192) / 8192);
        break;
    default: break;
    }
}
