// SPDX-License-Identifier: MIT
// trace -- `--trace FILE`: blocks, swaps, xruns and commands on a time line, for chrome://tracing
// or Perfetto. (Trace Event Format, Google, 2016: the JSON array form, whose end may be missing.)
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

/// @return false with a cause
bool trace_open(const char *path, char *cause, unsigned cause_bytes);
void trace_close(void);
bool trace_on(void);

/// AUDIO: what was rendered; kept in a ring, the newest is left out where that is full.
void trace_render(uint64_t began_ns, uint64_t ended_ns, uint64_t frame, uint32_t frames);
/// The loop: a span or (`ended_ns` 0) a moment; `detail` may be "".
void trace_span(const char *name, const char *detail, int thread, uint64_t began_ns,
                uint64_t ended_ns);
/// The loop, every 100 ms: writes what is in the ring.
void trace_flush(void);

enum { TRACE_AUDIO = 1, TRACE_LOOP, TRACE_BUILDER };

#endif
