// SPDX-License-Identifier: MIT
// inputs -- RtMidi's and JACK's: which there are, of all systems that there are, and one of
// RtMidi's opened. One thread at a time.
#ifndef INPUTS_H
#define INPUTS_H

#include <rtmidi/rtmidi_c.h>

#include "midi/jack.h"
#include "midi/midi.h"

/// The clients that tell what inputs there are.
typedef struct {
    RtMidiInPtr clients[RTMIDI_API_NUM]; ///< NULL: not opened yet
    const jack_midi *jack;               ///< instead of RtMidi's
} inputs;

typedef struct {
    enum RtMidiApi api; ///< RTMIDI_API_UNIX_JACK: `jack`'s
    unsigned number;    ///< of its system
    char name[MIDI_NAME_BYTES];
} input;

/// Names of the systems that there are, apart by spaces; "" without any.
void inputs_systems(inputs *all, char *names, size_t bytes);
/// All inputs, one after the other; `at` counts on from 0. @return false after the last
bool inputs_next(inputs *all, unsigned *at, input *found);
/// By its name, a part of it that no other has, or its number in the list. @return NULL, or a cause
const char *inputs_find(inputs *all, const char *wanted, input *found);
/// The messages of one come to a callback from now on, until rtmidi_in_free. @return NULL without
RtMidiInPtr input_open(const input *from, RtMidiCCallback callback, void *context);
/// All clients of a system, or of all systems (RTMIDI_API_UNSPECIFIED).
void inputs_close(inputs *all, enum RtMidiApi api);

#endif
