// SPDX-License-Identifier: MIT
// oscillator_kernel -- the whole of osc.saw, osc.pulse and osc.triangle but their rows.
//
// A wave is drawn from its phase as it is, and steps.h adds what each of its steps or corners lacks
// of a band-limited one. A step lies where the phase passes an edge: over frames that run on evenly
// all of them are found at once; else frame by frame, on the parabola through the last three
// phases, as vibrato and FM need. A sync ends the old wave between frames, jumps, and begins the
// new one there. A fresh voice begins like a step from silence: with exactly 0.
//
// A module file defines OSC_WAVE, includes this, and has then OSC_STATE, `osc_process`, `osc_solo`.
#ifndef OSCILLATOR_KERNEL_H
#define OSCILLATOR_KERNEL_H

#include "modules/sources/oscillator_phase.h"
#include "modules/sources/steps.h"
#include "modules/sources/sync.h"

#define OSC_SAW 0
#define OSC_PULSE 1
#define OSC_TRIANGLE 2
#define OSC_SINE 3 // of osc3: it has no edges, and is as late as the others

enum { OSC_PM, OSC_SYNC, OSC_FREQ, OSC_AMP, OSC_DETUNE, OSC_PHASE, OSC_WIDTH }; // ports
enum { OSC_PAST = 3 }; // frames that what is straight looks back

/// How the phase ran until the last frame.
typedef struct {
    ilanes base;            // since the start or the last sync
    ilanes shift;           // what `phase` and `pm` added to that
    ilanes diff[OSC_PAST];  // how far it came in the last frames, newest first
    ilanes width[OSC_PAST]; // of those frames
    ilanes growth[2];       // of diff in the last frame, and of diff less the width's
} osc_past;

typedef struct {
    osc_past past;
    ilanes started; // 0 in a fresh voice
    sync_past sync;
} osc_state;
// What steps still lack in the frames to come is behind that: see step_tail.
enum { OSC_FIELDS = sizeof(osc_state) / sizeof(lanes) };

// ---- the wave, in units of steps.h -------------------------------------------------------------

#define OSC_HALF_TURN ((int32_t)0x80000000u)
#define OSC_QUARTER ((int32_t)0x40000000)
#if OSC_WAVE == OSC_SAW
enum { OSC_EDGES = 1 };
#elif OSC_WAVE == OSC_SINE
enum { OSC_EDGES = 0 };
#else
enum { OSC_EDGES = 2 };
#endif

/// What is at 0 where the phase is at an edge: the saw's fall; the pulse's rise and fall; the
/// triangle's bottom and top.
MEGA_INLINE ilanes edge_phase(int edge, ilanes phase, ilanes width) {
    if (OSC_WAVE == OSC_SAW) return iadd(phase, isplat(OSC_HALF_TURN));
    if (OSC_WAVE == OSC_PULSE) return edge == 0 ? phase : isub(phase, width);
    return iadd(phase, isplat(edge == 0 ? OSC_QUARTER : -OSC_QUARTER));
}
/// The step there, of 2, for a phase that runs forwards; what the triangle's slope changes by, of
/// the phase's own.
MEGA_INLINE float edge_size(int edge) {
    if (OSC_WAVE == OSC_TRIANGLE) return edge == 0 ? 0.25f : -0.25f;
    return OSC_WAVE == OSC_PULSE && edge == 0 ? 1 : -1;
}

#define EDGE_KIND (OSC_WAVE == OSC_TRIANGLE ? STEP_CORNER : STEP_JUMP)

/// All bits set where the triangle falls.
MEGA_INLINE ilanes falls(ilanes phase) { return iadd(phase, isplat(OSC_QUARTER)) >> 31; }

/// A sine of a phase.
MEGA_INLINE ilanes sine_of(ilanes phase) { return to_int(vsin_phase(phase) * splat(STEP_ONE)); }

