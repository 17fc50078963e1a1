// SPDX-License-Identifier: MIT
// presets -- recalled, morphed and saved; and the values of knobs and parameters as they are told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/asserts.h"
#include <math.h>

#include "support/host.h"
#include "support/random_control.h"
#include "support/random_values.h"

/// Values that can be seen in the output: left is a + f, right is y's offset.
static const char STILL[] =
    "{\"knobs\": {\"a\": {\"value\": 0.25},"
    "  \"f\": {\"value\": 0, \"range\": [100, 1600], \"scale\": \"exp\"}},"
    " \"nodes\": {\"x\": {\"type\": \"add\"}, \"y\": {\"type\": \"add\"},"
    "  \"tone\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 220}}, \"out\": {\"type\": "
    "\"output\"}},"
    " \"connections\": [{\"from\": \"a\", \"to\": \"x.a\"}, {\"from\": \"f\", \"to\": \"x.b\"},"
    "  {\"from\": \"x.out\", \"to\": \"out.left\"}, {\"from\": \"y.out\", \"to\": \"out.right\"},"
    "  {\"from\": \"tone.out\", \"to\": \"out.left\", \"amount\": 1e-9}]," // it lives, unheard
    " \"presets\": {\"up\": {\"knobs\": {\"a\": 1, \"f\": 1}, \"params\": {\"y\": {\"offset\": "
    "5}}},"
    "  \"low\": {\"knobs\": {\"a\": 0}, \"params\": {\"tone\": {\"freq\": 55}}}}}";

static float out[2][48000];

static void render(mega_engine *e, uint32_t frames) {
    assert(frames <= 48000);
    mega_render(e, NULL, (float *const[]){out[0], out[1]}, frames);
}

static void edit(mega_engine *e, const char *list) {
    mega_report *report = mega_report_create();
    mega_status status = mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
}

static void edit_at(mega_engine *e, uint64_t frame, const char *list) {
    mega_change change = MEGA_CHANGE_NOW;
    change.frame = frame;
    mega_report *report = mega_report_create();
    mega_status status = mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &change, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
}

static float knob(mega_engine *e, const char *name) {
    float value = -1;
    assert_int_equal(mega_knob_get(e, name, &value), MEGA_OK);
    return value;
}

static float param(mega_engine *e, const char *node, const char *name) {
    float value = -1;
    assert_int_equal(mega_param_get(e, node, name, &value), MEGA_OK);
    return value;
}

static void recall(mega_engine *e, uint64_t frame, const char *name, float seconds) {
    int32_t preset = mega_find_preset(e, name);
    assert_number(preset, >=, 0);
    assert_int_equal(mega_preset_recall(e, frame, preset, seconds), MEGA_OK);
}

// ---- recall and morph --------------------------------------------------------------------------

static void expect_near(float found, float wanted) {
    if (!(fabsf(found - wanted) <= 1e-4f * fabsf(wanted) + 1e-5f)) {
        print_error("%.9g, not %.9g\n", (double)found, (double)wanted);
        fail();
    }
}

/// A morph is straight as the knobs turn: exponential ranges go in equal ratios.
static void morphs_are_straight(void **state) {
    (void)state;
    mega_engine *e = host_open(STILL);
    render(e, 640);
    expect_near(out[0][639], 0.25f + 100);
    recall(e, 1000, "up", 0.5f);
    render(e, 360);
    expect_near(out[0][359], 100.25f); // not a frame too early
    render(e, 24000);
    for (uint32_t t = 0; t < 24000; t += 1999) {
        float part = (float)(t + 1) / 24000;
        expect_near(out[0][t], 0.25f + 0.75f * part + 100 * powf(16, part));
        expect_near(out[1][t], 5 * part);
    }
    assert_number(out[0][23999], ==, 1601);
    assert_number(out[1][23999], ==, 5);
    recall(e, MEGA_NOW, "low", 0); // smoothed, and only what it names
    render(e, 4800);
    assert_number(out[0][4799], ==, 1600);
    assert_number(out[1][4799], ==, 5);
    mega_destroy(e);
}

