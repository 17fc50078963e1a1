// SPDX-License-Identifier: MIT
// stream_calls -- the audio thread: what the device calls for frames.
#include <stddef.h>

#include "audio/realtime.h"
#include "audio/samples.h"
#include "audio/stream.h"

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

static void render(stream *s, uint32_t frames) {
    if (s->source->inputs) input_ring_read(s->input_ring, s->source->in, frames);
    source_render(s->source, frames);
}

// The next frames for the device, at its rate.
static const float *const *next_frames(stream *s, uint32_t count) {
    resampler *r = &s->to_device;
    if (!r->table) {
        render(s, count);
        return (const float *const *)s->source->out;
    }
    for (uint32_t left = resampler_needs(r, count), n; left; left -= n) {
        n = left < AUDIO_FRAMES_MAX ? left : AUDIO_FRAMES_MAX;
        render(s, n);
        resampler_write(r, (const float *const *)s->source->out, n);
    }
    resampler_read(r, s->out_planes, count);
    return (const float *const *)s->out_planes;
}

// How many frames are rendered for so many of the device's.
static uint32_t to_render(const stream *s, uint32_t frames) {
    return s->to_device.table ? resampler_needs(&s->to_device, frames) : frames;
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
        const float *const *from = rendered ? next_frames(s, count) : NULL;
        samples_write(s->out->format, areas, (uint32_t)channels, from,
                      rendered ? s->source->outputs : 0, count);
        skip(areas, channels, count);
    }
    return good(s, soundio_outstream_end_write(s->out)) ? (uint32_t)frames : 0;
}

static void ask_latency(stream *s) {
    uint64_t calls = atomic_load_explicit(&s->source->meter.calls, memory_order_relaxed);
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
    bool in = source_enter(s->source, DRIVER_DEVICE);
    uint32_t rendered = in ? to_render(s, wanted) : 0;
    int64_t began = in ? source_time(s->source, rendered) : 0;
    if (in && s->source->began) s->source->began(s->source->user, atomic_load(&s->source->frame));
    while (done < wanted && (count = fill(s, wanted - done, in))) done += count;
    if (!in) return;
    if (done && rendered) source_measure(s->source, rendered, began);
    ask_latency(s);
    source_leave(s->source);
}

// Into the input ring, in as many pieces as it has room for. @param areas NULL: a hole
static void keep(stream *s, struct SoundIoChannelArea *areas, uint32_t frames) {
    int channels = s->in->layout.channel_count;
    for (uint32_t done = 0, room; done < frames; done += room) {
        room = frames - done;
        float *to = input_ring_begin_write(s->input_ring, &room);
        if (!to) {
            input_ring_drop(s->input_ring, frames - done);
            return;
        }
        samples_read(s->in->format, areas, (uint32_t)channels, to, s->input_ring->channels, room);
        input_ring_end_write(s->input_ring, room);
        if (areas) skip(areas, channels, room);
    }
}

static void interleave(float *to, float *const *from, uint32_t channels, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++)
        for (uint32_t c = 0; c < channels; c++) *to++ = from[c][t];
}

static void into_ring(stream *s, uint32_t frames) {
    for (uint32_t done = 0, room; done < frames; done += room) {
        float *part[AUDIO_CHANNELS_MAX];
        room = frames - done;
        float *to = input_ring_begin_write(s->input_ring, &room);
        if (!to) {
            input_ring_drop(s->input_ring, frames - done);
            return;
        }
        for (uint32_t c = 0; c < s->input_ring->channels; c++) part[c] = s->in_planes[c] + done;
        interleave(to, part, s->input_ring->channels, room);
        input_ring_end_write(s->input_ring, room);
    }
}

// The same, from the device's rate to the source's.
static void keep_resampled(stream *s, struct SoundIoChannelArea *areas, uint32_t frames) {
    int channels = s->in->layout.channel_count;
    uint32_t ours = s->input_ring->channels, most = RESAMPLED_FRAMES_MAX;
    resampler *r = &s->from_device;
    for (uint32_t done = 0, n; done < frames; done += n) {
        n = frames - done < most ? frames - done : most;
        samples_read(s->in->format, areas, (uint32_t)channels, s->in_frames, ours, n);
        for (uint32_t c = 0; c < ours; c++)
            for (uint32_t t = 0; t < n; t++) s->in_planes[c][t] = s->in_frames[t * ours + c];
        resampler_write(r, (const float *const *)s->in_planes, n);
        for (uint32_t ready; (ready = resampler_ready(r)) > 0;) {
            if (ready > AUDIO_FRAMES_MAX) ready = AUDIO_FRAMES_MAX;
            resampler_read(r, s->in_planes, ready);
            into_ring(s, ready);
        }
        if (areas) skip(areas, channels, n);
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
        if (s->from_device.table) keep_resampled(s, areas, (uint32_t)frames);
        else keep(s, areas, (uint32_t)frames);
        if (soundio_instream_end_read(in)) return;
        left -= frames;
    }
}

// On JACK these come from other threads than those of sound.
void stream_underflow(struct SoundIoOutStream *out) {
    stream *s = out->userdata;
    atomic_fetch_add_explicit(&s->counts->xruns, 1, memory_order_relaxed);
}

void stream_overflow(struct SoundIoInStream *in) {
    (void)in;
} // the input ring sees it, and repairs

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
