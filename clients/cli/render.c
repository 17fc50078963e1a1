// SPDX-License-Identifier: MIT
// render -- renders a patch and what it is to play, to a sound file or a hash.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/hash.h"
#include "piece.h"
#include "play.h"
#include "render.h"
#include "time/patch_names.h"
#include "wave.h"

/// How long a patch plays that has no end of its own; and how long one may ring after its last
/// event.
static const double drone_seconds = 5, ring_seconds = 60;
/// What is kept of the silence at the end, so that players do not cut the last tail short.
static const double tail_seconds = 0.25;
enum {
    DELAY_SECONDS_MAX = 20, ///< the longest wait for an echo
};

// ---- where frames go ---------------------------------------------------------------------------

typedef struct {
    wave *file; // or NULL
    uint32_t channels;
    bool hashes, measures; // whether anybody will see `hash`, `peak`
    uint64_t hash, frames;
    float peak;
    progress progress;
} sink;

/// FNV-1a, 64 bits, over the bytes of little-endian floats (G. Fowler, L. C. Noll, K.-P. Vo).
static uint64_t hash_frames(uint64_t hash, const float *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        for (int shift = 0; shift < 32; shift += 8)
            hash = mega_hash_add(hash, bits >> shift & 0xff);
    }
    return hash;
}

/// The larger of `peak` and all sizes. Without their sign, floats are in the order of their bits;
/// of integers the compiler compares several at once.
static float peak_of(float peak, const float *samples, size_t count) {
    int32_t largest, size;
    memcpy(&largest, &peak, sizeof largest);
    for (size_t i = 0; i < count; i++) {
        memcpy(&size, &samples[i], sizeof size);
        size &= INT32_MAX;
        largest = size > largest ? size : largest;
    }
    memcpy(&peak, &largest, sizeof peak);
    return peak;
}

static bool take(void *context, const float *frames, size_t count) {
    sink *s = context;
    size_t samples = count * s->channels;
    if (s->hashes) s->hash = hash_frames(s->hash, frames, samples);
    if (s->measures) s->peak = peak_of(s->peak, frames, samples);
    s->frames += count;
    return !interrupted && (!s->file || wave_write(s->file, frames, count));
}

static void show(void *context, uint64_t frame) {
    progress_show(&((sink *)context)->progress, frame);
}

// ---- what is played ----------------------------------------------------------------------------

/// A patch that waits for notes and is given none plays one.
static int read_piece(const render_options *o, const mega_patch *patch, piece *p) {
    piece_options of = {.patch = o->patch,
                        .notes = o->notes,
                        .score = o->score,
                        .beat = o->beat,
                        .rate = o->rate,
                        .quiet = o->quiet};
    if (!of.notes && !of.score && mega_patch_has_notes(patch)) {
        if (!o->quiet) say("no --notes and no --score: playing one C4");
        of.notes = "C4";
    }
    return piece_read(&of, patch, p);
}

/// Whether it ends by itself, in silence; and the frames where it ends if not.
static play_options plan(const render_options *o, const piece *p) {
    const mega_sequence *s = &p->sequence;
    double delay = fmin(p->facts.delay_seconds, DELAY_SECONDS_MAX);
    play_options to = {.sequence = s, .block = o->block, .write = take, .progress = show};
    to.tail_frames = (uint64_t)llround(tail_seconds * o->rate);
    to.quiet_frames = to.tail_frames + (uint64_t)llround(delay * o->rate);
    to.frames_max = mega_sequence_settled(s) + (uint64_t)(ring_seconds * o->rate);
    if (o->seconds > 0) to.frames = (uint64_t)fmax(1, round(o->seconds * o->rate));
    else if (!p->facts.ends_with_notes)
        to.frames = mega_sequence_end(s) + (uint64_t)(drone_seconds * o->rate);
    return to;
}

// ---- messages ----------------------------------------------------------------------------------

static void warn_count(uint64_t count, const char *what) {
    if (count) say("warning: %llu %s", (unsigned long long)count, what);
}

