// SPDX-License-Identifier: MIT
// channels -- `output` and `input` on any of 64 channels of the host.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/host.h"

enum { FRAMES = 2000, CHANNELS_MAX = 64 };

/// What an engine gives, channel by channel.
typedef struct {
    float at[CHANNELS_MAX][FRAMES];
} sound;

static mega_engine *open_engine(uint32_t inputs, uint32_t outputs) {
    mega_engine *e =
        mega_create(&(mega_options){.input_channels = inputs, .output_channels = outputs}, NULL);
    assert_non_null(e);
    return e;
}

static void render(mega_engine *e, uint32_t outputs, const float *const *in, sound *to) {
    float *out[CHANNELS_MAX];
    for (uint32_t c = 0; c < outputs; c++) {
        out[c] = to->at[c];
        for (uint32_t t = 0; t < FRAMES; t++) out[c][t] = NAN;
    }
    mega_render(e, in, out, FRAMES);
}

/// `count` sines, the n-th of 100 (n + 1) Hz, at the output channels from `first` on.
static void sines(char *json, size_t bytes, uint32_t count, uint32_t first) {
    size_t at = (size_t)snprintf(json, bytes, "{\"nodes\":{");
    for (uint32_t n = 0; n < count; n++)
        at += (size_t)snprintf(
            json + at, bytes - at,
            "%s\"s%u\":{\"type\":\"osc.sine\",\"params\":{\"freq\":%u}},"
            "\"o%u\":{\"type\":\"output\",\"params\":{\"first\":%u,\"channels\":1}}",
            n ? "," : "", n, 100 * (n + 1), n, first + n);
    at += (size_t)snprintf(json + at, bytes - at, "},\"connections\":[");
    for (uint32_t n = 0; n < count; n++)
        at += (size_t)snprintf(json + at, bytes - at,
                               "%s{\"from\":[\"s%u\",\"out\"],\"to\":[\"o%u\",\"in\"]}",
                               n ? "," : "", n, n);
    snprintf(json + at, bytes - at, "]}");
}

static bool is_silent(const float *channel) {
    for (uint32_t t = 0; t < FRAMES; t++)
        if (channel[t] != 0) return false;
    return true;
}

static void every_channel_has_its_own_sine(void **unused) {
    (void)unused;
    static char json[32768], alone[1024];
    static sound all, one;
    for (uint32_t count = 8; count <= CHANNELS_MAX; count *= 8) {
        mega_engine *e = open_engine(0, count);
        sines(json, sizeof json, count, 1);
        host_load(e, json);
        render(e, count, NULL, &all);
        mega_destroy(e);
        for (uint32_t c = 0; c < count; c++) {
            snprintf(alone, sizeof alone,
                     "{\"nodes\":{\"s%u\":{\"type\":\"osc.sine\",\"params\":{\"freq\":%u}},\"o\":{"
                     "\"type\":"
                     "\"output\"}},\"connections\":[{\"from\":[\"s%u\",\"out\"],\"to\":[\"o\","
                     "\"left\"]}]}",
                     c, 100 * (c + 1), c);
            e = open_engine(0, 2);
            host_load(e, alone);
            render(e, 2, NULL, &one);
            mega_destroy(e);
            assert_false(is_silent(one.at[0]));
            assert_memory_equal(all.at[c], one.at[0], sizeof all.at[c]);
        }
    }
}

static const char *PAIR = "{\"nodes\":{\"a\":{\"type\":\"osc.sine\"},\"b\":{\"type\":\"osc.sine\","
                          "\"params\":{\"freq\":777}},"
                          "\"out\":{\"type\":\"output\"%s}},\"connections\":[{\"from\":[\"a\","
                          "\"out\"],\"to\":[\"out\",\"left\"]},"
                          "{\"from\":[\"b\",\"out\"],\"to\":[\"out\",\"right\"]},"
                          "{\"from\":[\"b\",\"out\"],\"to\":[\"out\",\"in\"],\"amount\":0.25}]}";

static void load_pair(mega_engine *e, const char *params) {
    char json[1024];
    snprintf(json, sizeof json, PAIR, params);
    host_load(e, json);
}

