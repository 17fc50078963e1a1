// SPDX-License-Identifier: MIT
// run -- one pass over instructions: for all that is shared, for a group of voices, or for one.
#ifndef MEGA_RUN_H
#define MEGA_RUN_H

#include "vm.h"

/// How the instructions of a phase run just now.
typedef struct {
    mega_vm *vm;
    mega_program *program;
    const mega_isa_table *isa;
    mega_value *kept;      ///< this group's (this lane's) kept values
    float *kept_at;        ///< and their room
    uint32_t kept_step;    ///< floats from one kept register to the next
    uint32_t group, lane;  ///< lane: 0 where all run side by side
    uint32_t frame_floats; ///< of a register: 16, or 1
    uint32_t active;       ///< lanes that count
    const float *gain;     ///< fades, or NULL
    const float *note;
    uint32_t offset, frames;
    uint64_t frame;
    bool voice, wide;
    bool stepping; ///< in a loop: frames is 1
    uint32_t step; ///< the frame of the segment that runs
} mega_run;

/// Runs instructions up to before `end`.
void mega_run_execute(mega_run *run, const mega_instruction *code, const mega_instruction *end);

#endif
