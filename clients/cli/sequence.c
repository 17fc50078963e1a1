// SPDX-License-Identifier: MIT
// sequence -- events at frames, sorted for a player.
#include "sequence.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void sequence_finish(sequence *s) {
    for (size_t i = 0; i < s->name_count; i++) {
        free(s->names[i].node);
        free(s->names[i].port);
        free(s->names[i].choice);
    }
    for (size_t i = 0; i < s->edit_count; i++) free(s->edits[i].operations);
    free(s->names);
    free(s->edits);
    free(s->events);
    *s = (sequence){0};
}

/// Makes room for one more. @return false without memory
static bool grow(void **items, size_t count, size_t *room, size_t item_bytes) {
    if (count < *room) return true;
    size_t more = *room ? *room * 2 : 64;
    void *grown = realloc(*items, more * item_bytes);
    if (!grown) return false;
    *items = grown;
    *room = more;
    return true;
}

static bool add(sequence *s, event e) {
    if (s->count == SEQUENCE_EVENTS_MAX) return false;
    if (!grow((void **)&s->events, s->count, &s->room, sizeof *s->events)) return false;
    e.order = (uint32_t)s->count;
    e.item = s->item;
    e.line = s->line;
    s->events[s->count++] = e;
    return true;
}

static uint64_t frame_of(const sequence *s, double seconds) {
    return (uint64_t)llround(seconds * s->rate);
}

bool sequence_note(sequence *s, double at_seconds, double length_seconds, double key,
                   double velocity, int32_t id) {
    uint64_t on = frame_of(s, at_seconds), off = frame_of(s, at_seconds + length_seconds);
    if (off <= on) off = on + 1; // a note of no length would never be heard
    int32_t note = s->note_count++;
    return add(s, (event){.frame = on,
                          .kind = EVENT_NOTE_ON,
                          .target = note,
                          .note = id,
                          .value = (float)key,
                          .detail = (float)velocity}) &&
           add(s, (event){.frame = off, .kind = EVENT_NOTE_OFF, .target = note, .note = -1});
}

bool sequence_event(sequence *s, double at_seconds, event e) {
    e.frame = frame_of(s, at_seconds);
    return add(s, e);
}

bool sequence_change(sequence *s, double at_seconds, sequence_edit edit) {
    if (!grow((void **)&s->edits, s->edit_count, &s->edit_room, sizeof *s->edits)) {
        free(edit.operations);
        return false;
    }
    s->edits[s->edit_count] = edit;
    return add(s, (event){.frame = frame_of(s, at_seconds),
                          .kind = EVENT_EDIT,
                          .target = (int32_t)s->edit_count++,
                          .note = -1});
}

int32_t sequence_name_add(sequence *s, const char *node, const char *port, const char *choice) {
    if (s->name_count == SEQUENCE_NAMES_MAX ||
        !grow((void **)&s->names, s->name_count, &s->name_room, sizeof *s->names))
        return -1;
    sequence_name *name = &s->names[s->name_count];
    *name = (sequence_name){.node = node ? strdup(node) : NULL,
                            .port = strdup(port),
                            .choice = choice ? strdup(choice) : NULL};
    int32_t number = (int32_t)s->name_count++; // counted from here on: it is freed with the others
    return name->port && (name->node || !node) && (name->choice || !choice) ? number : -1;
}

/// Takes effect with a block, before all else there.
static bool is_of_block(const event *e) { return e->kind == EVENT_EDIT || e->kind == EVENT_PANIC; }

uint64_t event_due(const event *e) {
    return is_of_block(e) ? e->frame - e->frame % SEQUENCE_GRID_FRAMES : e->frame;
}

/// The lane that a release frees first is there for the note that starts.
static int rank(const event *e) { return is_of_block(e) ? 0 : e->kind == EVENT_NOTE_OFF ? 1 : 2; }

static int compare(const void *a_, const void *b_) {
    const event *a = a_, *b = b_;
    uint64_t a_due = event_due(a), b_due = event_due(b);
    if (a_due != b_due) return a_due < b_due ? -1 : 1;
    if (rank(a) != rank(b)) return rank(a) - rank(b);
    if (a->frame != b->frame) return a->frame < b->frame ? -1 : 1; // edits of one block
    return a->order < b->order ? -1 : a->order > b->order;
}

void sequence_sort(sequence *s) {
    if (s->count) qsort(s->events, s->count, sizeof *s->events, compare);
}

uint64_t sequence_end(const sequence *s) {
    return s->count ? event_due(&s->events[s->count - 1]) + 1 : 0;
}

uint64_t sequence_settled(const sequence *s) {
    uint64_t now = 0, next = 0; // end of the fade under way, and of what waits for it
    for (size_t i = 0; i < s->count; i++) {
        const event *e = &s->events[i];
        if (e->kind != EVENT_EDIT) continue;
        // what goes may have to fade before what comes does
        uint64_t length = 2 * SEQUENCE_GRID_FRAMES +
                          (uint64_t)(2 * s->edits[e->target].fade_ms * 0.001 * s->rate);
        if (e->frame >= now) now = next; // that is under way since
        if (e->frame >= now) now = next = e->frame + length;
        else next = now + length; // it waits; those that do become one
    }
    uint64_t end = sequence_end(s);
    return next > end ? next : end;
}

// ---- errors -------------------------------------------------------------------------------------

static void put_error(const text_errors *errors, uint32_t line, uint32_t column, const char *text) {
    char place[32] = "";
    if (line && column) snprintf(place, sizeof place, ":%u:%u", line, column);
    else if (line) snprintf(place, sizeof place, ":%u", line);
    fprintf(errors->out, "%s%s: error: %s\n", errors->source, place, text);
}

static void put_rest(const text_errors *errors) {
    fprintf(errors->out, "%s: error: more than %d errors; the rest is not shown\n", errors->source,
            ERRORS_PRINTED_MAX);
}

void text_error(text_errors *errors, const char *format, ...) {
    errors->count++;
    if (errors->count > ERRORS_PRINTED_MAX) {
        if (errors->count == ERRORS_PRINTED_MAX + 1 && !errors->collects) put_rest(errors);
        return;
    }
    char line[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    // Messages quote the input: no control character of it may reach a terminal.
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    char *kept = errors->collects ? strdup(line) : NULL;
    if (!kept) {
        put_error(errors, errors->line, errors->column, line);
        return;
    }
    size_t at = errors->collected++;
    errors->errors[at].line = errors->line;
    errors->errors[at].column = errors->column;
    errors->errors[at].text = kept;
}

void text_errors_print(text_errors *errors) {
    // Insertion sort: stable, and there are a hundred at most. Errors without a line come last.
    for (size_t i = 1; i < errors->collected; i++) {
        __typeof__(*errors->errors) one = errors->errors[i];
        size_t to = i;
        for (; to && errors->errors[to - 1].line - 1u > one.line - 1u; to--)
            errors->errors[to] = errors->errors[to - 1];
        errors->errors[to] = one;
    }
    for (size_t i = 0; i < errors->collected; i++) {
        put_error(errors, errors->errors[i].line, errors->errors[i].column, errors->errors[i].text);
        free(errors->errors[i].text);
    }
    if (errors->collects && errors->count > ERRORS_PRINTED_MAX) put_rest(errors);
    errors->collected = 0;
}
