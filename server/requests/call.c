// SPDX-License-Identifier: MIT
#include "requests/call.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "synths/sound.h"
#include "synths/synth.h"

// ---- arguments --------------------------------------------------------------------------------

static size_t find(const call *c, const char *key) {
    for (size_t i = 0; i < c->command->count; i++)
        if (strcmp(c->command->parsed[i].key, key) == 0) return i;
    assert(!"an argument that the command does not have");
    return 0;
}

const msgpack_object *arg_value(const call *c, const char *key) {
    const msgpack_object *value = &c->values[find(c, key)];
    return value->type == MSGPACK_OBJECT_NIL ? NULL : value;
}

bool arg_given(const call *c, const char *key) { return arg_value(c, key) != NULL; }

double arg_number(const call *c, const char *key, double otherwise) {
    const msgpack_object *value = arg_value(c, key);
    if (!value) return otherwise;
    switch (value->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER: return (double)value->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return (double)value->via.i64;
    default: return value->via.f64;
    }
}

int64_t arg_integer(const call *c, const char *key, int64_t otherwise) {
    const msgpack_object *value = arg_value(c, key);
    if (!value) return otherwise;
    switch (value->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER: return (int64_t)value->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return value->via.i64;
    default: return (int64_t)value->via.f64; // checked to be whole and in range
    }
}

bool arg_bool(const call *c, const char *key, bool otherwise) {
    const msgpack_object *value = arg_value(c, key);
    if (!value) return otherwise;
    return value->type == MSGPACK_OBJECT_BOOLEAN ? value->via.boolean : arg_number(c, key, 0) != 0;
}

const char *arg_text(const call *c, const char *key) { return c->texts[find(c, key)]; }

bool arg_within(call *c, const char *key, double min, double max) {
    if (!arg_given(c, key)) return true;
    double value = arg_number(c, key, min);
    if (value >= min && value <= max) return true;
    call_fail(c, CODE_BAD_VALUE, key, "out of range");
    call_note(c, "got", "%g", value);
    call_note(c, "want", "%g..%g", min, max);
    return false;
}

// ---- answers ----------------------------------------------------------------------------------

static void set_text(json_t *object, const char *key, const char *format, va_list rest) {
    char text[512];
    vsnprintf(text, sizeof text, format, rest);
    json_t *value = json_string(text);
    // cut within a character, or with bytes that came from outside
    json_object_set_new(object, key, value ? value : json_string("(no text)"));
}

void call_fail(call *c, code which, const char *path, const char *message, ...) {
    if (c->code) return;
    c->code = which;
    c->failure = json_object();
    if (path[0]) json_object_set_new(c->failure, "path", json_string(path));
    va_list rest;
    va_start(rest, message);
    set_text(c->failure, "message", message, rest);
    va_end(rest);
}

void call_note(call *c, const char *key, const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    if (c->failure) set_text(c->failure, key, format, rest);
    va_end(rest);
}

void call_forgive(call *c) {
    json_decref(c->failure);
    c->failure = NULL;
    c->code = CODE_NONE;
}

void call_hint_keys(call *c, const char *wrong, const json_t *object) {
    enum { KEYS_MAX = 1024 };
    const char *names[KEYS_MAX], *key;
    size_t count = 0;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) if (count < KEYS_MAX) names[count++] = key;
    const char *nearest = mega_nearest(wrong, names, count);
    if (nearest) call_note(c, "hint", "did you mean `%s`?", nearest);
}

/// The engine's words that are codes of the protocol too; all others are `patch`.
static code code_of(mega_status status, const char *word) {
    static const struct {
        const char *word;
        code code;
    } same[] = {{"cycle", CODE_CYCLE},         {"conflict", CODE_CONFLICT},
                {"limit", CODE_LIMIT},         {"no-memory", CODE_NO_MEMORY},
                {"not-found", CODE_NOT_FOUND}, {"bad-type", CODE_BAD_TYPE},
                {"bad-value", CODE_BAD_VALUE}, {"unsupported", CODE_UNSUPPORTED}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(word, same[i].word) == 0) return same[i].code;
    if (status == MEGA_ERROR_MEMORY) return CODE_NO_MEMORY;
    if (status == MEGA_ERROR_LIMIT) return CODE_LIMIT;
    return CODE_PATCH;
}

static json_t *error_of(const mega_diagnostic *d) {
    json_t *error =
        json_pack("{s:s, s:s, s:s}", "code", d->code, "path", d->path, "message", d->message);
    if (error && d->hint[0]) json_object_set_new(error, "hint", json_string(d->hint));
    if (error && d->line)
        json_object_update_new(
            error, json_pack("{s:i, s:i}", "line", (int)d->line, "column", (int)d->column));
    return error;
}

void call_fail_report(call *c, mega_status status, const mega_report *report) {
    if (c->code) return;
    json_t *errors = json_array();
    const mega_diagnostic *first = NULL;
    for (size_t i = 0; i < mega_report_count(report); i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        if (d->severity != MEGA_SEVERITY_ERROR) continue;
        if (!first) first = d;
        json_array_append_new(errors, error_of(d));
    }
    if (!first) {
        json_decref(errors);
        call_fail(c, code_of(status, ""), "", "refused: %s", mega_status_name(status));
        return;
    }
    call_fail(c, code_of(status, first->code), first->path, "%s", first->message);
    if (first->hint[0]) call_note(c, "hint", "%s", first->hint);
    if (first->line) json_object_set_new(c->failure, "line", json_integer(first->line));
    if (json_array_size(errors) > 1) json_object_set(c->failure, "errors", errors);
    json_decref(errors);
}

bool call_check(call *c, mega_status status) {
    switch (status) {
    case MEGA_OK: return true;
    case MEGA_ERROR_FULL:
        call_fail(c, CODE_FULL, "", "the queue to the audio role is full");
        call_note(c, "hint", "send less at once, or `at` later frames");
        return false;
    default: call_fail(c, CODE_INTERNAL, "", "refused: %s", mega_status_name(status)); return false;
    }
}

bool call_has_document(call *c) {
    if (c->synth->nodes && c->synth->state == SYNTH_LIVE) return true;
    call_fail(c, CODE_NOT_FOUND, "", "the synth `%s` has no patch", c->synth->name);
    call_note(c, "hint", "load one first: /patch/load, or `megasynth load FILE`");
    return false;
}

uint64_t call_frame_of_ns(const server *s, int64_t mono_ns, uint64_t *before) {
    int64_t frame = sound_frame_of(s->sound, mono_ns);
    *before = frame < 1 ? (uint64_t)(1 - frame) : 0;
    return frame < 1 ? 1 : (uint64_t)frame;
}

uint64_t call_engine_frame(const call *c) {
    return c->frame ? synth_engine_frame(c->synth, c->frame) : MEGA_NOW;
}
