// SPDX-License-Identifier: MIT
// segment -- how many blocks run at once.
//
// Whatever decides something looks at the grid of blocks: events, changes of the patch, voices that
// end, feedback. Where nothing decides anything in the next blocks, and the host wants them all,
// they run as one segment: each instruction is fetched once for all of them. The bits are the same.
#ifndef MEGA_SEGMENT_H
#define MEGA_SEGMENT_H

#include "render/renderer.h"

/// How many blocks run from the start of the next one, after what is due then was applied.
/// @param next frame of the next event, or UINT64_MAX
/// @param wanted frames that the host still wants: so many blocks of those as fit
/// @return at least 1
uint32_t mega_segment_blocks(const mega_renderer *renderer, uint64_t next, uint32_t wanted);

#endif