/// The wave with its edges sharp, not late. A pulse holds no DC at any width.
MEGA_INLINE ilanes level_of(ilanes phase, ilanes width, ilanes late_width) {
    if (OSC_WAVE == OSC_SINE) return sine_of(phase);
    if (OSC_WAVE == OSC_SAW) return phase >> 4;
    if (OSC_WAVE == OSC_PULSE) {
        ilanes high = ishr(isub(isplat(0), late_width), 4);
        return iselect(steps_below(phase, width), high, isub(high, isplat(2 * STEP_ONE)));
    }
    ilanes rising = iadd(phase, isplat(OSC_QUARTER)) ^ falls(phase);
    return isub(rising, isplat(OSC_QUARTER)) >> 3;
}
/// Its slope a frame.
MEGA_INLINE lanes slope_of(ilanes phase, lanes diff) {
    if (OSC_WAVE == OSC_PULSE) return splat(0);
    if (OSC_WAVE == OSC_SINE)
        return vsin_phase(iadd(phase, isplat(OSC_QUARTER))) * (diff * splat(0.19634954f));
    if (OSC_WAVE == OSC_SAW) return diff * splat(0.0625f);
    return from_bits(bits_of(diff * splat(0.125f)) ^ (falls(phase) & isplat(OSC_HALF_TURN)));
}
/// How far the phase has come since what sounds now, in units of the wave.
MEGA_INLINE lanes far_of(const mega_step_table *table, const ilanes *diff) {
    const float scale = OSC_WAVE == OSC_SAW ? 0.0625f : 0.125f;
    return to_float(diff[0]) * splat(table->back[0] * scale) +
           to_float(diff[1]) * splat(table->back[1] * scale) +
           to_float(diff[2]) * splat(table->back[2] * scale);
}
/// How far the wave has.
MEGA_INLINE ilanes back_of(ilanes phase, lanes far) {
    if (OSC_WAVE == OSC_PULSE) return isplat(0);
    ilanes back = to_int(far);
    if (OSC_WAVE == OSC_SINE) // `far` is in eighths of a phase
        return isub(sine_of(phase), sine_of(isub(phase, ishl(back, 3))));
    return OSC_WAVE == OSC_SAW ? back : isub(back ^ falls(phase), falls(phase));
}

// ---- parameters --------------------------------------------------------------------------------

MEGA_INLINE bool moves(const mega_call *c, int port) { return (c->moving >> port & 1) != 0; }
MEGA_INLINE ilanes width_at(const mega_call *c, uint32_t t, int u) {
    return OSC_WAVE == OSC_PULSE ? osc_width(port_at(c, OSC_WIDTH, t, u)) : isplat(0);
}
MEGA_INLINE ilanes step_at(const mega_call *c, lanes ratio, uint32_t t, int u) {
    return phase_step(port_at(c, OSC_FREQ, t, u) * ratio, c->seconds_per_frame);
}
MEGA_INLINE ilanes turns_at(const mega_call *c, int port, uint32_t t, int u) {
    return osc_turns(port_at(c, (size_t)port, t, u));
}

/// What a frame's parameters come to.
typedef struct {
    lanes ratio;
    ilanes offset, pm, step, shift, width;
} osc_now;
MEGA_INLINE void read_pitch(osc_now *n, const mega_call *c, uint32_t t, int u) {
    if (t == 0 || moves(c, OSC_DETUNE)) n->ratio = osc_ratio(port_at(c, OSC_DETUNE, t, u));
    n->step = step_at(c, n->ratio, t, u);
}
MEGA_INLINE void read_shape(osc_now *n, const mega_call *c, uint32_t t, int u) {
    if (t == 0 || moves(c, OSC_PHASE)) n->offset = turns_at(c, OSC_PHASE, t, u);
    if (t == 0 || moves(c, OSC_PM)) n->pm = turns_at(c, OSC_PM, t, u);
    n->shift = iadd(n->offset, n->pm);
    if (t == 0 || moves(c, OSC_WIDTH)) n->width = width_at(c, t, u);
}

// ---- a piece of a segment ----------------------------------------------------------------------

/// How a phase runs: now, since the last frame, and how that has grown, and how that has.
typedef struct {
    ilanes gone, diff, growth, more;
} osc_run;

enum { OSC_PASSES = 64 };

/// Edges that phases have passed, of any lanes and frames, not yet added.
typedef struct {
    uint32_t count;
    int32_t where[OSC_PASSES + MEGA_WIDTH];                                 // see steps_add_lanes
    int32_t edge[OSC_PASSES + MEGA_WIDTH], run[4][OSC_PASSES + MEGA_WIDTH]; // see osc_run
} osc_passes;

