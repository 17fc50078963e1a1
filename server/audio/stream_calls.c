// SPDX-License-Identifier: MIT
// stream_calls -- the audio thread: what the device calls for frames.
#include <stddef.h>

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

static void skip(struct SoundIoChannelArea *areas, int count, uint32_t frames) {
    for (int ch = 0; ch < count; ch++) areas[ch].ptr += (ptrdiff_t)frames * areas[ch].step;
}

// What the device gives room for, rendered, or silence. It is asked for all at once: JACK refuses
// to be filled in pieces. @return its frames; 0: no more
static uint32_t fill(stream *s, uint32_t wanted, bool rendered) {
    struct SoundIoChannelArea *areas;
    int frames = (int)wanted, channels = s->out->layout.channel_count;
    int error = soundio_outstream_begin_write(s->out, &areas, &frames);
    if (error || frames <= 0) {
        good(s, error);
        return 0;
    }
    for (uint32_t done = 0, count; done < (uint32_t)frames; done += count) {
        count = (uint32_t)frames - done;
        if (count > AUDIO_FRAMES_MAX) count = AUDIO_FRAMES_MAX;
        if (rendered && s->pump->inputs) joint_read(s->joint, s->pump->in, count);
        if (rendered) pump_turn(s->pump, count);
        samples_write(s->out->format, areas, (uint32_t)channels, (const float *const *)s->pump->out,
                      rendered ? s->pump->outputs : 0, count);
        skip(areas, channels, count);
    }
    return good(s, soundio_outstream_end_write(s->out)) ? (uint32_t)frames : 0;
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
    if (in && s->pump->began) s->pump->began(s->pump->user, atomic_load(&s->pump->frame));
    while (done < wanted && (count = fill(s, wanted - done, in))) done += count;
    if (!in) return;
    if (done) pump_measure(s->pump, done, began);
    ask_latency(s);
    pump_leave(s->pump);
}

// Into the joint, in as many pieces as it has room for. @param areas NULL: a hole
static void keep(stream *s, struct SoundIoChannelArea *areas, uint32_t frames) {
    int channels = s->in->layout.channel_count;
    for (uint32_t done = 0, room; done < frames; done += room) {
        room = frames - done;
        float *to = joint_begin_write(s->joint, &room);
        if (!to) {
            joint_drop(s->joint, frames - done);
            return;
        }
        samples_read(s->in->format, areas, (uint32_t)channels, to, s->joint->channels, room);
        joint_end_write(s->joint, room);
        if (areas) skip(areas, channels, room);
    }
}

void stream_read(struct SoundIoInStream *in, int frames_min, int frames_max) {
    stream *s = in->userdata;
    (void)frames_min;
    prepare_thread(s, false);
    for (int left = frames_max; left > 0;) {
        struct SoundIoChannelArea *areas;
        int frames = left;
        int error = soundio_instream_begin_read(in, &areas, &frames);
        if (error) atomic_store(&s->failed, true);
        if (error || frames <= 0) return;
        keep(s, areas, (uint32_t)frames);
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
