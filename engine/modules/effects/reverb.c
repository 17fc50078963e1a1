// SPDX-License-Identifier: MIT
// reverb -- a feedback delay network of sixteen lines behind a diffuser.
//
// J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial reverberators", AES 90,
// 1991: a lossless network (here a Hadamard matrix), and in each line a one-pole filter whose loss
// goes with the line's length, so that every frequency dies at its own stated rate whatever line it
// is in.
//
// Every line is longer than a block, so lanes are frames here and each line is read, mixed and
// written a segment at a time; only the one-pole filters go frame by frame. Reading swings slowly
// (Catmull-Rom), which keeps single modes from ringing out. Nothing is cleared: what is older than
// the state reads as silence.
#include "modules/lines.h"

enum {
    LINES = 16,
    FEEDS = 8, // mixtures of the diffuser that lines are fed with
    TAPS = 4,  // of each
    FRAMES = MEGA_BLOCK_FRAMES,
    NEAREST = FRAMES + 4, // a line read nearer would want frames of its own segment
    BEFORE = LINES,       // memory lines of the predelay
    DIFFUSER = LINES + 2, // and of the diffuser, two each
    MEMORY_LINES = LINES + 4,
    SWINGS = 4, // line i swings with i / TOGETHER
    TOGETHER = LINES / SWINGS,
    POLES =
        LINES + 2, // one-pole filters: absorption, and what keeps steady levels out of both sides
    ABREAST = MEGA_WIDTH < 8 ? 4 : 8,        // filters in a vector
    RANKS = (POLES + ABREAST - 1) / ABREAST, // such vectors; the last is not full
    ROWS = RANKS * ABREAST,
};

#define PREDELAY_MAX 0.25f
#define ROOM_MIN 0.4f
#define ROOM_MAX 2.0f

/// Delay in frames at 48 kHz and size 1: primes in equal steps of pitch. Line i listens to the left
/// where i % 4 < 2 and is heard on the left where i is even; the order gives all four ways like
/// sets of lengths.
static const float lengths[LINES] = {887,  991,  1109, 1249, 1931, 1733, 1549, 1399,
                                     2417, 2161, 3019, 2699, 4211, 4703, 3371, 3767};
static const float sign_in[LINES] = {1, -1, 1, 1, -1, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1, -1};
static const float sign_out[LINES] = {1, 1, -1, 1, 1, -1, 1, -1, -1, 1, 1, 1, -1, -1, -1, -1};
#define LENGTH_MEAN 2324.75f

/// Where lines i and i + 8 are fed from: frames at 48 kHz back in the diffuser, one in every 6 ms;
/// negative: inverted.
static const float taps[FEEDS][TAPS] = {
    {36, 329, -593, 1026},  {143, 346, -713, -886},  {-274, -320, 602, -936},
    {210, -538, -665, 998}, {30, -332, 773, -880},   {-104, -452, -579, -1117},
    {271, 448, -856, 1019}, {242, 301, -743, -1133},
};

static const float swing_hz[SWINGS / 2] = {0.53f, 0.83f}; ///< two a quarter apart

/// A distance in frames that glides: whole + part, and `part` dies away without overshoot.
typedef struct {
    int32_t whole;
    float part, speed;
} distance;

typedef struct {
    int32_t at;     // frames written so far; see line_advance
    uint32_t clock; // of the swings
    distance before, line[LINES];
    float low[POLES]; // what the one-pole filters gave last
    float last[2];
} state;

static const mega_input_row inputs[] = {
    {"in", "signal, to both sides"},
    {"left", "left side"},
    {"right", "right side"},
};

enum { IN, LEFT, RIGHT, SIZE, DECAY, DAMP, PREDELAY, MOD, WIDTH, MIX, PORTS };
#define BIT(port) ((uint64_t)1 << (port))

