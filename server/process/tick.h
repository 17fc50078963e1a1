// SPDX-License-Identifier: MIT
// tick -- what is looked after from time to time: ended notes, counters, meters, the device, the
// clocks.
#ifndef TICK_H
#define TICK_H

#include "base/server.h"

void tick_begin(server *s);
void tick_end(server *s);

#endif
