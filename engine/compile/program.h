// SPDX-License-Identifier: MIT
// program -- a compiled patch: flat arrays that the VM walks. Its shape is immutable; registers,
// slots and node state belong to the audio role while the program is in force.
#ifndef MEGA_PROGRAM_H
#define MEGA_PROGRAM_H

#include "compile/transition.h"
#include "core/opcode.h"
#include "core/ops.h"
#include "core/slot.h"
#include "document/graph.h"

#define MEGA_MEMORY_BYTES_DEFAULT ((size_t)1 << 30) ///< budget of a program and its state

enum {
    MEGA_BUSES_MAX = 256,    ///< ports listened to from outside, each with a copy of its block
    MEGA_TERMS_AT_ONCE = 32, ///< of a sum: bounds the scratch for slots on their way
};

/// Where a value is.
typedef enum {
    MEGA_BANK_ZERO,   ///< silence
    MEGA_BANK_SLOT,   ///< a parameter's or knob's value
    MEGA_BANK_SHARED, ///< 64 floats
    MEGA_BANK_VOICE,  ///< 64 x 16 floats, scratch: the same ones serve each group in turn
    MEGA_BANK_KEPT,   ///< 64 x 16 floats a group: a voice's value that a later phase wants
} mega_bank;

typedef struct {
    uint16_t bank;
    uint16_t times; ///< 1, in SUM: it multiplies the operand before it; else they are added
    uint32_t index;
} mega_operand;

typedef struct {
    uint8_t op;              ///< mega_opcode
    bool voice;              ///< runs once a group
    uint16_t module;         ///< CALL: index in the registry
    uint32_t node;           ///< index in `nodes`
    uint32_t in;             ///< first operand; SUM: terms, then exponents
    uint16_t in_count;       ///< CALL: ports
    uint16_t exponent_count; ///< SUM: the last ones of in_count
    uint16_t by_count;       ///< REDUCE: the last ones of in_count, a sum that multiplies the first
    bool of_module;          ///< SUM: does all that `module` does
    uint32_t out;            ///< first output operand
    uint16_t out_count;
    uint16_t unread; ///< CALL: bit o: nobody reads output o
    uint16_t bus;    ///< TAP; OWN: which of the note parameters
    uint32_t body;   ///< LOOP
} mega_instruction;

/// A run of instructions: shared, or once for each active group.
typedef struct {
    bool voice;
    uint32_t first, count;
    uint32_t reduce_first, reduce_count; ///< shared registers that its REDUCEs add to: zeroed first
} mega_phase;

/// The state of one node for one group of lanes (or for a shared node). Shared between programs by
/// count.
typedef struct {
    uint32_t references; ///< programs that hold it; CONTROL only
    uint32_t stride;     ///< 16, or 1 for a shared node
    uint32_t memory_frames;
    float *state, *memory;
    size_t state_floats, memory_floats;
} mega_state_block;

typedef struct {
    char *id;
    uint32_t module;
    bool voice;
    bool leaves_voices; ///< per voice, with a cable to something shared
    bool dying;         ///< fades out: no document has it
    bool live; ///< reaches an output or a bus; else it has values, but neither code nor state
    uint64_t choices;  ///< ports whose changes crossfade: see choices.h
    uint32_t seed;     ///< of the node: from its id, so that edits elsewhere change nothing
    uint32_t state;    ///< first of its blocks in `states`: one, or one a group; UINT32_MAX: none
    uint32_t slot;     ///< of its first parameter
    uint32_t row;      ///< in the patch
    uint32_t ancestor; ///< node of the program before whose state it keeps, or UINT32_MAX
    /// An earlier node with the same ancestor: its state begins as a copy; or UINT32_MAX
    uint32_t twin;
} mega_program_node;

/// A slot that a knob sets.
typedef struct {
    uint32_t knob, slot;
    uint32_t node, port; ///< whose slot: program node, and its port
    uint32_t before;     ///< slot of the program before whose value it keeps, or UINT32_MAX
    float min, max;
    mega_scale scale;
} mega_knob_target;

/// A cable as life.c follows it, sorted by destination and port.
typedef struct {
    uint32_t source; ///< program node; UINT32_MAX: a knob
    uint32_t port;
} mega_life_cable;

/// A knob on a parameter that is no signal: see `at_events`.
typedef struct {
    uint32_t param, slot;
    float amount;
} mega_choice_term;

/// One value that a preset writes.
typedef struct {
    bool is_knob;
    mega_scale scale; ///< of a parameter: how it morphs
    uint32_t target;  ///< knob, or slot
    float value;
} mega_preset_write;