static void knobs_ramp(void **state) {
    (void)state;
    mega_engine *e = host_open(STILL);
    render(e, 64);
    int32_t a = mega_find_knob(e, "a");
    assert_int_equal(mega_knob_ramp(e, 64, a, 0.75f, 0.1f), MEGA_OK);
    render(e, 4800);
    expect_near(out[0][2399], 100.5f);
    assert_number(out[0][4799], ==, 100.75f);
    assert_int_equal(mega_knob_ramp(e, 64, -1, 0.75f, 0.1f), MEGA_ERROR_NAME);
    assert_int_equal(mega_preset_recall(e, MEGA_NOW, -1, 0), MEGA_ERROR_NAME);
    assert_int_equal(mega_find_preset(e, "nobody"), -1);
    mega_destroy(e);
}

/// The same bits as each value written by hand, whatever the patch.
static void recall_is_writing(void **state) {
    (void)state;
    int presets = 0, values = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        char *text = random_patch(seed, 0);
        mega_patch *patch = host_read_patch(text);
        uint64_t hash[2] = {0};
        for (int by_hand = 0; by_hand < 2; by_hand++) {
            mega_engine *e = host_open(text);
            player p = play_create(e, patch, seed);
            play_render(&p, 4000, 500);
            for (size_t i = 0; i < mega_patch_preset_count(patch); i++) {
                mega_preset_info info = mega_patch_preset(patch, i);
                if (!by_hand) recall(e, 4100, info.id, 0);
                for (size_t v = 0; by_hand && v < info.value_count; v++) {
                    mega_preset_value value = mega_patch_preset_value(patch, i, v);
                    if (value.node)
                        mega_param_set(e, 4100, mega_find_param(e, value.node, value.name),
                                       (float)value.value, -1);
                    else mega_knob_set(e, 4100, mega_find_knob(e, value.name), (float)value.value);
                }
                presets += !by_hand;
                values += by_hand ? 0 : (int)info.value_count;
            }
            play_render(&p, 4000, 500);
            hash[by_hand] = p.hash;
            mega_destroy(e);
        }
        assert_true(hash[0] == hash[1]);
        mega_patch_destroy(patch);
        free(text);
    }
    print_message("%d presets of %d values\n", presets, values);
    assert_number(presets, >, 50);
}

// ---- values as they are told -------------------------------------------------------------------

