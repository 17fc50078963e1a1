// SPDX-License-Identifier: MIT
// midi -- the MIDI interpreter: see mega_midi.h.
//
// What a note should be (key down, held by a pedal) and what the engine knows of that are kept
// apart, and `agree` sends the difference. So the end of a note is never lost: where the ring was
// full, it is sent later.
#include "mega_midi.h"

#include <stdlib.h>
#include <string.h>

enum {
    NOTE_OFF = 0x80,
    NOTE_ON = 0x90,
    KEY_PRESSURE = 0xa0,
    CONTROLLER = 0xb0,
    PROGRAM = 0xc0,
    PRESSURE = 0xd0,
    BEND = 0xe0,
    SYSTEM = 0xf0,
    REAL_TIME = 0xf8,
};
enum {
    CC_DATA = 6,
    CC_DATA_LOW = 38,
    CC_SUSTAIN = 64,
    CC_SOSTENUTO = 66,
    CC_TIMBRE = 74,
    CC_NRPN_LOW = 98,
    CC_RPN_LOW = 100,
    CC_RPN_HIGH = 101,
    CC_SOUND_OFF = 120,
    CC_RESET = 121,
    CC_NOTES_OFF = 123,
};
enum { RPN_BEND_RANGE = 0, RPN_ZONE = 6, RPN_NONE = 0x3fff };
enum { CHANNELS = 16, LOWER = 0, UPPER = 15, MEMBERS_MAX = 15, NONE = -1 };
enum { NOTE_EVENTS_MAX = 5 }; ///< of the start of a note

static const float MEMBER_RANGE = 48; // semitones, before RPN 0 (MPE 1.1, 2.4)
static const float PATCH_RANGE = -1;  // as the patch's `note.bend_range` says
static const float PEDAL_DOWN = 64.0f / 127;
static const float RELEASE_MIDDLE = 64.0f / 127; // of a note on of velocity 0 (MIDI 1.0)

typedef struct {
    mega_note note;
    uint8_t channel, key;
    bool down, sustained, sostenuto; ///< what is so
    bool off_sent, hold_sent;        ///< what the engine knows
    float velocity, release;
    float pressure; ///< of its key
} played;

typedef struct {
    float bend, pressure, timbre; ///< -1..1, 0..1, 0..1
    float range;                  ///< semitones, or PATCH_RANGE
    bool bent, pressed, slid;     ///< since the start: a note is given what the channel has
    bool sustain, sostenuto;
    uint16_t rpn; ///< that data entry writes
} channel;

struct mega_midi {
    mega_midi_host host;
    uint8_t status, data[2], have; ///< running status; 0: none
    uint8_t lower, upper;          ///< members of the zones
    channel channels[CHANNELS];
    played notes[MEGA_MIDI_NOTES_MAX]; ///< oldest first
    uint32_t count;
    bool behind; ///< the engine does not know all yet
    // of the call under way
    mega_engine *engine;
    uint64_t frame;
    mega_status result;
};

// ---- zones ------------------------------------------------------------------------------------

/// The master of a member channel, else NONE. Channels count from 0 here.
static int master_of(const mega_midi *m, int c) {
    if (c > LOWER && c <= m->lower) return LOWER;
    if (c < UPPER && c >= UPPER - m->upper) return UPPER;
    return NONE;
}

/// The channel that bends as a plain one does: the master, or the channel itself.
static int top_of(const mega_midi *m, int c) {
    int master = master_of(m, c);
    return master == NONE ? c : master;
}

/// Whether what a channel says is about another, too: its own, or a member of its zone.
static bool rules(const mega_midi *m, int c, int other) {
    return c == other || master_of(m, other) == c;
}

// ---- to the engine ----------------------------------------------------------------------------

static bool send(mega_midi *m, mega_status status) {
    if (status && !m->result) m->result = status;
    return status == MEGA_OK;
}

static bool set(mega_midi *m, const played *n, mega_note_expression what, float value) {
    return send(m, mega_note_set(m->engine, m->frame, n->note, what, value));
}

static bool is_pedalled(const played *n) { return n->sustained || n->sostenuto; }

