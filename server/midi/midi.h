// SPDX-License-Identifier: MIT
// midi -- instruments that play the synths, through RtMidi: notes, pedals, wheels, pressure;
// controllers turn the knobs that are mapped to them. Ports are opened and closed on the builder;
// what they send is played on the loop, at the frame at which it came.
#ifndef MIDI_H
#define MIDI_H

#include "server.h"

enum { MIDI_PORTS_MAX = 16, MIDI_CAUSE_BYTES = 256, MIDI_NAME_BYTES = 256 };

typedef struct midi midi;

/// @return NULL without memory
midi *midi_create(server *s);
/// The builder has stopped.
void midi_destroy(midi *m);
void midi_close(midi *m);

/// The builder: names of the ports there are, and those that are connected. NULL, with a cause,
/// where there is no MIDI.
json_t *midi_list(midi *m, char *cause);
/// The builder: opens a port by its name, a unique part of it, or its number. @return its name;
/// NULL with a cause
const char *midi_connect(midi *m, const char *port, const char *synth_name, int channel,
                         char *cause);
/// The builder. @return false if it is not connected
bool midi_disconnect(midi *m, const char *port);

/// The loop: plays a message now; channel 1..16, 0: any. For tests, too.
void midi_play(server *s, const char *synth_name, int channel, const uint8_t *bytes, uint32_t count,
               uint64_t ns);

#endif
