// SPDX-License-Identifier: MIT
// taps -- buses of the engine on their way to other objects.
//
// While the engine renders, each of its blocks is copied to the rings of all taps. A tap reads what
// was rendered up to the host's tick: where a host performs the synth first, what it has rendered
// in this tick is left for the next one, so that the delay does not depend on the order of objects.
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum {
    BLOCK = SYNTH_BLOCK_FRAMES,
    RING_FRAMES = 16384, ///< twice the longest block of a host, and some
};

static uint32_t channels_of(const mega_tap *t) { return t->channels ? t->channels : 1; }

// ---- CONTROL -----------------------------------------------------------------------------------

static void open_bus(mega_adapter *a, synth_work *w) {
    mega_tap *tap = NULL; // it may have been closed meanwhile
    for (int i = 0; i < MEGA_TAPS_MAX && !tap; i++)
        if (atomic_load(&a->taps[i]) == w->tap) tap = w->tap;
    if (!tap) return;
    int32_t bus = mega_bus_open(a->engine, w->node, w->name, w->report);
    if (bus < 0) w->status = MEGA_ERROR_NAME;
    else atomic_store(&tap->bus, bus);
}

mega_tap *mega_tap_open(mega_adapter *a, const char *node, const char *port, uint32_t channels) {
    int at = 0;
    while (at < MEGA_TAPS_MAX && atomic_load(&a->taps[at])) at++;
    mega_tap *t =
        at < MEGA_TAPS_MAX && channels <= MEGA_TAP_CHANNELS_MAX ? calloc(1, sizeof *t) : NULL;
    synth_work *w = t ? synth_work_create(a, "tap", open_bus) : NULL;
    if (!w) {
        synth_tell_error(a, "limit", "tap: more than %d, or out of memory", MEGA_TAPS_MAX);
        free(t);
        return NULL;
    }
    *t = (mega_tap){.adapter = a, .channels = channels, .node = strdup(node), .port = strdup(port)};
    atomic_init(&t->bus, -1);
    t->block = calloc((size_t)channels_of(t) * BLOCK, sizeof *t->block);
    t->ring = calloc((size_t)channels_of(t) * RING_FRAMES, sizeof *t->ring);
    w->listener = MEGA_INFO;
    w->tap = t;
    atomic_store(&a->taps[at], t);
    strncpy(w->node, node, sizeof w->node - 1);
    strncpy(w->name, port, sizeof w->name - 1);
    synth_work_post(a, w);
    return t;
}

void mega_tap_close(mega_tap *t) {
    if (!t) return;
    mega_adapter *a = t->adapter;
    for (int i = 0; a && i < MEGA_TAPS_MAX; i++)
        if (atomic_load(&a->taps[i]) == t) {
            synth_worker_pause(a->worker, false); // it may be at opening it
            atomic_store(&a->taps[i], NULL);
            synth_worker_resume(a->worker);
        }
    free(t->node);
    free(t->port);
    free(t->block);
    free(t->ring);
    free(t);
}

void synth_taps_open_again(mega_adapter *a) {
    for (int i = 0; i < MEGA_TAPS_MAX; i++) {
        mega_tap *t = atomic_load(&a->taps[i]);
        if (t) atomic_store(&t->bus, mega_bus_open(a->engine, t->node, t->port, NULL));
    }
}

// ---- AUDIO -------------------------------------------------------------------------------------

bool synth_taps_any(const mega_adapter *a) {
    for (int i = 0; i < MEGA_TAPS_MAX; i++)
        if (atomic_load_explicit(&a->taps[i], memory_order_relaxed)) return true;
    return false;
}

static void read_block(const mega_adapter *a, mega_tap *t) {
    int32_t bus = atomic_load(&t->bus);
    if (!t->channels) {
        mega_bus_read(a->engine, bus, 0, t->block);
        return;
    }
    for (uint32_t c = 0; c < t->channels; c++) {
        mega_note note = atomic_load(&a->sounding[c].note);
        float *block = t->block + (size_t)c * BLOCK;
        if (note) mega_bus_read(a->engine, bus, note, block);
        else memset(block, 0, BLOCK * sizeof *block);
    }
}

/// Frames of the block that was rendered last, from `offset` on.
static void write_ring(mega_tap *t, uint64_t at, uint32_t offset, uint32_t frames) {
    for (uint32_t c = 0; c < channels_of(t); c++)
        for (uint32_t i = 0; i < frames; i++)
            t->ring[(size_t)c * RING_FRAMES + (at + i) % RING_FRAMES] =
                t->block[(size_t)c * BLOCK + offset + i];
}

void synth_taps_render(mega_adapter *a, const float *const *in, float *const *out,
                       uint32_t frames) {
    const float *ins[64];
    float *outs[64];
    for (uint32_t done = 0; done < frames;) {
        uint32_t offset = (uint32_t)(mega_adapter_frame(a) % BLOCK);
        uint32_t part = frames - done < BLOCK - offset ? frames - done : BLOCK - offset;
        for (uint32_t c = 0; c < a->options.input_channels; c++)
            ins[c] = in && in[c] ? in[c] + done : NULL;
        for (uint32_t c = 0; c < a->options.output_channels; c++) outs[c] = out[c] + done;
        mega_render(a->engine, ins, outs, part);
        uint64_t written = atomic_load(&a->written);
        for (int i = 0; i < MEGA_TAPS_MAX; i++) {
            mega_tap *t = atomic_load(&a->taps[i]);
            if (t && !offset) read_block(a, t);
            if (t) write_ring(t, written, offset, part);
        }
        atomic_store(&a->written, written + part);
        done += part;
    }
}

/// What was rendered up to the host's tick, whether or not the synth has had its turn in it.
static uint64_t written_before(const mega_adapter *a, double time) {
    uint64_t written = atomic_load(&a->written);
    bool same_tick = atomic_load(&a->moment) == time;
    uint32_t ahead = same_tick ? atomic_load(&a->moment_frames) : 0;
    return written > ahead ? written - ahead : 0;
}

static uint32_t longest_step(const mega_adapter *a, uint32_t frames) {
    uint32_t step = a && a->block_frames > frames ? a->block_frames : frames;
    uint32_t tick = a ? atomic_load(&a->tick_frames) : 0;
    return tick > step ? tick : step;
}

void mega_tap_perform(mega_tap *t, float *const *out, uint32_t frames, double time) {
    const mega_adapter *a = t->adapter;
    uint64_t written = a ? written_before(a, time) : 0;
    uint32_t step = longest_step(a, frames);
    // at first, and where one of the two stood still: the newest that goes on without a gap
    if (t->read + frames > written || t->read + RING_FRAMES / 2 < written || step != t->step)
        t->read = written > step ? written - step : 0;
    t->step = step;
    bool there = t->read + frames <= written && frames <= RING_FRAMES / 2;
    for (uint32_t c = 0; c < channels_of(t); c++)
        for (uint32_t i = 0; i < frames; i++)
            out[c][i] = there ? t->ring[(size_t)c * RING_FRAMES + (t->read + i) % RING_FRAMES] : 0;
    if (there) t->read += frames;
}
