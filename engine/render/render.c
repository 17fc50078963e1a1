// SPDX-License-Identifier: MIT
// render -- the AUDIO role: blocks on an absolute grid, split at events, sliced into what the host
// asks for.
#include <string.h>

#include "session/engine.h"
#include "core/lanes.h"
#include "render/life.h"
#include "compile/lineage.h"
#include "core/ops.h"
#include "render/segment.h"
#include "render/turn.h"

// ---- floating-point mode ----------------------------------------------------------------------

#if defined(__x86_64__)
#include <immintrin.h>
/// Round to nearest, no exceptions, denormals are zero: for as long as we render.
static uint64_t enter_mode(void) {
    uint32_t before = _mm_getcsr();
    _mm_setcsr(0x9fc0);
    return before;
}
static void leave_mode(uint64_t before) { _mm_setcsr((uint32_t)before); }
#elif defined(__aarch64__)
static uint64_t enter_mode(void) {
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)1 << 24));
    return before;
}
static void leave_mode(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before)); }
#else
static uint64_t enter_mode(void) { return 0; }
static void leave_mode(uint64_t before) { (void)before; }
#endif

// ---- what voices tell -------------------------------------------------------------------------

void mega_engine_lane_starts(mega_engine *e, uint32_t group, uint32_t lane) {
    mega_vm_clear_lane(&e->vm, group, lane);
    MEGA_COUNT(e, notes_started);
}

void mega_engine_note_ended(mega_engine *e, mega_note note, uint64_t frame) {
    if (!note) return;
    MEGA_COUNT(e, notes_ended);
    mega_ring_push(&e->ended, &(mega_ended){note, frame}); // full: nobody asks
}

bool mega_engine_lane_stirs(mega_engine *e, uint32_t group, uint32_t lane) {
    return mega_life_stirs(e->vm.program, group, lane);
}

void mega_engine_note_stolen(mega_engine *e) { MEGA_COUNT(e, notes_stolen); }

void mega_engine_note_dropped(mega_engine *e, mega_note note, uint64_t frame) {
    MEGA_COUNT(e, notes_dropped);
    mega_engine_note_ended(e, note, frame);
}

// ---- events -----------------------------------------------------------------------------------

enum { NOTE_MODE = 2 }; // first among the parameters of `note` that are read here

/// A choice that the first `note` of the patch makes for all voices, with the knobs on it.
static uint32_t choice_of_note(const mega_program *p, uint32_t param) {
    const mega_slot *slot = &p->slots[p->nodes[p->note_node].slot + param];
    float choice = slot->going.target;
    for (uint32_t i = 0; i < p->choice_term_count; i++) {
        const mega_choice_term *term = &p->choice_terms[i];
        if (term->param == param) choice += term->amount * p->slots[term->slot].going.target;
    }
    return (uint32_t)to_int(clamp(choice, slot->way.min, slot->way.max) + 0.5f);
}

static mega_voice_rules rules_of(const mega_program *p) {
    if (!p->has_notes) return (mega_voice_rules){0};
    return (mega_voice_rules){.mode = choice_of_note(p, NOTE_MODE),
                              .steal = choice_of_note(p, NOTE_MODE + 1),
                              .priority = choice_of_note(p, NOTE_MODE + 2),
                              .stolen = choice_of_note(p, NOTE_MODE + 3)};
}

// ---- notes that have not begun ------------------------------------------------------------------

/// What ends notes before they begin.
typedef struct {
    mega_engine *engine;
    mega_note note; ///< 0: all
    uint64_t frame, arrived_before;
} cancel;

/// @return true for an event that will not happen any more
static bool is_cancelled(void *context, const mega_event *event) {
    const cancel *c = context;
    bool begins = event->type == MEGA_EVENT_NOTE_ON || event->type == MEGA_EVENT_RESERVE;
    if (!begins || (c->note && event->note != c->note)) return false;
    // to release all means no voice that somebody reserves
    if (!c->note && (event->type == MEGA_EVENT_RESERVE || event->arrival >= c->arrived_before))
        return false;
    mega_engine_note_ended(c->engine, event->note, c->frame);
    return true;
}

