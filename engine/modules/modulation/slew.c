// SPDX-License-Identifier: MIT
// slew -- follows its input in straight lines, no faster than its rates allow.
//
// A slow slew moves by less than the unit in the last place of its value; the error of rounding is
// carried along (Kahan 1965), so that the times hold. While the input stands still and is reached,
// so does the output.
#include "core/kernel.h"

typedef struct {
    lanes level, error;
    ilanes begun;
    ilanes moving; // not there yet
} state;

typedef struct {
    lanes up, down; // per frame
    mask from_input;
} coefs;

static const mega_input_row inputs[] = {{"in", "what to follow"}};

static const char *const starts[] = {"input", "zero", NULL};

static const mega_param_row params[] = {
    {.name = "rise",
     .unit = "s",
     .min = 0,
     .max = 60,
     .initial = 0.05f,
     .doc = "time to go up by 1; 0 is at once"},
    {.name = "fall",
     .unit = "s",
     .min = 0,
     .max = 60,
     .initial = 0.05f,
     .doc = "time to go down by 1; 0 is at once"},
    {.name = "start",
     .unit = "",
     .min = 0,
     .max = 1,
     .initial = 0,
     .choices = starts,
     .no_fade = true,
     .doc =
         "a new voice begins at its input, as a glide should, or at zero, as an envelope should"},
};

static const mega_output_row outputs[] = {{"out", "the input, slowed"}};

static inline coefs prepare(const lanes *param, const context *x) {
    // a time of 0 is a rate that no step outruns
    const lanes least = splat(1e-30f), longest = splat(3600);
    lanes rise = vmin(param[0], longest) * splat(x->frames_per_second);
    lanes fall = vmin(param[1], longest) * splat(x->frames_per_second);
    return (coefs){splat(1) / vmax(rise, least), splat(1) / vmax(fall, least),
                   lt(param[2], splat(0.5f))};
}

static inline void tick(state *s, const coefs *c, const lanes *in, lanes *out) {
    const lanes wanted = bounded(in[0]); // from further away it would never come back
    const mask fresh = both(ieq(s->begun, isplat(0)), c->from_input);
    s->begun = isplat(1);
    lanes level = vselect(fresh, wanted, s->level);
    lanes way = wanted - level;
    lanes step = clamp(way, -c->down, c->up);
    const mask there = eq(step, way);
    step = step - s->error;
    lanes next = level + step;
    s->error = vselect(there, splat(0), (next - level) - step);
    s->moving = iselect(there, isplat(0), isplat(1));
    s->level = vselect(there, wanted, next);
    out[0] = s->level;
}

#define process process_moving
KERNEL(1, 3, 1)
#undef process

/// The input stands still and every lane is there: one frame stands for all.
static uint64_t process(const mega_call *c) {
    if (c->moving) return process_moving(c);
    int there = 1;
    for (int u = 0; u < MEGA_U; u++) {
        state s;
        state_load(&s, sizeof s, c, u);
        there &= all(both(ieq(s.begun, isplat(1)), eq(s.level, port_at(c, 0, 0, u))));
    }
    if (!there) return process_moving(c);
    mega_call one = *c;
    one.frames = 1;
    process_moving(&one);
    return 0;
}

static mega_life life(const float *field, uint32_t stride) {
    int32_t moving;
    memcpy(&moving, field + 3 * stride, sizeof moving);
    if (moving) return MEGA_LIFE_STIRS;
    return *field == 0 ? MEGA_LIFE_ZERO : MEGA_LIFE_STILL;
}

MODULE(slew, .name = "slew", .category = "control", .doc = "limits how fast a value changes",
       INPUTS(inputs), PARAMS(params), OUTPUTS(outputs), STATE, .life = life, .process = process)
