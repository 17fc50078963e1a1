// SPDX-License-Identifier: MIT
// perform -- notes on a server: a melody on its exact frames, a chord, or the keys of a terminal.
#ifndef LIVE_PERFORM_H
#define LIVE_PERFORM_H

#include "live/client.h"
#include "time/sequence.h"

/// How far ahead notes are sent; the server places them on their frames.
#define PERFORM_AHEAD_SECONDS 0.25

/// Plays a sequence of notes, or as much of it as there is time for; its rate must be the server's.
/// @param first_frame, began_seconds when it begins, on both clocks
/// @return false after a message
bool perform_sequence(client *c, const mega_sequence *s, uint64_t first_frame, double began_seconds,
                      double until_seconds);
/// The command for an event of a rehearsed sequence, and its arguments without `at`.
/// @return NULL: it has none, and no time
json_t *event_request(const mega_sequence *s, const mega_timed_event *e, const char **address);
/// Waits, and takes in what comes. @return false if the server went away, after a message
bool perform_wait(client *c, double until_seconds);
/// Waits until voices and their echo are silent, or so long at most. @return as perform_wait
/// @param shared others play on that server, too: the voices of our synth alone are looked at
bool perform_tail(client *c, double seconds_max, bool shared);
/// The keys of the terminal as a piano, until q, an interrupt, or that time. @return as above
bool perform_piano(client *c, double until_seconds);

#endif
