// SPDX-License-Identifier: MIT
// play -- renders a sequence offline. Neither length nor sound depends on the block size: every
// event is in the engine's ring before the block of its frame is rendered, and the end is found
// frame by frame.
#include "play.h"

#include <stdlib.h>
#include <string.h>

enum { GRID_FRAMES = 64 }; // the engine renders blocks of this length, so up to one of them ahead

static const float silence = 1e-5f; // -100 dBFS

typedef struct {
    const play_options *options;
    mega_note *handles; // of the sequence's notes
    size_t next;        // event to be fed
    uint64_t position;  // frames rendered
    float *left, *right;
    // Frames that were rendered and may be wanted: those since `written`, interleaved.
    float *held;
    size_t held_room;
    uint64_t written, loud_end, notes_end;
} player;

// ---- events -------------------------------------------------------------------------------------

static mega_status send(player *p, const event *e) {
    mega_engine *engine = p->options->engine;
    switch (e->kind) {
    case EVENT_NOTE_ON:
        return mega_note_on(engine, e->frame, e->value, e->detail, &p->handles[e->target]);
    case EVENT_NOTE_OFF:
        if (!p->handles[e->target]) return MEGA_OK;
        return mega_note_off(engine, e->frame, p->handles[e->target], 0);
    case EVENT_KNOB: return mega_knob_set(engine, e->frame, e->target, e->value);
    case EVENT_PARAM: return mega_param_set(engine, e->frame, e->target, e->value, e->detail);
    }
    return MEGA_OK;
}

/// Feeds what the next `frames` frames can reach. Where the ring is full, less is rendered: the
/// engine empties it with each block of its grid. @return the frames to render now
static uint32_t feed(player *p, uint32_t frames) {
    const sequence *s = p->options->sequence;
    uint64_t reach = p->position + frames + GRID_FRAMES;
    for (; p->next < s->count && s->events[p->next].frame < reach; p->next++) {
        if (send(p, &s->events[p->next]) != MEGA_ERROR_FULL) continue;
        uint32_t to_grid = GRID_FRAMES - (uint32_t)(p->position % GRID_FRAMES);
        return to_grid < frames ? to_grid : frames;
    }
    return frames;
}

// ---- frames -------------------------------------------------------------------------------------

/// Renders to the end of `held`. @return false without memory
static bool render(player *p, uint32_t frames) {
    size_t before = (size_t)(p->position - p->written), wanted = before + frames;
    if (wanted > p->held_room) {
        float *grown = realloc(p->held, wanted * 2 * PLAY_CHANNELS * sizeof *grown);
        if (!grown) return false;
        p->held = grown;
        p->held_room = wanted * 2;
    }
    mega_render(p->options->engine, NULL, (float *const[]){p->left, p->right}, frames);
    float *to = p->held + before * PLAY_CHANNELS;
    for (uint32_t i = 0; i < frames; i++) {
        to[2 * i] = p->left[i];
        to[2 * i + 1] = p->right[i];
    }
    mega_note note;
    uint64_t frame;
    while (mega_next_ended(p->options->engine, &note, &frame))
        if (frame > p->notes_end) p->notes_end = frame;
    return true;
}

/// Hands out the frames before `end`. @return false if the receiver wants no more
static bool write_until(player *p, uint64_t end) {
    if (end > p->position) end = p->position;
    if (end <= p->written) return true;
    size_t count = (size_t)(end - p->written);
    bool good = p->options->write(p->options->context, p->held, count);
    memmove(p->held, p->held + count * PLAY_CHANNELS,
            (size_t)(p->position - end) * PLAY_CHANNELS * sizeof *p->held);
    p->written = end;
    return good;
}

static bool is_loud(const float *frame) {
    for (int c = 0; c < PLAY_CHANNELS; c++)
        if (frame[c] > silence || frame[c] < -silence) return true;
    return false;
}

/// Looks at the frames from `start` on. @return whether silence has lasted long enough before the
/// last of them
static bool is_over(player *p, uint64_t start) {
    const play_options *o = p->options;
    bool idle = p->next == o->sequence->count && mega_counters_get(o->engine).voices_active == 0;
    uint64_t active_end = sequence_end(o->sequence);
    if (p->notes_end > active_end) active_end = p->notes_end;
    for (uint64_t t = start; t < p->position; t++) {
        if (is_loud(p->held + (t - p->written) * PLAY_CHANNELS)) p->loud_end = t + 1;
        uint64_t end = p->loud_end > active_end ? p->loud_end : active_end;
        if (idle && t + 1 >= end + o->quiet_frames) return true;
    }
    return false;
}

// ---- the two ways to end ------------------------------------------------------------------------

static uint32_t block_before(const player *p, uint64_t end) {
    uint64_t left = end - p->position;
    return left < p->options->block ? (uint32_t)left : p->options->block;
}

static play_result play_length(player *p) {
    const play_options *o = p->options;
    while (p->position < o->frames) {
        uint32_t frames = feed(p, block_before(p, o->frames));
        if (!render(p, frames)) return PLAY_MEMORY;
        p->position += frames;
        if (!write_until(p, p->position)) return PLAY_STOPPED;
        if (o->progress) o->progress(o->context, p->position);
    }
    return PLAY_DONE;
}

static play_result play_until_silence(player *p) {
    const play_options *o = p->options;
    uint64_t events_end = sequence_end(o->sequence);
    bool over = false;
    while (!over && p->position < o->frames_max) {
        uint64_t start = p->position;
        uint32_t frames = feed(p, block_before(p, o->frames_max));
        if (!render(p, frames)) return PLAY_MEMORY;
        p->position += frames;
        over = is_over(p, start);
        uint64_t wanted = p->loud_end > events_end ? p->loud_end : events_end;
        if (over) wanted += o->tail_frames;
        if (!write_until(p, wanted)) return PLAY_STOPPED;
        if (o->progress) o->progress(o->context, p->position);
    }
    if (over) return PLAY_DONE;
    return write_until(p, p->position) ? PLAY_CUT : PLAY_STOPPED;
}

play_result play(const play_options *options) {
    player p = {.options = options};
    p.handles = calloc((size_t)options->sequence->note_count + 1, sizeof *p.handles);
    p.left = calloc(options->block, sizeof *p.left);
    p.right = calloc(options->block, sizeof *p.right);
    play_result result = PLAY_MEMORY;
    if (p.handles && p.left && p.right)
        result = options->frames ? play_length(&p) : play_until_silence(&p);
    free(p.handles);
    free(p.left);
    free(p.right);
    free(p.held);
    return result;
}
