// SPDX-License-Identifier: MIT
// tell -- messages, errors and reports, to the host's outlets and console.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

void synth_messages_add(synth_messages *m, const char *selector, const char *format, ...) {
    if (!m->list) m->list = json_array();
    json_t *message = json_array();
    json_array_append_new(message, json_string(selector));
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        if (*format == 's')
            json_array_append_new(message, json_string(va_arg(arguments, const char *)));
        else json_array_append_new(message, json_real(va_arg(arguments, double)));
    }
    va_end(arguments);
    json_array_append_new(m->list, message);
}

/// An object that is being made has no cords yet: what it tells then waits for the first tick.
static void keep(mega_adapter *a, const char *selector, size_t count, const mega_atom *atoms) {
    json_t *message = json_pack("[s]", selector);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(message, atoms[i].word ? json_string(atoms[i].word)
                                                     : json_real(atoms[i].number));
    if (!a->early.list) a->early.list = json_array();
    json_array_append_new(a->early.list, message);
}

void synth_tell(mega_adapter *a, mega_listener listener, const char *selector, size_t count,
                const mega_atom *atoms) {
    if (listener == MEGA_INFO && !a->ready_told) keep(a, selector, count, atoms);
    else if (listener == MEGA_INFO) a->host.info(a->host.context, selector, count, atoms);
    for (int i = 0; listener && i < SYNTH_LISTENERS_MAX; i++)
        if (a->listeners[i].number == listener)
            a->listeners[i].answer(a->listeners[i].context, selector, count, atoms);
}

static void tell_message(mega_adapter *a, mega_listener listener, const json_t *message) {
    const char *selector = json_string_value(json_array_get(message, 0));
    mega_atom *atoms = calloc(json_array_size(message), sizeof *atoms);
    size_t count = 0, i;
    json_t *value;
    json_array_foreach(message, i, value) {
        if (i && atoms)
            atoms[count++] = (mega_atom){json_string_value(value), json_number_value(value)};
    }
    if (selector) synth_tell(a, listener, selector, count, atoms);
    free(atoms);
}

void synth_tell_messages(mega_adapter *a, mega_listener listener, const synth_messages *messages) {
    size_t i;
    json_t *message;
    json_array_foreach(messages->list, i, message) tell_message(a, listener, message);
}

/// Nothing that was quoted may steer a console.
static void clean(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

static void tell(mega_adapter *a, const char *severity, const char *code, char *text) {
    clean(text);
    if (*severity == 'e') a->host.error(a->host.context, text);
    synth_tell(a, MEGA_INFO, severity, 2, (mega_atom[]){{code, 0}, {text, 0}});
}

void synth_tell_error(mega_adapter *a, const char *code, const char *format, ...) {
    char text[SYNTH_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(a, "error", code, text);
}

/// An operation in words: "connect lfo.out vca.amp". @return its length
static size_t operation_text(const json_t *op, char *text, size_t bytes) {
    static const char *const keys[] = {"op", "id", "knob", "param", "type", "from", "to", "count"};
    size_t length = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(op, keys[i]), *port = json_array_get(value, 1);
        const char *word = json_string_value(port ? json_array_get(value, 0) : value);
        int more = 0;
        if (!word || length >= bytes) continue;
        // param follows its node as it was written
        const char *between = !length ? "" : strcmp(keys[i], "param") == 0 ? "." : " ";
        more = snprintf(text + length, bytes - length, "%s%s%s%s", between, word, port ? "." : "",
                        port ? json_string_value(port) : "");
        length += more > 0 ? (size_t)more : 0;
    }
    return length;
}

/// "ops[2].param" -> its words: the message instead of a number that nobody gave.
static void name_operation(const json_t *operations, const char **path, char *text, size_t bytes) {
    char *end;
    if (strncmp(*path, "ops[", 4) != 0) return;
    const json_t *op = json_array_get(operations, strtoul(*path + 4, &end, 10));
    if (op && *end == ']' && operation_text(op, text, bytes)) *path = text;
}

void synth_operation_message(synth_messages *m, const char *selector, const json_t *operation) {
    char text[2 * SYNTH_NAME_BYTES + 200], *rest = text;
    if (!operation_text(operation, text, sizeof text)) return;
    if (!m->list) m->list = json_array();
    json_t *message = json_pack("[s]", selector);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        json_array_append_new(message, json_string(word));
    json_array_append_new(m->list, message);
}

void synth_tell_hint(mega_adapter *a, synth_hint hint, const char *format, ...) {
    if (a->hinted & (unsigned)hint) return;
    a->hinted |= (unsigned)hint;
    char text[SYNTH_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    clean(text);
    a->host.error(a->host.context, text);
    synth_tell(a, MEGA_INFO, "warning", 2, (mega_atom[]){{"hint", 0}, {text, 0}});
}

/// A hint of the engine that names a shell command means the message of the same name here.
static void put_hint(char *text, size_t bytes, const char *hint) {
    static const char shell[] = "`megasynth ";
    const char *at = strstr(hint, shell);
    if (!at) snprintf(text, bytes, "%s", hint);
    else snprintf(text, bytes, "%.*s`%s", (int)(at - hint), hint, at + sizeof shell - 1);
}

static void tell_diagnostic(mega_adapter *a, const char *what, const mega_diagnostic *d,
                            const json_t *operations) {
    char place[40] = "", text[SYNTH_TEXT_BYTES], message[120], hint[120];
    const char *path = d->path;
    if (operations) name_operation(operations, &path, message, sizeof message);
    else if (d->line) snprintf(place, sizeof place, "line %u column %u: ", d->line, d->column);
    put_hint(hint, sizeof hint, d->hint);
    snprintf(text, sizeof text, "%.60s%s%.90s%s%s%.120s%s%.80s", what, *what ? ": " : "", path,
             *path ? ": " : "", place, d->message, *hint ? "; " : "", hint);
    tell(a, d->severity == MEGA_SEVERITY_ERROR ? "error" : "warning", d->code, text);
}

/// Whether a warning was told before; it is noted as told.
static bool was_told(const mega_adapter *a, json_t *warned, const mega_diagnostic *d) {
    char key[SYNTH_TEXT_BYTES];
    snprintf(key, sizeof key, "%s %s %s", d->code, d->path, d->message);
    json_object_set_new(warned, key, json_null());
    return json_object_get(a->warned, key) != NULL;
}

void synth_tell_report(mega_adapter *a, const char *what, const mega_report *report,
                       const json_t *operations, mega_status status, bool of_document) {
    size_t count = report ? mega_report_count(report) : 0, told = 0, errors = 0, warnings = 0;
    json_t *warned = of_document ? json_object() : NULL;
    for (size_t i = 0; i < count; i++) {
        const mega_diagnostic *d = mega_report_get(report, i);
        bool error = d->severity == MEGA_SEVERITY_ERROR;
        if (warned && !error && was_told(a, warned, d)) continue;
        if (told++ < SYNTH_ERRORS_TOLD_MAX) tell_diagnostic(a, what, d, operations);
        else if (error) errors++;
        else warnings++;
    }
    if (warned) {
        json_decref(a->warned);
        a->warned = warned;
    }
    if (errors) synth_tell_error(a, "limit", "%s: and %zu more, not shown", what, errors);
    mega_atom more[] = {{"more", 0}, {NULL, (double)warnings}};
    if (warnings) synth_tell(a, MEGA_INFO, "warning", 2, more);
    if (status && (!report || !mega_report_error_count(report)))
        synth_tell_error(a, mega_status_name(status), "%s: %s", what,
                         status == MEGA_ERROR_MEMORY ? "out of memory" : mega_status_name(status));
}
