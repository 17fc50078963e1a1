// SPDX-License-Identifier: MIT
#include "midi/jack.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "core/ring.h"

// What we use of JACK's interface (jack/jack.h, jack/midiport.h).
typedef struct jack_client client;
typedef struct jack_port jack_port;
typedef struct {
    uint32_t time;
    size_t size;
    unsigned char *buffer;
} jack_event;

enum { NO_START_SERVER = 1, IS_INPUT = 1, IS_OUTPUT = 2 };
#define MIDI_TYPE "8 bit raw midi"

static struct {
    client *(*client_open)(const char *name, int options, int *status, ...);
    int (*client_close)(client *);
    int (*activate)(client *);
    int (*set_process_callback)(client *, int (*)(uint32_t, void *), void *);
    void (*on_shutdown)(client *, void (*)(void *), void *);
    jack_port *(*port_register)(client *, const char *, const char *, unsigned long, unsigned long);
    int (*port_unregister)(client *, jack_port *);
    const char *(*port_name)(const jack_port *);
    void *(*port_get_buffer)(jack_port *, uint32_t);
    int (*connect)(client *, const char *, const char *);
    const char **(*get_ports)(client *, const char *, const char *, unsigned long);
    void (*free)(void *);
    uint32_t (*midi_get_event_count)(void *);
    int (*midi_event_get)(jack_event *, void *, uint32_t);
    uint32_t (*last_frame_time)(const client *);
    uint32_t (*get_sample_rate)(client *);
    uint32_t (*get_buffer_size)(client *);
} jack;

static const struct {
    const char *name;
    void *place;
} symbols[] = {
    {"jack_client_open", &jack.client_open},
    {"jack_client_close", &jack.client_close},
    {"jack_activate", &jack.activate},
    {"jack_set_process_callback", &jack.set_process_callback},
    {"jack_on_shutdown", &jack.on_shutdown},
    {"jack_port_register", &jack.port_register},
    {"jack_port_unregister", &jack.port_unregister},
    {"jack_port_name", &jack.port_name},
    {"jack_port_get_buffer", &jack.port_get_buffer},
    {"jack_connect", &jack.connect},
    {"jack_get_ports", &jack.get_ports},
    {"jack_free", &jack.free},
    {"jack_midi_get_event_count", &jack.midi_get_event_count},
    {"jack_midi_event_get", &jack.midi_event_get},
    {"jack_last_frame_time", &jack.last_frame_time},
    {"jack_get_sample_rate", &jack.get_sample_rate},
    {"jack_get_buffer_size", &jack.get_buffer_size},
};
enum { SYMBOLS = sizeof symbols / sizeof *symbols };

/// A distance between the two counts of frames is believed after so many periods that agree: a call
/// for sound that came late, in JACK's next period, says a wrong one once.
enum { AGREEING_PERIODS = 8 };
static const double ROUNDING_FRAMES = 2; // of our frames, where the rates differ
enum { LEAVE_MS = 200 };                 // how long a period may last that still reads a port

struct jack_midi {
    void (*arrived)(void *context);
    void *context;
    _Atomic(client *) client; ///< NULL: not open
    atomic_bool active, gone; ///< it runs; its server has ended
    _Atomic(jack_port *) ports[MIDI_PORTS_MAX];
    _Atomic uint32_t periods, period_frames;
    double ratio; ///< our frames to one of JACK's
    // from JACK's thread to the loop
    mega_ring messages;
    // where the counts of frames lie side by side: the thread of sound writes, the loop reads
    _Atomic unsigned sequence;
    _Atomic uint32_t jack_frame;
    _Atomic uint64_t frame;
    atomic_bool known;
    uint32_t straying; ///< periods that say another distance, all the same
    double stray;
};

// ---- the library ------------------------------------------------------------------------------

