// SPDX-License-Identifier: MIT
// registry_test -- holds every module of every instruction set to the same rules, before anyone
// writes a test for it: rows complete, one lane = sixteen, still = moving, any split, no lane
// touches another, nothing written where it should not be, finite under any input, silent after
// silence, a restarted lane is a fresh one.
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/rig.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { FRAMES = 300, LANES = 16 };
static const float RATE = 48000;

// ---- reporting: all that is wrong at once, not the first --------------------------------------

static int problem_count;

static void problem(const mega_module *m, const char *isa, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("  FAULT %s (%s): ", m->name, isa);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    problem_count++;
}

// ---- what ports are fed -----------------------------------------------------------------------

static uint32_t hash(uint32_t x) {
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}
static float unit(uint32_t x) { return (float)(hash(x) >> 8) * (1.0f / 16777216.0f); }

/// Port values: inputs, then parameters; FRAMES frames of 16 lanes each.
typedef struct {
    float *at[MEGA_PORTS_MAX];
    uint64_t moving; ///< ports whose values change from frame to frame
} feed;

typedef enum { IN_RANGE, GARBAGE } feed_kind;

static float param_value(const mega_param_row *p, uint32_t seed) {
    float x = unit(seed);
    if (p->choices) return floorf(x * 0.9999f * (p->max + 1));
    if (p->scale == MEGA_EXP && p->min > 0) return p->min * powf(p->max / p->min, x);
    return p->min + (p->max - p->min) * x;
}

/// Anything at all within a million, with the values that break things more often than chance
/// would.
static float garbage(uint32_t seed) {
    static const float special[] = {0,    -0.0f, 1,    -1,    1e-30f, -1e-38f,
                                    1e6f, -1e6f, 0.5f, 24000, 1e-6f,  65536};
    uint32_t h = hash(seed);
    if (h % 4 == 0) return special[(h >> 8) % (sizeof special / sizeof *special)];
    float size = powf(10.0f, -6.0f + 12.0f * unit(h));
    return h & 16 ? size : -size;
}

static feed feed_create(const mega_module *m, feed_kind kind, uint64_t moving, uint32_t seed) {
    feed f = {.moving = moving};
    for (uint32_t p = 0; p < m->input_count + m->param_count; p++) {
        f.at[p] = malloc(sizeof(float) * FRAMES * LANES);
        for (uint32_t t = 0; t < FRAMES; t++)
            for (uint32_t l = 0; l < LANES; l++) {
                // parameters stay 16 frames at a value, so that modules get somewhere in between
                uint32_t step = p < m->input_count ? t : t / 16;
                if (!(moving >> p & 1)) step = 0;
                uint32_t s = hash(seed + 7919 * p) + 65537 * step + l;
                float v = 2 * unit(s) - 1;
                if (p >= m->input_count) v = param_value(&m->params[p - m->input_count], s);
                if (kind == GARBAGE) v = garbage(s);
                f.at[p][t * LANES + l] = v;
            }
    }
    return f;
}
static void feed_destroy(feed *f) {
    for (int p = 0; p < MEGA_PORTS_MAX; p++) free(f->at[p]);
}

// ---- runs -------------------------------------------------------------------------------------

/// What came out: outputs of FRAMES frames of 16 lanes; one-lane runs fill one lane.
typedef struct {
    float *at[MEGA_OUTPUTS_MAX];
} result;

static result result_create(const mega_module *m) {
    result r = {0};
    for (uint32_t o = 0; o < m->output_count; o++) r.at[o] = calloc(FRAMES * LANES, sizeof(float));
    return r;
}
static void result_destroy(result *r) {
    for (int o = 0; o < MEGA_OUTPUTS_MAX; o++) free(r->at[o]);
}

