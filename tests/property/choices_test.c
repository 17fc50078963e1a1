// SPDX-License-Identifier: MIT
// Choices that are turned while they sound crossfade as an edit of them does: every pair of every
// choice of every module, by a parameter, a knob's cable, a note's own value, a preset, a morph;
// per voice and shared. (score_test holds scores to the same bits as what is played.)
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/choices.h"
#include "modules/registry.h"
#include "support/host.h"

enum {
    AT = 4800, ///< a block's start: there edits are heard
    AFTER = 4800,
    FADE = 144,
    NOTES = 5,
    SOUND = AT + AFTER,
};

/// How a choice gets to its new value.
typedef enum { BY_EDIT, BY_PARAM, BY_KNOB, BY_NOTE, BY_PRESET, BY_MORPH, WAYS } way;
static const char *const way_names[WAYS] = {"edit", "parameter", "knob", "note", "preset", "morph"};

typedef struct {
    const mega_module *module;
    const mega_param_row *row;
    uint32_t from, to;
    bool voice;
} turn_case;

/// What makes the choices of a module differ, beyond its initial values.
static const char *more_params(const mega_module *m) {
    if (strcmp(m->name, "lfo") == 0) return "\"freq\":40,\"phase\":0.1,";
    // shorter than a block, so that a fading delay reads what it wrote in the same one
    if (strcmp(m->name, "delay") == 0) return "\"time\":0.00112,\"feedback\":0.8,\"mix\":1,";
    if (strcmp(m->name, "svf") == 0) return "\"res\":0.4,";
    return "";
}

static const char *input_of(const mega_module *m) {
    static const char *const inputs[] = {"in", "a", "left"};
    for (uint32_t i = 0; i < m->input_count; i++)
        for (int k = 0; k < 3; k++)
            if (strcmp(m->inputs[i].name, inputs[k]) == 0) return inputs[k];
    return NULL;
}

/// A sine through the module, or the module alone.
static char *document_of(const turn_case *c, bool by_knob) {
    static char text[4000];
    const char *input = input_of(c->module), *p = c->row->name;
    char into[200] = "", pitch[200] = "", knob[400] = "", cable[200] = "", value[100] = "";
    if (input)
        snprintf(into, sizeof into,
                 "{\"from\":[\"sine\",\"out\"],\"to\":[\"x\",\"%s\"],\"amount\":8},", input);
    if (c->voice)
        snprintf(pitch, sizeof pitch, "{\"from\":[\"note\",\"freq\"],\"to\":[\"sine\",\"freq\"]},");
    if (by_knob) {
        snprintf(knob, sizeof knob, "\"knobs\":{\"k\":{\"value\":%.9g}},",
                 c->from / (double)c->row->max);
        snprintf(cable, sizeof cable, "{\"from\":\"k\",\"to\":[\"x\",\"%s\"]},", p);
    } else {
        snprintf(value, sizeof value, "\"%s\":\"%s\"", p, c->row->choices[c->from]);
    }
    snprintf(text, sizeof text,
             "{\"voices\":8,%s\"nodes\":{\"note\":{\"type\":\"note\"},"
             "\"sine\":{\"type\":\"osc.sine\",\"params\":{\"freq\":220,\"amp\":0.2}},"
             "\"x\":{\"type\":\"%s\",\"scope\":\"%s\",\"params\":{%s%s}},"
             "\"out\":{\"type\":\"output\"}},\"connections\":[%s%s%s"
             "{\"from\":[\"x\",\"%s\"],\"to\":[\"out\",\"in\"],\"amount\":0.2}],"
             "\"presets\":{\"p\":{\"params\":{\"x\":{\"%s\":\"%s\"}}}}}",
             knob, c->module->name, c->voice ? "voice" : "shared", more_params(c->module), value,
             into, pitch, cable, c->module->outputs[0].name, p, c->row->choices[c->to]);
    // the list of parameters may end in a comma
    char *stray = strstr(text, ",}");
    if (stray) memmove(stray, stray + 1, strlen(stray));
    return text;
}