static bool load_library(void) {
    static const char *const names[] = {"libjack.so.0", "libjack.0.dylib", "libjack.dylib"};
    static bool tried, loaded;
    if (tried) return loaded;
    tried = true;
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    loaded = library != NULL;
    for (int i = 0; loaded && i < SYMBOLS; i++) {
        void *found = dlsym(library, symbols[i].name);
        memcpy(symbols[i].place, &found, sizeof found);
        loaded = found != NULL;
    }
    return loaded;
}

jack_midi *jack_midi_create(void (*arrived)(void *context), void *context) {
    jack_midi *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    if (!mega_ring_init(&j->messages, JACK_MESSAGES_MAX, sizeof(jack_message))) {
        free(j);
        return NULL;
    }
    j->arrived = arrived;
    j->context = context;
    return j;
}

void jack_midi_destroy(jack_midi *j) {
    if (j) mega_ring_finish(&j->messages);
    free(j);
}

// ---- JACK's thread ----------------------------------------------------------------------------

/// @return how many messages came
static uint32_t read_port(jack_midi *j, int port, void *buffer, uint32_t began) {
    uint32_t count = jack.midi_get_event_count(buffer), taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        jack_event event;
        if (jack.midi_event_get(&event, buffer, i) != 0) continue;
        if (event.size < 2 || event.size > JACK_MESSAGE_BYTES_MAX) continue; // none for notes
        jack_message message = {
            .jack_frame = began + event.time, .port = (uint8_t)port, .count = (uint8_t)event.size};
        memcpy(message.bytes, event.buffer, event.size);
        taken += mega_ring_push(&j->messages, &message);
    }
    return taken;
}

static int on_period(uint32_t frames, void *context) {
    jack_midi *j = context;
    client *c = atomic_load(&j->client);
    uint32_t taken = 0;
    if (!c) return 0;
    uint32_t began = jack.last_frame_time(c);
    for (int i = 0; i < MIDI_PORTS_MAX; i++) {
        jack_port *port = atomic_load(&j->ports[i]);
        void *buffer = port ? jack.port_get_buffer(port, frames) : NULL;
        if (buffer) taken += read_port(j, i, buffer, began);
    }
    atomic_store_explicit(&j->period_frames, frames, memory_order_relaxed);
    atomic_fetch_add(&j->periods, 1);
    if (taken) j->arrived(j->context);
    return 0;
}

static void on_shutdown(void *context) { atomic_store(&((jack_midi *)context)->gone, true); }

// ---- client and ports -------------------------------------------------------------------------

bool jack_midi_is_open(const jack_midi *j) {
    return atomic_load(&j->active) && !atomic_load(&j->gone);
}

bool jack_midi_open(jack_midi *j, uint32_t our_rate) {
    if (atomic_load(&j->client)) return jack_midi_is_open(j);
    client *c = load_library() ? jack.client_open("megasynth-midi", NO_START_SERVER, NULL) : NULL;
    if (!c) return false;
    atomic_store(&j->gone, false);
    atomic_store(&j->known, false);
    mega_ring_clear(&j->messages);
    j->straying = 0;
    j->ratio = (double)our_rate / jack.get_sample_rate(c);
    atomic_store(&j->period_frames, jack.get_buffer_size(c));
    jack.on_shutdown(c, on_shutdown, j);
    atomic_store(&j->client, c);
    bool runs = jack.set_process_callback(c, on_period, j) == 0 && jack.activate(c) == 0;
    atomic_store(&j->active, runs);
    if (runs) return true;
    atomic_store(&j->client, NULL);
    jack.client_close(c);
    return false;
}

void jack_midi_close(jack_midi *j, void (*wait)(void *context), void *context) {
    client *c = atomic_exchange(&j->client, NULL);
    atomic_store(&j->active, false);
    if (!c) return;
    for (int i = 0; i < MIDI_PORTS_MAX; i++) atomic_store(&j->ports[i], NULL);
    if (wait) wait(context);
    jack.client_close(c);
}

