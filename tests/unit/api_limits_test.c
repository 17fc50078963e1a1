// SPDX-License-Identifier: MIT
// api_limits -- every function of megasynth.h with every number that its arguments can hold: enums
// that do not exist, NaN, infinities, frames and handles of nothing, indices past the last, NULL
// where NULL is allowed. Run under the sanitizers this shows undefined behaviour; anywhere it shows
// which status comes back.
#include <float.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/files.h"
#include "support/host.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const int enums[] = {INT_MIN, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 255, 65536, INT_MAX};
static const float floats[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, FLT_MAX, 1e-40f,
                               0,   0.5f,     1,         -1,    127,    128,     1e9f};
static const uint64_t frames[] = {0,         1, 63, 64, 1000, UINT64_C(1) << 32, UINT64_MAX - 63,
                                  UINT64_MAX};
static const uint64_t notes[] = {0, 1, 2, 3, UINT64_C(1) << 32, UINT64_MAX};
static const int32_t numbers[] = {INT_MIN, -1,   0,    1,     15,    16,     255,
                                  256,     4095, 4096, 16383, 16384, INT_MAX};

static const char *PATCH =
    "{\"voices\":4,\"knobs\":{\"k\":{\"value\":0.5}},\"nodes\":{\"note\":{\"type\":\"note\"},"
    "\"osc\":{\"type\":\"osc.sine\"},\"env\":{\"type\":\"env\"},\"amp\":{\"type\":\"gain\"},\"b\":{"
    "\"type\":\"bus.out\"},"
    "\"room\":{\"type\":\"reverb\"},\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},{\"from\":[\"note\",\"gate\"],\"to\":"
    "[\"env\",\"gate\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"amp\",\"in\"]},{\"from\":[\"env\",\"out\"],\"to\":["
    "\"amp\",\"amp\"]},"
    "{\"from\":[\"amp\",\"out\"],\"to\":[\"room\",\"in\"]},{\"from\":[\"room\",\"left\"],\"to\":["
    "\"out\",\"left\"]},"
    "{\"from\":[\"room\",\"out\"],\"to\":[\"b\",\"in\"]},{\"from\":[\"room\",\"right\"],\"to\":["
    "\"out\",\"right\"]},"
    "{\"from\":\"k\",\"to\":[\"room\",\"mix\"]}],"
    "\"presets\":{\"soft\":{\"knobs\":{\"k\":0.2},\"params\":{\"room\":{\"decay\":1}}}}}";

static mega_patch *read_patch(void) {
    mega_patch *patch = mega_patch_read(PATCH, strlen(PATCH), MEGA_FORMAT_JSON, NULL);
    assert_non_null(patch);
    return patch;
}

/// Renders, and nothing but numbers comes out.
static void sound(mega_engine *e, uint32_t count) {
    float left[512], right[512];
    mega_render(e, NULL, (float *const[]){left, right}, count);
    for (uint32_t t = 0; t < count; t++) assert_true(isfinite(left[t]) && isfinite(right[t]));
}

// ---- events: a table ---------------------------------------------------------------------------

/// One set of arguments; each function takes what it needs.
typedef struct {
    uint64_t frame, note;
    int which;
    int32_t number;
    float a, b;
} arguments;

typedef struct {
    const char *name;
    mega_status (*call)(mega_engine *e, const arguments *x);
    int which_count; ///< of its enum; 0: it has none
    bool takes_a, takes_b, takes_number;
} row;

#define CALL(name, ...)                                                                            \
    static mega_status call_##name(mega_engine *e, const arguments *x) {                           \
        (void)x;                                                                                   \
        return mega_##name(e, __VA_ARGS__);                                                        \
    }
CALL(note_on, x->frame, x->a, x->b, NULL)
CALL(note_off, x->frame, x->note, x->a)
CALL(key_off, x->frame, x->a, x->b)
CALL(note_set, x->frame, x->note, (mega_note_expression)x->which, x->a)
CALL(note_param_set, x->frame, x->note, x->number, x->a, x->b)
CALL(voice_free, x->frame, x->note)
CALL(controller_set, x->frame, (mega_controller)x->which, x->a)
CALL(all_notes_off, x->frame)
CALL(knob_set, x->frame, x->number, x->a)
CALL(knob_ramp, x->frame, x->number, x->a, x->b)
CALL(param_set, x->frame, x->number, x->a, x->b)
CALL(preset_recall, x->frame, x->number, x->a)
static mega_status call_voice_reserve(mega_engine *e, const arguments *x) {
    mega_note note = 77;
    mega_status status = mega_voice_reserve(e, x->frame, x->a, &note);
    assert_true(status ? note == 0 : note != 0 && note != 77);
    return status;
}
static mega_status call_panic(mega_engine *e, const arguments *x) {
    (void)x;
    return mega_panic(e);
}

