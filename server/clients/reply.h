// SPDX-License-Identifier: MIT
// reply -- the packets of `/done` and `/fail`. Loop only.
#ifndef REPLY_H
#define REPLY_H

#include "clients/session.h"

// Each gives a packet, to be freed; NULL without memory.

void *reply_write_done(int32_t id, const char *address, const json_t *map, size_t *bytes);
/// Strangers over UDP, whose address may be another's, get no more than a few times what they sent:
/// of a failure what they must know, or its code alone. @param map taken out of
void *reply_write_fail(const session *to, int32_t id, const char *address, code which, json_t *map,
                       size_t *bytes);
/// In the place of an answer that cannot be sent. @param was its bytes
void *reply_write_too_long(const session *to, int32_t id, const char *address, size_t was,
                           size_t *bytes);
/// Of one reply to this client.
size_t reply_bytes_max(const session *to);

/// Sends a failure that belongs to no command: a packet that could not be read.
/// @param index of the message within its bundle; -1: none @param limit its name, or NULL
void reply_fail(session *to, int32_t id, const char *address, code which, const char *message,
                int32_t index, const char *limit);

#endif
