// SPDX-License-Identifier: MIT
// overrides -- a value set during play stays through edits, undo and redo, renames, replacements,
// undone removals and loads, until it is set again or the document changes that value.
//
// A plain model keeps the nodes and knobs with the values set in each. It never looks at
// the engine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "document/patch.h"
#include "support/host.h"
#include "support/random_patch.h"

enum { NODES = 6, KNOBS = 4, PARAMS = MEGA_PORTS_MAX, STEPS = 60, SEEDS = 120, UNDO_MAX = STEPS };

typedef struct {
    char id[24];
    const mega_module *module; ///< NULL: a knob
    bool gone;
    bool is[PARAMS];
    float value[PARAMS];
} thing;

typedef struct {
    enum { RENAME, REMOVE, REPLACE, SET, CABLE } kind;
    uint32_t which, param;
    char id[24];               ///< RENAME: before, or after
    const mega_module *module; ///< REPLACE: before, or after
    bool is[PARAMS]; ///< REPLACE: of the parameters that the other has not; SET: before, or after
    float value[PARAMS];
} step;

typedef struct {
    mega_engine *engine;
    rng r;
    thing things[NODES + KNOBS];
    step steps[UNDO_MAX];
    uint32_t at, count, names;
    uint64_t turned, edits, undone, loads;
} model;

static const char START[] =
    "{\"knobs\": {\"k0\": {\"value\": 0.25}, \"k1\": {\"value\": 0.5}, \"k2\": {\"value\": 0.75},"
    "  \"k3\": {\"value\": 1}},"
    " \"nodes\": {\"n0\": {\"type\": \"lfo\"}, \"n1\": {\"type\": \"osc.saw\"},"
    "  \"n2\": {\"type\": \"svf\", \"params\": {\"freq\": 900}}, \"n3\": {\"type\": \"ladder\"},"
    "  \"n4\": {\"type\": \"gain\"}, \"n5\": {\"type\": \"osc.pulse\", \"params\": {\"width\": "
    "0.3}},"
    "  \"note\": {\"type\": \"note\"}, \"out\": {\"type\": \"output\"}},"
    " \"connections\": [{\"from\": \"note.freq\", \"to\": \"n1.freq\"}, {\"from\": \"k0\", \"to\": "
    "\"n2.freq\"},"
    "  {\"from\": \"k1\", \"to\": \"n3.freq\"}, {\"from\": \"n1.out\", \"to\": \"n2.in\"}, "
    "{\"from\": \"n2.low\", "
    "\"to\": \"n3.in\"},"
    "  {\"from\": \"n5.out\", \"to\": \"n3.in\"}, {\"from\": \"n3.out\", \"to\": \"n4.in\"},"
    "  {\"from\": \"n4.out\", \"to\": \"out.in\"}, {\"from\": \"n0.out\", \"to\": \"n4.amp\", "
    "\"amount\": 0.1}],"
    " \"presets\": {\"p0\": {\"knobs\": {\"k2\": 0.125}, \"params\": {\"n2\": {\"res\": 0.6}}},"
    "  \"p1\": {\"knobs\": {\"k0\": 0.625}, \"params\": {\"n1\": {\"amp\": 0.4}}}}}";

static uint32_t param_count(const thing *t) { return t->module ? t->module->param_count : 1; }

// ---- turning -----------------------------------------------------------------------------------

static void turn(model *m, thing *t, uint32_t param, float value) {
    if (t->module) {
        const mega_param_row *row = &t->module->params[param];
        int32_t number = mega_find_param(m->engine, t->id, row->name);
        assert_true(number >= 0);
        assert_int_equal(mega_param_set(m->engine, MEGA_NOW, number, value, -1), MEGA_OK);
    } else {
        int32_t number = mega_find_knob(m->engine, t->id);
        assert_true(number >= 0);
        assert_int_equal(mega_knob_set(m->engine, MEGA_NOW, number, value), MEGA_OK);
    }
    t->is[param] = true;
    t->value[param] = value;
    m->turned++;
}

