// SPDX-License-Identifier: MIT
// load -- the CONTROL role: patches become programs, with those that fade to them.
#include "session/load.h"

#include <stdlib.h>
#include <string.h>

#include "compile/continuity.h"
#include "document/outputs.h"
#include "document/overrides.h"
#include "session/engine.h"
#include "session/values.h"

// ---- compiling to follow another program -------------------------------------------------------

/// With fewer voices notes go on where they sound. The groups beyond go with a later change: once
/// nothing sounds, and nothing can start in them before it is taken.
static uint32_t groups_to_keep(const mega_engine *e, const mega_program *before,
                               const mega_patch *patch) {
    if (!before) return 0;
    bool idle = before == e->schedule.in_force && before->voices <= patch->voices &&
                mega_calls_observe(e, atomic_load(&e->renderer.tally.voices_active)) == 0;
    return idle ? 0 : before->groups;
}

/// New groups where their number changes; the audio role moves what sounds.
static bool provide_groups(mega_program *program, const mega_program *before) {
    uint32_t groups = before ? before->groups : 1;
    if (program->groups == groups) return true;
    program->new_groups = mega_voice_groups_create(program->groups);
    return program->new_groups != NULL;
}

/// Of a program in a change.
typedef struct {
    bool first, at_once;
} rank;

/// Compiles to follow `before`. The program keeps a copy of the patch.
/// @param stage how the cables fade; NULL: all stand
/// @return NULL on an error
static mega_program *make_program(mega_engine *e, const mega_patch *patch, const mega_stage *stage,
                                  const int32_t *origins, const mega_program *before,
                                  rank in_change, mega_report *report, mega_status *status) {
    struct mega_tap taps[MEGA_BUSES_MAX];
    mega_note_param note_params[MEGA_NOTE_PARAMS_MAX];
    mega_compile_request request = {.patch = patch,
                                    .rate = (float)e->options.rate,
                                    .memory_bytes_max = e->options.memory_bytes_max,
                                    .before = before,
                                    .groups_min = groups_to_keep(e, before, patch),
                                    .patch_before = before ? before->patch : NULL,
                                    .first = in_change.first,
                                    .at_once = in_change.at_once,
                                    .origins = origins,
                                    .fade_codes = stage ? stage->codes : NULL,
                                    .fades = stage ? stage->fades : NULL,
                                    .fade_count = stage ? stage->fade_count : 0,
                                    .taps = taps,
                                    .tap_count = mega_buses_find(e, patch, before, taps),
                                    .note_params = note_params,
                                    .note_param_count =
                                        mega_note_params_find(e, patch, note_params)};
    mega_program *program = mega_compile(&request, report, status);
    if (!program) return NULL;
    program->patch = mega_patch_clone(patch);
    if (program->patch && mega_names_resolve(e, program, before) &&
        mega_presets_resolve(e, program, before) && provide_groups(program, before) &&
        (!before || mega_continuity_replaced(program, before))) {
        mega_overrides_settle(program->patch); // it brings that as it comes in force
        return program;
    }
    mega_program_destroy(program);
    mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
    *status = MEGA_ERROR_MEMORY;
    return NULL;
}

void mega_change_destroy(mega_program *program) {
    if (!program) return;
    for (int i = 0; i < MEGA_STAGES_MAX; i++) mega_program_destroy(program->lead[i]);
    mega_program_destroy(program);
}

static mega_program *make_lead(mega_engine *e, const mega_stage *stage, const mega_program *before,
                               bool first, uint32_t fade_frames, mega_status *status) {
    mega_program *lead = make_program(e, stage->patch, stage, stage->origins, before,
                                      (rank){.first = first}, NULL, status);
    if (!lead) return NULL;
    lead->fade_frames = fade_frames;
    lead->goes_first = stage->goes_first;
    return lead;
}

