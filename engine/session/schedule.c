// SPDX-License-Identifier: MIT
// schedule -- changes that wait for the audio role or for their frames; see schedule.h.
//
// Changes make groups: those that would come in force with the same block, since they are scheduled
// for it or asked for in one that has begun, share one program. That block is known when they are
// compiled, and which stage of the program before sounds then, for the length of each fade is: so a
// change sounds the same whether it was scheduled ages before or made on the spot. Each program is
// compiled to follow that stage, whose fades go on in it beside its own, and AUDIO stays in that
// stage until then; therefore a change in the middle means that the whole list is compiled anew,
// while one at the end, the usual case, is appended.
#include "session/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "document/overrides.h"
#include "session/engine.h"
#include "session/load.h"
#include "session/values.h"

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

/// The document after a change that another follows in its group, with its overrides.
static mega_patch *follow(mega_patch *before, const mega_scheduled *change, char **undo) {
    mega_patch *after = change->operations ? mega_edit_undo(before, change->operations,
                                                            change->bytes, change->format, undo)
                                           : mega_patch_clone(change->patch);
    if (after && !change->operations && !mega_overrides_inherit(before, after)) {
        mega_patch_destroy(after);
        after = NULL;
    }
    mega_patch_destroy(before);
    return after;
}

/// The undo of a change that waited for its frame restores the sound just before it came in force.
/// The values set by then are known now: the program that the audio role has left holds them.
static void renew_undos(const mega_program *document, mega_scheduled *changes, size_t count) {
    const mega_program *left = changes[count - 1].program->follows;
    mega_patch *patch = left ? mega_values_left(document, left) : NULL;
    for (size_t i = 0; patch && i < count; i++) {
        char *undo = NULL;
        patch = follow(patch, &changes[i], &undo);
        if (!undo || !changes[i].block) continue;
        mega_free(changes[i].undo);
        changes[i].undo = undo;
    }
    mega_patch_destroy(patch);
}

static bool any_waited(const mega_scheduled *changes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (changes[i].operations) return true;
    return false;
}

