// SPDX-License-Identifier: MIT
// sequence -- events at frames, sorted for a player.
#include "time/sequence.h"

#include <stdlib.h>
#include <string.h>

void mega_sequence_finish(mega_sequence *s) {
    for (size_t i = 0; i < s->name_count; i++) {
        free(s->names[i].node);
        free(s->names[i].port);
        free(s->names[i].choice);
    }
    for (size_t i = 0; i < s->edit_count; i++) free(s->edits[i].operations);
    free(s->names);
    free(s->edits);
    free(s->events);
    *s = (mega_sequence){0};
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

static bool add(mega_sequence *s, mega_timed_event e) {
    if (s->count == SEQUENCE_EVENTS_MAX) return false;
    if (!grow((void **)&s->events, s->count, &s->room, sizeof *s->events)) return false;
    e.order = (uint32_t)s->count;
    e.item = s->item;
    e.line = s->line;
    s->events[s->count++] = e;
    return true;
}

static uint64_t frame_of(const mega_sequence *s, double seconds) {
    double frames = seconds * s->rate;
    uint64_t whole = (uint64_t)frames;
    return whole + (frames - (double)whole >= 0.5); // llround, without libm
}

bool mega_sequence_note(mega_sequence *s, double at_seconds, double length_seconds, double key,
                        double velocity, int32_t id) {
    uint64_t on = frame_of(s, at_seconds), off = frame_of(s, at_seconds + length_seconds);
    if (off <= on) off = on + 1; // a note of no length would never be heard
    int32_t note = s->note_count++;
    return add(s, (mega_timed_event){.frame = on,
                                     .kind = EVENT_NOTE_ON,
                                     .target = note,
                                     .note = id,
                                     .value = (float)key,
                                     .detail = (float)velocity}) &&
           add(s, (mega_timed_event){
                      .frame = off, .kind = EVENT_NOTE_OFF, .target = note, .note = -1});
}

bool mega_sequence_event(mega_sequence *s, double at_seconds, mega_timed_event e) {
    e.frame = frame_of(s, at_seconds);
    return add(s, e);
}

bool mega_sequence_change(mega_sequence *s, double at_seconds, mega_sequence_edit edit) {
    if (!grow((void **)&s->edits, s->edit_count, &s->edit_room, sizeof *s->edits)) {
        free(edit.operations);
        return false;
    }
    s->edits[s->edit_count] = edit;
    return add(s, (mega_timed_event){.frame = frame_of(s, at_seconds),
                                     .kind = EVENT_EDIT,
                                     .target = (int32_t)s->edit_count++,
                                     .note = -1});
}

int32_t mega_sequence_name_add(mega_sequence *s, const char *node, const char *port,
                               const char *choice) {
    if (s->name_count == SEQUENCE_NAMES_MAX ||
        !grow((void **)&s->names, s->name_count, &s->name_room, sizeof *s->names))
        return -1;
    mega_sequence_name *name = &s->names[s->name_count];
    *name = (mega_sequence_name){.node = node ? strdup(node) : NULL,
                                 .port = strdup(port),
                                 .choice = choice ? strdup(choice) : NULL};
    int32_t number = (int32_t)s->name_count++; // counted from here on: it is freed with the others
    return name->port && (name->node || !node) && (name->choice || !choice) ? number : -1;
}

/// Takes effect with a block, before all else there.
static bool is_of_block(const mega_timed_event *e) {
    return e->kind == EVENT_EDIT || e->kind == EVENT_PANIC;
}

uint64_t mega_event_due(const mega_timed_event *e) {
    return is_of_block(e) ? e->frame - e->frame % SEQUENCE_GRID_FRAMES : e->frame;
}

/// The lane that a release frees first is there for the note that starts.
static int rank(const mega_timed_event *e) {
    return is_of_block(e) ? 0 : e->kind == EVENT_NOTE_OFF ? 1 : 2;
}

static int compare(const void *a_, const void *b_) {
    const mega_timed_event *a = a_, *b = b_;
    uint64_t a_due = mega_event_due(a), b_due = mega_event_due(b);
    if (a_due != b_due) return a_due < b_due ? -1 : 1;
    if (rank(a) != rank(b)) return rank(a) - rank(b);
    if (a->frame != b->frame) return a->frame < b->frame ? -1 : 1; // edits of one block
    return a->order < b->order ? -1 : a->order > b->order;
}

void mega_sequence_sort(mega_sequence *s) {
    if (s->count) qsort(s->events, s->count, sizeof *s->events, compare);
}

uint64_t mega_sequence_end(const mega_sequence *s) {
    return s->count ? mega_event_due(&s->events[s->count - 1]) + 1 : 0;
}

uint64_t mega_sequence_settled(const mega_sequence *s) {
    uint64_t now = 0, next = 0; // end of the fade under way, and of what waits for it
    for (size_t i = 0; i < s->count; i++) {
        const mega_timed_event *e = &s->events[i];
        if (e->kind != EVENT_EDIT) continue;
        // what goes may have to fade before what comes does
        uint64_t length = 2 * SEQUENCE_GRID_FRAMES +
                          (uint64_t)(2 * s->edits[e->target].fade_ms * 0.001 * s->rate);
        if (e->frame >= now) now = next; // that is under way since
        if (e->frame >= now) now = next = e->frame + length;
        else next = now + length; // it waits; those that do become one
    }
    uint64_t end = mega_sequence_end(s);
    return next > end ? next : end;
}
