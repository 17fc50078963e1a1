// SPDX-License-Identifier: MIT
#include "process/tick.h"

#include "base/trace.h"
#include "clients/session.h"
#include "process/host.h"
#include "synths/buses.h"
#include "synths/client_taps.h"
#include "synths/peaks.h"
#include "synths/recordings.h"
#include "synths/sound.h"
#include "synths/synth.h"

enum { TICK_MS = 10, METER_TICKS = 4, SLOW_TICKS = 10 };

static uint64_t xruns_told, ticks;

static void tell_meters(server *s) {
    float peak[MIXER_CHANNELS_MAX], rms[MIXER_CHANNELS_MAX];
    uint32_t outputs = sound_outputs(s->sound);
    if (!notice_wanted(s, TOPIC_meter)) return;
    mixer_levels(s->mixer, peak, rms, outputs);
    json_t *highest = json_array(), *means = json_array();
    for (uint32_t c = 0; c < outputs; c++) {
        json_array_append_new(highest, json_real((double)peak[c]));
        json_array_append_new(means, json_real((double)rms[c]));
    }
    notice_send(s, TOPIC_meter,
                json_pack("{s:I, s:o, s:o}", "frame", (json_int_t)sound_frame(s->sound), "peak",
                          highest, "rms", means));
}

static void tell_xruns(server *s) {
    audio_status now = peaks_status(s);
    uint64_t xruns = now.xruns + now.late;
    if (xruns != xruns_told) trace_span("xrun", "", TRACE_LOOP, now_ns(), 0);
    if (xruns != xruns_told)
        notice_send(s, TOPIC_xrun,
                    json_pack("{s:I, s:I, s:f}", "count", (json_int_t)(xruns - xruns_told), "frame",
                              (json_int_t)now.frame, "load_peak", peaks_read(s, NULL).load));
    xruns_told = xruns;
    peaks_tick(s);
}

static void on_tick(uv_timer_t *timer) {
    server *s = timer->data;
    ticks++;
    synths_tick(s);
    taps_tick(s);
    buses_tick(s);
    if (ticks % METER_TICKS == 0) tell_meters(s);
    if (ticks % SLOW_TICKS) return;
    tell_xruns(s);
    trace_flush();
    sound_tick(s->sound);
    recordings_tick(s);
    host_tick(s);
}

void tick_begin(server *s) {
    uv_timer_init(&s->loop, &s->tick_timer);
    s->tick_timer.data = s;
    uv_timer_start(&s->tick_timer, on_tick, TICK_MS, TICK_MS);
}

void tick_end(server *s) {
    if (s->tick_timer.data) uv_close((uv_handle_t *)&s->tick_timer, NULL);
    if (s->sync_timer.data) uv_close((uv_handle_t *)&s->sync_timer, NULL);
}
