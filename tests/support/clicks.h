// SPDX-License-Identifier: MIT
// clicks -- one edit of a patch that sounds, and what is heard of it that is neither the sound
// before nor the sound after nor the change between them.
//
// Four engines with one history (same patch, chord, earlier edits, frame) part at the edit:
//
//   edited  the edit as a player makes it, with its fade of 3 ms
//   before  no edit: the old sound goes on
//   after   the edit without a fade: the new sound from the first frame on, cut hard
//   slow    the edit with a fade of 100 ms: every sound between the two
//   fresh   the edited document loaded, and the chord played on it as long
//
// A click is looked for from the first affected frame until two fades later, on each side. All
// figures are relative to the programme: the RMS of the passage before, or of that after if it is
// louder, or of `slow`, or -40 dBFS if all are quieter.
//
//   click  the greatest, over windows of 64 frames, of the least of two, each of which would hear
//          any click:
//          excess: the peak above 4 kHz in that window, less (in power) what the passage has there
//          anyway: the greatest peak above 4 kHz of `before`, `slow` and `fresh` in 450 ms, and
//          0.1 dB. The first 10 ms of `slow` and 6 ms around the ends of its fades do not count:
//          what jumps in both must not excuse itself.
//          residue: the peak above 4 kHz of `edited` less the raised-cosine crossfade of `before`
//          and `after`. It forgives nothing that is bright, and is exact where the edit is near the
//          output.
//   step   the greatest |x[t] - x[t - 1]|, over the larger of 8 x the median of its block, of twice
//          the crossfade's there (what goes through a new node fades before it and after it), and
//          of the greatest of `before`, `slow` and `fresh` (saws and squares step by themselves):
//          at most 1.
#ifndef CLICKS_H
#define CLICKS_H

#include <math.h>

#include "support/host.h"
#include "support/sounding_edit.h"

#define CLICKS_DB_MAX (-70.0)
#define CLICKS_LOUDEST 4.0    // RMS: 12 dB over full scale is no music
#define CLICKS_STEP_MAX 1.001 // what is greatest in two passages may differ by rounding

enum {
    CLICKS_TAPS = 255, ///< windowed-sinc (Blackman): -74 dB below 3.4 kHz
    CLICKS_HALF = CLICKS_TAPS / 2,
    CLICKS_BEFORE = 7200,
    CLICKS_AFTER = 14400,
    CLICKS_FRAMES = CLICKS_BEFORE + CLICKS_AFTER,
    CLICKS_FADE = 144,
    CLICKS_SLOW = 4800,
    CLICKS_EARLIER_MAX = 5,
    CLICKS_NOTES = 5,
};

typedef enum {
    CLICKS_EDITED,
    CLICKS_UNEDITED,
    CLICKS_CUT,
    CLICKS_GRADUAL,
    CLICKS_FRESH,
    CLICKS_CROSSFADED, ///< less what was edited
    CLICKS_SIGNALS
} clicks_signal;

typedef struct {
    mega_engine *engine[4];
    mega_note notes[4][CLICKS_NOTES];
    int32_t bus;
    float x[CLICKS_SIGNALS][2][CLICKS_FRAMES], high[CLICKS_SIGNALS][2][CLICKS_FRAMES];
    uint32_t at; ///< first affected frame
    uint64_t frames_before;
} clicks_stage;

typedef struct {
    double programme, before, after; ///< RMS
    double excess, residue, click;   ///< peak amplitudes re programme
    double bright;                   ///< what the passage has above 4 kHz anyway
    double step;
    uint32_t held_before, held_after;
    uint32_t notes_silent; ///< notes that sound in `fresh` and not in `edited`
    uint64_t late; ///< frames between the first that could be affected and the first that was
    uint32_t at, worst_at;
    sounding_kind kind;
    char *list; ///< the edit
} clicks_result;

static inline double clicks_db(double amplitude) { return 20 * log10(fmax(amplitude, 1e-8)); }

/// @return the number of the change
static inline uint64_t clicks_rewire(mega_engine *e, const mega_patch *patch, float fade_ms) {
    mega_report *report = mega_report_create();
    mega_change how = {.rev = MEGA_REV_ANY, .fade_ms = fade_ms};
    mega_changed done = {0};
    mega_status status = mega_rewire(e, patch, &how, &done, report);
    if (status) host_print(report);
    assert(!status);
    mega_report_destroy(report);
    return done.number;
}