// clang-format off
static const mega_param_row params[] = {
    {.name = "size", .unit = "", .min = ROOM_MIN, .max = ROOM_MAX, .initial = 1,
     .scale = MEGA_EXP, .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "size of the room: 1 spreads the first echoes over 18 to 98 ms; a change glides"},
    {.name = "decay", .unit = "s", .min = 0.1f, .max = 30, .initial = 2, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "time to -60 dB at low frequencies"},
    {.name = "damp", .unit = "Hz", .min = 500, .max = 20000, .initial = 6000, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "frequency that dies in half the time; higher ones die sooner still"},
    {.name = "predelay", .unit = "s", .min = 0, .max = PREDELAY_MAX, .initial = 0.01f,
     .scale = MEGA_LIN, .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "time before the first echo; a change glides"},
    {.name = "mod", .unit = "", .min = 0, .max = 1, .initial = 0.5f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "how far the echoes swing: 0 is clearest, more is lusher"},
    {.name = "width", .unit = "", .min = 0, .max = 1, .initial = 1, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "0: the same on both sides; 1: as wide as it gets"},
    {.name = "mix", .unit = "", .min = 0, .max = 1, .initial = 0.3f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 100,
     .doc = "0: input only; 1: reverberation only"},
};
// clang-format on

static const mega_output_row outputs[] = {
    {"left", "left side"},
    {"right", "right side"},
    {"out", "mean of left and right"},
};

/// Signals of a segment, frames side by side. Loops run over whole vectors: what lies past the
/// segment's end is computed and never used.
typedef struct {
    _Alignas(
        64) float port[PORTS][FRAMES]; // aligned, as all that follows: a vector is a cache line
    float line[ROWS][FRAMES];          // behind the lines the two sides of the input
    float gain[ROWS][FRAMES], pole[ROWS][FRAMES];
    float still_gain[ROWS], still_pole[ROWS]; // where they stand still
    float swing[FRAMES];
    int32_t whole[FRAMES]; // a distance as it glides
    float part[FRAMES], side[2][FRAMES];
} scratch;

/// Where things stand in this segment.
typedef struct {
    const mega_call *call;
    int32_t at;
    uint32_t frames, padded; // padded to whole vectors
    scratch *w;
} segment;

#define CHUNKS(t, s) for (uint32_t t = 0; t < (s)->padded; t += MEGA_WIDTH)

MEGA_INLINE int32_t first_of(ilanes v) {
    int32_t first;
    memcpy(&first, &v, sizeof first);
    return first;
}

// ---- memory ------------------------------------------------------------------------------------

MEGA_INLINE float *place_of(const segment *s, uint32_t line, int32_t p) {
    const uint32_t frames = s->call->memory_frames;
    return s->call->memory + (size_t)line * frames + ((uint32_t)p & (frames - 1));
}
/// Where `count` frames from position `p` on lie; NULL if not all were written, or not in a row.
MEGA_INLINE float *piece(const segment *s, uint32_t line, int32_t p, uint32_t count) {
    const uint32_t frames = s->call->memory_frames;
    return p >= 0 && ((uint32_t)p & (frames - 1)) + count <= frames ? place_of(s, line, p) : NULL;
}
/// What a line holds at position `p`: 0 before the first frame.
MEGA_INLINE float peek(const segment *s, uint32_t line, int32_t p) {
    return p < 0 ? 0 : *place_of(s, line, p);
}

/// Where this segment of a line can be written at once, or NULL. What is written past its end lies
/// further back than anything is read.
MEGA_INLINE float *open_line(const segment *s, uint32_t line) {
    return piece(s, line, s->at, s->padded);
}
/// Writes a segment that does not lie in one piece.
static __attribute__((noinline)) void write_apart(const segment *s, uint32_t line,
                                                  const float *from) {
    for (uint32_t t = 0; t < s->frames; t++) *place_of(s, line, s->at + (int32_t)t) = from[t];
}
MEGA_INLINE void write_line(const segment *s, uint32_t line, const float *from) {
    float *to = open_line(s, line);
    if (to) CHUNKS(t, s) store(to + t, load(from + t));
    else write_apart(s, line, from);
}

/// Four points of a line, the newest at `q[3]`.
MEGA_INLINE lanes between(const float *q, const lanes weight[4]) {
    lanes sum = splat(0);
    for (int k = 0; k < 4; k++) sum = sum + weight[k] * load(q + 3 - k);
    return sum;
}

/// Frames t, t + 1 ... of a line as it was `far` frames and a part of one ago, for which there are
/// weights: one by one.
static __attribute__((noinline)) void read_apart(const segment *s, uint32_t line, uint32_t t,
                                                 const ilanes *far, const lanes weight[4],
                                                 float *to) {
    lanes sum = splat(0);
    int32_t ago[MEGA_WIDTH];
    istore(ago, *far);
    for (int k = 0; k < 4; k++) {
        float point[MEGA_WIDTH];
        for (int i = 0; i < MEGA_WIDTH; i++)
            point[i] = peek(s, line, s->at + (int32_t)t + i - ago[i] + 1 - k);
        sum = sum + weight[k] * load(point);
    }
    store(to + t, sum);
}