static void turn_one(model *m) {
    thing *t = &m->things[rng_below(&m->r, NODES + KNOBS)];
    if (t->gone) return;
    uint32_t param = rng_below(&m->r, param_count(t));
    float value =
        t->module ? random_patch_value(&m->r, &t->module->params[param]) : rng_unit(&m->r);
    if (t->module && t->module->params[param].choices) value = (float)(int)(value + 0.5f);
    turn(m, t, param, value);
}

/// What a preset gives, as the document has it now: removed things are not in it any more.
static void recall(model *m) {
    const mega_patch *now = mega_loaded_patch(m->engine);
    if (!now->preset_count) return;
    const mega_patch_preset_row *p = &now->presets[rng_below(&m->r, (uint32_t)now->preset_count)];
    for (size_t v = 0; v < p->value_count; v++) {
        const mega_patch_value_row *row = &p->values[v];
        const char *id = row->node < 0 ? now->knobs[row->index].id : now->nodes[row->node].id;
        for (int i = 0; i < NODES + KNOBS; i++) {
            thing *t = &m->things[i];
            if (t->gone || (row->node < 0) != !t->module || strcmp(t->id, id) != 0) continue;
            t->is[t->module ? row->index : 0] = true;
            t->value[t->module ? row->index : 0] = row->value;
        }
    }
    assert_int_equal(mega_preset_recall(m->engine, MEGA_NOW, mega_find_preset(m->engine, p->id), 0),
                     MEGA_OK);
}

// ---- changing ----------------------------------------------------------------------------------

static void edit(model *m, const char *list) {
    mega_report *report = mega_report_create();
    mega_change how = {MEGA_REV_ANY, rng_chance(&m->r, 0.3f) ? 0 : 3, MEGA_NOW};
    mega_status status =
        mega_edit(m->engine, list, strlen(list), MEGA_FORMAT_JSON, &how, NULL, report);
    if (status) host_print(report), print_error("%s\n", list);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
    m->edits++;
}

/// What the same parameter is in another module; -1: it has none, or does not take the value.
static int32_t same_param(const mega_module *from, uint32_t param, const mega_module *to,
                          float *value) {
    int32_t k = mega_module_find_param(to, from->params[param].name);
    if (k < 0 || !from->params[param].choices != !to->params[k].choices) return -1;
    if (from->params[param].choices) {
        const char *name = from->params[param].choices[(int)*value];
        for (int c = 0; to->params[k].choices[c]; c++)
            if (strcmp(to->params[k].choices[c], name) == 0) return *value = (float)c, k;
        return -1;
    }
    return *value >= to->params[k].min && *value <= to->params[k].max ? k : -1;
}

/// @param s what has no place in the type of now, and comes back with the type before
static void become(thing *t, const mega_module *module, step *s) {
    thing old = *t;
    t->module = module;
    memcpy(t->is, s->is, sizeof t->is);
    memcpy(t->value, s->value, sizeof t->value);
    for (uint32_t i = 0; i < old.module->param_count; i++) {
        float value = old.value[i];
        int32_t k = old.is[i] ? same_param(old.module, i, module, &value) : -1;
        s->is[i] = old.is[i] && k < 0;
        s->value[i] = old.value[i];
        if (k < 0) continue;
        t->is[k] = true;
        t->value[k] = value;
    }
    s->module = old.module;
}

/// The model's part of a step, forwards or back.
static void make_step(model *m, step *s, bool back) {
    thing *t = &m->things[s->which];
    if (s->kind == RENAME) {
        char id[24];
        strcpy(id, t->id);
        strcpy(t->id, s->id);
        strcpy(s->id, id);
    } else if (s->kind == REMOVE) {
        t->gone = !back;
    } else if (s->kind == REPLACE) {
        become(t, s->module, s);
    } else if (s->kind == SET) {
        step other = *s;
        s->is[s->param] = t->is[s->param];
        s->value[s->param] = t->value[s->param];
        t->is[s->param] = other.is[s->param];
        t->value[s->param] = other.value[s->param];
    }
}

