// SPDX-License-Identifier: MIT
#include "midi/midi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clients/session.h"
#include "midi/inputs.h"
#include "synths/sound.h"
#include "synths/synth.h"

enum { MESSAGES_MAX = 4096, MESSAGE_BYTES_MAX = 3, LOOK_MS = 1000 };
enum { AHEAD_PART = 10 }; ///< of a second: nothing that is played now waits for longer
/// What comes over JACK is played a period and so much after its frame, always: the loop needs to
/// wake up and to send it before its frame is rendered.
enum { JACK_AHEAD_MS = 4 };
enum { JACK_OPEN_MS = 3000, JACK_LOOK_MS = 5 }; // how long the builder waits for it

#define BUSY "the sound server does not respond"

typedef struct {
    uint64_t ns;
    uint8_t port, count, bytes[MESSAGE_BYTES_MAX]; ///< count 0: the port's stream is over
} message;

/// An input that plays.
typedef struct {
    midi *midi;
    RtMidiInPtr device; ///< RtMidi's; NULL: it is not there now, and is looked for
    bool on_jack;       ///< the same for one of JACK's
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
    /// Of what follows; held while RtMidi, and the server that it asks, is at work
    uv_mutex_t clients;
    inputs inputs;
    port ports[MIDI_PORTS_MAX];
    _Atomic uint32_t taken; ///< ports
    jack_midi *jack;
    atomic_bool sound_on_jack, jack_wanted, jack_opens;
    _Atomic uint32_t late[MIDI_PORTS_MAX]; ///< messages whose frame had been rendered already
    // the loop's
    uv_timer_t timer;
    bool looking; ///< the builder looks for inputs, and writes `news`
    json_t *news; ///< inputs that were lost, or are back
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

static int number_of(const port *p) { return (int)(p - p->midi->ports); }
static bool is_open(const port *p) { return p->device || p->on_jack; }

static bool open_port(port *p, const input *from) {
    if (from->api == RTMIDI_API_UNIX_JACK)
        p->on_jack = jack_midi_connect(p->midi->jack, number_of(p), from->name);
    else p->device = input_open(from, on_message, p);
    return is_open(p);
}

static void close_port(port *p) {
    if (!is_open(p)) return;
    if (p->on_jack) jack_midi_disconnect(p->midi->jack, number_of(p));
    else rtmidi_in_free(p->device);
    p->device = NULL;
    p->on_jack = false;
    push(p->midi, &(message){.port = (uint8_t)number_of(p)}); // whoever holds keys is gone
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
/// closes one after that ends the program. So the thread that opens and closes the device opens and
/// closes this client, too: right after it saw the device run, before it opens another.
void midi_device_runs(midi *m, bool is_jack) {
    if (!m) return;
    atomic_store(&m->sound_on_jack, is_jack);
    if (!is_jack || !atomic_load(&m->jack_wanted) || jack_midi_is_open(m->jack)) return;
    atomic_store(&m->jack_opens, true); // what follows may be held up: no lock
    if (atomic_load(&m->jack_wanted)) jack_midi_open(m->jack, sound_rate(m->server->sound));
    atomic_store(&m->jack_opens, false);
}

static void until_nobody_reads(void *server_pointer) {
    audio_synchronize(sound_audio(((server *)server_pointer)->sound));
}

void midi_let_go(midi *m) {
    if (!m) return;
    uv_mutex_lock(&m->clients);
    atomic_store(&m->sound_on_jack, false);
    for (port *p = m->ports; p < m->ports + MIDI_PORTS_MAX; p++) {
        if (!p->on_jack) continue;
        p->on_jack = false;
        push(m, &(message){.port = (uint8_t)(p - m->ports)});
    }
    jack_midi_close(m->jack, until_nobody_reads, m->server);
    uv_mutex_unlock(&m->clients);
}

void midi_began(midi *m, uint64_t frame) {
    if (m) jack_midi_period(m->jack, frame);
}

// ---- the builder ------------------------------------------------------------------------------

/// A sound server that hangs shall not hang the builder.
static bool try_lock(midi *m, char *cause) {
    if (uv_mutex_trylock(&m->clients) == 0) return true;
    snprintf(cause, MIDI_CAUSE_BYTES, BUSY);
    return false;
}

/// The thread that watches the device opens it. Without the lock.
static void want_jack(midi *m) {
    atomic_store(&m->jack_wanted, true);
    for (int ms = 0; ms < JACK_OPEN_MS; ms += JACK_LOOK_MS) {
        if (!atomic_load(&m->sound_on_jack) || jack_midi_is_open(m->jack)) return;
        uv_sleep(JACK_LOOK_MS);
    }
}

/// From the frame of a message to the one at which it is played.
static uint32_t jack_ahead(const midi *m) {
    return jack_midi_period_frames(m->jack) + sound_rate(m->server->sound) * JACK_AHEAD_MS / 1000;
}

static uint32_t ahead_of(const midi *m, const port *p) { return p->on_jack ? jack_ahead(m) : 0; }

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
            json_array_append_new(connected,
                                  json_pack("{s:s*, s:s, s:i, s:b, s:i, s:i}", "port", p->name,
                                            "synth", to->synth, "channel", to->channel, "there",
                                            is_open(p), "ahead_frames", (int)ahead_of(m, p), "late",
                                            (int)atomic_load(&m->late[i])));
    }
    return json_pack("{s:s, s:o, s:o}", "api", systems, "inputs", there, "connected", connected);
}

