// SPDX-License-Identifier: MIT
// stream -- opening and closing; see stream.h.
#include "audio/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/samples.h"

#define LATENCY_SECONDS 0.01 // unless told
#define RATE 48000           // where the device has none of its own

// ---- what to ask for ---------------------------------------------------------------------------

static bool uses(const struct SoundIoChannelLayout *layout, enum SoundIoChannelId id) {
    return soundio_channel_layout_find_channel(layout, id) >= 0;
}

// JACK gives as many ports as wanted. The first carry the names of the device's, by which
// libsoundio connects them; the others take names that are not in use, from "Aux 0" on.
static struct SoundIoChannelLayout ports(const struct SoundIoDevice *device, uint32_t channels) {
    struct SoundIoChannelLayout layout = {.name = NULL};
    const struct SoundIoChannelLayout *own = &device->current_layout;
    if (device->layout_count > 0) own = &device->layouts[0];
    for (int i = 0; i < own->channel_count && layout.channel_count < (int)channels; i++)
        layout.channels[layout.channel_count++] = own->channels[i];
    int id = SoundIoChannelIdAux0;
    while (layout.channel_count < (int)channels) {
        if (!uses(&layout, (enum SoundIoChannelId)id))
            layout.channels[layout.channel_count++] = (enum SoundIoChannelId)id;
        id = id == SoundIoChannelIdAux15 ? SoundIoChannelIdFrontLeft : id + 1;
    }
    return layout;
}

// As many channels as wanted, else the next more, else as many as there are.
static struct SoundIoChannelLayout nearest(const struct SoundIoDevice *device, uint32_t channels) {
    const struct SoundIoChannelLayout *best = soundio_channel_layout_get_default((int)channels);
    if (best && soundio_device_supports_layout((struct SoundIoDevice *)device, best)) return *best;
    best = &device->current_layout;
    for (int i = 0; i < device->layout_count; i++) {
        int this = device->layouts[i].channel_count, held = best->channel_count;
        bool enough = this >= (int)channels, had = held >= (int)channels;
        if (i == 0 || (enough && !had) || (enough && this < held) || (!had && this > held))
            best = &device->layouts[i];
    }
    return *best;
}

static struct SoundIoChannelLayout choose_layout(const stream *s, struct SoundIoDevice *device,
                                                 uint32_t channels) {
    return s->backend.kind == AUDIO_JACK ? ports(device, channels) : nearest(device, channels);
}

static enum SoundIoFormat choose_format(struct SoundIoDevice *device) {
    const enum SoundIoFormat *format = samples_formats;
    while (*format != SoundIoFormatInvalid && !soundio_device_supports_format(device, *format))
        format++;
    return *format;
}

static bool fail(const stream *s, char cause[AUDIO_CAUSE_BYTES], const char *device,
                 const char *what) {
    snprintf(cause, AUDIO_CAUSE_BYTES, "%s: %.80s: %s", audio_backend_name(s->backend.kind), device,
             what);
    return false;
}

// A rate that the device has not is refused: libsoundio would play at another pitch.
static bool choose_rate(const stream *s, uint32_t wanted, uint32_t *rate,
                        char cause[AUDIO_CAUSE_BYTES]) {
    struct SoundIoDevice *device = s->device;
    int rate_now = device->sample_rate_current;
    *rate = wanted         ? wanted
            : rate_now > 0 ? (uint32_t)rate_now
                           : (uint32_t)soundio_device_nearest_sample_rate(device, RATE);
    char text[96];
    if (*rate < AUDIO_RATE_MIN || *rate > AUDIO_RATE_MAX) {
        snprintf(text, sizeof text, "sample rate %u is out of range; it must be %d..%d", *rate,
                 AUDIO_RATE_MIN, AUDIO_RATE_MAX);
        return fail(s, cause, device->name, text);
    }
    if (soundio_device_supports_sample_rate(device, (int)*rate)) return true;
    int near = soundio_device_nearest_sample_rate(device, (int)*rate);
    snprintf(text, sizeof text, "does not support sample rate %u, but %d", *rate, near);
    return fail(s, cause, device->name, text);
}

// The rate of a device that comes back: the source's where it can, else the nearest that it has.
static uint32_t device_rate(struct SoundIoDevice *device, uint32_t rate) {
    if (soundio_device_supports_sample_rate(device, (int)rate)) return rate;
    return (uint32_t)soundio_device_nearest_sample_rate(device, (int)rate);
}

// ---- opening -----------------------------------------------------------------------------------

static bool open_output(stream *s, const audio_options *options, uint32_t rate,
                        char cause[AUDIO_CAUSE_BYTES]) {
    struct SoundIoOutStream *out = s->out = soundio_outstream_create(s->device);
    if (!out) return fail(s, cause, s->device->name, "out of memory");
    out->userdata = s;
    out->name = s->name;
    out->write_callback = stream_write;
    out->underflow_callback = stream_underflow;
    out->error_callback = stream_out_error;
    out->sample_rate = (int)rate;
    out->format = choose_format(s->device);
    out->layout = choose_layout(s, s->device, options->outputs);
    out->software_latency = options->latency_seconds;
    if (out->format == SoundIoFormatInvalid)
        return fail(s, cause, s->device->name, "none of its sample formats is supported");
    int error = soundio_outstream_open(out);
    if (error) return fail(s, cause, s->device->name, soundio_strerror(error));
    if (out->sample_rate != (int)rate)
        return fail(s, cause, s->device->name,
                    "it opened with a different sample rate than requested");
    uint32_t own = s->device->layout_count ? (uint32_t)s->device->layouts[0].channel_count : 0;
    s->device_outputs = s->backend.kind == AUDIO_JACK ? own : (uint32_t)out->layout.channel_count;
    return true;
}

