// SPDX-License-Identifier: MIT
// backend -- see backend.h.
#include "audio/backend.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum SoundIoBackend id;
} backends[AUDIO_BACKEND_COUNT] = {
    [AUDIO_AUTO] = {"auto", SoundIoBackendNone},
    [AUDIO_JACK] = {"jack", SoundIoBackendJack},
    [AUDIO_PULSE] = {"pulse", SoundIoBackendPulseAudio},
    [AUDIO_ALSA] = {"alsa", SoundIoBackendAlsa},
    [AUDIO_COREAUDIO] = {"coreaudio", SoundIoBackendCoreAudio},
    [AUDIO_WASAPI] = {"wasapi", SoundIoBackendWasapi},
    [AUDIO_DUMMY] = {"dummy", SoundIoBackendDummy},
};

const char *audio_backend_name(audio_backend kind) { return backends[kind].name; }

bool audio_backend_find(const char *name, audio_backend *kind) {
    for (size_t i = 0; i < AUDIO_BACKEND_COUNT; i++) {
        if (strcmp(backends[i].name, name) != 0) continue;
        *kind = (audio_backend)i;
        return true;
    }
    return false;
}

bool audio_backend_built(audio_backend kind) {
    return kind == AUDIO_AUTO || soundio_have_backend(backends[kind].id);
}

// ---- connecting --------------------------------------------------------------------------------

// What libsoundio does unless told otherwise: abort.
static void gone(struct SoundIo *soundio, int error) {
    (void)error;
    atomic_store(&((backend *)soundio->userdata)->gone, true);
}
static void ignore(void) {} // it warns of priorities that it does not even ask for here
static void ignore_text(const char *text) { (void)text; }
static void ignore_alsa(const char *file, int line, const char *function, int error,
                        const char *format, ...) {
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

// ALSA's library writes to stderr whatever it does not find. It is here only if libsoundio was
// built with it.
static void silence_alsa(void) {
    typedef int set_handler(void (*)(const char *, int, const char *, int, const char *, ...));
    void *symbol = dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler");
    set_handler *set;
    memcpy(&set, &symbol, sizeof set);
    if (set) set(ignore_alsa);
}

static const char *reason(audio_backend kind, int error) {
    if (error == SoundIoErrorInitAudioBackend)
        return kind == AUDIO_JACK || kind == AUDIO_PULSE ? "the server is not running"
                                                         : "no sound hardware";
    return soundio_strerror(error);
}

bool backend_connect(backend *b, audio_backend kind, const char *name,
                     char cause[AUDIO_CAUSE_BYTES]) {
    *b = (backend){.kind = kind};
    if (!audio_backend_built(kind)) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "%s: this libsoundio is built without it",
                 audio_backend_name(kind));
        return false;
    }
    b->soundio = soundio_create();
    if (!b->soundio) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "out of memory");
        return false;
    }
    if (kind == AUDIO_ALSA) silence_alsa();
    b->soundio->userdata = b;
    b->soundio->app_name = name;
    b->soundio->on_backend_disconnect = gone;
    b->soundio->emit_rtprio_warning = ignore;
    b->soundio->jack_info_callback = ignore_text;
    b->soundio->jack_error_callback = ignore_text;
    int error = soundio_connect_backend(b->soundio, backends[kind].id);
    if (error) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "%s: %s", audio_backend_name(kind), reason(kind, error));
        backend_close(b);
        return false;
    }
    soundio_flush_events(b->soundio);
    return true;
}

void backend_close(backend *b) {
    if (b->soundio) soundio_destroy(b->soundio);
    b->soundio = NULL;
}

// libsoundio 2.0.0 forgets its list of JACK's clients, 15 KiB, whenever it has looked at the
// devices anew. So it is not asked to more often than need be, and the leak checker is told.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_CHECKED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_CHECKED
#endif
#ifdef LEAKS_ARE_CHECKED
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void) {
    return "leak:libsoundio.so\n";
}
#endif

// ---- devices -----------------------------------------------------------------------------------

uint32_t backend_count(backend *b, bool inputs) {
    int count =
        inputs ? soundio_input_device_count(b->soundio) : soundio_output_device_count(b->soundio);
    return count < 0 ? 0 : count > AUDIO_DEVICES_MAX ? AUDIO_DEVICES_MAX : (uint32_t)count;
}

struct SoundIoDevice *backend_get(backend *b, bool inputs, uint32_t index) {
    return inputs ? soundio_get_input_device(b->soundio, (int)index)
                  : soundio_get_output_device(b->soundio, (int)index);
}

int backend_default(backend *b, bool inputs) {
    return inputs ? soundio_default_input_device_index(b->soundio)
                  : soundio_default_output_device_index(b->soundio);
}

static bool contains(const char *text, const char *part) {
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i])) i++;
        if (!part[i]) return true;
    }
    return false;
}

typedef enum { NO_MATCH, PART_OF_NAME, NAME, INDEX, ID } match; // the better, the later

static match matches(const struct SoundIoDevice *device, uint32_t index, const char *wanted) {
    if (strcmp(device->id, wanted) == 0) return ID;
    char *end;
    unsigned long number = strtoul(wanted, &end, 10);
    if (isdigit((unsigned char)wanted[0]) && !*end && number == index) return INDEX;
    if (strcmp(device->name, wanted) == 0) return NAME;
    return contains(device->name, wanted) ? PART_OF_NAME : NO_MATCH;
}

// @return an index; -1 with a cause
static int search(backend *b, bool inputs, const char *wanted, char cause[AUDIO_CAUSE_BYTES]) {
    int found = -1;
    match best = NO_MATCH;
    bool ambiguous = false, found_raw = false;
    for (uint32_t i = 0; i < backend_count(b, inputs); i++) {
        struct SoundIoDevice *device = backend_get(b, inputs, i);
        match this = matches(device, i, wanted);
        // A card appears twice where it can also be had raw, past the mixer: the mixed one is
        // meant.
        bool better =
            this > best || (this == best && this != NO_MATCH && found_raw && !device->is_raw);
        if (this == PART_OF_NAME && best == PART_OF_NAME && found_raw == device->is_raw)
            ambiguous = true;
        if (better) found = (int)i, found_raw = device->is_raw, ambiguous = false;
        if (this > best) best = this;
        soundio_device_unref(device);
    }
    const char *kind = inputs ? "input" : "output";
    if (found < 0)
        snprintf(cause, AUDIO_CAUSE_BYTES, "%s: no %s device `%.100s`", audio_backend_name(b->kind),
                 kind, wanted);
    else if (ambiguous)
        snprintf(cause, AUDIO_CAUSE_BYTES,
                 "%s: several %s devices match `%.100s`; use the number in --devices",
                 audio_backend_name(b->kind), kind, wanted);
    return ambiguous ? -1 : found;
}

struct SoundIoDevice *backend_find(backend *b, bool inputs, const char *wanted,
                                   char cause[AUDIO_CAUSE_BYTES]) {
    int index = wanted ? search(b, inputs, wanted, cause) : backend_default(b, inputs);
    if (index < 0) {
        if (!wanted)
            snprintf(cause, AUDIO_CAUSE_BYTES, "%s: no %s device", audio_backend_name(b->kind),
                     inputs ? "input" : "output");
        return NULL;
    }
    struct SoundIoDevice *device = backend_get(b, inputs, (uint32_t)index);
    if (device && device->probe_error) {
        snprintf(cause, AUDIO_CAUSE_BYTES, "%s: %.100s: %s", audio_backend_name(b->kind),
                 device->name, soundio_strerror(device->probe_error));
        soundio_device_unref(device);
        return NULL;
    }
    return device;
}
