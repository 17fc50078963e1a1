// SPDX-License-Identifier: MIT
// midi -- instruments that play the synths: notes, pedals, wheels, pressure; controllers turn the
// knobs that are mapped to them. They come through RtMidi, at the frame of their arrival, and where
// the sound goes to JACK through JACK, on their very frame plus a constant. Inputs are opened and
// closed on the builder; what they send is played on the loop. RtMidi waits for no lock here but
// one that is held for moments, JACK for none.
#ifndef MIDI_H
#define MIDI_H

#include "base/server.h"
#include "synths/midi_player.h"

enum { MIDI_CAUSE_BYTES = 256, MIDI_NAME_BYTES = 256 };

typedef struct midi midi;

/// @return NULL without memory
midi *midi_create(server *s);
/// The builder has stopped.
void midi_destroy(midi *m);
void midi_close(midi *m);

/// AUDIO: the device begins to ask for sound, of which `frame` is the first.
void midi_began(midi *m, uint64_t frame);
/// The thread that watches the device: it runs.
void midi_device_runs(midi *m, bool is_jack);
/// The same: it is lost. What are clients of the same server end now.
void midi_let_go(midi *m);

/// The builder: names of the inputs there are, and those that are connected; they come back by
/// themselves. NULL with a cause
json_t *midi_list(midi *m, char *cause);
/// The builder: opens an input by its name, a unique part of it, or its number. @return its name;
/// NULL with a cause
const char *midi_connect(midi *m, const char *port, const char *synth_name, int channel,
                         char *cause);
/// The builder. @return false with a cause
bool midi_disconnect(midi *m, const char *port, char *cause);

#endif