/// Makes the edit for a later frame, with more turned until then.
static void edit_later(model *m, const char *list) {
    uint64_t frame = mega_counters_get(m->engine).frame + 64 * (2 + rng_below(&m->r, 12));
    mega_change how = {MEGA_REV_ANY, rng_chance(&m->r, 0.3f) ? 0 : 3, frame};
    mega_changed done;
    assert_int_equal(mega_edit(m->engine, list, strlen(list), MEGA_FORMAT_JSON, &how, &done, NULL),
                     MEGA_OK);
    mega_free(done.undo_json);
    for (; rng_chance(&m->r, 0.7f); turn_one(m))
        if (mega_counters_get(m->engine).frame + 128 < frame) host_render(m->engine, NULL, 64);
    for (uint64_t came; !mega_change_frame(m->engine, done.number, &came);)
        host_render(m->engine, NULL, 64);
    m->edits++;
}

static void edit_one(model *m) {
    static const char *const types[] = {"svf",     "ladder",    "filter", "onepole",
                                        "osc.saw", "osc.pulse", "gain"};
    step s = {.which = rng_below(&m->r, NODES + KNOBS)};
    thing *t = &m->things[s.which];
    char list[400];
    if (t->gone) return;
    const char *key = t->module ? "id" : "knob";
    s.param = rng_below(&m->r, param_count(t));
    const mega_param_row *row = t->module ? &t->module->params[s.param] : NULL;
    s.kind = rng_below(&m->r, 5);
    switch (s.kind) {
    case RENAME:
        snprintf(s.id, sizeof s.id, "x%u", m->names++);
        snprintf(list, sizeof list, "[{\"op\": \"rename\", \"%s\": \"%s\", \"to\": \"%s\"}]", key,
                 t->id, s.id);
        break;
    case REMOVE:
        snprintf(list, sizeof list, "[{\"op\": \"%s\", \"id\": \"%s\"}]",
                 t->module ? "remove" : "unknob", t->id);
        break;
    case REPLACE:
        if (!t->module) return;
        s.module = mega_module_find(types[rng_below(&m->r, sizeof types / sizeof *types)]);
        if (s.module == t->module) return;
        snprintf(list, sizeof list, "[{\"op\": \"replace\", \"id\": \"%s\", \"type\": \"%s\"}]",
                 t->id, s.module->name);
        break;
    case SET: {
        float value = row ? random_patch_value(&m->r, row) : rng_unit(&m->r);
        if (row && row->choices) return;
        if (row)
            snprintf(list, sizeof list,
                     "[{\"op\": \"set\", \"id\": \"%s\", \"param\": \"%s\", \"value\": %.9g}]",
                     t->id, row->name, (double)value);
        else
            snprintf(list, sizeof list, "[{\"op\": \"knob\", \"id\": \"%s\", \"value\": %.9g}]",
                     t->id, (double)value);
        break;
    }
    default: // a cable into a parameter makes another value of it, where nothing is written
        if (!row || m->things[0].gone || s.which == 0 || row->choices ||
            strcmp(m->things[0].module->name, "lfo") != 0)
            return;
        snprintf(list, sizeof list,
                 "[{\"op\": \"connect\", \"from\": [\"%s\", \"out\"], \"to\": [\"%s\", \"%s\"], "
                 "\"amount\": 0.01, \"at\": 0}]",
                 m->things[0].id, t->id, row->name);
        break;
    }
    if (rng_chance(&m->r, 0.3f)) edit_later(m, list);
    else edit(m, list);
    make_step(m, &s, false);
    m->steps[m->at++] = s;
    m->count = m->at;
}

static void step_back(model *m) {
    if (!m->at) return;
    assert_int_equal(mega_undo(m->engine, 3, NULL, NULL), MEGA_OK);
    make_step(m, &m->steps[--m->at], true);
    m->undone++;
}

