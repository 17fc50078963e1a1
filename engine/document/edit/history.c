// SPDX-License-Identifier: MIT
// history -- undo and redo of a session's edits, bounded.
//
// One array: before `at` the lists that undo, the newest last; from `at` on those that redo, the
// next one first. A step replaces a list by its inverse, in its place.
#include <stdlib.h>
#include <string.h>

#include "document/edit.h"

struct mega_history {
    uint64_t rev;
    char *lists[MEGA_HISTORY_EDITS_MAX];
    size_t at, count, bytes;
};

mega_history *mega_history_create(void) { return calloc(1, sizeof(mega_history)); }

/// Forgets lists `from` to before `to`.
static void forget(mega_history *h, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        h->bytes -= strlen(h->lists[i]) + 1;
        free(h->lists[i]);
    }
    memmove(h->lists + from, h->lists + to, (h->count - to) * sizeof *h->lists);
    h->count -= to - from;
    if (h->at > from) h->at -= (h->at < to ? h->at : to) - from;
}

void mega_history_destroy(mega_history *history) {
    if (!history) return;
    forget(history, 0, history->count);
    free(history);
}

uint64_t mega_history_rev(const mega_history *history) { return history->rev; }

bool mega_history_current(const mega_history *history, uint64_t rev, mega_report *report) {
    if (rev == history->rev) return true;
    mega_report_add(report, MEGA_SEVERITY_ERROR, "conflict", "rev", 0, 0,
                    "read the document again, and edit that",
                    "the edit was made for revision %llu, the document is at %llu",
                    (unsigned long long)rev, (unsigned long long)history->rev);
    return false;
}

static char *copy_of(const char *text) {
    char *copy = text ? malloc(strlen(text) + 1) : NULL;
    return copy ? strcpy(copy, text) : NULL;
}

/// The oldest go first; what can be redone goes when nothing else is left.
static void hold_limits(mega_history *h) {
    while (h->count > 0 && h->bytes > MEGA_HISTORY_BYTES_MAX) {
        if (h->at > 0) forget(h, 0, 1);
        else forget(h, h->count - 1, h->count);
    }
}

/// Whether a list holds no operation: the edit changed nothing, as an equal `add`.
static bool is_empty(const char *list) { return list && strspn(list, "[ \n]") == strlen(list); }

void mega_history_push(mega_history *history, const char *inverse) {
    history->rev++;
    forget(history, history->at, history->count);
    if (is_empty(inverse)) return; // to undo it would do nothing
    char *copy = copy_of(inverse);
    if (!copy) {
        forget(history, 0, history->count);
        return;
    }
    if (history->count == MEGA_HISTORY_EDITS_MAX) forget(history, 0, 1);
    history->lists[history->count++] = copy;
    history->at = history->count;
    history->bytes += strlen(copy) + 1;
    hold_limits(history);
}

const char *mega_history_peek(const mega_history *history, mega_direction direction) {
    if (mega_history_count(history, direction) == 0) return NULL;
    return history->lists[direction == MEGA_UNDO ? history->at - 1 : history->at];
}

void mega_history_step(mega_history *history, mega_direction direction, const char *inverse) {
    if (mega_history_count(history, direction) == 0) return;
    size_t place = direction == MEGA_UNDO ? --history->at : history->at++;
    char *copy = copy_of(inverse);
    history->rev++;
    if (!copy) { // what lies beyond it cannot be reached any more
        if (direction == MEGA_UNDO) forget(history, place, history->count);
        else forget(history, 0, place + 1);
        return;
    }
    history->bytes += strlen(copy);
    history->bytes -= strlen(history->lists[place]);
    free(history->lists[place]);
    history->lists[place] = copy;
    hold_limits(history);
}

size_t mega_history_count(const mega_history *history, mega_direction direction) {
    return direction == MEGA_UNDO ? history->at : history->count - history->at;
}

size_t mega_history_bytes(const mega_history *history) { return history->bytes; }
