// SPDX-License-Identifier: MIT
// schedule -- changes that wait for the audio role or for their frames; see schedule.h.
//
// Changes make groups: those that would come in force with the same block, since they are scheduled
// for it or since a fade before them lasts until then, share one program. That block is known when
// they are compiled, for the length of each fade is: so a change sounds the same whether it was
// scheduled ages before or made on the spot. Each program is compiled to follow the one before it;
// therefore a change in the middle means that the whole list is compiled anew, while one at the
// end, the usual case, is appended.
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "load.h"
#include "turned.h"

// ---- what there is ----------------------------------------------------------------------------

const mega_patch *mega_schedule_document(const mega_schedule *s) {
    if (s->count && !s->changes[0].block) return s->changes[0].patch;
    return s->in_force ? s->in_force->patch : NULL;
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

/// A change was taken at `frame`; if it is not a timed one, so were those whose place it took.
static void heard(mega_schedule *s, const mega_scheduled *change, uint64_t frame) {
    for (size_t i = 0; i < MEGA_CHANGES_REMEMBERED; i++) {
        uint64_t number = s->remembered[i].number;
        bool with_it = !change->block && !s->remembered[i].timed && number < change->number;
        if (s->remembered[i].frame == UINT64_MAX && (number == change->number || with_it))
            s->remembered[i].frame = frame;
    }
}

static void release(mega_scheduled *change) {
    mega_patch_destroy(change->patch);
    free(change->operations);
    mega_free(change->undo);
    *change = (mega_scheduled){0};
}

/// The first group is in force.
static void shift(mega_engine *e) {
    mega_schedule *s = &e->schedule;
    size_t count = 0;
    while (!s->changes[count].program) count++;
    s->in_force = s->changes[count++].program;
    for (size_t i = 0; i < count; i++) {
        mega_scheduled *change = &s->changes[i];
        heard(s, change, s->in_force->taken_frame);
        if (change->block) mega_history_push(e->history, change->undo);
        release(change);
    }
    s->count -= count;
    memmove(s->changes, s->changes + count, s->count * sizeof *s->changes);
}

void mega_schedule_sync(mega_engine *e) {
    uint64_t taken = mega_calls_observe_taken(e);
    for (; e->schedule.taken < taken; e->schedule.taken++) shift(e);
}

// ---- compiling --------------------------------------------------------------------------------

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t whole_blocks(uint64_t frames) {
    return (frames + MEGA_BLOCK_FRAMES - 1) / MEGA_BLOCK_FRAMES * MEGA_BLOCK_FRAMES;
}

/// The first block in which a program after `program` can be taken, if it is asked for at `asked`:
/// from then on its fades are hastened.
static uint64_t free_from(const mega_engine *e, const mega_program *program, uint64_t asked) {
    uint64_t now = mega_frame_now(e);
    if (!program) return now;
    uint64_t haste = whole_blocks(mega_haste_frames((float)e->options.rate));
    uint64_t at = program == e->schedule.in_force ? program->taken_frame : program->expected;
    uint64_t from = asked / MEGA_BLOCK_FRAMES * MEGA_BLOCK_FRAMES;
    for (uint32_t stage = 0; stage < program->stages; stage++)
        at = earlier(at + whole_blocks(program->stage_frames), later(at, from) + haste);
    return later(at + MEGA_BLOCK_FRAMES, now);
}

/// The document after a change, to be destroyed.
/// @param first of its group: what is turned until then is known by then, to the audio role
static mega_patch *document_after(mega_scheduled *change, const mega_patch *before, bool first,
                                  mega_report *report) {
    change->undo = NULL;
    if (change->patch) return mega_patch_clone(change->patch);
    mega_patch *copy = mega_patch_clone(before);
    if (!copy) return NULL;
    if (first) mega_turned_forget(copy);
    mega_patch *after = mega_patch_edit(copy, change->operations, change->bytes, change->format,
                                        report, &change->undo);
    mega_patch_destroy(copy);
    return after;
}

/// A list being compiled, in the place of the schedule's.
typedef struct {
    mega_scheduled changes[MEGA_SCHEDULED_MAX + 2];
    size_t count;
    size_t fresh; ///< index of the one that is new, whose errors are told; SIZE_MAX: none
} plan;

static void discard(plan *p) {
    for (size_t i = 0; i < p->count; i++) {
        mega_change_destroy(p->changes[i].program);
        mega_free(p->changes[i].undo);
        p->changes[i].program = NULL;
        p->changes[i].undo = NULL;
    }
}

/// Compiles the group that begins at `first`.
/// @param end receives the index after its last change; on an error, of the change that does not
/// fit
static mega_status compile_group(mega_engine *e, plan *p, size_t first, const mega_program *base,
                                 size_t *end, mega_report *report) {
    uint64_t start = free_from(e, base, p->changes[first].asked),
             block = later(p->changes[first].block, start);
    mega_patch *document = NULL;
    size_t at = first;
    for (; at < p->count && later(p->changes[at].block, start) == block; at++) {
        const mega_patch *before = document ? document : base ? base->patch : NULL;
        mega_report *told = p->fresh == SIZE_MAX || at == p->fresh ? report : NULL;
        mega_patch *after = document_after(&p->changes[at], before, !document, told);
        mega_patch_destroy(document);
        document = after;
        *end = at;
        if (!after) return p->changes[at].patch ? MEGA_ERROR_MEMORY : MEGA_ERROR_PATCH;
    }
    *end = at;
    mega_scheduled *last = &p->changes[at - 1];
    bool fresh = p->fresh >= first && p->fresh < at;
    mega_status status = MEGA_OK;
    last->program = mega_load_compile(e, document, base, last, fresh ? report : NULL, &status);
    mega_patch_destroy(document);
    if (!last->program) {
        *end = at - 1;
        return status;
    }
    last->program->due = p->changes[first].block ? block : 0;
    last->program->expected = block;
    for (int i = 0; i <= MEGA_STAGES_MAX; i++) {
        mega_program *stage = i < MEGA_STAGES_MAX ? last->program->lead[i] : last->program;
        if (!stage) continue;
        stage->asked = p->changes[first].asked;
        stage->sent_before = p->changes[first].sent;
    }
    return MEGA_OK;
}

static void complain(const mega_scheduled *change, mega_status status, mega_report *report) {
    if (status == MEGA_ERROR_PATCH)
        mega_report_add(report, MEGA_SEVERITY_ERROR, "conflict", "", 0, 0,
                        "cancel that one first, or wait for it",
                        "change %llu, which is scheduled for frame %llu, would not fit any more",
                        (unsigned long long)change->number, (unsigned long long)change->block);
    else
        mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL,
                        "no memory for the scheduled changes");
}