/// Where its points lie if all are `far` frames ago, from the oldest of the first frame's four on;
/// or NULL.
MEGA_INLINE const float *row_of(const segment *s, uint32_t line, uint32_t t, int32_t far) {
    return piece(s, line, s->at + (int32_t)t - far - 2, MEGA_WIDTH + 3);
}

/// Reads a line where it was `w->whole[t] + w->part[t]` frames ago, never nearer than `nearest`.
static void read_line(const segment *s, uint32_t line, int32_t nearest, float *to) {
    CHUNKS(t, s) {
        lanes part = load(s->w->part + t), down = vfloor(part), weight[4];
        ilanes far = iadd(iload(s->w->whole + t), to_int(down));
        far = iselect(ilt(far, isplat(nearest)), isplat(nearest), far);
        line_spline(part - down, weight);
        const float *row = row_of(s, line, t, first_of(far));
        if (row && all(ieq(far, isplat(first_of(far))))) store(to + t, between(row, weight));
        else read_apart(s, line, t, &far, weight, to);
    }
}

/// Reads lines of the network that swing together, each `whole` frames ago; those that glide not.
static void read_together(const segment *s, uint32_t first, const distance *line, uint32_t glide) {
    CHUNKS(t, s) {
        lanes v = load(s->w->swing + t), down = vfloor(v), weight[4];
        ilanes swing = to_int(down);
        const int32_t swung = first_of(swing);
        const bool even = all(ieq(swing, isplat(swung)));
        line_spline(v - down, weight);
        for (uint32_t i = 0; i < TOGETHER; i++) {
            if (glide >> i & 1) continue;
            float *to = s->w->line[first + i];
            const int32_t far = line[i].whole + swung;
            const float *row = even ? row_of(s, first + i, t, far < NEAREST ? NEAREST : far) : NULL;
            if (row) {
                store(to + t, between(row, weight));
                continue;
            }
            ilanes each = iadd(isplat(line[i].whole), swing);
            each = iselect(ilt(each, isplat(NEAREST)), isplat(NEAREST), each);
            read_apart(s, first + i, t, &each, weight, to);
        }
    }
}

/// A segment of a line as it was `ago` frames ago: in place, or else as a copy.
MEGA_INLINE const float *tap(const segment *s, uint32_t line, int32_t ago, float copy[FRAMES]) {
    int32_t first = s->at - ago;
    const float *row = piece(s, line, first, s->padded);
    if (row) return row;
    for (uint32_t t = 0; t < s->padded; t++) copy[t] = peek(s, line, first + (int32_t)t);
    return copy;
}

// ---- distances ---------------------------------------------------------------------------------

/// Lets a distance glide to `w->whole`, the one asked for at each frame, and leaves there what it
/// is.
static void glide(const segment *s, distance *d) {
    int32_t *whole = s->w->whole;
    float *part = s->w->part;
    float share = s->call->seconds_per_frame * 10; // 100 ms
    if (s->at == 0) *d = (distance){whole[0], 0, 0};
    for (uint32_t t = 0; t < s->frames; t++) {
        if (whole[t] != d->whole) {
            d->part = d->part + (float)(d->whole - whole[t]);
            d->whole = whole[t];
        }
        float wanted = d->part * share;
        wanted = wanted > 0.25f ? 0.25f : wanted < -0.25f ? -0.25f : wanted; // pitch: 3/4 to 5/4
        d->speed = d->speed + (wanted - d->speed) * (4 * share);
        d->part = d->part - d->speed;
        if (d->part < 1e-3f && d->part > -1e-3f && d->speed < 1e-5f && d->speed > -1e-5f)
            d->part = d->speed = 0;
        part[t] = d->part;
    }
    for (uint32_t t = s->frames; t < s->padded; t++) {
        whole[t] = d->whole;
        part[t] = d->part;
    }
}

