// SPDX-License-Identifier: MIT
// note -- the note that a voice plays, as signals. A node that depends on one exists once a voice.
//
// Bend, pressure and timbre arrive in steps of a controller; they are smoothed here, so that
// nothing after this module hears the steps. A fresh voice begins at the values it is given.
#include "core/kernel.h"

typedef struct {
    ilanes age;   // frames since the start, held at 1: 0 is a fresh voice
    lanes struck; // seen last: a change is a new note in the same voice
    lanes key;    // seen last: a change starts a glide
    lanes bend, pressure, timbre;
    lanes glide;        // semitones that were left to go when the glide began
    ilanes left, total; // frames of it
} state;

static const char *const modes[] = {"poly", "mono", "legato", NULL};
static const char *const steals[] = {"auto", "oldest", "quietest", "none", NULL};
static const char *const priorities[] = {"last", "low", "high", NULL};
static const char *const fates[] = {"ends", "returns", NULL};

static const mega_param_row params[] = {
    [MEGA_NOTE_PARAM_BEND_RANGE] = {.name = "bend_range",
                                    .unit = "semitones",
                                    .min = 0,
                                    .max = 96,
                                    .initial = 2,
                                    .doc = "pitch wheel's way to either side"},
    [MEGA_NOTE_PARAM_GLIDE] = {.name = "glide",
                               .unit = "s",
                               .min = 0,
                               .max = 5,
                               .initial = 0,
                               .doc = "time from the last key's pitch to this one's"},
    [MEGA_NOTE_PARAM_MODE] =
        {.name = "mode",
         .unit = "",
         .min = 0,
         .max = 2,
         .initial = 0,
         .choices = modes,
         .at_events = true,
         .doc = "poly; mono: one voice for all keys, whose envelopes each key starts anew; legato: "
                "they go on while a key "
                "is held"},
    [MEGA_NOTE_PARAM_STEAL] =
        {.name = "steal",
         .unit = "",
         .min = 0,
         .max = 3,
         .initial = 0,
         .choices = steals,
         .at_events = true,
         .doc =
             "which voice makes room when all sound: auto is a released one, else one that a pedal "
             "holds, else one of "
             "the same key, else an old one, the lowest and newest last; none: the new note is "
             "dropped"},
    [MEGA_NOTE_PARAM_PRIORITY] = {.name = "priority",
                                  .unit = "",
                                  .min = 0,
                                  .max = 2,
                                  .initial = 0,
                                  .choices = priorities,
                                  .at_events = true,
                                  .doc = "in mono and legato: which of the held keys sounds, the "
                                         "last, the lowest or the highest"},
    [MEGA_NOTE_PARAM_STOLEN] =
        {.name = "stolen",
         .unit = "",
         .min = 0,
         .max = 1,
         .initial = 0,
         .choices = fates,
         .at_events = true,
         .doc = "what becomes of a note that was stolen while its key is down: it ends, or returns "
                "once fewer keys are "
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

#define BIT(output) ((uint64_t)1 << (output))

typedef struct {
    lanes field[MEGA_NOTE_FIELDS];
    lanes bend_range, coefficient;
    ilanes glide_frames;
} given;

static const float SMOOTH_SECONDS = 0.003f; // to 1/e: faster than a hand, slower than a click

static inline void read_note(given *g, const mega_call *c, int u) {
    for (int f = 0; f < MEGA_NOTE_FIELDS; f++)
        g->field[f] = load(c->note + f * MEGA_LANE_COUNT + u * MEGA_WIDTH);
    g->bend_range = port_at(c, MEGA_NOTE_PARAM_BEND_RANGE, 0, u);
}

static inline void read_speeds(given *g, const mega_call *c, int u) {
    lanes glide =
        clampf(port_at(c, MEGA_NOTE_PARAM_GLIDE, 0, u), 0.0f, 60.0f) * splat(c->frames_per_second);
    g->glide_frames = to_int(glide);
    g->coefficient = splat(1.0f) - vexp2(splat(-1.442695f * c->seconds_per_frame / SMOOTH_SECONDS));
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
    lanes from =
        vselect(fresh, g->field[MEGA_NOTE_FROM], s->key + s->glide * done + (s->bend - bend));
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
    lanes key = s->key + s->bend;
    if (!all(ieq(s->left, isplat(0))))
        key = key + s->glide * (to_float(s->left) / vmax(to_float(s->total), splat(1)));
    return splat(440) * vexp2((key - splat(69)) * splat(1.0f / 12.0f));
}

static inline mask has_begun(const state *s, const given *g) {
    return both(ieq(s->age, isplat(1)), eq(s->struck, g->field[MEGA_NOTE_STRUCK]));
}

/// Outputs that are under way in some lane: a glide, a smoothed value that is not at its target.
static inline uint64_t under_way(const state *s, const given *g) {
    uint64_t moving = 0;
    const mask bent = eq(s->bend, bend_of(g));
    if (!all(bent)) moving |= BIT(BEND);
    if (!all(both(bent, ieq(s->left, isplat(0))))) moving |= BIT(FREQ);
    if (!all(has_begun(s, g))) moving |= BIT(TRIGGER);
    if (!all(eq(s->pressure, g->field[MEGA_NOTE_PRESSED]))) moving |= BIT(PRESSURE);
    if (!all(eq(s->timbre, g->field[MEGA_NOTE_SLID]))) moving |= BIT(TIMBRE);
    return moving;
}

static inline lanes random_of(const mega_call *c, const given *g, int u) {
    const ilanes struck = to_int(g->field[MEGA_NOTE_STRUCK]), seed = context_of(c, u).seed;
    return splat(0.5f) + splat(0.5f) * vunit(vhash(seed ^ imul(struck, isplat(0x27d4eb2d))));
}

#define PUT(output, t, value)                                                                      \
    if (which & BIT(output)) store(output_at(c, output, t, u), value)

/// What a segment has once.
static inline void put_still(const mega_call *c, uint64_t which, const given *g, int u) {
    PUT(GATE, 0, g->field[MEGA_NOTE_GATE]);
    PUT(VELOCITY, 0, g->field[MEGA_NOTE_VELOCITY]);
    PUT(RELEASE, 0, g->field[MEGA_NOTE_RELEASE]);
    PUT(KEY, 0, g->field[MEGA_NOTE_KEY]);
    PUT(RANDOM, 0, random_of(c, g, u));
}

/// What may change from frame to frame.
static inline void put_frame(const mega_call *c, uint64_t which, const state *s, const given *g,
                             uint32_t t, int u) {
    PUT(FREQ, t, freq_of(s));
    PUT(TRIGGER, t, vselect(has_begun(s, g), splat(0), splat(1)));
    PUT(PRESSURE, t, s->pressure);
    PUT(BEND, t, s->bend);
    PUT(TIMBRE, t, s->timbre);
}

static inline void smooth(state *s, const given *g) {
    s->bend = approach(s->bend, bend_of(g), g->coefficient);
    s->pressure = approach(s->pressure, g->field[MEGA_NOTE_PRESSED], g->coefficient);
    s->timbre = approach(s->timbre, g->field[MEGA_NOTE_SLID], g->coefficient);
}

static inline void end_frame(state *s, const given *g) {
    s->age = isplat(1);
    s->struck = g->field[MEGA_NOTE_STRUCK];
    s->left = iselect(igt(s->left, isplat(0)), isub(s->left, isplat(1)), isplat(0));
}

/// Everything stands in every lane, and did before: there is nothing to work out.
static inline bool stands(const mega_call *c, const state *s, const given *g) {
    if (c->moving & 1) return false;
    for (int u = 0; u < MEGA_U; u++)
        if (under_way(&s[u], &g[u]) || !all(eq(s[u].key, g[u].field[MEGA_NOTE_KEY]))) return false;
    return true;
}

/// @return outputs that move
static inline uint64_t begin_all(const mega_call *c, state *s, given *g) {
    uint64_t moving = c->moving & 1 ? BIT(FREQ) | BIT(BEND) : 0;
    for (int u = 0; u < MEGA_U; u++) {
        read_speeds(&g[u], c, u);
        begin(&s[u], &g[u]);
        moving |= under_way(&s[u], &g[u]);
    }
    return moving;
}

static inline void run(const mega_call *c, uint64_t moving, state *s, given *g, int u) {
    for (uint32_t t = 0; t < (moving ? c->frames : 1); t++) {
        if (c->moving & 1) g->bend_range = port_at(c, MEGA_NOTE_PARAM_BEND_RANGE, t, u);
        smooth(s, g);
        put_frame(c, ~c->unread & (t ? moving : ~(uint64_t)0), s, g, t, u);
        end_frame(s, g);
    }
    state_store(s, sizeof *s, c, u);
}

static uint64_t process(const mega_call *c) {
    state s[MEGA_U];
    given g[MEGA_U];
    for (int u = 0; u < MEGA_U; u++) {
        state_load(&s[u], sizeof s[u], c, u);
        read_note(&g[u], c, u);
    }
    const bool idle = stands(c, s, g);
    const uint64_t moving = idle ? 0 : begin_all(c, s, g);
    for (int u = 0; u < MEGA_U; u++) {
        put_still(c, ~c->unread, &g[u], u);
        if (idle) put_frame(c, ~c->unread, &s[u], &g[u], 0, u);
        else run(c, moving, &s[u], &g[u], u);
    }
    return moving;
}

MODULE(note, .name = "note", .category = "source",
       .doc = "the note a voice plays; what depends on it exists once a voice",
       .flags = MEGA_NOTE_SOURCE, .gate_outputs = BIT(GATE) | BIT(TRIGGER), PARAMS(params),
       OUTPUTS(outputs), STATE, .process = process)
