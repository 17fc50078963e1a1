// SPDX-License-Identifier: MIT
// model -- a plain model of an engine: the document in force, its history, scheduled edits, buses,
// notes. It makes calls of all three roles, as bytes say, some of them wrong, and holds every
// answer against what it knows.
#ifndef MODEL_H
#define MODEL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/program.h"
#include "support/patch_equal.h"
#include "support/random_edit.h"

enum {
    MODEL_CALLS_MAX = 200,
    MODEL_UNDO_MAX = 256,
    MODEL_NOTES_MAX = 4096,
    MODEL_FRAMES_MAX = 40000
};

typedef struct {
    uint64_t number, frame;
    char *ops;
} model_timed;

typedef struct {
    mega_engine *engine;
    const uint8_t *bytes; ///< what is left of what says the calls
    size_t count;
    rng r;
    uint64_t frame, rev;
    mega_patch *document; ///< in force; NULL before the first
    mega_patch *undo[MODEL_UNDO_MAX], *redo[MODEL_UNDO_MAX];
    size_t undo_count, redo_count;
    model_timed timed[MEGA_SCHEDULED_MAX];
    size_t timed_count;
    uint32_t bus_open[MEGA_BUSES_MAX];
    uint8_t note[MODEL_NOTES_MAX]; ///< by handle: 1 was given, 2 has ended
    mega_note last[8];
    float left[512], right[512];
    uint64_t calls;
} model;

#define MODEL_HOLD(what, ...)                                                                      \
    do {                                                                                           \
        if (what) break;                                                                           \
        fprintf(stderr, "MODEL: " __VA_ARGS__);                                                    \
        fprintf(stderr, " (%s:%d, frame %llu, call %llu)\n", __FILE__, __LINE__,                   \
                (unsigned long long)m->frame, (unsigned long long)m->calls);                       \
        abort();                                                                                   \
    } while (0)

static inline uint32_t model_byte(model *m) {
    if (!m->count) return 0;
    m->count--;
    return *m->bytes++;
}

// ---- documents ---------------------------------------------------------------------------------

static inline void model_forget(mega_patch **list, size_t *count) {
    while (*count) mega_patch_destroy(list[--*count]);
}

/// `document` takes the place of the one in force. @param undo where that goes
static inline void model_become(model *m, mega_patch *document, mega_patch **undo,
                                size_t *undo_count) {
    if (undo && m->document && *undo_count < MODEL_UNDO_MAX) undo[(*undo_count)++] = m->document;
    else mega_patch_destroy(m->document);
    m->document = document;
    m->rev++;
}

/// An edit of these operations is in force. One that changes nothing cannot be undone.
static inline void model_follow(model *m, const char *ops) {
    char *inverse = NULL;
    mega_patch *after =
        mega_patch_edit(m->document, ops, strlen(ops), MEGA_FORMAT_JSON, NULL, &inverse);
    MODEL_HOLD(after, "an edit that does not fit is in force");
    bool steps = strchr(inverse, '{') != NULL;
    model_forget(m->redo, &m->redo_count);
    model_become(m, after, steps ? m->undo : NULL, &m->undo_count);
    mega_free(inverse);
}

/// Scheduled edits that have come in force.
static inline void model_settle(model *m) {
    uint64_t frame;
    mega_collect(m->engine);
    while (m->timed_count && mega_change_frame(m->engine, m->timed[0].number, &frame)) {
        model_timed *t = &m->timed[0];
        MODEL_HOLD(frame + 64 > t->frame && frame <= m->frame + 64,
                   "change of frame %llu came at %llu", (unsigned long long)t->frame,
                   (unsigned long long)frame);
        model_follow(m, t->ops);
        free(t->ops);
        m->timed_count--;
        memmove(m->timed, m->timed + 1, m->timed_count * sizeof *m->timed);
    }
}