/// Sends what the engine does not know yet. @return false: the ring is full
static bool agree(mega_midi *m, played *n) {
    bool good = true;
    if (is_pedalled(n) && !n->hold_sent) good = n->hold_sent = set(m, n, MEGA_NOTE_SET_HELD, 1);
    if (good && !n->down && !n->off_sent)
        good = n->off_sent = send(m, mega_note_off(m->engine, m->frame, n->note, n->release));
    if (good && !is_pedalled(n) && n->hold_sent) {
        good = set(m, n, MEGA_NOTE_SET_HELD, 0);
        n->hold_sent = !good;
    }
    m->behind |= !good;
    return good;
}

/// A member channel belongs to its next note once a key is up; a plain one bends what rings on,
/// too.
static bool listens(const mega_midi *m, const played *n) {
    return n->down || master_of(m, n->channel) == NONE;
}

static bool is_over(const mega_midi *m, const played *n) {
    return n->off_sent && !is_pedalled(n) && !n->hold_sent && !listens(m, n);
}

static void forget(mega_midi *m, uint32_t i) {
    memmove(m->notes + i, m->notes + i + 1, (--m->count - i) * sizeof *m->notes);
}

static void agree_all(mega_midi *m) {
    m->behind = false;
    for (uint32_t i = 0; i < m->count && !m->behind;)
        if (agree(m, &m->notes[i]) && is_over(m, &m->notes[i])) forget(m, i);
        else i++;
}

// ---- expression -------------------------------------------------------------------------------

static float larger(float a, float b) { return a > b ? a : b; }

/// Bend that is known in semitones; the rest goes through the patch's range, as
/// MEGA_NOTE_SET_WHEEL.
static float semitones(const mega_midi *m, const played *n) {
    int top = top_of(m, n->channel);
    const channel *own = &m->channels[n->channel], *t = &m->channels[top];
    float sum = t->range >= 0 ? t->bend * t->range : 0;
    if (top == n->channel) return sum;
    return sum + own->bend * (own->range >= 0 ? own->range : MEMBER_RANGE);
}

static void send_wheel(mega_midi *m, const played *n) {
    const channel *t = &m->channels[top_of(m, n->channel)];
    set(m, n, MEGA_NOTE_SET_WHEEL, t->range >= 0 ? 0 : t->bend);
}

static void send_bend(mega_midi *m, const played *n) { set(m, n, MEGA_NOTE_BEND, semitones(m, n)); }

static void send_pressure(mega_midi *m, const played *n) {
    float of_channel = m->channels[n->channel].pressure;
    float of_zone = m->channels[top_of(m, n->channel)].pressure;
    set(m, n, MEGA_NOTE_PRESSURE, larger(n->pressure, larger(of_channel, of_zone)));
}

static void send_timbre(mega_midi *m, const played *n) {
    float of_channel = m->channels[n->channel].timbre;
    float of_zone = m->channels[top_of(m, n->channel)].timbre;
    set(m, n, MEGA_NOTE_TIMBRE, larger(of_channel, of_zone));
}

/// To the notes that a channel's value is about.
static void to_notes(mega_midi *m, int c, void (*send_value)(mega_midi *, const played *)) {
    for (uint32_t i = 0; i < m->count; i++) {
        const played *n = &m->notes[i];
        if (c == n->channel ? listens(m, n) : rules(m, c, n->channel)) send_value(m, n);
    }
}

/// What a fresh note finds on its channel.
static void send_all(mega_midi *m, const played *n) {
    const channel *own = &m->channels[n->channel], *t = &m->channels[top_of(m, n->channel)];
    if (t->bent) send_wheel(m, n);
    if (semitones(m, n) != 0) send_bend(m, n);
    if (own->pressed || t->pressed) send_pressure(m, n);
    if (own->slid || t->slid) send_timbre(m, n);
}

static void bend(mega_midi *m, int c, float value) {
    bool by_patch = top_of(m, c) == c && m->channels[c].range < 0;
    m->channels[c].bend = value;
    m->channels[c].bent = true;
    to_notes(m, c, by_patch ? send_wheel : send_bend);
}

static void press(mega_midi *m, int c, float value) {
    m->channels[c].pressure = value;
    m->channels[c].pressed = true;
    to_notes(m, c, send_pressure);
}

static void slide(mega_midi *m, int c, float value) {
    m->channels[c].timbre = value;
    m->channels[c].slid = true;
    to_notes(m, c, send_timbre);
}

// ---- notes ------------------------------------------------------------------------------------

static bool pedal_holds(const mega_midi *m, int c) {
    return m->channels[c].sustain || m->channels[top_of(m, c)].sustain;
}