static void cancel_notes(mega_engine *e, mega_note note, uint64_t arrived_before, uint64_t frame) {
    if (e->queue.beginnings)
        mega_queue_remove(&e->queue, is_cancelled, &(cancel){e, note, frame, arrived_before});
}

/// The first note of a key that is to begin and was sent before its release; 0 if there is none.
static mega_note find_coming(const mega_queue *queue, const mega_event *off) {
    const mega_event *first = NULL;
    for (uint32_t i = 0; queue->beginnings && i < queue->count; i++) {
        const mega_event *event = &queue->events[i];
        if (event->type != MEGA_EVENT_NOTE_ON || event->value != off->more ||
            event->arrival > off->arrival)
            continue;
        if (!first || event->frame < first->frame ||
            (event->frame == first->frame && event->arrival < first->arrival))
            first = event;
    }
    return first ? first->note : 0;
}

// ---- what happens -------------------------------------------------------------------------------

static void note_off(mega_engine *e, const mega_event *event, mega_note note, uint64_t frame) {
    if (!mega_voices_note_off(&e->voices, frame, note, event->value))
        cancel_notes(e, note, 0, frame);
}

static void key_off(mega_engine *e, const mega_event *event, uint64_t frame) {
    mega_note note = mega_voices_find_key(&e->voices, event->more);
    if (!note && !mega_voices_was_stolen(&e->voices, event->more))
        note = find_coming(&e->queue, event);
    if (note) note_off(e, event, note, frame);
}

static void all_off(mega_engine *e, const mega_event *event, uint64_t frame) {
    mega_voices_all_off(&e->voices, frame);
    cancel_notes(e, 0, event->arrival, frame);
}

static void apply(mega_engine *e, const mega_event *event, uint64_t frame) {
    mega_voices *v = &e->voices;
    v->rules = rules_of(e->vm.program);
    switch ((mega_event_type)event->type) {
    case MEGA_EVENT_NOTE_ON:
        mega_voices_note_on(v, frame, event->note, event->value, event->more);
        break;
    case MEGA_EVENT_NOTE_OFF: note_off(e, event, event->note, frame); break;
    case MEGA_EVENT_KEY_OFF: key_off(e, event, frame); break;
    case MEGA_EVENT_NOTE_SET:
        mega_voices_note_set(v, frame, event->note, (mega_note_expression)event->target,
                             event->value);
        break;
    case MEGA_EVENT_CONTROLLER:
        mega_voices_control(v, frame, (mega_controller)event->target, event->value);
        break;
    case MEGA_EVENT_ALL_OFF: all_off(e, event, frame); break;
    case MEGA_EVENT_RESERVE: mega_voices_reserve(v, frame, event->note, event->value); break;
    case MEGA_EVENT_FREE:
        if (!mega_voices_free(v, frame, event->note)) cancel_notes(e, event->note, 0, frame);
        break;
    case MEGA_EVENT_KNOB:
    case MEGA_EVENT_PARAM:
    case MEGA_EVENT_PRESET:
    case MEGA_EVENT_NOTE_PARAM: mega_behind_turn(e, event); break;
    }
    if (e->stopped && mega_voices_gated(v)) e->stopped = 0; // something is played
}

static void return_stolen(mega_engine *e, uint64_t frame) {
    if (!e->vm.program || !e->voices.waiting_count) return;
    e->voices.rules = rules_of(e->vm.program); // the last event may have turned them
    mega_voices_return(&e->voices, frame);
}

/// Ring -> queue, as far as the queue has room; the rest waits in the ring.
static void take_events(mega_engine *e) {
    mega_event event;
    uint32_t position = e->events.read; // this role's own
    while (e->queue.count < MEGA_EVENTS_MAX / 2 && mega_calls_may_read(e) &&
           mega_ring_pop(&e->events, &event)) {
        event.sent = position++;
        bool late = event.frame < e->block_frame && event.frame != MEGA_NOW;
        if (late) MEGA_COUNT(e, events_late);
        // what is sent right before a change may be read after it
        if (e->vm.program && e->change_frame == e->block_frame) mega_turn_follow_name(e, &event);
        mega_queue_push(&e->queue, &event);
    }
}

