// SPDX-License-Identifier: MIT
// synth -- one of the server's synths: an engine, its place in the mix, and what the loop knows of
// its document so that names become numbers without asking the builder.
#ifndef SYNTH_H
#define SYNTH_H

#include <megasynth.h>
#include <stdio.h>

#include "base/server.h"
#include "synths/mixer.h"
#include "synths/notes.h"

typedef enum { SYNTH_MADE, SYNTH_LIVE, SYNTH_GONE } synth_state;

struct synth {
    server *server;
    synth *next;
    char name[limit_name_bytes_max + 1];
    synth_state state;
    _Atomic bool leaving; ///< fades out: nothing finds it any more; set by the loop
    uint32_t references;  ///< the list, and each call; loop only
    mixer_input input;    ///< engine: set by the builder before the synth is live
    // the loop's
    json_t *nodes;     ///< id -> type; NULL before a document is loaded
    json_t *knobs;     ///< name -> engine's number
    json_t *params;    ///< "node.param" -> engine's number; those that were asked for, and all of
                       ///< small documents
    uint64_t rev;      ///< of which these are
    uint64_t built_by; ///< serial of the last build that changes it
    json_t *presets;   ///< name -> engine's number
    notes *notes;
    struct midi_players *midi; ///< NULL: no instrument has played it yet
    struct {                   ///< counters as last told
        uint64_t silenced, late, stolen, dropped;
    } told;
    // the builder's
    uint64_t rev_told; ///< names were made for
    FILE *calls;       ///< NULL: they are not recorded
    bool profiled;
};

// ---- the loop ---------------------------------------------------------------------------------

/// @return NULL if there is none
synth *synth_find(server *s, const char *name);
/// 1..63 letters, digits, - _ .: what fits an address and a file's name.
bool synth_name_is_good(const char *name);
void synth_hold(synth *s);
void synth_release(synth *s);
/// Any thread: a record that nothing finds yet, to be released. NULL without memory.
synth *synth_make(server *s, const char *name);
/// Puts it into the list, at the end: it has its name from now on. Takes the reference.
void synth_list(synth *made);
/// Both: it lives once the builder has made its engine. NULL without memory.
synth *synth_create(server *s, const char *name);
/// Puts others in the place of all synths, within a meeting (or before the builder runs): `main`
/// first, each with an engine; the list takes the references. Those that were there are `leaving`:
/// they fade out, and stay in the mix and at the end of the list until synth_leave and
/// synth_silence. @return false without memory, nothing changed
bool synths_replace(server *s, synth *const *to, uint32_t count);
/// Into the mix. @return false without memory
bool synth_enter(synth *s);
/// Out of the list, so that nothing finds it; what is under way goes on.
void synth_leave(synth *s);
/// Out of the mix, for good; waits for a render that is under way.
void synth_silence(synth *s);
/// Takes what the builder has found out about the document.
void synth_take_names(synth *s, json_t *names);
/// Puts other names in the place of those that are known, and those into `names`; done twice it is
/// undone.
void synth_exchange_names(synth *s, json_t *names);
void synth_built_by(synth *s, uint64_t serial);
uint64_t synth_last_build(const synth *s);
uint64_t synth_engine_frame(const synth *s, uint64_t frame);
uint64_t synth_server_frame(const synth *s, uint64_t engine_frame);
/// The notice that a note has "started" or "ended", at the server's frame.
void synth_tell_note(synth *s, const char *event, const note_entry *note, uint64_t frame);
/// Notes that have ended, counters that have moved: told to subscribers. Every 10 ms.
void synths_tick(server *s);

// ---- the builder ------------------------------------------------------------------------------

/// Makes the engine of a record that is not in the list. @return false, with a report
bool synth_make_engine(synth *s, mega_report *report);
/// Makes the engine of one that is. @return false, with a report
bool synth_build(synth *s, mega_report *report);
/// What the loop must know of the document in force: {rev, nodes, knobs, params}. NULL if there is
/// none.
json_t *synth_names(synth *s);
/// The same of a document that is scheduled.
json_t *synth_names_of(synth *s, const mega_patch *patch);
void synths_add(server *s, synth *which);
void synths_remove(server *s, synth *which);
/// The engines' garbage.
/// @param changed gets the names of each document that has come in force by itself, and owns them
void synths_collect(server *s, void (*changed)(void *context, synth *which, json_t *names),
                    void *context);

#endif
