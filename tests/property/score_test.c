// SPDX-License-Identifier: MIT
// score_test -- random scores that rewire, rendered by `megasynth render`'s player and played live:
// in chunks of random sizes, edits given ahead of their frames by as much as a second. The same
// bits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/random_edit.h"

#include "../../clients/cli/play.c"
#include "../../clients/cli/text.c"

#include "support/files.h"

enum {
    CHANNELS = 2,
    RATE = 48000,
    FRAMES = 2 * RATE,
    ITEMS = 120,
    EDITS_MAX = 50,
    FILES = 3,
    SCORES = 24
};
static const char *const FILE_NAMES[FILES] = {"keys.json", "toy.json", "tremolo.json"};
static mega_patch *patches[FILES];

static int read_patches(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char path[4096];
        size_t bytes;
        snprintf(path, sizeof path, "%s/examples/%s", SOURCE_DIR, FILE_NAMES[i]);
        char *text = read_file(path, &bytes);
        patches[i] = text ? mega_patch_read(text, bytes, MEGA_FORMAT_JSON, NULL) : NULL;
        free(text);
        if (!patches[i]) return -1;
    }
    return 0;
}

static int free_patches(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) mega_patch_destroy(patches[i]);
    return 0;
}

static const mega_patch *open_patch(void *context, const char *file, char why[200]) {
    (void)context;
    (void)why;
    for (int i = 0; i < FILES; i++)
        if (strcmp(FILE_NAMES[i], file) == 0) return patches[i];
    return NULL;
}

// ---- making scores -----------------------------------------------------------------------------

typedef struct {
    rng r;
    FILE *text;
    const mega_patch *patch; // as it is at that time
    mega_patch *edited;      // the same, where it is ours
    uint64_t frame, named;   // named: the last block that an event with a name lies in
    int edits, ids;          // notes have ids, from 0
} maker;

static void make_note(maker *m) {
    uint32_t key = 30 + rng_below(&m->r, 60);
    float length = rng_unit(&m->r);
    fprintf(m->text, "\"note\": %u, \"length\": %g, \"id\": %d", key, (double)length, m->ids++);
}

/// Of a note that has begun, or of all.
static void make_expression(maker *m) {
    static const char *const of_one[] = {"bend", "pressure", "timbre", "key", "velocity"},
                             *const of_all[] = {"bend", "pressure", "timbre", "sustain",
                                                "sostenuto"};
    uint32_t what = rng_below(&m->r, 5);
    double unit = (double)rng_unit(&m->r);
    if (m->ids && rng_chance(&m->r, 0.7f))
        fprintf(m->text, "\"id\": %u, \"%s\": %g", rng_below(&m->r, (uint32_t)m->ids), of_one[what],
                what == 0   ? unit * 24 - 12
                : what == 3 ? unit * 127
                            : unit);
    else if (rng_chance(&m->r, 0.1f)) fputs("\"all_off\": true", m->text);
    else fprintf(m->text, "\"%s\": %g", of_all[what], unit);
}

static void make_preset(maker *m) {
    size_t preset = rng_below(&m->r, (uint32_t)m->patch->preset_count);
    fprintf(m->text, "\"preset\": \"%s\", \"morph_ms\": %g", m->patch->presets[preset].id,
            (double)rng_unit(&m->r) * 0.2);
    m->named = m->frame / 64;
}

static void make_knob(maker *m) {
    size_t knob = rng_below(&m->r, (uint32_t)m->patch->knob_count);
    fprintf(m->text, "\"knob\": \"%s\", \"value\": %g", m->patch->knobs[knob].id,
            (double)rng_unit(&m->r));
    if (rng_chance(&m->r, 0.3f))
        fprintf(m->text, ", \"ramp_ms\": %g", (double)rng_unit(&m->r) * 200);
    m->named = m->frame / 64;
}

