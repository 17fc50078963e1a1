// SPDX-License-Identifier: MIT
// backend -- a connection to one of libsoundio's backends, and the devices there.
#ifndef BACKEND_H
#define BACKEND_H

#include <soundio/soundio.h>

#include "audio/audio.h"

typedef struct {
    struct SoundIo *soundio;
    audio_backend kind;
    atomic_bool gone; ///< it said that it has gone
} backend;

/// @param name of the program; must stay. @return false with a cause; nothing is then to be closed
bool backend_connect(backend *b, audio_backend kind, const char *name,
                     char cause[AUDIO_CAUSE_BYTES]);
/// NULL inside is allowed.
void backend_close(backend *b);

/// How many inputs or outputs there are.
uint32_t backend_count(backend *b, bool inputs);
/// One of them, to be given to soundio_device_unref.
struct SoundIoDevice *backend_get(backend *b, bool inputs, uint32_t index);
/// -1: none.
int backend_default(backend *b, bool inputs);
/// By id, index, name, part of a name; NULL: the default. @return as backend_get; NULL with a cause
struct SoundIoDevice *backend_find(backend *b, bool inputs, const char *wanted,
                                   char cause[AUDIO_CAUSE_BYTES]);

#endif
