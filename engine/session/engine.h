// SPDX-License-Identifier: MIT
// engine -- one engine's parts, and which role each belongs to.
#ifndef MEGA_ENGINE_H
#define MEGA_ENGINE_H

#include "render/behind.h"
#include "session/calls.h"
#include "document/edit.h"
#include "core/events.h"
#include "render/handoff.h"
#include "core/role.h"
#include "session/schedule.h"
#include "compile/transition.h"
#include "render/vm.h"

enum {
    MEGA_NAMES_MAX = 16384,       ///< knobs, and parameters, that were ever asked for by name
    MEGA_PRESET_NAMES_MAX = 4096, ///< the same of presets
    MEGA_NAME_BYTES_MAX = 2 * MEGA_ID_BYTES_MAX,
    MEGA_RATE_MIN = 8000,
    MEGA_RATE_MAX = 384000,
};

/// Names with stable numbers; CONTROL only.
typedef struct {
    char **names;
    uint32_t count, room;
} mega_names;

/// A port, or a parameter, that was asked for by name.
typedef struct {
    char *node, *port;
    uint32_t opened; ///< of a port: how often more than closed
} mega_bus_name;

/// Counted by the audio role, read by anybody.
typedef struct {
    _Atomic uint64_t frame, frame_rendered;
    _Atomic uint32_t voices_active, voices_held;
    _Atomic uint64_t notes_started, notes_ended, notes_stolen, notes_dropped;
    _Atomic uint64_t events_late, events_dropped;
    _Atomic uint32_t events_heard; ///< position in their ring
    _Atomic uint64_t lanes_silenced, outputs_silenced, programs_swapped, changes_late;
    _Atomic size_t memory_bytes;
} mega_tally;

/// An event that the audio role may not have heard.
typedef struct {
    _Atomic uint64_t word;  ///< its value, below the ring's position after it
    _Atomic uint64_t frame; ///< of the event, written before the word
} mega_said;

struct mega_engine {
    mega_options options;
    mega_role_holder roles[MEGA_ROLE_COUNT];
    // CONTROL
    const mega_isa_table *isa;
    mega_calls *calls; ///< a recording or a replay, or NULL
    mega_schedule schedule;
    mega_history *history;
    mega_names knobs, params, presets;
    mega_bus_name buses[MEGA_BUSES_MAX];
    uint32_t bus_count;
    mega_bus_name owned[MEGA_OWN_MAX]; ///< what `mega_find_note_param` was asked for
    uint32_t owned_count;
    // CONTROL -> AUDIO -> CONTROL
    mega_handoff handoff;
    mega_ring garbage;                ///< of mega_retired
    _Atomic(mega_program *) sounding; ///< whose values are the ones in force
    // EVENT -> AUDIO -> EVENT
    mega_ring events;
    mega_ring ended;
    _Atomic uint64_t next_note;
    _Atomic uint64_t panic; ///< 0: none; else its number, and below that the ring's position then
    _Atomic uint32_t panics; ///< how many there were
    // CONTROL -> AUDIO
    _Atomic uint32_t woken; ///< as many panics had been when a document was last loaded
    // EVENT -> CONTROL, by public number: what was said last
    mega_said *said_knobs, *said_params, *said_presets;
    // AUDIO
    mega_vm vm;
    mega_program *coming; ///< taken, with leads still to be run; NULL: all have
    uint32_t stage;       ///< of its leads: the next
    mega_voices voices;
    mega_queue queue;
    mega_behind behind;
    uint32_t stopped;     ///< number of the panic since which all is silent; 0: none
    uint32_t stopped_at;  ///< position in the ring of events when that was called
    uint64_t block_frame; ///< first frame of the next block
    uint64_t change_frame; ///< the same of the last one in which another program was taken
    uint32_t carry_frames; ///< of the blocks that were rendered last
    uint32_t carry_read;   ///< frames of them that were given out
    float (*out)[MEGA_SEGMENT_FRAMES]; ///< those blocks: `vm.out_channels` of them
    float *input_ring;      ///< input_channels x 2 blocks
    uint64_t input_written; ///< frames taken from the host
    float *input_block;     ///< input_channels x one block
    mega_tally tally;
};

/// A program that came back, with the groups that its voices were in if those changed.
typedef struct {
    mega_program *program;
    mega_voice_group *groups;
} mega_retired;

typedef struct {
    mega_note note;
    uint64_t frame;
} mega_ended;

#define MEGA_COUNT(engine, what) mega_count(&(engine)->tally.what, 1)
static inline void mega_count(_Atomic uint64_t *counter, uint64_t more) {
    // one writer: no read-modify-write needed
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + more, memory_order_relaxed);
}

/// CONTROL: the first frame that can still be changed.
static inline uint64_t mega_frame_now(const mega_engine *e) {
    return mega_calls_observe(e, atomic_load(&e->tally.frame_rendered));
}

/// Frees a number-to-name table.
void mega_names_finish(mega_names *names);
/// @return the number of a name, or -1 if nobody ever asked for it
int32_t mega_names_find(const mega_names *names, const char *name);
/// "node.param". @param name room for MEGA_NAME_BYTES_MAX + 2
void mega_names_join(char *name, const char *node, const char *param);
/// What the presets of a program's patch write. @return false without memory
bool mega_presets_resolve(const mega_engine *e, mega_program *program, const mega_program *before);
/// Gives a program the numbers of all names that were ever asked for. In its
/// first block a knob or a parameter can be reached by the name that it had before, too.
/// @param before the program that it follows, or NULL @return false without memory
bool mega_names_resolve(mega_engine *e, mega_program *program, const mega_program *before);
/// The owned parameters that a patch has. @param owned room for MEGA_OWN_MAX
size_t mega_owned_find(const mega_engine *e, const mega_patch *patch, mega_owned *owned);
/// The buses whose node and port a patch has. @param taps room for MEGA_BUSES_MAX
size_t mega_buses_find(const mega_engine *e, const mega_patch *patch, const mega_program *before,
                       struct mega_tap *taps);

#endif
