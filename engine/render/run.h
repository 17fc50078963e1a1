// SPDX-License-Identifier: MIT
// run -- one pass over instructions: for all that is shared, for a group of voices, or for one.
#ifndef MEGA_RUN_H
#define MEGA_RUN_H

#include "render/vm.h"

/// How the instructions of a phase run just now.
typedef struct {
    mega_vm *vm;
    mega_program *program;
    const mega_isa_table *isa;
    /// Runs these lanes with frames in the lanes where it can, or NULL
    const mega_isa_table *beside;
    mega_value *kept;         ///< this group's (this lane's) kept values
    float *kept_at;           ///< and their room
    uint32_t register_floats; ///< from one voice register, or kept one, to the next
    uint32_t group, lane;     ///< lane: the first that runs
    uint32_t lanes;           ///< how many run side by side: 16, fewer in a narrow build, or 1
    uint32_t frame_floats;    ///< of a register: as many as lanes
    uint32_t active;          ///< lanes that count; bit 0 is `lane`
    const float *gain;        ///< fades, or NULL
    const float *note;
    bool keeps;    ///< calls are kept for the next segment
    uint64_t pass; ///< which lanes run, and since when values stand; 0: calls are not kept
    uint32_t offset, frames;
    uint64_t frame;
    bool voice;
    bool wide;     ///< lanes run side by side; else one, with frames side by side where that goes
    bool stepping; ///< in a loop: frames is 1
    uint32_t step; ///< the frame of the segment that runs
} mega_run;

/// Processes a call that is made ready. @return bit o: output o has a value per frame
uint64_t mega_step_process(const mega_run *run, const mega_step *step);
/// Runs instructions up to before `end`.
void mega_run_execute(mega_run *run, const mega_instruction *code, const mega_instruction *end);

#endif