/// Nothing has changed, or all of it: whatever the last call was.
static inline void model_check(model *m) {
    const mega_patch *now = mega_loaded_patch(m->engine);
    MODEL_HOLD(!now == !m->document, "a document, or none");
    MODEL_HOLD(!now || patch_equal(now, m->document), "another document is in force");
    MODEL_HOLD(mega_rev(m->engine) == m->rev, "revision %llu, not %llu",
               (unsigned long long)mega_rev(m->engine), (unsigned long long)m->rev);
    MODEL_HOLD(mega_changes_scheduled(m->engine) == m->timed_count,
               "%zu changes scheduled, not %zu", mega_changes_scheduled(m->engine), m->timed_count);
}

static inline mega_patch *model_patch(model *m) {
    uint32_t seed = 1 + model_byte(m) % 64, nodes = 2 + model_byte(m) % 8;
    char *json = random_patch(seed, nodes);
    mega_patch *patch = mega_patch_read(json, strlen(json), MEGA_FORMAT_JSON, NULL);
    free(json);
    if (patch) mega_patch_set_voices(patch, 1 + model_byte(m) % 20);
    return patch;
}

static inline void model_drop_timed(model *m) {
    while (m->timed_count) free(m->timed[--m->timed_count].ops);
}

static inline void model_load(model *m, bool rewire) {
    mega_patch *patch = model_patch(m);
    if (!patch) return;
    mega_change how = {MEGA_REV_ANY, (float)(model_byte(m) % 4), MEGA_NOW};
    mega_status status = rewire ? mega_rewire(m->engine, patch, &how, NULL, NULL)
                                : mega_load(m->engine, patch, NULL);
    if (status) {
        MODEL_HOLD(rewire && m->timed_count, "a good patch is refused: %s",
                   mega_status_name(status));
        mega_patch_destroy(patch);
        return;
    }
    if (!rewire) model_drop_timed(m);
    model_forget(m->undo, &m->undo_count);
    model_forget(m->redo, &m->redo_count);
    model_become(m, patch, NULL, NULL);
}

/// Some operations that may fit, or something that is none.
static inline char *model_operations(model *m) {
    static const char *const wrong[] = {
        "", "[", "{}", "[{\"op\":\"add\"}]", "[1e999]", "[{\"op\":\"set\",\"id\":\"out\"}]"};
    uint32_t what = model_byte(m);
    if (what < 20) return strdup(wrong[what % 6]);
    if (m->document->node_count < 2) // random edits want something to edit
        return strdup(
            "[{\"op\":\"add\",\"id\":\"out\",\"type\":\"output\"},{\"op\":\"add\",\"id\":\"o\","
            "\"type\":\"osc.sine\"},{\"op\":\"connect\",\"from\":[\"o\",\"out\"],\"to\":[\"out\","
            "\"in\"]}]");
    char *list = malloc(1 << 15);
    size_t used = (size_t)sprintf(list, "[");
    for (uint32_t n = 1 + what % 3; n > 0; n--) {
        char *op = random_edit(&m->r, m->document);
        if (used + strlen(op) + 3 < 1 << 15)
            used += (size_t)sprintf(list + used, "%s%s", used > 1 ? ", " : "", op);
        free(op);
    }
    strcpy(list + used, "]");
    return list;
}

/// Where the knobs stand.
typedef struct {
    char id[MEGA_ID_BYTES_MAX + 1];
    float documented, told;
} model_knob;

static inline size_t model_knobs(model *m, model_knob *list) {
    size_t count = 0;
    for (size_t k = 0; m->document && k < m->document->knob_count && count < 32; k++, count++) {
        snprintf(list[count].id, sizeof list[count].id, "%s", m->document->knobs[k].id);
        list[count].documented = m->document->knobs[k].value;
        mega_knob_get(m->engine, list[count].id, &list[count].told);
    }
    return count;
}

/// A recall that waits for its block recalls the preset as the document has it then.
static inline bool model_recalls(const mega_patch *document, const char *knob, float value) {
    for (size_t p = 0; p < mega_patch_preset_count(document); p++)
        for (size_t v = 0; v < mega_patch_preset(document, p).value_count; v++) {
            mega_preset_value one = mega_patch_preset_value(document, p, v);
            if (!one.node && !strcmp(one.name, knob) && (float)one.value == value) return true;
        }
    return false;
}

