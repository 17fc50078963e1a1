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

const cli_command command_diff = {
    .name = "diff",
    .operands = "BEFORE AFTER",
    .doc = "print the edit that turns one patch into another",
    .examples = "  megasynth diff my.json my.new.json           operations as JSON, one a line\n"
                "  megasynth diff my.json my.sexp               [] if both say the same\n",
    .notes =
        "Nodes and knobs of the same id are the same; cables are known by their ends. Applied to\n"
        "the first patch, the operations give exactly the second. It ends with 0, whether or "
        "not\nthe patches differ.\n",
    .run = run,
};
