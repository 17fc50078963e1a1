// SPDX-License-Identifier: MIT
// module_info_test -- what hosts read of modules, parameters and knobs is what the JSON description
// and documents say.
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "megasynth.h"

static json_t *all_modules(void) {
    char *text = mega_module_describe_json(NULL);
    json_t *root = json_loads(text, 0, NULL), *list = json_incref(json_object_get(root, "modules"));
    json_decref(root);
    mega_free(text);
    return list;
}

static void same_text(const json_t *object, const char *key, const char *text) {
    assert_non_null(text);
    assert_string_equal(json_string_value(json_object_get(object, key)), text);
}

static void same_number(const json_t *object, const char *key, double number) {
    double written = json_number_value(json_object_get(object, key));
    assert_memory_equal(&written, &number, sizeof number);
}

static void same_param(const json_t *row, const mega_param_info *p) {
    same_text(row, "name", p->name);
    same_text(row, "doc", p->doc);
    same_text(row, "unit", p->unit);
    same_number(row, "min", p->min);
    same_number(row, "max", p->max);
    same_number(row, "default", p->initial);
    same_text(row, "scale", mega_scale_name(p->scale));
    same_text(row, "smoothing", mega_smoothing_name(p->smoothing));
    same_number(row, "smooth_ms", p->smooth_ms);
    assert_int_equal(json_is_true(json_object_get(row, "fixed")), p->fixed);
    const json_t *choices = json_object_get(row, "choices");
    assert_int_equal(json_array_size(choices), p->choice_count);
    assert_int_equal(choices != NULL, p->choices != NULL);
    for (size_t i = 0; i < p->choice_count; i++)
        assert_string_equal(json_string_value(json_array_get(choices, i)), p->choices[i]);
}

static void every_module_is_as_its_json(void **unused) {
    (void)unused;
    json_t *list = all_modules(), *row, *part;
    assert_int_equal(json_array_size(list), mega_module_count());
    size_t index, i, params = 0;
    json_array_foreach(list, index, row) {
        const mega_module *module = mega_module_get(index);
        mega_module_info m = mega_module_describe(module);
        same_text(row, "name", m.name);
        assert_ptr_equal(mega_module_find(m.name), module);
        same_text(row, "category", m.category);
        same_text(row, "doc", m.doc);
        same_text(row, "scope", m.scope);
        assert_int_equal(json_is_true(json_object_get(row, "pure")), m.pure);
        assert_int_equal(json_is_true(json_object_get(row, "delays")), m.delays);
        same_number(row, "memory_seconds", m.memory_seconds);
        same_number(row, "tail_seconds", m.tail_seconds);
        assert_int_equal(json_array_size(json_object_get(row, "inputs")), m.input_count);
        assert_int_equal(json_array_size(json_object_get(row, "outputs")), m.output_count);
        assert_int_equal(json_array_size(json_object_get(row, "params")), m.param_count);
        json_array_foreach(json_object_get(row, "inputs"), i, part)
            same_text(part, "name", mega_module_input(module, i).name);
        json_array_foreach(json_object_get(row, "outputs"), i, part)
            same_text(part, "doc", mega_module_output(module, i).doc);
        json_array_foreach(json_object_get(row, "params"), i, part) {
            mega_param_info p = mega_module_param(module, i), named;
            same_param(part, &p);
            assert_true(mega_module_param_named(module, p.name, &named));
            same_param(part, &named);
            assert_true((float)p.min <= (float)p.initial && (float)p.initial <= (float)p.max);
            params++;
        }
    }
    assert_true(params > 50);
    json_decref(list);
}

static void indices_and_names_that_are_not(void **unused) {
    (void)unused;
    assert_null(mega_module_describe(NULL).name);
    assert_int_equal(mega_module_describe(NULL).param_count, 0);
    assert_null(mega_module_input(NULL, 0).name);
    assert_null(mega_module_output(NULL, 0).name);
    assert_null(mega_module_param(NULL, 0).name);
    for (size_t i = 0; i < mega_module_count(); i++) {
        const mega_module *module = mega_module_get(i);
        mega_module_info m = mega_module_describe(module);
        assert_null(mega_module_input(module, m.input_count).name);
        assert_null(mega_module_output(module, m.output_count).doc);
        assert_null(mega_module_param(module, m.param_count).name);
        assert_null(mega_module_param(module, SIZE_MAX).choices);
        mega_param_info info = {.name = "untouched"};
        assert_false(mega_module_param_named(module, "no such", &info));
        assert_string_equal(info.name, "untouched");
    }
    mega_param_info info;
    assert_false(mega_module_param_named(NULL, "freq", &info));
    assert_string_equal(mega_scale_name((mega_scale)77), "lin");
    assert_string_equal(mega_smoothing_name((mega_smoothing)77), "none");
}

static void decimals_are_the_shortest(void **unused) {
    (void)unused;
    for (size_t i = 0; i < mega_module_count(); i++) {
        const mega_module *module = mega_module_get(i);
        for (size_t k = 0; k < mega_module_describe(module).param_count; k++) {
            mega_param_info p = mega_module_param(module, k);
            const double numbers[] = {p.min, p.max, p.initial, p.smooth_ms};
            for (size_t n = 0; n < 4; n++) {
                char text[32];
                snprintf(text, sizeof text, "%.9g", numbers[n]);
                double back = 0;
                assert_int_equal(sscanf(text, "%lf", &back), 1);
                assert_true(back == numbers[n]); // not 0.0500000007
            }
        }
    }
}

static void knobs_and_nodes_of_a_patch(void **unused) {
    (void)unused;
    static const char text[] =
        "{\"knobs\": {\"plain\": {\"value\": 0.1},"
        " \"down\": {\"value\": 1, \"range\": [0, -100.3], \"unit\": \"dB\"},"
        " \"bright\": {\"range\": [80, 12000], \"scale\": \"exp\", \"unit\": \"Hz\"},"
        " \"curve\": {\"scale\": \"exp\"}},"
        " \"nodes\": {\"f\": {\"type\": \"svf\"}, \"o\": {\"type\": \"output\"}}}";
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    mega_knob_info plain = mega_patch_knob_info(patch, 0), down = mega_patch_knob_info(patch, 1),
                   bright = mega_patch_knob_info(patch, 2), curve = mega_patch_knob_info(patch, 3);
    assert_string_equal(plain.id, "plain");
    assert_true(plain.value == 0.1 && !plain.has_range && !plain.has_scale);
    assert_true(plain.min == 0 && plain.max == 1 && plain.scale == MEGA_LIN);
    assert_string_equal(plain.unit, "");
    assert_true(down.value == 1 && down.has_range && down.min == 0 && down.max == -100.3);
    assert_string_equal(down.unit, "dB");
    assert_true(bright.has_range && bright.has_scale && bright.scale == MEGA_EXP);
    assert_true(bright.min == 80 && bright.max == 12000);
    assert_true(!curve.has_range && curve.has_scale && curve.scale == MEGA_EXP);
    assert_null(mega_patch_knob_info(patch, 4).id);
    assert_null(mega_patch_knob_info(patch, SIZE_MAX).unit);
    assert_ptr_equal(mega_patch_node_module(patch, "f"), mega_module_find("svf"));
    assert_null(mega_patch_node_module(patch, "plain"));
    mega_patch_destroy(patch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_module_is_as_its_json),
        cmocka_unit_test(indices_and_names_that_are_not),
        cmocka_unit_test(decimals_are_the_shortest),
        cmocka_unit_test(knobs_and_nodes_of_a_patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