/// What was turned stays turned, unless the document says another value than before.
static inline void model_check_knobs(model *m, const model_knob *list, size_t count) {
    for (size_t i = 0; m->document && i < count; i++) {
        int32_t k = mega_patch_find_knob(m->document, list[i].id);
        float told = -1;
        if (k < 0 || !same_float(m->document->knobs[k].value, list[i].documented)) continue;
        bool known = mega_knob_get(m->engine, list[i].id, &told) == MEGA_OK;
        if (known && model_recalls(m->document, list[i].id, told)) continue;
        MODEL_HOLD(known && told == list[i].told, "knob %s stood at %g, and at %g after a change",
                   list[i].id, (double)list[i].told, (double)told);
    }
}

/// What is edited where nothing is loaded.
static inline mega_patch *model_empty(void) {
    static const char text[] = "{\"nodes\":{}}";
    return mega_patch_read(text, strlen(text), MEGA_FORMAT_JSON, NULL);
}

static inline void model_edit(model *m) {
    bool began = !m->document;
    if (began) m->document = model_empty();
    static const float fades[] = {0, 3, 20, NAN, -1, 2001, 2000, 0.01f};
    char *ops = model_operations(m);
    mega_change how = {MEGA_REV_ANY, fades[model_byte(m) % 16 ? 1 : model_byte(m) % 8], MEGA_NOW};
    uint32_t when = model_byte(m);
    if (when < 60) how.frame = m->frame + 64 + when * 50;
    if (when == 60) how.frame = UINT64_MAX;
    if (when > 250) how.rev = m->rev + when % 3;
    mega_changed done = {0};
    mega_status status =
        mega_edit(m->engine, ops, strlen(ops), MEGA_FORMAT_JSON, &how, &done, NULL);
    bool bad_how = !(how.fade_ms >= 0 && how.fade_ms <= 2000) ||
                   (how.rev != MEGA_REV_ANY && how.rev != m->rev);
    MODEL_HOLD(!status || (status > MEGA_OK && status <= MEGA_ERROR_VALUE), "no status");
    MODEL_HOLD(status || !bad_how, "a bad edit is taken");
    if (began && status) {
        mega_patch_destroy(m->document);
        m->document = NULL;
    }
    if (!status && how.frame / 64 * 64 > mega_counters_get(m->engine).frame_rendered) {
        if (began) m->rev++; // it waits on an empty document
        size_t at = m->timed_count++;
        while (at && m->timed[at - 1].frame / 64 > how.frame / 64) {
            m->timed[at] = m->timed[at - 1];
            at--;
        }
        m->timed[at] = (model_timed){done.number, how.frame, ops};
        MODEL_HOLD(done.undo_json == NULL || done.rev == m->rev, "a scheduled edit is in force");
        ops = NULL;
    } else if (!status) {
        model_follow(m, ops);
        MODEL_HOLD(done.rev == m->rev && done.undo_json, "what an edit tells");
    }
    mega_free(done.undo_json);
    free(ops);
}

static inline void model_step(model *m, bool redo) {
    mega_patch **from = redo ? m->redo : m->undo, **to = redo ? m->undo : m->redo;
    size_t *from_count = redo ? &m->redo_count : &m->undo_count,
           *to_count = redo ? &m->undo_count : &m->redo_count;
    mega_status status =
        redo ? mega_redo(m->engine, 3, NULL, NULL) : mega_undo(m->engine, 3, NULL, NULL);
    if (!*from_count) {
        MODEL_HOLD(status == MEGA_ERROR_NAME, "undone, though there is nothing: %s",
                   mega_status_name(status));
        return;
    }
    if (status) { // only what is scheduled can stand in the way
        MODEL_HOLD(m->timed_count, "the last edit cannot be undone: %s", mega_status_name(status));
        return;
    }
    model_become(m, from[--*from_count], to, to_count);
}

