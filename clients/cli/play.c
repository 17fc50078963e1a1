// SPDX-License-Identifier: MIT
// play -- renders a sequence offline. Neither length nor sound depends on the block size: every
// event is in the engine's ring before the block of its frame is rendered, every edit is made when
// exactly the blocks before its own are, and the end is found frame by frame.
#include "play.h"

#include <stdlib.h>
#include <string.h>

#include "time/rehearse.h"

enum {
    WANTED = -2,
    GRID_FRAMES = SEQUENCE_GRID_FRAMES
}; // the engine renders blocks of this length

static const float silence = 1e-5f; // -100 dBFS

typedef struct {
    const play_options *options;
    mega_note *handles; // of the sequence's notes
    int32_t *numbers;   // of its names: what the engine calls them; -1 before they are asked for
    int32_t *of_notes;  // the same, as values of single notes; of those named in `own`
    int32_t own[REHEARSE_OWN_VALUES_MAX];
    size_t own_count;
    size_t next;                       // event to be fed
    uint64_t position;                 // frames rendered
    float *channel[PLAY_CHANNELS_MAX]; // what a block renders to; one allocation, the first's
    // Frames that were rendered and may be wanted: those since `written`, interleaved.
    float *held;
    size_t held_room;
    uint64_t written, loud_end;
    uint64_t active_end; // of events, fades and notes
    play_result trouble; // PLAY_DONE: none
} player;

// ---- events ------------------------------------------------------------------------------------

/// Asked for when it is first written to: before that the patch may know no such name.
static int32_t number_of_name(player *p, int32_t name) {
    mega_engine *engine = p->options->engine;
    const mega_sequence_name *n = &p->options->sequence->names[name];
    if (p->numbers[name] < 0)
        p->numbers[name] = !n->node   ? mega_find_knob(engine, n->port)
                           : *n->node ? mega_find_param(engine, n->node, n->port)
                                      : mega_find_preset(engine, n->port);
    if (p->numbers[name] < 0) p->trouble = PLAY_MEMORY; // it has been rehearsed
    return p->numbers[name];
}

/// Parameters of which single notes will have values, as soon as the patch has them: known with the
/// next block, so before the first, and right after an edit.
static void open_note_params(player *p) {
    for (size_t i = 0; i < p->own_count; i++) {
        int32_t name = p->own[i];
        const mega_sequence_name *n = &p->options->sequence->names[name];
        if (p->of_notes[name] < 0)
            p->of_notes[name] = mega_find_note_param(p->options->engine, n->node, n->port, NULL);
    }
}

static void collect_note_params(player *p) {
    const mega_sequence *s = p->options->sequence;
    for (size_t i = 0; i < s->count && p->own_count < REHEARSE_OWN_VALUES_MAX; i++) {
        int32_t name = s->events[i].target;
        if (s->events[i].kind != EVENT_NOTE_PARAM || p->of_notes[name] == WANTED) continue;
        p->of_notes[name] = WANTED;
        p->own[p->own_count++] = name;
    }
    open_note_params(p);
}

/// What is of one note.
static mega_status send_to_note(player *p, const mega_timed_event *e) {
    mega_engine *engine = p->options->engine;
    mega_note note = p->handles[e->note];
    if (!note) return MEGA_OK;
    if (e->kind == EVENT_NOTE_SET)
        return mega_note_set(engine, e->frame, note, (mega_note_expression)e->target, e->value);
    if (p->of_notes[e->target] < 0) {
        p->trouble = PLAY_MEMORY; // it has been rehearsed
        return MEGA_OK;
    }
    return mega_note_param_set(engine, e->frame, note, p->of_notes[e->target], e->value, e->detail);
}

static bool is_named(const mega_timed_event *e) {
    return e->kind == EVENT_KNOB || e->kind == EVENT_PARAM || e->kind == EVENT_PRESET;
}

