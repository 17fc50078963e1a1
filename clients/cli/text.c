// SPDX-License-Identifier: MIT
// text -- messages on stderr, and "did you mean".
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
