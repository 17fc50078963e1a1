// SPDX-License-Identifier: MIT
// random_play -- plays an engine at random: notes that overlap and are stolen, bends, pedals,
// knobs, parameters.
//
// The events depend on the seed alone, not on how many frames the host asks for at a time: two
// engines that are played with one seed must give the same bits, whatever else differs.
#ifndef RANDOM_PLAY_H
#define RANDOM_PLAY_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/module.h"
#include "megasynth.h"
#include "support/random.h"
#include "support/settable.h"

enum { PLAY_NOTES = 64, PLAY_IDS = 256, PLAY_BLOCK_MAX = 4096 };

typedef struct {
    mega_engine *engine;
    rng r;
    uint64_t now;     ///< frames rendered
    uint64_t next;    ///< frame of the next event
    uint64_t hash;    ///< FNV-1a 64 of the interleaved frames so far
    double peak;      ///< of what came out, NaN if that was not finite
    uint64_t events;  ///< how many were sent
    uint64_t refused; ///< events that found the ring full
    mega_note note[PLAY_NOTES];
    int32_t knob[PLAY_IDS], param[PLAY_IDS];
    float param_min[PLAY_IDS], param_max[PLAY_IDS];
    uint32_t note_count, knob_count, param_count;
    uint32_t gap_frames; ///< from one event to the next, at most
} player;

#define PLAY_HASH_START UINT64_C(0xCBF29CE484222325)

/// FNV-1a 64 over bytes: as `megasynth render --hash`, on a little-endian machine.
static inline uint64_t play_hash(uint64_t hash, const void *data, size_t bytes) {
    const unsigned char *byte = data;
    for (size_t i = 0; i < bytes; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/// A player of an engine that has loaded `patch`.
static inline player play_create(mega_engine *engine, const mega_patch *patch, uint64_t seed) {
    player p = {
        .engine = engine, .r = rng_create(seed), .hash = PLAY_HASH_START, .gap_frames = 3000};
    for (size_t i = 0; i < mega_patch_knob_count(patch) && p.knob_count < PLAY_IDS; i++) {
        p.knob[p.knob_count++] = mega_find_knob(engine, mega_patch_knob(patch, i));
        assert(p.knob[p.knob_count - 1] >= 0);
    }
    for (size_t i = 0; i < mega_patch_node_count(patch); i++) {
        mega_node_info node = mega_patch_node(patch, i);
        const mega_module *module = mega_module_find(node.type);
        assert(module);
        for (uint32_t k = 0; k < settable_params(module) && p.param_count < PLAY_IDS; k++) {
            const mega_param_row *row = &module->params[k];
            p.param[p.param_count] = mega_find_param(engine, node.id, row->name);
            assert(p.param[p.param_count] >= 0);
            p.param_min[p.param_count] = row->min;
            p.param_max[p.param_count++] = row->max;
        }
    }
    return p;
}

static inline void play_event(player *p) {
    rng *r = &p->r;
    mega_engine *e = p->engine;
    mega_status status = MEGA_OK;
    mega_note *held = p->note_count ? &p->note[rng_below(r, p->note_count)] : NULL;
    uint32_t what = rng_below(r, 100);
    if (what < 35 || !held) {
        // One number a statement: the order of arguments is the compiler's choice.
        mega_note note = 0;
        float key = (float)(24 + rng_below(r, 84)) + (what < 5 ? 0.37f : 0);
        float velocity = rng_unit(r);
        status = mega_note_on(e, p->next, key, velocity, &note);
        if (p->note_count < PLAY_NOTES) p->note[p->note_count++] = note;
        else *held = note; // the other goes on until it is stolen
    } else if (what < 58) {
        status = mega_note_off(e, p->next, *held, rng_unit(r));
        if (rng_chance(r, 0.9f))
            *held = p->note[--p->note_count]; // else it is released again later
    } else if (what < 68) {
        mega_note_expression which = (mega_note_expression)rng_below(r, 3);
        float value = which == MEGA_NOTE_BEND ? rng_between(r, -12, 12) : rng_unit(r);
        status = mega_note_set(e, p->next, *held, which, value);
    } else if (what < 76) {
        mega_controller which = (mega_controller)rng_below(r, 5);
        float value = which == MEGA_CONTROL_BEND ? rng_between(r, -1, 1) : rng_unit(r);
        status = mega_controller_set(e, p->next, which, value);
    } else if (what < 88) {
        uint32_t k = p->knob_count ? rng_below(r, p->knob_count) : 0;
        float value = rng_unit(r);
        if (p->knob_count) status = mega_knob_set(e, p->next, p->knob[k], value);
    } else if (what < 98) {
        uint32_t k = p->param_count ? rng_below(r, p->param_count) : 0;
        float ramp = rng_chance(r, 0.5f) ? -1 : rng_between(r, 0, 0.1f);
        if (p->param_count)
            status = mega_param_set(e, p->next, p->param[k],
                                    rng_between(r, p->param_min[k], p->param_max[k]), ramp);
    } else if (what < 99) {
        status = mega_key_off(e, p->next, (float)(24 + rng_below(r, 84)), 0.5f);
    } else {
        status = mega_all_notes_off(e, p->next);
        p->note_count = 0;
    }
    p->events++;
    if (status == MEGA_ERROR_FULL) p->refused++;
}

/// Sends every event before `frame`.
static inline void play_until(player *p, uint64_t frame) {
    while (p->next < frame) {
        play_event(p);
        if (!rng_chance(&p->r, 0.3f)) p->next += rng_below(&p->r, p->gap_frames); // else a chord
    }
}

/// Renders `frames` frames, `block` at a time (1 .. PLAY_BLOCK_MAX), into the hash.
static inline void play_render(player *p, uint64_t frames, uint32_t block) {
    static _Thread_local float left[PLAY_BLOCK_MAX], right[PLAY_BLOCK_MAX];
    assert(block >= 1 && block <= PLAY_BLOCK_MAX);
    for (uint64_t done = 0; done < frames;) {
        uint32_t n = frames - done < block ? (uint32_t)(frames - done) : block;
        // The engine works on whole blocks of its grid.
        play_until(p, (p->now + n + MEGA_BLOCK_FRAMES - 1) / MEGA_BLOCK_FRAMES * MEGA_BLOCK_FRAMES);
        mega_render(p->engine, NULL, (float *const[]){left, right}, n);
        for (uint32_t i = 0; i < n; i++) {
            float frame[2] = {left[i], right[i]};
            p->hash = play_hash(p->hash, frame, sizeof frame);
            for (int side = 0; side < 2; side++) {
                double size = frame[side] < 0 ? -frame[side] : frame[side];
                if (!(size <= p->peak) && p->peak == p->peak) p->peak = size; // a NaN stays
            }
        }
        p->now += n;
        done += n;
    }
}

#endif
