// SPDX-License-Identifier: MIT
// formats -- a round trip through any format keeps a patch's meaning; every limit is a clear error.
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "modules/registry.h"
#include "support/files.h"
#include "support/patch_equal.h"
#include "support/settable.h"

// ---- round trips ------------------------------------------------------------------------------

static int examples;

static void check_example(const char *path, const char *name) {
    mega_format format;
    size_t bytes;
    if (!mega_format_of_file(name, &format) || strstr(name, "score"))
        return; // scores are no patches
    char *text = read_file(path, &bytes);
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, bytes, format, report);
    for (size_t i = 0; i < mega_report_count(report); i++) {
        char line[1024];
        mega_diagnostic_text(mega_report_get(report, i), line, sizeof line);
        print_message("%s: %s\n", name, line);
    }
    assert_non_null(patch);
    const char *wrong = round_trips(patch);
    if (wrong) fail_msg("%s: %s", name, wrong);
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    free(text);
    examples++;
}

static void examples_round_trip(void **state) {
    (void)state;
    visit_files(SOURCE_DIR "/examples", check_example);
    print_message("%d examples\n", examples);
    assert_true(examples > 0);
}

static uint32_t seed = 1;
static uint32_t below(uint32_t count) {
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)seed * count >> 32);
}

static float random_float(float min, float max) {
    switch (below(4)) {
    case 0: return min;
    case 1: return fminf(max, fmaxf(min, rintf(min + (max - min) * (float)below(1000) / 1000)));
    default: return fminf(max, min + (max - min) * ((float)below(1u << 24) / (1 << 24)));
    }
}

/// Ids that try each format's syntax.
static const char *random_id(uint32_t number, char *id) {
    static const char *const forms[] = {"node%u", "%u",   "-%u",     "1e%u", "(%u)",
                                        "x-%u",   "->%u", ";%u",     "ä%u",  "\\n%u",
                                        "'%u",    "%u->", "true-%u", "[%u]"};
    static const char *const words[] = {"true", "null", "->", "list", "type", "params", "nodes"};
    if (below(8) == 0 && number < 7) return strcpy(id, words[number]);
    snprintf(id, 32, forms[below(14)], number);
    return id;
}

static json_t *random_value(int depth) {
    switch (below(depth > 4 ? 6 : 8)) {
    case 0: return json_integer((json_int_t)below(1u << 31) * (below(2) ? 1 : -4294967296));
    case 1: return json_real((double)below(1u << 31) / 1e7 * (below(2) ? 1 : -1e-30));
    case 2: return json_string("two words; \"(\\ \n\t\x01\x7fö \xf0\x9d\x84\x9e");
    case 3: return json_boolean(below(2));
    case 4: return json_null();
    case 5: return json_string(below(2) ? "" : "true");
    case 6: {
        json_t *array = json_array();
        for (uint32_t n = below(4); n > 0; n--)
            json_array_append_new(array, random_value(depth + 1));
        return array;
    }
    default: {
        static const char *const keys[] = {"", "a", "b c", "1", "ö\"", "null", "(", "list"};
        json_t *object = json_object();
        for (uint32_t n = below(4); n > 0; n--)
            json_object_set_new(object, keys[below(8)], random_value(depth + 1));
        return object;
    }
    }
}

static void random_extra(json_t *object) {
    if (below(4) == 0) json_object_set_new(object, "x-one", random_value(5));
    if (below(4) == 0) json_object_set_new(object, "x-(2", random_value(0));
}

/// The number of a choice, in all its spellings.
static json_t *random_choice(const mega_param_row *row, uint32_t count) {
    uint32_t choice = below(count);
    bool is_switch = strcmp(row->choices[0], "off") == 0;
    if (is_switch && choice < 2 && below(3) == 0) return json_boolean(choice);
    if (choice == 0 && below(2)) return json_real(-0.0);
    return below(2) ? json_integer(choice) : json_real(choice);
}

