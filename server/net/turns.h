// SPDX-License-Identifier: MIT
// turns -- who has sent more than is done at once: clients take turns, so that none waits behind
// all that another has sent. Loop only.
#ifndef TURNS_H
#define TURNS_H

#include "server.h"

typedef struct turn turn;
struct turn {
    turn *next, *previous;
    bool listed;
    /// Does some of it, until `limit_slice_us` are over. @return whether there is more
    bool (*serve)(turn *t);
};

void turns_begin(server *s);
void turns_end(server *s);
/// Asks for a turn; at the end of those who wait.
void turns_add(turn *t);
void turns_remove(turn *t);
/// When a slice that begins now is over: monotonic nanoseconds.
uint64_t turns_slice_end(void);

#endif
