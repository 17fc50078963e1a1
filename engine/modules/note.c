// SPDX-License-Identifier: MIT
// note -- the note that a voice plays, as signals. A node that depends on one exists once a voice.
//
// Bend, pressure and timbre arrive in steps of a controller; they are smoothed here, so that nothing after this
// module hears the steps. A fresh voice begins at the values it is given.
#include "kernel.h"

typedef struct {
    ilanes age;              // frames since the start, held at 1: 0 is a fresh voice
    lanes struck;            // seen last: a change is a new note in the same voice
    lanes key;               // seen last: a change starts a glide
    lanes bend, pressure, timbre;
    lanes glide;             // semitones that were left to go when the glide began
    ilanes left, total;      // frames of it
} state;

static const char *const modes[] = {"poly", "mono", "legato", NULL};
static const char *const steals[] = {"auto", "oldest", "quietest", "none", NULL};
static const char *const priorities[] = {"last", "low", "high", NULL};
static const char *const fates[] = {"ends", "returns", NULL};

static const mega_param_row params[] = {
    {.name = "bend_range", .unit = "semitones", .min = 0, .max = 96, .initial = 2,
     .doc = "pitch wheel's way to either side"},
    {.name = "glide", .unit = "s", .min = 0, .max = 5, .initial = 0,
     .doc = "time from the last key's pitch to this one's"},
    {.name = "mode", .unit = "", .min = 0, .max = 2, .initial = 0, .choices = modes, .at_events = true,
     .doc = "poly; mono: one voice for all keys, whose envelopes each key starts anew; legato: they go on while a key "
            "is held"},
    {.name = "steal", .unit = "", .min = 0, .max = 3, .initial = 0, .choices = steals, .at_events = true,
     .doc = "which voice makes room when all sound: auto is a released one, else one that a pedal holds, else one of "
            "the same key, else an old one, the lowest and newest last; none: the new note is dropped"},
    {.name = "priority", .unit = "", .min = 0, .max = 2, .initial = 0, .choices = priorities, .at_events = true,
     .doc = "in mono and legato: which of the held keys sounds, the last, the lowest or the highest"},
    {.name = "stolen", .unit = "", .min = 0, .max = 1, .initial = 0, .choices = fates, .at_events = true,
     .doc = "what becomes of a note that was stolen while its key is down: it ends, or returns once fewer keys are "
            "held than there are voices"},
};

static const mega_output_row outputs[] = {
    {"freq", "pitch in Hz, with bend and glide"},
    {"gate", "1 while the note is held, else 0"},
    {"trigger", "1 in the first frame of a note that starts its envelopes, else 0"},
    {"velocity", "0..1"},
    {"release", "velocity of the release, 0..1"},
    {"pressure", "0..1"},
    {"bend", "semitones, wheel and note together"},
    {"timbre", "0..1"},
    {"key", "MIDI key, 69 is 440 Hz"},
    {"random", "0..1, another each time a note starts its voice"},
};

enum { FREQ, GATE, TRIGGER, VELOCITY, RELEASE, PRESSURE, BEND, TIMBRE, KEY, RANDOM };

typedef struct {
    lanes field[MEGA_NOTE_FIELDS];
    lanes bend_range, coefficient, random;
    ilanes glide_frames;
} given;

static const float SMOOTH_SECONDS = 0.003f; // to 1/e: faster than a hand, slower than a click

static inline given read_call(const mega_call *c, int u) {
    given g;
    context x = context_of(c, u);
    for (int f = 0; f < MEGA_NOTE_FIELDS; f++)
        g.field[f] = load(c->note + f * MEGA_LANE_COUNT + u * MEGA_WIDTH);
    g.bend_range = port_at(c, 0, 0, u);
    lanes glide = clampf(port_at(c, 1, 0, u), 0.0f, 60.0f) * splat(c->frames_per_second);
    g.glide_frames = to_int(glide);
    g.coefficient = splat(1.0f) - vexp2(splat(-1.442695f * c->seconds_per_frame / SMOOTH_SECONDS));
    ilanes struck = to_int(g.field[MEGA_NOTE_STRUCK]);
    g.random = splat(0.5f) + splat(0.5f) * vunit(vhash(x.seed ^ imul(struck, isplat(0x27d4eb2d))));
    return g;
}

static inline lanes bend_of(const given *g) {
    return g->field[MEGA_NOTE_BENT] + g->field[MEGA_NOTE_WHEEL] * g->bend_range;
}