static void make_param(maker *m) {
    random_edit_maker values = {.r = &m->r, .patch = m->patch, .text = m->text};
    const mega_patch_node_row *node = random_edit_node(&values);
    while (!settable_params(node->module)) node = random_edit_node(&values);
    const mega_param_row *row =
        &node->module->params[rng_below(&m->r, settable_params(node->module))];
    fprintf(m->text, "\"param\": [\"%s\", \"%s\"], \"value\": ", node->id, row->name);
    random_patch_param(m->text, &m->r, row);
    if (rng_chance(&m->r, 0.3f))
        fprintf(m->text, ", \"ramp_ms\": %g", (double)rng_unit(&m->r) * 200);
    m->named = m->frame / 64;
}

static bool has_output(const mega_patch *patch) {
    for (size_t i = 0; i < patch->cable_count; i++)
        if (!strcmp(patch->nodes[patch->cables[i].to_node].module->name, "output")) return true;
    return false;
}

static void make_ops(maker *m) {
    char *list = NULL;
    size_t bytes = 0;
    mega_patch *after = NULL;
    do { // until one fits
        free(list);
        mega_patch_destroy(after);
        FILE *text = open_memstream(&list, &bytes);
        char *first = random_edit(&m->r, m->patch);
        char *second = rng_chance(&m->r, 0.3f) ? random_edit(&m->r, m->patch) : NULL;
        fprintf(text, "[%s%s%s]", first, second ? ", " : "", second ? second : "");
        free(first);
        free(second);
        fclose(text);
        after = mega_patch_edit(m->patch, list, bytes, MEGA_FORMAT_JSON, NULL, NULL);
    } while (!after || !has_output(after) || mega_patch_check(after, NULL) != MEGA_OK);
    fprintf(m->text, "\"ops\": %s", list);
    free(list);
    mega_patch_destroy(m->edited);
    m->patch = m->edited = after;
}

static void make_edit_item(maker *m) {
    static const double fades[] = {0, 1, 20, 400};
    if (rng_chance(&m->r, 0.15f)) {
        uint32_t file = rng_below(&m->r, FILES);
        fprintf(m->text, "\"load\": \"%s\"", FILE_NAMES[file]);
        mega_patch_destroy(m->edited);
        m->edited = NULL;
        m->patch = patches[file];
    } else {
        make_ops(m);
    }
    if (rng_chance(&m->r, 0.7f))
        fprintf(m->text, ", \"fade_ms\": %g",
                fades[rng_below(&m->r, sizeof fades / sizeof *fades)]);
    m->edits++;
}

/// A score in the order of time, which names what is there when its events are due.
static char *make_score(uint64_t seed, const mega_patch *first) {
    char *text = NULL;
    size_t bytes = 0;
    maker m = {.r = rng_create(seed),
               .text = open_memstream(&text, &bytes),
               .patch = first,
               .named = UINT64_MAX};
    for (int i = 0; i < ITEMS; i++) {
        // often together in a block, often at the start of one
        if (rng_chance(&m.r, 0.7f)) m.frame += rng_below(&m.r, 2 * FRAMES / ITEMS);
        if (rng_chance(&m.r, 0.2f)) m.frame = (m.frame + 63) / 64 * 64;
        fprintf(m.text, "%s\n{\"at\": %.6f, ", i ? "," : "[", (double)m.frame / RATE);
        uint32_t what = rng_below(&m.r, 14);
        // an edit comes first in its block: no name before it there
        if (what < 4 && m.named != m.frame / 64 && m.edits < EDITS_MAX) make_edit_item(&m);
        else if (what < 6 && m.patch->knob_count) make_knob(&m);
        else if (what < 8) make_param(&m);
        else if (what < 11) make_expression(&m);
        else if (what < 12 && m.patch->preset_count) make_preset(&m);
        else make_note(&m);
        fputs("}", m.text);
    }
    fputs("]\n", m.text);
    fclose(m.text);
    mega_patch_destroy(m.edited);
    return text;
}

// ---- playing them ------------------------------------------------------------------------------

