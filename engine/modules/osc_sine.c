// SPDX-License-Identifier: MIT
// osc.sine -- a sine: 32-bit phase, so that tuning never drifts, and a 9th-order odd polynomial.
//
// No latency and no filter: what it is given is heard in the same frame. A sync restarts the phase
// between frames but cuts the wave hard; where that must not fold, osc.triangle with a filter is
// the better source.
#include "oscillator.h"
#include "oscillator_rows.h"

enum { PM, SYNC, FREQ, AMP, DETUNE, PHASE };

typedef struct {
    ilanes phase;
    lanes sync; // the sync input's last value
} state;

static const mega_input_row inputs[] = {OSCILLATOR_INPUTS};

static const mega_param_row params[] = {OSCILLATOR_PARAMS};

static const mega_output_row outputs[] = {{"out", "the wave"}};

MEGA_INLINE ilanes step_at(const mega_call *c, lanes ratio, uint32_t t, int u) {
    return phase_step(port_at(c, FREQ, t, u) * ratio, c->seconds_per_frame);
}

/// One vector of lanes. What stands still is worked out once.
/// @param plain nothing but amp moves, and nothing syncs
MEGA_INLINE void run(const mega_call *c, int u, const bool plain) {
    state s;
    state_load(&s, sizeof s, c, u);
    const uint64_t moving = c->moving;
    const float *amp = c->ports[AMP] + u * MEGA_WIDTH;
    const size_t amp_step = (moving >> AMP & 1) ? MEGA_FRAME : 0;
    float *out = c->outputs[0] + u * MEGA_WIDTH;
    lanes ratio = osc_ratio(port_at(c, DETUNE, 0, u)), sync = port_at(c, SYNC, 0, u);
    ilanes step = step_at(c, ratio, 0, u);
    ilanes offset = osc_turns(port_at(c, PHASE, 0, u)), pm = osc_turns(port_at(c, PM, 0, u));
    const uint32_t frames = c->frames;
    for (uint32_t t = 0; t < frames; t++) {
        if (!plain) {
            if (moving >> DETUNE & 1) ratio = osc_ratio(port_at(c, DETUNE, t, u));
            if (moving & (1u << DETUNE | 1u << FREQ)) step = step_at(c, ratio, t, u);
            if (moving >> PHASE & 1) offset = osc_turns(port_at(c, PHASE, t, u));
            if (moving >> PM & 1) pm = osc_turns(port_at(c, PM, t, u));
            if (moving >> SYNC & 1) sync = port_at(c, SYNC, t, u);
            mask event = both(gt(sync, splat(0)), le(s.sync, splat(0)));
            lanes since = clampf(sync / (sync - s.sync), 0.0f, 1.0f); // frames
            s.phase = iselect(event, to_int(since * to_float(step)), s.phase);
            s.sync = sync;
        }
        store(out + (size_t)t * MEGA_FRAME,
              load(amp + t * amp_step) * vsin_phase(iadd(iadd(s.phase, offset), pm)));
        s.phase = iadd(s.phase, step);
    }
    s.sync = sync;
    state_store(&s, sizeof s, c, u);
}

static uint64_t process(const mega_call *c) {
    bool plain = !(c->moving & ~((uint64_t)1 << AMP));
    for (int u = 0; u < MEGA_U && plain; u++) {
        state s;
        state_load(&s, sizeof s, c, u);
        plain = !any(both(gt(port_at(c, SYNC, 0, u), splat(0)), le(s.sync, splat(0))));
    }
    for (int u = 0; u < MEGA_U; u++) {
        if (plain) run(c, u, true);
        else run(c, u, false);
    }
    return ~(uint64_t)0;
}

MODULE(osc_sine, .name = "osc.sine", .category = "source", .doc = "sine oscillator", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process)
