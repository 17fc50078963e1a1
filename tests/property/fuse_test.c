// SPDX-License-Identifier: MIT
// fuse -- instructions that do the work of several give the same bits as those: random documents
// that multiply and add a lot, played, turned and edited, compiled both ways; and a listener at a
// value that has no register of its own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "compile/emit.h"
#include "support/host.h"
#include "support/random_edit.h"
#include "support/random_values.h"

enum { DOCUMENTS = 400, NODES = 12, PARTS = 12, FRAMES_MAX = 700 };

// ---- random documents -------------------------------------------------------------------------

typedef struct {
    const char *type;
    const char *ports[5]; ///< that get cables
    const char *out;
} kind;

static const kind KINDS[] = {
    {"gain", {"in", "amp"}, "out"},
    {"gain", {"in", "amp"}, "out"},
    {"mul", {"a", "b", "factor"}, "out"},
    {"mul", {"a", "b", "factor"}, "out"},
    {"mix", {"in", "in1", "in5", "level1", "level2"}, "out"},
    {"osc.sine", {"freq", "pm"}, "out"},
    {"lfo", {"freq"}, "out"},
    {"env", {"gate", "amp"}, "out"},
    {"onepole", {"in", "freq"}, "out"},
    {"add", {"a", "b"}, "out"},
    {"z1", {"in"}, "out"},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

static const char *const NOTE_OUTPUTS[] = {"freq", "gate", "velocity", "key"};

static void cable(FILE *text, rng *r, const kind *const *kinds, uint32_t to, const char *port) {
    static const float amounts[] = {1, 1, 0.5f, 0.2f, -0.7f, 0};
    bool back = !strcmp(kinds[to]->type, "z1") && rng_chance(r, 0.5f);
    uint32_t from = back ? rng_below(r, NODES) : rng_chance(r, 0.3f) ? to - 1 : rng_below(r, to);
    const char *output = kinds[from] ? kinds[from]->out : NOTE_OUTPUTS[rng_below(r, 4)];
    bool bends = !strcmp(port, "freq") && rng_chance(r, 0.5f);
    fprintf(text, ",\n{\"from\":[\"n%u\",\"%s\"],\"to\":[\"n%u\",\"%s\"],\"amount\":%g%s}", from,
            output, to, port, (double)amounts[rng_below(r, 6)],
            bends ? ",\"as\":\"semitones\"" : "");
    if (rng_chance(r, 0.1f))
        fprintf(text, ",\n{\"from\":\"k0\",\"to\":[\"n%u\",\"%s\"],\"amount\":0.5}", to, port);
}

/// Node 0 is the note; each other one reads some that come before it. A `z1` may read any, where
/// the scopes allow that.
static char *document(uint64_t seed) {
    static const float values[] = {0, 1, 1, 0.3f, 0.5f};
    static const uint32_t counts[] = {0, 1, 1, 1, 2, 3};
    const kind *kinds[NODES] = {NULL};
    rng r = rng_create(seed);
    char *json = NULL;
    size_t bytes = 0;
    FILE *text = open_memstream(&json, &bytes);
    assert_non_null(text);
    fprintf(text,
            "{\"voices\":%u,\"knobs\":{\"k0\":{\"value\":0.5}},\"nodes\":{\"n0\":{\"type\":"
            "\"note\"},\"out\":{\"type\":\"output\"}",
            1 + rng_below(&r, 40));
    for (uint32_t n = 1; n < NODES; n++) {
        kinds[n] = &KINDS[rng_below(&r, KIND_COUNT)];
        fprintf(text, ",\n\"n%u\":{\"type\":\"%s\"", n, kinds[n]->type);
        const char *param = kinds[n]->ports[1];
        if (param && !strcmp(param, "amp") && rng_chance(&r, 0.5f))
            fprintf(text, ",\"params\":{\"amp\":%g}", (double)values[rng_below(&r, 5)]);
        // after voices and before others: what is read on both sides is kept
        if (rng_chance(&r, 0.1f)) fputs(",\"scope\":\"shared\"", text);
        fputs("}", text);
    }
    fprintf(text, "},\n\"connections\":[{\"from\":[\"n%u\",\"%s\"],\"to\":[\"out\",\"in\"]}",
            NODES - 1, kinds[NODES - 1]->out);
    for (uint32_t n = 1; n < NODES; n++) {
        for (uint32_t p = 0; p < 5 && kinds[n]->ports[p]; p++)
            for (uint32_t k = counts[rng_below(&r, 6)]; k > 0; k--)
                cable(text, &r, kinds, n, kinds[n]->ports[p]);
        if (rng_chance(&r, 0.2f))
            fprintf(text, ",\n{\"from\":[\"n%u\",\"%s\"],\"to\":[\"out\",\"left\"],\"amount\":0.1}",
                    n, kinds[n]->out);
    }
    fputs("]}", text);
    fclose(text);
    return json;
}

// ---- both ways --------------------------------------------------------------------------------

static void edit(mega_engine *e, bool never, const char *list) {
    mega_fuse_never = never;
    mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, NULL);
    mega_fuse_never = false;
}

/// The same of both engines: the random numbers are.
static void play(mega_engine *e, rng r) {
    for (uint32_t n = rng_below(&r, 6); n > 0; n--)
        mega_note_on(e, MEGA_NOW, rng_between(&r, 30, 90), rng_unit(&r), NULL);
    if (rng_chance(&r, 0.2f)) mega_all_notes_off(e, MEGA_NOW);
    if (rng_chance(&r, 0.7f)) random_values(&r, e, mega_loaded_patch(e));
}

