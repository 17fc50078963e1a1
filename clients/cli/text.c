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

void print_text_errors(FILE *out, const char *source, mega_text_errors *errors) {
    mega_text_errors_sort(errors);
    for (size_t i = 0; i < errors->kept; i++) {
        const mega_text_place *e = &errors->errors[i];
        char place[32] = "";
        if (e->line && e->column) snprintf(place, sizeof place, ":%u:%u", e->line, e->column);
        else if (e->line) snprintf(place, sizeof place, ":%u", e->line);
        fprintf(out, "%s%s: error: %s\n", source, place, e->text ? e->text : "out of memory");
    }
    if (errors->count > errors->kept)
        fprintf(out, "%s: error: more than %d errors; the rest is not shown\n", source,
                MEGA_TEXT_ERRORS_MAX);
    mega_text_errors_finish(errors);
}
