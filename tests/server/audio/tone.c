// SPDX-License-Identifier: MIT
// tone -- a small program of sound for the tests: renders a sequence that tells each frame's
// number, says what happens.
//
// usage: tone BACKEND [--device D] [--rate N] [--inputs N] [--outputs N] [--latency S] [--seconds
// S] [--loop] [--lock]
//             [--no-realtime] [--record FILE]
// Channel 0 counts: frame n is (n mod 2^22) / 2^22, exact in a float. Channel 1 is its negative.
// With inputs, --loop gives input 0 to the last output. Writes one JSON object a line: what was
// opened, notices, status ten times a second. Commands on stdin, a line each: panic, fade, quit,
// loud N, nan, busy MS, describe.
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audio/audio.h"
#include "record/record.h"

#define COUNT_TOP (1u << 22)

typedef struct {
    uint64_t frame;
    uint32_t inputs, outputs;
    bool loop;
    _Atomic(float) loud;
    atomic_uint nan_frames, busy_ms;
    atomic_uint smallest, largest; // frames of a render
    _Atomic(recorder *) recorder;
} source;

static void note_size(source *s, uint32_t frames) {
    if (frames < atomic_load(&s->smallest)) atomic_store(&s->smallest, frames);
    if (frames > atomic_load(&s->largest)) atomic_store(&s->largest, frames);
}

static void render(void *user, const float *const *in, float *const *out, uint32_t frames) {
    source *s = user;
    note_size(s, frames);
    float gain = atomic_load(&s->loud);
    unsigned nan_left = atomic_exchange(&s->nan_frames, 0);
    for (uint32_t i = 0; i < frames; i++, s->frame++) {
        float x = (float)(s->frame % COUNT_TOP) / COUNT_TOP * gain;
        if (nan_left) x = nan_left-- & 1 ? NAN : INFINITY;
        for (uint32_t ch = 0; ch < s->outputs; ch++) out[ch][i] = ch & 1 ? -x : x;
    }
    if (s->loop) memcpy(out[s->outputs - 1], in[0], frames * sizeof(float));
    int64_t until = clock_mono_ns() + atomic_exchange(&s->busy_ms, 0) * INT64_C(1000000);
    while (clock_mono_ns() < until) {}
}

static void heard(void *user, const float *const *out, uint32_t frames) {
    recorder *r = atomic_load(&((source *)user)->recorder);
    if (r) record_write(r, out, frames);
}

static void say_status(audio *a, source *s) {
    audio_status t = audio_status_get(a);
    clock_reading c = audio_clock(a);
    int64_t now = clock_mono_ns();
    printf("{\"status\": \"%s\", \"frame\": %llu, \"calls\": %llu, \"call_frames\": %u, "
           "\"smallest\": %u, \"largest\": %u, \"load_mean\": %.6f, \"load_peak\": %.6f, "
           "\"xruns\": %llu, \"late\": %llu, \"losses\": %llu, \"reopened\": %llu, "
           "\"dropped\": %llu, \"repaired\": %llu, \"not_finite\": %llu, \"over\": %llu, "
           "\"peak\": %.9g, \"realtime\": %d, \"priority\": %d, \"input_latency\": %u, "
           "\"output_latency\": %.6f, \"rate\": %.3f, \"ahead\": %lld, \"mono_ns\": %lld, "
           "\"faded\": %s}\n",
           audio_state_name(t.state), (unsigned long long)t.frame, (unsigned long long)t.calls,
           t.call_frames, atomic_load(&s->smallest), atomic_load(&s->largest), t.load_mean,
           t.load_peak, (unsigned long long)t.xruns, (unsigned long long)t.late,
           (unsigned long long)t.losses, (unsigned long long)t.reopened,
           (unsigned long long)t.input_dropped, (unsigned long long)t.input_repaired,
           (unsigned long long)t.not_finite, (unsigned long long)t.over, (double)t.level_peak,
           (int)t.realtime, t.realtime_priority, t.input_latency_frames, t.output_latency_seconds,
           clock_rate(&c), (long long)(clock_frame_of_ns(&c, now) - t.frame), (long long)now,
           audio_faded(a) ? "true" : "false");
}

static void say_notices(audio *a) {
    static const char *const names[] = {"lost", "retry", "back", "no-realtime"};
    audio_notice n;
    while (audio_next_notice(a, &n))
        printf("{\"notice\": \"%s\", \"frame\": %llu, \"text\": \"%s\"}\n", names[n.kind],
               (unsigned long long)n.frame, n.text);
}

