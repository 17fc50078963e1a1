// SPDX-License-Identifier: MIT
// adapter -- making and ending, dispatch of messages, and the tick that tells what has become of
// them.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core.h"
#include "osc.h"

/// How often we look after the worker, and after changes that wait for their block: about a tick of
/// Pd.
static const double look_ms = 1.5;
/// Until what a fade has left behind is freed; longer than most fades, never in a hurry.
static const double collect_seconds = 0.1;

// ---- making ------------------------------------------------------------------------------------

static const char empty_patch[] = "{\"nodes\": {\"out\": {\"type\": \"output\"}}}";

static mega_engine *make_engine(mega_adapter *a) {
    mega_report *report = mega_report_create();
    mega_engine *engine = mega_create(&(mega_options){.rate = a->options.rate,
                                                      .input_channels = a->options.input_channels,
                                                      .output_channels = a->options.output_channels,
                                                      .whole_blocks = a->whole_blocks},
                                      report);
    if (!engine) synth_tell_report(a, "megasynth~", report, NULL, MEGA_ERROR_MEMORY, false);
    mega_report_destroy(report);
    return engine;
}

static bool allocate(mega_adapter *a) {
    a->worker = synth_worker_create(a);
    a->collected = json_array();
    a->slots = json_object();
    a->known_index = json_object();
    return a->worker && a->collected && a->slots && a->known_index && synth_midi_create(a);
}

mega_adapter *mega_adapter_create(const mega_adapter_options *options, const mega_host *host) {
    mega_adapter *a = calloc(1, sizeof *a);
    if (!a) {
        host->error(host->context, "no memory");
        return NULL;
    }
    a->host = *host;
    a->options = *options;
    a->waits = options->wait;
    a->whole_blocks = options->input_channels > 0; // as blocks are nearly always
    a->collect_frame = UINT64_MAX;
    if (!allocate(a)) {
        synth_tell_error(a, "no-memory", "no memory");
    } else if ((a->engine = make_engine(a))) {
        synth_work_do(a,
                      synth_bytes_load(a, "", (const uint8_t *)empty_patch, strlen(empty_patch)));
        a->host.wake(a->host.context, 0);
        return a;
    }
    mega_adapter_destroy(a);
    return NULL;
}

static void discard(synth_job *job) { synth_work_destroy((synth_work *)job); }

void mega_adapter_destroy(mega_adapter *a) {
    if (!a) return;
    synth_worker_destroy(a->worker, discard);
    for (int i = 0; i < MEGA_TAPS_MAX; i++)
        if (a->taps[i]) a->taps[i]->adapter = NULL;
    mega_destroy(a->engine);
    for (int i = 0; i < SYNTH_SLOTS_MAX; i++) mega_patch_destroy(a->prepared[i]);
    mega_midi_destroy(a->midi);
    for (int i = 0; i < 128; i++) free(a->controllers[i]);
    synth_values_finish(a);
    json_decref(a->early.list);
    json_decref(a->sent);
    json_decref(a->undone);
    json_decref(a->touched);
    json_decref(a->warned);
    json_decref(a->collected);
    json_decref(a->slots);
    free(a);
}

// ---- messages in -------------------------------------------------------------------------------

static const synth_command_row *find(const char *selector) {
    for (const synth_command_row *row = synth_commands; row->selector; row++)
        if (strcmp(row->selector, selector) == 0) return row;
    return NULL;
}

static void tell_unknown(mega_adapter *a, const char *selector) {
    const char *names[128];
    size_t count = 0;
    for (const synth_command_row *row = synth_commands; row->selector && count < 128; row++)
        names[count++] = row->selector;
    const char *near = mega_nearest(selector, names, count);
    synth_tell_error(a, "not-found", "no such message: `%.80s`; %s%s%s", selector,
                     near ? "did you mean `" : "", near ? near : "`commands` tells what there is",
                     near ? "`?" : "");
}

void synth_run(mega_adapter *a, uint64_t frame, const char *selector, size_t count,
               const mega_atom *atoms) {
    synth_osc_room room;
    synth_osc_translate(&selector, &count, &atoms, &room);
    const synth_command_row *row = find(selector);
    int key;
    if (!row && count && mega_key_of_name(selector, NULL, &key)) {
        mega_atom note[3] = {{selector, 0}};
        for (size_t i = 0; i < count && i < 2; i++) note[i + 1] = atoms[i];
        synth_play_list(a, frame, count + 1, note);
    } else if (!row) tell_unknown(a, selector);
    else if (count < row->least || (row->most != UINT8_MAX && count > row->most))
        synth_tell_error(a, "bad-arguments", "%s: %zu arguments; write `%s%s%s`", selector, count,
                         selector, *row->arguments ? " " : "", row->arguments);
    else row->run(a, frame, count, atoms);
}

