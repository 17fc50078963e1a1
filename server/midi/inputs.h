// SPDX-License-Identifier: MIT
// inputs -- RtMidi's: which there are, of all systems that there are, and one opened. One thread at
// a time.
#ifndef INPUTS_H
#define INPUTS_H

#include <rtmidi/rtmidi_c.h>

#include "midi/midi.h"

/// The clients that tell what inputs there are.
typedef struct {
    RtMidiInPtr clients[RTMIDI_API_NUM]; ///< NULL: not opened yet
    bool jack_is_there;                  ///< JACK is asked only where the sound goes there, too
} inputs;

typedef struct {
    enum RtMidiApi api;
    unsigned number; ///< of its system
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