/// Runs a rig over a feed. @param moving which ports are given frame by frame @param lane for
/// one-lane rigs
static void run(rig *r, const char *isa, const feed *f, uint64_t moving, uint32_t segment,
                uint32_t lane, result *into) {
    const mega_module *m = r->module;
    uint32_t port_count = m->input_count + m->param_count, wide = r->port_lanes;
    float *ports[MEGA_PORTS_MAX], *copies[MEGA_PORTS_MAX], *outs[MEGA_OUTPUTS_MAX];
    const float *given[MEGA_PORTS_MAX];
    for (uint32_t p = 0; p < port_count; p++) {
        size_t frames = (moving >> p & 1) ? FRAMES : 1;
        ports[p] = rig_alloc(frames * wide);
        copies[p] = malloc(frames * wide * sizeof(float));
        for (size_t t = 0; t < frames; t++)
            for (uint32_t l = 0; l < wide; l++)
                ports[p][t * wide + l] = f->at[p][t * LANES + (wide == 1 ? lane : l)];
        memcpy(copies[p], ports[p], frames * wide * sizeof(float));
        given[p] = ports[p];
    }
    for (uint32_t o = 0; o < m->output_count; o++) outs[o] = rig_alloc((size_t)FRAMES * wide);
    if (wide == 1 && !(m->flags & MEGA_INNER_LANES)) rig_become(r, lane);
    rig_render(r, given, moving, outs, FRAMES, segment);
    for (uint32_t p = 0; p < port_count; p++) {
        size_t frames = (moving >> p & 1) ? FRAMES : 1;
        if (memcmp(copies[p], ports[p], frames * wide * sizeof(float)) != 0)
            problem(m, isa, "wrote into port %u", p);
        rig_free(ports[p]);
        free(copies[p]);
    }
    for (uint32_t o = 0; o < m->output_count; o++) {
        if (!rig_intact(outs[o], (size_t)FRAMES * wide)) problem(m, isa, "wrote past output %u", o);
        for (size_t t = 0; t < FRAMES; t++)
            for (uint32_t l = 0; l < wide; l++)
                into->at[o][t * LANES + (wide == 1 ? lane : l)] = outs[o][t * wide + l];
        rig_free(outs[o]);
    }
    if (!rig_intact(r->state, rig_state_floats(r))) problem(m, isa, "wrote around its state");
    if (!rig_intact(r->memory, rig_memory_floats(r))) problem(m, isa, "wrote around its memory");
}

/// A fresh instance over a feed: all lanes, one by one in the one-lane build.
static result run_fresh(const mega_isa_table *isa, uint32_t index, const feed *f, uint64_t moving,
                        uint32_t segment) {
    const mega_module *m = isa->modules[index];
    result into = result_create(m);
    uint32_t runs = isa->width == 1 && !(m->flags & MEGA_INNER_LANES) ? LANES : 1;
    for (uint32_t lane = 0; lane < runs; lane++) {
        rig r = rig_create(isa, index, RATE);
        run(&r, isa->name, f, moving, segment, lane, &into);
        rig_destroy(&r);
    }
    return into;
}

/// The same frame by frame, each given as if all stood still: as loops call a module.
static result run_stepwise(const mega_isa_table *isa, uint32_t index, const feed *f) {
    const mega_module *m = isa->modules[index];
    uint32_t port_count = m->input_count + m->param_count;
    result into = result_create(m);
    bool inner = m->flags & MEGA_INNER_LANES;
    uint32_t runs = isa->width == 1 && !inner ? LANES : 1;
    for (uint32_t lane = 0; lane < runs; lane++) {
        rig r = rig_create(isa, index, RATE);
        if (r.port_lanes == 1 && !inner) rig_become(&r, lane);
        for (uint32_t t = 0; t < FRAMES; t++) {
            const float *in[MEGA_PORTS_MAX];
            float *out[MEGA_OUTPUTS_MAX];
            for (uint32_t p = 0; p < port_count; p++)
                in[p] = f->at[p] + ((f->moving >> p & 1) ? t * LANES : 0) + lane;
            for (uint32_t o = 0; o < m->output_count; o++) out[o] = into.at[o] + t * LANES + lane;
            rig_render(&r, in, 0, out, 1, 1);
        }
        rig_destroy(&r);
    }
    return into;
}

/// Says where two results differ first, in lanes that `lanes` has a bit for.
static void compare(const mega_module *m, const char *isa, const result *a, const result *b,
                    uint32_t lanes, const char *what) {
    for (uint32_t o = 0; o < m->output_count; o++)
        for (uint32_t i = 0; i < FRAMES * LANES; i++) {
            if (!(lanes >> i % LANES & 1) || memcmp(a->at[o] + i, b->at[o] + i, sizeof(float)) == 0)
                continue;
            if (isnan(a->at[o][i]) && isnan(b->at[o][i])) continue; // which NaN it is, nobody hears
            problem(m, isa, "%s: output %s differs at frame %u lane %u: %.9g, %.9g", what,
                    m->outputs[o].name, i / LANES, i % LANES, (double)a->at[o][i],
                    (double)b->at[o][i]);
            return;
        }
}

