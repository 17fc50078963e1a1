// SPDX-License-Identifier: MIT
// load -- the CONTROL role: patches become programs, published to the audio role with those that
// fade to them.
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "transition.h"

// ---- names ------------------------------------------------------------------------------------

static int32_t find_node(const mega_patch *patch, const char *id) {
    for (size_t n = 0; n < patch->node_count; n++)
        if (strcmp(patch->nodes[n].id, id) == 0) return (int32_t)n;
    return -1;
}

static int32_t find_output(const mega_module *m, const char *name) {
    for (uint32_t o = 0; o < m->output_count; o++)
        if (strcmp(m->outputs[o].name, name) == 0) return (int32_t)o;
    return -1;
}

static int32_t find_param_row(const mega_module *m, const char *name) {
    for (uint32_t i = 0; i < m->param_count; i++)
        if (strcmp(m->params[i].name, name) == 0) return (int32_t)i;
    return -1;
}

static int32_t knob_in(const mega_patch *patch, const char *name) {
    for (size_t k = 0; k < patch->knob_count; k++)
        if (strcmp(patch->knobs[k].id, name) == 0) return (int32_t)k;
    return -1;
}

/// The slot of "node.param" in a program, or -1.
static int32_t slot_in(const mega_program *program, const char *name) {
    const char *dot = strrchr(name, '.');
    size_t bytes = (size_t)(dot - name);
    for (uint32_t n = 0; n < program->node_count; n++) {
        const mega_program_node *node = &program->nodes[n];
        if (strlen(node->id) != bytes || memcmp(node->id, name, bytes) != 0) continue;
        int32_t row = find_param_row(mega_isa_one.modules[node->module], dot + 1);
        return row < 0 ? -1 : (int32_t)node->slot + row;
    }
    return -1;
}

int32_t mega_find_knob(mega_engine *e, const char *name) {
    mega_collect(e);
    if (!e->newest || knob_in(e->newest->patch, name) < 0) return -1;
    int32_t number = mega_names_number(&e->knobs, name);
    if (number < 0) return -1;
    // Written before any event can carry the number: the ring orders the two. Asked again, it is
    // written again with what is there, while the audio role may read it: hence atomic.
    for (int i = -1; i < MEGA_STAGES_MAX; i++) {
        mega_program *program = i < 0 ? e->newest : e->newest->lead[i];
        if (program)
            __atomic_store_n(&program->knob_of_id[number], knob_in(program->patch, name),
                             __ATOMIC_RELAXED);
    }
    return number;
}

int32_t mega_find_param(mega_engine *e, const char *node, const char *param) {
    mega_collect(e);
    if (!e->newest) return -1;
    int32_t n = find_node(e->newest->patch, node);
    if (n < 0 || find_param_row(e->newest->patch->nodes[n].module, param) < 0) return -1;
    char name[MEGA_NAME_BYTES_MAX + 2];
    strcpy(name, node);
    strcat(name, ".");
    strcat(name, param);
    int32_t number = mega_names_number(&e->params, name);
    if (number < 0) return -1;
    for (int i = -1; i < MEGA_STAGES_MAX; i++) {
        mega_program *program = i < 0 ? e->newest : e->newest->lead[i];
        if (program)
            __atomic_store_n(&program->slot_of_id[number], slot_in(program, name),
                             __ATOMIC_RELAXED);
    }
    return number;
}

static bool number_names(mega_engine *e, mega_program *program) {
    program->knob_of_id = malloc(MEGA_NAMES_MAX * sizeof *program->knob_of_id);
    program->slot_of_id = malloc(MEGA_NAMES_MAX * sizeof *program->slot_of_id);
    if (!program->knob_of_id || !program->slot_of_id) return false;
    memset(program->knob_of_id, 0xff, MEGA_NAMES_MAX * sizeof *program->knob_of_id);
    memset(program->slot_of_id, 0xff, MEGA_NAMES_MAX * sizeof *program->slot_of_id);
    for (uint32_t i = 0; i < e->knobs.count; i++)
        program->knob_of_id[i] = knob_in(program->patch, e->knobs.names[i]);
    for (uint32_t i = 0; i < e->params.count; i++)
        program->slot_of_id[i] = slot_in(program, e->params.names[i]);
    return true;
}

// ---- load -------------------------------------------------------------------------------------

/// Those buses whose node and port the patch has.
static size_t find_taps(const mega_engine *e, const mega_patch *patch, const mega_program *before,
                        struct mega_tap *taps) {
    size_t count = 0;
    for (uint32_t b = 0; b < e->bus_count; b++) {
        int32_t node = find_node(patch, e->buses[b].node);
        if (node < 0) continue;
        int32_t output = find_output(patch->nodes[node].module, e->buses[b].port);
        if (output < 0) continue;
        taps[count++] = (struct mega_tap){(uint32_t)node, (uint32_t)output, b,
                                          before ? before->buses[b] : NULL};
    }
    return count;
}

