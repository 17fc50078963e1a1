// SPDX-License-Identifier: MIT
// sequence -- events at frames, sorted for a player.
#include "sequence.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

enum { ERRORS_PRINTED_MAX = 100 }; // a generated score can be wrong a million times in the same way

void sequence_finish(sequence *s) {
    free(s->events);
    *s = (sequence){0};
}

static bool add(sequence *s, event e) {
    if (s->count == SEQUENCE_EVENTS_MAX) return false;
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 64;
        event *grown = realloc(s->events, room * sizeof *grown);
        if (!grown) return false;
        s->events = grown;
        s->room = room;
    }
    e.order = (uint32_t)s->count;
    s->events[s->count++] = e;
    return true;
}

static uint64_t frame_of(const sequence *s, double seconds) {
    return (uint64_t)llround(seconds * s->rate);
}

bool sequence_note(sequence *s, double at_seconds, double length_seconds, double key,
                   double velocity) {
    uint64_t on = frame_of(s, at_seconds), off = frame_of(s, at_seconds + length_seconds);
    if (off <= on) off = on + 1; // a note of no length would never be heard
    int32_t note = s->note_count++;
    return add(s, (event){.frame = on,
                          .kind = EVENT_NOTE_ON,
                          .target = note,
                          .value = (float)key,
                          .detail = (float)velocity}) &&
           add(s, (event){.frame = off, .kind = EVENT_NOTE_OFF, .target = note});
}

bool sequence_knob(sequence *s, double at_seconds, int32_t knob, double value) {
    return add(s, (event){.frame = frame_of(s, at_seconds),
                          .kind = EVENT_KNOB,
                          .target = knob,
                          .value = (float)value});
}

bool sequence_param(sequence *s, double at_seconds, int32_t param, double value, double ramp) {
    return add(s, (event){.frame = frame_of(s, at_seconds),
                          .kind = EVENT_PARAM,
                          .target = param,
                          .value = (float)value,
                          .detail = (float)ramp});
}

static int compare(const void *a_, const void *b_) {
    const event *a = a_, *b = b_;
    if (a->frame != b->frame) return a->frame < b->frame ? -1 : 1;
    // The lane that a release frees first is there for the note that starts.
    bool a_off = a->kind == EVENT_NOTE_OFF, b_off = b->kind == EVENT_NOTE_OFF;
    if (a_off != b_off) return a_off ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void sequence_sort(sequence *s) {
    if (s->count) qsort(s->events, s->count, sizeof *s->events, compare);
}

uint64_t sequence_end(const sequence *s) {
    return s->count ? s->events[s->count - 1].frame + 1 : 0;
}

void text_error(text_errors *errors, const char *format, ...) {
    errors->count++;
    if (errors->count > ERRORS_PRINTED_MAX) {
        if (errors->count == ERRORS_PRINTED_MAX + 1)
            fprintf(errors->out, "%s: error: and more, not shown\n", errors->source);
        return;
    }
    char line[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    // Texts quote what was read: nothing in it may steer a terminal.
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    fprintf(errors->out, "%s: error: %s\n", errors->source, line);
}