typedef struct {
    float *frames; // interleaved
    size_t count;
} recording;

static bool record(void *context, const float *frames, size_t count) {
    recording *r = context;
    memcpy(r->frames + r->count * CHANNELS, frames, count * CHANNELS * sizeof *frames);
    r->count += count;
    return true;
}

static mega_engine *open_engine(const mega_patch *patch) {
    mega_engine *e = mega_create(NULL, NULL);
    assert_non_null(e);
    assert_int_equal(mega_load(e, patch, NULL), MEGA_OK);
    return e;
}

static void play_offline(const mega_patch *patch, const mega_sequence *s, uint32_t block,
                         float *into, mega_counters *counters) {
    recording r = {into, 0};
    const mega_timed_event *refused = NULL;
    mega_engine *e = open_engine(patch);
    play_options options = {.engine = e,
                            .channels = CHANNELS,
                            .sequence = s,
                            .block = block,
                            .frames = FRAMES,
                            .write = record,
                            .context = &r,
                            .refused = &refused};
    assert_int_equal(play(&options), PLAY_DONE);
    assert_int_equal(r.count, FRAMES);
    *counters = mega_counters_get(e);
    mega_destroy(e);
}

/// Gives the edits that are due before `end`; they wait in the engine.
static void give_edits(mega_engine *e, const mega_sequence *s, size_t *next, uint64_t end) {
    for (; *next < s->count && mega_event_due(&s->events[*next]) < end; ++*next) {
        const mega_timed_event *v = &s->events[*next];
        if (v->kind != EVENT_EDIT) continue;
        const mega_sequence_edit *edit = &s->edits[v->target];
        mega_change how = {MEGA_REV_ANY, edit->fade_ms, v->frame};
        mega_status status = edit->patch ? mega_rewire(e, edit->patch, &how, NULL, NULL)
                                         : mega_edit(e, edit->operations, edit->bytes,
                                                     MEGA_FORMAT_JSON, &how, NULL, NULL);
        assert_int_equal(status, MEGA_OK);
    }
}

/// @return how many were for names that are not in any program: two edits that become one, since
/// they wait for a fade, have none between them
static size_t give_events(mega_engine *e, const mega_sequence *s, mega_note *notes, size_t *next,
                          uint64_t end) {
    size_t unknown = 0;
    for (; *next < s->count && mega_event_due(&s->events[*next]) < end; ++*next) {
        const mega_timed_event *v = &s->events[*next];
        bool named = v->kind == EVENT_KNOB || v->kind == EVENT_PARAM || v->kind == EVENT_PRESET;
        const mega_sequence_name *name = named ? &s->names[v->target] : NULL;
        if (v->kind == EVENT_NOTE_ON)
            mega_note_on(e, v->frame, v->value, v->detail, &notes[v->target]);
        else if (v->kind == EVENT_NOTE_OFF) mega_note_off(e, v->frame, notes[v->target], 0);
        else if (v->kind == EVENT_KNOB)
            unknown += mega_knob_ramp(e, v->frame, mega_find_knob(e, name->port), v->value,
                                      v->detail) != MEGA_OK;
        else if (v->kind == EVENT_PRESET)
            unknown += mega_preset_recall(e, v->frame, mega_find_preset(e, name->port),
                                          v->detail) != MEGA_OK;
        else if (v->kind == EVENT_NOTE_SET)
            mega_note_set(e, v->frame, notes[v->note], (mega_note_expression)v->target, v->value);
        else if (v->kind == EVENT_CONTROL)
            mega_controller_set(e, v->frame, (mega_controller)v->target, v->value);
        else if (v->kind == EVENT_ALL_OFF) mega_all_notes_off(e, v->frame);
        else if (v->kind == EVENT_PARAM)
            unknown += mega_param_set(e, v->frame, mega_find_param(e, name->node, name->port),
                                      v->value, v->detail) != MEGA_OK;
    }
    return unknown;
}