/// New groups where their number changes; the audio role moves what sounds.
static bool provide_groups(mega_program *program, const mega_program *before) {
    uint32_t groups = before ? before->groups : 1;
    if (program->groups == groups) return true;
    program->new_groups = mega_voice_groups_create(program->groups);
    return program->new_groups != NULL;
}

/// Compiles to follow `before`. The program keeps a copy of the patch.
/// @return NULL on an error
static mega_program *make_program(mega_engine *e, const mega_patch *patch, const int8_t *fades,
                                  const char *const *origins, const mega_program *before,
                                  bool keep_values, mega_report *report, mega_status *status) {
    struct mega_tap taps[MEGA_BUSES_MAX];
    mega_compile_request request = {.patch = patch,
                                    .rate = (float)e->options.rate,
                                    .memory_bytes_max = e->options.memory_bytes_max,
                                    .before = before,
                                    .patch_before = keep_values && before ? before->patch : NULL,
                                    .origins = origins,
                                    .fades = fades,
                                    .taps = taps,
                                    .tap_count = find_taps(e, patch, before, taps)};
    mega_program *program = mega_compile(&request, report, status);
    if (!program) return NULL;
    program->patch = mega_patch_clone(patch);
    if (program->patch && number_names(e, program) && provide_groups(program, before))
        return program;
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

/// The program of `patch`, and those that fade from `base` to it. @return NULL on an error
static mega_program *make_change(mega_engine *e, const mega_patch *patch, const mega_program *base,
                                 uint32_t fade_frames, mega_report *report, mega_status *status) {
    // compiled alone first: what is wrong with it must be said of it
    *status = mega_patch_check(patch, report);
    if (*status) return NULL;
    mega_transition transition = {0};
    *status = mega_transition_init(&transition, base->patch, patch);
    if (!fade_frames) transition.count = 0; // at once: only who is who
    mega_program *lead[MEGA_STAGES_MAX] = {NULL}, *program = NULL;
    const mega_program *before = base;
    for (size_t i = 0; i < transition.count && !*status; i++) {
        const mega_stage *stage = &transition.stages[i];
        lead[i] =
            make_program(e, stage->patch, stage->fades, stage->origins, before, true, NULL, status);
        if (lead[i]) lead[i]->fade_frames = fade_frames;
        before = lead[i];
    }
    const char *const *origins = transition.count ? NULL : transition.origins;
    if (!*status) program = make_program(e, patch, NULL, origins, before, true, NULL, status);
    for (size_t i = 0; i < MEGA_STAGES_MAX; i++) {
        if (program) program->lead[i] = lead[i];
        else mega_program_destroy(lead[i]);
    }
    mega_transition_finish(&transition);
    if (*status)
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", "", 0, 0, "a larger memory budget",
                        "no memory to change from the patch that sounds to this one");
    return program;
}

/// Publishes what follows the program in force. One that the audio role has not taken yet is taken
/// back: so changes that come while one is under way become one.
/// @param fade_frames UINT32_MAX: a load, nothing goes on but state
static mega_status change(mega_engine *e, const mega_patch *patch, uint32_t fade_frames,
                          mega_report *report) {
    mega_program *unseen = atomic_exchange(&e->pending, NULL);
    if (!unseen) e->in_force = e->newest;
    mega_status status;
    mega_program *program =
        fade_frames == UINT32_MAX || !e->in_force
            ? make_program(e, patch, NULL, NULL, e->in_force, false, report, &status)
            : make_change(e, patch, e->in_force, fade_frames, report, &status);
    if (!program) {
        if (unseen) atomic_store(&e->pending, unseen);
        return status;
    }
    mega_change_destroy(unseen);
    e->newest = program;
    atomic_store(&e->pending, program);
    return MEGA_OK;
}

mega_status mega_load(mega_engine *e, const mega_patch *patch, mega_report *report) {
    mega_collect(e);
    mega_status status = change(e, patch, UINT32_MAX, report);
    if (!status) mega_history_push(e->history, NULL);
    return status;
}

static mega_status rewire(mega_engine *e, const mega_patch *patch, float fade_ms,
                          mega_report *report) {
    mega_collect(e);
    if (!(fade_ms >= 0 && fade_ms <= MEGA_FADE_MS_MAX)) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", "fade_ms", 0, 0, "0..2000",
                        "no fade of such a length");
        return MEGA_ERROR_LIMIT;
    }
    return change(e, patch, (uint32_t)(fade_ms * 0.001f * (float)e->options.rate + 0.5f), report);
}

