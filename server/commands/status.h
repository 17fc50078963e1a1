// SPDX-License-Identifier: MIT
// status -- parts of what /status tells, for other commands.
#ifndef STATUS_H
#define STATUS_H

#include "base/server.h"

/// name -> counters.
json_t *status_of_synths(server *s);

#endif