static void edit(mega_engine *e, const turn_case *c) {
    char list[200];
    mega_report *report = mega_report_create();
    snprintf(list, sizeof list, "[{\"op\":\"set\",\"id\":\"x\",\"param\":\"%s\",\"value\":\"%s\"}]",
             c->row->name, c->row->choices[c->to]);
    mega_status status = mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
}

static void turn(mega_engine *e, const turn_case *c, way by, const mega_note *notes, int32_t own) {
    mega_status status = MEGA_OK;
    switch (by) {
    case BY_EDIT: edit(e, c); break;
    case BY_PARAM:
        status = mega_param_set(e, AT, mega_find_param(e, "x", c->row->name), (float)c->to, -1);
        break;
    case BY_KNOB:
        status = mega_knob_set(e, AT, mega_find_knob(e, "k"), (float)c->to / c->row->max);
        break;
    case BY_NOTE:
        for (int n = 0; n < NOTES; n++)
            status |= mega_note_param_set(e, AT, notes[n], own, (float)c->to, -1);
        break;
    default:
        status = mega_preset_recall(e, AT, mega_find_preset(e, "p"), by == BY_MORPH ? 0.05f : 0);
    }
    assert_int_equal(status, MEGA_OK);
}

static void play_turn(const turn_case *c, way by, float *sound) {
    mega_engine *e = host_open(document_of(c, by == BY_KNOB));
    mega_note notes[NOTES];
    for (int n = 0; c->voice && n < NOTES; n++)
        mega_note_on(e, MEGA_NOW, 45 + 3.7f * (float)n, 0.8f, &notes[n]);
    int32_t own = by == BY_NOTE ? mega_find_note_param(e, "x", c->row->name, NULL) : -1;
    // a tape's head that is under way tells the two modes of a delay apart
    int32_t time = strcmp(c->module->name, "delay") ? -1 : mega_find_param(e, "x", "time");
    if (time >= 0) mega_param_set(e, AT - 960, time, 0.03f, -1);
    host_render(e, sound, AT);
    turn(e, c, by, notes, own);
    host_render(e, sound + AT, AFTER);
    mega_destroy(e);
}

static double greatest_step(const float *x, uint32_t from, uint32_t to) {
    double greatest = 0;
    for (uint32_t t = from; t < to; t++)
        greatest = fmax(greatest, fabs((double)x[t] - (double)x[t - 1]));
    return greatest;
}

static double greatest_difference(const float *a, const float *b, uint32_t from, uint32_t to) {
    double greatest = 0;
    for (uint32_t t = from; t < to; t++)
        greatest = fmax(greatest, fabs((double)a[t] - (double)b[t]));
    return greatest;
}

typedef struct {
    uint32_t cases, bad, changed;
    double worst, later;
} tally;

/// What a turn gives beyond what the same change gives as an edit: nothing but rounding.
static void compare(const turn_case *c, tally *t) {
    static float edited[SOUND], turned[SOUND];
    play_turn(c, BY_EDIT, edited);
    for (way by = BY_PARAM; by < WAYS; by++) {
        if (!c->voice && by != BY_PARAM) continue;
        play_turn(c, by, turned);
        double off = greatest_difference(turned, edited, 1, SOUND);
        double later = greatest_difference(turned, edited, AT + 4096, SOUND);
        double beyond =
            greatest_step(turned, AT, AT + 2 * FADE) - greatest_step(edited, AT, AT + 2 * FADE);
        t->cases++;
        t->worst = fmax(t->worst, off);
        t->later = fmax(t->later, later);
        if (off <= 1e-5 && beyond <= 1e-5 && later <= 1e-6) continue;
        t->bad++;
        print_message("%s.%s %s -> %s by %s, %s: off by %.2g, a step of %.2g more, %.2g later\n",
                      c->module->name, c->row->name, c->row->choices[c->from],
                      c->row->choices[c->to], way_names[by], c->voice ? "voice" : "shared", off,
                      beyond, later);
    }
}