static inline void clicks_render(mega_engine *e, float (*x)[CLICKS_FRAMES], uint32_t from,
                                 uint32_t frames) {
    static float scratch[2][512];
    for (uint32_t done = 0; done < frames;) {
        uint32_t part = frames - done < 512 ? frames - done : 512;
        float *out[2] = {x ? x[0] + from + done : scratch[0], x ? x[1] + from + done : scratch[1]};
        mega_render(e, NULL, out, part);
        done += part;
    }
}

// ---- above 4 kHz ------------------------------------------------------------------------------

/// Zero phase: what is at t stays at t.
static inline void clicks_highpass(const float *x, float *high) {
    static float taps[CLICKS_TAPS];
    const double pi = 3.14159265358979323846;
    if (taps[0] == 0) {
        for (int i = 0; i < CLICKS_TAPS; i++) {
            double n = i - CLICKS_HALF, cut = 2 * 4000.0 / 48000,
                   phase = 2 * pi * (i + 0.5) / CLICKS_TAPS;
            double sinc = n == 0 ? cut : sin(pi * cut * n) / (pi * n);
            double window = 0.42 - 0.5 * cos(phase) + 0.08 * cos(2 * phase);
            taps[i] = (float)((n == 0 ? 1 : 0) - sinc * window);
        }
    }
    memset(high, 0, CLICKS_FRAMES * sizeof *high);
    for (size_t t = CLICKS_HALF; t + CLICKS_HALF < CLICKS_FRAMES; t++) {
        float sum[8] = {0}; // eight sums: quick, and nearer to the truth than one
        const float *at = x + t - CLICKS_HALF;
        for (int i = 0; i + 8 <= CLICKS_TAPS; i += 8)
            for (int k = 0; k < 8; k++) sum[k] += taps[i + k] * at[i + k];
        for (int i = CLICKS_TAPS & ~7; i < CLICKS_TAPS; i++) sum[0] += taps[i] * at[i];
        high[t] = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
    }
}

static inline double clicks_peak(const float *x, uint32_t from, uint32_t to, uint32_t *where) {
    double peak = 0;
    for (uint32_t t = from; t < to; t++)
        if (fabs((double)x[t]) > peak) {
            peak = fabs((double)x[t]);
            if (where) *where = t;
        }
    return peak;
}

static inline double clicks_greatest_step(const float *x, uint32_t from, uint32_t to) {
    double greatest = 0;
    for (uint32_t t = from; t < to; t++)
        greatest = fmax(greatest, fabs((double)x[t] - (double)x[t - 1]));
    return greatest;
}

static inline double clicks_rms(const float *x, uint32_t from, uint32_t to) {
    double sum = 0;
    for (uint32_t t = from; t < to; t++) sum += (double)x[t] * (double)x[t];
    return sqrt(sum / (to - from));
}

// ---- measures ---------------------------------------------------------------------------------

/// What `slow` may excuse: not its first 10 ms, nor around the ends of its fades.
typedef double clicks_reader(const float *x, uint32_t from, uint32_t to);
static inline double clicks_of_slow(const float *x, uint32_t at, clicks_reader *read) {
    static const uint32_t ends[] = {480, CLICKS_SLOW, 2 * CLICKS_SLOW};
    double greatest = 0;
    uint32_t from = at + ends[0];
    for (int i = 1; i <= 3; i++) {
        uint32_t to = i < 3 ? at + ends[i] - 300 : CLICKS_FRAMES - CLICKS_TAPS;
        greatest = fmax(greatest, read(x, from, to));
        if (i < 3) from = at + ends[i] + 64 * (uint32_t)i + 300;
    }
    return greatest;
}
static inline double clicks_read_peak(const float *x, uint32_t from, uint32_t to) {
    return clicks_peak(x, from, to, NULL);
}

