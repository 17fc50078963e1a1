// SPDX-License-Identifier: MIT
// emit -- the compiler's intermediate form: instructions over virtual registers, in lists that
// become phases.
#ifndef MEGA_EMIT_H
#define MEGA_EMIT_H

#include "compile/program.h"

/// A value that some instruction makes. Lists run in order; list 0 depends on slots alone.
typedef struct {
    uint16_t bank;     ///< MEGA_BANK_SHARED, _VOICE or _KEPT
    bool summed;       ///< a REDUCE adds to it: it lives from the start of its phase
    uint32_t list;     ///< where it is made
    uint32_t physical; ///< the register, once allocated
    uint32_t last;     ///< position of the last instruction that reads it
    uint32_t first;    ///< position of the instruction that makes it
} mega_virtual;

typedef struct {
    mega_instruction code;
    uint32_t list;
} mega_emitted;

/// An operand, and what lies beside it.
typedef struct {
    mega_operand operand;
    float amount;
    int8_t fade;
} mega_emit_term;

typedef struct {
    const mega_patch *patch;
    const mega_graph *graph;
    mega_program *program;
    mega_report *report;
    const int8_t *fade_codes; ///< by cable, or NULL
    const mega_fade *fades;
    bool failed; ///< out of memory, at any point

    mega_emitted *emitted;
    uint32_t emitted_count, emitted_room;
    mega_virtual *virtuals;
    uint32_t virtual_count, virtual_room;
    uint32_t operand_room;
    uint32_t list_count;

    uint32_t *node_index;     ///< patch node -> program node, UINT32_MAX: not live
    uint32_t *first_output;   ///< patch node -> its first in the tables below
    uint32_t *output_virtual; ///< virtual register + 1, 0: not made
    uint32_t *output_reduced; ///< the same, summed over voices
    uint32_t *output_spread;  ///< the same, broadcast, in the phase below
    uint32_t *output_spread_list;
    bool *output_used, *output_kept;
    bool *constant;      ///< patch node: depends on slots alone
    uint32_t *knob_slot; ///< cable -> the slot of its knob
    const mega_compile_request *request;
    uint32_t note_param_virtual[MEGA_NOTE_PARAMS_MAX]; ///< of each note parameter + 1; 0: not made
} mega_emitter;

enum { MEGA_LIST_CONSTANT = 0 };
static inline uint32_t mega_list_shared(uint32_t phase) { return 1 + 2 * phase; }
static inline uint32_t mega_list_voice(uint32_t phase) { return 2 + 2 * phase; }
static inline bool mega_list_is_voice(uint32_t list) { return list && list % 2 == 0; }

/// Emits all instructions of the patch. Sets `failed` without memory.
void mega_emit(mega_emitter *e, const mega_compile_request *request);
/// Appends operands. @return the first one's index
uint32_t mega_emit_terms(mega_emitter *e, const mega_emit_term *terms, uint32_t count);
/// Makes one instruction of several where a value is read once; the sound's bits stay the same.
void mega_fuse(mega_emitter *e);
extern bool mega_fuse_never; ///< tests set it, to compare
/// Orders the lists into phases and gives each virtual register a real one, by liveness.
void mega_assign_registers(mega_emitter *e);
/// The longest segment that a program can run: a block where it has instructions that look at
/// blocks, or where longer registers would not fit into a processor's cache.
uint32_t mega_segment_frames(const mega_program *program);

#endif