static uint32_t count_choices(const mega_param_row *row) {
    uint32_t count = 0;
    while (row->choices[count]) count++;
    return count;
}

static bool fades(const mega_module *m, uint32_t param) {
    return mega_choices_ports(m) >> (m->input_count + param) & 1;
}

/// Every row with choices crossfades them, or says why not.
static void rows_fit(void **state) {
    (void)state;
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++) {
        const mega_module *m = mega_isa_one.modules[i];
        uint64_t ports = mega_choices_ports(m);
        assert_in_range(__builtin_popcountll(ports), 0, MEGA_CHOICES_MAX);
        for (uint32_t p = 0; p < m->param_count; p++) {
            const mega_param_row *row = &m->params[p];
            bool exempt = !row->choices || row->at_events || row->no_fade;
            assert_int_equal(fades(m, p), !exempt);
            assert_true(row->choices || !row->no_fade);
        }
    }
}

static void turns_sound_as_edits(void **state) {
    (void)state;
    tally t = {0};
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++) {
        const mega_module *m = mega_isa_one.modules[i];
        for (uint32_t p = 0; p < m->param_count; p++) {
            if (!fades(m, p)) continue;
            uint32_t count = count_choices(&m->params[p]);
            for (uint32_t k = 0; k < count * count * 2; k++) {
                turn_case c = {m, &m->params[p], k / 2 / count, k / 2 % count, k & 1};
                if (c.from != c.to) compare(&c, &t);
            }
        }
    }
    print_message("%u turns, %u not as the edit; off by %.2g at most, %.2g after 85 ms\n", t.cases,
                  t.bad, t.worst, t.later);
    assert_true(t.cases > 400);
    assert_int_equal(t.bad, 0);
}

/// Of a dark sound the crossfade's own slope is the greatest step: of every pair, delays too.
static void no_turn_steps(void **state) {
    (void)state;
    static float turned[SOUND];
    uint32_t bad = 0, count = 0;
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++) {
        const mega_module *m = mega_isa_one.modules[i];
        for (uint32_t p = 0; p < m->param_count && input_of(m); p++) {
            if (!fades(m, p)) continue;
            uint32_t choices = count_choices(&m->params[p]);
            for (uint32_t k = 0; k < choices * choices; k++) {
                turn_case c = {m, &m->params[p], k / choices, k % choices, true};
                if (c.from == c.to) continue;
                play_turn(&c, BY_PARAM, turned);
                double may =
                    fmax(greatest_step(turned, 1, AT), greatest_step(turned, AT + 2 * FADE, SOUND));
                double peak = 0;
                for (uint32_t t = 1; t < SOUND; t++) peak = fmax(peak, fabs((double)turned[t]));
                may += 3.15 / 2 / FADE * 2 * peak;
                double step = greatest_step(turned, AT, AT + 2 * FADE);
                count++;
                if (step <= may) continue;
                bad++;
                print_message("%s.%s %s -> %s: a step of %.3g, %.3g at most\n", m->name,
                              c.row->name, c.row->choices[c.from], c.row->choices[c.to], step, may);
            }
        }
    }
    assert_true(count > 40);
    assert_int_equal(bad, 0);
}

// ---- moved by cables, in loops, split ----------------------------------------------------------

enum { LONG = 24000 };

/// @param splits events that do nothing, on odd frames
static void play_document(const char *document, const char *isa, uint32_t block, bool splits,
                          const char *param, float *sound) {
    mega_engine *e = mega_create(&(mega_options){.isa = isa}, NULL);
    assert_non_null(e);
    host_load(e, document);
    for (int n = 0; n < 5; n++)
        mega_note_on(e, 700 * (uint64_t)n, 45 + 3.7f * (float)n, 0.8f, NULL);
    int32_t turned = param ? mega_find_param(e, "x", param) : -1;
    int32_t other = mega_find_param(e, "sine", "amp");
    assert_true(other >= 0 && (!param || turned >= 0));
    for (uint32_t k = 0; param && k < 30; k++)
        mega_param_set(e, 3001 + 97 * k, turned, (float)(k % 4), -1);
    for (uint32_t k = 0; splits && k < 400; k++) mega_param_set(e, 1000 + 37 * k, other, 0.2f, -1);
    for (uint32_t at = 0; at < LONG; at += block) {
        uint32_t part = LONG - at < block ? LONG - at : block;
        static float other_side[LONG];
        float *out[2] = {sound + at, other_side};
        mega_render(e, NULL, out, part);
    }
    mega_destroy(e);
}

