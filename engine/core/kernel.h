// SPDX-License-Identifier: MIT
// kernel -- turns a module's `prepare` and `tick` into the loop that the VM calls.
//
// A module file includes this, declares `state`, `coefs`, its rows, `prepare` and `tick`, and ends
// in KERNEL(inputs, params, outputs) and MODULE(...). The file is compiled once for each
// instruction set and once for one lane; nothing in it may have external linkage but the row that
// MODULE defines.
//
// The loop loads state into locals, runs U = 16 / width vectors side by side (which hides the
// latency of recursion), and has two variants: parameters that stand still are prepared once,
// moving ones at each frame. The two give the same bits, since `prepare` is a pure function.
#ifndef MEGA_KERNEL_H
#define MEGA_KERNEL_H

#include "core/lanes.h"
#include "core/module.h"

#if MEGA_WIDTH == 1
#define MEGA_FRAME 1 // floats from a frame of a register to the next
#define MEGA_U 1     // vectors side by side
#else
#ifndef MEGA_U // a narrow build has fewer: it runs the first lanes of the state that a call points
               // to
#define MEGA_U (MEGA_LANE_COUNT / MEGA_WIDTH)
#endif
#define MEGA_FRAME (MEGA_U * MEGA_WIDTH)
#endif

#define MEGA_JOIN_(a, b, c) a##b##_##c
#define MEGA_JOIN(a, b, c) MEGA_JOIN_(a, b, c)
/// MEGA_ROW(osc_saw) is the symbol of that module's row in this build, e.g. mega_module_osc_saw_v3.
#define MEGA_ROW(id) MEGA_JOIN(mega_module_, id, MEGA_ISA)

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/// What `prepare` may know besides the parameters.
typedef struct {
    float seconds_per_frame, frames_per_second;
    ilanes seed; ///< differs for each voice and node
} context;

/// Delay lines of this vector of lanes.
typedef struct {
    float *base;             ///< line 0, position 0, first lane of the vector
    uint32_t frames, stride; ///< positions in a line, a power of two; floats from one to the next
    bool solo;               ///< of one lane: see lines.h
} lines;

/// The value at an absolute position of line `line`; positions wrap at its length.
MEGA_INLINE lanes line_read(const lines *l, uint32_t line, ilanes position) {
    const float *base = l->base + (size_t)line * l->frames * l->stride;
#if MEGA_WIDTH == 1
    return base[(size_t)((uint32_t)position & (l->frames - 1)) * l->stride];
#else
    lanes v;
    for (int i = 0; i < MEGA_WIDTH; i++)
        v[i] = base[(size_t)((uint32_t)position[i] & (l->frames - 1)) * l->stride + (size_t)i];
    return v;
#endif
}
MEGA_INLINE void line_write(const lines *l, uint32_t line, ilanes position, lanes v) {
    float *base = l->base + (size_t)line * l->frames * l->stride;
#if MEGA_WIDTH == 1
    base[(size_t)((uint32_t)position & (l->frames - 1)) * l->stride] = v;
#else
    for (int i = 0; i < MEGA_WIDTH; i++)
        base[(size_t)((uint32_t)position[i] & (l->frames - 1)) * l->stride + (size_t)i] = v[i];
#endif
}

// ---- few voices, with frames in the lanes ------------------------------------------------------
//
// A one-lane call leaves all lanes but one empty. A module whose frames do not hang on each other
// (or hang only by integer sums, which are exact in any order) also has `solo`: the same ports and
// outputs, a float a frame, as many frames at once as this build has lanes. It gives the bits of
// the one-lane build. Registers have room for a whole vector past a segment's end: what is read
// there counts for nothing, what is written there nobody reads.
//
// Builds for MEGA_VOICES 4 or 8 do the same for the first voices of a group, whose registers lie
// dense: a vector of 16 lanes holds four frames of 4 voices, voices side by side.

/// What `solo` returns to say: nothing was done, let the one-lane build do it.
#define MEGA_DECLINED ((uint64_t)1 << 63)
#define MEGA_ALL_MOVE (MEGA_DECLINED - 1) ///< from `solo`: every output has a value per frame