static void lift(mega_midi *m, played *n, float velocity) {
    if (!n->down) return;
    n->down = false;
    n->release = velocity;
    n->sustained = pedal_holds(m, n->channel);
}

/// Nothing holds it any more.
static void let_go(played *n) { n->down = n->sustained = n->sostenuto = false; }

/// @return NULL: the ring is full, and the oldest note does not know yet that it ends
static played *place(mega_midi *m) {
    if (m->count == MEGA_MIDI_NOTES_MAX) {
        uint32_t oldest = 0; // one that merely rings on is missed least
        for (uint32_t i = m->count; i-- > 0;)
            if (!m->notes[i].down && !is_pedalled(&m->notes[i])) oldest = i;
        let_go(&m->notes[oldest]);
        if (!agree(m, &m->notes[oldest])) return NULL;
        forget(m, oldest);
    }
    return &m->notes[m->count];
}

/// @return false: it does not sound
static bool start(mega_midi *m, played *n) {
    float key = n->key;
    n->note = 0;
    n->off_sent = n->hold_sent = false;
    if (mega_events_room(m->engine) < NOTE_EVENTS_MAX) send(m, MEGA_ERROR_FULL);
    else send(m, mega_note_on(m->engine, m->frame, key, n->velocity, &n->note));
    if (!n->note) return false;
    if (m->host.started) m->host.started(m->host.context, m->frame, n->note, key, n->velocity);
    send_all(m, n);
    return true;
}

static void note_on(mega_midi *m, int c, int key, float velocity) {
    played *n = place(m);
    if (!n) return;
    *n = (played){.channel = (uint8_t)c, .key = (uint8_t)key, .down = true, .velocity = velocity};
    m->count += start(m, n);
}

static played *oldest_down(mega_midi *m, int c, int key) {
    for (uint32_t i = 0; i < m->count; i++) {
        played *n = &m->notes[i];
        if (n->down && n->channel == c && n->key == key) return n;
    }
    return NULL;
}

static void note_off(mega_midi *m, int c, int key, float velocity) {
    played *n = oldest_down(m, c, key);
    if (!n) return;
    lift(m, n, velocity);
    agree_all(m);
}

static void key_pressure(mega_midi *m, int c, int key, float value) {
    for (uint32_t i = 0; i < m->count; i++) {
        played *n = &m->notes[i];
        if (!n->down || n->channel != c || n->key != key) continue;
        n->pressure = value;
        send_pressure(m, n);
    }
}

static void notes_off(mega_midi *m, int c) {
    for (uint32_t i = 0; i < m->count; i++)
        if (rules(m, c, m->notes[i].channel)) lift(m, &m->notes[i], RELEASE_MIDDLE);
    agree_all(m);
}

static void sound_off(mega_midi *m) {
    send(m, mega_panic(m->engine));
    m->count = 0;
    m->behind = false;
}

// ---- pedals -----------------------------------------------------------------------------------

static void sustain(mega_midi *m, int c, bool down) {
    m->channels[c].sustain = down;
    for (uint32_t i = 0; i < m->count; i++)
        if (!pedal_holds(m, m->notes[i].channel)) m->notes[i].sustained = false;
    agree_all(m);
}

static void sostenuto(mega_midi *m, int c, bool down) {
    bool was = m->channels[c].sostenuto;
    m->channels[c].sostenuto = down;
    for (uint32_t i = 0; i < m->count; i++) {
        played *n = &m->notes[i];
        if (!rules(m, c, n->channel)) continue;
        if (!down) n->sostenuto = false;
        else if (!was && n->down) n->sostenuto = true;
    }
    agree_all(m);
}

static void reset(mega_midi *m, int c) {
    for (uint32_t i = 0; i < m->count; i++)
        if (m->notes[i].channel == c) m->notes[i].pressure = 0;
    if (m->channels[c].bend != 0) bend(m, c, 0);
    m->channels[c].pressure = 0;
    to_notes(m, c, send_pressure);
    sustain(m, c, false);
    sostenuto(m, c, false);
    m->channels[c].rpn = RPN_NONE;
}

// ---- registered parameters --------------------------------------------------------------------