/// At most STEP_PIECE frames of one vector of lanes.
typedef struct {
    const mega_call *call;
    int u;
    uint32_t at, frames; // the first, in the segment, and how many
    mask fresh;          // lanes that begin here
    step_rows rows;
    ilanes level[STEP_PIECE]; // of the wave, late, edges sharp
    osc_passes passes;
} piece;

/// Lanes that begin step up from silence, and bend; their first frame is exactly 0.
static __attribute__((noinline)) void begin(piece *p, uint32_t only, ilanes level, ilanes back,
                                            lanes slope) {
    uint32_t lanes_in = steps_bits(p->fresh) & only;
    const ilanes where = steps_lane_rows();
    const lanes size = to_float(level) * splat(0.5f / STEP_ONE);
    steps_add_lanes(&p->rows, STEP_JUMP, lanes_in, where, splat(0), &size, 0);
    if (OSC_WAVE != OSC_PULSE)
        steps_add_lanes(&p->rows, STEP_CORNER, lanes_in, where, splat(0), &slope, 0);
    ilanes first = isub(back, level);
    int32_t cancel[MEGA_WIDTH];
    memcpy(cancel, &first, sizeof cancel);
    for (; lanes_in; lanes_in &= lanes_in - 1) {
        int l = __builtin_ctz(lanes_in);
        p->rows.row[l * STEP_ROW] = cancel[l];
    }
}

/// The phase's speed some time before a frame, and how that grows, on the cubic through the last
/// four phases.
MEGA_INLINE lanes speed_at(const osc_run *run, lanes since) {
    lanes more = to_float(run->more) * splat(1.0f / 6), g = to_float(run->growth);
    lanes cubic = (splat(3) * since - splat(6)) * since + splat(2);
    return (to_float(run->diff) + g * (splat(0.5f) - since)) + more * cubic;
}
MEGA_INLINE lanes growth_at(const osc_run *run, lanes since) {
    return to_float(run->growth) + to_float(run->more) * (splat(1) - since);
}

/// Adds what a change of the triangle's direction makes.
/// @param size of the change, of the phase's own speed
MEGA_INLINE void add_corners(step_rows *r, uint32_t at_lanes, ilanes where, lanes size, lanes since,
                             const osc_run *run) {
    const lanes speed = size * speed_at(run, since), growth = size * growth_at(run, since);
    const lanes more = size * to_float(run->more);
    const lanes third = more * splat(r->table->third * 0.5f / STEP_ONE);
    steps_add_lanes(r, STEP_CORNER, at_lanes, where, since, &speed, 0);
    steps_add_lanes(r, STEP_BEND, at_lanes, where, since, &growth, 0);
    steps_add_lanes(r, STEP_SWING, at_lanes, where, since, &more, 0);
    steps_add_lanes(r, STEP_JUMP, at_lanes, where, since, &third, 0);
}

/// Adds what edges make. @param size of the edge: see edge_size; @param since frames since then
/// @param way whose sign is that of the phase's speed there
MEGA_INLINE void add_edges(step_rows *r, uint32_t at_lanes, ilanes where, lanes size, lanes since,
                           lanes way, const osc_run *run) {
    size = from_bits(bits_of(size) ^ (bits_of(way) & isplat(OSC_HALF_TURN)));
    if (OSC_WAVE == OSC_TRIANGLE) add_corners(r, at_lanes, where, size, since, run);
    else steps_add_lanes(r, STEP_JUMP, at_lanes, where, since, &size, 0);
}

