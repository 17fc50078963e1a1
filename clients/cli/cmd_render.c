// SPDX-License-Identifier: MIT
// render -- the command's options, checked.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "play.h"
#include "render.h"
#include "time/sequence.h"

enum { RATE_MIN = 8000, RATE_MAX = 384000, VOICES_MAX = 4096 };
static const double beat_seconds = 0.5, beat_min = 0.001, beat_max = 3600;

enum {
    OUTPUT,
    SECONDS,
    NOTES,
    BEAT,
    SCORE,
    SET,
    VOICES,
    RATE,
    CHANNELS,
    SEED,
    BITS,
    FORMAT,
    BLOCK,
    HASH,
    QUIET,
};
static const cli_option options[] = {
    [OUTPUT] = {"output", 'o', "FILE", "sound file to write; - is standard output"},
    [SECONDS] = {"seconds", 's', "S", "duration (default: until the last tail ends; drones 5 s)"},
    [NOTES] = {"notes", 'n', "NOTES", "melody, \"C4 E4 G4\", one note per beat; see below"},
    [BEAT] = {"beat", 'b', "S", "seconds per beat of --notes (0.5)"},
    [SCORE] = {"score", '\0', "FILE", "JSON list of notes, knob changes and edits; see below"},
    [SET] = {"set", '\0', "NAME=VALUE", SETTINGS_DOC},
    [VOICES] = {"voices", 'v', "N", "1..4096 (default: the patch's own)"},
    [RATE] = {"rate", 'r', "HZ", "sample rate, 8000..384000 (48000)"},
    [SEED] = {"seed", '\0', "N", "seed for randomness, 0..4294967295 (0)"},
    [CHANNELS] = {"channels", 'c', "N",
                  "output channels, 1..64 (2); 1 is the mean of the first two"},
    [BITS] = {"bits", '\0', "16|24|32f", "sample format (32f; flac 24); 16 and 24 are dithered"},
    [FORMAT] = {"format", 'f', "FORMAT",
                "wav, aiff, caf or flac (default: from the ending of FILE)"},
    [BLOCK] = {"block", '\0', "N", "frames per render call (512); never changes the sound"},
    [HASH] = {"hash", '\0', NULL, "print a hash of the sound, 16 hex digits, and nothing else"},
    [QUIET] = {"quiet", 'q', NULL, "print errors only"},
};

/// The index of a word in a NULL-terminated list, or a message and false.
static bool word_of(const char *option, const char *text, const char *const *words, int *index) {
    char all[64] = "";
    for (*index = 0; words[*index]; ++*index) {
        if (strcmp(text, words[*index]) == 0) return true;
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", *index ? ", " : "", words[*index]);
    }
    usage_error(&command_render, "--%s: unknown value `%s`; use one of %s", option, text, all);
    return false;
}

static bool read_option(render_options *o, int option, int *container, int *sample) {
    const cli_command *c = &command_render;
    switch (option) {
    case OUTPUT: o->output = optarg; return true;
    case SECONDS: return number_of(c, "seconds", optarg, 0.001, SEQUENCE_SECONDS_MAX, &o->seconds);
    case NOTES: o->notes = optarg; return true;
    case BEAT: return number_of(c, "beat", optarg, beat_min, beat_max, &o->beat);
    case SCORE: o->score = optarg; return true;
    case SET: return settings_add(c, &o->settings, optarg);
    case VOICES: return whole_number_of(c, "voices", optarg, 1, VOICES_MAX, &o->voices);
    case RATE: return whole_number_of(c, "rate", optarg, RATE_MIN, RATE_MAX, &o->rate);
    case SEED: return whole_number_of(c, "seed", optarg, 0, UINT32_MAX, &o->seed);
    case CHANNELS:
        return whole_number_of(c, "channels", optarg, 1, PLAY_CHANNELS_MAX, &o->channels);
    case BITS: return word_of("bits", optarg, wave_sample_names, sample);
    case FORMAT: return word_of("format", optarg, wave_container_names, container);
    case BLOCK: return whole_number_of(c, "block", optarg, 1, PLAY_BLOCK_MAX, &o->block);
    case HASH: return o->hash = true;
    case QUIET: return o->quiet = true;
    }
    return false;
}

/// Fills in defaults that depend on other options. @param container, sample -1 where not given
static int complete(render_options *o, int container, int sample) {
    const cli_command *c = &command_render;
    if (o->output && strcmp(o->output, "-") == 0 && isatty(STDOUT_FILENO))
        return usage_error(c, "a sound file would fill the terminal; add `| aplay`, or -o OUT.wav");
    if (!o->output && !o->hash) return usage_error(c, "no output; add -o OUT.wav (or --hash)");
    if (!o->output && (container >= 0 || sample >= 0))
        return usage_error(c, "--%s needs a sound file; add -o OUT.wav",
                           sample >= 0 ? "bits" : "format");
    if (o->output && strcmp(o->output, "-") == 0 && o->hash)
        return usage_error(c, "-o - and --hash both write to standard output; use one of them");
    if (container >= 0) o->container = (wave_container)container;
    else if (o->output && !wave_container_of(o->output, &o->container))
        return usage_error(
            c,
            "%s: unknown file name ending; name it *.wav, *.aiff, *.caf or *.flac, or add "
            "--format",
            o->output);
    o->sample = sample >= 0 ? (wave_sample)sample : o->container == WAVE_FLAC ? WAVE_24 : WAVE_32F;
    if (o->container == WAVE_FLAC && o->channels > 8)
        return usage_error(c, "FLAC has at most 8 channels; add --format wav");
    if (o->container == WAVE_FLAC && o->sample == WAVE_32F)
        return usage_error(c, "FLAC has no float samples; add --bits 24 or 16");
    return CLI_OK;
}