/// The same bits in every instruction set, however segments are cut.
static void expect_same_bits(const char *document, const char *param, float *first) {
    static float again[LONG];
    play_document(document, "one", 64, false, param, first);
    const mega_isa_table *isa;
    for (size_t k = 0; (isa = mega_isa_at(k)); k++)
        for (uint32_t split = 0; split < 2; split++) {
            play_document(document, isa->name, split ? 17 : 512, split, param, again);
            for (uint32_t t = 0; t < LONG; t++)
                if (memcmp(&first[t], &again[t], sizeof first[t]) != 0) {
                    print_message("%s: frame %u is %.9g, not %.9g: %s\n", isa->name, t,
                                  (double)again[t], (double)first[t], document);
                    fail();
                }
        }
}

static void expect_finite_and_sounding(const float *sound) {
    double peak = 0;
    for (uint32_t t = 0; t < LONG; t++) {
        assert_true(isfinite(sound[t]));
        peak = fmax(peak, fabs((double)sound[t]));
    }
    assert_true(peak > 1e-3);
}

/// A quick modulator on each choice: each change waits for the end of the fade before it.
static void cables_move_choices(void **state) {
    (void)state;
    static float sound[LONG];
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++) {
        const mega_module *m = mega_isa_one.modules[i];
        for (uint32_t p = 0; p < m->param_count; p++) {
            if (!fades(m, p)) continue;
            char document[3000], into[200] = "";
            if (input_of(m))
                snprintf(into, sizeof into,
                         "{\"from\":[\"sine\",\"out\"],\"to\":[\"x\",\"%s\"],\"amount\":4},",
                         input_of(m));
            snprintf(document, sizeof document,
                     "{\"voices\":8,\"nodes\":{\"note\":{\"type\":\"note\"},\"sine\":{\"type\":"
                     "\"osc.sine\",\"params\":{\"amp\":0.2}},\"quick\":{\"type\":\"osc.sine\","
                     "\"params\":{\"freq\":330,\"amp\":1}},\"x\":{\"type\":\"%s\",\"scope\":"
                     "\"voice\"},\"out\":{\"type\":\"output\"}},\"connections\":[{\"from\":["
                     "\"note\",\"freq\"],\"to\":[\"sine\",\"freq\"]},%s{\"from\":[\"note\","
                     "\"freq\"],\"to\":[\"quick\",\"freq\"]},{\"from\":[\"quick\",\"out\"],\"to\":"
                     "[\"x\",\"%s\"],\"amount\":%g},{\"from\":[\"x\",\"%s\"],\"to\":[\"out\","
                     "\"in\"],\"amount\":0.2}]}",
                     m->name, into, m->params[p].name, (double)m->params[p].max,
                     m->outputs[0].name);
            expect_same_bits(document, NULL, sound);
            expect_finite_and_sounding(sound);
        }
    }
}

/// Turned on odd frames, more often than a fade is long.
static void splits_change_nothing(void **state) {
    (void)state;
    static float sound[LONG];
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++) {
        const mega_module *m = mega_isa_one.modules[i];
        for (uint32_t p = 0; p < m->param_count; p++) {
            if (!fades(m, p)) continue;
            turn_case c = {m, &m->params[p], 0, 1, true};
            expect_same_bits(document_of(&c, false), m->params[p].name, sound);
            expect_finite_and_sounding(sound);
        }
    }
}

