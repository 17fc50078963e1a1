// SPDX-License-Identifier: MIT
// jack -- MIDI over JACK, each message on its frame.
//
// RtMidi stamps what comes over JACK when it comes: a period is heard at once. So this is a client
// of JACK of our own, with a port for each input that plays. What comes in is kept with JACK's
// frame; and when JACK asks for sound, its frame and ours are laid side by side, on the thread of
// sound. The distance between them stands still but for xruns.
//
// JACK's library is opened when it is wanted first; none of it is linked.
#ifndef JACK_MIDI_H
#define JACK_MIDI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "midi/midi.h"

enum { JACK_MESSAGES_MAX = 4096, JACK_MESSAGE_BYTES_MAX = 3 };

typedef struct {
    uint32_t jack_frame;
    uint8_t port, count, bytes[JACK_MESSAGE_BYTES_MAX];
} jack_message;

typedef struct jack_midi jack_midi;

/// @param arrived called on JACK's thread when there is something to take; must not block
/// @return NULL without memory
jack_midi *jack_midi_create(void (*arrived)(void *context), void *context);
/// It must be closed.
void jack_midi_destroy(jack_midi *j);

// ---- one thread at a time, which JACK may hold up ----------------------------------------------

/// Becomes a client of the server that runs; nothing if it is one. Not while another client of this
/// program may be one of a server that has ended: JACK's library would free that one.
bool jack_midi_open(jack_midi *j, uint32_t our_rate);
/// The audio side must no longer be in jack_midi_period when this frees the client: `wait` is
/// called in between.
void jack_midi_close(jack_midi *j, void (*wait)(void *context), void *context);
/// Whether it is a client of a server that runs.
bool jack_midi_is_open(const jack_midi *j);
/// The name of the nth MIDI output of other clients. @return false after the last
bool jack_midi_source(const jack_midi *j, unsigned nth, char name[MIDI_NAME_BYTES]);
/// Connects one of our ports, 0..MIDI_PORTS_MAX-1, which must be free. @return false: it cannot be
bool jack_midi_connect(jack_midi *j, int port, const char *name);
void jack_midi_disconnect(jack_midi *j, int port);

// ---- elsewhere ---------------------------------------------------------------------------------

/// AUDIO: JACK asks for sound; `frame` is the first of it. Nothing if JACK is not open.
void jack_midi_period(jack_midi *j, uint64_t frame);
/// The loop: the next message. @return false: there is none
bool jack_midi_take(jack_midi *j, jack_message *message);
/// The loop: our frame that sounds with JACK's. @return false: not known yet
bool jack_midi_frame(const jack_midi *j, uint32_t jack_frame, int64_t *frame);
/// Frames of ours in a period of JACK's; 0: not open
uint32_t jack_midi_period_frames(const jack_midi *j);

#endif