static void set_range(mega_midi *m, int c, bool cents, int value) {
    channel *ch = &m->channels[c];
    float range = larger(ch->range, 0);
    int whole = (int)range;
    ch->range = cents ? (float)whole + (float)value / 100 : (float)value + (range - (float)whole);
    int master = master_of(m, c);
    for (int other = 0; master != NONE && other < CHANNELS; other++) // of one member is of all
        if (master_of(m, other) == master) m->channels[other].range = ch->range;
    to_notes(m, master == NONE ? c : master, send_bend);
    to_notes(m, master == NONE ? c : master, send_wheel);
}

/// A channel that enters or leaves a zone is as at the start; its notes end.
static void start_channel(mega_midi *m, int c) {
    for (uint32_t i = 0; i < m->count; i++)
        if (m->notes[i].channel == c) let_go(&m->notes[i]);
    m->channels[c] = (channel){.range = PATCH_RANGE, .rpn = m->channels[c].rpn};
}

/// The zone that came last has its members; the other keeps what is left.
static void set_zone(mega_midi *m, int c, int members) {
    uint8_t *zone = c == LOWER ? &m->lower : &m->upper, *other = c == LOWER ? &m->upper : &m->lower;
    int left = CHANNELS - 2 - members, before[CHANNELS];
    if (members > MEMBERS_MAX) return; // not defined
    for (int i = 0; i < CHANNELS; i++) before[i] = master_of(m, i);
    *zone = (uint8_t)members;
    if (*other > left) *other = (uint8_t)larger((float)left, 0);
    for (int i = 0; i < CHANNELS; i++)
        if (rules(m, c, i) || before[i] != master_of(m, i)) start_channel(m, i);
    agree_all(m);
}

/// @return false: no parameter of ours is selected
static bool data_entry(mega_midi *m, int c, bool low, int value) {
    int rpn = m->channels[c].rpn;
    bool zones = rpn == RPN_ZONE && (c == LOWER || c == UPPER);
    if (rpn == RPN_BEND_RANGE) set_range(m, c, low, value);
    else if (zones && !low) set_zone(m, c, value);
    return rpn == RPN_BEND_RANGE || zones;
}

static void select_parameter(mega_midi *m, int c, int number, int value) {
    uint16_t *rpn = &m->channels[c].rpn;
    if (number == CC_RPN_LOW) *rpn = (uint16_t)((*rpn & 0x3f80) | value);
    else if (number == CC_RPN_HIGH) *rpn = (uint16_t)((*rpn & 0x7f) | value << 7);
    else *rpn = RPN_NONE; // an NRPN: none of ours
}

// ---- messages ---------------------------------------------------------------------------------

static void mode_message(mega_midi *m, int c, int number) {
    if (number == CC_SOUND_OFF) sound_off(m);
    if (number >= CC_NOTES_OFF) notes_off(m, c);
    for (int i = 0; number == CC_RESET && i < CHANNELS; i++)
        if (rules(m, c, i)) reset(m, i);
}

static void controller(mega_midi *m, int c, int number, int value) {
    const mega_midi_host *h = &m->host;
    if (number >= CC_NRPN_LOW && number <= CC_RPN_HIGH) select_parameter(m, c, number, value);
    else if ((number == CC_DATA || number == CC_DATA_LOW) &&
             data_entry(m, c, number == CC_DATA_LOW, value))
        return;
    else if (number == CC_TIMBRE && master_of(m, c) != NONE) slide(m, c, (float)value / 127);
    else if (h->controller && h->controller(h->context, m->frame, c + 1, number, value)) return;
    else if (number == CC_TIMBRE) slide(m, c, (float)value / 127);
    else if (number == CC_SUSTAIN) sustain(m, c, value >= 64);
    else if (number == CC_SOSTENUTO) sostenuto(m, c, value >= 64);
    else if (number >= CC_SOUND_OFF) mode_message(m, c, number);
}

static void message(mega_midi *m) {
    int c = m->status & 15, one = m->data[0], two = m->data[1];
    float part = (float)two / 127;
    switch (m->status & 0xf0) {
    case NOTE_ON:
        if (two) note_on(m, c, one, part);
        else note_off(m, c, one, RELEASE_MIDDLE);
        break;
    case NOTE_OFF: note_off(m, c, one, part); break;
    case KEY_PRESSURE: key_pressure(m, c, one, part); break;
    case CONTROLLER: controller(m, c, one, two); break;
    case PROGRAM:
        if (m->host.program) m->host.program(m->host.context, m->frame, c + 1, one);
        break;
    case PRESSURE: press(m, c, (float)one / 127); break;
    case BEND: {
        float way = (float)((two << 7 | one) - 8192); // both ends are whole
        bend(m, c, way / (way < 0 ? 8192 : 8191));
        break;
    }
    default: break;
    }
}

