// SPDX-License-Identifier: MIT
// patch -- documents: loaded, edited, read. All on the builder.
#include "requests/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/below.h"
#include "synths/mixer.h"

// ---- the document that a call brings ----------------------------------------------------------

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
                  "unknown file name ending; name patches *.json, *.sexp or *.msgpack");
        return NULL;
    }
    int file;
    below_status status = below_open(c->server->options->root, path, "", BELOW_READ, false, &file,
                                     cause, sizeof cause);
    char *text = status == BELOW_OK
                     ? below_read_all(file, limit_file_bytes_max, &bytes, cause, sizeof cause)
                     : NULL;
    if (!text) {
        call_fail(c, CODE_FILE, "file", "%s", cause);
        return NULL;
    }
    mega_patch *patch = read_text(c, text, bytes, format);
    free(text);
    return patch;
}

/// The patch that a call brings as `patch`, `text` or `file`. NULL, having failed.
static mega_patch *read_patch(call *c) {
    int given = arg_given(c, "patch") + arg_given(c, "text") + arg_given(c, "file");
    if (given != 1) {
        call_fail(c, CODE_BAD_TYPE, "patch", "give exactly one of `patch`, `text` and `file`");
        return NULL;
    }
    if (arg_given(c, "patch")) return read_map(c, arg_value(c, "patch"));
    if (arg_given(c, "file")) return read_file(c, arg_text(c, "file"));
    mega_format format;
    if (!format_of(c, arg_text(c, "format"), &format)) return NULL;
    return read_text(c, arg_text(c, "text"), strlen(arg_text(c, "text")), format);
}

// ---- whole documents, and lists ---------------------------------------------------------------

void command_patch_load(call *c) {
    mega_patch *patch = read_patch(c);
    if (patch) change_to_patch(c, patch);
}

/// A value as MessagePack, for the engine. @return false, having failed
static bool pack(call *c, const msgpack_object *value, msgpack_sbuffer *bytes) {
    msgpack_packer packer;
    msgpack_sbuffer_init(bytes);
    msgpack_packer_init(&packer, bytes, msgpack_sbuffer_write);
    if (msgpack_pack_object(&packer, *value) == 0) return true;
    msgpack_sbuffer_destroy(bytes);
    call_fail(c, CODE_NO_MEMORY, "", "out of memory");
    return false;
}

void command_patch_edit(call *c) {
    if (!arg_given(c, "ops")) call_fail(c, CODE_BAD_TYPE, "ops", "an argument is missing");
    else change_by_list(c, payload_to_json(arg_value(c, "ops")));
}

void command_patch_undo(call *c) { change_step(c, false); }
void command_patch_redo(call *c) { change_step(c, true); }

void command_patch_cancel(call *c) {
    if (!change_document(c)) return;
    mega_report *report = mega_report_create();
    uint64_t number = (uint64_t)arg_integer(c, "scheduled", 0);
    mega_status status = mega_change_cancel(c->synth->input.engine, number, report);
    if (status == MEGA_ERROR_NAME)
        call_fail(c, CODE_NOT_FOUND, "scheduled", "no scheduled edit has this number");
    else if (status) call_fail_report(c, status, report);
    mega_report_destroy(report);
}

// ---- read -------------------------------------------------------------------------------------

static void write_document(call *c, const mega_patch *patch, const char *word, mega_format format) {
    char *text;
    size_t bytes;
    if (!patch || mega_patch_write(patch, format, &text, &bytes) != MEGA_OK) {
        call_fail(c, CODE_NO_MEMORY, "", "out of memory");
        return;
    }
    json_int_t rev = (json_int_t)mega_rev(c->synth->input.engine);
    c->answer =
        word ? json_pack("{s:s, s:I}", "text", text, "rev", rev)
             : json_pack("{s:o, s:I}", "patch", json_loadb(text, bytes, 0, NULL), "rev", rev);
    mega_free(text);
}

void command_patch_get(call *c) {
    const mega_patch *written = change_document(c);
    const char *word = arg_text(c, "format");
    mega_format format;
    if (!written || !format_of(c, word, &format)) return;
    if (arg_bool(c, "written", false)) {
        write_document(c, written, word, format);
        return;
    }
    mega_patch *now = mega_snapshot(c->synth->input.engine);
    write_document(c, now, word, format);
    mega_patch_destroy(now);
}