/// The distance of a line or the predelay: parameter `p` times `frames`, rounded, gliding.
/// @return true if it stands still: then `d->whole` is all there is to know
static bool place(const segment *s, distance *d, int p, float frames, float nearest) {
    scratch *w = s->w;
    int32_t moved = 0;
    if (s->call->moving & BIT(p)) {
        CHUNKS(t, s) {
            lanes asked = vmax(load(w->port[p] + t) * splat(frames), splat(nearest));
            istore(w->whole + t, to_int(asked + splat(0.5f)));
        }
        for (uint32_t t = 0; t < s->frames; t++) moved |= w->whole[t] ^ d->whole;
        if (!moved && d->part == 0 && d->speed == 0) return true;
    } else {
        float asked = w->port[p][0] * frames;
        int32_t whole = to_int_one((asked > nearest ? asked : nearest) + 0.5f);
        if (whole == d->whole && d->part == 0 && d->speed == 0) return true;
        CHUNKS(t, s) istore(w->whole + t, isplat(whole));
    }
    glide(s, d);
    return false;
}

/// For `read_line`: the arrays of a distance that stands still.
static void spread(const segment *s, const distance *d) {
    CHUNKS(t, s) {
        istore(s->w->whole + t, isplat(d->whole));
        store(s->w->part + t, splat(0));
    }
}

static void make_swing(const segment *s, uint32_t clock, int k) {
    scratch *w = s->w;
    float reach = 0.25e-3f * s->call->frames_per_second;
    float turns = swing_hz[k / 2] * s->call->seconds_per_frame;
    ilanes step = isplat((int32_t)(turns * 4294967296.0f));
    CHUNKS(t, s) {
        ilanes phase = imul(iadd(isplat((int32_t)(clock + t)), solo_ramp()), step);
        lanes sine = vsin_phase(iadd(phase, isplat(k % 2 << 30)));
        store(w->swing + t, load(w->port[MOD] + t) * splat(reach) * sine);
    }
}

// ---- one-pole filters --------------------------------------------------------------------------

/// The one-pole filter gain / (1 - pole / z) that loses as much in `frames` frames as a tail of
/// `decay` seconds does, and twice the decibels at `damp` Hz.
MEGA_INLINE void absorb(lanes frames, lanes decay, lanes damp, float seconds_per_frame, lanes *gain,
                        lanes *pole) {
    // powers of two: 10^-3 is 2^-9.966; more than 120 dB in one pass is not told apart
    lanes loss = vmin(frames * splat(9.9657843f * seconds_per_frame) / decay, splat(20));
    lanes q = vexp2(splat(-2) * loss);
    lanes half = vsin_turns(vmin(damp * splat(seconds_per_frame), splat(0.49f)) * splat(0.5f));
    lanes e = q * (half * half + half * half) / (splat(1) - q);
    *pole = vmin(splat(1) / (splat(1) + e + vsqrt(e * (e + splat(2)))), splat(0.99f));
    *gain = vexp2(-loss) * (splat(1) - *pole);
}

/// The length that the filters go by: where the line is bound to, not where it is.
MEGA_INLINE lanes length_of(const segment *s, lanes size, lanes line) {
    lanes frames = size * (line * splat(s->call->frames_per_second * (1 / 48000.0f)));
    return vmax(frames, splat(NEAREST));
}

/// @return whether they move from frame to frame
static bool make_filters(const segment *s) {
    scratch *w = s->w;
    lanes gain, pole;
    float f = s->call->seconds_per_frame, keep = 1 - f * (6.2831853f * 10); // high-pass at 10 Hz
    if (s->call->moving & (BIT(SIZE) | BIT(DECAY) | BIT(DAMP))) {
        for (int i = 0; i < LINES; i++) CHUNKS(t, s) {
                lanes length = length_of(s, load(w->port[SIZE] + t), splat(lengths[i]));
                absorb(length, load(w->port[DECAY] + t), load(w->port[DAMP] + t), f, &gain, &pole);
                store(w->gain[i] + t, gain);
                store(w->pole[i] + t, pole);
            }
        for (int i = LINES; i < POLES; i++) CHUNKS(t, s) {
                store(w->gain[i] + t, splat(keep));
                store(w->pole[i] + t, splat(keep));
            }
        return true;
    }
    for (int i = 0; i < LINES; i += MEGA_WIDTH) {
        lanes length = length_of(s, splat(w->port[SIZE][0]), load(lengths + i));
        absorb(length, splat(w->port[DECAY][0]), splat(w->port[DAMP][0]), f, &gain, &pole);
        store(w->still_gain + i, gain);
        store(w->still_pole + i, pole);
    }
    for (int i = LINES; i < POLES; i++) w->still_gain[i] = w->still_pole[i] = keep;
    return false;
}

