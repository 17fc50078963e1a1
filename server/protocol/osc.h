// SPDX-License-Identifier: MIT
// osc -- packets taken apart and put together. liblo reads messages; bundles are walked here, since
// liblo's walk recurses without bound, and addresses are checked here, since it takes any; messages
// are written here, since its buffers overflow.
#ifndef OSC_H
#define OSC_H

#include <lo/lo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/codes.h"

#define OSC_NOW UINT64_C(1) ///< the time tag that means at once

typedef struct {
    const char *address; ///< within the packet
    lo_message message;
} osc_message;

/// A message, or a bundle with all that it holds, in order.
typedef struct {
    osc_message *messages;
    size_t count, room;
    bool is_bundle;
    uint64_t time; ///< NTP, 32.32; OSC_NOW
} osc_packet;

typedef struct {
    code code;
    int32_t index; ///< of the message in a bundle; -1: none
    const char *message;
    const char *limit;
} osc_error;

/// @param bytes must stay until osc_finish
/// @return false with the reason; nothing is then to be finished
bool osc_read(const void *bytes, size_t count, osc_packet *packet, osc_error *error);
void osc_finish(osc_packet *packet);

/// Writes a message with arguments like liblo's: i s b (const void *, size_t) f h. To be freed;
/// NULL without memory.
void *osc_write(size_t *bytes, const char *address, const char *types, ...);

#endif
