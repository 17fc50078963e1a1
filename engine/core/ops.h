// SPDX-License-Identifier: MIT
// ops -- the VM's own loops over registers: sums of cables, broadcasts, and the fixed-tree sum of
// voices.
//
// Compiled once per instruction set, like modules. "Frames" of a register are 16 floats apart in a
// group and 1 apart where one lane runs. Sums run in the order given: that order is part of the
// sound's bits.
#ifndef MEGA_OPS_H
#define MEGA_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEGA_FACTORS_MAX = 3, ///< of a term: as many as `mul` has ports
    MEGA_BY_MAX = 3,      ///< terms of the sum that a reduced value is multiplied by
};

/// What the loops read, from this segment's first frame on.
typedef struct {
    const float *at;
    bool moving;
} mega_factor;

/// One term of a sum: source * more[0] * more[1] * amount.
typedef struct {
    const float *at; ///< source
    bool moving;
    float amount;
    uint32_t more_count;
    mega_factor more[MEGA_FACTORS_MAX - 1];
} mega_term;

/// A voice's value on its way out: in, times the sum of `by` if there is any.
typedef struct {
    mega_factor in;
    uint32_t by_count;
    mega_term by[MEGA_BY_MAX]; ///< of one factor each
} mega_product;

typedef struct mega_ops {
    /// out = terms[0] + terms[1] + ...; then, with `exponents`, times 2^(sum of those).
    /// @return true if out moves, else its first frame stands for the segment
    bool (*sum)(float *out, const mega_term *terms, size_t term_count, const mega_term *exponents,
                size_t exponent_count, uint32_t frames);
    /// A shared register (1 float a frame) into all lanes of a group.
    void (*broadcast)(float *out, const float *in, uint32_t frames);
    /// Adds a group's lanes of `in`, in a fixed tree, to a shared register. NULL in the one-lane
    /// build. A build for few voices reads registers of so many lanes, several frames at once.
    /// @param frames of a block at most
    /// @param gain NULL, or 16 factors a frame: fades
    /// @param active bit l: lane l counts; others are 0
    /// @param peak a running peak a lane, updated unless a lane was not finite
    /// @return lanes that were not finite; then nothing was added
    uint32_t (*reduce)(float *sum, const mega_product *in, const float *gain, uint32_t active,
                       float *peak, uint32_t frames);
    /// `sum` of registers of one float a frame, with frames in the lanes: the same bits.
    bool (*sum_solo)(float *out, const mega_term *terms, size_t term_count,
                     const mega_term *exponents, size_t exponent_count, uint32_t frames);
    /// One voice, written to `out`: the VM adds voices up itself, in the tree of `reduce`.
    /// @return 1 if a frame was not finite
    uint32_t (*reduce_solo)(float *out, const mega_product *in, const float *gain, float *peak,
                            uint32_t frames);
    /// to = to + (a + b), all of one float a frame. @param fresh `to` counts as 0
    void (*add_two)(float *to, bool fresh, const float *a, bool a_moving, const float *b,
                    bool b_moving, uint32_t frames);
    /// @return false if a frame is NaN or infinite
    bool (*finite)(const float *at, uint32_t frames);
} mega_ops;

#endif
