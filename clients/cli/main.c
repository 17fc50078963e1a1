// SPDX-License-Identifier: MIT
// main -- finds the command in the table, and its help.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "live/print.h"

// Example: X(render)  Becomes: &command_render,
#define X(name) &command_##name,
const cli_command *const cli_commands[] = {CLI_COMMANDS};
#undef X
const size_t cli_command_count = COUNT_OF(cli_commands);

static void print_commands(FILE *out, bool live) {
    for (size_t i = 0; i < cli_command_count; i++)
        if (cli_commands[i]->live == live)
            fprintf(out, "  %-11s %s\n", cli_commands[i]->name, cli_commands[i]->doc);
}

static void print_overview(FILE *out) {
    fputs("megasynth -- play and inspect synthesizer patches\n\n"
          "  megasynth play examples/keys.json   play it with this terminal's keys\n"
          "  megasynth render examples/keys.json -o keys.wav --notes \"C4 E4 G4 C4+E4+G4\"\n"
          "  megasynth check my.json             list its errors, with their locations\n"
          "  megasynth modules svf               describe a module, its ports and parameters\n\n"
          "usage: megasynth COMMAND [OPTIONS] ...\n",
          out);
    print_commands(out, false);
    fputs("\nCommands for a running server (megasynthd; `play` starts its own)\n", out);
    print_commands(out, true);
    fputs(
        "\n`megasynth COMMAND --help` shows options and examples; `megasynth --version` prints the "
        "version.\n"
        "PATCH is a file named *.json, *.sexp or *.msgpack; - reads a patch from standard input.\n"
        "Exit status:\n",
        out);
    // Example: X(FILE, 3, "...")  Becomes: fprintf(out, "%6d  %s\n", 3, "...");
#define X(name, code, doc) fprintf(out, "%6d  %s\n", code, doc);
    CLI_EXITS
#undef X
}

static const cli_command *find_command(const char *name) {
    for (size_t i = 0; i < cli_command_count; i++)
        if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
    return NULL;
}

static int unknown_command(const char *name) {
    if (*name == '-')
        return usage_error(NULL, "%s: name a command first, such as `megasynth render`", name);
    const char *names[COUNT_OF(cli_commands)];
    for (size_t i = 0; i < cli_command_count; i++) names[i] = cli_commands[i]->name;
    char room[160];
    return usage_error(NULL, "no such command: %s%s", name,
                       did_you_mean(name, names, cli_command_count, room));
}

/// `megasynth help render` is `megasynth render --help`.
static int help(int argc, char **argv) {
    if (argc < 3) {
        print_overview(stdout);
        return CLI_OK;
    }
    const cli_command *command = find_command(argv[2]);
    if (!command) return unknown_command(argv[2]);
    print_help(command);
    return CLI_OK;
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help(argc, argv);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("megasynth %s\n", MEGA_VERSION);
        return CLI_OK;
    }
    // For the build and for the shell's completion.
    if (strcmp(name, "--completion") == 0) return print_completion(argc - 1, argv + 1);
    if (strcmp(name, "--complete") == 0) return print_candidates(argc - 1, argv + 1);
    if (strcmp(name, "--manual") == 0) return print_manual(argc - 1, argv + 1);
    const cli_command *command = find_command(name);
    if (!command) return unknown_command(name);
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv) {
    int code = run(argc, argv);
    // A full disk or a closed pipe shows only here.
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say("standard output: %s", strerror(errno));
        return code ? code : CLI_FILE;
    }
    return code;
}