static void play_live(const mega_patch *patch, const mega_sequence *s, rng *r, float *into,
                      mega_counters *counters) {
    enum { CHUNK_MAX = 1500 };
    static float left[CHUNK_MAX], right[CHUNK_MAX];
    mega_engine *e = open_engine(patch);
    mega_note *notes = calloc((size_t)s->note_count + 1, sizeof *notes);
    size_t next_edit = 0, next_event = 0, unknown = 0;
    for (uint64_t now = 0; now < FRAMES;) {
        uint32_t frames = 1 + rng_below(r, rng_chance(r, 0.5f) ? 64 : CHUNK_MAX);
        if (frames > FRAMES - now) frames = (uint32_t)(FRAMES - now);
        uint64_t reach = now + frames + 64;
        give_edits(e, s, &next_edit, reach + (rng_chance(r, 0.3f) ? rng_below(r, RATE) : 0));
        unknown += give_events(e, s, notes, &next_event, reach);
        mega_render(e, NULL, (float *const[]){left, right}, frames);
        for (uint32_t i = 0; i < frames; i++, now++) {
            into[2 * now] = left[i];
            into[2 * now + 1] = right[i];
        }
    }
    *counters = mega_counters_get(e);
    counters->events_dropped += unknown;
    free(notes);
    mega_destroy(e);
}

// ---- the test ----------------------------------------------------------------------------------

static void read_score_text(const char *text, const mega_patch *patch, mega_sequence *s) {
    char *said = NULL;
    size_t said_bytes = 0;
    FILE *out = open_memstream(&said, &said_bytes);
    mega_text_errors errors = {0};
    mega_score_files files = {.open = open_patch};
    mega_rehearsal facts;
    bool good = mega_score_read(text, strlen(text), &files, s, &errors);
    mega_sequence_sort(s);
    good = good && mega_rehearse(s, patch, &facts, &errors);
    print_text_errors(out, "score", &errors);
    fclose(out);
    if (!good) fail_msg("%s\n%s", text, said);
    free(said);
}

static void rendered_is_live(void **state) {
    (void)state;
    static float offline[2 * FRAMES], live[2 * FRAMES];
    rng r = rng_create(5);
    size_t edits = 0, loud = 0, swaps = 0, dropped = 0;
    for (uint64_t seed = 0; seed < SCORES; seed++) {
        const mega_patch *patch = patches[seed % 4 == 1 ? 1 : 0];
        char *text = make_score(seed, patch);
        mega_sequence s = {.rate = RATE};
        read_score_text(text, patch, &s);
        mega_counters a, b;
        play_offline(patch, &s, 1 + rng_below(&r, 2000), offline, &a);
        play_live(patch, &s, &r, live, &b);
        for (size_t i = 0; i < 2 * FRAMES; i++) {
            if (memcmp(&offline[i], &live[i], sizeof *live) == 0) continue;
            fail_msg("score %u: %g is %g live, frame %zu, block %zu\n%s", (unsigned)seed,
                     (double)offline[i], (double)live[i], i / 2, i / 128, text);
        }
        assert_int_equal(a.events_late + b.events_late + b.changes_late, 0);
        assert_int_equal(a.events_dropped, b.events_dropped);
        edits += s.edit_count;
        swaps += a.programs_swapped;
        dropped += a.events_dropped;
        for (size_t i = 0; i < 2 * FRAMES; i++) loud += fabsf(offline[i]) > 0.001f;
        mega_sequence_finish(&s);
        free(text);
    }
    printf("%d scores of %d s, %zu edits, %zu programs: the same bits offline and live; %.0f %% of "
           "the samples above -60 dBFS, %zu events for what was not there yet\n",
           SCORES, FRAMES / RATE, edits, swaps, 100.0 * (double)loud / (2.0 * FRAMES * SCORES),
           dropped);
    assert_true(edits > 20 * SCORES);
    assert_true(loud > FRAMES);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rendered_is_live)};
    return cmocka_run_group_tests(tests, read_patches, free_patches);
}
