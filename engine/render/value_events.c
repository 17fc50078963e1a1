// SPDX-License-Identifier: MIT
// value_events -- applies the events that set values; see value_events.h.
#include "render/value_events.h"

#include "core/lanes.h"

static void write_word(float *at, float value) { __atomic_store(at, &value, __ATOMIC_RELAXED); }

static void set_slot(mega_renderer *r, uint32_t number, float value, float ramp_seconds,
                     mega_scale scale) {
    mega_program *p = r->vm.program;
    mega_slot *slot = &p->slots[number];
    mega_slot_go(slot, value, ramp_seconds, r->vm.rate);
    if (scale == MEGA_EXP) mega_ramp_even(&slot->going);
    p->slots_changed = true;
    if (slot->listed) return;
    slot->listed = true;
    p->moving_slots[p->moving_count++] = number;
}

bool mega_value_event_is_older(const mega_renderer *r, const mega_event *event) {
    const mega_program *p = r->vm.program;
    if (event->frame != MEGA_NOW) return event->frame < p->requested_frame;
    return (int32_t)(event->sent - p->sent_before) < 0;
}

typedef struct {
    float value, ramp_seconds;
    mega_scale scale; ///< of the ramp
    bool again, older;
    bool exact; ///< the document's value, which may lie outside the range
} setting;

/// Whether a pending value replaces this older one: the last set before the document changed.
static bool is_passed_over(const mega_program *p, const setting *t, bool is_knob, uint32_t target,
                           float value) {
    for (uint32_t i = 0; t->older && i < p->pending_count; i++)
        if (p->pending[i].is_knob == is_knob && p->pending[i].target == target)
            return p->pending[i].value != value;
    return false;
}

static void set_param(mega_renderer *r, uint32_t slot, const setting *t) {
    mega_program *p = r->vm.program;
    const mega_way *way = &p->slots[slot].way;
    float value = t->exact ? t->value : mega_way_hold(way, t->value);
    if (is_passed_over(p, t, false, slot, value)) return;
    if ((t->older && p->renewed[slot]) || (t->again && p->targets[slot] == value)) return;
    write_word(&p->targets[slot], value);
    set_slot(r, slot, value, t->ramp_seconds, t->scale);
}

static void set_knob(mega_renderer *r, uint32_t knob, const setting *t) {
    const mega_program *p = r->vm.program;
    bool renewed = p->knob_before[knob] == UINT32_MAX;
    if (is_passed_over(p, t, true, knob, t->value)) return;
    if ((t->older && renewed) || (t->again && p->knob_values[knob] == t->value)) return;
    write_word(&p->knob_values[knob], t->value);
    for (uint32_t i = p->knob_first[knob]; i < p->knob_first[knob + 1]; i++) {
        const mega_knob_target *target = &p->knob_targets[i];
        set_slot(r, target->slot, mega_knob_map(t->value, target->min, target->max, target->scale),
                 t->ramp_seconds, target->scale);
    }
}

static void recall(mega_renderer *r, uint32_t preset, setting t) {
    const mega_program *p = r->vm.program;
    if (!(t.ramp_seconds > 0)) t.ramp_seconds = -1;
    for (uint32_t i = p->preset_first[preset]; i < p->preset_first[preset + 1]; i++) {
        const mega_preset_write *write = &p->preset_writes[i];
        t.value = write->value;
        t.scale = write->scale;
        if (write->is_knob) set_knob(r, write->target, &t);
        else set_param(r, write->target, &t);
    }
}

void mega_value_events_apply_pending(mega_renderer *r) {
    const mega_program *p = r->vm.program;
    for (uint32_t i = 0; i < p->pending_count; i++) {
        setting t = {
            .value = p->pending[i].value, .ramp_seconds = -1, .again = true, .exact = true};
        if (p->pending[i].is_knob) set_knob(r, p->pending[i].target, &t);
        else set_param(r, p->pending[i].target, &t);
    }
}

