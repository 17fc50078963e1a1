// SPDX-License-Identifier: MIT
// held_model -- random play against a plain model of who holds which note: no note is held that
// nobody holds, none ends that somebody holds. `held_model_test 10000` plays so many sequences.
//
// The model knows keys, pedals, modes, priorities, stealing, returns, polyphony and notes that are
// yet to begin. It does not know how loud voices are: which released voice is stolen it learns from
// the engine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/host.h"
#include "support/random.h"

enum { SEQUENCES = 300, STEPS = 60, NOTES = 400, EVENTS = 800 };

static uint32_t sequences = SEQUENCES;

typedef enum { COMING, HELD, COVERED, STOLEN, RELEASED, OVER } where;

typedef struct {
    mega_note handle;
    float key;
    uint32_t born;
    where at;
    bool down, sustained, sostenuto, single;
} note;

typedef enum { ON, OFF, KEY_OFF, ALL_OFF, SUSTAIN, SOSTENUTO, RULE } kind;

typedef struct {
    uint64_t frame;
    kind kind;
    uint32_t note, rule; ///< which note; which of the rules
    float value;
} event;

typedef struct {
    mega_engine *engine;
    int32_t gate;
    rng r;
    note notes[NOTES];
    uint32_t note_count, born;
    event events[EVENTS];
    uint32_t event_count;
    uint32_t rules[4], voices;          ///< mode, steal, priority, stolen
    uint32_t released, stolen_released; ///< voices that ring; of these stolen in this block
    uint32_t lost[128];
    bool sustain, sostenuto;
    bool unsure; ///< the single voice may have been stolen as it rang: the engine must say
    uint64_t now;
} model;

// ---- the model --------------------------------------------------------------------------------

static bool is_held(const note *n) { return n->down || n->sustained || n->sostenuto; }

static note *find(model *m, bool (*fits)(const model *, const note *, const note *)) {
    note *best = NULL;
    for (uint32_t i = 0; i < m->note_count; i++)
        if (fits(m, &m->notes[i], best)) best = &m->notes[i];
    return best;
}

static note *single_of(model *m, where at) {
    for (uint32_t i = 0; i < m->note_count; i++)
        if (m->notes[i].single && m->notes[i].at == at) return &m->notes[i];
    return NULL;
}

static uint32_t count_held(const model *m) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->note_count; i++) count += m->notes[i].at == HELD;
    return count;
}

static void end(model *m, note *n) {
    if (n->down && n->at != COMING) m->lost[(int)n->key]++;
    n->at = OVER;
}

static void steal_held(model *m, float key) {
    note *victim = NULL;
    uint32_t newest = 0, lowest_born = 0;
    float lowest = 1000;
    for (uint32_t i = 0; i < m->note_count; i++) {
        const note *n = &m->notes[i];
        if (n->at != HELD) continue;
        if (n->born > newest) newest = n->born;
        if (n->key < lowest || (n->key == lowest && n->born < lowest_born))
            lowest = n->key, lowest_born = n->born;
    }
    for (int by_key = 0; by_key <= 1 && !victim; by_key++)
        for (int rank = 0; rank < 4 && !victim; rank++)
            for (uint32_t i = 0; i < m->note_count; i++) {
                note *n = &m->notes[i];
                if (n->at != HELD || n->down != (bool)by_key) continue;
                int is = n->key == key ? 0 : n->born == newest ? 3 : n->born == lowest_born ? 2 : 1;
                if (is == rank && (!victim || n->born < victim->born)) victim = n;
            }
    assert_non_null(victim);
    bool returns = m->rules[3] && victim->down && !victim->single;
    if (returns) victim->at = STOLEN;
    else end(m, victim);
}

static void steal_released(model *m) {
    if (single_of(m, RELEASED)) m->unsure = true;
    m->released--;
    m->stolen_released++;
}

