// SPDX-License-Identifier: MIT
// none -- in the place of midi.c where RtMidi is not there.
#include <stdio.h>
#include <stdlib.h>

#include "midi/midi.h"

midi *midi_create(server *s) {
    (void)s;
    return calloc(1, 1);
}
void midi_close(midi *m) { (void)m; }
void midi_destroy(midi *m) { free(m); }
void midi_began(midi *m, uint64_t frame) { (void)m, (void)frame; }
void midi_device_runs(midi *m, bool is_jack) { (void)m, (void)is_jack; }
void midi_let_go(midi *m) { (void)m; }

static void say(char *cause) {
    snprintf(cause, MIDI_CAUSE_BYTES, "this server was built without RtMidi");
}

json_t *midi_list(midi *m, char *cause) {
    (void)m;
    say(cause);
    return NULL;
}
const char *midi_connect(midi *m, const char *port, const char *synth_name, int channel,
                         char *cause) {
    (void)m, (void)port, (void)synth_name, (void)channel;
    say(cause);
    return NULL;
}
bool midi_disconnect(midi *m, const char *port, char *cause) {
    (void)m, (void)port;
    say(cause);
    return false;
}