static int run(int argc, char **argv) {
    render_options *o = calloc(1, sizeof *o);
    if (!o) return status_exit("render", MEGA_ERROR_MEMORY);
    o->beat = beat_seconds;
    o->rate = 48000;
    o->block = 512;
    o->channels = 2;
    int container = -1, sample = -1, code = CLI_OK, option;
    while (code == CLI_OK && (option = next_option(&command_render, argc, argv)) != OPTIONS_END) {
        if (option == OPTIONS_HELP) {
            free(o);
            return CLI_OK;
        }
        if (option == OPTIONS_WRONG || !read_option(o, option, &container, &sample))
            code = CLI_USAGE;
    }
    wave_container second;
    if (code == CLI_OK && !o->output && argc - optind == 2 && strchr(argv[optind + 1], '.') &&
        wave_container_of(argv[optind + 1], &second))
        o->output = argv[--argc]; // `render my.json my.wav`
    if (code == CLI_OK && !operands_are(&command_render, argc, argv, 1)) code = CLI_USAGE;
    if (code == CLI_OK) code = complete(o, container, sample);
    if (code == CLI_OK) {
        o->patch = argv[optind];
        code = render_run(o);
    }
    free(o);
    return code;
}

// Help, line by line.
// clang-format off
const cli_command command_render = {
    .name = "render",
    .operands = "PATCH",
    .doc = "play a patch into a sound file",
    .examples =
        "  megasynth render examples/toy.json -o toy.wav --seconds 2\n"
        "  megasynth render examples/keys.json -o keys.wav --notes \"C4 E4 G4 C4+E4+G4\"\n"
        "  megasynth render examples/keys.json -o keys.flac --notes \"A2 - A3\" --beat 0.25 --set cutoff=0.7 --set filt.res=0.4\n"
        "  megasynth render examples/keys.json -o song.wav --score examples/rewire_score.json --bits 24\n"
        "  megasynth render examples/keys.json --hash       prints the same 16 digits on every machine\n"
        "  megasynth render examples/keys.json -o - | aplay\n",
    .notes =
        "NOTES  words, one per beat: C4 (middle C, key 60), F#3, Bb-1, or a MIDI key 0..127 such as 60 or\n"
        "       61.5; C4+E4+G4 is a chord, - a rest. Notes last 90 % of their beat, velocity 0.8.\n"
        "SCORE  a JSON list of items such as these, in any order; `at` and `length` are in seconds:\n"
        "         {\"at\": 0, \"note\": 60, \"velocity\": 0.8, \"length\": 0.5}\n"
        "         {\"at\": 0.5, \"note\": \"Eb4\"}                      default velocity 0.8, length 0.5\n"
        "         {\"at\": 1, \"knob\": \"cutoff\", \"value\": 0.7, \"ramp_ms\": 2000}       0..1\n"
        "         {\"at\": 1, \"note\": \"C3\", \"id\": \"bass\"}         `id` lets later items change that note:\n"
        "         {\"at\": 1.2, \"id\": \"bass\", \"bend\": 2}           bend (semitones), pressure, timbre, key, velocity\n"
        "         {\"at\": 1.2, \"bend\": -0.5}                      all notes: bend -1..1, pressure, timbre\n"
        "         {\"at\": 1.5, \"sustain\": true}                   or sostenuto\n"
        "         {\"at\": 2, \"preset\": \"dusk\", \"morph_ms\": 3000}      a preset of PATCH\n"
        "         {\"at\": 9, \"all_off\": true}                     releases all notes; \"panic\" silences everything\n"
        "         {\"at\": 2, \"param\": [\"filt\", \"res\"], \"value\": 0.9, \"ramp_ms\": 500}\n"
        "         {\"at\": 2, \"param\": [\"lfo\", \"shape\"], \"value\": \"square\"}\n"
        "         {\"at\": 3, \"ops\": [{\"op\": \"connect\", \"from\": [\"lfo\", \"out\"], \"to\": [\"vca\", \"amp\"]}]}\n"
        "         {\"at\": 4, \"load\": \"other.json\", \"fade_ms\": 50}\n"
        "       `ops` edits the patch (operations: `megasynth diff --help`); `load` replaces it by another\n"
        "       file, relative to the score's folder. Nodes with the same id and type keep their state,\n"
        "       knobs keep the values you set, and held notes keep sounding; changed cables crossfade over\n"
        "       `fade_ms`, 0..2000 (3). An edit takes effect at the start of the 64-frame block that\n"
        "       contains its time, before that block's other items; its fade runs beside earlier\n"
        "       ones. Names refer to the patch at that time. Keys that begin with x- are ignored.\n"
        "       --set and --voices apply to PATCH, not to loaded patches. docs/score.md lists every item.\n"
        "Without notes, a patch with a `note` node plays one C4; a patch without one (a drone) lasts 5 s, or\n"
        "until 5 s after its score. All errors in PATCH, NOTES and SCORE are reported before rendering\n"
        "starts; of faulty edits and loads in SCORE only the first.\n"
        "FILE appears under its name only when it is complete. Standard output receives samples during\n"
        "rendering if --seconds sets the duration, otherwise (and always for FLAC) at the end.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
};
// clang-format on
