// SPDX-License-Identifier: MIT
// report -- everything that is wrong with a document, collected; and the words for statuses.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/patch.h"

enum {
    ENTRIES_MAX =
        1000, // a report is read by a person; also bounds what a hostile document can make us keep
    TEXT_BYTES_MAX = 600,
};

struct mega_report {
    mega_diagnostic *entries;
    size_t count, capacity, errors;
    bool no_memory; ///< an entry was lost; `missing_entry` stands for it
    bool full;      ///< entries past the last were dropped; `full_entry` stands for them
};

static const mega_diagnostic missing_entry = {MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0,
                                              "out of memory",     ""};
static const mega_diagnostic full_entry = {
    MEGA_SEVERITY_ERROR, "limit", "", 0, 0, "more is wrong than the 1000 entries above", ""};

MEGA_CONTROL const char *mega_status_name(mega_status status) {
    switch (status) {
    case MEGA_OK: return "ok";
    case MEGA_ERROR_PATCH: return "patch";
    case MEGA_ERROR_MEMORY: return "memory";
    case MEGA_ERROR_LIMIT: return "limit";
    case MEGA_ERROR_NAME: return "name";
    case MEGA_ERROR_FULL: return "full";
    case MEGA_ERROR_FILE: return "file";
    case MEGA_ERROR_VALUE: return "value";
    }
    return "unknown";
}

MEGA_CONTROL void mega_free(void *memory) { free(memory); }

MEGA_CONTROL mega_report *mega_report_create(void) { return calloc(1, sizeof(mega_report)); }

MEGA_CONTROL void mega_report_clear(mega_report *report) {
    // code, path, message and hint of an entry share one allocation, which begins with the code
    for (size_t i = 0; i < report->count; i++) free((void *)report->entries[i].code);
    free(report->entries);
    *report = (mega_report){0};
}

MEGA_CONTROL void mega_report_destroy(mega_report *report) {
    if (!report) return;
    mega_report_clear(report);
    free(report);
}

MEGA_CONTROL size_t mega_report_count(const mega_report *report) {
    return report->count + report->no_memory + report->full;
}

MEGA_CONTROL const mega_diagnostic *mega_report_get(const mega_report *report, size_t index) {
    if (index < report->count) return &report->entries[index];
    if (index == report->count && report->no_memory) return &missing_entry;
    if (index == report->count + report->no_memory && report->full) return &full_entry;
    return NULL;
}

MEGA_CONTROL size_t mega_report_error_count(const mega_report *report) {
    return report->errors + report->no_memory;
}

/// Length of `text` cut to `bytes_max` without splitting a character.
static size_t cut_length(const char *text, size_t bytes_max) {
    size_t length = strlen(text);
    if (length <= bytes_max) return length;
    length = bytes_max;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    return length;
}

/// Appends to `*to`, NUL included. Texts quote the document: a control character must not reach a
/// terminal.
static const char *append(char **to, const char *text) {
    char *start = *to;
    size_t length = cut_length(text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        start[i] = c < 0x20 || c == 0x7F ? '?' : text[i];
    }
    start[length] = 0;
    *to = start + length + 1;
    return start;
}

static bool grow(mega_report *report) {
    if (report->count < report->capacity) return true;
    size_t capacity = report->capacity ? report->capacity * 2 : 8;
    mega_diagnostic *entries = realloc(report->entries, capacity * sizeof *entries);
    if (!entries) return false;
    report->entries = entries;
    report->capacity = capacity;
    return true;
}

void mega_report_add(mega_report *report, mega_severity severity, const char *code,
                     const char *path, uint32_t line, uint32_t column, const char *hint,
                     const char *message, ...) {
    if (!report) return;
    if (severity == MEGA_SEVERITY_ERROR) report->errors++;
    if (report->count == ENTRIES_MAX) {
        report->full = true;
        return;
    }
    char text[TEXT_BYTES_MAX + 1];
    va_list arguments;
    va_start(arguments, message);
    vsnprintf(text, sizeof text, message, arguments);
    va_end(arguments);
    if (!hint) hint = "";
    size_t bytes = cut_length(code, TEXT_BYTES_MAX) + cut_length(path, TEXT_BYTES_MAX) +
                   cut_length(text, TEXT_BYTES_MAX) + cut_length(hint, TEXT_BYTES_MAX) + 4;
    char *copy = grow(report) ? malloc(bytes) : NULL;
    if (!copy) {
        if (severity == MEGA_SEVERITY_ERROR) report->errors--; // `no_memory` counts for it
        report->no_memory = true;
        return;
    }
    mega_diagnostic *entry = &report->entries[report->count++];
    *entry = (mega_diagnostic){.severity = severity, .line = line, .column = column};
    entry->code = append(&copy, code);
    entry->path = append(&copy, path);
    entry->message = append(&copy, text);
    entry->hint = append(&copy, hint);
}

MEGA_CONTROL size_t mega_diagnostic_text(const mega_diagnostic *diagnostic, char *buffer,
                                         size_t bytes) {
    char place[32] = "";
    if (diagnostic->line)
        snprintf(place, sizeof place, "%s%u:%u", *diagnostic->path ? ":" : "", diagnostic->line,
                 diagnostic->column);
    bool placed = *diagnostic->path || *place;
    int length = snprintf(buffer, bytes, "%s: %s%s%s%s: %s%s%s",
                          diagnostic->severity == MEGA_SEVERITY_ERROR ? "error" : "warning",
                          diagnostic->code, placed ? " " : "", diagnostic->path, place,
                          diagnostic->message, *diagnostic->hint ? "; " : "", diagnostic->hint);
    return length < 0 ? 0 : (size_t)length;
}

// ---- the nearest name -------------------------------------------------------------------------

enum { NAME_BYTES_MAX = 64 };

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/// Insertions, deletions, substitutions and swaps of neighbours from `a` to `b`, case aside.
/// F. J. Damerau, "A technique for computer detection and correction of spelling errors", CACM
/// 1964.
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][NAME_BYTES_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++) last[j] = before[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = least(least(row[j - 1], last[j]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_length];
}

const char *mega_nearest(const char *wrong, const char *const *names, size_t count) {
    size_t wrong_length = strlen(wrong);
    if (wrong_length == 0 || wrong_length > NAME_BYTES_MAX) return NULL;
    const char *best = NULL;
    size_t best_distance = wrong_length / 3 + 2; // one more than may differ
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        size_t apart = length > wrong_length ? length - wrong_length : wrong_length - length;
        if (length == 0 || length > NAME_BYTES_MAX || apart >= best_distance) continue;
        size_t d = distance(wrong, wrong_length, names[i], length);
        if (d < best_distance && d < length && d < wrong_length) {
            best = names[i];
            best_distance = d;
        }
    }
    // `sine` for `osc.sine`, `resonance` for `res`: nothing is near, but one name holds the other
    for (size_t i = 0; !best && wrong_length >= 3 && i < count; i++) {
        size_t length = strlen(names[i]);
        if (strstr(names[i], wrong) || (length >= 3 && strncmp(wrong, names[i], length) == 0))
            best = names[i];
    }
    return best;
}