/// What an object says while it is made waits for its cords, what it says while the host builds its
/// DSP graph for the graph.
static void tell_early(mega_adapter *a) {
    synth_messages early = a->early;
    a->early = (synth_messages){0};
    synth_tell_messages(a, MEGA_INFO, &early);
    json_decref(early.list);
}

/// At the first message or tick.
static void announce(mega_adapter *a) {
    if (a->ready_told) return;
    a->ready_told = true;
    synth_tell(a, MEGA_INFO, "ready", 1, &(mega_atom){MEGA_VERSION, 0});
    tell_early(a);
}

void mega_adapter_message(mega_adapter *a, uint64_t frame, const char *selector, size_t count,
                          const mega_atom *atoms) {
    announce(a);
    if (selector) synth_run(a, frame, selector, count, atoms);
    else if (count && atoms->word) synth_run(a, frame, atoms->word, count - 1, atoms + 1);
    else if (count) synth_play_list(a, frame, count, atoms);
    // an empty list is what [list] and [t b] send by the way: nothing
}

mega_listener mega_adapter_listen(mega_adapter *a, mega_answer *answer, void *context) {
    for (int i = 0; i < SYNTH_LISTENERS_MAX; i++) {
        if (a->listeners[i].number) continue;
        a->listeners[i].answer = answer;
        a->listeners[i].context = context;
        return a->listeners[i].number = ++a->listener_last;
    }
    synth_tell_error(a, "limit", "more than %d listeners", SYNTH_LISTENERS_MAX);
    return MEGA_INFO;
}

void mega_adapter_ignore(mega_adapter *a, mega_listener listener) {
    for (int i = 0; listener && i < SYNTH_LISTENERS_MAX; i++)
        if (a->listeners[i].number == listener) a->listeners[i].number = 0;
}

void mega_adapter_ask(mega_adapter *a, mega_listener listener, const char *selector, size_t count,
                      const mega_atom *atoms) {
    a->asking = listener;
    mega_adapter_message(a, MEGA_AT_ONCE, selector, count, atoms);
    a->asking = MEGA_INFO;
}

bool mega_adapter_load(mega_adapter *a, const char *file_name) {
    synth_work *work = synth_file_load(a, file_name);
    return work && synth_work_do(a, work);
}

// ---- tick --------------------------------------------------------------------------------------

void mega_adapter_join(mega_adapter *a) {
    mega_listener asking = a->asking;
    a->asking = MEGA_INFO; // what is finished here was not asked by whoever makes us wait
    do {
        if (!a->begun) synth_edits_flush(a);
        synth_worker_pause(a->worker, true);
        synth_worker_resume(a->worker);
        synth_work_finish_all(a);
        synth_values_replay(a);
    } while (!synth_worker_idle(a->worker) || (json_array_size(a->collected) && !a->begun));
    a->asking = asking;
}

/// Tells which changes have become heard, and since when.
static void tell_swapped(mega_adapter *a) {
    size_t kept = 0;
    for (size_t i = 0; i < a->pending_count; i++) {
        synth_pending *p = &a->pending[i];
        uint64_t frame;
        if (!mega_change_frame(a->engine, p->number, &frame)) {
            a->pending[kept++] = *p;
            continue;
        }
        synth_tell(a, MEGA_INFO, "swapped", 2, (mega_atom[]){{p->name, 0}, {NULL, (double)frame}});
        a->collect_frame =
            mega_adapter_frame(a) + (uint64_t)(collect_seconds * mega_rate(a->engine));
    }
    a->pending_count = kept;
}

static void collect(mega_adapter *a, synth_work *work) {
    (void)work;
    mega_collect(a->engine);
}

/// Frees, in the worker, what the audio role has given back.
static void collect_later(mega_adapter *a) {
    if (mega_adapter_frame(a) < a->collect_frame) return;
    a->collect_frame = UINT64_MAX;
    synth_work *work = synth_work_create(a, "", collect);
    if (!work) return;
    work->job.brief = true;
    synth_work_post(a, work);
}

static void tell_load(mega_adapter *a) {
    uint64_t now = mega_adapter_frame(a);
    if (a->poll_ms <= 0 || now < a->poll_frame) return;
    uint32_t rate = mega_rate(a->engine);
    a->poll_frame = now + (uint64_t)(a->poll_ms * 0.001 * rate);
    double ns = (double)atomic_exchange(&a->perform_ns, 0);
    double frames = (double)atomic_exchange(&a->perform_frames, 0);
    double percent = frames > 0 ? ns * 1e-7 / (frames / rate) : 0;
    synth_tell(a, MEGA_INFO, "cpu", 1,
               &(mega_atom){NULL, (double)(int)(percent * 100 + 0.5) / 100});
    uint32_t voices = mega_counters_get(a->engine).voices_active;
    if (voices == a->voices_told) return;
    a->voices_told = voices;
    synth_tell(a, MEGA_INFO, "voices", 1, &(mega_atom){NULL, voices});
}

