// SPDX-License-Identifier: MIT
// audio -- the public calls of the AUDIO role: rendering, the host's buses, the blocks of buses.
#include <string.h>

#include "session/engine.h"

void mega_render(mega_engine *e, const float *const *in, float *const *out, uint32_t frames) {
    MEGA_IN_AUDIO(e);
    mega_renderer_run(&e->renderer, in, out, frames);
}

// ---- buses of the host -------------------------------------------------------------------------

void mega_host_bus_write(mega_engine *e, uint32_t bus, const float *block) {
    MEGA_IN_AUDIO(e);
    if (bus < 1 || bus > MEGA_HOST_BUSES_MAX) return;
    memcpy(e->renderer.vm.bus_in[bus - 1], block, sizeof e->renderer.vm.bus_in[bus - 1]);
    mega_witness_outside(&e->renderer);
    e->renderer.vm.bus_in_given |= UINT64_C(1) << (bus - 1);
}

bool mega_host_bus_read(const mega_engine *e, uint32_t bus, float *block) {
    bool used =
        bus >= 1 && bus <= MEGA_HOST_BUSES_MAX && e->renderer.vm.bus_out_used >> (bus - 1) & 1;
    if (used)
        memcpy(block, e->renderer.vm.bus_out[bus - 1], sizeof e->renderer.vm.bus_out[bus - 1]);
    else memset(block, 0, MEGA_BLOCK_FRAMES * sizeof *block);
    return used;
}

// ---- buses ------------------------------------------------------------------------------------

static void sum_lanes(const mega_engine *e, const mega_bus *bus, float *block) {
    memset(block, 0, MEGA_BLOCK_FRAMES * sizeof *block);
    for (uint32_t g = 0; g < e->renderer.voices.group_count; g++) {
        uint32_t active = e->renderer.voices.groups[g].active;
        const float *at = bus->block + (size_t)g * MEGA_BLOCK_FRAMES * 16;
        for (; active; active &= active - 1)
            for (int t = 0; t < MEGA_BLOCK_FRAMES; t++)
                block[t] += at[t * 16 + __builtin_ctz(active)];
    }
}

bool mega_bus_read(const mega_engine *e, int32_t number, mega_note note, float *block) {
    const mega_program *p = e->renderer.vm.program;
    const mega_bus *bus = p && number >= 0 && number < MEGA_BUSES_MAX ? p->buses[number] : NULL;
    uint32_t group, lane;
    memset(block, 0, MEGA_BLOCK_FRAMES * sizeof *block);
    if (!bus || (note && !bus->voice)) return false;
    if (!bus->voice) {
        memcpy(block, bus->block, MEGA_BLOCK_FRAMES * sizeof *block);
    } else if (!note) {
        sum_lanes(e, bus, block);
    } else {
        if (!mega_voices_find(&e->renderer.voices, note, &group, &lane)) return false;
        const float *at = bus->block + (size_t)group * MEGA_BLOCK_FRAMES * 16 + lane;
        for (int t = 0; t < MEGA_BLOCK_FRAMES; t++) block[t] = at[t * 16];
    }
    return true;
}