/// The program of `patch`, and those that fade from what sounds to it. @return NULL on an error
static mega_program *make_change(mega_engine *e, const mega_patch *patch, const mega_program *base,
                                 const mega_transition_from *from, uint32_t fade_frames,
                                 mega_report *report, mega_status *status) {
    // compiled alone first: what is wrong with it must be said of it
    *status = mega_patch_check(patch, report);
    if (*status) return NULL;
    mega_transition transition = {0};
    *status = mega_transition_init(&transition, from, patch, fade_frames, (float)e->options.rate);
    mega_program *lead[MEGA_STAGES_MAX] = {NULL}, *program = NULL;
    const mega_program *before = base;
    for (size_t i = 0; i < transition.count && !*status; i++)
        before = lead[i] = make_lead(e, &transition.stages[i], before, i == 0, fade_frames, status);
    const int32_t *origins = transition.count ? NULL : transition.origins;
    if (!*status)
        program = make_program(e, patch, NULL, origins, before, (rank){.first = !transition.count},
                               NULL, status);
    for (size_t i = 0; i < MEGA_STAGES_MAX; i++) {
        if (!program) {
            mega_program_destroy(lead[i]);
            continue;
        }
        program->lead[i] = lead[i];
        program->stages[i] = lead[i] != NULL;
        program->stage_frames[i] = lead[i] ? mega_stage_length(&transition.stages[i]) : 0;
    }
    mega_transition_finish(&transition);
    if (*status && base->fade_count == 0) // else the change can wait for these fades
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", "", 0, 0, "a larger memory budget",
                        "no memory to change from the patch that sounds to this one");
    return program;
}

mega_program *mega_load_compile(mega_engine *e, const mega_patch *patch, const mega_program *base,
                                const mega_transition_from *from, const mega_scheduled *how,
                                mega_report *report, mega_status *status) {
    uint32_t channels = e->options.output_channels > 2 ? e->options.output_channels : 2;
    if (mega_outputs_check(patch, MEGA_CHANNELS_MAX, MEGA_SEVERITY_ERROR, report)) {
        *status = MEGA_ERROR_PATCH;
        return NULL;
    }
    mega_outputs_check(patch, channels, MEGA_SEVERITY_WARNING, report);
    mega_program *made = how->load || !base
                             ? make_program(e, patch, NULL, NULL, base,
                                            (rank){.first = true, .at_once = true}, report, status)
                             : make_change(e, patch, base, from, how->fade_frames, report, status);
    if (!made) return NULL;
    made->change_frames = how->fade_frames;
    uint32_t first = 0;
    while (first < MEGA_STAGES_MAX && !made->stages[first]) first++;
    mega_stages_begin(made, first);
    return made;
}

// ---- changes ----------------------------------------------------------------------------------

static const mega_change soon = {MEGA_REV_ANY, MEGA_FADE_MS_DEFAULT, MEGA_NOW};

static void put_how(struct json_t *call, const mega_change *how) {
    if (!how) how = &soon;
    mega_calls_put_count(call, "rev", how->rev);
    mega_calls_put_number(call, "fade_ms", (double)how->fade_ms);
    mega_calls_put_count(call, "at", how->frame);
}

static bool read_how(mega_engine *e, const mega_change *how, mega_scheduled *change,
                     mega_report *report) {
    if (!(how->fade_ms >= 0 && how->fade_ms <= MEGA_FADE_MS_MAX)) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", "fade_ms", 0, 0, "0..2000",
                        "no fade of such a length");
        return false;
    }
    uint64_t block = how->frame / MEGA_BLOCK_FRAMES * MEGA_BLOCK_FRAMES;
    *change = (mega_scheduled){
        .timed = how->frame != MEGA_NOW,
        .block = block > mega_frame_now(e) ? block : 0,
        .fade_frames = (uint32_t)(how->fade_ms * 0.001f * (float)e->options.rate + 0.5f),
    };
    return true;
}

static void tell(const mega_engine *e, const mega_scheduled *change, mega_changed *done) {
    if (!done) return;
    // without a program of its own it comes with the one after it
    uint64_t frame = change->block ? change->block : mega_frame_now(e);
    *done = (mega_changed){.number = change->number,
                           .rev = mega_history_rev(e->history),
                           .frame = change->program ? change->program->expected : frame,
                           .undo_json = change->undo ? strdup(change->undo) : NULL};
}

/// Values set from here on are newer than the change. Call it before reading the values set so far.
static void begin(const mega_engine *e, mega_scheduled *change) {
    change->sent = (uint32_t)mega_calls_observe(
        e, atomic_load_explicit(&e->renderer.events.written, memory_order_acquire));
}