/// A key that is new to this voice begins a glide: from the last key, or from where the pitch is.
static inline void begin(state *s, const given *g) {
    mask fresh = ieq(s->age, isplat(0));
    lanes key = g->field[MEGA_NOTE_KEY];
    mask changed = either(fresh, not_(eq(s->key, key)));
    lanes done = to_float(s->left) / vmax(to_float(s->total), splat(1));
    // another key has another bend at once; the glide begins where the pitch is, bend and all
    lanes bend = vselect(changed, bend_of(g), s->bend);
    lanes from = vselect(fresh, g->field[MEGA_NOTE_FROM], s->key + s->glide * done + (s->bend - bend));
    s->glide = vselect(changed, from - key, s->glide);
    s->left = iselect(changed, g->glide_frames, s->left);
    s->total = iselect(changed, g->glide_frames, s->total);
    s->key = key;
    s->bend = bend;
    s->pressure = vselect(fresh, g->field[MEGA_NOTE_PRESSED], s->pressure);
    s->timbre = vselect(fresh, g->field[MEGA_NOTE_SLID], s->timbre);
}

static inline lanes approach(lanes now, lanes target, lanes coefficient) {
    lanes next = now + (target - now) * coefficient;
    return vselect(lt(vabs(target - next), splat(1e-4f)), target, next);
}

static inline lanes freq_of(const state *s) {
    lanes done = to_float(s->left) / vmax(to_float(s->total), splat(1));
    lanes key = s->key + s->bend + s->glide * done;
    return splat(440) * vexp2((key - splat(69)) * splat(1.0f / 12.0f));
}

/// True where nothing will move: no glide, every smoothed value at its target.
static inline int settled(const state *s, const given *g) {
    mask stands = both(ieq(s->left, isplat(0)), ieq(s->age, isplat(1)));
    stands = both(stands, eq(s->struck, g->field[MEGA_NOTE_STRUCK]));
    stands = both(stands, eq(s->bend, bend_of(g)));
    stands = both(stands, eq(s->pressure, g->field[MEGA_NOTE_PRESSED]));
    return all(both(stands, eq(s->timbre, g->field[MEGA_NOTE_SLID])));
}

static inline void tick(state *s, const given *g, float *const *out, size_t at) {
    s->bend = approach(s->bend, bend_of(g), g->coefficient);
    s->pressure = approach(s->pressure, g->field[MEGA_NOTE_PRESSED], g->coefficient);
    s->timbre = approach(s->timbre, g->field[MEGA_NOTE_SLID], g->coefficient);
    store(out[FREQ] + at, freq_of(s));
    mask stands = both(ieq(s->age, isplat(1)), eq(s->struck, g->field[MEGA_NOTE_STRUCK]));
    store(out[TRIGGER] + at, vselect(stands, splat(0), splat(1)));
    store(out[PRESSURE] + at, s->pressure);
    store(out[BEND] + at, s->bend);
    store(out[TIMBRE] + at, s->timbre);
    s->age = isplat(1);
    s->struck = g->field[MEGA_NOTE_STRUCK];
    s->left = iselect(igt(s->left, isplat(0)), isub(s->left, isplat(1)), isplat(0));
}

static inline void store_still(const given *g, float *const *out, size_t at) {
    store(out[GATE] + at, g->field[MEGA_NOTE_GATE]);
    store(out[VELOCITY] + at, g->field[MEGA_NOTE_VELOCITY]);
    store(out[RELEASE] + at, g->field[MEGA_NOTE_RELEASE]);
    store(out[KEY] + at, g->field[MEGA_NOTE_KEY]);
    store(out[RANDOM] + at, g->random);
}

static uint64_t process(const mega_call *c) {
    const uint64_t may_move =
        1u << FREQ | 1u << TRIGGER | 1u << PRESSURE | 1u << BEND | 1u << TIMBRE;
    state s[MEGA_U];
    given g[MEGA_U];
    const bool range_moves = c->moving & 1;
    int stands = !range_moves;
    for (int u = 0; u < MEGA_U; u++) {
        state_load(&s[u], sizeof s[u], c, u);
        g[u] = read_call(c, u);
        begin(&s[u], &g[u]);
        stands &= settled(&s[u], &g[u]);
    }
    uint32_t frames = stands ? 1 : c->frames;
    for (int u = 0; u < MEGA_U; u++) {
        for (uint32_t t = 0; t < frames; t++) {
            if (range_moves) g[u].bend_range = port_at(c, 0, t, u);
            tick(&s[u], &g[u], c->outputs, (size_t)t * MEGA_FRAME + (size_t)(u * MEGA_WIDTH));
        }
        store_still(&g[u], c->outputs, (size_t)(u * MEGA_WIDTH));
        state_store(&s[u], sizeof s[u], c, u);
    }
    return stands ? 0 : may_move;
}

MODULE(note, .name = "note", .category = "source",
       .doc = "the note a voice plays; what depends on it exists once a voice", PARAMS(params),
       OUTPUTS(outputs), STATE, .process = process)
