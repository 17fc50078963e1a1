// SPDX-License-Identifier: MIT
// cli -- what the files of the command line program share: exit codes, the form of a command,
// messages, options.
#ifndef CLI_H
#define CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "megasynth.h"

/// What the program ends with.
enum {
    CLI_OK = 0,
    CLI_PATCH = 1,         ///< the patch or the score is wrong
    CLI_USAGE = 2,         ///< the command line is wrong
    CLI_FILE = 3,          ///< a file could not be read or written
    CLI_INTERRUPTED = 130, ///< as shells say it
};

/// An option of a command; getopt's table and the help are both made from it.
typedef struct {
    const char *name;
    char letter;          ///< '\0' if it has none
    const char *argument; ///< "SECONDS", or NULL if it takes none
    const char *doc;
} cli_option;

/// A command is one of these, in a file of its own, and a line in main.c.
typedef struct {
    const char *name;
    const char *operands; ///< "PATCH"
    const char *doc;      ///< one line
    const char *examples; ///< what help leads with: lines of "  command   what it does"
    const char *notes;    ///< more to know, after the options; may be NULL
    const cli_option *options;
    size_t option_count;
    int (*run)(int argc, char **argv);
} cli_command;

extern const cli_command command_render, command_check, command_modules, command_disasm,
    command_convert, command_diff, command_graph, command_bench;

// ---- messages -----------------------------------------------------------------------------------

/// "megasynth: ..." and a line end on stderr.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// As `say`, with where to read more. @return CLI_USAGE
int usage_error(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// "; did you mean `x`?" or "". @param room holds the text
const char *did_you_mean(const char *wrong, const char *const *names, size_t count, char room[160]);
void print_help(const cli_command *command);

// ---- options ------------------------------------------------------------------------------------

enum { OPTIONS_END = -1, OPTIONS_HELP = -2, OPTIONS_WRONG = -3 };

/// The next option: its index in the command's table, its argument in `optarg`; or OPTIONS_END,
/// with the operands from `optind` on; or what ends the command: OPTIONS_HELP (has been printed),
/// OPTIONS_WRONG (has been said).
int next_option(const cli_command *command, int argc, char **argv);
/// Whether there are `count` operands; says what is missing or too much. @param names "PATCH"
bool operands_are(const cli_command *command, int argc, char **argv, int count);
/// A number from the command line, or a message and false.
bool number_of(const cli_command *command, const char *option, const char *text, double min,
               double max, double *value);
bool whole_number_of(const cli_command *command, const char *option, const char *text, uint32_t min,
                     uint32_t max, uint32_t *value);

// ---- files --------------------------------------------------------------------------------------

/// Reads a file of at most `bytes_max` bytes; "-" is standard input. @return NULL after a message;
/// else to be freed
char *file_read(const char *path, size_t bytes_max, size_t *bytes);
/// Writes a file all or nothing. @return false after a message
bool file_write(const char *path, const void *data, size_t bytes);
/// The name to write to before renaming to `path`: in the same folder. @return NULL without memory
char *part_name(const char *path);
/// Whether what is there is something else than a regular file, to be written to as it is.
bool is_special(const char *path);
/// Reads a patch into a report. @return an exit code; only what the report cannot hold has been
/// said
int patch_read(const char *path, mega_report *report, mega_patch **patch);
/// Reads a patch and prints everything that is to be said of it. @return an exit code
int patch_open(const char *path, bool quiet, mega_patch **patch);
/// Creates an engine and loads a patch into it, and prints what is to be said. @return an exit code
int engine_open(const char *path, const mega_patch *patch, uint32_t rate, bool quiet,
                mega_engine **engine);
/// Everything that a report holds, one line each on `out`. @param path the document's file
void print_report(FILE *out, const char *path, const mega_report *report, bool errors_only);
/// Prints a text that the engine handed out, and frees it. @return an exit code
int print_text(char *text);
/// The exit code and message for a status that has no report.
int status_exit(const char *path, mega_status status);

/// Set by an interrupt: long work looks at it and cleans up.
extern volatile sig_atomic_t interrupted;
void catch_interrupts(void);

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