static const row rows[] = {
    {"note_on", call_note_on, 0, true, true, false},
    {"note_off", call_note_off, 0, true, false, false},
    {"key_off", call_key_off, 0, true, true, false},
    {"note_set", call_note_set, MEGA_NOTE_SET_HELD + 1, true, false, false},
    {"note_param_set", call_note_param_set, 0, true, true, true},
    {"voice_reserve", call_voice_reserve, 0, true, false, false},
    {"voice_free", call_voice_free, 0, false, false, false},
    {"controller_set", call_controller_set, MEGA_CONTROL_SOSTENUTO + 1, true, false, false},
    {"all_notes_off", call_all_notes_off, 0, false, false, false},
    {"knob_set", call_knob_set, 0, true, false, true},
    {"knob_ramp", call_knob_ramp, 0, true, true, true},
    {"param_set", call_param_set, 0, true, true, true},
    {"preset_recall", call_preset_recall, 0, true, false, true},
    {"panic", call_panic, 0, false, false, false},
};

static mega_status expected(const row *r, const arguments *x) {
    if (r->which_count && (x->which < 0 || x->which >= r->which_count)) return MEGA_ERROR_VALUE;
    if ((r->takes_a && isnan(x->a)) || (r->takes_b && isnan(x->b))) return MEGA_ERROR_VALUE;
    return MEGA_OK;
}

/// A number of a name that cannot be is MEGA_ERROR_NAME; one that nobody asked for is counted when
/// its frame comes.
static void try(mega_engine *e, const row *r, const arguments *x) {
    mega_status status = r->call(e, x);
    if (status == MEGA_ERROR_FULL) { // what is due never stays in the queue
        sound(e, 64);
        return;
    }
    if (status == MEGA_ERROR_NAME && r->takes_number && (x->number < 0 || x->number >= 16)) return;
    if (status == expected(r, x)) return;
    fail_msg("mega_%s(which %d, number %d, %g, %g) gives %s", r->name, x->which, x->number,
             (double)x->a, (double)x->b, mega_status_name(status));
}

static void events_take_any_number(void **unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const row *r = &rows[i];
        mega_engine *e = host_open(PATCH);
        mega_find_knob(e, "k");
        mega_find_param(e, "room", "decay");
        mega_find_preset(e, "soft");
        mega_find_note_param(e, "osc", "amp", NULL);
        mega_note held;
        mega_note_on(e, 0, 60, 1, &held);
        mega_voice_reserve(e, 0, 60, NULL);
        sound(e, 128);
        uint32_t chance = 1;
        for (size_t w = 0; w < (r->which_count ? COUNT(enums) : 1); w++)
            for (size_t n = 0; n < (r->takes_number ? COUNT(numbers) : 1); n++)
                for (size_t a = 0; a < (r->takes_a ? COUNT(floats) : 1); a++)
                    for (size_t b = 0; b < (r->takes_b ? COUNT(floats) : 1); b++) {
                        chance = chance * 1664525 + 1013904223;
                        try(e, r,
                            &(arguments){.frame = frames[(chance >> 8) % 5],
                                         .note = notes[(chance >> 16) % 4],
                                         .which = enums[w],
                                         .number = numbers[n],
                                         .a = floats[a],
                                         .b = floats[b]});
                        if (chance >> 31) sound(e, 64);
                    }
        for (size_t f = 0; f < COUNT(frames); f++)
            for (size_t n = 0; n < COUNT(notes); n++)
                try(e, r, &(arguments){.frame = frames[f], .note = notes[n], .a = 0.5f});
        sound(e, 512);
        assert_int_equal(mega_panic(e), MEGA_OK);
        sound(e, 512);
        mega_destroy(e);
    }
}