/// Adds edges that phases have passed since the last frame, and those that they have passed to and
/// fro: where the cubic through the last four phases is 0, by the parabola's roots.
MEGA_INLINE void add_passes(step_rows *r, uint32_t at_lanes, ilanes where, lanes size,
                            const osc_run *run) {
    const lanes none = splat(0), one = splat(1), two = splat(2);
    lanes far = to_float(run->gone), d = to_float(run->diff), g = to_float(run->growth);
    lanes more = to_float(run->more) * splat(1.0f / 6), speed = d + splat(0.5f) * g;
    lanes per_growth = one / vselect(eq(g, none), one, g);
    lanes near = none, other = none, since = none, square = none;
    mask near_in, other_in;
    for (int i = 0; i < 2; i++) {
        lanes u = far - more * (since * (one - since) * (two - since));
        square = speed * speed - (g + g) * u;
        lanes root = vsqrt(vmax(square, none));
        lanes sum = speed + vselect(lt(speed, none), none - root, root);
        near = (u + u) * (one / vselect(eq(sum, none), one, sum));
        other = sum * per_growth;
        near_in = both(le(none, near), le(near, one));
        other_in = both(le(none, other), le(other, one));
        since = clampf(vselect(either(near_in, not_(other_in)), near, other), 0, 1);
    }
    mask passed = steps_passed(run->gone, run->diff);
    add_edges(r, at_lanes & steps_bits(passed), where, size, since, d, run);
    mask twice = both(both(near_in, other_in), both(lt(none, square), not_(passed)));
    at_lanes &= steps_bits(twice);
    if (!at_lanes) return;
    add_edges(r, at_lanes, where, size, near, speed - g * near, run);
    add_edges(r, at_lanes, where, size, other, g * near - speed, run);
}

/// Adds all passes to the rows.
static __attribute__((noinline)) void empty_passes(piece *p) {
    osc_passes *q = &p->passes;
    for (uint32_t i = 0; i < q->count; i += MEGA_WIDTH) {
        const uint32_t left = q->count - i;
        uint32_t at_lanes = left < MEGA_WIDTH ? (1u << left) - 1 : (2u << (MEGA_WIDTH - 1)) - 1;
        ilanes where, edge;
        osc_run run;
        memcpy(&where, q->where + i, sizeof where);
        memcpy(&edge, q->edge + i, sizeof edge);
        memcpy(&run.gone, q->run[0] + i, sizeof where);
        memcpy(&run.diff, q->run[1] + i, sizeof where);
        memcpy(&run.growth, q->run[2] + i, sizeof where);
        memcpy(&run.more, q->run[3] + i, sizeof where);
        lanes size = vselect(ieq(edge, isplat(0)), splat(edge_size(0)), splat(edge_size(1)));
        add_passes(&p->rows, at_lanes, where, size, &run);
    }
    q->count = 0;
}

/// Notes that some lanes have passed an edge in frame `t`, or may have done so twice.
MEGA_INLINE void note_passes(piece *p, int edge, mask passed, uint32_t t, const osc_run *run) {
    osc_passes *q = &p->passes;
    uint32_t at_lanes = steps_bits(passed);
    const ilanes where = iadd(steps_lane_rows(), isplat((int32_t)t)), edges = isplat(edge);
    if (q->count > OSC_PASSES - MEGA_WIDTH) empty_passes(p);
    const uint32_t to = q->count;
    steps_pack(q->where + to, at_lanes, where);
    steps_pack(q->edge + to, at_lanes, edges);
    steps_pack(q->run[0] + to, at_lanes, run->gone);
    steps_pack(q->run[1] + to, at_lanes, run->diff);
    steps_pack(q->run[2] + to, at_lanes, run->growth);
    steps_pack(q->run[3] + to, at_lanes, run->more);
    q->count += (uint32_t)__builtin_popcount(at_lanes);
}

/// Lanes whose phase turns round within this frame.
MEGA_INLINE mask turns_round(ilanes diff, ilanes growth) {
    return lt(vabs(to_float(diff)) * splat(2), vabs(to_float(growth)));
}