/// The first group is in force.
static void shift(mega_engine *e) {
    mega_schedule *s = &e->schedule;
    size_t count = 0;
    while (!s->changes[count].program) count++;
    const mega_program *before = s->in_force;
    s->in_force = s->changes[count++].program;
    if (before && any_waited(s->changes, count)) renew_undos(before, s->changes, count);
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

/// The first frame of the block in which a program is, or was, taken.
static uint64_t beginning_of(const mega_engine *e, const mega_program *program) {
    return program == e->schedule.in_force ? program->taken_frame : program->expected;
}

/// The first block in which a program after `program` can be taken: whatever fades there goes on.
static uint64_t free_from(const mega_engine *e, const mega_program *program) {
    uint64_t now = mega_frame_now(e);
    return program ? later(beginning_of(e, program) + MEGA_BLOCK_FRAMES, now) : now;
}

/// Which stage of a program sounds before a block, as far as is known.
static uint32_t stage_at(const mega_engine *e, const mega_program *program, uint64_t block) {
    uint64_t end = beginning_of(e, program);
    for (uint32_t i = 0; i < MEGA_STAGES_MAX; i++) {
        if (!program->stages[i]) continue;
        end += program->stage_frames[i];
        if (block <= end) return i;
    }
    return MEGA_STAGES_MAX;
}

/// The first block after the fades of a program, if these are hastened from `block` on.
static uint64_t end_of(const mega_engine *e, const mega_program *program, uint64_t block) {
    uint64_t haste = mega_whole_blocks(mega_haste_frames((float)e->options.rate));
    uint64_t end = beginning_of(e, program);
    for (uint32_t i = 0; i < MEGA_STAGES_MAX; i++)
        if (program->stages[i])
            end = earlier(end + program->stage_frames[i], later(end, block) + haste);
    return later(end + MEGA_BLOCK_FRAMES, block);
}

static mega_program *stage_of(mega_program *program, uint32_t stage) {
    return stage < MEGA_STAGES_MAX ? program->lead[stage] : program;
}

/// The fades of a stage of `base` in a block: which have ended, as the audio role knows, or, before
/// it is taken, as their lengths tell.
static mega_transition_from fades_at(const mega_engine *e, mega_program *base, uint32_t stage,
                                     uint64_t block) {
    const mega_program *p = stage_of(base, stage);
    bool taken = base == e->schedule.in_force;
    uint64_t came = beginning_of(e, base);
    mega_transition_from from = {.patch = p->patch,
                                 .codes = p->cable_codes,
                                 .fades = p->fades,
                                 .fade_count = p->fade_count,
                                 .block = block,
                                 .late = came > base->expected ? came - base->expected : 0};
    for (uint32_t i = 0; i < p->fade_count; i++)
        if (p->fades[i].end + from.late <= block) from.over |= UINT64_C(1) << i;
    if (from.over && taken) from.over &= mega_calls_observe(e, atomic_load(&p->fades_over));
    return from;
}

/// The stage of `base` that a change in `block` follows; that stays until it comes. Where more
/// fades than fit are under way, the change waits for them: they are hastened.
static uint32_t hold_stage(mega_engine *e, mega_program *base, bool timed, uint64_t block,
                           mega_transition_from *from) {
    uint32_t before = mega_stages_limit_of(base);
    uint32_t held = mega_stages_hold(base, timed ? stage_at(e, base, block) : 0);
    uint32_t stage = (uint32_t)mega_calls_observe(e, held);
    bool known = stage <= MEGA_STAGES_MAX && stage_of(base, stage);
    if (!known) stage = held; // a recording may say anything
    *from = fades_at(e, base, stage, block);
    if (!mega_transition_fits(from)) {
        stage = MEGA_STAGES_MAX;
        *from = fades_at(e, base, stage, block);
    }
    if (stage != held) mega_stages_limit(base, before < stage ? before : stage);
    return stage;
}

/// The document after a change, to be destroyed.
/// @param first of its group: the audio role knows by then what is set until then
static mega_patch *document_after(mega_scheduled *change, const mega_patch *before, bool first,
                                  mega_report *report) {
    change->undo = NULL;
    if (change->patch) return mega_patch_clone(change->patch);
    mega_patch *copy = mega_patch_clone(before);
    if (!copy) return NULL;
    if (first) mega_overrides_forget(copy);
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

/// Compiles a change to follow what sounds of `base` in a block; where there is no memory for that
/// beside what fades, to follow the end of these fades.
static mega_status compile_after(mega_engine *e, mega_program *base, uint64_t block, bool timed,
                                 const mega_patch *document, mega_scheduled *change,
                                 mega_report *report) {
    mega_status status = MEGA_OK;
    mega_transition_from from = {0};
    uint32_t limit = base ? mega_stages_limit_of(base) : MEGA_STAGES_MAX;
    uint32_t stage = base ? hold_stage(e, base, timed, block, &from) : MEGA_STAGES_MAX;
    mega_program *followed = base ? stage_of(base, stage) : NULL;
    change->program = mega_load_compile(e, document, followed, &from, change, report, &status);
    if (!change->program && from.fade_count && status != MEGA_ERROR_PATCH) {
        mega_stages_limit(base, limit);
        from = fades_at(e, base, stage = MEGA_STAGES_MAX, block);
        followed = base;
        change->program = mega_load_compile(e, document, base, &from, change, report, &status);
    }
    if (!change->program) return status;
    change->program->follows = followed;
    change->program->follows_stage = stage;
    bool waits = base && stage == MEGA_STAGES_MAX &&
                 mega_calls_observe(e, mega_stages_reached(base)) < MEGA_STAGES_MAX;
    change->program->expected = waits ? end_of(e, base, block) : block;
    return MEGA_OK;
}

/// Compiles the group that begins at `first`.
/// @param end receives the index after its last change; on an error, of the change that does not
/// fit
static mega_status compile_group(mega_engine *e, plan *p, size_t first, mega_program *base,
                                 size_t *end, mega_report *report) {
    uint64_t start = free_from(e, base), block = later(p->changes[first].block, start);
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
    status = compile_after(e, base, block, p->changes[first].block, document, last,
                           fresh ? report : NULL);
    mega_patch_destroy(document);
    if (!last->program) {
        *end = at - 1;
        return status;
    }
    last->program->due = p->changes[first].block ? block : 0;
    for (int i = 0; i <= MEGA_STAGES_MAX; i++) {
        mega_program *made = i < MEGA_STAGES_MAX ? last->program->lead[i] : last->program;
        if (!made) continue;
        made->requested_frame = p->changes[first].asked;
        made->sent_before = p->changes[first].sent;
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
static mega_status compile(mega_engine *e, plan *p, mega_program *base, mega_report *report) {
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
        if (change->program) mega_handoff_release(&e->renderer.handoff, change->program);
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
    mega_program *base = s->in_force;
    uint32_t limit = base ? mega_stages_limit_of(base) : MEGA_STAGES_MAX;
    *status = compile(e, p, base, report);
    if (*status) {
        if (base) mega_stages_limit(base, limit); // as what was planned before wants it
        return true;
    }
    mega_program *old = first_program(s->changes, s->count);
    mega_program *first = first_program(p->changes, p->count);
    if (!old) mega_handoff_append(&e->renderer.handoff, NULL, first);
    else if (!mega_calls_replace(e, old, first)) {
        discard(p);
        mega_schedule_sync(e);
        return false;
    }
    adopt(e, p);
    if (base) mega_stages_limit(base, first ? first->follows_stage : MEGA_STAGES_MAX);
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
    uint32_t limit = mega_stages_limit_of(last);
    mega_status status = compile(e, &p, last, report);
    mega_stages_limit(last, status ? limit : p.changes[0].program->follows_stage);
    if (status) return status;
    *change = p.changes[0];
    mega_handoff_append(&e->renderer.handoff, last, change->program);
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
