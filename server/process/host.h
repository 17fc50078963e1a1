// SPDX-License-Identifier: MIT
// host -- the server among other processes: signals, the ready line, its end. Loop only.
#ifndef HOST_H
#define HOST_H

#include "base/server.h"

/// The modules as an object by name, and a hash of all that is said of them.
json_t *host_modules(uint64_t *hash);
/// Signals, the patch file, the file for discovery. @return an exit code, with a cause
int host_begin(server *s, char *cause, size_t cause_bytes);
/// Says that it can be talked to.
void host_ready(server *s);
/// Every 100 ms.
void host_tick(server *s);
void host_end(server *s);
void host_destroy(host *h);
/// Ends the loop after a fade; a second call ends it at once.
void server_quit(server *s, int exit_code);

#endif