static mega_status send(player *p, const mega_timed_event *e) {
    mega_engine *engine = p->options->engine;
    int32_t number = is_named(e) ? number_of_name(p, e->target) : 0;
    if (number < 0) return MEGA_OK;
    switch (e->kind) {
    case EVENT_NOTE_ON:
        return mega_note_on(engine, e->frame, e->value, e->detail, &p->handles[e->target]);
    case EVENT_NOTE_OFF:
        if (!p->handles[e->target]) return MEGA_OK;
        return mega_note_off(engine, e->frame, p->handles[e->target], 0);
    case EVENT_KNOB: return mega_knob_ramp(engine, e->frame, number, e->value, e->detail);
    case EVENT_PARAM: return mega_param_set(engine, e->frame, number, e->value, e->detail);
    case EVENT_PRESET: return mega_preset_recall(engine, e->frame, number, e->detail);
    case EVENT_NOTE_SET:
    case EVENT_NOTE_PARAM: return send_to_note(p, e);
    case EVENT_CONTROL:
        return mega_controller_set(engine, e->frame, (mega_controller)e->target, e->value);
    case EVENT_ALL_OFF: return mega_all_notes_off(engine, e->frame);
    case EVENT_EDIT:
    case EVENT_PANIC: break;
    }
    return MEGA_OK;
}

/// The engine makes it heard with the next block: that of the edit.
static void make_edit(player *p, const mega_timed_event *e) {
    const play_options *o = p->options;
    const mega_sequence_edit *edit = &o->sequence->edits[e->target];
    mega_change how = {.rev = MEGA_REV_ANY, .fade_ms = edit->fade_ms, .frame = e->frame};
    mega_status status = edit->patch ? mega_rewire(o->engine, edit->patch, &how, NULL, o->report)
                                     : mega_edit(o->engine, edit->operations, edit->bytes,
                                                 MEGA_FORMAT_JSON, &how, NULL, o->report);
    if (status == MEGA_OK) {
        open_note_params(p);
        return;
    }
    p->trouble = status == MEGA_ERROR_MEMORY ? PLAY_MEMORY : PLAY_REFUSED;
    *o->refused = e;
}

/// Feeds what the next `frames` frames can reach. Nothing goes past an edit that is still to be
/// made; where the ring is full, less is rendered: the engine empties it with each block of its
/// grid. @return the frames to render now
static uint32_t feed(player *p, uint32_t frames) {
    const mega_sequence *s = p->options->sequence;
    uint64_t reach = p->position + frames + GRID_FRAMES; // the engine is up to a block ahead
    for (; p->next < s->count && p->trouble == PLAY_DONE; p->next++) {
        const mega_timed_event *e = &s->events[p->next];
        uint64_t due = mega_event_due(e);
        if (due >= reach) return frames;
        if (e->kind == EVENT_EDIT || e->kind == EVENT_PANIC) {
            if (due > p->position)
                return due - p->position < frames ? (uint32_t)(due - p->position) : frames;
            if (e->kind == EVENT_EDIT) make_edit(p, e);
            else mega_panic(p->options->engine);
        } else if (send(p, e) == MEGA_ERROR_FULL) {
            uint32_t to_grid = GRID_FRAMES - (uint32_t)(p->position % GRID_FRAMES);
            return to_grid < frames ? to_grid : frames;
        }
    }
    return frames;
}

// ---- frames ------------------------------------------------------------------------------------

/// Two channels are the usual case, and one that the compiler does several frames of at once.
static void interleave(float *restrict to, float *const *channel, uint32_t channels,
                       uint32_t frames) {
    if (channels == 2) {
        const float *restrict left = channel[0], *restrict right = channel[1];
        for (size_t i = 0; i < frames; i++) to[2 * i] = left[i], to[2 * i + 1] = right[i];
        return;
    }
    for (uint32_t c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) to[i * channels + c] = channel[c][i];
}

/// Renders to the end of `held`. @return false without memory
static bool render(player *p, uint32_t frames) {
    size_t before = (size_t)(p->position - p->written), wanted = before + frames;
    uint32_t channels = p->options->channels;
    if (wanted > p->held_room) {
        float *grown = realloc(p->held, wanted * 2 * channels * sizeof *grown);
        if (!grown) return false;
        p->held = grown;
        p->held_room = wanted * 2;
    }
    mega_render(p->options->engine, NULL, p->channel, frames);
    interleave(p->held + before * channels, p->channel, channels, frames);
    mega_note note;
    uint64_t frame;
    while (mega_next_ended(p->options->engine, &note, &frame))
        if (frame > p->active_end) p->active_end = frame;
    return true;
}

