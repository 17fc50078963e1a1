// SPDX-License-Identifier: MIT
// carryover -- values set while a change of the patch is under way: none is lost, and the last one
// counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/slot.h"
#include "support/host.h"
#include "support/random_control.h"

static void edit(mega_engine *e, const char *list) {
    mega_report *report = mega_report_create();
    mega_status status = mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
}

static void set(mega_engine *e, const char *node, const char *name, float value) {
    int32_t number = mega_find_param(e, node, name);
    assert_true(number >= 0);
    assert_int_equal(mega_param_set(e, MEGA_NOW, number, value, -1), MEGA_OK);
}

static float param(mega_engine *e, const char *node, const char *name) {
    float value = -1;
    assert_int_equal(mega_param_get(e, node, name, &value), MEGA_OK);
    return value;
}

/// A parameter or a knob, and what it was set to last.
typedef struct {
    const char *node, *name; ///< of the patch; node NULL: a knob
    float value;
} turned;

/// Turns some of all there is to turn, several times over.
static size_t turn_some(random_control *c, const mega_patch *now, turned *all) {
    size_t count = 0;
    for (size_t k = 0; k < now->knob_count && count < 20; k++) {
        all[count] = (turned){NULL, now->knobs[k].id, rng_unit(&c->r)};
        mega_knob_set(c->engine, MEGA_NOW, mega_find_knob(c->engine, all[count].name),
                      all[count].value);
        count++;
    }
    for (size_t n = 0; n < now->node_count; n++) {
        const mega_module *m = now->nodes[n].module;
        if (!settable_params(m) || count == 120) continue;
        const mega_param_row *row = &m->params[rng_below(&c->r, settable_params(m))];
        for (int again = 0; again < 2; again++) {
            float value = random_patch_value(&c->r, row);
            set(c->engine, now->nodes[n].id, row->name, value);
            mega_way way = mega_way_of(row);
            value = mega_way_hold(&way, value);
            all[count] = (turned){now->nodes[n].id, row->name, value};
        }
        count++;
    }
    return count;
}

/// Right after an edit, in the middle of its fade, behind two: it stands there when all has
/// settled.
static void what_is_turned_after_an_edit_stays(void **unused) {
    (void)unused;
    static turned all[128];
    uint64_t values = 0, edits = 0;
    for (uint64_t seed = 1; seed <= 25; seed++) {
        char *text = random_patch(seed, 0);
        random_control c = {.engine = host_open(text), .r = rng_create(seed), .bus = -1};
        for (int round = 0; round < 12; round++) {
            for (uint32_t i = rng_below(&c.r, 3); i < 3; i++) {
                control_edit(&c, false);
                if (rng_chance(&c.r, 0.5f)) host_render(c.engine, NULL, 64 * rng_below(&c.r, 12));
            }
            uint64_t dropped = mega_counters_get(c.engine).events_dropped;
            mega_patch *now = mega_patch_clone(mega_loaded_patch(c.engine));
            size_t count = turn_some(&c, now, all);
            host_render(c.engine, NULL, 64 * 1000);
            for (size_t i = 0; i < count; i++) {
                float value = -1;
                if (all[i].node) value = param(c.engine, all[i].node, all[i].name);
                else assert_int_equal(mega_knob_get(c.engine, all[i].name, &value), MEGA_OK);
                if (value != all[i].value)
                    fail_msg("patch %u, round %d: %s.%s is %g, was set to %g", (unsigned)seed,
                             round, all[i].node ? all[i].node : "knob", all[i].name, (double)value,
                             (double)all[i].value);
            }
            assert_int_equal(mega_counters_get(c.engine).events_dropped, dropped);
            values += count;
            mega_patch_destroy(now);
        }
        edits += c.done.edits;
        mega_destroy(c.engine);
        free(text);
    }
    print_message("%llu values after %llu edits: all stayed\n", (unsigned long long)values,
                  (unsigned long long)edits);
}