static void print_summary(const render_options *o, const sink *s, const mega_engine *engine,
                          double elapsed) {
    mega_counters c = mega_counters_get(engine);
    warn_count(c.notes_dropped, "notes found no free voice and were dropped; raise --voices");
    warn_count(c.events_late, "events were late: too many at the same time");
    warn_count(
        c.events_dropped,
        "events were ignored: their note had ended, or an edit had removed their node or knob");
    warn_count(c.lanes_silenced, "voices produced NaN or infinity and were silenced");
    warn_count(c.outputs_silenced, "blocks contained NaN or infinity and were silenced");
    if (s->file)
        warn_count(
            wave_clipped(s->file),
            "samples exceeded full scale and were clipped; lower the level, or use --bits 32f");
    double seconds = (double)s->frames / o->rate;
    fprintf(stderr, "%s: %.3f s, peak ", o->output ? o->output : o->patch, seconds);
    if (s->peak > 0) fprintf(stderr, "%.1f dBFS", 20 * log10((double)s->peak));
    else fprintf(stderr, "none (silence)");
    if (c.notes_stolen) fprintf(stderr, ", %llu notes stolen", (unsigned long long)c.notes_stolen);
    fprintf(stderr, ", %.0f x real time\n", seconds / fmax(elapsed, 1e-9));
}

static int report_result(const render_options *o, const play_options *p, play_result result) {
    switch (result) {
    case PLAY_DONE: return CLI_OK;
    case PLAY_CUT:
        say("warning: still sounding %g s after the last event, stopped there; --seconds sets the "
            "duration",
            ring_seconds);
        return CLI_OK;
    case PLAY_STOPPED: return interrupted ? CLI_INTERRUPTED : CLI_FILE;
    case PLAY_REFUSED: {
        char item[64]; // it was good by itself: a limit of the engine
        snprintf(item, sizeof item, ":%u: error: [%u]", (*p->refused)->line, (*p->refused)->item);
        for (size_t i = 0; i < mega_report_count(p->report); i++)
            fprintf(stderr, "%s%s: %s\n", o->score, item, mega_report_get(p->report, i)->message);
        return CLI_PATCH;
    }
    case PLAY_MEMORY: return status_exit(o->patch, MEGA_ERROR_MEMORY);
    }
    return CLI_FILE;
}

// ---- the steps ---------------------------------------------------------------------------------

static int play_to(const render_options *o, play_options *p, sink *s) {
    uint64_t frames = p->frames ? p->frames : p->frames_max;
    if (o->output && frames > wave_frames_max(o->container, o->sample, o->channels))
        return usage_error(&command_render, "%s: over 4 GiB, the limit of %s; use --format caf",
                           o->output, wave_container_names[o->container]);
    catch_interrupts(); // from here on there is a file to be cleaned up
    if (o->output) {
        s->file = wave_create(o->output, o->container, o->sample, o->rate, o->channels, p->frames);
        if (!s->file) return CLI_FILE;
    }
    p->context = s;
    s->progress = progress_start(p->frames, o->rate, !o->quiet);
    play_result result = play(p);
    double elapsed = progress_end(&s->progress);
    int code = report_result(o, p, result);
    if (code == CLI_OK && s->file && !wave_flush(s->file)) code = CLI_FILE;
    if (code == CLI_OK && !o->quiet) print_summary(o, s, p->engine, elapsed);
    if (s->file && !wave_close(s->file, code == CLI_OK) && code == CLI_OK) code = CLI_FILE;
    if (code == CLI_OK && o->hash) printf("%016llx\n", (unsigned long long)s->hash);
    return code;
}

static int render_patch(const render_options *o, mega_engine *engine, const mega_patch *patch) {
    piece music;
    int code = read_piece(o, patch, &music);
    if (code == CLI_OK) {
        const mega_timed_event *refused = NULL;
        play_options p = plan(o, &music);
        p.engine = engine;
        p.channels = o->channels;
        p.refused = &refused;
        p.report = mega_report_create();
        sink to = {.channels = o->channels,
                   .hashes = o->hash,
                   .measures = !o->quiet,
                   .hash = MEGA_HASH_START};
        code = p.report ? play_to(o, &p, &to) : status_exit(o->patch, MEGA_ERROR_MEMORY);
        mega_report_destroy(p.report);
    }
    piece_finish(&music);
    return code;
}

static int adjust(const render_options *o, mega_patch **patch) {
    if (o->voices) {
        mega_status status = mega_patch_set_voices(*patch, o->voices);
        if (status != MEGA_OK) return status_exit(o->patch, status);
    }
    return settings_apply(&command_render, &o->settings, patch);
}

int render_run(const render_options *o) {
    mega_patch *patch = NULL;
    mega_engine *engine = NULL;
    int code = patch_open(o->patch, o->quiet, &patch);
    if (code == CLI_OK) code = adjust(o, &patch);
    if (code == CLI_OK)
        code = engine_open(
            o->patch, patch,
            &(mega_options){.rate = o->rate, .output_channels = o->channels, .seed = o->seed},
            o->quiet, &engine);
    if (code == CLI_OK) code = render_patch(o, engine, patch);
    mega_destroy(engine);
    mega_patch_destroy(patch);
    return code;
}