typedef struct mega_bus {
    uint32_t references; ///< CONTROL only
    bool voice;
    float *block; ///< 64 floats, or 64 x 16 a group; filled by TAP
    size_t floats;
} mega_bus;

/// Which slot of this program keeps the value of which slot of the program before (parameters).
typedef struct {
    uint32_t from, to;
    bool retarget; ///< the document's value differs from the previous one: ramp there
} mega_slot_transfer;

/// The public number of a name that was in the program before and is no longer in this one.
typedef struct {
    bool is_knob;
    uint32_t number, target; ///< target: knob, or slot
} mega_former_name;

/// The public number of a knob or parameter that this program renames, and the new name's number.
typedef struct {
    uint32_t number, to;
} mega_renamed;

/// Where a node takes the place of another of its name and of another type or scope: a value set in
/// that one during play, if this one has such a parameter.
typedef struct {
    uint32_t from, to;                      ///< slots
    uint32_t from_module, to_module, param; ///< in modules.def; of the old one
    bool revived; ///< the node's state comes from a dying one, which events no longer reach
} mega_slot_inheritance;

typedef struct mega_program {
    uint32_t voices, groups; ///< polyphony; groups hold it and the reserve for stolen voices
    float voice_tail_seconds;
    bool reads_gate; ///< else each voice gets a gate of its own
    bool has_notes;
    uint32_t note_node; ///< the first `note`, whose choices rule the voices
    mega_life_cable *life_cables;
    uint32_t *life_first;           ///< by node, and one more
    uint8_t *lives;                 ///< scratch, by node: mega_life
    mega_choice_term *choice_terms; ///< knobs on these choices
    uint32_t choice_term_count;

    mega_instruction *instructions;
    uint32_t instruction_count;
    mega_operand *operands;
    int8_t *fade_codes; ///< beside operands: see fade.h
    float *amounts;     ///< beside operands: of SUM's terms
    uint32_t operand_count;
    /// The first holds what depends on slots alone: run only when one has changed
    mega_phase *phases;
    uint32_t phase_count;
    uint32_t *reduces; ///< shared registers, by phase
    uint32_t reduce_count;

    mega_program_node *nodes; ///< live ones in order, then those that reach no output
    uint32_t node_count;
    mega_state_block **states;
    uint32_t state_count;
    mega_slot *slots;
    float *documented; ///< beside slots: what the document says
    float *targets;    ///< beside slots, of parameters: target values; read by CONTROL
    bool *renewed;     ///< beside slots, of parameters: value differs from the previous document
    uint64_t requested_frame; ///< frame from which on the document was to sound
    uint32_t sent_before;     ///< position in the ring of events when the document was changed
    uint32_t slot_count;
    uint32_t *moving_slots; ///< scratch: slots under way
    uint32_t moving_count;
    bool slots_changed; ///< since the first phase last ran

    mega_knob_target *knob_targets; ///< sorted by knob
    uint32_t knob_target_count;
    uint32_t *knob_first; ///< knob_count + 1
    uint32_t knob_count;
    float *knob_values;    ///< their targets; read by CONTROL
    uint32_t *knob_before; ///< knob of the program before whose value it keeps, or UINT32_MAX
    /// Values set before the change that no block has applied: applied as it comes in force
    mega_preset_write *pending;
    uint32_t pending_count;
    mega_preset_write *preset_writes;
    uint32_t *preset_first; ///< by preset, and one more
    int32_t *knob_of_id;    ///< public number -> knob; MEGA_NAMES_MAX
    int32_t *slot_of_id;    ///< public number -> slot
    int32_t *preset_of_id;  ///< public number -> preset; MEGA_PRESET_NAMES_MAX
    /// Of the edit: values that the document changes ramp over this many frames
    uint32_t fade_frames;
    uint32_t change_frames; ///< the same, of the program that the edit is to come to
    mega_fade *fades;       ///< once they have ended, the next program follows
    uint32_t fade_count;
    mega_fading *fading;         ///< beside fades
    int8_t *cable_codes;         ///< by cable of `patch`; CONTROL only
    _Atomic uint64_t fades_over; ///< bit i: the i-th has ended
    bool goes_first;             ///< the next stage need not wait for fades that only continue
    struct mega_program *
        lead[MEGA_STAGES_MAX]; ///< programs that fade from the one before to this one; CONTROL only
    mega_patch *patch;         ///< what it was compiled from; CONTROL only
    uint64_t due;              ///< first frame of the block from which on it may be taken
    uint64_t expected;         ///< first frame of the block in which it will be, as far as is known
    uint64_t taken_frame;      ///< first frame of the block in which it was
    bool at_once;              ///< a load: values that the document changes do not glide
    bool stages[MEGA_STAGES_MAX];           ///< which leads there are
    uint32_t stage_frames[MEGA_STAGES_MAX]; ///< how long each sounds, at most
    struct mega_program *follows; ///< what it was compiled to follow: the program itself, or one of
                                  ///< its leads; NULL: none
    uint32_t follows_stage;       ///< which of the leads; MEGA_STAGES_MAX: the program itself
    _Atomic uint32_t progress;    ///< through its leads: see handoff.h
    _Atomic(struct mega_program *) then; ///< the one that is due after it: see handoff.h
    struct mega_voice_group *new_groups; ///< where their number changes: take the place of the old
    mega_slot_transfer *transfers;
    uint32_t transfer_count;
    mega_former_name *former;
    uint32_t former_count;
    mega_renamed *renamed_knobs, *renamed_params; ///< by number
    uint32_t renamed_knob_count, renamed_param_count;
    mega_renamed *gone_presets; ///< that the program before had: for what recalls them in the block
                                ///< of the change
    uint32_t gone_preset_count;
    mega_slot_inheritance *inheritances;
    uint32_t inheritance_count;
    mega_bus *buses[MEGA_BUSES_MAX];
    uint32_t bus_count;
    uint32_t note_param_slot[MEGA_NOTE_PARAMS_MAX]; ///< of each note parameter + 1; 0: not here, or
                                                    ///< shared

    // scratch of the VM
    uint32_t shared_count, voice_count, kept_count, reduces_per_voice_phase_max;
    uint32_t segment_frames; ///< that run at once, at most: see render/segment.h
    float *shared, *voice, *kept;
    float *lane_sums; ///< 16 x `segment_frames` floats for each REDUCE of a phase: the one-lane way
    struct mega_value *shared_values, *voice_values, *kept_values;
    struct mega_step *steps; ///< calls that are made ready, beside the instructions
    size_t memory_bytes;     ///< all of the above
} mega_program;