static void step_forward(model *m) {
    if (m->at == m->count) return;
    assert_int_equal(mega_redo(m->engine, 3, NULL, NULL), MEGA_OK);
    make_step(m, &m->steps[m->at++], false);
}

/// The document again, as from a file, by one way or the other: one value in it may be another.
static void load_again(model *m) {
    char *text;
    size_t bytes;
    mega_patch *now = mega_patch_clone(mega_loaded_patch(m->engine));
    int32_t knob = -1;
    if (now->knob_count && rng_chance(&m->r, 0.5f)) {
        knob = (int32_t)rng_below(&m->r, (uint32_t)now->knob_count);
        mega_patch_set_knob(now, now->knobs[knob].id, (double)rng_unit(&m->r));
    }
    for (int i = 0; knob >= 0 && i < NODES + KNOBS; i++)
        if (!m->things[i].module && !m->things[i].gone &&
            !strcmp(m->things[i].id, now->knobs[knob].id))
            m->things[i].is[0] = false;
    assert_int_equal(mega_patch_write(now, MEGA_FORMAT_JSON, &text, &bytes), MEGA_OK);
    mega_patch_destroy(now);
    mega_patch *read = mega_patch_read(text, bytes, MEGA_FORMAT_JSON, NULL);
    mega_free(text);
    if (rng_chance(&m->r, 0.5f)) assert_int_equal(mega_load(m->engine, read, NULL), MEGA_OK);
    else assert_int_equal(mega_rewire(m->engine, read, NULL, NULL, NULL), MEGA_OK);
    mega_patch_destroy(read);
    m->at = m->count = 0;
    m->loads++;
}

// ---- comparing ---------------------------------------------------------------------------------

static float written(const mega_patch *now, int32_t n, uint32_t param) {
    const mega_patch_node_row *row = &now->nodes[n];
    uint32_t port = row->module->input_count + param;
    for (size_t c = 0; c < now->cable_count && !row->written[param]; c++)
        if (now->cables[c].to_node == (uint32_t)n && now->cables[c].to_port == port &&
            now->cables[c].as == MEGA_AS_ADD)
            return 0;
    return row->values[param];
}

static void compare(model *m, uint64_t seed, int at) {
    mega_patch *now = mega_patch_clone(mega_loaded_patch(m->engine));
    for (int i = 0; i < NODES + KNOBS; i++) {
        const thing *t = &m->things[i];
        for (uint32_t p = 0; !t->gone && p < param_count(t); p++) {
            float value = -1, wanted;
            if (t->module) {
                wanted = t->is[p] ? t->value[p] : written(now, mega_patch_find_node(now, t->id), p);
                assert_int_equal(
                    mega_param_get(m->engine, t->id, t->module->params[p].name, &value), MEGA_OK);
            } else {
                wanted =
                    t->is[p] ? t->value[p] : now->knobs[mega_patch_find_knob(now, t->id)].value;
                assert_int_equal(mega_knob_get(m->engine, t->id, &value), MEGA_OK);
            }
            if (value != wanted)
                fail_msg("patch %u, step %d: %s (%s) %s is %.9g, not %.9g", (unsigned)seed, at,
                         t->id, t->module ? t->module->name : "knob",
                         t->module ? t->module->params[p].name : "", (double)value, (double)wanted);
        }
    }
    mega_patch_destroy(now);
}

static void begin(model *m, uint64_t seed) {
    *m = (model){.engine = host_open(START), .r = rng_create(seed * 7919)};
    const mega_patch *now = mega_loaded_patch(m->engine);
    for (int i = 0; i < NODES + KNOBS; i++) {
        thing *t = &m->things[i];
        snprintf(t->id, sizeof t->id, i < NODES ? "n%d" : "k%d", i < NODES ? i : i - NODES);
        if (i < NODES) t->module = now->nodes[mega_patch_find_node(now, t->id)].module;
    }
}

