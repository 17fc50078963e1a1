// SPDX-License-Identifier: MIT
// commands -- the table of messages: the only place that says what there is. Help is printed from
// it.
#include "core.h"

enum { ANY = 255 };

// clang-format off: a table
const mega_command_row mega_commands[] = {
    // notes
    {"note", "key velocity [id]", "starts a note, velocity 0..127; 0 ends it. A list does the same",
     2, 3, mega_command_note},
    {"noteoff", "id-or-key [velocity]", "ends a note", 1, 2, mega_command_noteoff},
    {"bend", "[id] value", "of one note, in semitones; of all, -1..1 of the bend range", 1, 2,
     mega_command_bend},
    {"press", "[id] value", "pressure 0..1, of one note or all", 1, 2, mega_command_press},
    {"slide", "[id] value", "timbre 0..1, of one note or all", 1, 2, mega_command_slide},
    {"sustain", "value", "the pedal; down from 0.5", 1, 1, mega_command_sustain},
    {"sostenuto", "value", "the middle pedal: holds what is held when it goes down", 1, 1,
     mega_command_sostenuto},
    {"cc", "number value",
     "a MIDI controller, 0..127: pedals, timbre, all off, or the knob it is mapped to", 2, 2,
     mega_command_cc},
    {"map", "number [knob]", "lets a controller turn a knob; no knob: no more", 1, 2,
     mega_command_map},
    {"midi", "bytes...", "MIDI as it comes from [midiin], MPE zones and all", 1, ANY,
     mega_command_midi},
    {"mode", "poly|mono|legato", "how notes follow one another", 1, 1, mega_command_mode},
    {"steal", "0|1", "whether a new note may end an old one when all voices sound (1)", 1, 1,
     mega_command_steal},
    {"alloff", "", "releases all notes", 0, 0, mega_command_alloff},
    {"panic", "", "all sound off at once", 0, 0, mega_command_panic},
    // values
    {"set", "node.param value [ramp_ms]", "a parameter, smoothed, from this very sample on", 2, 3,
     mega_command_set},
    {"knob", "name value [min max [lin|exp [unit]]]",
     "turns a knob, 0..1; with a range: makes it, or changes its range", 2, 6, mega_command_knob},
    {"newknob", "name value [min max [lin|exp [unit]]]",
     "makes a knob; without a range it has that of what it turns", 2, 6, mega_command_newknob},
    // rewiring
    {"add", "id type [param value]...", "a new node", 2, ANY, mega_command_add},
    {"remove", "id", "a node and its cables", 1, 1, mega_command_remove},
    {"replace", "id type [param value]...", "another module in a node's place", 2, ANY,
     mega_command_replace},
    {"rename", "id new-id", "a node or a knob", 2, 2, mega_command_rename},
    {"connect", "from.out to.in [amount] [octaves|semitones]",
     "a cable; from a knob: its name alone", 2, 4, mega_command_connect},
    {"disconnect", "from.out to.in", "takes a cable away", 2, 2, mega_command_disconnect},
    {"clear", "", "removes all nodes and knobs, `out` as well", 0, 0, mega_command_clear},
    {"unknob", "name", "removes a knob and its cables", 1, 1, mega_command_unknob},
    {"voices", "[count]", "how many notes may sound at once, 1..4096; alone: tells how many sound",
     0, 1, mega_command_voices},
    {"begin", "", "collects edits until `commit`, as one change", 0, 0, mega_command_begin},
    {"commit", "[fade_ms]", "makes that change, all or nothing", 0, 1, mega_command_commit},
    {"undo", "[fade_ms]", "takes back the last change", 0, 1, mega_command_undo},
    {"redo", "[fade_ms]", "makes it again", 0, 1, mega_command_redo},
    // whole patches
    {"read", "file [fade_ms]", "loads a patch (.json, .sexp, .msgpack); held notes go on", 1, 2,
     mega_command_read},
    {"bytes", "byte...", "loads a patch that comes as the bytes of its file", 1, ANY,
     mega_command_bytes},
    {"write", "file", "saves the patch as it is heard now", 1, 1, mega_command_write},
    {"prepare", "slot file", "reads a patch and keeps it ready", 2, 2, mega_command_prepare},
    {"swap", "slot [fade_ms]", "makes a prepared patch the one that sounds", 1, 2,
     mega_command_swap},
    // questions
    {"get", "node.param|knob", "answers `value path v`", 1, 1, mega_command_get},
    {"dump", "", "the patch as the messages that build it, each after the word `dump`", 0, 0,
     mega_command_dump},
    {"list", "", "nodes, knobs and cables", 0, 0, mega_command_list},
    {"modules", "[type]", "what patches can be made of; or all about one module", 0, 1,
     mega_command_modules},
    {"commands", "", "these messages", 0, 0, mega_command_commands},
    {"sync", "", "waits until everything asked for is done, then answers `synced`", 0, 0,
     mega_command_sync},
    {"poll", "ms", "tells voices and load every so often; 0: no more", 1, 1, mega_command_poll},
    {"version", "", "answers `version`", 0, 0, mega_command_version},
    {0},
};
