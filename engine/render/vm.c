// SPDX-License-Identifier: MIT
// vm -- runs a program for one segment of a block.
//
// Each phase runs shared, or once for each active group with all its voices side by side; a group
// with few voices runs them one by one in the one-lane build, which gives the same bits.
#include "render/run.h"

#include <string.h>
#include <time.h>

#include "core/lanes.h"
#include "core/ops.h"

// ---- running ----------------------------------------------------------------------------------

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t profile_place(const mega_instruction *code) {
    if (code->op == MEGA_OP_LOOP) return MEGA_PROFILE_LOOPS;
    bool of_module = code->op == MEGA_OP_CALL || code->of_module;
    return of_module ? code->module : (uint32_t)MEGA_PROFILE_REST;
}

/// Names the lanes that run, the length of registers, and what has stood since.
static void name_pass(mega_run *r) {
    bool several = r->frames > MEGA_BLOCK_FRAMES;
    r->pass = 0;
    if (!r->keeps) return;
    r->pass = (uint64_t)r->vm->epoch << 32 | r->group << 8 | r->lane << 4 |
              (uint64_t)r->voice << 3 | (uint64_t)r->wide << 2 | (uint64_t)several << 1 | 1;
}

static void execute_all(mega_run *r, const mega_phase *phase) {
    const mega_instruction *code = r->program->instructions + phase->first;
    const mega_instruction *end = code + phase->count;
    if (!r->vm->profile) {
        mega_run_execute(r, code, end);
        return;
    }
    for (const mega_instruction *next; code < end; code = next) {
        uint64_t start = now_ns();
        next = code + 1 + code->body;
        mega_run_execute(r, code, next);
        r->vm->profile_ns[profile_place(code)] += now_ns() - start;
    }
}

// ---- phases -----------------------------------------------------------------------------------

static void run_shared(mega_run *r, const mega_phase *phase) {
    r->voice = r->wide = false;
    r->isa = r->vm->one;
    r->beside = r->vm->wide;
    r->frame_floats = r->lanes = 1;
    r->group = r->lane = 0;
    r->note = NULL;
    r->keeps = true;
    name_pass(r);
    execute_all(r, phase);
}

/// Registers lie as close as the segment's length lets them, for the cache.
static uint32_t register_frames(const mega_run *r) {
    return r->frames > MEGA_BLOCK_FRAMES ? r->program->segment_frames : MEGA_BLOCK_FRAMES;
}

/// The build that runs the lanes of `build`, a narrow one, with frames in the lanes, or NULL.
static const mega_isa_table *beside_of(const mega_isa_table *wide, const mega_isa_table *build) {
    for (uint32_t i = 0; wide->narrow[i]; i++)
        if (wide->narrow[i] == build) return wide->beside[i];
    return NULL;
}

/// The lanes of a group that its build runs, side by side.
static void run_group(mega_run *r, const mega_phase *phase, const float *gain) {
    mega_program *p = r->program;
    const mega_voice_group *group = &r->vm->voices->groups[r->group];
    r->wide = true;
    r->isa = group->build;
    r->beside = beside_of(r->vm->wide, r->isa);
    r->lane = group->build_lane;
    r->frame_floats = r->lanes = r->isa->lanes;
    r->active = group->active >> r->lane;
    r->gain = gain ? gain + r->lane : NULL;
    r->note = group->note[0] + r->lane;
    r->kept = p->kept_values + (size_t)r->group * p->kept_count * 16;
    r->register_floats = register_frames(r) * r->lanes;
    r->kept_at = p->kept + (size_t)r->group * p->kept_count * p->segment_frames * 16;
    name_pass(r);
    execute_all(r, phase);
}

static void run_lane(mega_run *r, const mega_phase *phase, uint32_t lane, const float *gain) {
    mega_program *p = r->program;
    r->wide = false;
    r->isa = r->vm->one;
    r->beside = r->vm->wide;
    r->frame_floats = r->lanes = 1;
    r->lane = lane;
    r->active = 1;
    r->gain = NULL;
    if (gain) {
        for (uint32_t t = 0; t < r->frames; t++) r->vm->lane_gain[t] = gain[t * 16 + lane];
        r->gain = r->vm->lane_gain;
    }
    r->note = r->vm->voices->groups[r->group].note[0] + lane;
    r->kept = p->kept_values + ((size_t)r->group * 16 + lane) * p->kept_count;
    r->register_floats = register_frames(r);
    r->kept_at = p->kept + ((size_t)r->group * 16 + lane) * p->kept_count * p->segment_frames;
    name_pass(r);
    execute_all(r, phase);
}

