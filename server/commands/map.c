// SPDX-License-Identifier: MIT
// map -- knobs turned by OSC addresses of the client's choice, and by MIDI controllers.
#include "synths/maps.h"

#include <stdio.h>
#include <string.h>

#include "clients/session.h"
#include "requests/requests.h"
#include "synths/synth.h"

/// "/fader/1", or "cc:channel:number". @return false, having failed
static bool key_of(call *c, char *key, size_t bytes) {
    const char *address = arg_text(c, "address");
    if (!arg_within(c, "cc", 0, 127) || !arg_within(c, "channel", 0, 16)) return false;
    if ((address != NULL) == arg_given(c, "cc")) {
        call_fail(c, CODE_BAD_TYPE, "address", "give either an OSC `address` or a controller `cc`");
        return false;
    }
    if (address &&
        (address[0] != '/' || strlen(address) > limit_address_bytes_max || command_find(address))) {
        call_fail(c, command_find(address) ? CODE_CONFLICT : CODE_BAD_VALUE, "address",
                  command_find(address) ? "this address is a command; choose another"
                                        : "an address must begin with /");
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
    if (!arg_within(c, "min", -MAP_RANGE_MAX, MAP_RANGE_MAX) ||
        !arg_within(c, "max", -MAP_RANGE_MAX, MAP_RANGE_MAX))
        return;
    if (strlen(arg_text(c, "name")) > limit_address_bytes_max) {
        call_fail(c, CODE_BAD_VALUE, "name", "invalid knob name");
    } else if (min == max) {
        call_fail(c, CODE_BAD_VALUE, "max", "`min` and `max` must differ");
    } else if (arg_bool(c, "unmap", false)) {
        if (json_object_del(s->maps, key) != 0)
            call_fail(c, CODE_NOT_FOUND, "address", "not mapped to a knob");
    } else if (!map_find(s, key) && json_object_size(s->maps) >= limit_maps_max) {
        call_fail(c, CODE_LIMIT, "", "too many controller maps; remove one with `unmap`");
        call_note(c, "limit", "maps_max");
    } else {
        json_object_set_new(s->maps, key,
                            json_pack("{s:s, s:s, s:f, s:f}", "synth", c->synth->name, "name",
                                      arg_text(c, "name"), "min", min, "max", max));
    }
    c->answer = json_pack("{s:O}", "maps", s->maps);
}