static void say_opened(audio *a) {
    audio_description d = audio_describe(a);
    printf("{\"opened\": \"%s\", \"id\": \"%s\", \"rate\": %u, \"inputs\": %u, \"outputs\": %u, "
           "\"device_inputs\": %u, \"device_outputs\": %u, \"format\": \"%s\"}\n",
           audio_backend_name(d.backend), d.id, d.rate, d.inputs, d.outputs, d.device_inputs,
           d.device_outputs, d.format);
}

// @return false to quit
static bool obey(audio *a, source *s, const char *line) {
    if (strncmp(line, "panic", 5) == 0) audio_panic(a);
    if (strncmp(line, "fade", 4) == 0) audio_fade_out(a);
    if (strncmp(line, "loud ", 5) == 0) atomic_store(&s->loud, strtof(line + 5, NULL));
    if (strncmp(line, "nan", 3) == 0) atomic_store(&s->nan_frames, 10);
    if (strncmp(line, "busy ", 5) == 0) atomic_store(&s->busy_ms, (unsigned)atoi(line + 5));
    if (strncmp(line, "describe", 8) == 0) say_opened(a);
    return strncmp(line, "quit", 4) != 0;
}

static void run(audio *a, source *s, double seconds) {
    int64_t end = clock_mono_ns() + (int64_t)(seconds * 1e9), next = 0;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    for (bool on = true; on && clock_mono_ns() < end;) {
        if (clock_mono_ns() >= next) {
            say_notices(a);
            say_status(a, s);
            next = clock_mono_ns() + 100000000;
        }
        char line[80];
        if (poll(&in, 1, 10) > 0 && in.fd >= 0) {
            if (fgets(line, sizeof line, stdin)) on = obey(a, s, line);
            else in.fd = -1;
        }
    }
}

static recorder *record_to(const char *file, const audio *a, uint32_t channels) {
    record_options options = {
        .root = ".", .path = file, .rate = audio_rate(a), .channels = channels};
    recorder *r;
    char cause[RECORD_CAUSE_BYTES];
    if (record_start(&options, &r, cause) == RECORD_OK) return r;
    fprintf(stderr, "tone: %s\n", cause);
    return NULL;
}

int main(int argc, char **argv) {
    static source s = {.smallest = UINT32_MAX, .loud = 1};
    audio_options options = {.render = render, .heard = heard, .user = &s, .name = "tone"};
    const char *file = NULL;
    double seconds = 1;
    char cause[AUDIO_CAUSE_BYTES];
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0); // poll and fgets see the same
    if (argc < 2 || !audio_backend_find(argv[1], &options.backend)) return 2;
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--loop") == 0) {
            s.loop = true;
            continue;
        }
        if (strcmp(argv[i], "--no-realtime") == 0) {
            options.no_realtime = true;
            continue;
        }
        if (strcmp(argv[i], "--lock") == 0) {
            bool locked = audio_lock_memory(cause);
            printf("{\"locked\": %s}\n", locked ? "true" : "false");
            continue;
        }
        if (strcmp(argv[i], "--device") == 0) options.device = value;
        else if (strcmp(argv[i], "--rate") == 0) options.rate = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--inputs") == 0) options.inputs = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--outputs") == 0) options.outputs = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--latency") == 0) options.latency_seconds = atof(value);
        else if (strcmp(argv[i], "--seconds") == 0) seconds = atof(value);
        else if (strcmp(argv[i], "--record") == 0) file = value;
        else return 2;
        i++;
    }
    s.inputs = options.inputs;
    s.outputs = options.outputs ? options.outputs : 2;
    audio *a = audio_open(&options, cause);
    if (!a) {
        fprintf(stderr, "tone: %s\n", cause);
        return 3;
    }
    say_opened(a);
    recorder *r = file ? record_to(file, a, s.outputs) : NULL;
    atomic_store(&s.recorder, r);
    if (!audio_start(a, cause)) {
        fprintf(stderr, "tone: %s\n", cause);
        return 3;
    }
    run(a, &s, seconds);
    atomic_store(&s.recorder, NULL);
    audio_synchronize(a);
    if (r) {
        record_state end = record_stop(r);
        printf("{\"recorded\": %llu, \"dropped\": %llu, \"cause\": \"%s\"}\n",
               (unsigned long long)end.frames_written, (unsigned long long)end.frames_dropped,
               end.cause);
    }
    say_status(a, &s);
    audio_close(a);
    return 0;
}
