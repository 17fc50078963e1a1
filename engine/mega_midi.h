// SPDX-License-Identifier: MIT
// mega_midi -- MIDI bytes in, events of an engine out: one interpreter for every face of Megasynth.
//
// MIDI 1.0 Detailed Specification 4.2; MIDI Polyphonic Expression 1.1; RP-015, Response to Reset
// All Controllers.
//
// One interpreter reads one stream (a port, an inlet) and plays one engine. It knows the notes that
// it has started by channel and key, so two channels may hold the same key, and each channel has
// its own bend, pressure, timbre and pedals. Its size is fixed; no message makes it allocate or
// loop without bound. It belongs to the EVENT role: one caller at a time for it and its engine.
//
// - Notes: velocity 0 is a note off; of several notes of one key the oldest ends first.
// - Bend: times the bend range of RPN 0; before that, times the patch's `note.bend_range`.
// - Pressure by channel and by key: the greater of both. CC 74: timbre.
// - CC 64, 66: sustain and sostenuto, of the channel's notes.
// - CC 120: `mega_panic`, all sound off, whatever the channel.
// - CC 121: the channel's bend, pressure and pedals return to rest; timbre and ranges stay.
// - CC 123 to 127: the channel's notes end; a pedal still holds them.
// - RPN 0, RPN 6: bend range in semitones and cents; MPE zones.
// - MPE: a member channel bends, presses and moves its own notes, within 48 semitones before RPN 0;
//   the master channel does so with all notes of its zone.
//
// Real-time bytes may come anywhere, system exclusive ones are left out, running status holds.
#ifndef MEGA_MIDI_H
#define MEGA_MIDI_H

#include "megasynth.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Notes that one interpreter knows: more than a keyboard holds. A further one ends the oldest.
#define MEGA_MIDI_NOTES_MAX 512

typedef struct mega_midi mega_midi;

/// What the host does with messages that are not the engine's. Each function may be NULL; each is
/// called from within the call that brought the message. `channel` is 1..16.
typedef struct {
    void *context;
    /// A controller. @return true: the host has used it (it turns a knob, say), nothing else does
    bool (*controller)(void *context, uint64_t frame, int channel, int number, int value);
    /// A program change, 0..127: the preset of that place in the document, say.
    void (*program)(void *context, uint64_t frame, int channel, int number);
    /// A note begins. @param velocity 0..1
    void (*started)(void *context, uint64_t frame, mega_note note, float key, float velocity);
} mega_midi_host;

/// @param host copied; NULL: none @return NULL without memory
MEGA_CONTROL mega_midi *mega_midi_create(const mega_midi_host *host);
/// Ends no notes: see `mega_midi_release`.
MEGA_CONTROL void mega_midi_destroy(mega_midi *midi);

/// Reads bytes: whole messages, or pieces of them as they come. None at all is allowed.
/// @param frame when it happens, as of all events
/// @return MEGA_ERROR_FULL if the engine's ring had no room: a note or a value is then lost, but
/// ends of notes
///         are kept and sent with the next call
MEGA_EVENT mega_status mega_midi_bytes(mega_midi *midi, mega_engine *engine, uint64_t frame,
                                       const uint8_t *bytes, size_t count);
/// A controller that has no channel: of all notes of the engine, whoever started them. The host's
/// `controller` is not called. @param number 0..127; @param value 0..127, fractions allowed
MEGA_EVENT mega_status mega_midi_controller(mega_midi *midi, mega_engine *engine, uint64_t frame,
                                            int number, float value);
/// Ends every note that it has started, pedals or not, and begins anew: the stream is over.
MEGA_EVENT mega_status mega_midi_release(mega_midi *midi, mega_engine *engine, uint64_t frame);
/// The same, but sends nothing: the engine and its notes are gone.
MEGA_EVENT void mega_midi_reset(mega_midi *midi);
/// Starts the notes that are held once more, in another engine; channels and zones stay as they
/// are.
MEGA_EVENT mega_status mega_midi_again(mega_midi *midi, mega_engine *engine, uint64_t frame);
/// A note has ended, as `mega_next_ended` says; of any note. Without it values are sent to notes
/// that are over.
MEGA_EVENT void mega_midi_ended(mega_midi *midi, mega_note note);
/// Notes whose key is down or that a pedal holds.
MEGA_EVENT uint32_t mega_midi_held(const mega_midi *midi);

#ifdef __cplusplus
}
#endif
#endif