mega_status mega_rewire(mega_engine *e, const mega_patch *patch, float fade_ms,
                        mega_report *report) {
    mega_status status = rewire(e, patch, fade_ms, report);
    if (!status) mega_history_push(e->history, NULL);
    return status;
}

// ---- edits ------------------------------------------------------------------------------------

/// @param undo receives what leads back
static mega_status apply(mega_engine *e, const void *text, size_t bytes, mega_format format,
                         float fade_ms, char **undo, mega_report *report) {
    *undo = NULL;
    if (!e->newest) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "missing", "", 0, 0, "load a patch first",
                        "there is nothing to edit");
        return MEGA_ERROR_NAME;
    }
    mega_patch *after = mega_patch_edit(e->newest->patch, text, bytes, format, report, undo);
    if (!after) return MEGA_ERROR_PATCH;
    mega_status status = rewire(e, after, fade_ms, report);
    mega_patch_destroy(after);
    if (!status) return MEGA_OK;
    mega_free(*undo);
    *undo = NULL;
    return status;
}

mega_status mega_edit(mega_engine *e, const void *text, size_t bytes, mega_format format,
                      uint64_t rev, float fade_ms, char **undo_json, mega_report *report) {
    if (undo_json) *undo_json = NULL;
    if (rev != MEGA_REV_ANY && !mega_history_current(e->history, rev, report))
        return MEGA_ERROR_PATCH;
    char *undo;
    mega_status status = apply(e, text, bytes, format, fade_ms, &undo, report);
    if (status) return status;
    mega_history_push(e->history, undo);
    if (undo_json) *undo_json = undo;
    else mega_free(undo);
    return MEGA_OK;
}

static mega_status step(mega_engine *e, mega_direction direction, float fade_ms,
                        mega_report *report) {
    const char *text = mega_history_peek(e->history, direction);
    if (!text) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", "", 0, 0, NULL,
                        direction == MEGA_UNDO ? "nothing to undo" : "nothing to redo");
        return MEGA_ERROR_NAME;
    }
    char *inverse;
    mega_status status = apply(e, text, strlen(text), MEGA_FORMAT_JSON, fade_ms, &inverse, report);
    if (!status) mega_history_step(e->history, direction, inverse);
    mega_free(inverse);
    return status;
}

mega_status mega_undo(mega_engine *e, float fade_ms, mega_report *report) {
    return step(e, MEGA_UNDO, fade_ms, report);
}
mega_status mega_redo(mega_engine *e, float fade_ms, mega_report *report) {
    return step(e, MEGA_REDO, fade_ms, report);
}

uint64_t mega_rev(const mega_engine *e) { return mega_history_rev(e->history); }

const mega_patch *mega_loaded_patch(const mega_engine *e) {
    return e->newest ? e->newest->patch : NULL;
}

// ---- buses ------------------------------------------------------------------------------------

static int32_t bus_number(mega_engine *e, const char *node, const char *port, mega_report *report) {
    for (uint32_t b = 0; b < e->bus_count; b++)
        if (!strcmp(e->buses[b].node, node) && !strcmp(e->buses[b].port, port)) return (int32_t)b;
    if (e->bus_count == MEGA_BUSES_MAX) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "limit", node, 0, 0, NULL,
                        "no more than %d buses", MEGA_BUSES_MAX);
        return -1;
    }
    mega_bus_name name = {strdup(node), strdup(port)};
    if (!name.node || !name.port) {
        free(name.node);
        free(name.port);
        return -1;
    }
    e->buses[e->bus_count] = name;
    return (int32_t)e->bus_count++;
}

int32_t mega_bus_open(mega_engine *e, const char *node, const char *port, mega_report *report) {
    mega_collect(e);
    int32_t at = e->newest ? find_node(e->newest->patch, node) : -1;
    if (at < 0 || find_output(e->newest->patch->nodes[at].module, port) < 0) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", node, 0, 0,
                        "a node of the patch that is loaded, and one of its outputs",
                        "no output `%s` of a node `%s`", port, node);
        return -1;
    }
    uint32_t count_before = e->bus_count;
    int32_t number = bus_number(e, node, port, report);
    if (number < 0 || e->bus_count == count_before) return number;
    mega_patch *same = mega_patch_clone(e->newest->patch); // that goes with its program
    mega_status status = same ? change(e, same, 0, report) : MEGA_ERROR_MEMORY;
    mega_patch_destroy(same);
    if (status == MEGA_OK) return number;
    e->bus_count--;
    free(e->buses[number].node);
    free(e->buses[number].port);
    return -1;
}