/// Where a loop is written once for both ways, in place of the number of a vector of lanes: one
/// voice, with frames in the lanes.
enum { SOLO = -1 };
#ifndef MEGA_VOICES
#define MEGA_VOICES 1 // that SOLO means
#endif
enum { SOLO_FRAMES = MEGA_WIDTH / MEGA_VOICES }; // in a vector
/// Frames that a turn of such a loop makes.
MEGA_INLINE uint32_t frames_at_once(int u) { return u == SOLO ? SOLO_FRAMES : 1; }

MEGA_INLINE int32_t bits_of_float(float v) {
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}
#if MEGA_WIDTH == 1
MEGA_INLINE int32_t solo_first(ilanes v) { return v; }
MEGA_INLINE int32_t solo_last(ilanes v) { return v; }
#else
MEGA_INLINE int32_t solo_first(ilanes v) { return v[0]; }
MEGA_INLINE int32_t solo_last(ilanes v) { return v[MEGA_WIDTH - 1]; }
#endif
/// The number of each lane's frame: of one voice 0, 1, 2 ...
MEGA_INLINE ilanes solo_ramp(void) {
    static const int32_t ramp[MEGA_LANE_COUNT] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};
    ilanes v;
    memcpy(&v, ramp, sizeof v);
    return ishr(v, MEGA_VOICES == 8 ? 3 : MEGA_VOICES == 4 ? 2 : 0);
}
/// The voices' values at `p` in every frame.
MEGA_INLINE ilanes solo_repeat_bits(const void *p) {
#if MEGA_VOICES == 8
    return (ilanes)_mm512_broadcast_i64x4(_mm256_loadu_si256(p));
#elif MEGA_VOICES == 4 && MEGA_WIDTH == 16
    return (ilanes)_mm512_broadcast_i32x4(_mm_loadu_si128(p));
#elif MEGA_VOICES == 4
    return (ilanes)_mm256_broadcastsi128_si256(_mm_loadu_si128(p));
#else
    int32_t v;
    memcpy(&v, p, sizeof v);
    return isplat(v);
#endif
}
MEGA_INLINE lanes solo_repeat(const float *p) {
    return MEGA_VOICES == 1 ? splat(*p) : from_bits(solo_repeat_bits(p));
}

// ---- state, ports, outputs ---------------------------------------------------------------------

/// The state of vector `u`, field by field: `state` is nothing but fields of one vector each. Of
/// SOLO: the voices', in every frame.
MEGA_INLINE void state_load(void *s, size_t bytes, const mega_call *c, int u) {
    size_t fields = bytes / sizeof(lanes);
    for (size_t f = 0; f < fields && u == SOLO; f++) {
        ilanes all = MEGA_VOICES == 1 ? isplat(bits_of_float(c->state[f * c->state_stride]))
                                      : solo_repeat_bits(c->state + f * c->state_stride);
        memcpy((char *)s + f * sizeof(lanes), &all, sizeof all);
    }
    if (u == SOLO) return;
    for (size_t f = 0; f < fields; f++) {
#if MEGA_WIDTH == 1
        (void)u;
        memcpy((char *)s + f * sizeof(lanes), c->state + f * c->state_stride, sizeof(lanes));
#else
        memcpy((char *)s + f * sizeof(lanes),
               c->state + f * MEGA_LANE_COUNT + (size_t)(u * MEGA_WIDTH), sizeof(lanes));
#endif
    }
}
/// Of SOLO: the first frame's, which all frames have.
MEGA_INLINE void state_store(const void *s, size_t bytes, const mega_call *c, int u) {
    size_t fields = bytes / sizeof(lanes);
    for (size_t f = 0; f < fields && u == SOLO; f++)
        memcpy(c->state + f * c->state_stride, (const char *)s + f * sizeof(lanes),
               MEGA_VOICES * sizeof(float));
    if (u == SOLO) return;
    for (size_t f = 0; f < fields; f++) {
#if MEGA_WIDTH == 1
        (void)u;
        memcpy(c->state + f * c->state_stride, (const char *)s + f * sizeof(lanes), sizeof(lanes));
#else
        memcpy(c->state + f * MEGA_LANE_COUNT + (size_t)(u * MEGA_WIDTH),
               (const char *)s + f * sizeof(lanes), sizeof(lanes));
#endif
    }
}