static bool make_room(model *m, float key) {
    while (count_held(m) + m->released >= m->voices) {
        if (m->rules[1] == 3) return false;
        if (m->released) steal_released(m);
        else steal_held(m, key);
    }
    return true;
}

static bool goes_first(const model *m, const note *a, const note *b) {
    if (m->rules[2] == 1 && a->key != b->key) return a->key < b->key;
    if (m->rules[2] == 2 && a->key != b->key) return a->key > b->key;
    return a->born > b->born;
}

static bool is_first_covered(const model *m, const note *n, const note *best) {
    return n->at == COVERED && (!best || goes_first(m, n, best));
}

static bool is_last_stolen(const model *m, const note *n, const note *best) {
    (void)m;
    return n->at == STOLEN && (!best || n->born > best->born);
}

static void note_on(model *m, note *n) {
    n->born = ++m->born;
    n->down = true;
    if (!m->rules[0]) { // poly
        if (make_room(m, n->key)) n->at = HELD;
        else end(m, (n->at = HELD, n));
        return;
    }
    for (uint32_t i = 0; i < m->note_count; i++) // others are covered
        if (m->notes[i].at == HELD && !m->notes[i].single)
            m->notes[i].at = COVERED, m->notes[i].single = true;
    note *ringing = single_of(m, RELEASED), *playing = single_of(m, HELD);
    if (!ringing && !playing && !make_room(m, n->key)) {
        end(m, (n->at = HELD, n));
        return;
    }
    if (ringing) ringing->at = OVER, m->released--;
    if (playing) playing->at = COVERED;
    n->at = COVERED;
    n->single = true;
    find(m, is_first_covered)->at = HELD;
}

/// Nothing holds it any more.
static void let_go(model *m, note *n) {
    where was = n->at;
    if (was == COVERED || was == STOLEN) n->at = OVER;
    if (was != HELD) return;
    note *next = n->single ? find(m, is_first_covered) : NULL;
    n->at = next ? OVER : RELEASED;
    m->released += !next;
    if (next) next->at = HELD;
}

static void lift(model *m, note *n) {
    if (n->at == COMING) n->at = OVER;
    if (n->at == OVER || !n->down) return;
    n->down = false;
    n->sustained = m->sustain;
    if (!is_held(n) || n->at == STOLEN) let_go(m, n);
}

static void key_off(model *m, float key, uint32_t before) {
    note *oldest = NULL, *coming = NULL;
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < m->note_count; i++) {
        note *n = &m->notes[i];
        if (n->key == key && n->down && n->at != OVER && n->at != COMING && n->at != RELEASED &&
            (!oldest || n->born < oldest->born))
            oldest = n;
    }
    if (oldest) {
        lift(m, oldest);
        return;
    }
    if (m->lost[(int)key]) {
        m->lost[(int)key]--;
        return;
    }
    for (uint32_t i = 0; i < m->event_count && i < before; i++) {
        const event *e = &m->events[i];
        note *n = &m->notes[e->note];
        if (e->kind != ON || n->at != COMING || n->key != key || e->frame >= first) continue;
        coming = n;
        first = e->frame;
    }
    if (coming) coming->at = OVER;
}

static void all_off(model *m, uint32_t before) {
    for (uint32_t i = 0; i < before; i++)
        if (m->events[i].kind == ON && m->notes[m->events[i].note].at == COMING)
            m->notes[m->events[i].note].at = OVER;
    for (uint32_t i = 0; i < m->note_count; i++) {
        note *n = &m->notes[i];
        if (n->at == COMING || n->at == OVER) continue;
        m->released += n->at == HELD;
        n->down = n->sustained = n->sostenuto = false;
        n->at = n->at == COVERED || n->at == STOLEN ? OVER : RELEASED;
    }
    memset(m->lost, 0, sizeof m->lost);
}

