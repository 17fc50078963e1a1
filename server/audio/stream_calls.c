// SPDX-License-Identifier: MIT
// stream_calls -- the audio thread: what the device calls for frames.
#include <string.h>

#include "realtime.h"
#include "samples.h"
#include "stream.h"

#define LATENCY_ASKED_EVERY 128 // calls: some backends ask the kernel for it

// A thread sets itself up in its first call. PulseAudio makes the first call on the thread that
// starts the stream, which is not meant to become one of sound.
static void prepare_thread(stream *s, bool is_output) {
    static _Thread_local unsigned prepared;
    if (prepared == s->number || pthread_equal(pthread_self(), s->opener)) return;
    prepared = s->number;
    realtime_flush_denormals();
    if (!s->realtime_wanted) return;
    int priority = 0;
    audio_realtime realtime = realtime_take(&priority);
    if (!is_output) return;
    atomic_store(&s->counts->priority, priority);
    atomic_store(&s->counts->realtime, (int)realtime);
}

// @return whether to go on writing
static bool good(stream *s, int error) {
    if (!error) return true;
    if (error == SoundIoErrorUnderflow)
        atomic_fetch_add_explicit(&s->counts->xruns, 1, memory_order_relaxed);
    else atomic_store(&s->failed, true);
    return error == SoundIoErrorUnderflow;
}

// The next piece: what the device gives room for, rendered, or silence. @return its frames; 0: no
// more
static uint32_t piece(stream *s, uint32_t wanted, bool rendered) {
    struct SoundIoChannelArea *areas;
    int frames = wanted < AUDIO_FRAMES_MAX ? (int)wanted : AUDIO_FRAMES_MAX;
    int error = soundio_outstream_begin_write(s->out, &areas, &frames);
    if (error || frames <= 0) {
        good(s, error);
        return 0;
    }
    uint32_t count = (uint32_t)frames;
    if (rendered) {
        if (s->pump->inputs) joint_read(s->joint, s->pump->in, count);
        pump_turn(s->pump, count);
    }
    samples_write(s->out->format, areas, (uint32_t)s->out->layout.channel_count,
                  (const float *const *)s->pump->out, rendered ? s->pump->outputs : 0, count);
    return good(s, soundio_outstream_end_write(s->out)) ? count : 0;
}

static void ask_latency(stream *s) {
    uint64_t calls = atomic_load_explicit(&s->pump->meter.calls, memory_order_relaxed);
    double seconds;
    if (calls % LATENCY_ASKED_EVERY != LATENCY_ASKED_EVERY / 2) return;
    if (soundio_outstream_get_latency(s->out, &seconds)) return;
    atomic_store_explicit(&s->counts->output_latency_us, (uint32_t)(seconds * 1e6),
                          memory_order_relaxed);
}

void stream_write(struct SoundIoOutStream *out, int frames_min, int frames_max) {
    stream *s = out->userdata;
    (void)frames_min; // all that there is room for: the latency asked for is the size of the buffer
    prepare_thread(s, true);
    uint32_t wanted = frames_max > 0 ? (uint32_t)frames_max : 0, done = 0, count;
    if (!wanted) return;
    bool in = pump_enter(s->pump, PUMP_DEVICE);
    int64_t began = in ? pump_time(s->pump, wanted) : 0;
    while (done < wanted && (count = piece(s, wanted - done, in))) done += count;
    if (!in) return;
    if (done) pump_measure(s->pump, done, began);
    ask_latency(s);
    pump_leave(s->pump);
}

void stream_read(struct SoundIoInStream *in, int frames_min, int frames_max) {
    stream *s = in->userdata;
    joint *j = s->joint;
    (void)frames_min;
    prepare_thread(s, false);
    for (int left = frames_max; left > 0;) {
        struct SoundIoChannelArea *areas;
        uint32_t room = (uint32_t)left;
        float *to = joint_begin_write(j, &room);
        int frames = to ? (int)room : left;
        int error = soundio_instream_begin_read(in, &areas, &frames);
        if (error) atomic_store(&s->failed, true);
        if (error || frames <= 0) return;
        if (to) {
            samples_read(in->format, areas, (uint32_t)in->layout.channel_count, to, j->channels,
                         (uint32_t)frames);
            joint_end_write(j, (uint32_t)frames);
        } else {
            joint_drop(j, (uint32_t)frames);
        }
        if (soundio_instream_end_read(in)) return;
        left -= frames;
    }
}

// On JACK these come from other threads than those of sound.
void stream_underflow(struct SoundIoOutStream *out) {
    stream *s = out->userdata;
    atomic_fetch_add_explicit(&s->counts->xruns, 1, memory_order_relaxed);
}

void stream_overflow(struct SoundIoInStream *in) { (void)in; } // the joint sees it, and repairs

void stream_out_error(struct SoundIoOutStream *out, int error) {
    stream *s = out->userdata;
    (void)error; // always SoundIoErrorStreaming
    atomic_store(&s->failed, true);
}

void stream_in_error(struct SoundIoInStream *in, int error) {
    stream *s = in->userdata;
    (void)error;
    atomic_store(&s->failed, true);
}
