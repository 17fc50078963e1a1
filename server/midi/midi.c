// SPDX-License-Identifier: MIT
#include "midi/midi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes/lanes.h"
#include "log.h"
#include "midi/inputs.h"
#include "midi/play.h"
#include "net/session.h"
#include "synths/sound.h"
#include "synths/synth.h"

enum { MESSAGES_MAX = 4096, MESSAGE_BYTES_MAX = 3, LOOK_MS = 1000 };
enum { AHEAD_PART = 10 }; ///< of a second: nothing that is played now waits for longer

#define BUSY "the sound server does not answer"

typedef struct {
    uint64_t ns;
    uint8_t port, count, bytes[MESSAGE_BYTES_MAX]; ///< count 0: the port's stream is over
} message;

/// An input that plays.
typedef struct {
    midi *midi;
    RtMidiInPtr device; ///< NULL: it is not there now, and is looked for
    enum RtMidiApi api;
    bool taken, told_there;
    char name[MIDI_NAME_BYTES];
} port;

/// The synth that it plays.
typedef struct {
    int channel; ///< 0: any
    char synth[limit_name_bytes_max + 1];
} target;

struct midi {
    server *server;
    uv_async_t arrived;
    uint64_t played[MIDI_PORTS_MAX]; ///< frame of what each port played last; the loop's
    target playing[MIDI_PORTS_MAX];  ///< what it played then; the loop's
    uv_mutex_t mutex;                ///< of what follows; held for moments
    message queue[MESSAGES_MAX];
    uint32_t count, dropped;
    target targets[MIDI_PORTS_MAX]; ///< of the ports
    uv_mutex_t
        clients; ///< of what follows; held while RtMidi, and the server that it asks, is at work
    inputs inputs;
    port ports[MIDI_PORTS_MAX];
    _Atomic uint32_t taken; ///< ports
    // the loop's
    uv_timer_t timer;
    bool looking;
};

// ---- RtMidi's thread --------------------------------------------------------------------------

static void push(midi *m, const message *got) {
    uv_mutex_lock(&m->mutex);
    if (m->count < MESSAGES_MAX) m->queue[m->count++] = *got;
    else m->dropped++;
    uv_mutex_unlock(&m->mutex);
    uv_async_send(&m->arrived);
}

static void on_message(double seconds, const unsigned char *bytes, size_t count, void *context) {
    port *p = context;
    midi *m = p->midi;
    (void)seconds; // since the one before; when it came is told by our clock
    if (count < 2 || count > MESSAGE_BYTES_MAX) return;
    message got = {.ns = now_ns(), .port = (uint8_t)(p - m->ports), .count = (uint8_t)count};
    memcpy(got.bytes, bytes, count);
    push(m, &got);
}

// ---- ports ------------------------------------------------------------------------------------

static bool open_port(port *p, const input *from) {
    p->api = from->api;
    p->device = input_open(from, on_message, p);
    return p->device != NULL;
}

static void close_port(port *p) {
    if (!p->device) return;
    rtmidi_in_free(p->device);
    p->device = NULL;
    push(p->midi, &(message){.port = (uint8_t)(p - p->midi->ports)}); // whoever holds keys is gone
}

/// The one of that name, else one that is free, else NULL.
static port *place_of(midi *m, const char *name) {
    port *place = NULL;
    for (port *p = m->ports; p < m->ports + MIDI_PORTS_MAX; p++) {
        if (p->taken && strcmp(p->name, name) == 0) return p;
        if (!p->taken && !place) place = p;
    }
    return place;
}

/// JACK's library frees all clients of a server that has ended when the next one is opened: whoever
/// closes one after that ends the program.
void midi_let_go(midi *m) {
    if (!m) return;
    uv_mutex_lock(&m->clients);
    m->inputs.jack_is_there = false;
    inputs_close(&m->inputs, RTMIDI_API_UNIX_JACK);
    for (port *p = m->ports; p < m->ports + MIDI_PORTS_MAX; p++)
        if (p->api == RTMIDI_API_UNIX_JACK) close_port(p);
    uv_mutex_unlock(&m->clients);
}

// ---- the builder ------------------------------------------------------------------------------

/// A sound server that hangs shall not hang the builder.
static bool try_lock(midi *m, char *cause) {
    if (uv_mutex_trylock(&m->clients) == 0) return true;
    snprintf(cause, MIDI_CAUSE_BYTES, BUSY);
    return false;
}