bool jack_midi_source(const jack_midi *j, unsigned nth, char name[MIDI_NAME_BYTES]) {
    client *c = atomic_load(&j->client);
    const char **all = jack_midi_is_open(j) ? jack.get_ports(c, NULL, MIDI_TYPE, IS_OUTPUT) : NULL;
    if (!all) return false;
    unsigned i = 0;
    while (i < nth && all[i]) i++;
    bool found = all[i] != NULL;
    if (found) snprintf(name, MIDI_NAME_BYTES, "%s", all[i]);
    jack.free(all);
    return found;
}

bool jack_midi_connect(jack_midi *j, int port, const char *name) {
    char ours[16];
    client *c = atomic_load(&j->client);
    if (!jack_midi_is_open(j)) return false;
    snprintf(ours, sizeof ours, "in_%d", port + 1);
    jack_port *made = jack.port_register(c, ours, MIDI_TYPE, IS_INPUT, 0);
    if (!made) return false;
    atomic_store(&j->ports[port], made);
    if (jack.connect(c, name, jack.port_name(made)) == 0) return true;
    jack_midi_disconnect(j, port);
    return false;
}

/// A period that has begun still reads the port.
static void let_period_end(const jack_midi *j) {
    uint32_t before = atomic_load(&j->periods);
    for (int ms = 0; ms < LEAVE_MS && atomic_load(&j->periods) - before < 2; ms++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void jack_midi_disconnect(jack_midi *j, int port) {
    jack_port *was = atomic_exchange(&j->ports[port], NULL);
    if (!was || !jack_midi_is_open(j)) return; // it goes with its client
    let_period_end(j);
    jack.port_unregister(atomic_load(&j->client), was);
}

// ---- time -------------------------------------------------------------------------------------

static double frame_at(const jack_midi *j, uint32_t jack_frame) {
    int32_t since =
        (int32_t)(jack_frame - atomic_load_explicit(&j->jack_frame, memory_order_relaxed));
    return (double)atomic_load_explicit(&j->frame, memory_order_relaxed) + since * j->ratio;
}

static void lay(jack_midi *j, uint32_t jack_frame, uint64_t frame) {
    unsigned sequence = atomic_load_explicit(&j->sequence, memory_order_relaxed);
    atomic_store_explicit(&j->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&j->jack_frame, jack_frame, memory_order_relaxed);
    atomic_store_explicit(&j->frame, frame, memory_order_relaxed);
    atomic_store_explicit(&j->sequence, sequence + 2, memory_order_release);
    j->straying = 0;
    atomic_store(&j->known, true);
}

void jack_midi_period(jack_midi *j, uint64_t frame) {
    client *c = atomic_load(&j->client);
    if (!c) return;
    uint32_t jack_frame = jack.last_frame_time(c);
    double rounding = j->ratio == 1 ? 0 : ROUNDING_FRAMES;
    double off = (double)frame - frame_at(j, jack_frame);
    if (!atomic_load(&j->known) || fabs(off) <= rounding) {
        lay(j, jack_frame, frame);
        return;
    }
    j->straying = fabs(off - j->stray) <= rounding ? j->straying + 1 : 1;
    j->stray = off;
    if (j->straying >= AGREEING_PERIODS) lay(j, jack_frame, frame);
}

bool jack_midi_frame(const jack_midi *j, uint32_t jack_frame, int64_t *frame) {
    if (!atomic_load(&j->known)) return false;
    for (;;) {
        unsigned before = atomic_load_explicit(&j->sequence, memory_order_acquire);
        double at = frame_at(j, jack_frame);
        atomic_thread_fence(memory_order_acquire);
        unsigned after = atomic_load_explicit(&j->sequence, memory_order_relaxed);
        if (before != after || (before & 1)) continue;
        *frame = (int64_t)floor(at + 0.5);
        return true;
    }
}

uint32_t jack_midi_period_frames(const jack_midi *j) {
    if (!atomic_load(&j->client)) return 0;
    return (uint32_t)ceil(atomic_load(&j->period_frames) * j->ratio);
}

// ---- the loop ---------------------------------------------------------------------------------

bool jack_midi_take(jack_midi *j, jack_message *message) {
    return mega_ring_pop(&j->messages, message);
}