/// Ends the wave where a lane's sync rises through 0 and begins it anew. @return the phase since
/// @param run of the phase, and of the phase less the width, in this frame
static __attribute__((noinline)) ilanes restart(piece *p, const osc_past *s, const osc_now *n,
                                                uint32_t t, mask event, lanes since,
                                                const osc_run *run) {
    const lanes limit = splat(2147483520.0f);
    ilanes gone = to_int(since * to_float(n->step)), base = iselect(event, gone, s->base);
    ilanes now = iadd(base, n->shift), then = iadd(s->base, n->shift), ago[2];
    for (int i = 0; i < 2; i++) { // phase since the sync
        lanes half = splat(0.5f) * to_float(run[i].growth);
        lanes far = since * (to_float(run[i].diff) + half * (splat(1) - since));
        ago[i] = to_int(clamp(far, splat(0) - limit, limit));
    }
    for (int e = 0; e < OSC_EDGES; e++) {
        const int i = OSC_WAVE == OSC_PULSE && e == 1;
        osc_run old = run[i], new = run[i];
        old.gone = edge_phase(e, then, n->width), new.gone = edge_phase(e, now, n->width);
        mask before = steps_passed(isub(old.gone, ago[i]), isub(old.diff, ago[i]));
        note_passes(p, e, both(event, before), t, &old);
        note_passes(p, e, both(event, steps_passed(new.gone, ago[i])), t, &new);
    }
    ilanes width = isub(n->width, isub(ago[0], ago[1]));
    ilanes was = isub(then, ago[0]), is = isub(now, ago[0]);
    ilanes jump = isub(level_of(is, width, s->width[2]), level_of(was, width, s->width[2]));
    const ilanes where = iadd(steps_lane_rows(), isplat((int32_t)t));
    uint32_t at_lanes = steps_bits(event);
    const lanes size = to_float(jump) * splat(0.5f / STEP_ONE);
    steps_add_lanes(&p->rows, STEP_JUMP, at_lanes, where, since, &size, 0);
    if (OSC_WAVE == OSC_TRIANGLE) {
        lanes change = to_float(isub(falls(was), falls(is))) * splat(-0.25f);
        add_corners(&p->rows, at_lanes, where, change, since, &run[0]);
    }
    return base;
}

/// Takes a frame's step, shift and width in.
/// @param run is given the phase's run, and the run of the phase less the width, but for `gone`
MEGA_INLINE void advance(osc_past *s, const osc_now *n, osc_run *run) {
    ilanes diff = iadd(n->step, isub(n->shift, s->shift)), bend = isub(n->width, s->width[0]);
    ilanes last_bend = isub(s->width[0], s->width[1]);
    run[0].diff = diff, run[1].diff = isub(diff, bend);
    run[0].growth = isub(diff, s->diff[0]);
    run[1].growth = isub(run[0].growth, isub(bend, last_bend));
    for (int i = 0; i < 2; i++) {
        run[i].more = isub(run[i].growth, s->growth[i]);
        s->growth[i] = run[i].growth;
    }
    s->diff[2] = s->diff[1], s->diff[1] = s->diff[0], s->diff[0] = diff;
    s->width[2] = s->width[1], s->width[1] = s->width[0], s->width[0] = n->width;
    s->shift = n->shift;
    s->base = iadd(s->base, n->step);
}

/// Frames in which anything may happen; with `pitch_only` nothing but the pitch moves.
MEGA_INLINE void draw_moving(piece *p, osc_state *s, osc_now *now, const bool pitch_only) {
    const mega_call *c = p->call;
    const int u = p->u;
    const uint32_t frames = p->frames;
    const mega_step_table *table = p->rows.table;
    osc_past past = s->past;
    osc_now n = *now;
    for (uint32_t t = 0; t < frames; t++) {
        const bool first = t == 0 && any(p->fresh);
        osc_run run[2];
        read_pitch(&n, c, p->at + t, u);
        if (!pitch_only) read_shape(&n, c, p->at + t, u);
        advance(&past, &n, run);
        mask out = first ? p->fresh : lt(splat(0), splat(0)), event = out; // have no edge
        lanes sync = splat(0);
        if (!pitch_only) {
            sync = port_at(c, OSC_SYNC, p->at + t, u);
            event = sync_rises(&s->sync, sync);
            out = either(out, event);
        }
        ilanes phase = iadd(past.base, n.shift);
        for (int e = 0; e < OSC_EDGES; e++) {
            osc_run *r = &run[OSC_WAVE == OSC_PULSE && e == 1];
            r->gone = edge_phase(e, phase, n.width);
            mask passed = either(steps_passed(r->gone, r->diff), turns_round(r->diff, r->growth));
            passed = both(passed, not_(out));
            if (any(passed)) note_passes(p, e, passed, t, r);
        }
        if (!pitch_only) {
            if (any(event)) {
                const osc_past copy = past; // what leaves a function does not stay in registers
                const osc_now copied = n;
                const osc_run runs[2] = {run[0], run[1]};
                past.base = restart(p, &copy, &copied, t, event, sync_since(&s->sync, sync), runs);
                phase = iadd(past.base, n.shift);
            }
            sync_take(&s->sync, sync);
        }
        ilanes level = level_of(phase, n.width, past.width[2]);
        ilanes back = back_of(phase, far_of(table, past.diff));
        if (first) begin(p, ~0u, level, back, slope_of(phase, to_float(run[0].diff)));
        p->level[t] = isub(level, back);
    }
    empty_passes(p);
    s->past = past;
    *now = n;
}

