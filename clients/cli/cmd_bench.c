// SPDX-License-Identifier: MIT
// bench -- what a patch costs: nanoseconds for each voice and frame, and where they go.
//
// All voices are held for the whole time, keys spread evenly over MIDI 36..84 (one voice: 57). The
// time is the processor's, in parts; the middle one counts, the quickest is told as well. Modules
// are timed in a second pass, since looking at the clock around each of them costs time too.
//
// Loops through `z1` run frame by frame, which costs more than what is in them. How much, shows the
// same patch with a `feedback` in place of each `z1`: the same nodes and cables, but no loops.
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "time/patch_names.h"

enum { RATE = 48000, BLOCK = 512, PARTS = 9, VOICES_MAX = 4096, MODULES_MAX = 256 };
static const double key_low = 36, key_high = 84, key_single = 57, velocity = 0.8;
static const double default_seconds = 9, warm_up_seconds = 0.5;

enum { VOICES, SECONDS, JSON };
static const cli_option options[] = {
    [VOICES] = {"voices", 'v', "N", "1..4096 (default: the patch's own)"},
    [SECONDS] = {"seconds", 's', "S", "seconds of sound to render in total (9)"},
    [JSON] = {"json", '\0', NULL,
              "print JSON: ns_per_voice_frame, times_real_time, isa, modules ..."},
};

typedef struct {
    const char *path;
    uint32_t voices; // 0: as the patch says
    double seconds;
    bool json;
} bench_options;

typedef struct {
    const char *type;
    double nanoseconds;
} module_time;

typedef struct {
    uint32_t voices;
    uint64_t frames;     // of one part
    double median, best; // nanoseconds of a part
    const char *isa;
    size_t memory_bytes;
    module_time modules[MODULES_MAX];
    size_t module_count;
    double modules_sum;
    double loops;           // share of what runs frame by frame, 0..1
    double feedback_median; // of a part, without loops; 0: there are none
} result;

// ---- measuring ---------------------------------------------------------------------------------

static double processor_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void render_frames(mega_engine *engine, uint64_t frames) {
    float left[BLOCK], right[BLOCK];
    while (frames && !interrupted) {
        uint32_t now = frames < BLOCK ? (uint32_t)frames : BLOCK;
        mega_render(engine, NULL, (float *const[]){left, right}, now);
        frames -= now;
    }
}

/// Holds all voices. @return how many do sound
static uint32_t hold_notes(mega_engine *engine, uint32_t voices) {
    for (uint32_t i = 0; i < voices; i++) {
        double place = voices > 1 ? (double)i / (voices - 1) : 0;
        double key = voices > 1 ? key_low + (key_high - key_low) * place : key_single;
        while (mega_note_on(engine, MEGA_NOW, (float)key, (float)velocity, NULL) == MEGA_ERROR_FULL)
            render_frames(engine, BLOCK);
    }
    render_frames(engine, (uint64_t)(warm_up_seconds * RATE));
    return mega_counters_get(engine).voices_active;
}

static int compare(const void *a_, const void *b_) {
    double a = *(const double *)a_, b = *(const double *)b_;
    return (a > b) - (a < b);
}

static void time_parts(mega_engine *engine, result *r) {
    double parts[PARTS];
    for (int i = 0; i < PARTS; i++) {
        double start = processor_nanoseconds();
        render_frames(engine, r->frames);
        parts[i] = processor_nanoseconds() - start;
    }
    qsort(parts, PARTS, sizeof *parts, compare);
    r->median = parts[PARTS / 2];
    r->best = parts[0];
}

static int compare_modules(const void *a_, const void *b_) {
    const module_time *a = a_, *b = b_;
    return (a->nanoseconds < b->nanoseconds) - (a->nanoseconds > b->nanoseconds);
}

/// One part's times of modules, if they are less than what is in `r` already.
static void time_modules_once(mega_engine *engine, result *r) {
    module_time modules[MODULES_MAX];
    size_t count = 0;
    double sum = 0;
    mega_profile(engine, true);
    render_frames(engine, r->frames);
    for (size_t i = 0; count < MODULES_MAX; i++) {
        module_time *m = &modules[count];
        if (!mega_profile_get(engine, i, &m->type, &m->nanoseconds)) break;
        if (m->nanoseconds <= 0) continue;
        sum += m->nanoseconds;
        count++;
    }
    mega_profile(engine, false);
    if (r->module_count && sum >= r->modules_sum) return;
    memcpy(r->modules, modules, count * sizeof *modules);
    r->module_count = count;
    r->modules_sum = sum;
}

