// SPDX-License-Identifier: MIT
// midi -- a stream of MIDI bytes: running status, and MPE zones, whose members carry one note each.
//
// MIDI 1.0 Detailed Specification; MIDI Polyphonic Expression 1.1 (zones by RPN 6 on channels 1 and
// 16; bend range of members 48 semitones until RPN 0 says another).
#include <string.h>

#include "core.h"

enum {
    NOTE_OFF = 0x80,
    NOTE_ON = 0x90,
    KEY_PRESSURE = 0xa0,
    CONTROLLER = 0xb0,
    PROGRAM = 0xc0,
    PRESSURE = 0xd0,
    BEND = 0xe0,
    EXCLUSIVE = 0xf0,
    EXCLUSIVE_END = 0xf7,
    REAL_TIME = 0xf8,
    CC_DATA = 6,
    CC_TIMBRE = 74,
    CC_RPN_LOW = 100,
    CC_RPN_HIGH = 101,
    RPN_BEND_RANGE = 0,
    RPN_MPE = 6,
    MEMBER_BEND_SEMITONES = 48,
};

/// Whether a channel, 1..16, carries notes one by one.
static bool is_member(const synth_midi *m, int channel) {
    return (channel > 1 && channel <= 1 + m->members_low) ||
           (channel < 16 && channel >= 16 - m->members_high);
}

static void configure(synth_midi *m, int channel, int members) {
    if (channel == 1) m->members_low = (uint8_t)(members > 15 ? 15 : members);
    if (channel == 16) m->members_high = (uint8_t)(members > 15 ? 15 : members);
    memset(m->bend_range, 0, sizeof m->bend_range); // 0: as members have it at first
}

static void data_entry(synth_midi *m, int channel, int value) {
    const uint8_t *rpn = m->rpn[channel - 1];
    if (rpn[0] != 0) return;
    if (rpn[1] == RPN_MPE) configure(m, channel, value);
    if (rpn[1] == RPN_BEND_RANGE && is_member(m, channel))
        for (int c = 2; c < 16; c++) m->bend_range[c - 1] = (float)value; // of one is of all
}

static void to_members(mega_adapter *a, uint64_t frame, int channel, mega_note_expression what,
                       mega_controller all, float value) {
    if (!is_member(&a->midi, channel)) {
        synth_check_event(a, mega_controller_set(a->engine, frame, all, value));
        return;
    }
    float range = a->midi.bend_range[channel - 1] ? a->midi.bend_range[channel - 1]
                                                  : (float)MEMBER_BEND_SEMITONES;
    mega_note note = synth_note_of_channel(a, channel, -1);
    if (what == MEGA_NOTE_BEND) value *= range;
    if (note) synth_check_event(a, mega_note_set(a->engine, frame, note, what, value));
}

static void controller(mega_adapter *a, uint64_t frame, int channel, int number, int value) {
    synth_midi *m = &a->midi;
    if (number == CC_RPN_HIGH || number == CC_RPN_LOW)
        m->rpn[channel - 1][number == CC_RPN_LOW] = (uint8_t)value;
    else if (number == CC_DATA && m->rpn[channel - 1][0] == 0 &&
             (m->rpn[channel - 1][1] == RPN_MPE || is_member(m, channel)))
        data_entry(m, channel, value);
    else if (number == CC_TIMBRE && is_member(m, channel))
        to_members(a, frame, channel, MEGA_NOTE_TIMBRE, MEGA_CONTROL_TIMBRE, (float)value / 127);
    else synth_play_controller(a, frame, number, value);
}

static void message(mega_adapter *a, uint64_t frame) {
    const synth_midi *m = &a->midi;
    int channel = (m->status & 15) + 1, one = m->data[0], two = m->data[1];
    mega_note note;
    switch (m->status & 0xf0) {
    case NOTE_ON:
        if (two) {
            synth_note_start(a, frame, (float)one, (float)two / 127, NULL, (uint8_t)channel);
            break;
        }
        two = 64; // by the standard the same as a note off of middle velocity
        // fall through
    case NOTE_OFF:
        note = synth_note_of_channel(a, channel, one);
        if (note) synth_note_stop(a, frame, note, (float)two / 127);
        break;
    case KEY_PRESSURE:
        note = synth_note_of_channel(a, channel, one);
        if (note)
            synth_check_event(
                a, mega_note_set(a->engine, frame, note, MEGA_NOTE_PRESSURE, (float)two / 127));
        break;
    case CONTROLLER: controller(a, frame, channel, one, two); break;
    case PRESSURE:
        to_members(a, frame, channel, MEGA_NOTE_PRESSURE, MEGA_CONTROL_PRESSURE, (float)one / 127);
        break;
    case BEND: {
        float bend = (float)((two << 7 | one) - 8192);
        to_members(a, frame, channel, MEGA_NOTE_BEND, MEGA_CONTROL_BEND,
                   bend / (bend < 0 ? 8192 : 8191));
        break;
    }
    default: break; // programs are the host's to choose
    }
}

void synth_midi_byte(mega_adapter *a, uint64_t frame, uint8_t byte) {
    synth_midi *m = &a->midi;
    if (byte >= REAL_TIME) return; // may come anywhere, even within a message
    if (byte & 0x80) {
        m->status = byte >= EXCLUSIVE ? 0 : byte; // those of the system end running status
        m->have = 0;
        return;
    }
    if (!m->status) return;
    m->data[m->have++] = byte;
    int kind = m->status & 0xf0;
    if (m->have < (kind == PROGRAM || kind == PRESSURE ? 1 : 2)) return;
    m->have = 0;
    message(a, frame);
}