/// Finds the edges of frames in which nothing moves but amp. @param only these lanes, a bit each
MEGA_INLINE void find_edges(piece *p, const osc_state *s, const osc_now *n, uint32_t only) {
    const mega_step_table *table = p->rows.table;
    ilanes from = iadd(s->past.base, n->shift), first = isplat(-1);
    if (any(p->fresh)) {
        from = iselect(p->fresh, n->shift, from), first = iselect(p->fresh, isplat(0), first);
        begin(p, only, level_of(from, n->width, n->width),
              back_of(from, far_of(table, s->past.diff)), slope_of(from, to_float(n->step)));
    }
    for (int e = 0; e < OSC_EDGES; e++) {
        const lanes corner = splat(edge_size(e)) * to_float(n->step);
        steps_find(&p->rows, EDGE_KIND, only, edge_phase(e, from, n->width), first, n->step,
                   p->frames, OSC_WAVE == OSC_TRIANGLE ? &corner : NULL, edge_size(e));
    }
}

/// A wave that is drawn as it is played, for nothing but its phase moves, and that evenly.
typedef struct {
    bool drawn;           // it is not: the piece's level is there
    ilanes phase, stride; // where it was last, and from there to the next
    ilanes width;
    lanes far;
} even_run;

MEGA_INLINE even_run even_from(const mega_step_table *table, const osc_now *n, ilanes phase,
                               ilanes stride) {
    const ilanes diff[OSC_PAST] = {n->step, n->step, n->step};
    return (even_run){false, phase, stride, n->width, far_of(table, diff)};
}

/// What a frame is multiplied by.
MEGA_INLINE lanes gain_at(const mega_call *c, uint32_t t, int u) {
    return osc_amp(port_at(c, OSC_AMP, t, u)) * splat(1.0f / STEP_ONE);
}

/// The level of frame `t` of a piece, all of which are looked at in turn.
MEGA_INLINE ilanes level_in(const piece *p, even_run *even, uint32_t t) {
    if (even->drawn) return p->level[t];
    even->phase = iadd(even->phase, even->stride);
    ilanes level = level_of(even->phase, even->width, even->width);
    return isub(level, back_of(even->phase, even->far));
}

/// Rows to the output, and what comes after this piece to the tail.
MEGA_INLINE void play(const piece *p, const step_tail *tail, even_run even, const bool amp_moves) {
    const uint32_t frames = p->frames, whole = frames - frames % MEGA_WIDTH;
    const uint32_t end = frames + (uint32_t)p->rows.table->taps;
    float *out = p->call->outputs[0] + (size_t)p->at * MEGA_FRAME + p->u * MEGA_WIDTH;
    lanes gain = gain_at(p->call, 0, p->u);
    ilanes lacking[MEGA_STEP_TAPS_MAX + 2 * MEGA_WIDTH];
    for (uint32_t t = 0; t < whole; t += MEGA_WIDTH) {
        steps_frames(&p->rows, tail, t, lacking);
        for (uint32_t i = 0; i < MEGA_WIDTH; i++) {
            if (amp_moves) gain = gain_at(p->call, p->at + t + i, p->u);
            store(out, to_float(iadd(level_in(p, &even, t + i), lacking[i])) * gain);
            out += MEGA_FRAME;
        }
    }
    for (uint32_t t = whole; t < end; t += MEGA_WIDTH)
        steps_frames(&p->rows, tail, t, lacking + (t - whole));
    for (uint32_t t = whole; t < frames; t++) {
        if (amp_moves) gain = gain_at(p->call, p->at + t, p->u);
        store(out, to_float(iadd(level_in(p, &even, t), lacking[t - whole])) * gain);
        out += MEGA_FRAME;
    }
    steps_leave(&p->rows, tail, lacking + (frames - whole));
}

