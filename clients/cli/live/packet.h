// SPDX-License-Identifier: MIT
// packet -- what a server says, taken apart.
#ifndef LIVE_PACKET_H
#define LIVE_PACKET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { PACKET_DONE, PACKET_FAIL, PACKET_PROGRESS, PACKET_NOTICE, PACKET_OTHER } packet_kind;

/// What came. All zero is none.
typedef struct {
    packet_kind kind;
    int32_t id;     ///< of the request; 0: not asked for
    char *address;  ///< of the command; or the topic of a notice
    char *code;     ///< of a failure
    json_t *map;    ///< the answer, the failure's details, the notice
    double seconds; ///< on a clock of this machine: when it came
} packet;

void packet_finish(packet *p);

/// Takes one over. @return false to stop
typedef bool packet_take(void *context, packet *p);
/// All that a frame or datagram holds. @return false if it is not of this protocol, or `take` did
bool packets_read(const uint8_t *bytes, size_t count, packet_take *take, void *context);

#endif
