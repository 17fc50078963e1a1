// SPDX-License-Identifier: MIT
// midi_player -- what the interpreter leaves to the server: knobs that controllers turn, presets
// that programs recall, notices of notes.
#include "synths/midi_player.h"

#include <mega_midi.h>
#include <stdlib.h>

#include "clients/session.h"
#include "synths/maps.h"
#include "synths/sound.h"
#include "synths/synth.h"

/// A port that plays a synth.
typedef struct {
    synth *synth;
    mega_midi *midi; ///< NULL: it has played nothing yet
} player;

struct midi_players {
    player ports[MIDI_PORTS_MAX];
};

// ---- what the interpreter asks for -------------------------------------------------------------

static const json_t *map_of(const server *s, int channel, int number) {
    char key[32];
    map_cc_key(key, sizeof key, channel, number);
    const json_t *map = map_find(s, key);
    map_cc_key(key, sizeof key, 0, number);
    return map ? map : map_find(s, key);
}

/// Turns the knob of any synth that a controller is mapped to. @return false: none is
static bool on_controller(void *context, uint64_t engine_frame, int channel, int number,
                          int value) {
    synth *played = ((player *)context)->synth;
    server *s = played->server;
    const json_t *map = map_of(s, channel, number);
    synth *of = map ? synth_find(s, json_string_value(json_object_get(map, "synth"))) : NULL;
    if (!of || !of->knobs) return false;
    uint64_t frame = synth_server_frame(played, engine_frame);
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
    return knob != NULL;
}

/// The preset of that place in the document.
static void on_program(void *context, uint64_t engine_frame, int channel, int number) {
    synth *s = ((player *)context)->synth;
    const char *name;
    json_t *preset;
    (void)channel;
    json_object_foreach(s->presets, name, preset) if (number-- == 0) {
        mega_preset_recall(s->input.engine, engine_frame, (int32_t)json_integer_value(preset), 0);
        s->server->state_changed = true;
    }
}

static void on_started(void *context, uint64_t engine_frame, mega_note note, float key,
                       float velocity) {
    synth *s = ((player *)context)->synth;
    note_entry entry = {.handle = note, .id = -1, .key = key};
    (void)velocity;
    notes_add(s->notes, &entry);
    synth_tell_note(s, "started", &entry, synth_server_frame(s, engine_frame));
}

// ---- ports -------------------------------------------------------------------------------------

static mega_midi *interpreter_of(synth *s, int port) {
    if (!s->midi) s->midi = calloc(1, sizeof *s->midi);
    if (!s->midi) return NULL;
    player *p = &s->midi->ports[port];
    p->synth = s;
    if (!p->midi)
        p->midi = mega_midi_create(&(mega_midi_host){p, on_controller, on_program, on_started});
    return p->midi;
}

void midi_players_destroy(midi_players *p) {
    for (int i = 0; p && i < MIDI_PORTS_MAX; i++) mega_midi_destroy(p->ports[i].midi);
    free(p);
}

void midi_players_ended(midi_players *p, mega_note note) {
    for (int i = 0; p && i < MIDI_PORTS_MAX; i++)
        if (p->ports[i].midi) mega_midi_ended(p->ports[i].midi, note);
}

void midi_play(synth *to, int port, int channel, uint64_t frame, const uint8_t *bytes,
               uint32_t count) {
    bool of_channel = bytes[0] >= 0x80 && bytes[0] < 0xf0;
    if (of_channel && channel && (bytes[0] & 15) + 1 != channel) return;
    mega_midi *reader = interpreter_of(to, port);
    if (reader)
        mega_midi_bytes(reader, to->input.engine, synth_engine_frame(to, frame), bytes, count);
}

void midi_play_ends(synth *to, int port, uint64_t frame) {
    if (!to->midi || !to->midi->ports[port].midi) return;
    mega_midi_release(to->midi->ports[port].midi, to->input.engine, synth_engine_frame(to, frame));
}