// ---- what is held, one function a rule --------------------------------------------------------

static uint64_t all_ports(const mega_module *m) {
    return ((uint64_t)1 << (m->input_count + m->param_count)) - 1;
}

/// Lanes that one call of a build runs.
static uint32_t lanes_of(const mega_isa_table *isa) {
    return isa->width == 1 ? 0xffff : (1u << isa->lanes) - 1;
}

/// The same bits for one lane and sixteen, still and moving, every split, and in loops.
static void check_equal(const mega_isa_table *isa, uint32_t index) {
    const mega_module *m = isa->modules[index];
    const uint64_t ins = ((uint64_t)1 << m->input_count) - 1;
    const uint64_t masks[] = {0, ins, all_ports(m), all_ports(m) & 0x5555555555555555u,
                              all_ports(m) & ~ins};
    static const char *const names[] = {"all still", "inputs moving", "all moving", "every other",
                                        "params moving"};
    for (uint32_t k = 0; k < sizeof masks / sizeof *masks; k++) {
        char what[96];
        feed f = feed_create(m, IN_RANGE, masks[k], 100 * k + 5);
        result want = run_fresh(&mega_isa_one, index, &f, masks[k], 64);
        const uint32_t splits[] = {
            m->flags & MEGA_BLOCKWISE ? MEGA_BLOCK_FRAMES : MEGA_SEGMENT_FRAMES, 64, 17, 7, 1};
        for (int s = 0; s < 5; s++) {
            result got = run_fresh(isa, index, &f, masks[k], splits[s]);
            snprintf(what, sizeof what, "%s, split %u against one lane", names[k], splits[s]);
            compare(m, isa->name, &want, &got, lanes_of(isa), what);
            result_destroy(&got);
        }
        result got = run_fresh(isa, index, &f, all_ports(m), 64);
        snprintf(what, sizeof what, "%s, given as moving", names[k]);
        compare(m, isa->name, &want, &got, lanes_of(isa), what);
        result_destroy(&got);
        got = run_stepwise(isa, index, &f);
        snprintf(what, sizeof what, "%s, each frame given as still", names[k]);
        compare(m, isa->name, &want, &got, lanes_of(isa), what);
        result_destroy(&got);
        result_destroy(&want);
        feed_destroy(&f);
    }
}

/// A lane fed NaN and infinity changes no other.
static void check_nan_stays(const mega_isa_table *isa, uint32_t index) {
    const mega_module *m = isa->modules[index];
    if (isa->width == 1 || m->flags & MEGA_INNER_LANES) return;
    feed f = feed_create(m, IN_RANGE, all_ports(m), 77);
    result clean = run_fresh(isa, index, &f, all_ports(m), 64);
    for (uint32_t p = 0; p < m->input_count + m->param_count; p++)
        for (uint32_t t = 0; t < FRAMES; t++) f.at[p][t * LANES + 5] = t % 3 ? NAN : INFINITY;
    result got = run_fresh(isa, index, &f, all_ports(m), 64);
    compare(m, isa->name, &clean, &got, 0xffff & ~(1u << 5), "NaN in lane 5");
    result_destroy(&clean);
    result_destroy(&got);
    feed_destroy(&f);
}

/// Whatever the ports are given, outputs stay finite. @return the highest peak of in-range feeds
static float check_finite(const mega_isa_table *isa, uint32_t index) {
    const mega_module *m = isa->modules[index];
    float peak = 0;
    for (uint32_t k = 0; k < 16; k++) {
        feed_kind kind = k < 8 ? IN_RANGE : GARBAGE;
        uint64_t moving = k & 1 ? all_ports(m) : ((uint64_t)1 << m->input_count) - 1;
        rig r = rig_create(isa, index, k & 2 ? 8000 : 96000);
        for (uint32_t pass = 0; pass < 3; pass++) {
            feed f = feed_create(m, kind, moving, 1000 * k + pass);
            result got = result_create(m);
            run(&r, isa->name, &f, moving, 64, 0, &got);
            for (uint32_t o = 0; o < m->output_count; o++)
                for (uint32_t i = 0; i < FRAMES * LANES; i++) {
                    float v = got.at[o][i];
                    if (!isfinite(v)) {
                        problem(m, isa->name, "%s: output %s is not finite at frame %u lane %u",
                                kind == GARBAGE ? "garbage" : "in range", m->outputs[o].name,
                                i / LANES, i % LANES);
                        pass = 3;
                        o = m->output_count;
                        break;
                    }
                    if (kind == IN_RANGE && fabsf(v) > peak) peak = fabsf(v);
                }
            result_destroy(&got);
            feed_destroy(&f);
        }
        rig_destroy(&r);
    }
    return peak;
}

