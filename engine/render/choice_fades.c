// SPDX-License-Identifier: MIT
// choice_fades -- a choice that changes while its node sounds crossfades; see choice_fades.h.
//
// A segment in which something fades is cut into pieces, in each of which every lane's choices
// stand still. Kernels give the same bits however their segments are cut, and so does this.
#include "render/choice_fades.h"

#include <string.h>

#include "core/choices.h"
#include "core/lanes.h"

enum { LANES = 16 };

/// What every machine that this runs on has, without an instruction set chosen.
typedef float four __attribute__((vector_size(16)));
typedef int32_t four_bits __attribute__((vector_size(16)));

void mega_choices_init(mega_vm *vm) {
    uint32_t frames = (uint32_t)((float)MEGA_CHOICE_FADE_MS * 0.001f * vm->rate + 0.5f);
    vm->choice_fade_frames = frames;
    for (uint32_t t = 0; t < frames; t++)
        vm->choice_fade[t] = 0.5f - 0.5f * vcos_turns(0.5f * (float)t / (float)frames);
}

// ---- one segment ------------------------------------------------------------------------------

typedef struct {
    const mega_run *run;
    mega_step *step;
    uint32_t count, ports[MEGA_CHOICES_MAX]; ///< its choices
    float last[MEGA_CHOICES_MAX];            ///< the highest of each
    uint32_t lanes, stride;                  ///< lanes that run; floats from a field to the next
    uint32_t active, fading;                 ///< bits of lanes
    uint64_t moving;                         ///< ports of choices that move in this segment
    float *done;                             ///< the record: field, then lane
    float *spare;                            ///< the second copy of the state
    _Alignas(64) float from[MEGA_CHOICES_MAX][LANES],
        to[MEGA_CHOICES_MAX][LANES]; ///< what the two calls read
} segment;

static float *field_of(const segment *s, uint32_t choice, uint32_t field) {
    return s->done + (size_t)(1 + MEGA_CHOICE_FIELDS * choice + field) * s->stride;
}

/// Never 0 for a value that a port has: 0 is a fresh lane's.
static int32_t seal(float value) { return bits_of(value) ^ 0x7fa5a5a5; }

/// The fields and ports are read as they lie: this is all that most calls do here.
static bool is_settled(const mega_run *r, uint64_t ports, const mega_step *step) {
    const mega_call *c = &step->call;
    const size_t stride = c->state_stride;
    const float *record = c->state + step->module->state_fields * stride, *at = record + stride;
    if (c->moving & ports) return false;
    int32_t differs = 0;
    if (!r->wide) {
        differs = bits_of(*record);
        for (; ports; ports &= ports - 1, at += MEGA_CHOICE_FIELDS * stride)
            differs |= seal(*step->ports[__builtin_ctzll(ports)]) ^ bits_of(*at);
        return !differs;
    }
    for (uint32_t l = 0; l < r->lanes; l++) differs |= bits_of(record[l]);
    for (; ports; ports &= ports - 1, at += MEGA_CHOICE_FIELDS * LANES) {
        const float *port = step->ports[__builtin_ctzll(ports)];
        for (uint32_t l = 0; l < r->lanes; l++) differs |= seal(port[l]) ^ bits_of(at[l]);
    }
    return !differs;
}

static void open_segment(segment *s, const mega_run *r, const mega_program_node *node,
                         mega_step *step) {
    const mega_module *m = step->module;
    s->run = r;
    s->step = step;
    s->count = 0;
    s->lanes = r->lanes;
    s->stride = step->call.state_stride;
    s->active = r->voice ? r->active : 1;
    s->fading = 0;
    s->moving = step->call.moving & node->choices;
    s->done = step->call.state + (size_t)m->state_fields * s->stride;
    s->spare = s->done + (size_t)mega_choices_record_fields(node->choices) * s->stride;
    for (uint64_t rest = node->choices; rest; rest &= rest - 1) {
        s->ports[s->count] = (uint32_t)__builtin_ctzll(rest);
        s->last[s->count] = m->params[s->ports[s->count] - m->input_count].max;
        s->count++;
    }
    for (uint32_t l = 0; l < s->lanes; l++) s->fading |= (uint32_t)(s->done[l] > 0) << l;
}

/// The choice that a lane's port asks for: the nearest.
static float wanted(const segment *s, uint32_t choice, uint32_t at, uint32_t lane) {
    uint32_t port = s->ports[choice];
    size_t frame = s->moving >> port & 1 ? at : 0;
    float value = s->step->ports[port][frame * s->run->frame_floats + lane];
    return to_float(to_int(clampf(value, 0, s->last[choice]) + 0.5f));
}

