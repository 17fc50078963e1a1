// SPDX-License-Identifier: MIT
// audio -- sound out and in through libsoundio: devices, one stream that survives their loss, its
// clock and its meters.
//
// Roles, named at each function:
//   CONTROL  one thread, the same for all; may block for as long as is said
//   ANY      any thread at any time; wait-free
//   AUDIO    what the server gives to be called while sound is made: nothing there may lock,
//            allocate, log, or call the system
//
// Frames are counted from audio_start and never go back. There is always somebody who asks for
// them: the device, or, while it is lost (jackd killed, card unplugged, no call for
// AUDIO_STALL_SECONDS), a thread of ours at the same rate by the monotonic clock, whose sound goes
// nowhere. So notes go on, envelopes end, timed events take effect and `/sync` is answered while
// there is no device; when it comes back it is faded in. Never two ask at once.
//
// The lost device is looked for again after 0.25 s, then 0.5 s, 1 s, 2 s, 4 s, 4 s ...: the one
// that was named, else the default, of the same backend.
#ifndef AUDIO_H
#define AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/clock.h"

#define AUDIO_CHANNELS_MAX 24 ///< of a stream; libsoundio's limit
#define AUDIO_FRAMES_MAX 1024 ///< asked of a render at a time; a longer period comes in pieces
#define AUDIO_DEVICES_MAX 128 ///< listed of a backend
#define AUDIO_STALL_SECONDS 2 ///< without a call from the device it counts as lost
#define AUDIO_RATE_MIN 8000   ///< as the engine's
#define AUDIO_RATE_MAX 384000
#define AUDIO_CAUSE_BYTES 256 ///< of a line that says what is wrong

// ---- devices -----------------------------------------------------------------------------------

typedef enum {
    AUDIO_AUTO, ///< jack, pulse, alsa, coreaudio, wasapi, in this order: the first that opens;
                ///< never dummy
    AUDIO_JACK,
    AUDIO_PULSE,
    AUDIO_ALSA,
    AUDIO_COREAUDIO,
    AUDIO_WASAPI,
    AUDIO_DUMMY, ///< no sound; its rate is right only roughly
    AUDIO_BACKEND_COUNT,
} audio_backend;

/// "auto", "jack", "pulse" ...
const char *audio_backend_name(audio_backend backend);
/// @return false if there is none of that name
bool audio_backend_find(const char *name, audio_backend *backend);
/// Whether libsoundio was built with it.
bool audio_backend_built(audio_backend backend);

typedef struct {
    audio_backend backend;
    const char *id;   ///< what the backend calls it; stays the same
    const char *name; ///< for people
    bool is_input, is_default, is_raw;
    uint32_t index;        ///< among those of its backend and direction, as listed
    uint32_t channels_max; ///< 0: not known, as all below
    uint32_t rate_min, rate_max, rate_current;
    double latency_min, latency_max; ///< seconds
    const char *problem;             ///< why it could not be asked; "" if it could
} audio_device;

typedef struct {
    audio_device *devices;
    size_t count;
    /// Of each backend: "" if it answered, else why not.
    char problems[AUDIO_BACKEND_COUNT][AUDIO_CAUSE_BYTES];
} audio_device_list;

/// CONTROL. Asks one backend, or for AUDIO_AUTO all that are built. May take a second. @return NULL
/// without memory
audio_device_list *audio_devices(audio_backend backend);
void audio_devices_free(audio_device_list *list);

// ---- the stream --------------------------------------------------------------------------------

/// AUDIO. Makes the next `frames` frames, 1..AUDIO_FRAMES_MAX.
/// @param in `inputs` pointers; never NULL where there are inputs: silence where the device gives
/// none
/// @param out `outputs` pointers, to be written
typedef void audio_render(void *user, const float *const *in, float *const *out, uint32_t frames);
/// AUDIO. What goes to the device (guarded, faded) right after it was rendered, on the same thread.
/// To record from.
typedef void audio_heard(void *user, const float *const *out, uint32_t frames);

/// AUDIO. The device begins to ask for sound, of which `frame` is the first.
typedef void audio_began(void *user, uint64_t frame);

typedef struct {
    audio_backend backend;
    const char *device; ///< id, name, or index in digits; NULL: the backend's default. Exact, else
                        ///< a unique part of the name without regard to case
    const char *input_device; ///< the same for input; NULL: default
    const char *name;         ///< of the program, to sound servers; NULL: "megasynth"
    uint32_t rate;            ///< 0: the device's own, else 48000
    double latency_seconds;   ///< 0: 0.01. JACK has its own
    uint32_t inputs;          ///< 0..24; 0: no input is opened
    uint32_t outputs; ///< 1..24; 0: 2. A device with fewer gets the first of them, one with more is
                      ///< silent there
    bool no_ceiling;  ///< leaves out the soft ceiling of guard.h
    bool no_realtime; ///< does not ask for real-time priority
    audio_render *render;
    audio_heard *heard; ///< may be NULL
    audio_began *began; ///< may be NULL
    void (*runs)(
        void *user); ///< may be NULL. A thread of audio's, 50 times a second while the device
                     ///< runs: what else wants to be a client of its server may begin now
    void (*lost)(void *user); ///< may be NULL. The same thread: the device is lost, and what else
                              ///< is a client of its server must end before it is looked for again
    void *user;               ///< of all of these
} audio_options;

