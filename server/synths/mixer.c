// SPDX-License-Identifier: MIT
#include "synths/mixer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FADE_SECONDS 0.01f // of a fader, to 1 - 1/e: no click, and quick to the hand

typedef struct list {
    struct list *older;
    uint32_t count;
    mixer_input *inputs[];
} list;

struct mixer {
    uint32_t inputs, outputs;
    float fade; ///< of a fader, each frame
    _Atomic(list *) current;
    list *made; ///< newest first; CONTROL
    _Atomic uint64_t frame, pass, done;
    _Atomic uint32_t call_frames;
    struct { ///< AUDIO adds up, CONTROL takes
        _Atomic float peak;
        _Atomic float squares;
    } levels[MIXER_CHANNELS_MAX];
    _Atomic uint32_t level_frames;
    _Atomic uint64_t buses_open, buses_control; ///< bit sets
    _Atomic float bus_wanted[MIXER_BUSES_MAX];
    float bus_value[MIXER_BUSES_MAX];                   ///< AUDIO
    float bus_in[MIXER_BUSES_MAX][MIXER_SLICE_FRAMES];  ///< AUDIO: of the block before
    float bus_out[MIXER_BUSES_MAX][MIXER_SLICE_FRAMES]; ///< AUDIO: of this one
    _Atomic(tap *) taps[MIXER_TAPS_MAX];
    float scratch[MIXER_CHANNELS_MAX][MIXER_SLICE_FRAMES];
};

mixer *mixer_create(uint32_t rate, uint32_t inputs, uint32_t outputs) {
    mixer *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->inputs = inputs;
    m->outputs = outputs < MIXER_CHANNELS_MAX ? outputs : MIXER_CHANNELS_MAX;
    m->fade = 1 - expf(-1 / (FADE_SECONDS * (float)rate));
    return m;
}

static void free_lists(list *l) {
    while (l) {
        list *older = l->older;
        free(l);
        l = older;
    }
}

void mixer_destroy(mixer *m) {
    if (!m) return;
    free_lists(m->made);
    free(m);
}

bool mixer_set(mixer *m, mixer_input *const *inputs, uint32_t count) {
    list *made = malloc(sizeof *made + count * sizeof *inputs);
    if (!made) return false;
    made->older = m->made;
    made->count = count;
    memcpy(made->inputs, inputs, count * sizeof *inputs);
    m->made = made;
    atomic_store(&m->current, made);
    return true;
}

void mixer_collect(mixer *m) {
    if (!m->made) return;
    free_lists(m->made->older);
    m->made->older = NULL;
}

void mixer_bus_open(mixer *m, uint32_t number, bool open, bool control) {
    uint64_t bit = UINT64_C(1) << (number - 1);
    if (control) atomic_fetch_or(&m->buses_control, bit);
    else atomic_fetch_and(&m->buses_control, ~bit);
    if (open) atomic_fetch_or(&m->buses_open, bit);
    else atomic_fetch_and(&m->buses_open, ~bit);
}

void mixer_bus_set(mixer *m, uint32_t number, float value) {
    atomic_store(&m->bus_wanted[number - 1], value);
}

void mixer_tap(mixer *m, uint32_t place, tap *t) { atomic_store(&m->taps[place], t); }

// ---- AUDIO ------------------------------------------------------------------------------------

/// Adds a synth to the output. At rest the gain multiplies exactly: 1 passes bits on.
static void add(mixer *m, mixer_input *input, float *const *out, uint32_t frames) {
    float wanted = atomic_load_explicit(&input->fader, memory_order_relaxed);
    float gain[MIXER_SLICE_FRAMES];
    for (uint32_t i = 0; i < frames; i++) {
        float step = (wanted - input->gain) * m->fade;
        input->gain = fabsf(step) < 1e-7f ? wanted : input->gain + step;
        gain[i] = input->gain;
    }
    for (uint32_t c = 0; c < input->outputs && c + input->first_output < m->outputs; c++) {
        float *to = out[c + input->first_output];
        for (uint32_t i = 0; i < frames; i++) to[i] += gain[i] * m->scratch[c][i];
    }
}

/// A control bus goes to its value within a block, in a straight line.
static void fill_control(mixer *m, uint32_t b) {
    float wanted = atomic_load_explicit(&m->bus_wanted[b], memory_order_relaxed);
    float from = m->bus_value[b], step = (wanted - from) / MIXER_SLICE_FRAMES;
    for (uint32_t i = 0; i < MIXER_SLICE_FRAMES; i++)
        m->bus_in[b][i] = from + step * (float)(i + 1);
    m->bus_in[b][MIXER_SLICE_FRAMES - 1] = m->bus_value[b] = wanted;
}

/// What was put on the buses in the last block is what they carry in this one.
static void turn_buses(mixer *m, uint64_t open, uint64_t control) {
    for (uint32_t b = 0; b < MIXER_BUSES_MAX; b++) {
        if (!(open >> b & 1)) continue;
        if (control >> b & 1) fill_control(m, b);
        else memcpy(m->bus_in[b], m->bus_out[b], sizeof m->bus_in[b]);
        memset(m->bus_out[b], 0, sizeof m->bus_out[b]);
    }
}

static void give_buses(mixer *m, mega_engine *engine, uint64_t open) {
    for (uint32_t b = 0; b < MIXER_BUSES_MAX; b++)
        if (open >> b & 1) mega_host_bus_write(engine, b + 1, m->bus_in[b]);
}

