// SPDX-License-Identifier: MIT
// load, edit, undo, redo -- changes of the patch that a server plays.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/change.h"

// ---- load --------------------------------------------------------------------------------------

/// A binary document travels as JSON, which says the same.
static int text_of_binary(const char *path, char **data, size_t *bytes) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(path, MEGA_ERROR_MEMORY);
    mega_patch *patch = mega_patch_read(*data, *bytes, MEGA_FORMAT_MSGPACK, report);
    print_report(stderr, path, report, true);
    mega_report_destroy(report);
    char *text;
    mega_status status = patch ? mega_patch_write(patch, MEGA_FORMAT_JSON, &text, bytes) : MEGA_OK;
    bool read = patch != NULL;
    mega_patch_destroy(patch);
    if (!read) return CLI_PATCH;
    if (status != MEGA_OK) return status_exit(path, status);
    free(*data);
    *data = strdup(text);
    mega_free(text);
    return *data ? CLI_OK : status_exit(path, MEGA_ERROR_MEMORY);
}

/// The arguments of /patch/load for a file of this machine. @return an exit code
static int read_document(const char *path, json_t **map) {
    size_t bytes;
    mega_format format;
    char *data = file_read(path, PATCH_BYTES_MAX, &bytes);
    if (!data) return CLI_FILE;
    int code = CLI_OK;
    if (!patch_format(path, data, bytes, &format)) {
        say("%s: unknown file name ending; name patches *.json, *.sexp or *.msgpack", path);
        code = CLI_FILE;
    } else if (format == MEGA_FORMAT_MSGPACK) {
        code = text_of_binary(path, &data, &bytes);
    }
    if (code == CLI_OK) {
        json_t *text = json_stringn(data, bytes);
        const char *word = format == MEGA_FORMAT_SEXP ? "sexp" : "json";
        *map = text && strlen(data) == bytes ? json_pack("{s:O, s:s}", "text", text, "format", word)
                                             : NULL;
        json_decref(text);
        if (!*map) {
            say("%s: not valid UTF-8 text", path);
            code = CLI_PATCH;
        }
    }
    free(data);
    return code;
}

static int run_load(int argc, char **argv) {
    client c = {.command = &command_load};
    change ch = CHANGE_PLAIN;
    for (int option; client_option(&c, argc, argv, &option);)
        if (!(option == 0 ? change_fade(&c, &ch) : change_rev(&c, &ch))) return CLI_USAGE;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 1)) return CLI_USAGE;
    json_t *map;
    int code = read_document(argv[optind], &map);
    if (code != CLI_OK) return code;
    c.source = argv[optind];
    return change_apply(&c, "/patch/load", map, &ch, argv[optind]);
}

static const cli_option change_options[] = {CHANGE_FADE, CHANGE_REV};

const cli_command command_load = {
    .name = "load",
    .operands = "PATCH",
    .doc = "load a patch; unchanged nodes keep their state, held notes keep sounding",
    .examples = "  megasynth load keys.json\n"
                "  megasynth load bass.sexp --synth bass --fade 50\n",
    .notes = "This command reads the file and sends its text, so the server needs no access to it. "
             "Nodes with the\nsame id and type keep their state. A patch with errors changes "
             "nothing.\n",
    .options = change_options,
    .option_count = COUNT_OF(change_options),
    .run = run_load,
    .live = true,
};

// ---- edit --------------------------------------------------------------------------------------

/// The list of operations: as such, from a file, or from standard input; one alone needs no list.
/// @return an exit code
static int read_operations(const char *word, json_t **ops) {
    const char *at = word + strspn(word, " \t\r\n");
    bool given = *at == '[' || *at == '{';
    size_t bytes = strlen(word);
    if (!given && strcmp(word, "-") != 0 && strchr(word, ' ') && access(word, F_OK) != 0) {
        say("`%.60s` is neither a file nor JSON; write operations as '[{\"op\": \"add\", \"id\": "
            "\"lfo\", \"type\": \"lfo\"}]' (`megasynth diff --help` lists them)",
            word);
        return CLI_FILE;
    }
    char *data = given ? NULL : file_read(word, PATCH_BYTES_MAX, &bytes);
    if (!given && !data) return CLI_FILE;
    json_error_t error;
    *ops = json_loadb(given ? word : data, bytes, JSON_REJECT_DUPLICATES, &error);
    free(data);
    if (!*ops)
        say("%s:%d:%d: error: %s", given ? "OPS" : word, error.line, error.column, error.text);
    if (json_is_object(*ops)) *ops = json_pack("[o]", *ops);
    return *ops ? CLI_OK : CLI_PATCH;
}

static int run_edit(int argc, char **argv) {
    client c = {.command = &command_edit};
    change ch = CHANGE_PLAIN;
    for (int option; client_option(&c, argc, argv, &option);)
        if (!(option == 0 ? change_fade(&c, &ch) : change_rev(&c, &ch))) return CLI_USAGE;
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 1)) return CLI_USAGE;
    json_t *ops = NULL;
    int code = read_operations(argv[optind], &ops);
    if (code != CLI_OK) return code;
    return change_apply(&c, "/patch/edit", json_pack("{s:o}", "ops", ops), &ch, "edited");
}

const cli_command command_edit = {
    .name = "edit",
    .operands = "FILE|-|[OPS]",
    .doc = "change the patch by operations, all or nothing",
    .examples = "  megasynth edit '[{\"op\": \"set\", \"id\": \"filt\", \"param\": \"res\", "
                "\"value\": 0.8}]'\n"
                "  megasynth edit ops.json --fade 20\n"
                "  megasynth diff old.json new.json | megasynth edit -\n",
    .notes =
        "`megasynth diff --help` lists the operations. --json prints the reply, whose `undo` is "
        "the inverse edit.\n",
    .options = change_options,
    .option_count = COUNT_OF(change_options),
    .run = run_edit,
    .live = true,
};

// ---- undo and redo -----------------------------------------------------------------------------

static int step(const cli_command *command, const char *address, int argc, char **argv) {
    client c = {.command = command};
    change ch = CHANGE_PLAIN;
    for (int option; client_option(&c, argc, argv, &option);)
        if (!change_fade(&c, &ch)) return CLI_USAGE;
    if (c.code >= 0) return c.code;
    if (!operands_are(command, argc, argv, 0)) return CLI_USAGE;
    return change_apply(&c, address, json_object(), &ch, command->name);
}

static const cli_option step_options[] = {CHANGE_FADE};

static int run_undo(int argc, char **argv) {
    return step(&command_undo, "/patch/undo", argc, argv);
}
static int run_redo(int argc, char **argv) {
    return step(&command_redo, "/patch/redo", argc, argv);
}

const cli_command command_undo = {
    .name = "undo",
    .operands = "",
    .doc = "undo the last edit of the patch",
    .examples = "  megasynth undo\n",
    .options = step_options,
    .option_count = COUNT_OF(step_options),
    .run = run_undo,
    .live = true,
};

const cli_command command_redo = {
    .name = "redo",
    .operands = "",
    .doc = "redo the last undone edit",
    .examples = "  megasynth redo\n",
    .options = step_options,
    .option_count = COUNT_OF(step_options),
    .run = run_redo,
    .live = true,
};