// As many filters as are abreast, and four frames of each: filters in the lanes hide the latency of
// recursion. A rank turns from frames in lanes to filters in lanes and back.
typedef float rank __attribute__((vector_size(4 * ABREAST)));
typedef float quarter __attribute__((vector_size(16)));

#if MEGA_WIDTH < 8
#define LOWS(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGHS(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define FIRSTS(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define SECONDS(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#else
#define LOWS(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGHS(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define FIRSTS(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define SECONDS(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#endif

/// Four by four, turned: its own inverse.
MEGA_INLINE void turn_over(rank v[4]) {
    rank a = LOWS(v[0], v[1]), b = LOWS(v[2], v[3]);
    rank c = HIGHS(v[0], v[1]), d = HIGHS(v[2], v[3]);
    v[0] = FIRSTS(a, b);
    v[1] = SECONDS(a, b);
    v[2] = FIRSTS(c, d);
    v[3] = SECONDS(c, d);
}

/// Four frames of the filters from row `first` on. @param v v[t]: of frame t, filters in the lanes
MEGA_INLINE void take_rank(const float (*rows)[FRAMES], uint32_t t, rank v[4]) {
    for (int i = 0; i < 4; i++) {
        quarter q[ABREAST / 4];
        for (int h = 0; h < ABREAST / 4; h++) memcpy(&q[h], rows[4 * h + i] + t, sizeof q[h]);
#if MEGA_WIDTH < 8
        v[i] = q[0];
#else
        v[i] = __builtin_shufflevector(q[0], q[1], 0, 1, 2, 3, 4, 5, 6, 7);
#endif
    }
    turn_over(v);
}
MEGA_INLINE void put_rank(float (*rows)[FRAMES], uint32_t t, rank v[4]) {
    turn_over(v);
    for (int i = 0; i < 4; i++)
        for (int h = 0; h < ABREAST / 4; h++)
            memcpy(rows[4 * h + i] + t, (const char *)&v[i] + h * sizeof(quarter), sizeof(quarter));
}
MEGA_INLINE rank load_rank(const float *from) {
    rank v;
    memcpy(&v, from, sizeof v);
    return v;
}

MEGA_INLINE void filter_by(const segment *s, float low[ROWS], bool moving) {
    scratch *w = s->w;
    rank now[RANKS], gain[RANKS], pole[RANKS];
    for (int r = 0; r < RANKS; r++) {
        now[r] = load_rank(low + r * ABREAST);
        gain[r] = load_rank(w->still_gain + r * ABREAST);
        pole[r] = load_rank(w->still_pole + r * ABREAST);
    }
    for (uint32_t t = 0; t < s->frames; t += 4) {
        const uint32_t last = s->frames - t < 4 ? s->frames - t - 1 : 3; // of these frames
        for (int r = 0; r < RANKS; r++) {
            rank v[4], g[4], p[4];
            const int first = r * ABREAST;
            take_rank((const float(*)[FRAMES])(w->line + first), t, v);
            if (moving) take_rank((const float(*)[FRAMES])(w->gain + first), t, g);
            if (moving) take_rank((const float(*)[FRAMES])(w->pole + first), t, p);
            for (int i = 0; i < 4; i++)
                v[i] = (moving ? g[i] : gain[r]) * v[i] +
                       (moving ? p[i] : pole[r]) * (i ? v[i - 1] : now[r]);
            now[r] = last == 3 ? v[3] : v[last];
            put_rank(w->line + first, t, v);
        }
    }
    for (int r = 0; r < RANKS; r++) memcpy(low + r * ABREAST, &now[r], sizeof now[r]);
}

/// What comes out of the lines, and the slope of the input, each through its one-pole filter.
static void filter(const segment *s, float *low) {
    float all[ROWS] = {0};
    memcpy(all, low, POLES * sizeof *low);
    if (make_filters(s)) filter_by(s, all, true);
    else filter_by(s, all, false);
    memcpy(low, all, POLES * sizeof *low);
}

// ---- the way through ---------------------------------------------------------------------------

/// An input that is bounded, a parameter in its range.
MEGA_INLINE lanes within(int port, lanes v) {
    static const float low[PORTS] = {[SIZE] = ROOM_MIN, [DECAY] = 0.05f, [DAMP] = 100};
    static const float high[PORTS] = {
        [SIZE] = ROOM_MAX, [DECAY] = 60, [DAMP] = 96000, [PREDELAY] = PREDELAY_MAX,
        [MOD] = 1,         [WIDTH] = 1,  [MIX] = 1};
    return port < SIZE ? bounded(v) : clampf(v, low[port], high[port]);
}

