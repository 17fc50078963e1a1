// SPDX-License-Identifier: MIT
// solo_test -- a lane alone with frames side by side (`solo`) against the one-lane build: every
// module that has it, in every instruction set, at random: rates, segments of 1 to 256 frames,
// ports that stand, jump and move, numbers out of range and that are none, in shared nodes and in a
// lane of a group. Outputs, state and delay memory must be the same bits after each call. Then the
// builds for few voices with frames in the lanes, each voice against the one-lane build.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/kernel.h"
#include "support/random.h"
#include "support/rig.h"

enum {
    CASES = 60,           // of each module in each instruction set
    SEGMENTS = 150,       // in a case, at most
    MEMORY_MAX = 1 << 22, // floats: higher rates have less in them
    ROOM = MEGA_SEGMENT_FRAMES,
    PORT_ROOM = ROOM + MEGA_LANE_COUNT, // a vector may reach past the frames
};

// ---- an instance ------------------------------------------------------------------------------

/// State, memory and outputs of one of the two that are compared.
typedef struct {
    float *state, *memory, *outputs[MEGA_OUTPUTS_MAX];
} instance;

/// What the two have in common.
typedef struct {
    const mega_module *reference, *module; // of the one-lane build, and with `solo`
    rng random;
    float rate;
    uint32_t stride, lane, memory_frames;
    size_t state_floats, memory_floats;
    int32_t seed;
    float note[MEGA_NOTE_FIELDS * MEGA_LANE_COUNT];
    float *ports[MEGA_PORTS_MAX], copies[MEGA_PORTS_MAX][PORT_ROOM];
    uint64_t moving, wild; // ports with a value a frame; with values of any size
    uint64_t calm;         // ports that stand at their default
} trial;

static uint32_t port_count(const trial *t) {
    return t->reference->input_count + t->reference->param_count;
}

/// What has been in memory before is no matter.
static float leftover(size_t i) { return i % 3 ? i % 3 > 1 ? NAN : 1e30f : -5; }

static instance instance_create(const trial *t) {
    instance n = {.state = rig_alloc(t->state_floats)};
    // other lanes of the group are not this call's
    for (size_t i = 0; i < t->state_floats; i++)
        n.state[i] = i % t->stride == t->lane ? 0 : (float)i;
    if (t->memory_floats) {
        n.memory = rig_alloc(t->memory_floats);
        for (size_t i = 0; i < t->memory_floats; i++) n.memory[i] = leftover(i);
    }
    for (uint32_t o = 0; o < t->reference->output_count; o++) n.outputs[o] = rig_alloc(ROOM);
    return n;
}

static void instance_destroy(const trial *t, instance *n) {
    rig_free(n->state);
    rig_free(n->memory);
    for (uint32_t o = 0; o < t->reference->output_count; o++) rig_free(n->outputs[o]);
}

static mega_call call_of(trial *t, instance *n, const float *const *ports, uint32_t frames) {
    return (mega_call){.ports = ports,
                       .moving = t->moving,
                       .outputs = n->outputs,
                       .state = n->state + t->lane,
                       .memory = n->memory ? n->memory + t->lane : NULL,
                       .memory_frames = t->memory_frames,
                       .state_stride = t->stride,
                       .frames = frames,
                       .seconds_per_frame = 1 / t->rate,
                       .frames_per_second = t->rate,
                       .note = t->note + t->lane,
                       .seeds = &t->seed};
}

/// Outputs that stand still are spread over their frames.
static void spread(const trial *t, const instance *n, uint64_t moved, uint32_t frames) {
    for (uint32_t o = 0; o < t->reference->output_count; o++)
        for (uint32_t f = 1; f < frames && !(moved >> o & 1); f++)
            n->outputs[o][f] = n->outputs[o][0];
}

// ---- what ports are given ---------------------------------------------------------------------

