// SPDX-License-Identifier: MIT
// engine -- one engine's parts, and which role each belongs to.
#ifndef MEGA_ENGINE_H
#define MEGA_ENGINE_H

#include "compile/transition.h"
#include "core/role.h"
#include "document/edit.h"
#include "render/renderer.h"
#include "session/calls.h"
#include "session/schedule.h"

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

/// An event that the audio role may not have heard.
typedef struct {
    _Atomic uint64_t word;  ///< its value, below the ring's position after it
    _Atomic uint64_t frame; ///< of the event, written before the word
} mega_sent;

struct mega_engine {
    mega_options options;
    mega_role_holder roles[MEGA_ROLE_COUNT];
    mega_renderer renderer; ///< what AUDIO has, and what the others hand to it
    // CONTROL
    const mega_isa_table *isa;
    mega_calls *calls; ///< a recording or a replay, or NULL
    mega_schedule schedule;
    mega_history *history;
    mega_names knobs, params, presets;
    mega_bus_name buses[MEGA_BUSES_MAX];
    uint32_t bus_count;
    mega_bus_name note_params[MEGA_NOTE_PARAMS_MAX]; ///< what `mega_find_note_param` was asked for
    uint32_t note_param_count;
    // EVENT
    _Atomic uint64_t next_note;
    _Atomic uint32_t panics; ///< how many there were
    // EVENT -> CONTROL, by public number: what was said last
    mega_sent *sent_knobs, *sent_params, *sent_presets;
};

/// CONTROL: the first frame that can still be changed.
static inline uint64_t mega_frame_now(const mega_engine *e) {
    return mega_calls_observe(e, atomic_load(&e->renderer.tally.frame_rendered));
}

/// Frees a number-to-name table.
void mega_names_finish(mega_names *names);
/// @return the number of a name, or -1 if nobody ever asked for it
int32_t mega_names_find(const mega_names *names, const char *name);
/// Names that a caller gives, which may be the loaded patch's own: copied before a collection frees
/// it. One that is too long for an id stays too long.
typedef struct {
    char node[MEGA_ID_BYTES_MAX + 2], port[MEGA_ID_BYTES_MAX + 2];
} mega_given_names;
mega_given_names mega_given_names_of(const char *node, const char *port);
/// "node.param". @param name room for MEGA_NAME_BYTES_MAX + 2
void mega_names_join(char *name, const char *node, const char *param);
/// What the presets of a program's patch write. @return false without memory
bool mega_presets_resolve(const mega_engine *e, mega_program *program, const mega_program *before);
/// Gives a program the numbers of all names that were ever asked for. In its
/// first block a knob or a parameter can be reached by the name that it had before, too.
/// @param before the program that it follows, or NULL @return false without memory
bool mega_names_resolve(mega_engine *e, mega_program *program, const mega_program *before);
/// The note parameters that a patch has. @param owned room for MEGA_NOTE_PARAMS_MAX
size_t mega_note_params_find(const mega_engine *e, const mega_patch *patch,
                             mega_note_param *note_params);
/// The buses whose node and port a patch has. @param taps room for MEGA_BUSES_MAX
size_t mega_buses_find(const mega_engine *e, const mega_patch *patch, const mega_program *before,
                       struct mega_tap *taps);

#endif