static void values_that_are_read_back_are_in_range(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PATCH);
    int32_t knob = mega_find_knob(e, "k"), decay = mega_find_param(e, "room", "decay");
    for (size_t i = 0; i < COUNT(floats); i++) {
        float value = -1;
        mega_knob_set(e, MEGA_NOW, knob, floats[i]);
        mega_param_set(e, MEGA_NOW, decay, floats[i], 0);
        for (int rendered = 0; rendered < 2; rendered++) {
            assert_int_equal(mega_knob_get(e, "k", &value), MEGA_OK);
            assert_true(value >= 0 && value <= 1);
            assert_int_equal(mega_param_get(e, "room", "decay", &value), MEGA_OK);
            assert_true(value >= 0.1f && value <= 30);
            sound(e, 128);
        }
    }
    assert_int_equal(mega_counters_get(e).events_dropped, 0); // infinity too is held, not dropped
    mega_destroy(e);
}

// ---- documents ---------------------------------------------------------------------------------

static void formats_that_are_not_there(void **unused) {
    (void)unused;
    mega_patch *patch = read_patch();
    mega_engine *e = host_open(PATCH);
    for (size_t i = 0; i < COUNT(enums); i++) {
        mega_format format = (mega_format)enums[i];
        bool known = enums[i] >= 0 && enums[i] <= MEGA_FORMAT_MSGPACK;
        char *text = (char *)1;
        size_t bytes = 1;
        mega_status status = mega_patch_write(patch, format, &text, &bytes);
        assert_int_equal(status, known ? MEGA_OK : MEGA_ERROR_VALUE);
        assert_true(known || (!text && !bytes));
        mega_free(text);
        mega_report *report = mega_report_create();
        // no text, and one of the wrong format
        assert_null(mega_patch_read(NULL, 0, format, report));
        assert_true(mega_report_error_count(report) > 0);
        assert_null(mega_patch_read("{]", 2, format, NULL));
        mega_report_clear(report);
        assert_null(mega_patch_edit(patch, NULL, 0, format, report, NULL));
        assert_true(mega_report_error_count(report) > 0);
        for (size_t f = 0; f < COUNT(frames); f++) {
            mega_report_clear(report);
            mega_change how = {MEGA_REV_ANY, 0, frames[f]};
            assert_int_equal(mega_edit(e, NULL, 0, format, &how, NULL, report), MEGA_ERROR_PATCH);
            assert_true(mega_report_error_count(report) > 0);
        }
        const mega_diagnostic *entry = mega_report_get(report, 0);
        assert_true(known || strcmp(entry->code, "unsupported") == 0);
        mega_report_destroy(report);
    }
    mega_destroy(e);
    mega_patch_destroy(patch);
}

static void indices_past_the_last(void **unused) {
    (void)unused;
    mega_patch *patch = read_patch();
    static const size_t past[] = {0, 1, 100, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < COUNT(past); i++) {
        size_t n = past[i];
        assert_null(mega_patch_node(patch, mega_patch_node_count(patch) + n % 1000).id);
        assert_null(mega_patch_cable(patch, mega_patch_cable_count(patch) + n % 1000).to_node);
        assert_null(mega_patch_knob(patch, mega_patch_knob_count(patch) + n % 1000));
        assert_null(mega_patch_preset(patch, mega_patch_preset_count(patch) + n % 1000).id);
        assert_null(mega_patch_preset_value(patch, 0, 2 + n % 1000).name);
        assert_null(mega_patch_preset_value(patch, 1 + n % 1000, 0).name);
        assert_null(mega_module_get(mega_module_count() + n % 1000));
    }
    assert_null(mega_patch_node(patch, SIZE_MAX).id);
    assert_null(mega_module_get(SIZE_MAX));
    assert_null(mega_patch_knob_info(patch, SIZE_MAX).id);
    assert_null(mega_patch_node_module(patch, ""));
    const mega_module *module = mega_module_get(0);
    mega_param_info param;
    assert_true(mega_module_describe(module).output_count > 0);
    assert_null(mega_module_input(module, SIZE_MAX).name);
    assert_null(mega_module_output(module, SIZE_MAX).name);
    assert_null(mega_module_param(module, SIZE_MAX).name);
    assert_false(mega_module_param_named(module, "", &param));
    assert_string_equal(mega_scale_name((mega_scale)INT_MAX), "lin");
    assert_string_equal(mega_smoothing_name((mega_smoothing)INT_MIN), "none");
    assert_string_equal(mega_patch_name(patch), "");
    mega_report *report = mega_report_create();
    assert_null(mega_report_get(report, SIZE_MAX));
    assert_int_equal(mega_report_count(report), 0);
    mega_report_destroy(report);
    mega_report_destroy(NULL);
    assert_int_equal(mega_patch_set_voices(patch, 0), MEGA_ERROR_LIMIT);
    assert_int_equal(mega_patch_set_voices(patch, UINT32_MAX), MEGA_ERROR_LIMIT);
    assert_int_equal(mega_patch_voices(patch), 4);
    for (size_t i = 0; i < COUNT(floats); i++) {
        bool good = floats[i] >= 0 && floats[i] <= 1;
        assert_int_equal(mega_patch_set_knob(patch, "k", (double)floats[i]),
                         good ? MEGA_OK : MEGA_ERROR_LIMIT);
        assert_int_equal(mega_patch_set_knob(patch, "", 0.5), MEGA_ERROR_NAME);
    }
    char *json = NULL, *text = NULL;
    assert_int_equal(mega_patch_diff(patch, patch, &json), MEGA_OK);
    assert_int_equal(mega_patch_disassemble(patch, NULL, &text), MEGA_OK);
    assert_int_equal(mega_patch_check(patch, NULL), MEGA_OK);
    mega_free(json);
    mega_free(text);
    mega_free(NULL);
    mega_patch_destroy(patch);
    mega_patch_destroy(NULL);
}

