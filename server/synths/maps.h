// SPDX-License-Identifier: MIT
// maps -- which OSC addresses and MIDI controllers are mapped to knobs.
#ifndef MAPS_H
#define MAPS_H

#include "base/server.h"

#define MAP_RANGE_MAX 1e30 // of `min` and `max`: their difference stays finite

/// The key of a MIDI controller; channel 1..16, 0: any.
void map_cc_key(char *to, size_t bytes, int channel, int number);
/// NULL if nothing is mapped to an address or such a key.
json_t *map_find(const server *s, const char *key);
/// What is wrong with an entry of a state's maps; NULL if nothing is.
const char *map_problem(const char *key, const json_t *map);
/// The payload of a /knob/set: what was sent, over the map's range.
json_t *map_payload(const json_t *map, double value);

#endif
