// SPDX-License-Identifier: MIT
// midi -- MIDI bytes and controllers for the engine's interpreter, and what it leaves to us: knobs
// that controllers turn, presets that programs recall, the slots of notes.
#include "core.h"

static bool on_controller(void *context, uint64_t frame, int channel, int number, int value) {
    mega_adapter *a = context;
    (void)channel;
    if (!a->controllers[number]) return false;
    synth_turn_knob(a, frame, a->controllers[number], value / 127.0);
    return true;
}

static void on_program(void *context, uint64_t frame, int channel, int number) {
    mega_adapter *a = context;
    (void)channel;
    const mega_patch *patch = synth_worker_ready(a->worker) ? mega_loaded_patch(a->engine) : NULL;
    if (!patch || (size_t)number >= mega_patch_preset_count(patch)) return;
    const char *name = mega_patch_preset(patch, (size_t)number).id;
    synth_command_preset(a, frame, 2, (mega_atom[]){{"recall", 0}, {name, 0}});
}

static void on_started(void *context, uint64_t frame, mega_note note, float key, float velocity) {
    (void)frame;
    synth_sounding *slot = synth_note_slot(context, note, key, velocity, NULL);
    if (slot) slot->midi = true;
}

bool synth_midi_create(mega_adapter *a) {
    a->midi = mega_midi_create(&(mega_midi_host){a, on_controller, on_program, on_started});
    return a->midi != NULL;
}

void synth_midi_bytes(mega_adapter *a, uint64_t frame, const uint8_t *bytes, size_t count) {
    synth_notes_collect(a);
    synth_check_event(a, mega_midi_bytes(a->midi, a->engine, frame, bytes, count));
}

void synth_play_controller(mega_adapter *a, uint64_t frame, int number, double value) {
    if (a->controllers[number]) synth_turn_knob(a, frame, a->controllers[number], value / 127);
    else
        synth_check_event(a, mega_midi_controller(a->midi, a->engine, frame, number, (float)value));
}
