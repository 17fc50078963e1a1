// SPDX-License-Identifier: MIT
// settle -- what edits leave behind: nothing. After random edits of random patches, once the sound
// has decayed, what is played is what a fresh load of the final document plays, bit for bit; edits
// that nobody can hear change no bit; and the memory is what the same document took before.
//
// What does not decay: whatever runs on by itself in nodes that exist once (oscillators, LFOs, the
// motion in chorus and reverb), voices that sound without their gate, echoes that are fed back for
// minutes, a fixed point that a filter reaches from above or below, and the seed that a renamed
// node keeps. So each patch is compared twice: after a panic, which empties all of it (here nothing
// may differ), and after 20 s of silence alone where no such node is heard.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <malloc.h>

#include "support/clicks.h"
#include "support/failing_malloc.h"
#include "support/files.h"

enum { PATCHES = 24, DECAYING = 10, SEEDS_MAX = 400, EDITS = 12, PLAYED = 9600 };

static mega_patch *read_random(uint64_t seed) {
    char *text = random_patch(seed * 1000003, 0);
    mega_patch *patch = host_read_patch(text);
    free(text);
    return patch;
}

/// A sounding edit of which a fresh load of the document could know.
static mega_patch *draw(rng *r, const mega_patch *before) {
    for (;;) {
        sounding_kind kind;
        char *list;
        mega_patch *after = sounding_edit(r, before, &kind, &list);
        bool renames = strstr(list, "\"rename\"") != NULL;
        free(list);
        if (!renames) return after;
        mega_patch_destroy(after);
    }
}

/// The final document of the edits that `seed` draws. @param e where they happen while it plays, or
/// NULL
static mega_patch *edit_all(uint64_t seed, mega_engine *e) {
    rng r = rng_create(seed * 77777);
    mega_patch *now = read_random(seed);
    if (e) assert_int_equal(mega_load(e, now, NULL), MEGA_OK);
    mega_note notes[CLICKS_NOTES];
    if (e) clicks_chord(e, 45, notes);
    for (int i = 0; i < EDITS; i++) {
        mega_patch *after = draw(&r, now);
        uint32_t frames = rng_below(&r, 1500);
        if (e) clicks_render(e, NULL, 0, frames);
        float fade_ms = rng_chance(&r, 0.2f) ? 0 : 3;
        if (e) clicks_rewire(e, after, fade_ms);
        mega_patch_destroy(now);
        now = after;
    }
    return now;
}

/// What shared nodes remember ends when their inputs do.
static bool decays(const mega_patch *p) {
    static const char *const forget[] = {"note",  "output", "gain", "add",   "mul",     "mix",
                                         "scale", "clip",   "pan",  "input", "bus.out", "bus.in"};
    for (size_t n = 0; n < p->node_count; n++) {
        bool known = mega_patch_node_per_voice(p, n);
        for (size_t i = 0; i < sizeof forget / sizeof *forget; i++)
            known = known || strcmp(p->nodes[n].module->name, forget[i]) == 0;
        if (!known) return false;
    }
    return true;
}

static float played[2][2][CLICKS_FRAMES];

/// A chord on both, from the same frame on. @return the first frame that differs, or -1
static int compare(mega_engine *edited, mega_engine *fresh) {
    mega_engine *const both[2] = {edited, fresh};
    for (int k = 0; k < 2; k++) {
        mega_note notes[CLICKS_NOTES];
        clicks_chord(both[k], 40, notes);
        clicks_render(both[k], played[k], 0, PLAYED);
    }
    for (int t = 0; t < PLAYED; t++)
        for (int side = 0; side < 2; side++)
            if (memcmp(&played[0][side][t], &played[1][side][t], sizeof(float))) return t;
    return -1;
}

static void render_to(mega_engine *e, uint64_t frame) {
    while (mega_counters_get(e).frame < frame) {
        uint64_t rest = frame - mega_counters_get(e).frame;
        clicks_render(e, NULL, 0, rest < 512 ? (uint32_t)rest : 512);
    }
}

/// A patch that was edited as it played, and a fresh load of what came of it, after the same notes.
typedef struct {
    mega_patch *document;
    mega_engine *edited, *fresh;
} pair;

