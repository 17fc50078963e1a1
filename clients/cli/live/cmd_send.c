// SPDX-License-Identifier: MIT
// send -- any command of the protocol, or a batch of them.
#include <getopt.h>
#include <string.h>

#include "live/batch.h"

enum { WINDOW, STATS };
static const cli_option options[] = {
    [WINDOW] = {"window", '\0', "N",
                "for a batch: commands sent without waiting for a reply, 1..1024 (256)"},
    [STATS] = {"stats", '\0', NULL, "for a batch: print timing at the end"},
};

/// Arguments of a command whose row is not known here cannot be put in order: the server says what
/// there is.
static int send_one(client *c, char **words, int count) {
    char why[256];
    const row *r = row_find(words[0]);
    json_t *arguments = row_arguments(r, words + 1, (size_t)count - 1, why);
    if (!arguments && !r && row_nearest(words[0]))
        return usage_error(c->command, "no such command: %s; did you mean `%s`?", words[0],
                           row_nearest(words[0]));
    if (!arguments) return usage_error(c->command, "%s: %s", words[0], why);
    if (!client_open(c)) {
        json_decref(arguments);
        return c->code;
    }
    json_t *answer = client_call(c, words[0], arguments);
    if (answer && c->json) print_json_line(answer);
    else if (answer) print_answer(answer);
    json_decref(answer);
    return client_close(c);
}

static int run(int argc, char **argv) {
    client c = {.command = &command_send};
    uint32_t window = 256;
    bool stats = false;
    for (int option; client_option(&c, argc, argv, &option);) {
        if (option == STATS) stats = true;
        else if (!whole_number_of(c.command, "window", optarg, 1, BATCH_WINDOW_MAX, &window))
            return CLI_USAGE;
    }
    if (c.code >= 0) return c.code;
    if (optind >= argc) return usage_error(c.command, "send needs an address, or - for a batch");
    if (strcmp(argv[optind], "-") == 0 && optind + 1 == argc) {
        if (client_open(&c)) batch_run(&c, window, stats);
        return client_close(&c);
    }
    if (*argv[optind] != '/')
        return usage_error(c.command,
                           "`%s` is not an address; addresses begin with /, such as /knob/set",
                           argv[optind]);
    return send_one(&c, argv + optind, argc - optind);
}

// Help, line by line.
// clang-format off
const cli_command command_send = {
    .name = "send",
    .operands = "ADDRESS|- [ARGUMENT...]",
    .doc = "send any command and print the reply",
    .examples =
        "  megasynth send /knob/set cutoff 0.7\n"
        "  megasynth send /param/set filt freq 900 ramp_ms=200\n"
        "  megasynth send /patch/edit ops='[{\"op\": \"remove\", \"id\": \"chorus\"}]'\n"
        "  megasynth send /patch/get --synth bass --json\n"
        "  megasynth send - < commands.txt        one command per line, one connection\n",
    .notes =
        "Write arguments in the order of docs/protocol.md, or as key=value, which also sets keys of the request\n"
        "form. Write maps and lists as JSON; @FILE inserts a file's contents. The key of a note may be a name: C4.\n"
        "A batch has one command per line, with '...', \"...\" and \\ as in a shell and # before a comment. Replies\n"
        "are printed in the order of the lines. An error is printed on standard error; the batch continues.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
// clang-format on