/// Compiles all, from `base` on.
static mega_status compile(mega_engine *e, plan *p, const mega_program *base, mega_report *report) {
    mega_program *before = NULL;
    for (size_t i = 0; i < p->count; i++) p->changes[i].program = NULL, p->changes[i].undo = NULL;
    for (size_t first = 0, end; first < p->count; first = end) {
        size_t told = report ? mega_report_error_count(report) : 0;
        mega_status status = compile_group(e, p, first, base, &end, report);
        if (status) {
            if (report && mega_report_error_count(report) == told)
                complain(&p->changes[end], status, report);
            discard(p);
            return status;
        }
        mega_program *made = p->changes[end - 1].program;
        if (before) atomic_store(&before->then, made);
        base = before = made;
    }
    return MEGA_OK;
}

// ---- another list -----------------------------------------------------------------------------

/// The list with `change` in it. One that is due at once takes the place of one that was.
static void plan_with(const mega_schedule *s, const mega_scheduled *change, plan *p) {
    size_t at = 0, from = 0;
    p->count = 0;
    if (change->alone) from = s->count;
    else if (!change->block) from = s->count && !s->changes[0].block;
    else
        while (at < s->count && s->changes[at].block <= change->block) at++;
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

static bool goes_on(const plan *p, uint64_t number) {
    for (size_t i = 0; i < p->count; i++)
        if (p->changes[i].number == number) return true;
    return false;
}

/// The new list takes the place of the old one, and what that was made of as far as it goes on.
static void adopt(mega_engine *e, const plan *p) {
    mega_schedule *s = &e->schedule;
    for (size_t i = 0; i < s->count; i++) {
        mega_scheduled *change = &s->changes[i];
        if (change->program) mega_handoff_release(&e->handoff, change->program);
        mega_change_destroy(change->program);
        if (goes_on(p, change->number)) change->patch = NULL, change->operations = NULL;
        release(change);
    }
    memcpy(s->changes, p->changes, p->count * sizeof *p->changes);
    s->count = p->count;
}

static mega_program *first_program(const mega_scheduled *changes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (changes[i].program) return changes[i].program;
    return NULL;
}

/// Compiles the plan and hands it over. @return false where the audio role has taken the first
/// program meanwhile: plan anew
static bool carry_out(mega_engine *e, plan *p, mega_report *report, mega_status *status) {
    mega_schedule *s = &e->schedule;
    *status = compile(e, p, s->in_force, report);
    if (*status) return true;
    mega_program *old = first_program(s->changes, s->count);
    mega_program *first = first_program(p->changes, p->count);
    if (!old) mega_handoff_append(&e->handoff, NULL, first);
    else if (!mega_calls_replace(e, old, first)) {
        discard(p);
        mega_schedule_sync(e);
        return false;
    }
    adopt(e, p);
    return true;
}

// ---- put and take back ------------------------------------------------------------------------

/// Whether nothing need be compiled but the change itself: it comes last, and not together with
/// another.
static bool can_append(const mega_schedule *s, const mega_scheduled *change) {
    if (!s->count || change->alone || !change->block) return false;
    // before the last one is expected, the change waits for the same fade as that one
    return change->block > s->changes[s->count - 1].program->expected;
}

static mega_status append(mega_engine *e, mega_scheduled *change, mega_report *report) {
    mega_schedule *s = &e->schedule;
    mega_program *last = s->changes[s->count - 1].program;
    plan p = {.changes = {*change}, .count = 1, .fresh = 0};
    mega_status status = compile(e, &p, last, report);
    if (status) return status;
    *change = p.changes[0];
    mega_handoff_append(&e->handoff, last, change->program);
    s->changes[s->count++] = *change;
    return MEGA_OK;
}

static mega_status insert(mega_engine *e, mega_scheduled *change, mega_report *report) {
    mega_schedule *s = &e->schedule;
    mega_status status;
    plan p;
    do {
        if (!change->block && s->count && !s->changes[0].block) {
            change->load |= s->changes[0].load;
            change->asked = s->changes[0].asked;
        }
        plan_with(s, change, &p);
    } while (!carry_out(e, &p, report, &status));
    if (!status) *change = p.changes[p.fresh];
    return status;
}

mega_status mega_schedule_put(mega_engine *e, mega_scheduled *change, mega_report *report) {
    mega_schedule *s = &e->schedule;
    mega_schedule_sync(e);
    if (change->block && mega_changes_scheduled(e) == MEGA_SCHEDULED_MAX) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", "", 0, 0, "wait for some of them",
                        "no more than %d changes can be scheduled", MEGA_SCHEDULED_MAX);
        return MEGA_ERROR_LIMIT;
    }
    change->number = s->numbers + 1;
    change->asked = change->block ? change->block : mega_frame_now(e);
    mega_status status =
        can_append(s, change) ? append(e, change, report) : insert(e, change, report);
    if (status) return status;
    remember(s, ++s->numbers, change->block > 0);
    return MEGA_OK;
}

mega_status mega_change_cancel(mega_engine *e, uint64_t number, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "cancel");
    mega_calls_put_count(call, "number", number);
    mega_collect(e);
    mega_schedule *s = &e->schedule;
    for (;;) {
        size_t at = 0;
        while (at < s->count && (s->changes[at].number != number || !s->changes[at].block)) at++;
        if (at == s->count) {
            mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", "", 0, 0, NULL,
                            "no scheduled change %llu: it has come in force, or never was",
                            (unsigned long long)number);
            return MEGA_ERROR_NAME;
        }
        plan p;
        plan_without(s, at, &p);
        mega_status status;
        if (carry_out(e, &p, report, &status)) return status;
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
    return s->count - (s->count && !s->changes[0].block);
}

void mega_schedule_finish(mega_engine *e) {
    mega_schedule *s = &e->schedule;
    for (size_t i = 0; i < s->count; i++) {
        mega_change_destroy(s->changes[i].program);
        release(&s->changes[i]);
    }
    s->count = 0;
}