/// A lane whose state is zeroed is a fresh one, whatever its delay memory holds.
static void check_restart(const mega_isa_table *isa, uint32_t index) {
    const mega_module *m = isa->modules[index];
    feed f = feed_create(m, IN_RANGE, ((uint64_t)1 << m->input_count) - 1, 31);
    result fresh = run_fresh(isa, index, &f, f.moving, 64), got = result_create(m);
    rig r = rig_create(isa, index, RATE);
    uint32_t lane = r.port_lanes == 1 ? 0 : 3;
    run(&r, isa->name, &f, f.moving, 64, lane, &got);
    for (size_t i = 0; i < rig_memory_floats(&r); i++) r.memory[i] = i & 1 ? NAN : 1e30f;
    size_t fields = m->state_fields;
    for (size_t i = 0; i < fields; i++) r.state[i * r.port_lanes + lane] = 0;
    run(&r, isa->name, &f, f.moving, 64, lane, &got);
    compare(m, isa->name, &fresh, &got, 1u << lane, "restarted lane");
    rig_destroy(&r);
    result_destroy(&fresh);
    result_destroy(&got);
    feed_destroy(&f);
}

/// After its input falls silent a filter or an effect does too. @return seconds until below -100
/// dBFS, or -1
static float check_silence(const mega_isa_table *isa, uint32_t index) {
    enum { CHUNK = 4800 };
    const mega_module *m = isa->modules[index];
    if (strcmp(m->category, "filter") != 0 && strcmp(m->category, "effect") != 0) return -1;
    rig r = rig_create(isa, index, RATE);
    uint32_t wide = r.port_lanes, port_count = m->input_count + m->param_count;
    float *noise = calloc((size_t)CHUNK * wide, sizeof(float)),
          *still = calloc((size_t)port_count * wide, sizeof(float));
    float *outs[MEGA_OUTPUTS_MAX], died = 0;
    const float *ports[MEGA_PORTS_MAX];
    for (uint32_t i = 0; i < CHUNK * wide; i++) noise[i] = 2 * unit(i) - 1;
    for (uint32_t p = 0; p < port_count; p++) {
        ports[p] = p < m->input_count ? noise : still + p * wide;
        for (uint32_t l = 0; p >= m->input_count && l < wide; l++)
            still[p * wide + l] = m->params[p - m->input_count].initial;
    }
    for (uint32_t o = 0; o < m->output_count; o++)
        outs[o] = calloc((size_t)CHUNK * wide, sizeof(float));
    for (uint32_t chunk = 0; chunk < 80; chunk++) {
        rig_render(&r, ports, ((uint64_t)1 << m->input_count) - 1, outs, CHUNK, 64);
        float peak = 0;
        for (uint32_t o = 0; o < m->output_count; o++)
            for (uint32_t i = 0; i < CHUNK * wide; i++) peak = fmaxf(peak, fabsf(outs[o][i]));
        if (peak > 1e-5f) died = (float)chunk * 0.1f;
        if (chunk == 0) memset(noise, 0, (size_t)CHUNK * wide * sizeof(float));
    }
    if (died > 7) problem(m, isa->name, "still sounds 7.9 s after its input");
    for (uint32_t o = 0; o < m->output_count; o++) free(outs[o]);
    free(noise);
    free(still);
    rig_destroy(&r);
    return died;
}

/// One port is given +-3e38 by turns (all of them: port_count), then nothing, then a usual signal.
typedef struct {
    rig r;
    uint32_t port_count;
    float *port[MEGA_PORTS_MAX], *out[MEGA_OUTPUTS_MAX];
} trial;

enum { TRIAL = 4800 };

