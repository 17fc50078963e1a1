// SPDX-License-Identifier: MIT
// timed -- changes for a given frame: the same bits whether scheduled ages before or made on the
// spot; what may come between, and what may not.
#define _GNU_SOURCE // asprintf
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/host.h"
#include "support/random_edit.h"

enum { SECONDS = 3, FRAMES = SECONDS * 48000, EDITS = 40, SEQUENCES = 12 };

static const char PATCH[] =
    "{\"voices\":6,\"knobs\":{\"k0\":{\"value\":0.4}},\"nodes\":{\"note\":{\"type\":\"note\"},"
    "\"osc\":{\"type\":\"osc.saw\"},\"filt\":{\"type\":\"svf\",\"params\":{\"freq\":900}},"
    "\"env\":{\"type\":\"env\"},\"vca\":{\"type\":\"gain\"},\"echo\":{\"type\":\"delay\"},"
    "\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
    "{\"from\":[\"note\",\"gate\"],\"to\":[\"env\",\"gate\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"filt\",\"in\"]},"
    "{\"from\":[\"filt\",\"low\"],\"to\":[\"vca\",\"in\"]},"
    "{\"from\":\"k0\",\"to\":[\"filt\",\"res\"]},"
    "{\"from\":[\"env\",\"out\"],\"to\":[\"vca\",\"amp\"]},"
    "{\"from\":[\"vca\",\"out\"],\"to\":[\"echo\",\"in\"]},"
    "{\"from\":[\"echo\",\"out\"],\"to\":[\"out\",\"left\"],\"amount\":0.5},"
    "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

/// An operation that fits the document and compiles, to be freed; `*document` becomes what it
/// leaves.
static char *draw(rng *r, mega_patch **document) {
    for (;;) {
        char *list = NULL, *op = random_edit(r, *document);
        assert_true(asprintf(&list, "[%s]", op) > 0);
        free(op);
        mega_patch *after =
            mega_patch_edit(*document, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL);
        if (after && mega_patch_node_count(after) > 3 && !mega_patch_check(after, NULL)) {
            mega_patch_destroy(*document);
            *document = after;
            return list;
        }
        mega_patch_destroy(after);
        free(list);
    }
}

typedef struct {
    char *list;
    mega_change how;
} timed;

/// Edits at random frames: some in one block, some in the fade of the one before.
static void draw_sequence(uint32_t seed, timed *edits) {
    rng r = rng_create(seed);
    mega_patch *document = host_read_patch(PATCH);
    uint64_t frame = 100;
    for (int i = 0; i < EDITS; i++) {
        float fade_ms = rng_chance(&r, 0.2f) ? 0 : rng_between(&r, 0, 12);
        edits[i] = (timed){draw(&r, &document), {MEGA_REV_ANY, fade_ms, frame}};
        frame += rng_chance(&r, 0.3f) ? rng_below(&r, 100) : rng_below(&r, 5000);
    }
    mega_patch_destroy(document);
}

static void edit(mega_engine *e, const timed *t, uint64_t frame) {
    mega_report *report = mega_report_create();
    mega_change how = t->how;
    how.frame = frame;
    mega_status status =
        mega_edit(e, t->list, strlen(t->list), MEGA_FORMAT_JSON, &how, NULL, report);
    if (status) host_print(report);
    assert_int_equal(status, MEGA_OK);
    mega_report_destroy(report);
}

static void chords(mega_engine *e) {
    for (int i = 0; i < 9; i++) {
        mega_note note;
        mega_note_on(e, (uint64_t)i * 15000, 40 + (float)i * 5, 0.8f, &note);
        mega_note_off(e, (uint64_t)i * 15000 + 31000, note, 0.5f);
    }
}