MEGA_INLINE mask is_finite(lanes v) { return lt(vabs(v), splat(__builtin_inff())); }

/// What comes in, bounded, for what remembers it: NaN and infinity stay what they are, and are
/// seen.
MEGA_INLINE lanes bounded(lanes v) { return vselect(is_finite(v), clampf(v, -1e6f, 1e6f), v); }

/// Lanes whose last frame is not finite begin anew: what is downstream may hide it from the VM,
/// which would let them stay so for ever.
MEGA_INLINE void state_mend(void *s, size_t bytes, float *const *out, int count, uint32_t frames,
                            int u) {
    mask good = is_finite(splat(0));
    for (int o = 0; o < count; o++)
        good = both(good,
                    is_finite(u == SOLO ? solo_repeat(out[o] + (size_t)(frames - 1) * MEGA_VOICES)
                                        : load(out[o] + (size_t)(frames - 1) * MEGA_FRAME +
                                               (size_t)(u * MEGA_WIDTH))));
    if (all(good)) return;
    for (size_t at = 0; at < bytes; at += sizeof(lanes)) {
        lanes field;
        memcpy(&field, (char *)s + at, sizeof field);
        field = vselect(good, field, splat(0));
        memcpy((char *)s + at, &field, sizeof field);
    }
}

MEGA_INLINE context context_of(const mega_call *c, int u) {
    context x = {.seconds_per_frame = c->seconds_per_frame,
                 .frames_per_second = c->frames_per_second};
    if (u == SOLO) x.seed = MEGA_VOICES == 1 ? isplat(c->seeds[0]) : solo_repeat_bits(c->seeds);
    else memcpy(&x.seed, c->seeds + u * MEGA_WIDTH, sizeof x.seed);
    return x;
}

MEGA_INLINE lines lines_of(const mega_call *c, int u) {
#if MEGA_WIDTH == 1
    (void)u;
    return (lines){c->memory, c->memory_frames, c->state_stride, false};
#else
    return (lines){c->memory ? c->memory + u * MEGA_WIDTH : NULL, c->memory_frames, MEGA_LANE_COUNT,
                   false};
#endif
}