/// Adds what lanes gave one by one, in the tree that the wide builds use; lanes that did not run
/// are 0.
static void add_lanes(const mega_run *r, const mega_phase *phase, uint32_t ran) {
    const mega_program *p = r->program;
    bool few = __builtin_popcount(ran) <= 2; // then any order is the tree's
    for (uint32_t i = 0; i < phase->reduce_count; i++) {
        const size_t room = p->segment_frames;
        float *out = p->shared + p->reduces[phase->reduce_first + i] * room;
        const float *in = p->lane_sums + i * 16 * room;
        if (few) {
            uint32_t a = (uint32_t)__builtin_ctz(ran), b = ran & (ran - 1);
            const float *second = b ? in + (uint32_t)__builtin_ctz(b) * room : r->vm->zeros;
            r->vm->wide->ops->add_two(out, false, in + a * room, true, second, b, r->frames);
            continue;
        }
        for (uint32_t t = 0; t < r->frames; t++) {
            float v[16];
            for (uint32_t l = 0; l < 16; l++) v[l] = ran >> l & 1 ? in[l * room + t] : 0;
            for (int l = 0; l < 8; l++) v[l] = v[l] + v[l + 8];
            for (int l = 0; l < 4; l++) v[l] = v[l] + v[l + 4];
            out[t] += (v[0] + v[2]) + (v[1] + v[3]);
        }
    }
}

/// Whether the instructions of a voice phase run once: then calls are kept. For several groups
/// they would be made ready for another each time.
static bool runs_once(const mega_vm *vm) {
    uint32_t passes = 0;
    for (uint32_t g = 0; g < vm->voices->group_count && passes < 2; g++) {
        const mega_voice_group *group = &vm->voices->groups[g];
        bool alone = group->build == vm->one;
        if (group->active) passes += alone ? (uint32_t)__builtin_popcount(group->active) : 1;
    }
    return passes == 1;
}

static void run_voices(mega_run *r, const mega_phase *phase) {
    mega_program *p = r->program;
    r->keeps = runs_once(r->vm);
    for (uint32_t i = 0; i < phase->reduce_count; i++) {
        uint32_t sum_register = p->reduces[phase->reduce_first + i];
        float *at = p->shared + (size_t)sum_register * p->segment_frames;
        memset(at, 0, r->frames * sizeof *at);
        p->shared_values[sum_register] = (mega_value){at, true};
    }
    r->voice = true;
    for (r->group = 0; r->group < r->vm->voices->group_count; r->group++) {
        uint32_t active = r->vm->voices->groups[r->group].active;
        if (!active) continue;
        const float *gain =
            mega_voices_gain(r->vm->voices, r->group, r->vm->gain, r->frames) ? r->vm->gain : NULL;
        if (r->vm->voices->groups[r->group].build != r->vm->one) {
            run_group(r, phase, gain);
            continue;
        }
        for (uint32_t rest = active; rest; rest &= rest - 1)
            run_lane(r, phase, (uint32_t)__builtin_ctz(rest), gain);
        add_lanes(r, phase, active);
    }
}

static void advance_slots(mega_vm *vm, uint32_t frames) {
    mega_program *p = vm->program;
    uint32_t still = 0;
    if (p->moving_count) vm->epoch++; // slots are read elsewhere while they move, and after
    for (uint32_t i = 0; i < p->moving_count; i++) {
        mega_slot *slot = &p->slots[p->moving_slots[i]];
        p->slots_changed = true;
        slot->listed = mega_slot_advance(slot, frames);
        if (slot->listed) p->moving_slots[still++] = p->moving_slots[i];
    }
    p->moving_count = still;
}