static void words(void **unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT(enums); i++)
        assert_non_null(mega_status_name((mega_status)enums[i]));
    assert_string_equal(mega_status_name(MEGA_ERROR_VALUE), "value");
    assert_null(mega_nearest("", NULL, 0));
    assert_null(mega_nearest("abc", (const char *const[]){"xyz", ""}, 2));
    static const char *const no_keys[] = {"", "c", "#4", "H4", "G#9", "Cb-1", "C4 ", "C###4"};
    const char *end;
    int key;
    for (size_t i = 0; i < COUNT(no_keys); i++)
        assert_false(mega_key_of_name(no_keys[i], NULL, &key));
    assert_true(mega_key_of_name("Bb2+C", &end, &key) && key == 46 && *end == '+');
    assert_true(mega_key_of_name("E\u266d5", NULL, &key) && key == 75);
    mega_format format;
    assert_false(mega_format_of_file("", &format));
    assert_null(mega_module_find(""));
    assert_false(mega_key_of_name("", NULL, &key));
    assert_false(mega_key_of_name("C99999999999999999999", NULL, &key));
    mega_free(mega_module_describe_json(NULL));
    mega_free(mega_module_describe_markdown(NULL));
    for (size_t i = 0; i < COUNT(enums); i++) {
        mega_diagnostic entry = {
            (mega_severity)enums[i], "code", "", UINT32_MAX, UINT32_MAX, "text", ""};
        char room[4];
        assert_true(mega_diagnostic_text(&entry, NULL, 0) > 10);
        assert_true(mega_diagnostic_text(&entry, room, sizeof room) > 10);
        assert_int_equal(strlen(room), 3);
    }
}

// ---- engines -----------------------------------------------------------------------------------

static void options_of_every_kind(void **unused) {
    (void)unused;
    static const uint32_t rates[] = {0, 1, 7999, 8000, 44100, 384000, 384001, UINT32_MAX};
    static const uint32_t channels[] = {0, 1, 2, 64, 65, UINT32_MAX};
    static const size_t budgets[] = {0, 1, 4096, SIZE_MAX};
    mega_patch *patch = read_patch();
    for (size_t r = 0; r < COUNT(rates); r++)
        for (size_t c = 0; c < COUNT(channels); c++)
            for (size_t b = 0; b < COUNT(budgets); b++) {
                mega_options o = {.rate = rates[r],
                                  .input_channels = channels[c],
                                  .output_channels = channels[c],
                                  .memory_bytes_max = budgets[b],
                                  .seed = UINT32_MAX};
                bool good =
                    (!rates[r] || (rates[r] >= 8000 && rates[r] <= 384000)) && channels[c] <= 64;
                mega_report *report = mega_report_create();
                mega_engine *e = mega_create(&o, report);
                assert_true((e != NULL) == good);
                assert_true((mega_report_error_count(report) == 0) == good);
                if (e) {
                    mega_status status = mega_load(e, patch, report);
                    assert_int_equal(
                        status, budgets[b] == 1 || budgets[b] == 4096 ? MEGA_ERROR_LIMIT : MEGA_OK);
                    assert_true(mega_rate(e) >= 8000);
                    for (int whole = 1; whole >= 0; whole--)
                        assert_int_equal(mega_set_whole_blocks(e, whole), whole);
                    assert_non_null(mega_isa(e));
                }
                if (e) mega_destroy(e);
                mega_report_destroy(report);
            }
    assert_null(mega_create(&(mega_options){.isa = "v9"}, NULL));
    mega_engine *e = mega_create(NULL, NULL);
    assert_non_null(e);
    mega_destroy(e);
    mega_patch_destroy(patch);
}