static trial trial_create(const mega_isa_table *isa, uint32_t index) {
    const mega_module *m = isa->modules[index];
    trial t = {.r = rig_create(isa, index, RATE), .port_count = m->input_count + m->param_count};
    for (uint32_t p = 0; p < t.port_count; p++)
        t.port[p] = malloc(sizeof(float) * TRIAL * t.r.port_lanes);
    for (uint32_t o = 0; o < m->output_count; o++)
        t.out[o] = malloc(sizeof(float) * TRIAL * t.r.port_lanes);
    return t;
}
static void trial_destroy(trial *t) {
    for (uint32_t p = 0; p < t->port_count; p++) free(t->port[p]);
    for (uint32_t o = 0; o < t->r.module->output_count; o++) free(t->out[o]);
    rig_destroy(&t->r);
}

/// @param level of noise at the inputs; @param huge a port, port_count: all of them, or beyond:
/// none
static void trial_run(trial *t, float level, uint32_t huge, uint32_t frames) {
    const mega_module *m = t->r.module;
    const float *ports[MEGA_PORTS_MAX];
    for (uint32_t p = 0; p < t->port_count; p++) {
        bool input = p < m->input_count;
        for (uint32_t i = 0; i < frames * t->r.port_lanes; i++) {
            float v =
                input ? level * (2 * unit(i + 77 * p) - 1) : m->params[p - m->input_count].initial;
            if (p == huge || huge == t->port_count) v = i / t->r.port_lanes % 3 ? 3e38f : -3e38f;
            t->port[p][i] = v;
        }
        ports[p] = t->port[p];
    }
    rig_render(&t->r, ports, all_ports(m), t->out, frames, 64);
}

static bool is_sane(const float *x, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!(fabsf(x[i]) <= 1e6f)) return false;
    return true;
}

/// How far a is from b, against b: sample by sample, or only in level, where what swings may have
/// got elsewhere.
static double difference(const float *a, const float *b, uint32_t count, bool swings) {
    double apart = 0, level = 0, of = 1e-12;
    for (uint32_t i = 0; i < count; i++) {
        apart += pow((double)a[i] - (double)b[i], 2);
        level += pow((double)a[i], 2);
        of += pow((double)b[i], 2);
    }
    return swings ? fabs(sqrt(level / of) - 1) : sqrt(apart / of);
}

/// Whatever finite numbers it was given, a module finds back: nothing infinite stays in it, and a
/// filter or an effect is, once it is silent, as if nothing had been.
static void check_huge(const mega_isa_table *isa, uint32_t index) {
    enum { HUGE = 256 };
    const mega_module *m = isa->modules[index];
    const uint32_t silences = m->memory_lines > 0 ? 80 : 10; // echoes and rooms take their time
    bool settles =
        !strcmp(m->category, "filter") || !strcmp(m->category, "effect") || m->flags & MEGA_PURE;
    bool bounded = m->memory_lines > 0; // what has lines must not let such a number in
    trial fresh = trial_create(isa, index);
    trial_run(&fresh, 1, UINT32_MAX, HUGE); // so that what swings is as far
    for (uint32_t s = 0; s < silences; s++) trial_run(&fresh, 0, UINT32_MAX, TRIAL);
    trial_run(&fresh, 1, UINT32_MAX, TRIAL);
    for (uint32_t p = 0; p <= fresh.port_count; p++) {
        const char *name = p == fresh.port_count ? "all ports"
                           : p < m->input_count  ? m->inputs[p].name
                                                 : m->params[p - m->input_count].name;
        trial t = trial_create(isa, index);
        trial_run(&t, 1, p, HUGE);
        for (uint32_t i = 0; bounded && i < HUGE * t.r.port_lanes; i++)
            for (uint32_t o = 0; o < m->output_count; o++)
                if (!isfinite(t.out[o][i])) {
                    problem(m, isa->name, "3e38 at %s makes %s infinite", name, m->outputs[o].name);
                    bounded = false;
                }
        for (uint32_t s = 0; s < silences; s++) trial_run(&t, 0, UINT32_MAX, TRIAL);
        trial_run(&t, 1, UINT32_MAX, TRIAL);
        for (uint32_t o = 0; o < m->output_count; o++) {
            uint32_t count = TRIAL * t.r.port_lanes;
            bool swings = m->memory_lines > 0;
            double apart = settles ? difference(t.out[o], fresh.out[o], count, swings) : 0;
            if (apart > (swings ? 0.1 : 1e-3) || !is_sane(t.out[o], count))
                problem(m, isa->name, "after 3e38 at %s: %s is off by %g", name, m->outputs[o].name,
                        apart);
        }
        trial_destroy(&t);
    }
    trial_destroy(&fresh);
}