// @param any_rate whether another rate than `rate`, the source's, is resampled
static bool open_input(stream *s, const audio_options *options, uint32_t rate, bool any_rate,
                       char cause[AUDIO_CAUSE_BYTES]) {
    s->input_device = backend_find(&s->backend, true, options->input_device, cause);
    if (!s->input_device) return false;
    struct SoundIoInStream *in = s->in = soundio_instream_create(s->input_device);
    if (!in) return fail(s, cause, s->input_device->name, "out of memory");
    in->userdata = s;
    in->name = s->input_name;
    in->read_callback = stream_read;
    in->overflow_callback = stream_overflow;
    in->error_callback = stream_in_error;
    uint32_t asked = any_rate ? device_rate(s->input_device, rate) : rate;
    in->sample_rate = (int)asked;
    in->format = choose_format(s->input_device);
    in->layout = choose_layout(s, s->input_device, options->inputs);
    in->software_latency = options->latency_seconds;
    if (in->format == SoundIoFormatInvalid)
        return fail(s, cause, s->input_device->name, "none of its sample formats is supported");
    if (!soundio_device_supports_sample_rate(s->input_device, (int)asked))
        return fail(s, cause, s->input_device->name, "its sample rate differs from the output's");
    int error = soundio_instream_open(in);
    if (error) return fail(s, cause, s->input_device->name, soundio_strerror(error));
    uint32_t own =
        s->input_device->layout_count ? (uint32_t)s->input_device->layouts[0].channel_count : 0;
    s->device_inputs = s->backend.kind == AUDIO_JACK ? own : (uint32_t)in->layout.channel_count;
    // Two buffers of the longer kind: one being filled, one being played.
    double seconds = in->software_latency > s->out->software_latency ? in->software_latency
                                                                     : s->out->software_latency;
    if (!input_ring_reset(s->input_ring, (uint32_t)(2 * seconds * rate + 0.5)))
        return fail(s, cause, s->input_device->name, "out of memory");
    return true;
}

// ---- another rate ------------------------------------------------------------------------------

static float *lay_planes(float *at, float **planes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++, at += AUDIO_FRAMES_MAX) planes[i] = at;
    return at;
}

static bool resample(stream *s, const audio_options *options, uint32_t rate,
                     char cause[AUDIO_CAUSE_BYTES]) {
    uint32_t out = (uint32_t)s->out->sample_rate, in = s->in ? (uint32_t)s->in->sample_rate : rate;
    if (out == rate && in == rate) return true;
    s->planes = calloc((size_t)(options->outputs + 2 * options->inputs) * AUDIO_FRAMES_MAX,
                       sizeof *s->planes);
    bool good = s->planes != NULL;
    if (good)
        s->in_frames = lay_planes(lay_planes(s->planes, s->out_planes, options->outputs),
                                  s->in_planes, options->inputs);
    if (good && out != rate)
        good = resampler_init(&s->to_device, options->outputs, rate, out, AUDIO_FRAMES_MAX);
    if (good && in != rate)
        good = resampler_init(&s->from_device, options->inputs, in, rate, RESAMPLED_FRAMES_MAX);
    return good || fail(s, cause, s->device->name, "out of memory");
}

bool stream_open(stream *s, const audio_options *options, uint32_t rate,
                 char cause[AUDIO_CAUSE_BYTES]) {
    static atomic_uint opened;
    *s = (stream){.source = s->source, .input_ring = s->input_ring, .counts = s->counts};
    s->number = atomic_fetch_add(&opened, 1) + 1;
    s->opener = pthread_self();
    s->realtime_wanted = !options->no_realtime;
    snprintf(s->name, sizeof s->name, "%.60s", options->name);
    snprintf(s->input_name, sizeof s->input_name, "%.60s-in", options->name);
    snprintf(s->app_name, sizeof s->app_name,
             options->backend == AUDIO_JACK ? "%.60s-devices" : "%.60s", options->name);
    audio_options full = *options;
    if (full.latency_seconds <= 0) full.latency_seconds = LATENCY_SECONDS;
    if (!backend_connect(&s->backend, options->backend, s->app_name, cause)) return false;
    s->device = backend_find(&s->backend, false, options->device, cause);
    uint32_t asked = s->device && rate ? device_rate(s->device, rate) : options->rate;
    if (s->device && choose_rate(s, asked, &asked, cause) && open_output(s, &full, asked, cause) &&
        (!options->inputs || open_input(s, &full, rate ? rate : asked, rate != 0, cause)) &&
        resample(s, options, rate ? rate : asked, cause))
        return true;
    stream_close(s);
    return false;
}

bool stream_start(stream *s, char cause[AUDIO_CAUSE_BYTES]) {
    int error = s->in ? soundio_instream_start(s->in) : 0;
    if (error) return fail(s, cause, s->input_device->name, soundio_strerror(error));
    error = soundio_outstream_start(s->out);
    if (error) return fail(s, cause, s->device->name, soundio_strerror(error));
    return true;
}

void stream_close(stream *s) {
    if (s->in) soundio_instream_destroy(s->in);
    if (s->out) soundio_outstream_destroy(s->out);
    if (s->input_device) soundio_device_unref(s->input_device);
    if (s->device) soundio_device_unref(s->device);
    backend_close(&s->backend);
    s->in = NULL, s->out = NULL, s->device = s->input_device = NULL;
    resampler_finish(&s->to_device);
    resampler_finish(&s->from_device);
    free(s->planes);
    s->planes = NULL;
}

bool stream_alive(stream *s) {
    // JACK tells of its end in the stream, and each look at its devices leaks (see backend.c).
    if (s->backend.kind != AUDIO_JACK) soundio_flush_events(s->backend.soundio);
    return !atomic_load(&s->failed) && !atomic_load(&s->backend.gone);
}
