// SPDX-License-Identifier: MIT
// z1 -- what comes out is what went in one frame ago; closes loops of cables that run frame by
// frame.
//
// In a loop the VM reads and writes its state at the two ends of each frame; elsewhere it is a
// module like any other.
#include "core/kernel.h"

typedef struct {
    lanes last;
} state;

typedef struct {
    char nothing;
} coefs;

static const mega_input_row inputs[] = {{"in", "signal to delay, or to send round"}};

static const mega_output_row outputs[] = {{"out", "in, one frame ago"}};

static inline coefs prepare(const lanes *param, const context *x) {
    (void)param, (void)x;
    return (coefs){0};
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out) {
    (void)c;
    out[0] = s->last;
    s->last = in[0];
}

KERNEL(1, 0, 1)

MODULE(z1, .name = "z1", .category = "io",
       .doc = "delays by one frame; closes a loop of cables, at a cost", .flags = MEGA_DELAYS_FRAME,
       INPUTS(inputs), OUTPUTS(outputs), STATE, .process = process)