static inline int clicks_by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/// The greatest step of a window, block by block, over what it may be.
static inline double clicks_step(const clicks_stage *s, int side, uint32_t from, uint32_t to,
                                 double floor) {
    const float *x = s->x[CLICKS_EDITED][side];
    double may = clicks_greatest_step(s->x[CLICKS_UNEDITED][side], 1, CLICKS_FRAMES);
    may = fmax(may, clicks_of_slow(s->x[CLICKS_GRADUAL][side], s->at, clicks_greatest_step));
    may = fmax(may, clicks_greatest_step(s->x[CLICKS_FRESH][side], 1, CLICKS_FRAMES));
    for (uint32_t t = s->at; t < s->at + CLICKS_FADE; t++) { // the crossfade's own steps
        const float *residue = s->x[CLICKS_CROSSFADED][side];
        may = fmax(may, 2 * fabs(((double)x[t] + (double)residue[t]) -
                                 ((double)x[t - 1] + (double)residue[t - 1])));
    }
    double worst = 0;
    for (uint32_t block = from; block < to; block += 64) {
        float steps[64];
        for (uint32_t t = 0; t < 64; t++) steps[t] = fabsf(x[block + t] - x[block + t - 1]);
        qsort(steps, 64, sizeof *steps, clicks_by_size);
        double median = 0.5 * ((double)steps[31] + (double)steps[32]);
        double limit = fmax(fmax(8 * median, may), floor);
        worst = fmax(worst, (double)steps[63] / limit);
    }
    return worst;
}

/// 64 frames from t on: what is above 4 kHz beyond what may be.
static inline void clicks_window(const clicks_stage *s, int side, uint32_t t, double may,
                                 clicks_result *result) {
    uint32_t where = t;
    double peak = clicks_peak(s->high[CLICKS_EDITED][side], t, t + 64, &where);
    double residue = clicks_peak(s->high[CLICKS_CROSSFADED][side], t, t + 64, NULL);
    double excess = sqrt(fmax(0, peak * peak - 1.0233 * may * may)) / result->programme;
    residue /= result->programme;
    result->excess = fmax(result->excess, excess);
    result->residue = fmax(result->residue, residue);
    if (fmin(excess, residue) <= result->click) return;
    result->click = fmin(excess, residue);
    result->worst_at = where;
}

static inline void clicks_measure(clicks_stage *s, clicks_result *result) {
    uint32_t at = s->at, end = at + 2 * 192 + 64 + CLICKS_HALF + 1;
    for (uint32_t t = 0; t < CLICKS_FRAMES; t++) {
        double part = t < at                 ? 0
                      : t - at < CLICKS_FADE ? 0.5 - 0.5 * cos(M_PI * (t - at) / CLICKS_FADE)
                                             : 1;
        for (int side = 0; side < 2; side++)
            s->x[CLICKS_CROSSFADED][side][t] =
                (float)((1 - part) * (double)s->x[CLICKS_UNEDITED][side][t] +
                        part * (double)s->x[CLICKS_CUT][side][t] -
                        (double)s->x[CLICKS_EDITED][side][t]);
    }
    double before = 0, after = 0;
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < CLICKS_SIGNALS; i++)
            if (i != CLICKS_CUT) clicks_highpass(s->x[i][side], s->high[i][side]);
        before = fmax(before, clicks_rms(s->x[CLICKS_UNEDITED][side], 0, at));
        after = fmax(after, clicks_rms(s->x[CLICKS_EDITED][side], at + 2400, CLICKS_FRAMES));
        after = fmax(after, clicks_rms(s->x[CLICKS_GRADUAL][side], at, CLICKS_FRAMES));
    }
    result->before = before;
    result->after = after;
    result->programme = fmax(fmax(before, after), 0.01);
    result->at = result->worst_at = at;
    result->excess = result->residue = result->click = result->step = 0;
    for (int side = 0; side < 2; side++) {
        double may = clicks_peak(s->high[CLICKS_UNEDITED][side], 0, CLICKS_FRAMES, NULL);
        may = fmax(may, clicks_of_slow(s->high[CLICKS_GRADUAL][side], at, clicks_read_peak));
        may = fmax(may, clicks_peak(s->high[CLICKS_FRESH][side], 0, CLICKS_FRAMES, NULL));
        result->bright = fmax(result->bright, may / result->programme);
        for (uint32_t t = at - 2 * 64; t < end; t += 64) clicks_window(s, side, t, may, result);
        // a step below a thousandth of the programme is none
        result->step = fmax(result->step, clicks_step(s, side, at, end, 1e-3 * result->programme));
    }
}