static inline void model_cancel(model *m) {
    uint32_t which = model_byte(m);
    size_t at = m->timed_count ? which % (m->timed_count + 1) : 0;
    if (at == m->timed_count) {
        MODEL_HOLD(mega_change_cancel(m->engine, 1000000 + which, NULL) == MEGA_ERROR_NAME,
                   "cancelled what never was");
        return;
    }
    mega_status status = mega_change_cancel(m->engine, m->timed[at].number, NULL);
    MODEL_HOLD(status == MEGA_OK || status == MEGA_ERROR_PATCH, "not cancelled: %s",
               mega_status_name(status));
    if (status) return;
    free(m->timed[at].ops);
    m->timed_count--;
    memmove(m->timed + at, m->timed + at + 1, (m->timed_count - at) * sizeof *m->timed);
}

// ---- names -------------------------------------------------------------------------------------

static inline const mega_patch_node_row *model_node(model *m) {
    return m->document && m->document->node_count
               ? &m->document->nodes[model_byte(m) % m->document->node_count]
               : NULL;
}

static inline void model_open_bus(model *m) {
    const mega_patch_node_row *node = model_node(m);
    const char *id = node ? node->id : "none";
    bool good = node && node->module->output_count && model_byte(m) % 8;
    const char *port =
        good ? node->module->outputs[model_byte(m) % node->module->output_count].name : "no.port";
    int32_t bus = mega_bus_open(m->engine, id, port, NULL);
    MODEL_HOLD(bus >= 0 || !good || m->timed_count, "a port cannot be read");
    MODEL_HOLD(bus < 0 || good, "a port that is not there can be read");
    if (bus >= 0) m->bus_open[bus]++;
}

static inline void model_close_bus(model *m) {
    int32_t buses[2] = {(int32_t)(model_byte(m) % 12), (int32_t)(model_byte(m) % 12) - 1};
    size_t count = 1 + model_byte(m) % 2;
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t wanted = 1 + (i && buses[0] == buses[1]);
        good &= buses[i] >= 0 && m->bus_open[buses[i]] >= wanted;
    }
    mega_status status = mega_bus_close(m->engine, buses, count);
    MODEL_HOLD(good == (status != MEGA_ERROR_NAME), "closed %d %d of %zu: %s", buses[0], buses[1],
               count, mega_status_name(status));
    for (size_t i = 0; i < count && !status; i++) m->bus_open[buses[i]]--;
}

/// Turned now, it stands there at once for those who ask.
static inline void model_turn(model *m) {
    if (!m->document) return;
    float value = (float)model_byte(m) / 200, told = -1;
    uint64_t frame = model_byte(m) % 3 ? MEGA_NOW : m->frame + model_byte(m) * 8;
    if (m->document->knob_count && model_byte(m) % 2) {
        const char *id = m->document->knobs[model_byte(m) % m->document->knob_count].id;
        int32_t knob = mega_find_knob(m->engine, id);
        MODEL_HOLD(knob >= 0 || m->timed_count, "no knob %s", id);
        if (knob < 0) return;
        mega_status status = mega_knob_set(m->engine, frame, knob, value);
        MODEL_HOLD(mega_knob_get(m->engine, id, &told) == MEGA_OK && told >= 0 && told <= 1,
                   "a knob at %g", (double)told);
        MODEL_HOLD(status || frame != MEGA_NOW || told == (value > 1 ? 1 : value),
                   "turned to %g, told %g", (double)value, (double)told);
        return;
    }
    const mega_patch_node_row *node = model_node(m);
    if (!node || !settable_params(node->module)) return;
    const mega_param_row *row =
        &node->module->params[model_byte(m) % settable_params(node->module)];
    int32_t param = mega_find_param(m->engine, node->id, row->name);
    // one that a scheduled edit takes away in the next block may never be heard
    MODEL_HOLD(param >= 0 || m->timed_count, "no parameter %s.%s", node->id, row->name);
    if (param < 0) return;
    static const float ramps[] = {-1, 0, 0.01f, NAN, INFINITY, 1e9f};
    mega_param_set(m->engine, frame, param, row->min + value * (row->max - row->min),
                   ramps[model_byte(m) % 6]);
    MODEL_HOLD(mega_param_get(m->engine, node->id, row->name, &told) == MEGA_OK && isfinite(told),
               "a parameter at %g", (double)told);
    if (model_byte(m) % 8 == 0) {
        int32_t own = mega_find_note_param(m->engine, node->id, row->name, NULL);
        if (own >= 0)
            mega_note_param_set(m->engine, frame, m->last[model_byte(m) % 8], own, value, 0.01f);
    }
}

