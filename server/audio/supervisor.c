// SPDX-License-Identifier: MIT
// supervisor -- see supervisor.h.
#include "audio/supervisor.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TICK_NS 20000000 // how soon a loss is seen
#define SECOND INT64_C(1000000000)
#define PAUSE_FIRST 0.25
#define PAUSE_MAX 4.0

// ---- what it tells -----------------------------------------------------------------------------

static void tell(audio *a, audio_notice_kind kind, const char *text) {
    pthread_mutex_lock(&a->lock);
    if (a->notices_written - a->notices_read < NOTICES_MAX) {
        audio_notice *notice = &a->notices[a->notices_written++ % NOTICES_MAX];
        *notice = (audio_notice){.kind = kind, .frame = atomic_load(&a->source.frame)};
        snprintf(notice->text, sizeof notice->text, "%s", text);
    }
    pthread_mutex_unlock(&a->lock);
}

static void describe(audio *a) {
    stream *s = &a->stream;
    audio_description d = {
        .backend = s->backend.kind,
        .rate = (uint32_t)a->source.rate,
        .inputs = a->options.inputs,
        .outputs = a->options.outputs,
        .device_inputs = s->device_inputs,
        .device_outputs = s->device_outputs,
        .format = soundio_format_string(s->out->format),
        .input_format = s->in ? soundio_format_string(s->in->format) : "",
    };
    snprintf(d.id, sizeof d.id, "%s", s->device->id);
    snprintf(d.name, sizeof d.name, "%s", s->device->name);
    if (s->input_device) snprintf(d.input_name, sizeof d.input_name, "%s", s->input_device->name);
    atomic_store(&a->input_latency, s->in ? a->input_ring.target : 0);
    pthread_mutex_lock(&a->lock);
    a->description = d;
    pthread_mutex_unlock(&a->lock);
}

static void tell_realtime(audio *a) {
    if (a->realtime_told || atomic_load(&a->counts.realtime) != REALTIME_REFUSED) return;
    a->realtime_told = true;
    audio_rights rights = audio_rights_get();
    char text[AUDIO_CAUSE_BYTES];
    snprintf(text, sizeof text, "%.250s",
             rights.advice[0] ? rights.advice : "no real-time priority");
    tell(a, AUDIO_NOTICE_NO_REALTIME, text);
}

// ---- what it does ------------------------------------------------------------------------------

// The lock keeps a driver from being set after supervisor_silence.
static void drive(audio *a, frame_driver driver) {
    pthread_mutex_lock(&a->lock);
    if (!a->silenced) source_drive(&a->source, driver);
    pthread_mutex_unlock(&a->lock);
}

void supervisor_silence(audio *a) {
    pthread_mutex_lock(&a->lock);
    a->silenced = true;
    source_drive(&a->source, DRIVER_NOBODY);
    atomic_store(&a->state, AUDIO_CLOSED);
    pthread_mutex_unlock(&a->lock);
}

static void set_state(audio *a, audio_state state) {
    pthread_mutex_lock(&a->lock);
    if (!a->silenced) atomic_store(&a->state, (int)state);
    pthread_mutex_unlock(&a->lock);
}

// The first backend that opens; the causes of the others add up to a line.
static bool open_any(audio *a, char cause[AUDIO_CAUSE_BYTES]) {
    char causes[AUDIO_CAUSE_BYTES] = "no sound device";
    for (int kind = AUDIO_AUTO + 1; kind < AUDIO_DUMMY; kind++) {
        if (!audio_backend_built((audio_backend)kind)) continue;
        a->options.backend = (audio_backend)kind;
        if (stream_open(&a->stream, &a->options, 0, cause)) return true;
        size_t used = strlen(causes);
        snprintf(causes + used, sizeof causes - used, "%s%.80s", used > 15 ? "; " : ": ", cause);
    }
    memcpy(cause, causes, AUDIO_CAUSE_BYTES);
    a->options.backend = AUDIO_AUTO;
    return false;
}

static bool open_first(audio *a, char cause[AUDIO_CAUSE_BYTES]) {
    a->stream = (stream){.source = &a->source, .input_ring = &a->input_ring, .counts = &a->counts};
    a->stream_open = a->options.backend == AUDIO_AUTO
                         ? open_any(a, cause)
                         : stream_open(&a->stream, &a->options, 0, cause);
    if (!a->stream_open) return false;
    if (source_init(&a->source, &a->options, a->stream.out->sample_rate)) {
        describe(a);
        return true;
    }
    snprintf(cause, AUDIO_CAUSE_BYTES, "out of memory, or cannot start a thread");
    stream_close(&a->stream);
    return a->stream_open = false;
}

static bool start(audio *a, char cause[AUDIO_CAUSE_BYTES]) {
    drive(a, DRIVER_DEVICE);
    if (stream_start(&a->stream, cause)) {
        set_state(a, AUDIO_RUNNING);
        return true;
    }
    drive(a, DRIVER_NOBODY);
    return false;
}

static void close_stream(audio *a) {
    if (a->stream_open) stream_close(&a->stream);
    a->stream_open = false;
}

