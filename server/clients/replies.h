// SPDX-License-Identifier: MIT
// replies -- the answers to a session's last requests, for those that are sent again.
#ifndef REPLIES_H
#define REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct replies replies;
typedef enum { REPLY_NEW, REPLY_PENDING, REPLY_KEPT, REPLY_FORGOTTEN, REPLY_MEMORY } reply_state;

replies *replies_create(void);
void replies_destroy(replies *r);
/// Notes a request. @param packet receives the answer of one that was answered: REPLY_KEPT
reply_state replies_begin(replies *r, int32_t id, const void **packet, size_t *bytes);
/// Keeps an answer. @param frame that it affected first
void replies_end(replies *r, int32_t id, const void *packet, size_t bytes, uint64_t frame);
/// The frame that a request affected. @return false if it is not known (any more)
bool replies_frame(const replies *r, int32_t id, uint64_t *frame);

#endif