// ---- notes ------------------------------------------------------------------------------------

/// A node of each voice that is heard after the voices: the last one before their sum.
static inline int32_t clicks_voice_end(const mega_patch *p) {
    int32_t found = -1;
    for (size_t i = 0; i < p->cable_count; i++) {
        const mega_patch_cable_row *c = &p->cables[i];
        if (c->from_node >= 0 && mega_patch_node_per_voice(p, (size_t)c->from_node) &&
            !mega_patch_node_per_voice(p, c->to_node))
            found = c->from_node;
    }
    return found;
}

static inline void clicks_levels(mega_engine *e, int32_t bus, const mega_note *notes,
                                 double *levels) {
    float block[64];
    for (int n = 0; n < CLICKS_NOTES; n++) levels[n] = 0;
    for (int b = 0; b < 40; b++) {
        clicks_render(e, NULL, 0, 64);
        for (int n = 0; n < CLICKS_NOTES; n++)
            if (!mega_bus_read(e, bus, notes[n], block)) levels[n] = -1;
            else
                for (int t = 0; t < 64; t++) levels[n] = fmax(levels[n], fabs((double)block[t]));
    }
}

static inline void clicks_chord(mega_engine *e, float root, mega_note *notes) {
    static const float keys[CLICKS_NOTES] = {0, 7, 12, 16, 23};
    for (int i = 0; i < CLICKS_NOTES; i++)
        mega_note_on(e, MEGA_NOW, root + keys[i], 0.8f, &notes[i]);
}

/// Renders `fresh`. @return how many notes with a voice sound there, and not in `edited`
static inline uint32_t clicks_fresh(clicks_stage *s, const mega_patch *after, float root) {
    int32_t node = clicks_voice_end(after);
    mega_engine *fresh = host_open(NULL), *edited = s->engine[CLICKS_EDITED];
    mega_note notes[CLICKS_NOTES];
    mega_load(fresh, after, NULL);
    clicks_chord(fresh, root, notes);
    clicks_render(fresh, NULL, 0, (uint32_t)s->frames_before);
    clicks_render(fresh, s->x[CLICKS_FRESH], 0, CLICKS_FRAMES);
    if (node < 0) {
        mega_destroy(fresh);
        return 0;
    }
    const char *port = after->nodes[node].module->outputs[0].name;
    int32_t bus[2] = {mega_bus_open(edited, after->nodes[node].id, port, NULL),
                      mega_bus_open(fresh, after->nodes[node].id, port, NULL)};
    double levels[2][CLICKS_NOTES];
    clicks_levels(edited, bus[0], s->notes[CLICKS_EDITED], levels[0]);
    clicks_levels(fresh, bus[1], notes, levels[1]);
    mega_destroy(fresh);
    uint32_t lost = 0;
    for (int n = 0; n < CLICKS_NOTES; n++)
        lost += levels[0][n] >= 0 && levels[1][n] > 1e-3 && levels[0][n] < 0.03 * levels[1][n];
    return lost;
}

// ---- one edit ---------------------------------------------------------------------------------

static inline void clicks_start(clicks_stage *s, const mega_patch *start, float root) {
    for (int i = 0; i < 4; i++) {
        s->engine[i] = host_open(NULL);
        mega_load(s->engine[i], start, NULL);
        clicks_chord(s->engine[i], root, s->notes[i]);
    }
    s->frames_before = 0;
}

static inline void clicks_go_on(clicks_stage *s, uint32_t frames) {
    for (int i = 0; i < 4; i++) clicks_render(s->engine[i], NULL, 0, frames);
    s->frames_before += frames;
}