typedef struct audio audio;

/// CONTROL. Finds and opens the device; nothing is rendered before audio_start. May take seconds.
/// Here, and not at start, so that the rate is known to what is built for it.
/// @param cause receives one line, such as "jack: the server is not running"
/// @return NULL with a cause
audio *audio_open(const audio_options *options, char cause[AUDIO_CAUSE_BYTES]);
/// Frames a second; stays so for good: to and from a device that comes back with another rate,
/// sound is resampled.
uint32_t audio_rate(const audio *a);

/// CONTROL. Begins to render. @return false with a cause
bool audio_start(audio *a, char cause[AUDIO_CAUSE_BYTES]);

/// ANY. Fades out in 20 ms and stays silent; render goes on being called. To be followed by
/// audio_close.
void audio_fade_out(audio *a);
/// ANY. Whether the silence after audio_fade_out has reached the device (true at once while it is
/// lost).
bool audio_faded(const audio *a);
/// CONTROL. Stops, waiting up to 0.5 s for a fade out, and frees. NULL is allowed.
void audio_close(audio *a);

/// ANY. Silence within 64 frames, held for 50 ms (in which `mega_panic` does its work), then faded
/// in.
void audio_panic(audio *a);

/// Any thread but the audio side's. Returns when every render that began before this call has
/// ended: what the audio side can no longer find may then be freed. Waits for the length of one
/// render at most; returns at once if none is under way.
void audio_synchronize(audio *a);

/// ANY. Frame <-> monotonic nanoseconds, as of now.
clock_reading audio_clock(const audio *a);

typedef enum {
    AUDIO_OPENED,  ///< not started
    AUDIO_RUNNING, ///< the device asks
    AUDIO_LOST,    ///< the thread of ours asks, the device is looked for
    AUDIO_CLOSED,
} audio_state;

/// "opened", "running", "lost", "closed".
const char *audio_state_name(audio_state state);

typedef enum {
    REALTIME_UNKNOWN,
    REALTIME_TAKEN,
    REALTIME_REFUSED,
    REALTIME_NOT_ASKED
} audio_realtime;

/// Counts are since audio_start. "_peak" is the highest since the last audio_status_get.
typedef struct {
    audio_state state;
    uint64_t frame;   ///< next to be rendered
    uint64_t calls;   ///< of the device
    double load_mean; ///< time in render / time rendered: of about the last second
    double load_peak;
    uint32_t call_frames; ///< asked in the last call; JACK: the period
    uint64_t xruns;       ///< told by the device
    uint64_t late;        ///< calls that took longer than what they rendered lasts
    uint64_t losses;      ///< of the device
    uint64_t reopened;
    uint64_t input_dropped;  ///< frames left out since the input ran ahead of the output
    uint64_t input_repaired; ///< frames of silence since it ran behind
    uint64_t not_finite;     ///< output samples that were NaN or infinite, and silenced
    uint64_t over;    ///< output samples that the ceiling bent, or that are above 1 without it
    float level_peak; ///< of the output, after the guard
    audio_realtime realtime;
    int realtime_priority;         ///< where taken
    uint32_t input_latency_frames; ///< of the ring that joins input to output
    double output_latency_seconds; ///< as the backend tells it
} audio_status;

/// CONTROL. The peaks begin anew.
audio_status audio_status_get(audio *a);

/// What there is to say of the stream; texts live as long as it. CONTROL.
typedef struct {
    audio_backend backend;
    char id[256], name[256]; ///< of the output device
    char input_name[256];    ///< "" without
    uint32_t rate, inputs, outputs;
    uint32_t device_inputs, device_outputs; ///< channels of the device in use
    const char *format, *input_format;      ///< "float 32-bit" ...
} audio_description;
audio_description audio_describe(audio *a);

/// Something that happened, for the log. CONTROL; call it every 100 ms or so until it returns
/// false.
typedef enum {
    AUDIO_NOTICE_LOST,        ///< text: why
    AUDIO_NOTICE_RETRY,       ///< text: why not; only when it is another reason than the last
    AUDIO_NOTICE_BACK,        ///< text: which device
    AUDIO_NOTICE_NO_REALTIME, ///< text: what was refused and what to do; a warning
} audio_notice_kind;
typedef struct {
    audio_notice_kind kind;
    uint64_t frame;
    char text[AUDIO_CAUSE_BYTES];
} audio_notice;
bool audio_next_notice(audio *a, audio_notice *notice);

// ---- of the process ----------------------------------------------------------------------------

/// CONTROL, once, before threads. Locks memory as it comes to be used (mlockall with ONFAULT:
/// without it a large reservation would be filled at once). @return false with a cause: a warning,
/// not an error
bool audio_lock_memory(char cause[AUDIO_CAUSE_BYTES]);

/// For `doctor`: what this process may do. Lines for people go in `advice`, "" if all is well.
typedef struct {
    int priority_max;        ///< real-time priority that may be taken; 0: none
    uint64_t lock_bytes_max; ///< memory that may be locked; UINT64_MAX: all
    bool in_audio_group;
    char advice[512];
} audio_rights;
audio_rights audio_rights_get(void);

#endif
