// SPDX-License-Identifier: MIT
// save -- the patch that a server plays, as it sounds now, or one of a state file, as a document.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/client.h"

enum { FORCE, STATE };
enum { STATE_BYTES_MAX = (256 << 20) + 1 }; // what a server writes

static const cli_option options[] = {
    [FORCE] = {"force", '\0', NULL, "overwrite an existing file"},
    [STATE] = {"state", '\0', "STATE", "read the patch from a state file instead of a server"},
};

/// Whether the file may be written. @return an exit code
static int may_write(const char *path, bool force, mega_format *format) {
    if (strcmp(path, "-") == 0) {
        *format = MEGA_FORMAT_JSON;
    } else if (!mega_format_of_file(path, format)) {
        say("%s: unknown file name ending; name patches *.json, *.sexp or *.msgpack", path);
        return CLI_FILE;
    } else if (!force && !is_special(path) && access(path, F_OK) == 0) {
        say("%s exists; --force overwrites it", path);
        return CLI_FILE;
    }
    return CLI_OK;
}

/// Writes a JSON document in the format of the file. @return an exit code
static int write_document(const char *from, const char *json, const char *path,
                          mega_format format) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(from, MEGA_ERROR_MEMORY);
    mega_patch *patch = mega_patch_read(json, strlen(json), MEGA_FORMAT_JSON, report);
    print_report(stderr, from, report, true);
    mega_report_destroy(report);
    if (!patch) return CLI_PATCH;
    char *text = NULL;
    size_t bytes = 0;
    mega_status status = mega_patch_write(patch, format, &text, &bytes);
    mega_patch_destroy(patch);
    if (status != MEGA_OK) return status_exit(from, status);
    if (strcmp(path, "-") == 0) return print_text(text);
    int code = file_write(path, text, bytes) ? CLI_OK : CLI_FILE;
    mega_free(text);
    return code;
}

static int save_of_state(const client *c, const char *state_file, const char *path,
                         mega_format format) {
    size_t bytes;
    json_error_t error;
    const char *name = c->synth ? c->synth : "main";
    char *data = file_read(state_file, STATE_BYTES_MAX, &bytes);
    if (!data) return CLI_FILE;
    json_t *state = json_loadb(data, bytes, JSON_REJECT_DUPLICATES, &error);
    free(data);
    const json_t *synth = json_object_get(json_object_get(state, "synths"), name);
    const json_t *patch = json_object_get(synth, "patch");
    char *text = patch ? json_dumps(patch, JSON_INDENT(2)) : NULL;
    int code = CLI_PATCH;
    if (!state) say("%s:%d:%d: error: %s", state_file, error.line, error.column, error.text);
    else if (!text)
        say("%s: contains no patch for synth `%s`; choose another with --synth", state_file, name);
    else code = write_document(state_file, text, path, format);
    free(text);
    json_decref(state);
    return code;
}

static int save_of_server(client *c, const char *path, mega_format format) {
    char room[320];
    if (!client_open(c)) return c->code;
    json_t *answer =
        client_call(c, client_address(c, "/patch/get", room), json_pack("{s:s}", "format", "json"));
    if (!answer) return client_close(c);
    c->code = write_document("the server's patch", text_in(answer, "text"), path, format);
    if (c->code == CLI_OK && c->json) {
        json_object_del(answer, "text");
        print_json_line(answer);
    }
    json_decref(answer);
    return client_close(c);
}

static int run(int argc, char **argv) {
    client c = {.command = &command_save};
    bool force = false;
    const char *state_file = NULL;
    for (int option; client_option(&c, argc, argv, &option);) {
        if (option == FORCE) force = true;
        else state_file = optarg;
    }
    if (c.code >= 0) return c.code;
    if (!operands_are(c.command, argc, argv, 1)) return CLI_USAGE;
    mega_format format;
    int code = may_write(argv[optind], force, &format);
    if (code != CLI_OK) return code;
    return state_file ? save_of_state(&c, state_file, argv[optind], format)
                      : save_of_server(&c, argv[optind], format);
}

const cli_command command_save = {
    .name = "save",
    .operands = "FILE",
    .doc = "save the patch with its live values to a file",
    .examples = "  megasynth save mine.json                 with current knobs and parameters\n"
                "  megasynth save bass.sexp --synth bass    the ending selects the format\n"
                "  megasynth save mine.json --state ~/.local/state/megasynth/main.json\n",
    .notes = "The saved patch sounds as the server does now, in every program of Megasynth. FILE - "
             "prints JSON.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
    .live = true,
};
