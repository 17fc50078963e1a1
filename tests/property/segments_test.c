// SPDX-License-Identifier: MIT
// segments -- however many frames the host asks for at once, the sound is the same: random
// documents, notes and knobs, blocks one by one against as many at once as the engine likes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "compile/program.h"
#include "support/host.h"
#include "support/random_patch.h"

enum { DOCUMENTS = 150, FRAMES = 24000, NOTES = 12 };

/// Notes that begin and end, a wheel, a pedal and a knob, at frames far enough apart that several
/// blocks lie between, and some that are not.
static void play(mega_engine *e, uint64_t seed) {
    rng r = rng_create(seed);
    for (int i = 0; i < NOTES; i++) {
        uint64_t frame = rng_below(&r, FRAMES * 3 / 4);
        mega_note note;
        mega_note_on(e, frame, rng_between(&r, 30, 90), rng_unit(&r), &note);
        if (rng_chance(&r, 0.8f)) mega_note_off(e, frame + rng_below(&r, 9000), note, 0.5f);
        if (rng_chance(&r, 0.2f))
            mega_controller_set(e, rng_below(&r, FRAMES), MEGA_CONTROL_BEND,
                                rng_between(&r, -1, 1));
        if (rng_chance(&r, 0.2f))
            mega_controller_set(e, rng_below(&r, FRAMES), MEGA_CONTROL_SUSTAIN,
                                rng_chance(&r, 0.5f));
        int32_t knob = mega_find_knob(e, "k0");
        if (knob >= 0) mega_knob_set(e, rng_below(&r, FRAMES), knob, rng_unit(&r));
    }
}

/// @param part frames at once; 0: any number
static void render(const char *json, const char *isa, uint64_t seed, uint32_t part, float *left) {
    rng r = rng_create(seed + 7);
    mega_engine *e = mega_create(&(mega_options){.isa = isa}, NULL);
    host_load(e, json);
    play(e, seed);
    for (uint32_t at = 0; at < FRAMES;) {
        uint32_t frames = part                   ? part
                          : rng_chance(&r, 0.2f) ? 1 + rng_below(&r, 300)
                                                 : 1 + rng_below(&r, 4096);
        if (frames > FRAMES - at) frames = FRAMES - at;
        host_render(e, left + at, frames);
        at += frames;
    }
    mega_destroy(e);
}

static bool sounds(const float *left) {
    for (uint32_t t = 0; t < FRAMES; t++)
        if (fabsf(left[t]) > 1e-4f) return true;
    return false;
}

static void parts_of_any_length_give_the_same_bits(void **unused) {
    (void)unused;
    static float blocks[FRAMES], parts[FRAMES];
    static const char *const isas[] = {"one", NULL};
    int heard = 0;
    for (uint64_t seed = 1; seed <= DOCUMENTS; seed++) {
        char *json = random_patch(seed, 2 + (uint32_t)(seed % 14));
        const char *isa = isas[seed % 2];
        render(json, isa, seed, MEGA_BLOCK_FRAMES, blocks);
        render(json, isa, seed, seed % 3 ? 0 : FRAMES, parts);
        heard += sounds(blocks);
        for (uint32_t t = 0; t < FRAMES; t++)
            if (memcmp(&blocks[t], &parts[t], sizeof *blocks))
                fail_msg("document %d differs from frame %u on: %.9g, %.9g\n%s", (int)seed, t,
                         (double)blocks[t], (double)parts[t], json);
        free(json);
    }
    printf("%d documents, %d of them sound\n", DOCUMENTS, heard);
    assert_true(heard > DOCUMENTS / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_of_any_length_give_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