static void turned_stays_turned(void **state) {
    (void)state;
    static model m;
    uint64_t turned = 0, edits = 0, undone = 0, loads = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(&m, seed);
        bool bursts = seed % 2; // else all is heard before the next
        for (int i = 0; i < STEPS; i++) {
            float what = rng_unit(&m.r);
            if (what < 0.4f) turn_one(&m);
            else if (what < 0.5f) recall(&m);
            else if (what < 0.75f) edit_one(&m);
            else if (what < 0.88f) step_back(&m);
            else if (what < 0.95f) step_forward(&m);
            else load_again(&m);
            compare(&m, seed, i);
            if (bursts && rng_chance(&m.r, 0.7f)) continue;
            host_render(m.engine, NULL, 64 * (1 + rng_below(&m.r, bursts ? 6 : 20)));
            compare(&m, seed, i);
        }
        host_render(m.engine, NULL, 64 * 200);
        compare(&m, seed, STEPS);
        mega_destroy(m.engine);
        turned += m.turned, edits += m.edits, undone += m.undone, loads += m.loads;
    }
    print_message("%llu turned, %llu edits, %llu undone, %llu loads\n", (unsigned long long)turned,
                  (unsigned long long)edits, (unsigned long long)undone, (unsigned long long)loads);
}

static void knobs_are(mega_engine *engine, float k0, float k1) {
    float value[2];
    assert_int_equal(mega_knob_get(engine, "k0", &value[0]), MEGA_OK);
    assert_int_equal(mega_knob_get(engine, "k1", &value[1]), MEGA_OK);
    assert_true(value[0] == k0 && value[1] == k1);
}

/// Two knobs take each other's name: each takes its value along, at once and back again.
static void names_are_swapped(void **state) {
    (void)state;
    static const char swap[] =
        "[{\"op\": \"rename\", \"knob\": \"k0\", \"to\": \"t\"}, {\"op\": \"rename\", \"knob\": "
        "\"k1\", \"to\": \"k0\"}, {\"op\": \"rename\", \"knob\": \"t\", \"to\": \"k1\"}]";
    for (uint32_t frames = 0; frames <= 6400; frames += 6400) {
        static model m;
        begin(&m, 1);
        host_render(m.engine, NULL, 640);
        mega_knob_set(m.engine, MEGA_NOW, mega_find_knob(m.engine, "k0"), 0.875f);
        mega_knob_set(m.engine, MEGA_NOW, mega_find_knob(m.engine, "k1"), 0.125f);
        host_render(m.engine, NULL, frames);
        assert_int_equal(
            mega_edit(m.engine, swap, strlen(swap), MEGA_FORMAT_JSON, NULL, NULL, NULL), MEGA_OK);
        knobs_are(m.engine, 0.125f, 0.875f);
        host_render(m.engine, NULL, frames);
        knobs_are(m.engine, 0.125f, 0.875f);
        assert_int_equal(mega_undo(m.engine, 3, NULL, NULL), MEGA_OK);
        knobs_are(m.engine, 0.875f, 0.125f);
        host_render(m.engine, NULL, 6400);
        knobs_are(m.engine, 0.875f, 0.125f);
        mega_destroy(m.engine);
    }
}

/// An edit that gives a node another scope is undone while it fades: the node that comes back was
/// dying, and a value that was set right before the edit never reached it.
static void undone_while_it_fades(void **state) {
    (void)state;
    static const char cut[] =
        "[{\"op\": \"disconnect\", \"from\": [\"note\", \"freq\"], \"to\": [\"n1\", \"freq\"]}]";
    for (uint32_t frames = 0; frames <= 640; frames += 64) {
        static model m;
        float value;
        begin(&m, 1);
        host_render(m.engine, NULL, 640);
        mega_param_set(m.engine, MEGA_NOW, mega_find_param(m.engine, "n1", "detune"), 35.5f, -1);
        mega_change how = MEGA_CHANGE_NOW;
        how.fade_ms = 30;
        assert_int_equal(mega_edit(m.engine, cut, strlen(cut), MEGA_FORMAT_JSON, &how, NULL, NULL),
                         MEGA_OK);
        host_render(m.engine, NULL, frames);
        assert_int_equal(mega_undo(m.engine, 3, NULL, NULL), MEGA_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(mega_param_get(m.engine, "n1", "detune", &value), MEGA_OK);
            assert_true(value == 35.5f);
            host_render(m.engine, NULL, 6400);
        }
        mega_destroy(m.engine);
    }
}