/// The quickest part counts: the engine's clock runs on while other programs have the processor.
static void time_modules(mega_engine *engine, result *r) {
    for (int i = 0; i < PARTS; i++) time_modules_once(engine, r);
    qsort(r->modules, r->module_count, sizeof *r->modules, compare_modules);
}

// ---- loops -------------------------------------------------------------------------------------

/// The patch with a `feedback` in place of each `z1`, or NULL.
static mega_patch *without_loops(const mega_patch *patch) {
    char *list = NULL;
    size_t bytes = 0;
    FILE *text = open_memstream(&list, &bytes);
    if (!text) return NULL;
    const char *before = "[";
    for (size_t i = 0; i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        if (!mega_module_describe(mega_module_find(node.type)).delays_frame) continue;
        fprintf(text, "%s{\"op\": \"replace\", \"id\": \"%s\", \"type\": \"feedback\"}", before,
                node.id);
        before = ", ";
    }
    fputs("]", text);
    fclose(text);
    mega_patch *other = NULL;
    if (list && bytes > 1)
        other = mega_patch_edit(patch, list, bytes, MEGA_FORMAT_JSON, NULL, NULL);
    free(list);
    return other;
}

static double share_of(const result *r, size_t i) {
    return r->modules[i].nanoseconds / r->modules_sum;
}

static void find_loops(result *r) {
    for (size_t i = 0; i < r->module_count; i++)
        if (strstr(r->modules[i].type, "frame by frame")) r->loops = share_of(r, i);
}

// ---- telling -----------------------------------------------------------------------------------

static double per_voice_frame(const result *r, double nanoseconds) {
    return nanoseconds / ((double)r->frames * r->voices);
}

static double times_real_time(const result *r) {
    return (double)r->frames / RATE * 1e9 / r->median;
}

/// Nanoseconds of what runs frame by frame, and of the same without loops.
static double in_loops(const result *r) { return r->loops * per_voice_frame(r, r->median); }
static double outside_of_loops(const result *r) {
    double rest = (1 - r->loops) * r->median;
    return per_voice_frame(r, fmax(0, r->feedback_median - rest));
}

static void print_people(const bench_options *o, const result *r) {
    printf("%s: %u voice%s, %s\n", o->path, r->voices, r->voices == 1 ? "" : "s", r->isa);
    printf("  %.3g ns per voice-frame (best part %.3g)\n", per_voice_frame(r, r->median),
           per_voice_frame(r, r->best));
    printf("  %.4g x real time at %d Hz\n", times_real_time(r), RATE);
    printf("  %.1f KiB of program and state\n", (double)r->memory_bytes / 1024);
    for (size_t i = 0; i < r->module_count; i++)
        printf("  %5.1f %%  %s\n", 100 * share_of(r, i), r->modules[i].type);
    if (r->feedback_median > 0)
        printf("  loops through z1: %.3g ns per voice-frame; closed by feedback instead: %.3g ns\n",
               in_loops(r), outside_of_loops(r));
}

static int print_machine(const bench_options *o, const result *r) {
    json_t *modules = json_array();
    for (size_t i = 0; i < r->module_count; i++)
        json_array_append_new(modules, json_pack("{ss sf sf}", "type", r->modules[i].type, "share",
                                                 share_of(r, i), "ns_per_voice_frame",
                                                 share_of(r, i) * per_voice_frame(r, r->median)));
    json_t *root = json_pack(
        "{ss sI sf sf sf ss sI sI so}", "patch", o->path, "voices", (json_int_t)r->voices,
        "ns_per_voice_frame", per_voice_frame(r, r->median), "ns_per_voice_frame_best",
        per_voice_frame(r, r->best), "times_real_time", times_real_time(r), "isa", r->isa,
        "program_bytes", (json_int_t)r->memory_bytes, "rate", (json_int_t)RATE, "modules", modules);
    if (root && r->feedback_median > 0)
        json_object_set_new(root, "loops",
                            json_pack("{sf sf}", "ns_per_voice_frame", in_loops(r),
                                      "ns_per_voice_frame_by_feedback", outside_of_loops(r)));
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(root);
    if (!text) return status_exit(o->path, MEGA_ERROR_MEMORY);
    puts(text);
    free(text);
    return CLI_OK;
}

