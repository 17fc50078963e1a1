// SPDX-License-Identifier: MIT
// outputs -- which output channels a patch writes.
#ifndef MEGA_OUTPUTS_H
#define MEGA_OUTPUTS_H

#include "document/patch.h"

/// Adds an entry for each `output` node that writes a channel past `channels`.
/// @return how many do
size_t mega_outputs_check(const mega_patch *patch, uint32_t channels, mega_severity severity,
                          mega_report *report);

#endif