/// The lanes of vector `u`, or of SOLO the voices, whose bits are in `set`.
MEGA_INLINE mask lanes_in(uint32_t set, int u) {
    static const int32_t bits[MEGA_LANE_COUNT] = {
        1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
    ilanes bit;
    if (u == SOLO) bit = solo_repeat_bits(bits);
    else memcpy(&bit, bits + u * MEGA_WIDTH, sizeof bit);
    return ieq(isplat((int32_t)set) & bit, bit);
}
/// Lanes of vector `u` that hold no voice.
MEGA_INLINE mask silent_lanes(const mega_call *c, int u) { return lanes_in(c->silent, u); }

MEGA_INLINE bool port_moves(const mega_call *c, size_t p) { return c->moving >> p & 1; }
/// Port `p` at frames t, t + 1, ...
MEGA_INLINE lanes solo_port(const mega_call *c, size_t p, uint32_t t) {
    return port_moves(c, p) ? load(c->ports[p] + (size_t)t * MEGA_VOICES)
                            : solo_repeat(c->ports[p]);
}
MEGA_INLINE bool solo_moves(const mega_call *c, size_t p) { return port_moves(c, p); }

/// Port `p` at frame `t`: a moving one has a value per frame. Of SOLO: at frames t, t + 1, ...
MEGA_INLINE lanes port_at(const mega_call *c, size_t p, uint32_t t, int u) {
    if (u == SOLO) return solo_port(c, p, t);
    size_t frame = port_moves(c, p) ? t : 0;
    return load(c->ports[p] + frame * MEGA_FRAME + u * MEGA_WIDTH);
}

/// Where output `o` has frame `t`, or the frames from `t` on.
MEGA_INLINE float *output_at(const mega_call *c, size_t o, uint32_t t, int u) {
    if (u == SOLO) return c->outputs[o] + (size_t)t * MEGA_VOICES;
    return c->outputs[o] + (size_t)t * MEGA_FRAME + u * MEGA_WIDTH;
}

// Modules with delay memory say `#define KERNEL_LINES` before KERNEL; their tick takes `const lines
// *` last.
#ifdef KERNEL_LINES
#define KERNEL_TICK(u, in, out) tick(&s[u], &k[u], in, out, &memory[u])
#define KERNEL_MEMORY                                                                              \
    lines memory[MEGA_U];                                                                          \
    for (int u = 0; u < MEGA_U; u++) memory[u] = lines_of(c, u);
#else
#define KERNEL_TICK(u, in, out) tick(&s[u], &k[u], in, out)
#define KERNEL_MEMORY
#endif

// What nobody reads is not written, but for the last frame, which says whether all is well.
#define KERNEL_UNREAD const uint64_t unread = t + 1 < c->frames ? c->unread : 0;

/// Defines `process` out of `state`, `coefs`, `prepare`, `tick`.
/// @param IN, PARAM, OUT counts of inputs, parameters, outputs
#define KERNEL(IN, PARAM, OUT)                                                                     \
    static uint64_t process(const mega_call *c) {                                                  \
        enum { in_room = (IN) ? (IN) : 1, param_room = (PARAM) ? (PARAM) : 1 };                    \
        const uint64_t param_bits = ((((uint64_t)1 << (PARAM)) - 1) << (IN));                      \
        state s[MEGA_U];                                                                           \
        context x[MEGA_U];                                                                         \
        coefs k[MEGA_U];                                                                           \
        KERNEL_MEMORY                                                                              \
        const float *in_at[in_room];                                                               \
        size_t in_step[in_room];                                                                   \
        for (int i = 0; i < (IN); i++) {                                                           \
            in_at[i] = c->ports[i];                                                                \
            in_step[i] = (c->moving >> i & 1) ? MEGA_FRAME : 0;                                    \
        }                                                                                          \
        float *out_at[OUT];                                                                        \
        for (int o = 0; o < (OUT); o++) out_at[o] = c->outputs[o];                                 \
        for (int u = 0; u < MEGA_U; u++) {                                                         \
            state_load(&s[u], sizeof s[u], c, u);                                                  \
            x[u] = context_of(c, u);                                                               \
        }                                                                                          \
        if (!(c->moving & param_bits)) {                                                           \
            for (int u = 0; u < MEGA_U; u++) {                                                     \
                lanes param[param_room] = {splat(0)};                                              \
                for (int p = 0; p < (PARAM); p++) param[p] = port_at(c, (size_t)((IN) + p), 0, u); \
                k[u] = prepare(param, &x[u]);                                                      \
            }                                                                                      \
            for (uint32_t t = 0; t < c->frames; t++) {                                             \
                KERNEL_UNREAD                                                                      \
                for (int u = 0; u < MEGA_U; u++) {                                                 \
                    lanes in[in_room], out[OUT];                                                   \
                    in[0] = splat(0);                                                              \
                    for (int i = 0; i < (IN); i++)                                                 \
                        in[i] = load(in_at[i] + t * in_step[i] + u * MEGA_WIDTH);                  \
                    KERNEL_TICK(u, in, out);                                                       \
                    for (int o = 0; o < (OUT); o++)                                                \
                        if ((OUT) == 1 || !(unread >> o & 1))                                      \
                            store(out_at[o] + t * MEGA_FRAME + u * MEGA_WIDTH, out[o]);            \
                }                                                                                  \
            }                                                                                      \
        } else {                                                                                   \
            const float *param_at[param_room];                                                     \
            size_t param_step[param_room];                                                         \
            for (int p = 0; p < (PARAM); p++) {                                                    \
                param_at[p] = c->ports[(IN) + p];                                                  \
                param_step[p] = (c->moving >> ((IN) + p) & 1) ? MEGA_FRAME : 0;                    \
            }                                                                                      \
            for (uint32_t t = 0; t < c->frames; t++) {                                             \
                KERNEL_UNREAD                                                                      \
                for (int u = 0; u < MEGA_U; u++) {                                                 \
                    lanes param[param_room], in[in_room], out[OUT];                                \
                    in[0] = splat(0);                                                              \
                    for (int p = 0; p < (PARAM); p++)                                              \
                        param[p] = load(param_at[p] + t * param_step[p] + u * MEGA_WIDTH);         \
                    k[u] = prepare(param, &x[u]);                                                  \
                    for (int i = 0; i < (IN); i++)                                                 \
                        in[i] = load(in_at[i] + t * in_step[i] + u * MEGA_WIDTH);                  \
                    KERNEL_TICK(u, in, out);                                                       \
                    for (int o = 0; o < (OUT); o++)                                                \
                        if ((OUT) == 1 || !(unread >> o & 1))                                      \
                            store(out_at[o] + t * MEGA_FRAME + u * MEGA_WIDTH, out[o]);            \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        for (int u = 0; u < MEGA_U; u++) {                                                         \
            state_mend(&s[u], sizeof s[u], out_at, OUT, c->frames, u);                             \
            state_store(&s[u], sizeof s[u], c, u);                                                 \
        }                                                                                          \
        return ~(uint64_t)0;                                                                       \
    }

/// Defines `process` out of `tick(const lanes *port, lanes *out)`, for a module whose outputs
/// depend on this frame's ports alone (MEGA_PURE); ports are inputs, then parameters. Where all
/// stand still so do the outputs.
#define KERNEL_PURE(PORTS, OUT)                                                                    \
    static uint64_t process(const mega_call *c) {                                                  \
        const uint32_t frames = c->moving ? c->frames : 1;                                         \
        const float *at[PORTS];                                                                    \
        size_t step[PORTS];                                                                        \
        for (int p = 0; p < (PORTS); p++) {                                                        \
            at[p] = c->ports[p];                                                                   \
            step[p] = (c->moving >> p & 1) ? MEGA_FRAME : 0;                                       \
        }                                                                                          \
        const uint64_t unread = c->unread;                                                         \
        float *out_at[OUT];                                                                        \
        for (int o = 0; o < (OUT); o++) out_at[o] = c->outputs[o];                                 \
        for (uint32_t t = 0; t < frames; t++) {                                                    \
            for (int u = 0; u < MEGA_U; u++) {                                                     \
                lanes port[PORTS], out[OUT];                                                       \
                for (int p = 0; p < (PORTS); p++)                                                  \
                    port[p] = load(at[p] + t * step[p] + u * MEGA_WIDTH);                          \
                tick(port, out);                                                                   \
                for (int o = 0; o < (OUT); o++)                                                    \
                    if ((OUT) == 1 || !(unread >> o & 1))                                          \
                        store(out_at[o] + t * MEGA_FRAME + u * MEGA_WIDTH, out[o]);                \
            }                                                                                      \
        }                                                                                          \
        return c->moving ? ~(uint64_t)0 : 0;                                                       \
    }                                                                                              \
    static uint64_t solo(const mega_call *c) {                                                     \
        const uint32_t frames = c->moving ? c->frames : 1;                                         \
        for (uint32_t t = 0; t < frames; t += SOLO_FRAMES) {                                       \
            lanes port[PORTS], out[OUT];                                                           \
            for (int p = 0; p < (PORTS); p++) port[p] = solo_port(c, (size_t)p, t);                \
            tick(port, out);                                                                       \
            for (int o = 0; o < (OUT); o++) store(output_at(c, (size_t)o, t, SOLO), out[o]);       \
        }                                                                                          \
        return c->moving ? MEGA_ALL_MOVE : 0;                                                      \
    }

/// Defines the row. `id` is the name with `_` for `.`; fields follow as designated initialisers.
#define MODULE(id, ...)                                                                            \
    extern const mega_module MEGA_ROW(id);                                                         \
    const mega_module MEGA_ROW(id) = {__VA_ARGS__};

/// The three tables of a row.
#define INPUTS(table) .inputs = (table), .input_count = COUNT_OF(table)
#define PARAMS(table) .params = (table), .param_count = COUNT_OF(table)
#define OUTPUTS(table) .outputs = (table), .output_count = COUNT_OF(table)
/// Fields of `state`.
#define STATE .state_fields = sizeof(state) / sizeof(lanes)

#endif
