// SPDX-License-Identifier: MIT
// render -- the AUDIO role: blocks on an absolute grid, split at events, sliced into what the host
// asks for.
#include <string.h>

#include "compile/continuity.h"
#include "core/lanes.h"
#include "core/ops.h"
#include "render/life.h"
#include "render/renderer.h"
#include "render/segment.h"
#include "render/value_events.h"

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

void mega_renderer_lane_starts(mega_renderer *r, uint32_t group, uint32_t lane) {
    mega_vm_clear_lane(&r->vm, group, lane);
    MEGA_COUNT(r, notes_started);
}

void mega_renderer_note_ended(mega_renderer *r, mega_note note, uint64_t frame) {
    if (!note) return;
    MEGA_COUNT(r, notes_ended);
    mega_ring_push(&r->ended, &(mega_ended){note, frame}); // full: nobody asks
}

bool mega_renderer_lane_stirs(mega_renderer *r, uint32_t group, uint32_t lane) {
    return mega_life_stirs(r->vm.program, group, lane);
}

void mega_renderer_note_stolen(mega_renderer *r) { MEGA_COUNT(r, notes_stolen); }

void mega_renderer_note_dropped(mega_renderer *r, mega_note note, uint64_t frame) {
    MEGA_COUNT(r, notes_dropped);
    mega_renderer_note_ended(r, note, frame);
}

// ---- events -----------------------------------------------------------------------------------

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
    return (mega_voice_rules){.mode = choice_of_note(p, MEGA_NOTE_PARAM_MODE),
                              .steal = choice_of_note(p, MEGA_NOTE_PARAM_STEAL),
                              .priority = choice_of_note(p, MEGA_NOTE_PARAM_PRIORITY),
                              .stolen = choice_of_note(p, MEGA_NOTE_PARAM_STOLEN)};
}

// ---- notes that have not begun -----------------------------------------------------------------

/// What ends notes before they begin.
typedef struct {
    mega_renderer *renderer;
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
    mega_renderer_note_ended(c->renderer, event->note, c->frame);
    return true;
}

