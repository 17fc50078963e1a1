// SPDX-License-Identifier: MIT
// check -- every error and warning of a patch, as lines for people or JSON for machines.
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>

#include "cli.h"

enum { JSON };
static const cli_option options[] = {
    [JSON] = {"json", '\0', NULL, "print the report as JSON"},
};

static json_t *diagnostic_json(const mega_diagnostic *d) {
    return json_pack("{ss ss ss sI sI ss ss}", "severity",
                     d->severity == MEGA_SEVERITY_ERROR ? "error" : "warning", "code", d->code,
                     "path", d->path, "line", (json_int_t)d->line, "column", (json_int_t)d->column,
                     "message", d->message, "hint", d->hint);
}

static json_t *report_json(const char *path, const mega_report *report) {
    json_t *list = json_array();
    for (size_t i = 0; i < mega_report_count(report); i++)
        json_array_append_new(list, diagnostic_json(mega_report_get(report, i)));
    size_t errors = mega_report_error_count(report);
    return json_pack("{ss sb sI sI so}", "file", path, "ok", errors == 0, "errors",
                     (json_int_t)errors, "warnings",
                     (json_int_t)(mega_report_count(report) - errors), "diagnostics", list);
}

static void print_summary(const char *path, const mega_patch *patch, const mega_report *report) {
    size_t errors = mega_report_error_count(report);
    size_t warnings = mega_report_count(report) - errors;
    char count[64] = "";
    if (warnings) snprintf(count, sizeof count, ", %zu warning%s", warnings, &"s"[warnings == 1]);
    if (errors) {
        printf("%s: %zu error%s%s\n", path, errors, &"s"[errors == 1], count);
        return;
    }
    size_t nodes = mega_patch_node_count(patch), per_voice = 0;
    for (size_t i = 0; i < nodes; i++) per_voice += mega_patch_node(patch, i).per_voice;
    size_t cables = mega_patch_cable_count(patch), knobs = mega_patch_knob_count(patch);
    uint32_t voices = mega_patch_voices(patch);
    printf("%s: good%s: %zu node%s (%zu per voice), %zu cable%s, %zu knob%s, %u voice%s\n", path,
           count, nodes, &"s"[nodes == 1], per_voice, cables, &"s"[cables == 1], knobs,
           &"s"[knobs == 1], voices, &"s"[voices == 1]);
}

/// @param found takes the report as JSON; NULL: it is printed
static int check(const char *path, json_t *found) {
    mega_report *report = mega_report_create();
    if (!report) return status_exit(path, MEGA_ERROR_MEMORY);
    mega_patch *patch = NULL;
    int code = patch_read(path, report, &patch);
    if (code == CLI_OK) {
        mega_status status = mega_patch_check(patch, report);
        if (mega_report_error_count(report)) code = CLI_PATCH;
        else code = status_exit(path, status);
    }
    if (code != CLI_FILE) {
        if (found) {
            json_array_append_new(found, report_json(path, report));
        } else {
            print_report(stdout, path, report, false);
            print_summary(path, patch, report);
        }
    }
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    return code;
}

/// One file as an object, several as a list of them.
static int print_json(const json_t *found, bool several) {
    const json_t *root = several ? found : json_array_get(found, 0);
    if (!root) return CLI_OK; // the only file could not be read, which has been said
    char *text = json_dumps(root, JSON_INDENT(2));
    if (!text) return status_exit("check", MEGA_ERROR_MEMORY);
    puts(text);
    free(text);
    return CLI_OK;
}

static int run(int argc, char **argv) {
    bool json = false;
    for (int option; (option = next_option(&command_check, argc, argv)) != OPTIONS_END;) {
        if (option == OPTIONS_HELP) return CLI_OK;
        if (option == OPTIONS_WRONG) return CLI_USAGE;
        json = true;
    }
    if (optind == argc) operands_are(&command_check, argc, argv, 1);
    if (optind == argc) return CLI_USAGE;
    json_t *found = json ? json_array() : NULL;
    int worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        int code = check(argv[i], found);
        if (code > worst) worst = code; // a file that cannot be read weighs more than a wrong patch
    }
    int printed = found ? print_json(found, argc - optind > 1) : CLI_OK;
    json_decref(found);
    return printed == CLI_OK ? worst : printed;
}

const cli_command command_check = {
    .name = "check",
    .operands = "PATCH ...",
    .doc = "report all errors of a patch, each with its location",
    .examples = "  megasynth check my.json            each error and warning on its own line\n"
                "  megasynth check examples/*.json    checks several files\n"
                "  megasynth check my.sexp --json     prints JSON, for editors and scripts\n",
    .notes =
        "Each line is FILE:LINE:COLUMN: error: PATH: message; hint. --json prints an object with "
        "the keys\nfile, ok, errors, warnings and diagnostics (severity, code, path, line, column, "
        "message, hint);\nfor several files, a list of such objects.\n"
        "Exit status: 0 if every patch is valid (warnings allowed), 1 if not.\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
};
