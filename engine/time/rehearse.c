// SPDX-License-Identifier: MIT
// rehearse -- goes through a sequence without a sound.
#include "time/rehearse.h"

#include <stdio.h>
#include <stdlib.h>

#include "time/patch_names.h"

/// What is known of a name in the patch in force.
typedef struct {
    size_t edits; // as many had been made when it was looked up, plus one; 0: never
    mega_param_info param;
    bool of_notes; // single notes have values of it
} lookup;

typedef struct {
    mega_sequence *sequence;
    mega_rehearsal *facts;
    mega_text_errors *errors;
    mega_patch_names names;
    mega_patch *edited; // the patch in force, where it is ours
    mega_report *report;
    lookup *lookups;   // by name
    int32_t *notes;    // by id: the last that has begun, or -1
    size_t own_values; // parameters of which single notes have values
    size_t edits;
} stage;

static void learn(stage *s) {
    double delay = mega_longest_delay_seconds(&s->names);
    if (delay > s->facts->delay_seconds) s->facts->delay_seconds = delay;
    s->facts->ends_with_notes = mega_patch_has_notes(s->names.patch);
    s->facts->plays_notes |= s->facts->ends_with_notes;
}

// ---- edits -------------------------------------------------------------------------------------

/// Errors with their places in the score, which the engine counts from the list's own beginning.
static void tell(stage *s, const mega_timed_event *e, const mega_sequence_edit *edit) {
    size_t count = mega_report_count(s->report);
    for (size_t i = 0; i < count; i++) {
        const mega_diagnostic *d = mega_report_get(s->report, i);
        if (d->severity != MEGA_SEVERITY_ERROR) continue;
        s->errors->line = e->line;
        s->errors->column = 0;
        if (edit->line && d->line) {
            s->errors->line = edit->line + d->line - 1;
            s->errors->column = d->line > 1 ? d->column : edit->column + d->column - 1;
        }
        mega_text_error(s->errors, "[%u]%s%s: %s%s%s", e->item, *d->path ? "." : "", d->path,
                        d->message, *d->hint ? "; " : "", d->hint);
    }
    s->errors->line = s->errors->column = 0;
}

/// The errors of the patch that the edit makes: their paths are those of that document.
static void tell_of_result(stage *s, const mega_timed_event *e) {
    size_t count = mega_report_count(s->report);
    s->errors->line = e->line;
    for (size_t i = 0; i < count; i++) {
        const mega_diagnostic *d = mega_report_get(s->report, i);
        if (d->severity != MEGA_SEVERITY_ERROR) continue;
        mega_text_error(s->errors, "[%u].ops: after these, %s%s%s%s%s", e->item, d->path,
                        *d->path ? ": " : "", d->message, *d->hint ? "; " : "", d->hint);
    }
    s->errors->line = 0;
}

static void no_memory(stage *s, const mega_timed_event *e) {
    mega_text_error(s->errors, "[%u]: out of memory", e->item);
}

/// The patch with a list of operations made. @return NULL after a message
static mega_patch *patch_after(stage *s, const mega_timed_event *e,
                               const mega_sequence_edit *edit) {
    mega_report_clear(s->report);
    mega_patch *after = mega_patch_edit(s->names.patch, edit->operations, edit->bytes,
                                        MEGA_FORMAT_JSON, s->report, NULL);
    if (!after) {
        tell(s, e, edit);
        if (!mega_report_error_count(s->report)) no_memory(s, e);
        return NULL;
    }
    if (mega_patch_check(after, s->report) == MEGA_OK) return after;
    tell_of_result(s, e);
    if (!mega_report_error_count(s->report)) no_memory(s, e);
    mega_patch_destroy(after);
    return NULL;
}

/// @return false where the patch is not known from here on
static bool try_edit(stage *s, const mega_timed_event *e) {
    const mega_sequence_edit *edit = &s->sequence->edits[e->target];
    if (!edit->patch && !edit->operations) return false; // has been told of
    mega_patch *after = edit->patch ? NULL : patch_after(s, e, edit);
    if (!edit->patch && !after) return false;
    mega_patch_destroy(s->edited);
    s->edited = after;
    s->names.patch = after ? after : edit->patch;
    s->edits++;
    learn(s);
    return true;
}

// ---- names -------------------------------------------------------------------------------------

