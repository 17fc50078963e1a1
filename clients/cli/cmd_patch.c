// SPDX-License-Identifier: MIT
// disasm, convert -- a patch in its other forms: the program it compiles to, and the other
// spellings.
#include <getopt.h>
#include <string.h>

#include "cli.h"

/// Reads the options of a command that has none. @return an exit code, or -1 to go on
static int no_options(const cli_command *command, int argc, char **argv, int operands) {
    int option = next_option(command, argc, argv);
    if (option == OPTIONS_HELP) return CLI_OK;
    if (option != OPTIONS_END || !operands_are(command, argc, argv, operands)) return CLI_USAGE;
    return -1;
}

// ---- disasm ------------------------------------------------------------------------------------

static int disassemble(const char *path, const mega_patch *patch) {
    mega_report *report = mega_report_create();
    char *text = NULL;
    mega_status status = report ? mega_patch_disassemble(patch, report, &text) : MEGA_ERROR_MEMORY;
    if (report) print_report(stderr, path, report, false);
    bool said = report && mega_report_error_count(report);
    mega_report_destroy(report);
    if (status != MEGA_OK) return said ? CLI_PATCH : status_exit(path, status);
    return print_text(text);
}

static int run_disasm(int argc, char **argv) {
    int code = no_options(&command_disasm, argc, argv, 1);
    if (code >= 0) return code;
    const char *path = argv[optind];
    mega_patch *patch = NULL;
    code = patch_open(path, false, &patch);
    if (code == CLI_OK) code = disassemble(path, patch);
    mega_patch_destroy(patch);
    return code;
}

const cli_command command_disasm = {
    .name = "disasm",
    .operands = "PATCH",
    .doc = "print the program that a patch compiles to",
    .examples = "  megasynth disasm examples/toy.json\n",
    .notes =
        "Each line is one instruction; its node follows the ;. Operands: s0 is a parameter or knob "
        "value,\n"
        "r0 a shared register, v0 a per-voice register, k0 a register kept for later phases, 0 "
        "silence.\nA value with one reader may be folded into that reader and needs no register: "
        "REDUCE v3 * (s1 + v2*0.2)\nis a gain with a cable on amp and the sum of the voices.\n",
    .run = run_disasm,
};

// ---- convert -----------------------------------------------------------------------------------

static int convert(const char *from, const char *to) {
    mega_format format = MEGA_FORMAT_JSON;
    bool printed = strcmp(to, "-") == 0;
    if (!printed && !mega_format_of_file(to, &format))
        return usage_error(&command_convert,
                           "%s: unknown file name ending; name it *.json, *.sexp or *.msgpack", to);
    mega_patch *patch = NULL;
    int code = patch_open(from, false, &patch);
    if (code != CLI_OK) return code;
    char *text = NULL;
    size_t bytes = 0;
    mega_status status = mega_patch_write(patch, format, &text, &bytes);
    mega_patch_destroy(patch);
    if (status != MEGA_OK) return status_exit(from, status);
    if (printed) printf("%.*s\n", (int)bytes, text); // main reports a full disk or a closed pipe
    else code = file_write(to, text, bytes) ? CLI_OK : CLI_FILE;
    mega_free(text);
    return code;
}

static int run_convert(int argc, char **argv) {
    int code = no_options(&command_convert, argc, argv, 2);
    return code >= 0 ? code : convert(argv[optind], argv[optind + 1]);
}

const cli_command command_convert = {
    .name = "convert",
    .operands = "IN OUT",
    .doc = "convert a patch to another format",
    .examples = "  megasynth convert my.json my.sexp       a format to read and write by hand\n"
                "  megasynth convert my.sexp -             prints JSON\n"
                "  megasynth convert my.sexp my.msgpack    a compact binary format\n",
    .notes =
        "The ending of OUT selects the format: .json, .sexp or .msgpack; OUT - prints JSON. All "
        "formats hold\nthe same patch; comments and layout are lost. The patch must be readable; "
        "it need not be playable.\n",
    .run = run_convert,
};