static void values_are_told(void **state) {
    (void)state;
    float value;
    mega_engine *e = host_open(NULL);
    assert_int_equal(mega_knob_get(e, "a", &value), MEGA_ERROR_NAME);
    assert_int_equal(mega_param_get(e, "y", "offset", &value), MEGA_ERROR_NAME);
    host_load(e, STILL);
    assert_number(knob(e, "a"), ==, 0.25f); // nothing sounds yet
    assert_number(param(e, "tone", "freq"), ==, 220);
    assert_int_equal(mega_knob_get(e, "b", &value), MEGA_ERROR_NAME);
    assert_int_equal(mega_param_get(e, "y", "off", &value), MEGA_ERROR_NAME);
    assert_int_equal(mega_param_get(e, "z", "offset", &value), MEGA_ERROR_NAME);
    int32_t a = mega_find_knob(e, "a"), y = mega_find_param(e, "y", "offset");
    mega_knob_set(e, MEGA_NOW, a, 0.5f);
    mega_param_set(e, MEGA_NOW, y, 3e5f, -1);
    assert_number(knob(e, "a"), ==, 0.5f); // said, held in its range
    assert_number(param(e, "y", "offset"), ==, 1e5f);
    mega_knob_ramp(e, 50000, a, 0.75f, 0.5f);
    assert_number(knob(e, "a"), ==, 0.5f); // later
    render(e, 4800);
    assert_number(knob(e, "a"), ==, 0.5f);
    assert_number(param(e, "y", "offset"), ==, 1e5f);
    render(e, 48000);
    assert_number(knob(e, "a"), ==, 0.75f); // under way
    recall(e, MEGA_NOW, "up", 1);
    assert_number(knob(e, "a"), ==, 1);
    assert_number(param(e, "y", "offset"), ==, 5);
    mega_knob_set(e, MEGA_NOW, a, 0.125f);
    recall(e, MEGA_NOW, "low", 1);
    assert_number(knob(e, "a"), ==, 0);
    assert_number(knob(e, "f"), ==, 1);
    assert_number(param(e, "tone", "freq"), ==, 55);
    render(e, 64);
    assert_number(knob(e, "a"), ==, 0);
    assert_number(knob(e, "f"), ==, 1);
    assert_number(param(e, "tone", "freq"), ==, 55);
    edit(e, "[{\"op\": \"rename\", \"id\": \"y\", \"to\": \"z\"}, {\"op\": \"set\", \"id\": "
            "\"tone\", \"param\": \"freq\", \"value\": 70}]");
    assert_number(param(e, "z", "offset"), ==, 5);
    assert_number(param(e, "tone", "freq"), ==, 70);
    render(e, 640);
    assert_number(param(e, "z", "offset"), ==, 5);
    assert_number(param(e, "tone", "freq"), ==, 70);
    assert_int_equal(mega_undo(e, 3, NULL, NULL), MEGA_OK);
    assert_number(param(e, "y", "offset"), ==, 5); // as it sounded
    assert_number(param(e, "tone", "freq"), ==, 55);
    host_load(e, STILL); // what was turned stays turned, where the document says what it said
    assert_number(knob(e, "a"), ==, 0);
    assert_number(param(e, "y", "offset"), ==, 5);
    mega_destroy(e);
}

/// Notes all values, or compares them with those noted. @return how many
static size_t check_values(mega_engine *e, const mega_patch *now, float *values, bool compare) {
    size_t count = 0;
    for (size_t k = 0; k < now->knob_count; k++, count++) {
        float value = knob(e, now->knobs[k].id);
        if (compare && value != values[count])
            print_error("%s: %.9g told, %.9g heard\n", now->knobs[k].id, (double)values[count],
                        (double)value);
        assert_true(!compare || value == values[count]);
        values[count] = value;
    }
    for (size_t n = 0; n < now->node_count; n++)
        for (uint32_t i = 0; i < now->nodes[n].module->param_count; i++, count++) {
            const char *name = now->nodes[n].module->params[i].name;
            float value = param(e, now->nodes[n].id, name);
            if (compare && value != values[count])
                print_error("%s.%s: %.9g told, %.9g heard\n", now->nodes[n].id, name,
                            (double)values[count], (double)value);
            assert_true(!compare || value == values[count]);
            values[count] = value;
        }
    return count;
}

/// Where a value is going does not depend on whether the audio role has heard of it.
static void telling_is_not_hearing(void **state) {
    (void)state;
    static float values[4096];
    uint64_t told = 0, edits = 0;
    for (uint64_t seed = 1; seed <= 25; seed++) {
        char *text = random_patch(seed, 0);
        random_control c = {.engine = host_open(text), .r = rng_create(seed), .bus = -1};
        for (int round = 0; round < 40; round++) {
            mega_patch *now = mega_patch_clone(mega_loaded_patch(c.engine));
            for (int i = 0; i < 4; i++) random_values(&c.r, c.engine, now);
            mega_patch_destroy(now);
            if (rng_chance(&c.r, 0.5f)) render(c.engine, 64 * (1 + rng_below(&c.r, 3)));
            if (rng_chance(&c.r, 0.5f)) control_edit(&c, false);
            now = mega_patch_clone(mega_loaded_patch(c.engine));
            told += check_values(c.engine, now, values, false);
            render(c.engine, 64 * (1 + rng_below(&c.r, 20)));
            check_values(c.engine, now, values, true);
            if (rng_chance(&c.r, 0.5f)) render(c.engine, 64 * 40); // else a fade may be under way
            mega_patch_destroy(now);
        }
        edits += c.done.edits;
        mega_destroy(c.engine);
        free(text);
    }
    print_message("%llu values told, %llu edits between\n", (unsigned long long)told,
                  (unsigned long long)edits);
}