/// Sets a parameter of one note: of its voice, or of the note that waits for one.
static void set_note_param(mega_renderer *r, const mega_event *event, bool again) {
    const mega_program *p = r->vm.program;
    uint32_t i = (uint32_t)event->target, group, lane;
    const mega_slot *slot = &p->slots[p->note_param_slot[i] - 1];
    float value = mega_way_hold(&slot->way, event->value);
    mega_waiting *waiting = mega_voices_find_waiting(&r->voices, event->note);
    if (waiting) {
        waiting->note_values_set |= (uint16_t)(1u << i);
        waiting->note_values[i] = (mega_ramp){.current = value, .target = value};
    }
    if (!mega_voices_find(&r->voices, event->note, &group, &lane)) return;
    mega_voice_group *g = &r->voices.groups[group];
    mega_ramp *ramp = &g->note_values[i][lane];
    bool has = g->note_values_set[i] >> lane & 1;
    if (again && has && ramp->target == value) return;
    if (!has) *ramp = (mega_ramp){.current = slot->going.current};
    g->note_values_set[i] |= (uint16_t)(1u << lane);
    mega_ramp_go(ramp, &slot->way, value, event->more, r->vm.rate);
    if (mega_ramp_moves(ramp)) g->note_values_moving |= (uint16_t)(1u << i);
}

static int32_t find_former(const mega_program *p, const mega_event *event) {
    for (uint32_t i = 0; event->type == MEGA_EVENT_PRESET && i < p->gone_preset_count; i++)
        if (p->gone_presets[i].number == (uint32_t)event->target)
            return (int32_t)p->gone_presets[i].to;
    bool is_knob = event->type == MEGA_EVENT_KNOB;
    for (uint32_t i = 0; event->type != MEGA_EVENT_PRESET && i < p->former_count; i++)
        if (p->former[i].is_knob == is_knob && p->former[i].number == (uint32_t)event->target)
            return (int32_t)p->former[i].target;
    return -1;
}

static int32_t find_named(const mega_program *p, const mega_event *event) {
    switch ((mega_event_type)event->type) {
    case MEGA_EVENT_KNOB: return __atomic_load_n(&p->knob_of_id[event->target], __ATOMIC_RELAXED);
    case MEGA_EVENT_PARAM: return __atomic_load_n(&p->slot_of_id[event->target], __ATOMIC_RELAXED);
    case MEGA_EVENT_PRESET:
        return __atomic_load_n(&p->preset_of_id[event->target], __ATOMIC_RELAXED);
    default: return (int32_t)p->note_param_slot[event->target] - 1;
    }
}

/// The event's target as the program numbers it; -1: none. In the block of a change the event may
/// use the target's former name.
static int32_t find(const mega_renderer *r, const mega_event *event) {
    int32_t found = find_named(r->vm.program, event);
    bool may = event->type != MEGA_EVENT_NOTE_PARAM;
    bool with_it = event->frame == MEGA_NOW || event->frame >= r->block_frame;
    if (found >= 0 || !may || !with_it || r->change_frame != r->block_frame) return found;
    return find_former(r->vm.program, event);
}

/// The new number of a renamed target; the same number if its name stays.
static int32_t number_now(const mega_renamed *list, uint32_t count, int32_t number) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (list[middle].number < (uint32_t)number) low = middle + 1;
        else high = middle;
    }
    return low < count && list[low].number == (uint32_t)number ? (int32_t)list[low].to : number;
}

void mega_value_event_follow_name(const mega_renderer *r, mega_event *event) {
    const mega_program *p = r->vm.program;
    if (event->frame == MEGA_NOW) return; // the change brings it: see `pending`
    // an event sent later means the target that has the name in the document by then
    bool older = (int32_t)(event->sent - p->sent_before) < 0;
    bool is_knob = event->type == MEGA_EVENT_KNOB;
    if (!is_knob && event->type != MEGA_EVENT_PARAM) return;
    if (!older && find_named(p, event) >= 0) return;
    event->target = is_knob ? number_now(p->renamed_knobs, p->renamed_knob_count, event->target)
                            : number_now(p->renamed_params, p->renamed_param_count, event->target);
}

bool mega_value_event_is_known(const mega_renderer *r, const mega_event *event) {
    return find(r, event) >= 0;
}

bool mega_value_event_apply(mega_renderer *r, const mega_event *event, bool again) {
    int32_t found = again ? find_named(r->vm.program, event) : find(r, event);
    if (found < 0 || !(vabs(event->value) <= 3e38f)) return false;
    setting t = {.value = event->value,
                 .ramp_seconds = event->more,
                 .scale = MEGA_LIN,
                 .again = again,
                 // an event whose frame has passed is late, and applied in any case
                 .older = event->frame == MEGA_NOW && mega_value_event_is_older(r, event)};
    switch ((mega_event_type)event->type) {
    case MEGA_EVENT_KNOB: set_knob(r, (uint32_t)found, &t); break;
    case MEGA_EVENT_PARAM: set_param(r, (uint32_t)found, &t); break;
    case MEGA_EVENT_PRESET: recall(r, (uint32_t)found, t); break;
    default: set_note_param(r, event, again); break;
    }
    return true;
}
