// SPDX-License-Identifier: MIT
// engine -- the CONTROL role: create, load, names, buses.
#include "session/engine.h"
#include "session/load.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "render/choice_fades.h"

_Static_assert((int)MEGA_CHOICE_FADE_FRAMES_MAX == MEGA_RATE_MAX / 1000 * MEGA_CHOICE_FADE_MS,
               "room for a fade at every rate");

// ---- create and destroy -----------------------------------------------------------------------

static void complain(mega_report *report, const char *path, const char *hint, const char *message) {
    mega_report_add(report, MEGA_SEVERITY_ERROR, "bad-value", path, 0, 0, hint, "%s", message);
}

static bool check_options(mega_options *o, mega_report *report) {
    if (!o->rate) o->rate = 48000;
    if (!o->output_channels) o->output_channels = 2;
    if (!o->memory_bytes_max) o->memory_bytes_max = MEGA_MEMORY_BYTES_DEFAULT;
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

/// A host with one channel gets the mean of two.
static uint32_t out_channels(const mega_engine *e) {
    return e->options.output_channels > 2 ? e->options.output_channels : 2;
}

static bool allocate(mega_engine *e) {
    mega_renderer *r = &e->renderer;
    uint32_t channels = e->options.input_channels;
    r->input_ring =
        mega_calloc_touched((size_t)channels * 2 * MEGA_BLOCK_FRAMES + 1, sizeof(float));
    r->input_block = mega_calloc_touched((size_t)channels * MEGA_BLOCK_FRAMES + 16,
                                         sizeof(float)); // a vector more: see kernel.h
    r->out = mega_calloc_touched(out_channels(e), sizeof *r->out);
    e->history = mega_history_create();
    if (e->options.record_calls && !(e->calls = mega_calls_create())) return false;
    e->sent_knobs = mega_calloc_touched(MEGA_NAMES_MAX, sizeof *e->sent_knobs);
    e->sent_params = mega_calloc_touched(MEGA_NAMES_MAX, sizeof *e->sent_params);
    e->sent_presets = mega_calloc_touched(MEGA_PRESET_NAMES_MAX, sizeof *e->sent_presets);
    return r->input_ring && r->input_block && r->out && e->history && e->sent_knobs &&
           e->sent_params && e->sent_presets &&
           mega_voices_init(&r->voices, 1, (float)e->options.rate, e->options.seed) &&
           mega_ring_init(&r->garbage, MEGA_GARBAGE_MAX, sizeof(mega_retired)) &&
           mega_ring_init(&r->events, MEGA_EVENTS_MAX, sizeof(mega_event)) &&
           mega_ring_init(&r->ended, MEGA_ENDED_MAX, sizeof(mega_ended)) &&
           mega_queue_init(&r->queue);
}

static void set_up_vm(mega_engine *e) {
    mega_renderer *r = &e->renderer;
    r->options = &e->options;
    r->witness = e->calls ? &e->calls->witness : NULL;
    r->voices.renderer = r;
    r->vm.wide = e->isa;
    r->vm.one = &mega_isa_one;
    r->vm.rate = (float)e->options.rate;
    mega_choices_init(&r->vm);
    r->vm.seconds_per_frame = 1.0f / (float)e->options.rate;
    r->vm.seed = e->options.seed;
    r->vm.voices = &r->voices;
    r->vm.out = r->out;
    r->vm.out_channels = out_channels(e);
    for (uint32_t c = 0; c < e->options.input_channels; c++)
        r->vm.input[c] = r->input_block + (size_t)c * MEGA_BLOCK_FRAMES;
    r->carry_read = r->carry_frames = MEGA_BLOCK_FRAMES;
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

static void forget_lead(mega_program *program, const mega_program *lead) {
    for (int i = 0; program && i < MEGA_STAGES_MAX; i++)
        if (program->lead[i] == lead) program->lead[i] = NULL;
}

void mega_collect(mega_engine *e) {
    MEGA_IN_CONTROL(e);
    mega_retired retired;
    uint32_t count = e->renderer.garbage.items
                         ? e->renderer.garbage.count - mega_ring_room(&e->renderer.garbage)
                         : 0;
    mega_schedule_sync(e); // after the count: what has gone by then is not in force any more
    for (; count && mega_ring_pop(&e->renderer.garbage, &retired); count--) {
        forget_lead(e->schedule.in_force, retired.program);
        mega_program_destroy(retired.program);
        free(retired.groups);
    }
}

bool mega_set_whole_blocks(mega_engine *e, bool whole) {
    MEGA_IN_CONTROL(e);
    if (e->renderer.input_written % MEGA_BLOCK_FRAMES) whole = false; // in the middle of one
    if (whole == e->options.whole_blocks) return whole;
    e->options.whole_blocks = whole;
    // what was heard already is not heard again, one block later
    size_t samples = (size_t)e->options.input_channels * 2 * MEGA_BLOCK_FRAMES;
    if (samples) memset(e->renderer.input_ring, 0, samples * sizeof *e->renderer.input_ring);
    return whole;
}

void mega_destroy(mega_engine *e) {
    if (!e) return;
    mega_collect(e);
    mega_schedule_finish(e);
    // under way: one of the programs that lead to it is in force
    mega_change_destroy(e->renderer.coming ? e->renderer.coming : e->renderer.vm.program);
    mega_voices_finish(&e->renderer.voices);
    mega_history_destroy(e->history);
    mega_calls_destroy(e->calls);
    mega_names_finish(&e->knobs);
    mega_names_finish(&e->params);
    mega_names_finish(&e->presets);
    for (uint32_t b = 0; b < e->bus_count; b++) {
        free(e->buses[b].node);
        free(e->buses[b].port);
    }
    for (uint32_t i = 0; i < e->note_param_count; i++) {
        free(e->note_params[i].node);
        free(e->note_params[i].port);
    }
    mega_ring_finish(&e->renderer.garbage);
    mega_ring_finish(&e->renderer.events);
    mega_ring_finish(&e->renderer.ended);
    mega_queue_finish(&e->renderer.queue);
    free(e->sent_knobs);
    free(e->sent_params);
    free(e->sent_presets);
    free(e->renderer.input_ring);
    free(e->renderer.input_block);
    free(e->renderer.out);
    free(e);
}

const char *mega_isa(const mega_engine *e) { return e->isa->name; }
uint32_t mega_rate(const mega_engine *e) { return e->options.rate; }

// ---- counters ---------------------------------------------------------------------------------

mega_counters mega_counters_get(const mega_engine *e) {
    const mega_tally *t = &e->renderer.tally;
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
                           .changes_late = t->changes_late,
                           .memory_bytes = t->memory_bytes};
}

void mega_profile(mega_engine *e, bool on) {
    memset(e->renderer.vm.profile_ns, 0, sizeof e->renderer.vm.profile_ns);
    e->renderer.vm.profile = on;
}

bool mega_profile_get(const mega_engine *e, size_t index, const char **type, double *nanoseconds) {
    if (index >= MEGA_PROFILE_PLACES) return false;
    if (index == MEGA_PROFILE_REST) *type = "(cables and voices)";
    else if (index == MEGA_PROFILE_LOOPS) *type = "(loops, frame by frame)";
    else *type = mega_isa_one.modules[index]->name;
    *nanoseconds = (double)e->renderer.vm.profile_ns[index];
    return true;
}
