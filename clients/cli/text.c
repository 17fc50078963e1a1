// SPDX-License-Identifier: MIT
// text -- messages on stderr, "did you mean", and help printed from a command's row.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static void say_line(const char *format, va_list arguments) {
    fflush(stdout);
    fputs("megasynth: ", stderr);
    vfprintf(stderr, format, arguments);
}

void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_line(format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int usage_error(const cli_command *command, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_line(format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see `megasynth %s%s--help`)\n", command ? command->name : "",
            command ? " " : "");
    return CLI_USAGE;
}

const char *did_you_mean(const char *wrong, const char *const *names, size_t count,
                         char room[160]) {
    const char *near = mega_nearest(wrong, names, count);
    room[0] = '\0';
    if (near) snprintf(room, 160, "; did you mean `%s`?", near);
    return room;
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
    printf("  %-28s %s\n", "-h, --help", "this text");
    if (command->notes) printf("\n%s", command->notes);
}