static pair open_pair(uint64_t seed) {
    pair p = {.edited = host_open(NULL), .fresh = host_open(NULL)};
    p.document = edit_all(seed, p.edited);
    mega_load(p.fresh, p.document, NULL);
    mega_note notes[CLICKS_NOTES];
    clicks_chord(p.fresh, 45, notes); // notes have numbers, and sound by them
    return p;
}

static void close_pair(pair *p) {
    mega_patch_destroy(p->document);
    mega_destroy(p->edited);
    mega_destroy(p->fresh);
}

/// @param ended receives whether all voices had: if not, nothing is compared
/// @return whether it is heard at all
static bool expect_same(pair *p, uint64_t seed, uint64_t frame, bool panic, bool *ended) {
    *ended = true;
    mega_engine *const both[2] = {p->edited, p->fresh};
    for (int k = 0; k < 2; k++) {
        mega_all_notes_off(both[k], MEGA_NOW);
        render_to(both[k], frame);
        if (panic) mega_panic(both[k]);
        clicks_render(both[k], NULL, 0, 128);
        *ended = *ended && mega_counters_get(both[k]).voices_active == 0;
    }
    if (!*ended) return false;
    int at = compare(p->edited, p->fresh);
    if (at >= 0) {
        char *text;
        size_t bytes;
        mega_patch_write(p->document, MEGA_FORMAT_SEXP, &text, &bytes);
        printf("patch %llu differs from frame %d on:\n%s\n", (unsigned long long)seed, at, text);
        mega_free(text);
    }
    assert_int_equal(at, -1);
    return clicks_rms(played[0][0], 0, PLAYED) > 1e-4;
}

static void edits_leave_nothing_behind(void **unused) {
    (void)unused;
    uint32_t sounding = 0;
    for (uint64_t seed = 1; seed <= PATCHES; seed++) {
        pair p = open_pair(seed);
        bool ended;
        sounding += expect_same(&p, seed, 64 * 1000, true, &ended);
        assert_true(ended);
        close_pair(&p);
    }
    printf("%d edits each of %d random patches, %u of which are heard: once emptied, as freshly "
           "loaded\n",
           EDITS, PATCHES, sounding);
}

static void what_decays_is_as_freshly_loaded(void **unused) {
    (void)unused;
    uint32_t found = 0, ringing = 0, sounding = 0;
    for (uint64_t seed = 1; seed <= SEEDS_MAX && found < DECAYING; seed++) {
        mega_patch *document = edit_all(seed, NULL);
        bool right = decays(document);
        mega_patch_destroy(document);
        if (!right) continue;
        pair p = open_pair(seed);
        bool ended;
        sounding += expect_same(&p, seed, 64 * 15000, false, &ended);
        close_pair(&p);
        found += ended;
        ringing += !ended;
    }
    printf("%d edits each of %u that decay, %u of which are heard: after 20 s, as freshly loaded "
           "(%u more had voices that sound without their gate)\n",
           EDITS, found, sounding, ringing);
    assert_true(found >= 5);
}

// ---- what nobody can hear ---------------------------------------------------------------------

/// An edit of editor's keys, names, or a node that leads nowhere.
static mega_patch *draw_silent(rng *r, const mega_patch *p, uint32_t number) {
    char list[300];
    const char *id = p->nodes[rng_below(r, (uint32_t)p->node_count)].id;
    const mega_module *module = sounding_module(r, false);
    switch (rng_below(r, 6)) {
    case 0:
        snprintf(list, sizeof list, "[{\"op\":\"set\",\"id\":\"%s\",\"x-pos\":[%u,%u]}]", id,
                 rng_below(r, 900), rng_below(r, 900));
        break;
    case 1:
        snprintf(list, sizeof list, "[{\"op\":\"rename\",\"id\":\"%s\",\"to\":\"q%u\"}]", id,
                 number);
        break;
    case 2:
        snprintf(list, sizeof list, "[{\"op\":\"name\",\"name\":\"number %u\"}]", number);
        break;
    case 3:
        snprintf(list, sizeof list, "[{\"op\":\"voices\",\"count\":%u}]",
                 p->voices + rng_below(r, 20));
        break;
    default:
        snprintf(list, sizeof list,
                 "[{\"op\":\"add\",\"id\":\"u%u\",\"type\":\"%s\"},{\"op\":\"add\",\"id\":\"v%u\","
                 "\"type\":\"gain\"},{\"op\":\"connect\",\"from\":[\"u%u\",\"%s\"],\"to\":[\"v%u\","
                 "\"in\"]}]",
                 number, module->name, number, number, module->outputs[0].name, number);
        break;
    }
    mega_patch *after = mega_patch_edit(p, list, strlen(list), MEGA_FORMAT_JSON, NULL, NULL);
    if (!after) printf("%s\n", list);
    assert_non_null(after);
    return after;
}

