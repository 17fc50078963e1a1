// SPDX-License-Identifier: MIT
// options -- the command line: getopt_long over a command's own table, checked numbers,
// and help printed from the table.
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { OPTIONS_MAX = 32, OPTION_VALUE = 1000, OPTION_HELP_VALUE = OPTION_VALUE + OPTIONS_MAX };

/// getopt's two tables of a command.
typedef struct {
    struct option rows[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 4];
    const char *names[OPTIONS_MAX + 1];
} getopt_tables;

size_t command_option_count(const cli_command *command) {
    return command->option_count + (command->live ? live_option_count : 0);
}

const cli_option *command_option(const cli_command *command, size_t index) {
    return index < command->option_count ? &command->options[index]
                                         : &live_options[index - command->option_count];
}

static void tables_of(const cli_command *command, getopt_tables *t) {
    *t = (getopt_tables){.letters = ":"}; // distinguishes a missing argument from an unknown option
    char *letter = t->letters + 1;
    size_t all = command_option_count(command), count = all < OPTIONS_MAX ? all : OPTIONS_MAX;
    for (size_t i = 0; i < count; i++) {
        const cli_option *o = command_option(command, i);
        t->rows[i] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL,
                                     OPTION_VALUE + (int)i};
        t->names[i] = o->name;
        if (!o->letter) continue;
        *letter++ = o->letter;
        if (o->argument) *letter++ = ':';
    }
    *letter = 'h';
    t->rows[count] = (struct option){"help", no_argument, NULL, OPTION_HELP_VALUE};
    t->names[count] = "help";
}

/// The option that was probably meant. NULL: none
static const char *near_option(const char *name, const char *const *names, size_t count) {
    static const char *const durations[] = {"secs", "length", "duration", "time", "for"};
    for (size_t i = 0; i < COUNT_OF(durations); i++)
        if (strcmp(name, durations[i]) == 0) name = "seconds";
    return mega_nearest(name, names, count);
}

/// Reports getopt's error. `optopt` is a letter, or a long option's value, or 0.
static void option_error(const cli_command *command, char **argv, const getopt_tables *t,
                         bool argument_missing) {
    if (optopt >= OPTION_VALUE && optopt < OPTION_HELP_VALUE) {
        const cli_option *o = command_option(command, (size_t)(optopt - OPTION_VALUE));
        if (argument_missing) usage_error(command, "--%s needs %s", o->name, o->argument);
        else usage_error(command, "--%s takes no argument", o->name);
        return;
    }
    if (optopt) {
        size_t i = 0, count = command_option_count(command);
        while (i < count && command_option(command, i)->letter != optopt) i++;
        if (argument_missing && i < count)
            usage_error(command, "-%c needs %s", optopt, command_option(command, i)->argument);
        else usage_error(command, "no such option: -%c", optopt);
        return;
    }
    char name[64];
    snprintf(name, sizeof name, "%s", argv[optind - 1] + 2);
    name[strcspn(name, "=")] = '\0';
    const char *near = near_option(name, t->names, command_option_count(command) + 1);
    usage_error(command, "no such option: --%s%s%s%s", name, near ? "; did you mean `--" : "",
                near ? near : "", near ? "`?" : "");
}

int next_option(const cli_command *command, int argc, char **argv) {
    getopt_tables t;
    tables_of(command, &t);
    opterr = 0;
    int found = getopt_long(argc, argv, t.letters, t.rows, NULL);
    if (found == -1) return OPTIONS_END;
    if (found == 'h' || found == OPTION_HELP_VALUE) {
        print_help(command);
        return OPTIONS_HELP;
    }
    if (found == '?' || found == ':') {
        option_error(command, argv, &t, found == ':');
        return OPTIONS_WRONG;
    }
    if (found >= OPTION_VALUE) return found - OPTION_VALUE;
    for (size_t i = 0; i < command_option_count(command); i++)
        if (command_option(command, i)->letter == found) return (int)i;
    return OPTIONS_WRONG;
}

bool operands_are(const cli_command *command, int argc, char **argv, int count) {
    if (argc - optind < count) {
        usage_error(command, "%s needs %s", command->name, command->operands);
        return false;
    }
    if (argc - optind > count) {
        usage_error(command, "%s takes %s; unexpected `%s`", command->name, command->operands,
                    argv[optind + count]);
        return false;
    }
    return true;
}

size_t operand_of(const cli_command *command, const char *operand, const char *const *words,
                  size_t count, const char *hint) {
    char room[160];
    for (size_t i = 0; i < count; i++)
        if (strcmp(operand, words[i]) == 0) return i;
    did_you_mean(operand, words, count, room);
    usage_error(command, "%s takes %s; unexpected `%s`%s%s", command->name, command->operands,
                operand, *room || !hint ? "" : "; ",
                *room  ? room
                : hint ? hint
                       : "");
    return count;
}

bool number_of(const cli_command *command, const char *option, const char *text, double min,
               double max, double *value) {
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    if (end == text || *end || !isfinite(*value)) {
        usage_error(command, "--%s: `%s` is not a number", option, text);
        return false;
    }
    if (*value < min || *value > max) {
        usage_error(command, "--%s: %s is out of range; it must be %g..%g", option, text, min, max);
        return false;
    }
    return true;
}

bool whole_number_of(const cli_command *command, const char *option, const char *text, uint32_t min,
                     uint32_t max, uint32_t *value) {
    double number;
    if (!number_of(command, option, text, min, max, &number)) return false;
    if (number != (double)(uint32_t)number) {
        usage_error(command, "--%s: %s is not a whole number", option, text);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

void print_help(const cli_command *command) {
    printf("megasynth %s -- %s\n\n%s\n", command->name, command->doc, command->examples);
    printf("usage: megasynth %s%s%s%s\n", command->name,
           command_option_count(command) ? " [OPTIONS]" : "", *command->operands ? " " : "",
           command->operands);
    for (size_t i = 0; i < command_option_count(command); i++) {
        const cli_option *o = command_option(command, i);
        char left[64], letter[8] = "    ";
        if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-28s %s\n", left, o->doc);
    }
    printf("  %-28s %s\n", "-h, --help", "show this help");
    if (command->notes) printf("\n%s", command->notes);
}