/// Covered notes first, then those that sound.
static void release_pedal(model *m, bool sostenuto) {
    for (int sounding = 0; sounding <= 1; sounding++)
        for (uint32_t i = 0; i < m->note_count; i++) {
            note *n = &m->notes[i];
            if ((n->at == HELD) != (bool)sounding || n->at == OVER || !is_held(n)) continue;
            if (sostenuto) n->sostenuto = false;
            else n->sustained = false;
            if (!is_held(n)) let_go(m, n);
        }
}

static void catch_keys(model *m) {
    for (uint32_t i = 0; i < m->note_count; i++) {
        note *n = &m->notes[i];
        if (n->at == HELD || n->at == COVERED || n->at == STOLEN) n->sostenuto |= n->down;
    }
}

static void happen(model *m, uint32_t number) {
    const event *e = &m->events[number];
    note *n = &m->notes[e->note];
    bool down = e->value >= 0.5f;
    switch (e->kind) {
    case ON:
        if (n->at == COMING) note_on(m, n);
        break;
    case OFF: lift(m, n); break;
    case KEY_OFF: key_off(m, e->value, number); break;
    case ALL_OFF: all_off(m, number); break;
    case SUSTAIN:
        m->sustain = down;
        if (!down) release_pedal(m, false);
        break;
    case SOSTENUTO:
        if (down && !m->sostenuto) catch_keys(m);
        if (!down) release_pedal(m, true);
        m->sostenuto = down;
        break;
    case RULE: m->rules[e->rule] = (uint32_t)e->value; break;
    }
}

static void bring_back(model *m) {
    for (note *n; (n = find(m, is_last_stolen));) {
        bool room = count_held(m) + m->released < m->voices;
        if (!room && (!m->released || m->rules[1] == 3)) return;
        while (count_held(m) + m->released >= m->voices && m->released) steal_released(m);
        if (count_held(m) + m->released >= m->voices) return;
        n->at = HELD;
    }
}

/// All events of the next block, in order.
static void model_block(model *m) {
    bool at_once = false; // what happens on the first frame comes before notes return
    for (uint32_t i = 0; i < m->event_count; i++) at_once |= m->events[i].frame <= m->now;
    if (!at_once) bring_back(m);
    for (;;) {
        uint32_t next = EVENTS;
        for (uint32_t i = 0; i < m->event_count; i++)
            if (m->events[i].frame < m->now + 64 &&
                (next == EVENTS || m->events[i].frame < m->events[next].frame))
                next = i;
        if (next == EVENTS) break;
        happen(m, next);
        uint64_t frame = m->events[next].frame;
        m->events[next].frame = UINT64_MAX;
        bool more = false; // on the same frame
        for (uint32_t i = 0; i < m->event_count; i++) {
            uint64_t other = m->events[i].frame;
            more |= other == frame || (frame <= m->now && other <= m->now);
        }
        if (!more) bring_back(m);
    }
    m->now += 64;
}

// ---- against the engine -----------------------------------------------------------------------

static const char *VOICE =
    "{\"voices\":%u,\"nodes\":{\"note\":{\"type\":\"note\"},\"osc\":{\"type\":\"osc.sine\"},"
    "\"env\":{\"type\":\"env\",\"params\":{\"attack\":0.001,\"release\":0.004}},"
    "\"vca\":{\"type\":\"gain\"},\"out\":{\"type\":\"output\"}},\"connections\":["
    "{\"from\":[\"note\",\"freq\"],\"to\":[\"osc\",\"freq\"]},"
    "{\"from\":[\"note\",\"gate\"],\"to\":[\"env\",\"gate\"]},"
    "{\"from\":[\"osc\",\"out\"],\"to\":[\"vca\",\"in\"]},"
    "{\"from\":[\"env\",\"out\"],\"to\":[\"vca\",\"amp\"]},"
    "{\"from\":[\"vca\",\"out\"],\"to\":[\"out\",\"in\"]}]}";

