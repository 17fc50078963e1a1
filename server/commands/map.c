// SPDX-License-Identifier: MIT
// map -- knobs turned by OSC addresses of the client's choice, and by MIDI controllers.
#include "commands/map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clients/session.h"
#include "requests/requests.h"
#include "synths/synth.h"

#define RANGE_MAX 1e30 // of `min` and `max`: their difference stays finite

void map_cc_key(char *to, size_t bytes, int channel, int number) {
    snprintf(to, bytes, "cc:%d:%d", channel, number);
}

/// "/fader/1", or "cc:channel:number". @return false, having failed
static bool key_of(call *c, char *key, size_t bytes) {
    const char *address = arg_text(c, "address");
    if (!arg_within(c, "cc", 0, 127) || !arg_within(c, "channel", 0, 16)) return false;
    if ((address != NULL) == arg_given(c, "cc")) {
        call_fail(c, CODE_BAD_TYPE, "address", "an OSC `address` or a controller `cc` is wanted");
        return false;
    }
    if (address &&
        (address[0] != '/' || strlen(address) > limit_address_bytes_max || command_find(address))) {
        call_fail(c, command_find(address) ? CODE_CONFLICT : CODE_BAD_VALUE, "address",
                  command_find(address) ? "that is a command" : "an address begins with /");
        return false;
    }
    if (address) snprintf(key, bytes, "%s", address);
    else map_cc_key(key, bytes, (int)arg_integer(c, "channel", 0), (int)arg_integer(c, "cc", 0));
    return true;
}

void command_knob_map(call *c) {
    char key[limit_address_bytes_max + 1];
    server *s = c->server;
    if (!key_of(c, key, sizeof key)) return;
    double min = arg_number(c, "min", 0), max = arg_number(c, "max", arg_given(c, "cc") ? 127 : 1);
    if (!arg_within(c, "min", -RANGE_MAX, RANGE_MAX) ||
        !arg_within(c, "max", -RANGE_MAX, RANGE_MAX))
        return;
    if (strlen(arg_text(c, "name")) > limit_address_bytes_max) {
        call_fail(c, CODE_BAD_VALUE, "name", "no name for a knob");
    } else if (min == max) {
        call_fail(c, CODE_BAD_VALUE, "max", "`min` and `max` are the same");
    } else if (arg_bool(c, "unmap", false)) {
        if (json_object_del(s->maps, key) != 0)
            call_fail(c, CODE_NOT_FOUND, "address", "nothing is mapped to it");
    } else if (!map_find(s, key) && json_object_size(s->maps) >= limit_maps_max) {
        call_fail(c, CODE_LIMIT, "", "too many maps");
        call_note(c, "limit", "maps_max");
    } else {
        json_object_set_new(s->maps, key,
                            json_pack("{s:s, s:s, s:f, s:f}", "synth", c->synth->name, "name",
                                      arg_text(c, "name"), "min", min, "max", max));
    }
    c->answer = json_pack("{s:O}", "maps", s->maps);
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
    return json_is_number(number) && fabs(json_number_value(number)) <= RANGE_MAX;
}

const char *map_problem(const char *key, const json_t *map) {
    const json_t *of = json_object_get(map, "synth"), *min = json_object_get(map, "min"),
                 *max = json_object_get(map, "max");
    if (!key_is_good(key)) return "not an address, or one of a command";
    if (!json_is_object(map) || json_object_size(map) != 4)
        return "a map of `synth`, `name`, `min` and `max` is wanted";
    if (!text_is_short(of) || !synth_name_is_good(json_string_value(of)))
        return "`synth`: no name for a synth";
    if (!text_is_short(json_object_get(map, "name"))) return "`name`: no name for a knob";
    if (!number_is_good(min) || !number_is_good(max) ||
        json_number_value(min) == json_number_value(max))
        return "`min` and `max`: two numbers that differ are wanted";
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
