// SPDX-License-Identifier: MIT
// osc.sine -- a sine: 32-bit phase, so that tuning never drifts, and a 9th-order odd polynomial.
//
// No latency and no filter: what it is given is heard in the same frame. Where sync rises through 0
// the sine begins anew, between frames too and band-limited: see sine_restart.h and sync.h.
#include "modules/sources/oscillator_phase.h"
#include "modules/sources/oscillator_rows.h"
#include "modules/sources/sine_restart.h"
#include "modules/sources/sync.h"

enum { PM, SYNC, FREQ, AMP, DETUNE, PHASE };

/// What a sine needs that nothing restarts.
typedef struct {
    ilanes phase;
    ilanes started; // 0 in a fresh voice
} free_state;

typedef struct {
    free_state free;
    ilanes unsettled; // frames for which `past` or `tail` may still matter while sync stands still
    sync_past past;
    ilanes tail[MEGA_STEP_TAPS_MAX]; // what restarts still take from the frames to come
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

// ---- without sync ------------------------------------------------------------------------------

/// One vector of lanes, or SOLO. What stands still is worked out once.
/// @param follows ports that may move, of those that bend the phase
MEGA_INLINE void run(const mega_call *c, int u, const uint64_t follows) {
    free_state s;
    state_load(&s, sizeof s, c, u);
    now n = {0};
    now_next(&n, c, ~(uint64_t)0, 0, u);
    const uint64_t moving = c->moving & follows;
    const bool even = !(moving & (BIT(DETUNE) | BIT(FREQ)));
    const uint32_t frames = c->frames, at_once = frames_at_once(u);
    phase_run p = phase_begin(s.phase, n.step, even, u);
    for (uint32_t t = 0; t < frames; t += at_once) {
        now_next(&n, c, moving, t, u);
        ilanes phase = phase_on(&p, n.step, even, frames - t, u);
        store(output_at(c, 0, t, u),
              port_at(c, AMP, t, u) * vsin_phase(iadd(iadd(phase, n.offset), n.pm)));
    }
    s.phase = phase_end(&p, s.phase, n.step, even, frames, u);
    s.started = isplat(1);
    state_store(&s, sizeof s, c, u);
}

/// Most often nothing moves, or a modulator.
MEGA_INLINE void run_free(const mega_call *c, int u) {
    const uint64_t moving = c->moving & ~BIT(AMP);
    if (!moving) run(c, u, 0);
    else if (moving == BIT(PM)) run(c, u, BIT(PM));
    else run(c, u, ~(uint64_t)0);
}

// ---- with it -----------------------------------------------------------------------------------

/// A piece of a segment.
typedef struct {
    step_rows rows;
    lanes wave[STEP_PIECE];
    sine_speed speed;
    bool restarted; // `rows` are clear and `speed` is known
} piece;

MEGA_INLINE void restart(piece *p, state *s, const now *n, uint32_t t, uint32_t frames, mask event,
                         lanes sync) {
    if (!p->restarted) steps_clear(&p->rows, frames, MEGA_WIDTH);
    if (!p->restarted || !all(ieq(p->speed.step, n->step)))
        sine_speed_set(&p->speed, p->rows.table, n->step);
    p->restarted = true;
    s->free.phase = sine_restart(&p->rows, t, event, sync_since(&s->past, sync), s->free.phase,
                                 iadd(n->offset, n->pm), &p->speed);
}

MEGA_INLINE void draw(const mega_call *c, piece *p, state *s, now *n, uint32_t at, uint32_t frames,
                      int u) {
    for (uint32_t t = 0; t < frames; t++) {
        now_next(n, c, c->moving, at + t, u);
        lanes sync = port_at(c, SYNC, at + t, u);
        mask event = sync_rises(&s->past, sync);
        if (any(event)) restart(p, s, n, t, frames, event, sync);
        sync_take(&s->past, sync);
        p->wave[t] = vsin_phase(iadd(iadd(s->free.phase, n->offset), n->pm));
        s->free.phase = iadd(s->free.phase, n->step);
    }
}

static __attribute__((noinline)) void run_synced(const mega_call *c, int u) {
    const step_tail tail = steps_tail(c, offsetof(state, tail) / sizeof(lanes), u);
    state s;
    state_load(&s, offsetof(state, tail), c, u);
    sync_begin(&s.past, ieq(s.free.started, isplat(0)), port_at(c, SYNC, 0, u));
    s.free.started = isplat(1);
    mask settled = sync_settled(&s.past, port_at(c, SYNC, 0, u));
    if (port_moves(c, SYNC)) settled = not_(eq(splat(0), splat(0)));
    now n = {0};
    now_next(&n, c, ~(uint64_t)0, 0, u);
    piece p;
    p.rows.table = steps_table(c->frames_per_second);
    for (uint32_t at = 0, frames; at < c->frames; at += frames) {
        frames = c->frames - at < STEP_PIECE ? c->frames - at : STEP_PIECE;
        p.restarted = false;
        draw(c, &p, &s, &n, at, frames, u);
        if (!p.restarted) steps_clear(&p.rows, frames, MEGA_WIDTH);
        ilanes lack[STEP_ROW];
        const uint32_t end = frames + (uint32_t)p.rows.table->taps;
        for (uint32_t t = 0; t < end; t += MEGA_WIDTH) steps_frames(&p.rows, &tail, t, lack + t);
        steps_leave(&p.rows, &tail, lack + frames);
        for (uint32_t t = 0; t < frames; t++)
            store(c->outputs[0] + (size_t)(at + t) * MEGA_FRAME + u * MEGA_WIDTH,
                  port_at(c, AMP, at + t, u) *
                      (p.wave[t] + to_float(lack[t]) * splat(1.0f / STEP_ONE)));
    }
    ilanes left = isub(s.unsettled, isplat((int32_t)c->frames));
    left = iselect(ilt(left, isplat(0)), isplat(0), left);
    s.unsettled = iselect(settled, left, isplat(SYNC_PAST + MEGA_STEP_TAPS_MAX));
    state_store(&s, offsetof(state, tail), c, u);
}

/// Whether sync may restart a lane, or has lately.
MEGA_INLINE bool is_synced(const mega_call *c, int u) {
    if (port_moves(c, SYNC)) return true;
    state s;
    state_load(&s, offsetof(state, past.at[1]), c, u);
    return !all(both(ieq(s.unsettled, isplat(0)), eq(s.past.at[0], port_at(c, SYNC, 0, u))));
}

static uint64_t process(const mega_call *c) {
    for (int u = 0; u < MEGA_U; u++) {
        if (is_synced(c, u)) run_synced(c, u);
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