static void every_kernel(void **context) {
    (void)context;
    problem_count = 0;
    for (uint32_t index = 0; index < MEGA_MODULE_COUNT; index++) {
        const mega_isa_table *isa;
        const mega_module *m = mega_isa_one.modules[index];
        if (!m->process) {
            printf("%-12s built into the VM\n", m->name);
            continue;
        }
        float peak = 0, died = -1;
        int before = problem_count;
        for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
            check_equal(isa, index);
            for (const mega_isa_table *const *narrow = isa->narrow; *narrow; narrow++)
                check_equal(*narrow, index);
            check_nan_stays(isa, index);
            peak = fmaxf(peak, check_finite(isa, index));
            check_restart(isa, index);
            if (i == 0 || !mega_isa_at(i + 1)) check_huge(isa, index);
            if (i == 0 || !mega_isa_at(i + 1)) died = fmaxf(died, check_silence(isa, index));
        }
        printf("%-12s %s  peak %-8.3g", m->name, problem_count == before ? "ok   " : "FAULT",
               (double)peak);
        if (died >= 0) printf("  silent after %.1f s", (double)died);
        printf("\n");
    }
    assert_int_equal(problem_count, 0);
}

// ---- rows -------------------------------------------------------------------------------------

static bool listed(const char *const *list, const char *word) {
    for (; *list; list++)
        if (strcmp(*list, word) == 0) return true;
    return false;
}

static void check_name(const mega_module *m, const char *isa, const char *name) {
    bool good = name && islower((unsigned char)name[0]);
    for (const char *c = name; good && *c; c++)
        good = islower((unsigned char)*c) || isdigit((unsigned char)*c) || strchr("_.-", *c);
    if (!good) problem(m, isa, "bad name `%s`", name ? name : "(null)");
}

static void check_doc(const mega_module *m, const char *isa, const char *name, const char *doc) {
    if (!doc || strlen(doc) < 4) problem(m, isa, "`%s` has no doc", name);
    else if (doc[strlen(doc) - 1] == '.') problem(m, isa, "doc of `%s` ends in a full stop", name);
}

static void check_param(const mega_module *m, const char *isa, const mega_param_row *p) {
    static const char *const units[] = {"",          "Hz",    "s",       "ms",        "dB",
                                        "semitones", "cents", "octaves", "dB/octave", "turns",
                                        "beats",     "BPM",   NULL};
    if (!p->unit || !listed(units, p->unit)) problem(m, isa, "%s: unknown unit", p->name);
    if (!(isfinite(p->min) && isfinite(p->max) && p->min < p->max))
        problem(m, isa, "%s: bad range", p->name);
    if (!(p->min <= p->initial && p->initial <= p->max))
        problem(m, isa, "%s: initial out of range", p->name);
    if (p->scale == MEGA_EXP && !(p->min > 0)) // else a knob would be linear, unsaid
        problem(m, isa, "%s: an exponential scale needs a positive range", p->name);
    if (p->scale != MEGA_LIN && p->scale != MEGA_EXP) problem(m, isa, "%s: unknown scale", p->name);
    if ((p->smoothing == MEGA_SMOOTH_NONE) != (p->smooth_ms == 0))
        problem(m, isa, "%s: smoothing and smooth_ms disagree", p->name);
    if (!(p->smooth_ms >= 0 && p->smooth_ms <= 1000)) problem(m, isa, "%s: bad smooth_ms", p->name);
    if (!p->choices) return;
    float count = 0;
    while (p->choices[(int)count]) count++;
    if (p->min != 0 || p->max != count - 1)
        problem(m, isa, "%s: range does not fit its choices", p->name);
    if (p->initial != floorf(p->initial)) problem(m, isa, "%s: initial is no choice", p->name);
    if (p->smoothing != MEGA_SMOOTH_NONE)
        problem(m, isa, "%s: a choice must not be smoothed", p->name);
}