static void cancel_notes(mega_renderer *r, mega_note note, uint64_t arrived_before,
                         uint64_t frame) {
    if (r->queue.beginnings)
        mega_queue_remove(&r->queue, is_cancelled, &(cancel){r, note, frame, arrived_before});
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

// ---- what happens ------------------------------------------------------------------------------

static void note_off(mega_renderer *r, const mega_event *event, mega_note note, uint64_t frame) {
    if (!mega_voices_note_off(&r->voices, frame, note, event->value))
        cancel_notes(r, note, 0, frame);
}

static void key_off(mega_renderer *r, const mega_event *event, uint64_t frame) {
    mega_note note = mega_voices_find_key(&r->voices, event->more);
    if (!note && !mega_voices_was_stolen(&r->voices, event->more))
        note = find_coming(&r->queue, event);
    if (note) note_off(r, event, note, frame);
}

static void all_off(mega_renderer *r, const mega_event *event, uint64_t frame) {
    mega_voices_all_off(&r->voices, frame);
    cancel_notes(r, 0, event->arrival, frame);
}

static void apply(mega_renderer *r, const mega_event *event, uint64_t frame) {
    mega_voices *v = &r->voices;
    v->rules = rules_of(r->vm.program);
    switch ((mega_event_type)event->type) {
    case MEGA_EVENT_NOTE_ON:
        mega_voices_note_on(v, frame, event->note, event->value, event->more);
        break;
    case MEGA_EVENT_NOTE_OFF: note_off(r, event, event->note, frame); break;
    case MEGA_EVENT_KEY_OFF: key_off(r, event, frame); break;
    case MEGA_EVENT_NOTE_SET:
        mega_voices_note_set(v, frame, event->note, (mega_note_expression)event->target,
                             event->value);
        break;
    case MEGA_EVENT_CONTROLLER:
        mega_voices_control(v, frame, (mega_controller)event->target, event->value);
        break;
    case MEGA_EVENT_ALL_OFF: all_off(r, event, frame); break;
    case MEGA_EVENT_RESERVE: mega_voices_reserve(v, frame, event->note, event->value); break;
    case MEGA_EVENT_FREE:
        if (!mega_voices_free(v, frame, event->note)) cancel_notes(r, event->note, 0, frame);
        break;
    case MEGA_EVENT_KNOB:
    case MEGA_EVENT_PARAM:
    case MEGA_EVENT_PRESET:
    case MEGA_EVENT_NOTE_PARAM: mega_carryover_apply(r, event); break;
    }
    if (r->stopped && mega_voices_gated(v)) r->stopped = 0; // something is played
}

static void return_stolen(mega_renderer *r, uint64_t frame) {
    if (!r->vm.program || !r->voices.waiting_count) return;
    r->voices.rules = rules_of(r->vm.program); // the last event may have set them
    mega_voices_return(&r->voices, frame);
}

/// Ring -> queue, as far as the queue has room; the rest waits in the ring.
static void take_events(mega_renderer *r) {
    mega_event event;
    uint32_t position = r->events.read; // this role's own
    while (r->queue.count < MEGA_EVENTS_MAX / 2 && mega_witness_may_read(r) &&
           mega_ring_pop(&r->events, &event)) {
        event.sent = position++;
        bool late = event.frame < r->block_frame && event.frame != MEGA_NOW;
        if (late) MEGA_COUNT(r, events_late);
        // what is sent right before a change may be read after it
        if (r->vm.program && r->change_frame == r->block_frame)
            mega_value_event_follow_name(r, &event);
        mega_queue_push(&r->queue, &event);
    }
}

/// Applies the next in the queue, which is due.
static void apply_next(mega_renderer *r, uint64_t frame) {
    mega_event event = *mega_queue_peek(&r->queue);
    mega_queue_pop(&r->queue);
    if (r->vm.program) apply(r, &event, frame);
    else if (event.type == MEGA_EVENT_NOTE_ON || event.type == MEGA_EVENT_RESERVE)
        mega_renderer_note_dropped(r, event.note, frame);
    else MEGA_COUNT(r, events_dropped);
}

/// Applies what is due at `frame`. @return the frame of the next event, or UINT64_MAX
static uint64_t apply_due(mega_renderer *r, uint64_t frame) {
    const mega_event *next;
    while ((next = mega_queue_peek(&r->queue)) && next->frame <= frame) apply_next(r, frame);
    return next ? next->frame : UINT64_MAX;
}

// ---- swap -------------------------------------------------------------------------------------

/// What waits for its frame turns the same under another name.
static void follow_names(mega_renderer *r) {
    const mega_program *p = r->vm.program;
    if (!p->renamed_knob_count && !p->renamed_param_count) return;
    for (uint32_t i = 0; i < r->queue.count; i++)
        mega_value_event_follow_name(r, &r->queue.events[i]);
}

static void install(mega_renderer *r, mega_program *program) {
    mega_retired retired = {.program = r->vm.program};
    float fade_seconds = (float)program->fade_frames * r->vm.seconds_per_frame;
    if (retired.program) mega_continuity_apply(program, retired.program, r->vm.rate, fade_seconds);
    mega_fades_carry(program, retired.program, r->vm.rate);
    if (program->new_groups) {
        retired.groups =
            mega_voices_move(&r->voices, program->new_groups, program->groups, r->block_frame);
        program->new_groups = NULL;
    }
    r->vm.program = program;
    r->change_frame = r->block_frame;
    atomic_store_explicit(&r->sounding, program, memory_order_release);
    r->voices.voices = program->voices;
    r->voices.own_gate = !program->reads_gate;
    r->voices.tail_seconds = program->voice_tail_seconds;
    follow_names(r);
    mega_value_events_apply_pending(r);
    mega_carryover_replay(r);
    MEGA_COUNT(r, programs_swapped);
    atomic_store_explicit(&r->tally.memory_bytes, program->memory_bytes, memory_order_relaxed);
    // never full: CONTROL empties it before it publishes, and a change retires three at most
    if (retired.program || retired.groups) mega_ring_push(&r->garbage, &retired);
}

/// The program that comes, or one of its leads.
static void enter(mega_renderer *r, uint32_t stage) {
    mega_program *coming = r->coming;
    r->stage = stage;
    if (stage == MEGA_STAGES_MAX) r->coming = NULL;
    install(r, stage == MEGA_STAGES_MAX ? coming : coming->lead[stage]);
}

static uint32_t stage_from(const mega_program *p, uint32_t stage) {
    while (stage < MEGA_STAGES_MAX && !p->stages[stage]) stage++;
    return stage;
}

/// What was to come, and does not any more: another follows what led to it.
static void skip(mega_renderer *r) {
    mega_program *skipped = r->coming;
    if (!skipped) return;
    for (uint32_t i = r->stage + 1; i < MEGA_STAGES_MAX; i++)
        if (skipped->stages[i])
            mega_ring_push(&r->garbage, &(mega_retired){.program = skipped->lead[i]});
    mega_ring_push(&r->garbage, &(mega_retired){.program = skipped});
}

/// What leads to the program that comes has faded: the next stage, unless another program is to
/// follow this one.
static void advance_stage(mega_renderer *r) {
    if (mega_fades_last(r->vm.program)) {
        if (mega_witness_is_asked(r)) mega_fades_hasten(r->vm.program, r->vm.rate);
        return;
    }
    uint32_t next = stage_from(r->coming, r->stage + 1);
    if (mega_stages_enter(r->coming, next)) enter(r, next);
}

/// The next program: what CONTROL has published to follow this one, else the one that this leads
/// to.
static void swap(mega_renderer *r) {
    mega_program *taken = mega_witness_take(r);
    if (!taken) {
        if (r->coming) advance_stage(r);
        return;
    }
    if (taken->due && taken->due < r->block_frame) MEGA_COUNT(r, changes_late);
    skip(r);
    r->coming = taken;
    enter(r, stage_from(taken, 0));
}

// ---- blocks -----------------------------------------------------------------------------------

/// Notes that were sent before a panic and wait for their frames.
static bool is_forgotten(void *context, const mega_event *event) {
    const mega_renderer *r = context;
    bool begins = event->type == MEGA_EVENT_NOTE_ON || event->type == MEGA_EVENT_RESERVE;
    return begins && (int32_t)(event->sent - r->stopped_at) < 0;
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
static void panic(mega_renderer *r, uint64_t word) {
    const mega_event *next;
    r->stopped_at = (uint32_t)word;
    while ((next = mega_queue_peek(&r->queue)) && next->frame <= r->block_frame &&
           (int32_t)(next->sent - r->stopped_at) < 0)
        apply_next(r, r->block_frame);
    for (uint32_t i = 0; i < r->queue.count; i++)
        if (is_forgotten(r, &r->queue.events[i]))
            mega_renderer_note_dropped(r, r->queue.events[i].note, r->block_frame);
    mega_queue_remove(&r->queue, is_forgotten, r);
    mega_voices_kill_all(&r->voices, r->block_frame);
    if (r->vm.program) {
        mega_vm_clear_shared(&r->vm);
        silence_buses(r->vm.program);
    }
    r->stopped = (uint32_t)(word >> 32);
}

/// @return false if something was not finite: it is silent now
static bool guard_channel(const mega_renderer *r, float *at, uint32_t frames) {
    if (r->vm.wide->ops->finite(at, frames)) return true;
    memset(at, 0, frames * sizeof *at);
    return false;
}

/// NaN or infinity never leaves: the block is silent, and what may remember it is emptied.
static void guard(mega_renderer *r, uint32_t frames) {
    bool fine = true; // all of them, whatever the first gives
    for (uint64_t rest = r->vm.out_used; rest; rest &= rest - 1)
        fine &= guard_channel(r, r->out[__builtin_ctzll(rest)], frames);
    for (uint64_t rest = r->vm.bus_out_used; rest; rest &= rest - 1)
        fine &= guard_channel(r, r->vm.bus_out[__builtin_ctzll(rest)], MEGA_BLOCK_FRAMES);
    if (fine) return;
    r->vm.out_used = 0;
    mega_vm_clear_shared(&r->vm);
    MEGA_COUNT(r, outputs_silenced);
}

static void tally(mega_renderer *r) {
    mega_tally *t = &r->tally;
    // what was in the ring before this block was played in it, but for what is due later
    uint32_t heard = mega_carryover_applied(r);
    if ((int32_t)(heard - atomic_load_explicit(&t->events_heard, memory_order_relaxed)) > 0)
        atomic_store_explicit(&t->events_heard, heard, memory_order_release);
    atomic_store_explicit(&t->frame_rendered, r->block_frame, memory_order_relaxed);
    atomic_store_explicit(&t->voices_active, mega_voices_sounding(&r->voices),
                          memory_order_relaxed);
    atomic_store_explicit(&t->voices_held, mega_voices_gated(&r->voices), memory_order_relaxed);
    atomic_store_explicit(&t->lanes_silenced, r->vm.lanes_silenced, memory_order_relaxed);
}

/// Renders the next block, or the next ones.
/// @param wanted frames that the host still wants
static void render_blocks(mega_renderer *r, uint32_t wanted) {
    swap(r);
    take_events(r);
    mega_carryover_begin_block(r); // after both: an event may be of a program that came in between
    uint64_t stopped = mega_witness_panic(r);
    if (stopped) panic(r, stopped);
    bool loaded_since = (int32_t)(mega_witness_woken(r) - r->stopped) >= 0;
    if (r->stopped && loaded_since) r->stopped = 0;
    r->vm.bus_out_used = r->vm.out_used = 0;
    uint32_t at = 0, all = MEGA_BLOCK_FRAMES;
    while (at < all) {
        uint64_t next = apply_due(r, r->block_frame + at);
        return_stolen(r, r->block_frame + at);
        if (!at) all = mega_segment_blocks(r, next, wanted) * MEGA_BLOCK_FRAMES;
        uint64_t end = next - r->block_frame < all ? next - r->block_frame : all;
        uint32_t frames = r->voices.in_hurry ? 1 : (uint32_t)end - at;
        if (r->vm.program && r->stopped) mega_vm_rest(&r->vm, frames);
        else if (r->vm.program) mega_vm_run(&r->vm, at, frames, r->block_frame);
        mega_voices_gates_shown(&r->voices);
        at += frames;
    }
    if (r->vm.program) guard(r, all);
    r->vm.bus_in_given = 0;
    r->block_frame += all;
    r->carry_frames = all;
    mega_voices_end_blocks(&r->voices, all / MEGA_BLOCK_FRAMES, r->block_frame);
    mega_witness_end_block(r);
    tally(r);
}

// ---- the host's frames ------------------------------------------------------------------------

/// The host's input goes to a ring of two blocks; a block hears what came one block before it.
static void take_input(mega_renderer *r, const float *const *in, uint32_t offset, uint32_t frames) {
    if (in && r->options->input_channels) mega_witness_outside(r);
    for (uint32_t c = 0; c < r->options->input_channels; c++) {
        float *ring = r->input_ring + (size_t)c * 2 * MEGA_BLOCK_FRAMES;
        for (uint32_t t = 0; t < frames; t++)
            ring[(r->input_written + t) % (2 * MEGA_BLOCK_FRAMES)] =
                in && in[c] ? in[c][offset + t] : 0;
    }
    r->input_written += frames;
}

static void give_input(mega_renderer *r) {
    uint64_t delay = r->options->whole_blocks ? 0 : MEGA_BLOCK_FRAMES;
    uint64_t from =
        r->block_frame - delay + 2 * MEGA_BLOCK_FRAMES; // at frame 0: the empty half of the ring
    for (uint32_t c = 0; c < r->options->input_channels; c++) {
        const float *ring = r->input_ring + (size_t)c * 2 * MEGA_BLOCK_FRAMES;
        memcpy(r->input_block + (size_t)c * MEGA_BLOCK_FRAMES,
               ring + from % (2 * MEGA_BLOCK_FRAMES), MEGA_BLOCK_FRAMES * sizeof(float));
    }
}

/// A channel of the last blocks, as far as it was not given out yet.
static const float *rest_of(const mega_renderer *r, uint32_t channel) {
    bool used = r->vm.out_used >> channel & 1;
    return (used ? r->out[channel] : r->vm.zeros) + r->carry_read;
}

static void give_output(mega_renderer *r, float *const *out, uint32_t offset, uint32_t frames) {
    uint32_t channels = r->options->output_channels;
    if (channels == 1) {
        const float *left = rest_of(r, 0), *right = rest_of(r, 1);
        for (uint32_t t = 0; out[0] && t < frames; t++)
            out[0][offset + t] = 0.5f * (left[t] + right[t]);
        return;
    }
    for (uint32_t c = 0; c < channels; c++)
        if (out[c]) memcpy(out[c] + offset, rest_of(r, c), frames * sizeof(float));
}

void mega_renderer_run(mega_renderer *r, const float *const *in, float *const *out,
                       uint32_t frames) {
    uint64_t mode = enter_mode();
    for (uint32_t done = 0; done < frames;) {
        // up to the grid: so a block is rendered once all its input is there
        uint32_t room = MEGA_BLOCK_FRAMES - (uint32_t)(r->input_written % MEGA_BLOCK_FRAMES);
        uint32_t part = frames - done < room ? frames - done : room;
        if (r->options->whole_blocks) take_input(r, in, done, part);
        if (r->carry_read == r->carry_frames) {
            give_input(r);
            render_blocks(r, frames - done);
            r->carry_read = 0;
        }
        if (!r->options->whole_blocks) take_input(r, in, done, part);
        give_output(r, out, done, part);
        r->carry_read += part;
        done += part;
    }
    atomic_store_explicit(&r->tally.frame, r->block_frame - r->carry_frames + r->carry_read,
                          memory_order_relaxed);
    leave_mode(mode);
}