// ---- values go on ------------------------------------------------------------------------------

static void turned_knobs_go_on(void **state) {
    (void)state;
    mega_engine *e = host_open(STILL);
    mega_knob_set(e, MEGA_NOW, mega_find_knob(e, "a"), 0.75f);
    render(e, 4800);
    // a new way of a knob that was turned, and another range of it
    edit(e, "[{\"op\": \"connect\", \"from\": \"a\", \"to\": \"y.a\"}]");
    render(e, 4800);
    assert_number(out[1][4799], ==, 0.75f);
    edit(e, "[{\"op\": \"knob\", \"id\": \"a\", \"range\": [0, 2]}]");
    render(e, 4800);
    assert_number(out[1][4799], ==, 1.5f);
    assert_number(knob(e, "a"), ==, 0.75f);
    edit(e, "[{\"op\": \"knob\", \"id\": \"a\", \"value\": 0.5}]");
    assert_number(knob(e, "a"), ==, 0.5f);
    render(e, 4800);
    assert_number(out[1][4799], ==, 1);
    assert_number(knob(e, "a"), ==, 0.5f);
    mega_destroy(e);
}

static void saved_is_what_was_there(void **state) {
    (void)state;
    mega_engine *e = host_open(NULL);
    mega_report *report = mega_report_create();
    assert_int_equal(mega_preset_save(e, "mine", NULL, report), MEGA_ERROR_NAME);
    host_load(e, STILL);
    mega_knob_set(e, MEGA_NOW, mega_find_knob(e, "a"), 0.625f);
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "y", "offset"), 7, -1);
    assert_int_equal(mega_preset_save(e, "mine", NULL, NULL), MEGA_OK);
    render(e, 4800);
    recall(e, MEGA_NOW, "up", 0);
    render(e, 4800);
    assert_number(out[1][4799], ==, 5);
    recall(e, MEGA_NOW, "mine", 0);
    render(e, 4800);
    assert_number(out[0][4799], ==, 100.625f);
    assert_number(out[1][4799], ==, 7);
    assert_int_equal(mega_preset_save(e, "mine", NULL, NULL), MEGA_OK); // changes one
    const mega_patch *patch = mega_loaded_patch(e);
    assert_int_equal(mega_patch_preset_count(patch), 3);
    for (int i = 0; i < 2; i++) assert_int_equal(mega_undo(e, 0, NULL, NULL), MEGA_OK);
    assert_int_equal(mega_patch_preset_count(mega_loaded_patch(e)), 2);
    assert_int_equal(mega_preset_save(e, "a name", NULL, report), MEGA_ERROR_PATCH);
    mega_report_destroy(report);
    mega_destroy(e);
}

/// Whatever the patch: saved, disturbed, recalled, saved again: the same values.
static void any_patch_is_saved(void **state) {
    (void)state;
    size_t values = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        char *text = random_patch(seed, 0);
        mega_engine *e = host_open(text);
        mega_patch *patch = host_read_patch(text);
        player p = play_create(e, patch, seed);
        play_render(&p, 48000, 512);
        assert_int_equal(mega_preset_save(e, "one", NULL, NULL), MEGA_OK);
        play_render(&p, 48000, 512);
        recall(e, MEGA_NOW, "one", 0.001f);
        p.next = UINT64_MAX; // nothing more is played
        play_render(&p, 4800, 480);
        assert_int_equal(mega_preset_save(e, "two", NULL, NULL), MEGA_OK);
        const mega_patch *now = mega_loaded_patch(e);
        const mega_patch_preset_row *one = &now->presets[mega_preset_find(now, "one")],
                                    *two = &now->presets[mega_preset_find(now, "two")];
        size_t k = 0; // what was written meanwhile where nothing had been is in the second only
        for (size_t i = 0; i < one->value_count; i++, k++) {
            while (k < two->value_count && (two->values[k].node != one->values[i].node ||
                                            two->values[k].index != one->values[i].index))
                k++;
            assert_number(k, <, two->value_count);
            assert_number(two->values[k].value, ==, one->values[i].value);
        }
        values += one->value_count;
        mega_patch_destroy(patch);
        mega_destroy(e);
        free(text);
    }
    print_message("%zu values of 60 patches\n", values);
}