/// Round a loop of `z1` a kernel runs frame by frame.
static void loops_fade_too(void **state) {
    (void)state;
    static const char *const types[][2] = {
        {"onepole", "mode"}, {"clip", "mode"}, {"filter", "type"}};
    static float sound[LONG];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char document[2000];
        snprintf(document, sizeof document,
                 "{\"voices\":8,\"nodes\":{\"note\":{\"type\":\"note\"},\"sine\":{\"type\":"
                 "\"osc.sine\",\"params\":{\"amp\":0.2}},\"x\":{\"type\":\"%s\"},\"z\":{\"type\":"
                 "\"z1\"},\"out\":{\"type\":\"output\"}},\"connections\":[{\"from\":[\"note\","
                 "\"freq\"],\"to\":[\"sine\",\"freq\"]},{\"from\":[\"sine\",\"out\"],\"to\":[\"x\","
                 "\"in\"],\"amount\":8},{\"from\":[\"x\",\"out\"],\"to\":[\"z\",\"in\"],\"amount\":"
                 "0.3},{\"from\":[\"z\",\"out\"],\"to\":[\"x\",\"in\"]},{\"from\":[\"x\",\"out\"],"
                 "\"to\":[\"out\",\"in\"],\"amount\":0.2}]}",
                 types[i][0]);
        expect_same_bits(document, types[i][1], sound);
        expect_finite_and_sounding(sound);
        double before = greatest_step(sound, 2800, 3000), peak = 0;
        for (uint32_t t = 2800; t < 6500; t++) peak = fmax(peak, fabs((double)sound[t]));
        double step = greatest_step(sound, 3001, 6500);
        print_message("%s in a loop: a step of %.3g, before %.3g\n", types[i][0], step, before);
        assert_true(step <= 3 * before + 3.15 / 2 / FADE * 2 * peak);
    }
}

/// What depends on values alone is computed when they change; a fade there takes its time.
static void constants_fade_too(void **state) {
    (void)state;
    static float sound[SOUND];
    mega_engine *e = host_open(
        "{\"knobs\":{\"k\":{\"value\":1,\"range\":[0,1]}},\"nodes\":{\"x\":{\"type\":\"clip\"},"
        "\"out\":{\"type\":\"output\"}},\"connections\":[{\"from\":\"k\",\"to\":[\"x\",\"in\"]},{"
        "\"from\":[\"x\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    host_render(e, sound, AT);
    mega_param_set(e, AT + 10, mega_find_param(e, "x", "mode"), 1, -1);
    host_render(e, sound + AT, AFTER);
    mega_destroy(e);
    assert_true(sound[AT + 10] == 1 && sound[AT + 10 + FADE] < 0.8f);
    assert_true(greatest_step(sound, 1, SOUND) < 0.005);
    for (uint32_t t = AT + 10 + FADE; t < SOUND; t++)
        assert_true(sound[t] == sound[AT + 10 + FADE]);
}

static mega_status set_mode(mega_engine *e, const char *value, float fade_ms) {
    char list[200];
    mega_change how = {.rev = MEGA_REV_ANY, .fade_ms = fade_ms};
    snprintf(list, sizeof list,
             "[{\"op\":\"set\",\"id\":\"x\",\"param\":\"mode\",\"value\":\"%s\"}]", value);
    return mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &how, NULL, NULL);
}

/// Who wants an edit without a fade gets it.
static void edits_without_a_fade_cut(void **state) {
    (void)state;
    static float sound[SOUND];
    mega_engine *e = host_open("{\"nodes\":{\"s\":{\"type\":\"osc.sine\"},\"x\":{\"type\":"
                               "\"onepole\",\"params\":{\"freq\":"
                               "20000}},\"out\":{\"type\":\"output\"}},\"connections\":[{\"from\":"
                               "[\"s\",\"out\"],\"to\":[\"x\","
                               "\"in\"]},{\"from\":[\"x\",\"out\"],\"to\":[\"out\",\"in\"]}]}");
    host_render(e, sound, AT);
    assert_int_equal(set_mode(e, "high", 0), MEGA_OK);
    host_render(e, sound + AT, AFTER);
    mega_destroy(e);
    for (uint32_t t = AT; t < SOUND; t++) assert_true(fabsf(sound[t]) < 0.1f);
    assert_true(greatest_step(sound, AT, AT + 1) > 0.05 || fabsf(sound[AT - 1]) < 0.1f);
}