/// Applies the next in the queue, which is due.
static void apply_next(mega_engine *e, uint64_t frame) {
    mega_event event = *mega_queue_peek(&e->queue);
    mega_queue_pop(&e->queue);
    if (e->vm.program) apply(e, &event, frame);
    else if (event.type == MEGA_EVENT_NOTE_ON || event.type == MEGA_EVENT_RESERVE)
        mega_engine_note_dropped(e, event.note, frame);
    else MEGA_COUNT(e, events_dropped);
}

/// Applies what is due at `frame`. @return the frame of the next event, or UINT64_MAX
static uint64_t apply_due(mega_engine *e, uint64_t frame) {
    const mega_event *next;
    while ((next = mega_queue_peek(&e->queue)) && next->frame <= frame) apply_next(e, frame);
    return next ? next->frame : UINT64_MAX;
}

// ---- swap -------------------------------------------------------------------------------------

/// What waits for its frame turns the same under another name.
static void follow_names(mega_engine *e) {
    const mega_program *p = e->vm.program;
    if (!p->renamed_knob_count && !p->renamed_param_count) return;
    for (uint32_t i = 0; i < e->queue.count; i++) mega_turn_follow_name(e, &e->queue.events[i]);
}

static void install(mega_engine *e, mega_program *program) {
    mega_retired retired = {.program = e->vm.program};
    float fade_seconds = (float)program->fade_frames * e->vm.seconds_per_frame;
    if (retired.program) mega_lineage_carry(program, retired.program, e->vm.rate, fade_seconds);
    mega_fades_carry(program, retired.program, e->vm.rate);
    if (program->new_groups) {
        retired.groups =
            mega_voices_move(&e->voices, program->new_groups, program->groups, e->block_frame);
        program->new_groups = NULL;
    }
    e->vm.program = program;
    e->change_frame = e->block_frame;
    atomic_store_explicit(&e->sounding, program, memory_order_release);
    e->voices.voices = program->voices;
    e->voices.own_gate = !program->reads_gate;
    e->voices.tail_seconds = program->voice_tail_seconds;
    follow_names(e);
    mega_turn_unheard(e);
    mega_behind_follow(e);
    MEGA_COUNT(e, programs_swapped);
    atomic_store_explicit(&e->tally.memory_bytes, program->memory_bytes, memory_order_relaxed);
    // never full: CONTROL empties it before it publishes, and a change retires three at most
    if (retired.program || retired.groups) mega_ring_push(&e->garbage, &retired);
}

/// The program that comes, or one of its leads.
static void enter(mega_engine *e, uint32_t stage) {
    mega_program *coming = e->coming;
    e->stage = stage;
    if (stage == MEGA_STAGES_MAX) e->coming = NULL;
    install(e, stage == MEGA_STAGES_MAX ? coming : coming->lead[stage]);
}

static uint32_t stage_from(const mega_program *p, uint32_t stage) {
    while (stage < MEGA_STAGES_MAX && !p->stages[stage]) stage++;
    return stage;
}

/// What was to come, and does not any more: another follows what led to it.
static void skip(mega_engine *e) {
    mega_program *skipped = e->coming;
    if (!skipped) return;
    for (uint32_t i = e->stage + 1; i < MEGA_STAGES_MAX; i++)
        if (skipped->stages[i])
            mega_ring_push(&e->garbage, &(mega_retired){.program = skipped->lead[i]});
    mega_ring_push(&e->garbage, &(mega_retired){.program = skipped});
}

/// What leads to the program that comes has faded: the next stage, unless another program is to
/// follow this one.
static void advance_stage(mega_engine *e) {
    if (mega_fades_last(e->vm.program)) {
        if (mega_calls_is_asked(e)) mega_fades_hasten(e->vm.program, e->vm.rate);
        return;
    }
    uint32_t next = stage_from(e->coming, e->stage + 1);
    if (mega_stages_enter(e->coming, next)) enter(e, next);
}

