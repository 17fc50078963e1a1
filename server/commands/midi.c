// SPDX-License-Identifier: MIT
// midi -- which instruments play which synth.
#include "midi/midi.h"

#include "requests/requests.h"
#include "synths/synth.h"

void command_midi_list(call *c) {
    char cause[MIDI_CAUSE_BYTES];
    c->answer = midi_list(c->server->midi, cause);
    if (!c->answer) call_fail(c, CODE_UNSUPPORTED, "", "%s", cause);
}

void command_midi_connect(call *c) {
    char cause[MIDI_CAUSE_BYTES];
    if (!arg_within(c, "channel", 0, 16)) return;
    const char *name = midi_connect(c->server->midi, arg_text(c, "port"), c->synth->name,
                                    (int)arg_integer(c, "channel", 0), cause);
    if (name) c->answer = json_pack("{s:s*}", "port", name);
    else call_fail(c, CODE_NOT_FOUND, "port", "%s", cause);
}

void command_midi_disconnect(call *c) {
    char cause[MIDI_CAUSE_BYTES];
    if (!midi_disconnect(c->server->midi, arg_text(c, "port"), cause))
        call_fail(c, CODE_NOT_FOUND, "port", "%s", cause);
}