/// Turned, and before that fade ends edited; then turned during the edit's fade.
static void edits_and_turns_overlap(void **state) {
    (void)state;
    static float sound[SOUND];
    for (uint32_t offset = 0; offset < 64; offset += 9) {
        mega_engine *e = host_open(
            "{\"nodes\":{\"s\":{\"type\":\"osc.sine\",\"params\":{\"freq\":300,\"amp\":0.5}},\"x\":"
            "{"
            "\"type\":\"ladder\",\"params\":{\"freq\":400}},\"out\":{\"type\":\"output\"}},"
            "\"connections\":[{\"from\":[\"s\",\"out\"],\"to\":[\"x\",\"in\"]},{\"from\":[\"x\","
            "\"out\"],"
            "\"to\":[\"out\",\"in\"]}]}");
        int32_t mode = mega_find_param(e, "x", "mode");
        host_render(e, sound, AT);
        mega_param_set(e, AT + offset, mode, 0, -1);
        host_render(e, sound + AT, 64);
        assert_int_equal(set_mode(e, "bp", 3), MEGA_OK);
        host_render(e, sound + AT + 64, 64);
        mega_param_set(e, AT + 128 + offset, mode, 2, -1);
        host_render(e, sound + AT + 128, AFTER - 128);
        mega_destroy(e);
        double step = greatest_step(sound, AT, SOUND);
        if (step > 0.03) print_message("offset %u: a step of %.3g\n", offset, step);
        assert_true(step <= 0.03);
    }
}

/// A voice begins with the choice of its time: the one before it in its lane leaves no fade behind.
static void voices_begin_without_a_fade(void **state) {
    (void)state;
    turn_case c = {mega_isa_one.modules[0], NULL, 0, 3, true};
    for (uint32_t i = 0; i < MEGA_MODULE_COUNT; i++)
        if (strcmp(mega_isa_one.modules[i]->name, "ladder") == 0)
            c.module = mega_isa_one.modules[i];
    for (uint32_t p = 0; p < c.module->param_count; p++)
        if (strcmp(c.module->params[p].name, "mode") == 0) c.row = &c.module->params[p];
    assert_non_null(c.row);
    static float turned[2400], fresh[2400];
    mega_engine *e = host_open(document_of(&c, false));
    mega_note note;
    mega_note_on(e, MEGA_NOW, 60, 0.8f, &note);
    host_render(e, NULL, 960);
    mega_note_off(e, MEGA_NOW, note, 0);
    host_render(e, NULL, 9600);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    mega_param_set(e, MEGA_NOW, mega_find_param(e, "x", "mode"), 3, -1);
    mega_note_on(e, MEGA_NOW, 60, 0.8f, &note);
    host_render(e, turned, 2400);
    mega_destroy(e);
    c.from = 3;
    e = host_open(document_of(&c, false));
    mega_note_on(e, 960 + 9600, 60, 0.8f, &note);
    host_render(e, NULL, 960 + 9600);
    host_render(e, fresh, 2400);
    mega_destroy(e);
    assert_memory_equal(turned, fresh, sizeof turned);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_fit),
        cmocka_unit_test(turns_sound_as_edits),
        cmocka_unit_test(no_turn_steps),
        cmocka_unit_test(splits_change_nothing),
        cmocka_unit_test(cables_move_choices),
        cmocka_unit_test(loops_fade_too),
        cmocka_unit_test(constants_fade_too),
        cmocka_unit_test(edits_without_a_fade_cut),
        cmocka_unit_test(edits_and_turns_overlap),
        cmocka_unit_test(voices_begin_without_a_fade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
