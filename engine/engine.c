// SPDX-License-Identifier: MIT
// engine -- the CONTROL role: create, load, names, buses.
#include "engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const size_t MEMORY_BYTES_DEFAULT = (size_t)1 << 30;

// ---- create and destroy
// --------------------------------------------------------------------------------

static void complain(mega_report *report, const char *path, const char *hint, const char *message) {
    mega_report_add(report, MEGA_SEVERITY_ERROR, "bad-value", path, 0, 0, hint, "%s", message);
}

static bool check_options(mega_options *o, mega_report *report) {
    if (!o->rate) o->rate = 48000;
    if (!o->output_channels) o->output_channels = 2;
    if (!o->memory_bytes_max) o->memory_bytes_max = MEMORY_BYTES_DEFAULT;
    bool ok = true;
    if (o->rate < MEGA_RATE_MIN || o->rate > MEGA_RATE_MAX) {
        complain(report, "options.rate", "8000..384000 Hz", "sampling rate out of range");
        ok = false;
    }
    if (o->input_channels > MEGA_CHANNELS_MAX || o->output_channels > MEGA_CHANNELS_MAX) {
        complain(report, "options.channels", "at most 64", "too many channels");
        ok = false;
    }
    return ok;
}

static const mega_isa_table *choose_isa(const char *name, mega_report *report) {
    const mega_isa_table *isa = mega_isa_choose(name);
    if (!isa)
        complain(report, "options.isa",
                 "leave MEGASYNTH_ISA unset, or one of v2, v3, v4, neon, one that this machine has",
                 "no such instruction set here");
    return isa;
}

static bool allocate(mega_engine *e) {
    uint32_t channels = e->options.input_channels;
    e->input_ring = calloc((size_t)channels * 2 * MEGA_BLOCK_FRAMES + 1, sizeof(float));
    e->input_block = calloc((size_t)channels * MEGA_BLOCK_FRAMES + 1, sizeof(float));
    return e->input_ring && e->input_block &&
           mega_voices_init(&e->voices, 1, (float)e->options.rate, e->options.seed) &&
           mega_ring_init(&e->garbage, MEGA_GARBAGE_MAX, sizeof(mega_retired)) &&
           mega_ring_init(&e->events, MEGA_EVENTS_MAX, sizeof(mega_event)) &&
           mega_ring_init(&e->ended, MEGA_ENDED_MAX, sizeof(mega_ended)) &&
           mega_queue_init(&e->queue);
}

static void set_up_vm(mega_engine *e) {
    e->voices.engine = e;
    e->vm.wide = e->isa;
    e->vm.one = &mega_isa_one;
    e->vm.rate = (float)e->options.rate;
    e->vm.seconds_per_frame = 1.0f / (float)e->options.rate;
    e->vm.seed = e->options.seed;
    e->vm.voices = &e->voices;
    e->vm.left = e->left;
    e->vm.right = e->right;
    for (uint32_t c = 0; c < e->options.input_channels; c++)
        e->vm.input[c] = e->input_block + (size_t)c * MEGA_BLOCK_FRAMES;
    e->carry_read = MEGA_BLOCK_FRAMES;
    atomic_init(&e->next_note, 1);
}

mega_engine *mega_create(const mega_options *options, mega_report *report) {
    mega_options checked = options ? *options : (mega_options){0};
    const mega_isa_table *isa = choose_isa(checked.isa, report);
    checked.isa = NULL;
    if (!check_options(&checked, report) || !isa) return NULL;
    size_t bytes = (sizeof(mega_engine) + 63) & ~(size_t)63;
    mega_engine *e = aligned_alloc(64, bytes);
    if (e) {
        memset(e, 0, bytes);
        e->options = checked;
        e->isa = isa;
        if (allocate(e)) {
            set_up_vm(e);
            return e;
        }
        mega_destroy(e);
    }
    mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
    return NULL;
}