/// What a register holds in this segment.
typedef struct mega_value {
    const float *at;
    bool moving;
} mega_value;

/// A parameter that single notes may set for themselves.
typedef struct {
    uint32_t node, param; ///< of the patch
    uint32_t number;      ///< among the engine's
} mega_note_param;

/// A port to listen to.
struct mega_tap {
    uint32_t node, output, bus;
    mega_bus *existing; ///< NULL: make one
};

/// A call that is made ready. A loop keeps it from frame to frame; all else keeps it from segment
/// to segment, while it is called for the same lanes and no value is on its way.
typedef struct mega_step {
    uint64_t pass; ///< for which it is ready; 0: none
    const struct mega_isa_table *isa;
    const mega_module *module;
    mega_process *solo; ///< of one voice, with frames in the lanes; or NULL
    mega_call call;
    /// Ports of a loop: registers a frame further on each time; slots on their way
    uint64_t advancing, sliding;
    uint64_t registers; ///< ports that a register feeds
    const float *ports[MEGA_PORTS_MAX];
    float *outputs[MEGA_OUTPUTS_MAX];
    int32_t seeds[16];
} mega_step;

typedef struct {
    const mega_patch *patch;
    float rate;
    size_t memory_bytes_max;
    bool dry;                       ///< no scratch and no state: to look at, not to run
    const mega_program *before;     ///< the program it will replace, or NULL
    const mega_patch *patch_before; ///< what that was compiled from; NULL: values are not kept
    uint32_t groups_min;            ///< notes may sound in so many, whatever the polyphony
    bool at_once;                   ///< a load: values that the document changes do not glide
    bool first; ///< of a change: applies the values set before it that no block has applied
    /// By node: which one it was in `patch_before`, -1: it is new; NULL: the ones of their names
    const int32_t *origins;
    const int8_t *fade_codes; ///< by cable; NULL: all stand
    const mega_fade *fades;
    uint32_t fade_count;
    const struct mega_tap *taps;
    size_t tap_count;
    const mega_note_param *note_params;
    size_t note_param_count;
} mega_compile_request;

/// @param report takes what is wrong
/// @return NULL on an error
mega_program *mega_compile(const mega_compile_request *request, mega_report *report,
                           mega_status *status);
void mega_program_destroy(mega_program *program);

#endif