static const char PLAIN[] =
    "{\"knobs\": {\"k\": {\"value\": 0.5}},"
    " \"nodes\": {\"tone\": {\"type\": \"osc.sine\", \"params\": {\"freq\": 220}},"
    "  \"filt\": {\"type\": \"svf\"}, \"out\": {\"type\": \"output\"}},"
    " \"connections\": [{\"from\": \"k\", \"to\": \"filt.res\"}, {\"from\": \"tone.out\", \"to\": "
    "\"filt.in\"},"
    "  {\"from\": \"filt.low\", \"to\": \"out.in\"}]}";

/// Sent for now, in one block: the order of sending decides.
static void an_edit_after_it_counts(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PLAIN);
    host_render(e, NULL, 640);
    for (int fades = 0; fades < 2; fades++) {
        set(e, "tone", "freq", 300);
        edit(e, fades
                    ? "[{\"op\": \"set\", \"id\": \"tone\", \"param\": \"freq\", \"value\": 400},"
                      " {\"op\": \"replace\", \"id\": \"filt\", \"type\": \"onepole\"},"
                      " {\"op\": \"connect\", \"from\": [\"filt\", \"out\"], \"to\": [\"out\", "
                      "\"in\"]}]"
                    : "[{\"op\": \"set\", \"id\": \"tone\", \"param\": \"freq\", \"value\": 440}]");
        float wanted = fades ? 400 : 440;
        assert_true(param(e, "tone", "freq") == wanted);
        host_render(e, NULL, 64 * 100);
        assert_true(param(e, "tone", "freq") == wanted);
    }
    set(e, "tone", "freq", 500); // and the other way round
    assert_true(param(e, "tone", "freq") == 500);
    mega_destroy(e);
}

/// What a node is set to before anything is heard of it is there when it is.
static void unheard_nodes_have_values(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PLAIN);
    edit(e, "[{\"op\": \"add\", \"id\": \"wobble\", \"type\": \"lfo\"}]");
    set(e, "wobble", "freq", 7);
    host_render(e, NULL, 6400);
    edit(e,
         "[{\"op\": \"connect\", \"from\": [\"wobble\", \"out\"], \"to\": [\"filt\", \"freq\"]}]");
    host_render(e, NULL, 6400);
    assert_true(param(e, "wobble", "freq") == 7);
    edit(e, "[{\"op\": \"disconnect\", \"from\": [\"wobble\", \"out\"], \"to\": [\"filt\", "
            "\"freq\"]}]");
    host_render(e, NULL, 6400);
    assert_true(param(e, "wobble", "freq") == 7);
    assert_int_equal(mega_counters_get(e).events_dropped, 0);
    mega_destroy(e);
}

/// Notes that were sent before a panic and not heard yet end with it; those sent after it sound.
static void panic_comes_in_its_place(void **unused) {
    (void)unused;
    mega_engine *e =
        host_open("{\"nodes\": {\"note\": {\"type\": \"note\"}, \"saw\": {\"type\": \"osc.saw\"},"
                  " \"out\": {\"type\": \"output\"}}, \"connections\": ["
                  "{\"from\": \"note.freq\", \"to\": \"saw.freq\"},"
                  "{\"from\": \"saw.out\", \"to\": \"out.in\"}]}");
    host_render(e, NULL, 640);
    for (int i = 0; i < 3; i++) mega_note_on(e, MEGA_NOW, 60 + (float)i, 1, NULL);
    mega_panic(e);
    mega_note_on(e, MEGA_NOW, 72, 1, NULL);
    host_render(e, NULL, 640);
    for (int i = 0; i < 3; i++) mega_note_on(e, 9600, 48 + (float)i, 1, NULL);
    assert_int_equal(mega_counters_get(e).voices_active, 1);
    mega_panic(e);
    host_render(e, NULL, 640);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    host_render(e, NULL, 9600);
    assert_int_equal(mega_counters_get(e).voices_active, 0);
    assert_int_equal(mega_counters_get(e).notes_dropped, 3);
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_turned_after_an_edit_stays),
        cmocka_unit_test(an_edit_after_it_counts),
        cmocka_unit_test(unheard_nodes_have_values),
        cmocka_unit_test(panic_comes_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