static void changes_with_any_number(void **unused) {
    (void)unused;
    mega_patch *patch = read_patch();
    mega_engine *e = host_open(NULL);
    assert_int_equal(mega_undo(e, 0, NULL, NULL), MEGA_ERROR_NAME);
    assert_int_equal(mega_preset_save(e, "a", NULL, NULL), MEGA_ERROR_NAME);
    assert_null(mega_loaded_patch(e));
    // nothing is an empty document to an edit
    assert_int_equal(mega_edit(e, "[]", 2, MEGA_FORMAT_JSON, NULL, NULL, NULL), MEGA_OK);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    static const char list[] = "[{\"op\":\"set\",\"id\":\"osc\",\"param\":\"freq\",\"value\":300}]";
    for (size_t i = 0; i < COUNT(floats); i++) {
        bool good = floats[i] >= 0 && floats[i] <= 2000;
        mega_status status = good ? MEGA_OK : MEGA_ERROR_LIMIT;
        for (size_t f = 0; f < COUNT(frames); f++) {
            mega_change how = {MEGA_REV_ANY, floats[i], frames[f]};
            mega_changed done = {0};
            assert_int_equal(mega_rewire(e, patch, &how, &done, NULL), status);
            if (!status && mega_change_cancel(e, done.number, NULL)) sound(e, 64);
            assert_int_equal(mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &how, &done, NULL),
                             status);
            if (!status) mega_free(done.undo_json);
            if (!status) mega_change_cancel(e, done.number, NULL);
            how.rev = frames[f];
            mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &how, NULL, NULL);
        }
        mega_status undone = mega_undo(e, floats[i], NULL, NULL);
        assert_true(good ? undone != MEGA_ERROR_LIMIT : undone == MEGA_ERROR_LIMIT);
        undone = mega_redo(e, floats[i], NULL, NULL);
        assert_true(good ? undone != MEGA_ERROR_LIMIT : undone == MEGA_ERROR_LIMIT);
        sound(e, 512);
    }
    uint64_t frame;
    for (size_t f = 0; f < COUNT(frames); f++) {
        mega_change_frame(e, frames[f], NULL);
        assert_false(mega_change_frame(e, UINT64_MAX - f, &frame));
        assert_int_equal(mega_change_cancel(e, UINT64_MAX - f, NULL), MEGA_ERROR_NAME);
    }
    // in the last block of time
    for (int i = 0; i < 3; i++) {
        mega_change how = {MEGA_REV_ANY, 2000, UINT64_MAX - (uint64_t)i * 64};
        assert_int_equal(mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &how, NULL, NULL),
                         MEGA_OK);
    }
    assert_true(mega_changes_scheduled(e) >= 3);
    assert_true(mega_rev(e) > 0);
    sound(e, 512);
    mega_collect(e);
    assert_int_equal(mega_preset_save(e, "", NULL, NULL), MEGA_ERROR_PATCH);
    mega_destroy(e);
    mega_patch_destroy(patch);
}