/// Cables that come or go give a parameter another value: 0 where they add, else its default. One
/// that was set to just that before stands there after the undo too.
static void cables_give_what_was_set(void **state) {
    (void)state;
    static const struct {
        const char *node, *param, *edit;
        float value;
    } rows[] = {
        {"n4", "amp", "[{\"op\": \"disconnect\", \"from\": \"n0.out\", \"to\": \"n4.amp\"}]", 1},
        {"n4", "amp", "[{\"op\": \"remove\", \"id\": \"n0\"}]", 1},
        {"n4", "amp",
         "[{\"op\": \"rename\", \"id\": \"n4\", \"to\": \"n9\"},"
         " {\"op\": \"disconnect\", \"from\": \"n0.out\", \"to\": \"n9.amp\"}]",
         1},
        {"n1", "amp", "[{\"op\": \"connect\", \"from\": \"n0.out\", \"to\": \"n1.amp\"}]", 0},
        {"n1", "amp", "[{\"op\": \"connect\", \"from\": \"k0\", \"to\": \"n1.amp\"}]", 0},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        static model m;
        uint32_t frames = i % 2 ? 6400 : 0;
        size_t r = i / 2;
        begin(&m, 1);
        host_render(m.engine, NULL, 640);
        int32_t number = mega_find_param(m.engine, rows[r].node, rows[r].param);
        mega_param_set(m.engine, MEGA_NOW, number, rows[r].value, -1);
        host_render(m.engine, NULL, frames);
        assert_int_equal(mega_edit(m.engine, rows[r].edit, strlen(rows[r].edit), MEGA_FORMAT_JSON,
                                   NULL, NULL, NULL),
                         MEGA_OK);
        for (int again = 0; again < 2; again++) {
            float value = -1;
            host_render(m.engine, NULL, frames);
            assert_int_equal(mega_undo(m.engine, 3, NULL, NULL), MEGA_OK);
            for (int k = 0; k < 2; k++) {
                assert_int_equal(mega_param_get(m.engine, rows[r].node, rows[r].param, &value),
                                 MEGA_OK);
                assert_float_equal(value, rows[r].value, 0);
                host_render(m.engine, NULL, frames);
            }
            assert_int_equal(mega_redo(m.engine, 3, NULL, NULL), MEGA_OK);
        }
        mega_destroy(m.engine);
    }
}

/// What is set for a later frame reaches its knob and its parameter under the names that they have
/// by then.
/// @param when frames that pass between setting and renaming @param later frames that the renaming
/// waits
static void renamed_before_its_frame(uint32_t when, uint64_t later, const char *renames,
                                     const char *knob, const char *node) {
    enum { FRAME = 3000 };
    static model m;
    float value[2];
    begin(&m, 1);
    host_render(m.engine, NULL, 640);
    mega_knob_set(m.engine, FRAME, mega_find_knob(m.engine, "k0"), 0.875f);
    mega_param_set(m.engine, FRAME, mega_find_param(m.engine, "n1", "detune"), 35.5f, 0);
    host_render(m.engine, NULL, when);
    mega_change how = MEGA_CHANGE_NOW;
    if (later) how.frame = mega_counters_get(m.engine).frame + later;
    assert_int_equal(
        mega_edit(m.engine, renames, strlen(renames), MEGA_FORMAT_JSON, &how, NULL, NULL), MEGA_OK);
    for (int after = 0; after < 2; after++) {
        uint64_t end = after ? FRAME + 640 : FRAME - 64;
        host_render(m.engine, NULL, (uint32_t)(end - mega_counters_get(m.engine).frame));
        mega_collect(m.engine);
        assert_int_equal(mega_knob_get(m.engine, knob, &value[0]), MEGA_OK);
        assert_int_equal(mega_param_get(m.engine, node, "detune", &value[1]), MEGA_OK);
        assert_true(value[0] == (after ? 0.875f : 0.25f) && value[1] == (after ? 35.5f : 0));
    }
    assert_int_equal(mega_counters_get(m.engine).events_dropped, 0);
    mega_destroy(m.engine);
}