static void what_nobody_hears_changes_no_bit(void **unused) {
    (void)unused;
    uint32_t sounding = 0, edits = 0;
    for (uint64_t seed = 1; seed <= PATCHES; seed++) {
        mega_engine *edited = host_open(NULL), *left_alone = host_open(NULL);
        mega_patch *now = read_random(seed);
        rng r = rng_create(seed * 55555);
        mega_load(edited, now, NULL);
        mega_load(left_alone, now, NULL);
        mega_note notes[CLICKS_NOTES];
        clicks_chord(edited, 45, notes);
        clicks_chord(left_alone, 45, notes);
        for (uint32_t i = 0; i < 20; i++) {
            uint32_t frames = 100 + rng_below(&r, 1500);
            clicks_render(edited, played[0], 0, frames);
            clicks_render(left_alone, played[1], 0, frames);
            for (int side = 0; side < 2; side++)
                assert_memory_equal(played[0][side], played[1][side], frames * sizeof(float));
            sounding += i == 19 && clicks_rms(played[0][0], 0, frames) > 1e-4;
            mega_patch *after = draw_silent(&r, now, i);
            clicks_rewire(edited, after, 3);
            edits++;
            mega_patch_destroy(now);
            now = after;
        }
        mega_patch_destroy(now);
        mega_destroy(edited);
        mega_destroy(left_alone);
    }
    printf("%u edits that nobody can hear of %d random patches, %u of which are: no bit changes\n",
           edits, PATCHES, sounding);
}

// ---- memory -----------------------------------------------------------------------------------

#ifndef SANITIZED
static void memory_is_what_it_was(void **unused) {
    (void)unused;
    enum { ALL = 10000 };
    mega_patch *documents[8];
    for (uint64_t i = 0; i < 8; i++) documents[i] = read_random(i + 1);
    mega_engine *e = host_open(NULL);
    rng r = rng_create(3);
    mega_load(e, documents[0], NULL);
    long blocks[2] = {0};
    size_t bytes[2] = {0};
    for (int edit = 1; edit <= ALL; edit++) {
        clicks_rewire(e, documents[rng_below(&r, 8)], rng_chance(&r, 0.5f) ? 3 : 0);
        if (rng_chance(&r, 0.1f)) clicks_render(e, NULL, 0, 1 + rng_below(&r, 300));
        if (edit != 10 && edit != ALL) continue;
        for (int twice = 0; twice < 2; twice++) { // room for more voices goes with the second
            clicks_rewire(e, documents[0], 3);
            clicks_render(e, NULL, 0, 1024);
        }
        mega_collect(e);
        blocks[edit == ALL] = live;
        bytes[edit == ALL] = mallinfo2().uordblks;
    }
    printf("the same document after 10 and after 10,000 changes: %ld and %ld blocks, %zu and %zu "
           "bytes in use\n",
           blocks[0], blocks[1], bytes[0], bytes[1]);
    assert_int_equal(blocks[0], blocks[1]);
    for (int i = 0; i < 8; i++) mega_patch_destroy(documents[i]);
    mega_destroy(e);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_leave_nothing_behind),
        cmocka_unit_test(what_decays_is_as_freshly_loaded),
        cmocka_unit_test(what_nobody_hears_changes_no_bit),
#ifndef SANITIZED
        cmocka_unit_test(memory_is_what_it_was),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