static json_t *list(midi *m) {
    json_t *there = json_array(), *connected = json_array();
    char systems[128];
    input each;
    inputs_systems(&m->inputs, systems, sizeof systems);
    for (unsigned at = 0; inputs_next(&m->inputs, &at, &each);) {
        json_t *text = json_string(each.name);
        json_array_append_new(there, text ? text : json_string("?"));
    }
    for (int i = 0; i < MIDI_PORTS_MAX; i++) {
        const port *p = &m->ports[i];
        const target *to = &m->targets[i];
        if (p->taken)
            json_array_append_new(connected, json_pack("{s:s*, s:s, s:i, s:b}", "port", p->name,
                                                       "synth", to->synth, "channel", to->channel,
                                                       "there", !!p->device));
    }
    return json_pack("{s:s, s:o, s:o}", "api", systems, "inputs", there, "connected", connected);
}

json_t *midi_list(midi *m, char *cause) {
    if (!try_lock(m, cause)) return NULL;
    json_t *all = list(m);
    uv_mutex_unlock(&m->clients);
    return all;
}

static const char *connect_port(midi *m, const char *wanted, const target *to, char *cause) {
    input from;
    const char *why = inputs_find(&m->inputs, wanted, &from);
    port *p = why ? NULL : place_of(m, from.name);
    if (!p) {
        snprintf(cause, MIDI_CAUSE_BYTES, "%s", why ? why : "too many inputs play");
        return NULL;
    }
    if (p->taken) atomic_fetch_sub(&m->taken, 1); // it plays another synth from now on
    close_port(p);
    *p = (port){.midi = m};
    snprintf(p->name, sizeof p->name, "%s", from.name);
    uv_mutex_lock(&m->mutex);
    m->targets[p - m->ports] = *to;
    uv_mutex_unlock(&m->mutex);
    if (!open_port(p, &from)) {
        snprintf(cause, MIDI_CAUSE_BYTES, "the input cannot be opened");
        return NULL;
    }
    p->taken = p->told_there = true;
    atomic_fetch_add(&m->taken, 1);
    return p->name;
}

const char *midi_connect(midi *m, const char *wanted, const char *synth_name, int channel,
                         char *cause) {
    target to = {.channel = channel};
    snprintf(to.synth, sizeof to.synth, "%s", synth_name);
    if (!try_lock(m, cause)) return NULL;
    const char *name = connect_port(m, wanted, &to, cause);
    uv_mutex_unlock(&m->clients);
    return name;
}

bool midi_disconnect(midi *m, const char *wanted, char *cause) {
    if (!try_lock(m, cause)) return false;
    port *p = place_of(m, wanted);
    bool found = p && p->taken && strcmp(p->name, wanted) == 0;
    if (found) {
        close_port(p);
        p->taken = false;
        atomic_fetch_sub(&m->taken, 1);
    } else {
        snprintf(cause, MIDI_CAUSE_BYTES, "it is not connected");
    }
    uv_mutex_unlock(&m->clients);
    return found;
}

// ---- inputs that go and come back -------------------------------------------------------------

static bool find_exactly(midi *m, const char *name, input *found) {
    for (unsigned at = 0; inputs_next(&m->inputs, &at, found);)
        if (strcmp(found->name, name) == 0) return true;
    return false;
}

static void look_for(midi *m, port *p, json_t *news) {
    input from;
    bool found = find_exactly(m, p->name, &from);
    if (p->device && !found) close_port(p);
    else if (!p->device && found) open_port(p, &from);
    if (p->told_there == !!p->device) return;
    p->told_there = p->device;
    json_array_append_new(
        news, json_pack("{s:s, s:s*}", "event", p->device ? "back" : "lost", "message", p->name));
}

/// On the builder.
static void look(task *t) {
    midi *m = t->server->midi;
    json_t *news = t->calls[0].ops = json_array();
    char cause[MIDI_CAUSE_BYTES];
    if (!try_lock(m, cause)) return;
    for (port *p = m->ports; p < m->ports + MIDI_PORTS_MAX; p++)
        if (p->taken) look_for(m, p, news);
    uv_mutex_unlock(&m->clients);
}