void command_patch_disasm(call *c) {
    const mega_patch *patch = change_document(c);
    char *text;
    if (!patch) return;
    mega_report *report = mega_report_create();
    mega_status status = mega_patch_disassemble(patch, report, &text);
    if (status) {
        call_fail_report(c, status, report);
    } else {
        c->answer = json_pack("{s:s}", "text", text);
        mega_free(text);
    }
    mega_report_destroy(report);
}

// ---- check ------------------------------------------------------------------------------------

/// Seconds that rendering a second takes.
static double load_of(mega_engine *engine) {
    enum { BLOCKS = 100 };
    static float room[2][MIXER_SLICE_FRAMES]; // the builder's
    float *out[2] = {room[0], room[1]};
    uint64_t began = now_ns();
    for (int i = 0; i < BLOCKS; i++) mega_render(engine, NULL, out, MIXER_SLICE_FRAMES);
    return (double)(now_ns() - began) * 1e-9 * mega_rate(engine) / (BLOCKS * MIXER_SLICE_FRAMES);
}

/// Tried on an engine of its own: what it takes of memory, and of a core.
static void measure(call *c, const mega_patch *patch, mega_report *report) {
    mega_options like = {.rate = mega_rate(c->synth->input.engine),
                         .output_channels = 2,
                         .memory_bytes_max = c->server->options->memory_bytes_max};
    mega_engine *engine = mega_create(&like, report);
    if (engine && mega_load(engine, patch, report) == MEGA_OK) {
        load_of(engine); // it starts, and caches warm
        double rest = load_of(engine);
        mega_note_on(engine, MEGA_NOW, 60, 0.8f, NULL);
        double voice = load_of(engine);
        json_int_t memory = (json_int_t)mega_counters_get(engine).memory_bytes;
        json_object_update_new(c->answer, json_pack("{s:I, s:{s:f, s:f}}", "memory", memory, "cost",
                                                    "rest", rest, "voice", voice));
    }
    mega_destroy(engine);
}

static mega_patch *edited(call *c, mega_report *report) {
    const mega_patch *before = change_base(c);
    msgpack_sbuffer bytes;
    if (!before || !pack(c, arg_value(c, "ops"), &bytes)) return NULL;
    mega_patch *after =
        mega_patch_edit(before, bytes.data, bytes.size, MEGA_FORMAT_MSGPACK, report, NULL);
    if (!after) call_fail_report(c, MEGA_ERROR_PATCH, report);
    msgpack_sbuffer_destroy(&bytes);
    return after;
}

void command_patch_check(call *c) {
    if (!change_engine(c)) return;
    mega_report *report = mega_report_create();
    mega_patch *patch = arg_given(c, "ops") ? edited(c, report) : read_patch(c);
    mega_status status = patch ? mega_patch_check(patch, report) : MEGA_OK;
    if (status) call_fail_report(c, status, report);
    if (patch && !status) {
        c->answer =
            json_pack("{s:b, s:o, s:i, s:i, s:i}", "ok", true, "warnings", change_warnings(report),
                      "nodes", (int)mega_patch_node_count(patch), "cables",
                      (int)mega_patch_cable_count(patch), "voices", (int)mega_patch_voices(patch));
        measure(c, patch, report);
    }
    mega_patch_destroy(patch);
    mega_report_destroy(report);
}

// ---- profile ----------------------------------------------------------------------------------

void command_patch_profile(call *c) {
    mega_engine *engine = change_engine(c);
    if (!engine) return;
    if (arg_given(c, "on")) {
        c->synth->profiled = arg_bool(c, "on", false);
        mega_profile(engine, c->synth->profiled);
    }
    json_t *modules = json_object();
    const char *type;
    double ns;
    for (size_t i = 0; mega_profile_get(engine, i, &type, &ns); i++)
        if (ns > 0) json_object_set_new(modules, type, json_real(ns));
    c->answer = json_pack("{s:b, s:o}", "on", c->synth->profiled, "modules", modules);
}
