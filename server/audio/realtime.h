// SPDX-License-Identifier: MIT
// realtime -- what a thread of sound asks of the system: priority, and arithmetic without denormal
// numbers.
#ifndef REALTIME_H
#define REALTIME_H

#include "audio/audio.h"

/// Asked for; where the limit is lower, the limit. Below what sound servers and kernel threads of
/// sound cards use.
#define REALTIME_PRIORITY 70

/// Of the calling thread, on its first call. One that has it from its sound server keeps what it
/// has.
/// @param priority where taken
audio_realtime realtime_take(int *priority);
/// Denormal numbers count as 0 on this thread from now on.
void realtime_flush_denormals(void);

#endif
