// SPDX-License-Identifier: MIT
// fuzz_midi -- random bytes for the MIDI interpreter: it never breaks, and after all it was given
// nothing is held.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mega_midi.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static const char PATCH[] =
    "{\"voices\":16,\"nodes\":{\"note\":{\"type\":\"note\"},\"osc\":{\"type\":\"osc.sine\"},"
    "\"out\":{\"type\":\"output\"}},\"connections\":[{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\","
    "\"freq\"]},{\"from\":[\"osc\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

static void require(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static void pass(mega_engine *engine, mega_midi *midi) {
    float left[256], right[256];
    mega_note note;
    mega_render(engine, NULL, (float *const[]){left, right}, 256);
    for (int t = 0; t < 256; t++) require(left[t] - left[t] == 0, "not finite");
    while (mega_next_ended(engine, &note, NULL)) mega_midi_ended(midi, note);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static mega_engine *engine;
    static mega_midi *midi;
    if (!engine) {
        mega_patch *patch = mega_patch_read(PATCH, sizeof PATCH - 1, MEGA_FORMAT_JSON, NULL);
        engine = mega_create(NULL, NULL);
        midi = mega_midi_create(NULL);
        require(patch && engine && midi && mega_load(engine, patch, NULL) == MEGA_OK, "no start");
        mega_patch_destroy(patch);
    }
    for (size_t i = 0; i < count; i += 64) {
        mega_midi_bytes(midi, engine, MEGA_NOW, bytes + i, count - i < 64 ? count - i : 64);
        pass(engine, midi);
    }
    require(mega_midi_held(midi) <= MEGA_MIDI_NOTES_MAX, "too many notes");
    while (mega_midi_release(midi, engine, MEGA_NOW)) pass(engine, midi);
    pass(engine, midi);
    require(mega_midi_held(midi) == 0, "a note that nobody holds");
    require(mega_counters_get(engine).voices_held == 0, "a voice that nobody holds");
    return 0;
}