static bool wants_change(const segment *s, uint32_t at, uint32_t lane) {
    bool changes = false;
    for (uint32_t i = 0; i < s->count; i++)
        changes |= wanted(s, i, at, lane) + 1 != field_of(s, i, MEGA_CHOICE_HELD)[lane];
    return changes;
}

/// What each lane has in force from frame `at` on.
static void begin(segment *s, uint32_t at) {
    for (uint32_t l = 0; l < s->lanes; l++) {
        bool sounds = s->active >> l & 1;
        if (sounds && (s->fading >> l & 1 || !wants_change(s, at, l))) continue;
        bool fades = sounds && *(field_of(s, 0, MEGA_CHOICE_HELD) + l) > 0;
        s->done[l] = 0;
        s->fading = (s->fading & ~(1u << l)) | (uint32_t)fades << l;
        for (uint32_t i = 0; i < s->count; i++) {
            float *held = field_of(s, i, MEGA_CHOICE_HELD) + l;
            field_of(s, i, MEGA_CHOICE_FROM)[l] = *held - 1;
            *held = wanted(s, i, at, l) + 1;
        }
    }
}

/// Surely within what rounds to the choices in force: all frames of a moving port are looked at.
typedef struct {
    float low[LANES], high[LANES];
} bounds;

static bounds bounds_of(const segment *s, uint32_t choice) {
    const float huge = 3e38f, least = 0.499f; // rounding to the nearest is exact where this doubts
    bounds b;
    for (uint32_t l = 0; l < s->lanes; l++) {
        float in_force = field_of(s, choice, MEGA_CHOICE_HELD)[l] - 1;
        bool counts = (s->active & ~s->fading) >> l & 1;
        b.low[l] = counts && in_force > 0 ? in_force - least : -huge;
        b.high[l] = counts && in_force < s->last[choice] ? in_force + least : huge;
    }
    return b;
}

/// Of one lane, or of all: four at a time, since all frames are looked at.
MEGA_INLINE bool leaves(const float *value, const bounds *b, uint32_t count) {
    if (count == 1) return !(*value > b->low[0] && *value < b->high[0]);
    four_bits within = {-1, -1, -1, -1};
    for (uint32_t i = 0; i < count; i += 4) {
        four v, low, high;
        memcpy(&v, value + i, sizeof v);
        memcpy(&low, b->low + i, sizeof low);
        memcpy(&high, b->high + i, sizeof high);
        within &= (v > low) & (v < high);
    }
    return !(within[0] & within[1] & within[2] & within[3]);
}

static bool any_wants_change(const segment *s, uint32_t at) {
    for (uint32_t rest = s->active & ~s->fading; rest; rest &= rest - 1)
        if (wants_change(s, at, (uint32_t)__builtin_ctz(rest))) return true;
    return false;
}

/// The first frame from `at` on at which a lane that does not fade has another choice; or `end`.
static uint32_t first_change(const segment *s, uint32_t at, uint32_t end) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (!(s->moving >> s->ports[i] & 1)) continue;
        const bounds b = bounds_of(s, i);
        const float *values = s->step->ports[s->ports[i]];
        for (uint32_t t = at; t < end; t++) {
            const float *value = values + (size_t)t * s->run->frame_floats;
            if (leaves(value, &b, s->lanes) && any_wants_change(s, t)) end = t;
        }
    }
    return end;
}

/// The first frame at which something fades no more, or begins to.
static uint32_t end_of_piece(const segment *s, uint32_t at) {
    uint32_t end = s->step->call.frames;
    // what fades has scratch for a block
    bool short_piece = s->fading || s->step->module->flags & MEGA_BLOCKWISE;
    if (short_piece && end - at > MEGA_BLOCK_FRAMES) end = at + MEGA_BLOCK_FRAMES;
    // what a fading node writes into its delay memory the other one reads, and writes over: both
    // go frame by frame, so that this does not depend on the segment's length
    if (s->fading && s->step->call.memory) return at + 1;
    for (uint32_t rest = s->fading; rest; rest &= rest - 1) {
        uint32_t done = (uint32_t)s->done[__builtin_ctz(rest)];
        uint32_t left = s->run->vm->choice_fade_frames - done;
        if (at + left < end) end = at + left;
    }
    return s->moving ? first_change(s, at + 1, end) : end;
}

// ---- a piece ----------------------------------------------------------------------------------

