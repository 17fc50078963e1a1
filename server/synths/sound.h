// SPDX-License-Identifier: MIT
// sound -- joins the device (audio/) to the mixer, and says which frame is when. Loop only, but for
// what says otherwise.
#ifndef SOUND_H
#define SOUND_H

#include "audio/audio.h"
#include "base/server.h"
#include "record/record.h"

/// Who else needs to know of the device.
typedef struct {
    void (*began)(server *s, uint64_t frame); ///< AUDIO: it asks for sound, `frame` is the first
    void (*runs)(server *s, bool is_jack);    ///< on the thread that watches it
    void (*lost)(server *s);                  ///< the same
} device_watch;

/// Opens the device; nothing sounds yet. @param watch NULL: nobody; kept @return NULL with a cause
sound *sound_open(server *s, const device_watch *watch, char cause[AUDIO_CAUSE_BYTES]);
bool sound_start(sound *s, char cause[AUDIO_CAUSE_BYTES]);
void sound_close(sound *s);
audio *sound_audio(sound *s);
uint32_t sound_rate(const sound *s);
uint32_t sound_inputs(const sound *s);
uint32_t sound_outputs(const sound *s);

/// The first frame that what is done now can affect. Any thread.
uint64_t sound_frame(const sound *s);
/// A frame that no block begins before within the next call of the device: for what must come
/// together. Any thread.
uint64_t sound_frame_ahead(const sound *s);
/// The frame that falls due at a monotonic time; negative: before the first.
int64_t sound_frame_of(const sound *s, int64_t mono_ns);
int64_t sound_mono_of_ntp(const sound *s, uint64_t ntp);
/// For `/clock`.
json_t *sound_clock(const sound *s);
/// To be called about every 100 ms: the wall clock, and what the device has to say.
void sound_tick(sound *s);

/// What is heard goes into this recording, too: place 0..limit_recordings_max-1. NULL takes it out:
/// audio_synchronize before it is stopped.
void sound_record(sound *s, int place, recorder *r);

#endif