static void destroy_program(mega_program *program) {
    if (!program) return;
    free(program->new_groups);
    mega_program_destroy(program);
}

void mega_collect(mega_engine *e) {
    mega_retired retired;
    while (e->garbage.items && mega_ring_pop(&e->garbage, &retired)) {
        destroy_program(retired.program);
        free(retired.groups);
    }
}

void mega_destroy(mega_engine *e) {
    if (!e) return;
    mega_collect(e);
    destroy_program(atomic_load(&e->pending));
    destroy_program(e->vm.program);
    mega_voices_finish(&e->voices);
    mega_patch_destroy(e->patch);
    mega_names_finish(&e->knobs);
    mega_names_finish(&e->params);
    for (uint32_t b = 0; b < e->bus_count; b++) {
        free(e->buses[b].node);
        free(e->buses[b].port);
    }
    mega_ring_finish(&e->garbage);
    mega_ring_finish(&e->events);
    mega_ring_finish(&e->ended);
    mega_queue_finish(&e->queue);
    free(e->input_ring);
    free(e->input_block);
    free(e);
}

const char *mega_isa(const mega_engine *e) { return e->isa->name; }
uint32_t mega_rate(const mega_engine *e) { return e->options.rate; }

// ---- names
// -----------------------------------------------------------------------------------------------

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
    if (!e->patch) return -1;
    int32_t knob = knob_in(e->patch, name);
    if (knob < 0) return -1;
    int32_t number = mega_names_number(&e->knobs, name);
    // written before any event can carry the number: the ring orders the two
    if (number >= 0) e->newest->knob_of_id[number] = knob;
    return number;
}

int32_t mega_find_param(mega_engine *e, const char *node, const char *param) {
    mega_collect(e);
    if (!e->patch) return -1;
    int32_t n = find_node(e->patch, node);
    if (n < 0 || find_param_row(e->patch->nodes[n].module, param) < 0) return -1;
    char name[MEGA_NAME_BYTES_MAX + 2];
    strcpy(name, node);
    strcat(name, ".");
    strcat(name, param);
    int32_t number = mega_names_number(&e->params, name);
    if (number >= 0) e->newest->slot_of_id[number] = slot_in(e->newest, name);
    return number;
}

static bool number_names(mega_engine *e, const mega_patch *patch, mega_program *program) {
    program->knob_of_id = malloc(MEGA_NAMES_MAX * sizeof *program->knob_of_id);
    program->slot_of_id = malloc(MEGA_NAMES_MAX * sizeof *program->slot_of_id);
    if (!program->knob_of_id || !program->slot_of_id) return false;
    memset(program->knob_of_id, 0xff, MEGA_NAMES_MAX * sizeof *program->knob_of_id);
    memset(program->slot_of_id, 0xff, MEGA_NAMES_MAX * sizeof *program->slot_of_id);
    for (uint32_t i = 0; i < e->knobs.count; i++)
        program->knob_of_id[i] = knob_in(patch, e->knobs.names[i]);
    for (uint32_t i = 0; i < e->params.count; i++)
        program->slot_of_id[i] = slot_in(program, e->params.names[i]);
    return true;
}

// ---- load
// ------------------------------------------------------------------------------------------------

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

/// Compiles to follow `before`. @return NULL on an error
static mega_program *make_program(mega_engine *e, const mega_patch *patch,
                                  const mega_program *before, bool keep_values, mega_report *report,
                                  mega_status *status) {
    struct mega_tap taps[MEGA_BUSES_MAX];
    mega_compile_request request = {.patch = patch,
                                    .rate = (float)e->options.rate,
                                    .memory_bytes_max = e->options.memory_bytes_max,
                                    .before = before,
                                    .keep_values = keep_values,
                                    .taps = taps,
                                    .tap_count = find_taps(e, patch, before, taps)};
    mega_program *program = mega_compile(&request, report, status);
    if (!program) return NULL;
    if (number_names(e, patch, program) && provide_groups(program, before)) return program;
    destroy_program(program);
    mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
    *status = MEGA_ERROR_MEMORY;
    return NULL;
}