static json_t *random_node(const mega_module *module) {
    json_t *node = json_pack("{s:s}", "type", module->name), *params = json_object();
    for (uint32_t i = 0; i < module->param_count; i++) {
        const mega_param_row *row = &module->params[i];
        if (below(2)) continue;
        uint32_t choices = 0;
        while (row->choices && row->choices[choices]) choices++;
        if (row->fixed) json_object_set_new(params, row->name, json_integer((json_int_t)row->min));
        else if (!choices)
            json_object_set_new(params, row->name,
                                json_real((double)random_float(row->min, row->max)));
        else if (below(2))
            json_object_set_new(params, row->name, json_string(row->choices[below(choices)]));
        else json_object_set_new(params, row->name, random_choice(row, choices));
    }
    json_object_set_new(node, "params", params);
    if (below(4) == 0 && !(module->flags & MEGA_ONCE))
        json_object_set_new(node, "scope", json_string(below(2) ? "voice" : "shared"));
    random_extra(node);
    return node;
}

static json_t *random_knob(void) {
    json_t *knob = json_pack("{s:f}", "value", (double)random_float(0, 1));
    if (below(2))
        json_object_set_new(knob, "range",
                            json_pack("[f, f]", (double)random_float(0.1f, 1e4f),
                                      (double)random_float(0.001f, 10)));
    if (below(2)) json_object_set_new(knob, "scale", json_string(below(2) ? "exp" : "lin"));
    if (below(2)) json_object_set_new(knob, "unit", json_string("Hz \"x\""));
    random_extra(knob);
    return knob;
}

enum { NODES = 12, KNOBS = 5 };

/// A document of random nodes, with cables from lower to higher ones.
static json_t *random_document(void) {
    json_t *root = json_object(), *nodes = json_object(), *knobs = json_object(),
           *cables = json_array();
    const mega_module *modules[NODES];
    char ids[NODES][32], knob_ids[KNOBS][32];
    uint32_t node_count = 1 + below(NODES), knob_count = below(KNOBS + 1);
    for (uint32_t i = 0; i < node_count; i++) {
        modules[i] = mega_isa_one.modules[below(MEGA_MODULE_COUNT)];
        json_object_set_new(nodes, random_id(i, ids[i]), random_node(modules[i]));
    }
    for (uint32_t i = 0; i < knob_count; i++)
        json_object_set_new(knobs, random_id(i, knob_ids[i]), random_knob());
    for (uint32_t n = below(30); n > 0; n--) {
        uint32_t from = below(node_count), to = below(node_count);
        json_t *cable = json_object();
        uint32_t ports = modules[to]->input_count + cable_params(modules[to]);
        if (ports == 0 || (modules[from]->output_count == 0 && knob_count == 0)) {
            json_decref(cable);
            continue;
        }
        if (modules[from]->output_count == 0 || (knob_count && below(3) == 0))
            json_object_set_new(cable, "from", json_string(knob_ids[below(knob_count)]));
        else
            json_object_set_new(
                cable, "from",
                json_pack("[s, s]", ids[from],
                          modules[from]->outputs[below(modules[from]->output_count)].name));
        json_object_set_new(
            cable, "to", json_pack("[s, s]", ids[to], mega_port_name(modules[to], below(ports))));
        if (below(2))
            json_object_set_new(cable, "amount", json_real((double)random_float(-1e6f, 1e-6f)));
        if (below(2))
            json_object_set_new(cable, "as",
                                json_string(mega_cable_as_name((mega_cable_as)below(3))));
        random_extra(cable);
        json_array_append_new(cables, cable);
    }
    if (below(2)) json_object_set_new(root, "name", json_string("a \"name\" (ö)"));
    if (below(2)) json_object_set_new(root, "voices", json_integer(1 + below(4096)));
    if (below(2)) json_object_set_new(root, "sampleRate", json_integer(44100));
    if (below(2)) json_object_set_new(root, "channels", json_integer(1 + below(64)));
    json_object_set_new(root, "connections", cables);
    json_object_set_new(root, "nodes", nodes);
    json_object_set_new(root, "knobs", knobs);
    random_extra(root);
    return root;
}

