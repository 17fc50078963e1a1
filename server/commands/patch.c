// SPDX-License-Identifier: MIT
// patch -- documents: loaded, edited, read. All on the builder.
#include "commands/change.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "synths/sound.h"

// ---- the document that a call brings
// ------------------------------------------------------------------

static mega_patch *read_text(call *c, const void *text, size_t bytes, mega_format format) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, bytes, format, report);
    if (!patch) call_fail_report(c, MEGA_ERROR_PATCH, report);
    mega_report_destroy(report);
    return patch;
}

static mega_patch *read_map(call *c, const msgpack_object *map) {
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    mega_patch *patch = NULL;
    if (msgpack_pack_object(&packer, *map) == 0)
        patch = read_text(c, bytes.data, bytes.size, MEGA_FORMAT_MSGPACK);
    else call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    msgpack_sbuffer_destroy(&bytes);
    return patch;
}

static bool format_of(call *c, const char *word, mega_format *format) {
    if (!word || strcmp(word, "json") == 0) *format = MEGA_FORMAT_JSON;
    else if (strcmp(word, "sexp") == 0) *format = MEGA_FORMAT_SEXP;
    else {
        call_fail(c, CODE_BAD_VALUE, "format", "no such format: %s", word);
        call_note(c, "want", "json or sexp");
        return false;
    }
    return true;
}

static mega_patch *read_file(call *c, const char *path) {
    char cause[256];
    mega_format format;
    size_t bytes;
    if (!mega_format_of_file(path, &format)) {
        call_fail(c, CODE_BAD_VALUE, "file",
                  "a name that ends in .json, .sexp or .msgpack is wanted");
        return NULL;
    }
    int file = file_open_below(c->server->options->root, path, 0, cause, sizeof cause);
    char *text =
        file < 0 ? NULL : file_read_open(file, limit_file_bytes_max, &bytes, cause, sizeof cause);
    if (!text) {
        call_fail(c, CODE_FILE, "file", "%s: %s", path, cause);
        return NULL;
    }
    mega_patch *patch = read_text(c, text, bytes, format);
    free(text);
    return patch;
}

mega_patch *change_read_patch(call *c) {
    int given = arg_given(c, "patch") + arg_given(c, "text") + arg_given(c, "file");
    if (given != 1) {
        call_fail(c, CODE_BAD_TYPE, "patch", "one of `patch`, `text` and `file` is wanted");
        return NULL;
    }
    if (arg_given(c, "patch")) return read_map(c, arg_value(c, "patch"));
    if (arg_given(c, "file")) return read_file(c, arg_text(c, "file"));
    mega_format format;
    if (!format_of(c, arg_text(c, "format"), &format)) return NULL;
    return read_text(c, arg_text(c, "text"), strlen(arg_text(c, "text")), format);
}

// ---- commands
// -----------------------------------------------------------------------------------------

void command_patch_load(call *c) {
    mega_patch *patch = change_read_patch(c);
    if (!patch) return;
    change_to_patch(c, patch);
    mega_patch_destroy(patch);
}

void command_patch_edit(call *c) {
    msgpack_sbuffer bytes;
    if (!arg_given(c, "ops")) {
        call_fail(c, CODE_BAD_TYPE, "ops", "an argument is missing");
        return;
    }
    msgpack_packer packer;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    if (msgpack_pack_object(&packer, *arg_value(c, "ops")) == 0)
        change_by_list(c, bytes.data, bytes.size, MEGA_FORMAT_MSGPACK);
    else call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    msgpack_sbuffer_destroy(&bytes);
}

void command_patch_get(call *c) {
    const mega_patch *patch = change_document(c);
    const char *word = arg_text(c, "format");
    mega_format format;
    char *text;
    size_t bytes;
    if (!patch || !format_of(c, word, &format)) return;
    if (mega_patch_write(patch, format, &text, &bytes) != MEGA_OK) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return;
    }
    json_int_t rev = (json_int_t)mega_rev(c->synth->input.engine);
    c->answer =
        word ? json_pack("{s:s, s:I}", "text", text, "rev", rev)
             : json_pack("{s:o, s:I}", "patch", json_loadb(text, bytes, 0, NULL), "rev", rev);
    mega_free(text);
}
