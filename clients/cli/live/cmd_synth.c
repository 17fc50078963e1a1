// SPDX-License-Identifier: MIT
// synth -- the synths of a server: listed, made, freed, faded.
#include <getopt.h>
#include <string.h>

#include "live/client.h"

enum { FADER, OUTPUT };
static const cli_option options[] = {
    [FADER] = {"fader", '\0', "GAIN", "gain of a new synth, 0..4 (1)"},
    [OUTPUT] = {"output", '\0', "N", "first output channel of a new synth, from 0 (0)"},
};

static int list(client *c) {
    json_t *answer = client_call(c, "/synth/list", NULL), *one;
    const char *name;
    if (answer && c->json) print_json_line(answer);
    else if (answer) {
        printf("%-16s %8s %8s %8s %10s %8s\n", "synth", "revision", "voices", "notes", "memory",
               "fader");
        json_object_foreach(json_object_get(answer, "synths"), name, one)
            printf("%-16s %8.0f %8.0f %8.0f %8.1fMB %8g%s\n", name, number_in(one, "rev"),
                   number_in(one, "voices"), number_in(one, "notes"),
                   number_in(one, "memory") / 1e6, number_in(one, "fader"),
                   json_is_true(json_object_get(one, "loaded")) ? "" : "  no patch");
    }
    json_decref(answer);
    return client_close(c);
}

static int run(int argc, char **argv) {
    static const char *const words[] = {"list", "new", "free", "fader"};
    static const int operands[] = {1, 2, 2, 3};
    client c = {.command = &command_synth};
    double fader = -1, value;
    uint32_t output = 0;
    for (int option; client_option(&c, argc, argv, &option);) {
        bool good = option == FADER ? number_of(c.command, "fader", optarg, 0, 4, &fader)
                                    : whole_number_of(c.command, "output", optarg, 0, 23, &output);
        if (!good) return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    const char *word = optind < argc ? argv[optind] : "list",
               *name = argv[optind + (optind < argc)];
    size_t which = operand_of(c.command, word, words, COUNT_OF(words), NULL);
    if (which == COUNT_OF(words)) return CLI_USAGE;
    if (optind < argc && !operands_are(c.command, argc, argv, operands[which])) return CLI_USAGE;
    if (which == 3 && !client_number(&c, "GAIN", argv[optind + 2], 0, 4, &value)) return CLI_USAGE;
    if (!client_open(&c)) return c.code;
    if (which == 0) return list(&c);
    json_t *map = json_pack("{s:s}", "name", name);
    if (which == 1 && fader >= 0) json_object_set_new(map, "fader", json_real(fader));
    if (which == 1 && output) json_object_set_new(map, "output", json_integer(output));
    if (which == 3) json_object_set_new(map, "value", json_real(value));
    static const char *const addresses[] = {"", "/synth/new", "/synth/free", "/synth/fader"};
    client_do(&c, addresses[which], map, NULL);
    return client_close(&c);
}

const cli_command command_synth = {
    .name = "synth",
    .operands = "list|new|free|fader [SYNTH] [GAIN]",
    .doc = "list, create, free or fade the synths of a server",
    .examples = "  megasynth synth                    lists them\n"
                "  megasynth synth new bass --fader 0.5\n"
                "  megasynth load bass.json --synth bass\n"
                "  megasynth synth fader bass 0.8\n"
                "  megasynth synth free bass\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