/// @return the call, with every output written frame by frame
static void process(const segment *s, const mega_call *call) {
    const size_t floats = s->run->frame_floats;
    uint64_t moved = s->step->module->process(call);
    for (uint32_t o = 0; o < s->step->module->output_count; o++)
        for (uint32_t t = 1; !(moved >> o & 1) && t < call->frames; t++)
            memcpy(call->outputs[o] + t * floats, call->outputs[o], s->lanes * sizeof(float));
}

/// The copy begins as the state; that of a lane that does not fade stays so, and does as it does.
static void copy_state(const segment *s) {
    const float *from = s->step->call.state;
    for (uint32_t f = 0; f < s->step->module->state_fields; f++)
        for (uint32_t l = 0; l < s->lanes; l++)
            if (s->done[l] == 0)
                s->spare[(size_t)f * s->stride + l] = from[(size_t)f * s->stride + l];
}

static void choose(segment *s, const float **ports, float (*values)[LANES]) {
    for (uint32_t i = 0; i < s->count; i++) ports[s->ports[i]] = values[i];
}

/// The old choice on the copy of the state.
static void process_old(segment *s, mega_call call, const float **ports) {
    float *outputs[MEGA_OUTPUTS_MAX];
    for (uint32_t o = 0; o < s->step->module->output_count; o++)
        outputs[o] = s->run->vm->choice_old[o];
    for (uint32_t i = 0; i < s->count; i++)
        for (uint32_t l = 0; l < s->lanes; l++) {
            s->to[i][l] = field_of(s, i, MEGA_CHOICE_HELD)[l] - 1;
            s->from[i][l] = s->fading >> l & 1 ? field_of(s, i, MEGA_CHOICE_FROM)[l] : s->to[i][l];
        }
    copy_state(s);
    choose(s, ports, s->from);
    call.state = s->spare;
    call.outputs = outputs;
    process(s, &call);
}

static void cross_fade(segment *s, const mega_call *call) {
    const mega_vm *vm = s->run->vm;
    const size_t floats = s->run->frame_floats;
    for (uint32_t rest = s->fading; rest; rest &= rest - 1) {
        uint32_t l = (uint32_t)__builtin_ctz(rest), done = (uint32_t)s->done[l];
        for (uint32_t o = 0; o < s->step->module->output_count; o++)
            for (uint32_t t = 0; t < call->frames; t++) {
                float part = vm->choice_fade[done + t], *out = call->outputs[o] + t * floats + l;
                *out = vm->choice_old[o][t * floats + l] * (1 - part) + *out * part;
            }
        done += call->frames;
        bool over = done == vm->choice_fade_frames;
        s->done[l] = over ? 0 : (float)done;
        if (over) s->fading &= ~(1u << l);
    }
}

static void run_piece(segment *s, uint32_t at, uint32_t frames) {
    const size_t floats = s->run->frame_floats;
    const mega_module *m = s->step->module;
    const float *ports[MEGA_PORTS_MAX];
    float *outputs[MEGA_OUTPUTS_MAX];
    mega_call call = s->step->call;
    for (uint32_t p = 0; p < m->input_count + m->param_count; p++)
        ports[p] = s->step->ports[p] + (call.moving >> p & 1 ? at * floats : 0);
    for (uint32_t o = 0; o < m->output_count; o++) outputs[o] = s->step->outputs[o] + at * floats;
    call.ports = ports;
    call.outputs = outputs;
    call.frames = frames;
    if (s->fading) {
        call.moving &= ~s->moving;
        process_old(s, call, ports);
        choose(s, ports, s->to);
    }
    process(s, &call);
    cross_fade(s, &call);
}

/// What lets the next segment pass without a look at each lane.
static void note_seen(const segment *s) {
    for (uint32_t l = 0; l < s->lanes; l++) {
        bool stands = !s->moving && !(s->fading >> l & 1) && !wants_change(s, 0, l);
        for (uint32_t i = 0; i < s->count; i++)
            field_of(s, i, MEGA_CHOICE_SEEN)[l] =
                stands ? from_bits(seal(s->step->ports[s->ports[i]][l])) : 0;
    }
}

uint64_t mega_choices_call(const mega_run *r, const mega_program_node *node, mega_step *step) {
    if (is_settled(r, node->choices, step)) return mega_step_process(r, step);
    segment s;
    open_segment(&s, r, node, step);
    const uint32_t frames = step->call.frames;
    for (uint32_t at = 0, end; at < frames; at = end) {
        begin(&s, at);
        end = end_of_piece(&s, at);
        if (!at && end == frames && !s.fading) {
            note_seen(&s);
            return mega_step_process(r, step);
        }
        run_piece(&s, at, end - at);
    }
    note_seen(&s);
    r->vm->choices_fade = true;
    return ~(uint64_t)0;
}