static bool render_part(mega_engine *const *engines, uint32_t frames) {
    static float left[2][FRAMES_MAX];
    bool sounds = false;
    for (int i = 0; i < 2; i++) host_render(engines[i], left[i], frames);
    for (uint32_t t = 0; t < frames; t++) sounds |= fabsf(left[0][t]) > 1e-6f;
    assert_memory_equal(left[0], left[1], frames * sizeof **left);
    return sounds;
}

/// @return false where the document is no patch
static bool load(mega_engine *e, const char *json) {
    mega_patch *patch = host_read_patch(json);
    bool loaded = mega_load(e, patch, NULL) == MEGA_OK;
    mega_patch_destroy(patch);
    return loaded;
}

static bool same_both_ways(uint64_t seed) {
    static const char *const isas[] = {"one", NULL, NULL};
    rng r = rng_create(seed + 1000);
    char *json = document(seed);
    mega_engine *engines[2];
    bool loaded = true, sounds = false;
    for (int never = 0; never < 2; never++) {
        mega_fuse_never = never;
        engines[never] = mega_create(&(mega_options){.isa = isas[seed % 3]}, NULL);
        loaded &= load(engines[never], json);
    }
    mega_fuse_never = false;
    for (int part = 0; loaded && part < PARTS; part++) {
        for (int i = 0; i < 2; i++) play(engines[i], r);
        rng_below(&r, 2);
        if (part % 4 == 3) {
            char list[4096], *one = random_edit(&r, mega_loaded_patch(engines[0]));
            snprintf(list, sizeof list, "[%s]", one);
            for (int never = 0; never < 2; never++) edit(engines[never], never, list);
            free(one);
        }
        sounds |= render_part(engines, 1 + rng_below(&r, FRAMES_MAX));
    }
    for (int i = 0; i < 2; i++) mega_destroy(engines[i]);
    free(json);
    return sounds;
}

static void the_same_bits_as_one_by_one(void **unused) {
    (void)unused;
    int heard = 0;
    for (uint64_t seed = 1; seed <= DOCUMENTS; seed++) heard += same_both_ways(seed);
    printf("%d documents, %d of them sound\n", DOCUMENTS, heard);
    assert_true(heard > DOCUMENTS / 3);
}

// ---- the listing, and listeners ----------------------------------------------------------------

static const char *const FM =
    "{\"voices\":4,\"nodes\":{\"n\":{\"type\":\"note\"},\"a\":{\"type\":\"osc.sine\"},"
    "\"e\":{\"type\":\"env\"},\"m\":{\"type\":\"mul\"},\"b\":{\"type\":\"osc.sine\"},"
    "\"g\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":[\"n\",\"freq\"],\"to\":[\"a\",\"freq\"]},"
    "{\"from\":[\"n\",\"freq\"],\"to\":[\"b\",\"freq\"]},"
    "{\"from\":[\"n\",\"gate\"],\"to\":[\"e\",\"gate\"]},"
    "{\"from\":[\"a\",\"out\"],\"to\":[\"m\",\"a\"]},{\"from\":[\"e\",\"out\"],\"to\":[\"m\",\"b\"]"
    "},"
    "{\"from\":[\"m\",\"out\"],\"to\":[\"b\",\"pm\"],\"amount\":0.16},"
    "{\"from\":[\"b\",\"out\"],\"to\":[\"g\",\"in\"]},"
    "{\"from\":[\"e\",\"out\"],\"to\":[\"g\",\"amp\"],\"amount\":0.2},"
    "{\"from\":[\"g\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

static void the_listing_shows_it(void **unused) {
    (void)unused;
    char *text = NULL;
    mega_patch *patch = host_read_patch(FM);
    assert_int_equal(mega_patch_disassemble(patch, NULL, &text), MEGA_OK);
    assert_null(strstr(text, "CALL       mul"));
    assert_null(strstr(text, "CALL       gain"));
    assert_non_null(strstr(text, "*0.16 -> "));
    assert_non_null(strstr(text, "*0.2) -> r0"));
    mega_free(text);
    mega_patch_destroy(patch);
}

static void listeners_read_what_has_no_register(void **unused) {
    (void)unused;
    enum { FRAMES = 6400 };
    static float with[FRAMES], without[FRAMES];
    for (int pass = 0; pass < 2; pass++) {
        float *left = pass ? with : without, block[MEGA_BLOCK_FRAMES], peak = 0, last = 0;
        int32_t bus[2];
        mega_engine *e = host_open(FM);
        for (int i = 0; i < 3; i++) mega_note_on(e, 0, 45 + 7 * (float)i, 1, NULL);
        host_render(e, left, 1600);
        if (pass) {
            bus[0] = mega_bus_open(e, "m", "out", NULL);
            bus[1] = mega_bus_open(e, "g", "out", NULL);
        }
        host_render(e, left + 1600, 1600);
        for (int i = 0; pass && i < 2; i++) {
            assert_true(mega_bus_read(e, bus[i], 0, block));
            for (int t = 0; t < MEGA_BLOCK_FRAMES; t++) peak = fmaxf(peak, fabsf(block[t]));
            assert_true(peak > 0.01f);
            last = block[MEGA_BLOCK_FRAMES - 1];
        }
        if (pass) { // what leaves the voices is what is heard
            assert_memory_equal(&last, &left[3199], sizeof last);
            assert_int_equal(mega_bus_close(e, bus, 2), MEGA_OK);
        }
        host_render(e, left + 3200, FRAMES - 3200);
        mega_destroy(e);
    }
    assert_memory_equal(with, without, sizeof with);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bits_as_one_by_one),
        cmocka_unit_test(the_listing_shows_it),
        cmocka_unit_test(listeners_read_what_has_no_register),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