static inline void model_preset(model *m) {
    char name[8];
    snprintf(name, sizeof name, "p%u", model_byte(m) % 4);
    int32_t preset = mega_find_preset(m->engine, name);
    if (preset >= 0)
        mega_preset_recall(m->engine, MEGA_NOW, preset, (float)model_byte(m) / 100 - 0.5f);
    if (model_byte(m) % 4 || !m->document) return;
    mega_status status = mega_preset_save(m->engine, name, NULL, NULL);
    if (status) {
        MODEL_HOLD(m->timed_count || status == MEGA_ERROR_PATCH || status == MEGA_ERROR_LIMIT,
                   "a preset cannot be saved: %s", mega_status_name(status));
        return;
    }
    model_forget(m->redo, &m->redo_count);
    model_become(m, mega_patch_clone(mega_loaded_patch(m->engine)), m->undo, &m->undo_count);
}

/// Loaded anew it is what it is: a snapshot can be read, checked, and made again.
static inline void model_snapshot(model *m) {
    mega_patch *now = mega_snapshot(m->engine);
    MODEL_HOLD(!now == !m->document, "a snapshot, or none");
    if (!now) return;
    MODEL_HOLD(mega_patch_check(now, NULL) == MEGA_OK, "a snapshot cannot be loaded");
    MODEL_HOLD(now->node_count == m->document->node_count &&
                   now->cable_count == m->document->cable_count,
               "a snapshot of something else");
    mega_patch_destroy(now);
}

// ---- notes -------------------------------------------------------------------------------------

static inline void model_play(model *m) {
    uint64_t frame = model_byte(m) % 2 ? MEGA_NOW : m->frame + model_byte(m) * 4;
    mega_note *slot = &m->last[model_byte(m) % 8], note = 0;
    uint32_t what = model_byte(m) % 12;
    float value = (float)model_byte(m) / 255;
    mega_status status = MEGA_OK;
    switch (what) {
    case 0:
    case 1:
    case 2:
    case 3: status = mega_note_on(m->engine, frame, 20 + value * 100, value, &note); break;
    case 4: status = mega_voice_reserve(m->engine, frame, 60, &note); break;
    case 5:
    case 6: mega_note_off(m->engine, frame, *slot, value); break;
    case 7: mega_key_off(m->engine, frame, (float)model_byte(m) / 2, value); break;
    case 8:
        mega_note_set(m->engine, frame, *slot, (mega_note_expression)(model_byte(m) % 9), value);
        break;
    case 9:
        mega_controller_set(m->engine, frame, (mega_controller)(model_byte(m) % 7), value);
        break;
    case 10: mega_voice_free(m->engine, frame, *slot); break;
    default: mega_all_notes_off(m->engine, frame); break;
    }
    if (what > 4 || status) return;
    MODEL_HOLD(note && note < MODEL_NOTES_MAX && !m->note[note], "a handle is given twice");
    m->note[note] = 1;
    *slot = note;
}

static inline void model_ended(model *m) {
    mega_note note;
    uint64_t frame;
    while (mega_next_ended(m->engine, &note, &frame)) {
        MODEL_HOLD(note < MODEL_NOTES_MAX && m->note[note], "a note ends that never was");
        MODEL_HOLD(m->note[note] == 1, "note %llu ends twice", (unsigned long long)note);
        MODEL_HOLD(frame <= m->frame + 64, "a note ends at %llu", (unsigned long long)frame);
        m->note[note] = 2;
    }
}

