// SPDX-License-Identifier: MIT
#include "midi/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Asked alone, RtMidi's "whichever works" takes ALSA, and fails where the kernel has none.
static bool is_there(enum RtMidiApi api) {
    if (api == RTMIDI_API_UNIX_JACK) return false; // all at the start of a period: jack.h is exact
    if (api == RTMIDI_API_LINUX_ALSA) return access("/dev/snd/seq", R_OK | W_OK) == 0;
    return api != RTMIDI_API_RTMIDI_DUMMY;
}

/// (RtMidi's own words cannot be had: `msg` points to what has been freed by then.)
static RtMidiInPtr open_client(enum RtMidiApi api) {
    RtMidiInPtr client = rtmidi_in_create(api, "megasynth", 64);
    if (!client || client->ok) return client;
    rtmidi_in_free(client);
    return NULL;
}

static RtMidiInPtr client_of(inputs *all, enum RtMidiApi api) {
    if (!is_there(api)) return NULL;
    if (!all->clients[api]) all->clients[api] = open_client(api);
    return all->clients[api];
}

void inputs_close(inputs *all, enum RtMidiApi api) {
    for (int i = 0; i < RTMIDI_API_NUM; i++) {
        if (!all->clients[i] || (api != RTMIDI_API_UNSPECIFIED && i != (int)api)) continue;
        rtmidi_in_free(all->clients[i]);
        all->clients[i] = NULL;
    }
}

void inputs_systems(inputs *all, char *names, size_t bytes) {
    enum RtMidiApi apis[RTMIDI_API_NUM];
    int count = rtmidi_get_compiled_api(apis, RTMIDI_API_NUM);
    snprintf(names, bytes, "%s", jack_midi_is_open(all->jack) ? "jack" : "");
    for (int i = 0; i < count; i++) {
        size_t used = strlen(names);
        if (client_of(all, apis[i]))
            snprintf(names + used, bytes - used, "%s%s", used ? " " : "", rtmidi_api_name(apis[i]));
    }
}

static bool name_of(RtMidiInPtr client, unsigned number, char *name) {
    int bytes = MIDI_NAME_BYTES;
    name[0] = '\0';
    return rtmidi_get_port_name(client, number, name, &bytes) >= 0 && client->ok && name[0];
}

bool inputs_next(inputs *all, unsigned *at, input *found) {
    enum RtMidiApi apis[RTMIDI_API_NUM];
    int count = rtmidi_get_compiled_api(apis, RTMIDI_API_NUM);
    unsigned before = 0;
    char name[MIDI_NAME_BYTES];
    *found = (input){.api = RTMIDI_API_UNIX_JACK};
    if (jack_midi_source(all->jack, *at, found->name)) {
        found->number = (*at)++;
        return true;
    }
    while (jack_midi_source(all->jack, before, name)) before++;
    for (int i = 0; i < count; i++) {
        RtMidiInPtr client = client_of(all, apis[i]);
        unsigned ports = client ? rtmidi_get_port_count(client) : 0;
        for (; *at < before + ports; (*at)++) {
            *found = (input){.api = apis[i], .number = *at - before};
            if (!name_of(client, found->number, found->name)) continue;
            (*at)++;
            return true;
        }
        before += ports;
    }
    return false;
}

const char *inputs_find(inputs *all, const char *wanted, input *found) {
    char *end;
    long number = strtol(wanted, &end, 10);
    input each;
    unsigned parts = 0;
    long nth = 0;
    for (unsigned at = 0; inputs_next(all, &at, &each); nth++) {
        bool is_it = strcmp(each.name, wanted) == 0 || (*wanted && !*end && number == nth);
        if (!is_it && !strstr(each.name, wanted)) continue;
        *found = each;
        if (is_it) return NULL;
        parts++;
    }
    if (parts == 1) return NULL;
    return parts ? "several inputs match; use the full name or the number from /midi/list"
                 : "no such input; /midi/list lists all";
}

RtMidiInPtr input_open(const input *from, RtMidiCCallback callback, void *context) {
    RtMidiInPtr device = open_client(from->api);
    if (!device) return NULL;
    rtmidi_in_set_callback(device, callback, context);
    rtmidi_in_ignore_types(device, true, true, true);
    rtmidi_open_port(device, from->number, "in");
    if (device->ok) return device;
    rtmidi_in_free(device);
    return NULL;
}