/// Ports as arrays; the input's slope, of which the filters make the input without its steady
/// level.
static void take_ports(const segment *s, state *z) {
    scratch *w = s->w;
    for (int p = 0; p < PORTS; p++) {
        float *to = w->port[p];
        if (s->call->moving & BIT(p)) {
            memcpy(to, s->call->ports[p], s->frames * sizeof(float));
            for (uint32_t t = s->frames; t < s->padded; t++) to[t] = to[s->frames - 1];
            CHUNKS(t, s) store(to + t, within(p, load(to + t)));
        } else {
            lanes v = within(p, splat(s->call->ports[p][0]));
            CHUNKS(t, s) store(to + t, v);
        }
    }
    for (int side = 0; side < 2; side++) {
        float *in = w->side[side], *slope = w->line[LINES + side];
        CHUNKS(t, s) {
            lanes v = load(w->port[IN] + t) + load(w->port[LEFT + side] + t);
            store(in + t, line_safe(v));
        }
        slope[0] = in[0] - z->last[side];
        for (uint32_t t = 1; t < s->padded; t++) slope[t] = in[t] - in[t - 1];
        z->last[side] = in[s->frames - 1];
    }
}

/// What comes out of the lines, absorbed; and the input without its steady level.
static void take_lines(const segment *s, state *z) {
    scratch *w = s->w;
    float per_length = s->call->frames_per_second * (1 / 48000.0f);
    for (int k = 0; k < SWINGS; k++) {
        const uint32_t first = (uint32_t)k * TOGETHER;
        uint32_t glide = 0;
        make_swing(s, z->clock, k);
        for (uint32_t i = first; i < first + TOGETHER; i++) {
            if (place(s, &z->line[i], SIZE, lengths[i] * per_length, NEAREST)) continue;
            glide |= 1u << (i - first);
            CHUNKS(t, s) store(w->part + t, load(w->part + t) + load(w->swing + t));
            read_line(s, i, NEAREST, w->line[i]);
        }
        read_together(s, first, z->line + first, glide);
    }
    filter(s, z->low);
}

/// The input into the predelay, and from there into the diffuser.
static void delay_input(const segment *s, state *z) {
    for (uint32_t side = 0; side < 2; side++)
        write_line(s, BEFORE + side, s->w->line[LINES + side]);
    // two frames at least, so that all four points of the spline have been written
    if (place(s, &z->before, PREDELAY, s->call->frames_per_second, 2)) spread(s, &z->before);
    for (uint32_t side = 0; side < 2; side++) {
        read_line(s, BEFORE + side, 2, s->w->line[LINES + side]);
        write_line(s, DIFFUSER + side, s->w->line[LINES + side]);
    }
}

/// Of all pairs of lines that are `apart` from each other.
MEGA_INLINE void sums_and_differences(lanes v[LINES], int apart) {
    for (int pair = 0; pair < LINES / 2; pair++) {
        int i = pair / apart * apart * 2 + pair % apart;
        lanes a = v[i], b = v[i + apart];
        v[i] = a + b;
        v[i + apart] = a - b;
    }
}

/// The sums that are heard, and the network's turn.
static void turn(const segment *s) {
    scratch *w = s->w;
    CHUNKS(t, s) {
        lanes v[LINES], sum[2] = {splat(0), splat(0)};
        for (int i = 0; i < LINES; i++) {
            v[i] = load(w->line[i] + t);
            sum[i % 2] = sum[i % 2] + splat(sign_out[i]) * v[i];
        }
        store(w->side[0] + t, sum[0]);
        store(w->side[1] + t, sum[1]);
        // Hadamard; 1/4 keeps the energy
        sums_and_differences(v, 1);
        sums_and_differences(v, 2);
        sums_and_differences(v, 4);
        sums_and_differences(v, 8);
        for (int i = 0; i < LINES; i++) store(w->line[i] + t, v[i] * splat(0.25f));
    }
}

/// What makes any room as loud as its input.
MEGA_INLINE lanes level_of(const segment *s, lanes size, lanes decay) {
    lanes mean = length_of(s, size, splat(LENGTH_MEAN));
    lanes per_decay = splat(9.9657843f * s->call->seconds_per_frame) / decay;
    lanes lost = splat(1) - vexp2(splat(-2) * mean * per_decay); // of the energy, in a pass
    return vsqrt(lost * splat(1.0f / (8 * TAPS)));
}