static float any_number(rng *r) {
    static const float special[] = {0, -0.0f, 1, -1, 1e-30f, 1e6f, -3e38f, 3e38f, NAN, INFINITY};
    if (rng_chance(r, 0.3f)) return special[rng_below(r, COUNT_OF(special))];
    float size = powf(10, rng_between(r, -6, 6));
    return rng_chance(r, 0.5f) ? size : -size;
}

static float param_value(rng *r, const mega_param_row *p) {
    float x = rng_unit(r);
    switch (rng_below(r, 8)) {
    case 0: return p->min;
    case 1: return p->max;
    case 2: return p->initial;
    }
    if (p->choices) return floorf(x * 0.9999f * (p->max + 1));
    if (p->scale == MEGA_EXP && p->min > 0) return p->min * powf(p->max / p->min, x);
    return p->min + (p->max - p->min) * x;
}

static float port_value(trial *t, uint32_t p) {
    const mega_module *m = t->reference;
    if (t->calm >> p & 1) return p < m->input_count ? 0 : m->params[p - m->input_count].initial;
    if (t->wild >> p & 1 && rng_chance(&t->random, 0.2f)) return any_number(&t->random);
    if (p >= m->input_count) return param_value(&t->random, &m->params[p - m->input_count]);
    return rng_chance(&t->random, 0.1f) ? 0 : rng_between(&t->random, -1, 1);
}

/// Which ports move, and what those that stand still have, for the segments to come.
static void new_scene(trial *t) {
    const mega_module *m = t->reference;
    rng *r = &t->random;
    const float move = rng_chance(r, 0.5f) ? 0 : rng_unit(r), change = rng_unit(r);
    t->moving = t->wild = t->calm = 0;
    // most often most ports stand, at what they are by default: else hardly anything runs side by
    // side
    const float calm = rng_chance(r, 0.7f) ? 0.7f : 0;
    bool wild = rng_chance(r, 0.1f);
    for (uint32_t p = 0; p < port_count(t); p++) {
        bool input = p < m->input_count;
        if (rng_chance(r, calm)) t->calm |= (uint64_t)1 << p;
        else if (rng_chance(r, input ? 0.8f : move)) t->moving |= (uint64_t)1 << p;
        if (wild && rng_chance(r, 0.3f)) t->wild |= (uint64_t)1 << p;
        if (t->calm >> p & 1 || rng_chance(r, change)) t->ports[p][0] = port_value(t, p);
    }
}

/// Values of the next segment; what lies behind them is no number.
static void fill_ports(trial *t, uint32_t frames) {
    for (uint32_t p = 0; p < port_count(t); p++) {
        float *port = t->ports[p], glide = rng_between(&t->random, 0.99f, 1.01f);
        bool jumps = p < t->reference->input_count || rng_chance(&t->random, 0.3f);
        if (!isfinite(port[0])) port[0] = 0;
        for (uint32_t f = 1; f < PORT_ROOM; f++)
            port[f] = f >= frames || !(t->moving >> p & 1) ? NAN
                      : jumps                              ? port_value(t, p)
                                                           : port[f - 1] * glide;
        if (t->moving >> p & 1) port[0] = jumps ? port_value(t, p) : port[0];
        memcpy(t->copies[p], port, sizeof t->copies[p]);
    }
}

// ---- a case -----------------------------------------------------------------------------------