static void take_buses(mixer *m, mega_engine *engine, uint64_t open) {
    float block[MIXER_SLICE_FRAMES];
    for (uint32_t b = 0; b < MIXER_BUSES_MAX; b++) {
        if (!(open >> b & 1) || !mega_host_bus_read(engine, b + 1, block)) continue;
        for (uint32_t i = 0; i < MIXER_SLICE_FRAMES; i++) m->bus_out[b][i] += block[i];
    }
}

/// @param engine NULL: the clients' buses
static void feed_taps(mixer *m, const mega_engine *engine, uint64_t frame) {
    float block[MIXER_SLICE_FRAMES];
    for (uint32_t i = 0; i < MIXER_TAPS_MAX; i++) {
        tap *t = atomic_load_explicit(&m->taps[i], memory_order_acquire);
        if (!t || t->engine != engine) continue;
        if (engine) {
            mega_bus_read(engine, t->engine_bus, t->voice, block);
            tap_take(t, block, MIXER_SLICE_FRAMES, frame);
        } else {
            tap_take(t, m->bus_in[t->client_bus - 1], MIXER_SLICE_FRAMES, frame);
        }
    }
}

static void measure(mixer *m, float *const *out, uint32_t frames) {
    for (uint32_t c = 0; c < m->outputs; c++) {
        float peak = 0, squares = 0;
        for (uint32_t i = 0; i < frames; i++) {
            peak = fmaxf(peak, fabsf(out[c][i]));
            squares += out[c][i] * out[c][i];
        }
        // one writer; a value that is taken between load and store is counted twice: a meter's
        // matter
        if (peak > atomic_load_explicit(&m->levels[c].peak, memory_order_relaxed))
            atomic_store_explicit(&m->levels[c].peak, peak, memory_order_relaxed);
        squares += atomic_load_explicit(&m->levels[c].squares, memory_order_relaxed);
        atomic_store_explicit(&m->levels[c].squares, squares, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&m->level_frames, frames, memory_order_relaxed);
}

static void render_slice(mixer *m, const float *const *in, float *const *out, uint32_t frames,
                         uint64_t frame) {
    float *scratch[MIXER_CHANNELS_MAX];
    for (uint32_t c = 0; c < MIXER_CHANNELS_MAX; c++) scratch[c] = m->scratch[c];
    for (uint32_t c = 0; c < m->outputs; c++) memset(out[c], 0, frames * sizeof(float));
    const list *now = atomic_load(&m->current);
    bool block_starts = frame % MIXER_SLICE_FRAMES == 0;
    uint64_t open = atomic_load_explicit(&m->buses_open, memory_order_relaxed);
    if (block_starts) turn_buses(m, open, atomic_load(&m->buses_control));
    for (uint32_t s = 0; now && s < now->count; s++) {
        mixer_input *input = now->inputs[s];
        if (!atomic_load_explicit(&input->origin, memory_order_relaxed)) {
            if (!block_starts) continue;
            atomic_store_explicit(&input->origin, frame + 1, memory_order_release);
        }
        if (block_starts) give_buses(m, input->engine, open);
        mega_render(input->engine, in, scratch, frames);
        add(m, input, out, frames);
        if (!block_starts) continue;
        take_buses(m, input->engine, open);
        feed_taps(m, input->engine, frame);
    }
    if (block_starts) feed_taps(m, NULL, frame);
    measure(m, out, frames);
}

void mixer_render(mixer *m, const float *const *in, float *const *out, uint32_t frames) {
    uint64_t frame = atomic_load_explicit(&m->frame, memory_order_relaxed);
    const float *from[MIXER_CHANNELS_MAX];
    float *to[MIXER_CHANNELS_MAX];
    atomic_store_explicit(&m->call_frames, frames, memory_order_relaxed);
    for (uint32_t done = 0; done < frames;) {
        uint32_t slice = MIXER_SLICE_FRAMES - (uint32_t)(frame % MIXER_SLICE_FRAMES);
        if (slice > frames - done) slice = frames - done;
        for (uint32_t c = 0; c < m->inputs; c++) from[c] = in[c] + done;
        for (uint32_t c = 0; c < m->outputs; c++) to[c] = out[c] + done;
        // the engines render a block when its first frame is asked for
        bool renders = frame % MIXER_SLICE_FRAMES == 0;
        uint64_t pass = atomic_load_explicit(&m->pass, memory_order_relaxed) + renders;
        if (renders) atomic_store(&m->pass, pass);
        render_slice(m, from, to, slice, frame);
        atomic_store(&m->done, pass);
        done += slice;
        frame += slice;
        atomic_store_explicit(&m->frame, frame, memory_order_release);
    }
}

// ---- any thread -------------------------------------------------------------------------------

uint64_t mixer_frame(const mixer *m) { return atomic_load(&m->frame); }
uint32_t mixer_call_frames(const mixer *m) { return atomic_load(&m->call_frames); }
uint64_t mixer_pass(const mixer *m) { return atomic_load(&m->pass); }
bool mixer_applied(const mixer *m, uint64_t pass) { return atomic_load(&m->done) > pass; }

void mixer_levels(mixer *m, float *peak, float *rms, uint32_t outputs) {
    uint32_t frames = atomic_exchange(&m->level_frames, 0);
    for (uint32_t c = 0; c < outputs && c < m->outputs; c++) {
        peak[c] = atomic_exchange(&m->levels[c].peak, 0);
        float squares = atomic_exchange(&m->levels[c].squares, 0);
        rms[c] = frames ? sqrtf(squares / (float)frames) : 0;
    }
}