/// The next program: what CONTROL has published to follow this one, else the one that this leads
/// to.
static void swap(mega_engine *e) {
    mega_program *taken = mega_calls_take(e);
    if (!taken) {
        if (e->coming) advance_stage(e);
        return;
    }
    if (taken->due && taken->due < e->block_frame) MEGA_COUNT(e, changes_late);
    skip(e);
    e->coming = taken;
    enter(e, stage_from(taken, 0));
}

// ---- blocks -----------------------------------------------------------------------------------

/// Notes that were sent before a panic and wait for their frames.
static bool is_forgotten(void *context, const mega_event *event) {
    const mega_engine *e = context;
    bool begins = event->type == MEGA_EVENT_NOTE_ON || event->type == MEGA_EVENT_RESERVE;
    return begins && (int32_t)(event->sent - e->stopped_at) < 0;
}

/// Those of voices are read through their voices, which end.
static void silence_buses(const mega_program *p) {
    for (int b = 0; b < MEGA_BUSES_MAX; b++) {
        const mega_bus *bus = p->buses[b];
        if (bus && !bus->voice) memset(bus->block, 0, bus->floats * sizeof *bus->block);
    }
}

/// What was sent before it, to happen now, ends with all else; then all is silent, drones too,
/// until a document is loaded or something is played.
static void panic(mega_engine *e, uint64_t word) {
    const mega_event *next;
    e->stopped_at = (uint32_t)word;
    while ((next = mega_queue_peek(&e->queue)) && next->frame <= e->block_frame &&
           (int32_t)(next->sent - e->stopped_at) < 0)
        apply_next(e, e->block_frame);
    for (uint32_t i = 0; i < e->queue.count; i++)
        if (is_forgotten(e, &e->queue.events[i]))
            mega_engine_note_dropped(e, e->queue.events[i].note, e->block_frame);
    mega_queue_remove(&e->queue, is_forgotten, e);
    mega_voices_kill_all(&e->voices, e->block_frame);
    if (e->vm.program) {
        mega_vm_clear_shared(&e->vm);
        silence_buses(e->vm.program);
    }
    e->stopped = (uint32_t)(word >> 32);
}

/// @return false if something was not finite: it is silent now
static bool guard_channel(const mega_engine *e, float *at, uint32_t frames) {
    if (e->isa->ops->finite(at, frames)) return true;
    memset(at, 0, frames * sizeof *at);
    return false;
}

/// NaN or infinity never leaves: the block is silent, and what may remember it is emptied.
static void guard(mega_engine *e, uint32_t frames) {
    bool fine = true; // all of them, whatever the first gives
    for (uint64_t rest = e->vm.out_used; rest; rest &= rest - 1)
        fine &= guard_channel(e, e->out[__builtin_ctzll(rest)], frames);
    for (uint64_t rest = e->vm.bus_out_used; rest; rest &= rest - 1)
        fine &= guard_channel(e, e->vm.bus_out[__builtin_ctzll(rest)], MEGA_BLOCK_FRAMES);
    if (fine) return;
    e->vm.out_used = 0;
    mega_vm_clear_shared(&e->vm);
    MEGA_COUNT(e, outputs_silenced);
}

static void tally(mega_engine *e) {
    mega_tally *t = &e->tally;
    // what was in the ring before this block was played in it, but for what is due later
    uint32_t heard = mega_behind_heard(e);
    if ((int32_t)(heard - atomic_load_explicit(&t->events_heard, memory_order_relaxed)) > 0)
        atomic_store_explicit(&t->events_heard, heard, memory_order_release);
    atomic_store_explicit(&t->frame_rendered, e->block_frame, memory_order_relaxed);
    atomic_store_explicit(&t->voices_active, mega_voices_sounding(&e->voices),
                          memory_order_relaxed);
    atomic_store_explicit(&t->voices_held, mega_voices_gated(&e->voices), memory_order_relaxed);
    atomic_store_explicit(&t->lanes_silenced, e->vm.lanes_silenced, memory_order_relaxed);
}

