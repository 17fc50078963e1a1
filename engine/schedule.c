// SPDX-License-Identifier: MIT
// schedule -- changes that wait for the audio role or for their frames; see schedule.h.
//
// Each program is compiled to follow the one before it, so a change in the middle means that all
// after it are compiled anew; a change at the end, the usual case, is only appended.
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "load.h"

// ---- what there is ----------------------------------------------------------------------------

mega_program *mega_schedule_newest(const mega_schedule *s) {
    return s->count && !s->changes[0].due ? s->changes[0].program : s->in_force;
}

mega_program *mega_schedule_program(const mega_schedule *s, size_t index) {
    enum { EACH = MEGA_STAGES_MAX + 1 };
    for (size_t at = 0; at <= s->count; at++) {
        mega_program *program = at ? s->changes[at - 1].program : s->in_force;
        for (size_t stage = 0; program && stage < EACH; stage++) {
            mega_program *found = stage ? program->lead[stage - 1] : program;
            if (found && index-- == 0) return found;
        }
    }
    return NULL;
}

static void remember(mega_schedule *s, uint64_t number, bool timed) {
    size_t at = number % MEGA_CHANGES_REMEMBERED;
    s->remembered[at].number = number;
    s->remembered[at].frame = UINT64_MAX;
    s->remembered[at].timed = timed;
}

/// A change was taken at `frame`; if it is not a timed one, so were those that had become one with
/// it.
static void heard(mega_schedule *s, const mega_scheduled *change, uint64_t frame) {
    for (size_t i = 0; i < MEGA_CHANGES_REMEMBERED; i++) {
        uint64_t number = s->remembered[i].number;
        bool with_it = !change->due && !s->remembered[i].timed && number < change->number;
        if (s->remembered[i].frame == UINT64_MAX && (number == change->number || with_it))
            s->remembered[i].frame = frame;
    }
}

static void release(mega_scheduled *change) {
    free(change->operations);
    mega_free(change->undo);
    *change = (mega_scheduled){0};
}

void mega_schedule_sync(mega_engine *e) {
    mega_schedule *s = &e->schedule;
    uint64_t taken = atomic_load(&e->handoff.taken);
    for (; s->taken < taken; s->taken++) {
        mega_scheduled *first = &s->changes[0];
        s->in_force = first->program;
        heard(s, first, first->program->taken_frame);
        if (first->due) mega_history_push(e->history, first->undo);
        release(first);
        memmove(first, first + 1, --s->count * sizeof *first);
    }
}

// ---- compiling --------------------------------------------------------------------------------

static mega_status compile(mega_engine *e, mega_scheduled *change, const mega_patch *patch,
                           const mega_program *base, mega_report *report) {
    mega_patch *edited = NULL;
    mega_status status = MEGA_ERROR_PATCH;
    change->undo = NULL;
    if (!patch) {
        edited = mega_patch_edit(base->patch, change->operations, change->bytes, change->format,
                                 report, &change->undo);
        if (!edited) return status;
    }
    change->program = mega_load_compile(e, patch ? patch : edited, base, change, report, &status);
    mega_patch_destroy(edited);
    if (change->program) {
        change->program->due = change->due;
        return MEGA_OK;
    }
    mega_free(change->undo);
    change->undo = NULL;
    return status;
}

static void discard(mega_scheduled *changes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mega_change_destroy(changes[i].program);
        mega_free(changes[i].undo);
    }
}

/// A change that was accepted before, after another one.
static mega_status recompile(mega_engine *e, mega_scheduled *change, const mega_program *base,
                             mega_report *report) {
    const mega_patch *patch = change->operations ? NULL : change->program->patch;
    mega_status status = compile(e, change, patch, base, NULL);
    if (status == MEGA_ERROR_PATCH)
        mega_report_add(report, MEGA_SEVERITY_ERROR, "conflict", "", 0, 0,
                        "cancel that one first, or wait for it",
                        "change %llu, which is scheduled for frame %llu, would not fit any more",
                        (unsigned long long)change->number, (unsigned long long)change->due);
    else if (status)
        mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL,
                        "no memory for the scheduled changes");
    return status;
}

// ---- another list -----------------------------------------------------------------------------

/// What is to be in the place of the schedule's list.
typedef struct {
    mega_scheduled changes[MEGA_SCHEDULED_MAX + 2];
    size_t count;
    size_t fresh; ///< index of the one that is not in the schedule; SIZE_MAX: none
} plan;

/// The list with `change` in it. One that is due at once takes the place of one that was.
static void plan_with(const mega_schedule *s, const mega_scheduled *change, plan *p) {
    size_t at = 0, from = 0;
    p->count = 0;
    if (change->alone) from = s->count;
    else if (!change->due) from = s->count && !s->changes[0].due;
    else
        while (at < s->count && s->changes[at].due <= change->due) at++;
    for (size_t i = 0; i < at; i++) p->changes[p->count++] = s->changes[i];
    p->fresh = p->count;
    p->changes[p->count++] = *change;
    for (size_t i = at + from; i < s->count; i++) p->changes[p->count++] = s->changes[i];
}

static void plan_without(const mega_schedule *s, size_t index, plan *p) {
    p->count = 0;
    p->fresh = SIZE_MAX;
    for (size_t i = 0; i < s->count; i++)
        if (i != index) p->changes[p->count++] = s->changes[i];
}

