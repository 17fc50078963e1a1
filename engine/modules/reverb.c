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
#include "lines.h"

enum {
    LINES = 16,
    TAPS = 4, // of the diffuser, for each line
    FRAMES = MEGA_BLOCK_FRAMES,
    NEAREST = FRAMES + 4, // a line read nearer would want frames of its own segment
    BEFORE = LINES,
    DIFFUSER = LINES + 2, // memory lines: two of the predelay, two of the diffuser
    MEMORY_LINES = LINES + 4,
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

/// Four swings of different speed, each in four phases.
static const float swing_hz[4] = {0.47f, 0.61f, 0.79f, 0.97f};

/// A distance in frames that glides: whole + part, and `part` dies away.
typedef struct {
    int32_t whole;
    float part;
} distance;

typedef struct {
    int32_t at;     // frames written so far; see line_advance
    uint32_t clock; // of the swings
    distance before;
    distance line[LINES];
    float low[LINES];          // absorption
    float last[2], blocked[2]; // what keeps steady levels out
} state;

static const mega_input_row inputs[] = {
    {"in", "signal, to both sides"},
    {"left", "left side"},
    {"right", "right side"},
};

enum { IN, LEFT, RIGHT, SIZE, DECAY, DAMP, PREDELAY, MOD, WIDTH, MIX, PORTS };

// clang-format off
static const mega_param_row params[] = {
    {.name = "size", .unit = "", .min = ROOM_MIN, .max = ROOM_MAX, .initial = 1,
     .scale = MEGA_EXP, .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 100,
     .doc = "size of the room: 1 spreads the first echoes over 18 to 98 ms; a change glides"},
    {.name = "decay", .unit = "s", .min = 0.1f, .max = 30, .initial = 2, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 10,
     .doc = "time to -60 dB at low frequencies"},
    {.name = "damp", .unit = "Hz", .min = 500, .max = 20000, .initial = 6000, .scale = MEGA_EXP,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 10,
     .doc = "frequency that dies in half the time; higher ones die sooner still"},
    {.name = "predelay", .unit = "s", .min = 0, .max = PREDELAY_MAX, .initial = 0.01f,
     .scale = MEGA_LIN, .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 100,
     .doc = "time before the first echo; a change glides"},
    {.name = "mod", .unit = "", .min = 0, .max = 1, .initial = 0.5f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 50,
     .doc = "how far the echoes swing: 0 is clearest, more is lusher"},
    {.name = "width", .unit = "", .min = 0, .max = 1, .initial = 1, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 10,
     .doc = "0: the same on both sides; 1: as wide as it gets"},
    {.name = "mix", .unit = "", .min = 0, .max = 1, .initial = 0.3f, .scale = MEGA_LIN,
     .smoothing = MEGA_SMOOTH_LINEAR, .smooth_ms = 10,
     .doc = "0: input only; 1: reverberation only"},
};
// clang-format on

static const mega_output_row outputs[] = {
    {"left", "left side"},
    {"right", "right side"},
    {"out", "mean of left and right"},
};

/// Sixteen signals of a segment, frames side by side. Loops run over whole vectors: what lies past
/// the segment's end is computed and never used.
typedef struct {
    float port[PORTS][FRAMES];
    float wet[2][FRAMES]; // into the diffuser
    float swing[8][FRAMES];
    float line[LINES][FRAMES];
    float gain[LINES][FRAMES],
        pole[LINES][FRAMES]; // absorption; one value each where it stands still
    float part[FRAMES], sum[2][FRAMES];
    int32_t whole[FRAMES];
} scratch;

/// Where things stand in this segment.
typedef struct {
    const mega_call *call;
    int32_t at;
    uint32_t frames, padded; // padded to whole vectors
    scratch *w;
} segment;

#define CHUNKS(t, s) for (uint32_t t = 0; t < (s)->padded; t += MEGA_WIDTH)

MEGA_INLINE ilanes iload(const int32_t *p) {
    ilanes v;
    memcpy(&v, p, sizeof v);
    return v;
}
MEGA_INLINE void istore(int32_t *p, ilanes v) { memcpy(p, &v, sizeof v); }

// ---- memory
// ----------------------------------------------------------------------------------------

/// What line `line` holds at absolute position `p`: 0 before the first frame.
MEGA_INLINE float peek(const segment *s, uint32_t line, int32_t p) {
    const float *base = s->call->memory + (size_t)line * s->call->memory_frames;
    return p < 0 ? 0 : base[(uint32_t)p & (s->call->memory_frames - 1)];
}

/// A vector of frames from position `p` on; `spare` more positions are known to be read beyond.
MEGA_INLINE bool in_one_piece(const segment *s, int32_t p, uint32_t count) {
    return p >= 0 && ((uint32_t)p & (s->call->memory_frames - 1)) + count <= s->call->memory_frames;
}

static void write_line(const segment *s, uint32_t line, const float *from) {
    uint32_t room = s->call->memory_frames, p = (uint32_t)s->at & (room - 1);
    float *base = s->call->memory + (size_t)line * room;
    uint32_t first = s->frames < room - p ? s->frames : room - p;
    memcpy(base + p, from, first * sizeof(float));
    memcpy(base, from + first, (s->frames - first) * sizeof(float));
}

/// Reads a line where it was `w->whole[t] + w->part[t]` frames ago, never nearer than `nearest`.
static void read_line(const segment *s, uint32_t line, int32_t nearest, float *to) {
    const float *base = s->call->memory + (size_t)line * s->call->memory_frames;
    CHUNKS(t, s) {
        lanes part = load(s->w->part + t), down = vfloor(part), weight[4], sum = splat(0);
        ilanes far = iadd(iload(s->w->whole + t), to_int(down));
        far = iselect(ilt(far, isplat(nearest)), isplat(nearest), far);
        line_spline(part - down, weight);
        int32_t d[MEGA_WIDTH], p[MEGA_WIDTH];
        istore(d, far);
        int32_t last =
            s->at + (int32_t)t - d[0] - 2; // the oldest of four points, in the first frame
        if (all(ieq(far, isplat(d[0]))) && in_one_piece(s, last, MEGA_WIDTH + 3)) {
            const float *q = base + ((uint32_t)last & (s->call->memory_frames - 1));
            for (int k = 0; k < 4; k++) sum = sum + weight[k] * load(q + 3 - k);
        } else {
            float point[MEGA_WIDTH];
            for (int i = 0; i < MEGA_WIDTH; i++) p[i] = s->at + (int32_t)t + i - d[i];
            for (int k = 0; k < 4; k++) {
                for (int i = 0; i < MEGA_WIDTH; i++) point[i] = peek(s, line, p[i] + 1 - k);
                sum = sum + weight[k] * load(point);
            }
        }
        store(to + t, sum);
    }
}

/// Adds a line as it was `ago` frames ago (0 is now), times a factor.
MEGA_INLINE void add_tap(const segment *s, uint32_t line, int32_t ago, float factor, float *to) {
    int32_t first = s->at - ago;
    const float *base = s->call->memory + (size_t)line * s->call->memory_frames;
    float copy[FRAMES];
    if (in_one_piece(s, first, s->padded)) base += (uint32_t)first & (s->call->memory_frames - 1);
    else {
        for (uint32_t t = 0; t < s->padded; t++) copy[t] = peek(s, line, first + (int32_t)t);
        base = copy;
    }
    CHUNKS(t, s) store(to + t, load(to + t) + splat(factor) * load(base + t));
}

// ---- distances
// -------------------------------------------------------------------------------------

/// Lets a distance glide to `w->whole`, the one asked for at each frame, and leaves there what it
/// is.
static void glide(const segment *s, distance *d) {
    int32_t *whole = s->w->whole;
    float *part = s->w->part;
    float share = s->call->seconds_per_frame * 10; // 100 ms
    if (s->at == 0) *d = (distance){whole[0], 0};
    for (uint32_t t = 0; t < s->frames; t++) {
        if (whole[t] != d->whole) {
            d->part = d->part + (float)(d->whole - whole[t]);
            d->whole = whole[t];
        }
        float step = d->part * share;
        step = step > 0.25f ? 0.25f : step < -0.25f ? -0.25f : step; // at most a third of pitch
        d->part = d->part - step;
        if (d->part < 1e-3f && d->part > -1e-3f) d->part = 0;
        part[t] = d->part;
    }
    for (uint32_t t = s->frames; t < s->padded; t++) {
        whole[t] = d->whole;
        part[t] = d->part;
    }
}

/// The distances of a line or the predelay: `scale[t] * frames`, rounded, gliding.
static void place(const segment *s, distance *d, const float *scale, float frames, float nearest) {
    CHUNKS(t, s) {
        lanes asked = vmax(load(scale + t) * splat(frames), splat(nearest));
        istore(s->w->whole + t, to_int(asked + splat(0.5f)));
        store(s->w->part + t, splat(0));
    }
    int32_t moved = s->w->whole[0] ^ d->whole;
    for (uint32_t t = 1; t < s->frames; t++) moved |= s->w->whole[t] ^ d->whole;
    if (moved || d->part != 0) glide(s, d);
}

static void make_swings(const segment *s, uint32_t clock) {
    float reach = 0.25e-3f * s->call->frames_per_second;
    int32_t ramp[MEGA_WIDTH];
    for (int i = 0; i < MEGA_WIDTH; i++) ramp[i] = i;
    for (int k = 0; k < 4; k++) {
        float turns = swing_hz[k] * s->call->seconds_per_frame;
        ilanes step = isplat((int32_t)(turns * 4294967296.0f));
        CHUNKS(t, s) {
            ilanes phase = imul(iadd(isplat((int32_t)(clock + t)), iload(ramp)), step);
            lanes depth = load(s->w->port[MOD] + t) * splat(reach);
            store(s->w->swing[k] + t, depth * vsin_phase(phase));
            store(s->w->swing[k + 4] + t, depth * vsin_phase(iadd(phase, isplat(1 << 30))));
        }
    }
}

// ---- absorption
// ------------------------------------------------------------------------------------

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

/// @return frames from one coefficient to the next: 0 where they stand still
static uint32_t make_filters(const segment *s) {
    const uint64_t moves = (uint64_t)1 << SIZE | (uint64_t)1 << DECAY | (uint64_t)1 << DAMP;
    scratch *w = s->w;
    lanes gain, pole;
    float f = s->call->seconds_per_frame;
    if (s->call->moving & moves) {
        for (int i = 0; i < LINES; i++) CHUNKS(t, s) {
                lanes length = length_of(s, load(w->port[SIZE] + t), splat(lengths[i]));
                absorb(length, load(w->port[DECAY] + t), load(w->port[DAMP] + t), f, &gain, &pole);
                store(w->gain[i] + t, gain);
                store(w->pole[i] + t, pole);
            }
        return 1;
    }
    for (int i = 0; i < LINES; i += MEGA_WIDTH) {
        lanes length = length_of(s, splat(w->port[SIZE][0]), load(lengths + i));
        absorb(length, splat(w->port[DECAY][0]), splat(w->port[DAMP][0]), f, &gain, &pole);
        float gains[MEGA_WIDTH], poles[MEGA_WIDTH];
        store(gains, gain);
        store(poles, pole);
        for (int k = 0; k < MEGA_WIDTH; k++)
            w->gain[i + k][0] = gains[k], w->pole[i + k][0] = poles[k];
    }
    return 0;
}

/// Four lines at once, to hide the latency of recursion.
static void filter(const segment *s, float *low, int i, uint32_t step) {
    scratch *w = s->w;
    float a = low[i], b = low[i + 1], c = low[i + 2], d = low[i + 3];
    for (uint32_t t = 0; t < s->frames; t++) {
        uint32_t k = t * step;
        w->line[i][t] = a = w->gain[i][k] * w->line[i][t] + w->pole[i][k] * a;
        w->line[i + 1][t] = b = w->gain[i + 1][k] * w->line[i + 1][t] + w->pole[i + 1][k] * b;
        w->line[i + 2][t] = c = w->gain[i + 2][k] * w->line[i + 2][t] + w->pole[i + 2][k] * c;
        w->line[i + 3][t] = d = w->gain[i + 3][k] * w->line[i + 3][t] + w->pole[i + 3][k] * d;
    }
    low[i] = a, low[i + 1] = b, low[i + 2] = c, low[i + 3] = d;
}

// ---- the way through
// -------------------------------------------------------------------------------

/// Ports as arrays, parameters within their ranges.
static void take_ports(segment *s) {
    static const float low[PORTS] = {[SIZE] = ROOM_MIN, [DECAY] = 0.05f, [DAMP] = 100};
    static const float high[PORTS] = {
        [SIZE] = ROOM_MAX, [DECAY] = 60, [DAMP] = 96000, [PREDELAY] = PREDELAY_MAX,
        [MOD] = 1,         [WIDTH] = 1,  [MIX] = 1};
    for (int p = 0; p < PORTS; p++) {
        float *to = s->w->port[p];
        if (s->call->moving >> p & 1) {
            memcpy(to, s->call->ports[p], s->frames * sizeof(float));
            for (uint32_t t = s->frames; t < s->padded; t++) to[t] = to[s->frames - 1];
        } else CHUNKS(t, s) store(to + t, splat(s->call->ports[p][0]));
        if (p >= SIZE) CHUNKS(t, s) store(to + t, clampf(load(to + t), low[p], high[p]));
    }
}

/// Both sides, without their steady level, into the predelay; from there into the diffuser.
static void take_input(segment *s, state *z) {
    scratch *w = s->w;
    float keep = 1 - s->call->seconds_per_frame * (6.2831853f * 10); // high-pass at 10 Hz
    for (uint32_t side = 0; side < 2; side++) {
        CHUNKS(t, s)
        store(w->wet[side] + t, line_safe(load(w->port[IN] + t) + load(w->port[LEFT + side] + t)));
        float last = z->last[side], blocked = z->blocked[side];
        for (uint32_t t = 0; t < s->frames; t++) {
            float v = w->wet[side][t];
            blocked = keep * (blocked + v - last);
            last = v;
            w->wet[side][t] = blocked;
        }
        z->last[side] = last, z->blocked[side] = blocked;
        write_line(s, BEFORE + side, w->wet[side]);
    }
    // two frames at least, so that all four points of the spline have been written
    place(s, &z->before, w->port[PREDELAY], s->call->frames_per_second, 2);
    for (uint32_t side = 0; side < 2; side++) {
        read_line(s, BEFORE + side, 2, w->wet[side]);
        write_line(s, DIFFUSER + side, w->wet[side]);
    }
}

/// Sixteen lines out of the network: filtered, heard, mixed.
static void turn_round(segment *s, state *z) {
    scratch *w = s->w;
    float per_length = s->call->frames_per_second * (1 / 48000.0f);
    make_swings(s, z->clock);
    for (int i = 0; i < LINES; i++) {
        place(s, &z->line[i], w->port[SIZE], lengths[i] * per_length, NEAREST);
        lanes sign = splat(i < 8 ? 1.0f : -1.0f);
        CHUNKS(t, s) store(w->part + t, load(w->part + t) + sign * load(w->swing[i % 8] + t));
        read_line(s, (uint32_t)i, NEAREST, w->line[i]);
    }
    uint32_t step = make_filters(s);
    for (int i = 0; i < LINES; i += 4) filter(s, z->low, i, step);
    CHUNKS(t, s) {
        lanes v[LINES], sum[2] = {splat(0), splat(0)};
        for (int i = 0; i < LINES; i++) {
            v[i] = load(w->line[i] + t);
            sum[i % 2] = sum[i % 2] + splat(sign_out[i]) * v[i];
        }
        store(w->sum[0] + t, sum[0]);
        store(w->sum[1] + t, sum[1]);
        // Hadamard: sums and differences of pairs, four times; 1/4 keeps the energy
        for (int h = 1; h < LINES; h *= 2)
            for (int i = 0; i < LINES; i++)
                if (!(i & h)) {
                    lanes a = v[i], b = v[i + h];
                    v[i] = a + b;
                    v[i + h] = a - b;
                }
        for (int i = 0; i < LINES; i++) store(w->line[i] + t, v[i] * splat(0.25f));
    }
}

/// Feeds every line from four places of the diffuser, at a level that makes any room as loud as its
/// input.
static void feed(segment *s) {
    scratch *w = s->w;
    float per_ms = s->call->frames_per_second * 0.001f;
    CHUNKS(t, s) {
        lanes mean = length_of(s, load(w->port[SIZE] + t), splat(LENGTH_MEAN));
        lanes loss =
            mean * splat(9.9657843f * s->call->seconds_per_frame) / load(w->port[DECAY] + t);
        lanes level = vsqrt((splat(1) - vexp2(splat(-2) * loss)) * splat(1.0f / (8 * TAPS)));
        store(w->part + t, level);
    }
    uint32_t order = 0x1234567;
    for (int i = 0; i < LINES; i++) {
        float mixed[FRAMES];
        CHUNKS(t, s) store(mixed + t, splat(0));
        for (int k = 0; k < TAPS; k++) {
            order = order * 1664525u + 1013904223u; // where in its 6 ms the tap lies, and its sign
            float ms = 6 * ((float)k + (float)(order >> 16) * (1 / 65536.0f));
            float sign = (order >> 15 & 1) ? sign_in[i] : -sign_in[i];
            add_tap(s, DIFFUSER + (i % 4 < 2 ? 0 : 1), (int32_t)(ms * per_ms), sign, mixed);
        }
        CHUNKS(t, s)
        store(w->line[i] + t, load(w->line[i] + t) + load(w->part + t) * load(mixed + t));
        write_line(s, (uint32_t)i, w->line[i]);
    }
}

static void give_output(const segment *s) {
    scratch *w = s->w;
    CHUNKS(t, s) {
        lanes middle = (load(w->sum[0] + t) + load(w->sum[1] + t)) * splat(0.5f);
        lanes side = (load(w->sum[0] + t) - load(w->sum[1] + t)) * splat(0.5f);
        lanes wet = load(w->port[MIX] + t), dry = splat(1) - wet, in = load(w->port[IN] + t);
        side = side * load(w->port[WIDTH] + t);
        lanes left = (in + load(w->port[LEFT] + t)) * dry + (middle + side) * wet;
        lanes right = (in + load(w->port[RIGHT] + t)) * dry + (middle - side) * wet;
        store(w->sum[0] + t, left);
        store(w->sum[1] + t, right);
        store(w->part + t, (left + right) * splat(0.5f));
    }
    memcpy(s->call->outputs[0], w->sum[0], s->frames * sizeof(float));
    memcpy(s->call->outputs[1], w->sum[1], s->frames * sizeof(float));
    memcpy(s->call->outputs[2], w->part, s->frames * sizeof(float));
}

static uint64_t process(const mega_call *call) {
    state z;
    scratch w;
    memcpy(&z, call->state, sizeof z);
    segment s = {.call = call, .at = z.at, .frames = call->frames, .w = &w};
    s.padded = (call->frames + MEGA_WIDTH - 1) / MEGA_WIDTH * MEGA_WIDTH;
    take_ports(&s);
    take_input(&s, &z);
    turn_round(&s, &z);
    feed(&s);
    give_output(&s);
    z.clock += call->frames;
    z.at += (int32_t)call->frames;
    if (z.at >= 1 << 30) z.at -= 1 << 29; // the same position in every line
    memcpy(call->state, &z, sizeof z);
    return ~(uint64_t)0;
}

MODULE(reverb, .name = "reverb", .category = "effect",
       .doc = "room: sixteen delay lines in a feedback network", INPUTS(inputs), PARAMS(params),
       OUTPUTS(outputs), .flags = MEGA_AFTER | MEGA_ONCE | MEGA_INNER_LANES,
       .state_fields = sizeof(state) / sizeof(float), .memory_lines = MEMORY_LINES,
       .memory_seconds = PREDELAY_MAX, .tail_seconds = PREDELAY_MAX, .process = process)