/// Hands out the frames before `end`. @return false if the receiver wants no more
static bool write_until(player *p, uint64_t end) {
    if (end > p->position) end = p->position;
    if (end <= p->written) return true;
    size_t count = (size_t)(end - p->written);
    bool good = p->options->write(p->options->context, p->held, count);
    memmove(p->held, p->held + count * p->options->channels,
            (size_t)(p->position - end) * p->options->channels * sizeof *p->held);
    p->written = end;
    return good;
}

static bool is_loud(const float *frame, uint32_t channels) {
    for (uint32_t c = 0; c < channels; c++)
        if (frame[c] > silence || frame[c] < -silence) return true;
    return false;
}

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

/// Looks at the frames from `start` on. @return whether silence has lasted long enough before the
/// last of them
static bool is_over(player *p, uint64_t start) {
    const play_options *o = p->options;
    const float *held = p->held;
    bool idle = p->next == o->sequence->count && mega_counters_get(o->engine).voices_active == 0;
    // While it sounds the last loud frame is near the end: no need to look at all before it.
    if (!idle || p->position < later(p->loud_end, p->active_end) + o->quiet_frames) {
        uint64_t t = p->position;
        while (t > start && !is_loud(held + (t - 1 - p->written) * o->channels, o->channels)) t--;
        if (t > start) p->loud_end = t;
        return false;
    }
    for (uint64_t t = start; t < p->position; t++) {
        if (is_loud(held + (t - p->written) * o->channels, o->channels)) p->loud_end = t + 1;
        if (t + 1 >= later(p->loud_end, p->active_end) + o->quiet_frames) return true;
    }
    return false;
}

// ---- the two ways to end -----------------------------------------------------------------------

static uint32_t block_before(const player *p, uint64_t end) {
    uint64_t left = end - p->position;
    return left < p->options->block ? (uint32_t)left : p->options->block;
}

static play_result play_length(player *p) {
    const play_options *o = p->options;
    while (p->position < o->frames) {
        uint32_t frames = feed(p, block_before(p, o->frames));
        if (p->trouble) return p->trouble;
        if (!render(p, frames)) return PLAY_MEMORY;
        p->position += frames;
        if (!write_until(p, p->position)) return PLAY_STOPPED;
        if (o->progress) o->progress(o->context, p->position);
    }
    return PLAY_DONE;
}

static play_result play_until_silence(player *p) {
    const play_options *o = p->options;
    uint64_t events_end = mega_sequence_end(o->sequence);
    bool over = false;
    while (!over && p->position < o->frames_max) {
        uint64_t start = p->position;
        uint32_t frames = feed(p, block_before(p, o->frames_max));
        if (p->trouble) return p->trouble;
        if (!render(p, frames)) return PLAY_MEMORY;
        p->position += frames;
        over = is_over(p, start);
        uint64_t wanted = later(p->loud_end, events_end);
        if (over) wanted += o->tail_frames;
        if (!write_until(p, wanted)) return PLAY_STOPPED;
        if (o->progress) o->progress(o->context, p->position);
    }
    if (over) return PLAY_DONE;
    return write_until(p, p->position) ? PLAY_CUT : PLAY_STOPPED;
}

play_result play(const play_options *options) {
    player p = {.options = options, .active_end = mega_sequence_settled(options->sequence)};
    p.handles = calloc((size_t)options->sequence->note_count + 1, sizeof *p.handles);
    size_t names = options->sequence->name_count;
    p.numbers = malloc((names + 1) * sizeof *p.numbers);
    p.of_notes = malloc((names + 1) * sizeof *p.of_notes);
    p.channel[0] = calloc((size_t)options->block * options->channels, sizeof *p.channel[0]);
    for (uint32_t c = 1; c < options->channels; c++)
        p.channel[c] = p.channel[c - 1] + options->block;
    play_result result = PLAY_MEMORY;
    for (size_t i = 0; p.numbers && p.of_notes && i < names; i++) p.numbers[i] = p.of_notes[i] = -1;
    if (p.handles && p.numbers && p.of_notes && p.channel[0]) {
        collect_note_params(&p);
        result = options->frames ? play_length(&p) : play_until_silence(&p);
    }
    free(p.handles);
    free(p.numbers);
    free(p.of_notes);
    free(p.channel[0]);
    free(p.held);
    return result;
}