/// Presets that come, change and go are not heard.
static void saving_is_not_heard(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        char *text = random_patch(seed, 0);
        mega_patch *patch = host_read_patch(text);
        uint64_t hash[2] = {0};
        for (int saves = 0; saves < 2; saves++) {
            mega_engine *e = host_open(text);
            player p = play_create(e, patch, seed);
            for (int round = 0; round < 20; round++) {
                play_render(&p, 1000, 250);
                if (!saves) continue;
                if (round % 4 == 0) assert_int_equal(mega_preset_save(e, "s", NULL, NULL), MEGA_OK);
                if (round % 4 == 1)
                    edit(e, "[{\"op\": \"rename\", \"preset\": \"s\", \"to\": \"t\"}]");
                if (round % 4 == 2) edit(e, "[{\"op\": \"unpreset\", \"id\": \"t\"}]");
                if (round % 4 == 3) assert_int_equal(mega_undo(e, 3, NULL, NULL), MEGA_OK);
                if (round % 4 == 3) assert_int_equal(mega_redo(e, 3, NULL, NULL), MEGA_OK);
            }
            hash[saves] = p.hash;
            mega_destroy(e);
        }
        assert_true(hash[0] == hash[1]);
        mega_patch_destroy(patch);
        free(text);
    }
}

/// Two changes for a frame that has passed come in force together: what is sent between them goes
/// by the names of that moment, a preset, a knob and a node that the program before had not, and
/// the one after has not any more.
static void names_within_one_change_count(void **state) {
    (void)state;
    mega_engine *e = host_open(STILL);
    render(e, 640);
    edit_at(e, 100,
            "[{\"op\": \"preset\", \"id\": \"q\", \"knobs\": {\"a\": 0.75}, \"params\": "
            "{\"y\": {\"offset\": 3}}},"
            " {\"op\": \"knob\", \"id\": \"new\", \"value\": 0.5},"
            " {\"op\": \"add\", \"id\": \"z\", \"type\": \"add\"},"
            " {\"op\": \"connect\", \"from\": \"new\", \"to\": [\"z\", \"a\"]}]");
    int32_t z = mega_find_param(e, "z", "offset"), new = mega_find_knob(e, "new");
    assert_number(z, >=, 0);
    assert_number(new, >=, 0);
    recall(e, 110, "q", 0);
    assert_int_equal(mega_knob_set(e, 110, new, 0.125f), MEGA_OK);
    assert_int_equal(mega_param_set(e, 110, z, 7, -1), MEGA_OK);
    edit_at(e, 110,
            "[{\"op\": \"unpreset\", \"id\": \"q\"},"
            " {\"op\": \"rename\", \"knob\": \"new\", \"to\": \"newer\"},"
            " {\"op\": \"rename\", \"id\": \"z\", \"to\": \"zed\"}]");
    render(e, 4800);
    mega_collect(e);
    expect_near(knob(e, "a"), 0.75f);
    expect_near(param(e, "y", "offset"), 3);
    expect_near(knob(e, "newer"), 0.125f);
    expect_near(param(e, "zed", "offset"), 7);
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(morphs_are_straight),
        cmocka_unit_test(knobs_ramp),
        cmocka_unit_test(recall_is_writing),
        cmocka_unit_test(values_are_told),
        cmocka_unit_test(telling_is_not_hearing),
        cmocka_unit_test(turned_knobs_go_on),
        cmocka_unit_test(saved_is_what_was_there),
        cmocka_unit_test(any_patch_is_saved),
        cmocka_unit_test(names_within_one_change_count),
        cmocka_unit_test(saving_is_not_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
