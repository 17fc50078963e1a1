// SPDX-License-Identifier: MIT
// midi_player -- MIDI messages of the ports become events of synths, by the engine's interpreter.
// Loop only.
#ifndef MIDI_PLAYER_H
#define MIDI_PLAYER_H

#include <megasynth.h>

#include "base/server.h"

enum { MIDI_PORTS_MAX = 16 };

/// An interpreter of each port, made when the first message comes; they end with their synth.
typedef struct midi_players midi_players;
/// Ends no notes: the engine goes, too. NULL is allowed.
void midi_players_destroy(midi_players *p);
/// A note of the synth has ended.
void midi_players_ended(midi_players *p, mega_note note);

/// Plays a message of a port.
/// @param channel 1..16, 0: any
/// @param frame at which it happens, not before the first that can be affected
/// @param bytes a whole message
void midi_play(synth *to, int port, int channel, uint64_t frame, const uint8_t *bytes,
               uint32_t count);
/// The port plays this synth no more: the notes that it holds end.
void midi_play_ends(synth *to, int port, uint64_t frame);

#endif
