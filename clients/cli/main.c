// SPDX-License-Identifier: MIT
// main -- the table of commands; a new one is a file that defines its row, and a line here.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const cli_command *const commands[] = {
    &command_render,  &command_check, &command_modules, &command_disasm,
    &command_convert, &command_diff,  &command_graph,   &command_bench,
};

volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
    interrupted = 1;
    signal(number, SIG_DFL); // a second one ends the program at once
}

void catch_interrupts(void) {
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
}

static void print_overview(FILE *out) {
    fputs("megasynth -- play and inspect synthesizer patches\n\n"
          "  megasynth render examples/keys.json -o keys.wav --notes \"C4 E4 G4 C4+E4+G4\"\n"
          "  megasynth check my.json             what is wrong with it, and where\n"
          "  megasynth modules svf               what a module does, its ports and parameters\n\n"
          "usage: megasynth COMMAND [OPTIONS] ...\n",
          out);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->doc);
    fputs("\nmegasynth COMMAND --help tells more, with examples. megasynth --version tells which "
          "one this is.\n"
          "Patches are files named *.json, *.sexp or *.msgpack; - is a patch on standard input.\n"
          "It ends with 0 if all went well, 1 if the patch or score is wrong, 2 if the command "
          "line is, 3 if\n"
          "a file could not be read or written, 130 if it was interrupted.\n",
          out);
}

static const cli_command *find_command(const char *name) {
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int unknown_command(const char *name) {
    if (*name == '-')
        return usage_error(NULL, "%s: a command comes first, such as `megasynth render`", name);
    const char *names[COUNT_OF(commands)];
    for (size_t i = 0; i < COUNT_OF(commands); i++) names[i] = commands[i]->name;
    char room[160];
    return usage_error(NULL, "no such command: %s%s", name,
                       did_you_mean(name, names, COUNT_OF(names), room));
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
