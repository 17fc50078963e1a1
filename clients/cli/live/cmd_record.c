// SPDX-License-Identifier: MIT
// record -- what a server plays, into a file below its root.
#include <getopt.h>
#include <string.h>

#include "live/client.h"

enum { BUS, FORMAT, SECONDS, FOLDERS };
static const cli_option options[] = {
    [BUS] = {"bus", '\0', "N", "record a bus (default: the server's output)"},
    [FORMAT] = {"format", 'f', "FORMAT",
                "sample format: float, pcm24 or pcm16 (float; .flac: pcm24)"},
    [SECONDS] = {"seconds", 's', "S", "stop after this duration"},
    [FOLDERS] = {"folders", '\0', NULL, "create missing folders of FILE"},
};

static void print_recordings(const json_t *answer) {
    size_t i;
    json_t *one;
    const json_t *all = json_object_get(answer, "recordings");
    if (json_array_size(all) == 0) puts("no recording");
    json_array_foreach(all, i, one)
        printf("%s: %.0f frames, %.0f on disk, %.0f dropped%s%s\n", text_in(one, "file"),
               number_in(one, "frames"), number_in(one, "synced"), number_in(one, "dropped"),
               *text_in(one, "error") ? ": " : "", text_in(one, "error"));
}

static int ask(client *c, const char *address, json_t *map) {
    json_t *answer = client_call(c, address, map);
    if (answer && c->json) print_json_line(answer);
    else if (answer && strcmp(address, "/record/start") == 0)
        printf("%s: from frame %.0f\n", text_in(answer, "file"), number_in(answer, "frame"));
    else if (answer) print_recordings(answer);
    json_decref(answer);
    return client_close(c);
}

static bool take(const client *c, int option, json_t *map) {
    uint32_t bus;
    double seconds;
    switch (option) {
    case BUS:
        if (!whole_number_of(c->command, "bus", optarg, 1, INT32_MAX, &bus)) return false;
        return json_object_set_new(map, "bus", json_integer(bus)) == 0;
    case FORMAT: return json_object_set_new(map, "format", json_string(optarg)) == 0;
    case SECONDS:
        if (!number_of(c->command, "seconds", optarg, 0.001, 86400 * 7, &seconds)) return false;
        return json_object_set_new(map, "seconds", json_real(seconds)) == 0;
    default: return json_object_set_new(map, "folders", json_true()) == 0;
    }
}

static int run_on(client *c, int argc, char **argv, json_t *map) {
    static const char *const words[] = {"start", "stop", "status"}, *const addresses[] = {
                                                                        "/record/start",
                                                                        "/record/stop",
                                                                        "/record/status"};
    const char *word = optind < argc ? argv[optind] : "status";
    char hint[200];
    snprintf(hint, sizeof hint, "`megasynth record start %.100s` records into that file", word);
    size_t which =
        operand_of(c->command, word, words, COUNT_OF(words), strchr(word, '.') ? hint : NULL);
    if (which == COUNT_OF(words)) return CLI_USAGE;
    bool named = argc - optind == 2;
    if (which == 0
            ? !operands_are(c->command, argc, argv, 2)
            : !(which == 1 && named) && optind < argc && !operands_are(c->command, argc, argv, 1))
        return CLI_USAGE;
    if (which != 0 && json_object_size(map))
        return usage_error(c->command,
                           "--bus, --format, --seconds and --folders apply to `start` only");
    if (named) json_object_set_new(map, "file", json_string(argv[optind + 1]));
    if (!client_open(c)) return c->code;
    return ask(c, addresses[which], json_incref(map));
}

static int run(int argc, char **argv) {
    client c = {.command = &command_record};
    json_t *map = json_object();
    for (int option; client_option(&c, argc, argv, &option);)
        if (!take(&c, option, map)) {
            json_decref(map);
            return CLI_USAGE;
        }
    int code = c.code >= 0 ? c.code : run_on(&c, argc, argv, map);
    json_decref(map);
    return code;
}

const cli_command command_record = {
    .name = "record",
    .operands = "start|stop|status [FILE]",
    .doc = "record a server's output to a .wav or .flac file",
    .examples = "  megasynth record start take1.wav\n"
                "  megasynth record status\n"
                "  megasynth record stop              stops all; with FILE, that one\n",
    .notes = "FILE is relative to the server's root folder (megasynthd --root), not to this "
             "shell's folder.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