/// Puts a change to a patch, which it takes over.
static mega_status put_taken(mega_engine *e, mega_patch *patch, mega_scheduled *change,
                             mega_report *report) {
    change->patch = patch;
    if (patch) mega_values_leave(e, patch, patch);
    mega_status status = MEGA_ERROR_MEMORY;
    if (patch) status = mega_schedule_put(e, change, report);
    else mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
    if (status) mega_patch_destroy(patch);
    return status;
}

/// A change for a frame sounds the same whenever it is made: it carries only the values that were
/// sent for now and have not reached the audio role. The others arrive by themselves.
static void keep_sent_now(mega_engine *e, mega_patch *before, const mega_patch *after) {
    mega_values_leave(e, before, after);
    mega_overrides_forget_applied(before);
}

/// Puts a change to a whole patch; values set during play stay.
static mega_status put_patch(mega_engine *e, const mega_patch *patch, mega_scheduled *change,
                             mega_report *report) {
    begin(e, change);
    // a change that waits: the audio role knows by then what is set until then
    bool any = mega_schedule_document(&e->schedule) && !change->block;
    mega_patch *before = any ? mega_values_patch(e) : NULL, *after = mega_patch_clone(patch);
    if (before && after && change->timed) keep_sent_now(e, before, after);
    if (after) mega_overrides_forget(after);
    if (after && any && !(before && mega_overrides_inherit(before, after))) {
        mega_patch_destroy(after);
        after = NULL;
    }
    mega_patch_destroy(before);
    return put_taken(e, after, change, report);
}

/// What a panic stopped may sound again.
static void wake(mega_engine *e) { atomic_store(&e->renderer.woken, atomic_load(&e->panics)); }

mega_status mega_load(mega_engine *e, const mega_patch *patch, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "load");
    mega_calls_put_patch(call, patch);
    mega_collect(e);
    mega_scheduled change = {.load = true, .alone = true};
    mega_status status = put_patch(e, patch, &change, report);
    if (status) return status;
    mega_history_push(e->history, NULL);
    wake(e);
    return MEGA_OK;
}

mega_status mega_load_again(mega_engine *e, mega_report *report) {
    mega_scheduled change = {0};
    begin(e, &change);
    return put_taken(e, mega_values_patch(e), &change, report);
}

static bool is_current(const mega_engine *e, const mega_change *how, mega_report *report) {
    return how->rev == MEGA_REV_ANY || mega_history_current(e->history, how->rev, report);
}

mega_status mega_rewire(mega_engine *e, const mega_patch *patch, const mega_change *how,
                        mega_changed *done, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "rewire");
    mega_calls_put_patch(call, patch);
    put_how(call, how);
    mega_collect(e);
    if (!how) how = &soon;
    mega_scheduled change;
    if (!is_current(e, how, report)) return MEGA_ERROR_PATCH;
    if (!read_how(e, how, &change, report)) return MEGA_ERROR_LIMIT;
    mega_status status = put_patch(e, patch, &change, report);
    if (status) return status;
    if (!change.block) mega_history_push(e->history, NULL);
    wake(e);
    tell(e, &change, done);
    return MEGA_OK;
}

// ---- edits ------------------------------------------------------------------------------------

/// What an edit changes where nothing is loaded.
static mega_patch *empty_document(void) {
    static const char text[] = "{\"nodes\": {}}";
    return mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
}

/// A list for the document in force, as soon as can be. @param change receives the undo
static mega_status apply(mega_engine *e, const void *text, size_t bytes, mega_format format,
                         mega_scheduled *change, mega_report *report) {
    char *undo = NULL;
    begin(e, change);
    bool any = mega_schedule_document(&e->schedule);
    mega_patch *before = any ? mega_values_patch(e) : empty_document(), *after = NULL;
    if (before) after = mega_patch_edit(before, text, bytes, format, report, &undo);
    bool wrong = before && !after;
    // the undo has all live values; most of them reach the audio role without this change
    if (after && change->timed) {
        keep_sent_now(e, before, after);
        mega_patch_destroy(after);
        after = mega_patch_edit(before, text, bytes, format, NULL, NULL);
    }
    if (after && !mega_overrides_inherit(before, after)) {
        mega_patch_destroy(after);
        after = NULL;
    }
    mega_patch_destroy(before);
    if (wrong) return MEGA_ERROR_PATCH;
    mega_status status = put_taken(e, after, change, report);
    if (!status) change->undo = undo;
    else mega_free(undo);
    return status;
}

