// SPDX-License-Identifier: MIT
// naive -- random patches without voices against the plainest way there is to play them: node after
// node for one frame, cables added up as they come. No phases, no registers, no constants, no
// loops: what `z1` and `feedback` give is simply remembered. The same bits must come out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "core/lanes.h"
#include "document/patch.h"
#include "support/host.h"
#include "support/random_patch.h"
#include "support/rig.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { FRAMES = 640, NODES_MAX = 40, PATCHES = 150, SEED = 9 };

typedef struct {
    rig r;
    float out[MEGA_OUTPUTS_MAX];
    float line[MEGA_BLOCK_FRAMES]; ///< feedback: what went in; z1: its first
} naive_node;

typedef struct {
    const mega_patch *patch;
    naive_node nodes[NODES_MAX];
    uint32_t order[NODES_MAX];
    uint64_t frame;
    float left, right;
} naive;

static uint32_t delay_of(const mega_module *m) {
    return m->flags & MEGA_DELAYS ? MEGA_BLOCK_FRAMES : m->flags & MEGA_DELAYS_FRAME ? 1 : 0;
}

static uint32_t hash_of(const char *id) {
    uint32_t h = 2166136261u;
    for (; *id; id++) h = (h ^ (uint8_t)*id) * 16777619u;
    return h;
}

/// True once all that must be known in the same frame is.
static bool ready(const mega_patch *p, uint32_t node, const bool *done) {
    for (size_t i = 0; i < p->cable_count; i++) {
        const mega_patch_cable_row *c = &p->cables[i];
        if (c->to_node == node && !delay_of(p->nodes[node].module) && !done[c->from_node])
            return false;
    }
    return true;
}

static naive *naive_create(const mega_patch *p) {
    naive *n = calloc(1, sizeof *n);
    bool done[NODES_MAX] = {false};
    n->patch = p;
    for (uint32_t count = 0; count < p->node_count;)
        for (uint32_t i = 0; i < p->node_count; i++)
            if (!done[i] && ready(p, i, done)) done[n->order[count++] = i] = true;
    for (uint32_t i = 0; i < p->node_count; i++) {
        n->nodes[i].r = rig_create(&mega_isa_one, p->nodes[i].module_index, 48000);
        n->nodes[i].r.seeds[0] = (int32_t)(hash_of(p->nodes[i].id) ^ SEED);
    }
    return n;
}

static void naive_destroy(naive *n) {
    for (uint32_t i = 0; i < n->patch->node_count; i++) rig_destroy(&n->nodes[i].r);
    free(n);
}

/// The value of a parameter where no cable bends it.
static float written(const mega_patch *p, uint32_t node, uint32_t param) {
    const mega_patch_node_row *row = &p->nodes[node];
    for (size_t i = 0; i < p->cable_count; i++) {
        const mega_patch_cable_row *c = &p->cables[i];
        if (c->to_node == node && c->to_port == row->module->input_count + param &&
            c->as == MEGA_AS_ADD && !row->written[param])
            return 0;
    }
    return row->values[param];
}

static float port_of(const naive *n, uint32_t node, uint32_t port) {
    const mega_patch *p = n->patch;
    const mega_module *m = p->nodes[node].module;
    float sum = port < m->input_count ? 0 : written(p, node, port - m->input_count), octaves = 0;
    bool bent = false;
    for (size_t i = 0; i < p->cable_count; i++) {
        const mega_patch_cable_row *c = &p->cables[i];
        if (c->to_node != node || c->to_port != port) continue;
        float v = n->nodes[c->from_node].out[c->from_port];
        if (c->as == MEGA_AS_ADD) sum += v * c->amount;
        else octaves += v * (c->as == MEGA_AS_SEMITONES ? c->amount / 12.0f : c->amount);
        bent |= c->as != MEGA_AS_ADD;
    }
    return bent ? sum * vexp2(octaves) : sum;
}

static void run_node(naive *n, uint32_t i) {
    const mega_module *m = n->patch->nodes[i].module;
    naive_node *node = &n->nodes[i];
    float ports[MEGA_PORTS_MAX], *out[MEGA_OUTPUTS_MAX];
    const float *at[MEGA_PORTS_MAX];
    for (uint32_t k = 0; k < mega_port_count(m); k++)
        at[k] = &ports[k], ports[k] = port_of(n, i, k);
    for (uint32_t o = 0; o < m->output_count; o++) out[o] = &node->out[o];
    if (m->process) rig_render(&node->r, at, 0, out, 1, 1);
    if (strcmp(m->name, "output") == 0) {
        n->left += ports[0] + ports[1];
        n->right += ports[0] + ports[2];
    }
}

static void naive_frame(naive *n) {
    const mega_patch *p = n->patch;
    n->left = n->right = 0;
    for (uint32_t i = 0; i < p->node_count; i++) {
        uint32_t delay = delay_of(p->nodes[i].module);
        if (delay) n->nodes[i].out[0] = n->nodes[i].line[n->frame % delay];
    }
    for (uint32_t k = 0; k < p->node_count; k++)
        if (!delay_of(p->nodes[n->order[k]].module)) run_node(n, n->order[k]);
    float in[NODES_MAX];
    for (uint32_t i = 0; i < p->node_count; i++)
        in[i] = delay_of(p->nodes[i].module) ? port_of(n, i, 0) : 0;
    for (uint32_t i = 0; i < p->node_count; i++) {
        uint32_t delay = delay_of(p->nodes[i].module);
        if (delay) n->nodes[i].line[n->frame % delay] = in[i];
    }
    n->frame++;
}

/// @return frames until something differs, or is not finite
static uint32_t same_frames(const mega_patch *patch, bool *finite) {
    mega_engine *e = mega_create(&(mega_options){.isa = "one", .seed = SEED}, NULL);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    naive *n = naive_create(patch);
    float left[FRAMES], right[FRAMES];
    uint32_t t = 0;
    mega_render(e, NULL, (float *const[]){left, right}, FRAMES);
    for (; t < FRAMES; t++) {
        naive_frame(n);
        *finite = isfinite(n->left) && isfinite(n->right);
        if (!*finite || n->left != left[t] || n->right != right[t]) break;
    }
    *finite &= !mega_counters_get(e).lanes_silenced && !mega_counters_get(e).outputs_silenced;
    naive_destroy(n);
    mega_destroy(e);
    return t;
}

static void the_same_bits_as_node_by_node(void **unused) {
    (void)unused;
    int played = 0, loops = 0, exploded = 0, bad = 0;
    for (uint64_t seed = 1; played < PATCHES; seed++) {
        char *json = random_patch(seed, 0), *text;
        mega_patch *patch = strstr(json, "\"note\"") ? NULL : host_read_patch(json);
        free(json);
        if (!patch || patch->knob_count) {
            mega_patch_destroy(patch);
            continue;
        }
        assert_true(patch->node_count <= NODES_MAX);
        mega_patch_disassemble(patch, NULL, &text);
        bool loop = strstr(text, "\n  LOOP "), finite;
        mega_free(text);
        if (loop || played - loops < PATCHES / 2) {
            uint32_t same = same_frames(patch, &finite);
            played++;
            loops += loop;
            exploded += !finite;
            if (finite && same < FRAMES) {
                print_error("seed %llu: differs at frame %u\n", (unsigned long long)seed, same);
                bad++;
            }
        }
        mega_patch_destroy(patch);
    }
    printf("%d patches, %d with loops, %d that exploded\n", played, loops, exploded);
    assert_int_equal(bad, 0);
    assert_true(exploded < loops / 4);
}

int main(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // no subnormal numbers, as in render
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_bits_as_node_by_node)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
