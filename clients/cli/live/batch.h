// SPDX-License-Identifier: MIT
// batch -- commands from standard input, a line each, over one connection.
#ifndef LIVE_BATCH_H
#define LIVE_BATCH_H

#include "live/client.h"

enum { BATCH_WINDOW_MAX = 1024 };

/// Answers in the order of the lines. @param window requests under way at once; @param stats says
/// at the end how long they took. @return c->code: that of the first line that failed
int batch_run(client *c, uint32_t window, bool stats);

#endif