/// Which NaN it is, nobody hears.
static bool same(float a, float b) { return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

static void compare(const float *want, const float *got, size_t count, const char *what) {
    if (!count || memcmp(want, got, count * sizeof *want) == 0) return; // no memory: NULL
    for (size_t i = 0; i < count; i++)
        if (!same(want[i], got[i]))
            fail_msg("%s: %zu is %.9g, in the one-lane build %.9g", what, i, (double)got[i],
                     (double)want[i]);
}

static void check_bounds(const trial *t, const instance *n, const char *what) {
    for (uint32_t o = 0; o < t->reference->output_count; o++)
        if (!rig_intact(n->outputs[o], ROOM)) fail_msg("%s: wrote past output %u", what, o);
    for (uint32_t p = 0; p < port_count(t); p++)
        if (memcmp(t->ports[p], t->copies[p], sizeof t->copies[p]) != 0)
            fail_msg("%s: wrote into port %u", what, p);
    if (!rig_intact(n->state, t->state_floats)) fail_msg("%s: wrote around its state", what);
    if (!rig_intact(n->memory, t->memory_floats)) fail_msg("%s: wrote around its memory", what);
}

static uint32_t segment_frames(trial *t) {
    const uint32_t most =
        t->reference->flags & MEGA_BLOCKWISE ? MEGA_BLOCK_FRAMES : MEGA_SEGMENT_FRAMES;
    switch (rng_below(&t->random, 4)) {
    case 0: return MEGA_BLOCK_FRAMES;
    case 1: return most;
    case 2: return 1 + rng_below(&t->random, most);
    default: return 1 + rng_below(&t->random, MEGA_BLOCK_FRAMES);
    }
}

/// Runs both for a segment. @return whether `solo` did it
static bool run_segment(trial *t, instance *want, instance *got, const char *what) {
    const uint32_t frames = segment_frames(t);
    fill_ports(t, frames);
    const float *ports[MEGA_PORTS_MAX];
    memcpy(ports, t->ports, sizeof ports);
    mega_call one = call_of(t, want, ports, frames), solo = call_of(t, got, ports, frames);
    spread(t, want, t->reference->process(&one), frames);
    uint64_t moved = t->module->solo(&solo);
    bool declined = moved == MEGA_DECLINED;
    if (declined) moved = t->reference->process(&solo);
    spread(t, got, moved, frames);
    for (uint32_t o = 0; o < t->reference->output_count; o++)
        compare(want->outputs[o], got->outputs[o], frames, what);
    compare(want->state, got->state, t->state_floats, what);
    check_bounds(t, got, what);
    return !declined;
}

static trial trial_create(const mega_isa_table *isa, uint32_t index, uint32_t number) {
    static const float rates[] = {8000, 44100, 48000, 96000, 192000, 384000};
    trial t = {.reference = mega_isa_one.modules[index],
               .module = isa->modules[index],
               .random = rng_create(1000 * index + number)};
    const mega_module *m = t.reference;
    t.rate = rates[rng_below(&t.random, COUNT_OF(rates))];
    t.stride = rng_chance(&t.random, 0.4f) ? MEGA_LANE_COUNT : 1;
    t.lane = rng_below(&t.random, t.stride);
    for (; m->memory_lines; t.rate /= 2) {
        t.memory_frames = 1;
        while ((float)t.memory_frames < m->memory_seconds * t.rate + 16) t.memory_frames *= 2;
        t.memory_floats = (size_t)t.memory_frames * m->memory_lines * t.stride;
        if (t.memory_floats <= MEMORY_MAX) break;
    }
    t.state_floats = (size_t)m->state_fields * t.stride;
    t.seed = (int32_t)rng_next(&t.random);
    for (size_t i = 0; i < COUNT_OF(t.note); i++) t.note[i] = rng_unit(&t.random);
    t.note[MEGA_NOTE_KEY * MEGA_LANE_COUNT + t.lane] = rng_between(&t.random, 20, 120);
    for (uint32_t p = 0; p < port_count(&t); p++) {
        t.ports[p] = calloc(PORT_ROOM, sizeof(float));
        t.ports[p][0] = port_value(&t, p);
    }
    return t;
}

/// @return segments that `solo` did
static uint32_t run_case(const mega_isa_table *isa, uint32_t index, uint32_t number,
                         uint32_t *segments) {
    trial t = trial_create(isa, index, number);
    instance want = instance_create(&t), got = instance_create(&t);
    // frames that lines have been written come first in a state: here it has run for hours
    const int32_t late = (1 << 30) - 1 - (int32_t)rng_below(&t.random, 3000);
    if (t.memory_floats && rng_chance(&t.random, 0.2f)) {
        memset(want.memory, 0, t.memory_floats * sizeof(float));
        memset(got.memory, 0, t.memory_floats * sizeof(float));
        memcpy(&want.state[t.lane], &late, sizeof late);
        memcpy(&got.state[t.lane], &late, sizeof late);
    }
    uint32_t taken = 0, count = 1 + rng_below(&t.random, SEGMENTS), scene = 0;
    for (uint32_t i = 0; i < count; i++) {
        char what[160];
        if (!scene--) {
            new_scene(&t);
            scene = rng_below(&t.random, 30);
        }
        snprintf(what, sizeof what, "%s (%s), case %u, segment %u, %g Hz, stride %u",
                 t.reference->name, isa->name, number, i, (double)t.rate, t.stride);
        taken += run_segment(&t, &want, &got, what);
        if (i == count - 1) compare(want.memory, got.memory, t.memory_floats, what);
    }
    *segments += count;
    instance_destroy(&t, &want);
    instance_destroy(&t, &got);
    for (uint32_t p = 0; p < port_count(&t); p++) free(t.ports[p]);
    return taken;
}

static void every_module(void **unused) {
    (void)unused;
    const mega_isa_table *isa;
    for (uint32_t index = 0; index < MEGA_MODULE_COUNT; index++)
        for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
            uint32_t taken = 0, segments = 0;
            if (!isa->modules[index]->solo) continue;
            for (uint32_t number = 0; number < CASES; number++)
                taken += run_case(isa, index, number, &segments);
            printf("%-12s %-4s %u of %u segments with frames side by side\n",
                   isa->modules[index]->name, isa->name, taken, segments);
            assert_true(taken > segments / 50);
        }
}