/// Feeds every line from four places of the diffuser.
static void feed(const segment *s) {
    scratch *w = s->w;
    const bool moving = s->call->moving & (BIT(SIZE) | BIT(DECAY));
    lanes level = splat(0);
    CHUNKS(t, s) {
        if (!t || moving) level = level_of(s, load(w->port[SIZE] + t), load(w->port[DECAY] + t));
        store(w->part + t, level);
    }
    float per_length = s->call->frames_per_second * (1 / 48000.0f);
    for (uint32_t i = 0; i < FEEDS; i++) {
        const float *from[TAPS];
        float copy[TAPS][FRAMES], sign[TAPS];
        for (int k = 0; k < TAPS; k++) {
            sign[k] = taps[i][k] < 0 ? -1.0f : 1.0f;
            int32_t ago = (int32_t)(taps[i][k] * sign[k] * per_length);
            from[k] = tap(s, DIFFUSER + (i % 4 < 2 ? 0 : 1), ago, copy[k]);
        }
        const float *one = w->line[i], *other = w->line[i + FEEDS];
        float *one_line = open_line(s, i), *other_line = open_line(s, i + FEEDS);
        float *to_one = one_line ? one_line : w->line[i];
        float *to_other = other_line ? other_line : w->line[i + FEEDS];
        CHUNKS(t, s) {
            lanes mixed = splat(0);
            for (int k = 0; k < TAPS; k++) mixed = mixed + splat(sign[k]) * load(from[k] + t);
            mixed = mixed * load(w->part + t);
            store(to_one + t, load(one + t) + splat(sign_in[i]) * mixed);
            store(to_other + t, load(other + t) + splat(sign_in[i + FEEDS]) * mixed);
        }
        if (!one_line) write_apart(s, i, to_one);
        if (!other_line) write_apart(s, i + FEEDS, to_other);
    }
}

static void give(const segment *s) {
    scratch *w = s->w;
    CHUNKS(t, s) {
        lanes middle = (load(w->side[0] + t) + load(w->side[1] + t)) * splat(0.5f);
        lanes side = (load(w->side[0] + t) - load(w->side[1] + t)) * splat(0.5f);
        lanes wet = load(w->port[MIX] + t), dry = splat(1) - wet, in = load(w->port[IN] + t);
        side = side * load(w->port[WIDTH] + t);
        lanes left = (in + load(w->port[LEFT] + t)) * dry + (middle + side) * wet;
        lanes right = (in + load(w->port[RIGHT] + t)) * dry + (middle - side) * wet;
        store(w->side[0] + t, left);
        store(w->side[1] + t, right);
        store(w->part + t, (left + right) * splat(0.5f));
    }
    memcpy(s->call->outputs[0], w->side[0], s->frames * sizeof(float));
    memcpy(s->call->outputs[1], w->side[1], s->frames * sizeof(float));
    memcpy(s->call->outputs[2], w->part, s->frames * sizeof(float));
}

static uint64_t process(const mega_call *call) {
    state z;
    scratch w;
    memcpy(&z, call->state, sizeof z);
    segment s = {.call = call, .at = z.at, .frames = call->frames, .w = &w};
    s.padded = (call->frames + MEGA_WIDTH - 1) / MEGA_WIDTH * MEGA_WIDTH;
    take_ports(&s, &z);
    take_lines(&s, &z);
    delay_input(&s, &z);
    turn(&s);
    feed(&s);
    give(&s);
    z.clock += call->frames;
    z.at += (int32_t)call->frames;
    if (z.at >= 1 << 30) z.at -= 1 << 29; // the same position in every line
    memcpy(call->state, &z, sizeof z);
    return ~(uint64_t)0;
}

MODULE(reverb, .name = "reverb", .category = "effect",
       .doc = "room: sixteen delay lines in a feedback network", INPUTS(inputs), PARAMS(params),
       OUTPUTS(outputs), .flags = MEGA_AFTER | MEGA_ONCE | MEGA_INNER_LANES | MEGA_BLOCKWISE,
       .state_fields = sizeof(state) / sizeof(float), .memory_lines = MEMORY_LINES,
       .memory_seconds = PREDELAY_MAX + 0.01f, .tail_seconds = PREDELAY_MAX, .process = process)