/// Renders the next block, or the next ones.
/// @param wanted frames that the host still wants
static void render_blocks(mega_engine *e, uint32_t wanted) {
    swap(e);
    take_events(e);
    mega_behind_begin_block(e); // after both: an event may be of a program that came in between
    uint64_t stopped = mega_calls_panic(e);
    if (stopped) panic(e, stopped);
    bool loaded_since = (int32_t)(mega_calls_woken(e) - e->stopped) >= 0;
    if (e->stopped && loaded_since) e->stopped = 0;
    e->vm.bus_out_used = e->vm.out_used = 0;
    uint32_t at = 0, all = MEGA_BLOCK_FRAMES;
    while (at < all) {
        uint64_t next = apply_due(e, e->block_frame + at);
        return_stolen(e, e->block_frame + at);
        if (!at) all = mega_segment_blocks(e, next, wanted) * MEGA_BLOCK_FRAMES;
        uint64_t end = next - e->block_frame < all ? next - e->block_frame : all;
        uint32_t frames = e->voices.in_hurry ? 1 : (uint32_t)end - at;
        if (e->vm.program && e->stopped) mega_vm_rest(&e->vm, frames);
        else if (e->vm.program) mega_vm_run(&e->vm, at, frames, e->block_frame);
        mega_voices_gates_shown(&e->voices);
        at += frames;
    }
    if (e->vm.program) guard(e, all);
    e->vm.bus_in_given = 0;
    e->block_frame += all;
    e->carry_frames = all;
    mega_voices_end_blocks(&e->voices, all / MEGA_BLOCK_FRAMES, e->block_frame);
    mega_calls_end_block(e);
    tally(e);
}

// ---- the host's frames ------------------------------------------------------------------------

/// The host's input goes to a ring of two blocks; a block hears what came one block before it.
static void take_input(mega_engine *e, const float *const *in, uint32_t offset, uint32_t frames) {
    if (e->calls && in && e->options.input_channels) e->calls->block.outside = true;
    for (uint32_t c = 0; c < e->options.input_channels; c++) {
        float *ring = e->input_ring + (size_t)c * 2 * MEGA_BLOCK_FRAMES;
        for (uint32_t t = 0; t < frames; t++)
            ring[(e->input_written + t) % (2 * MEGA_BLOCK_FRAMES)] =
                in && in[c] ? in[c][offset + t] : 0;
    }
    e->input_written += frames;
}

static void give_input(mega_engine *e) {
    uint64_t delay = e->options.whole_blocks ? 0 : MEGA_BLOCK_FRAMES;
    uint64_t from =
        e->block_frame - delay + 2 * MEGA_BLOCK_FRAMES; // at frame 0: the empty half of the ring
    for (uint32_t c = 0; c < e->options.input_channels; c++) {
        const float *ring = e->input_ring + (size_t)c * 2 * MEGA_BLOCK_FRAMES;
        memcpy(e->input_block + (size_t)c * MEGA_BLOCK_FRAMES,
               ring + from % (2 * MEGA_BLOCK_FRAMES), MEGA_BLOCK_FRAMES * sizeof(float));
    }
}

/// A channel of the last blocks, as far as it was not given out yet.
static const float *rest_of(const mega_engine *e, uint32_t channel) {
    bool used = e->vm.out_used >> channel & 1;
    return (used ? e->out[channel] : e->vm.zeros) + e->carry_read;
}

static void give_output(mega_engine *e, float *const *out, uint32_t offset, uint32_t frames) {
    uint32_t channels = e->options.output_channels;
    if (channels == 1) {
        const float *left = rest_of(e, 0), *right = rest_of(e, 1);
        for (uint32_t t = 0; out[0] && t < frames; t++)
            out[0][offset + t] = 0.5f * (left[t] + right[t]);
        return;
    }
    for (uint32_t c = 0; c < channels; c++)
        if (out[c]) memcpy(out[c] + offset, rest_of(e, c), frames * sizeof(float));
}