// ---- few voices --------------------------------------------------------------------------------

enum { FEW_MAX = 8, FEW_CASES = 20, FEW_SEGMENTS = 60 };

/// Few voices with frames in the lanes, and each of them in the one-lane build.
typedef struct {
    trial common;
    uint32_t voices;
    int32_t seeds[FEW_MAX];
    float ports[MEGA_PORTS_MAX][ROOM * FEW_MAX + MEGA_LANE_COUNT];
    float outputs[MEGA_OUTPUTS_MAX][ROOM * FEW_MAX + MEGA_LANE_COUNT];
    float lone_ports[MEGA_PORTS_MAX][PORT_ROOM], lone_outputs[MEGA_OUTPUTS_MAX][PORT_ROOM];
    float *want, *got; // states
} few;

static void few_fill(few *f, uint32_t frames, bool fresh) {
    for (uint32_t p = 0; p < port_count(&f->common); p++) {
        bool moves = f->common.moving >> p & 1;
        bool agree = rng_chance(&f->common.random, 0.5f); // as choices must, for a common way
        for (uint32_t t = 0; (moves || fresh) && t < (moves ? frames : 1); t++)
            for (uint32_t v = 0; v < f->voices; v++)
                f->ports[p][t * f->voices + v] =
                    v && agree ? f->ports[p][t * f->voices] : port_value(&f->common, p);
    }
}

/// Runs voice `v` alone. @param compares outputs too: those in `moved` have a value a frame
static void few_run_lane(few *f, uint32_t v, bool compares, uint64_t moved, uint32_t frames,
                         const char *what) {
    const trial *t = &f->common;
    const float *ports[MEGA_PORTS_MAX];
    instance lone = {.state = f->want};
    for (uint32_t o = 0; o < t->reference->output_count; o++) lone.outputs[o] = f->lone_outputs[o];
    for (uint32_t p = 0; p < port_count(t); p++) {
        ports[p] = f->lone_ports[p];
        for (uint32_t i = 0; i < frames; i++)
            f->lone_ports[p][i] = f->ports[p][(t->moving >> p & 1 ? i : 0) * f->voices + v];
    }
    f->common.lane = v;
    f->common.seed = f->seeds[v];
    mega_call call = call_of(&f->common, &lone, ports, frames);
    spread(t, &lone, t->reference->process(&call), frames);
    for (uint32_t o = 0; compares && o < t->reference->output_count; o++) {
        float mine[ROOM];
        for (uint32_t i = 0; i < frames; i++)
            mine[i] = f->outputs[o][(moved >> o & 1 ? i : 0) * f->voices + v];
        compare(f->lone_outputs[o], mine, frames, what);
    }
}

