// SPDX-License-Identifier: MIT
// turn -- the AUDIO role: knobs, parameters and presets go to new values.
#include "turn.h"

#include "lanes.h"

static void write_word(float *at, float value) { __atomic_store(at, &value, __ATOMIC_RELAXED); }

static void set_slot(mega_engine *e, uint32_t number, float value, float ramp_seconds,
                     mega_scale scale) {
    mega_program *p = e->vm.program;
    mega_slot *slot = &p->slots[number];
    mega_slot_set(slot, value, ramp_seconds, e->vm.rate);
    if (scale == MEGA_EXP) mega_ramp_even(&slot->going);
    p->slots_changed = true;
    if (slot->listed) return;
    slot->listed = true;
    p->moving_slots[p->moving_count++] = number;
}

static void set_param(mega_engine *e, uint32_t slot, float value, float ramp_seconds,
                      mega_scale scale) {
    const mega_way *way = &e->vm.program->slots[slot].way;
    write_word(&e->vm.program->heading[slot], clamp(value, way->min, way->max));
    set_slot(e, slot, value, ramp_seconds, scale);
}

static void set_knob(mega_engine *e, uint32_t knob, float value, float ramp_seconds) {
    const mega_program *p = e->vm.program;
    write_word(&p->knob_values[knob], value);
    for (uint32_t t = p->knob_first[knob]; t < p->knob_first[knob + 1]; t++) {
        const mega_knob_target *target = &p->knob_targets[t];
        set_slot(e, target->slot, mega_knob_map(value, target->min, target->max, target->scale),
                 ramp_seconds, target->scale);
    }
}

bool mega_turn_knob(mega_engine *e, int32_t id, float value, float ramp_seconds) {
    int32_t knob = __atomic_load_n(&e->vm.program->knob_of_id[id], __ATOMIC_RELAXED);
    if (knob < 0) return false;
    set_knob(e, (uint32_t)knob, value, ramp_seconds);
    return true;
}

bool mega_turn_param(mega_engine *e, int32_t id, float value, float ramp_seconds) {
    int32_t slot = __atomic_load_n(&e->vm.program->slot_of_id[id], __ATOMIC_RELAXED);
    if (slot < 0 || !(vabs(value) <= 3e38f)) return false;
    set_param(e, (uint32_t)slot, value, ramp_seconds, MEGA_LIN);
    return true;
}

bool mega_turn_preset(mega_engine *e, int32_t id, float morph_seconds) {
    const mega_program *p = e->vm.program;
    int32_t preset = __atomic_load_n(&p->preset_of_id[id], __ATOMIC_RELAXED);
    if (preset < 0) return false;
    float seconds = morph_seconds > 0 ? morph_seconds : -1;
    for (uint32_t i = p->preset_first[preset]; i < p->preset_first[preset + 1]; i++) {
        const mega_preset_write *write = &p->preset_writes[i];
        if (write->is_knob) set_knob(e, write->target, write->value, seconds);
        else set_param(e, write->target, write->value, seconds, write->scale);
    }
    return true;
}

bool mega_turn_own(mega_engine *e, const mega_event *event) {
    const mega_program *p = e->vm.program;
    uint32_t i = (uint32_t)event->target, group, lane;
    if (!p->own_slot[i] || !(vabs(event->value) <= 3e38f)) return false;
    if (!mega_voices_find(&e->voices, event->note, &group, &lane)) return true; // it has ended
    const mega_slot *slot = &p->slots[p->own_slot[i] - 1];
    mega_voice_group *g = &e->voices.groups[group];
    mega_ramp *ramp = &g->own[i][lane];
    if (!(g->own_set[i] >> lane & 1)) *ramp = (mega_ramp){.current = slot->going.current};
    g->own_set[i] |= (uint16_t)(1u << lane);
    mega_ramp_go(ramp, &slot->way, clamp(event->value, slot->way.min, slot->way.max), event->more,
                 e->vm.rate);
    if (mega_ramp_moves(ramp)) g->own_moving |= (uint16_t)(1u << i);
    return true;
}
