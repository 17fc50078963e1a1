// SPDX-License-Identifier: MIT
// feedback -- what comes out is what went in one block (64 frames) ago; the cheap way to close a
// loop of cables. Where a block is too long there is z1.
//
// The VM reads and writes it at the two ends of a loop; its state is the block itself.
#include "core/kernel.h"

static const mega_input_row inputs[] = {{"in", "signal to send round"}};

static const mega_output_row outputs[] = {{"out", "in, 64 frames ago"}};

MODULE(feedback, .name = "feedback", .category = "io",
       .doc = "delays by one block of 64 frames; closes a loop of cables at no cost",
       .op = MEGA_OP_FEEDBACK_READ, .flags = MEGA_DELAYS, INPUTS(inputs), OUTPUTS(outputs),
       .state_fields = MEGA_BLOCK_FRAMES)
