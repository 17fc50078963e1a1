// SPDX-License-Identifier: MIT
// render -- renders a patch and what it is to play, to a sound file or a hash.
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"
#include "play.h"
#include "render.h"
#include "wave.h"

/// How long a patch plays that has no end of its own; and how long one may ring after its last
/// event.
static const double drone_seconds = 5, ring_seconds = 60;
/// What is kept of the silence at the end, so that players do not cut the last tail short.
static const double tail_seconds = 0.25;
enum {
    DELAY_SECONDS_MAX = 20,      ///< the longest wait for an echo
    SCORE_BYTES_MAX = 256 << 20, ///< room for SEQUENCE_EVENTS_MAX events
};

// ---- where frames go ----------------------------------------------------------------------------

typedef struct {
    wave *file; // or NULL
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
            hash = (hash ^ (bits >> shift & 0xff)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static bool take(void *context, const float *frames, size_t count) {
    sink *s = context;
    size_t samples = count * PLAY_CHANNELS;
    s->hash = hash_frames(s->hash, frames, samples);
    s->frames += count;
    for (size_t i = 0; i < samples; i++)
        if (fabsf(frames[i]) > s->peak) s->peak = fabsf(frames[i]);
    return !interrupted && (!s->file || wave_write(s->file, frames, count));
}

static void show(void *context, uint64_t frame) {
    progress_show(&((sink *)context)->progress, frame);
}

// ---- what is played -----------------------------------------------------------------------------

static int read_score(const render_options *o, patch_names *names, sequence *s) {
    size_t bytes;
    char *text = file_read(o->score, SCORE_BYTES_MAX, &bytes);
    if (!text) return CLI_FILE;
    text_errors errors = {.out = stderr, .source = o->score};
    score_names resolve = score_names_of(names);
    bool good = score_read(text, bytes, &resolve, s, &errors);
    free(text);
    return good ? CLI_OK : CLI_PATCH;
}

/// The notes and the score; a patch that waits for notes and is given none plays one.
static int read_sequence(const render_options *o, patch_names *names, sequence *s) {
    s->rate = o->rate;
    bool plays_notes = patch_has_notes(names->patch);
    const char *notes = o->notes;
    if (!notes && !o->score && plays_notes) {
        if (!o->quiet) say("no --notes and no --score: playing one C4");
        notes = "C4";
    }
    text_errors errors = {.out = stderr, .source = "megasynth: --notes"};
    if (notes && !notes_read(notes, o->beat, s, &errors)) return CLI_USAGE;
    int code = o->score ? read_score(o, names, s) : CLI_OK;
    if (code == CLI_OK && s->note_count && !plays_notes && !o->quiet)
        say("warning: %s has no `note` node: it plays the same whatever the notes", o->patch);
    sequence_sort(s);
    return code;
}

/// Whether it ends by itself, in silence; and the frames where it ends if not.
static play_options plan(const render_options *o, patch_names *names, const sequence *s) {
    double delay = fmin(longest_delay_seconds(names), DELAY_SECONDS_MAX);
    play_options p = {.sequence = s, .block = o->block, .write = take, .progress = show};
    p.tail_frames = (uint64_t)llround(tail_seconds * o->rate);
    p.quiet_frames = p.tail_frames + (uint64_t)llround(delay * o->rate);
    p.frames_max = sequence_end(s) + (uint64_t)(ring_seconds * o->rate);
    if (o->seconds > 0) p.frames = (uint64_t)fmax(1, round(o->seconds * o->rate));
    else if (!patch_has_notes(names->patch))
        p.frames = sequence_end(s) + (uint64_t)(drone_seconds * o->rate);
    return p;
}

// ---- what is said -------------------------------------------------------------------------------

static void warn_count(uint64_t count, const char *what) {
    if (count) say("warning: %llu %s", (unsigned long long)count, what);
}

static void print_summary(const render_options *o, const sink *s, const mega_engine *engine,
                          double elapsed) {
    mega_counters c = mega_counters_get(engine);
    warn_count(c.notes_dropped, "notes found no voice and were not played; try --voices");
    warn_count(c.events_late + c.events_dropped, "events came late: too many at one moment");
    warn_count(c.lanes_silenced, "voices gave no finite number and were silenced");
    warn_count(c.outputs_silenced, "blocks were not finite and were silenced");
    if (s->file)
        warn_count(wave_clipped(s->file), "samples were beyond full scale and were clipped");
    double seconds = (double)s->frames / o->rate;
    fprintf(stderr, "%s: %.3f s, peak ", o->output ? o->output : o->patch, seconds);
    if (s->peak > 0) fprintf(stderr, "%.1f dBFS", 20 * log10((double)s->peak));
    else fprintf(stderr, "none (silence)");
    if (c.notes_stolen) fprintf(stderr, ", %llu notes stolen", (unsigned long long)c.notes_stolen);
    fprintf(stderr, ", %.0f x real time\n", seconds / fmax(elapsed, 1e-9));
}

static int report_result(const render_options *o, play_result result) {
    switch (result) {
    case PLAY_DONE: return CLI_OK;
    case PLAY_CUT:
        say("warning: still sounding %g s after the last event: cut there; --seconds says how long",
            ring_seconds);
        return CLI_OK;
    case PLAY_STOPPED: return interrupted ? CLI_INTERRUPTED : CLI_FILE;
    case PLAY_MEMORY: return status_exit(o->patch, MEGA_ERROR_MEMORY);
    }
    return CLI_FILE;
}

// ---- the steps ----------------------------------------------------------------------------------

static int play_to(const render_options *o, play_options *p, sink *s) {
    uint64_t frames = p->frames ? p->frames : p->frames_max;
    if (o->output && frames > wave_frames_max(o->container, o->sample, PLAY_CHANNELS))
        return usage_error(&command_render,
                           "%s: over 4 GiB, more than %s can hold; try --format caf", o->output,
                           wave_container_names[o->container]);
    catch_interrupts(); // from here on there is a file to be cleaned up
    if (o->output) {
        s->file = wave_create(o->output, o->container, o->sample, o->rate, PLAY_CHANNELS);
        if (!s->file) return CLI_FILE;
    }
    p->context = s;
    s->progress = progress_start(p->frames, o->rate, !o->quiet);
    play_result result = play(p);
    double elapsed = progress_end(&s->progress);
    int code = report_result(o, result);
    if (code == CLI_OK && !o->quiet) print_summary(o, s, p->engine, elapsed);
    if (s->file && !wave_close(s->file, code == CLI_OK) && code == CLI_OK) code = CLI_FILE;
    if (code == CLI_OK && o->hash) printf("%016llx\n", (unsigned long long)s->hash);
    return code;
}

static int render_patch(const render_options *o, mega_engine *engine, const mega_patch *patch) {
    sequence s = {0};
    patch_names names = patch_names_of(engine, patch);
    int code = read_sequence(o, &names, &s);
    if (code == CLI_OK) {
        play_options p = plan(o, &names, &s);
        p.engine = engine;
        sink to = {.hash = UINT64_C(0xcbf29ce484222325)};
        code = play_to(o, &p, &to);
    }
    patch_names_finish(&names);
    sequence_finish(&s);
    return code;
}

static int no_such_knob(const mega_patch *patch, const char *name) {
    size_t count = mega_patch_knob_count(patch);
    const char **names = calloc(count + 1, sizeof *names);
    char room[160] = "";
    for (size_t i = 0; names && i < count; i++) names[i] = mega_patch_knob(patch, i);
    if (names) did_you_mean(name, names, count, room);
    free(names);
    return usage_error(&command_render, "--set: no such knob: %s%s", name, room);
}

static int adjust(const render_options *o, mega_patch *patch) {
    if (o->voices) {
        mega_status status = mega_patch_set_voices(patch, o->voices);
        if (status != MEGA_OK) return status_exit(o->patch, status);
    }
    for (size_t i = 0; i < o->set_count; i++) {
        mega_status status = mega_patch_set_knob(patch, o->set[i].knob, o->set[i].value);
        if (status == MEGA_ERROR_NAME) return no_such_knob(patch, o->set[i].knob);
        if (status != MEGA_OK) return status_exit(o->patch, status);
    }
    return CLI_OK;
}

int render_run(const render_options *o) {
    mega_patch *patch = NULL;
    mega_engine *engine = NULL;
    int code = patch_open(o->patch, o->quiet, &patch);
    if (code == CLI_OK) code = adjust(o, patch);
    if (code == CLI_OK) code = engine_open(o->patch, patch, o->rate, o->quiet, &engine);
    if (code == CLI_OK) code = render_patch(o, engine, patch);
    mega_destroy(engine);
    mega_patch_destroy(patch);
    return code;
}
