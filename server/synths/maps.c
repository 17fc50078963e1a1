// SPDX-License-Identifier: MIT
#include "synths/maps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "protocol/command.h"
#include "synths/synth.h"

void map_cc_key(char *to, size_t bytes, int channel, int number) {
    snprintf(to, bytes, "cc:%d:%d", channel, number);
}

// ---- of a state -------------------------------------------------------------------------------

static bool key_is_good(const char *key) {
    int channel, number, end = 0;
    if (key[0] == '/') return strlen(key) <= limit_address_bytes_max && !command_find(key);
    if (sscanf(key, "cc:%2d:%3d%n", &channel, &number, &end) != 2 || key[end]) return false;
    char again[32];
    map_cc_key(again, sizeof again, channel, number);
    return strcmp(again, key) == 0 && channel >= 0 && channel <= 16 && number >= 0 && number <= 127;
}

static bool text_is_short(const json_t *text) {
    return json_is_string(text) && json_string_length(text) <= limit_address_bytes_max;
}

static bool number_is_good(const json_t *number) {
    return json_is_number(number) && fabs(json_number_value(number)) <= MAP_RANGE_MAX;
}

const char *map_problem(const char *key, const json_t *map) {
    const json_t *of = json_object_get(map, "synth"), *min = json_object_get(map, "min"),
                 *max = json_object_get(map, "max");
    if (!key_is_good(key)) return "not an OSC address, or the address of a command";
    if (!json_is_object(map) || json_object_size(map) != 4)
        return "must be a map of `synth`, `name`, `min` and `max`";
    if (!text_is_short(of) || !synth_name_is_good(json_string_value(of)))
        return "`synth`: invalid synth name";
    if (!text_is_short(json_object_get(map, "name"))) return "`name`: invalid knob name";
    if (!number_is_good(min) || !number_is_good(max) ||
        json_number_value(min) == json_number_value(max))
        return "`min` and `max` must be two different numbers";
    return NULL;
}

// ---- for those who take messages in -----------------------------------------------------------

json_t *map_find(const server *s, const char *key) { return json_object_get(s->maps, key); }

json_t *map_payload(const json_t *map, double value) {
    double min = json_number_value(json_object_get(map, "min")),
           max = json_number_value(json_object_get(map, "max"));
    double turned = (value - min) / (max - min);
    turned = turned < 0 ? 0 : turned > 1 ? 1 : turned;
    return json_pack("{s:O, s:f}", "name", json_object_get(map, "name"), "value", turned);
}