/// Asks for the next tick, if there is anything left to look after. What waits for sound to be
/// rendered waits without us while there is none: `mega_adapter_format` wakes us then.
/// @param values_ms until changed values may be sent; below 0: there are none
static void ask_for_tick(mega_adapter *a, double values_ms) {
    uint64_t now = mega_adapter_frame(a);
    bool renders = now != a->frame_seen;
    a->frame_seen = now;
    double ms = values_ms;
    if (a->poll_ms > 0 && (ms < 0 || a->poll_ms < ms)) ms = a->poll_ms;
    bool pending = renders && (a->pending_count || a->collect_frame != UINT64_MAX);
    if (pending && (ms < 0 || ms > look_ms * 4)) ms = look_ms * 4;
    if (!synth_worker_idle(a->worker)) ms = look_ms;
    if (json_array_size(a->collected) && !a->begun) ms = 0;
    if (ms >= 0) a->host.wake(a->host.context, ms);
}

void mega_adapter_tick(mega_adapter *a) {
    announce(a);
    tell_early(a);
    if (!a->begun) synth_edits_flush(a);
    if (a->waits) mega_adapter_join(a);
    synth_work_finish_all(a);
    if (synth_worker_idle(a->worker)) {
        synth_values_replay(a);
        tell_swapped(a);
        collect_later(a);
    }
    if (a->waits) mega_adapter_join(a);
    synth_notes_collect(a);
    tell_load(a);
    ask_for_tick(a, synth_changes_send(a));
}

// ---- sound -------------------------------------------------------------------------------------

/// Changes that waited for their frame are in force in the new engine from its start.
static void tell_all_swapped(mega_adapter *a) {
    size_t count = a->pending_count;
    a->pending_count = 0;
    for (size_t i = 0; i < count; i++)
        synth_messages_add(&a->early, "swapped", "sf", a->pending[i].name, 0.0);
}

/// The same patch in another engine: at its start, but for the notes that are held.
static void change_engine(mega_adapter *a) {
    mega_engine *before = a->engine, *engine = make_engine(a);
    if (!engine) return;
    mega_patch *patch = mega_snapshot(a->engine);
    mega_report *report = mega_report_create();
    mega_status status = patch ? mega_load(engine, patch, report) : MEGA_OK;
    if (status) synth_tell_report(a, "megasynth~", report, NULL, status, true);
    mega_report_destroy(report);
    mega_patch_destroy(patch);
    a->engine = engine;
    a->epoch++;
    tell_all_swapped(a);
    a->collect_frame = UINT64_MAX;
    a->poll_frame = 0;
    synth_values_forget_names(a);
    synth_notes_again(a);
    synth_taps_open_again(a);
    mega_destroy(before);
}

void mega_adapter_format(mega_adapter *a, uint32_t rate, uint32_t frames) {
    if (frames > a->block_frames) a->block_frames = frames;
    bool whole = a->options.input_channels && frames % SYNTH_BLOCK_FRAMES == 0;
    if (rate != mega_rate(a->engine) || whole != a->whole_blocks) {
        synth_worker_pause(a->worker, false);
        a->options.rate = rate;
        if (rate != mega_rate(a->engine)) change_engine(a);
        a->whole_blocks = mega_set_whole_blocks(a->engine, whole);
        synth_worker_resume(a->worker);
    }
    a->frame_seen = UINT64_MAX;
    a->host.wake(a->host.context, 0);
}

uint64_t mega_adapter_frame(const mega_adapter *a) { return mega_counters_get(a->engine).frame; }

static uint64_t now_ns(void) {
    struct timespec t; // read in user space: no system call
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void mega_adapter_moment(mega_adapter *a, double time, uint32_t tick_frames) {
    if (atomic_exchange(&a->moment, time) != time) atomic_store(&a->moment_frames, 0);
    atomic_store(&a->tick_frames, tick_frames);
}

void mega_adapter_perform(mega_adapter *a, const float *const *in, float *const *out,
                          uint32_t frames) {
    uint64_t start = a->poll_ms > 0 ? now_ns() : 0;
    atomic_fetch_add(&a->moment_frames, frames);
    if (synth_taps_any(a)) synth_taps_render(a, in, out, frames);
    else mega_render(a->engine, in, out, frames);
    if (!start) return;
    atomic_fetch_add(&a->perform_ns, now_ns() - start);
    atomic_fetch_add(&a->perform_frames, frames);
}