static void lose(audio *a, const char *why) {
    drive(a, DRIVER_PACER);
    set_state(a, AUDIO_LOST);
    atomic_fetch_add(&a->losses, 1);
    char text[AUDIO_CAUSE_BYTES];
    snprintf(text, sizeof text, "%s: %s", audio_backend_name(a->options.backend), why);
    tell(a, AUDIO_NOTICE_LOST, text);
    a->last_cause[0] = 0;
    a->pause_seconds = PAUSE_FIRST;
    a->next_try_ns = clock_mono_ns() + (int64_t)(PAUSE_FIRST * SECOND);
    if (a->options.lost) a->options.lost(a->options.user);
    close_stream(a);
}

static void tell_back(audio *a) {
    char text[AUDIO_CAUSE_BYTES];
    int rate = a->stream.out->sample_rate, ours = (int)a->source.rate;
    if (rate == ours) snprintf(text, sizeof text, "%s", a->description.name);
    else
        snprintf(text, sizeof text, "%.150s: sample rate is now %d, resampled from %d",
                 a->description.name, rate, ours);
    tell(a, AUDIO_NOTICE_BACK, text);
}

static void look_again(audio *a) {
    char cause[AUDIO_CAUSE_BYTES];
    a->stream_open = stream_open(&a->stream, &a->options, (uint32_t)a->source.rate, cause);
    if (a->stream_open) {
        describe(a);
        drive(a, DRIVER_NOBODY); // nobody is in the guard now
        guard_reopen(&a->source.guard);
        if (start(a, cause)) {
            atomic_fetch_add(&a->reopened, 1);
            tell_back(a);
            return;
        }
        drive(a, DRIVER_PACER);
        close_stream(a);
    }
    if (strcmp(cause, a->last_cause) != 0) tell(a, AUDIO_NOTICE_RETRY, cause);
    memcpy(a->last_cause, cause, sizeof cause);
    a->pause_seconds = a->pause_seconds * 2 > PAUSE_MAX ? PAUSE_MAX : a->pause_seconds * 2;
    a->next_try_ns = clock_mono_ns() + (int64_t)(a->pause_seconds * SECOND);
}

static void watch(audio *a) {
    int64_t now = clock_mono_ns();
    tell_realtime(a);
    switch (atomic_load(&a->state)) {
    case AUDIO_RUNNING:
        if (!stream_alive(&a->stream)) lose(a, "the device or its sound server disappeared");
        else if (now - atomic_load(&a->source.entered_ns) > AUDIO_STALL_SECONDS * SECOND)
            lose(a, "the device stopped requesting sound");
        else if (a->options.runs) a->options.runs(a->options.user);
        break;
    case AUDIO_LOST:
        if (now >= a->next_try_ns) look_again(a);
        break;
    default: break;
    }
}

// ---- the thread --------------------------------------------------------------------------------

static void later(struct timespec *t, int64_t ns) {
    clock_gettime(CLOCK_MONOTONIC, t);
    ns += t->tv_nsec;
    t->tv_sec += ns / SECOND;
    t->tv_nsec = ns % SECOND;
}

// What is wanted, or WISH_NONE after a tick.
static wish listen(audio *a) {
    struct timespec tick;
    later(&tick, TICK_NS);
    pthread_mutex_lock(&a->lock);
    if (a->wish == WISH_NONE) pthread_cond_timedwait(&a->news, &a->lock, &tick);
    wish wanted = a->wish;
    pthread_mutex_unlock(&a->lock);
    return wanted;
}

static void fulfil(audio *a, wish wanted, bool granted, const char *cause) {
    pthread_mutex_lock(&a->lock);
    a->wish = WISH_NONE;
    a->fulfilled = wanted;
    a->granted = granted;
    if (!granted) snprintf(a->cause, sizeof a->cause, "%s", cause);
    pthread_cond_broadcast(&a->news);
    pthread_mutex_unlock(&a->lock);
}

static void *supervise(void *pointer) {
    audio *a = pointer;
    for (;;) {
        char cause[AUDIO_CAUSE_BYTES] = "";
        wish wanted = listen(a);
        bool granted = true;
        if (wanted == WISH_OPEN) granted = open_first(a, cause);
        if (wanted == WISH_START) granted = start(a, cause);
        if (wanted == WISH_CLOSE) close_stream(a);
        if (wanted != WISH_NONE) fulfil(a, wanted, granted, cause);
        if (wanted == WISH_CLOSE || (wanted == WISH_OPEN && !granted)) return NULL;
        if (wanted == WISH_NONE) watch(a);
    }
}

bool supervisor_init(audio *a) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    a->lock_made =
        pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->news, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    a->thread_made = a->lock_made && pthread_create(&a->thread, NULL, supervise, a) == 0;
    return a->thread_made;
}

bool supervisor_wait(audio *a, wish wanted, double seconds) {
    struct timespec end;
    later(&end, (int64_t)(seconds * SECOND));
    pthread_mutex_lock(&a->lock);
    a->wish = wanted;
    a->fulfilled = WISH_NONE;
    pthread_cond_broadcast(&a->news);
    while (a->fulfilled != wanted && pthread_cond_timedwait(&a->news, &a->lock, &end) == 0) {}
    bool fulfilled = a->fulfilled == wanted;
    pthread_mutex_unlock(&a->lock);
    return fulfilled;
}

void supervisor_join(audio *a) {
    pthread_join(a->thread, NULL);
    a->thread_made = false;
}

void supervisor_finish(audio *a) {
    if (a->thread_made && supervisor_wait(a, WISH_CLOSE, 1.0)) supervisor_join(a);
    if (!a->lock_made) return;
    pthread_cond_destroy(&a->news);
    pthread_mutex_destroy(&a->lock);
}