static void check_row(const mega_module *m, const char *isa) {
    static const char *const categories[] = {"source", "filter", "control", "math",
                                             "effect", "io",     NULL};
    const char *names[MEGA_PORTS_MAX];
    check_name(m, isa, m->name);
    check_doc(m, isa, m->name, m->doc);
    if (!m->category || !listed(categories, m->category)) problem(m, isa, "unknown category");
    uint32_t count = m->input_count + m->param_count;
    if (count > MEGA_PORTS_MAX || m->output_count > MEGA_OUTPUTS_MAX) {
        problem(m, isa, "too many ports");
        return;
    }
    for (uint32_t p = 0; p < count; p++) {
        bool input = p < m->input_count;
        names[p] = input ? m->inputs[p].name : m->params[p - m->input_count].name;
        check_name(m, isa, names[p]);
        check_doc(m, isa, names[p], input ? m->inputs[p].doc : m->params[p - m->input_count].doc);
        for (uint32_t q = 0; q < p; q++)
            if (strcmp(names[p], names[q]) == 0) problem(m, isa, "two ports `%s`", names[p]);
        if (!input) check_param(m, isa, &m->params[p - m->input_count]);
    }
    for (uint32_t o = 0; o < m->output_count; o++) {
        check_name(m, isa, m->outputs[o].name);
        check_doc(m, isa, m->outputs[o].name, m->outputs[o].doc);
        for (uint32_t q = 0; q < o; q++)
            if (strcmp(m->outputs[o].name, m->outputs[q].name) == 0)
                problem(m, isa, "two outputs `%s`", m->outputs[o].name);
    }
    if (!m->output_count && m->op == MEGA_OP_CALL) problem(m, isa, "no output");
    if (!m->process != (m->op != MEGA_OP_CALL)) problem(m, isa, "a kernel and an `op`, or neither");
    if (m->gate_outputs >> m->output_count) problem(m, isa, "gate_outputs names no output");
    if (m->flags & MEGA_MIXES &&
        (m->input_count != m->param_count || m->output_count != 1 || !(m->flags & MEGA_PURE)))
        problem(m, isa, "it cannot be a sum of inputs times parameters");
    if (m->flags & MEGA_PURE && m->state_fields) problem(m, isa, "pure, but with state");
    if (m->flags & MEGA_INNER_LANES && !(m->flags & MEGA_ONCE))
        problem(m, isa, "inner lanes, but not once");
    if ((m->memory_lines > 0) != (m->memory_seconds > 0))
        problem(m, isa, "lines and seconds disagree");
    if (!(m->tail_seconds >= 0 && m->tail_seconds <= 600)) problem(m, isa, "bad tail");
}

/// Rows say the same in every build: what is described is what runs.
static void check_same_row(const mega_module *a, const mega_module *b, const char *isa) {
    if (strcmp(a->name, b->name) != 0 || a->input_count != b->input_count ||
        a->param_count != b->param_count || a->output_count != b->output_count ||
        a->flags != b->flags || a->op != b->op || a->gate_outputs != b->gate_outputs ||
        a->state_fields != b->state_fields || a->memory_lines != b->memory_lines ||
        a->memory_seconds != b->memory_seconds || a->tail_seconds != b->tail_seconds)
        problem(b, isa, "its row is not that of the one-lane build");
}

/// The one module of that opcode, or with that flag.
static const mega_module *only(mega_opcode op, uint32_t flag) {
    const mega_module *found = NULL;
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++) {
        const mega_module *m = mega_isa_one.modules[i];
        if (flag ? !(m->flags & flag) : m->op != op) continue;
        if (found) problem(m, "one", "a second one as `%s`", found->name);
        found = m;
    }
    assert_non_null(found);
    return found;
}

static void check_port(const mega_module *m, uint32_t number, const char *name) {
    bool there = number < m->input_count + m->param_count;
    const char *is = !there                    ? "none"
                     : number < m->input_count ? m->inputs[number].name
                                               : m->params[number - m->input_count].name;
    if (strcmp(is, name) != 0) problem(m, "one", "port %u is `%s`, not `%s`", number, is, name);
}