/// All scheduled before the first frame; rendered in chunks of any size.
static void render_ahead(const timed *edits, uint32_t seed, float *left) {
    rng r = rng_create(seed);
    mega_engine *e = host_open(PATCH);
    host_render(e, NULL, 64); // the load is in force
    chords(e);
    for (int i = 0; i < EDITS; i++) edit(e, &edits[i], edits[i].how.frame);
    for (uint32_t at = 64; at < FRAMES;) {
        uint32_t part = 1 + rng_below(&r, 700);
        if (part > FRAMES - at) part = FRAMES - at;
        host_render(e, left + at, part);
        at += part;
    }
    assert_int_equal(mega_changes_scheduled(e), 0);
    assert_int_equal(mega_counters_get(e).changes_late, 0);
    mega_destroy(e);
}

/// Each made when the block that holds its frame is the next to be rendered.
static void render_on_the_spot(const timed *edits, float *left) {
    mega_engine *e = host_open(PATCH);
    host_render(e, NULL, 64);
    chords(e);
    uint32_t at = 64;
    for (int i = 0; i < EDITS; i++) {
        uint32_t block = (uint32_t)(edits[i].how.frame / 64 * 64);
        if (block > at) host_render(e, left + at, block - at);
        if (block > at) at = block;
        edit(e, &edits[i], MEGA_NOW);
    }
    host_render(e, left + at, FRAMES - at);
    mega_destroy(e);
}

static void scheduled_is_as_made_on_the_spot(void **unused) {
    (void)unused;
    static float ahead[FRAMES], spot[FRAMES];
    for (uint32_t seed = 1; seed <= SEQUENCES; seed++) {
        timed edits[EDITS];
        draw_sequence(seed, edits);
        render_ahead(edits, seed, ahead);
        render_on_the_spot(edits, spot);
        for (uint32_t t = 64; t < FRAMES; t++) {
            if (!memcmp(&ahead[t], &spot[t], sizeof *ahead)) continue;
            fail_msg("sequence %u differs from frame %u on", seed, t);
        }
        for (int i = 0; i < EDITS; i++) free(edits[i].list);
    }
    printf(
        "%d sequences of %d edits: scheduled before the first frame and made on the spot give the "
        "same bits\n",
        SEQUENCES, EDITS);
}

// ---- order, conflicts, numbers ----------------------------------------------------------------

static mega_status put(mega_engine *e, const char *list, uint64_t frame, mega_changed *done,
                       mega_report *report) {
    mega_change how = {MEGA_REV_ANY, 3, frame};
    return mega_edit(e, list, strlen(list), MEGA_FORMAT_JSON, &how, done, report);
}

static bool has_node(const mega_patch *patch, const char *id) {
    for (size_t n = 0; n < mega_patch_node_count(patch); n++)
        if (!strcmp(mega_patch_node(patch, n).id, id)) return true;
    return false;
}

static const char ADD_LP[] = "[{\"op\":\"add\",\"id\":\"lp\",\"type\":\"onepole\"}]";
static const char OTHER_LP[] = "[{\"op\":\"add\",\"id\":\"lp\",\"type\":\"svf\"}]";
static const char SET_LP[] = "[{\"op\":\"set\",\"id\":\"lp\",\"param\":\"freq\",\"value\":50}]";
static const char ADD_HP[] = "[{\"op\":\"add\",\"id\":\"hp\",\"type\":\"onepole\"}]";

