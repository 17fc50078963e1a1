// SPDX-License-Identifier: MIT
// kernel_hashes -- a line for each module and instruction set: the hash of what its kernel gives
// for random ports. Run on different machines the hashes must be the same; tests/integration/neon
// does so.
#include <stdio.h>

#include "support/random.h"
#include "support/rig.h"

enum { FRAMES = 4096 };

static uint64_t hash_outputs(const rig *r, float *const *outputs) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t o = 0; o < r->module->output_count; o++)
        for (uint32_t t = 0; t < FRAMES; t++) {
            uint32_t bits;
            memcpy(&bits, &outputs[o][(size_t)t * r->port_lanes], sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
        }
    return hash;
}

/// All lanes alike, so that the width does not matter. @return whether the port moves
static bool fill_port(rng *g, const mega_module *m, uint32_t port, uint32_t lane_count, float *to) {
    const mega_param_row *row = port < m->input_count ? NULL : &m->params[port - m->input_count];
    bool moves = !row || rng_chance(g, 0.3f);
    float low = row ? row->min : -1, high = row ? row->max : 1;
    for (uint32_t t = 0; t < (moves ? FRAMES : 1); t++) {
        float value = rng_between(g, low, high);
        for (uint32_t l = 0; l < lane_count; l++) to[(size_t)t * lane_count + l] = value;
    }
    return moves;
}

static uint64_t run(const mega_isa_table *isa, uint32_t index) {
    static float ports[MEGA_PORTS_MAX][FRAMES * 16], outputs[MEGA_OUTPUTS_MAX][FRAMES * 16];
    rig r = rig_create(isa, index, 48000);
    rng g = rng_create(index + 1);
    const float *in[MEGA_PORTS_MAX];
    float *out[MEGA_OUTPUTS_MAX];
    uint64_t moving = 0;
    for (uint32_t p = 0; p < r.module->input_count + r.module->param_count; p++) {
        in[p] = ports[p];
        moving |= (uint64_t)fill_port(&g, r.module, p, r.port_lanes, ports[p]) << p;
    }
    for (uint32_t o = 0; o < r.module->output_count; o++) out[o] = outputs[o];
    for (int l = 0; l < 16; l++) r.seeds[l] = 777;
    rig_render(&r, in, moving, out, FRAMES, 64);
    uint64_t hash = hash_outputs(&r, out);
    rig_destroy(&r);
    return hash;
}

static void print(const mega_isa_table *isa, uint32_t index) {
    printf("%s %s %016llx\n", isa->modules[index]->name, isa->name,
           (unsigned long long)run(isa, index));
}

int main(void) {
    const mega_isa_table *isa;
    for (uint32_t m = 0; m < MEGA_MODULE_COUNT; m++)
        for (size_t i = 0; (isa = mega_isa_at(i)); i++) {
            if (!isa->modules[m]->process) continue;
            print(isa, m);
            for (const mega_isa_table *const *n = isa->narrow; *n; n++) print(*n, m);
        }
    return 0;
}
