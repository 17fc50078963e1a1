// SPDX-License-Identifier: MIT
#include "midi/midi.h"

#include <rtmidi/rtmidi_c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_MAX = 4096, MESSAGE_BYTES_MAX = 3 };

typedef struct {
    uint64_t ns;
    uint8_t port, count, bytes[MESSAGE_BYTES_MAX];
} message;

typedef struct {
    midi *midi;
    RtMidiInPtr device; ///< NULL: free
    int channel;        ///< 0: any
    char name[MIDI_NAME_BYTES], synth[limit_name_bytes_max + 1];
} port;

struct midi {
    server *server;
    uv_async_t arrived;
    uv_mutex_t mutex;
    message queue[MESSAGES_MAX]; ///< under the mutex; in order
    uint32_t count, dropped;
    port ports[MIDI_PORTS_MAX];
};

// ---- RtMidi's thread --------------------------------------------------------------------------

static void on_message(double seconds, const unsigned char *bytes, size_t count, void *context) {
    port *p = context;
    midi *m = p->midi;
    (void)seconds; // since the one before; when it came is told by our clock
    if (count < 2 || count > MESSAGE_BYTES_MAX) return;
    message got = {.ns = now_ns(), .port = (uint8_t)(p - m->ports), .count = (uint8_t)count};
    memcpy(got.bytes, bytes, count);
    uv_mutex_lock(&m->mutex);
    if (m->count < MESSAGES_MAX) m->queue[m->count++] = got;
    else m->dropped++;
    uv_mutex_unlock(&m->mutex);
    uv_async_send(&m->arrived);
}

// ---- the loop ---------------------------------------------------------------------------------

static void on_arrived(uv_async_t *async) {
    midi *m = async->data;
    static message taken[MESSAGES_MAX];
    uv_mutex_lock(&m->mutex);
    uint32_t count = m->count;
    memcpy(taken, m->queue, count * sizeof *taken);
    m->count = 0;
    uv_mutex_unlock(&m->mutex);
    for (uint32_t i = 0; i < count; i++) {
        const port *p = &m->ports[taken[i].port];
        midi_play(m->server, p->synth, p->channel, taken[i].bytes, taken[i].count, taken[i].ns);
    }
}

midi *midi_create(server *s) {
    midi *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->server = s;
    uv_mutex_init(&m->mutex);
    uv_async_init(&s->loop, &m->arrived, on_arrived);
    m->arrived.data = m;
    return m;
}

void midi_close(midi *m) {
    for (int i = 0; i < MIDI_PORTS_MAX; i++)
        if (m->ports[i].device) rtmidi_in_free(m->ports[i].device);
    uv_close((uv_handle_t *)&m->arrived, NULL);
}

void midi_destroy(midi *m) {
    if (!m) return;
    uv_mutex_destroy(&m->mutex);
    free(m);
}

// ---- the builder ------------------------------------------------------------------------------

/// (RtMidi's own words cannot be had: `msg` points to what has been freed by then.)
static RtMidiInPtr open_device(char *cause) {
    RtMidiInPtr device = rtmidi_in_create(RTMIDI_API_UNSPECIFIED, "megasynth", 64);
    if (device && device->ok) return device;
    snprintf(cause, MIDI_CAUSE_BYTES, "the system gives no MIDI");
    if (device) rtmidi_in_free(device);
    return NULL;
}

static bool name_of(RtMidiInPtr device, unsigned number, char *name) {
    int bytes = MIDI_NAME_BYTES;
    name[0] = '\0';
    return rtmidi_get_port_name(device, number, name, &bytes) >= 0 && device->ok && name[0];
}

json_t *midi_list(midi *m, char *cause) {
    RtMidiInPtr device = open_device(cause);
    if (!device) return NULL;
    json_t *inputs = json_array(), *connected = json_array();
    for (unsigned i = 0, count = rtmidi_get_port_count(device); i < count; i++) {
        char name[MIDI_NAME_BYTES];
        if (!name_of(device, i, name)) continue;
        json_t *text = json_string(name);
        json_array_append_new(inputs, text ? text : json_string("?"));
    }
    for (int i = 0; i < MIDI_PORTS_MAX; i++)
        if (m->ports[i].device)
            json_array_append_new(connected,
                                  json_pack("{s:s*, s:s, s:i}", "port", m->ports[i].name, "synth",
                                            m->ports[i].synth, "channel", m->ports[i].channel));
    json_t *all =
        json_pack("{s:s, s:o, s:o}", "api", rtmidi_api_name(rtmidi_in_get_current_api(device)),
                  "inputs", inputs, "connected", connected);
    rtmidi_in_free(device);
    return all;
}

/// The number of a port by its name, a part of it that no other has, or its number. @return -1 with
/// a cause
static int find_port(RtMidiInPtr device, const char *wanted, char *cause) {
    unsigned count = rtmidi_get_port_count(device);
    char *end, name[MIDI_NAME_BYTES];
    long number = strtol(wanted, &end, 10);
    if (*wanted && !*end && number >= 0 && number < (long)count) return (int)number;
    int found = -1;
    for (unsigned i = 0; i < count; i++) {
        if (!name_of(device, i, name)) continue;
        if (strcmp(name, wanted) == 0) return (int)i;
        if (!strstr(name, wanted)) continue;
        if (found >= 0) {
            snprintf(cause, MIDI_CAUSE_BYTES, "more than one port is called like that");
            return -1;
        }
        found = (int)i;
    }
    if (found < 0)
        snprintf(cause, MIDI_CAUSE_BYTES, "no such port; /midi/list tells those there are");
    return found;
}

const char *midi_connect(midi *m, const char *wanted, const char *synth_name, int channel,
                         char *cause) {
    port *p = m->ports;
    while (p < m->ports + MIDI_PORTS_MAX && p->device) p++;
    if (p == m->ports + MIDI_PORTS_MAX) {
        snprintf(cause, MIDI_CAUSE_BYTES, "more than %d ports", MIDI_PORTS_MAX);
        return NULL;
    }
    RtMidiInPtr device = open_device(cause);
    if (!device) return NULL;
    int number = find_port(device, wanted, cause);
    if (number >= 0) {
        p->midi = m;
        p->channel = channel;
        snprintf(p->synth, sizeof p->synth, "%s", synth_name);
        name_of(device, (unsigned)number, p->name);
        rtmidi_in_set_callback(device, on_message, p);
        rtmidi_in_ignore_types(device, true, true, true);
        rtmidi_open_port(device, (unsigned)number, "in");
        if (device->ok) {
            p->device = device;
            return p->name;
        }
        snprintf(cause, MIDI_CAUSE_BYTES, "the port cannot be opened");
    }
    rtmidi_in_free(device);
    return NULL;
}

bool midi_disconnect(midi *m, const char *wanted) {
    for (int i = 0; i < MIDI_PORTS_MAX; i++) {
        if (!m->ports[i].device || strcmp(m->ports[i].name, wanted) != 0) continue;
        rtmidi_in_free(m->ports[i].device);
        m->ports[i].device = NULL;
        return true;
    }
    return false;
}