static void fail_of(const model *m, uint64_t seed, const note *n, const char *what) {
    print_error("sequence %llu, frame %llu: note %u of key %g %s\n", (unsigned long long)seed,
                (unsigned long long)m->now, (uint32_t)(n - m->notes), (double)n->key, what);
    fail();
}

/// What has ended in the block; what the model did not know of is learned.
static void take_ended(model *m, uint64_t seed) {
    mega_note handle;
    uint32_t rang = 0;
    while (mega_next_ended(m->engine, &handle, NULL)) {
        note *n = m->notes;
        while (n < m->notes + m->note_count && n->handle != handle) n++;
        assert_true(n < m->notes + m->note_count);
        if (n->at != OVER && n->at != RELEASED) fail_of(m, seed, n, "ended, and is held");
        rang += n->at == RELEASED;
        n->at = OVER;
    }
    if (rang < m->stolen_released) fail_of(m, seed, m->notes, "-- too few have ended");
    m->released -= rang - m->stolen_released;
    m->stolen_released = 0;
}

static void compare(model *m, uint64_t seed) {
    float block[64];
    for (uint32_t i = 0; i < m->note_count; i++) {
        const note *n = &m->notes[i];
        bool on = mega_bus_read(m->engine, m->gate, n->handle, block) && block[63] > 0;
        if (on && n->at != HELD) fail_of(m, seed, n, "is held by nobody");
        if (!on && n->at == HELD) fail_of(m, seed, n, "is held, and has no gate");
    }
    assert_int_equal(mega_counters_get(m->engine).voices_held, count_held(m));
    assert_int_equal(mega_counters_get(m->engine).voices_active, count_held(m) + m->released);
}

static void block(model *m, uint64_t seed) {
    model_block(m);
    host_render(m->engine, NULL, 64);
    if (m->unsure) return;
    take_ended(m, seed);
    compare(m, seed);
}

static void send(model *m, event e) {
    assert_true(m->event_count < EVENTS);
    mega_engine *engine = m->engine;
    uint64_t frame = e.frame;
    mega_note handle = m->notes[e.note].handle;
    static const char *const names[] = {"mode", "steal", "priority", "stolen"};
    switch (e.kind) {
    case ON: mega_note_on(engine, frame, m->notes[e.note].key, 1, &m->notes[e.note].handle); break;
    case OFF: mega_note_off(engine, frame, handle, 0); break;
    case KEY_OFF: mega_key_off(engine, frame, e.value, 0); break;
    case ALL_OFF: mega_all_notes_off(engine, frame); break;
    case SUSTAIN: mega_controller_set(engine, frame, MEGA_CONTROL_SUSTAIN, e.value); break;
    case SOSTENUTO: mega_controller_set(engine, frame, MEGA_CONTROL_SOSTENUTO, e.value); break;
    case RULE:
        mega_param_set(engine, frame, mega_find_param(engine, "note", names[e.rule]), e.value, 0);
        break;
    }
    m->events[m->event_count++] = e;
}

static uint64_t some_frame(model *m) {
    if (rng_chance(&m->r, 0.5f)) return MEGA_NOW;
    uint64_t frame = m->now + rng_below(&m->r, rng_chance(&m->r, 0.2f) ? 2000 : 128);
    return frame % 64 < 60 ? frame : frame - 8; // gates have shown by the block's end
}

static void play_something(model *m) {
    event e = {.frame = some_frame(m), .note = m->note_count ? rng_below(&m->r, m->note_count) : 0};
    uint32_t what = rng_below(&m->r, 100);
    if (what < 40 || !m->note_count) {
        e.kind = ON;
        e.note = m->note_count;
        m->notes[m->note_count++] = (note){.key = (float)(60 + rng_below(&m->r, 8)), .at = COMING};
    } else if (what < 60) {
        e.kind = OFF;
    } else if (what < 82) {
        e.kind = KEY_OFF;
        e.value = (float)(60 + rng_below(&m->r, 8));
    } else if (what < 83) {
        e.kind = ALL_OFF;
    } else if (what < 95) {
        e.kind = what < 89 ? SUSTAIN : SOSTENUTO;
        e.value = (float)rng_below(&m->r, 2);
    } else {
        static const uint32_t counts[] = {3, 1, 3, 2};
        e.kind = RULE;
        e.frame = MEGA_NOW;
        e.rule = rng_below(&m->r, 4);
        e.value = (float)rng_below(&m->r, counts[e.rule]);
        if (e.rule == 1 && rng_chance(&m->r, 0.3f)) e.value = 3; // steals none
    }
    send(m, e);
}

