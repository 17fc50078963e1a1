// SPDX-License-Identifier: MIT
// replay -- a recording of an engine's calls, made again: the same sound, bit for bit.
#include <getopt.h>
#include <stdlib.h>

#include "cli.h"
#include "wave.h"

enum { OUTPUT, BYTES_MAX = 1 << 30, FRAMES_AT_ONCE = MEGA_BLOCK_FRAMES, CHANNELS_MAX = 64 };
static const cli_option options[] = {
    [OUTPUT] = {"output", 'o', "FILE", "write the sound to this file; - is standard output"},
};

typedef struct {
    wave *file; // or NULL
    uint32_t channels;
    uint64_t frames;
} sink;

static bool take(void *context, const float *const *channels, uint32_t frames) {
    sink *s = context;
    float interleaved[FRAMES_AT_ONCE * CHANNELS_MAX], *to = interleaved;
    for (uint32_t t = 0; t < frames; t++)
        for (uint32_t c = 0; c < s->channels; c++) *to++ = channels[c][t];
    s->frames += frames;
    return !interrupted && (!s->file || !frames || wave_write(s->file, interleaved, frames));
}

static int replay_to(const char *path, const char *text, size_t bytes, sink *s) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(path, MEGA_ERROR_MEMORY);
    mega_status status = mega_replay(text, bytes, take, s, report);
    print_report(stderr, path, report, false);
    mega_report_destroy(report);
    if (interrupted) return CLI_INTERRUPTED;
    if (status == MEGA_OK)
        fprintf(stderr, "%s: %llu frames, the same bits\n", path, (unsigned long long)s->frames);
    return status == MEGA_OK ? CLI_OK : CLI_PATCH;
}

/// What it gave is kept though it differs: it shows how.
static int replay(const char *path, const char *output) {
    size_t bytes;
    char *text = file_read(path, BYTES_MAX, &bytes);
    if (!text) return CLI_FILE;
    mega_replay_info info;
    wave_container container;
    int code = CLI_OK;
    sink s = {0};
    if (!mega_replay_describe(text, bytes, &info) || info.output_channels > CHANNELS_MAX) {
        say("%s: not a recording of calls; make one with `megasynthd --calls FOLDER`", path);
        code = CLI_PATCH;
    } else if (output && !wave_container_of(output, &container)) {
        code = usage_error(&command_replay,
                           "%s: unknown file name ending; name it *.wav, *.aiff, *.caf or *.flac",
                           output);
    } else {
        s.channels = info.output_channels;
        catch_interrupts();
        wave_sample sample = output && container == WAVE_FLAC ? WAVE_24 : WAVE_32F;
        if (output) s.file = wave_create(output, container, sample, info.rate, s.channels, 0);
        code = output && !s.file ? CLI_FILE : replay_to(path, text, bytes, &s);
        bool keep = code == CLI_OK || code == CLI_PATCH;
        if (s.file && !wave_close(s.file, keep) && code == CLI_OK) code = CLI_FILE;
    }
    free(text);
    return code;
}

static int run(int argc, char **argv) {
    const char *output = NULL;
    for (int option; (option = next_option(&command_replay, argc, argv)) != OPTIONS_END;) {
        if (option == OPTIONS_HELP) return CLI_OK;
        if (option != OUTPUT) return CLI_USAGE;
        output = optarg;
    }
    if (!operands_are(&command_replay, argc, argv, 1)) return CLI_USAGE;
    return replay(argv[optind], output);
}

// Help, line by line.
// clang-format off
const cli_command command_replay = {
    .name = "replay",
    .operands = "CALLS",
    .doc = "repeat a recording of calls, bit for bit",
    .examples = "  megasynth replay synth1.calls -o out.wav\n"
                "  megasynth replay synth1.calls                checks the recorded hash only\n",
    .notes =
        "CALLS is a recording of every call to an engine that affects its sound, each with its frame\n"
        "(`megasynthd --calls FOLDER`, or `record_calls` in the C library). Attach it to a bug report. It does\n"
        "not contain audio inputs or bus signals. Exit status: 1 if the sound differs from the recording;\n"
        "the message names the first frame that differs.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
};
// clang-format on
