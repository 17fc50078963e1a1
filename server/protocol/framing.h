// SPDX-License-Identifier: MIT
// framing -- packets in a stream of bytes: a 4-byte big-endian length before each (OSC 1.0), or
// SLIP (OSC 1.1, RFC 1055 with END at both ends). The first byte of a connection tells which: 0xC0
// is SLIP, the first byte of a length within `max` is a length. Anything else is no client of ours,
// and so is a first packet that does not begin as OSC does: no bytes that HTTP, TLS, STUN or TURN
// can begin with pass.
#ifndef FRAMING_H
#define FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { FRAMING_UNKNOWN, FRAMING_LENGTH, FRAMING_SLIP } framing_kind;

/// What a reader of frames is told. All-zero but for `max` is a fresh connection.
typedef struct {
    framing_kind kind;
    size_t max; ///< bytes of a frame; may be raised at any time
    uint8_t *frame;
    size_t used, room;
    uint8_t header[4];
    uint32_t header_used;
    size_t wanted; ///< of a frame whose length is known
    size_t skip;   ///< bytes of a frame that is too long, still to come
    bool escaped;  ///< SLIP: ESC was the last byte
    bool spoilt;   ///< SLIP: too long or ill-escaped; ends with END
    bool known;    ///< the first packet was OSC, as far as can be seen from here
    bool pause;    ///< set by `take`: read no further for now
    size_t unread; ///< bytes that were not read because of it
} framing;

typedef enum {
    FRAMING_OK,
    FRAMING_TOO_BIG,  ///< a frame was left out; the stream goes on
    FRAMING_BAD,      ///< a frame with a wrong escape was left out; the stream goes on
    FRAMING_LOST,     ///< where the next frame begins cannot be known
    FRAMING_STRANGER, ///< not one of ours: the connection is to be cut without a word
    FRAMING_MEMORY,
} framing_event;

/// Takes one whole frame, or an event that is not FRAMING_OK. @return false to read no further
typedef bool framing_take(void *context, framing_event event, const uint8_t *frame, size_t bytes);

/// @return false after FRAMING_LOST, FRAMING_STRANGER, FRAMING_MEMORY, or if `take` did
bool framing_feed(framing *f, const uint8_t *bytes, size_t count, framing_take *take,
                  void *context);
void framing_finish(framing *f);
/// Whether a frame has begun and is not whole.
bool framing_is_within(const framing *f);
/// Whether OSC can begin with that byte.
bool framing_may_begin(uint8_t byte);

/// Bytes that a packet of `bytes` takes in a stream, at most.
size_t framing_room(framing_kind kind, size_t bytes);
/// Writes a frame. @return its bytes
size_t framing_write(framing_kind kind, const uint8_t *packet, size_t bytes, uint8_t *to);

#endif
