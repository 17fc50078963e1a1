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
#include "time/text_errors.h"

/// What the program ends with; help and the manual are printed from here.
#define CLI_EXITS                                                                                  \
    X(OK, 0, "success")                                                                            \
    X(PATCH, 1, "the patch, score or edit is wrong")                                               \
    X(USAGE, 2, "the command line is wrong")                                                       \
    X(FILE, 3, "cannot read or write a file")                                                      \
    X(NO_SERVER, 4, "no server runs or answers, or none could start")                              \
    X(REFUSED, 5, "the server refused; the message has its code, location and hint")               \
    X(LOST, 6, "the connection to the server was lost")                                            \
    X(TIMEOUT, 7, "the server did not reply within --timeout")                                     \
    X(UNSOUND, 8, "doctor found a problem")                                                        \
    X(INTERRUPTED, 130, "interrupted by Ctrl-C or a signal")

// Example: X(FILE, 3, "...")  Becomes: CLI_FILE = 3,
#define X(name, code, doc) CLI_##name = code,
enum { CLI_EXITS };
#undef X

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
    bool live; ///< talks to a running server: takes `live_options`, too
} cli_command;

/// All commands, in the order of help: a new one is a file that defines its row, and a word here.
/// Those from `play` on talk to a running server.
#define CLI_COMMANDS                                                                               \
    X(render)                                                                                      \
    X(check)                                                                                       \
    X(modules)                                                                                     \
    X(disasm)                                                                                      \
    X(convert)                                                                                     \
    X(diff)                                                                                        \
    X(replay)                                                                                      \
    X(graph)                                                                                       \
    X(bench)                                                                                       \
    X(play)                                                                                        \
    X(load)                                                                                        \
    X(save)                                                                                        \
    X(edit)                                                                                        \
    X(connect)                                                                                     \
    X(disconnect)                                                                                  \
    X(undo)                                                                                        \
    X(redo)                                                                                        \
    X(set)                                                                                         \
    X(knob)                                                                                        \
    X(note)                                                                                        \
    X(panic)                                                                                       \
    X(synth)                                                                                       \
    X(record)                                                                                      \
    X(send)                                                                                        \
    X(watch)                                                                                       \
    X(status)                                                                                      \
    X(top)                                                                                         \
    X(quit)                                                                                        \
    X(doctor)

// Example: X(render)  Becomes: extern const cli_command command_render;
#define X(name) extern const cli_command command_##name;
CLI_COMMANDS
#undef X

extern const cli_command *const cli_commands[];
extern const size_t cli_command_count;

/// The options that all live commands take; live/settings.c.
extern const cli_option live_options[];
extern const size_t live_option_count;

/// The options of a command, those it shares with others behind its own.
size_t command_option_count(const cli_command *command);
const cli_option *command_option(const cli_command *command, size_t index);

// ---- messages ----------------------------------------------------------------------------------

/// "megasynth: ..." and a line end on stderr.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// As `say`, with where to read more. @return CLI_USAGE
int usage_error(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// "; did you mean `x`?" or "". @param room holds the text
const char *did_you_mean(const char *wrong, const char *const *names, size_t count, char room[160]);
/// Prints the errors of a text, a line each, in its order, and forgets them.
/// @param source the file, or the option that holds the text
void print_text_errors(FILE *out, const char *source, mega_text_errors *errors);
void print_help(const cli_command *command);

// ---- options -----------------------------------------------------------------------------------

enum { OPTIONS_END = -1, OPTIONS_HELP = -2, OPTIONS_WRONG = -3 };

/// The next option: its index in the command's table, its argument in `optarg`; or OPTIONS_END,
/// with the operands from `optind` on; or what ends the command: OPTIONS_HELP (has been printed),
/// OPTIONS_WRONG (has been said).
int next_option(const cli_command *command, int argc, char **argv);
/// Whether there are `count` operands; says what is missing or too much. @param names "PATCH"
bool operands_are(const cli_command *command, int argc, char **argv, int count);
/// Which of `words` the operand is; `count` after a message. @param hint what to do, if none is
/// near; NULL: nothing
size_t operand_of(const cli_command *command, const char *operand, const char *const *words,
                  size_t count, const char *hint);
/// A number from the command line, or a message and false.
bool number_of(const cli_command *command, const char *option, const char *text, double min,
               double max, double *value);
bool whole_number_of(const cli_command *command, const char *option, const char *text, uint32_t min,
                     uint32_t max, uint32_t *value);

// ---- files -------------------------------------------------------------------------------------

/// Reads a file of at most `bytes_max` bytes; "-" is standard input. @return NULL after a message;
/// else to be freed
char *file_read(const char *path, size_t bytes_max, size_t *bytes);
/// Writes a file all or nothing. @return false after a message
bool file_write(const char *path, const void *data, size_t bytes);
/// The name to write to before renaming to `path`: in the same folder. @return NULL without memory
char *part_name(const char *path);
/// From now until NULL is given: a signal that ends the program removes this file first. @param
/// part lives until then
void part_guard(const char *part);
/// Whether what is there is something else than a regular file, to be written to as it is.
bool is_special(const char *path);
enum {
    /// One more than the engine takes, so that it is the engine that refuses a longer one.
    PATCH_BYTES_MAX = (16 << 20) + 1,
};
/// The format by the file's name; on standard input by the first character that is no space.
bool patch_format(const char *path, const char *data, size_t bytes, mega_format *format);
/// Reads a patch into a report. @return an exit code; only what the report cannot hold has been
/// said
int patch_read(const char *path, mega_report *report, mega_patch **patch);
/// Reads a patch and prints everything that is to be said of it. @return an exit code
int patch_open(const char *path, bool quiet, mega_patch **patch);
/// Creates an engine and loads a patch into it, and prints what is to be said. @return an exit code
int engine_open(const char *path, const mega_patch *patch, const mega_options *options, bool quiet,
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