/// The engines part here, `lead` frames into what is recorded, and end.
static inline void clicks_part(clicks_stage *s, const mega_patch *after, uint32_t lead, float root,
                               clicks_result *result) {
    static const float fades[4] = {3, -1, 0, 100};
    for (int i = 0; i < 4; i++) {
        mega_engine *e = s->engine[i];
        clicks_render(e, s->x[i], 0, lead);
        mega_counters now = mega_counters_get(e);
        s->at = lead + (uint32_t)(now.frame_rendered - now.frame);
        result->held_before = now.voices_held;
        uint64_t number = fades[i] >= 0 ? clicks_rewire(e, after, fades[i]) : 0, frame;
        clicks_render(e, s->x[i], lead, CLICKS_FRAMES - lead);
        if (!number) continue;
        bool heard = mega_change_frame(e, number, &frame);
        result->late = heard ? frame - now.frame_rendered : UINT64_MAX;
    }
    result->held_after = mega_counters_get(s->engine[CLICKS_EDITED]).voices_held;
    result->notes_silent = clicks_fresh(s, after, root);
    clicks_measure(s, result);
    for (int i = 0; i < 4; i++) mega_destroy(s->engine[i]);
}

/// A few edits, a few milliseconds from each other. @return the patch that they lead to
static inline mega_patch *clicks_earlier(clicks_stage *s, rng *r, const mega_patch *start) {
    mega_patch *now = mega_patch_clone(start);
    for (uint32_t k = rng_below(r, CLICKS_EARLIER_MAX + 1); k > 0; k--) {
        sounding_kind kind;
        char *list;
        mega_patch *after = sounding_edit(r, now, &kind, &list);
        for (int i = 0; i < 4; i++) clicks_rewire(s->engine[i], after, 3);
        clicks_go_on(s, 300 + rng_below(r, 1200));
        mega_patch_destroy(now);
        now = after;
        free(list);
    }
    return now;
}

/// A random edit at a random phase of a chord. @param result its list is to be freed
static inline void clicks_trial(clicks_stage *s, const mega_patch *start, uint64_t seed,
                                clicks_result *result) {
    rng r = rng_create(seed);
    r.state = rng_next(&r); // else the next seed's numbers are these, one later
    *result = (clicks_result){0};
    float root = 33 + (float)rng_below(&r, 24);
    clicks_start(s, start, root);
    clicks_go_on(s, 4800 + rng_below(&r, 9600));
    mega_patch *before = clicks_earlier(s, &r, start);
    clicks_go_on(s, 4800);
    mega_patch *after = sounding_edit(&r, before, &result->kind, &result->list);
    clicks_part(s, after, CLICKS_BEFORE - rng_below(&r, 64), root, result);
    mega_patch_destroy(before);
    mega_patch_destroy(after);
}

// ---- patches ----------------------------------------------------------------------------------

enum { CLICKS_RANDOM = 20, CLICKS_PATCHES = CLICKS_RANDOM + 2 };

/// Whether a chord on it is heard, and not so loud that it means nothing.
static inline bool clicks_sounds(const mega_patch *patch) {
    static float x[2][CLICKS_FRAMES];
    mega_engine *e = host_open(NULL);
    mega_note notes[CLICKS_NOTES];
    bool sounds = false;
    if (!mega_load(e, patch, NULL)) {
        clicks_chord(e, 45, notes);
        clicks_render(e, x, 0, CLICKS_FRAMES);
        double level = clicks_rms(x[0], CLICKS_FRAMES / 2, CLICKS_FRAMES);
        sounds = level > 0.003 && level < CLICKS_LOUDEST;
    }
    mega_destroy(e);
    return sounds;
}

/// keys.json, the same with a cutoff so low that nothing is above 4 kHz, then 20 random patches
/// that sound. @param seeds receives those of the random ones
static inline void clicks_patches(const char *keys_json, mega_patch *patches[CLICKS_PATCHES],
                                  uint64_t seeds[CLICKS_PATCHES]) {
    int count = 2;
    patches[0] = host_read_patch(keys_json);
    patches[1] = host_read_patch(keys_json);
    mega_patch_set_knob(patches[1], "cutoff", 0.1);
    seeds[0] = seeds[1] = 0;
    for (uint64_t seed = 1; count < CLICKS_PATCHES; seed++) {
        char *text = random_patch(seed, 0);
        mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
        free(text);
        if (patch && clicks_sounds(patch)) {
            seeds[count] = seed;
            patches[count++] = patch;
        } else {
            mega_patch_destroy(patch);
        }
    }
}

/// Half of the edits are on keys.json, half of these on the dark one.
static inline int clicks_patch_of(uint64_t seed) {
    if (seed % 2) return (int)(seed / 2 % 2);
    return 2 + (int)(seed / 2 % CLICKS_RANDOM);
}

#endif