/// Looks a name up, once for each patch. @return false with the reason
static bool look_up(stage *s, int32_t number, char *why) {
    const mega_sequence_name *name = &s->sequence->names[number];
    lookup *l = &s->lookups[number];
    if (l->edits == s->edits + 1) return true;
    bool preset = name->node && !*name->node;
    if (preset) {
        if (!mega_patch_has_preset(&s->names, name->port, why)) return false;
    } else if (name->node) {
        if (!mega_patch_param(&s->names, name->node, name->port, &l->param, why)) return false;
    } else if (!mega_patch_has_knob(&s->names, name->port, why)) {
        return false;
    }
    l->edits = s->edits + 1;
    return true;
}

/// As the engine has it: of nodes that each voice has, and not of any number.
static bool check_note_param(stage *s, int32_t number, char *why) {
    if (!mega_patch_is_per_voice(&s->names, s->sequence->names[number].node, why)) return false;
    lookup *l = &s->lookups[number];
    if (!l->of_notes) s->own_values++;
    l->of_notes = true;
    if (s->own_values <= REHEARSE_OWN_VALUES_MAX) return true;
    snprintf(why, 200, "too many parameters have per-note values (limit %d)",
             REHEARSE_OWN_VALUES_MAX);
    return false;
}

static void check_name(stage *s, mega_timed_event *e) {
    char why[200];
    double value = (double)e->value;
    bool good = look_up(s, e->target, why);
    if (good && e->kind == EVENT_NOTE_PARAM) good = check_note_param(s, e->target, why);
    if (good && (e->kind == EVENT_PARAM || e->kind == EVENT_NOTE_PARAM))
        good = mega_param_takes(&s->lookups[e->target].param, s->sequence->names[e->target].choice,
                                &value, why);
    e->value = (float)value;
    if (good) return;
    s->errors->line = e->line;
    mega_text_error(s->errors, "[%u].%s: %s%s", e->item,
                    e->kind == EVENT_KNOB     ? "knob"
                    : e->kind == EVENT_PRESET ? "preset"
                                              : "param",
                    why, s->edits ? " (in the patch at that time)" : "");
    s->errors->line = 0;
}

// ---- notes -------------------------------------------------------------------------------------

/// From the id of a note to the last one that has begun with it.
static bool find_note(stage *s, mega_timed_event *e) {
    int32_t note = s->notes[e->note];
    if (note < 0) {
        s->errors->line = e->line;
        mega_text_error(s->errors, "[%u].id: no note with this id has started by then", e->item);
        s->errors->line = 0;
    }
    e->note = note;
    return note >= 0;
}

static void check_event(stage *s, mega_timed_event *e) {
    switch (e->kind) {
    case EVENT_NOTE_ON:
        if (e->note >= 0) s->notes[e->note] = e->target;
        break;
    case EVENT_NOTE_SET: find_note(s, e); break;
    case EVENT_NOTE_PARAM:
        if (find_note(s, e)) check_name(s, e);
        break;
    case EVENT_KNOB:
    case EVENT_PARAM:
    case EVENT_PRESET: check_name(s, e); break;
    default: break;
    }
}

// ---- all of it ---------------------------------------------------------------------------------

bool mega_rehearse(mega_sequence *all, const mega_patch *patch, mega_rehearsal *r,
                   mega_text_errors *errors) {
    size_t before = errors->count;
    *r = (mega_rehearsal){0};
    stage s = {.sequence = all,
               .facts = r,
               .errors = errors,
               .names = {.patch = patch},
               .report = mega_report_create(),
               .lookups = calloc(all->name_count + 1, sizeof *s.lookups),
               .notes = calloc((size_t)all->id_count + 1, sizeof *s.notes)};
    for (int32_t i = 0; s.notes && i < all->id_count; i++) s.notes[i] = -1;
    if (!s.report || !s.lookups || !s.notes) mega_text_error(errors, "out of memory");
    else learn(&s);
    bool known = errors->count == before;
    for (size_t i = 0; i < all->count && known; i++) {
        mega_timed_event *e = &all->events[i];
        if (e->kind == EVENT_EDIT) known = try_edit(&s, e);
        else check_event(&s, e);
    }
    mega_patch_destroy(s.edited);
    mega_report_destroy(s.report);
    free(s.lookups);
    free(s.notes);
    return known && errors->count == before;
}
