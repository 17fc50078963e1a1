// SPDX-License-Identifier: MIT
// completion -- a script for bash from the tables of commands and options: what an operand or an
// argument is called tells what it can be.
#include <ctype.h>
#include <string.h>

#include "cli.h"
#include "live/print.h"
#include "live/rows.h"

/// The words of operands and of options' arguments, and what completes them.
static const struct {
    const char *word, *kind;
} kinds[] = {
    {"PATCH", "files"},    {"FILE", "files"},         {"IN", "files"},
    {"OUT", "files"},      {"BEFORE", "files"},       {"AFTER", "files"},
    {"MODULE", "modules"}, {"KNOB", "knobs"},         {"NODE.PARAM", "params"},
    {"FROM", "outputs"},   {"TO", "inputs"},          {"ADDRESS", "addresses"},
    {"TOPIC", "topics"},   {"ARGUMENT", "arguments"}, {"SYNTH", "synths"},
    {"SERVER", "servers"}, {"BACKEND", "backends"},
};

/// One word of a command's operands, or an option's argument, without brackets and dots.
static void print_kind(const char *text, size_t bytes) {
    while (bytes && strchr("[]", *text)) {
        text++;
        bytes--;
    }
    while (bytes && strchr("[].", text[bytes - 1])) bytes--;
    if (memchr(text, '|', bytes)) {
        bool literal = islower((unsigned char)*text) || isdigit((unsigned char)*text);
        if (!literal) { // FILE|-|[OPS]: the first of them
            print_kind(text, strcspn(text, "|"));
            return;
        }
        fputs("'=", stdout);
        for (size_t i = 0; i < bytes; i++) putchar(text[i] == '|' ? ' ' : text[i]);
        fputs("'", stdout);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strlen(kinds[i].word) == bytes && memcmp(kinds[i].word, text, bytes) == 0) {
            fputs(kinds[i].kind, stdout);
            return;
        }
    fputs("''", stdout);
}

static void print_operands(const char *operands) {
    for (const char *at = operands; *at; at += strspn(at, " ")) {
        size_t bytes = strcspn(at, " ");
        putchar(' ');
        print_kind(at, bytes);
        // The last may be there many times.
        if (bytes > 3 && strncmp(at + bytes - 4, "...]", 4) == 0)
            for (int i = 0; i < 8; i++) {
                putchar(' ');
                print_kind(at, bytes);
            }
        at += bytes;
    }
}

static void print_options(const cli_command *c) {
    for (size_t i = 0; i < command_option_count(c); i++)
        printf("--%s ", command_option(c, i)->name);
    fputs("--help", stdout);
}

/// `--beat) kind=...`, for those that take an argument.
static void print_arguments(const cli_command *c) {
    for (size_t i = 0; i < command_option_count(c); i++) {
        const cli_option *o = command_option(c, i);
        if (!o->argument) continue;
        printf("        --%s", o->name);
        if (o->letter) printf(" | -%c", o->letter);
        fputs(") argument=", stdout);
        print_kind(o->argument, strlen(o->argument));
        puts(" ;;");
    }
}

static void print_command(const cli_command *c) {
    printf("    %s)\n        options='", c->name);
    print_options(c);
    fputs("'\n        operands=(", stdout);
    print_operands(c->operands);
    puts(" )\n        case $1 in");
    print_arguments(c);
    puts("        *) return 1 ;;\n        esac ;;");
}

static const char head[] =
    "# bash completion for megasynth; printed by `megasynth --completion bash` from its tables\n"
    "\n"
    "# What a command takes: options, operands; and the kind of argument of the option $1, if it "
    "takes one.\n"
    "_megasynth_row() {\n"
    "    case $command in\n";

static const char tail[] =
    "    *) return 1 ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_megasynth() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options='' argument='' "
    "kind=''\n"
    "    local operands=() where=() count=0 i\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$_megasynth_commands help --help --version\" -- "
    "\"$word\")\n"
    "        return\n"
    "    fi\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        if [[ ${COMP_WORDS[i]} == -?* ]]; then\n"
    "            if _megasynth_row \"${COMP_WORDS[i]}\"; then\n"
    "                case ${COMP_WORDS[i]} in --url | -u | --name | --synth | --token-file)\n"
    "                    where+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i + 1]}\") ;;\n"
    "                esac\n"
    "                ((++i == COMP_CWORD)) && kind=${argument:-none}\n"
    "            fi\n"
    "        else\n"
    "            ((count++))\n"
    "        fi\n"
    "    done\n"
    "    if [[ -z $kind ]]; then\n"
    "        _megasynth_row ''\n"
    "        if [[ $word == -* ]]; then\n"
    "            mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
    "            return\n"
    "        fi\n"
    "        kind=${operands[count]:-none}\n"
    "        [[ $command == help ]] && kind=\"=$_megasynth_commands\"\n"
    "    fi\n"
    "    case $kind in\n"
    "    none) ;;\n"
    "    files)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
    "    =*) mapfile -t COMPREPLY < <(compgen -W \"${kind#=}\" -- \"$word\") ;;\n"
    "    arguments)\n"
    "        compopt -o nospace 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -W \\\n"
    "            \"$(\"${COMP_WORDS[0]}\" --complete arguments \"${COMP_WORDS[2]}\" 2>/dev/null)\" "
    "-- "
    "\"$word\") ;;\n"
    "    *)\n"
    "        mapfile -t COMPREPLY < <(compgen -W \\\n"
    "            \"$(\"${COMP_WORDS[0]}\" --complete \"$kind\" \"${where[@]}\" 2>/dev/null)\" -- "
    "\"$word\") ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "complete -F _megasynth megasynth\n";

int print_completion(int argc, char **argv) {
    if (argc != 2 || strcmp(argv[1], "bash") != 0)
        return usage_error(NULL, "--completion: only bash is supported; write `--completion bash`");
    fputs(head, stdout);
    for (size_t i = 0; i < cli_command_count; i++) print_command(cli_commands[i]);
    // The names come before the functions that use them are called.
    fputs(tail, stdout);
    fputs("_megasynth_commands='", stdout);
    for (size_t i = 0; i < cli_command_count; i++)
        printf("%s%s", i ? " " : "", cli_commands[i]->name);
    puts("'");
    return CLI_OK;
}