static void edit(model *m) {
    char list[200];
    uint32_t voices = 1 + rng_below(&m->r, 8);
    if (rng_chance(&m->r, 0.5f))
        snprintf(list, sizeof list,
                 "[{\"op\":\"set\",\"id\":\"osc\",\"param\":\"amp\",\"value\":0.5}]");
    else {
        snprintf(list, sizeof list, "[{\"op\":\"voices\",\"count\":%u}]", voices);
        m->voices = voices;
    }
    mega_change at_once = MEGA_CHANGE_NOW;
    at_once.fade_ms = 0;
    assert_int_equal(
        mega_edit(m->engine, list, strlen(list), MEGA_FORMAT_JSON, &at_once, NULL, NULL), MEGA_OK);
}

/// @return whether it was played to its end
static bool play(uint64_t seed) {
    static model model_of_all;
    model *m = &model_of_all;
    *m = (model){.r = rng_create(seed)};
    m->voices = 1 + rng_below(&m->r, 8);
    char text[1500];
    snprintf(text, sizeof text, VOICE, m->voices);
    m->engine = host_open(text);
    m->gate = mega_bus_open(m->engine, "note", "gate", NULL);
    for (uint32_t rule = 0; rule < 4; rule++)
        if (rng_chance(&m->r, 0.5f))
            send(m, (event){.kind = RULE,
                            .rule = rule,
                            .value = rule == 1 ? 0 : (float)rng_below(&m->r, 2)});
    for (int i = 0; i < STEPS && !m->unsure; i++) {
        // before what is played: an edit takes along what was turned for now before it
        if (rng_chance(&m->r, 0.05f)) edit(m);
        for (uint32_t k = rng_below(&m->r, 6); k; k--) play_something(m);
        for (uint32_t k = 1 + rng_below(&m->r, rng_chance(&m->r, 0.1f) ? 100 : 3); k && !m->unsure;
             k--)
            block(m, seed);
    }
    bool sure = !m->unsure;
    // all fingers and feet up: nothing is held, and all have ended
    mega_controller_set(m->engine, MEGA_NOW, MEGA_CONTROL_SUSTAIN, 0);
    mega_controller_set(m->engine, MEGA_NOW, MEGA_CONTROL_SOSTENUTO, 0);
    for (uint32_t i = 0; i < m->note_count; i++)
        mega_note_off(m->engine, MEGA_NOW, m->notes[i].handle, 0);
    host_render(m->engine, NULL, 9600);
    assert_int_equal(mega_counters_get(m->engine).voices_held, 0);
    host_render(m->engine, NULL, 9600);
    mega_counters c = mega_counters_get(m->engine);
    assert_int_equal(c.voices_active, 0);
    assert_int_equal(c.notes_ended, m->note_count);
    mega_destroy(m->engine);
    return sure;
}

static void the_engine_agrees_with_the_model(void **unused) {
    (void)unused;
    uint32_t whole = 0;
    for (uint64_t seed = 1; seed <= sequences; seed++) whole += play(seed);
    printf("%u sequences, %u of them whole\n", sequences, whole);
    assert_true(whole > sequences / 3);
}

int main(int argc, char **argv) {
    if (argc > 1) sequences = (uint32_t)strtoul(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_engine_agrees_with_the_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