/// On the loop.
static void looked(task *t) {
    server *s = t->server;
    size_t i;
    json_t *each;
    s->midi->looking = false;
    json_array_foreach(t->calls[0].ops, i, each) {
        log_line(LOG_WARNING, "midi", "%s: %s", json_string_value(json_object_get(each, "message")),
                 json_string_value(json_object_get(each, "event")));
        json_object_set_new(each, "frame", json_integer((json_int_t)sound_frame(s->sound)));
        notice_send(s, TOPIC_device, json_incref(each));
    }
}

static void on_timer(uv_timer_t *timer) {
    midi *m = timer->data;
    server *s = m->server;
    if (uv_mutex_trylock(&m->clients) != 0) return; // at work, or held up
    m->inputs.jack_is_there = sound_is_on_jack(s->sound);
    uv_mutex_unlock(&m->clients);
    if (m->looking || s->quitting || !atomic_load(&m->taken)) return;
    task *t = task_own(s, "/midi/list", NULL);
    if (!t) return;
    t->calls[0].answered = true;
    t->work = look;
    t->landed = looked;
    m->looking = true;
    builder_submit(s->builder, t);
}

// ---- the loop ---------------------------------------------------------------------------------

static synth *playable(server *s, const char *name) {
    synth *found = *name ? synth_find(s, name) : NULL;
    return found && found->state == SYNTH_LIVE && found->nodes ? found : NULL;
}

/// Not before what it played last: a note must not end before it begins.
static void end_stream(midi *m, int place) {
    synth *of = playable(m->server, m->playing[place].synth);
    uint64_t now = sound_frame(m->server->sound), last = m->played[place];
    if (of) midi_play_ends(of, place, last > now ? last : now);
    m->playing[place] = (target){0};
}

/// When a message is played that came at a time by our clock: what the clock of a device says may
/// step while that starts, and a note must not end before it begins.
static uint64_t frame_of(midi *m, int place, uint64_t ns) {
    const sound *s = m->server->sound;
    int64_t at = sound_frame_of(s, (int64_t)ns);
    uint64_t now = sound_frame(s), latest = now + sound_rate(s) / AHEAD_PART;
    uint64_t frame = at < 0 ? 0 : (uint64_t)at, *played = &m->played[place];
    if (frame > latest) frame = latest;
    if (frame < *played && *played <= latest) frame = *played;
    if (frame < now) frame = now;
    return *played = frame;
}

static void play(midi *m, const target *to, const message *got) {
    int place = got->port;
    if (!got->count || strcmp(m->playing[place].synth, to->synth) != 0) end_stream(m, place);
    if (!got->count) return;
    synth *of = playable(m->server, to->synth);
    m->playing[place] = *to;
    if (of) midi_play(of, place, to->channel, frame_of(m, place, got->ns), got->bytes, got->count);
}

static void on_arrived(uv_async_t *async) {
    midi *m = async->data;
    static message taken[MESSAGES_MAX];
    target targets[MIDI_PORTS_MAX];
    uv_mutex_lock(&m->mutex);
    uint32_t count = m->count;
    memcpy(taken, m->queue, count * sizeof *taken);
    memcpy(targets, m->targets, sizeof targets);
    m->count = 0;
    uv_mutex_unlock(&m->mutex);
    for (uint32_t i = 0; i < count; i++) play(m, &targets[taken[i].port], &taken[i]);
}

midi *midi_create(server *s) {
    midi *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->server = s;
    uv_mutex_init(&m->mutex);
    uv_mutex_init(&m->clients);
    uv_async_init(&s->loop, &m->arrived, on_arrived);
    uv_timer_init(&s->loop, &m->timer);
    m->arrived.data = m->timer.data = m;
    uv_timer_start(&m->timer, on_timer, 0, LOOK_MS);
    return m;
}

void midi_close(midi *m) {
    if (uv_mutex_trylock(&m->clients) == 0) { // else held up for good: the program ends without
        for (int i = 0; i < MIDI_PORTS_MAX; i++) close_port(&m->ports[i]);
        inputs_close(&m->inputs, RTMIDI_API_UNSPECIFIED);
        uv_mutex_unlock(&m->clients);
    }
    uv_close((uv_handle_t *)&m->arrived, NULL);
    uv_close((uv_handle_t *)&m->timer, NULL);
}

void midi_destroy(midi *m) {
    if (!m || uv_mutex_trylock(&m->clients) != 0) return; // who is held up may still need it
    uv_mutex_unlock(&m->clients);
    uv_mutex_destroy(&m->mutex);
    uv_mutex_destroy(&m->clients);
    free(m);
}