/// The same where nothing is lacking.
MEGA_INLINE void play_whole(const piece *p, even_run even) {
    for (uint32_t t = 0; t < p->frames; t++)
        store(p->call->outputs[0] + (size_t)(p->at + t) * MEGA_FRAME + p->u * MEGA_WIDTH,
              to_float(level_in(p, &even, t)) * gain_at(p->call, p->at + t, p->u));
}
/// Whether a piece adds nothing to its rows, and earlier ones have left nothing.
MEGA_INLINE bool is_whole(const piece *p, const step_tail *tail) {
    if (OSC_EDGES > 0 || any(p->fresh)) return false;
    ilanes left = isplat(0);
    for (int k = 0; k < MEGA_STEP_TAPS_MAX; k++) {
        left = left | iload(tail->at + (size_t)k * tail->stride);
    }
    return all(ieq(left, isplat(0)));
}

// ---- a segment ---------------------------------------------------------------------------------

#define OSC_BIT(port) ((uint64_t)1 << (port))
enum {
    OSC_PITCH_BITS = OSC_BIT(OSC_FREQ) | OSC_BIT(OSC_DETUNE),
    OSC_EVENT_BITS = OSC_BIT(OSC_PM) | OSC_BIT(OSC_SYNC) | OSC_BIT(OSC_PHASE) |
                     (OSC_WAVE == OSC_PULSE ? OSC_BIT(OSC_WIDTH) : 0),
};

/// What may happen in a segment: nothing, changes of pitch, anything. A wider way gives the same
/// bits.
typedef enum { WAY_EVEN, WAY_PITCH, WAY_ANY } osc_way;

static osc_way way_of(const mega_call *c, const osc_state *s, const osc_now *n, mask fresh, int u) {
    if (c->moving & OSC_EVENT_BITS) return WAY_ANY;
    mask steady =
        both(ieq(s->past.shift, n->shift), sync_settled(&s->sync, port_at(c, OSC_SYNC, 0, u)));
    for (int i = 0; i < OSC_PAST; i++) steady = both(steady, ieq(s->past.width[i], n->width));
    if (!all(either(fresh, steady))) return WAY_ANY;
    if (c->moving & OSC_PITCH_BITS) return WAY_PITCH;
    mask even = not_(ilt(n->step, isplat(0)));
    for (int i = 0; i < OSC_PAST; i++) even = both(even, ieq(s->past.diff[i], n->step));
    for (int i = 0; i < 2; i++) even = both(even, ieq(s->past.growth[i], isplat(0)));
    return all(even) ? WAY_EVEN : WAY_PITCH;
}

/// A fresh voice is as if it had always run as it does now, and is at its start in the first frame.
MEGA_INLINE void be_born(osc_state *s, const mega_call *c, const osc_now *n, mask fresh, int u) {
    osc_past *past = &s->past;
    past->base = iselect(fresh, isub(isplat(0), n->step), past->base);
    past->shift = iselect(fresh, n->shift, past->shift);
    // in osc3 a pulse may have been another wave, which has no width
    mask widthless = fresh;
    if (OSC_WAVE == OSC_PULSE) widthless = either(fresh, ieq(past->width[0], isplat(0)));
    for (int i = 0; i < OSC_PAST; i++) {
        past->diff[i] = iselect(fresh, n->step, past->diff[i]);
        past->width[i] = iselect(widthless, n->width, past->width[i]);
    }
    sync_begin(&s->sync, fresh, port_at(c, OSC_SYNC, 0, u));
    s->started = isplat(1);
}

/// What a segment begins with: parameters, and a fresh voice's state.
MEGA_INLINE void take_call(piece *p, osc_state *s, osc_now *n, const mega_call *c, const int u) {
    read_pitch(n, c, 0, u);
    read_shape(n, c, 0, u);
    p->call = c, p->u = u, p->at = 0, p->fresh = ieq(s->started, isplat(0));
    p->rows.table = steps_table(c->frames_per_second), p->passes.count = 0;
    be_born(s, c, n, p->fresh, u);
}

/// The next frames of a segment. @return whether there are any
MEGA_INLINE bool take_piece(piece *p) {
    const uint32_t left = p->call->frames - p->at;
    p->frames = left < STEP_PIECE ? left : STEP_PIECE;
    return left > 0;
}