static void names_change_before_the_frame(void **state) {
    (void)state;
    static const char once[] = "[{\"op\": \"rename\", \"knob\": \"k0\", \"to\": \"kx\"}, "
                               "{\"op\": \"rename\", \"id\": \"n1\", \"to\": \"nx\"}]";
    static const char swapped[] =
        "[{\"op\": \"rename\", \"knob\": \"k0\", \"to\": \"t\"}, {\"op\": \"rename\", \"knob\": "
        "\"k1\", \"to\": \"k0\"}, {\"op\": \"rename\", \"knob\": \"t\", \"to\": \"k1\"}, "
        "{\"op\": \"rename\", \"id\": \"n1\", \"to\": \"t\"}, {\"op\": \"rename\", \"id\": "
        "\"n5\", \"to\": \"n1\"}, {\"op\": \"rename\", \"id\": \"t\", \"to\": \"n5\"}]";
    for (uint32_t when = 0; when <= 640; when += 64)
        for (uint64_t later = 0; later <= 1280; later += 320) {
            renamed_before_its_frame(when, later, once, "kx", "nx");
            if (!later) renamed_before_its_frame(when, later, swapped, "k1", "n5");
        }
}

/// A document puts a node of another type in the place of one: what was set stays where neither
/// document writes the parameter, and goes where the one before wrote it, since the one after says
/// something else.
static void another_type_in_its_place(void **state) {
    (void)state;
    static const char *const befores[] = {"", ", \"params\": {\"amp\": 0.5}"};
    static const float after[] = {0.75f, 1};
    for (int i = 0; i < 2; i++) {
        char text[512];
        float value = -1;
        snprintf(text, sizeof text,
                 "{\"nodes\": {\"c\": {\"type\": \"osc.saw\"%s}, \"out\": {\"type\": \"output\"}},"
                 " \"connections\": [{\"from\": \"c.out\", \"to\": \"out.in\"}]}",
                 befores[i]);
        mega_engine *engine = host_open(text);
        host_render(engine, NULL, 640);
        assert_int_equal(
            mega_param_set(engine, MEGA_NOW, mega_find_param(engine, "c", "amp"), 0.75f, -1),
            MEGA_OK);
        host_render(engine, NULL, 640);
        mega_patch *patch = host_read_patch(
            "{\"nodes\": {\"c\": {\"type\": \"gain\"}, \"out\": {\"type\": \"output\"}}, "
            "\"connections\": [{\"from\": \"c.out\", \"to\": \"out.in\"}]}");
        assert_int_equal(mega_rewire(engine, patch, NULL, NULL, NULL), MEGA_OK);
        mega_patch_destroy(patch);
        host_render(engine, NULL, 4800);
        mega_collect(engine);
        assert_int_equal(mega_param_get(engine, "c", "amp", &value), MEGA_OK);
        assert_true(value == after[i]);
        mega_destroy(engine);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(undone_while_it_fades),
                                       cmocka_unit_test(cables_give_what_was_set),
                                       cmocka_unit_test(turned_stays_turned),
                                       cmocka_unit_test(names_are_swapped),
                                       cmocka_unit_test(names_change_before_the_frame),
                                       cmocka_unit_test(another_type_in_its_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