static void a_pair_goes_to_its_two_channels(void **unused) {
    (void)unused;
    static sound usual, wide, mono, single;
    mega_engine *e[4] = {open_engine(0, 2), open_engine(0, 8), open_engine(0, 1),
                         open_engine(0, 8)};
    load_pair(e[0], "");
    load_pair(e[1], ",\"params\":{\"first\":3}");
    load_pair(e[2], "");
    load_pair(e[3], ",\"params\":{\"first\":5,\"channels\":1}");
    render(e[0], 2, NULL, &usual);
    render(e[1], 8, NULL, &wide);
    render(e[2], 1, NULL, &mono);
    render(e[3], 8, NULL, &single);
    for (uint32_t c = 0; c < 8; c++) {
        if (c == 2 || c == 3) assert_memory_equal(wide.at[c], usual.at[c - 2], sizeof wide.at[c]);
        else assert_true(is_silent(wide.at[c]));
        assert_true(is_silent(single.at[c]) == (c != 4));
    }
    for (uint32_t t = 0; t < FRAMES; t++) {
        assert_true(mono.at[0][t] == 0.5f * (usual.at[0][t] + usual.at[1][t]));
        // `in`, a quarter of b, comes once, not once for each side: right is 1.25 b
        float b = usual.at[1][t] / 1.25f;
        assert_float_equal(single.at[4][t], usual.at[0][t] + usual.at[1][t] - 0.25f * b, 1e-5);
    }
    for (int i = 0; i < 4; i++) mega_destroy(e[i]);
}

static void a_document_of_old_is_silent_elsewhere(void **unused) {
    (void)unused;
    static sound usual, wide;
    mega_engine *two = open_engine(0, 2), *many = open_engine(0, CHANNELS_MAX);
    load_pair(two, "");
    load_pair(many, "");
    render(two, 2, NULL, &usual);
    render(many, CHANNELS_MAX, NULL, &wide);
    for (uint32_t c = 0; c < CHANNELS_MAX; c++)
        if (c < 2) assert_memory_equal(wide.at[c], usual.at[c], sizeof wide.at[c]);
        else assert_true(is_silent(wide.at[c]));
    mega_destroy(two);
    mega_destroy(many);
}

static void every_input_channel_is_read(void **unused) {
    (void)unused;
    static float in[CHANNELS_MAX][FRAMES];
    static sound out;
    static char json[32768];
    const float *ins[CHANNELS_MAX];
    size_t at = (size_t)snprintf(json, sizeof json, "{\"nodes\":{");
    for (uint32_t c = 0; c < CHANNELS_MAX; c++) {
        ins[c] = in[c];
        for (uint32_t t = 0; t < FRAMES; t++) in[c][t] = (float)c + (float)t / FRAMES;
        at += (size_t)snprintf(
            json + at, sizeof json - at,
            "%s\"i%u\":{\"type\":\"input\",\"params\":{\"channel\":%u}},"
            "\"o%u\":{\"type\":\"output\",\"params\":{\"first\":%u,\"channels\":1}}",
            c ? "," : "", c, c + 1, c, CHANNELS_MAX - c);
    }
    at += (size_t)snprintf(json + at, sizeof json - at, "},\"connections\":[");
    for (uint32_t c = 0; c < CHANNELS_MAX; c++)
        at += (size_t)snprintf(json + at, sizeof json - at,
                               "%s{\"from\":[\"i%u\",\"out\"],\"to\":[\"o%u\",\"in\"]}",
                               c ? "," : "", c, c);
    snprintf(json + at, sizeof json - at, "]}");
    mega_engine *e = open_engine(CHANNELS_MAX, CHANNELS_MAX);
    host_load(e, json);
    render(e, CHANNELS_MAX, ins, &out);
    for (uint32_t c = 0; c < CHANNELS_MAX; c++)
        for (uint32_t t = 64; t < FRAMES; t++)
            assert_true(out.at[CHANNELS_MAX - 1 - c][t] == in[c][t - 64]);
    mega_destroy(e);
}

static void a_channel_is_changed_by_an_edit(void **unused) {
    (void)unused;
    static sound out;
    mega_engine *e = open_engine(0, 4);
    load_pair(e, "");
    render(e, 4, NULL, &out);
    static const char list[] = "[{\"op\":\"set\",\"id\":\"out\",\"param\":\"first\",\"value\":3}]";
    assert_int_equal(mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, NULL), MEGA_OK);
    render(e, 4, NULL, &out);
    render(e, 4, NULL, &out);
    assert_true(is_silent(out.at[0]) && is_silent(out.at[1]));
    assert_false(is_silent(out.at[2]) || is_silent(out.at[3]));
    mega_destroy(e);
}

// ---- what is wrong -----------------------------------------------------------------------------