/// A pending program that the audio role has not taken yet is taken back: the new one follows what
/// is in force.
static mega_status load(mega_engine *e, const mega_patch *patch, bool keep_values,
                        mega_report *report) {
    mega_program *unseen = atomic_exchange(&e->pending, NULL);
    if (!unseen) e->in_force = e->newest;
    mega_status status;
    mega_program *program =
        make_program(e, patch, e->in_force, keep_values && !unseen, report, &status);
    if (!program) {
        if (unseen) atomic_store(&e->pending, unseen);
        return status;
    }
    destroy_program(unseen);
    e->newest = program;
    atomic_store(&e->pending, program);
    return MEGA_OK;
}

mega_status mega_load(mega_engine *e, const mega_patch *patch, mega_report *report) {
    mega_collect(e);
    mega_patch *copy = mega_patch_clone(patch);
    if (!copy) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "no-memory", "", 0, 0, NULL, "out of memory");
        return MEGA_ERROR_MEMORY;
    }
    mega_status status = load(e, copy, false, report);
    if (status) {
        mega_patch_destroy(copy);
        return status;
    }
    mega_patch_destroy(e->patch);
    e->patch = copy;
    return MEGA_OK;
}

mega_status mega_patch_check(const mega_patch *patch, mega_report *report) {
    mega_status status;
    mega_compile_request request = {
        .patch = patch, .rate = 48000, .memory_bytes_max = MEMORY_BYTES_DEFAULT, .dry = true};
    mega_program_destroy(mega_compile(&request, report, &status));
    return status;
}

// ---- buses
// -----------------------------------------------------------------------------------------------

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
    int32_t at = e->patch ? find_node(e->patch, node) : -1;
    if (at < 0 || find_output(e->patch->nodes[at].module, port) < 0) {
        mega_report_add(report, MEGA_SEVERITY_ERROR, "not-found", node, 0, 0,
                        "a node of the patch that is loaded, and one of its outputs",
                        "no output `%s` of a node `%s`", port, node);
        return -1;
    }
    uint32_t count_before = e->bus_count;
    int32_t number = bus_number(e, node, port, report);
    if (number < 0 || e->bus_count == count_before) return number;
    if (load(e, e->patch, true, report) == MEGA_OK) return number;
    e->bus_count--;
    free(e->buses[number].node);
    free(e->buses[number].port);
    return -1;
}

// ---- counters
// ----------------------------------------------------------------------------------------------

mega_counters mega_counters_get(const mega_engine *e) {
    const mega_tally *t = &e->tally;
    return (mega_counters){.frame = t->frame,
                           .frame_rendered = t->frame_rendered,
                           .voices_active = t->voices_active,
                           .voices_held = t->voices_held,
                           .notes_started = t->notes_started,
                           .notes_ended = t->notes_ended,
                           .notes_stolen = t->notes_stolen,
                           .notes_dropped = t->notes_dropped,
                           .events_late = t->events_late,
                           .events_dropped = t->events_dropped,
                           .lanes_silenced = t->lanes_silenced,
                           .outputs_silenced = t->outputs_silenced,
                           .programs_swapped = t->programs_swapped,
                           .memory_bytes = t->memory_bytes};
}

void mega_profile(mega_engine *e, bool on) {
    memset(e->vm.profile_ns, 0, sizeof e->vm.profile_ns);
    e->vm.profile = on;
}

bool mega_profile_get(const mega_engine *e, size_t index, const char **type, double *nanoseconds) {
    if (index > MEGA_MODULE_COUNT) return false;
    *type = index < MEGA_MODULE_COUNT ? mega_isa_one.modules[index]->name : "(cables and voices)";
    *nanoseconds = (double)e->vm.profile_ns[index];
    return true;
}
