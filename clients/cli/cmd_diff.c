// SPDX-License-Identifier: MIT
// diff -- what leads from one patch to another, as the edit that does it.
#include <getopt.h>

#include "cli.h"

static int diff(const char *before_path, const char *after_path) {
    mega_patch *before = NULL, *after = NULL;
    int code = patch_open(before_path, true, &before);
    if (code == CLI_OK) code = patch_open(after_path, true, &after);
    if (code == CLI_OK) {
        char *text = NULL;
        mega_status status = mega_patch_diff(before, after, &text);
        code = status == MEGA_OK ? print_text(text) : status_exit(after_path, status);
    }
    mega_patch_destroy(before);
    mega_patch_destroy(after);
    return code;
}

static int run(int argc, char **argv) {
    int option = next_option(&command_diff, argc, argv);
    if (option == OPTIONS_HELP) return CLI_OK;
    if (option != OPTIONS_END || !operands_are(&command_diff, argc, argv, 2)) return CLI_USAGE;
    return diff(argv[optind], argv[optind + 1]);
}

// Help, line by line.
// clang-format off
const cli_command command_diff = {
    .name = "diff",
    .operands = "BEFORE AFTER",
    .doc = "print the edit that turns one patch into another",
    .examples = "  megasynth diff my.json my.new.json           operations as JSON, one a line\n"
                "  megasynth diff my.json my.sexp               [] if both say the same\n",
    .notes =
        "Nodes and knobs of the same id are the same; cables are known by their ends. Applied to the first\n"
        "patch, the operations give exactly the second. Exit status: 0, whether or not the patches differ.\n"
        "\n"
        "Operations, for the `ops` of a score too. Keys after the | may be left out.\n"
        "  add         id, type | params, scope, at       {\"op\": \"add\", \"id\": \"lp\", \"type\": \"svf\"}\n"
        "  remove      id                                 its cables go with it\n"
        "  replace     id, type | params                  cables and params that both types have stay\n"
        "  rename      id or knob or preset, to           {\"op\": \"rename\", \"knob\": \"cutoff\", \"to\": \"tone\"}\n"
        "  set         id, param | value                  without a value it is as if never written\n"
        "  set         id, scope                          \"voice\", \"shared\", null: inferred\n"
        "  set         from, to | nth, amount, as         of a cable\n"
        "  connect     from, to | amount, as, at          \"from\": [\"osc\", \"out\"], or a knob: \"cutoff\"\n"
        "  disconnect  from, to | nth\n"
        "  knob        id | value, range, scale, unit, at a new knob, or changes to one\n"
        "  unknob      id                                 its cables go with it\n"
        "  voices      count\n"
        "  name        name                               of the patch\n"
        "  preset      id | knobs, params, doc, at        a new preset, or changes to one\n"
        "  unpreset    id\n"
        "  move        id, or knob, or preset, or from and to, at    to another place in the document\n"
        "`at` is a place in the order of its kind, from 0; `nth` tells cables of the same ends\n"
        "apart. Keys that begin with x- are kept, and mean nothing.\n",
    .run = run,
};
// clang-format on
