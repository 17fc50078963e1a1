// SPDX-License-Identifier: MIT
// osc.sine -- a sine: 32-bit phase, so that tuning never drifts, and a 9th-order odd polynomial.
//
// No latency and no filter: what it is given is heard in the same frame. A sync restarts the phase
// between frames but cuts the wave hard; where that must not fold, osc.triangle with a filter is
// the better source.
#include "oscillator_phase.h"
#include "oscillator_rows.h"

enum { PM, SYNC, FREQ, AMP, DETUNE, PHASE };

typedef struct {
    ilanes phase;
    lanes sync; // the sync input's last value
} state;

static const mega_input_row inputs[] = {OSCILLATOR_INPUTS};

static const mega_param_row params[] = {OSCILLATOR_PARAMS};

static const mega_output_row outputs[] = {{"out", "the wave"}};

#define BIT(port) ((uint64_t)1 << (port))

/// What a frame is drawn from.
typedef struct {
    lanes ratio;
    ilanes step, offset, pm;
} now;

/// @param which ports that say something new
MEGA_INLINE void now_next(now *n, const mega_call *c, uint64_t which, uint32_t t, int u) {
    if (which & BIT(DETUNE)) n->ratio = osc_ratio(port_at(c, DETUNE, t, u));
    if (which & (BIT(DETUNE) | BIT(FREQ)))
        n->step = phase_step(port_at(c, FREQ, t, u) * n->ratio, c->seconds_per_frame);
    if (which & BIT(PHASE)) n->offset = osc_turns(port_at(c, PHASE, t, u));
    if (which & BIT(PM)) n->pm = osc_turns(port_at(c, PM, t, u));
}

/// Where sync rises through 0 the phase begins anew, between frames too.
MEGA_INLINE void restart(state *s, const now *n, lanes sync) {
    mask event = both(gt(sync, splat(0)), le(s->sync, splat(0)));
    lanes since = clampf(sync / (sync - s->sync), 0.0f, 1.0f); // frames
    s->phase = iselect(event, to_int(since * to_float(n->step)), s->phase);
    s->sync = sync;
}

/// One vector of lanes, or SOLO. What stands still is worked out once.
/// @param follows ports that may move, of those that bend the phase
MEGA_INLINE void run(const mega_call *c, int u, const uint64_t follows, const bool synced) {
    state s;
    state_load(&s, sizeof s, c, u);
    now n = {0};
    now_next(&n, c, ~(uint64_t)0, 0, u);
    const uint64_t moving = c->moving & follows;
    const bool even = !(moving & (BIT(DETUNE) | BIT(FREQ)));
    const uint32_t frames = c->frames, at_once = frames_at_once(u);
    for (uint32_t t = 0; t < frames; t += at_once) {
        now_next(&n, c, moving, t, u);
        if (synced) restart(&s, &n, port_at(c, SYNC, t, u));
        ilanes phase = phase_on(&s.phase, n.step, even, frames - t, u);
        store(output_at(c, 0, t, u),
              port_at(c, AMP, t, u) * vsin_phase(iadd(iadd(phase, n.offset), n.pm)));
    }
    s.sync = port_at(c, SYNC, frames - 1, u);
    state_store(&s, sizeof s, c, u);
}

/// Most often nothing moves, or a modulator.
MEGA_INLINE void run_free(const mega_call *c, int u) {
    const uint64_t moving = c->moving & ~BIT(AMP);
    if (!moving) run(c, u, 0, false);
    else if (moving == BIT(PM)) run(c, u, BIT(PM), false);
    else run(c, u, ~(uint64_t)0, false);
}

/// Whether sync may restart a lane.
MEGA_INLINE bool is_synced(const mega_call *c, int u) {
    if (port_moves(c, SYNC)) return true;
    state s;
    state_load(&s, sizeof s, c, u);
    return any(both(gt(port_at(c, SYNC, 0, u), splat(0)), le(s.sync, splat(0))));
}

static uint64_t process(const mega_call *c) {
    for (int u = 0; u < MEGA_U; u++) {
        if (is_synced(c, u)) run(c, u, ~(uint64_t)0, true);
        else run_free(c, u);
    }
    return ~(uint64_t)0;
}

static uint64_t solo(const mega_call *c) {
    if (is_synced(c, SOLO)) return MEGA_DECLINED;
    run_free(c, SOLO);
    return MEGA_ALL_MOVE;
}

MODULE(osc_sine, .name = "osc.sine", .category = "source", .doc = "sine oscillator", INPUTS(inputs),
       PARAMS(params), OUTPUTS(outputs), STATE, .process = process, .solo = solo)