// ---- the command -------------------------------------------------------------------------------

/// Plays the patch and times parts of it.
static void play(const mega_patch *patch, mega_engine *engine, result *r) {
    r->voices = 1;
    if (mega_patch_has_notes(patch)) {
        r->voices = mega_patch_voices(patch);
        uint32_t active = hold_notes(engine, r->voices);
        if (active < r->voices)
            say("warning: only %u of %u voices sound; the figures are of all", active, r->voices);
    } else {
        render_frames(engine, (uint64_t)(warm_up_seconds * RATE));
    }
    time_parts(engine, r);
}

/// Times the same without loops.
static int bench_without_loops(const bench_options *o, const mega_patch *patch, result *r) {
    mega_patch *other = without_loops(patch);
    mega_engine *engine = NULL;
    if (!other) return status_exit(o->path, MEGA_ERROR_MEMORY);
    int code = engine_open(o->path, other, &(mega_options){.rate = RATE}, true, &engine);
    result without = {.frames = r->frames};
    if (code == CLI_OK) play(other, engine, &without);
    r->feedback_median = without.median;
    mega_destroy(engine);
    mega_patch_destroy(other);
    return code;
}

static int bench_engine(const bench_options *o, const mega_patch *patch, mega_engine *engine) {
    result r = {.isa = mega_isa(engine)};
    r.frames = (uint64_t)fmax(1, o->seconds * RATE / PARTS);
    catch_interrupts();
    play(patch, engine, &r);
    r.memory_bytes = mega_counters_get(engine).memory_bytes;
    time_modules(engine, &r);
    find_loops(&r);
    int code = r.loops > 0 ? bench_without_loops(o, patch, &r) : CLI_OK;
    if (interrupted) return CLI_INTERRUPTED;
    if (code != CLI_OK) return code;
    if (o->json) return print_machine(o, &r);
    print_people(o, &r);
    return CLI_OK;
}

static int bench(const bench_options *o) {
    mega_patch *patch = NULL;
    mega_engine *engine = NULL;
    int code = patch_open(o->path, false, &patch);
    if (code == CLI_OK && o->voices)
        code = status_exit(o->path, mega_patch_set_voices(patch, o->voices));
    if (code == CLI_OK)
        code = engine_open(o->path, patch, &(mega_options){.rate = RATE}, true, &engine);
    if (code == CLI_OK) code = bench_engine(o, patch, engine);
    mega_destroy(engine);
    mega_patch_destroy(patch);
    return code;
}

static int run(int argc, char **argv) {
    const cli_command *c = &command_bench;
    bench_options o = {.seconds = default_seconds};
    for (int option; (option = next_option(c, argc, argv)) != OPTIONS_END;) {
        bool good = true;
        if (option == OPTIONS_HELP) return CLI_OK;
        if (option == OPTIONS_WRONG) return CLI_USAGE;
        if (option == VOICES) good = whole_number_of(c, "voices", optarg, 1, VOICES_MAX, &o.voices);
        if (option == SECONDS) good = number_of(c, "seconds", optarg, 0.01, 3600, &o.seconds);
        if (option == JSON) o.json = true;
        if (!good) return CLI_USAGE;
    }
    if (!operands_are(c, argc, argv, 1)) return CLI_USAGE;
    o.path = argv[optind];
    return bench(&o);
}

const cli_command command_bench = {
    .name = "bench",
    .operands = "PATCH",
    .doc = "measure the processor time of a patch and of each module",
    .examples = "  megasynth bench examples/keys.json --voices 64\n"
                "  megasynth bench examples/keys.json --voices 1024 --json\n"
                "  MEGASYNTH_ISA=v2 megasynth bench examples/keys.json     with an older machine's "
                "instructions\n",
    .notes =
        "It holds all N voices, with keys spread evenly over MIDI 36..84. A patch without notes "
        "counts as\n"
        "one voice. It measures processor time on one core, in nine parts, and prints the median.\n"
        "For a patch with z1 loops it also prints their cost, and the cost of the same loops with\n"
        "feedback nodes.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
};