/// @return whether `solo` did it
static bool few_segment(few *f, uint32_t frames, const char *what) {
    trial *t = &f->common;
    const float *ports[MEGA_PORTS_MAX];
    instance all = {.state = f->got};
    for (uint32_t p = 0; p < port_count(t); p++) ports[p] = f->ports[p];
    for (uint32_t o = 0; o < t->reference->output_count; o++) all.outputs[o] = f->outputs[o];
    t->lane = 0;
    mega_call call = call_of(t, &all, ports, frames);
    call.seeds = f->seeds;
    uint64_t moved = t->module->solo(&call);
    const bool declined = moved == MEGA_DECLINED;
    if (declined) compare(f->want, f->got, t->state_floats, what); // nothing was done
    for (uint32_t v = 0; v < f->voices; v++) few_run_lane(f, v, !declined, moved, frames, what);
    if (declined) memcpy(f->got, f->want, t->state_floats * sizeof *f->got);
    compare(f->want, f->got, t->state_floats, what);
    return !declined;
}

static uint32_t few_case(const mega_isa_table *beside, uint32_t index, uint32_t number) {
    static few f;
    memset(&f, 0, sizeof f);
    f.common = trial_create(beside, index, number);
    f.voices = beside->lanes;
    f.common.stride = MEGA_LANE_COUNT;
    f.common.state_floats = (size_t)f.common.reference->state_fields * MEGA_LANE_COUNT;
    f.want = calloc(f.common.state_floats + 1, sizeof(float));
    f.got = calloc(f.common.state_floats + 1, sizeof(float));
    for (uint32_t v = 0; v < f.voices; v++) f.seeds[v] = (int32_t)rng_next(&f.common.random);
    uint32_t taken = 0;
    for (uint32_t i = 0; i < FEW_SEGMENTS; i++) {
        char what[160];
        const bool scene = i % 6 == 0;
        if (scene) new_scene(&f.common);
        const uint32_t frames = segment_frames(&f.common);
        few_fill(&f, frames, scene);
        snprintf(what, sizeof what, "%s (%s), case %u, segment %u, %u frames",
                 f.common.reference->name, beside->name, number, i, frames);
        taken += few_segment(&f, frames, what);
    }
    free(f.want);
    free(f.got);
    for (uint32_t p = 0; p < port_count(&f.common); p++) free(f.common.ports[p]);
    return taken;
}

static void few_voices(void **unused) {
    (void)unused;
    const mega_isa_table *isa, *beside;
    for (size_t i = 0; (isa = mega_isa_at(i)); i++)
        for (size_t n = 0; isa->narrow[n]; n++) {
            if (!(beside = isa->beside[n])) continue;
            for (uint32_t index = 0; index < MEGA_MODULE_COUNT; index++) {
                const mega_module *m = beside->modules[index];
                if (!m->solo || m->memory_lines) continue;
                uint32_t taken = 0;
                for (uint32_t number = 0; number < FEW_CASES; number++)
                    taken += few_case(beside, index, number);
                printf("%-12s %-6s %u of %u segments with several frames in a vector\n", m->name,
                       beside->name, taken, FEW_CASES * FEW_SEGMENTS);
                assert_true(taken > 20);
            }
        }
}

int main(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // no subnormal numbers, as in render
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_module),
                                       cmocka_unit_test(few_voices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
