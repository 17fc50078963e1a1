// SPDX-License-Identifier: MIT
#include "synths/sound.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/trace.h"
#include "clients/session.h"
#include "synths/mixer.h"

struct sound {
    server *server;
    const device_watch *watch;
    audio *audio;
    wall_clock wall;
    uint32_t inputs, outputs;
    uint64_t wall_updated_ns;
    _Atomic(recorder *) recorders[limit_recordings_max];
};

static void render(void *user, const float *const *in, float *const *out, uint32_t frames) {
    mixer *m = ((sound *)user)->server->mixer;
    if (!trace_on()) {
        mixer_render(m, in, out, frames);
        return;
    }
    uint64_t began = now_ns(), frame = mixer_frame(m);
    mixer_render(m, in, out, frames);
    trace_render(began, now_ns(), frame, frames);
}

static void heard(void *user, const float *const *out, uint32_t frames) {
    for (int i = 0; i < limit_recordings_max; i++) {
        recorder *r = atomic_load(&((sound *)user)->recorders[i]);
        if (r) record_write(r, out, frames);
    }
}

static void began(void *user, uint64_t frame) {
    const sound *s = user;
    s->watch->began(s->server, frame);
}

static void runs(void *user) {
    const sound *s = user;
    s->watch->runs(s->server, audio_describe(s->audio).backend == AUDIO_JACK);
}

static void lost(void *user) {
    const sound *s = user;
    s->watch->lost(s->server);
}

sound *sound_open(server *of, const device_watch *watch, char cause[AUDIO_CAUSE_BYTES]) {
    sound *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    audio_options wanted = of->options->audio;
    wanted.render = render;
    wanted.heard = heard;
    if (watch) {
        wanted.began = began;
        wanted.runs = runs;
        wanted.lost = lost;
    }
    wanted.user = s;
    s->server = of;
    s->watch = watch;
    s->inputs = wanted.inputs;
    s->outputs = wanted.outputs ? wanted.outputs : 2;
    s->audio = audio_open(&wanted, cause);
    if (!s->audio) {
        free(s);
        return NULL;
    }
    wall_clock_init(&s->wall);
    return s;
}

bool sound_start(sound *s, char cause[AUDIO_CAUSE_BYTES]) { return audio_start(s->audio, cause); }

void sound_close(sound *s) {
    if (!s) return;
    audio_close(s->audio);
    free(s);
}

audio *sound_audio(sound *s) { return s->audio; }
uint32_t sound_rate(const sound *s) { return audio_rate(s->audio); }
uint32_t sound_inputs(const sound *s) { return s->inputs; }
uint32_t sound_outputs(const sound *s) { return s->outputs; }

// ---- time -------------------------------------------------------------------------------------

static uint64_t to_grid(uint64_t frame) {
    return (frame + MIXER_SLICE_FRAMES - 1) / MIXER_SLICE_FRAMES * MIXER_SLICE_FRAMES;
}

uint64_t sound_frame(const sound *s) {
    uint64_t frame = to_grid(mixer_frame(s->server->mixer));
    return frame ? frame : MIXER_SLICE_FRAMES; // 0 means that nothing is affected
}

uint64_t sound_frame_ahead(const sound *s) {
    mixer *m = s->server->mixer;
    return to_grid(mixer_frame(m) + mixer_call_frames(m)) + MIXER_SLICE_FRAMES;
}

int64_t sound_frame_of(const sound *s, int64_t mono_ns) {
    clock_reading now = audio_clock(s->audio);
    return clock_signed_frame_of_ns(&now, mono_ns);
}

int64_t sound_mono_of_ntp(const sound *s, uint64_t ntp) {
    return wall_clock_mono_of_ntp(&s->wall, ntp, clock_mono_ns());
}

json_t *sound_clock(const sound *s) {
    clock_reading now = audio_clock(s->audio);
    int64_t ns = clock_mono_ns();
    uint64_t ntp = wall_clock_ntp_of_mono(&s->wall, ns);
    return json_pack("{s:I, s:I, s:f, s:I, s:I, s:i, s:f}", "frame",
                     (json_int_t)clock_frame_of_ns(&now, ns), "mono_ns", (json_int_t)ns, "ntp",
                     (double)ntp / 4294967296.0, "ntp_seconds", (json_int_t)(ntp >> 32),
                     "ntp_fraction", (json_int_t)(ntp & UINT32_MAX), "rate", (int)sound_rate(s),
                     "rate_measured", clock_rate(&now));
}

// ---- what the device has to say ---------------------------------------------------------------

static void tell(sound *s, const audio_notice *n) {
    static const char *const events[] = {"lost", "retry", "back", "no-realtime"};
    char event[40];
    snprintf(event, sizeof event, "device.%s", events[n->kind]);
    log_line(n->kind == AUDIO_NOTICE_BACK ? LOG_INFO : LOG_WARNING, event, "%s", n->text);
    notice_send(s->server, TOPIC_device,
                json_pack("{s:s, s:s*, s:I}", "event", events[n->kind], "message", n->text, "frame",
                          (json_int_t)n->frame));
}

void sound_tick(sound *s) {
    audio_notice notice;
    while (audio_next_notice(s->audio, &notice)) tell(s, &notice);
    uint64_t now = now_ns();
    if (now - s->wall_updated_ns < 1000000000) return;
    wall_clock_update(&s->wall);
    s->wall_updated_ns = now;
}

// ---- recordings -------------------------------------------------------------------------------

void sound_record(sound *s, int place, recorder *r) { atomic_store(&s->recorders[place], r); }