static void check_random(int count) {
    size_t cables = 0;
    for (int i = 0; i < count; i++) {
        json_t *document = random_document();
        char *text = json_dumps(document, below(2) ? JSON_INDENT(2) : JSON_COMPACT);
        mega_report *report = mega_report_create();
        mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
        if (!patch) {
            char line[1024];
            mega_diagnostic_text(mega_report_get(report, 0), line, sizeof line);
            fail_msg("random patch %d: %s\n%s", i, line, text);
        }
        const char *wrong = round_trips(patch);
        if (wrong) fail_msg("random patch %d: %s\n%s", i, wrong, text);
        cables += mega_patch_cable_count(patch);
        mega_patch_destroy(patch);
        mega_report_destroy(report);
        free(text);
        json_decref(document);
    }
    print_message("%d random patches with %zu cables, three formats each\n", count, cables);
}

static void random_patches_round_trip(void **state) {
    (void)state;
    check_random(1000);
}

/// Hosts set locales whose decimal point is a comma.
static void locale_does_not_matter(void **state) {
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        print_message("SKIP: no locale with a decimal comma is installed\n");
        return;
    }
    check_random(100);
    setlocale(LC_ALL, "C");
}

/// What the two examples of one patch say is the same.
static void formats_agree(void **state) {
    (void)state;
    mega_patch *patches[2];
    static const char *const paths[] = {SOURCE_DIR "/examples/toy.json",
                                        SOURCE_DIR "/examples/toy.sexp"};
    for (int i = 0; i < 2; i++) {
        size_t bytes;
        char *text = read_file(paths[i], &bytes);
        patches[i] = mega_patch_read(text, bytes, i ? MEGA_FORMAT_SEXP : MEGA_FORMAT_JSON, NULL);
        assert_non_null(patches[i]);
        free(text);
    }
    assert_true(patch_equal(patches[0], patches[1]));
    mega_patch_destroy(patches[0]);
    mega_patch_destroy(patches[1]);
}

// ---- limits -----------------------------------------------------------------------------------

/// `head`, then `count` times `item` with its number, then `tail`.
static char *many(const char *head, const char *item, uint32_t count, const char *tail) {
    size_t size = strlen(head) + strlen(tail) + count * (strlen(item) + 12) + 1;
    char *text = malloc(size), *at = text + sprintf(text, "%s", head);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) *at++ = ',';
        at += sprintf(at, item, i); // NOLINT: the formats are those below
    }
    strcpy(at, tail);
    return text;
}

/// Reads and frees a text; its first message must be `expected`, or none for NULL.
static void expect(char *text, const char *expected) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report);
    char line[1024] = "";
    if (mega_report_count(report))
        mega_diagnostic_text(mega_report_get(report, 0), line, sizeof line);
    assert_string_equal(line, expected ? expected : "");
    assert_true(!patch == (expected != NULL));
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    free(text);
}

/// A document of presets with as many values each.
static void expect_values_of_presets(uint32_t presets, uint32_t values, const char *wrong) {
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    fputs("{\"nodes\":{\"out\":{\"type\":\"output\"}},\"knobs\":{", file);
    for (uint32_t i = 0; i < values; i++) fprintf(file, "%s\"k%u\":{}", i ? "," : "", i);
    fputs("},\"presets\":{", file);
    for (uint32_t p = 0; p < presets; p++) {
        fprintf(file, "%s\"p%u\":{\"knobs\":{", p ? "," : "", p);
        for (uint32_t i = 0; i < values; i++) fprintf(file, "%s\"k%u\":0.5", i ? "," : "", i);
        fputs("}}", file);
    }
    fputs("}}", file);
    fclose(file);
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(text, bytes, MEGA_FORMAT_JSON, report);
    assert_true(!patch == (wrong != NULL));
    bool said = false;
    for (size_t i = 0; wrong && i < mega_report_count(report); i++)
        said |= strstr(mega_report_get(report, i)->message, wrong) != NULL;
    assert_true(said == (wrong != NULL));
    mega_patch_destroy(patch);
    mega_report_destroy(report);
    free(text);
}

