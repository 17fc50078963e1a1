// SPDX-License-Identifier: MIT
// slices -- who has sent more than is done at once: clients take turns, so that none waits behind
// all that another has sent. Loop only.
#ifndef SLICES_H
#define SLICES_H

#include "base/server.h"

typedef struct slice slice;
struct slice {
    slice *next, *previous;
    bool listed;
    /// Does some of it, until `limit_slice_us` are over. @return whether there is more
    bool (*serve)(slice *t);
};

void slices_begin(server *s);
void slices_end(server *s);
/// Asks for a turn; at the end of those who wait.
void slices_add(slice *t);
void slices_remove(slice *t);
/// When a slice that begins now is over: monotonic nanoseconds.
uint64_t slices_end_time(void);

#endif