json_t *midi_list(midi *m, char *cause) {
    want_jack(m);
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
        snprintf(cause, MIDI_CAUSE_BYTES, "%s", why ? why : "too many connected inputs");
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
        snprintf(cause, MIDI_CAUSE_BYTES, "cannot open the input");
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
    want_jack(m);
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
        snprintf(cause, MIDI_CAUSE_BYTES, "this input is not connected");
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
    if (is_open(p) && !found) close_port(p);
    else if (!is_open(p) && found) open_port(p, &from);
    if (p->told_there == is_open(p)) return;
    p->told_there = is_open(p);
    json_array_append_new(news, json_pack("{s:s, s:s*}", "event", p->told_there ? "back" : "lost",
                                          "message", p->name));
}

/// On the builder.
static void look(void *midi_) {
    midi *m = midi_;
    json_t *news = m->news = json_array();
    char cause[MIDI_CAUSE_BYTES];
    if (!try_lock(m, cause)) return;
    for (port *p = m->ports; p < m->ports + MIDI_PORTS_MAX; p++)
        if (p->taken) look_for(m, p, news);
    uv_mutex_unlock(&m->clients);
}

/// On the loop.
static void looked(void *midi_) {
    midi *m = midi_;
    server *s = m->server;
    size_t i;
    json_t *each;
    m->looking = false;
    json_array_foreach(m->news, i, each) {
        log_line(LOG_WARNING, "midi", "%s: %s", json_string_value(json_object_get(each, "message")),
                 json_string_value(json_object_get(each, "event")));
        json_object_set_new(each, "frame", json_integer((json_int_t)sound_frame(s->sound)));
        notice_send(s, TOPIC_device, json_incref(each));
    }
    json_decref(m->news);
    m->news = NULL;
}

static void on_timer(uv_timer_t *timer) {
    midi *m = timer->data;
    server *s = m->server;
    if (m->looking || s->quitting || !atomic_load(&m->taken)) return;
    m->looking = s->on_builder(s, look, looked, m);
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

/// When a message is played that was to be at `at`. What the clock of a device says may step while
/// that starts, and a note must not end before it begins.
static uint64_t frame_of(midi *m, int place, int64_t at, uint32_t most_ahead) {
    uint64_t now = sound_frame(m->server->sound), latest = now + most_ahead;
    uint64_t frame = at < 0 ? 0 : (uint64_t)at, *played = &m->played[place];
    if (frame > latest) frame = latest;
    if (frame < *played && *played <= latest) frame = *played;
    if (frame < now) frame = now;
    return *played = frame;
}

/// @param count 0: the stream is over
static void play(midi *m, const target *to, int place, int64_t at, const uint8_t *bytes,
                 uint32_t count) {
    if (!count || strcmp(m->playing[place].synth, to->synth) != 0) end_stream(m, place);
    if (!count) return;
    synth *of = playable(m->server, to->synth);
    m->playing[place] = *to;
    uint32_t most = sound_rate(m->server->sound) / AHEAD_PART + 3 * jack_ahead(m);
    if (of) midi_play(of, place, to->channel, frame_of(m, place, at, most), bytes, count);
}

static void play_jack(midi *m, const target *targets) {
    const sound *s = m->server->sound;
    jack_message got;
    while (jack_midi_take(m->jack, &got)) {
        int64_t at = sound_frame_of(s, (int64_t)now_ns()); // while the distance is not known yet
        jack_midi_frame(m->jack, got.jack_frame, &at);
        at += jack_ahead(m);
        if (at < (int64_t)sound_frame(s)) atomic_fetch_add(&m->late[got.port], 1);
        play(m, &targets[got.port], got.port, at, got.bytes, got.count);
    }
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
    play_jack(m, targets); // what came before a stream's end
    for (uint32_t i = 0; i < count; i++) {
        const message *got = &taken[i];
        int64_t at = got->count ? sound_frame_of(m->server->sound, (int64_t)got->ns) : 0;
        play(m, &targets[got->port], got->port, at, got->bytes, got->count);
    }
}

static void wake(void *context) { uv_async_send(&((midi *)context)->arrived); }

midi *midi_create(server *s) {
    midi *m = calloc(1, sizeof *m);
    jack_midi *jack = m ? jack_midi_create(wake, m) : NULL;
    if (!jack) {
        free(m);
        return NULL;
    }
    m->jack = jack;
    m->inputs.jack = jack;
    atomic_store(&m->sound_on_jack, audio_describe(sound_audio(s->sound)).backend == AUDIO_JACK);
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
    int tries = JACK_OPEN_MS / JACK_LOOK_MS;
    atomic_store(&m->jack_wanted, false); // it is not opened any more
    while (atomic_load(&m->jack_opens) && --tries) uv_sleep(JACK_LOOK_MS);
    if (tries &&
        uv_mutex_trylock(&m->clients) == 0) { // else held up for good: the program ends without
        for (int i = 0; i < MIDI_PORTS_MAX; i++) close_port(&m->ports[i]);
        jack_midi_close(m->jack, until_nobody_reads, m->server);
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
    jack_midi_destroy(m->jack);
    free(m);
}
