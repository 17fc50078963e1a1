// SPDX-License-Identifier: MIT
// scale -- maps one range onto another in a straight line: -1..1 to 0..1 unless told otherwise.
#include "core/kernel.h"

static const mega_input_row inputs[] = {{"in", "signal to map"}};

static const char *const clamps[] = {"off", "on", NULL};

#define END(port, value, text)                                                                     \
    {                                                                                              \
        .name = port, .unit = "", .min = -100000, .max = 100000, .initial = value,                 \
        .scale = MEGA_LIN, .smoothing = MEGA_SMOOTH_COSINE, .smooth_ms = 10, .doc = text           \
    }
static const mega_param_row params[] = {
    END("in_min", -1, "input that gives out_min"),
    END("in_max", 1, "input that gives out_max"),
    END("out_min", 0, "output at in_min; may be above out_max"),
    END("out_max", 1, "output at in_max"),
    {.name = "clamp",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 0,
     .choices = clamps,
     .doc = "whether the output is held between out_min and out_max"},
};

static const mega_output_row outputs[] = {{"out", "mapped signal"}};

static inline void tick(const lanes *port, lanes *out) {
    lanes span = port[2] - port[1];
    mask flat = lt(vabs(span), splat(1e-9f)); // no range at all: everything is at its start
    lanes place = vselect(flat, splat(0), (port[0] - port[1]) / vselect(flat, splat(1), span));
    lanes held = clampf(place, 0.0f, 1.0f);
    place = vselect(ge(port[5], splat(0.5f)), held, place);
    // both ends exact, so that a clamped output never leaves its range
    lanes rise = port[4] - port[3];
    out[0] = vselect(eq(place, splat(1)), port[4], port[3] + rise * place);
}

KERNEL_PURE(6, 1)

MODULE(scale, .name = "scale", .category = "math", .doc = "maps a range onto another",
       .flags = MEGA_PURE, INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), .process = process,
       .solo = solo)
