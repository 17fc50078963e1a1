// SPDX-License-Identifier: MIT
// manual -- pages for man(1): megasynth.1 from the tables of commands and options, megasynthd.1
// from the output of its --help.
#include <ctype.h>
#include <string.h>

#include "cli.h"
#include "live/print.h"

static const struct {
    const char *name, *doc;
} environment[] = {
    {"MEGASYNTH_URL", "address of the server to use without --url and --name"},
    {"MEGASYNTH_TOKEN_FILE", "default for --token-file"},
    {"MEGASYNTHD", "server program that `play` starts (the one beside megasynth, or in PATH)"},
    {"MEGASYNTH_ISA", "instruction set: one, v2, v3, v4 or neon (the best of this processor)"},
    {"XDG_RUNTIME_DIR",
     "servers keep their files in its folder megasynth/ (/tmp/megasynth-UID without it)"},
};

/// Escapes text for troff.
static void put(const char *text, size_t bytes) {
    bool start = true;
    for (size_t i = 0; i < bytes; i++) {
        char c = text[i];
        if (start && (c == '.' || c == '\'')) fputs("\\&", stdout);
        if (c == '\\') fputs("\\e", stdout);
        else if (c == '-') fputs("\\-", stdout);
        else if (c == '\'') fputs("\\(aq", stdout);
        else if (c == '`') fputs("\\(ga", stdout);
        else if (c == '^') fputs("\\(ha", stdout);
        else if (c == '~') fputs("\\(ti", stdout);
        else putchar(c);
        start = c == '\n';
    }
}
static void puts_plain(const char *text) { put(text, strlen(text)); }

static void put_line(const char *before, const char *text, const char *after) {
    fputs(before, stdout);
    puts_plain(text);
    fputs(after, stdout);
}

/// Lines without filling.
static void put_block(const char *text) {
    puts(".PP\n.nf");
    puts_plain(text);
    if (*text && text[strlen(text) - 1] != '\n') putchar('\n');
    puts(".fi");
}

static void put_option(const cli_option *o) {
    puts(".TP");
    fputs("\\fB", stdout);
    if (o->letter) printf("\\-%c\\fR, \\fB", o->letter);
    put_line("\\-\\-", o->name, "\\fR");
    if (o->argument) put_line(" \\fI", o->argument, "\\fR");
    put_line("\n", o->doc, "\n");
}

static void put_command(const cli_command *c) {
    put_line(".SS megasynth ", c->name, "");
    if (command_option_count(c)) fputs(" [OPTIONS]", stdout);
    if (*c->operands) put_line(" ", c->operands, "");
    put_line("\n", c->doc, "\n");
    put_block(c->examples);
    for (size_t i = 0; i < c->option_count; i++) put_option(&c->options[i]);
    if (c->notes) put_block(c->notes);
}

static void put_commands(bool live) {
    for (size_t i = 0; i < cli_command_count; i++)
        if (cli_commands[i]->live == live) put_command(cli_commands[i]);
}

static void put_title(const char *name, const char *doc) {
    printf(".\\\" Printed by `megasynth --manual` from the programs' own tables.\n");
    printf(".TH %s 1 \"\" \"megasynth %s\" \"User Commands\"\n", name, MEGA_VERSION);
    puts(".SH NAME");
    for (; *name; name++) putchar(tolower((unsigned char)*name));
    put_line(" \\- ", doc, "\n");
}

static int put_client(void) {
    put_title("MEGASYNTH", "play and inspect synthesizer patches, drive a running synthesizer");
    puts(".SH SYNOPSIS\n.B megasynth\n.I COMMAND\n[OPTIONS] ...\n.br\n.B megasynth help\n[COMMAND]"
         "\n.SH DESCRIPTION");
    puts("A PATCH is a file named *.json, *.sexp or *.msgpack; \\- reads a patch from standard "
         "input.");
    puts(".SH COMMANDS\nThese commands need no server.");
    put_commands(false);
    puts(
        ".SH COMMANDS FOR A RUNNING SERVER\nThey connect to a\n.BR megasynthd (1)\nand share these "
        "options.");
    for (size_t i = 0; i < live_option_count; i++) put_option(&live_options[i]);
    put_commands(true);
    puts(".SH EXIT STATUS");
    // Example: X(FILE, 3, "...")  Becomes: printf(".TP\n.B %d\n%s\n", 3, "...");
#define X(name, code, doc) printf(".TP\n.B %d\n%s\n", code, doc);
    CLI_EXITS
#undef X
    puts(".SH ENVIRONMENT");
    for (size_t i = 0; i < COUNT_OF(environment); i++) {
        printf(".TP\n.B %s\n", environment[i].name);
        put_line("", environment[i].doc, "\n");
    }
    puts(".SH SEE ALSO\n.BR megasynthd (1)");
    return CLI_OK;
}

// ---- from a help text --------------------------------------------------------------------------

/// "  --name ARGUMENT    text" or "  3  text". @return false if the line is neither
static bool put_row(char *line) {
    char *at = line + 2;
    if (strncmp(line, "  ", 2) != 0 || !(isdigit((unsigned char)*at) || *at == '-')) return false;
    char *gap = strstr(at, "  ");
    if (!gap) return false;
    char *text = gap + strspn(gap, " ");
    *gap = '\0';
    char *space = strchr(at, ' ');
    if (space) *space = '\0';
    put_line(".TP\n\\fB", at, "\\fR");
    if (space) put_line(" \\fI", space + 1, "\\fR");
    put_line("\n", text, "");
    return true;
}

static int put_help(void) {
    char line[1024];
    bool examples = false;
    while (fgets(line, sizeof line, stdin)) {
        char *dashes = strstr(line, " -- ");
        if (!examples && dashes) {
            line[strcspn(line, "\n")] = '\0';
            put_title("MEGASYNTHD", dashes + 4);
            puts(".SH SYNOPSIS\n.B megasynthd\n[OPTIONS]\n.SH EXAMPLES\n.nf");
            examples = true;
        } else if (strncmp(line, "usage:", 6) == 0) {
            puts(".fi\n.SH OPTIONS");
        } else if (*line == '\n') {
            continue;
        } else if (!put_row(line)) {
            if (*line != ' ') puts(".SH EXIT STATUS");
            puts_plain(line);
        }
    }
    puts(".SH SEE ALSO\n.BR megasynth (1)");
    return examples ? CLI_OK : CLI_USAGE;
}

int print_manual(int argc, char **argv) {
    if (argc == 1) return put_client();
    if (argc == 2 && strcmp(argv[1], "megasynthd") == 0) return put_help();
    return usage_error(NULL,
                       "--manual takes no argument, or megasynthd with its --help on standard "
                       "input");
}