static mega_status compile_plan(mega_engine *e, plan *p, const mega_patch *patch,
                                mega_report *report) {
    const mega_program *base = e->schedule.in_force;
    for (size_t i = 0; i < p->count; i++) {
        mega_status status = i == p->fresh ? compile(e, &p->changes[i], patch, base, report)
                                           : recompile(e, &p->changes[i], base, report);
        if (status) {
            discard(p->changes, i);
            return status;
        }
        if (i) atomic_store(&p->changes[i - 1].program->then, p->changes[i].program);
        base = p->changes[i].program;
    }
    return MEGA_OK;
}

/// The texts of operations go from the old list to the new one.
static void adopt(mega_engine *e, const plan *p) {
    mega_schedule *s = &e->schedule;
    for (size_t i = 0; i < s->count; i++) {
        bool goes_on = false;
        for (size_t k = 0; k < p->count; k++)
            goes_on |= k != p->fresh && p->changes[k].number == s->changes[i].number;
        mega_handoff_release(&e->handoff, s->changes[i].program);
        mega_change_destroy(s->changes[i].program);
        if (goes_on) s->changes[i].operations = NULL;
        release(&s->changes[i]);
    }
    memcpy(s->changes, p->changes, p->count * sizeof *p->changes);
    s->count = p->count;
}

/// @return MEGA_OK and false where the audio role has taken the first one meanwhile: plan anew
static bool carry_out(mega_engine *e, plan *p, const mega_patch *patch, mega_report *report,
                      mega_status *status) {
    mega_schedule *s = &e->schedule;
    *status = compile_plan(e, p, patch, report);
    if (*status) return true;
    mega_program *first = p->count ? p->changes[0].program : NULL;
    if (!mega_handoff_replace(&e->handoff, s->changes[0].program, first)) {
        discard(p->changes, p->count);
        mega_schedule_sync(e);
        return false;
    }
    adopt(e, p);
    return true;
}

// ---- put and take back ------------------------------------------------------------------------

static bool comes_last(const mega_schedule *s, const mega_scheduled *change) {
    if (!s->count) return true;
    return change->due && s->changes[s->count - 1].due <= change->due;
}

static mega_status append(mega_engine *e, mega_scheduled *change, const mega_patch *patch,
                          mega_report *report) {
    mega_schedule *s = &e->schedule;
    mega_program *last = s->count ? s->changes[s->count - 1].program : NULL;
    mega_status status = compile(e, change, patch, last ? last : s->in_force, report);
    if (status) return status;
    mega_handoff_append(&e->handoff, last, change->program);
    s->changes[s->count++] = *change;
    return MEGA_OK;
}

mega_status mega_schedule_put(mega_engine *e, mega_scheduled *change, const mega_patch *patch,
                              mega_report *report) {
    mega_schedule *s = &e->schedule;
    mega_schedule_sync(e);
    if (change->due && mega_changes_scheduled(e) == MEGA_SCHEDULED_MAX) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", "", 0, 0, "wait for some of them",
                        "no more than %d changes can be scheduled", MEGA_SCHEDULED_MAX);
        return MEGA_ERROR_LIMIT;
    }
    change->number = s->numbers + 1;
    mega_status status = MEGA_OK;
    for (bool done = false; !done;) {
        if (comes_last(s, change)) {
            status = append(e, change, patch, report);
            break;
        }
        if (!change->due && !s->changes[0].due) change->load |= s->changes[0].load;
        plan p;
        plan_with(s, change, &p);
        done = carry_out(e, &p, patch, report, &status);
        if (done && !status) *change = p.changes[p.fresh];
    }
    if (status) return status;
    remember(s, ++s->numbers, change->due > 0);
    return MEGA_OK;
}

mega_status mega_change_cancel(mega_engine *e, uint64_t number, mega_report *report) {
    MEGA_IN_CONTROL(e);
    mega_schedule *s = &e->schedule;
    mega_collect(e);
    for (;;) {
        size_t at = 0;
        while (at < s->count && (s->changes[at].number != number || !s->changes[at].due)) at++;
        if (at == s->count) {
            mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", "", 0, 0, NULL,
                            "no scheduled change %llu: it has come in force, or never was",
                            (unsigned long long)number);
            return MEGA_ERROR_NAME;
        }
        plan p;
        plan_without(s, at, &p);
        mega_status status;
        if (carry_out(e, &p, NULL, report, &status)) return status;
    }
}

bool mega_change_frame(mega_engine *e, uint64_t number, uint64_t *frame) {
    MEGA_IN_CONTROL(e);
    mega_collect(e);
    size_t at = number % MEGA_CHANGES_REMEMBERED;
    if (!number || e->schedule.remembered[at].number != number) return false;
    if (e->schedule.remembered[at].frame == UINT64_MAX) return false;
    if (frame) *frame = e->schedule.remembered[at].frame;
    return true;
}

size_t mega_changes_scheduled(mega_engine *e) {
    MEGA_IN_CONTROL(e);
    mega_collect(e);
    const mega_schedule *s = &e->schedule;
    return s->count - (s->count && !s->changes[0].due);
}

void mega_schedule_finish(mega_engine *e) {
    mega_schedule *s = &e->schedule;
    for (size_t i = 0; i < s->count; i++) {
        mega_change_destroy(s->changes[i].program);
        release(&s->changes[i]);
    }
    s->count = 0;
}
