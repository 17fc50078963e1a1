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
    .doc = "print the edit that changes one patch into another",
    .examples = "  megasynth diff my.json my.new.json           JSON operations, one per line\n"
                "  megasynth diff my.json my.sexp               [] if they are equivalent\n",
    .notes =
        "Nodes and knobs are matched by id, cables by their ends. Applying the operations to BEFORE gives\n"
        "exactly AFTER. Exit status: 0, whether or not the patches differ.\n"
        "\n"
        "Operations (also for the `ops` of a score). Keys after the | are optional.\n"
        "  add         id, type | params, scope, at       {\"op\": \"add\", \"id\": \"lp\", \"type\": \"svf\"}\n"
        "  remove      id                                 removes its cables too\n"
        "  replace     id, type | params                  keeps cables and params that both types have\n"
        "  rename      id or knob or preset, to           {\"op\": \"rename\", \"knob\": \"cutoff\", \"to\": \"tone\"}\n"
        "  set         id, param | value                  without a value: restores the default\n"
        "  set         id, scope                          \"voice\", \"shared\", or null to infer it\n"
        "  set         from, to | nth, amount, as         changes a cable\n"
        "  connect     from, to | amount, as, at          \"from\": [\"osc\", \"out\"], or a knob, \"cutoff\"\n"
        "  disconnect  from, to | nth\n"
        "  knob        id | value, range, scale, unit, at adds or changes a knob\n"
        "  unknob      id                                 removes its cables too\n"
        "  voices      count\n"
        "  name        name                               renames the patch\n"
        "  preset      id | knobs, params, doc, at        adds or changes a preset\n"
        "  unpreset    id\n"
        "  move        id, or knob, or preset, or from and to, at    changes its position\n"
        "`at` is a position in the list of nodes, cables, knobs or presets, from 0; `nth` selects one of\n"
        "several cables with the same ends. Keys that begin with x- are kept and ignored.\n",
    .run = run,
};
// clang-format on