static void refuse(const char *json, const char *code, const char *hint) {
    mega_report *report = mega_report_create();
    mega_patch *patch = mega_patch_read(json, strlen(json), MEGA_FORMAT_JSON, report);
    if (patch) mega_patch_check(patch, report);
    assert_int_equal(mega_report_error_count(report), 1);
    const mega_diagnostic *entry = mega_report_get(report, 0);
    assert_string_equal(entry->code, code);
    if (!strstr(entry->hint, hint)) fail_msg("the hint is `%s`, not `%s`", entry->hint, hint);
    mega_engine *e = open_engine(0, 2);
    assert_true(!patch || mega_load(e, patch, NULL) == MEGA_ERROR_PATCH);
    mega_destroy(e);
    mega_patch_destroy(patch);
    mega_report_destroy(report);
}

static void bad_channels_are_told(void **unused) {
    (void)unused;
    static const char *const params[] = {"0", "65", "-1", "1.5", "1e9"};
    char json[1024], text[128];
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        snprintf(text, sizeof text, ",\"params\":{\"first\":%s}", params[i]);
        snprintf(json, sizeof json, PAIR, text);
        refuse(json, "bad-value", "1..64");
    }
    snprintf(json, sizeof json, PAIR, ",\"params\":{\"channels\":3}");
    refuse(json, "bad-value", "1..2");
    snprintf(json, sizeof json, PAIR, ",\"params\":{\"first\":64}");
    refuse(json, "limit", "`channels` 1");
    refuse("{\"nodes\":{\"a\":{\"type\":\"lfo\"},\"out\":{\"type\":\"output\"}},\"connections\":["
           "{\"from\":[\"a\",\"out\"],\"to\":[\"out\",\"first\"]}]}",
           "bad-type", "`params` of `out`");
    refuse("{\"knobs\":{\"k\":{}},\"nodes\":{\"out\":{\"type\":\"output\"}},\"connections\":["
           "{\"from\":\"k\",\"to\":[\"out\",\"channels\"]}]}",
           "bad-type", "`params` of `out`");
    mega_engine *e = open_engine(0, 4);
    load_pair(e, "");
    static const char list[] =
        "[{\"op\":\"connect\",\"from\":[\"a\",\"out\"],\"to\":[\"out\",\"first\"]}]";
    assert_int_equal(mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, NULL),
                     MEGA_ERROR_PATCH);
    mega_destroy(e);
}

static void a_host_with_fewer_channels_is_warned(void **unused) {
    (void)unused;
    static sound out;
    char json[1024];
    snprintf(json, sizeof json, PAIR, ",\"params\":{\"first\":2}");
    mega_patch *patch = host_read_patch(json);
    mega_report *report = mega_report_create();
    mega_engine *e = open_engine(0, 2);
    assert_int_equal(mega_load(e, patch, report), MEGA_OK);
    assert_int_equal(mega_report_count(report), 1);
    assert_string_equal(mega_report_get(report, 0)->path, "nodes.out.params.first");
    assert_int_equal(mega_report_get(report, 0)->severity, MEGA_SEVERITY_WARNING);
    render(e, 2, NULL, &out);
    assert_true(is_silent(out.at[0]));
    assert_false(is_silent(out.at[1]));
    mega_destroy(e);
    mega_report_destroy(report);
    mega_patch_destroy(patch);
}

static void nothing_infinite_leaves_by_any_channel(void **unused) {
    (void)unused;
    static float in[FRAMES];
    static sound out;
    mega_engine *e = open_engine(1, 8);
    host_load(
        e, "{\"nodes\":{\"i\":{\"type\":\"input\"},\"s\":{\"type\":\"osc.sine\"},"
           "\"out\":{\"type\":\"output\"},\"six\":{\"type\":\"output\",\"params\":{\"first\":6}}},"
           "\"connections\":[{\"from\":[\"i\",\"out\"],\"to\":[\"six\",\"right\"]},"
           "{\"from\":[\"s\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    in[100] = INFINITY;
    in[300] = NAN;
    render(e, 8, (const float *const[]){in}, &out);
    for (uint32_t c = 0; c < 8; c++)
        for (uint32_t t = 0; t < FRAMES; t++) assert_true(isfinite(out.at[c][t]));
    assert_int_equal(mega_counters_get(e).outputs_silenced, 2);
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_channel_has_its_own_sine),
        cmocka_unit_test(a_pair_goes_to_its_two_channels),
        cmocka_unit_test(a_document_of_old_is_silent_elsewhere),
        cmocka_unit_test(every_input_channel_is_read),
        cmocka_unit_test(a_channel_is_changed_by_an_edit),
        cmocka_unit_test(bad_channels_are_told),
        cmocka_unit_test(a_host_with_fewer_channels_is_warned),
        cmocka_unit_test(nothing_infinite_leaves_by_any_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