/// A list for the document as it will be then.
static mega_status apply_later(mega_engine *e, const void *text, size_t bytes, mega_format format,
                               mega_scheduled *change, mega_report *report) {
    begin(e, change);
    change->operations = malloc(bytes + 1);
    if (!change->operations) return MEGA_ERROR_MEMORY;
    if (bytes) memcpy(change->operations, text, bytes); // `text` may be NULL then
    change->bytes = bytes;
    change->format = format;
    mega_status status = mega_schedule_put(e, change, report);
    if (status) free(change->operations);
    return status;
}

/// Loads an empty document for a list to wait on, if the list fits it.
static mega_status load_empty(mega_engine *e, const void *text, size_t bytes, mega_format format,
                              mega_report *report) {
    mega_patch *empty = empty_document();
    mega_patch *after = empty ? mega_patch_edit(empty, text, bytes, format, report, NULL) : NULL;
    mega_status status = !empty ? MEGA_ERROR_MEMORY : !after ? MEGA_ERROR_PATCH : MEGA_OK;
    if (!status) status = mega_patch_check(after, report);
    if (!status) status = mega_load(e, empty, report);
    mega_patch_destroy(after);
    mega_patch_destroy(empty);
    return status;
}

mega_status mega_edit(mega_engine *e, const void *text, size_t bytes, mega_format format,
                      const mega_change *how, mega_changed *done, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "edit");
    mega_calls_put_text(call, "text", text, bytes);
    mega_calls_put_count(call, "format", (uint64_t)format);
    put_how(call, how);
    mega_collect(e);
    if (!how) how = &soon;
    mega_scheduled change;
    if (!is_current(e, how, report)) return MEGA_ERROR_PATCH;
    if (!read_how(e, how, &change, report)) return MEGA_ERROR_LIMIT;
    if (change.block && !mega_schedule_document(&e->schedule)) {
        mega_status loaded = load_empty(e, text, bytes, format, report);
        if (loaded) return loaded;
    }
    mega_status status = change.block ? apply_later(e, text, bytes, format, &change, report)
                                      : apply(e, text, bytes, format, &change, report);
    if (status) return status;
    if (!change.block) mega_history_push(e->history, change.undo);
    tell(e, &change, done);
    if (!change.block) mega_free(change.undo); // else the schedule's
    return MEGA_OK;
}

static mega_status step(mega_engine *e, mega_direction direction, float fade_ms, mega_changed *done,
                        mega_report *report) {
    mega_collect(e);
    mega_scheduled change;
    if (!read_how(e, &(mega_change){.fade_ms = fade_ms}, &change, report)) return MEGA_ERROR_LIMIT;
    const char *text = mega_history_peek(e->history, direction);
    if (!text) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", "", 0, 0,
                        "only edits can be undone or redone; loading a patch starts a new history",
                        direction == MEGA_UNDO ? "nothing to undo" : "nothing to redo");
        return MEGA_ERROR_NAME;
    }
    mega_status status = apply(e, text, strlen(text), MEGA_FORMAT_JSON, &change, report);
    if (status) return status;
    mega_history_step(e->history, direction, change.undo);
    tell(e, &change, done);
    mega_free(change.undo);
    return MEGA_OK;
}

mega_status mega_undo(mega_engine *e, float fade_ms, mega_changed *done, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "undo");
    mega_calls_put_number(call, "fade_ms", (double)fade_ms);
    return step(e, MEGA_UNDO, fade_ms, done, report);
}

mega_status mega_redo(mega_engine *e, float fade_ms, mega_changed *done, mega_report *report) {
    MEGA_IN_CONTROL(e);
    MEGA_CALL(e, "redo");
    mega_calls_put_number(call, "fade_ms", (double)fade_ms);
    return step(e, MEGA_REDO, fade_ms, done, report);
}

uint64_t mega_rev(const mega_engine *e) { return mega_history_rev(e->history); }

const mega_patch *mega_loaded_patch(const mega_engine *e) {
    return mega_schedule_document(&e->schedule);
}
