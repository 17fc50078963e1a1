// SPDX-License-Identifier: MIT
// snapshot -- a document made of an engine sounds like that engine, whatever was turned in it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/clicks.h"
#include "support/random_values.h"

enum { PATCHES = 60, ROUNDS = 4, SETTLED = 64 * 1500 };

/// The way of a saved file: written, and read again.
static mega_patch *saved(mega_engine *e) {
    mega_patch *snapshot = mega_snapshot(e);
    assert_non_null(snapshot);
    char *text;
    size_t bytes;
    assert_int_equal(mega_patch_write(snapshot, MEGA_FORMAT_JSON, &text, &bytes), MEGA_OK);
    mega_patch *patch = mega_patch_read(text, bytes, MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    mega_free(text);
    mega_patch_destroy(snapshot);
    return patch;
}

static float param(mega_engine *e, const char *node, const char *name) {
    float value = -1;
    assert_int_equal(mega_param_get(e, node, name, &value), MEGA_OK);
    return value;
}

/// @return how many values there are
static uint32_t compare_values(mega_engine *a, mega_engine *b, const mega_patch *patch) {
    uint32_t count = 0;
    for (size_t k = 0; k < patch->knob_count; k++, count++) {
        float x, y;
        assert_int_equal(mega_knob_get(a, patch->knobs[k].id, &x), MEGA_OK);
        assert_int_equal(mega_knob_get(b, patch->knobs[k].id, &y), MEGA_OK);
        assert_true(x == y);
    }
    for (size_t n = 0; n < patch->node_count; n++)
        for (uint32_t i = 0; i < patch->nodes[n].module->param_count; i++, count++) {
            const char *id = patch->nodes[n].id, *name = patch->nodes[n].module->params[i].name;
            float x = param(a, id, name), y = param(b, id, name);
            if (x != y) print_error("%s.%s: %.9g, not %.9g\n", id, name, (double)y, (double)x);
            assert_true(x == y);
        }
    return count;
}

/// What both play from here on, the same notes with the same numbers.
static void compare_sound(mega_engine *a, mega_engine *b) {
    static float played[2][2][CLICKS_FRAMES];
    mega_engine *const both[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        mega_note notes[CLICKS_NOTES];
        clicks_render(both[k], NULL, 0, (uint32_t)(SETTLED - mega_counters_get(both[k]).frame));
        mega_panic(both[k]);
        clicks_render(both[k], NULL, 0, 128);
        clicks_chord(both[k], 40, notes);
        clicks_render(both[k], played[k], 0, 9600);
    }
    for (int side = 0; side < 2; side++)
        assert_memory_equal(played[0][side], played[1][side], 9600 * sizeof(float));
}

static void edit_something(rng *r, mega_engine *e) {
    sounding_kind kind;
    char *list;
    mega_patch *after = sounding_edit(r, mega_loaded_patch(e), &kind, &list);
    // a renamed node keeps the seed of its first name, which no document tells
    if (!strstr(list, "\"rename\"")) clicks_rewire(e, after, 3);
    mega_patch_destroy(after);
    free(list);
}

static void sounds_like_the_engine(void **state) {
    (void)state;
    uint32_t values = 0;
    for (uint64_t seed = 1; seed <= PATCHES; seed++) {
        rng r = rng_create(seed * 31337);
        char *text = random_patch(seed, 0);
        mega_engine *turned = host_open(text), *fresh = host_open(NULL);
        for (int round = 0; round < ROUNDS; round++) {
            mega_patch *now = mega_patch_clone(mega_loaded_patch(turned));
            random_values(&r, turned, now);
            mega_patch_destroy(now);
            if (rng_chance(&r, 0.7f)) clicks_render(turned, NULL, 0, 64 * rng_below(&r, 30));
            if (rng_chance(&r, 0.5f)) edit_something(&r, turned);
        }
        mega_patch *snapshot = saved(turned);
        assert_int_equal(mega_load(fresh, snapshot, NULL), MEGA_OK);
        values += compare_values(turned, fresh, snapshot);
        compare_sound(turned, fresh);
        values += compare_values(turned, fresh, snapshot);
        mega_patch_destroy(snapshot);
        mega_destroy(turned);
        mega_destroy(fresh);
        free(text);
    }
    print_message("%u values of %d patches\n", values, PATCHES);
}

// ---- what is easily left out -------------------------------------------------------------------

static const char ORGAN[] =
    "{\"nodes\": {\"note\": {\"type\": \"note\"}, \"osc\": {\"type\": \"osc.sine\"},"
    "  \"env\": {\"type\": \"env\"}, \"filt\": {\"type\": \"ladder\"},"
    "  \"out\": {\"type\": \"output\"}},"
    " \"connections\": [{\"from\": \"note.freq\", \"to\": \"osc.freq\"},"
    "  {\"from\": \"note.gate\", \"to\": \"env.gate\"}, {\"from\": \"env.out\", \"to\": "
    "\"osc.amp\"},"
    "  {\"from\": \"osc.out\", \"to\": \"filt.in\"}, {\"from\": \"filt.out\", \"to\": "
    "\"out.in\"}]}";

static void zeros_defaults_and_choices(void **state) {
    (void)state;
    mega_engine *e = host_open(NULL);
    assert_null(mega_snapshot(e));
    host_load(e, ORGAN);
    mega_patch *patch = saved(e);
    for (size_t n = 0; n < patch->node_count; n++)
        for (uint32_t i = 0; i < patch->nodes[n].module->param_count; i++)
            assert_false(patch->nodes[n].written[i]); // nothing was turned: nothing is added
    mega_patch_destroy(patch);
    const mega_module *sine = mega_module_find("osc.sine");
    float initial = sine->params[mega_module_find_param(sine, "freq")].initial;
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "env", "sustain"), 0, -1);
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "osc", "freq"), initial, -1);
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "filt", "mode"), 2, -1);
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "filt", "drive"), NAN, -1); // passed over
    for (int rendered = 0; rendered < 2; rendered++) {
        patch = saved(e);
        mega_engine *fresh = host_open(NULL);
        assert_int_equal(mega_load(fresh, patch, NULL), MEGA_OK);
        assert_true(param(fresh, "env", "sustain") == 0);
        assert_true(param(fresh, "osc", "freq") == initial); // though a cable adds to it
        assert_true(param(fresh, "filt", "mode") == 2);
        compare_values(e, fresh, patch);
        mega_destroy(fresh);
        mega_patch_destroy(patch);
        clicks_render(e, NULL, 0, 640);
    }
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(zeros_defaults_and_choices),
                                       cmocka_unit_test(sounds_like_the_engine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