/// The values that voices have for themselves, past a segment that has been rendered.
static void advance_own(const mega_program *p, mega_voice_group *group, uint32_t frames) {
    for (uint32_t rest = group->note_values_moving; rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(rest);
        bool moving = false;
        for (uint32_t set = p->note_param_slot[i] ? group->note_values_set[i] : 0; set;
             set &= set - 1) {
            mega_ramp *ramp = &group->note_values[i][__builtin_ctz(set)];
            const mega_way *way = &p->slots[p->note_param_slot[i] - 1].way;
            for (uint32_t t = 0; t < frames && mega_ramp_moves(ramp); t++) {
                mega_ramp_next(ramp, way);
                if (ramp->current == ramp->target) mega_ramp_end(ramp);
            }
            moving |= mega_ramp_moves(ramp);
        }
        if (!moving) group->note_values_moving &= (uint16_t) ~(1u << i);
    }
}

/// Up to so many voices cost less one by one than side by side in `build`. Measured with three
/// saws, filter and envelopes: a voice alone 41 ns a frame, a group of 16 lanes 66 (AVX-512), 105
/// (AVX2) and 170 (SSE4).
static uint32_t one_by_one_max(const mega_isa_table *build) {
    if (build->width == 1) return 16;
    uint32_t vectors = build->lanes / build->width;
    return vectors == 1 ? 1 : vectors == 2 ? 2 : 4;
}

/// The build for the fewest lanes that holds all that sound.
static const mega_isa_table *narrowest(const mega_vm *vm, uint32_t active, uint32_t *lane) {
    for (const mega_isa_table *const *narrow = vm->wide->narrow; *narrow; narrow++) {
        const uint32_t count = (*narrow)->lanes;
        *lane = (uint32_t)__builtin_ctz(active) / count * count;
        if (active >> *lane < 1u << count) return *narrow;
    }
    *lane = 0;
    return vm->wide;
}

/// For the whole segment: a group's kept values lie as its build left them.
static void choose_builds(const mega_vm *vm) {
    for (uint32_t g = 0; g < vm->voices->group_count; g++) {
        mega_voice_group *group = &vm->voices->groups[g];
        if (!group->active) continue;
        group->build = narrowest(vm, group->active, &group->build_lane);
        if ((uint32_t)__builtin_popcount(group->active) <= one_by_one_max(group->build))
            group->build = vm->one;
    }
}

void mega_vm_run(mega_vm *vm, uint32_t offset, uint32_t frames, uint64_t block_frame) {
    mega_program *p = vm->program;
    mega_run r = {.vm = vm, .program = p, .offset = offset, .frames = frames, .frame = block_frame};
    advance_slots(vm, frames);
    mega_fades_advance(p, vm->fade, frames, vm->rate);
    choose_builds(vm);
    vm->choices_fade = false;
    if (p->slots_changed) run_shared(&r, &p->phases[0]);
    // while a slot moves or a choice fades, what depends on it moves; the segment after it stands
    // is the last to run
    p->slots_changed = p->moving_count > 0 || vm->choices_fade;
    for (uint32_t i = 1; i < p->phase_count; i++) {
        if (!p->phases[i].count) continue;
        if (p->phases[i].voice) run_voices(&r, &p->phases[i]);
        else run_shared(&r, &p->phases[i]);
    }
    for (uint32_t g = 0; g < vm->voices->group_count; g++) {
        if (!vm->voices->groups[g].active) continue;
        advance_own(p, &vm->voices->groups[g], frames);
        mega_voices_advance(vm->voices, g, frames, block_frame + offset + frames);
    }
}

void mega_vm_rest(mega_vm *vm, uint32_t frames) {
    advance_slots(vm, frames);
    mega_fades_advance(vm->program, vm->fade, frames, vm->rate);
}

// ---- clearing ---------------------------------------------------------------------------------

void mega_vm_clear_lane(mega_vm *vm, uint32_t group, uint32_t lane) {
    const mega_program *p = vm->program;
    vm->epoch++; // a fresh voice has other seeds
    for (uint32_t n = 0; n < p->node_count; n++) {
        if (!p->nodes[n].voice || p->nodes[n].state == UINT32_MAX) continue;
        mega_state_block *block = p->states[p->nodes[n].state + group];
        for (size_t at = lane; at < block->state_floats; at += 16) block->state[at] = 0;
    }
}

void mega_vm_clear_shared(mega_vm *vm) {
    const mega_program *p = vm->program;
    for (uint32_t n = 0; n < p->node_count; n++) {
        if (p->nodes[n].voice || p->nodes[n].state == UINT32_MAX) continue;
        mega_state_block *block = p->states[p->nodes[n].state];
        memset(block->state, 0, block->state_floats * sizeof *block->state);
    }
}