static void scheduled_changes_follow_their_frames(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PATCH);
    mega_report *report = mega_report_create();
    host_render(e, NULL, 640);
    uint64_t rev = mega_rev(e), frame;
    mega_changed add, set, hp;
    // the later one needs the one before
    assert_int_equal(put(e, SET_LP, 9000, NULL, report), MEGA_ERROR_PATCH);
    assert_int_equal(put(e, ADD_LP, 3000, &add, NULL), MEGA_OK);
    assert_int_equal(put(e, SET_LP, 9000, &set, NULL), MEGA_OK);
    assert_int_equal(put(e, SET_LP, 2000, NULL, NULL), MEGA_ERROR_PATCH);
    assert_int_equal(mega_changes_scheduled(e), 2);
    assert_int_equal(mega_rev(e), rev);
    assert_false(has_node(mega_loaded_patch(e), "lp"));
    assert_true(mega_find_param(e, "lp", "freq") >= 0); // events may already be sent ahead
    // one at once, between, and one that is in the way
    assert_int_equal(put(e, ADD_HP, MEGA_NOW, &hp, NULL), MEGA_OK);
    assert_int_equal(mega_rev(e), rev + 1);
    assert_int_equal(put(e, OTHER_LP, MEGA_NOW, NULL, report), MEGA_ERROR_PATCH);
    const mega_diagnostic *last = mega_report_get(report, mega_report_count(report) - 1);
    assert_string_equal(last->code, "conflict");
    printf("%s; %s\n", last->message, last->hint);
    assert_int_equal(mega_change_cancel(e, add.number, NULL), MEGA_ERROR_PATCH);
    assert_int_equal(mega_changes_scheduled(e), 2);
    assert_false(mega_change_frame(e, hp.number, &frame));
    host_render(e, NULL, 64);
    assert_true(mega_change_frame(e, hp.number, &frame));
    assert_int_equal(frame, 640);
    host_render(e, NULL, 2944 - 704);
    assert_false(mega_change_frame(e, add.number, &frame));
    host_render(e, NULL, 64);
    assert_true(mega_change_frame(e, add.number, &frame));
    assert_int_equal(frame, 2944);
    assert_int_equal(mega_rev(e), rev + 2);
    assert_true(has_node(mega_loaded_patch(e), "lp"));
    assert_int_equal(mega_change_cancel(e, set.number, NULL), MEGA_OK);
    assert_int_equal(mega_change_cancel(e, set.number, NULL), MEGA_ERROR_NAME);
    assert_int_equal(mega_undo(e, 3, NULL, NULL), MEGA_OK); // the last in force
    assert_false(has_node(mega_loaded_patch(e), "lp"));
    assert_true(has_node(mega_loaded_patch(e), "hp"));
    host_render(e, NULL, 9600);
    assert_int_equal(mega_changes_scheduled(e), 0);
    assert_int_equal(mega_counters_get(e).changes_late, 0);
    mega_free(add.undo_json);
    mega_free(set.undo_json);
    mega_free(hp.undo_json);
    mega_report_destroy(report);
    mega_destroy(e);
}

static void no_more_than_the_limit(void **unused) {
    (void)unused;
    mega_engine *e = host_open(PATCH);
    host_render(e, NULL, 64);
    mega_report *report = mega_report_create();
    char list[100];
    for (int i = 0; i <= MEGA_SCHEDULED_MAX; i++) {
        snprintf(list, sizeof list, "[{\"op\":\"add\",\"id\":\"n%d\",\"type\":\"gain\"}]", i);
        // from the end to the start: each is before all others
        uint64_t frame = 100000 - (uint64_t)i * 1000;
        assert_int_equal(put(e, list, frame, NULL, report),
                         i < MEGA_SCHEDULED_MAX ? MEGA_OK : MEGA_ERROR_LIMIT);
    }
    assert_string_equal(mega_report_get(report, mega_report_count(report) - 1)->code, "limit");
    assert_int_equal(put(e, "[{\"op\":\"voices\",\"count\":3}]", MEGA_NOW, NULL, NULL), MEGA_OK);
    host_render(e, NULL, 50000);
    size_t left = mega_changes_scheduled(e);
    assert_in_range(left, 30, 60);
    // a load forgets them; an engine may go with some waiting
    host_load(e, PATCH);
    assert_int_equal(mega_changes_scheduled(e), 0);
    assert_int_equal(put(e, ADD_LP, 200000, NULL, NULL), MEGA_OK);
    mega_report_destroy(report);
    mega_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scheduled_is_as_made_on_the_spot),
        cmocka_unit_test(scheduled_changes_follow_their_frames),
        cmocka_unit_test(no_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
