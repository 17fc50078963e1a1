// SPDX-License-Identifier: MIT
// module -- what a module's one file tells the rest of the engine: its row, and its code.
//
// The row is the only statement of a module's names, ranges and defaults; the listing, the JSON
// description, the reference pages and the help are printed from it.
#ifndef MEGA_MODULE_H
#define MEGA_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/opcode.h"
#include "megasynth.h"

enum {
    MEGA_SEGMENT_BLOCKS = 4, ///< blocks that run at once, at most: see render/segment.h
    MEGA_SEGMENT_FRAMES = MEGA_SEGMENT_BLOCKS * MEGA_BLOCK_FRAMES,
    MEGA_PORTS_MAX = 40,   ///< inputs and parameters of one module, so that a bit set holds them
    MEGA_OUTPUTS_MAX = 12, ///< outputs of one module
};

/// An input port: sums its cables, 0 without any.
typedef struct {
    const char *name;
    const char *doc;
} mega_input_row;

typedef mega_input_row mega_output_row;

/// A parameter: a port with a value of its own.
typedef struct {
    const char *name;
    const char *unit; ///< "Hz", "s", "dB", "semitones", "cents", "" ...
    float min, max;   ///< what `check` accepts in a document and what a knob spreads over
    float initial;    ///< the value where the document writes none and no adding cable comes in
    mega_scale scale;
    mega_smoothing smoothing;
    float smooth_ms;
    const char *const *choices; ///< NULL, or names of the values 0, 1, 2 ..., NULL-terminated
    bool fixed;                 ///< a whole number that no cable may change: a channel, say
    bool factor;                ///< while it is 0 so are the outputs
    bool no_fade; ///< a choice that decides what comes with the next event alone: a change makes no
                  ///< step
    bool at_events; ///< read only when a note begins or ends; takes written and set values, no
                    ///< signal
    const char *doc;
} mega_param_row;

enum {
    /// Outputs depend on this frame's ports alone: where all stand still, so do the outputs.
    MEGA_PURE = 1,
    /// Shared unless told otherwise: its inputs sum the voices.
    MEGA_AFTER = 2,
    /// Exists once only; `"scope": "voice"` is an error.
    MEGA_ONCE = 4,
    /// Uses `lanes` for its own inner parallelism: called once, in the widest build, ports one lane
    /// wide.
    MEGA_INNER_LANES = 8,
    /// The note that a voice plays: its nodes, and what depends on them, exist once a voice.
    MEGA_NOTE_SOURCE = 16,
    /// Breaks cycles: what comes out is what went in one block ago.
    MEGA_DELAYS = 32,
    /// What comes in leaves the patch: what reaches it is kept, all else is left out.
    MEGA_LEAVES = 64,
    /// Breaks cycles too: its one output is what went into its one input one frame ago, which is
    /// its one field of state. A cycle through it runs frame by frame.
    MEGA_DELAYS_FRAME = 128,
    /// The output is the product of all ports, from left to right; while an input is 0 so is it.
    MEGA_MULTIPLIES = 256,
    /// One call renders a block at most: a longer segment calls it several times. Every output
    /// must move.
    MEGA_BLOCKWISE = 512,
    /// The output is the sum of each input times the parameter of the same number.
    MEGA_MIXES = 1024,
};

/// What the VM tells the `note` module of each voice, still within a segment.
enum {
    MEGA_NOTE_KEY,      ///< semitones, 69 is 440 Hz
    MEGA_NOTE_GATE,     ///< 0 or 1
    MEGA_NOTE_VELOCITY, ///< 0..1
    MEGA_NOTE_RELEASE,  ///< release velocity, 0..1
    MEGA_NOTE_BENT,     ///< semitones of this note alone
    MEGA_NOTE_WHEEL,    ///< -1..1, times bend_range
    MEGA_NOTE_PRESSED,  ///< 0..1
    MEGA_NOTE_SLID,     ///< timbre, 0..1
    MEGA_NOTE_FROM,     ///< key from which it glides
    MEGA_NOTE_STRUCK,   ///< how often the voice was struck after its start
    MEGA_NOTE_FIELDS,
};

/// Parameters of the module with MEGA_NOTE_SOURCE, by number: the voices follow those at_events.
enum {
    MEGA_NOTE_PARAM_BEND_RANGE,
    MEGA_NOTE_PARAM_GLIDE,
    MEGA_NOTE_PARAM_MODE,
    MEGA_NOTE_PARAM_STEAL,
    MEGA_NOTE_PARAM_PRIORITY,
    MEGA_NOTE_PARAM_STOLEN,
};

/// One call of a module: a segment of one or several blocks, for one group of 16 lanes or for one
/// lane. In a build of width 1 a frame is one float; else one for each lane that the build runs:
/// 16, or fewer in a narrow one.
typedef struct mega_call {
    const float *const *ports; ///< inputs then parameters; each at this segment's first frame
    uint64_t moving;           ///< bit p: port p has a value per frame; else one value for all
    float *const *outputs;     ///< each at this segment's first frame; never NULL, never a port
    uint64_t unread;           ///< bit o: nobody reads output o: what is there need not be true
    uint32_t silent;           ///< bit l: lane l holds no voice: what it gives counts for nothing
    float *state;              ///< field f of lane l is at state[f * state_stride + l]
    float *memory;             ///< NULL, or delay memory: line i, position p, lane l is at
                               ///< memory[(i * memory_frames + p) * state_stride + l]
    uint32_t memory_frames;    ///< a power of two
    uint32_t state_stride;     ///< 16 in a group, 1 for a shared node; never read in width > 1
    uint32_t frames;           ///< 1..MEGA_SEGMENT_FRAMES; of MEGA_BLOCKWISE 1..MEGA_BLOCK_FRAMES
    float seconds_per_frame;
    float frames_per_second;
    const float *note;    ///< NULL for shared nodes; field f of lane l is at note[f * 16 + l]
    const int32_t *seeds; ///< a hash of (patch seed, node, voice serial) for each lane
} mega_call;

/// What may still come of an output: see life.h.
typedef enum { MEGA_LIFE_STILL, MEGA_LIFE_STIRS, MEGA_LIFE_ZERO } mega_life;

/// Renders one segment.
/// @return bit o: output o has a value per frame; else its one value stands for the segment
typedef uint64_t mega_process(const mega_call *call);

/// The row of a module, and its code for one instruction set.
typedef struct mega_module {
    const char *name;     ///< "osc.saw"
    const char *category; ///< "source", "filter", "control", "math", "effect", "io"
    const char *doc;      ///< one sentence
    const mega_input_row *inputs;
    const mega_param_row *params;
    const mega_output_row *outputs;
    uint32_t input_count, param_count, output_count;
    uint32_t flags;
    mega_opcode op;        ///< MEGA_OP_CALL: it has `process`; else the one of its nodes
    uint32_t gate_outputs; ///< bit o: output o tells when notes begin or end
    uint32_t state_fields; ///< 4-byte fields a lane; all zero is a fresh voice
    uint32_t memory_lines; ///< delay lines a lane
    float memory_seconds;  ///< length of each line at least
    float tail_seconds; ///< how long it may sound after its inputs are silent, beyond what is heard
    mega_life (*life)(const float *state, uint32_t stride); ///< of one lane; NULL: still
    mega_process *process;
    mega_process *solo; ///< NULL, or the same for one lane with frames in the lanes: see kernel.h
} mega_module;

#endif