static inline void model_render(model *m, uint32_t frames) {
    mega_render(m->engine, NULL, (float *const[]){m->left, m->right}, frames);
    m->frame += frames;
    for (uint32_t t = 0; t < frames; t++)
        MODEL_HOLD(isfinite(m->left[t]) && isfinite(m->right[t]), "a sample that is no number");
    mega_counters c = mega_counters_get(m->engine);
    MODEL_HOLD(c.frame == m->frame, "frame %llu", (unsigned long long)c.frame);
    MODEL_HOLD(c.voices_held <= c.voices_active, "%u voices held of %u", c.voices_held,
               c.voices_active);
    model_ended(m);
    float block[64];
    for (int32_t b = -1; b < 6; b++) {
        bool read = mega_bus_read(m->engine, b, m->last[0], block);
        MODEL_HOLD(!read || b >= 0, "a bus that is not there");
        for (int t = 0; t < 64; t++) MODEL_HOLD(isfinite(block[t]), "a bus that is not finite");
    }
}

static inline void model_panic(model *m) {
    mega_panic(m->engine);
    model_render(m, 512);
}

// ---- all of it ---------------------------------------------------------------------------------

static inline void model_call(model *m) {
    uint32_t what = model_byte(m);
    model_settle(m);
    model_knob knobs[32];
    bool edits = what >= 150 && what < 224 && !(what >= 200 && what < 210);
    size_t count = edits ? model_knobs(m, knobs) : 0;
    if (what < 90) model_render(m, 1 + what * 5);
    else if (what < 150) model_play(m);
    else if (what < 200) model_edit(m);
    else if (what < 210) model_turn(m);
    else if (what < 218) model_step(m, false);
    else if (what < 224) model_step(m, true);
    else if (what < 228) model_cancel(m);
    else if (what < 233) model_open_bus(m);
    else if (what < 237) model_close_bus(m);
    else if (what < 241) model_preset(m);
    else if (what < 244) model_snapshot(m);
    else if (what < 246) model_panic(m);
    else if (what < 251) model_load(m, true);
    else model_load(m, false);
    model_settle(m);
    model_check(m);
    model_check_knobs(m, knobs, count);
    m->calls++;
}

/// Every note that was begun ends once all keys and pedals are up, or is told to have been dropped.
static inline void model_end(model *m) {
    mega_panic(m->engine);
    for (int i = 0; i < 8; i++) model_render(m, 512);
    MODEL_HOLD(mega_counters_get(m->engine).voices_active == 0, "%u voices after a panic",
               mega_counters_get(m->engine).voices_active);
}

static inline void model_replay(model *m) {
    char *text;
    size_t bytes;
    MODEL_HOLD(mega_calls_take_text(m->engine, &text, &bytes) == MEGA_OK, "no recording");
    mega_report *report = mega_report_create();
    mega_status status = mega_replay(text, bytes, NULL, NULL, report);
    for (size_t i = 0; i < mega_report_count(report); i++)
        fprintf(stderr, "replay: %s\n", mega_report_get(report, i)->message);
    MODEL_HOLD(status == MEGA_OK, "the recording gives something else");
    mega_report_destroy(report);
    mega_free(text);
}

/// Makes the calls that the bytes say. @return how many
static inline uint64_t model_run(const uint8_t *bytes, size_t count) {
    model *m = calloc(1, sizeof *m);
    m->bytes = bytes;
    m->count = count;
    uint32_t high = model_byte(m) << 8; // one byte after the other, whatever the compiler
    m->r = rng_create(high | model_byte(m));
    bool records = model_byte(m) % 4 == 0;
    m->engine = mega_create(&(mega_options){.seed = 5, .isa = "v2", .record_calls = records}, NULL);
    if (!m->engine)
        m->engine = mega_create(&(mega_options){.seed = 5, .record_calls = records}, NULL);
    while (m->count && m->calls < MODEL_CALLS_MAX && m->frame < MODEL_FRAMES_MAX) model_call(m);
    model_end(m);
    if (records) model_replay(m);
    uint64_t calls = m->calls;
    mega_destroy(m->engine);
    mega_patch_destroy(m->document);
    model_forget(m->undo, &m->undo_count);
    model_forget(m->redo, &m->redo_count);
    model_drop_timed(m);
    free(m);
    return calls;
}

#endif