/// Ports that the engine reads by number have these numbers.
static void ports_by_number(void **context) {
    (void)context;
    problem_count = 0;
    const mega_module *note = only(MEGA_OP_CALL, MEGA_NOTE_SOURCE);
    check_port(note, MEGA_NOTE_PARAM_BEND_RANGE, "bend_range");
    check_port(note, MEGA_NOTE_PARAM_GLIDE, "glide");
    check_port(note, MEGA_NOTE_PARAM_MODE, "mode");
    check_port(note, MEGA_NOTE_PARAM_STEAL, "steal");
    check_port(note, MEGA_NOTE_PARAM_PRIORITY, "priority");
    check_port(note, MEGA_NOTE_PARAM_STOLEN, "stolen");
    for (uint32_t o = 0; o < note->output_count; o++) {
        const char *name = note->outputs[o].name;
        bool gate = strcmp(name, "gate") == 0 || strcmp(name, "trigger") == 0;
        if ((note->gate_outputs >> o & 1) != gate) problem(note, "one", "gate_outputs: `%s`", name);
    }
    const mega_module *output = only(MEGA_OP_OUTPUT, 0);
    check_port(output, MEGA_OUTPUT_IN, "in");
    check_port(output, MEGA_OUTPUT_LEFT, "left");
    check_port(output, MEGA_OUTPUT_RIGHT, "right");
    check_port(output, MEGA_OUTPUT_FIRST, "first");
    check_port(output, MEGA_OUTPUT_CHANNELS, "channels");
    check_port(only(MEGA_OP_INPUT, 0), MEGA_INPUT_CHANNEL, "channel");
    check_port(only(MEGA_OP_BUS_IN, 0), MEGA_BUS_IN_BUS, "bus");
    check_port(only(MEGA_OP_BUS_OUT, 0), MEGA_BUS_OUT_IN, "in");
    check_port(only(MEGA_OP_BUS_OUT, 0), MEGA_BUS_OUT_BUS, "bus");
    assert_int_equal(problem_count, 0);
}

static void every_row(void **context) {
    (void)context;
    problem_count = 0;
    const mega_isa_table *isa;
    for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
        for (uint32_t index = 0; index < MEGA_MODULE_COUNT; index++) {
            const mega_module *m = isa->modules[index];
            check_row(m, isa->name);
            check_same_row(mega_isa_one.modules[index], m, isa->name);
            for (uint32_t other = 0; other < index; other++)
                if (strcmp(m->name, isa->modules[other]->name) == 0)
                    problem(m, isa->name, "listed twice");
        }
        printf("%s: %d rows\n", isa->name, (int)MEGA_MODULE_COUNT);
    }
    assert_int_equal(problem_count, 0);
}

/// The modules' files in a folder of `engine/modules` that have no line in modules.def.
static int count_unlisted(const char *const *ids, const char *category, int *files) {
    char path[512];
    int missing = 0;
    snprintf(path, sizeof path, SOURCE_DIR "/engine/modules/%s", category);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length < 3 || strcmp(entry->d_name + length - 2, ".c") != 0) continue;
        if (strcmp(entry->d_name, "step_tables.c") == 0) continue; // numbers
        char id[256];
        snprintf(id, sizeof id, "%.*s", (int)length - 2, entry->d_name);
        ++*files;
        if (listed(ids, id)) continue;
        printf("  FAULT engine/modules/%s/%s has no line in modules.def\n", category,
               entry->d_name);
        missing++;
    }
    closedir(folder);
    return missing;
}

/// A module is one file and one line: every file has its line, and its row the file's name.
static void every_file(void **context) {
    (void)context;
    static const char *const ids[] = {
#define X(id) #id,
#include "modules/modules.def"
#undef X
        NULL,
    };
    int files = 0, missing = 0;
    DIR *categories = opendir(SOURCE_DIR "/engine/modules");
    assert_non_null(categories);
    for (struct dirent *category; (category = readdir(categories));)
        if (*category->d_name != '.' && !strchr(category->d_name, '.'))
            missing += count_unlisted(ids, category->d_name, &files);
    closedir(categories);
    for (int i = 0; ids[i]; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s", mega_isa_one.modules[i]->name);
        for (char *c = name; *c; c++)
            if (*c == '.' || *c == '-') *c = '_';
        if (strcmp(name, ids[i]) != 0) {
            printf("  FAULT %s.c names its module `%s`\n", ids[i], mega_isa_one.modules[i]->name);
            missing++;
        }
    }
    printf("%d files, %d lines\n", files, (int)MEGA_MODULE_COUNT);
    assert_int_equal(missing, 0);
    assert_int_equal(files, MEGA_MODULE_COUNT);
}

int main(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // no subnormal numbers, as in render
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file),
        cmocka_unit_test(every_row),
        cmocka_unit_test(ports_by_number),
        cmocka_unit_test(every_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