static void limits_are_named(void **state) {
    (void)state;
    static const char nodes[] = "{\"nodes\":{\"out\":{\"type\":\"output\"},";
    static const char node[] = "\"n%u\":{\"type\":\"gain\"}";
    expect(many(nodes, node, MEGA_NODES_MAX - 1, "}}"), NULL);
    expect(many(nodes, node, MEGA_NODES_MAX, "}}"),
           "error: limit nodes:1:2: 4097 nodes, at most 4096");
    static const char cables[] = "{\"nodes\":{\"g\":{\"type\":\"gain\"},\"h\":{\"type\":\"gain\"},"
                                 "\"out\":{\"type\":\"output\"}},\"connections\":[";
    static const char cable[] = "{\"from\":\"g.out\",\"to\":\"h.in\",\"x-%u\":1}";
    expect(many(cables, cable, MEGA_CABLES_MAX + 1, "]}"),
           "error: limit connections:1:76: 16385 connections, at most 16384");
    static const char knobs[] = "{\"nodes\":{\"out\":{\"type\":\"output\"}},\"knobs\":{";
    expect(many(knobs, "\"k%u\":{}", MEGA_KNOBS_MAX + 1, "}}"),
           "error: limit knobs:1:36: 1025 knobs, at most 1024");
    static const char presets[] = "{\"nodes\":{\"out\":{\"type\":\"output\"}},\"presets\":{";
    expect(many(presets, "\"p%u\":{}", MEGA_PRESETS_MAX + 1, "}}"),
           "error: limit presets:1:36: 513 presets, at most 512");
    expect_values_of_presets(MEGA_PRESETS_MAX, 32, NULL);
    expect_values_of_presets(MEGA_PRESETS_MAX, 33, "at most 16384");
    static const char values[] = "{\"nodes\":{\"out\":{\"type\":\"output\"}},\"x-a\":[";
    expect(many(values, "%u", MEGA_VALUES_MAX - 5, "]}"), NULL);
    expect(many(values, "1", MEGA_VALUES_MAX, "]}"),
           "error: limit 1:2097185: more than 1048576 values in a document");
    char *text = malloc(MEGA_DOCUMENT_BYTES_MAX + 2);
    memset(text, ' ', MEGA_DOCUMENT_BYTES_MAX + 1);
    text[MEGA_DOCUMENT_BYTES_MAX + 1] = 0;
    expect(text, "error: limit: 16777217 bytes of text, at most 16777216");
}

static void cables_at_the_limit_are_read(void **state) {
    (void)state;
    char *text =
        many("{\"nodes\":{\"g\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},"
             "\"connections\":[",
             "{\"from\":\"g.out\",\"to\":\"out.in\",\"amount\":%u}", MEGA_CABLES_MAX, "]}");
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    assert_int_equal(mega_patch_cable_count(patch), MEGA_CABLES_MAX);
    assert_null(round_trips(patch));
    mega_patch_destroy(patch);
    free(text);
}

/// A document of nothing but errors is reported in full up to the report's own limit, and in time.
static void errors_are_bounded(void **state) {
    (void)state;
    char *text = many("{\"nodes\":{\"a\":{\"type\":\"gain\"}},\"connections\":[",
                      "{\"from\":\"aa%u.out\",\"to\":\"ab.in\"}", MEGA_CABLES_MAX, "]}");
    mega_report *report = mega_report_create();
    assert_null(mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, report));
    assert_int_equal(mega_report_error_count(report), 2 * MEGA_CABLES_MAX);
    assert_int_equal(mega_report_count(report), 1001);
    assert_string_equal(mega_report_get(report, 1000)->code, "limit");
    assert_null(mega_report_get(report, 1001));
    mega_report_destroy(report);
    free(text);
}

// ---- the rest of the interface ----------------------------------------------------------------