bool mega_set_whole_blocks(mega_engine *e, bool whole) {
    MEGA_IN_CONTROL(e);
    if (e->input_written % MEGA_BLOCK_FRAMES) whole = false; // in the middle of one
    if (whole == e->options.whole_blocks) return whole;
    e->options.whole_blocks = whole;
    // what was heard already is not heard again, one block later
    size_t samples = (size_t)e->options.input_channels * 2 * MEGA_BLOCK_FRAMES;
    if (samples) memset(e->input_ring, 0, samples * sizeof *e->input_ring);
    return whole;
}

void mega_render(mega_engine *e, const float *const *in, float *const *out, uint32_t frames) {
    MEGA_IN_AUDIO(e);
    uint64_t mode = enter_mode();
    for (uint32_t done = 0; done < frames;) {
        // up to the grid: so a block is rendered once all its input is there
        uint32_t room = MEGA_BLOCK_FRAMES - (uint32_t)(e->input_written % MEGA_BLOCK_FRAMES);
        uint32_t part = frames - done < room ? frames - done : room;
        if (e->options.whole_blocks) take_input(e, in, done, part);
        if (e->carry_read == e->carry_frames) {
            give_input(e);
            render_blocks(e, frames - done);
            e->carry_read = 0;
        }
        if (!e->options.whole_blocks) take_input(e, in, done, part);
        give_output(e, out, done, part);
        e->carry_read += part;
        done += part;
    }
    atomic_store_explicit(&e->tally.frame, e->block_frame - e->carry_frames + e->carry_read,
                          memory_order_relaxed);
    leave_mode(mode);
}

// ---- buses of the host --------------------------------------------------------------------------

void mega_host_bus_write(mega_engine *e, uint32_t bus, const float *block) {
    MEGA_IN_AUDIO(e);
    if (bus < 1 || bus > MEGA_HOST_BUSES_MAX) return;
    memcpy(e->vm.bus_in[bus - 1], block, sizeof e->vm.bus_in[bus - 1]);
    if (e->calls) e->calls->block.outside = true;
    e->vm.bus_in_given |= UINT64_C(1) << (bus - 1);
}

bool mega_host_bus_read(const mega_engine *e, uint32_t bus, float *block) {
    bool used = bus >= 1 && bus <= MEGA_HOST_BUSES_MAX && e->vm.bus_out_used >> (bus - 1) & 1;
    if (used) memcpy(block, e->vm.bus_out[bus - 1], sizeof e->vm.bus_out[bus - 1]);
    else memset(block, 0, MEGA_BLOCK_FRAMES * sizeof *block);
    return used;
}

// ---- buses ------------------------------------------------------------------------------------

static void sum_lanes(const mega_engine *e, const mega_bus *bus, float *block) {
    memset(block, 0, MEGA_BLOCK_FRAMES * sizeof *block);
    for (uint32_t g = 0; g < e->voices.group_count; g++) {
        uint32_t active = e->voices.groups[g].active;
        const float *at = bus->block + (size_t)g * MEGA_BLOCK_FRAMES * 16;
        for (; active; active &= active - 1)
            for (int t = 0; t < MEGA_BLOCK_FRAMES; t++)
                block[t] += at[t * 16 + __builtin_ctz(active)];
    }
}

bool mega_bus_read(const mega_engine *e, int32_t number, mega_note note, float *block) {
    const mega_program *p = e->vm.program;
    const mega_bus *bus = p && number >= 0 && number < MEGA_BUSES_MAX ? p->buses[number] : NULL;
    uint32_t group, lane;
    memset(block, 0, MEGA_BLOCK_FRAMES * sizeof *block);
    if (!bus || (note && !bus->voice)) return false;
    if (!bus->voice) {
        memcpy(block, bus->block, MEGA_BLOCK_FRAMES * sizeof *block);
    } else if (!note) {
        sum_lanes(e, bus, block);
    } else {
        if (!mega_voices_find(&e->voices, note, &group, &lane)) return false;
        const float *at = bus->block + (size_t)group * MEGA_BLOCK_FRAMES * 16 + lane;
        for (int t = 0; t < MEGA_BLOCK_FRAMES; t++) block[t] = at[t * 16];
    }
    return true;
}