/// A piece to the output. @param even of a wave that is not drawn yet
MEGA_INLINE void play_piece(const piece *p, const step_tail *tail, even_run even, bool whole) {
    if (whole) play_whole(p, even);
    else if (moves(p->call, OSC_AMP)) play(p, tail, even, true);
    else play(p, tail, even, false);
}

MEGA_INLINE void run_even(piece *p, osc_state *s, const osc_now *now, const step_tail *tail,
                          bool whole) {
    const osc_now n = *now; // what leaves a function does not stay in registers
    find_edges(p, s, &n, ~0u);
    ilanes phase = iadd(s->past.base, n.shift);
    play_piece(p, tail, even_from(p->rows.table, &n, phase, n.step), whole);
    s->past.base = iadd(s->past.base, imul(n.step, isplat((int32_t)p->frames)));
}

static void run(const mega_call *c, int u) {
    const step_tail tail = steps_tail(c, OSC_FIELDS, u);
    osc_state s;
    osc_now n;
    piece p; // its large parts are cleared as far as they are used
    state_load(&s, sizeof s, c, u);
    take_call(&p, &s, &n, c, u);
    const osc_way way = way_of(c, &s, &n, p.fresh, u);
    for (; take_piece(&p); p.at += p.frames) {
        const bool whole = is_whole(&p, &tail);
        if (!whole) steps_clear(&p.rows, p.frames, MEGA_WIDTH);
        if (way == WAY_EVEN) {
            run_even(&p, &s, &n, &tail, whole);
        } else {
            if (way == WAY_PITCH) draw_moving(&p, &s, &n, true);
            else draw_moving(&p, &s, &n, false);
            play_piece(&p, &tail, (even_run){.drawn = true}, whole);
        }
        p.fresh = lt(splat(0), splat(0));
    }
    state_store(&s, sizeof s, c, u);
}

static uint64_t osc_process(const mega_call *c) {
    for (int u = 0; u < MEGA_U; u++) run(c, u);
    return ~(uint64_t)0;
}

// ---- few voices, with frames in the lanes -------------------------------------------------------

/// Rows to the output, drawing the wave as it goes.
MEGA_INLINE void play_solo(piece *p, osc_state *s, const osc_now *n, const step_tail *tail) {
    const mega_call *c = p->call;
    const ilanes stride = imul(n->step, isplat((int32_t)SOLO_FRAMES));
    ilanes first = iadd(iadd(s->past.base, n->shift), imul(n->step, iadd(solo_ramp(), isplat(1))));
    even_run even = even_from(p->rows.table, n, isub(first, stride), stride);
    int32_t lacking[STEP_SOLO_FLOATS];
    steps_solo(&p->rows, tail, p->frames, lacking);
    for (uint32_t t = 0; t < p->frames; t += SOLO_FRAMES) {
        ilanes rest = iload(lacking + t * MEGA_VOICES);
        store(output_at(c, 0, p->at + t, SOLO),
              to_float(iadd(level_in(p, &even, t), rest)) * gain_at(c, p->at + t, SOLO));
    }
    steps_solo_leave(&p->rows, tail, lacking + p->frames * MEGA_VOICES);
    s->past.base = iadd(s->past.base, imul(n->step, isplat((int32_t)p->frames)));
}

/// Only where nothing but amp moves. (osc3 has no such way.)
static __attribute__((unused)) uint64_t osc_solo(const mega_call *c) {
    const step_tail tail = {(int32_t *)(void *)c->state + OSC_FIELDS * c->state_stride,
                            c->state_stride};
    osc_state s;
    osc_now n;
    piece p;
    state_load(&s, sizeof s, c, SOLO);
    take_call(&p, &s, &n, c, SOLO);
    if (way_of(c, &s, &n, p.fresh, SOLO) != WAY_EVEN) return MEGA_DECLINED;
    for (; take_piece(&p); p.at += p.frames) {
        steps_clear(&p.rows, p.frames, MEGA_VOICES);
        find_edges(&p, &s, &n, (1u << MEGA_VOICES) - 1);
        play_solo(&p, &s, &n, &tail);
        p.fresh = lt(splat(0), splat(0));
    }
    state_store(&s, sizeof s, c, SOLO);
    return MEGA_ALL_MOVE;
}

#define OSC_STATE .state_fields = OSC_FIELDS + MEGA_STEP_TAPS_MAX // with the tail

#endif