static void byte(mega_midi *m, uint8_t b) {
    if (b >= REAL_TIME) return; // may come anywhere, even within a message
    if (b & 0x80) {
        m->status = b >= SYSTEM ? 0 : b; // those of the system end running status
        m->have = 0;
        return;
    }
    if (!m->status) return;
    m->data[m->have++] = b;
    int kind = m->status & 0xf0;
    if (m->have < (kind == PROGRAM || kind == PRESSURE ? 1 : 2)) return;
    m->have = 0;
    message(m);
}

// ---- the interface ----------------------------------------------------------------------------

static void begin(mega_midi *m, mega_engine *engine, uint64_t frame) {
    m->engine = engine;
    m->frame = frame;
    m->result = MEGA_OK;
    if (m->behind) agree_all(m);
}

mega_status mega_midi_bytes(mega_midi *m, mega_engine *engine, uint64_t frame, const uint8_t *bytes,
                            size_t count) {
    begin(m, engine, frame);
    for (size_t i = 0; i < count; i++) byte(m, bytes[i]);
    return m->result;
}

static void control(mega_midi *m, mega_controller which, float value) {
    send(m, mega_controller_set(m->engine, m->frame, which, value));
}

static void reset_all(mega_midi *m) {
    for (int i = 0; i < CHANNELS; i++) reset(m, i);
    control(m, MEGA_CONTROL_BEND, 0);
    control(m, MEGA_CONTROL_PRESSURE, 0);
    control(m, MEGA_CONTROL_SUSTAIN, 0);
    control(m, MEGA_CONTROL_SOSTENUTO, 0);
}

mega_status mega_midi_controller(mega_midi *m, mega_engine *engine, uint64_t frame, int number,
                                 float value) {
    float part = value / 127;
    begin(m, engine, frame);
    if (number == CC_SUSTAIN) control(m, MEGA_CONTROL_SUSTAIN, part >= PEDAL_DOWN);
    else if (number == CC_SOSTENUTO) control(m, MEGA_CONTROL_SOSTENUTO, part >= PEDAL_DOWN);
    else if (number == CC_TIMBRE) control(m, MEGA_CONTROL_TIMBRE, part);
    else if (number == CC_SOUND_OFF) sound_off(m);
    else if (number == CC_RESET) reset_all(m);
    else if (number >= CC_NOTES_OFF) {
        send(m, mega_all_notes_off(engine, frame));
        m->count = 0;
        m->behind = false;
    }
    return m->result;
}

mega_status mega_midi_release(mega_midi *m, mega_engine *engine, uint64_t frame) {
    begin(m, engine, frame);
    for (uint32_t i = 0; i < m->count; i++) let_go(&m->notes[i]);
    agree_all(m);
    if (!m->behind) mega_midi_reset(m);
    return m->result;
}

void mega_midi_reset(mega_midi *m) {
    mega_midi_host host = m->host;
    *m = (mega_midi){.host = host};
    for (int i = 0; i < CHANNELS; i++)
        m->channels[i] = (channel){.range = PATCH_RANGE, .rpn = RPN_NONE};
}

mega_status mega_midi_again(mega_midi *m, mega_engine *engine, uint64_t frame) {
    m->behind = false;
    begin(m, engine, frame);
    for (uint32_t i = 0; i < m->count;) {
        played *n = &m->notes[i];
        if ((n->down || is_pedalled(n)) && start(m, n)) i++;
        else forget(m, i);
    }
    agree_all(m);
    return m->result;
}

void mega_midi_ended(mega_midi *m, mega_note note) {
    for (uint32_t i = 0; i < m->count; i++) {
        if (m->notes[i].note != note) continue;
        forget(m, i);
        return;
    }
}

uint32_t mega_midi_held(const mega_midi *m) {
    uint32_t held = 0;
    for (uint32_t i = 0; i < m->count; i++) held += m->notes[i].down || is_pedalled(&m->notes[i]);
    return held;
}

mega_midi *mega_midi_create(const mega_midi_host *host) {
    mega_midi *m = malloc(sizeof *m);
    if (!m) return NULL;
    m->host = host ? *host : (mega_midi_host){0};
    mega_midi_reset(m);
    return m;
}

void mega_midi_destroy(mega_midi *m) { free(m); }