static void buses_and_names_of_nothing(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PATCH);
    char longest[400];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    const char *const texts[] = {"", ".", "osc", "k", longest, "\xff\xfe", "osc.freq"};
    float value;
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t k = 0; k < COUNT(texts); k++) {
            assert_true(mega_find_knob(e, texts[i]) == (strcmp(texts[i], "k") == 0 ? 0 : -1));
            assert_int_equal(mega_find_param(e, texts[i], texts[k]), -1);
            assert_int_equal(mega_find_preset(e, texts[i]), -1);
            assert_int_equal(mega_find_note_param(e, texts[i], texts[k], NULL), -1);
            assert_int_equal(mega_bus_open(e, texts[i], texts[k], NULL), -1);
            assert_int_equal(mega_param_get(e, texts[i], texts[k], &value), MEGA_ERROR_NAME);
            assert_true(strcmp(texts[i], "k") == 0 ||
                        mega_knob_get(e, texts[i], &value) == MEGA_ERROR_NAME);
        }
    int32_t bus = mega_bus_open(e, "osc", "out", NULL);
    assert_true(bus >= 0);
    float block[64];
    sound(e, 128);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        for (size_t n = 0; n < COUNT(notes); n++) mega_bus_read(e, numbers[i], notes[n], block);
        mega_host_bus_write(e, (uint32_t)numbers[i], block);
        mega_host_bus_read(e, (uint32_t)numbers[i], block);
        if (numbers[i] != bus) assert_int_equal(mega_bus_close(e, &numbers[i], 1), MEGA_ERROR_NAME);
    }
    assert_int_equal(mega_bus_close(e, NULL, 0), MEGA_OK);
    assert_int_equal(mega_bus_close(e, (const int32_t[]){bus, bus}, 2), MEGA_ERROR_NAME);
    assert_int_equal(mega_bus_close(e, &bus, 1), MEGA_OK);
    sound(e, 128);
    mega_destroy(e);
}

static void what_is_read_of_an_engine(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PATCH);
    mega_profile(e, true);
    const char *type;
    double nanoseconds;
    float left[64];
    mega_render(e, NULL, (float *const[]){left, NULL}, 64); // one channel is not wanted
    mega_render(e, (const float *const[]){left, NULL}, (float *const[]){NULL, NULL}, 64);
    mega_render(e, NULL, (float *const[]){NULL, NULL}, 0);
    assert_false(mega_profile_get(e, SIZE_MAX, &type, &nanoseconds));
    assert_true(mega_profile_get(e, 0, &type, &nanoseconds));
    mega_patch *now = mega_snapshot(e);
    assert_int_equal(mega_patch_node_count(now), 7);
    mega_patch_destroy(now);
    mega_engine *bare = host_open(NULL);
    assert_null(mega_snapshot(bare));
    mega_destroy(bare);
    char *calls;
    size_t bytes;
    assert_int_equal(mega_calls_take_text(e, &calls, &bytes), MEGA_ERROR_NAME);
    mega_replay_info info;
    assert_false(mega_replay_describe(NULL, 0, &info));
    assert_int_equal(mega_replay(NULL, 0, NULL, NULL, NULL), MEGA_ERROR_PATCH);
    mega_set_whole_blocks(e, true);
    assert_false(mega_set_whole_blocks(e, false));
    assert_false(mega_next_ended(e, NULL, NULL));
    assert_true(mega_events_room(e) > 0);
    assert_int_equal(mega_counters_get(e).frame, 128);
    mega_destroy(e);
}

// ---- none is left out --------------------------------------------------------------------------

/// Every function that the header declares is named in this file.
static void every_function_is_here(void **unused) {
    (void)unused;
    size_t bytes;
    char *header = read_file(SOURCE_DIR "/engine/megasynth.h", &bytes),
         *here = read_file(SOURCE_DIR "/tests/unit/api_limits_test.c", &bytes);
    int missing = 0, functions = 0;
    for (char *at = header; (at = strstr(at, "mega_"));) {
        char name[64] = "";
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");
        bool declared =
            at[length] == '(' && length < sizeof name && (at == header || strchr(" *", at[-1]));
        char *line = at;
        while (line > header && line[-1] != '\n') line--;
        if (declared && strncmp(line, "MEGA_", 5) == 0) {
            memcpy(name, at, length);
            functions++;
            char call[80], row_call[80];
            snprintf(call, sizeof call, "%s(", name);
            snprintf(row_call, sizeof row_call, "CALL(%s,", name + 5);
            if (!strstr(here, call) && !strstr(here, row_call)) {
                printf("  FAULT %s is not tried\n", name);
                missing++;
            }
        }
        at += length;
    }
    free(header);
    free(here);
    printf("%d functions\n", functions);
    assert_true(functions > 70);
    assert_int_equal(missing, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_take_any_number),
        cmocka_unit_test(values_that_are_read_back_are_in_range),
        cmocka_unit_test(formats_that_are_not_there),
        cmocka_unit_test(indices_past_the_last),
        cmocka_unit_test(words),
        cmocka_unit_test(options_of_every_kind),
        cmocka_unit_test(changes_with_any_number),
        cmocka_unit_test(buses_and_names_of_nothing),
        cmocka_unit_test(what_is_read_of_an_engine),
        cmocka_unit_test(every_function_is_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