static void patches_tell_of_themselves(void **state) {
    (void)state;
    static const char text[] =
        "{\"name\": \"p\", \"voices\": 3, \"knobs\": {\"k\": {\"value\": 0.25}}, \"nodes\": {"
        "\"a\": {\"type\": \"osc.sine\"}, \"out\": {\"type\": \"output\"}}, \"connections\": ["
        "{\"from\": \"k\", \"to\": \"a.freq\", \"amount\": 2, \"as\": \"semitones\"},"
        "{\"from\": \"a.out\", \"to\": \"out.left\"}],"
        "\"presets\": {\"soft\": {\"doc\": \"quiet\", \"params\": {\"a\": {\"freq\": 110}}, "
        "\"knobs\": "
        "{\"k\": 0.125}}, \"none\": {}}}";
    mega_patch *patch = mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
    assert_string_equal(mega_patch_name(patch), "p");
    assert_int_equal(mega_patch_voices(patch), 3);
    assert_int_equal(mega_patch_set_voices(patch, 4097), MEGA_ERROR_LIMIT);
    assert_int_equal(mega_patch_set_voices(patch, 4096), MEGA_OK);
    assert_int_equal(mega_patch_set_knob(patch, "k", 1.5), MEGA_ERROR_LIMIT);
    assert_int_equal(mega_patch_set_knob(patch, "j", 0.5), MEGA_ERROR_NAME);
    assert_int_equal(mega_patch_set_knob(patch, "k", 0.5), MEGA_OK);
    assert_true(patch->knobs[0].value == 0.5f);
    assert_int_equal(mega_patch_knob_count(patch), 1);
    assert_string_equal(mega_patch_knob(patch, 0), "k");
    mega_cable_info info = mega_patch_cable(patch, 0);
    assert_null(info.from_node);
    assert_string_equal(info.from_port, "k");
    assert_string_equal(info.to_port, "freq");
    assert_string_equal(info.as, "semitones");
    info = mega_patch_cable(patch, 1);
    assert_string_equal(info.from_node, "a");
    assert_string_equal(info.to_port, "left");
    assert_string_equal(mega_patch_node(patch, 1).type, "output");
    assert_int_equal(mega_patch_preset_count(patch), 2);
    assert_string_equal(mega_patch_preset(patch, 0).doc, "quiet");
    assert_int_equal(mega_patch_preset(patch, 0).value_count, 2);
    mega_preset_value value = mega_patch_preset_value(patch, 0, 0);
    assert_null(value.node);
    assert_string_equal(value.name, "k");
    assert_true(value.value == 0.125);
    value = mega_patch_preset_value(patch, 0, 1);
    assert_string_equal(value.node, "a");
    assert_string_equal(value.name, "freq");
    assert_true(value.value == 110);
    assert_string_equal(mega_patch_preset(patch, 1).id, "none");
    assert_int_equal(mega_patch_preset(patch, 1).value_count, 0);
    mega_patch_destroy(patch);
}

static void nearest_names(void **state) {
    (void)state;
    static const char *const names[] = {"cutoff", "resonance", "osc.sine", "osc.saw", "mix", "amp"};
    assert_string_equal(mega_nearest("cutof", names, 6), "cutoff");
    assert_string_equal(mega_nearest("CUTOFF", names, 6), "cutoff");
    assert_string_equal(mega_nearest("ctuoff", names, 6), "cutoff");
    assert_string_equal(mega_nearest("sine", names, 6), "osc.sine");
    assert_string_equal(mega_nearest("mx", names, 6), "mix");
    assert_string_equal(mega_nearest("amplitude", names, 6), "amp");
    assert_null(mega_nearest("frequency", names, 6));
    assert_null(mega_nearest("x", names, 6));
    assert_null(mega_nearest("", names, 6));
}

static void file_names_name_formats(void **state) {
    (void)state;
    mega_format format;
    assert_true(mega_format_of_file("a/b.json", &format) && format == MEGA_FORMAT_JSON);
    assert_true(mega_format_of_file("B.SEXP", &format) && format == MEGA_FORMAT_SEXP);
    assert_true(mega_format_of_file("x.msgpack", &format) && format == MEGA_FORMAT_MSGPACK);
    assert_false(mega_format_of_file("json", &format));
    assert_false(mega_format_of_file("x.txt", &format));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_round_trip),    cmocka_unit_test(random_patches_round_trip),
        cmocka_unit_test(locale_does_not_matter), cmocka_unit_test(formats_agree),
        cmocka_unit_test(limits_are_named),       cmocka_unit_test(cables_at_the_limit_are_read),
        cmocka_unit_test(errors_are_bounded),     cmocka_unit_test(patches_tell_of_themselves),
        cmocka_unit_test(nearest_names),          cmocka_unit_test(file_names_name_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
